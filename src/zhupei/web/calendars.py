"""Calendars of deadlines over HTTP, to be subscribed to.

::

    GET /calendar/programs/<program>.ics[?lang=zh|en]      everybody
    GET /calendar/bases/<base>.ics[?lang=zh|en]            everybody
    GET /calendar/personal.ics?token=[&lang=zh|en]         whoever has the token (`issueCalendar`)

A token stands in the query, which no log of ours repeats. Calendar programs send no language:
Chinese unless ``lang`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Program
from zhupei.graphql.context import GraphContext
from zhupei.services.calendars import (
    CalendarFile,
    calendar_file,
    personal_entries,
    program_entries,
    token_owner,
)
from zhupei.web.papers import MakeContext, guarded, refused

__all__ = ["calendar_routes"]

_NOT_FOUND = AccessRefusal(
    code=AccessCode.NOT_FOUND, message=Text("没有这个日历", "there is no such calendar")
)
_PUBLIC = {"Cache-Control": "public, max-age=900"}
_PRIVATE = {"Cache-Control": "private, no-cache"}
_PERSONAL = Text("我的住培日程", "My dates in residency training")


def calendar_routes(context: MakeContext) -> tuple[Route, ...]:
    """Return the routes; ``context`` gives the catalogue and the clock."""

    async def program(request: Request) -> Response:
        asked = await context(request, Response())
        found = asked.catalogue.programs.get(str(request.path_params["code"]))
        if found is None:
            return refused(request, _NOT_FOUND)
        return _windows(request, asked, found.name, [found])

    async def base(request: Request) -> Response:
        asked = await context(request, Response())
        found = asked.catalogue.bases.get(str(request.path_params["code"]))
        if found is None:
            return refused(request, _NOT_FOUND)
        hosted = [each for each in asked.catalogue.programs.values() if each.base == found.code]
        return _windows(request, asked, found.name, hosted)

    async def personal(request: Request) -> Response:
        asked = await context(request, Response())
        owner = await token_owner(request.query_params.get("token", ""))
        if owner is None:
            return refused(request, _NOT_FOUND)
        entries = await personal_entries(asked.catalogue, owner)
        made = calendar_file(_PERSONAL, entries, language=_language(request), at=asked.clock())
        return _answered(request, made, _PRIVATE)

    return (
        Route("/calendar/programs/{code}.ics", guarded(program), methods=["GET"]),
        Route("/calendar/bases/{code}.ics", guarded(base), methods=["GET"]),
        Route("/calendar/personal.ics", guarded(personal), methods=["GET"]),
    )


def _windows(
    request: Request, asked: GraphContext, name: Text, programs: Sequence[Program]
) -> Response:
    entries = program_entries(asked.catalogue, programs)
    made = calendar_file(name, entries, language=_language(request), at=asked.clock())
    return _answered(request, made, _PUBLIC)


def _language(request: Request) -> Language:
    return Language.EN if request.query_params.get("lang") == "en" else Language.ZH


def _answered(request: Request, made: CalendarFile, caching: dict[str, str]) -> Response:
    # Weak: the moment at which it was made stands in it, and is nothing that changed.
    headers = {**caching, "ETag": f'W/"{made.tag}"'}
    known = request.headers.get("if-none-match", "")
    if headers["ETag"] in {each.strip() for each in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(made.content, media_type="text/calendar; charset=utf-8", headers=headers)
