"""Delivering notices: each is tried until a server takes it, refuses it, or it is too late.

A worker takes a notice for itself by a lease, sends it, and notes the answer. When the worker is
killed in between, the lease ends and another one sends it again under the same message id: a notice
may arrive twice, it is never lost.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from jinja2 import TemplateError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.connection import DatabaseUnavailableError
from zhupei.db.job_queue import enqueue
from zhupei.db.models import NoticeDeliveryRow, NoticeRow
from zhupei.errors import ZhupeiError
from zhupei.security.crypto import Keyring
from zhupei.services.notices.contents import Letter, composed
from zhupei.services.notices.kinds import NoticeState
from zhupei.services.notices.mail import Delivery, DeliveryOutcome, MailServer, Postman
from zhupei.services.outbox import QUEUE, TELL

__all__ = ["ATTEMPTS", "deliver_notices", "retry_notice", "retry_notices"]

ATTEMPTS = 10
"""After so many a notice is undeliverable until somebody asks for it to be tried again."""

_log = logging.getLogger("zhupei.notices")

_LEASE = timedelta(minutes=5)
_PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 180, 360, 720, 1440, 1440))
_WAITING, _HELD = NoticeState.WAITING.value, NoticeState.NOT_CONFIGURED.value
# What can be wrong with one notice; what is wrong with the database ends the whole round.
_CONTENT_FAULTS = (ZhupeiError, TemplateError, LookupError, TypeError, ValueError)
_SETTLED = {
    DeliveryOutcome.ACCEPTED: NoticeState.SENT,
    DeliveryOutcome.PERMANENT: NoticeState.UNDELIVERABLE,
}


async def deliver_notices(
    mail: MailServer | None,
    catalogue: Callable[[], Catalogue],
    keyring: Callable[[], Keyring],
    clock: Callable[[], datetime],
) -> Mapping[str, int]:
    """Deliver every notice that is due, and return how many ended how.

    Without a mail server they wait, marked NOT_CONFIGURED; those are tried once there is one. When
    the server cannot be reached, the rest is left for the next time.
    """
    now = clock()
    if mail is None:
        held = await NoticeRow.filter(state=_WAITING).update(state=_HELD)
        if held:
            _log.warning("notices wait: no mail server is configured", extra={"notices": held})
        return {_HELD: held} if held else {}
    await NoticeRow.filter(state=_HELD).update(state=_WAITING, next_attempt_at=now)
    counts: Counter[str] = Counter()
    async with Postman(mail) as postman:
        while (notice := await _take(clock())) is not None:
            delivery = await _deliver(notice, postman, catalogue(), keyring, clock)
            counts[delivery.outcome.value if isinstance(delivery, Delivery) else delivery] += 1
            if isinstance(delivery, Delivery) and not delivery.reached:
                _log.warning(
                    "the mail server cannot be used; notices wait",
                    extra={"response": delivery.response, "code": delivery.code},
                )
                break
    if counts:
        _log.info("delivered notices", extra=dict(counts))
    return counts


async def _take(now: datetime) -> NoticeRow | None:
    """Take the notice that has waited longest for this worker, None where none is due."""
    async with in_transaction():
        notice = (
            await NoticeRow.filter(
                Q(leased_until=None) | Q(leased_until__lte=now),
                state=_WAITING,
                next_attempt_at__lte=now,
            )
            .order_by("next_attempt_at", "id")
            .select_for_update(skip_locked=True)
            .first()
        )
        if notice is None:
            return None
        if notice.leased_until is not None:
            # Whoever had it never noted an answer: it may have arrived or not.
            await NoticeDeliveryRow.create(
                notice_id=notice.id,
                attempt=notice.attempts,
                at=notice.leased_until,
                outcome=DeliveryOutcome.INTERRUPTED.value,
            )
        notice.attempts += 1
        notice.leased_until = now + _LEASE
        await notice.save(update_fields=["attempts", "leased_until"])
        return notice


async def _deliver(
    notice: NoticeRow,
    postman: Postman,
    catalogue: Catalogue,
    keyring: Callable[[], Keyring],
    clock: Callable[[], datetime],
) -> Delivery | NoticeState:
    try:
        letter = await composed(notice, catalogue, keyring, clock())
    except DatabaseUnavailableError:
        raise
    except _CONTENT_FAULTS as error:
        # One notice that cannot be worded keeps no other. The error's own words may be personal.
        _log.error(
            "a notice could not be written",
            extra={"notice": str(notice.id), "kind": notice.kind, "error": type(error).__name__},
        )
        failed = Delivery(outcome=DeliveryOutcome.NOT_WRITTEN, response=type(error).__name__)
        await _note(notice, failed, clock())
        return failed
    if not isinstance(letter, Letter):
        await _held(notice).update(
            state=letter.value, settled_at=clock(), leased_until=None, attempts=notice.attempts - 1
        )
        return letter
    # Noted with the time of the first attempt, so that a repetition is the same message.
    delivery = await postman.send(notice.id, letter.address, letter.message, notice.created_at)
    await _note(notice, delivery, clock())
    return delivery


def _held(notice: NoticeRow) -> QuerySet[NoticeRow]:
    """Return the notice while this worker's lease stands; whoever took it after that decides."""
    return NoticeRow.filter(
        id=notice.id, attempts=notice.attempts, leased_until=notice.leased_until
    )


async def _note(notice: NoticeRow, delivery: Delivery, now: datetime) -> None:
    """Note what came of an attempt, and when the next one is due."""
    state = _SETTLED.get(delivery.outcome)
    if state is None and notice.attempts >= ATTEMPTS:
        state = NoticeState.UNDELIVERABLE
    pause = _PAUSES[min(notice.attempts, len(_PAUSES)) - 1]
    async with in_transaction():
        mine = await _held(notice).update(
            state=_WAITING if state is None else state.value,
            settled_at=None if state is None else now,
            leased_until=None,
            next_attempt_at=now + pause if state is None else notice.next_attempt_at,
        )
        if not mine:
            return
        await NoticeDeliveryRow.create(
            notice_id=notice.id,
            attempt=notice.attempts,
            at=now,
            outcome=delivery.outcome.value,
            code=delivery.code,
            response=delivery.response,
            message_id=delivery.message_id,
        )


async def retry_notice(notice: UUID, now: datetime) -> bool:
    """Try a notice again that could not be delivered or had no address; False for any other."""
    return bool(await _retry(NoticeRow.filter(id=notice), now))


async def retry_notices(now: datetime) -> int:
    """Try all of them again, and return how many those are."""
    return await _retry(NoticeRow.all(), now)


async def _retry(query: QuerySet[NoticeRow], now: datetime) -> int:
    """Put notices back, and a job that delivers them on the queue, both or neither."""
    given_up = [NoticeState.UNDELIVERABLE.value, NoticeState.NO_ADDRESS.value]
    async with in_transaction() as connection:
        changed = (
            await query.using_db(connection)
            .filter(state__in=given_up)
            .update(state=_WAITING, settled_at=None, next_attempt_at=now)
        )
        if changed:
            await enqueue(connection, TELL, QUEUE)
        return changed
