"""Addresses as people may see them: without the password that is in them."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["MASK", "without_password"]

MASK = "••••"
"""What stands for a secret."""


def without_password(address: str) -> str:
    """Mask the password of an address, and its query, where one may stand as well.

    What is no address stays as it is.
    """
    if "://" not in address:
        return address
    parts = urlsplit(address)
    if "@" in parts.netloc:
        user, _, host = parts.netloc.rpartition("@")
        name, colon, _ = user.partition(":")
        parts = parts._replace(netloc=f"{name}{colon}{MASK if colon else ''}@{host}")
    if parts.query:
        parts = parts._replace(query=MASK)
    return parts.geturl()
