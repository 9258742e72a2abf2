"""Answers to requests that carried an idempotency key, so that a repetition does nothing twice."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["Idempotency"]


class Idempotency(Model):
    """One request of one actor under one key: a hash of it, and what it was answered.

    ``answer`` is null only inside the transaction that works on the request.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    actor = fields.CharField(max_length=255)
    key = fields.CharField(max_length=128)
    operation = fields.CharField(max_length=100)
    request_hash = fields.CharField(max_length=64)
    answer: fields.Field[Any] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotency"
        constraints = (
            UniqueConstraint(fields=("actor", "key"), name="idempotency_actor_key"),
            CheckConstraint(check="key <> ''", name="idempotency_key"),
        )
