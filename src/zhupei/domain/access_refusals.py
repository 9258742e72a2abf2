"""Refusals of sign-in, permissions, accounts, applicants and repeated requests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zhupei.domain.text import Text

__all__ = ["AccessCode", "AccessRefusal"]


class AccessCode(StrEnum):
    """Why it is refused; every code has a row in docs/access.md."""

    CONFLICT = "CONFLICT"
    CREDENTIALS_WRONG = "CREDENTIALS_WRONG"
    EMAIL_INVALID = "EMAIL_INVALID"
    FACTS_INVALID = "FACTS_INVALID"
    FILE_EMPTY = "FILE_EMPTY"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    FILE_TYPE_REFUSED = "FILE_TYPE_REFUSED"
    FORBIDDEN = "FORBIDDEN"
    GRANT_DUPLICATE = "GRANT_DUPLICATE"
    GRANT_INVALID = "GRANT_INVALID"
    IDEMPOTENCY_KEY_INVALID = "IDEMPOTENCY_KEY_INVALID"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDENTITY_INVALID = "IDENTITY_INVALID"
    IDENTITY_TAKEN = "IDENTITY_TAKEN"
    LOCKED_OUT = "LOCKED_OUT"
    LOGIN_INVALID = "LOGIN_INVALID"
    LOGIN_TAKEN = "LOGIN_TAKEN"
    NAME_INVALID = "NAME_INVALID"
    NOT_FOUND = "NOT_FOUND"
    PASSWORD_WEAK = "PASSWORD_WEAK"  # noqa: S105 - because it is a code, not a password
    PHONE_INVALID = "PHONE_INVALID"
    PLUGIN_DECISION_FAILED = "PLUGIN_DECISION_FAILED"
    SCOPE_UNKNOWN = "SCOPE_UNKNOWN"
    STORAGE_FULL = "STORAGE_FULL"
    UNAUTHENTICATED = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRefusal:
    """That something was not done, and nothing changed.

    ``field`` is the part of the input that it concerns, in camelCase. ``message`` never repeats
    personal data. ``plugin`` and ``hook`` name who failed, where the code is
    PLUGIN_DECISION_FAILED.
    """

    code: AccessCode
    message: Text
    field: str | None = None
    plugin: str | None = None
    hook: str | None = None
