"""Registered people on the way through the fictional province, for tests of their papers."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from admissions_office import BASES, MEDICINE, PERSON, Office, done, moment, sample_catalogue
from running_graph import RunningGraph, running_graph
from zhupei.domain.actors import Grant
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate, SendingUnit, TraineeType
from zhupei.security.crypto import Keyring
from zhupei.services import admissions
from zhupei.services.access import open_keyring
from zhupei.services.admissions import inputs
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

__all__ = ["ENTRUSTED", "People", "Town", "served_town"]

CONTACTS = """contacts:
  - phones: ["0931-8765432"]
    address: {zh: 样例市医院路1号教学楼, en: "1 Hospital Road, Sample City"}
"""
BEGIN = moment("2026-04-10T09:00")
LONG = timedelta(days=300)

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


@dataclass
class Town:
    """A served province, its office, and people with accounts."""

    graph: RunningGraph
    people: People

    @property
    def office(self) -> Office:
        """The office, whose clock is the server's."""
        return self.people.office

    async def token(self, login: str, *grants: Grant) -> str:
        """Make an account and return a token of it."""
        return self.graph.token(await self.graph.account(login, *grants), lifetime=LONG)

    async def applicant(self, login: str, name: str = "王小明") -> tuple[str, AdmissionCase]:
        """Bring somebody with an account on the published list."""
        account = await self.graph.account(login, Grant("applicant"))
        person = await self.people.person(name, account.id)
        (case,) = await self.people.published(person)
        return self.graph.token(account, lifetime=LONG), case

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx2.Response:
        """Fetch a path, in English unless a header says otherwise."""
        sent = {"accept-language": "en", **headers}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return await self.graph.client.get(path, headers=sent)

    async def ask(self, query: str, token: str | None = None, language: str = "en") -> Any:
        """Ask the graph; the answer as it came."""
        return (
            await self.graph.ask(query, token, variables=None, **{"accept-language": language})
        ).json()

    async def notify(self, case: AdmissionCase) -> None:
        """Let somebody on the list confirm, and send the notice after publicity."""
        await self.office.confirmed(case)
        await self.office.notified(case)


@contextlib.asynccontextmanager
async def served_town(
    folder: Path, database_url: str, *, contacts: bool = False
) -> AsyncIterator[Town]:
    """Serve the fictional province until the block ends; the office's clock is the server's.

    With ``contacts`` the hospital has somebody to ask and a place to report to.
    """
    loaded = await sample_catalogue()
    bases = BASES
    if contacts:
        bases = folder / "bases"
        shutil.copytree(BASES, bases)
        file = bases / "sample-hospital.yaml"
        file.write_text(file.read_text("utf-8") + CONTACTS, "utf-8")
    offices: list[Office] = []
    async with running_graph(
        folder,
        database_url,
        bases=(bases,),
        clock=lambda: offices[0].now if offices else BEGIN,
    ) as graph:
        offices.append(Office(graph.database, loaded))
        yield Town(graph, People(offices[0], open_keyring(graph.settings)))
