"""Quick functions in one turn of a thread: who is waited for, and what a slow one costs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from zhupei.hooks.carrier import Call, Carrier, Pace
from zhupei.hooks.isolation import Begun, Isolation
from zhupei.hooks.threads import Bulkhead, Job, OverdueError, StuckError


async def _answer(begun: Begun) -> Any:
    if begun.error is not None:
        raise begun.error
    return begun.value if begun.waiting is None else await begun.waiting


async def _learnt(isolation: Isolation, *calls: Call) -> None:
    """Call functions until they are known to be quick."""
    for _ in range(200):
        begun = isolation.begin_plain([[each] for each in calls])
        for each in begun:
            await _answer(each)
        if all(each.waiting is None for each in begun):
            return
    pytest.fail("they were never quick")


async def test_quick_functions_of_several_plugins_are_over_in_one_turn_of_one_thread() -> None:
    isolation = Isolation(5)
    calls = [isolation.call(slug, threading.get_ident, ()) for slug in ("a", "b", "c")]
    await _learnt(isolation, *calls)
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    begun = isolation.begin_plain([[each] for each in calls])
    here = [await _answer(each) for each in begun]
    if all(each.waiting is None for each in begun):  # who else wants the processor decides
        assert turns == []
        assert len(set(here)) == 1
    assert threading.get_ident() not in here


async def test_each_function_has_its_own_answer_or_error() -> None:
    isolation = Isolation(5)
    await _learnt(isolation, isolation.call("a", divmod, (7, 2)))
    calls = [
        isolation.call("a", divmod, (7, 2)),
        isolation.call("a", divmod, (7, 0)),
        isolation.call("a", divmod, (9, 2)),
    ]
    first, second, third = isolation.begin_plain([[each] for each in calls])
    assert await _answer(first) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await _answer(second)
    assert await _answer(third) == (4, 1)


async def test_a_function_that_hangs_takes_its_thread_along_and_nobody_elses_answer() -> None:
    """It was quick before: the loop is held for a moment, and the others are answered."""
    gate = threading.Event()
    gate.set()
    isolation = Isolation(0.2)
    hangs, quick = isolation.call("bad", gate.wait, ()), isolation.call("good", divmod, (7, 2))
    await _learnt(isolation, hangs)
    await _learnt(isolation, quick)
    gate.clear()
    before = time.process_time()
    begun = isolation.begin_plain([[hangs], [quick]])
    assert time.process_time() - before < 0.05
    assert await _answer(begun[1]) == (3, 1)
    with pytest.raises(OverdueError):
        await _answer(begun[0])
    # While it hangs nothing of its plugin is waited for in place; others are again.
    (again,) = isolation.begin_plain([[hangs]])
    assert again.waiting is not None
    await _learnt(isolation, quick)
    gate.set()
    assert await _answer(again) is True


async def test_a_plugin_of_which_too_many_hang_is_refused_and_the_others_are_asked() -> None:
    gate = threading.Event()
    isolation = Isolation(0.02)
    stuck = [isolation.call("bad", gate.wait, ()) for _ in range(8)]
    outcomes = await asyncio.gather(
        *(_answer(each) for each in isolation.begin_plain([[each] for each in stuck])),
        return_exceptions=True,
    )
    assert {type(each) for each in outcomes} <= {OverdueError, StuckError}
    for _ in range(8):
        (begun,) = isolation.begin_plain([[isolation.call("bad", gate.wait, ())]])
        if isinstance(begun.error, StuckError):
            break
        with pytest.raises((OverdueError, StuckError)):
            await _answer(begun)
    else:
        pytest.fail("it was not refused")
    refused, answered = isolation.begin_plain(
        [[isolation.call("bad", int, ())], [isolation.call("good", int, ())]]
    )
    assert isinstance(refused.error, StuckError)
    assert await _answer(answered) == 0
    gate.set()


def _paced(*seconds: float) -> Pace:
    pace = Pace(int)
    for each in seconds:
        pace.note(each)
    return pace


_FAST, _SLOW, _MISSED = 0.000_1, 0.001, 0.006


def test_a_function_is_waited_for_once_it_was_quick() -> None:
    assert Pace(int).is_quick is False
    assert _paced(_FAST).is_quick is True
    assert _paced(_SLOW).is_quick is False


@pytest.mark.parametrize(("taken", "times"), [(_SLOW, 8), (_MISSED, 64), (5.0, 64)])
def test_a_slow_call_counts_as_many_quick_ones(taken: float, times: int) -> None:
    pace = _paced(_FAST, taken)
    for _ in range(times - 1):
        pace.note(_FAST)
        assert pace.is_quick is False
    pace.note(_FAST)
    assert pace.is_quick is True


def test_one_that_is_seldom_late_is_waited_for_and_one_that_often_is_is_not() -> None:
    def relied(each: int) -> int:
        pace, found = Pace(int), 0
        for at in range(1, 2_001):
            found += pace.is_quick
            pace.note(_SLOW if at % each == 0 else _FAST)
        return found

    assert relied(50) == 1_999
    assert relied(16) == 1_999
    assert relied(5) < 10


def test_one_that_never_was_quick_is_waited_for_after_a_thousand_quick_calls() -> None:
    pace = _paced(*[_MISSED] * 100)
    for _ in range(1_024):
        pace.note(_FAST)
        assert pace.is_quick is False
    pace.note(_FAST)
    assert pace.is_quick is True


async def test_a_chain_is_followed_in_one_turn_until_one_answers() -> None:
    isolation = Isolation(5)
    called: list[Any] = []

    def passing(number: int) -> None:
        called.append((number, threading.get_ident()))

    def answering(number: int) -> str:
        called.append((number, threading.get_ident()))
        return "answer"

    chain = [
        isolation.call("a", passing, (1,)),
        isolation.call("b", passing, (2,)),
        isolation.call("c", answering, (3,)),
        isolation.call("d", passing, (4,)),
    ]
    for call in chain:
        await _learnt(isolation, call)
    for _ in range(200):
        called.clear()
        (begun,) = isolation.begin_plain([chain])
        if begun.waiting is None and len(begun.passed) == 2:
            break
        await _answer(begun)  # somebody else wanted the processor
    else:
        pytest.fail("it was never over in one turn")
    assert begun.value == "answer"
    assert all(0 <= seconds < 5 for seconds in begun.passed)
    assert [number for number, _ in called] == [1, 2, 3]
    assert len({thread for _, thread in called}) == 1


async def test_a_chain_ends_where_one_raises_or_was_not_quick() -> None:
    isolation = Isolation(5)
    called: list[Any] = []
    passes, fails = isolation.call("a", called.append, (1,)), isolation.call("b", divmod, (1, 0))
    for call in (passes, isolation.call("b", divmod, (1, 1))):
        await _learnt(isolation, call)
    slow = isolation.call("c", time.sleep, (0,))
    outcomes = set()
    for _ in range(200):
        (first,) = isolation.begin_plain([[passes, fails, slow]])
        outcomes.add((len(first.passed), type(first.error)))
        if first.waiting is not None:
            await _answer(first)
        (second,) = isolation.begin_plain([[passes, slow, fails]])
        if second.waiting is not None:
            await _answer(second)
        # The third is never begun: the second is not known to be quick.
        assert (second.passed, second.error) == ((), None)
        if (1, ZeroDivisionError) in outcomes:
            break
    else:
        pytest.fail("it was never over in one turn")


async def test_what_hangs_in_a_chain_is_waited_for_in_its_own_name_and_no_other_is_begun() -> None:
    gate = threading.Event()
    gate.set()
    isolation = Isolation(0.2)
    after: list[int] = []
    passes, hangs = isolation.call("good", dict.clear, ({},)), isolation.call("bad", gate.wait, ())
    last = isolation.call("last", after.append, (1,))
    for call in (passes, hangs, last):
        await _learnt(isolation, call)
    for _ in range(200):
        gate.clear()
        after.clear()
        (begun,) = isolation.begin_plain([[passes, hangs, last]])
        if len(begun.passed) == 1:
            break
        gate.set()
        await _answer(begun)
    else:
        pytest.fail("the second was never begun in the turn of the first")
    with pytest.raises(OverdueError):
        await _answer(begun)
    gate.set()
    await asyncio.sleep(0.05)
    assert after == []
    await _learnt(isolation, passes)


async def test_each_function_of_a_chain_has_a_context_of_its_own() -> None:
    isolation, seen = Isolation(5), []
    told: ContextVar[str] = ContextVar("told", default="nobody")

    def tell(name: str) -> None:
        seen.append(told.get())
        told.set(name)

    chain = [isolation.call(slug, tell, (slug,)) for slug in ("a", "b")]
    token = told.set("caller")
    try:
        for _ in range(50):
            await _answer(isolation.begin_plain([chain])[0])
    finally:
        told.reset(token)
    assert set(seen) == {"caller"}
    assert len(seen) >= 50


def _call(bulkhead: Bulkhead, function: Callable[..., Any], *arguments: Any) -> Call:
    return Call("a", function, arguments, bulkhead, Pace(function))


def _carriers() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "zhupei-plugins"}


def _pipes() -> set[str]:
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # others' may be closed meanwhile
            found.add(str(each.readlink()))
    return {each for each in found if each.startswith("pipe:")}


async def test_the_thread_and_its_pipe_end_with_who_asks() -> None:
    pipes, before = _pipes(), _carriers()
    carrier, bulkhead = Carrier(), Bulkhead()
    for _ in range(3):
        carrier.carry([[_call(bulkhead, int)]])
    (thread,) = _carriers() - before
    (pipe,) = _pipes() - pipes
    del carrier
    thread.join(5)
    assert not thread.is_alive()
    assert pipe not in _pipes()


async def test_a_thread_that_was_given_away_ends_with_what_hung_and_closes_its_pipe() -> None:
    pipes, before, gate = _pipes(), _carriers(), threading.Event()
    carrier, bulkhead = Carrier(), Bulkhead()
    jobs: Sequence[Job] = ()
    while not jobs:  # on a busy machine it may not have begun in a moment
        (jobs,) = carrier.carry([[_call(bulkhead, gate.wait, 5)]])
    (given,) = _carriers() - before
    carrier.carry([[_call(bulkhead, int)]])
    (anew,) = _carriers() - before - {given}
    assert len(_pipes() - pipes) == 2
    gate.set()
    assert await bulkhead.answer(jobs[0], seconds=5) is True
    given.join(5)
    assert (given.is_alive(), anew.is_alive()) == (False, True)
    assert len(_pipes() - pipes) == 1


async def test_the_thread_is_one_loops_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread's event loop has its functions run by the plugin's own threads."""
    monkeypatch.setattr("zhupei.hooks.carrier._MOMENT", 5)  # or we are too late on a busy machine
    carrier, bulkhead, gate = Carrier(), Bulkhead(), threading.Event()
    carrier.carry([[_call(bulkhead, int)]])
    held = threading.Event()

    def hold() -> None:
        held.set()
        gate.wait(5)

    other = threading.Thread(target=carrier.carry, args=([[_call(bulkhead, hold)]],), daemon=True)
    other.start()
    held.wait(5)
    call = _call(bulkhead, divmod, 7, 2)
    assert [*carrier.carry([[call]])] == [()]
    assert await bulkhead.answer(call.queue(), seconds=5) == (3, 1)
    gate.set()
    other.join(5)
    assert not other.is_alive()
