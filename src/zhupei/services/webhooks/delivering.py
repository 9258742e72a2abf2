"""Delivering events: each is tried until its endpoint takes it, or for as long as is tried.

A worker takes a delivery for itself by a lease, sends it, and notes the answer. When the worker
is killed in between, the lease ends and another one sends it again under the same id: an event
may arrive twice, it is never lost. Of one endpoint only a few are under way at a time, so that
one that is slow takes the room of no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.db.identifiers import uuid7
from zhupei.db.models import WebhookAttemptRow, WebhookDeliveryRow, WebhookRow
from zhupei.domain.events import Event
from zhupei.domain.text import Text
from zhupei.domain.webhooks import (
    DeliveryState,
    WebhookState,
    cloud_event,
    retry_after,
    retry_pause,
    signature,
)
from zhupei.errors import ZhupeiError
from zhupei.security.crypto import Keyring
from zhupei.security.outbound import Answer, Failure, post
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.webhooks.outcomes import AttemptOutcome
from zhupei.services.webhooks.rows import live_secrets
from zhupei.services.webhooks.rules import WebhookRules
from zhupei.tracing import Tracing, current_tracing

__all__ = ["Courier", "deliver_events"]

_log = logging.getLogger("zhupei.webhooks")

# Beyond the time that an attempt may take, for noting what came of it.
_NOTING = timedelta(seconds=15)
_LOOKS_EVERY_SECONDS = 2.0
_GONE = 410
_SUCCESS = range(200, 300)

# Of every endpoint the deliveries that are due, the longest waiting first, as many as it has room
# for; then the longest waiting of all. Rows that another worker is taking are passed over.
_TAKE = """
WITH due AS (
    SELECT one.id, one.leased_until FROM webhook w CROSS JOIN LATERAL (
        SELECT d.id, d.leased_until, d.next_attempt_at FROM webhook_delivery d
        WHERE d.webhook_id = w.id AND d.state = 'WAITING' AND d.next_attempt_at <= $1
            AND (d.leased_until IS NULL OR d.leased_until <= $1)
        ORDER BY d.next_attempt_at, d.event_id
        LIMIT greatest(0, $2::int - (
            SELECT count(*) FROM webhook_delivery x
            WHERE x.webhook_id = w.id AND x.state = 'WAITING' AND x.leased_until > $1))
        FOR UPDATE OF d SKIP LOCKED
    ) one
    WHERE w.state = 'ACTIVE' AND w.deleted_at IS NULL
    ORDER BY one.next_attempt_at LIMIT $3
)
UPDATE webhook_delivery AS d SET leased_until = $4, attempts = d.attempts + 1,
    attempted = d.attempted + 1
FROM due, outbox AS e, webhook AS w
WHERE d.id = due.id AND e.id = d.event_id AND w.id = d.webhook_id
RETURNING d.id, d.webhook_id, w.url, d.attempts, d.attempted, d.queued_at,
    due.leased_until AS held_until, e.id AS event_id, e.name, e.at, e.subject, e.base_code,
    e.program_code, e.opening_code, e.data, e.catalogue_hash
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A delivery that this worker has taken, with what it needs."""

    id: UUID
    webhook: UUID
    url: str = field(repr=False)
    attempts: int
    attempted: int
    queued_at: datetime
    held_until: datetime | None
    event: Event


class Courier:
    """Delivers what is due, in one process; one is running at a time.

    Args:
        database: where deliveries are.
        rules: where they may go, and for how long they are tried.
        keyring: the keys of the secrets.
        clock: returns aware instants.

    """

    def __init__(
        self,
        database: Database,
        rules: WebhookRules,
        keyring: Callable[[], Keyring],
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._rules = database, rules
        self._keyring, self._clock = keyring, clock
        self.watch: Callable[[str, float], None] | None = None
        """What is told of every attempt: its outcome, and the seconds that it took."""
        self.tracing: Tracing | None = None
        """What makes spans of attempts."""
        self._rung = asyncio.Event()
        self._complained: str | None = None

    def ring(self) -> None:
        """Say that there may be something to deliver; otherwise it is seen within two seconds."""
        self._rung.set()

    async def run(self) -> None:
        """Deliver what is due until cancelled, whatever happens to the database."""
        while True:
            self._rung.clear()
            try:
                if self._database.server is not None:
                    await self.deliver()
                    self._complained = None
            except DatabaseUnavailableError as error:
                self._complain("webhooks wait: there is no database", error)
            except Exception as error:  # noqa: BLE001 - the log says what; it is tried again
                self._complain("delivering events failed", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), _LOOKS_EVERY_SECONDS)

    def _complain(self, message: str, error: Exception) -> None:
        """Log what is wrong, once until it is right again or something else is."""
        kind = type(error).__name__
        if self._complained != kind:
            self._complained = kind
            _log.warning(message, extra={"error": kind}, exc_info=error)

    async def deliver(self) -> Mapping[str, int]:
        """Deliver all that is due, with what becomes due meanwhile; count how attempts ended."""
        counts: Counter[str] = Counter()
        under_way: set[asyncio.Task[AttemptOutcome]] = set()
        try:
            with self._database.use():
                while True:
                    free = self._rules.at_once - len(under_way)
                    taken = await self._take(free) if free else []
                    under_way |= {asyncio.create_task(self._tried(each)) for each in taken}
                    if not under_way:
                        return counts
                    done, under_way = await asyncio.wait(
                        under_way,
                        timeout=_LOOKS_EVERY_SECONDS / 2,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    counts.update(task.result().value for task in done)
        finally:
            for task in under_way:
                task.cancel()
            if under_way:
                # Given up with their leases: another worker, or this one later, sends them again.
                await asyncio.wait(under_way)

    async def _take(self, most: int) -> list[_Taken]:
        now = self._clock()
        lease = timedelta(seconds=self._rules.outbound.seconds) + _NOTING
        values = [now, self._rules.to_one, most, now + lease]
        # Both or neither: each number that was given out has its attempt on record.
        async with in_transaction() as connection:
            rows = await connection.execute_query_dict(_TAKE, values)
            taken = [_taken(row) for row in rows]
            for each in taken:
                if each.held_until is not None:
                    # Whoever had it never noted an answer: it may have arrived or not.
                    await WebhookAttemptRow.create(
                        delivery_id=each.id,
                        number=each.attempted - 1,
                        at=each.held_until,
                        outcome=AttemptOutcome.INTERRUPTED.value,
                    )
        return taken

    async def _tried(self, taken: _Taken) -> AttemptOutcome:
        tracing = self.tracing
        if tracing is None:
            return await self._attempt(taken)
        # This task is the attempt's own.
        current_tracing.set(tracing)
        with tracing.span("webhook", {"zhupei.event": taken.event.name}) as span:
            outcome = await self._attempt(taken)
            span.set_attribute("zhupei.outcome", outcome.value)
            if outcome is not AttemptOutcome.DELIVERED:
                tracing.fail(span, outcome.value)
            return outcome

    async def _attempt(self, taken: _Taken) -> AttemptOutcome:
        began = time.monotonic()
        answer = await self._sent(taken)
        seconds = time.monotonic() - began
        outcome = await self._noted(taken, answer, round(seconds * 1000))
        if self.watch is not None:
            self.watch(outcome.value, seconds)
        return outcome

    async def _sent(self, taken: _Taken) -> Answer | AttemptOutcome:
        now = self._clock()
        try:
            secrets = (await live_secrets(self._keyring(), [taken.webhook], now)).get(
                taken.webhook, ()
            )
            content = cloud_event(taken.event, source=self._rules.source, schema=self._rules.schema)
            second = int(now.timestamp())
            signed = signature(secrets, id_=str(taken.event.id), second=second, content=content)
        except DatabaseUnavailableError:
            raise
        except (ZhupeiError, ValueError) as error:
            # A key that is missing. The error's own words may hold what must not be logged.
            _log.error(
                "an event could not be signed",
                extra={"webhook": str(taken.webhook), "error": type(error).__name__},
            )
            return AttemptOutcome.NOT_SIGNED
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "zhupei-webhooks/1",
            "webhook-id": str(taken.event.id),
            "webhook-timestamp": str(second),
            "webhook-signature": signed,
        }
        try:
            found = await post(
                taken.url,
                content,
                headers,
                self._rules.outbound,
                resolve=self._rules.resolve,
                context=self._rules.context,
            )
        except Exception as error:  # noqa: BLE001 - one endpoint's oddity keeps no other waiting
            _log.error(
                "an endpoint could not be asked",
                extra={"webhook": str(taken.webhook), "error": type(error).__name__},
            )
            return AttemptOutcome.PROTOCOL
        return found if isinstance(found, Answer) else _OUTCOMES[found.failure]

    async def _noted(
        self, taken: _Taken, answer: Answer | AttemptOutcome, milliseconds: int
    ) -> AttemptOutcome:
        """Note how an attempt ended, and when the next one is due."""
        now = self._clock()
        outcome, status, asked = answer, None, None
        if isinstance(answer, Answer):
            status = answer.status
            delivered = status in _SUCCESS
            outcome = AttemptOutcome.DELIVERED if delivered else AttemptOutcome.REFUSED
            asked = retry_after(answer.headers.get("retry-after"), now)
        assert isinstance(outcome, AttemptOutcome)  # noqa: S101 - for the type checker
        delivered = outcome is AttemptOutcome.DELIVERED
        # Jitter, no secret: that many come back at once is what it prevents.
        pause = max(retry_pause(taken.attempts, random.random()), asked or timedelta(0))  # noqa: S311 - see above
        over = now + pause >= taken.queued_at + self._rules.tried_for
        state = DeliveryState.WAITING
        if delivered:
            state = DeliveryState.DELIVERED
        elif over or status == _GONE:
            state = DeliveryState.DEAD
        settled = state is not DeliveryState.WAITING
        async with in_transaction() as connection:
            # Nobody else took it meanwhile, or settled it by deleting the endpoint: then this
            # attempt says nothing.
            mine = await WebhookDeliveryRow.filter(
                id=taken.id, attempted=taken.attempted, state=DeliveryState.WAITING.value
            ).update(
                state=state.value,
                settled_at=now if settled else None,
                leased_until=None,
                **({} if settled else {"next_attempt_at": now + pause}),
            )
            if not mine:
                return outcome
            await WebhookAttemptRow.create(
                delivery_id=taken.id,
                number=taken.attempted,
                at=now,
                outcome=outcome.value,
                status=status,
                milliseconds=milliseconds,
            )
            if delivered:
                await WebhookRow.filter(id=taken.webhook, failing_since__isnull=False).update(
                    failing_since=None
                )
            else:
                await WebhookRow.filter(id=taken.webhook, failing_since=None).update(
                    failing_since=now
                )
                if state is DeliveryState.DEAD:
                    await self._judge(connection, taken, now, gone=status == _GONE)
        if not delivered:
            _log.info(
                "an event was not delivered",
                extra={
                    "webhook": str(taken.webhook),
                    "event": str(taken.event.id),
                    "outcome": outcome.value,
                    "status": status,
                    "state": state.value,
                },
            )
        return outcome

    async def _judge(self, connection: Any, taken: _Taken, now: datetime, *, gone: bool) -> None:
        """Disable an endpoint that says that it is gone, or that took nothing for so long."""
        row = (
            await WebhookRow.filter(id=taken.webhook).using_db(connection).select_for_update().get()
        )
        first = await WebhookAttemptRow.get(
            delivery_id=taken.id,
            number=taken.attempted - taken.attempts + 1,
            using_db=connection,
        )
        # Nothing arrived there since this event was tried for the first time.
        failing = row.failing_since is not None and row.failing_since <= first.at
        if row.state != WebhookState.ACTIVE.value or not (gone or failing):
            return
        reason = _IS_GONE if gone else _FAILED
        await (
            WebhookRow.filter(id=row.id)
            .using_db(connection)
            .update(
                state=WebhookState.DISABLED.value,
                state_reason={"zh": reason.zh, "en": reason.en},
                updated_at=now,
                revision=row.revision + 1,
            )
        )
        told = Event(
            id=uuid7(),
            name="webhook.disabled",
            at=now,
            subject=subject_of("Webhook", row.id),
            base=row.base_code,
            data={"gone": gone},
        )
        await record_events(connection, [told])
        _log.warning("a webhook was disabled", extra={"webhook": str(row.id), "gone": gone})


_IS_GONE = Text(
    "接收方应答 410 Gone，不再接收事件", "the endpoint answered 410 Gone: it takes no events"
)
_FAILED = Text(
    "长期无法送达，已停用；修复后请重新启用并重放",
    "nothing could be delivered for too long; mend it, switch it on again, and replay",
)
_OUTCOMES = {failure: AttemptOutcome(failure.value) for failure in Failure}


def _taken(row: Mapping[str, Any]) -> _Taken:
    return _Taken(
        id=row["id"],
        webhook=row["webhook_id"],
        url=row["url"],
        attempts=row["attempts"],
        attempted=row["attempted"],
        queued_at=row["queued_at"],
        held_until=row["held_until"],
        event=Event(
            id=row["event_id"],
            name=row["name"],
            at=row["at"],
            subject=row["subject"],
            base=row["base_code"],
            program=row["program_code"],
            opening=row["opening_code"],
            data=_plain(row["data"]),
            catalogue_hash=row["catalogue_hash"],
        ),
    )


def _plain(data: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
    return found


async def deliver_events(
    database: Database,
    rules: WebhookRules,
    keyring: Callable[[], Keyring],
    clock: Callable[[], datetime],
) -> Mapping[str, int]:
    """Deliver all that is due now, and return how many attempts ended how."""
    return await Courier(database, rules, keyring, clock).deliver()
