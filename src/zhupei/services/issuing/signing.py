"""The signing keys of an installation, as its settings name them."""

from __future__ import annotations

from zhupei.security.signing_keys import SigningKeys
from zhupei.settings import Settings

__all__ = ["open_signing_keys"]


def open_signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys that lists are signed with.

    Those of ``ZHUPEI_SIGNING_KEYS``; else a file below the data directory, made on first use.
    Several machines need the setting: each would make a key of its own. Raises
    `SigningKeysError` and `KeyFileError`.
    """
    if settings.signing_keys is not None:
        return SigningKeys.parse(settings.signing_keys)
    return SigningKeys.open_file(settings.data_dir / "keys" / "lists")
