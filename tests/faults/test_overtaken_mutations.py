"""No mutation is refused because of itself: each is overtaken by itself at each of its statements.

A request is held before a statement that it sends to PostgreSQL, and the same one, with the same
key, is carried out at another server, or waits for a lock that the first one holds. Then the first
goes on. Whichever was quicker, both are answered alike, and the tables hold what one makes. So it
goes for statement after statement, until the request is over before the next. ``make check`` takes
a few mutations, ``make faults`` all, by everybody who may send them.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tortoise import connections

from held_statements import HeldStatements, held_statements
from mutation_scenarios import PHASES, Case
from served_mutations import (
    WRITE_NOTHING,
    Sender,
    ServedMutations,
    alike,
    served_mutations,
    serving,
    work,
)
from server_process import ServerProcess
from zhupei.db.connection import Database

pytestmark = pytest.mark.slow

_ALL = "ZHUPEI_FAULTS" in os.environ
_FEW = {
    "registration": ("submitApplication",),
    "public": ("confirmAdmission",),
}
# The other answer to what is asked, where it goes another way.
_OTHERWISE: Mapping[str, Mapping[str, Any]] = {
    "answerInvitation": {
        "accept": True,
        "candidate": {
            "origin": "MAINLAND",
            "traineeType": "SOCIAL",
            "licensed": False,
            "english": {"cet4": 430},
        },
        "documents": [{"document": "identity-scan"}],
    },
    "answerSendingUnitLink": {"accept": False},
    "decidePlanIncrease": {"approved": False},
    "giveOpinion": {"admit": False},
    "recordEligibilityCheck": {"passed": False, "reason": "x"},
    "resolveObjection": {"upheld": True},
    "reviewApplication": {"approved": False, "reason": "x"},
}
_WAITS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND wait_event_type = 'Lock'"
)


@dataclass
class Overtaking:
    """Two servers of one world; what the second one asks of PostgreSQL can be held."""

    office: ServedMutations
    quick: ServerProcess
    slow: ServerProcess
    relay: HeldStatements
    held: int = 0

    async def all_statements(
        self, mutation: str, sender: Sender, made: dict[str, int]
    ) -> list[tuple[Any, ...]]:
        """Let somebody's request be overtaken at each of its statements; return what was wrong."""
        wrong: list[tuple[Any, ...]] = []
        held: str | None = ""
        number, tries = 0, 5
        committing = mutation in WRITE_NOTHING
        while held is not None:
            number += 1
            before = await self.office.rows.counted()
            answers, held = await self._once(mutation, sender, number)
            found = work(await self.office.made(before))
            if not alike(mutation, answers) or found != work(made):
                wrong.append((mutation, number, held, answers, found, made))
            await self.office.put_back(before)
            committing = committing or held == "COMMIT;"
            if held is None and not committing and tries:
                # Who was looked up within a second is not looked up again, and all that follows
                # comes one statement sooner: the last one may have been missed.
                number, held, tries = number - 2, "", tries - 1
        # Who was never held where its work becomes visible was not tried.
        assert committing, (mutation, number)
        return wrong

    async def _once(
        self, mutation: str, sender: Sender, number: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Hold one statement; return the answers, and the statement where there was one."""
        key = uuid4().hex
        self.relay.hold(number)
        slower = asyncio.create_task(self.office.until_sent(self.slow, mutation, sender, key))
        holding = asyncio.create_task(self.relay.held.wait())
        await asyncio.wait([slower, holding], return_when=asyncio.FIRST_COMPLETED)
        holding.cancel()
        if not self.relay.held.is_set():
            self.relay.go()
            return [await slower], None
        held = self.relay.seen[-1]
        self.held += 1
        faster = asyncio.create_task(self.office.until_sent(self.quick, mutation, sender, key))
        while not faster.done() and not await self._somebody_waits():
            await asyncio.wait([faster], timeout=0.005)
        self.relay.go()
        return list(await asyncio.gather(slower, faster)), held

    async def _somebody_waits(self) -> bool:
        with self.office.world.database.use():
            return bool(await connections.get("default").execute_query_dict(_WAITS))


def ways(mutation: str, case: Case) -> list[Case]:
    """Return a case, and the same with the other answer where there is one."""
    other = _OTHERWISE.get(mutation)
    return [case] if other is None else [case, replace(case, given={**case.given, **other})]


@pytest.mark.slow(seconds=10)
async def test_a_request_overtaken_by_itself_is_answered_as_the_faster_one(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    wrong: list[tuple[Any, ...]] = []
    tried: Counter[str] = Counter()
    async with (
        served_mutations(database, tmp_path) as office,
        held_statements(database_url) as relay,
    ):
        quick, slow = office.server(database_url), office.server(relay.url)
        async with serving(quick, slow):
            overtaking = Overtaking(office, quick, slow, relay)
            for phase in PHASES if _ALL else _FEW:
                cases: dict[str, Case] = await office.built(phase)
                for mutation in cases if _ALL else _FEW[phase]:
                    for case in ways(mutation, cases[mutation]):
                        tried[mutation] += 1
                        async for sender, made in office.each_alone(slow, mutation, case):
                            wrong += await overtaking.all_statements(mutation, sender, made)
                            if not _ALL:
                                break
    assert not wrong, "\n".join(map(str, wrong))
    assert (len(tried), tried.total()) == ((86, 93) if _ALL else (2, 2))
    assert overtaking.held > (1_500 if _ALL else 30)
