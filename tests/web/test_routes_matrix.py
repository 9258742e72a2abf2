"""The matrix of routes: every one that needs a permission × every role × own, other and public.

Who may is answered; who may not is refused, learns nothing of the person, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admissions_office import HOSPITAL, done, moment
from base_offices import PROGRAM as OFFICE_PROGRAM
from mutation_scenarios import SECRETS, Person, World, new_world
from zhupei.app import create_app
from zhupei.db.connection import Database
from zhupei.db.models import Applicant, TraineeRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AgreementKind
from zhupei.domain.brochures import Brochure
from zhupei.domain.masking import mask_name
from zhupei.domain.permissions import PERMISSIONS
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.security.signing_keys import SigningKeys, public_key_text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.applicant_files import FileRecord, FileStore
from zhupei.services.brochures import (
    decide_brochure,
    record_brochure_publication,
    submit_brochure,
)
from zhupei.services.brochures.inputs import (
    DecideBrochureInput,
    RecordBrochurePublicationInput,
    SubmitBrochureInput,
)
from zhupei.services.calendars import issue_calendar
from zhupei.settings import Settings
from zhupei.web.calendars import calendar_routes
from zhupei.web.files import file_routes
from zhupei.web.office import office_routes
from zhupei.web.papers import paper_routes
from zhupei.web.publicity import publicity_routes
from zhupei.web.rosters import roster_routes

pytestmark = pytest.mark.slow

_KEYS = SigningKeys.parse(public_key_text(bytes(range(32))))
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


@dataclass(frozen=True)
class _Asked:
    """How a route is asked, and the permission that it needs."""

    permission: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    base: str = "sample-hospital"
    without: frozenset[str] = frozenset()
    """Roles that hold the permission for what is their own only, which this is not."""
    refuses: frozenset[int] = frozenset({401, 403, 404})
    anywhere: bool = False
    """A permission that is held somewhere is enough: what is given is nobody's."""


_OWN_ONLY = frozenset({"applicant", "sending_unit"})
_FILLED = b"a,b\r\n"
# What everybody may ask for, so that no role matters, and how it is asked here.
_PUBLIC = {
    ("GET", "/brochures/{sha256}.html"): "/brochures/{brochure}.html",
    ("GET", "/brochures/{sha256}.pdf"): "/brochures/{printed}.pdf",
    ("GET", "/publicity/keys.json"): "/publicity/keys.json",
    ("GET", "/calendar/programs/{code}.ics"): f"/calendar/programs/{HOSPITAL}.ics",
    ("GET", "/calendar/bases/{code}.ics"): "/calendar/bases/sample-hospital.ics",
}
# Public while they are live, then their office's own.
_LISTS = {
    ("GET", f"/publicity/{{publicity:uuid}}.{each}") for each in ("json", "html", "pdf", "csv")
}
# Whoever has the token in its address, as calendars of telephones do, and nobody else.
_BY_TOKEN = {("GET", "/calendar/personal.ics")}
# What holds nothing of persons or offices: tests of their own, and tests/attacks, cover it. The
# graph has its matrices in tests/graphql.
_OTHER = {
    ("GET", "/"),
    ("GET", "/graphql"),
    ("GET", "/graphql/"),
    ("POST", "/graphql/"),
    ("GET", "/graphql/ide/{name}"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/events/schema.json"),
    ("POST", "/change-password"),
    ("POST", "/sign-in"),
    ("POST", "/sign-up"),
}


def _asked(case: UUID, person: Person, file: FileRecord) -> dict[tuple[str, str], _Asked]:
    """Return for each route one request about the person, the application or the hospital."""
    whose = {"applicant": str(person.applicant)}
    round_ = {"program": HOSPITAL, "round": "batch-1"}
    sheet = {"program": OFFICE_PROGRAM, "round": "batch-1"}
    found = {
        ("PUT", "/files/{document}"): _Asked(
            "files.write", "/files/degree", whose, _PNG, without=frozenset({"sending_unit"})
        ),
        ("GET", "/files/{document}/{sha256}"): _Asked(
            "files.read", f"/files/{file.document}/{file.sha256}", whose
        ),
        ("GET", "/papers/letters.zip"): _Asked(
            "papers.read", "/papers/letters.zip", round_, without=_OWN_ONLY
        ),
        ("PUT", "/score-sheets"): _Asked(
            "scores.write", "/score-sheets", sheet, _FILLED, "office-hospital"
        ),
        ("PUT", "/rosters"): _Asked(
            "registrations.write", "/rosters", {"program": HOSPITAL}, _FILLED
        ),
    }
    for ending in ("pdf", "html"):
        for name, permission in (
            ("letters", "papers.read"),
            ("agreements", "papers.read"),
            ("checklists", "applicants.read"),
        ):
            without = frozenset({"sending_unit"})
            found["GET", f"/papers/{name}/{{application:uuid}}.{ending}"] = _Asked(
                permission, f"/papers/{name}/{case}.{ending}", without=without
            )
        found["GET", f"/brochures/draft/{{program}}.{ending}"] = _Asked(
            "brochures.read",
            f"/brochures/draft/{OFFICE_PROGRAM}.{ending}",
            base="office-hospital",
        )
    for ending in ("xlsx", "csv"):
        found["GET", f"/rosters/blank.{ending}"] = _Asked(
            "registrations.write", f"/rosters/blank.{ending}", anywhere=True
        )
        found["GET", f"/papers/registrations.{ending}"] = _Asked(
            "registrations.read", f"/papers/registrations.{ending}", round_, without=_OWN_ONLY
        )
        found["GET", f"/papers/statistics.{ending}"] = _Asked(
            "statistics.read", f"/papers/statistics.{ending}", round_
        )
        found["GET", f"/score-sheets/blank.{ending}"] = _Asked(
            "scores.write", f"/score-sheets/blank.{ending}", sheet, base="office-hospital"
        )
        found["GET", f"/payments/blank.{ending}"] = _Asked(
            "registrations.write",
            f"/payments/blank.{ending}",
            {"base": "sample-hospital", "month": "2026-09"},
        )
    return found


# Told row by row, of somebody who trains; and what becomes an office's own in time: see below.
_ELSEWHERE = {("PUT", "/payments")}


@dataclass
class _Served:
    """The routes over a world; whoever asks is set by the test."""

    world: World
    store: FileStore
    actor: Actor | None = None

    async def context(self, _request: Request, _response: Response) -> GraphContext:
        return GraphContext(
            catalogue=self.world.loaded.catalogue,
            dispatcher=self.world.loaded.dispatcher,
            language=Language.EN,
            clock=lambda: self.world.sample.now,
            actor=self.actor,
            keyring=lambda: self.world.keyring,
            signing_keys=lambda: _KEYS,
            database=self.world.database,
        )

    def routes(self) -> list[Route]:
        return [
            *file_routes(self.store, self.context),
            *paper_routes(self.context),
            *office_routes(self.context),
            *roster_routes(self.context),
            *publicity_routes(self.context, lambda: _KEYS),
            *calendar_routes(self.context),
        ]

    async def ask(self, method: str, asked: _Asked, actor: Actor | None) -> httpx2.Response:
        self.actor = actor
        transport = httpx2.ASGITransport(app=Starlette(routes=self.routes()))
        with self.world.database.use():
            async with httpx2.AsyncClient(transport=transport, base_url="http://zhupei") as client:
                return await client.request(
                    method, asked.path, params=dict(asked.query), content=asked.content
                )


async def _notified(world: World, store: FileStore) -> tuple[Person, UUID, FileRecord]:
    """Bring somebody with a file to the notice of admission."""
    person = await world.person()

    async def parts() -> Any:
        yield _PNG

    with world.database.use():
        file = await store.keep(
            person.applicant, "identity-scan", parts(), by="x", at=world.sample.now
        )
    assert isinstance(file, FileRecord)
    case = await world.sample.submitted(applicant=person.applicant)
    world.go("2026-04-27T09:00")
    await world.sample.reviewed(case)
    world.go("2026-05-11T10:00")
    done(await world.sample.publish(case))
    own = world.sample.desk(person.actor, person.applicant)
    done(await admissions.confirm_admission(own, inputs.ApplicationInput(application=case.id)))
    await world.sample.notified(case)
    return person, case.id, file


def _actor(role: Role, asked: _Asked, world: World, person: Person, *, own: bool) -> Actor:
    province = asked.base.replace("hospital", "province")
    account = uuid4()
    match role.reach:
        case RoleReach.OWN | RoleReach.NATION:
            grant = Grant(role)
        case RoleReach.JURISDICTION:
            grant = Grant(role, jurisdiction=province if own else "matching-province")
        case _:
            grant = Grant(role, base=asked.base if own else "north-hospital")
    if role is Role.APPLICANT:
        account = person.account if own else world.stranger
    if role is Role.SENDING_UNIT:
        account = world.other_unit
    return Actor(id=str(account), grants=frozenset({grant}))


def _may(role: Role, asked: _Asked, *, own: bool) -> bool:
    held = role.value in PERMISSIONS[asked.permission].roles and role.value not in asked.without
    return held and (own or asked.anywhere or role.reach is RoleReach.NATION)


_NO_FILE = FileRecord(
    id=UUID(int=1),
    applicant=UUID(int=1),
    document="identity-scan",
    media_type="image/png",
    size=1,
    sha256="0" * 64,
    uploaded_by="x",
    uploaded_at=moment("2026-05-12T09:00"),
)
_NOBODY = Person(applicant=UUID(int=1), account=UUID(int=1), number="x")


async def _published_brochure(world: World) -> Brochure:
    """Bring a brochure of the office's hospital to the public, in both places."""
    world.go("2026-03-20T09:00")
    submission = SubmitBrochureInput(program=OFFICE_PROGRAM, attested=("吉祥物",))
    brochure = done(await submit_brochure(world.office.at(), submission))
    decision = DecideBrochureInput(brochure=brochure.id, approved=True)
    done(await decide_brochure(world.office.province(), decision))
    for place in ("省平台", "本单位网站"):
        given = RecordBrochurePublicationInput(
            brochure=brochure.id,
            place=place,
            address="https://hospital.example/",
            published_at=moment("2026-03-20T09:00"),
        )
        brochure = done(await record_brochure_publication(world.office.at(), given))
    return brochure


def _pairs(routes: Iterable[object]) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or {"GET"})
        if method != "HEAD"
    }


def test_every_route_of_the_server_has_its_place(tmp_path: Path) -> None:
    """A new route is put into the matrix, or among those that say why they need none."""
    settings = Settings(data_dir=tmp_path, bases=(), plugins=(), worker=False)
    whole = _pairs(create_app(settings).routes)
    nobody = _asked(UUID(int=1), _NOBODY, _NO_FILE)
    assert whole == set(nobody) | _ELSEWHERE | set(_PUBLIC) | _LISTS | _BY_TOKEN | _OTHER


async def test_what_is_public_is_told_to_everybody_alike(
    database: Database, tmp_path: Path
) -> None:
    """With whatever role, of whichever place: the same, and nothing of any person."""
    world = await new_world(database)
    served = _Served(world, FileStore(tmp_path / "files", largest=1000))
    person, _, _ = await _notified(world, served.store)
    with world.database.use():
        brochure = await _published_brochure(world)
        world.go("2026-05-12T09:00")
    before = await world.sample.everything()
    wrong: list[tuple[Any, ...]] = []
    for (method, _), path in _PUBLIC.items():
        one = _Asked(
            "brochures.read",
            path.format(brochure=brochure.html, printed=brochure.pdf),
            base="sample-hospital",
        )
        public = await served.ask(method, one, None)
        assert public.status_code == 200, path
        told = public.content if not path.endswith(".ics") else b""
        wrong += [(path, each) for each in SECRETS if each.encode() in public.content]
        for role in Role:
            answer = await served.ask(method, one, _actor(role, one, world, person, own=True))
            same = answer.content if not path.endswith(".ics") else b""
            if (answer.status_code, same) != (200, told):
                wrong.append((path, role.value, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))
    assert await world.sample.everything() == before


async def test_a_personal_calendar_is_told_to_whoever_has_its_token(
    database: Database, tmp_path: Path
) -> None:
    world = await new_world(database)
    served = _Served(world, FileStore(tmp_path / "files", largest=1000))
    person, _, _ = await _notified(world, served.store)
    with world.database.use():
        token = await issue_calendar(person.applicant, at=world.sample.now)
    for given, status in ((token, 200), (token[:-1], 404), ("", 404)):
        one = _Asked("calendar.subscribe", "/calendar/personal.ics", {"token": given})
        answers = [await served.ask("GET", one, None)]
        answers += [
            await served.ask("GET", one, _actor(role, one, world, person, own=True))
            for role in Role
        ]
        assert {answer.status_code for answer in answers} == {status}, given
        assert not [each for answer in answers for each in SECRETS if each in answer.text]


async def test_every_role_reaches_what_is_written_down_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    world = await new_world(database)
    served = _Served(world, FileStore(tmp_path / "files", largest=1000))
    person, case, file = await _notified(world, served.store)
    table = _asked(case, person, file)
    there = _pairs(served.routes())
    assert set(table) | _ELSEWHERE | set(_PUBLIC) | _LISTS | _BY_TOKEN == there
    before = await world.sample.everything()
    wrong: list[tuple[Any, ...]] = []
    for (method, path), asked in table.items():
        public = await served.ask(method, asked, None)
        if public.status_code not in {401, 403}:
            wrong.append((method, path, "public", public.status_code))
        for role, own in [(role, own) for own in (True, False) for role in Role]:
            actor = _actor(role, asked, world, person, own=own)
            answer = await served.ask(method, asked, actor)
            told = (method, path, role.value, own, answer.status_code, answer.text[:120])
            if (answer.status_code not in asked.refuses) is not _may(role, asked, own=own):
                wrong.append(told)
            elif not _may(role, asked, own=own):
                wrong += [(*told, secret) for secret in SECRETS if secret in answer.text]
    assert not wrong, "\n".join(map(str, wrong))
    assert await world.sample.everything() == before


async def test_published_lists_are_everybodys_then_their_offices(
    database: Database, tmp_path: Path
) -> None:
    """While it is live everybody has a list; afterwards only who may publish lists of its base."""
    world = await new_world(database)
    served = _Served(world, FileStore(tmp_path / "files", largest=1000))
    person, case, _ = await _notified(world, served.store)
    publicity = (await world.sample.case(case)).publicity
    asked = [
        _Asked("lists.publish", f"/publicity/{publicity}.{each}", refuses=frozenset({410}))
        for each in ("json", "html", "pdf", "csv")
    ]
    wrong: list[tuple[Any, ...]] = []
    for day, live in (("2026-05-12T09:00", True), ("2026-06-12T09:00", False)):
        world.go(day)
        before = None
        for one in asked:
            public = await served.ask("GET", one, None)
            if public.status_code != (200 if live else 410):
                wrong.append((one.path, "public", public.status_code))
            # The first who asks lets the list be signed: from then on nothing changes.
            before = before or await world.sample.everything()
            for role, own in [(role, own) for own in (True, False) for role in Role]:
                answer = await served.ask("GET", one, _actor(role, one, world, person, own=own))
                let_in = live or _may(role, one, own=own)
                if answer.status_code != (200 if let_in else 410):
                    wrong.append((one.path, role.value, own, live, answer.status_code))
                elif not let_in:
                    wrong += [
                        (one.path, role.value, each) for each in SECRETS if each in answer.text
                    ]
        assert await world.sample.everything() == before
    assert not wrong, "\n".join(map(str, wrong))


async def test_payments_are_taken_from_who_may_pay_there(
    database: Database, tmp_path: Path
) -> None:
    """Whoever may not is told no more of a trainee who is there than of one who is not."""
    world = await new_world(database)
    served = _Served(world, FileStore(tmp_path / "files", largest=1000))
    person, case, _ = await _notified(world, served.store)
    office, found = world.sample, await world.sample.case(case)
    world.go("2026-08-28T09:00")
    await office.reported(found)
    signed = inputs.SignAgreementInput(
        application=case, kind=AgreementKind.LABOUR_CONTRACT, signed_on=office.today
    )
    done(await admissions.sign_agreement(office.staff(), signed))
    registered = inputs.ApplicationInput(application=case)
    done(await admissions.register_trainee(office.staff(), registered))
    with world.database.use():
        trainee = (await TraineeRow.get(application_id=case)).id
        name = mask_name((await Applicant.get(id=person.applicant)).name)
    world.go("2026-09-15T09:00")
    head = "学员标识,姓名（隐去部分）,月份,待遇项目,金额（元）,支付方,资金来源,资金来源说明"
    before = await office.everything()
    wrong: list[tuple[Any, ...]] = []
    for role, own in [(role, own) for own in (True, False) for role in Role]:
        answers = []
        for who in (trainee, uuid4()):
            row = f"{who},{name},2026-09,stipend,100,培训基地,基地自筹,"
            sheet = f"{head}\r\n{row}\r\n".encode("utf-8-sig")
            asked = _Asked("registrations.write", "/payments", {"dryRun": "true"}, sheet)
            actor = _actor(role, asked, world, person, own=own)
            answer = await served.ask("PUT", asked, actor)
            answers.append((answer.status_code, answer.text.replace(str(who), "")))
        (status, text), nobody = answers
        if (status == 200) is not _may(role, asked, own=own) or nobody[0] == 200:
            wrong.append((role.value, own, status, text[:200], nobody))
        elif status != 200:
            wrong += [(role.value, own, nobody, text)] if nobody != (status, text) else []
            wrong += [(role.value, own, each) for each in SECRETS if each in text]
    assert not wrong, "\n".join(map(str, wrong))
    assert (await served.ask("PUT", asked, None)).status_code == 401
    role = next(role for role in Role if _may(role, asked, own=True))
    months = {
        "9999-12": 200,
        "0000-09": 400,
        "2026-13": 400,
        "2026-9": 400,
        "２０２６-09": 400,
        "": 400,
    }
    told = {}
    for month in months:
        blank = _Asked(
            "registrations.write", "/payments/blank.csv", {"base": asked.base, "month": month}
        )
        told[month] = (
            await served.ask("GET", blank, _actor(role, asked, world, person, own=True))
        ).status_code
    assert told == months
    assert await office.everything() == before
