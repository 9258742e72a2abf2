"""The guard: who may run an operation now, for how long, and what it is told otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from zhupei.db.deadlines import deadline
from zhupei.domain.actors import Actor
from zhupei.domain.text import Language, Text
from zhupei.graphql.limits.event_time import timed_events
from zhupei.graphql.limits.rates import Rates, TooMany
from zhupei.graphql.limits.refusals import LimitCode, NotNow, exceeded, not_text
from zhupei.graphql.limits.time_limits import TimeLimits

__all__ = ["Guard", "check_variables"]

_Result = TypeVar("_Result")

# Beside its cost: what every operation takes, and what reading a token of a new text takes.
_COST_OF_ANY = 20
_COST_OF_TOKEN = 5
_LONGEST_WAIT_SECONDS = 2.0
_RETRY_SECONDS = 1
_GRACE_SECONDS = 0.25

_MOST_VALUES = 10_000
_MOST_NESTING = 32
_MOST_KEYS = 500


_TOO_MANY = Text(
    "请求过于频繁，请在 {seconds} 秒后重试。", "Too many requests; try again in {seconds} s."
)
_TIMED_OUT = Text(
    "操作超过 {seconds} 秒未完成，已中止；变更要么已完整写入，要么未写入，请以同一幂等键重试。",
    "The operation did not end within {seconds} s and was stopped. A change was made as a whole or "
    "not at all: repeat it with the same idempotency key.",
)
_EVENT_TIMED_OUT = Text(
    "订阅的一次推送超过 {seconds} 秒未完成，订阅已结束，请重新订阅并重新读取。",
    "An event of the subscription was not made within {seconds} s, so that it ended: subscribe "
    "again, and read again what is shown.",
)
_OVERLOADED = Text("服务器繁忙，请稍后重试。", "The server is busy; try again soon.")


class Guard:
    """Counts, queues and times the operations of one process.

    Args:
        rates: what is left to whom.
        seconds: how long an operation may take.
        running: how many may run at once.
        waiting: how many more may wait for one of those to end.

    """

    def __init__(self, *, rates: Rates, seconds: float, running: int, waiting: int) -> None:
        self.rates = rates
        self._seconds = seconds
        self._limits = TimeLimits(seconds)
        self._running = self._free = running
        self._most_waiting = waiting
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def load(self) -> tuple[int, int]:
        """How many operations run now, and how many wait for their turn."""
        return self._running - self._free, len(self._waiting)

    def begin(self) -> bool:
        """Take the turn of an operation if one is free; who took it says when it is over: `end`."""
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    def end(self) -> None:
        """End a turn that was taken."""
        self._leave()

    @staticmethod
    def charged(cost: int, tokens: int = 0) -> int:
        """Return what an operation counts as; ``tokens`` had to be read for the first time."""
        return _COST_OF_ANY + cost + _COST_OF_TOKEN * tokens

    async def admit(self, context: Any, cost: int, tokens: int) -> None:
        """Count an operation; ``tokens`` are those that had to be read for the first time.

        Raises:
            NotNow: who asks has asked for too much lately.

        """
        actor, address, language = _asking(context)
        try:
            await self.rates.operation(actor, address, self.charged(cost, tokens))
        except TooMany as refused:
            raise _refusal(
                LimitCode.RATE_LIMITED, _TOO_MANY, language, refused.seconds, refused.seconds
            ) from None

    async def run(self, context: Any, answer: Callable[[], Awaitable[_Result]]) -> _Result:
        """Return the answer, as soon as its turn comes and if it comes in time.

        Raises:
            NotNow: too many are running, or it took too long.

        """
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(context)
        loop = asyncio.get_running_loop()
        # Tasks that nobody cancels, such as those of loaders, end a little later by themselves.
        token = deadline.set(loop.time() + self._seconds + _GRACE_SECONDS)
        limit = self._limits.limit()
        try:
            with limit:
                return await answer()
        except TimeoutError:
            if not limit.expired:
                raise
            language = _asking(context)[2]
            raise _refusal(
                LimitCode.OPERATION_TIMED_OUT, _TIMED_OUT, language, f"{self._seconds:g}", None
            ) from None
        finally:
            deadline.reset(token)
            self._leave()

    async def events(
        self, context: Any, results: AsyncGenerator[_Result, None]
    ) -> AsyncGenerator[_Result, None]:
        """Yield what a subscription tells; waiting for something to tell is no part of its time.

        Raises:
            NotNow: an event took longer than an operation may.

        """
        timed = timed_events(results, seconds=self._seconds, grace=_GRACE_SECONDS)
        async with aclosing(timed):
            try:
                async for result in timed:
                    yield result
            except TimeoutError:
                raise _refusal(
                    LimitCode.OPERATION_TIMED_OUT,
                    _EVENT_TIMED_OUT,
                    _asking(context)[2],
                    f"{self._seconds:g}",
                    None,
                ) from None

    async def _wait(self, context: Any) -> None:
        """Wait for the turn of an operation."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        overloaded = len(self._waiting) >= self._most_waiting
        if not overloaded:
            self._waiting.append(turn)
            try:
                async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                    await turn
            except TimeoutError:
                # It may have come in the same moment.
                overloaded = turn.cancelled()
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)
        if overloaded:
            raise _refusal(
                LimitCode.OVERLOADED, _OVERLOADED, _asking(context)[2], None, _RETRY_SECONDS
            )

    def _leave(self) -> None:
        """Give the turn to whoever waits for longest."""
        while self._waiting:
            turn = self._waiting.pop(0)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def check_variables(values: Mapping[str, Any] | None) -> None:
    """Refuse values of variables that would take long to read, or that no database takes.

    Raises:
        GraphQLError: they are too many or nested too deeply, or a text is none.

    """
    if not values:
        return
    count = len(values)
    level: list[Any] = list(values.values()) if count <= _MOST_VALUES else []
    for _ in range(_MOST_NESTING):
        below: list[Any] = []
        for value in level:
            inside = _inside(value)
            if inside:
                below.extend(inside)
                count += len(inside)
                if count > _MOST_VALUES:
                    break
        if count > _MOST_VALUES:
            raise exceeded(f"The variables hold more than {_MOST_VALUES} values.")
        if not below:
            return
        level = below
    raise exceeded(f"The variables are nested more than {_MOST_NESTING} times.")


def _inside(value: Any) -> Collection[Any]:
    """Return the values in a value; raise `GraphQLError` where it is none that may be sent."""
    if isinstance(value, str):
        if not _is_text(value):
            raise not_text("The variables hold")
    elif isinstance(value, list):
        return value
    elif isinstance(value, dict):
        if len(value) > _MOST_KEYS:
            raise exceeded(f"An object in the variables has more than {_MOST_KEYS} keys.")
        return value.values()
    return ()


def _is_text(value: str) -> bool:
    """Return whether a text has neither NUL nor half a surrogate pair."""
    if value.isascii():
        return "\0" not in value
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _asking(context: Any) -> tuple[Actor | None, str, Language]:
    return (
        getattr(context, "actor", None),
        getattr(context, "address", ""),
        getattr(context, "language", Language.ZH),
    )


def _refusal(
    code: LimitCode, message: Text, language: Language, shown: Any, retry_after: int | None
) -> NotNow:
    extensions: dict[str, Any] = {"code": code.value}
    if retry_after is not None:
        extensions["retryAfter"] = retry_after
    return NotNow(message.get(language).format(seconds=shown), extensions=extensions)
