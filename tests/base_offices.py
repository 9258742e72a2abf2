"""Offices of two fictional hospitals for tests: their desks, interviewers, applicants."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from admissions_office import IDENTITY, PERSON, Office, done, moment
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import (
    Account,
    ApplicationRow,
    BrochureContentRow,
    BrochurePublicationRow,
    BrochureRow,
    Idempotency,
    InterviewBookingRow,
    InterviewPanelRow,
    InterviewSlotRow,
    OutboxRow,
    RoleGrant,
    ScoreRow,
    ScoreSheetRow,
    TransitionRow,
)
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.identity import DocumentKind
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

__all__ = [
    "BASES",
    "CLINIC",
    "CLINIC_MEDICINE",
    "CLINIC_PROGRAM",
    "HOSPITAL",
    "MEDICINE",
    "PAEDIATRICS",
    "PROGRAM",
    "BaseOffices",
    "base_offices",
]

BASES = Path(__file__).parent / "fictional" / "office"
HOSPITAL, CLINIC = "office-hospital", "office-clinic"
PROGRAM, CLINIC_PROGRAM = "office-hospital-residency-2026", "office-clinic-residency-2026"
MEDICINE, PAEDIATRICS = f"{PROGRAM}/0100", f"{PROGRAM}/0200"
CLINIC_MEDICINE = f"{CLINIC_PROGRAM}/0100"
_TABLES = (
    ApplicationRow,
    BrochureContentRow,
    BrochurePublicationRow,
    BrochureRow,
    Idempotency,
    InterviewBookingRow,
    InterviewPanelRow,
    InterviewSlotRow,
    OutboxRow,
    ScoreRow,
    ScoreSheetRow,
    TransitionRow,
)
_loaded: dict[str, LoadedCatalogue] = {}


class BaseOffices(Office):
    """Two hospitals of one province; the clock stands on 25 April 2026, after registration."""

    keyring = Keyring.parse(new_key_text())

    def at(self, base: str = HOSPITAL, role: str = "base_office") -> Desk:
        """Return the desk of a role at a base."""
        return self.staff(role, base)

    def province(self) -> Desk:
        """Return the desk of the authority."""
        return self.for_role("jurisdiction_office")

    def authority(self) -> Desk:
        """Return the desk of the authority, as the office of admissions calls it."""
        return self.province()

    def for_role(self, role: str) -> Desk:
        """Return the desk of a role that is not of a base."""
        place = "office-province" if role == "jurisdiction_office" else None
        return self.desk(Actor(id=f"{role}-1", grants=frozenset({Grant(role, jurisdiction=place)})))

    async def interviewer(self, base: str | None = HOSPITAL) -> UUID:
        """Make an account that assesses at a base; without base one with no role."""
        with self.database.use():
            account = await Account.create(
                kind="person", login=f"u{uuid4().hex}", tokens_valid_from=self.now,
                created_at=self.now,
            )  # fmt: skip
            if base is not None:
                await RoleGrant.create(
                    account=account, role="specialty_base", base_code=base, granted_by="a test",
                    granted_at=self.now,
                )  # fmt: skip
            return account.id

    async def person(self, name: str, number: str) -> UUID:
        """Register an applicant by passport."""
        with self.database.use():
            made = await register_applicant(
                self.keyring,
                Details(name=name),
                kind=DocumentKind.PASSPORT,
                number=number,
                issuing_state="USA",
                account=None,
                today=date(2026, 4, 1),
                at=self.now,
            )
        assert isinstance(made, ApplicantRecord), made
        return made.id

    async def waiting(
        self, opening: str = MEDICINE, applicant: UUID | None = None, *, preference: int = 1
    ) -> AdmissionCase:
        """Hand an application in during registration and check it; the clock stays as it was."""
        before = self.now
        self.go("2026-04-10T09:00")
        applicant = applicant or uuid4()
        draft = done(
            await admissions.create_application(
                self.own(applicant),
                inputs.CreateApplicationInput(
                    applicant=applicant, opening=opening, round="batch-1", candidate=PERSON,
                    preference=preference,
                ),
            )
        )  # fmt: skip
        case = done(
            await admissions.submit_application(
                self.own(applicant),
                inputs.SubmitApplicationInput(application=draft.id, documents=(IDENTITY,)),
            )
        )
        self.go("2026-04-25T09:00")
        checked = done(
            await admissions.record_eligibility_check(
                self.at(case.base),
                inputs.RecordEligibilityCheckInput(application=case.id, passed=True),
            )
        )
        self.now = before
        return checked

    async def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return all rows that a refusal must not change."""
        with self.database.use():
            return {
                table.__name__: await table.all().order_by(table._meta.pk_attr).values()
                for table in _TABLES
            }


async def base_offices(database: Database) -> BaseOffices:
    """Return the offices on a fresh database."""
    if "offices" not in _loaded:
        loaded = await load_catalogue([BASES])
        assert not loaded.problems.errors, loaded.problems
        _loaded["offices"] = loaded
    return BaseOffices(database, _loaded["offices"], now=moment("2026-04-25T09:00"))
