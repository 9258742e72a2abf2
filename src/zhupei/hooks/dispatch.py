"""Asking plugins: each by itself, in scope order, in bounded time, with who answered."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import (
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterator,
    Mapping,
    Sequence,
)
from types import MappingProxyType
from typing import Any

from zhupei.domain.actors import SignInRefusedError
from zhupei.domain.benefits import SubsidyLine
from zhupei.domain.eligibility import Verdict
from zhupei.domain.kinds import KindGroup
from zhupei.domain.text import Language
from zhupei.errors import PluginError
from zhupei.hooks.answers import (
    Answer,
    HookFailure,
    Result,
    check_answer,
    check_levels,
)
from zhupei.hooks.declaration import Hook, Mode, Reach, When
from zhupei.hooks.discovery import error_place
from zhupei.hooks.holding import HeldAnswers
from zhupei.hooks.hook_errors import HookFailedError, HookStuckError, HookTimedOutError
from zhupei.hooks.inspection import Implemented
from zhupei.hooks.isolation import Isolation
from zhupei.hooks.manager import HookWatch, PluginHost
from zhupei.hooks.plugins import Implementation
from zhupei.hooks.questions import Outcome, Question, stops
from zhupei.hooks.scope import PLATFORM, Scope
from zhupei.hooks.threads import OverdueError, StuckError, run_bounded
from zhupei.tracing import Tracing, current_tracing

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)
_NO_CONFIGS: Mapping[str, Any] = MappingProxyType({})
_Waiting = Coroutine[Any, Any, Outcome]

# What the functions of kinds answer, checked as hooks' answers are.
_DECISIONS = {
    group: Hook("register_kinds", (), returns, "", Mode.EACH, Reach.ALL, When.DECISION, sync=False)
    for group, returns in (
        (KindGroup.REQUIREMENT, Verdict),
        (KindGroup.BENEFIT, list[SubsidyLine]),
    )
}


class Dispatcher:
    """Asks the plugins of one host.

    ``timeout`` is in seconds, for each plugin. The core's own plugins run where they are; those
    of others run in threads of their own (``def``) or as tasks (``async def``), so that one that
    hangs stops nobody.
    """

    def __init__(self, host: PluginHost, *, timeout: float = 5.0) -> None:
        self.host = host
        self._isolation = Isolation(timeout)
        self._held = HeldAnswers()
        self._known: set[tuple[str, ...]] = set()
        self._logged: set[tuple[object, ...]] = set()
        self._asked: dict[
            tuple[object, ...], tuple[tuple[Implementation, ...], tuple[PluginError, ...]]
        ] = {}

    def asks(self, hook: str, scope: Scope = PLATFORM) -> bool:
        """Return whether `ask` would ask anybody, or miss somebody who was left out."""
        calls, missing = self._who(hook, scope)
        return bool(calls or missing)

    def asks_plugins(self, hook: str, scope: Scope = PLATFORM) -> bool:
        """Return whether `ask` would ask, or miss, any plugin but the core's own."""
        calls, missing = self._who(hook, scope)
        return bool(missing) or not all(call.plugin.is_core for call in calls)

    def _who(
        self, hook: str, scope: Scope
    ) -> tuple[tuple[Implementation, ...], tuple[PluginError, ...]]:
        """Return who is asked, and why those are not who should be; found once."""
        # A plugin that is left out while we run is one problem more.
        key = (hook, scope.institution, scope.jurisdictions, self.host.version)
        found = self._asked.get(key)
        if found is None:
            asked = self.host.hooks[hook]
            calls = self.host.implementations(asked, scope)
            found = self._asked[key] = calls, tuple(self.host.absent(asked, scope))
        return found

    async def ask(
        self,
        hook: str,
        scope: Scope = PLATFORM,
        *,
        configs: Mapping[str, Any] = _NO_CONFIGS,
        **arguments: Any,
    ) -> Result[Any]:
        """Ask the plugins of ``scope``; the fault of one is a failure in the result, no more.

        ``configs`` holds the validated ``extra:`` blocks of the base by slug; each plugin gets
        its own as ``config``.

        Raises:
            TypeError: the arguments are not those of the hook.

        """
        found = self.ask_soon(hook, scope, configs=configs, **arguments)
        return found if isinstance(found, Result) else await found

    def ask_soon(
        self,
        hook: str,
        scope: Scope = PLATFORM,
        *,
        configs: Mapping[str, Any] = _NO_CONFIGS,
        **arguments: Any,
    ) -> Result[Any] | Coroutine[Any, Any, Result[Any]]:
        """Ask as `ask` does; return the result where it is there already, else what to await.

        Raises:
            TypeError: the arguments are not those of the hook.

        """
        asked, calls, missing = self._prepare(hook, scope, arguments)
        question = Question(asked, arguments, configs)
        question.failures += [HookFailure.of(error, hook) for error in missing]
        if asked.mode is Mode.FIRST:
            left = iter(() if question.is_over else calls)
            for call in left:
                waiting, outcome = self._begin(question, call)
                if waiting is not None:
                    return self._first_of(question, waiting, left)
                question.take(outcome)
                if question.is_over:
                    break
            return question.result()
        begun = [self._begin(question, call) for call in calls]
        if any(waiting is not None for waiting, _ in begun):
            return self._all_of(question, begun)
        for _, outcome in begun:
            question.take(outcome)
        return question.result()

    async def _first_of(
        self, question: Question, waiting: _Waiting, left: Iterator[Implementation]
    ) -> Result[Any]:
        question.take(await waiting)
        for call in left:
            if question.is_over:
                break
            more, outcome = self._begin(question, call)
            question.take(outcome if more is None else await more)
        return question.result()

    async def _all_of(
        self, question: Question, begun: Sequence[tuple[_Waiting | None, Outcome]]
    ) -> Result[Any]:
        awaited = iter(
            await asyncio.gather(*(waiting for waiting, _ in begun if waiting is not None))
        )
        for waiting, outcome in begun:
            question.take(outcome if waiting is None else next(awaited))
        return question.result()

    def held(
        self,
        catalogue: object,
        key: Hashable,
        hook: str,
        scope: Scope,
        configs: Mapping[str, Any],
        arguments: Callable[[], dict[str, Any]],
    ) -> Result[Any] | Awaitable[Result[Any]]:
        """Ask as `ask_soon` does, unless an answer about the same still holds.

        ``catalogue`` and ``key`` say what about; ``arguments`` are made where somebody is asked.
        """
        key = (hook, key, self.host.version)
        found = self._held.find(catalogue, key)
        if found is not None:
            return found
        calls, _ = self._who(hook, scope)
        return self._held.ask(
            key,
            lambda: self.ask_soon(hook, scope, configs=configs, **arguments()),
            shared=any(call.holds for call in calls),
        )

    def ask_now(self, hook: str, **arguments: Any) -> Result[Any]:
        """Ask a hook that takes plain functions only, without an event loop (`working_day`).

        Raises:
            TypeError: the hook may be async, or the arguments are not its own.

        """
        asked, calls, missing = self._prepare(hook, PLATFORM, arguments)
        if not asked.sync:
            raise TypeError(f"{hook} has to be awaited")
        question = Question(asked, arguments, _NO_CONFIGS)
        question.failures += [HookFailure.of(error, hook) for error in missing]
        for call in () if stops(asked, question.failures) else calls:
            values = call.values(arguments, None)
            try:
                if call.plugin.is_core:
                    value = call.function(*values)
                else:
                    value = run_bounded(call.function, *values, seconds=self._isolation.seconds)
                question.take(self._checked(asked, call, value))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
                question.take(self._failure(asked, call, error))
            if asked.mode is Mode.FIRST and question.is_over:
                break
        return question.result()

    async def decide(self, group: KindGroup, name: str, params: Any, question: Any) -> Any:
        """Let a kind of requirement or benefit decide: a `Verdict`, or a list of `SubsidyLine`.

        Kinds of the core run where they are; those of plugins are as isolated as hooks.

        Raises:
            KindUnknownError: there is no such kind.
            PluginError: the plugin's function failed, hung or answered nonsense.

        """
        registered = self.host.kinds.registered(group, name)
        function = registered.kind.decide
        if function is None:
            raise TypeError(f'the {group} kind "{name}" decides nothing')
        if registered.owner is None:
            return function(params, question)
        asked = _DECISIONS[group]
        try:
            waiting, value = self._isolation.begin(
                registered.owner,
                function,
                (params, question),
                is_async=inspect.iscoroutinefunction(function),
            )
            value = value if waiting is None else await waiting
            check_answer(registered.owner, asked, value)
        except (Exception, SystemExit) as error:
            raise self._logged_error(registered.owner, asked, error, function) from error
        return value

    def _prepare(
        self, hook: str, scope: Scope, arguments: dict[str, Any]
    ) -> tuple[Hook, tuple[Implementation, ...], tuple[PluginError, ...]]:
        asked = self.host.hooks[hook]
        given = (hook, *arguments)
        if given not in self._known:
            if arguments.keys() | {"config"} != {*asked.arguments, "config"}:
                names = ", ".join(sorted(arguments))
                raise TypeError(f"{asked.signature} was asked with ({names})")
            self._known.add(given)
        for name, value in arguments.items():
            if isinstance(value, list):  # a plugin must not change what the next one sees
                arguments[name] = tuple(value)
        return asked, *self._who(hook, scope)

    def _begin(self, question: Question, call: Implementation) -> tuple[_Waiting | None, Outcome]:
        """Ask one plugin; return what to await for the outcome, or None and that."""
        values = call.values(question.arguments, question.configs.get(call.plugin.slug))
        question.holds(call)
        if call.plugin.is_core:
            return self._begin_watched(question.hook, call, values, None)
        tracing = current_tracing.get()
        if tracing is None:
            return self._begin_watched(question.hook, call, values, self.host.watch)
        return self._traced(tracing, question.hook, call, values), None

    async def _traced(
        self, tracing: Tracing, hook: Hook, call: Implementation, values: tuple[Any, ...]
    ) -> Outcome:
        named = {"zhupei.plugin": call.plugin.slug, "zhupei.hook": hook.name}
        with tracing.span("hook", named) as span:
            waiting, outcome = self._begin_watched(hook, call, values, self.host.watch)
            if waiting is not None:
                outcome = await waiting
            if isinstance(outcome, HookFailure):
                tracing.fail(span, outcome.code)
        return outcome

    def _begin_watched(
        self, hook: Hook, call: Implementation, values: tuple[Any, ...], watch: HookWatch | None
    ) -> tuple[_Waiting | None, Outcome]:
        began = 0.0 if watch is None else time.perf_counter()
        outcome: Outcome
        try:
            waiting: Awaitable[Any] | None
            if call.plugin.is_core:
                value = call.function(*values)
                waiting = value if inspect.isawaitable(value) else None
            else:
                waiting, value = self._isolation.begin(
                    call.plugin.slug, call.function, values, is_async=call.is_async
                )
            if waiting is not None:
                return self._awaited(hook, call, waiting, watch, began), None
            outcome = self._checked(hook, call, value)
        except asyncio.CancelledError:
            outcome = self._failure(hook, call, RuntimeError("it cancelled itself"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
            outcome = self._failure(hook, call, error)
        if watch is not None:
            _tell(watch, hook, call, began, outcome)
        return None, outcome

    async def _awaited(
        self,
        hook: Hook,
        call: Implementation,
        waiting: Awaitable[Any],
        watch: HookWatch | None,
        began: float,
    ) -> Outcome:
        outcome: Outcome
        try:
            outcome = self._checked(hook, call, await waiting)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            outcome = self._failure(hook, call, RuntimeError("it cancelled itself"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
            outcome = self._failure(hook, call, error)
        if watch is not None:
            _tell(watch, hook, call, began, outcome)
        return outcome

    def _checked(self, hook: Hook, call: Implementation, value: Any) -> Answer[Any] | None:
        if not call.plugin.is_core:
            check_answer(call.plugin.slug, hook, value)
            check_levels(call.plugin.slug, hook, value, call.level)
            self.host.check_extension(hook, call.plugin, value)
        if value is None:
            return None
        # A copy, as the plugin may keep its own and change it later.
        value = value.copy() if isinstance(value, list | dict) else value
        return Answer(call.plugin.slug, call.level, value)

    def _failure(self, hook: Hook, call: Implementation, error: BaseException) -> HookFailure:
        if isinstance(error, SignInRefusedError) and hook.name == "actor_from_request":
            # Somebody's bad token is no fault of the plugin that says so.
            return HookFailure(
                call.plugin.slug, hook.name, error.message, error.code, error.message
            )
        found = self._logged_error(call.plugin.slug, hook, error, call.function)
        if hook.name == "startup":  # it runs on, but without what it needs
            self.host.degrade(found)
        return HookFailure.of(found, hook.name)

    def _logged_error(
        self, slug: str, hook: Hook, error: BaseException, function: Callable[..., Any]
    ) -> PluginError:
        found: PluginError
        match error:
            case PluginError():
                found = error
                found.file, found.line = Implemented(function, ()).place
            case StuckError():
                found = HookStuckError(slug, hook.name, error.calls)
            case OverdueError():
                found = HookTimedOutError(slug, hook.name, self._isolation.seconds)
            case _:
                file, line = error_place(error, function)
                found = HookFailedError(slug, hook.name, error, file=file, line=line)
        key = (slug, hook.name, found.code, found.file, found.line)
        if key not in self._logged:  # once: a hook of a busy page would fill the log
            self._logged.add(key)
            trace = error if isinstance(found, HookFailedError) else None
            _log.error("%s", found.text(Language.EN), exc_info=trace)
        return found


def _tell(
    watch: HookWatch, hook: Hook, call: Implementation, began: float, outcome: Outcome
) -> None:
    code = outcome.code if isinstance(outcome, HookFailure) else None
    watch(call.plugin.slug, hook.name, time.perf_counter() - began, code)
