"""Everything that concerns a round at once: seats are counted, and nobody waits in a circle.

Runs, proposals, what takes them back, freezes, increases and people who leave meet on one
PostgreSQL. Which of them comes first is left to it; what must hold in the end does not depend
on that.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from admissions_office import done
from allocation_office import (
    MAIN,
    NORTH_CHILDREN,
    NORTH_MEDICINE,
    ROOT,
    SOUTH_EMERGENCY,
    SOUTH_MEDICINE,
    Matching,
    matching_office,
)
from postgres_server import PostgresServer
from zhupei.db.connection import Database
from zhupei.db.models import (
    ApplicationRow,
    PlanIncreaseRow,
    RoundFreezeRow,
    SeatRow,
    StateRecordRow,
)
from zhupei.domain.admission_case import AdmissionCase
from zhupei.services import admissions, allocation
from zhupei.services.admissions import Refusal, RefusalCode, inputs
from zhupei.services.allocation import ProposeAllocationInput, RunAllocationInput
from zhupei.services.audit import verify_audit_chain

_CHOICES = (
    NORTH_MEDICINE,
    SOUTH_MEDICINE,
    NORTH_CHILDREN + "#cardiology",
    SOUTH_EMERGENCY + "#day",
)
_CLIENTS, _ACTS = 6, 15


@pytest.fixture
async def place(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[tuple[str, Any]]:
    """A database of its own, whose deadlocks are those of the test."""
    name = postgres_server.new_database()
    url = postgres_server.url(name)
    database = Database(data_dir=tmp_path, url=url, pool_size=_CLIENTS + 2)
    await database.start()
    yield url, database
    await database.stop()
    postgres_server.drop_database(name)


class _Clients:
    """What several offices and applicants may do with one round, drawn by lot."""

    def __init__(self, office: Matching, lists: list[list[AdmissionCase]], seed: int) -> None:
        self.office, self.lists, self.chance = office, lists, random.Random(seed)
        self.runs: list[UUID] = []
        self.steps: list[UUID] = []
        self.asked: list[UUID] = []
        self.refused: Counter[RefusalCode] = Counter()
        self._acts: list[Callable[[], Awaitable[Any]]] = [
            *[self.run] * 3, *[self.propose] * 4, *[self.take_back] * 2, *[self.lift] * 3,
            self.freeze, self.ask, self.decide, self.decide, self.decline, self.withdraw,
        ]  # fmt: skip

    async def act(self) -> None:
        """Do one thing after the other."""
        for _ in range(_ACTS):
            answer = await self.chance.choice(self._acts)()
            if isinstance(answer, Refusal):
                self.refused[answer.code] += 1

    async def run(self) -> Any:
        asked = RunAllocationInput(program=ROOT, round=MAIN)
        made = await allocation.run_allocation(self.office.authority(), asked)
        if not isinstance(made, Refusal):
            self.runs.append(made.id)
        return made

    async def propose(self) -> Any:
        if not self.runs:
            return None
        asked = ProposeAllocationInput(run=self.chance.choice(self.runs[-3:]))
        outcome = await allocation.propose_allocation(self.office.authority(), asked)
        if not isinstance(outcome, Refusal) and outcome.operation is not None:
            self.steps.append(outcome.operation)
        return outcome

    async def take_back(self) -> Any:
        if not self.steps:
            return None
        given = inputs.RevertBulkInput(operation=self.chance.choice(self.steps[-2:]), reason="r")
        return await admissions.revert_bulk(self.office.authority(), given)

    async def freeze(self) -> Any:
        given = inputs.FreezeRoundInput(program=ROOT, round=MAIN, reason="r")
        return await admissions.freeze_round(self.office.authority(), given)

    async def lift(self) -> Any:
        given = inputs.LiftFreezeInput(program=ROOT, round=MAIN, reason="r")
        return await admissions.lift_freeze(self.office.authority(), given)

    async def ask(self) -> Any:
        given = inputs.RequestPlanIncreaseInput(opening=NORTH_MEDICINE, seats=1, reason="r")
        staff = self.office.staff(base="north-hospital")
        asked = done(await admissions.request_plan_increase(staff, given))
        self.asked.append(asked.id)
        return asked

    async def decide(self) -> Any:
        if not self.asked:
            return None
        given = inputs.DecidePlanIncreaseInput(
            plan_increase=self.chance.choice(self.asked),
            approved=self.chance.random() < 0.7,
            reason="r",
        )
        return await admissions.decide_plan_increase(self.office.authority(), given)

    async def decline(self) -> Any:
        return await self._leave(admissions.decline_admission)

    async def withdraw(self) -> Any:
        return await self._leave(admissions.withdraw_application)

    async def _leave(self, use_case: Callable[..., Awaitable[Any]]) -> Any:
        case = self.chance.choice(self.chance.choice(self.lists))
        given = inputs.ReasonedInput(application=case.id, reason="r")
        return await use_case(self.office.own(case.applicant), given)


@pytest.mark.slow(seconds=8)
@pytest.mark.parametrize("seed", [1, 2])
async def test_everything_at_once(place: tuple[str, Database], seed: int) -> None:
    url, database = place
    office = await matching_office(database)
    chance = random.Random(seed)
    lists = [
        await office.listed(*chance.sample(_CHOICES, 3), points=60 + number) for number in range(8)
    ]
    clients = _Clients(office, lists, seed)
    await asyncio.gather(
        *(
            asyncio.create_task(clients.act(), context=contextvars.Context())
            for _ in range(_CLIENTS)
        )
    )
    # Nothing was refused but for what it found, or for others who were quicker eight times.
    assert clients.refused.keys() <= {
        RefusalCode.ALLOCATION_OUTDATED,
        RefusalCode.BULK_NOT_REVERTIBLE,
        RefusalCode.BULK_REFUSED,
        RefusalCode.CAPACITY_EXCEEDED,
        RefusalCode.CONFLICT,
        RefusalCode.DUPLICATE,
        RefusalCode.NOT_ALLOWED_IN_STATE,
        RefusalCode.NOT_FOUND,
        RefusalCode.ROUND_FROZEN,
    }
    with database.use():
        held = Counter(
            scope
            for row in await ApplicationRow.filter(state="PROPOSED")
            for scope in row.seat_scopes
        )
        seats = await SeatRow.all()
        assert {row.scope: row.taken for row in seats if row.taken} == held
        assert all(row.taken <= row.published + row.increase for row in seats)
        approved = await PlanIncreaseRow.filter(state="APPROVED").count()
        own = [row.increase for row in seats if row.scope == f"opening:{NORTH_MEDICINE}"]
        assert sum(own) == approved <= 3
        # One record for each thing that was done, none for what was found done.
        freezes = await RoundFreezeRow.all()
        lifted = sum(row.lifted_at is not None for row in freezes)
        decided = await PlanIncreaseRow.filter(decided_at__isnull=False).count()
        recorded = Counter(row.action for row in await StateRecordRow.all())
        assert recorded == +Counter(
            FREEZE=len(freezes),
            LIFT=lifted,
            REQUEST=len(clients.asked),
            APPROVE=approved,
            REFUSE=decided - approved,
        )
        assert (await verify_audit_chain()).broken is None
    await database.stop()
    assert await deadlocks(url) == 0


async def deadlocks(url: str) -> int:
    """Return how many there were, once everybody who could tell has left."""
    connection = await asyncpg.connect(url)
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    while await connection.fetchval(others):  # noqa: ASYNC110 - processes of the server tell nothing when they end
        await asyncio.sleep(0.01)
    found: int = await connection.fetchval(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    await connection.close()
    return found
