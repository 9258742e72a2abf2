"""Files of applicants over HTTP: the applicant hands them in, those who may read them.

``PUT /files/<document>`` with the file as body; ``GET /files/<document>/<sha256>`` of one's own, or
with ``?applicant=<id>`` of somebody else's. A unit hands files in for whom it sends, with the same
parameter. A file is always given out as an attachment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.handed_files import NO_SUCH_FILE, file_targets, hand_in, meant_applicant
from zhupei.graphql.permissions import refused_by
from zhupei.services.applicant_files import FileRecord, FileStore, files_of
from zhupei.web.papers import guarded

__all__ = ["file_routes"]

_STATUS = {
    AccessCode.UNAUTHENTICATED: 401,
    AccessCode.FORBIDDEN: 403,
    AccessCode.NOT_FOUND: 404,
    AccessCode.FILE_TOO_LARGE: 413,
    AccessCode.FILE_TYPE_REFUSED: 415,
    AccessCode.PLUGIN_DECISION_FAILED: 503,
    AccessCode.STORAGE_FULL: 507,
}
_HEADERS = {"Cache-Control": "no-store"}

MakeContext = Callable[[Request, Response], Awaitable[GraphContext]]


def file_routes(store: FileStore, context: MakeContext) -> tuple[Route, ...]:
    """Return the routes; ``context`` tells who asks, and refuses as the graph does."""

    async def put(request: Request) -> Response:
        asked = await context(request, Response())
        named = request.query_params.get("applicant")
        applicant = await meant_applicant(asked, named)
        document = str(request.path_params["document"])
        kept = await hand_in(
            asked, store, document, request.stream(), applicant=applicant, is_own=named is None
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
        applicant = await meant_applicant(asked, named)
        targets = await file_targets(asked, applicant)
        refusal = await refused_by(asked, "files.read", targets)
        if refusal is not None:
            return _refused(request, refusal)
        file = None if applicant is None else await _found(applicant, request)
        if file is None:
            return _refused(request, NO_SUCH_FILE)
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
        Route("/files/{document}", guarded(put), methods=["PUT"]),
        Route("/files/{document}/{sha256}", guarded(get), methods=["GET"]),
    )


async def _found(applicant: UUID, request: Request) -> FileRecord | None:
    wanted = (request.path_params["document"], request.path_params["sha256"])
    files = await files_of(applicant)
    return next((file for file in files if (file.document, file.sha256) == wanted), None)


def _refused(request: Request, refusal: AccessRefusal) -> JSONResponse:
    language = language_of(request.headers.get("accept-language"))
    error = {
        "message": refusal.message.get(language),
        "extensions": {"code": refusal.code.value},
    }
    return JSONResponse(
        {"errors": [error]}, status_code=_STATUS.get(refusal.code, 400), headers=_HEADERS
    )
