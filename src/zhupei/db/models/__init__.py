"""The tables, one module per noun; Tortoise reads the models from here."""

from __future__ import annotations

from zhupei.db.models.catalogue_version import CatalogueVersion

__all__ = ["CatalogueVersion"]
