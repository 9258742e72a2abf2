"""The signing keys of an installation, as its settings name them."""

from __future__ import annotations

from pathlib import Path

from zhupei.security.signing_keys import SigningKeys
from zhupei.settings import Settings

__all__ = ["open_signing_keys", "read_signing_keys"]


def open_signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys that lists are signed with.

    Those of ``ZHUPEI_SIGNING_KEYS``; else a file below the data directory, made on first use.
    Several machines need the setting: each would make a key of its own. Raises
    `SigningKeysError` and `KeyFileError`.
    """
    if settings.signing_keys is not None:
        return SigningKeys.parse(settings.signing_keys)
    return SigningKeys.open_file(_file(settings))


def read_signing_keys(settings: Settings) -> SigningKeys | None:
    """Return the keys that lists are signed with, None where there are none yet; makes none.

    Raises what `open_signing_keys` raises.
    """
    if settings.signing_keys is not None:
        return SigningKeys.parse(settings.signing_keys)
    try:
        return SigningKeys.read_file(_file(settings))
    except FileNotFoundError:
        return None


def _file(settings: Settings) -> Path:
    return settings.data_dir / "keys" / "lists"
