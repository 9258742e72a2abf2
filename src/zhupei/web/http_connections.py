"""HTTP connections: how long and how large the head of a request may be, and requests repeated.

uvicorn takes any number of header lines, of any length, at any speed, and as headers also what
comes after a body. And it reads every request anew, also one that is byte for byte the one before
(`zhupei.web.repeated_requests`). What it cannot read it refuses in plain text, also amid another
answer; here that is JSON, as everywhere, or the end of the connection.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    RequestResponseCycle,
)

from zhupei.domain.text import Text
from zhupei.graphql.engine import encoded
from zhupei.web.declined_upgrades import DeclinesUpgrades
from zhupei.web.errors import ErrorCode, refusal
from zhupei.web.read_requests import BODY, READ, ReadRequest, ReadRequests
from zhupei.web.repeated_requests import (
    LARGEST_PACKET,
    PACKET,
    RepeatedRequests,
    is_meaning,
    meaning_of,
)
from zhupei.web.revalidated_answers import AT_HAND, RevalidatedAnswers
from zhupei.web.sending import SAFETY_HEADERS, WHOLE, Headers, head_of
from zhupei.web.slow_readers import ReadsOrLeaves

__all__ = ["BoundedConnection", "connections"]

_HEAD_SECONDS = 10.0
_LEFT_OVER_SECONDS = 60.0
_HEAD_BYTES = 64 << 10
_BAD_REQUEST, _TIMED_OUT, _HEAD_TOO_LARGE = 400, 408, 431

# In both languages: which one is asked for stands in what could not be read.
_REFUSALS = {
    _BAD_REQUEST: (
        ErrorCode.BAD_USER_INPUT,
        Text("不是有效的 HTTP 请求。", "This is no valid HTTP request."),
    ),
    _TIMED_OUT: (
        ErrorCode.REQUEST_TIMED_OUT,
        Text("请求未在规定时间内送达。", "The request did not come in time."),
    ),
    _HEAD_TOO_LARGE: (
        ErrorCode.LIMIT_EXCEEDED,
        Text("请求头过大。", "The headers of the request are too large."),
    ),
}


def _refusal_of(status: int) -> bytes:
    """Return a whole answer that ends its connection."""
    code, message = _REFUSALS[status]
    body = encoded(refusal(code, f"{message.zh} {message.en}"))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        *SAFETY_HEADERS,
    ]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return b"%b%b\r\n%b" % (STATUS_LINE[status], lines, body)


class _HeadTooLargeError(Exception):
    pass


class _EndsWithItsConnection(RequestResponseCycle):
    """An answer in HTTP/1.0, which knows no chunks: without a length it ends where all ends."""

    async def send(self, message: Any) -> None:
        """Send a message of ASGI."""
        if message["type"] == "http.response.start":
            named = {name.lower() for name, _ in message.get("headers", ())}
            if b"content-length" not in named:
                self.chunked_encoding = False
        elif not self.chunked_encoding and not self.expected_content_length:
            # uvicorn looks whether a body is as long as was said; nothing was.
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


class BoundedConnection(ReadsOrLeaves, DeclinesUpgrades):
    """A connection whose requests begin within ten seconds and with at most 64 kB of headers.

    What ``repeated`` knows is answered before it is read, and what ``read`` knows is not read
    again; without the former, everything is read. ``revalidated`` answers what was answered before,
    where it still is the answer. ``peer`` is who is at the other end where that
    has no address.
    """

    head_seconds = _HEAD_SECONDS
    left_over_seconds = _LEFT_OVER_SECONDS
    """How long the rest of a body may come whose request was answered without it."""
    head_bytes = _HEAD_BYTES
    repeated: RepeatedRequests | None = None
    revalidated: RevalidatedAnswers | None = None
    read = ReadRequests(most_bytes=0)
    peer: tuple[str, int] | None = None

    _head_due: asyncio.TimerHandle | None = None
    _head_size = 0
    _in_head = False
    _in_message = False
    _begun = 0
    _switched = False
    _origin: str | None = None
    _host = ""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.client = self.peer or self.client
        if self.repeated is not None and self.limit_concurrency is None:
            self._host = self.client[0] if self.client else ""
            self._origin = self.repeated.origin(self._host, self.scheme or "http")
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read, unless what should be a head of a request is too long for one, or is known."""
        origin = None if self._in_message or is_meaning(data) else self._origin
        if origin is not None and (
            self._answers_again(origin, data) or self._asks_again(origin, data)
        ):
            return
        before, self._begun, inside = self.cycle, 0, self._in_message
        super().data_received(data)
        if origin is not None and self._begun == 1 and not self._in_message:
            self._note(origin, data, before)
        if not self._in_head:
            self._wait_if_idle()
            return
        # Most heads come whole: no timer is set for those.
        if self._head_due is None and not self.transport.is_closing():
            self._wait()
        # A part that ends another request may be large.
        if not self._begun or (self._begun == 1 and not inside):
            self._head_size += len(data)
        if self._head_size > self.head_bytes:
            self._refuse(_HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the head."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0
        self._in_message = True
        self._begun += 1

    def on_message_complete(self) -> None:
        """Know that the next bytes begin another request."""
        super().on_message_complete()
        self._in_message = self._declined

    def on_headers_complete(self) -> None:
        """Wait no more: the application has its own time for bodies."""
        # A head that came at once, or its end, was not measured yet.
        if self._head_size + len(self._fed) > self.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > self.head_bytes:
                raise _HeadTooLargeError
        self._in_head, self._head_size = False, 0
        self._stop_waiting()
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            # What comes after a body is no header (RFC 9110, 6.5.1): proxies check those only.
            self.headers = []
            cast("dict[str, Any]", cycle.scope)[WHOLE] = partial(self._send_whole, cycle)
            if cycle.scope["http_version"] == "1.0":
                cycle.__class__ = _EndsWithItsConnection

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, unless an answer to something else is under way."""
        cycle = self.cycle
        begins = self._in_head or not self._in_message
        # The body of a request that was not answered yet may be what cannot be read.
        if (
            cycle is None
            or cycle.response_complete
            or not (begins or cycle.response_started or self.pipeline)
        ):
            too_large = isinstance(_last_error(), _HeadTooLargeError)
            self.transport.write(_refusal_of(_HEAD_TOO_LARGE if too_large else _BAD_REQUEST))
        self._stop_waiting()
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the WebSocket, unless answers are still to be made or to be read."""
        self._stop_waiting()
        self._switched = True
        if self.flow.write_paused or not (self.cycle is None or self.cycle.response_complete):
            self.transport.abort()
        else:
            super().handle_websocket_upgrade()

    def _answers_again(self, origin: str, data: bytes) -> bool:
        """Answer a request that is known and whose turn it is; return whether it was."""
        if self.repeated is None or not self._is_free():
            return False
        found = self.repeated.answer(origin, self._host, data)
        if found is None:
            return False
        self._stop_waiting()
        status, head, body = found
        self.transport.write(b"".join((*self._begin(status), head, body)))
        self.on_response_complete()
        return True

    def _asks_again(self, origin: str, data: bytes) -> bool:
        """Have a request answered that was read before; return whether it is."""
        read = self.read.get(origin, data) if self._is_free() else None
        if read is None:
            return False
        self._stop_waiting()
        self._unset_keepalive_if_required()
        # As much of it as is said of whatever goes wrong.
        scope: Any = {"method": "POST"}
        cycle = self.cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        cycle.body += read.body
        cycle.more_body = False
        cycle.message_event.set()
        if read.answered is None or self.revalidated is None:
            self._describe(cycle, read, (origin, data))
            super()._start_asgi_task(cycle, self.app)
        else:
            again = partial(self._again, cycle, self.revalidated, read, (origin, data))
            super()._start_asgi_task(cycle, again)
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have a request answered that was read; when it begins, it is known what it means."""
        if self._origin is not None:
            app = partial(self._meant, cycle, app)
        super()._start_asgi_task(cycle, app)

    async def _meant(
        self, cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer what is known but for an id of its way as `data_received` does what is known."""
        packet: tuple[str, bytes] | None = scope.get(PACKET)
        if packet is None or not is_meaning(packet[1]):
            await app(scope, receive, send)
            return
        headers = scope["headers"]
        read: ReadRequest | None = scope.get(READ)
        if read is not None and read.answered is not None and self.revalidated is not None:
            write = partial(self._send_again, cycle)
            reads = await self.revalidated.give(read, self._host, write, headers)
            if reads is None:
                return
            scope[AT_HAND] = reads
        elif self.repeated is not None and self._can_write(cycle):
            found = self.repeated.answer(packet[0], self._host, packet[1], headers)
            if found is not None:
                status, head, body = found
                self._write(cycle, status, head[:-2], body)
                return
        await app(scope, receive, send)

    def _describe(
        self, cycle: RequestResponseCycle, read: ReadRequest, packet: tuple[str, bytes]
    ) -> None:
        """Say what a request is that was read before."""
        scope: Any = cycle.scope
        scope.update(read.scope)
        scope["headers"] = read.scope["headers"].copy()
        scope["server"], scope["client"], scope["scheme"] = self.server, self.client, self.scheme
        scope["state"] = self.app_state.copy()
        scope[BODY], scope[PACKET], scope[READ] = read.body, packet, read
        scope[WHOLE] = partial(self._send_whole, cycle)

    async def _again(
        self,
        cycle: RequestResponseCycle,
        revalidated: RevalidatedAnswers,
        read: ReadRequest,
        packet: tuple[str, bytes],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer as before where that still is the answer; else as any other request."""
        reads = await revalidated.give(read, self._host, partial(self._send_again, cycle))
        if reads is None:
            return
        self._describe(cycle, read, packet)
        scope[AT_HAND] = reads
        await self.app(scope, receive, send)

    def _is_free(self) -> bool:
        """Return whether a request would be the next that is answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        # Whoever does not read answers waits where answers wait to be written.
        return not (self.flow.write_paused or self.transport.is_closing())

    def _begin(self, status: int) -> list[bytes]:
        """Return what every head begins with."""
        parts = [STATUS_LINE[status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        return parts

    def _send_whole(
        self, cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes
    ) -> bool:
        """Write an answer at once, where nothing is in its way; return whether it was.

        uvicorn's way is a message for the head, one for the body, and some calls for each header.
        It is taken for whatever needs care: connections that end, clients that do not read, and
        headers that are not what they should be, which it refuses.
        """
        if (
            cycle.response_started
            or cycle.disconnected
            or not cycle.keep_alive
            or cycle.access_log
            or self.flow.write_paused
            or cycle.scope["method"] == "HEAD"
        ):
            return False
        head = head_of(headers, body)
        if head is None:
            return False
        self._write(cycle, status, head, body)
        return True

    def _send_again(self, cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
        """Write an answer as it was before, as `_send_whole` does; return whether it was."""
        if not self._can_write(cycle):
            return False
        self._write(cycle, 200, head, body)
        return True

    def _can_write(self, cycle: RequestResponseCycle) -> bool:
        """Return whether nothing is in the way of an answer that is written at once."""
        return cycle.keep_alive and not (
            cycle.response_started
            or cycle.disconnected
            or cycle.access_log
            or self.flow.write_paused
        )

    def _write(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> None:
        cycle.waiting_for_100_continue = False
        cycle.response_started = cycle.response_complete = True
        # The scope holds this, and this its cycle, which holds the scope.
        cast("dict[str, Any]", cycle.scope).pop(WHOLE, None)
        cycle.message_event.set()
        self.transport.write(b"".join((*self._begin(status), head, b"\r\n", body)))
        cycle.on_response()

    def _note(self, origin: str, data: bytes, before: RequestResponseCycle | None) -> None:
        """Tell the application what bytes its request came in, where they were all of them.

        Or what they mean, where an id of its way makes them unlike all others.
        """
        cycle = self.cycle
        if cycle is None or cycle is before or len(data) > LARGEST_PACKET:
            return
        if cycle.keep_alive:
            scope, body = cast("dict[str, Any]", cycle.scope), bytes(cycle.body)
            packet = meaning_of(scope, body) or data
            scope[BODY], scope[PACKET] = body, (origin, packet)
            read = self.read.noted(origin, packet, scope, body)
            if read is not None:
                scope[READ] = read

    def _wait(self) -> None:
        seconds = self.head_seconds
        if self._in_message and not self._in_head:
            seconds = self.left_over_seconds
        self._head_due = self.loop.call_later(seconds, self._refuse, _TIMED_OUT)

    def _wait_if_idle(self) -> None:
        """Wait for a request where bytes came that are none: uvicorn took them for one."""
        if (
            self.timeout_keep_alive_task is None
            and self._head_due is None
            and (self.cycle is None or self.cycle.response_complete)
            and not self._switched
            and not self.transport.is_closing()
        ):
            self._wait()

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _refuse(self, status: int) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            answered = self.cycle is None or self.cycle.response_complete
            if answered and (self._in_head or not self._in_message):
                self.transport.write(_refusal_of(status))
            self.transport.close()


def _last_error() -> BaseException | None:
    """Return what stopped the parser, where its error is handled."""
    error = sys.exc_info()[1]
    return None if error is None else error.__context__


def connections(
    repeated: RepeatedRequests | None,
    revalidated: RevalidatedAnswers | None = None,
    peer: tuple[str, int] | None = None,
) -> type[BoundedConnection]:
    """Return the class of connections that answer what is repeated; ``peer`` as there."""
    own = {
        "repeated": repeated,
        "revalidated": revalidated,
        "read": ReadRequests(),
        "peer": peer,
    }
    return type("Connection", (BoundedConnection,), own)
