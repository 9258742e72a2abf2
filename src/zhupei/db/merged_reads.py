"""Reads of different requests in one exchange with the server, where they ask the same statement.

What a small statement costs is mostly the exchange itself: to borrow a connection, to send, to be
woken up, on both sides. Under load many requests ask the same statement with other values at the
same time. Those that come in the same turn of the event loop, or while others are under way, go
together: the server gets all sets of values at once and answers them one after the other, each with
its own snapshot, taken after its request came. Who comes alone waits for nobody.

Only what is quick is merged, and as many different questions as are answered within some
milliseconds, so that this process has something to do meanwhile. A statement that takes long would
make others wait that could run beside it; for those nothing changes.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from itertools import islice
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


_Question = list[_Asked]
"""All who ask a statement with equal values; it has one answer."""


@dataclass(slots=True, eq=False)
class _Lane:
    """One statement: who is under way, who waits, and how long they took lately."""

    statement: str
    rows: type[Any]
    busy: bool = False
    waiting: dict[Any, _Question] = field(default_factory=dict)
    late: asyncio.TimerHandle | None = None
    went: float = 0.0
    seconds: float = 0.0
    answered: float = 0.0
    apart_until: float = 0.0

    def add(self, asked: _Asked) -> None:
        key: Any = tuple(asked.values)
        try:
            known = self.waiting.get(key)
        except TypeError:
            # What cannot be compared is a question of its own.
            key, known = object(), None
        if known is None:
            self.waiting[key] = [asked]
        else:
            known.append(asked)

    def add_first(self, asked: _Asked) -> None:
        others, self.waiting = self.waiting, {}
        self.add(asked)
        for key, question in others.items():
            self.waiting.setdefault(key, []).extend(question)

    def take(self) -> list[_Question]:
        """Take as many questions as go next, without those that nobody asks any more."""
        most = _MOST_TOGETHER
        if self.seconds:
            fitting = int(_TOGETHER_SECONDS * self.answered / self.seconds)
            most = min(most, max(fitting, _LEAST_TOGETHER))
        if len(self.waiting) <= most:
            taken, self.waiting = [*self.waiting.values()], {}
        else:
            taken = [self.waiting.pop(key) for key in [*islice(self.waiting, most)]]
        self.went = time.monotonic()
        going = []
        for question in taken:
            asked = [each for each in question if not each.found.done()]
            if asked:
                going.append(asked)
        return going


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
            asked = _Asked(values, _future(), until)
            lane.add(asked)
            if lane.late is None:
                # Whoever is under way may have met a lock.
                self._look_later(lane, _LONGEST_WAIT_SECONDS)
            return await asked.found
        lane.busy = True
        try:
            # Whoever comes in this turn of the loop comes along.
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._next(lane)
            raise
        if lane.waiting:
            asked = _Asked(values, _future(), until)
            lane.add_first(asked)
            self._go(lane)
            return await asked.found
        lane.went = time.monotonic()
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

    def _next(self, lane: _Lane) -> None:
        """Let those go who waited; the next one to come goes at once where there are none."""
        if lane.waiting:
            self._go(lane)
        else:
            lane.busy = False

    def _look_later(self, lane: _Lane, seconds: float) -> None:
        lane.late = asyncio.get_running_loop().call_later(seconds, self._look, lane)

    def _look(self, lane: _Lane) -> None:
        """Let those go who wait where none have gone for too long."""
        lane.late = None
        if not lane.waiting:
            return
        left = lane.went + _LONGEST_WAIT_SECONDS - time.monotonic()
        if left > 0:
            self._look_later(lane, left)
        else:
            self._go(lane)

    def _go(self, lane: _Lane) -> None:
        # In a context of its own: it belongs to no request.
        task = asyncio.get_running_loop().create_task(self._answer(lane), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, lane: _Lane) -> None:
        """Answer those who wait, one set of questions after the other, until nobody does."""
        try:
            while lane.waiting:
                going = lane.take()
                if lane.waiting and lane.late is None:
                    self._look_later(lane, _LONGEST_WAIT_SECONDS)
                try:
                    if len(going) > 1 or (going and len(going[0]) > 1):
                        going = await self._left(lane, going)
                    if len(going) == 1:
                        await self._answer_one(lane, going[0])
                    elif going:
                        await asyncio.gather(*(self._answer_one(lane, each) for each in going))
                except BaseException:
                    for question in going:
                        for asked in question:
                            asked.found.cancel()
                    raise
        finally:
            self._next(lane)

    async def _left(self, lane: _Lane, going: list[_Question]) -> list[_Question]:
        """Read for all of them at once; return those that have to find out for themselves."""
        began = time.monotonic()
        try:
            if len(going) == 1:
                _give(going[0], await self._found(lane, going[0]))
            else:
                sets: list[Sequence[Any]] = [
                    (*question[0].values, number) for number, question in enumerate(going)
                ]
                statement = turned(lane.statement, len(sets[0]) - 1)
                until = _last([each for question in going for each in question])
                parts: list[_Rows] = [NumberedRows() for _ in sets]
                for row in await self._together(statement, sets, lane.rows, until):
                    parts[row[-1]].append(row)
                for question, found in zip(going, parts, strict=True):
                    _give(question, found)
        except Exception:  # noqa: BLE001 - one of them may be wrong, or the connection was lost
            return going
        _note(lane, began, len(going))
        self.merged += sum(map(len, going))
        return []

    async def _found(self, lane: _Lane, question: _Question) -> _Rows:
        # Nobody ends this when whoever asked has gone.
        async with asyncio.timeout_at(_last(question)):
            return await self._alone(lane.statement, question[0].values, lane.rows)

    async def _answer_one(self, lane: _Lane, question: _Question) -> None:
        question = [asked for asked in question if not asked.found.done()]
        if not question:
            return
        try:
            found = await self._found(lane, question)
        except Exception as error:  # noqa: BLE001 - because it belongs to whoever asked
            for asked in question:
                if not asked.found.done():
                    asked.found.set_exception(error)
        else:
            _give(question, found)


def turned(statement: str, values: int) -> str:
    """Return a statement of so many values whose rows tell last for which set they are."""
    return f"SELECT r.*, ${values + 1}::int4 FROM ({statement}) r"  # noqa: S608 - constants and a number


def _last(asked: Sequence[_Asked]) -> float | None:
    """Return when the last of them gives up; None for never."""
    untils = [each.until for each in asked]
    return None if None in untils else max(each for each in untils if each is not None)


def _give(question: _Question, found: _Rows) -> None:
    given = False
    for asked in question:
        if not asked.found.done():
            # A list of its own: who has asked may turn it round.
            asked.found.set_result(found.copy() if given else found)
            given = True


def _note(lane: _Lane, began: float, answered: int) -> None:
    now = time.monotonic()
    lane.seconds = lane.seconds * _REMEMBERED + now - began
    lane.answered = lane.answered * _REMEMBERED + answered
    if lane.seconds > lane.answered * _QUICK_SECONDS:
        lane.apart_until = now + _APART_SECONDS
        lane.seconds = lane.answered = 0.0


def _future() -> asyncio.Future[_Rows]:
    return asyncio.get_running_loop().create_future()
