"""Asking plugins: each by itself, in scope order, in bounded time, with who answered."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import (
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Mapping,
    Sequence,
)
from types import MappingProxyType
from typing import Any, NamedTuple

from zhupei.domain.benefits import SubsidyLine
from zhupei.domain.eligibility import Verdict
from zhupei.domain.kinds import KindGroup
from zhupei.errors import PluginError
from zhupei.hooks.answers import Result, check_answer
from zhupei.hooks.asking import Asking, Started, Waiting
from zhupei.hooks.declaration import Hook, Mode, Reach, When
from zhupei.hooks.failures import Failures
from zhupei.hooks.isolation import Isolation
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.plugins import Implementation
from zhupei.hooks.questions import How, Inquiries, Inquiry, Question
from zhupei.hooks.scope import PLATFORM, Scope
from zhupei.noted_reads import spoil

__all__ = ["Dispatcher"]

_NO_CONFIGS: Mapping[str, Any] = MappingProxyType({})

# What the functions of kinds answer, checked as hooks' answers are.
_DECISIONS = {
    group: Hook("register_kinds", (), returns, "", Mode.EACH, Reach.ALL, When.DECISION, sync=False)
    for group, returns in (
        (KindGroup.REQUIREMENT, Verdict),
        (KindGroup.BENEFIT, list[SubsidyLine]),
    )
}


class _Who(NamedTuple):
    """Who is asked, why those are not who should be, and whether any is not the core's own."""

    calls: tuple[Implementation, ...]
    missing: tuple[PluginError, ...]
    has_plugins: bool


class Dispatcher:
    """Asks the plugins of one host.

    ``timeout`` is in seconds, for each plugin. The core's own plugins run where they are; those
    of others run in threads of their own (``def``) or as tasks (``async def``), so that one that
    hangs stops nobody.
    """

    def __init__(self, host: PluginHost, *, timeout: float = 5.0) -> None:
        self.host = host
        self._isolation = Isolation(timeout, host.bulkheads)
        self._failures = Failures(host, timeout)
        self._asking = Asking(host, self._isolation, self._failures)
        self._inquiries = Inquiries()
        self._known: set[tuple[str, ...]] = set()
        self._asked: dict[tuple[object, ...], _Who] = {}

    def asks(self, hook: str, scope: Scope = PLATFORM) -> bool:
        """Return whether `ask` would ask anybody, or miss somebody who was left out."""
        who = self._who(hook, scope)
        return bool(who.calls or who.missing)

    def asks_plugins(self, hook: str, scope: Scope = PLATFORM) -> bool:
        """Return whether `ask` would ask, or miss, any plugin but the core's own."""
        return self._who(hook, scope).has_plugins

    def _who(self, hook: str, scope: Scope) -> _Who:
        """Return who is asked, and why those are not who should be; found once."""
        # A plugin that is left out while we run is one problem more.
        key = (hook, scope.institution, scope.jurisdictions, self.host.version)
        found = self._asked.get(key)
        if found is None:
            asked = self.host.hooks[hook]
            calls = self.host.implementations(asked, scope)
            missing = tuple(self.host.absent(asked, scope))
            has_plugins = bool(missing) or not all(call.plugin.is_core for call in calls)
            found = self._asked[key] = _Who(calls, missing, has_plugins)
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
        spoil()
        return self._begin_all([self._prepared(hook, scope, configs, arguments)])[0]

    def inquiry(
        self,
        catalogue: object,
        key: Hashable,
        hook: str,
        prepare: Callable[[], tuple[Scope, Mapping[str, Any], Callable[[], dict[str, Any]]]],
    ) -> Inquiry:
        """Return what `ask_each` asks: a hook, about something in a catalogue.

        ``prepare`` gives the scope, the ``configs``, and what makes the arguments where anybody
        is asked; they are the same as long as the catalogue.

        Raises:
            TypeError: the arguments are not those of the hook.

        """

        def make() -> Inquiry:
            scope, configs, arguments = prepare()
            if not self.asks(hook, scope):
                return Inquiry(self.host.hooks[hook], (), (), {}, {}, self._isolation)
            return self._prepared(hook, scope, configs, arguments())

        return self._inquiries.find(catalogue, self.host.version, (hook, key), make)

    def ask_each(
        self, inquiries: Sequence[Inquiry]
    ) -> Sequence[Result[Any] | Awaitable[Result[Any]]]:
        """Ask as `ask_soon` does, several at once, and none of which an answer still holds."""
        spoil()
        if not any(each.may_hold for each in inquiries):
            return self._begin_all(inquiries)
        found: list[Any] = [each.known() for each in inquiries]
        open_ = [at for at, known in enumerate(found) if known is None]
        begun = self._begin_all([inquiries[at] for at in open_])
        for at, each in zip(open_, begun, strict=True):
            found[at] = inquiries[at].take(each)
        return found

    def _begin_all(
        self, inquiries: Sequence[Inquiry]
    ) -> list[Result[Any] | Coroutine[Any, Any, Result[Any]]]:
        """Ask several questions; plain functions that are next are begun together."""
        loop = asyncio.get_running_loop()
        found: list[Any] = []
        plain: list[tuple[int, Question]] = []
        for at, inquiry in enumerate(inquiries):
            question = Question(inquiry)
            begun: Any = None
            if not inquiry.is_first:
                begun = self._all(question)
            elif not inquiry.begins_plain:
                begun = self._first(question, loop)
            if begun is None:
                plain.append((at, question))
            found.append(begun)
        while plain:
            turn, plain = plain, []
            started = self._asking.begin_next([question for _, question in turn])
            for (at, question), (waiting, outcome) in zip(turn, started, strict=True):
                if waiting is not None:
                    found[at] = self._first_of(question, waiting)
                    continue
                question.take(outcome)
                if question.answers:
                    found[at] = question.result()
                    continue
                found[at] = begun = self._first(question, loop)
                if begun is None:
                    plain.append((at, question))
        return found

    def _first(
        self, question: Question, loop: asyncio.AbstractEventLoop | None = None
    ) -> Result[Any] | Coroutine[Any, Any, Result[Any]] | None:
        """Ask until somebody answers or has to be waited for; None where a function is next."""
        while (asked := question.next()) is not None:
            if asked.how is How.THREAD:
                return None
            waiting, outcome = self._asking.begin(question, asked, loop)
            if waiting is not None:
                return self._first_of(question, waiting)
            question.take(outcome)
        return question.result()

    def _all(self, question: Question) -> Result[Any] | Coroutine[Any, Any, Result[Any]]:
        """Ask everybody."""
        asked = question.left
        threads = [each for each in asked if each.how is How.THREAD]
        plain = iter(self._asking.begin_plain(question, threads))
        begun = [
            next(plain) if each.how is How.THREAD else self._asking.begin(question, each)
            for each in asked
        ]
        if any(waiting is not None for waiting, _ in begun):
            return self._all_of(question, begun)
        for _, outcome in begun:
            question.take(outcome)
        return question.result()

    async def _first_of(self, question: Question, waiting: Waiting) -> Result[Any]:
        question.take(await waiting)
        while True:
            found = self._first(question)
            if isinstance(found, Result):
                return found
            if found is not None:
                return await found
            ((more, outcome),) = self._asking.begin_next([question])
            question.take(outcome if more is None else await more)

    async def _all_of(self, question: Question, begun: Sequence[Started]) -> Result[Any]:
        awaited = iter(
            await asyncio.gather(*(waiting for waiting, _ in begun if waiting is not None))
        )
        for waiting, outcome in begun:
            question.take(outcome if waiting is None else next(awaited))
        return question.result()

    def ask_now(self, hook: str, **arguments: Any) -> Result[Any]:
        """Ask a hook that takes plain functions only, without an event loop (`working_day`).

        Raises:
            TypeError: the hook may be async, or the arguments are not its own.

        """
        spoil()
        inquiry = self._prepared(hook, PLATFORM, _NO_CONFIGS, arguments)
        asked = inquiry.hook
        if not asked.sync:
            raise TypeError(f"{hook} has to be awaited")
        question = Question(inquiry)
        for each in inquiry.asked if question.next() is not None else ():
            call, values = each.call, each.values
            try:
                if call.plugin.is_core:
                    value = call.function(*values)
                else:
                    value = self._isolation.run_now(call.plugin.slug, call.function, values)
                question.take(self._asking.checked(asked, each, value))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - because isolation is the point
                question.take(self._failures.of(asked, call, error))
            if inquiry.is_first and question.next() is None:
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
            if params is None and registered.kind.params is not None:
                params = registered.kind.params()  # a benefit of a plugin that gives none
            return function(params, question)
        spoil()
        asked = _DECISIONS[group]
        values = (params, question)
        try:
            if inspect.iscoroutinefunction(function):
                waiting, value = self._isolation.begin(registered.owner, function, values)
            else:
                call = self._isolation.call(registered.owner, function, values)
                waiting, value, error, *_ = self._isolation.begin_plain([[call]])[0]
                if error is not None:
                    raise error
            value = value if waiting is None else await waiting
            check_answer(registered.owner, asked, value)
        except asyncio.CancelledError as cancelled:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            own = RuntimeError("it cancelled itself")
            raise self._failures.error(registered.owner, asked, own, function) from cancelled
        except (Exception, SystemExit) as error:
            raise self._failures.error(registered.owner, asked, error, function) from error
        return value

    def _prepared(
        self,
        hook: str,
        scope: Scope,
        configs: Mapping[str, Any],
        arguments: dict[str, Any],
    ) -> Inquiry:
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
        who = self._who(hook, scope)
        return Inquiry(asked, who.calls, who.missing, arguments, configs, self._isolation)
