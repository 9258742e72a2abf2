"""Brochures as they were submitted: frozen pages, what was decided, where they were published."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7

__all__ = ["BrochureContentRow", "BrochurePublicationRow", "BrochureRow"]


class BrochureContentRow(Model):
    """The bytes of a page, by their SHA-256; they never change."""

    sha256 = fields.CharField(max_length=64, primary_key=True)
    media_type = fields.CharField(max_length=100)
    content = fields.BinaryField()

    class Meta:
        table = "brochure_content"
        constraints = (
            CheckConstraint(
                check="sha256 = encode(sha256(content), 'hex')", name="brochure_content_sha256"
            ),
        )


class BrochureRow(Model):
    """One version of a program's brochure, from its submission on.

    An index keeps one at most waiting for approval. ``checks`` is the completeness report of the
    moment, ``attested`` what the base itself vouches for because no check understands it.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    base_code = fields.CharField(max_length=100, db_index=True)
    program_code = fields.CharField(max_length=200)
    version = fields.IntField()
    state = fields.CharField(max_length=16)
    html: fields.ForeignKeyRelation[BrochureContentRow] = fields.ForeignKeyField(
        "zhupei.BrochureContentRow",
        related_name="html_of",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    pdf: fields.ForeignKeyRelation[BrochureContentRow] = fields.ForeignKeyField(
        "zhupei.BrochureContentRow",
        related_name="pdf_of",
        on_delete=fields.RESTRICT,
        db_index=True,
    )
    checks: fields.Field[Any] = fields.JSONField()
    attested: fields.Field[Any] = fields.JSONField()
    catalogue_hash = fields.CharField(max_length=64)
    submitted_by = fields.CharField(max_length=255)
    submitted_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True)
    late_reason = fields.TextField(null=True)
    decided_by = fields.CharField(max_length=255, null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.TextField(null=True)
    published_at = fields.DatetimeField(null=True)

    class Meta:
        table = "brochure"
        constraints = (
            UniqueConstraint(fields=("program_code", "version"), name="brochure_version_once"),
            CheckConstraint(
                check="state IN ('SUBMITTED', 'RETURNED', 'APPROVED', 'PUBLISHED')",
                name="brochure_state",
            ),
            CheckConstraint(check="version >= 1", name="brochure_version"),
            CheckConstraint(
                check="(state = 'PUBLISHED') = (published_at IS NOT NULL)",
                name="brochure_published",
            ),
            CheckConstraint(
                check="(decided_at IS NULL) = (decided_by IS NULL)"
                " AND (state <> 'SUBMITTED' OR decided_at IS NULL)"
                " AND (state <> 'RETURNED' OR reason IS NOT NULL)",
                name="brochure_decided",
            ),
        )


class BrochurePublicationRow(Model):
    """That a version stands in one of the places where it has to be published (R136)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    brochure: fields.ForeignKeyRelation[BrochureRow] = fields.ForeignKeyField(
        "zhupei.BrochureRow", related_name="publications", on_delete=fields.RESTRICT
    )
    place = fields.CharField(max_length=500)
    address = fields.CharField(max_length=2000)
    published_at = fields.DatetimeField()
    recorded_by = fields.CharField(max_length=255)
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "brochure_publication"
        unique_together = (("brochure", "place"),)
