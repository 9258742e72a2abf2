"""Rows of webhooks as records, and their secrets, which are kept as ciphertexts."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from tortoise.expressions import Q

from zhupei.db.identifiers import uuid7
from zhupei.db.models import WebhookRow, WebhookSecretRow
from zhupei.db.reading import Condition, Order, PageQuery
from zhupei.db.tables import RowSource, columns, listed_from, member, restored_from
from zhupei.domain.text import Text
from zhupei.domain.webhooks import Webhook, WebhookSecret, WebhookState, new_secret
from zhupei.security.crypto import Keyring, Place

__all__ = [
    "WEBHOOKS",
    "add_secret",
    "contact_place",
    "live_secrets",
    "opened_secret",
    "owned_webhook",
    "renew_webhook_secrets",
    "webhook_of",
    "webhook_query",
    "webhooks_of",
]


WEBHOOKS = RowSource(
    described=Webhook,
    model=WebhookRow,
    alias="w",
    attributes={
        **columns("id", "url", "name", "failing_since", "created_at", "updated_at", "revision"),
        **columns(account="account_id", base="base_code", jurisdiction="jurisdiction_code"),
        "event_types": listed_from(str, "{t}.event_types"),
        "state": member(WebhookState, "state"),
        "state_reason": restored_from(Text, "state_reason"),
        "secrets": listed_from(
            WebhookSecret,
            """(SELECT coalesce(json_agg(json_build_object('id', x.id,
            'created_at', x.created_at, 'expires_at', x.expires_at)
            ORDER BY x.created_at DESC, x.id DESC), '[]')
            FROM webhook_secret x WHERE x.webhook_id = {t}.id)""",
        ),
    },
)
"""Webhooks, as `Webhook` has them, with secrets that are no longer live as well."""


def webhook_query(
    names: Iterable[str] | None, *, account: UUID, webhook: UUID | None = None
) -> PageQuery:
    """Ask for the webhooks of an account, or for one of them, in the order of their making."""
    conditions = [Condition("w.account_id = ? AND w.deleted_at IS NULL", (account,))]
    if webhook is not None:
        conditions.append(Condition("w.id = ?", (webhook,)))
    return PageQuery(
        source=WEBHOOKS,
        conditions=tuple(conditions),
        order=Order("w.id"),
        view=WEBHOOKS.view(names),
    )


def _place(secret: UUID) -> Place:
    return Place("webhook_secret", "ciphertext", str(secret))


def contact_place(webhook: UUID) -> Place:
    """Return where the ciphertext of an endpoint's contact belongs."""
    return Place("webhook", "contact_ciphertext", str(webhook))


async def add_secret(keyring: Keyring, webhook: UUID, at: datetime) -> UUID:
    """Make a secret, the present one from now on, in the caller's transaction; return its id."""
    id_ = uuid7()
    await WebhookSecretRow.create(
        id=id_,
        webhook_id=webhook,
        ciphertext=keyring.encrypt(new_secret(os.urandom), _place(id_)),
        created_at=at,
    )
    return id_


async def opened_secret(keyring: Keyring, secret: UUID) -> str | None:
    """Return the text of a secret, for whoever just made it; None where it is destroyed."""
    row = await WebhookSecretRow.get_or_none(id=secret)
    return None if row is None else keyring.decrypt(row.ciphertext, _place(row.id))


async def live_secrets(
    keyring: Keyring, webhooks: Collection[UUID], now: datetime
) -> Mapping[UUID, tuple[str, ...]]:
    """Return the secrets of endpoints that are live now, the present one first."""
    found: dict[UUID, list[str]] = {}
    rows = await WebhookSecretRow.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), webhook_id__in=list(webhooks)
    ).order_by("-created_at", "-id")
    for row in rows:
        found.setdefault(_webhook(row), []).append(keyring.decrypt(row.ciphertext, _place(row.id)))
    return {webhook: tuple(secrets) for webhook, secrets in found.items()}


async def webhooks_of(rows: Iterable[WebhookRow], now: datetime) -> list[Webhook]:
    """Return rows as records, with the secrets that are live now; one statement for all."""
    listed = list(rows)
    secrets: dict[UUID, list[WebhookSecret]] = {}
    if listed:
        live = await WebhookSecretRow.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), webhook_id__in=[row.id for row in listed]
        ).order_by("-created_at", "-id")
        for each in live:
            secrets.setdefault(_webhook(each), []).append(
                WebhookSecret(id=each.id, created_at=each.created_at, expires_at=each.expires_at)
            )
    return [_record(row, secrets.get(row.id, ())) for row in listed]


async def webhook_of(webhook: UUID, now: datetime) -> Webhook | None:
    """Return an endpoint that was not deleted; the caller asks whose it is."""
    found = await webhooks_of(await WebhookRow.filter(id=webhook, deleted_at=None), now)
    return found[0] if found else None


def _webhook(row: WebhookSecretRow) -> UUID:
    return cast("UUID", cast("Any", row).webhook_id)


def _record(row: WebhookRow, secrets: Iterable[WebhookSecret]) -> Webhook:
    reason = row.state_reason
    return Webhook(
        id=row.id,
        account=cast("Any", row).account_id,
        url=row.url,
        name=row.name,
        event_types=tuple(row.event_types),
        base=row.base_code,
        jurisdiction=row.jurisdiction_code,
        state=WebhookState(row.state),
        state_reason=None if reason is None else Text(reason["zh"], reason["en"]),
        failing_since=row.failing_since,
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
        secrets=tuple(secrets),
    )


async def renew_webhook_secrets(keyring: Keyring) -> int:
    """Encrypt anew what an older key protects; return how many secrets and contacts changed."""
    renewed = 0
    for secret in await WebhookSecretRow.all():
        if not keyring.is_current(secret.ciphertext):
            anew = keyring.re_encrypt(secret.ciphertext, _place(secret.id))
            renewed += await WebhookSecretRow.filter(
                id=secret.id, ciphertext=secret.ciphertext
            ).update(ciphertext=anew)
    for row in await WebhookRow.filter(contact_ciphertext__isnull=False):
        kept = row.contact_ciphertext
        if kept is not None and not keyring.is_current(kept):
            anew = keyring.re_encrypt(kept, contact_place(row.id))
            renewed += await WebhookRow.filter(id=row.id, contact_ciphertext=kept).update(
                contact_ciphertext=anew
            )
    return renewed


async def owned_webhook(account: UUID, webhook: UUID, now: datetime) -> Webhook | None:
    """Return an endpoint of an account, None where it has no such one."""
    rows = await WebhookRow.filter(id=webhook, account_id=account, deleted_at=None)
    found = await webhooks_of(rows, now)
    return found[0] if found else None
