"""Reads of different requests in one exchange with the server, where they ask the same statement.

What a small statement costs is mostly the exchange itself: to borrow a connection, to send, to be
woken up, on both sides. Under load many requests ask the same statement with other values at the
same time. Those that come in the same turn of the event loop, or while others are under way, go
together: the server gets all sets of values at once and answers them one after the other, each with
its own snapshot, taken after its request came. Who comes alone waits for nobody.

Only what is quick is merged, and as many as are answered within some milliseconds, so that this
process has something to do meanwhile. A statement that takes long would make others wait that could
run beside it; for those nothing changes.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zhupei.noted_reads import NumberedRows

__all__ = ["MergedReads", "turned"]

_Rows = list[Any]

_MOST_TOGETHER = 32
_LEAST_TOGETHER = 4
_TOGETHER_SECONDS = 0.003
_MOST_LANES = 1024
_LONGEST_WAIT_SECONDS = 0.02
# A statement of which each takes longer is not merged for a while. Measured over those that went
# together only: of one alone, most may be the time until this process looks at its answer.
_QUICK_SECONDS = 0.005
_APART_SECONDS = 0.25
_REMEMBERED = 0.8


class _Asked(NamedTuple):
    values: Sequence[Any]
    found: asyncio.Future[_Rows]
    until: float | None


@dataclass(slots=True, eq=False)
class _Lane:
    """One statement: who is under way, who waits, and how long they took lately."""

    statement: str
    rows: type[Any]
    busy: bool = False
    waiting: list[_Asked] = field(default_factory=list)
    late: asyncio.TimerHandle | None = None
    seconds: float = 0.0
    answered: float = 0.0
    apart_until: float = 0.0


class MergedReads:
    """Merges the reads of one pool of connections, on one event loop.

    Args:
        alone: reads one statement with one set of values.
        together: reads a statement as `turned` makes it with several, in one exchange, until a
            time of the loop's clock, and returns the rows of all, with their number last.

    """

    def __init__(
        self,
        alone: Callable[[str, Sequence[Any], type[Any]], Awaitable[_Rows]],
        together: Callable[[str, list[Sequence[Any]], type[Any], float | None], Awaitable[_Rows]],
    ) -> None:
        self._alone, self._together = alone, together
        self._lanes: OrderedDict[tuple[str, type[Any]], _Lane] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.merged = 0
        """How many reads shared their exchange with others."""

    async def read(
        self, statement: str, values: Sequence[Any], rows: type[Any], until: float | None
    ) -> _Rows:
        """Return the rows of a SELECT; ``until`` is when whoever asks gives up."""
        lane = self._lane(statement, rows)
        if lane.busy:
            if lane.apart_until and time.monotonic() < lane.apart_until:
                return await self._alone(statement, values, rows)
            return await self._wait(lane, _Asked(values, _future(), until))
        lane.busy = True
        try:
            # Whoever comes in this turn of the loop comes along.
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._next(lane)
            raise
        if lane.waiting:
            asked = _Asked(values, _future(), until)
            lane.waiting.insert(0, asked)
            self._go(lane)
            return await asked.found
        try:
            return await self._alone(statement, values, rows)
        finally:
            self._next(lane)

    def _lane(self, statement: str, rows: type[Any]) -> _Lane:
        key = (statement, rows)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(statement, rows)
            if len(self._lanes) > _MOST_LANES:
                # Who is under way there knows the lane, and leaves it in order.
                self._lanes.popitem(last=False)
        return lane

    async def _wait(self, lane: _Lane, asked: _Asked) -> _Rows:
        lane.waiting.append(asked)
        if lane.late is None:
            # Whoever is under way may have met a lock.
            loop = asyncio.get_running_loop()
            lane.late = loop.call_later(_LONGEST_WAIT_SECONDS, self._go, lane)
        return await asked.found

    def _next(self, lane: _Lane) -> None:
        """Let those go who waited; the next one to come goes at once where there are none."""
        if lane.waiting:
            self._go(lane)
        else:
            lane.busy = False

    def _go(self, lane: _Lane) -> None:
        if lane.late is not None:
            lane.late.cancel()
            lane.late = None
        waiting, most = lane.waiting, _MOST_TOGETHER
        if lane.seconds:
            fitting = int(_TOGETHER_SECONDS * lane.answered / lane.seconds)
            most = min(most, max(fitting, _LEAST_TOGETHER))
        if waiting[:1] and not waiting[0].values:
            # One question, however many ask it.
            most = len(waiting)
        going, lane.waiting = waiting[:most], waiting[most:]
        if lane.waiting:
            loop = asyncio.get_running_loop()
            lane.late = loop.call_later(_LONGEST_WAIT_SECONDS, self._go, lane)
        # In a context of its own: it belongs to no request.
        task = asyncio.get_running_loop().create_task(self._answer(lane, going), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, lane: _Lane, going: list[_Asked]) -> None:
        try:
            going = [asked for asked in going if not asked.found.done()]
            if len(going) == 1 or not await self._answered(lane, going):
                await asyncio.gather(*(self._answer_alone(lane, asked) for asked in going))
        finally:
            for asked in going:
                if not asked.found.done():
                    asked.found.cancel()
            self._next(lane)

    async def _answered(self, lane: _Lane, going: list[_Asked]) -> bool:
        """Read for all of them at once; return False where each has to find out for itself."""
        if not going:
            return True
        # Equal questions have one answer.
        places: dict[Any, int] = {}
        try:
            at = [places.setdefault(tuple(asked.values), len(places)) for asked in going]
        except TypeError:
            at = list(range(len(going)))
            sets = [(*asked.values, number) for number, asked in enumerate(going)]
        else:
            sets = [(*values, number) for values, number in places.items()]
        untils = [asked.until for asked in going]
        until = None if None in untils else max(each for each in untils if each is not None)
        began = time.monotonic()
        try:
            parts = await self._found(lane, sets, until)
        except Exception:  # noqa: BLE001 - one of them may be wrong, or the connection was lost
            return False
        _note(lane, began, len(sets))
        self.merged += len(going)
        for asked, number in zip(going, at, strict=True):
            if not asked.found.done():
                # A list of its own: who has asked may turn it round.
                asked.found.set_result(parts[number].copy())
        return True

    async def _found(
        self, lane: _Lane, sets: Sequence[Sequence[Any]], until: float | None
    ) -> list[_Rows]:
        """Return the rows for each set of values, the last of which is its number."""
        if len(sets) == 1:
            async with asyncio.timeout_at(until):
                return [await self._alone(lane.statement, sets[0][:-1], lane.rows)]
        statement = turned(lane.statement, len(sets[0]) - 1)
        parts: list[_Rows] = [NumberedRows() for _ in sets]
        for row in await self._together(statement, list(sets), lane.rows, until):
            parts[row[-1]].append(row)
        return parts

    async def _answer_alone(self, lane: _Lane, asked: _Asked) -> None:
        if asked.found.done():
            return
        try:
            # Nobody ends this when whoever asked has gone.
            async with asyncio.timeout_at(asked.until):
                found = await self._alone(lane.statement, asked.values, lane.rows)
        except Exception as error:  # noqa: BLE001 - because it belongs to whoever asked
            if not asked.found.done():
                asked.found.set_exception(error)
        else:
            if not asked.found.done():
                asked.found.set_result(found)


def turned(statement: str, values: int) -> str:
    """Return a statement of so many values whose rows tell last for which set they are."""
    return f"SELECT r.*, ${values + 1}::int4 FROM ({statement}) r"  # noqa: S608 - constants and a number


def _note(lane: _Lane, began: float, answered: int) -> None:
    now = time.monotonic()
    lane.seconds = lane.seconds * _REMEMBERED + now - began
    lane.answered = lane.answered * _REMEMBERED + answered
    if lane.seconds > lane.answered * _QUICK_SECONDS:
        lane.apart_until = now + _APART_SECONDS
        lane.seconds = lane.answered = 0.0


def _future() -> asyncio.Future[_Rows]:
    return asyncio.get_running_loop().create_future()
