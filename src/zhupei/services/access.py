"""What access needs of an installation's settings: keys, issuers, passwords, signing in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from zhupei.security.built_in_issuer import BuiltInIssuer
from zhupei.security.crypto import EncryptionKeysRequiredError, Keyring
from zhupei.security.oidc import OpenIdIssuer
from zhupei.security.passwords import Passwords
from zhupei.services.sign_in import SignIn
from zhupei.services.sign_up import SignUp
from zhupei.settings import Environment, Settings

__all__ = ["Access", "built_in_issuer", "open_keyring", "prepare_access"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Access:
    """How people sign in to one process, and up; close it when the process ends."""

    sign_in: SignIn
    sign_up: SignUp
    issuers: tuple[OpenIdIssuer, ...]

    async def aclose(self) -> None:
        """Close the connections to issuers."""
        for issuer in self.issuers:
            await issuer.aclose()


def prepare_access(settings: Settings, *, now: Callable[[], datetime] = _now) -> Access:
    """Return how people sign in with these settings; no file or network is touched yet."""
    issuers = tuple(
        OpenIdIssuer(trusted.issuer, trusted.audiences, now=now)
        for trusted in settings.oidc_issuers
    )
    sign_in = SignIn(
        built_in_issuer(settings, now=now),
        issuers,
        passwords=Passwords(),
        now=now,
        lifetime=timedelta(minutes=settings.token_minutes),
    )
    sign_up = SignUp(passwords=Passwords(), now=now, per_hour=settings.sign_ups_per_hour)
    return Access(sign_in, sign_up, issuers)


def built_in_issuer(settings: Settings, *, now: Callable[[], datetime] = _now) -> BuiltInIssuer:
    """Return the issuer whose keys lie below the data directory."""
    return BuiltInIssuer(_keys(settings) / "tokens", now=now)


def open_keyring(settings: Settings) -> Keyring:
    """Return the keys that personal data is encrypted with.

    Those of ``ZHUPEI_ENCRYPTION_KEYS``; else, in development, a file below the data directory,
    made on first use. Raises `EncryptionKeysError`, `EncryptionKeysRequiredError` and
    `KeyFileError`.
    """
    if settings.encryption_keys is not None:
        return Keyring.parse(settings.encryption_keys)
    if settings.environment is Environment.PRODUCTION:
        raise EncryptionKeysRequiredError
    return Keyring.open_file(_keys(settings) / "encryption")


def _keys(settings: Settings) -> Path:
    return settings.data_dir / "keys"
