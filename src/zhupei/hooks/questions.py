"""Questions: who is asked with what, who answered so far, and what comes of that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from enum import Enum, auto
from math import inf
from typing import Any

from zhupei.errors import PluginError
from zhupei.hooks.answers import Answer, HookFailure, Result, exact, merge
from zhupei.hooks.carrier import Call
from zhupei.hooks.declaration import Consequence, Hook, Mode
from zhupei.hooks.isolation import Isolation
from zhupei.hooks.plugins import Implementation

__all__ = ["Asked", "How", "Inquiries", "Inquiry", "Outcome", "Question"]

Outcome = Answer[Any] | HookFailure | None
"""What came of asking one plugin; None where it passed."""


class How(Enum):
    """How a plugin's function is run."""

    HERE = auto()
    """Where we are: it is one of the core's."""
    TASK = auto()
    THREAD = auto()


class Asked:
    """A plugin's function, and what it is called with.

    ``plain`` is its call where that is run in a thread. ``is_exact`` sees that plain values are
    right; ``answered`` is what it answered last, where that was such.
    """

    __slots__ = ("answered", "call", "function", "how", "is_exact", "plain", "slug", "values")

    def __init__(
        self, hook: Hook, call: Implementation, values: tuple[Any, ...], isolation: Isolation
    ) -> None:
        self.call, self.values = call, values
        self.slug, self.function = call.plugin.slug, call.function
        self.is_exact = exact(hook)
        self.answered: Answer[Any] | None = None
        self.how = How.TASK if call.is_async else How.THREAD
        if call.plugin.is_core:
            self.how = How.HERE
        is_plain = self.how is How.THREAD
        self.plain = isolation.call(self.slug, self.function, values) if is_plain else None


class Inquiry:
    """Who is asked something, and with what: prepared once, asked as often as one likes.

    ``missing`` are plugins that should be asked and were left out. An answer that holds is kept
    here, and who wants it while it is asked for waits for the same one. ``chains`` are the plain
    functions that come one after another, from each of those who are asked on; whether one of them
    is asked first, ``begins_plain`` says.
    """

    __slots__ = (
        "_asking",
        "_held",
        "_last",
        "asked",
        "begins_plain",
        "chains",
        "failures",
        "hook",
        "is_first",
        "may_hold",
        "stops_at_failures",
    )

    def __init__(
        self,
        hook: Hook,
        calls: Sequence[Implementation],
        missing: Sequence[PluginError],
        arguments: Mapping[str, Any],
        configs: Mapping[str, Any],
        isolation: Isolation,
    ) -> None:
        self.hook = hook
        self.asked: tuple[Asked, ...] = tuple(
            Asked(hook, call, call.values(arguments, configs.get(call.plugin.slug)), isolation)
            for call in calls
        )
        self.chains = tuple(_chain(self.asked[at:]) for at in range(len(self.asked)))
        self.is_first = hook.mode is Mode.FIRST
        # What nobody is asked holds, too.
        self.may_hold = not calls or any(call.holds for call in calls)
        # In a decision the next level's answer would be the wrong one; while building, it answers.
        self.stops_at_failures = hook.consequence is not Consequence.NEXT_LEVEL
        self.failures = [HookFailure.of(error, hook.name) for error in missing]
        self.begins_plain = self.is_first and not self.failures and any(self.chains[:1])
        self._held: Result[Any] | None = None
        self._last: Result[Any] | None = None
        self._asking: asyncio.Task[Result[Any]] | None = None

    @property
    def is_asked(self) -> bool:
        """Whether anybody is asked, or missed."""
        return bool(self.asked or self.failures)

    def known(self) -> Result[Any] | Awaitable[Result[Any]] | None:
        """Return the answer that still holds, or what somebody waits for already."""
        held, asking = self._held, self._asking
        if held is not None and held.until > time.monotonic():
            return held
        if asking is not None and asking.get_loop() is asyncio.get_running_loop():
            # Shielded: who goes away must not take the answer from the others.
            return asyncio.shield(asking)
        return None

    def take(
        self, found: Result[Any] | Coroutine[Any, Any, Result[Any]]
    ) -> Result[Any] | Awaitable[Result[Any]]:
        """Keep an answer as long as it holds; return it, or what to await for it."""
        if isinstance(found, Result):
            self._held = found if found.until else None
            return found
        if not self.may_hold:
            return found
        task = self._asking = asyncio.create_task(found)
        task.add_done_callback(self._over)
        return asyncio.shield(task)

    def answered(self, answer: Answer[Any]) -> Result[Any]:
        """Return the result that is one answer, which has to be asked for again each time."""
        last = self._last
        if last is None or last.answers[0] is not answer:
            last = self._last = Result(self.hook, (answer,))
        return last

    def _over(self, task: asyncio.Task[Result[Any]]) -> None:
        if self._asking is task:
            self._asking = None
        if not task.cancelled() and task.exception() is None:
            self.take(task.result())


class Inquiries:
    """What is asked about one catalogue, by what it is about; another one forgets all of it.

    So does a plugin that is left out while we run: ``version`` is then another.
    """

    def __init__(self) -> None:
        self._catalogue: object = None
        self._version = 0
        self._known: dict[Hashable, Inquiry] = {}

    def find(
        self, catalogue: object, version: int, key: Hashable, make: Callable[[], Inquiry]
    ) -> Inquiry:
        """Return an inquiry about a catalogue, made where it was not asked before."""
        if catalogue is not self._catalogue or version != self._version:
            self._catalogue, self._version, self._known = catalogue, version, {}
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
        return found


class Question:
    """An inquiry that is being asked: who is next, and what was answered so far."""

    __slots__ = ("_asked", "_until", "answers", "failures", "hook", "inquiry")

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry, self.hook = inquiry, inquiry.hook
        self.answers: list[Answer[Any]] = []
        self.failures = inquiry.failures.copy()
        self._asked = 0
        self._until = inf

    @property
    def left(self) -> tuple[Asked, ...]:
        """Who was not asked yet."""
        return self.inquiry.asked[self._asked :]

    @property
    def chain(self) -> Sequence[Call]:
        """The plain functions that are next, as far as no coroutine comes between."""
        return self.inquiry.chains[self._asked]

    def next(self) -> Asked | None:
        """Return who is asked next; None where nobody is, or the first answer is there."""
        if self.answers or (self.failures and self.inquiry.stops_at_failures):
            return None
        asked = self.inquiry.asked
        return asked[self._asked] if self._asked < len(asked) else None

    def begin(self, asked: Asked) -> None:
        """Note that somebody is asked, and how long that answer would hold."""
        self._asked += 1
        if self._until:
            holds = asked.call.holds
            self._until = min(self._until, time.monotonic() + holds) if holds else 0.0

    def begin_next(self) -> Asked:
        """Note that who is next is asked; return who that is."""
        asked = self.inquiry.asked[self._asked]
        self.begin(asked)
        return asked

    def take(self, outcome: Outcome) -> None:
        """Note what a plugin answered, if it did."""
        if isinstance(outcome, HookFailure):
            self.failures.append(outcome)
        elif outcome is not None:
            self.answers.append(outcome)

    def result(self) -> Result[Any]:
        """Return all that was answered."""
        answers, failures = self.answers, self.failures
        if not (failures or self._until) and len(answers) == 1 and self.inquiry.is_first:
            return self.inquiry.answered(answers[0])
        merged = merge(answers) if self.hook.mode is Mode.MERGE else ()
        until = 0.0 if failures else self._until
        return Result(self.hook, tuple(answers), tuple(failures), merged, until)


def _chain(asked: Iterable[Asked]) -> tuple[Call, ...]:
    calls: list[Call] = []
    for each in asked:
        if each.plain is None:
            break
        calls.append(each.plain)
    return tuple(calls)
