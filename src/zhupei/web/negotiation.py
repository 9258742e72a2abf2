"""What a client accepts: which form an answer takes, by the ``Accept`` header (RFC 9110, 12.5.1).

GraphQL over HTTP knows two kinds of JSON: ``application/json``, whose errors of the operation come
with HTTP 200, and ``application/graphql-response+json``, whose request errors have their status.
Streams exist for subscriptions: ``text/event-stream`` (graphql-sse) and ``multipart/mixed`` with
``subscriptionSpec=1.0`` (Apollo Client).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from starlette.types import Scope

__all__ = [
    "GRAPHQL_RESPONSE",
    "JSON",
    "Accepted",
    "StreamKind",
    "accept_language_in",
    "accepted",
    "names_tag",
]

JSON = b"application/json"
GRAPHQL_RESPONSE = b"application/graphql-response+json"

_HEADERS_KEPT = 256


class StreamKind(Enum):
    """How the events of a subscription are written one after the other."""

    EVENTS = "text/event-stream"
    MULTIPART = "multipart/mixed"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one ``Accept`` header allows.

    ``json`` is the preferred kind of JSON, None where neither is accepted; ``stream`` the
    preferred kind of stream, None where none is asked for by name; ``html`` whether HTML is.
    """

    json: bytes | None
    stream: StreamKind | None
    html: bool


def accept_language_in(scope: Scope) -> str | None:
    """Return the ``Accept-Language`` header of a request, the first of several."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            found: bytes = value
            return found.decode("latin-1")
    return None


@lru_cache(maxsize=_HEADERS_KEPT)
def accepted(header: bytes | None) -> Accepted:
    """Return what the header allows; without one, everything: ``application/json``.

    Of equal weights the one named first wins. ``*/*`` is ``application/json``, which every client
    can read; a stream is only what asks for it by name.
    """
    if header is None or not header.strip():
        return Accepted(JSON, None, html=False)
    json: tuple[float, bytes] | None = None
    stream: tuple[float, StreamKind] | None = None
    refused: set[bytes] = set()
    html = False
    for part in header.decode("latin-1").lower().split(","):
        kind, parameters, weight = _media_range(part)
        if kind in {JSON, GRAPHQL_RESPONSE} and weight <= 0:
            refused.add(kind)
        if weight <= 0:
            continue
        offered = JSON if kind in {b"*/*", b"application/*"} else kind
        if offered in {JSON, GRAPHQL_RESPONSE} and (json is None or weight > json[0]):
            json = weight, offered
        found = _stream_kind(kind, parameters)
        if found is not None and (stream is None or weight > stream[0]):
            stream = weight, found
        html = html or kind == b"text/html"
    preferred = None if json is None else json[1]
    if preferred in refused:
        preferred = next((one for one in (JSON, GRAPHQL_RESPONSE) if one not in refused), None)
    return Accepted(preferred, None if stream is None else stream[1], html=html)


def names_tag(if_none_match: bytes | None, tag: bytes) -> bool:
    """Return whether an ``If-None-Match`` header names an entity tag (RFC 9110, 13.1.2).

    Whoever compresses on the way makes a tag weak, which is the same one here.
    """
    if if_none_match is None:
        return False
    if if_none_match.strip() == b"*":
        return True
    opaque = tag.removeprefix(b"W/")
    return any(one.strip().removeprefix(b"W/") == opaque for one in if_none_match.split(b","))


def _media_range(part: str) -> tuple[bytes, dict[str, str], float]:
    kind, *rest = part.split(";")
    parameters = {}
    for each in rest:
        name, _, value = each.partition("=")
        parameters[name.strip()] = value.strip().strip("\"'")
    try:
        weight = float(parameters.pop("q", "1"))
    except ValueError:
        weight = 0.0
    return kind.strip().encode("latin-1"), parameters, weight


def _stream_kind(kind: bytes, parameters: dict[str, str]) -> StreamKind | None:
    if kind == b"text/event-stream":
        return StreamKind.EVENTS
    if kind == b"multipart/mixed" and parameters.get("subscriptionspec", "").startswith("1."):
        return StreamKind.MULTIPART
    return None
