"""What surrounds every request: its id, its database, its log line, the safety headers.

What breaks in it is logged and masked here.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhupei.db.connection import Database
from zhupei.graphql.context import language_of
from zhupei.graphql.engine import encoded
from zhupei.tracing import Tracing, current_tracing
from zhupei.web.errors import internal_error
from zhupei.web.logs import current_operation, current_request_id, log_access
from zhupei.web.repeated_requests import SETTLED, RepeatedRequests

__all__ = ["RequestScope"]

_errors = logging.getLogger("zhupei.web")

# An id that a proxy or client sends is taken over when it cannot disturb a log.
_ACCEPTABLE_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_ID_BYTES = 16

_SAFETY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    # What is shown as a page has a policy of its own.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
_NOT_FOUND, _OURS = 404, 500
_ENCRYPTED = frozenset({"https", "wss"})
_ONLY_ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")


class RequestScope:
    """Pure ASGI middleware; tasks that a request starts inherit its id and its database.

    Args:
        app: the application inside.
        database: what models talk to during the request.
        responded: who is told of every response's method and status.
        access_log: whether each request gets a log line (method, path, status, duration; never
            the query string or a body).
        tracing: what makes spans of requests, and of what is done for them.
        repeated: what keeps answers that will be the same again.

    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        database: Database,
        access_log: bool,
        responded: Callable[[str, int], None] | None = None,
        tracing: Tracing | None = None,
        repeated: RepeatedRequests | None = None,
    ) -> None:
        self._app = app
        self._repeated = repeated
        self._tracing = tracing
        self._responded = responded
        self._database = database
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        token = current_request_id.set(request_id.decode())
        operation = current_operation.set(None)
        started = time.perf_counter() if self._access_log else 0.0

        sending = _Sending(scope, send, request_id, self._repeated)
        try:
            with self._database.use():
                if self._tracing is None:
                    await self._app(scope, receive, sending.send)
                else:
                    await self._traced(self._tracing, scope, receive, sending.send)
        except Exception as error:
            _errors.error("unexpected error", exc_info=error)
            if sending.status or scope["type"] == "websocket":
                # What has begun cannot be taken back: the server closes the connection.
                raise
            await _failed(scope, request_id, sending.send)
        finally:
            if self._responded is not None and scope["type"] == "http":
                self._responded(scope["method"], sending.status)
            if self._access_log and scope["type"] == "http":
                seconds = time.perf_counter() - started
                log_access(scope["method"], scope["path"], sending.status, seconds)
            current_operation.reset(operation)
            current_request_id.reset(token)

    async def _traced(self, tracing: Tracing, scope: Scope, receive: Receive, send: Send) -> None:
        current = current_tracing.set(tracing)
        try:
            if scope["type"] == "websocket":
                # It lives for hours: each of its operations is a trace of its own.
                await self._app(scope, receive, send)
                return
            method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
            with tracing.request(method, scope["headers"]) as span:

                async def noting(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        status = message["status"]
                        span.set_attribute("http.response.status_code", status)
                        if status != _NOT_FOUND:
                            span.update_name(f"{method} /{scope['path'].split('/')[1]}")
                        if status >= _OURS:
                            tracing.fail(span, str(status))
                    await send(message)

                try:
                    await self._app(scope, receive, noting)
                except Exception as error:
                    tracing.fail(span, type(error).__name__)
                    raise
                finally:
                    span.set_attribute("zhupei.request", current_request_id.get() or "")
        finally:
            current_tracing.reset(current)


class _Sending:
    """Sends the answer to one request, with the headers that all have; knows its status."""

    __slots__ = ("_headers", "_repeated", "_request_id", "_scope", "_send", "status")

    def __init__(
        self, scope: Scope, send: Send, request_id: bytes, repeated: RepeatedRequests | None
    ) -> None:
        self._scope, self._send = scope, send
        self._request_id = request_id
        self._repeated = repeated
        self._headers: list[tuple[bytes, bytes]] = []
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._complete(message)
        await self._send(message)
        if SETTLED in self._scope:
            self._keep(message)

    def _complete(self, message: Message) -> None:
        self.status = message["status"]
        headers = message["headers"] = self._headers = [*message.get("headers", ())]
        given = {name for name, _ in headers}
        headers += [pair for pair in _SAFETY_HEADERS if pair[0] not in given]
        if self._scope["scheme"] in _ENCRYPTED:
            headers.append(_ONLY_ENCRYPTED)
        headers.append((b"x-request-id", self._request_id))

    def _keep(self, message: Message) -> None:
        """Keep an answer that was sent in one piece and will be the same again."""
        if self._repeated is None or message["type"] != "http.response.body":
            return
        if message.get("more_body"):
            del self._scope[SETTLED]
            return
        body = message.get("body", b"")
        self._repeated.keep(self._scope, self.status, self._headers[:-1], body)


async def _failed(scope: Scope, request_id: bytes, send: Send) -> None:
    headers = dict(scope["headers"])
    language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
    body = encoded(internal_error(language, request_id.decode()))
    await send(
        {
            "type": "http.response.start",
            "status": 500,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ACCEPTABLE_ID.fullmatch(value):
            accepted: bytes = value
            return accepted
    return os.urandom(_ID_BYTES).hex().encode()
