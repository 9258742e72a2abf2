"""Published lists of proposed admissions over HTTP, for everybody.

::

    GET /publicity/<id>.json|.html|.pdf|.csv   the list: signed, as a page, to print, as a table
    GET /publicity/keys.json                   the keys that lists are signed with (RFC 7517)

A list that is not public any more answers 410: one that was withdrawn with a signed notice (as
JSON), one whose period is over with an error. Who may publish lists of its base still gets it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.permissions import Target
from zhupei.domain.sources import SourceDocument
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.permissions import refused_by
from zhupei.security.signing_keys import SigningKeys
from zhupei.services.issuing.lists import (
    Publicity,
    PublicityStatus,
    SignedList,
    publicity_of,
    shows_entries,
    signed_list,
    signed_withdrawal,
)
from zhupei.services.papers.publicity_list import PublicityListError, publicity_csv, publicity_paper
from zhupei.services.papers.render import render_html, render_pdf
from zhupei.web.papers import MEDIA_TYPES, MakeContext, ending_of, guarded, refused

__all__ = ["publicity_routes"]

_NOT_FOUND = AccessRefusal(
    code=AccessCode.NOT_FOUND, message=Text("没有这份名单", "there is no such list")
)
_MOST_KEPT = 32
_OVER = Text("公示期已结束，名单不再公开", "the publicity period is over; the list is not public")
_WITHDRAWN = Text("该名单已撤回", "this list was withdrawn")
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


class _Printed:
    """The last lists that were typeset, by what they say: anybody may ask, as often as they like.

    One is typeset at a time, however many ask.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._typesetting = asyncio.Lock()

    async def pdf(self, signed: SignedList, documents: Mapping[str, SourceDocument]) -> bytes:
        """Return the PDF of a list."""
        async with self._typesetting:
            found = self._kept.pop(signed.sha256, None)
            if found is None:
                paper = publicity_paper(signed.listed, fingerprint=signed.sha256)
                found = await asyncio.to_thread(render_pdf, paper, documents)
            self._kept[signed.sha256] = found
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return found


def publicity_routes(context: MakeContext, keys: Callable[[], SigningKeys]) -> tuple[Route, ...]:
    """Return the routes of published lists; ``keys`` opens the keys that sign them."""

    printed = _Printed()

    async def get(request: Request) -> Response:
        asked = await context(request, Response())
        publicity = await publicity_of(UUID(str(request.path_params["publicity"])))
        if publicity is None:
            return refused(request, _NOT_FOUND)
        ending, now = ending_of(request), asked.clock()
        if publicity.status(now) is PublicityStatus.WITHDRAWN:
            if ending == "json":
                content = signed_withdrawal(keys(), publicity)
                return Response(content, 410, media_type="application/json", headers=_FRESH)
            return _gone(request, "PUBLICITY_WITHDRAWN", _WITHDRAWN)
        public = shows_entries(asked.catalogue, publicity, now)
        if not public and await refused_by(asked, "lists.publish", (_target(publicity),)):
            return _gone(request, "PUBLICITY_OVER", _OVER)
        if asked.keyring is None:
            raise RuntimeError("personal data needs the keyring")
        try:
            signed = await signed_list(asked.catalogue, asked.keyring(), keys(), publicity, now)
        except PublicityListError as error:
            return _error(request, 409, error.code, error.message)
        return await _given(request, asked, signed, printed, public=public)

    async def key_set(_request: Request) -> Response:
        return JSONResponse(keys().key_set(), headers={"Cache-Control": "public, max-age=300"})

    return (
        Route("/publicity/keys.json", key_set, methods=["GET"]),
        *(
            Route(f"/publicity/{{publicity:uuid}}.{ending}", guarded(get), methods=["GET"])
            for ending in ("json", "html", "pdf", "csv")
        ),
    )


# Asked anew each time: a list may be withdrawn at any moment.
_FRESH = {"Cache-Control": "no-cache"}


async def _given(
    request: Request, asked: GraphContext, signed: SignedList, printed: _Printed, *, public: bool
) -> Response:
    ending = ending_of(request)
    tag = f'"{signed.sha256[:32]}-{ending}"'
    headers = {**_FRESH, "ETag": tag} if public else {"Cache-Control": "no-store"}
    if public and tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    documents = asked.catalogue.documents
    if ending == "json":
        return Response(signed.content, media_type="application/json", headers=headers)
    if ending == "csv":
        content = publicity_csv(signed.listed)
        headers["Content-Disposition"] = 'attachment; filename="publicity.csv"'
        return Response(content, media_type=MEDIA_TYPES[ending], headers=headers)
    headers["Content-Security-Policy"] = _POLICY
    if ending == "html":
        page = render_html(publicity_paper(signed.listed, fingerprint=signed.sha256), documents)
        return Response(page, media_type=MEDIA_TYPES[ending], headers=headers)
    pdf = await printed.pdf(signed, documents)
    return Response(pdf, media_type=MEDIA_TYPES[ending], headers=headers)


def _target(publicity: Publicity) -> Target:
    return Target(base=publicity.base)


def _gone(request: Request, code: str, message: Text) -> Response:
    return _error(request, 410, code, message)


def _error(request: Request, status: int, code: str, message: Text) -> Response:
    language = language_of(request.headers.get("accept-language"))
    error = {"message": message.get(language), "extensions": {"code": code}}
    return JSONResponse({"errors": [error]}, status_code=status, headers=_FRESH)
