"""Answers that hold: asked for once by all who want them, and for no longer than they hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from math import inf
from typing import Any

import pytest

from zhupei import Base, Cycle, Opening, holds, hookimpl
from zhupei.hooks.answers import Result
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights, Scope

_BOTH = Scope(base="a", institution=("near",), jurisdictions=("far",))
_NEAR = Scope(base="a", institution=("near",))
_CATALOGUE = object()


class _Seats:
    """Counts how often it is asked."""

    def __init__(self, *answers: dict[str, int] | Exception | None) -> None:
        self.answers, self.asked = answers, 0

    def next(self) -> dict[str, int] | None:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


class _Always(_Seats):
    @hookimpl
    @holds()
    def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        """As long as the catalogue."""
        return self.next()


class _Briefly(_Seats):
    @hookimpl
    @holds(seconds=0.15)
    async def remaining_seats(self) -> dict[str, int] | None:
        """For a moment, after having waited for it."""
        await asyncio.sleep(0.02)
        return self.next()


class _Never(_Seats):
    @hookimpl
    async def remaining_seats(self) -> dict[str, int] | None:
        """No longer than the question."""
        await asyncio.sleep(0)
        return self.next()


def _dispatcher(near: object, far: object | None = None) -> Dispatcher:
    host = PluginHost.load({}).extended("near", near, Naming(Rights.INSTITUTION, code="a"))
    if far is not None:
        host = host.extended("far", far, Naming(Rights.JURISDICTION, code="j"))
    return Dispatcher(host, timeout=0.5)


async def _ask(dispatcher: Dispatcher, catalogue: object = _CATALOGUE) -> Result[Any]:
    arguments: dict[str, Any] = {"base": None, "openings": (), "cycle": None}
    scope = _BOTH if any(each.slug == "far" for each in dispatcher.host.plugins) else _NEAR
    inquiry = dispatcher.inquiry(
        catalogue, "a", "remaining_seats", lambda: (scope, {}, lambda: arguments)
    )
    (found,) = dispatcher.ask_each([inquiry])
    return await found if isinstance(found, Awaitable) else found


async def test_what_holds_is_asked_once_for_each_catalogue() -> None:
    plugin = _Always({"a": 1}, {"a": 2})
    dispatcher = _dispatcher(plugin)
    assert [(await _ask(dispatcher)).value for _ in range(3)] == [{"a": 1}] * 3
    assert plugin.asked == 1
    assert (await _ask(dispatcher)).until == inf
    assert (await _ask(dispatcher, object())).value == {"a": 2}
    assert plugin.asked == 2


async def test_it_is_asked_again_when_it_does_not_hold_any_more() -> None:
    plugin = _Briefly({"a": 1}, {"a": 2})
    dispatcher = _dispatcher(plugin)
    before = time.monotonic()
    first = await _ask(dispatcher)
    assert before + 0.15 <= first.until <= time.monotonic() + 0.15
    while time.monotonic() < first.until:
        found = await _ask(dispatcher)
        assert found.value == ({"a": 1} if found is first else {"a": 2})
        await asyncio.sleep(0.02)
    assert (await _ask(dispatcher)).value == {"a": 2}


async def test_who_asks_meanwhile_waits_for_the_same_answer() -> None:
    plugin = _Briefly({"a": 1})
    dispatcher = _dispatcher(plugin)
    results = await asyncio.gather(*(_ask(dispatcher) for _ in range(50)))
    assert [result.value for result in results] == [{"a": 1}] * 50
    assert plugin.asked == 1


async def test_who_goes_away_does_not_take_the_answer_from_the_others() -> None:
    plugin = _Briefly({"a": 1})
    dispatcher = _dispatcher(plugin)
    first = asyncio.create_task(_ask(dispatcher))
    second = asyncio.create_task(_ask(dispatcher))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).value == {"a": 1}
    assert plugin.asked == 1


async def test_a_failure_is_never_kept() -> None:
    plugin = _Always(RuntimeError("once"), {"a": 2})
    dispatcher = _dispatcher(plugin)
    failed = await _ask(dispatcher)
    assert [failure.plugin for failure in failed.failures] == ["near"]
    assert failed.until == 0
    assert (await _ask(dispatcher)).value == {"a": 2}


async def test_what_nobody_marked_is_asked_each_time() -> None:
    plugin = _Never({"a": 1}, {"a": 2})
    dispatcher = _dispatcher(plugin)
    assert [(await _ask(dispatcher)).value for _ in range(2)] == [{"a": 1}, {"a": 2}]


async def test_an_answer_holds_no_longer_than_that_of_each_who_was_asked_for_it() -> None:
    """The nearer plugin passes now and may answer at any time."""
    near, far = _Never(None, {"a": 1}), _Always({"a": 9})
    dispatcher = _dispatcher(near, far)
    assert (await _ask(dispatcher)).value == {"a": 9}
    assert (await _ask(dispatcher)).value == {"a": 1}
    # One that passes for as long as the catalogue leaves the answer to the next one.
    near, far = _Always(None), _Always({"a": 9})  # type: ignore[assignment]  # other plugins
    dispatcher = _dispatcher(near, far)
    assert [(await _ask(dispatcher)).until for _ in range(2)] == [inf, inf]
    assert (near.asked, far.asked) == (1, 1)


async def test_nobody_relies_on_what_a_plugin_said_that_was_left_out_since() -> None:
    plugin = _Always({"a": 1})
    dispatcher = _dispatcher(plugin)
    await _ask(dispatcher)
    host = dispatcher.host
    before = host.version
    host.degrade(_problem())
    assert host.version == before + 1
    await _ask(dispatcher)
    assert plugin.asked == 2


def _problem() -> Any:
    from zhupei.hooks.hook_errors import HookFailedError

    return HookFailedError("near", "startup", RuntimeError("no"), file=None, line=None)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_an_answer_cannot_hold_for_no_time(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"an answer cannot hold for"):
        holds(seconds)


def test_the_mark_changes_nothing_else() -> None:
    def remaining_seats(base: Base, openings: tuple[Opening, ...], cycle: Cycle) -> None:
        """Unchanged."""

    assert holds(3)(remaining_seats) is remaining_seats
