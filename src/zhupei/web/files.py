"""Files of applicants over HTTP: the applicant hands them in, those who may read them.

``PUT /files/<document>`` with the file as body; ``GET /files/<document>/<sha256>`` of one's own, or
with ``?applicant=<id>`` of somebody else's. A unit hands files in for whom it sends, with the same
parameter. A file is always given out as an attachment.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.desks import desk_of
from zhupei.graphql.permissions import refused_by
from zhupei.services.applicant_files import FileRecord, FileStore, files_of
from zhupei.services.applicants import applicant_of, applicant_of_account, departments_of
from zhupei.web.sign_in import ActorRefused

__all__ = ["file_routes"]

_DOCUMENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_STATUS = {
    AccessCode.UNAUTHENTICATED: 401,
    AccessCode.FORBIDDEN: 403,
    AccessCode.NOT_FOUND: 404,
    AccessCode.FILE_TOO_LARGE: 413,
    AccessCode.FILE_TYPE_REFUSED: 415,
    AccessCode.PLUGIN_DECISION_FAILED: 503,
}
_HEADERS = {"Cache-Control": "no-store"}

MakeContext = Callable[[Request, Response], Awaitable[GraphContext]]


def file_routes(store: FileStore, context: MakeContext) -> tuple[Route, ...]:
    """Return the routes; ``context`` tells who asks, and refuses as the graph does."""

    async def put(request: Request) -> Response:
        asked = await context(request, Response())
        named = request.query_params.get("applicant")
        applicant = await _own(asked) if named is None else await _named(asked, named)
        targets = (*await _targets(asked, applicant), *await _sent(asked, applicant))
        refusal = await refused_by(asked, "files.write", targets)
        document = str(request.path_params["document"])
        if refusal is not None:
            return _refused(request, refusal)
        if applicant is None or asked.actor is None or not _DOCUMENT.fullmatch(document):
            return _refused(request, _NOT_FOUND)
        kept = await store.keep(
            applicant, document, request.stream(), by=asked.actor.id, at=asked.clock()
        )
        if isinstance(kept, AccessRefusal):
            return _refused(request, kept)
        return JSONResponse(
            {
                "document": kept.document,
                "mediaType": kept.media_type,
                "size": kept.size,
                "sha256": kept.sha256,
            },
            status_code=201,
            headers=_HEADERS,
        )

    async def get(request: Request) -> Response:
        asked = await context(request, Response())
        named = request.query_params.get("applicant")
        applicant = await _own(asked) if named is None else await _named(asked, named)
        targets = await _targets(asked, applicant)
        refusal = await refused_by(asked, "files.read", targets)
        if refusal is not None:
            return _refused(request, refusal)
        file = None if applicant is None else await _found(applicant, request)
        if file is None:
            return _refused(request, _NOT_FOUND)
        return Response(
            await asyncio.to_thread(store.read, file),
            media_type=file.media_type,
            headers={
                **_HEADERS,
                # Never shown as a page of this site, whatever it holds.
                "Content-Disposition": f'attachment; filename="{file.document}"',
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )

    return (
        Route("/files/{document}", _guarded(put), methods=["PUT"]),
        Route("/files/{document}/{sha256}", _guarded(get), methods=["GET"]),
    )


_Handler = Callable[[Request], Awaitable[Response]]


def _guarded(handler: _Handler) -> _Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except ActorRefused as refused:
            return refused.response

    return handle


async def _own(asked: GraphContext) -> UUID | None:
    if asked.actor is None or asked.keyring is None:
        return None
    try:
        found = await applicant_of_account(asked.keyring(), UUID(asked.actor.id))
    except ValueError:  # a plugin's actor is no account of ours
        return None
    return None if found is None else found.id


async def _named(asked: GraphContext, named: str) -> UUID | None:
    if asked.actor is None or asked.keyring is None:
        return None
    try:
        found = await applicant_of(asked.keyring(), UUID(named))
    except ValueError:
        return None
    return None if found is None else found.id


async def _targets(asked: GraphContext, applicant: UUID | None) -> tuple[Target, ...]:
    if applicant is None or asked.keyring is None:
        return ()
    record = await applicant_of(asked.keyring(), applicant)
    account = None if record is None else record.account
    owners = frozenset() if account is None else frozenset({str(account)})
    places = await departments_of(applicant)
    return (
        Target(owners=owners),
        *(Target(base=base, specialty=specialty, owners=owners) for base, specialty in places),
    )


async def _sent(asked: GraphContext, applicant: UUID | None) -> tuple[Target, ...]:
    """Return what a unit is asked for that sends the applicant, nothing for anybody else."""
    if asked.actor is None or applicant is None:
        return ()
    sends = (await desk_of(asked)).sends
    return (Target(owners=frozenset({asked.actor.id})),) if applicant in sends else ()


async def _found(applicant: UUID, request: Request) -> FileRecord | None:
    wanted = (request.path_params["document"], request.path_params["sha256"])
    files = await files_of(applicant)
    return next((file for file in files if (file.document, file.sha256) == wanted), None)


_NOT_FOUND = AccessRefusal(
    code=AccessCode.NOT_FOUND, message=Text("没有这个文件", "there is no such file")
)


def _refused(request: Request, refusal: AccessRefusal) -> JSONResponse:
    language = language_of(request.headers.get("accept-language"))
    error = {
        "message": refusal.message.get(language),
        "extensions": {"code": refusal.code.value},
    }
    return JSONResponse(
        {"errors": [error]}, status_code=_STATUS.get(refusal.code, 400), headers=_HEADERS
    )
