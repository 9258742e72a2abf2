"""A plugin that takes its time, in a real server: what waits for it ends, and its SQL with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tortoise import connections

from live_socket import live_socket
from running_graph import RunningGraph, running_graph

pytestmark = pytest.mark.slow

_PROJECT = """
[project]
name = "zhupei-slow-answers"
version = "1.0.0"
dependencies = ["zhupei>=1,<2"]
[project.entry-points.zhupei]
slow-answers = "zhupei_slow_answers"
"""
_PLUGIN = r'''
"""Answers as slowly as a file says."""

import asyncio
from pathlib import Path

from tortoise import connections

from zhupei import hookimpl

FOLDER = Path(__file__).parent


@hookimpl
async def remaining_seats(openings):
    """Wait, in one way or another."""
    how = (FOLDER / "how").read_text()
    try:
        if how == "awaits":
            await asyncio.sleep(30)
        elif how == "asks":
            await connections.get("default").execute_query("SELECT pg_sleep(30)")
    except BaseException as error:
        with (FOLDER / "ended").open("a") as file:
            file.write(f"{how}: {type(error).__name__}\n")
        raise
    return {opening.code: 7 for opening in openings}
'''
_BASE = """
kind: base
code: slow-hospital
name: {zh: 慢医院, en: Slow Hospital}
province: "620000"
plugins: [slow-answers]
sources:
  S: {title: {zh: 虚构的招收简章, en: A fictional brochure}}
programs:
  - code: slow-residency-2026
    name: {zh: 虚构住院医师规范化培训, en: Fictional residency}
    kind: residency
    year: 2026
    duration_months: 36
    openings:
      - {specialty: "0100", quota: 9, source: S:1}
"""
_QUERY = '{ opening(code: "slow-residency-2026/0100") { remainingSeats } }'
_WATCH = """subscription {
  roundChanged(program: "slow-residency-2026") {
    program { openings { edges { node { remainingSeats } } } } } }"""


@dataclass
class Slow:
    """The server, and how its plugin answers."""

    graph: RunningGraph
    plugin: Path

    def answers(self, how: str) -> None:
        """Let the plugin wait by `sleep`, by SQL, or not at all."""
        (self.plugin / "how").write_text(how)

    @property
    def ended(self) -> list[str]:
        """What of the plugin did not come to its end, and how that was."""
        file = self.plugin / "ended"
        return file.read_text().splitlines() if file.exists() else []

    async def sleeping(self) -> int:
        """Return how many statements of the plugin PostgreSQL runs."""
        with self.graph.database.use():
            (row,) = await connections.get("default").execute_query_dict(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' "
                "AND query LIKE 'SELECT pg_sleep(%' AND datname = current_database()"
            )
        found: int = row["n"]
        return found

    async def awake(self, count: int) -> None:
        """Wait until so many ended, and PostgreSQL runs none: both hear of it a moment later."""
        async with asyncio.timeout(5):
            # PostgreSQL has no event of this loop.
            while len(self.ended) < count or await self.sleeping():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.05)


@pytest.fixture
async def slow(tmp_path: Path, database_url: str) -> AsyncIterator[Slow]:
    plugin = tmp_path / "plugins" / "slow-answers"
    plugin.mkdir(parents=True)
    (plugin / "pyproject.toml").write_text(_PROJECT, "utf-8")
    (plugin / "zhupei_slow_answers.py").write_text(_PLUGIN, "utf-8")
    (plugin / "how").write_text("at once")
    bases = tmp_path / "bases"
    bases.mkdir()
    (bases / "slow-hospital.yaml").write_text(_BASE, "utf-8")
    async with running_graph(
        tmp_path / "data",
        database_url,
        bases=(bases,),
        plugins=(tmp_path / "plugins",),
        operation_seconds=1,
    ) as graph:
        yield Slow(graph, plugin)


def _code(errors: list[dict[str, Any]]) -> tuple[str, str]:
    (error,) = errors
    return error["extensions"]["code"], error["message"]


async def test_an_operation_ends_and_what_a_hook_does_for_it(slow: Slow) -> None:
    right = {"data": {"opening": {"remainingSeats": 7}}}
    assert (await slow.graph.ask(_QUERY)).json() == right
    for how in ("awaits", "asks"):
        slow.answers(how)
        asking = asyncio.create_task(slow.graph.ask(_QUERY))
        if how == "asks":
            async with asyncio.timeout(5):
                while not await slow.sleeping():  # noqa: ASYNC110 - see above
                    await asyncio.sleep(0.02)
        answer = (await asking).json()
        assert answer["data"] is None
        code, message = _code(answer["errors"])
        assert code == "OPERATION_TIMED_OUT"
        assert message.startswith("The operation did not end within 1 s and was stopped. ")
    await slow.awake(2)
    assert slow.ended == ["awaits: CancelledError", "asks: CancelledError"]
    slow.answers("at once")
    assert (await slow.graph.ask(_QUERY)).json() == right


async def test_an_event_ends_a_subscription_that_cannot_be_told_it(slow: Slow) -> None:
    message = (
        "An event of the subscription was not made within 1 s, so that it ended: subscribe again, "
        "and read again what is shown."
    )
    async with live_socket(str(slow.graph.client.base_url), language="en") as socket:
        await socket.watch(_WATCH, "quick")
        openings = {"edges": [{"node": {"remainingSeats": 7}}]}
        assert await socket.told("roundChanged", "quick") == {"program": {"openings": openings}}
        for how in ("awaits", "asks"):
            slow.answers(how)
            await socket.watch(_WATCH, how)
            told = await socket.take()
            assert (told["id"], told["type"]) == (how, "next")
            assert told["payload"]["data"] is None
            assert _code(told["payload"]["errors"]) == ("OPERATION_TIMED_OUT", message)
            assert await socket.take() == {"id": how, "type": "complete"}
        await slow.awake(1)
        slow.answers("at once")
        # The connection and its other watches go on, for longer than an event may take.
        await asyncio.sleep(1.5)
        await socket.watch("{ catalogueHash }", "q")
        assert len(await socket.told("catalogueHash", "q")) > 8
    # Events are made of tasks that nobody cancels: what merely waits has the time of hooks.
    assert slow.ended[0] == "asks: OverdueStatementError"
    slow.answers("awaits")
    async with slow.graph.client.stream(
        "POST",
        "/graphql",
        json={"query": _WATCH},
        headers={"accept": "text/event-stream", "accept-language": "en"},
    ) as answer:
        text = "".join([part async for part in answer.aiter_text()])
    assert message in text
    assert text.endswith("event: complete\ndata: \n\n")
