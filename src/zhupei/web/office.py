"""An office's files over HTTP: sheets of scores and payments out and back, and brochures.

::

    GET /score-sheets/blank.xlsx|.csv?program=[&base=&opening=&round=&assessments=]   scores.write
    PUT /score-sheets?program=[&base=&opening=&round=&assessments=&low=]              scores.write
    GET /payments/blank.xlsx|.csv?base=&month=2026-09                registrations.write
    PUT /payments[?dryRun=true]                                      registrations.write
    GET /brochures/<sha256>.html|.pdf                     everybody, once it is published
    GET /brochures/draft/<program>.html|.pdf              brochures.read

``assessments`` and ``low`` are kinds, joined by commas (``interview,examination``). The body of a
PUT is the file, XLSX or CSV; ``Idempotency-Key`` makes a repetition answer as the first did. A file
with problems is answered with 422 and all of them, each with row and cell; nothing of it is kept.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.config.tables import MAX_TABLE_BYTES
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.permissions import Target
from zhupei.domain.score_sheets import SheetProblem, UnreadableSheet
from zhupei.domain.text import Language, Text
from zhupei.domain.trainees import Month
from zhupei.graphql.context import language_of
from zhupei.graphql.desks import desk_of, desk_or_public
from zhupei.graphql.permissions import refused_by
from zhupei.services import score_sheets
from zhupei.services.applicant_files import size_text
from zhupei.services.brochures import brochure_content
from zhupei.services.brochures.rows import pages_now
from zhupei.services.idempotency import refused_key
from zhupei.services.payment_sheets import (
    EnterPaymentsInput,
    blank_payment_sheet,
    enter_payments,
)
from zhupei.services.permissions import UNAUTHENTICATED
from zhupei.services.score_sheets.inputs import EnterScoreSheetInput, ScoreSheetPart
from zhupei.web.negotiation import names_tag
from zhupei.web.papers import MEDIA_TYPES, MakeContext, ending_of, guarded, refused

__all__ = ["failed", "office_routes", "refused_action", "too_large", "unreadable"]

_log = logging.getLogger("zhupei.access")

_STATUS = {
    RefusalCode.NOT_PERMITTED: 403,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.CONFLICT: 409,
    RefusalCode.DUPLICATE: 409,
    RefusalCode.ROUND_FROZEN: 409,
    RefusalCode.PLUGIN_FAILED: 503,
}
_PRIVATE = {"Cache-Control": "no-store"}
_PAGE = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
_NOT_FOUND = AccessRefusal(
    code=AccessCode.NOT_FOUND, message=Text("没有这份文件", "there is no such file")
)
_NO_MONTH = Text("须写明月份，如 2026-09", "name the month, as 2026-09")
_LARGEST = size_text(MAX_TABLE_BYTES)
_TOO_LARGE = Text(f"文件超过 {_LARGEST}", f"the file is larger than {_LARGEST}")


def office_routes(context: MakeContext) -> tuple[Route, ...]:
    """Return the routes; ``context`` tells who asks."""
    files = _OfficeFiles(context)

    def route(
        path: str, handler: Callable[[Request], Awaitable[Response]], method: str = "GET"
    ) -> Route:
        return Route(path, guarded(handler), methods=[method])

    return (
        route("/score-sheets/blank.xlsx", files.blank),
        route("/score-sheets/blank.csv", files.blank),
        route("/score-sheets", files.enter, "PUT"),
        route("/payments/blank.xlsx", files.blank_payments),
        route("/payments/blank.csv", files.blank_payments),
        route("/payments", files.pay, "PUT"),
        *(route(f"/brochures/draft/{{program}}.{each}", files.draft) for each in ("html", "pdf")),
        *(route(f"/brochures/{{sha256}}.{each}", files.brochure) for each in ("html", "pdf")),
    )


class _OfficeFiles:
    def __init__(self, context: MakeContext) -> None:
        self._context = context

    async def blank(self, request: Request) -> Response:
        """Give the sheet to fill in."""
        asked = await self._context(request, Response())
        if asked.actor is None or asked.keyring is None:
            return refused(request, UNAUTHENTICATED)
        ending = ending_of(request)
        found = await score_sheets.blank_sheet(
            await desk_of(asked), asked.keyring, _part(request), spreadsheet=ending == "xlsx"
        )
        if isinstance(found, Refusal):
            return refused_action(request, found)
        _log.info("score sheet given out", extra={"actor": asked.actor.id})
        return Response(
            found,
            media_type=MEDIA_TYPES[ending],
            headers={
                **_PRIVATE,
                "Content-Disposition": f'attachment; filename="scores.{ending}"',
            },
        )

    async def enter(self, request: Request) -> Response:
        """Take a filled-in sheet."""
        asked = await self._context(request, Response())
        if asked.actor is None or asked.keyring is None:
            return refused(request, UNAUTHENTICATED)
        if (against := _refused_key(request)) is not None:
            return against
        content = await _body(request)
        if content is None:
            return failed(request, 413, AccessCode.FILE_TOO_LARGE.value, _TOO_LARGE)
        given = EnterScoreSheetInput(
            part=_part(request),
            content=content,
            low=_kinds(request, "low") or (),
            idempotency_key=request.headers.get("idempotency-key"),
        )
        found = await score_sheets.enter_score_sheet(await desk_of(asked), asked.keyring, given)
        if isinstance(found, Refusal):
            return refused_action(request, found)
        if isinstance(found, UnreadableSheet):
            return unreadable(request, found)
        return JSONResponse(
            {
                "id": str(found.id),
                "state": found.state.value,
                "rows": len(found.rows),
                "absent": sum(bool(row.absent) for row in found.rows),
                "assessments": list(found.assessments),
                "sha256": found.sha256,
            },
            status_code=201,
            headers=_PRIVATE,
        )

    async def blank_payments(self, request: Request) -> Response:
        """Give the sheet of a month to fill in."""
        asked = await self._context(request, Response())
        if asked.actor is None:
            return refused(request, UNAUTHENTICATED)
        ending, month = ending_of(request), _month(request)
        if month is None:
            return failed(request, 400, RefusalCode.INPUT_INVALID.value, _NO_MONTH, "month")
        found = await blank_payment_sheet(
            await desk_of(asked),
            request.query_params.get("base", ""),
            month,
            spreadsheet=ending == "xlsx",
        )
        if isinstance(found, Refusal):
            return refused_action(request, found)
        _log.info("payment sheet given out", extra={"actor": asked.actor.id})
        name = f'attachment; filename="payments-{month}.{ending}"'
        headers = {**_PRIVATE, "Content-Disposition": name}
        return Response(found, media_type=MEDIA_TYPES[ending], headers=headers)

    async def pay(self, request: Request) -> Response:
        """Take a filled-in sheet of payments."""
        asked = await self._context(request, Response())
        if asked.actor is None:
            return refused(request, UNAUTHENTICATED)
        if (against := _refused_key(request)) is not None:
            return against
        content = await _body(request)
        if content is None:
            return failed(request, 413, AccessCode.FILE_TOO_LARGE.value, _TOO_LARGE)
        given = EnterPaymentsInput(
            content=content,
            dry_run=request.query_params.get("dryRun") == "true",
            idempotency_key=request.headers.get("idempotency-key"),
        )
        found = await enter_payments(await desk_of(asked), given)
        if isinstance(found, Refusal):
            return refused_action(request, found)
        if isinstance(found, UnreadableSheet):
            return unreadable(request, found)
        return JSONResponse(
            {
                "dryRun": given.dry_run,
                "payments": len(found),
                "total": str(sum(each.amount for each in found)),
            },
            status_code=200 if given.dry_run else 201,
            headers=_PRIVATE,
        )

    async def brochure(self, request: Request) -> Response:
        """Give a page that was submitted: a published one to everybody."""
        asked = await self._context(request, Response())
        sha256, ending = str(request.path_params["sha256"]), ending_of(request)
        found = await brochure_content(await desk_or_public(asked), sha256)
        if found is None or found[0] != MEDIA_TYPES[ending]:
            return refused(request, _NOT_FOUND)
        # Named by its content: it never becomes another. Who may see it can change.
        headers = {"ETag": f'"{sha256}"', "Cache-Control": "private, no-cache", **_PAGE}
        known = request.headers.get("if-none-match", "")
        if names_tag(known.encode("latin-1"), headers["ETag"].encode()):
            return Response(status_code=304, headers=headers)
        return Response(found[1], media_type=found[0], headers=headers)

    async def draft(self, request: Request) -> Response:
        """Give the page as the configuration makes it now."""
        asked = await self._context(request, Response())
        program = asked.catalogue.programs.get(str(request.path_params["program"]))
        target = Target(base=None if program is None else program.base)
        refusal = await refused_by(asked, "brochures.read", (target,))
        if refusal is not None or program is None:
            return refused(request, refusal or _NOT_FOUND)
        pages, ending = await pages_now(asked.catalogue, program.code), ending_of(request)
        content = pages.pdf if ending == "pdf" else pages.html
        return Response(content, media_type=MEDIA_TYPES[ending], headers={**_PRIVATE, **_PAGE})


def _refused_key(request: Request) -> JSONResponse | None:
    """Return why an idempotency key is none, before anything is read: as mutations refuse it."""
    key = request.headers.get("idempotency-key")
    against = None if key is None else refused_key(key)
    if against is None:
        return None
    return failed(request, 400, against.code.value, against.message, against.field)


async def _body(request: Request) -> bytes | None:
    """Return what was sent, None where it is larger than a sheet may be."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_TABLE_BYTES:
            return None
    return bytes(content)


def _month(request: Request) -> Month | None:
    found = re.fullmatch(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])", request.query_params.get("month", ""))
    return None if found is None else Month(int(found[1]), int(found[2]))


def _part(request: Request) -> ScoreSheetPart:
    asked = request.query_params
    return ScoreSheetPart(
        program=asked.get("program", ""),
        base=asked.get("base"),
        opening=asked.get("opening"),
        round=asked.get("round"),
        assessments=_kinds(request, "assessments"),
    )


def _kinds(request: Request, name: str) -> tuple[str, ...] | None:
    text = request.query_params.get(name)
    return None if text is None else tuple(each for each in text.split(",") if each)


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))


def too_large() -> Text:
    """Return that a file is larger than any table that is read."""
    return _TOO_LARGE


def failed(
    request: Request, status: int, code: str, message: Text, field: str | None = None
) -> JSONResponse:
    """Return an error as JSON, in the language of the request."""
    extensions = {"code": code} if field is None else {"code": code, "field": field}
    error = {"message": message.get(_language(request)), "extensions": extensions}
    return JSONResponse({"errors": [error]}, status_code=status, headers=_PRIVATE)


def refused_action(request: Request, refusal: Refusal) -> JSONResponse:
    """Return the refusal of a use case as JSON."""
    status = _STATUS.get(refusal.code, 400)
    code = "FORBIDDEN" if status == _STATUS[RefusalCode.NOT_PERMITTED] else refusal.code.value
    return failed(request, status, code, refusal.message, refusal.field)


def unreadable(request: Request, sheet: UnreadableSheet) -> JSONResponse:
    """Return all that is wrong with a file, each with row and cell."""
    language = _language(request)
    return JSONResponse(
        {"errors": [_problem(each, language) for each in sheet.problems]},
        status_code=422,
        headers=_PRIVATE,
    )


def _problem(problem: SheetProblem, language: Language) -> dict[str, object]:
    return {
        "message": problem.message.get(language),
        "extensions": {
            "code": problem.code,
            "row": problem.row,
            "cell": problem.cell,
            "hint": None if problem.hint is None else problem.hint.get(language),
        },
    }
