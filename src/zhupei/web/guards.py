"""What a request meets first: is it for this host, may its address ask, can it be answered now.

Pure ASGI, before anything is read. Health checks pass: a load balancer has to see that a busy
process lives, and so does one that only begins, whose figures can be read as well.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhupei.domain.text import Text
from zhupei.graphql.context import language_of
from zhupei.graphql.engine import encoded
from zhupei.graphql.limits import LimitCode
from zhupei.graphql.limits.rates import Rates, TooMany, network_of
from zhupei.web.errors import ErrorCode, refusal
from zhupei.web.metrics import METRICS_PATH

__all__ = ["Gate", "Guards", "address_of"]

# A loop that is late by this much has more to do than it can, if it is requests that it does.
_LATE_SECONDS = 0.5
_TICK_SECONDS = 0.05
_FEW_REQUESTS = 20
_RETRY_SECONDS = 1

_MESSAGES_AT_ONCE = 200
_MESSAGES_PER_SECOND = 20.0
_POLICY_VIOLATION = 1008

_NO_HOST = Text("请求须有且仅有一个 Host。", "A request has exactly one Host.")
_HOST = Text("请求的主机名不属于本服务。", "This server does not answer for that host.")
_RATE = Text(
    "请求过于频繁，请在 {seconds} 秒后重试。", "Too many requests; try again in {seconds} s."
)
_BUSY = Text("服务器繁忙，请稍后重试。", "The server is busy; try again soon.")
_STARTING = Text(
    "服务正在启动，请稍后重试。", "The server is starting; try again in a few seconds."
)
_OPEN = Text(
    "来自同一地址的连接过多。", "Too many connections are open from this address; close some."
)
_BEGINS = "starting", ErrorCode.STARTING, _STARTING, 2
_OVERLOADED = "overloaded", LimitCode.OVERLOADED, _BUSY, _RETRY_SECONDS


def address_of(scope: Scope) -> str:
    """Return the address that a request comes from; proxies that are trusted were looked past."""
    client = scope.get("client")
    return client[0] if client else ""


class Gate:
    """What is under way in this process, and whether more can be let in.

    Args:
        rates: what is left to whom.
        open_at_once: how many requests may be under way, WebSockets and event streams included.
        open_per_address: how many of those from one address; 0 is no limit.
        starting: tells whether there is nothing to answer with yet.

    """

    def __init__(
        self,
        *,
        rates: Rates,
        open_at_once: int = 2000,
        open_per_address: int = 0,
        starting: Callable[[], bool] = lambda: False,
    ) -> None:
        self.rates = rates
        self._starting = starting
        self._most_open = open_at_once
        self._most_of_address = open_per_address
        self._open = 0
        self._of_address: Counter[str] = Counter()
        self.refused: Counter[str] = Counter(
            {"overloaded": 0, "request_rate": 0, "open_per_address": 0, "starting": 0}
        )
        """How many requests were refused, by reason."""
        self._pulse = _Pulse()

    def is_busy(self) -> bool:
        """Count a request, and return whether there is more to do than can be done."""
        return self._pulse.is_late() or self._open >= self._most_open

    def not_now(self, path: str) -> tuple[str, str, Text, int] | None:
        """Count a request; return why it cannot be answered now, None where it can.

        That is the reason, as it is counted, the error's code and message, and in how many seconds
        to come again.
        """
        if self._starting() and path != METRICS_PATH:
            return _BEGINS
        return _OVERLOADED if self.is_busy() else None

    def is_full(self, address: str) -> bool:
        """Return whether an address has as much under way as it may have."""
        most = self._most_of_address
        return most > 0 and self._of_address[network_of(address)] >= most

    def takes(self, address: str, cost: int) -> bool:
        """Count a request that is answered at this moment, and return whether it may be.

        The rates have not counted it where it may not; the public is asking, at this cost.
        """
        if self.is_busy() or self.is_full(address):
            return False
        return self.rates.takes(address, cost)

    def enter(self, address: str) -> str:
        """Count a request as under way; return what `leave` wants to have when it ends."""
        self._open += 1
        network = ""
        if self._most_of_address:
            network = network_of(address)
            self._of_address[network] += 1
        return network

    def leave(self, entered: str) -> None:
        """Count a request as ended."""
        self._open -= 1
        if self._most_of_address:
            self._of_address[entered] -= 1
            if not self._of_address[entered]:
                del self._of_address[entered]


class Guards:
    """Pure ASGI middleware.

    Args:
        app: the application inside.
        gate: what is under way, and whether more can be let in.
        hosts: names that the server answers for, ``*.example.org`` for all below it; none is any.

    """

    def __init__(self, app: ASGIApp, *, gate: Gate, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._gate = gate
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in {"http", "websocket"} or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        if kind == "http" and scope.get("http_version") == "1.1" and not _names_one_host(scope):
            # RFC 9112, 3.2; whoever stands in front may have taken the other one.
            await _refuse(scope, receive, send, 400, ErrorCode.BAD_USER_INPUT, _NO_HOST)
            return
        # Prometheus asks each process by its address; a token tells who may read figures.
        if self._hosts and scope["path"] != METRICS_PATH and not self._is_ours(scope):
            await _refuse(scope, receive, send, 421, ErrorCode.BAD_USER_INPUT, _HOST)
            return
        gate = self._gate
        not_now = gate.not_now(scope["path"])
        if not_now is not None:
            reason, code, message, seconds = not_now
            gate.refused[reason] += 1
            await _refuse(scope, receive, send, 503, code, message, retry_after=seconds)
            return
        address = address_of(scope)
        try:
            if gate.rates.counts_requests:
                await gate.rates.request(address)
        except TooMany as refused:
            gate.refused["request_rate"] += 1
            await _refuse(
                scope,
                receive,
                send,
                429,
                LimitCode.RATE_LIMITED,
                _RATE,
                retry_after=refused.seconds,
            )
            return
        if gate.is_full(address):
            gate.refused["open_per_address"] += 1
            await _refuse(
                scope, receive, send, 429, LimitCode.RATE_LIMITED, _OPEN, retry_after=_RETRY_SECONDS
            )
            return
        if kind == "websocket":
            receive = _measured(receive, send)
        entered = gate.enter(address)
        try:
            await self._app(scope, receive, send)
        finally:
            gate.leave(entered)

    def _is_ours(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return False
        host = given[0].decode("latin-1").lower()
        if not host.endswith("]"):
            head, colon, port = host.rpartition(":")
            if colon and port.isascii() and port.isdigit():
                host = head
        if host in self._hosts:
            return True
        return any(
            f"*{host[at:]}" in self._hosts for at, letter in enumerate(host) if letter == "."
        )


def _names_one_host(scope: Scope) -> bool:
    return [name for name, _ in scope["headers"]].count(b"host") == 1


class _Pulse:
    """Knows when the event loop is late: a timer that is overdue while requests are answered."""

    def __init__(self) -> None:
        self._due: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._requests = 0

    def is_late(self) -> bool:
        """Count a request, and return whether the loop cannot follow."""
        loop = asyncio.get_running_loop()
        # The clock of uvloop stands still while callbacks run.
        now = time.monotonic()
        if self._due is None or self._loop is not loop:
            self._loop, self._requests = loop, 0
            self._due = now + _TICK_SECONDS
            loop.call_later(_TICK_SECONDS, self._tick)
        self._requests += 1
        return now - self._due > _LATE_SECONDS and self._requests > _FEW_REQUESTS

    def _tick(self) -> None:
        # Set again by the next request: a server that is idle does not wake up.
        self._due = None
        self._requests = 0


def _measured(receive: Receive, send: Send) -> Receive:
    """Return what ends a WebSocket whose client sends messages faster than anybody needs."""
    left, since = float(_MESSAGES_AT_ONCE), time.monotonic()

    async def receive_slowly() -> Message:
        nonlocal left, since
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        now = time.monotonic()
        left = min(_MESSAGES_AT_ONCE, left + (now - since) * _MESSAGES_PER_SECOND) - 1
        since = now
        if left >= 0:
            return message
        await send(
            {"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "Too many messages"}
        )
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    return receive_slowly


async def _refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    code: str,
    message: Text,
    *,
    retry_after: int | None = None,
) -> None:
    kind = "http"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            # Before it is accepted: the client gets HTTP 403.
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        kind = "websocket.http"
    given = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    text = message.get(language_of(given)).format(seconds=retry_after)
    shown = refusal(code, text)
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if retry_after is not None:
        shown["errors"][0]["extensions"]["retryAfter"] = retry_after
        headers.append((b"retry-after", b"%d" % retry_after))
    body = encoded(shown)
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})
