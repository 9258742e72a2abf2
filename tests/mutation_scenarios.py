"""Scenarios for the matrix of mutations: for each one an object that it really works on.

A phase builds what its mutations need through the services, on a database of its own, and says for
each mutation at which moment it is sent, with what, by whom as the person or the unit concerned,
and at which of three fictional provinces. Whoever is let in carries it out; nobody is told
"not found" because nothing is there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from admissions_office import (
    BASES,
    FELLOW,
    HEART,
    HOSPITAL,
    IDENTITY,
    MEDICINE,
    PACKET,
    PAEDIATRICS,
    PERSON,
    SHOWN,
    Office,
    done,
    moment,
)
from allocation_office import BASES as MATCHING_BASES
from allocation_office import MAIN, NORTH_MEDICINE, ROOT, SOUTH_MEDICINE, Matching
from base_offices import BASES as OFFICE_BASES
from base_offices import MEDICINE as OFFICE_MEDICINE
from base_offices import PROGRAM as OFFICE_PROGRAM
from base_offices import BaseOffices
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import Account, ApplicantFile, NoticeRow, RoleGrant
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.identity import DocumentKind
from zhupei.domain.interviews import InterviewMode, InterviewSlot, SlotPeriod
from zhupei.domain.people import Degree, DegreeLevel, DegreeType
from zhupei.domain.roles import Role
from zhupei.domain.score_sheets import ScoreSheet
from zhupei.domain.sending_units import SentPerson, Unit
from zhupei.domain.trainees import Month
from zhupei.graphql.uploads import Upload
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.security.outbound import OutboundRules
from zhupei.services import admissions
from zhupei.services.admissions import Refusal, inputs
from zhupei.services.admissions.training_inputs import PaymentEntry, RecordPaymentsInput
from zhupei.services.admissions.training_rows import registration_of_application
from zhupei.services.allocation import run_allocation
from zhupei.services.allocation.inputs import RunAllocationInput
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.brochures import decide_brochure, submit_brochure
from zhupei.services.brochures.inputs import DecideBrochureInput, SubmitBrochureInput
from zhupei.services.calendars import issue_calendar
from zhupei.services.claims import IssuedClaim, issue_claim
from zhupei.services.interviews import choose_interview_slot
from zhupei.services.interviews import open_interview_slots as open_slots
from zhupei.services.interviews.inputs import (
    ChooseInterviewSlotInput,
    OpenInterviewSlotsInput,
)
from zhupei.services.notices.preparing import make_notices
from zhupei.services.score_sheets import blank_sheet, enter_score_sheet
from zhupei.services.score_sheets.inputs import EnterScoreSheetInput, ScoreSheetPart
from zhupei.services.sending_units import (
    answer_link,
    name_unit,
    record_unit,
    register_person,
)
from zhupei.services.webhooks.managing import WebhookChange, create_webhook

__all__ = ["PHASES", "SECRETS", "Case", "Person", "Place", "World", "new_world"]

SECRETS = ("E1000", "1380013800", "@secret.example", "隐某")
"""What stands in every person's record and in no answer to others."""
_APRIL, _ASSESSMENT, _PUBLICITY = "2026-04-10T09:00", "2026-04-27T09:00", "2026-05-12T09:00"
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(9)
_ADMITTING, _REPORTING, _TRAINING = "2026-05-22T09:00", "2026-06-01T09:00", "2026-09-02T09:00"
_MASTER = replace(
    PERSON,
    degrees=(
        Degree(level=DegreeLevel.MASTER, type=DegreeType.PROFESSIONAL, awarded=True, mainland=True),
    ),
)
_FILE = {"document": "identity-scan"}
_OWN = frozenset({Role.APPLICANT, Role.SENDING_UNIT})
_INVITING = "2026-06-02T09:00"


@dataclass(frozen=True)
class Place:
    """Where something is, and where those come from who have no part in it."""

    base: str
    province: str
    other_base: str
    other_province: str


_SAMPLE = Place("sample-hospital", "sample-province", "office-clinic", "office-province")
_OFFICE = Place("office-hospital", "office-province", "office-clinic", "sample-province")
_NORTH = Place("north-hospital", "matching-province", "sample-clinic", "sample-province")


@dataclass(frozen=True)
class Person:
    """An applicant with an account."""

    applicant: UUID
    account: UUID
    number: str

    @property
    def actor(self) -> Actor:
        """The person, signed in."""
        return Actor(id=str(self.account), grants=frozenset({Grant("applicant")}))


@dataclass(frozen=True)
class Case:
    """One mutation as it is sent: ``person`` and ``unit`` are those whom it concerns."""

    at: str
    given: Mapping[str, Any]
    person: UUID | None = None
    unit: UUID | None = None
    place: Place = _SAMPLE
    by_role: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a role sends beside it, or instead."""
    other: UUID | None = None
    """The other applicant who tries it, where it must not be any registered one."""
    integrator: UUID | None = None


@dataclass
class World:
    """Three provinces on one database, and the people in them."""

    sample: Office
    office: BaseOffices
    north: Matching
    keyring: Keyring
    stranger: UUID
    other_unit: UUID
    count: int = 0

    @property
    def database(self) -> Database:
        """The database of all of them."""
        return self.sample.database

    @property
    def loaded(self) -> LoadedCatalogue:
        """The catalogue of all of them."""
        return self.sample.loaded

    def go(self, text: str) -> None:
        """Move the clock of all of them."""
        for each in (self.sample, self.office, self.north):
            each.go(text)

    async def account(self, *grants: tuple[str, str | None]) -> UUID:
        """Make an account, with roles at bases."""
        self.count += 1
        at = self.sample.now
        with self.database.use():
            row = await Account.create(
                kind="person",
                login=f"u{self.count}",
                created_at=at,
                tokens_valid_from=at,
                home_base_code=grants[0][1] if grants else None,
            )
            for role, base in grants:
                await RoleGrant.create(
                    account=row, role=role, base_code=base, granted_by="x", granted_at=at
                )
        return UUID(str(row.id))

    async def person(self, *, account: bool = True) -> Person:
        """Register somebody; without an account the id of theirs is that of the applicant."""
        own = await self.account(("applicant", None)) if account else None
        self.count += 1
        with self.database.use():
            made = await register_applicant(
                self.keyring,
                Details(
                    name="隐某某",
                    phone=f"1380013800{self.count % 10}",
                    email=f"p{self.count}@secret.example",
                ),
                kind=DocumentKind.PASSPORT,
                number=f"E1000{self.count:03}",
                issuing_state="USA",
                account=own,
                today=self.sample.today,
                at=self.sample.now,
            )
        assert isinstance(made, ApplicantRecord), made
        return Person(made.id, own or made.id, f"E1000{self.count:03}")

    async def file_of(self, person: Person, document: str = "degree", by: str = "x") -> UUID:
        """Let a person have handed a file in."""
        with self.database.use():
            row = await ApplicantFile.create(
                applicant_id=person.applicant,
                document=document,
                media_type="application/pdf",
                size=1,
                sha256="a" * 64,
                uploaded_by=by,
                uploaded_at=self.sample.now,
            )
        return UUID(str(row.id))

    async def unit(self) -> tuple[UUID, Unit]:
        """Record a unit, and return its account."""
        account = await self.account(("sending_unit", None))
        with self.database.use():
            made = await record_unit(account, name="某县医院", by="x", at=self.sample.now)
        assert isinstance(made, Unit)
        return account, made

    async def sent(self, unit: Unit, account: UUID, base: str | None = None) -> UUID:
        """Let a unit register somebody new, and return the applicant."""
        self.count += 1
        with self.database.use():
            link = await register_person(
                self.keyring,
                unit,
                Details(name="隐某某"),
                kind=DocumentKind.PASSPORT,
                number=f"E1000{self.count:03}",
                issuing_state="USA",
                base=base,
                specialty=None if base is None else "0100",
                by=str(account),
                today=self.sample.today,
                at=self.sample.now,
            )
        assert isinstance(link, SentPerson), link
        return link.applicant

    async def assessed(self, case: AdmissionCase) -> None:
        """Check a submitted application and enter both scores."""
        check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
        done(await admissions.record_eligibility_check(self.sample.staff(), check))
        for record in (admissions.record_interview, admissions.record_examination):
            score = inputs.RecordScoreInput(application=case.id, points=Decimal(80), of=100)
            done(await record(self.sample.staff(), score))

    async def slot(self, capacity: int = 3) -> InterviewSlot:
        """Open a slot of the sample hospital."""
        given = OpenInterviewSlotsInput(
            program=HOSPITAL,
            round="batch-1",
            mode=InterviewMode.ON_SITE,
            place="301",
            choosable=True,
            periods=(
                SlotPeriod(
                    starts_at=moment("2026-04-28T09:00"),
                    ends_at=moment("2026-04-28T10:00"),
                    capacity=capacity,
                ),
            ),
        )
        (made,) = done(await open_slots(self.sample.staff(), given))
        return made


async def new_world(database: Database, keys: str | None = None, sample: Path = BASES) -> World:
    """Return the provinces on a fresh database, on 10 April 2026.

    ``keys`` encrypt, where a server has to read what the people have; ``sample`` is the folder of
    the first province.
    """
    if sample not in _loaded:
        _loaded[sample] = await load_catalogue([sample, OFFICE_BASES, MATCHING_BASES])
        assert not _loaded[sample].problems.errors, _loaded[sample].problems
    now, loaded = moment(_APRIL), _loaded[sample]
    world = World(
        Office(database, loaded, now),
        BaseOffices(database, loaded, now),
        Matching(database, loaded, now),
        Keyring.parse(keys or new_key_text()),
        UUID(int=0),
        UUID(int=0),
    )
    world.stranger = (await world.person()).account
    world.other_unit, other = await world.unit()
    await world.sent(other, world.other_unit)
    return world


_loaded: dict[Path, LoadedCatalogue] = {}


def _of(case: AdmissionCase, **more: Any) -> dict[str, Any]:
    return {"application": str(case.id), **more}


async def _people(world: World) -> dict[str, Case]:
    """Accounts, records, units, codes: before anybody applies."""
    person, named, linked = [await world.person() for _ in range(3)]
    nobody = await world.person(account=False)
    newcomer, second, claimant, third = [await world.account(("applicant", None)) for _ in range(4)]
    # Belongs to the hospital also after its other role was taken back.
    staff = await world.account(("auditor", "sample-hospital"), ("base_office", "sample-hospital"))
    free = await world.account(("auditor", "sample-hospital"))
    unit_account, unit = await world.unit()
    unrecorded = await world.account(("sending_unit", None))
    sent = await world.sent(unit, unit_account, "sample-hospital")
    file = await world.file_of(person)
    sent_file = await world.file_of(Person(sent, sent, ""), by=str(unit_account))
    at = world.sample.now
    with world.database.use():
        asked = await name_unit(named.applicant, unit.id, by="x", at=at)
        link = await name_unit(linked.applicant, unit.id, by="x", at=at)
        assert isinstance(asked, SentPerson)
        assert isinstance(link, SentPerson)
        await answer_link(link.id, accept=True, by="x", at=at)
        code = await issue_claim(world.keyring, nobody.applicant, by="x", at=at)
        for each in (person, named):
            await issue_calendar(each.applicant, at)
    assert isinstance(code, IssuedClaim)
    passport = {"identityKind": "PASSPORT", "issuingState": "USA"}
    at_hospital = {"role": "base_office", "base": "sample-hospital"}
    new = {**passport, "identityNumber": "E7654321", "name": "新人"}

    def mine(**given: Any) -> Case:
        return Case(_APRIL, given, person.account)

    def by_admin(**given: Any) -> Case:
        return Case(_APRIL, given)

    by_staff = {role.value: {"base": "sample-hospital"} for role in Role if role not in _OWN}
    return {
        "addAccount": by_admin(login="somebody", password="a long enough password"),
        "grantRole": by_admin(account=str(free), **at_hospital),
        "revokeRole": by_admin(account=str(staff), **at_hospital),
        "lockAccount": by_admin(account=str(staff)),
        "unlockAccount": by_admin(account=str(staff)),
        "setPassword": by_admin(account=str(staff), password="another long password"),
        "recordSendingUnit": by_admin(account=str(unrecorded), name="某市医院"),
        "registerApplicant": Case(_APRIL, new, newcomer, unit_account, _SAMPLE, by_staff, second),
        "updateApplicant": mine(revision=1, name="改名"),
        "handInFile": mine(document="degree", file=Upload(io.BytesIO(_PNG))),
        "removeFile": Case(
            _APRIL,
            {"file": str(file)},
            person.account,
            unit_account,
            by_role={"sending_unit": {"file": str(sent_file)}},
        ),
        "exportMyData": mine(),
        "eraseApplicant": mine(applicant=str(person.applicant), reason="不再报名"),
        "nameSendingUnit": mine(unit=str(unit.id)),
        "registerSentPerson": Case(_APRIL, new, unit=unit_account),
        "answerSendingUnitLink": Case(
            _APRIL, {"link": str(asked.id), "accept": True}, unit=unit_account
        ),
        "endSendingUnitLink": Case(
            _APRIL, {"link": str(link.id), "reason": "离职"}, linked.account, unit_account
        ),
        "issueClaimCode": Case(_APRIL, {"applicant": str(sent)}, unit=unit_account),
        "issueCalendar": Case(_APRIL, {}, person.account, other=named.account),
        "endCalendar": Case(_APRIL, {}, person.account, other=named.account),
        "claimApplicant": Case(
            _APRIL,
            {**passport, "identityNumber": nobody.number, "code": str(code.code)},
            claimant,
            other=third,
        ),
    }


async def _registration(world: World) -> dict[str, Case]:
    """The time of registration: drafts, what was handed in, plans, bans, freezes."""
    drafting, filing, new = [await world.person() for _ in range(3)]
    draft = await world.sample.draft(MEDICINE, drafting.applicant)
    filed = await world.sample.submitted(MEDICINE, filing.applicant)
    unit_account, unit = await world.unit()
    sent, filer = await world.sent(unit, unit_account), await world.sent(unit, unit_account)
    await world.file_of(drafting, "identity-scan")
    fellow = await world.sample.submitted(HEART, sent, round_code="june", candidate=FELLOW)
    request = inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="x")
    increase = done(await admissions.request_plan_increase(world.sample.staff(), request))
    ban = done(
        await admissions.impose_ban(
            world.sample.authority(),
            inputs.ImposeBanInput(applicant=new.applicant, program=HOSPITAL, reason="x"),
        )
    )
    await _noticed(world)
    notice = await _undelivered(world, filed.id)
    person = {"origin": "MAINLAND", "traineeType": "SOCIAL", "english": {"cet4": 430}}
    for_sent = {
        "applicant": str(filer),
        "opening": HEART,
        "round": "june",
        "candidate": {**person, "traineeType": "FELLOW"},
    }
    for_somebody = {"applicant": str(new.applicant)}
    by_staff = {role.value: for_somebody for role in Role if role not in _OWN}
    round_ = {"program": HOSPITAL, "round": "batch-1", "reason": "核查"}
    return {
        "createApplication": Case(
            _APRIL,
            {"opening": PAEDIATRICS, "round": "batch-1", "candidate": person,
             "direction": "neonatology"},
            new.account,
            unit_account,
            by_role={"sending_unit": {**for_sent, "direction": None}, **by_staff},
        ),
        "submitApplication": Case(
            _APRIL, _of(draft, documents=[_FILE]), drafting.account
        ),
        "withdrawApplication": Case(_APRIL, _of(filed, reason="x"), filing.account),
        "recommendApplication": Case(_APRIL, _of(fellow), unit=unit_account),
        "requestPlanIncrease": Case(_APRIL, {"opening": MEDICINE, "seats": 1, "reason": "x"}),
        "decidePlanIncrease": Case(
            _APRIL, {"planIncrease": str(increase.id), "approved": True, "reason": "x"}
        ),
        "freezeRound": Case(_APRIL, round_),
        "imposeBan": Case(
            _APRIL, {"applicant": str(filing.applicant), "program": HOSPITAL, "reason": "x"}
        ),
        "liftBan": Case(_APRIL, {"ban": str(ban.id), "reason": "x"}),
        "cancelForFraud": Case(_APRIL, _of(filed, reason="x")),
        "rejectApplication": Case(_APRIL, _of(filed, reason="x")),
        "retryNotice": Case(_APRIL, {"notice": str(notice)}),
    }  # fmt: skip


async def _noticed(world: World) -> None:
    with world.database.use():
        await make_notices(world.sample.now)


async def _undelivered(world: World, application: UUID) -> UUID:
    with world.database.use():
        query = NoticeRow.filter(application_id=application)
        await query.update(state="UNDELIVERABLE", settled_at=world.sample.now)
        row = await query.first()
    assert row is not None
    return UUID(str(row.id))


async def _frozen(world: World) -> dict[str, Case]:
    """A round that stands still."""
    given = {"program": HOSPITAL, "round": "batch-1", "reason": "核查"}
    freeze = inputs.FreezeRoundInput(**given)
    done(await admissions.freeze_round(world.sample.authority(), freeze))
    return {"liftFreeze": Case(_APRIL, given)}


async def _assessment(world: World) -> dict[str, Case]:
    """Checks, interviews, scores, opinions, reviews, transfers, proposals."""
    people = [await world.person() for _ in range(7)]
    filed = [await world.sample.submitted(MEDICINE, each.applicant) for each in people]
    world.go("2026-04-25T09:00")
    new, checked, booked, assessed, opined, moving, agreeing = filed
    slot, other = await world.slot(), await world.slot()
    for each in (checked, booked, agreeing):
        check = inputs.RecordEligibilityCheckInput(application=each.id, passed=True)
        done(await admissions.record_eligibility_check(world.sample.staff(), check))
    own = world.sample.desk(people[2].actor, people[2].applicant)
    choice = ChooseInterviewSlotInput(application=booked.id, slot=slot.id)
    done(await choose_interview_slot(own, choice))
    world.go(_ASSESSMENT)
    for each in (assessed, opined, moving):
        await world.assessed(each)
    opinion = inputs.GiveOpinionInput(
        application=opined.id, admit=True, opinion="同意", packet=PACKET
    )
    done(await admissions.give_opinion(world.sample.staff("specialty_base"), opinion))
    moved = world.sample.desk(people[5].actor, people[5].applicant)
    agreement = inputs.AgreeToTransferInput(application=moving.id)
    done(await admissions.agree_to_transfer(moved, agreement))
    points = {"points": "80", "of": 100}
    packet = [{"title": each.title, "text": each.text} for each in PACKET]
    period = {
        "startsAt": "2026-04-29T09:00:00+08:00",
        "endsAt": "2026-04-29T10:00:00+08:00",
        "capacity": 2,
    }
    slots = {"program": HOSPITAL, "base": "sample-hospital", "round": "batch-1"}
    transfer = {
        "opening": PAEDIATRICS,
        "direction": "neonatology",
        "reason": "调剂",
        "consent": "书面同意",
    }
    chosen = _of(checked, slot=str(other.id))
    return {
        "recordEligibilityCheck": Case(_ASSESSMENT, _of(new, passed=True)),
        "recordInterview": Case(_ASSESSMENT, _of(checked, **points)),
        "recordExamination": Case(_ASSESSMENT, _of(checked, **points)),
        "openInterviewSlots": Case(
            _ASSESSMENT, {**slots, "mode": "ON_SITE", "place": "302", "periods": [period]}
        ),
        "moveInterviewSlot": Case(
            _ASSESSMENT, {"slot": str(slot.id), "reason": "x", "place": "303"}
        ),
        "cancelInterviewSlot": Case(_ASSESSMENT, {"slot": str(slot.id), "reason": "x"}),
        "assignInterviews": Case(
            _ASSESSMENT, {"slot": str(slot.id), "applications": [str(checked.id)]}
        ),
        "chooseInterviewSlot": Case(_ASSESSMENT, chosen, people[1].account),
        "releaseInterview": Case(_ASSESSMENT, _of(booked, reason="x"), people[2].account),
        "giveOpinion": Case(_ASSESSMENT, _of(assessed, admit=True, opinion="同意", packet=packet)),
        "reviewApplication": Case(_ASSESSMENT, _of(opined, approved=True)),
        "agreeToTransfer": Case(_ASSESSMENT, _of(agreeing), people[6].account),
        "withdrawConsent": Case(_ASSESSMENT, _of(moving), people[5].account),
        "transferApplication": Case(_ASSESSMENT, _of(moving, **transfer)),
    }


async def _sheets(world: World) -> dict[str, Case]:
    """A score sheet that waits for its second person, and the brochures of its hospital."""
    world.go("2026-03-20T09:00")
    submission = SubmitBrochureInput(program=OFFICE_PROGRAM, attested=("吉祥物",))
    brochure = done(await submit_brochure(world.office.at(), submission))
    world.go("2026-04-25T09:00")
    case = await world.office.waiting(OFFICE_MEDICINE, (await world.person()).applicant)
    part = ScoreSheetPart(program=OFFICE_PROGRAM, round="batch-1")
    blank = done(
        await blank_sheet(world.office.at(), lambda: world.keyring, part, spreadsheet=False)
    )
    header, row = csv.reader(io.StringIO(blank.decode("utf-8-sig")))
    assert row[0] == str(case.id)
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, [*row[:2], "90", "80", row[-1]]])
    given = EnterScoreSheetInput(part=part, content=text.getvalue().encode("utf-8-sig"))
    writer = world.office.desk(
        Actor(id="writer", grants=frozenset({Grant("base_office", _OFFICE.base)}))
    )
    sheet = await enter_score_sheet(writer, lambda: world.keyring, given)
    assert isinstance(sheet, ScoreSheet), sheet
    at, id_ = "2026-04-27T09:00", {"brochure": str(brochure.id)}
    return {
        "approveBrochure": Case(at, id_, place=_OFFICE),
        "returnBrochure": Case(at, {**id_, "reason": "x"}, place=_OFFICE),
        "signScoreSheet": Case(at, {"sheet": str(sheet.id)}, place=_OFFICE),
        "rejectScoreSheet": Case(at, {"sheet": str(sheet.id), "reason": "x"}, place=_OFFICE),
    }


async def _brochures(world: World) -> dict[str, Case]:
    """A brochure that is approved, and not published yet."""
    world.go("2026-03-20T09:00")
    submission = SubmitBrochureInput(program=OFFICE_PROGRAM, attested=("吉祥物",))
    brochure = done(await submit_brochure(world.office.at(), submission))
    decision = DecideBrochureInput(brochure=brochure.id, approved=True)
    done(await decide_brochure(world.office.province(), decision))
    where = {
        "brochure": str(brochure.id),
        "place": "省平台",
        "address": "https://hospital.example/",
        "publishedAt": "2026-03-21T09:00:00+08:00",
    }
    return {"recordBrochurePublication": Case("2026-03-22T09:00", where, place=_OFFICE)}


async def _first_brochure(world: World) -> dict[str, Case]:
    """Nobody has submitted a brochure yet."""
    given = {"program": OFFICE_PROGRAM, "attested": ["吉祥物"]}
    return {"submitBrochure": Case("2026-03-20T09:00", given, place=_OFFICE)}


async def _reviewed(world: World) -> dict[str, Case]:
    """Reviewed applications, before their list is published."""
    case = await world.sample.submitted(MEDICINE, (await world.person()).applicant)
    world.go(_ASSESSMENT)
    await world.sample.reviewed(case)
    given = {"program": HOSPITAL, "round": "batch-1", "applications": [str(case.id)]}
    return {"publishProposedList": Case("2026-05-11T10:00", given)}


async def _public(world: World) -> dict[str, Case]:
    """A list in its publicity period, with an objection."""
    people = [await world.person() for _ in range(2)]
    cases = await _listed(world, people)
    published = done(await world.sample.publish(*cases))
    assert isinstance(published, BulkOutcome)
    first = cases[0]
    world.go(_PUBLICITY)
    objecting = world.sample.desk(
        Actor(id=str(world.stranger), grants=frozenset({Grant("applicant")}))
    )
    objection = done(
        await admissions.file_objection(
            objecting, inputs.FileObjectionInput(application=cases[1].id, text="x")
        )
    )
    decision = {"objection": str(objection.id), "upheld": False, "resolution": "x"}
    return {
        "confirmAdmission": Case(_PUBLICITY, _of(first), people[0].account),
        "declineAdmission": Case(_PUBLICITY, _of(first, reason="x"), people[0].account),
        "fileObjection": Case(
            _PUBLICITY, _of(first, text="x"), people[1].account, world.other_unit
        ),
        "resolveObjection": Case(_PUBLICITY, decision),
        "revertBulk": Case(
            _PUBLICITY, {"operation": str(published.operation), "reason": "名单有误"}
        ),
        "expireConfirmations": Case(
            "2026-05-21T09:00", {"program": HOSPITAL, "applications": [str(first.id)]}
        ),
    }


async def _listed(world: World, people: Sequence[Person]) -> list[AdmissionCase]:
    """Bring people up to the review of the first round, the clock where a list is published."""
    world.go(_APRIL)
    cases = [
        await world.sample.submitted(MEDICINE, each.applicant, candidate=_MASTER) for each in people
    ]
    world.go(_ASSESSMENT)
    for each in cases:
        await world.sample.reviewed(each)
    world.go("2026-05-11T10:00")
    return cases


async def _confirmed(world: World) -> tuple[Person, AdmissionCase]:
    person = await world.person()
    (case,) = await _listed(world, [person])
    done(await world.sample.publish(case))
    own = world.sample.desk(person.actor, person.applicant)
    done(await admissions.confirm_admission(own, inputs.ApplicationInput(application=case.id)))
    return person, case


async def _admission(world: World) -> dict[str, Case]:
    """Somebody confirmed, and the publicity is over."""
    _, case = await _confirmed(world)
    return {"admitApplicants": Case(_ADMITTING, {"applications": [str(case.id)]})}


async def _notices(world: World) -> dict[str, Case]:
    """Somebody is admitted, and not told yet."""
    _, case = await _confirmed(world)
    world.go(_ADMITTING)
    given = inputs.AdmitInput(applications=(case.id,))
    done(await admissions.admit(world.sample.staff(), given))
    sent = {"applications": [str(case.id)], "reportBy": "2026-08-31"}
    return {"sendNotice": Case(_ADMITTING, sent)}


async def _reports(world: World) -> dict[str, Case]:
    """Somebody has the notice, and has not reported yet."""
    _, case = await _confirmed(world)
    await world.sample.notified(case)
    return {
        "recordReport": Case(_REPORTING, _of(case, documents=list(SHOWN))),
        "deferReport": Case(_REPORTING, _of(case, reportBy="2026-09-10", reason="x")),
        "markNoShows": Case(
            "2026-10-20T09:00", {"program": HOSPITAL, "applications": [str(case.id)]}
        ),
    }


async def _agreements(world: World) -> dict[str, Case]:
    """Somebody has reported."""
    _, case = await _confirmed(world)
    await world.sample.notified(case)
    world.go(_REPORTING)
    await world.sample.reported(case)
    given = _of(case, kind="LABOUR_CONTRACT", signedOn="2026-06-01")
    return {
        "signAgreement": Case(_REPORTING, given),
        "recordQuit": Case(_REPORTING, _of(case, reason="x")),
    }


async def _contracted(world: World) -> AdmissionCase:
    _, case = await _confirmed(world)
    await world.sample.notified(case)
    world.go("2026-08-30T09:00")
    await world.sample.reported(case)
    world.go("2026-08-31T09:00")
    await world.sample.signed(case)
    return case


async def _registrations(world: World) -> dict[str, Case]:
    """Somebody has signed."""
    case = await _contracted(world)
    return {"registerTrainee": Case("2026-09-01T09:00", _of(case))}


async def _training(world: World) -> dict[str, Case]:
    """Somebody trains, and was paid."""
    case = await _contracted(world)
    given = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(world.sample.staff(), given))
    world.go(_TRAINING)
    with world.database.use():
        trainee = await registration_of_application(case.id)
    assert trainee is not None
    entry = PaymentEntry(
        trainee=trainee.id,
        month=Month(2026, 9),
        line="stipend",
        amount=Decimal(4000),
        payer=Payer.BASE,
        funding_source=FundingSource.BASE,
    )
    (payment,) = done(
        await admissions.record_payments(
            world.sample.staff(), RecordPaymentsInput(payments=(entry,))
        )
    )
    id_ = {"trainee": str(trainee.id)}
    paid = {
        **id_,
        "month": "2026-09",
        "line": "meal",
        "amount": "600",
        "payer": "BASE",
        "fundingSource": "BASE",
    }
    return {
        "reduceTraining": Case(_TRAINING, {**id_, "months": 12, "reason": "x"}),
        "recordFileTransfer": Case(
            _TRAINING, {**id_, "keeper": "人才服务中心", "movedOn": "2026-09-01"}
        ),
        "withdrawTrainee": Case(_TRAINING, {**id_, "kind": "PERSONAL_REASONS", "reason": "x"}),
        "recordPayments": Case(_TRAINING, {"payments": [paid]}),
        "cancelPayment": Case(_TRAINING, {"payment": str(payment.id), "reason": "x"}),
    }


async def _invitations(world: World) -> dict[str, Case]:
    """The second round: somebody may be invited, and somebody is."""
    free, asked = [await world.person() for _ in range(2)]
    await world.file_of(asked, "identity-scan")
    world.go(_INVITING)
    invited = done(
        await admissions.invite_candidate(
            world.sample.staff(),
            inputs.InviteCandidateInput(
                applicant=asked.applicant, opening=MEDICINE, round="batch-2"
            ),
        )
    )
    given = {"applicant": str(free.applicant), "opening": MEDICINE, "round": "batch-2"}
    answer = {"invitation": str(invited.id), "accept": False}
    return {
        "inviteCandidate": Case(_INVITING, given),
        "answerInvitation": Case(_INVITING, answer, asked.account),
    }


async def _allocation(world: World) -> dict[str, Case]:
    """A round that matches preference lists, with a run."""
    person = await world.person()
    await world.north.listed(NORTH_MEDICINE, SOUTH_MEDICINE, applicant=person.applicant)
    at = "2026-05-04T09:00"
    world.go(at)
    given = {"program": ROOT, "round": MAIN}
    run = done(
        await run_allocation(world.north.authority(), RunAllocationInput(program=ROOT, round=MAIN))
    )
    return {
        "runAllocation": Case(at, given, place=_NORTH),
        "simulateAllocation": Case(at, given, place=_NORTH),
        "proposeAllocation": Case(at, {"run": str(run.id)}, place=_NORTH),
    }


async def _proposals(world: World) -> dict[str, Case]:
    """A round whose seats are proposed one by one."""
    person = await world.person()
    world.go("2026-06-10T09:00")
    own = world.north.desk(person.actor, person.applicant)
    draft = done(
        await admissions.create_application(
            own,
            inputs.CreateApplicationInput(
                applicant=person.applicant,
                opening=NORTH_MEDICINE,
                round="second",
                candidate=PERSON,
            ),
        )
    )
    given = inputs.SubmitApplicationInput(application=draft.id, documents=(IDENTITY,))
    case = done(await admissions.submit_application(own, given))
    await world.north.passed(case)
    proposed = {"applications": [str(case.id)]}
    return {"proposeAdmission": Case("2026-06-10T09:00", proposed, place=_NORTH)}


async def _webhooks(world: World) -> dict[str, Case]:
    """A webhook of somebody's system, and an event that it may be told."""
    await world.sample.submitted(MEDICINE, (await world.person()).applicant)
    with world.database.use():
        row = await Account.create(
            kind="service",
            login="system",
            scopes=["webhooks.manage", "events.read"],
            created_at=world.sample.now,
            tokens_valid_from=world.sample.now,
        )
        system = UUID(str(row.id))
        await RoleGrant.create(
            account=row,
            role="integrator",
            base_code="sample-hospital",
            granted_by="x",
            granted_at=world.sample.now,
        )
        made = await create_webhook(
            world.keyring,
            OutboundRules(),
            WebhookChange(url="https://hooks.example.org/a", event_types=("*",)),
            account=system,
            base="sample-hospital",
            jurisdiction=None,
            at=world.sample.now,
        )
    assert not isinstance(made, Refusal), made
    id_ = {"webhook": str(made[0])}
    new = {"url": "https://hooks.example.org/b", "eventTypes": ["*"], "base": "sample-hospital"}
    given: dict[str, dict[str, Any]] = {
        "createWebhook": new,
        "updateWebhook": {**id_, "name": "新名"},
        "rotateWebhookSecret": id_,
        "testWebhook": id_,
        "deleteWebhook": id_,
        "replayDeliveries": {**id_, "since": "2026-04-01T00:00:00+08:00"},
    }
    return {name: Case(_APRIL, each, integrator=system) for name, each in given.items()}


PHASES: Mapping[str, Callable[[World], Awaitable[dict[str, Case]]]] = {
    each.__name__.strip("_"): each
    for each in (
        _people,
        _registration,
        _frozen,
        _assessment,
        _first_brochure,
        _sheets,
        _brochures,
        _reviewed,
        _public,
        _admission,
        _notices,
        _reports,
        _agreements,
        _registrations,
        _training,
        _invitations,
        _allocation,
        _proposals,
        _webhooks,
    )
}
"""What builds the objects of each phase of a recruitment, by its name."""
