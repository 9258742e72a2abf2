"""What surrounds every request: its id, its database, its log line, the safety headers."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhupei.db.connection import Database
from zhupei.web.logs import current_request_id

__all__ = ["RequestScope"]

_log = logging.getLogger("zhupei.access")

# An id that a proxy or client sends is taken over when it cannot disturb a log.
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_SAFETY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class RequestScope:
    """Pure ASGI middleware; tasks that a request starts inherit its id and its database.

    Args:
        app: the application inside.
        database: what models talk to during the request.
        access_log: whether each request gets a log line (method, path, status, duration; never
            the query string or a body).

    """

    def __init__(self, app: ASGIApp, *, database: Database, access_log: bool) -> None:
        self._app = app
        self._database = database
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        token = current_request_id.set(request_id)
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _SAFETY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            with self._database.use():
                await self._app(scope, receive, send_with_headers)
        finally:
            if self._access_log and scope["type"] == "http":
                _log.info(
                    "request",
                    extra={
                        "method": scope["method"],
                        "path": scope["path"],
                        "status": status,
                        "ms": round((time.perf_counter() - started) * 1000, 1),
                    },
                )
            current_request_id.reset(token)


def _request_id(scope: Scope) -> str:
    sent = Headers(scope=scope).get("x-request-id", "")
    return sent if _ACCEPTABLE_ID.fullmatch(sent) else uuid.uuid4().hex
