"""Interviews beside transitions and a freeze: who waits for whom, and never in a circle.

PostgreSQL would end a circle by itself after a second, at the cost of one of the two, which begins
anew: so each test counts how often what was asked was begun.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

from admissions_office import done, moment
from base_offices import PROGRAM, BaseOffices
from held_statements import held_statements
from zhupei.db.connection import Database
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.interviews import InterviewMode, InterviewSlot, SlotPeriod
from zhupei.services import admissions
from zhupei.services.admissions import inputs, transitions
from zhupei.services.interviews import (
    SearchSlotsInput,
    assign_interviews,
    bookings,
    cancel_interview_slot,
    interview_slots,
    open_interview_slots,
    release_interview,
    slots,
)
from zhupei.services.interviews.inputs import (
    AssignInterviewsInput,
    CancelInterviewSlotInput,
    OpenInterviewSlotsInput,
    ReleaseInterviewInput,
)

_WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND wait_event_type = 'Lock'"
)
_SHARED = (
    "SELECT count(*)::int AS held FROM pg_locks JOIN pg_database AS d ON d.oid = database "
    "WHERE d.datname = current_database() AND locktype = 'advisory' AND mode = 'ShareLock' "
    "AND granted"
)


async def made(office: BaseOffices, *hours: int) -> tuple[InterviewSlot, ...]:
    """Make a slot of two places at each hour."""
    periods = tuple(
        SlotPeriod(
            starts_at=moment(f"2026-04-27T{hour:02}:00"),
            ends_at=moment(f"2026-04-27T{hour + 1:02}:00"),
            capacity=2,
        )
        for hour in hours
    )
    given = OpenInterviewSlotsInput(
        program=PROGRAM,
        round="batch-1",
        mode=InterviewMode.ON_SITE,
        place="301",
        periods=periods,
    )
    return done(await open_interview_slots(office.at(), given))


async def assigned(office: BaseOffices, slot: InterviewSlot, *cases: UUID) -> None:
    given = AssignInterviewsInput(slot=slot.id, applications=cases)
    done(await assign_interviews(office.at(), given))


async def taken(office: BaseOffices, *made: InterviewSlot) -> list[int]:
    found = [
        (await interview_slots(office.at(), SearchSlotsInput(id=each.id, cancelled=True))).slots
        for each in made
    ]
    return [slot.taken for (slot,) in found]


def counted(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[None]:
    """Count how often a function of a module is called."""
    original: Callable[..., Awaitable[Any]] = getattr(module, name)
    calls: list[None] = []

    async def counting(*given: Any, **named: Any) -> Any:
        calls.append(None)
        return await original(*given, **named)

    monkeypatch.setattr(module, name, counting)
    return calls


async def until_it_waits(database: Database, acting: asyncio.Task[Any]) -> None:
    """Wait until a session waits for a lock of another one, or all is over."""
    with database.use():
        while not await connections.get("default").execute_query_dict(_WAITING):
            await asyncio.wait([acting], timeout=0.01)
            assert not acting.done()


async def test_two_people_who_exchange_their_slots_do_not_wait_for_each_other(
    office: BaseOffices, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning, noon = await made(office, 9, 11)
    one, two = await office.waiting(), await office.waiting()
    await assigned(office, morning, one.id)
    await assigned(office, noon, two.id)
    original, both = bookings._take, asyncio.Event()
    arrived: list[None] = []

    async def together(*given: Any) -> None:
        arrived.append(None)
        if len(arrived) == 2:
            both.set()
        # Where one has to wait for the other, they never get here together.
        await asyncio.wait([asyncio.create_task(both.wait())], timeout=0.5)
        await original(*given)

    monkeypatch.setattr(bookings, "_take", together)
    await asyncio.gather(assigned(office, noon, one.id), assigned(office, morning, two.id))
    assert len(arrived) == 2
    assert await taken(office, morning, noon) == [1, 1]


async def test_a_slot_is_cancelled_while_somebody_in_it_withdraws(
    office: BaseOffices, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (slot,) = await made(office, 9)
    case = await office.waiting()
    await assigned(office, slot, case.id)
    cancelled = counted(monkeypatch, slots, "_mine")
    withdrawn = counted(monkeypatch, transitions, "_attempt")
    async with held_statements(database_url) as relay:
        through = Database(data_dir=tmp_path, url=relay.url, pool_size=2)
        await through.start()
        desk = replace(office.at(), database=through)
        # The row of the slot is taken by then.
        relay.hold_before('UPDATE "interview_booking"')
        cancelling = asyncio.create_task(
            cancel_interview_slot(desk, CancelInterviewSlotInput(slot=slot.id, reason="停电"))
        )
        await relay.held.wait()
        withdrawing = asyncio.create_task(
            admissions.withdraw_application(
                office.own(case.applicant), inputs.ReasonedInput(application=case.id, reason="r")
            )
        )
        await until_it_waits(office.database, withdrawing)
        relay.go()
        assert done(await cancelling).cancel_reason == "停电"
        assert done(await withdrawing).state is ApplicationState.WITHDRAWN
        await through.stop()
    assert (len(cancelled), len(withdrawn)) == (1, 1)
    assert await taken(office, slot) == [0]
    (booking,) = (await office.rows())["InterviewBookingRow"]
    assert booking["release_reason"] == "停电"


@pytest.mark.parametrize("action", ["withdraw", "assign", "release"])
async def test_whoever_waits_for_a_person_has_the_round_already(
    office: BaseOffices, action: str
) -> None:
    """Else, with a freeze that waits for the round in between, three wait in a circle."""
    morning, noon = await made(office, 9, 11)
    case = await office.waiting()
    await assigned(office, morning, case.id)
    acts: dict[str, Callable[[], Awaitable[Any]]] = {
        "withdraw": lambda: admissions.withdraw_application(
            office.own(case.applicant), inputs.ReasonedInput(application=case.id, reason="r")
        ),
        "assign": lambda: assign_interviews(
            office.at(), AssignInterviewsInput(slot=noon.id, applications=(case.id,))
        ),
        "release": lambda: release_interview(
            office.at(), ReleaseInterviewInput(application=case.id, reason="r")
        ),
    }
    with office.database.use():
        async with in_transaction() as connection:
            await connection.execute_query(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [str(case.applicant)]
            )
            acting = asyncio.create_task(acted(acts[action]), context=contextvars.Context())
            waiting = until_it_waits(office.database, acting)
            await asyncio.create_task(waiting, context=contextvars.Context())
            (found,) = await connection.execute_query_dict(_SHARED)
        # The round's and, since those who need very many hold one for all, everybody's.
        assert found["held"] == 2
    done(await acting)


async def acted(act: Callable[[], Awaitable[Any]]) -> Any:
    """Act; as a task of its own context it is outside the transaction of the test."""
    return await act()
