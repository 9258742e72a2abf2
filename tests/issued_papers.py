"""Registered people on the way through the fictional province, for tests of their papers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from admissions_office import MEDICINE, PERSON, Office, done
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate, SendingUnit, TraineeType
from zhupei.security.crypto import Keyring
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

__all__ = ["ENTRUSTED", "People"]

ENTRUSTED = replace(
    PERSON,
    trainee_type=TraineeType.ENTRUSTED,
    sending_unit=SendingUnit(name="样例县医院", recommends=True),
)


@dataclass
class People:
    """An office whose applicants are registered people with names and passports."""

    office: Office
    keyring: Keyring
    made: int = field(default=0)

    async def person(self, name: str = "王小明", account: UUID | None = None) -> UUID:
        """Register somebody with a passport of their own."""
        self.made += 1
        with self.office.database.use():
            record = await register_applicant(
                self.keyring,
                Details(name=name, phone="13800138000", facts=PERSON),
                kind=DocumentKind.PASSPORT,
                number=f"E{1234560 + self.made}",
                issuing_state="USA",
                account=account,
                today=date(2026, 4, 10),
                at=self.office.now,
            )
        assert isinstance(record, ApplicantRecord), record
        return record.id

    async def published(
        self, *people: UUID, opening: str = MEDICINE, candidate: Candidate = PERSON
    ) -> list[AdmissionCase]:
        """Bring people on the published list of batch 1."""
        self.office.go("2026-04-10T09:00")
        cases = [await self.office.submitted(opening, one, candidate=candidate) for one in people]
        self.office.go("2026-04-27T09:00")
        for case in cases:
            await self.office.reviewed(case)
        self.office.go("2026-05-11T10:00")
        done(await self.office.publish(*cases))
        return [await self.office.case(case.id) for case in cases]

    async def notified(self, *people: UUID, candidate: Candidate = PERSON) -> list[AdmissionCase]:
        """Bring people up to the notice of admission."""
        cases = await self.published(*people, candidate=candidate)
        for case in cases:
            await self.office.confirmed(case)
        await self.office.notified(*cases)
        return [await self.office.case(case.id) for case in cases]

    async def registered(self, *people: UUID, candidate: Candidate = PERSON) -> list[AdmissionCase]:
        """Bring people up to their registration."""
        cases = await self.notified(*people, candidate=candidate)
        self.office.go("2026-08-28T09:00")
        kind = AgreementKind.LABOUR_CONTRACT
        if candidate.trainee_type is TraineeType.ENTRUSTED:
            kind = AgreementKind.THREE_PARTY
        for case in cases:
            await self.office.reported(case)
            done(
                await admissions.sign_agreement(
                    self.office.staff(),
                    inputs.SignAgreementInput(
                        application=case.id, kind=kind, signed_on=self.office.today
                    ),
                )
            )
            done(
                await admissions.register_trainee(
                    self.office.staff(), inputs.ApplicationInput(application=case.id)
                )
            )
        return [await self.office.case(case.id) for case in cases]
