"""A crowd that applies for one opening: people with drafts, staff, tokens, and servers to kill."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from admissions_office import FELLOW, HEART, Office, done
from server_process import ServerProcess, settings_of
from zhupei.db.connection import Database
from zhupei.db.models import BulkOperationRow, TransitionRow
from zhupei.domain.actors import ActorKind, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.security.passwords import Passwords
from zhupei.services import admissions
from zhupei.services.access import open_keyring, prepare_access
from zhupei.services.accounts import AccountRecord, add_account, grant_role
from zhupei.services.admissions import inputs
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.audit import verify_audit_chain

__all__ = ["NOTICING", "SUBMITTING", "Crowd"]

SUBMITTING, NOTICING = "2026-04-12T09:00", "2026-04-20T09:00"
"""Moments: in the round's registration, and after it."""


@dataclass
class Crowd:
    """People with drafts for one opening, the staff, their tokens, and servers to kill."""

    office: Office
    database: Database
    data_dir: Path
    database_url: str

    def server(self, now: str, **changes: Any) -> ServerProcess:
        """Return a server that is not started yet, with ``changes`` to its settings."""
        return ServerProcess(self.database_url, self.data_dir, now, changes=changes)

    def token(self, account: UUID) -> str:
        """Return a token of the moment that the office is at."""
        access = prepare_access(
            settings_of(self.database_url, self.data_dir), now=lambda: self.office.now
        )
        return access.sign_in.token_for(account, timedelta(hours=2)).token

    async def account(self, login: str, grant: Grant) -> UUID:
        """Make an account with a role."""
        at = self.office.now.astimezone(UTC)
        with self.database.use():
            made = await add_account(
                login,
                passwords=Passwords(time_cost=1, memory_kib=8, parallelism=1),
                password="correct horse battery",
                by="a test",
                at=at,
                kind=ActorKind.PERSON,
            )
            assert isinstance(made, AccountRecord), made
            given = await grant_role(
                login,
                grant,
                bases={str(grant.base): 1},
                jurisdictions={str(grant.jurisdiction): 1},
                by="a test",
                at=at,
            )
            assert not hasattr(given, "code"), given
        return made.id

    async def drafts(self, count: int, at: str = SUBMITTING) -> dict[UUID, UUID]:
        """Return drafts for the opening of 25 seats, each with the account of its applicant."""
        self.office.go(at)
        keyring = open_keyring(settings_of(self.database_url, self.data_dir))
        found = {}
        for number in range(count):
            account = await self.account(f"person-{number}", Grant("applicant"))
            with self.database.use():
                person = await register_applicant(
                    keyring,
                    Details(name=f"某{number}"),
                    kind=DocumentKind.PASSPORT,
                    number=f"E{number:07}",
                    issuing_state="USA",
                    account=account,
                    today=date(2026, 4, 12),
                    at=self.office.now.astimezone(UTC),
                )
            assert isinstance(person, ApplicantRecord), person
            case = await self.office.draft(HEART, person.id, round_code="june", candidate=FELLOW)
            found[case.id] = account
        return found

    async def recommended(self, cases: dict[UUID, UUID]) -> None:
        """Let the units recommend everybody."""
        for id_ in cases:
            case = await self.office.case(id_)
            given = inputs.ApplicationInput(application=id_)
            done(await admissions.recommend_application(self.office.unit(case.applicant), given))

    async def selected(self, count: int) -> list[UUID]:
        """Return applications that wait for the notice and a seat, made without a server."""
        self.office.go(SUBMITTING)

        async def one() -> UUID:
            person = uuid4()
            case = await self.office.draft(HEART, person, round_code="june", candidate=FELLOW)
            id_ = case.id
            given = inputs.ApplicationInput(application=id_)
            submit = inputs.SubmitApplicationInput(application=id_)
            review = inputs.ReviewApplicationInput(application=id_, approved=True)
            done(await admissions.submit_application(self.office.own(person), submit))
            done(await admissions.recommend_application(self.office.unit(person), given))
            done(await admissions.review_application(self.office.staff(), review))
            return id_

        return list(await asyncio.gather(*(one() for _ in range(count))))

    async def check(self, *, notified: int, records: int) -> None:
        """Prove what must hold: seats are states, records are whole, nothing happened twice."""
        with self.database.use():
            found = await admissions.applications_of(
                self.office.desk(self.office.authority().actor),
                inputs.SearchApplicationsInput(opening=HEART, first=500),
            )
            states = Counter(case.state.value for case in found)
            assert states["NOTIFIED"] == await self.office.taken(HEART) == notified, states
            report = await verify_audit_chain()
            assert (report.broken, report.records) == (None, records)
            actions = Counter(
                [(row.application_id, row.action) for row in await TransitionRow.all()]  # type: ignore[attr-defined]  # the relation's column
            )
            assert set(actions.values()) == {1}
            assert await BulkOperationRow.all().count() == notified
