"""An office with people, applications and trainees, for everybody who may ask about them."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from admissions_office import BASES, CLINIC, HOSPITAL, MEDICINE, Office, done
from rows_of_every_kind import MATCHED, STAFF, Kinds, one_of_every_kind
from zhupei import Actor, Base, hookimpl
from zhupei.catalogue import Catalogue, LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import Account
from zhupei.domain.actors import Grant
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate, TraineeType
from zhupei.domain.text import Language
from zhupei.domain.trainees import Month
from zhupei.graphql.context import GraphContext
from zhupei.graphql.cursors import Cursor
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.admissions.training_inputs import PaymentEntry, RecordPaymentsInput
from zhupei.services.admissions.training_rows import registration_of_application
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

__all__ = ["ROOTS", "Judge", "RowsOffice", "rows_office"]

_BASE, _CLINIC, _PROVINCE = "sample-hospital", "sample-clinic", "sample-province"

ROOTS = (
    *("application", "applications", "trainee", "trainees", "registrations"),
    *("node", "nodes", "bans", "objections", "invitations", "planIncreases", "roundFreezes"),
    *("publicities", "interviewSlots", "scoreSheets", "sendingUnitLinks", "ranking"),
    *("account", "accounts", "allocationExplanation", "allocationRun", "allocationRuns"),
    *("applicant", "brochure", "bulkOperation", "interviewSlot", "notices", "officeQueue"),
    *("operation", "operations", "ownSendingUnit", "papers", "publicity", "scoreSheet"),
    *("seatQuotas", "sendingUnits", "statistics", "viewer", "webhook", "webhooks"),
)
"""Fields of the root that rows of the database are read for."""


class Judge:
    """A plugin of the hospital with a say in permissions, which it sometimes cannot give."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    @hookimpl
    def permission_granted(
        self, actor: Actor | None, permission: str, base: Base | None
    ) -> bool | None:
        """Answer as told for the permission: True, False, None, or by raising."""
        answer = self.answers.get(permission)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(frozen=True)
class RowsOffice:
    """Rows, and who asks for them."""

    office: Office
    keyring: Keyring
    person: UUID
    """The account of somebody who applied twice."""
    applicants: tuple[UUID, ...]
    applications: tuple[UUID, ...]
    trainees: tuple[UUID, ...]
    kinds: Kinds

    @property
    def actors(self) -> Sequence[Actor | None]:
        """The public, and one actor of every reach."""

        def staff(*grants: Grant, **more: Any) -> Actor:
            return Actor(id=str(STAFF), grants=frozenset(grants), **more)

        return (
            None,
            Actor(id=str(self.person), grants=frozenset({Grant("applicant")})),
            staff(Grant("base_office", base=_BASE)),
            staff(Grant("base_office", base=_CLINIC)),
            staff(Grant("specialty_base", base=_BASE, specialty="0100")),
            staff(Grant("host_department", base=_BASE), Grant("specialty_base", base=_CLINIC)),
            staff(Grant("jurisdiction_office", jurisdiction=_PROVINCE)),
            staff(Grant("national")),
            staff(Grant("auditor")),
            staff(Grant("administrator")),
            staff(Grant("integrator"), scopes=frozenset({"applications.read"})),
            staff(),
            self.everything,
        )

    @property
    def everything(self) -> Actor:
        """Somebody who holds every role of staff, for whom nothing is out of reach."""
        grants = {Grant(role) for role in ("national", "auditor", "administrator", "integrator")}
        for province in (_PROVINCE, "matching-province"):
            grants.add(Grant("jurisdiction_office", jurisdiction=province))
        grants |= {Grant("base_office", base=base) for base in (_BASE, _CLINIC, "north-hospital")}
        return Actor(id=str(STAFF), grants=frozenset(grants))

    def context(
        self, actor: Actor | None, language: Language, judge: Judge | None = None
    ) -> Callable[[], GraphContext]:
        """Return what makes a context."""
        catalogue, dispatcher = self.office.loaded.catalogue, self.office.loaded.dispatcher
        if judge is not None:
            catalogue, dispatcher = _judged(catalogue, judge)
        return lambda: GraphContext(
            catalogue=catalogue,
            dispatcher=dispatcher,
            language=language,
            clock=lambda: self.office.now,
            actor=actor,
            keyring=lambda: self.keyring,
            database=self.office.database,
            signing_keys=lambda: self.kinds.keys,
        )

    def value(self, pick: random.Random, coordinate: str, type_: str) -> Any:
        """Return an argument that mostly finds something, and sometimes makes no sense."""
        *_, owner, name = coordinate.split(".")
        if type_ == "ID":
            ids = self._ids(name if name != "id" else owner)
            return str(pick.choice(ids)) if pick.random() < 0.9 else pick.choice(["x", ""])
        if name in {"after", "before"}:
            return self._cursor(pick)
        if owner.startswith("allocation") and name in {"program", "round"}:
            return MATCHED[name == "round"]
        usual = next(
            (values for word, values in _WORDS.items() if name.startswith(word)),
            _VALUES.get(type_, ("x",)),
        )
        if pick.random() < 0.96:
            return pick.choice(usual)
        return pick.choice([0, -1, 101]) if type_ == "Int" else pick.choice(usual)

    def _ids(self, name: str) -> Sequence[Any]:
        both = (*self.applications, *self.trainees)
        known = {"applicant": self.applicants, "trainee": self.trainees, "node": both, "ids": both}
        if name in known:
            return known[name]
        kind = self.kinds.ids.get(_TABLES.get(name, ""))
        return self.applications if kind is None else (kind,)

    def _cursor(self, pick: random.Random) -> str:
        order = pick.choice(
            ["CREATED", "REGISTERED", "SUBMITTED", "OPENING", "STATE", "TIME", "NEWEST", "PLACES"]
        )
        id_ = pick.choice([*self.applications, *self.trainees])
        cursor = Cursor(order, False, pick.choice([None, "A", MEDICINE]), str(id_))
        return cursor.encode() if pick.random() < 0.9 else "x"


# The tables of what a field gives by its id.
_TABLES = {
    "account": "account",
    "allocationRun": "allocation_run",
    "bulkOperation": "bulk_operation",
    "interviewSlot": "interview_slot",
    "operation": "operation",
    "publicity": "publicity",
    "scoreSheet": "score_sheet",
    "webhook": "webhook",
}
_VALUES: Mapping[str, Sequence[Any]] = {
    "Int": (1, 2, 3, 50),
    "DateTime": ("2026-04-10T12:00:00+08:00", "2030-01-01T00:00:00Z"),
    "Boolean": (True, False),
    "Float": (0.5,),
    "Date": ("2026-04-10",),
}
_WORDS: Mapping[str, Sequence[Any]] = {
    "year": (2025, 2026),
    "base": (_BASE, _CLINIC),
    "program": ("sample-residency-2026", HOSPITAL, MATCHED[0]),
    "opening": (MEDICINE, CLINIC),
    "specialty": ("0100",),
    "round": ("batch-1", "batch-2", MATCHED[1]),
    "month": ("2026-09", "2026-10", "2031-01", "x"),
    "name": ("李", "某县", "王"),
}


def _judged(catalogue: Catalogue, judge: Judge) -> tuple[Catalogue, Dispatcher]:
    naming = Naming(Rights.INSTITUTION, code=_BASE)
    host = PluginHost.load({}).extended("judge", judge, naming)
    scope = dataclasses.replace(catalogue.scope_of(_BASE), institution=("judge",))
    return (
        dataclasses.replace(catalogue, scopes={**catalogue.scopes, _BASE: scope}),
        Dispatcher(host),
    )


_loaded: list[LoadedCatalogue] = []


async def _catalogue() -> LoadedCatalogue:
    """Return the fictional province, and one that matches preference lists; read once."""
    if not _loaded:
        _loaded.append(await load_catalogue([BASES, BASES.parent / "allocation"]))
    return _loaded[0]


async def rows_office(database: Database) -> RowsOffice:
    """Return an office with rows of every kind that lists are made of."""
    office = Office(database, await _catalogue())
    keyring = Keyring.parse(new_key_text())
    people: list[UUID] = []
    with database.use():
        account = await Account.create(
            kind="person", login="li", tokens_valid_from=office.now, created_at=office.now
        )
        for number, name in enumerate(("李某某", "王某", "张某")):
            made = await register_applicant(
                keyring,
                Details(
                    name=name,
                    phone=f"1380013800{number}",
                    facts=Candidate(trainee_type=TraineeType.SOCIAL) if number else Candidate(),
                ),
                kind=DocumentKind.PASSPORT,
                number=f"E123456{number}",
                issuing_state="USA",
                account=None if number else account.id,
                today=office.today,
                at=office.now,
            )
            assert isinstance(made, ApplicantRecord)
            people.append(made.id)
        cases = [
            await office.submitted(MEDICINE, people[0]),
            await office.draft(MEDICINE, people[0], round_code="batch-2"),
            await office.submitted(MEDICINE, people[1]),
            await office.submitted(CLINIC, people[2]),
        ]
    office.go("2026-04-28T09:00")
    await office.reviewed(cases[2])
    authority = office.authority()
    trainees: list[UUID] = []
    for applicant in people[:2]:
        case = done(
            await admissions.create_application(
                authority,
                inputs.CreateApplicationInput(
                    applicant=applicant,
                    opening=MEDICINE,
                    candidate=Candidate(trainee_type=TraineeType.PROFESSIONAL_MASTER),
                ),
            )
        )
        done(
            await admissions.submit_application(
                authority, inputs.SubmitApplicationInput(application=case.id)
            )
        )
        cases.append(case)
    office.go("2026-09-02T09:00")
    for case in cases[-2:]:
        done(
            await admissions.register_trainee(
                office.staff(), inputs.ApplicationInput(application=case.id)
            )
        )
        with database.use():
            trainee = await registration_of_application(case.id)
        assert trainee is not None
        trainees.append(trainee.id)
    office.go("2026-10-02T09:00")
    await _paid(office, trainees[0])
    ids = tuple(case.id for case in cases)
    with database.use():
        kinds = await one_of_every_kind(office, keyring, people, ids)
    return RowsOffice(office, keyring, account.id, tuple(people), ids, tuple(trainees), kinds)


async def _paid(office: Office, trainee: UUID) -> None:
    done(
        await admissions.record_payments(
            office.staff(),
            RecordPaymentsInput(
                payments=(
                    PaymentEntry(
                        trainee=trainee,
                        month=Month(2026, 9),
                        line="stipend",
                        amount=Decimal("2500.50"),
                        payer=Payer.BASE,
                        funding_source=FundingSource.BASE,
                    ),
                )
            ),
        )
    )
