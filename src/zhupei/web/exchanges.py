"""One HTTP request to the graph and its answer, as ASGI has them: headers, body, refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from zhupei.domain.text import Text
from zhupei.graphql.context import language_of
from zhupei.graphql.engine import encoded
from zhupei.graphql.limits import TimeLimits
from zhupei.web.errors import ErrorCode, internal_error, refusal
from zhupei.web.logs import current_request_id
from zhupei.web.negotiation import JSON, Accepted, accepted
from zhupei.web.operation_requests import RequestRefused
from zhupei.web.read_requests import BODY, READ, ReadRequest
from zhupei.web.sign_in import ActorRefused
from zhupei.web.slow_senders import TOO_SLOW

__all__ = [
    "NO_STORE",
    "Exchange",
    "Reply",
    "content_type_of",
    "failed",
    "read_body",
    "refuse_encoded",
    "refused",
    "refused_actor",
    "too_large",
    "too_slow",
    "unsupported_media_type",
]

NO_STORE = (b"cache-control", b"no-store")

_log = logging.getLogger("zhupei.graphql")

_MEDIA_TYPE = Text(
    "请求体应为 application/json（UTF-8）。", "The body must be application/json in UTF-8."
)
_ENCODED = Text("请求体不得压缩。", "The body of a request must not be compressed.")


@dataclass(slots=True)
class Exchange:
    """One HTTP request on its way to an answer."""

    scope: Scope
    receive: Receive
    headers: Mapping[bytes, bytes]
    accepted: Accepted

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> Exchange:
        """Return the exchange that a request begins."""
        read: ReadRequest | None = scope.get(READ)
        if read is None:
            headers = _headers(scope)
            return cls(scope, receive, headers, accepted(headers.get(b"accept")))
        if read.headers is None or read.accepted is None:
            read.headers = _headers(scope)
            read.accepted = accepted(read.headers.get(b"accept"))
        return cls(scope, receive, read.headers, read.accepted)

    @property
    def kind(self) -> bytes:
        """The kind of JSON to answer in, also where none is accepted."""
        return self.accepted.json or JSON

    @property
    def accept_language(self) -> str | None:
        """The header of this name."""
        value = self.headers.get(b"accept-language")
        return None if value is None else value.decode("latin-1")

    def said(self, message: Text) -> str:
        """Return a message in the language of the request."""
        return message.get(language_of(self.accept_language))


@dataclass(slots=True)
class Reply:
    """A whole answer; without headers it is not to be stored."""

    status: int
    kind: bytes
    body: bytes
    headers: Iterable[tuple[bytes, bytes]] = (NO_STORE,)

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = [*self.headers]
        if self.status != 304:
            headers += (b"content-type", self.kind), (b"content-length", b"%d" % len(self.body))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def content_type_of(exchange: Exchange) -> bytes:
    """Return the media type of a body, `JSON` for JSON in UTF-8 however it is written.

    JSON in another encoding is given as it is written.
    """
    given = exchange.headers.get(b"content-type", b"").lower()
    if given == JSON:
        return JSON
    kind, *parameters = given.split(b";")
    if kind.strip() != JSON:
        return kind.strip()
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip(b' "') not in {b"utf-8", b"utf8"}:
            return given
    return JSON


def unsupported_media_type() -> RequestRefused:
    """Return the refusal of a body that is no JSON."""
    return RequestRefused(
        415,
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        _MEDIA_TYPE,
        headers={"Accept-Post": "application/json"},
    )


def refuse_encoded(exchange: Exchange) -> None:
    """Refuse a body that is compressed: a small one could be any size when it is read."""
    encoding = exchange.headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in {b"", b"identity"}:
        raise RequestRefused(
            415,
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            _ENCODED,
            headers={"Accept-Encoding": "identity"},
        )


async def read_body(exchange: Exchange, *, most: int, limits: TimeLimits) -> bytes | None:
    """Read the JSON body of a POST; None where the client left before it was whole.

    Args:
        exchange: whose body to read.
        most: bytes that it may have; a body that announces more is not read.
        limits: how long clients may take.

    Raises:
        RequestRefused: it is no JSON in UTF-8, compressed, too large or too slow.

    """
    if content_type_of(exchange) != JSON:
        raise unsupported_media_type()
    refuse_encoded(exchange)
    announced = exchange.headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > most:
        raise too_large(most)
    whole: bytes | None = exchange.scope.get(BODY)
    if whole is not None:
        if len(whole) > most:
            raise too_large(most)
        return whole
    parts: list[bytes] = []
    received = 0
    try:
        with limits.limit():
            while True:
                message = await exchange.receive()
                if message["type"] == "http.disconnect":
                    return None
                part = message.get("body", b"")
                received += len(part)
                if received > most:
                    raise too_large(most)
                parts.append(part)
                if not message.get("more_body", False):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise too_slow() from None


def too_large(most: int) -> RequestRefused:
    """Return the refusal of a request that is larger than so many bytes."""
    return RequestRefused(
        413,
        ErrorCode.PAYLOAD_TOO_LARGE,
        Text(f"请求超过 {most} 字节。", f"The request is larger than {most} bytes."),
    )


def too_slow() -> RequestRefused:
    """Return the refusal of a request that did not come in time."""
    return RequestRefused(
        408, ErrorCode.REQUEST_TIMED_OUT, TOO_SLOW, headers={"Connection": "close"}
    )


def refused(exchange: Exchange, why: RequestRefused) -> Reply:
    """Return the answer to a request that is refused."""
    status = 200 if why.of_operation and exchange.kind == JSON else why.status
    body = encoded(refusal(why.code, exchange.said(why.message)))
    named = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in why.headers.items()
    ]
    return Reply(status, exchange.kind, body, (*named, NO_STORE))


def refused_actor(exchange: Exchange, why: ActorRefused) -> Reply:
    """Return the answer to a request whose sender cannot be told."""
    body = encoded(refusal(why.code, exchange.said(why.message)))
    headers = [
        (name, value)
        for name, value in why.response.raw_headers
        if name not in {b"content-type", b"content-length"}
    ]
    return Reply(why.response.status_code, exchange.kind, body, headers)


def failed(exchange: Exchange, error: Exception) -> Reply:
    """Log an error of ours, and return an answer that tells nothing of it."""
    _log.error("unexpected error around a query", exc_info=error)
    shown = internal_error(language_of(exchange.accept_language), current_request_id.get() or "")
    return Reply(500, exchange.kind, encoded(shown))


def _headers(scope: Scope) -> Mapping[bytes, bytes]:
    """Return the headers by name; lists over several lines (RFC 9110, 5.3) are joined."""
    pairs: list[tuple[bytes, bytes]] = scope["headers"]
    found = dict(pairs)
    if len(found) != len(pairs):
        found = {}
        for name, value in pairs:
            found[name] = b"%b,%b" % (found[name], value) if name in found else value
    return found
