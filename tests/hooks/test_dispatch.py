"""Asking: whatever a plugin raises is its own failure, and nobody else's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from zhupei import Kind, KindGroup, Model, Text, hookimpl
from zhupei.domain.text import Language
from zhupei.errors import PluginError
from zhupei.hooks.answers import Result
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.hook_errors import HookFailedError
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.testing.questions import example_questions

_PLATFORM = Naming(Rights.PLATFORM)


class _PanicException(BaseException):
    """What extensions in Rust raise: no Exception, so that nobody should go on."""


class _UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError("it cannot be said")


def _host(**hooks: Callable[..., Any]) -> PluginHost:
    functions = {name: hookimpl(function) for name, function in hooks.items()}
    bare = PluginHost.load({}, defaults=())
    return bare.extended("bad", SimpleNamespace(**functions), _PLATFORM)


def _raising(error: BaseException) -> Callable[[], None]:
    def answer() -> None:
        raise error

    return answer


def _raising_after(error: BaseException, turns: int) -> Callable[[], Any]:
    async def answer() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise error

    return answer


_NO_EXCEPTIONS = [
    (_PanicException("index out of bounds"), "it raised _PanicException: index out of bounds"),
    (GeneratorExit(), "it raised GeneratorExit"),
    (asyncio.CancelledError(), "it cancelled itself"),
]
_NAMES = [type(error).__name__ for error, _ in _NO_EXCEPTIONS]


@pytest.mark.parametrize("hook", ["base_quotas", "remaining_seats", "check_eligibility"])
@pytest.mark.parametrize("turns", [None, 0, 1], ids=["plain", "async", "async-later"])
@pytest.mark.parametrize(("error", "said"), _NO_EXCEPTIONS, ids=_NAMES)
async def test_what_is_no_exception_is_a_failure_all_the_same(
    hook: str, turns: int | None, error: BaseException, said: str
) -> None:
    answer = _raising(error) if turns is None else _raising_after(error, turns)
    dispatcher = Dispatcher(_host(**{hook: answer}))
    for _ in range(2):  # a function that was quick is run by another thread the next time
        result = await dispatcher.ask(hook, Scope("a-base"), **example_questions()[hook])
        (failure,) = result.failures
        detail = failure.detail.get(Language.EN)
        assert detail == f"plugin bad, hook {hook}: failed: RuntimeError: {said}"


@pytest.mark.parametrize("turns", [None, 0, 1], ids=["plain", "async", "async-later"])
async def test_an_error_that_cannot_be_said_goes_by_its_type(turns: int | None) -> None:
    error = _UnspeakableError()
    answer = _raising(error) if turns is None else _raising_after(error, turns)
    question = example_questions()["base_quotas"]
    result = await Dispatcher(_host(base_quotas=answer)).ask(
        "base_quotas", Scope("a-base"), **question
    )
    assert [failure.detail.get(Language.EN) for failure in result.failures] == [
        "plugin bad, hook base_quotas: failed: _UnspeakableError"
    ]


@pytest.mark.parametrize(("error", "said"), _NO_EXCEPTIONS, ids=_NAMES)
def test_a_working_day_that_raises_no_exception(error: BaseException, said: str) -> None:
    dispatcher = Dispatcher(_host(working_day=_raising(error)))
    result = dispatcher.ask_now("working_day", **example_questions()["working_day"])
    assert [failure.detail.get(Language.EN) for failure in result.failures] == [
        f"plugin bad, hook working_day: failed: RuntimeError: {said}"
    ]


@pytest.mark.parametrize("turns", [None, 0, 1], ids=["plain", "async", "async-later"])
@pytest.mark.parametrize(("error", "said"), _NO_EXCEPTIONS, ids=_NAMES)
async def test_a_kind_that_raises_no_exception(
    turns: int | None, error: BaseException, said: str
) -> None:
    answer = _raising(error) if turns is None else _raising_after(error, turns)
    text = Text("规则", "rule")
    kind = Kind(
        group=KindGroup.REQUIREMENT,
        name="bad.rule",
        label=text,
        description=text,
        params=Model,
        decide=_taking_two(answer),
    )
    dispatcher = Dispatcher(_host(register_kinds=lambda: [kind]))
    with pytest.raises(PluginError) as caught:
        await dispatcher.decide(KindGroup.REQUIREMENT, "bad.rule", Model(), None)
    assert caught.value.message.get(Language.EN).endswith(f"failed: RuntimeError: {said}")


def _taking_two(answer: Callable[[], Any]) -> Callable[[Any, Any], Any]:
    if asyncio.iscoroutinefunction(answer):

        async def decide_later(_params: Any, _question: Any) -> Any:
            return await answer()

        return decide_later

    return lambda _params, _question: answer()


async def test_whoever_gives_up_a_decision_cancels_it() -> None:
    async def never(_params: Any, _question: Any) -> None:
        await asyncio.sleep(3600)

    text = Text("规则", "rule")
    kind = Kind(
        group=KindGroup.REQUIREMENT, name="bad.rule", label=text, description=text, decide=never
    )
    dispatcher = Dispatcher(_host(register_kinds=lambda: [kind]))
    asked = asyncio.create_task(dispatcher.decide(KindGroup.REQUIREMENT, "bad.rule", None, None))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


@pytest.mark.parametrize("error", [each for each, _ in _NO_EXCEPTIONS], ids=_NAMES)
def test_a_registration_that_raises_no_exception(error: BaseException) -> None:
    with pytest.raises(HookFailedError) as caught:
        _host(register_kinds=_raising(error))
    assert (caught.value.plugin, caught.value.hook) == ("bad", "register_kinds")


async def test_who_goes_away_at_once_leaves_no_thread_uncounted() -> None:
    """Before anybody waits for the functions: enough of them would keep all others waiting."""
    gate = threading.Event()
    dispatcher = Dispatcher(_host(check_eligibility=lambda: gate.wait() and None), timeout=0.2)
    question = example_questions()["check_eligibility"]
    for _ in range(4):
        asked = asyncio.create_task(
            dispatcher.ask("check_eligibility", Scope("a-base"), **question)
        )
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    async with asyncio.timeout(30):
        result = await dispatcher.ask("check_eligibility", Scope("a-base"), **question)
    gate.set()
    assert [failure.code for failure in result.failures] == ["HOOK_TIMED_OUT"]


async def test_calls_that_hang_count_in_the_next_catalogue_too() -> None:
    """Each reload asks anew: eight threads for each would be more and more of them."""
    gate = threading.Event()
    host = _host(base_quotas=lambda: gate.wait() and None)
    question = example_questions()["base_quotas"]

    async def ask(seconds: float) -> Result[Any]:
        dispatcher = Dispatcher(host, timeout=seconds)
        return await dispatcher.ask("base_quotas", Scope("a-base"), **question)

    try:
        assert await _codes(ask(0.02) for _ in range(8)) == ["HOOK_TIMED_OUT"] * 8
        assert await _codes(ask(30) for _ in range(8)) == ["HOOK_STUCK"] * 8
    finally:
        gate.set()
    for _ in range(3_000):
        if not (await ask(30)).failures:
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("it is not asked again")


async def _codes(asked: Iterable[Coroutine[Any, Any, Result[Any]]]) -> list[str]:
    return [failure.code for result in await asyncio.gather(*asked) for failure in result.failures]


def test_working_days_that_hang_are_not_asked_for_without_end() -> None:
    gate = threading.Event()
    host = _host(working_day=lambda: gate.wait() and None)

    def ask(seconds: float) -> list[str]:
        dispatcher = Dispatcher(host, timeout=seconds)
        result = dispatcher.ask_now("working_day", **example_questions()["working_day"])
        return [failure.code for failure in result.failures]

    try:
        assert [ask(0.02) for _ in range(8)] == [["HOOK_TIMED_OUT"]] * 8
        assert ask(30) == ["HOOK_STUCK"]
    finally:
        gate.set()
    for _ in range(3_000):
        if not ask(30):
            break
        time.sleep(0.01)
    else:
        pytest.fail("it is not asked again")
