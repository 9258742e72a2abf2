"""How far long work is: imports, publications of many, allocations; seen in graph and terminal.

    async with operation(database, kind="score_import", by=actor.id, clock=clock) as progress:
        await progress.expect(len(rows))
        for row in rows:
            ...
            await progress.advance()

What is told here is seen at once, also while the work itself is in a transaction that is not
committed yet. Work that ends with an exception is FAILED; work whose process was killed falls
silent and is called interrupted (`fail_interrupted`). Work in one transaction says in it that it is
done (`Progress.succeed`): it is shown as done exactly where it was committed, also where nobody was
told of that. Work that turns out to be done already, by the same request sent before, is shown once
(`Progress.forget`).
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7
from zhupei.db.models import OperationRow
from zhupei.db.reading import Condition, Order, PageQuery, among, any_of, read_objects
from zhupei.db.tables import RowSource, column, columns, member, restored_from
from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = [
    "OPERATIONS",
    "Operation",
    "OperationState",
    "Progress",
    "fail_interrupted",
    "operation",
    "operation_of",
    "operation_query",
    "operations_of",
]

# The database is told at most this often, so that telling costs no time.
_EVERY_SECONDS = 0.5
_SILENT_AFTER = timedelta(minutes=2)
_INTERRUPTED = Text("处理中断：进程已终止", "interrupted: its process ended")
_FAILED = Text("处理失败，原因见服务日志", "it failed; the server's log says why")


class OperationState(StrEnum):
    """Whether long work goes on or how it ended."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One piece of long work; ``total`` None while nobody knows how much there is."""

    id: UUID
    kind: str
    state: OperationState
    base: str | None
    program: str | None
    started_by: str
    stage: str | None
    done: int
    total: int | None
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    result: Mapping[str, Any] | None
    problem: Text | None


@dataclass(slots=True)
class Progress:
    """The work's side of an operation; made by `operation`.

    ``watch`` is called with every change, for instance to draw a line in a terminal.
    """

    id: UUID
    clock: Callable[[], datetime]
    watch: Callable[[Progress], None] | None = None
    stage: str | None = None
    done: int = 0
    total: int | None = None
    result: dict[str, Any] = field(default_factory=dict)
    _context: contextvars.Context = field(default_factory=contextvars.copy_context, repr=False)
    _told_at: float = 0.0
    _forgotten: bool = False

    async def expect(self, total: int | None, stage: str | None = None) -> None:
        """Say how much there is to do from now on (None: unknown), and what is done first."""
        self.total, self.done, self.stage = total, 0, stage
        await self._tell(at_once=True)

    async def advance(self, by: int = 1) -> None:
        """Say that more is done; the database hears of it every half second."""
        self.done += by
        if self.total is not None and self.done > self.total:
            self.total = self.done
        await self._tell()

    async def _tell(self, *, at_once: bool = False) -> None:
        if self.watch is not None:
            self.watch(self)
        now = time.monotonic()
        if not at_once and now - self._told_at < _EVERY_SECONDS:
            return
        self._told_at = now
        values = {"stage": self.stage, "done": self.done, "total": self.total}
        await self.outside(self._update(**values))

    async def _update(self, *also: OperationState, **values: Any) -> None:
        """Write values while it runs, or is in a state of ``also``."""
        states = [each.value for each in (OperationState.RUNNING, *also)]
        await OperationRow.filter(id=self.id, state__in=states).update(
            seen_at=self.clock(), **values
        )

    async def _leave(self) -> None:
        await OperationRow.filter(id=self.id).delete()

    async def outside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the context of the operation's beginning: outside any transaction."""
        # A task of its own: a transaction is bound to the context that opened it.
        await asyncio.create_task(work, context=self._context.copy())

    async def succeed(self, **result: Any) -> None:
        """Write that it is done, in the transaction of the work, of which this is the last thing.

        Committed with the work or not at all. Where the connection is lost over the COMMIT, or the
        process ends just then, the database knows how it ended, and `end` does not say otherwise.
        Nothing may be told from here to the COMMIT: it would wait for this transaction.
        """
        # Here nothing is noted: the transaction may be taken back, and the work be tried again.
        ended = self._ended(OperationState.SUCCEEDED, None)
        done = self.done if self.total is None else self.total
        await self._update(**ended | {"done": done, "result": {**self.result, **result} or None})

    def forget(self) -> None:
        """Say that the same request did it before: with the end it is as if it had not begun."""
        self._forgotten = True

    async def end(self, state: OperationState, problem: Text | None = None) -> None:
        """Write how it ended; what was done before is not shown a second time."""
        if self._forgotten and state is OperationState.SUCCEEDED:
            await self.outside(self._leave())
            return
        # What the work's own transaction wrote stays, but for what is known since.
        also = (state,) if state is OperationState.SUCCEEDED else ()
        await self.outside(self._update(*also, **self._ended(state, problem)))
        if self.watch is not None:
            self.watch(self)

    def _ended(self, state: OperationState, problem: Text | None) -> dict[str, Any]:
        return {
            "state": state.value,
            "stage": self.stage,
            "done": self.done,
            "total": self.total,
            "finished_at": self.clock(),
            "result": self.result or None,
            "problem": None if problem is None else {"zh": problem.zh, "en": problem.en},
        }


@contextlib.asynccontextmanager
async def operation(
    database: Database,
    *,
    kind: str,
    by: str,
    clock: Callable[[], datetime],
    base: str | None = None,
    program: str | None = None,
    total: int | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> AsyncIterator[Progress]:
    """Begin long work, and note how it ends; ``kind`` is a word such as ``score_import``.

    What the work puts into ``progress.result`` (figures, ids, never personal data) is kept. An
    exception of the work ends it FAILED, with the message of a `ZhupeiError` and none of another's.
    Enter it before a transaction, not inside one.
    """
    with database.use():
        progress = Progress(id=uuid7(), clock=clock, watch=watch, total=total)
        now = clock()
        await OperationRow.create(
            id=progress.id,
            kind=kind,
            state=OperationState.RUNNING.value,
            base_code=base,
            program_code=program,
            started_by=by,
            total=total,
            started_at=now,
            seen_at=now,
        )
        try:
            yield progress
        except BaseException as error:
            # Also where it is cancelled, if the database can still be reached.
            with contextlib.suppress(Exception):
                await progress.end(
                    OperationState.FAILED,
                    error.message if isinstance(error, ZhupeiError) else _FAILED,
                )
            raise
        await progress.end(OperationState.SUCCEEDED)


async def fail_interrupted(now: datetime) -> int:
    """Call long work that fell silent interrupted, and return how much of it there was."""
    return await OperationRow.filter(
        state=OperationState.RUNNING.value, seen_at__lt=now - _SILENT_AFTER
    ).update(
        state=OperationState.FAILED.value,
        finished_at=now,
        problem={"zh": _INTERRUPTED.zh, "en": _INTERRUPTED.en},
    )


OPERATIONS = RowSource(
    described=Operation,
    model=OperationRow,
    alias="o",
    attributes={
        **columns("id", "kind", "started_by", "stage", "done", "total", "started_at", "seen_at"),
        **columns("finished_at", base="base_code", program="program_code"),
        "state": member(OperationState, "state"),
        "result": column("result", json.loads),
        "problem": restored_from(Text, "problem"),
    },
)
"""Long work, as `Operation` has it."""


def operation_query(
    names: Iterable[str] | None,
    *,
    operation: UUID | None = None,
    by: str | None = None,
    bases: frozenset[str] | None = None,
    running: bool | None = None,
) -> PageQuery:
    """Ask for work of an actor or of some bases (None: all), the newest first.

    ``names`` None asks for all attributes.
    """
    conditions = []
    if bases is not None:
        reached = [among("o.base_code", sorted(bases), "text")]
        if by is not None:
            reached.append(Condition("o.started_by = ?", (by,)))
        conditions.append(any_of(reached))
    if operation is not None:
        conditions.append(Condition("o.id = ?", (operation,)))
    if running is not None:
        state = OperationState.RUNNING.value
        conditions.append(Condition(f"o.state {'=' if running else '<>'} ?", (state,)))
    return PageQuery(
        source=OPERATIONS,
        conditions=tuple(conditions),
        order=Order("o.id", descending=True),
        view=OPERATIONS.view(names),
    )


async def operation_of(operation: UUID) -> Operation | None:
    """Return one operation; the caller asks whether it may be seen."""
    found = await operations_of(operation=operation, first=1)
    return found[0] if found else None


async def operations_of(*, first: int, **limits: Any) -> tuple[Operation, ...]:
    """Return the newest operations within the limits of `operation_query`."""
    return tuple(await read_objects(operation_query(None, **limits), first))
