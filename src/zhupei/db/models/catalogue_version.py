"""The versions of the catalogue that this installation has served."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

__all__ = ["CatalogueVersion"]


class CatalogueVersion(Model):
    """One content hash of the catalogue: when it was served, and how much it held.

    Rows about people will name the hash under whose rules they were decided.
    """

    hash = fields.CharField(max_length=64, primary_key=True)
    first_loaded_at = fields.DatetimeField()
    last_loaded_at = fields.DatetimeField()
    bases = fields.IntField()
    programs = fields.IntField()
    openings = fields.IntField()

    class Meta:
        table = "catalogue_version"
