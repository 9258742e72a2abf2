"""The tables, one module per noun; Tortoise reads the models from here."""

from __future__ import annotations

from zhupei.db.models.account import Account
from zhupei.db.models.applicant import Applicant, ApplicantIdentity
from zhupei.db.models.applicant_file import ApplicantFile
from zhupei.db.models.catalogue_version import CatalogueVersion
from zhupei.db.models.idempotency import Idempotency
from zhupei.db.models.role_grant import RoleGrant

__all__ = [
    "Account",
    "Applicant",
    "ApplicantFile",
    "ApplicantIdentity",
    "CatalogueVersion",
    "Idempotency",
    "RoleGrant",
]
