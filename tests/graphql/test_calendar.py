"""The working calendar in the graph: exact, bounded, and never guessed."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from asked_graph import AskedGraph
from fictional import BASES
from zhupei import hookimpl
from zhupei.catalogue import load_catalogue
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights


async def _calendar(graph: AskedGraph, field: str) -> Any:
    return (await graph.ask(f"{{ calendar {{ answer: {field} }} }}"))["calendar"]["answer"]


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        ('addWorkingDays(date: "2024-05-31", workingDays: 7)', "2024-06-12"),
        ('addWorkingDays(date: "2024-06-12", workingDays: -7)', "2024-05-31"),
        ('addWorkingDays(date: "2024-06-10", workingDays: 0)', "2024-06-10"),
        ('workingDaysBetween(first: "2024-05-01", last: "2024-05-05")', 0),
        ('workingDaysBetween(first: "2024-05-11", last: "2024-05-11")', 1),
        ('publicityEnd(start: "2024-05-31", workingDays: 7)', "2024-06-12"),
        ('notes(date: "2024-06-12")', []),
    ],
)
async def test_arithmetic(fictional: AskedGraph, field: str, answer: Any) -> None:
    assert await _calendar(fictional, field) == answer


@pytest.mark.parametrize(
    ("field", "year"),
    [
        ('isWorkingDay(date: "2027-01-04")', 2027),
        ('addWorkingDays(date: "2026-12-31", workingDays: 1)', 2027),
        ('publicityEnd(start: "2026-12-30", workingDays: 7)', 2027),
        ('latestPublicityStart(deadline: "2027-01-05", workingDays: 7)', 2027),
        ('latestPublicityStart(deadline: "9999-12-31", workingDays: 1)', 9999),
        ('workingDaysBetween(first: "2026-12-01", last: "2027-01-05")', 2027),
        ('isWorkingDay(date: "0001-01-01")', 1),
    ],
)
async def test_a_year_without_data_is_refused_and_named(
    fictional: AskedGraph, field: str, year: int
) -> None:
    refusal = await fictional.refused(f"{{ calendar {{ answer: {field} }} }}")
    assert refusal.only["extensions"] == {"code": "CALENDAR_NOT_CONFIGURED", "year": year}
    assert f"the working calendar of {year} is not configured" in refusal.only["message"]
    assert refusal.data == {"calendar": {"answer": None}}


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (
            'addWorkingDays(date: "2024-05-31", workingDays: 1001)',
            "workingDays: must be from -1000 to 1000, not 1001",
        ),
        (
            'publicityEnd(start: "2024-05-31", workingDays: 0)',
            "workingDays: must be from 1 to 1000, not 0",
        ),
        (
            'latestPublicityStart(deadline: "2024-05-31", workingDays: -1)',
            "workingDays: must be from 1 to 1000, not -1",
        ),
        (
            'workingDaysBetween(first: "2024-05-02", last: "2024-05-01")',
            "last: must not be before the first day 2024-05-02",
        ),
    ],
)
async def test_nonsense_is_refused(fictional: AskedGraph, field: str, message: str) -> None:
    refusal = await fictional.refused(f"{{ calendar {{ answer: {field} }} }}")
    assert refusal.only["message"] == message
    assert refusal.only["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        ('isWorkingDay(date: "2055-06-01")', True),
        ('addWorkingDays(date: "2055-06-01", workingDays: 2)', "2055-06-03"),
        ('workingDaysBetween(first: "2055-06-01", last: "2055-06-03")', 3),
        ('publicityEnd(start: "2055-06-01", workingDays: 2)', "2055-06-03"),
        ('latestPublicityStart(deadline: "2055-06-03", workingDays: 2)', "2055-06-01"),
        ('notes(date: "2055-06-01")', []),
    ],
)
async def test_a_plugin_that_does_not_come_back_holds_nobody_else_up(
    fictional: AskedGraph, field: str, answer: Any
) -> None:
    asked, released = threading.Event(), threading.Event()

    def working_day(day: date) -> bool | None:
        if day.year != 2055:
            return None
        asked.set()
        released.wait()
        return True

    plugin = SimpleNamespace(working_day=hookimpl(working_day))
    host = PluginHost.load({}).extended("slow", plugin, Naming(Rights.PLATFORM))
    loaded = await load_catalogue([BASES], host=host, hook_timeout=60)
    graph = dataclasses.replace(fictional, catalogue=loaded.catalogue, dispatcher=loaded.dispatcher)

    waiting = asyncio.create_task(_calendar(graph, field))
    try:
        await asyncio.to_thread(asked.wait)
        assert await _calendar(graph, 'isWorkingDay(date: "2026-06-01")') is True
        assert not waiting.done()
    finally:
        released.set()
    assert await waiting == answer
    # What was answered once is not asked again.
    asked.clear()
    assert await _calendar(graph, field) == answer
    assert not asked.is_set()
