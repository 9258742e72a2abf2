"""Webhooks: endpoints of integrators, their secrets, and the delivery of every event to them."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.account import Account
from zhupei.db.models.outbox import OutboxRow

__all__ = ["WebhookAttemptRow", "WebhookDeliveryRow", "WebhookRow", "WebhookSecretRow"]


class WebhookRow(Model):
    """One endpoint of a service account, and which events go there.

    ``failing_since`` is when the first attempt failed after the last one that succeeded. A deleted
    one keeps its deliveries, and nothing goes there any more.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "zhupei.Account", related_name="webhooks", on_delete=fields.RESTRICT, db_index=True
    )
    url = fields.CharField(max_length=2000)
    name = fields.CharField(max_length=100, null=True)
    event_types: fields.Field[list[str]] = fields.JSONField()
    base_code = fields.CharField(max_length=100, null=True)
    jurisdiction_code = fields.CharField(max_length=100, null=True)
    contact_ciphertext = fields.TextField(null=True)
    state = fields.CharField(max_length=16)
    state_reason: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    failing_since = fields.DatetimeField(null=True)
    revision = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook"
        constraints = (
            CheckConstraint(
                check="state IN ('ACTIVE', 'PAUSED', 'DISABLED')", name="webhook_state"
            ),
            CheckConstraint(
                check="base_code IS NULL OR jurisdiction_code IS NULL", name="webhook_one_limit"
            ),
            CheckConstraint(check="revision >= 1", name="webhook_revision"),
        )


class WebhookSecretRow(Model):
    """One secret of an endpoint, as a ciphertext; null ``expires_at`` is the present one."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    webhook: fields.ForeignKeyRelation[WebhookRow] = fields.ForeignKeyField(
        "zhupei.WebhookRow", related_name="secrets", on_delete=fields.RESTRICT, db_index=True
    )
    ciphertext = fields.TextField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_secret"
        constraints = (
            CheckConstraint(
                check="expires_at IS NULL OR expires_at >= created_at",
                name="webhook_secret_expires",
            ),
        )


class WebhookDeliveryRow(Model):
    """The delivery of one event to one endpoint.

    ``attempts`` counts those since ``queued_at``, when it was queued or replayed; ``attempted``
    counts all. ``leased_until`` is how long the worker that delivers it may take before another
    one tries.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    webhook: fields.ForeignKeyRelation[WebhookRow] = fields.ForeignKeyField(
        "zhupei.WebhookRow", related_name="deliveries", on_delete=fields.RESTRICT
    )
    event: fields.ForeignKeyRelation[OutboxRow] = fields.ForeignKeyField(
        "zhupei.OutboxRow", related_name="webhook_deliveries", on_delete=fields.RESTRICT,
        db_index=True,
    )  # fmt: skip
    state = fields.CharField(max_length=16)
    attempts = fields.SmallIntField(default=0, db_default=0)
    attempted = fields.IntField(default=0, db_default=0)
    queued_at = fields.DatetimeField()
    next_attempt_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_delivery"
        unique_together = (("webhook", "event"),)
        constraints = (
            CheckConstraint(
                check="attempts >= 0 AND attempted >= attempts", name="webhook_delivery_attempts"
            ),
            CheckConstraint(
                check="(state = 'WAITING') = (settled_at IS NULL)", name="webhook_delivery_settled"
            ),
        )


class WebhookAttemptRow(Model):
    """One attempt: when, how it ended, with which status, how long it took; no content of either.

    What an endpoint answers is not kept: it could be the answer of somebody else's server.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    delivery: fields.ForeignKeyRelation[WebhookDeliveryRow] = fields.ForeignKeyField(
        "zhupei.WebhookDeliveryRow", related_name="log", on_delete=fields.RESTRICT
    )
    number = fields.IntField()
    at = fields.DatetimeField()
    outcome = fields.CharField(max_length=16)
    status = fields.SmallIntField(null=True)
    milliseconds = fields.IntField(null=True)

    class Meta:
        table = "webhook_attempt"
        unique_together = (("delivery", "number"),)
