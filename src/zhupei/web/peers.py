"""Who is at the other end of a connection: an address, or a proxy at a Unix socket.

A Unix socket has no addresses. Who may open it is decided by its file's permissions, and that is a
proxy in front of this server: it is believed whom it asks for, as trusted proxies are.
"""

from __future__ import annotations

import socket

from zhupei.settings import Settings

__all__ = ["UNIX_PEER", "believed", "peer_at"]

UNIX_PEER = "unix"
"""Stands for whoever opened the Unix socket; no address looks like that."""


def peer_at(listener: socket.socket) -> tuple[str, int] | None:
    """Return what connections to ``listener`` come from where they have no address."""
    return (UNIX_PEER, 0) if listener.family == socket.AF_UNIX else None


def believed(settings: Settings) -> list[str]:
    """Return who is believed whom it asks for: addresses and networks, and `UNIX_PEER`."""
    return [*settings.trusted_proxies, *([UNIX_PEER] if settings.socket else [])]
