"""Answers made of rows, given again as long as the same rows are read for them.

A front end that waits for news sends the same bytes with the same token every few seconds, and most
of the time nothing is new. What such a request costs is mostly to find out once more who may see
what, and to write the same text. Here the statements that the answer was made of are asked again
with the same values. As long as the same rows come, the answer is the same text; with the first row
that differs it is made anew, out of what was just read. And as long as nobody has written anything
at all since they were there (`zhupei.db.moments`), they need not be asked again.

It is kept only where nothing else had a say (`zhupei.noted_reads`): not the clock, no hook of a
plugin, no other use of the database. Who asks is found out each time, and has to be the same
account with the same roles and scopes; the catalogue and the plugins have to be those of before.
Rates, load, figures and the log count such a request as any other. Whatever stands against it sends
the request the usual way, which knows how to refuse.

Of few rows only a digest is read, once it is known which one is theirs. With the answer its rows or
their digest are kept for as long as the request's bytes (`zhupei.web.read_requests`):
at most a minute after they came last, in the memory of the process alone.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.types import Scope

from zhupei.db.moments import Moment, Moments, follows_from_rows
from zhupei.domain.actors import Actor
from zhupei.graphql.limits import Guard, TimeLimits
from zhupei.graphql.limits.rates import Meter
from zhupei.noted_reads import NotedRead
from zhupei.web.checked_rows import RowsCheck, size_of
from zhupei.web.guards import Gate, address_of
from zhupei.web.logs import current_operation, current_request_id, log_access
from zhupei.web.read_requests import READ, ReadRequest
from zhupei.web.repeated_requests import PACKET
from zhupei.web.request_ids import RequestIds
from zhupei.web.sending import Headers, head_of

if TYPE_CHECKING:
    from zhupei.db.connection import Database
    from zhupei.hooks.dispatch import Dispatcher
    from zhupei.hooks.manager import PluginHost
    from zhupei.services.sign_in import SignIn

__all__ = ["AT_HAND", "MADE_OF_ROWS", "MadeOfRows", "RevalidatedAnswers", "Served", "Write"]

MADE_OF_ROWS = "zhupei.made_of_rows"
"""In the scope of a request: what its answer was made of (`MadeOfRows`), if nothing else was."""
AT_HAND = "zhupei.at_hand"
"""In the scope of a request: what was read for it already (`NotedRead`)."""

# What takes longer is worth more than a second attempt; the usual way has its own time for it.
_SECONDS = 0.25
_REST_SECONDS = 5.0
_MOST_READS = 4
_LARGEST = 512 << 10
# After a row that differed, an answer is kept again only when it was asked for so often.
_MOST_PATIENCE = 16

_OK = 200
_WHO_ASKS = "actor_from_request"


class Served(NamedTuple):
    """What answers are made by: the catalogue, and the plugins in their present state."""

    catalogue: Any
    dispatcher: Dispatcher
    host: PluginHost
    version: int

    @classmethod
    def by(cls, catalogue: Any, dispatcher: Dispatcher) -> Served:
        """Return what answers are made by now."""
        host = dispatcher.host
        return cls(catalogue, dispatcher, host, host.version)


class _By(NamedTuple):
    """What an answer was made by, which is not kept for it."""

    catalogue: weakref.ref[Any]
    host: weakref.ref[PluginHost]
    version: int

    @classmethod
    def of(cls, served: Served) -> _By:
        return cls(weakref.ref(served.catalogue), weakref.ref(served.host), served.version)

    def is_as(self, served: Served) -> bool:
        """Return whether that is what answers are made by."""
        return (
            self.catalogue() is served.catalogue
            and self.host() is served.host
            and self.version == served.version
        )


@dataclass(frozen=True, slots=True)
class MadeOfRows:
    """What an answer was made of, by what, and for whom; ``cost`` is what it counts as."""

    served: Served
    actor: Actor | None
    operation: str | None
    shown: str | None
    cost: int
    reads: Sequence[NotedRead]


@dataclass(slots=True, eq=False)
class _Kept:
    """An answer with what has to be the same: ``checks``, one for each statement.

    ``moment`` is one of which that is known; not where ``by_moment`` says that a statement cannot
    be told by one. ``token`` is what the request's token is remembered by, None without one.
    ``address`` is what a proxy said, None for the peer's; ``meter`` counts for one of ``host``.
    ``head`` ends where the request's id is to follow.
    """

    by: _By
    operation: str | None
    shown: str | None
    cost: int
    checks: Sequence[RowsCheck]
    token: bytes | None
    actor: Actor | None
    address: str | None
    host: str
    meter: Meter
    path: str
    head: bytes
    body: bytes
    by_moment: bool
    moment: Moment | None = None


Write = Callable[[bytes, bytes], bool]
"""Writes an answer of status 200, its head and body; tells whether that could be done now."""


class RevalidatedAnswers:
    """Answers requests that were read before out of what was answered then, if its rows are there.

    Args:
        served: returns what answers are made by now; None where there is nothing yet.
        sign_in: knows who was there a moment ago.
        gate: what is under way, and whether more can be let in.
        guard: who may run an operation now.
        database: where the rows are.
        responded: who is told of every response's method and status.
        watch: who is told of every operation's name, outcome and seconds.
        access_log: whether each request gets a log line.

    """

    def __init__(
        self,
        *,
        served: Callable[[], Served | None],
        sign_in: SignIn,
        gate: Gate,
        guard: Guard,
        database: Database,
        responded: Callable[[str, int], None],
        watch: Callable[[str | None, str, float], None],
        access_log: bool = False,
    ) -> None:
        self._served = served
        self._sign_in = sign_in
        self._gate = gate
        self._guard = guard
        self._database = database
        self._moments = Moments(database.read)
        self._responded = responded
        self._watch = watch
        self._access_log = access_log
        self._ids = RequestIds()
        self._limits = TimeLimits(_SECONDS)
        self._rests_until = 0.0
        self.given = self.missed = 0
        """How often an answer was given again, and how often its rows were others."""

    def keep(self, scope: Scope, status: int, headers: Headers, body: bytes) -> None:
        """Keep what was sent to a request whose scope holds `READ` and `MADE_OF_ROWS`."""
        made: MadeOfRows = scope.pop(MADE_OF_ROWS)
        read: ReadRequest = scope[READ]
        by = _By.of(made.served)
        if not self._is_by(by):
            return
        if status != _OK or not 0 < len(made.reads) <= _MOST_READS:
            return
        if made.served.dispatcher.asks_plugins(_WHO_ASKS):
            return
        if read.patience:
            read.patience -= 1
            return
        head = head_of(headers, body)
        checks = list(map(RowsCheck, made.reads))
        sizes = [size_of(check.rows) for check in checks]
        size = len(body) + sum(each or 0 for each in sizes)
        if head is None or size > _LARGEST or None in sizes:
            return
        authorization = dict(read.scope["headers"]).get(b"authorization")
        token = None
        if authorization is not None:
            token = self._sign_in.digest_in(authorization.decode("latin-1"))
        address = address_of(scope)
        meter = self._gate.rates.meter(address, made.actor, made.cost)
        if (token is None) is not (made.actor is None) or meter is None:
            return
        head += b"x-request-id: "
        kept = _Kept(
            by=by,
            operation=made.operation,
            shown=made.shown,
            cost=made.cost,
            checks=checks,
            token=token,
            actor=made.actor,
            # Where a proxy is believed, its address is part of what tells requests apart.
            address=address if " " in scope[PACKET][0] else None,
            host=address,
            meter=meter,
            path=scope["path"],
            head=head,
            body=body,
            by_moment=all(follows_from_rows(each.statement) for each in made.reads),
        )
        read.holds(read, kept, size)

    async def give(
        self,
        read: ReadRequest,
        host: str,
        write: Write,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> Sequence[NotedRead] | None:
        """Give the answer again, if it still is the answer and can be given now: None.

        Else return what was read for it meanwhile. ``host`` is the address of the peer, and
        ``headers`` are those of the request where they may bring its id along.
        """
        kept: _Kept | None = read.answered
        if kept is None or not self._stands(read, kept) or time.monotonic() < self._rests_until:
            return ()
        gate, guard, address = self._gate, self._guard, kept.address or host
        if address != kept.host:
            self._count_for(kept, address)
        # Another request may come from elsewhere meanwhile.
        meter = kept.meter
        if gate.is_busy() or gate.is_full(address) or not meter.fits() or not guard.begin():
            return ()
        began = time.perf_counter()
        entered = gate.enter(address)
        try:
            with self._limits.limit():
                known = await self._differing(kept)
        except Exception:  # noqa: BLE001 - whatever it is, the usual way meets it as well, and tells it
            # Nor is a database in trouble asked twice by everybody.
            self._rests_until = time.monotonic() + _REST_SECONDS
            return ()
        finally:
            guard.end()
            gate.leave(entered)
        if known is None:
            # Another request may have taken meanwhile what was left.
            if meter.fits() and self._written(kept, write, began, headers):
                meter.count()
                read.misses = 0
                return None
            return ()
        self.missed += 1
        read.patience = read.misses
        read.misses = min(2 * read.misses + 1, _MOST_PATIENCE)
        read.holds(read, None, 0)
        return known

    async def _differing(self, kept: _Kept) -> Sequence[NotedRead] | None:
        """Return what was read where not all of it is as it was; None where the answer holds."""
        # Before the rows: what is written between them makes the next moment another one.
        until = asyncio.get_running_loop().time() + _SECONDS
        moment = await self._moments.now(until) if kept.by_moment else None
        if moment is not None and moment == kept.moment:
            return None
        asked = [check.asked for check in kept.checks]
        reading = [self._database.read(*each, until) for each in asked]
        found = [await reading[0]] if len(asked) == 1 else await asyncio.gather(*reading)
        if all(map(RowsCheck.is_same, kept.checks, asked, found)):
            kept.moment = moment
            return None
        known = map(RowsCheck.read_by, kept.checks, asked, found)
        return [each for each in known if each is not None]

    def _stands(self, read: ReadRequest, kept: _Kept) -> bool:
        """Return whether who asks, and what answers, is as before."""
        if self._is_by(kept.by):
            token = kept.token
            actor = None if token is None else self._sign_in.remembered_by(token)
            if actor is kept.actor:
                return True
            if actor is not None and actor == kept.actor:
                kept.actor = actor
                return True
        # Somebody who has to be looked up may not be who they were, and the answer is made anew in
        # any case; nor may what is theirs stay for as long as they go on asking.
        read.holds(read, None, 0)
        return False

    def _is_by(self, by: _By) -> bool:
        now = self._served()
        return now is not None and by.is_as(now)

    def _count_for(self, kept: _Kept, host: str) -> None:
        meter = self._gate.rates.meter(host, kept.actor, kept.cost)
        if meter is not None:
            kept.host, kept.meter = host, meter

    def _written(
        self, kept: _Kept, write: Write, began: float, headers: Sequence[tuple[bytes, bytes]]
    ) -> bool:
        """Write the answer, and count it as any other; return whether that could be done now."""
        request_id = self._ids.of(headers)
        if not write(b"%b%b\r\n" % (kept.head, request_id), kept.body):
            return False
        self.given += 1
        seconds = time.perf_counter() - began
        self._watch(kept.operation, "unchanged", seconds)
        self._responded("POST", _OK)
        if self._access_log:
            _log(kept, request_id.decode(), seconds)
        return True


def _log(kept: _Kept, request_id: str, seconds: float) -> None:
    token = current_request_id.set(request_id)
    operation = current_operation.set(kept.shown)
    try:
        log_access("POST", kept.path, _OK, seconds)
    finally:
        current_operation.reset(operation)
        current_request_id.reset(token)
