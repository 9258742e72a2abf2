"""Changes: told to whoever watches, in every process, once they are committed.

`announce` is called inside the transaction of a change (NOTIFY): nobody hears of what is rolled
back, and nobody hears of it before others can read it. A `ChangeFeed` listens on a connection of
its own, one for a process. It carries identifiers only: who may see what is decided when it is
delivered, by whoever reads it then.

What is missed is never lost silently. Each watch begins with `Missed`, and is told so again when
the connection was lost meanwhile or when its watcher was too slow: then it reads again what it
shows. Several changes of one application that nobody has taken yet are one.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.connection import DatabaseUnavailableError
from zhupei.domain.admission_case import AdmissionCase

__all__ = [
    "ApplicationChanged",
    "Change",
    "ChangeFeed",
    "FeedClosedError",
    "Missed",
    "RoundChangeKind",
    "RoundChanged",
    "Watch",
    "announce",
    "application_changed",
]

_log = logging.getLogger("zhupei.changes")

_CHANNEL = "zhupei_changes"
# Seconds between two tries to reach the server again, doubled from the first to the longest.
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0
# A connection whose other end vanished without a word says nothing: it is asked now and then.
_QUESTION_SECONDS = 30.0
_ANSWER_SECONDS = 10.0
_READY_SECONDS = 10.0


class RoundChangeKind(StrEnum):
    """What happened to a round as a whole."""

    FROZEN = "FROZEN"
    FREEZE_LIFTED = "FREEZE_LIFTED"
    LIST_PUBLISHED = "LIST_PUBLISHED"
    LIST_WITHDRAWN = "LIST_WITHDRAWN"
    PLAN_CHANGED = "PLAN_CHANGED"
    WINDOW_OPENED = "WINDOW_OPENED"
    WINDOW_CLOSED = "WINDOW_CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChanged:
    """That an application changed: its identifiers and the codes of where it is filed.

    ``round`` is empty where the program has no rounds.
    """

    application: UUID
    applicant: UUID
    base: str
    program: str
    root_program: str
    round: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundChanged:
    """That a round of a topmost program changed, with all the programs below it.

    ``window`` is the kind of the window that opened or closed.
    """

    root_program: str
    round: str
    kind: RoundChangeKind
    window: str | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """That changes may have been missed: whoever watches reads again what it shows."""


Change = ApplicationChanged | RoundChanged


class FeedClosedError(Exception):
    """The process stops, or the feed does: nothing more will be delivered."""


def application_changed(case: AdmissionCase) -> ApplicationChanged:
    """Return what tells that a case changed."""
    return ApplicationChanged(
        application=case.id,
        applicant=case.applicant,
        base=case.base,
        program=case.program,
        root_program=case.root_program,
        round=case.round or "",
    )


async def announce(connection: BaseDBAsyncClient, changes: Iterable[Change]) -> None:
    """Tell of changes when the transaction of ``connection`` commits, and only then."""
    payloads = list(dict.fromkeys(_written(change) for change in changes))
    if payloads:
        await connection.execute_query_dict(
            "SELECT pg_notify($1, each) FROM unnest($2::text[]) AS each", [_CHANNEL, payloads]
        )


class Watch:
    """One watcher's changes: taken one at a time, coalesced while nobody takes them.

    Made by `ChangeFeed.watch`. ``most`` changes are kept; beyond that all of them become `Missed`.
    """

    def __init__(self, wanted: Callable[[Change], bool], most: int) -> None:
        self._wanted, self._most = wanted, most
        self._waiting: dict[object, Change | Missed] = {}
        self._some = asyncio.Event()
        self._closed = False
        self.miss()

    def offer(self, change: Change) -> None:
        """Keep a change that is wanted; one that is kept already stays where it is."""
        if Missed in self._waiting or not self._wanted(change):
            return
        key = change.application if isinstance(change, ApplicationChanged) else change
        self._waiting.setdefault(key, change)
        if len(self._waiting) > self._most:
            self.miss()
        self._some.set()

    def miss(self) -> None:
        """Replace what waits: the watcher reads everything again anyway."""
        self._waiting = {Missed: Missed()}
        self._some.set()

    def close(self) -> None:
        """End the watch: whoever waits gets `FeedClosedError` at once."""
        self._closed = True
        self._some.set()

    async def take(self, within: float | None = None) -> Change | Missed | None:
        """Return the next change; None when there is none within so many seconds.

        Raises FeedClosedError once the feed is closed; what still waits is dropped.
        """
        if not self._some.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._some.wait()
        if self._closed:
            raise FeedClosedError
        if not self._waiting:
            return None
        key = next(iter(self._waiting))
        taken = self._waiting.pop(key)
        if not self._waiting:
            self._some.clear()
        return taken


class ChangeFeed:
    """The changes of the database as this process hears them.

    It begins to listen with the first watch and does so until `close`.

    Args:
        connect: opens a connection of its own, or raises DatabaseUnavailableError.

    """

    def __init__(
        self, connect: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]
    ) -> None:
        self._connect = connect
        self._watches: set[Watch] = set()
        self._listening: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the process stops, so that watches ended without being over."""
        return self._closed

    @property
    def watches(self) -> int:
        """How many watch now."""
        return len(self._watches)

    @contextlib.asynccontextmanager
    async def watch(
        self, wanted: Callable[[Change], bool], *, most: int = 1000
    ) -> AsyncIterator[Watch]:
        """Watch the changes for which ``wanted`` is true.

        Raises:
            DatabaseUnavailableError: the server cannot be listened to within 10 s.
            FeedClosedError: the process is stopping.

        """
        if self._closed:
            raise FeedClosedError
        if self._task is None:
            self._listening = asyncio.Event()
            # A context of its own: it outlives the request that happened to be first.
            self._task = asyncio.create_task(self._listen(), context=contextvars.Context())
        watch = Watch(wanted, most)
        self._watches.add(watch)
        try:
            await self._ready()
            yield watch
        finally:
            self._watches.discard(watch)

    def close(self) -> None:
        """End every watch and stop listening; returns at once."""
        self._closed = True
        for watch in self._watches:
            watch.close()
        if self._listening is not None:
            self._listening.set()
        if self._task is not None:
            self._task.cancel()

    async def aclose(self) -> None:
        """Close, and wait until the connection is given up."""
        self.close()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _ready(self) -> None:
        if self._listening is None:
            raise FeedClosedError
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._listening.wait()
        except TimeoutError:
            # Raises what stands against it now.
            await (await self._connect()).close()
        if self._closed:
            raise FeedClosedError

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async with contextlib.aclosing(_Listener(await self._connect())) as listener:
                    await listener.listen(self._received)
                    pause = _FIRST_PAUSE_SECONDS
                    # Only now: what is read from here on cannot miss what is told from here on.
                    for watch in self._watches:
                        watch.miss()
                    if self._listening is not None:
                        self._listening.set()
                    await listener.until_lost()
            except (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
                _log.debug("no connection to listen on", extra={"error": type(e).__name__})
            except OSError as error:
                _log.debug("the connection was lost", extra={"error": type(error).__name__})
            if self._listening is not None:
                self._listening.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _received(self, payload: str) -> None:
        try:
            change = _read(payload)
        except (ValueError, TypeError):
            # Of a release that knows more than this one.
            _log.warning("a change could not be read")
            for watch in self._watches:
                watch.miss()
            return
        for watch in self._watches:
            watch.offer(change)


class _Listener:
    """One connection that listens."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: self._lost.set())

    async def listen(self, received: Callable[[str], None]) -> None:
        await self._connection.add_listener(
            _CHANNEL, lambda _connection, _pid, _channel, payload: received(str(payload))
        )

    async def until_lost(self) -> None:
        while not self._connection.is_closed():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_QUESTION_SECONDS):
                    await self._lost.wait()
                return
            await self._connection.execute("SELECT 1", timeout=_ANSWER_SECONDS)

    async def aclose(self) -> None:
        # Not close(): that waits for an answer of a server that may be gone.
        self._connection.terminate()


def _written(change: Change) -> str:
    if isinstance(change, ApplicationChanged):
        parts = [
            "application",
            str(change.application),
            str(change.applicant),
            change.base,
            change.program,
            change.root_program,
            change.round,
        ]
    else:
        window = () if change.window is None else (change.window,)
        parts = ["round", change.root_program, change.round, change.kind.value, *window]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _read(payload: str) -> Change:
    kind, *parts = json.loads(payload)
    if kind == "application":
        application, applicant, base, program, root_program, round_code = parts
        return ApplicationChanged(
            application=UUID(application),
            applicant=UUID(applicant),
            base=base,
            program=program,
            root_program=root_program,
            round=round_code,
        )
    if kind != "round":
        raise ValueError(kind)
    root_program, round_code, what, *window = parts
    return RoundChanged(
        root_program=root_program,
        round=round_code,
        kind=RoundChangeKind(what),
        window=window[0] if window else None,
    )
