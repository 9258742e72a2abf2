"""Every mutation, repeated with its key: at two servers at once, and after its answer was lost.

Each is carried out alone first, which tells what it writes. Whatever happens to it then, with one
key nothing more is written, and everybody is given one answer. ``make check`` takes what people and
offices do most, ``make faults`` all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lost_replies import lost_replies
from mutation_scenarios import PHASES
from served_mutations import ServedMutations, served_mutations
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

# What the servers are killed over, after it was committed and before they know.
_KILLED_OVER = {
    "admission": ("admitApplicants",),
    "registration": ("submitApplication", "createApplication"),
    "public": ("confirmAdmission",),
    "training": ("recordPayments",),
    "people": ("claimApplicant",),
    "invitations": ("answerInvitation",),
    "allocation": ("proposeAllocation",),
    "webhooks": ("createWebhook",),
}
_FEW = {"admission": ("admitApplicants",), "registration": ("submitApplication",)}
# What is told once only, and kept by nobody.
_TOLD_ONCE = {"issueClaimCode": "ClaimCode_claimCode"}
# Written beside the work: how far each request is, papers when they are first shown, and what a
# server tells of its configuration when it starts.
_BESIDE = {"catalogue_version", "operation", "published_list"}
# A copy, and a simulation: they write nothing but their key.
_WRITE_NOTHING = {"exportMyData", "simulateAllocation"}


# Ends the account of whoever sends it, which is answered nothing afterwards.
_LAST = "eraseApplicant"


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[ServedMutations]:
    async with served_mutations(database, tmp_path) as served:
        yield served


@contextlib.asynccontextmanager
async def serving(*servers: ServerProcess) -> AsyncIterator[None]:
    """Serve until the block ends."""
    await asyncio.gather(*(server.start() for server in servers))
    try:
        yield
    finally:
        await asyncio.gather(*(server.kill() for server in servers))


def work(made: Mapping[str, int]) -> dict[str, int]:
    """Return the tables that a mutation writes, each with how many rows it has more."""
    return {table: more for table, more in made.items() if table not in _BESIDE}


def committed(
    office: ServedMutations, before: Mapping[str, tuple[int, int]], made: Mapping[str, int]
) -> Callable[[], Awaitable[bool]]:
    """Return a question: whether all is written that a mutation writes."""

    async def ask() -> bool:
        return (await office.made(before)).keys() >= work(made).keys()

    return ask


def alike(mutation: str, answers: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a mutation was carried out, and all were told so alike."""
    found = [without_secret(mutation, each) for each in answers]
    if mutation == _LAST:
        found = [each for each in found if each.get("code") != "UNAUTHENTICATED"]
    return found != [] and "code" not in found[0] and found == [found[0]] * len(found)


def without_secret(mutation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without what is told once only."""
    return {name: value for name, value in answer.items() if name != _TOLD_ONCE.get(mutation)}


async def test_one_key_at_two_servers_at_once_and_after_the_reply_of_the_database_was_lost(
    office: ServedMutations, database_url: str
) -> None:
    wrong: list[tuple[Any, ...]] = []
    lost = 0
    async with lost_replies(database_url) as relay:
        one, two = office.server(database_url), office.server(relay.url)
        async with serving(one, two):
            for phase in PHASES if _ALL else _OFTEN:
                for mutation, case in (await office.built(phase)).items():
                    sender, made = await office.alone(one, mutation, case)
                    before = await office.rows.counted()
                    key = uuid4().hex
                    found = await asyncio.gather(
                        *(office.until_sent(s, mutation, sender, key) for s in (one, two) * 2)
                    )
                    found.append(await office.until_sent(two, mutation, sender, key))
                    twice = work(await office.made(before))
                    if not alike(mutation, found) or twice != work(made):
                        wrong.append((mutation, "at once", found, made, twice))
                    await office.put_back(before)
                    if mutation in {*_WRITE_NOTHING, _LAST}:
                        continue
                    before = await office.rows.counted()
                    relay.lose(committed(office, before, made))
                    key = uuid4().hex
                    first = await office.send(two, mutation, sender, key)
                    found = [await office.until_sent(s, mutation, sender, key) for s in (one, two)]
                    twice = work(await office.made(before))
                    lost += 1
                    told = (mutation, "lost", first, found, made, twice, relay.lost)
                    if first is not None or not alike(mutation, found) or twice != work(made):
                        wrong.append(told)
                    assert relay.lost == lost, told
                    await office.put_back(before)
    assert not wrong, "\n".join(map(str, wrong))
    assert lost == (82 if _ALL else 34)


async def test_a_server_is_killed_between_a_commit_and_its_answer(
    office: ServedMutations, database_url: str
) -> None:
    """kill -9; the other server, and the one that comes after, give the answer that it owed."""
    async with lost_replies(database_url) as relay:
        one, two = office.server(database_url), office.server(relay.url)
        async with serving(one, two):
            for phase, mutations in _KILLED_OVER.items() if _ALL else _FEW.items():
                cases = await office.built(phase)
                for mutation in mutations:
                    sender, made = await office.alone(one, mutation, cases[mutation])
                    before = await office.rows.counted()
                    relay.lose(committed(office, before, made), two.kill)
                    key = uuid4().hex
                    assert await office.send(two, mutation, sender, key) is None
                    assert two.process is None, mutation
                    starting = asyncio.create_task(two.start())
                    found = [await office.until_sent(one, mutation, sender, key)]
                    await starting
                    found.append(await office.until_sent(two, mutation, sender, key))
                    assert alike(mutation, found), (mutation, found)
                    assert work(await office.made(before)) == work(made), mutation
                    await office.put_back(before)
    assert relay.lost == (9 if _ALL else 2)
