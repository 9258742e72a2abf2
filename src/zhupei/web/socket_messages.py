"""The form of what clients send over a WebSocket, checked before it is read."""

from __future__ import annotations

from typing import Any

__all__ = ["TAKEN_FROM_INIT", "init_problem", "message_problem"]

_LONGEST_ID = 256

TAKEN_FROM_INIT = ("authorization", "accept-language")
"""What of the payload of ``connection_init`` goes before the header of this name."""


def message_problem(message: Any) -> str | None:
    """Return what is wrong with a message's form, None where it is as the protocol says."""
    if not isinstance(message, dict):
        return "Message must be a JSON object"
    kind = message.get("type")
    if not isinstance(kind, str):
        return "Message must have a type"
    if kind not in {"subscribe", "complete"}:
        return None
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= _LONGEST_ID:
        return f"Message must have an id of 1 to {_LONGEST_ID} characters"
    if kind == "subscribe" and not isinstance(message.get("payload"), dict):
        return "The payload must be an object with a query"
    return None


def init_problem(payload: Any) -> str | None:
    """Return what is wrong with what ``connection_init`` brings; null is nothing."""
    if isinstance(payload, dict):
        for name, value in payload.items():
            if name.lower() in TAKEN_FROM_INIT and not isinstance(value, str | None):
                return f"{name} in the payload must be a string"
    return None
