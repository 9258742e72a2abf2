"""What surrounds every request: its id, its database, its log line, the safety headers.

What breaks in it is logged and masked here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhupei.db.connection import Database
from zhupei.graphql.context import language_of
from zhupei.graphql.engine import encoded
from zhupei.tracing import Tracing, current_tracing
from zhupei.web.errors import internal_error
from zhupei.web.logs import current_operation, current_request_id, log_access, path_told
from zhupei.web.request_ids import RequestIds
from zhupei.web.sending import Keep, Sending

__all__ = ["RequestScope"]

_errors = logging.getLogger("zhupei.web")

_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
_NOT_FOUND, _OURS = 404, 500


class RequestScope:
    """Pure ASGI middleware; tasks that a request starts inherit its id and its database.

    Args:
        app: the application inside.
        database: what models talk to during the request.
        responded: who is told of every response's method and status.
        access_log: whether each request gets a log line (method, path, status, duration; never
            the query string, a body, or what a path names).
        tracing: what makes spans of requests, and of what is done for them.
        keeping: who keeps an answer in one piece, by what then is in the scope of the request.

    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        database: Database,
        access_log: bool,
        responded: Callable[[str, int], None] | None = None,
        tracing: Tracing | None = None,
        keeping: Mapping[str, Keep] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._keeping = keeping
        self._tracing = tracing
        self._responded = responded
        self._database = database
        self._access_log = access_log
        self._ids = RequestIds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = self._ids.of(scope["headers"])
        token = current_request_id.set(request_id.decode())
        operation = current_operation.set(None)
        started = time.perf_counter() if self._access_log else 0.0

        sending = Sending(scope, send, request_id, self._keeping)
        try:
            with self._database.use():
                if self._tracing is None:
                    await self._app(scope, receive, sending.send)
                else:
                    await self._traced(self._tracing, scope, receive, sending.send)
        except Exception as error:
            _errors.error("unexpected error", exc_info=error)
            if scope["type"] == "websocket" or not sending.forget():
                # What has begun cannot be taken back: the server closes the connection.
                raise
            await _failed(scope, request_id, sending.send)
        finally:
            if self._responded is not None and scope["type"] == "http":
                self._responded(scope["method"], sending.status)
            if self._access_log and scope["type"] == "http":
                seconds = time.perf_counter() - started
                log_access(scope["method"], path_told(scope), sending.status, seconds)
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
