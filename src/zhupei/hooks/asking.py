"""Functions of plugins, asked: each run apart, its answer checked, its time told."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any

from zhupei.hooks.answers import Answer, HookFailure, check_answer, check_levels
from zhupei.hooks.declaration import Hook
from zhupei.hooks.failures import Failures
from zhupei.hooks.isolation import Begun, Isolation
from zhupei.hooks.manager import HookWatch, PluginHost
from zhupei.hooks.plugins import Implementation
from zhupei.hooks.questions import Asked, How, Outcome, Question
from zhupei.tracing import Tracing, current_tracing

__all__ = ["Asking", "Started", "Waiting"]

Waiting = Coroutine[Any, Any, Outcome]
Started = tuple[Waiting | None, Outcome]
"""What to await for an outcome; or None, and the outcome."""

_CHANGEABLE = (list, dict)


class Asking:
    """Asks single functions of a host's plugins."""

    def __init__(self, host: PluginHost, isolation: Isolation, failures: Failures) -> None:
        self._host, self._isolation, self._failures = host, isolation, failures

    def begin(
        self, question: Question, asked: Asked, loop: asyncio.AbstractEventLoop | None = None
    ) -> Started:
        """Ask one plugin; return what to await for the outcome, or None and that."""
        question.begin(asked)
        if asked.how is How.TASK and (tracing := current_tracing.get()) is not None:
            return self._traced(tracing, question.hook, asked), None
        return self._begin_here(question.hook, asked, loop)

    def _begin_here(
        self, hook: Hook, asked: Asked, loop: asyncio.AbstractEventLoop | None = None
    ) -> Started:
        watch = None if asked.how is How.HERE else self._host.watch
        began = 0.0 if watch is None else time.perf_counter()
        outcome: Outcome
        try:
            waiting: Awaitable[Any] | None
            if asked.how is How.HERE:
                value = asked.function(*asked.values)
                waiting = value if inspect.isawaitable(value) else None
            else:
                waiting, value = self._isolation.begin(
                    asked.slug, asked.function, asked.values, loop
                )
            if waiting is not None:
                return self._awaited(hook, asked, waiting, watch, began), None
            outcome = self.checked(hook, asked, value)
        except asyncio.CancelledError:
            outcome = self._failures.of(hook, asked.call, RuntimeError("it cancelled itself"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
            outcome = self._failures.of(hook, asked.call, error)
        if watch is not None:
            _tell(watch, hook, asked.call, time.perf_counter() - began, outcome)
        return None, outcome

    def begin_next(self, questions: Sequence[Question]) -> list[Started]:
        """Ask, of each question, the plain function that is next, and while these pass those after.

        All at once: their threads cost the most.
        """
        if current_tracing.get() is not None:
            return [self.begin_plain(each, each.left[:1])[0] for each in questions]
        watch = self._host.watch
        began = 0.0 if watch is None else time.perf_counter()
        begun = self._isolation.begin_plain([each.chain for each in questions])
        started = []
        for question, each in zip(questions, begun, strict=True):
            for seconds in each.passed:
                asked = question.begin_next()
                if watch is not None:
                    _tell(watch, question.hook, asked.call, seconds, None)
            asked = question.begin_next()
            started.append(self._started(question.hook, asked, each, watch, began))
        return started

    def begin_plain(self, question: Question, plain: Sequence[Asked]) -> list[Started]:
        """Ask several plugins that answer one question by plain functions, all at once."""
        if not plain:
            return []
        for asked in plain:
            question.begin(asked)
        tracing = current_tracing.get()
        if tracing is not None:
            return [(self._traced(tracing, question.hook, asked), None) for asked in plain]
        return self._begin_threads(question.hook, plain)

    def _begin_threads(self, hook: Hook, plain: Sequence[Asked]) -> list[Started]:
        watch = self._host.watch
        began = 0.0 if watch is None else time.perf_counter()
        begun = self._isolation.begin_plain(
            [[asked.plain] for asked in plain if asked.plain is not None]
        )
        return [
            self._started(hook, asked, each, watch, began)
            for asked, each in zip(plain, begun, strict=True)
        ]

    def _started(
        self, hook: Hook, asked: Asked, begun: Begun, watch: HookWatch | None, began: float
    ) -> Started:
        waiting, value, error, seconds, _ = begun
        if waiting is not None:
            return self._awaited(hook, asked, waiting, watch, began), None
        outcome = self._outcome(hook, asked, value, error)
        if watch is not None:
            _tell(watch, hook, asked.call, seconds, outcome)
        return None, outcome

    async def _traced(self, tracing: Tracing, hook: Hook, asked: Asked) -> Outcome:
        named = {"zhupei.plugin": asked.call.plugin.slug, "zhupei.hook": hook.name}
        with tracing.span("hook", named) as span:
            if asked.how is How.THREAD:
                ((waiting, outcome),) = self._begin_threads(hook, [asked])
            else:
                waiting, outcome = self._begin_here(hook, asked)
            if waiting is not None:
                outcome = await waiting
            if isinstance(outcome, HookFailure):
                tracing.fail(span, outcome.code)
        return outcome

    async def _awaited(
        self,
        hook: Hook,
        asked: Asked,
        waiting: Awaitable[Any],
        watch: HookWatch | None,
        began: float,
    ) -> Outcome:
        value: Any = None
        error: BaseException | None = None
        try:
            value = await waiting
        except asyncio.CancelledError as cancelled:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            error = cancelled
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - because isolation is the point
            error = raised
        outcome = self._outcome(hook, asked, value, error)
        if watch is not None:
            _tell(watch, hook, asked.call, time.perf_counter() - began, outcome)
        return outcome

    def _outcome(
        self, hook: Hook, asked: Asked, value: Any, error: BaseException | None
    ) -> Outcome:
        if error is None:
            try:
                return self.checked(hook, asked, value)
            except Exception as wrong:  # noqa: BLE001 - because isolation is the point
                error = wrong
        if isinstance(error, asyncio.CancelledError):
            error = RuntimeError("it cancelled itself")
        return self._failures.of(hook, asked.call, error)

    def checked(self, hook: Hook, asked: Asked, value: Any) -> Answer[Any] | None:
        """Return an answer, None where the plugin passes; raise `HookAnswerError` for nonsense.

        Who answers plain values, the same as last time, has the very same answer.
        """
        call = asked.call
        if asked.is_exact(value):
            if value is None:
                return None
            before = asked.answered
            if before is not None and type(before.value) is type(value) and before.value == value:
                return before
            asked.answered = answer = Answer(asked.slug, call.level, _own(value))
            return answer
        if not call.plugin.is_core:
            check_answer(call.plugin.slug, hook, value)
            check_levels(call.plugin.slug, hook, value, call.level)
            self._host.check_extension(hook, call.plugin, value)
        if value is None:
            return None
        return Answer(asked.slug, call.level, _own(value))


def _own(value: Any) -> Any:
    """Return a copy, as the plugin may keep its own and change it later."""
    return value.copy() if isinstance(value, _CHANGEABLE) else value


def _tell(
    watch: HookWatch, hook: Hook, call: Implementation, seconds: float, outcome: Outcome
) -> None:
    code = outcome.code if isinstance(outcome, HookFailure) else None
    watch(call.plugin.slug, hook.name, seconds, code)
