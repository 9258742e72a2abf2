"""Files that applicants hand in; their bytes lie below the data directory, by hash."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from zhupei.db.identifiers import uuid7
from zhupei.db.models.applicant import Applicant

__all__ = ["ApplicantFile"]


class ApplicantFile(Model):
    """One file for one required document.

    ``document`` is the id of the document, ``media_type`` what the content is (never what the
    sender says), ``size`` in bytes. The sender's file name is not kept. After ``swept_at`` the
    bytes of a removed file are gone.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    applicant: fields.ForeignKeyRelation[Applicant] = fields.ForeignKeyField(
        "zhupei.Applicant", related_name="files", on_delete=fields.RESTRICT, db_index=True
    )
    document = fields.CharField(max_length=100)
    media_type = fields.CharField(max_length=100)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64, db_index=True)
    uploaded_by = fields.CharField(max_length=255)
    uploaded_at = fields.DatetimeField()
    removed_at = fields.DatetimeField(null=True)
    swept_at = fields.DatetimeField(null=True)

    class Meta:
        table = "applicant_file"
        constraints = (
            CheckConstraint(check="size > 0", name="applicant_file_size"),
            CheckConstraint(
                check="swept_at IS NULL OR removed_at IS NOT NULL AND swept_at >= removed_at",
                name="applicant_file_swept",
            ),
            CheckConstraint(check="sha256 ~ '^[0-9a-f]{64}$'", name="applicant_file_sha256"),
        )
