"""Published lists as they were signed: what the public saw stays what it was."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.publicity import PublicityRow

__all__ = ["PublishedListRow"]


class PublishedListRow(Model):
    """The signed file of one list, kept so that neither a change of a name nor of a key alters it.

    Identities in ``content`` are masked. ``key_id`` names the key that signed it, ``sha256`` is
    the digest of ``content`` in UTF-8.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    publicity: fields.OneToOneRelation[PublicityRow] = fields.OneToOneField(
        "zhupei.PublicityRow", related_name="signed", on_delete=fields.RESTRICT
    )
    content = fields.TextField()
    sha256 = fields.CharField(max_length=64)
    key_id = fields.CharField(max_length=16)
    signed_at = fields.DatetimeField()

    class Meta:
        table = "published_list"
        constraints = (
            CheckConstraint(
                check="sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')",
                name="published_list_sha256",
            ),
        )
