"""Managing webhooks: made, changed, tried, replayed and deleted by the account that they serve.

Every function works on the database that is in use, in the caller's transaction where it writes;
whose the endpoint is, and whether the account may, is its caller's to ask.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.identifiers import uuid7
from zhupei.db.job_queue import enqueue
from zhupei.db.models import (
    OutboxRow,
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookRow,
    WebhookSecretRow,
)
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.events import Event
from zhupei.domain.text import Text
from zhupei.domain.webhooks import TEST_EVENT, DeliveryState, WebhookState, pattern_problem
from zhupei.hooks.dispatch import Dispatcher
from zhupei.security.crypto import Keyring
from zhupei.security.outbound import OutboundRules, address_problem
from zhupei.services.applicant_records import email_problem
from zhupei.services.outbox import QUEUE, TELL, record_events, subject_of
from zhupei.services.webhooks.dispatching import Reader, told_events
from zhupei.services.webhooks.rows import add_secret, contact_place

__all__ = [
    "MOST_WEBHOOKS",
    "OVERLAP",
    "Replay",
    "WebhookChange",
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "forget_deliveries",
    "replay_deliveries",
    "rotate_secret",
    "try_webhook",
]

MOST_WEBHOOKS = 20
"""Endpoints that one account may have."""
OVERLAP = timedelta(days=1)
"""How long the former secret signs as well after a rotation, unless the rotation says otherwise."""
_LONGEST_OVERLAP = timedelta(days=30)
_MOST_TYPES = 100
_MOST_REPLAYED = 10_000
_LONGEST_NAME = 100
_FORGOTTEN_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What an endpoint is to be; None leaves a part as it is."""

    url: str | None = field(default=None, repr=False)
    name: str | None = None
    event_types: tuple[str, ...] | None = None
    contact: str | None = field(default=None, repr=False)
    active: bool | None = None


def _invalid(place: str, message: Text) -> Refusal:
    return Refusal(code=RefusalCode.INPUT_INVALID, message=message, field=place)


def _problem(change: WebhookChange, outbound: OutboundRules) -> Refusal | None:
    if change.url is not None and (found := address_problem(change.url, outbound)) is not None:
        return _invalid("url", found)
    if change.name is not None and not 1 <= len(change.name.strip()) <= _LONGEST_NAME:
        return _invalid(
            "name",
            Text(
                f"名称为 1 至 {_LONGEST_NAME} 个字符", f"a name is 1 to {_LONGEST_NAME} characters"
            ),
        )
    if change.contact is not None and (found := email_problem(change.contact)) is not None:
        return _invalid("contact", found)
    return None if change.event_types is None else _types_problem(change.event_types)


def _types_problem(types: Sequence[str]) -> Refusal | None:
    if not 1 <= len(types) <= _MOST_TYPES:
        return _invalid(
            "eventTypes",
            Text(
                f"应有 1 至 {_MOST_TYPES} 种事件类型", f"1 to {_MOST_TYPES} event types are named"
            ),
        )
    for each in types:
        if (found := pattern_problem(each)) is not None:
            return _invalid("eventTypes", found)
    return None


async def create_webhook(
    keyring: Keyring,
    outbound: OutboundRules,
    change: WebhookChange,
    *,
    account: UUID,
    base: str | None,
    jurisdiction: str | None,
    at: datetime,
) -> tuple[UUID, UUID] | Refusal:
    """Make an endpoint with its first secret; return the ids of both."""
    problem = _problem(change, outbound)
    if problem is not None:
        return problem
    if change.url is None or change.event_types is None:
        raise ValueError("an endpoint has an address and event types")
    if base is not None and jurisdiction is not None:
        return _invalid(
            "jurisdiction",
            Text("基地与辖区只能限定其一", "either a base or a jurisdiction limits it, not both"),
        )
    async with in_transaction() as connection:
        # One at a time for each account, so that the count holds.
        await connection.execute_query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [f"webhook {account}"]
        )
        if await WebhookRow.filter(account_id=account, deleted_at=None).count() >= MOST_WEBHOOKS:
            return Refusal(
                code=RefusalCode.NOT_ALLOWED_IN_STATE,
                message=Text(
                    f"一个账号最多 {MOST_WEBHOOKS} 个事件订阅",
                    f"an account has at most {MOST_WEBHOOKS} webhooks",
                ),
            )
        id_ = uuid7()
        await WebhookRow.create(
            id=id_,
            account_id=account,
            url=change.url,
            name=None if change.name is None else change.name.strip(),
            event_types=list(dict.fromkeys(change.event_types)),
            base_code=base,
            jurisdiction_code=jurisdiction,
            contact_ciphertext=_sealed(keyring, id_, change.contact),
            state=WebhookState.ACTIVE.value,
            created_at=at,
            updated_at=at,
        )
        return id_, await add_secret(keyring, id_, at)


def _sealed(keyring: Keyring, webhook: UUID, contact: str | None) -> str | None:
    if contact is None:
        return None
    return keyring.encrypt(contact.strip().lower(), contact_place(webhook))


async def change_webhook(
    keyring: Keyring,
    outbound: OutboundRules,
    webhook: UUID,
    change: WebhookChange,
    *,
    revision: int | None,
    at: datetime,
) -> Refusal | None:
    """Change an endpoint; ``active`` pauses it, or switches it on with nothing held against it.

    Events of the meantime are not sent by themselves: they are replayed.
    """
    problem = _problem(change, outbound)
    if problem is not None:
        return problem
    async with in_transaction():
        row = await _locked(webhook)
        if row is None:
            return _gone()
        if revision is not None and row.revision != revision:
            return Refusal(
                code=RefusalCode.CONFLICT,
                message=Text(
                    "事件订阅已被更改，请刷新后重试",
                    "it was changed meanwhile: read it again and repeat the change",
                ),
                field="revision",
            )
        values = _values(keyring, row, change)
        if values:
            await WebhookRow.filter(id=webhook).update(
                **values, revision=row.revision + 1, updated_at=at
            )
    return None


def _values(keyring: Keyring, row: WebhookRow, change: WebhookChange) -> dict[str, Any]:
    """Return the columns that a change gives other values."""
    values: dict[str, Any] = {}
    if change.url is not None:
        values["url"] = change.url
    if change.name is not None:
        values["name"] = change.name.strip()
    if change.event_types is not None:
        values["event_types"] = list(dict.fromkeys(change.event_types))
    if change.contact is not None:
        values["contact_ciphertext"] = _sealed(keyring, row.id, change.contact)
    if change.active is True:
        values |= {
            "state": WebhookState.ACTIVE.value,
            "state_reason": None,
            "failing_since": None,
        }
    elif change.active is False and row.state == WebhookState.ACTIVE.value:
        values["state"] = WebhookState.PAUSED.value
    return values


async def rotate_secret(
    keyring: Keyring, webhook: UUID, *, overlap: timedelta, at: datetime
) -> UUID | Refusal:
    """Make a new secret; the present one signs as well for ``overlap``, older ones end now."""
    if not timedelta(0) <= overlap <= _LONGEST_OVERLAP:
        return _invalid(
            "overlapHours",
            Text(
                f"重叠期为 0 至 {_LONGEST_OVERLAP.days * 24} 小时",
                f"the overlap is 0 to {_LONGEST_OVERLAP.days * 24} hours",
            ),
        )
    async with in_transaction():
        if await _locked(webhook) is None:
            return _gone()
        await WebhookSecretRow.filter(webhook_id=webhook, expires_at__gt=at).update(expires_at=at)
        await WebhookSecretRow.filter(webhook_id=webhook, expires_at=None).update(
            expires_at=at + overlap
        )
        return await add_secret(keyring, webhook, at)


async def delete_webhook(webhook: UUID, at: datetime) -> None:
    """Delete an endpoint: nothing goes there any more, and its secrets are destroyed.

    What was delivered stays on record.
    """
    async with in_transaction():
        await WebhookRow.filter(id=webhook, deleted_at=None).update(
            deleted_at=at, updated_at=at, contact_ciphertext=None
        )
        await WebhookSecretRow.filter(webhook_id=webhook).delete()
        await WebhookDeliveryRow.filter(
            webhook_id=webhook, state=DeliveryState.WAITING.value
        ).update(state=DeliveryState.DEAD.value, settled_at=at, leased_until=None)


async def forget_deliveries(before: datetime) -> int:
    """Forget deliveries that were settled before a moment, with their attempts; return how many.

    The events stay, and can be replayed.
    """
    old = WebhookDeliveryRow.filter(settled_at__lt=before)
    async with in_transaction():
        ids = cast("Any", await old.limit(_FORGOTTEN_AT_ONCE).values_list("id", flat=True))
        await WebhookAttemptRow.filter(delivery_id__in=list(ids)).delete()
        return await WebhookDeliveryRow.filter(id__in=list(ids)).delete()


async def try_webhook(webhook: UUID, *, actor: str, at: datetime) -> UUID | Refusal:
    """Queue a test event for one endpoint alone; return the id of its delivery."""
    async with in_transaction() as connection:
        row = await _locked(webhook)
        if row is None:
            return _gone()
        if row.state != WebhookState.ACTIVE.value:
            return _not_active()
        event = Event(
            id=uuid7(),
            name=TEST_EVENT,
            at=at,
            subject=subject_of("Webhook", webhook),
            actor=actor,
        )
        await record_events(connection, [event])
        await OutboxRow.filter(id=event.id).update(dispatched_at=at)
        delivery = uuid7()
        await WebhookDeliveryRow.create(
            id=delivery,
            webhook_id=webhook,
            event_id=event.id,
            state=DeliveryState.WAITING.value,
            queued_at=at,
            next_attempt_at=at,
        )
        return delivery


async def _locked(webhook: UUID) -> WebhookRow | None:
    """Return an endpoint that nobody changes until the end; None where somebody deleted it."""
    query = WebhookRow.filter(id=webhook, deleted_at=None).select_for_update()
    return await query.get_or_none()


def _gone() -> Refusal:
    return Refusal(
        code=RefusalCode.NOT_FOUND,
        message=Text("没有这个事件订阅", "there is no such webhook"),
        field="webhook",
    )


def _not_active() -> Refusal:
    return Refusal(
        code=RefusalCode.NOT_ALLOWED_IN_STATE,
        message=Text(
            "事件订阅未启用，请先用 updateWebhook 启用",
            "the webhook is not active: switch it on with updateWebhook first",
        ),
        field="webhook",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What to send again: some events by id, or those of a time; ``dead`` only what failed.

    None does not limit, and no ``events`` are none.
    """

    events: Collection[UUID] | None = None
    since: datetime | None = None
    until: datetime | None = None
    dead: bool = False


async def replay_deliveries(
    catalogue: Catalogue,
    dispatcher: Dispatcher,
    webhook: UUID,
    replay: Replay,
    at: datetime,
) -> int | Refusal:
    """Queue events for an endpoint again, under the ids that they always had; return how many.

    Also those that it never received: of the time when it was paused or disabled, or before it
    was made. What its account may not be told of, and what it did not ask for, is left out.
    """
    if replay.events is None and replay.since is None and not replay.dead:
        return _invalid(
            "since",
            Text("请指定事件、起始时间或 dead", "name events, a time to begin with, or dead"),
        )
    async with in_transaction() as connection:
        row = await _locked(webhook)
        if row is None:
            return _gone()
        if row.state != WebhookState.ACTIVE.value:
            return _not_active()
        events = await _wanted(webhook, replay)
        if len(events) > _MOST_REPLAYED:
            return _invalid(
                "until",
                Text(
                    f"一次最多重放 {_MOST_REPLAYED} 个事件，请缩小时间范围",
                    f"at most {_MOST_REPLAYED} events are replayed at once: choose less time",
                ),
            )
        reader = await Reader.of([row], catalogue, dispatcher)
        told = await told_events(events)
        ids = [each.id for each in events if await reader.wants(row, each, told)]
        if ids:
            await connection.execute_query(
                "INSERT INTO webhook_delivery (id, webhook_id, event_id, state, attempts, "
                "attempted, queued_at, next_attempt_at) "
                "SELECT new.id, $2, new.event, 'WAITING', 0, 0, $3, $3 "
                "FROM unnest($1::uuid[], $4::uuid[]) AS new(event, id) "
                "ON CONFLICT (webhook_id, event_id) DO UPDATE SET state = 'WAITING', "
                "attempts = 0, queued_at = $3, next_attempt_at = $3, settled_at = NULL",
                [ids, webhook, at, [uuid7() for _ in ids]],
            )
            await enqueue(connection, TELL, QUEUE)
        return len(ids)


async def _wanted(webhook: UUID, replay: Replay) -> list[OutboxRow]:
    query = OutboxRow.all()
    if replay.events is not None:
        query = query.filter(id__in=list(replay.events))
    if replay.since is not None:
        query = query.filter(at__gte=replay.since)
    if replay.until is not None:
        query = query.filter(at__lt=replay.until)
    if replay.dead:
        dead = await WebhookDeliveryRow.filter(
            webhook_id=webhook, state=DeliveryState.DEAD.value
        ).values_list("event_id", flat=True)
        query = query.filter(id__in=list(cast("Any", dead)))
    return await query.order_by("id").limit(_MOST_REPLAYED + 1)
