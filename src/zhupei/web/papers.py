"""Papers about people over HTTP: letters, agreements, checklists, lists and figures to export.

Each asks for the permission beside it, with a bearer token::

    GET /papers/letters/<application>.pdf|.html               papers.read
    GET /papers/letters.zip?program=[&round=]                 papers.read
    GET /papers/agreements/<application>.pdf|.html[?kind=]    papers.read
    GET /papers/checklists/<application>.pdf|.html            applications.read, applicants.read
    GET /papers/registrations.xlsx|.csv?<where>[&year=&lang=]       registrations.read
    GET /papers/statistics.xlsx|.csv?<where>[&year=&round=&lang=]   statistics.read

``<where>`` is ``program=``, ``base=`` or ``jurisdiction=``, or several. Nothing of this is ever
cached, nor shown as a page of this site. Numbers and phones of a registration list are masked
without ``identity.read`` and ``contacts.read``.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.db.client import DatabaseUnavailableError
from zhupei.db.models import Applicant
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.permissions import Target
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Program
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.permissions import refused_by
from zhupei.security.crypto import Keyring
from zhupei.services.admissions.store import load_case
from zhupei.services.issuing.persons import (
    IssuedLetter,
    PaperNotDueError,
    agreement_for,
    checklist_for,
    letter_for,
    letters_archive,
    letters_of_round,
)
from zhupei.services.issuing.recruitment import (
    has_round,
    programs_within,
    recruitment_report,
)
from zhupei.services.issuing.registrations import registered_trainees
from zhupei.services.papers.letters import LetterIncompleteError
from zhupei.services.papers.paper import Paper
from zhupei.services.papers.registration_list import (
    columns_for,
    registration_list_csv,
    registration_list_xlsx,
)
from zhupei.services.papers.render import UnprintableTextError, render_html, render_pdf
from zhupei.services.papers.statistics import (
    statistics_columns_for,
    statistics_csv,
    statistics_xlsx,
)
from zhupei.services.progress import operation
from zhupei.web.sign_in import ActorRefused

__all__ = ["MEDIA_TYPES", "MakeContext", "ending_of", "guarded", "paper_routes", "refused"]

_log = logging.getLogger("zhupei.access")

MakeContext = Callable[[Request, Response], Awaitable[GraphContext]]
_Handler = Callable[[Request], Awaitable[Response]]

_STATUS = {
    AccessCode.UNAUTHENTICATED: 401,
    AccessCode.FORBIDDEN: 403,
    AccessCode.NOT_FOUND: 404,
    AccessCode.PLUGIN_DECISION_FAILED: 503,
}
_PRIVATE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Media types by the ending of a name."""
_NOT_FOUND = AccessRefusal(
    code=AccessCode.NOT_FOUND, message=Text("没有这份文件", "there is no such paper")
)
_YEAR = re.compile(r"[0-9]{4}")
_PRINTED_AT_ONCE = 2
"""Papers that are typeset at the same time in one process; more wait."""


def paper_routes(context: MakeContext) -> tuple[Route, ...]:
    """Return the routes of papers about people; ``context`` tells who asks."""
    papers = _Papers(context)
    return (
        Route("/papers/letters.zip", guarded(papers.letters), methods=["GET"]),
        *_routes("/papers/letters/{application:uuid}", papers.letter, ("pdf", "html")),
        *_routes("/papers/agreements/{application:uuid}", papers.agreement, ("pdf", "html")),
        *_routes("/papers/checklists/{application:uuid}", papers.checklist, ("pdf", "html")),
        *_routes("/papers/registrations", papers.registrations, ("xlsx", "csv")),
        *_routes("/papers/statistics", papers.statistics, ("xlsx", "csv")),
    )


class _Papers:
    """The papers of one process, of which a few are typeset at the same time."""

    def __init__(self, context: MakeContext) -> None:
        self._context = context
        self._printing = asyncio.Semaphore(_PRINTED_AT_ONCE)

    async def _printed(self, asked: GraphContext, paper: Paper, ending: str, name: str) -> Response:
        documents = asked.catalogue.documents
        content: bytes | str
        if ending == "html":
            content = render_html(paper, documents)
        else:
            async with self._printing:
                content = await asyncio.to_thread(render_pdf, paper, documents)
        return _attached(content, ending, name)

    async def letter(self, request: Request) -> Response:
        """Give one letter of admission."""
        asked = await self._context(request, Response())
        case = await _permitted_case(asked, request, "papers.read")
        if isinstance(case, AccessRefusal):
            return refused(request, case)
        paper = await letter_for(asked.catalogue, case)
        return await self._printed(asked, paper, ending_of(request), f"letter-{case.id}")

    async def letters(self, request: Request) -> Response:
        """Give all letters of a round, or of the program, as an archive."""
        asked = await self._context(request, Response())
        program = asked.catalogue.programs.get(request.query_params.get("program", ""))
        target = Target(base=None if program is None else program.base)
        refusal = await refused_by(asked, "papers.read", (target,))
        if refusal is not None or program is None:
            return refused(request, refusal or _NOT_FOUND)
        round_code = request.query_params.get("round")
        if not has_round(asked.catalogue, (program.code,), round_code):
            return refused(request, _NOT_FOUND)
        found = await letters_of_round(asked.catalogue, program.code, round_code)
        async with self._printing:
            content = await _archived(asked, program, found)
        return Response(
            content,
            media_type="application/zip",
            headers={
                **_PRIVATE,
                "Content-Disposition": f'attachment; filename="letters-{program.code}.zip"',
            },
        )

    async def agreement(self, request: Request) -> Response:
        """Give the agreement that a person signs."""
        asked = await self._context(request, Response())
        case = await _permitted_case(asked, request, "papers.read")
        if isinstance(case, AccessRefusal):
            return refused(request, case)
        kind = request.query_params.get("kind")
        paper = await agreement_for(asked.catalogue, _keyring(asked), case, kind)
        _note(asked, "agreement", str(case.applicant))
        return await self._printed(asked, paper, ending_of(request), f"agreement-{case.id}")

    async def checklist(self, request: Request) -> Response:
        """Give the checklist of an application; it names the person and what they answered."""
        asked = await self._context(request, Response())
        case = await _permitted_case(asked, request, "applications.read", "applicants.read")
        if isinstance(case, AccessRefusal):
            return refused(request, case)
        today = asked.clock().astimezone(CHINA_TIME).date()
        paper = await checklist_for(asked.catalogue, case, today)
        return await self._printed(asked, paper, ending_of(request), f"checklist-{case.id}")

    async def registrations(self, request: Request) -> Response:
        """Give the registration list."""
        asked = await self._context(request, Response())
        target = _scope(asked, request)
        refusal = await refused_by(asked, "registrations.read", (target or Target(),))
        if refusal is not None or target is None:
            return refused(request, refusal or _NOT_FOUND)
        masked = any(
            [
                await refused_by(asked, permission, (target,)) is not None
                for permission in ("identity.read", "contacts.read")
            ]
        )
        programs = _programs(asked, request)
        found = await registered_trainees(asked.catalogue, _keyring(asked), programs, masked=masked)
        if not masked:
            _note(asked, "registration list", None, people=len(found))
        columns = columns_for(asked.catalogue, programs)
        ending = ending_of(request)
        make = registration_list_csv if ending == "csv" else registration_list_xlsx
        language = _export_language(request)
        content = await asyncio.to_thread(make, asked.catalogue, found, columns, language)
        return _attached(content, ending, "registrations")

    async def statistics(self, request: Request) -> Response:
        """Give the statistics of recruitment."""
        asked = await self._context(request, Response())
        target = _scope(asked, request)
        refusal = await refused_by(asked, "statistics.read", (target or Target(),))
        if refusal is not None or target is None:
            return refused(request, refusal or _NOT_FOUND)
        programs = _programs(asked, request)
        round_code = request.query_params.get("round")
        if not has_round(asked.catalogue, programs, round_code):
            return refused(request, _NOT_FOUND)
        report = await recruitment_report(asked.catalogue, programs, round_code)
        ending = ending_of(request)
        make = statistics_csv if ending == "csv" else statistics_xlsx
        columns = statistics_columns_for(asked.catalogue, programs)
        language = _export_language(request)
        content = await asyncio.to_thread(make, asked.catalogue, report.whole, columns, language)
        return _attached(content, ending, "statistics")


def guarded(handler: _Handler) -> _Handler:
    """Return a handler that answers refusals, and papers that cannot be made, as JSON."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except ActorRefused as error:
            return error.response
        except DatabaseUnavailableError:
            return _failed(request, 503, "DATABASE_UNAVAILABLE", _NO_DATABASE)
        except (PaperNotDueError, LetterIncompleteError) as error:
            return _failed(request, 409, error.code, error.message)
        except UnprintableTextError as error:
            return _failed(request, 422, error.code, error.message)

    return handle


def refused(request: Request, refusal: AccessRefusal) -> JSONResponse:
    """Return a refusal as JSON, in the language of the request."""
    status = _STATUS.get(refusal.code, 400)
    return _failed(request, status, refusal.code.value, refusal.message)


def ending_of(request: Request) -> str:
    """Return the ending of the path: which form of the paper is asked for."""
    return request.url.path.rpartition(".")[2]


_NO_DATABASE = Text("数据库暂不可用。", "The database is not available now.")


def _failed(request: Request, status: int, code: str, message: Text) -> JSONResponse:
    language = language_of(request.headers.get("accept-language"))
    error = {"message": message.get(language), "extensions": {"code": code}}
    headers = {"Cache-Control": "no-store"}
    return JSONResponse({"errors": [error]}, status_code=status, headers=headers)


def _routes(path: str, handler: _Handler, endings: Sequence[str]) -> tuple[Route, ...]:
    return tuple(Route(f"{path}.{each}", guarded(handler), methods=["GET"]) for each in endings)


def _attached(content: bytes | str, ending: str, name: str) -> Response:
    return Response(
        content,
        media_type=MEDIA_TYPES[ending],
        headers={**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}.{ending}"'},
    )


async def _archived(asked: GraphContext, program: Program, found: Sequence[IssuedLetter]) -> bytes:
    """Return the letters as an archive; how far it is can be seen meanwhile."""
    documents = asked.catalogue.documents
    if asked.database is None or asked.actor is None:
        return await asyncio.to_thread(letters_archive, found, documents)
    loop = asyncio.get_running_loop()
    async with operation(
        asked.database,
        kind="letters_export",
        by=asked.actor.id,
        clock=asked.clock,
        base=program.base,
        program=program.code,
        total=len(found),
    ) as progress:

        def told() -> None:
            asyncio.run_coroutine_threadsafe(progress.advance(), loop).result()

        return await asyncio.to_thread(letters_archive, found, documents, told)


async def _permitted_case(
    asked: GraphContext, request: Request, *permissions: str
) -> AdmissionCase | AccessRefusal:
    """Return the application that the path names, refused as one that does not exist would be.

    All of the permissions are asked for.
    """
    case = None
    if asked.actor is not None:
        case = await load_case(UUID(str(request.path_params["application"])))
    targets: tuple[Target, ...] = ()
    if case is not None:
        owner = await Applicant.filter(id=case.applicant).values_list("account_id", flat=True)
        owners = frozenset(str(each) for each in owner if each is not None)
        opening = asked.catalogue.openings.get(case.opening)
        # A draft is the applicant's own: no base sees it before it was handed in.
        targets = (
            Target(owners=owners)
            if case.submitted_at is None
            else Target(
                base=case.base,
                specialty=None if opening is None else opening.specialty,
                owners=owners,
            ),
        )
    for permission in permissions:
        refusal = await refused_by(asked, permission, targets)
        if refusal is not None:
            return refusal
    return case or _NOT_FOUND


def _export_language(request: Request) -> Language:
    """Return the language of an export: Chinese unless the address says otherwise."""
    return Language.EN if request.query_params.get("lang") == "en" else Language.ZH


def _scope(asked: GraphContext, request: Request) -> Target | None:
    """Return what an export is about, None where nothing has such a code."""
    given = request.query_params
    catalogue = asked.catalogue
    program = catalogue.programs.get(given.get("program", ""))
    unknown = (
        ("program" in given and program is None)
        or ("base" in given and given["base"] not in catalogue.bases)
        or ("jurisdiction" in given and given["jurisdiction"] not in catalogue.jurisdictions)
        or ("year" in given and _YEAR.fullmatch(given["year"]) is None)
    )
    if unknown:
        return None
    if "base" in given:
        return Target(base=given["base"])
    if "jurisdiction" in given:
        return Target(jurisdiction=given["jurisdiction"])
    if program is not None:
        return Target(base=program.base, jurisdiction=program.jurisdiction)
    return Target()


def _programs(asked: GraphContext, request: Request) -> tuple[str, ...]:
    given = request.query_params
    return programs_within(
        asked.catalogue,
        program=given.get("program"),
        base=given.get("base"),
        jurisdiction=given.get("jurisdiction"),
        year=int(given["year"]) if "year" in given else None,
    )


def _keyring(asked: GraphContext) -> Keyring:
    if asked.keyring is None:
        raise RuntimeError("personal data needs the keyring")
    return asked.keyring()


def _note(asked: GraphContext, what: str, applicant: str | None, **more: object) -> None:
    """Log that personal data was read, never what it is."""
    actor = None if asked.actor is None else asked.actor.id
    extra = {"what": what, "applicant": applicant, "actor": actor, **more}
    _log.info("personal data read", extra=extra)
