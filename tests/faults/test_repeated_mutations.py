"""Every mutation, repeated with its key: at two servers at once, and after its answer was lost.

Each is carried out alone first, which tells what it writes. Whatever happens to it then, with one
key nothing more is written, and everybody is given one answer. ``make check`` takes what people and
offices do most, ``make faults`` all.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lost_replies import LostReplies, lost_replies
from mutation_scenarios import PHASES
from served_mutations import (
    LAST,
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
_OFTEN = (
    "registration",
    "public",
    "admission",
    "training",
    "invitations",
    "allocation",
    "webhooks",
)

# What a server is killed over, after it was committed and before it knows.
_KILLED_OVER = {
    "admitApplicants",
    "answerInvitation",
    "claimApplicant",
    "confirmAdmission",
    "createApplication",
    "createWebhook",
    "proposeAllocation",
    "recordPayments",
    "submitApplication",
}
_FEW = {"submitApplication"}


@dataclass
class Repeating:
    """Two servers of one world, the second behind a relay that loses replies of PostgreSQL."""

    office: ServedMutations
    relay: LostReplies
    one: ServerProcess
    two: ServerProcess
    wrong: list[tuple[Any, ...]] = field(default_factory=list)

    async def at_once(self, mutation: str, sender: Sender, made: Mapping[str, int]) -> None:
        """Send it twice to each server at the same time, and once more."""
        before, key = await self.office.rows.counted(), uuid4().hex
        asked = (self.office.until_sent(s, mutation, sender, key) for s in (self.one, self.two) * 2)
        found = [*await asyncio.gather(*asked)]
        found.append(await self.office.until_sent(self.two, mutation, sender, key))
        await self._compare("at once", mutation, found, before, made)

    async def after_a_lost_reply(
        self, mutation: str, sender: Sender, made: Mapping[str, int]
    ) -> None:
        """Lose the reply of the database, with the connection, and ask both servers again."""
        before, key = await self.office.rows.counted(), uuid4().hex
        self.relay.lose(self._committed(before, made))
        first = await self.office.send(self.two, mutation, sender, key)
        assert first is None, (mutation, first)
        both = (self.one, self.two)
        found = [await self.office.until_sent(s, mutation, sender, key) for s in both]
        await self._compare("lost", mutation, found, before, made)

    async def after_a_kill(self, mutation: str, sender: Sender, made: Mapping[str, int]) -> None:
        """kill -9; the other server, and the one that comes after, give the answer it owed."""
        before, key = await self.office.rows.counted(), uuid4().hex
        self.relay.lose(self._committed(before, made), self.two.kill)
        assert await self.office.send(self.two, mutation, sender, key) is None
        assert self.two.process is None, mutation
        starting = asyncio.create_task(self.two.start())
        found = [await self.office.until_sent(self.one, mutation, sender, key)]
        await starting
        found.append(await self.office.until_sent(self.two, mutation, sender, key))
        await self._compare("killed", mutation, found, before, made)

    def _committed(
        self, before: Mapping[str, tuple[int, int]], made: Mapping[str, int]
    ) -> Callable[[], Awaitable[bool]]:
        """Return a question: whether all is written that a mutation writes."""

        async def ask() -> bool:
            return (await self.office.made(before)).keys() >= work(made).keys()

        return ask

    async def _compare(
        self,
        how: str,
        mutation: str,
        found: Sequence[Mapping[str, Any]],
        before: Mapping[str, tuple[int, int]],
        made: Mapping[str, int],
    ) -> None:
        """Note what was not answered alike, or not written once; put the rows back."""
        twice = work(await self.office.made(before))
        if not alike(mutation, found) or twice != work(made):
            self.wrong.append((mutation, how, found, made, twice))
        await self.office.put_back(before)


@pytest.mark.slow(seconds=25)
async def test_one_key_at_once_and_after_the_database_or_the_server_owed_the_answer(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    killed = _KILLED_OVER if _ALL else _FEW
    lost = 0
    async with served_mutations(database, tmp_path) as office, lost_replies(database_url) as relay:
        one, two = office.server(database_url), office.server(relay.url)
        repeating = Repeating(office, relay, one, two)
        async with serving(one, two):
            for phase in PHASES if _ALL else _OFTEN:
                for mutation, case in (await office.built(phase)).items():
                    sender, made = await office.alone(one, mutation, case)
                    await repeating.at_once(mutation, sender, made)
                    if mutation not in {*WRITE_NOTHING, LAST}:
                        await repeating.after_a_lost_reply(mutation, sender, made)
                        lost += 1
                        assert relay.lost == lost, mutation
                    if mutation in killed:
                        await repeating.after_a_kill(mutation, sender, made)
                        lost += 1
                        assert relay.lost == lost, mutation
    assert not repeating.wrong, "\n".join(map(str, repeating.wrong))
    assert lost == (83 + 9 if _ALL else 34 + 1)
