"""Sending an answer: the headers that all have, and head and body at once where a server can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.types import Message, Scope, Send

__all__ = ["SAFETY_HEADERS", "WHOLE", "Headers", "Keep", "SendWhole", "Sending", "head_of"]

Headers: TypeAlias = list[tuple[bytes, bytes]]
SendWhole: TypeAlias = Callable[[int, Headers, bytes], bool]
Keep: TypeAlias = Callable[[Scope, int, Headers, bytes], None]
"""Keeps what was sent to a request: status, headers without the request's id, and body."""

WHOLE = "zhupei.whole"
"""In the scope of a request: what sends status, headers and body at once (`SendWhole`).

It returns whether it did; where not, they are to be sent as ASGI has it.
"""

SAFETY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # What is shown as a page has a policy of its own.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
"""What every answer has."""
_SAFETY_NAMES = frozenset(name for name, _ in SAFETY_HEADERS)
_ENCRYPTED = frozenset({"https", "wss"})
_ONLY_ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")


# These say how an answer is read, or what comes after it.
_FRAMING = frozenset({b"connection", b"trailer", b"transfer-encoding", b"upgrade"})


def head_of(headers: Headers, body: bytes) -> bytes | None:
    """Return headers as lines.

    None where anything but the length says where the body ends, or where they are no headers.
    """
    length = b""
    parts: list[bytes] = []
    for name, value in headers:
        if name == b"content-length":
            length = value
        elif name in _FRAMING:
            return None
        parts += (name, b": ", value, b"\r\n")
    head = b"".join(parts)
    lines = len(parts) // 4
    if (
        length != b"%d" % len(body)
        or head.count(b"\n") != lines
        or head.count(b"\r") != lines
        or b"\0" in head
    ):
        return None
    return head


class Sending:
    """Sends the answer to one request.

    Args:
        scope: that of the request.
        send: where to.
        request_id: goes with the answer.
        keeping: who keeps an answer in one piece, by what then is in the scope of the request.

    """

    __slots__ = ("_headers", "_held", "_keeping", "_request_id", "_scope", "_send", "status")

    def __init__(
        self, scope: Scope, send: Send, request_id: bytes, keeping: Mapping[str, Keep]
    ) -> None:
        self._scope, self._send = scope, send
        self._request_id = request_id
        self._keeping = keeping
        self._headers: Headers = []
        self._held: Message | None = None
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a message, a head whose body is announced together with that body."""
        if message["type"] == "http.response.start":
            if self._complete(message) and WHOLE in self._scope:
                self._held = message
            else:
                await self._send(message)
            return
        if message["type"] == "websocket.http.response.start":
            # A handshake that is refused.
            self._complete(message)
        held, self._held = self._held, None
        if held is None or not self._is_sent_whole(message):
            if held is not None:
                await self._send(held)
            await self._send(message)
        for name, keep in self._keeping.items():
            if name in self._scope:
                self._keep(name, keep, message)

    def forget(self) -> bool:
        """Forget what was not sent yet; return whether nothing was."""
        if self._held is not None:
            self._held, self.status = None, 0
        return not self.status

    def _complete(self, message: Message) -> bool:
        """Add what all answers have; return whether the length of the body is announced."""
        self.status = message["status"]
        headers: Headers = [*message.get("headers", ())]
        given = {name for name, _ in headers}
        if given.isdisjoint(_SAFETY_NAMES):
            headers += SAFETY_HEADERS
        else:
            headers += [pair for pair in SAFETY_HEADERS if pair[0] not in given]
        if self._scope["scheme"] in _ENCRYPTED:
            headers.append(_ONLY_ENCRYPTED)
        headers.append((b"x-request-id", self._request_id))
        message["headers"] = self._headers = headers
        return b"content-length" in given

    def _is_sent_whole(self, message: Message) -> bool:
        """Send the held head with this message, if that is the whole body."""
        if message["type"] != "http.response.body" or message.get("more_body"):
            return False
        send: SendWhole = self._scope[WHOLE]
        return send(self.status, self._headers, message.get("body", b""))

    def _keep(self, name: str, keep: Keep, message: Message) -> None:
        """Have an answer kept that was sent in one piece."""
        if message["type"] != "http.response.body" or message.get("more_body"):
            del self._scope[name]
            return
        keep(self._scope, self.status, self._headers[:-1], message.get("body", b""))
