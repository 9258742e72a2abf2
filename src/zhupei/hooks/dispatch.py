"""Asking plugins: each by itself, in scope order, in bounded time, with who answered."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
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
    merge,
)
from zhupei.hooks.declaration import Consequence, Hook, Mode, Reach, When
from zhupei.hooks.discovery import error_place
from zhupei.hooks.hook_errors import HookFailedError, HookStuckError, HookTimedOutError
from zhupei.hooks.inspection import Implemented
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.plugins import Implementation
from zhupei.hooks.scope import PLATFORM, Scope
from zhupei.hooks.threads import Bulkhead, OverdueError, StuckError, run_bounded
from zhupei.tracing import current_tracing

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)
_NO_CONFIGS: Mapping[str, Any] = MappingProxyType({})

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
        self._timeout = timeout
        self._bulkheads: dict[str, Bulkhead] = {}
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
        key = (hook, scope.institution, scope.jurisdictions, len(self.host.failures))
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
        asked, calls, missing = self._prepare(hook, scope, arguments)
        failures = [HookFailure.of(error, hook) for error in missing]
        answers: list[Answer[Any]] = []
        if asked.mode is Mode.FIRST:
            for call in () if _stops(asked, failures) else calls:
                _sort(await self._answer(asked, call, arguments, configs), answers, failures)
                if answers or _stops(asked, failures):
                    break
        else:
            each = [self._answer(asked, call, arguments, configs) for call in calls]
            for outcome in await _together(each, calls):
                _sort(outcome, answers, failures)
        return _result(asked, answers, failures)

    def ask_now(self, hook: str, **arguments: Any) -> Result[Any]:
        """Ask a hook that takes plain functions only, without an event loop (`working_day`).

        Raises:
            TypeError: the hook may be async, or the arguments are not its own.

        """
        asked, calls, missing = self._prepare(hook, PLATFORM, arguments)
        if not asked.sync:
            raise TypeError(f"{hook} has to be awaited")
        failures = [HookFailure.of(error, hook) for error in missing]
        answers: list[Answer[Any]] = []
        for call in () if _stops(asked, failures) else calls:
            values = call.values(arguments, None)
            try:
                if call.plugin.is_core:
                    value = call.function(*values)
                else:
                    value = run_bounded(call.function, *values, seconds=self._timeout)
                _sort(self._checked(asked, call, value), answers, failures)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
                failures.append(self._failure(asked, call, error))
            if asked.mode is Mode.FIRST and (answers or _stops(asked, failures)):
                break
        return _result(asked, answers, failures)

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
            value = await self._in_thread(registered.owner, function, (params, question))
            check_answer(registered.owner, asked, value)
        except (Exception, SystemExit) as error:
            raise self._logged_error(registered.owner, asked, error, function) from error
        return value

    def _prepare(
        self, hook: str, scope: Scope, arguments: dict[str, Any]
    ) -> tuple[Hook, tuple[Implementation, ...], tuple[PluginError, ...]]:
        asked = self.host.hooks[hook]
        if arguments.keys() | {"config"} != {*asked.arguments, "config"}:
            raise TypeError(f"{asked.signature} was asked with ({', '.join(sorted(arguments))})")
        for name, value in arguments.items():
            if isinstance(value, list):  # a plugin must not change what the next one sees
                arguments[name] = tuple(value)
        return asked, *self._who(hook, scope)

    async def _answer(
        self,
        hook: Hook,
        call: Implementation,
        arguments: Mapping[str, Any],
        configs: Mapping[str, Any],
    ) -> Answer[Any] | HookFailure | None:
        values = call.values(arguments, configs.get(call.plugin.slug))
        watch = None if call.plugin.is_core else self.host.watch
        if watch is None:
            return await self._isolated(hook, call, values)
        began = time.perf_counter()
        outcome = await self._timed(hook, call, values)
        code = outcome.code if isinstance(outcome, HookFailure) else None
        watch(call.plugin.slug, hook.name, time.perf_counter() - began, code)
        return outcome

    async def _timed(
        self, hook: Hook, call: Implementation, values: tuple[Any, ...]
    ) -> Answer[Any] | HookFailure | None:
        tracing = current_tracing.get()
        if tracing is None:
            return await self._isolated(hook, call, values)
        named = {"zhupei.plugin": call.plugin.slug, "zhupei.hook": hook.name}
        with tracing.span("hook", named) as span:
            outcome = await self._isolated(hook, call, values)
            if isinstance(outcome, HookFailure):
                tracing.fail(span, outcome.code)
        return outcome

    async def _isolated(
        self, hook: Hook, call: Implementation, values: tuple[Any, ...]
    ) -> Answer[Any] | HookFailure | None:
        try:
            if call.plugin.is_core:
                value = call.function(*values)
                value = await value if inspect.isawaitable(value) else value
            elif call.is_async:
                value = await self._bounded(call.function(*values))
            else:
                value = await self._in_thread(call.plugin.slug, call.function, values)
            return self._checked(hook, call, value)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return self._failure(hook, call, RuntimeError("it cancelled itself"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
            return self._failure(hook, call, error)

    async def _in_thread(self, slug: str, function: Any, values: tuple[Any, ...]) -> Any:
        bulkhead = self._bulkheads.setdefault(slug, Bulkhead())
        value = await bulkhead.run(function, values, seconds=self._timeout)
        return await self._bounded(value) if inspect.isawaitable(value) else value

    async def _bounded(self, answer: Awaitable[Any]) -> Any:
        # Not asyncio.timeout(): it waits for a coroutine that refuses to be cancelled.
        task = asyncio.create_task(_contained(answer))
        try:
            await asyncio.wait({task}, timeout=self._timeout)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            raise OverdueError
        return task.result()

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
                found = HookTimedOutError(slug, hook.name, self._timeout)
            case _:
                file, line = error_place(error, function)
                found = HookFailedError(slug, hook.name, error, file=file, line=line)
        key = (slug, hook.name, found.code, found.file, found.line)
        if key not in self._logged:  # once: a hook of a busy page would fill the log
            self._logged.add(key)
            trace = error if isinstance(found, HookFailedError) else None
            _log.error("%s", found.text(Language.EN), exc_info=trace)
        return found


async def _contained(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except SystemExit as exit_:  # it would end the event loop, not only this task
        raise RuntimeError(f"it called sys.exit({exit_.code!r})") from exit_


async def _together(
    each: Sequence[Coroutine[Any, Any, Answer[Any] | HookFailure | None]],
    calls: Sequence[Implementation],
) -> list[Answer[Any] | HookFailure | None]:
    if len(each) == 1 or all(call.plugin.is_core for call in calls):
        return [await one for one in each]  # tasks would cost more than the answers
    return await asyncio.gather(*each)


def _sort(
    outcome: Answer[Any] | HookFailure | None,
    answers: list[Answer[Any]],
    failures: list[HookFailure],
) -> None:
    if isinstance(outcome, HookFailure):
        failures.append(outcome)
    elif outcome is not None:
        answers.append(outcome)


def _stops(hook: Hook, failures: list[HookFailure]) -> bool:
    # While building, the next level answers; in a decision its answer would be the wrong one.
    return bool(failures) and hook.consequence is not Consequence.NEXT_LEVEL


def _result(hook: Hook, answers: list[Answer[Any]], failures: list[HookFailure]) -> Result[Any]:
    merged = merge(answers) if hook.mode is Mode.MERGE else ()
    return Result(hook, tuple(answers), tuple(failures), merged)
