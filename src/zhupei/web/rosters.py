"""Rosters over HTTP: the blank form out, the filled-in file back.

::

    GET /rosters/blank.xlsx|.csv                       registrations.write somewhere
    PUT /rosters?program=[&dry_run=1]                  registrations.write at the program's base

The body of a PUT is the file, XLSX or CSV. A file with problems is answered with 422 and all of
them, each with row and cell; nothing of it is kept. Sent again it adds only who is new.
"""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.config.tables import MAX_TABLE_BYTES
from zhupei.domain.access_refusals import AccessCode
from zhupei.domain.admission_refusals import Refusal
from zhupei.domain.permissions import PERMISSIONS, Target, grants_with
from zhupei.domain.score_sheets import UnreadableSheet
from zhupei.graphql.desks import desk_of
from zhupei.graphql.permissions import refused_by
from zhupei.services.permissions import UNAUTHENTICATED
from zhupei.services.rosters import ImportRosterInput, blank_roster, import_roster
from zhupei.web.office import failed, refused_action, too_large, unreadable
from zhupei.web.papers import MEDIA_TYPES, MakeContext, ending_of, guarded, refused

__all__ = ["roster_routes"]

_log = logging.getLogger("zhupei.access")

_WRITE = "registrations.write"
_PRIVATE = {"Cache-Control": "no-store"}


def roster_routes(context: MakeContext) -> tuple[Route, ...]:
    """Return the routes; ``context`` tells who asks."""

    async def blank(request: Request) -> Response:
        asked = await context(request, Response())
        held = () if asked.actor is None else grants_with(PERMISSIONS[_WRITE], asked.actor.grants)
        places = [Target(base=each.base, jurisdiction=each.jurisdiction) for each in held]
        refusal = await refused_by(asked, _WRITE, (Target(), *places))
        if refusal is not None:
            return refused(request, refusal)
        ending = ending_of(request)
        disposition = f'attachment; filename="roster.{ending}"'
        return Response(
            blank_roster(spreadsheet=ending == "xlsx"),
            media_type=MEDIA_TYPES[ending],
            headers={**_PRIVATE, "Content-Disposition": disposition},
        )

    async def take(request: Request) -> Response:
        asked = await context(request, Response())
        if asked.actor is None or asked.keyring is None:
            return refused(request, UNAUTHENTICATED)
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > MAX_TABLE_BYTES:
                return failed(request, 413, AccessCode.FILE_TOO_LARGE.value, too_large())
        given = ImportRosterInput(
            program=request.query_params.get("program", ""),
            content=bytes(content),
            dry_run=request.query_params.get("dry_run") in {"1", "true"},
        )
        found = await import_roster(await desk_of(asked), asked.keyring, given)
        if isinstance(found, Refusal):
            return refused_action(request, found)
        if isinstance(found, UnreadableSheet):
            return unreadable(request, found)
        figures = {"rows": found.rows, "added": found.added, "unchanged": found.unchanged}
        _log.info("roster imported", extra={"actor": asked.actor.id, **figures})
        return JSONResponse(
            {
                "operation": str(found.operation),
                "program": found.program,
                **figures,
                "newPeople": found.people,
                "sha256": found.sha256,
                "dryRun": found.dry_run,
            },
            status_code=201 if found.added and not found.dry_run else 200,
            headers=_PRIVATE,
        )

    return (
        Route("/rosters/blank.xlsx", guarded(blank), methods=["GET"]),
        Route("/rosters/blank.csv", guarded(blank), methods=["GET"]),
        Route("/rosters", guarded(take), methods=["PUT"]),
    )
