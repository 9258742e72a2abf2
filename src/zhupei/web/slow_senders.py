"""Clients that do not send what they announced: how long requests beside the graph wait for it.

Routes read a body as it comes: who signs in, a file, a roster. Each byte that comes would keep the
request, and its place among those that are answered at once. The graph has a time of its own.
"""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhupei.domain.text import Text

__all__ = ["LONGER_WITH_FILES", "TOO_SLOW", "SendsInTime"]

TOO_SLOW = Text("请求体未在规定时间内送达。", "The body of the request did not come in time.")
LONGER_WITH_FILES = 20
"""How many times as long a body may take that is a file."""

_REQUEST_TIMEOUT = 408


class SendsInTime:
    """Refuses requests whose body does not come in time, wherever it is read.

    Args:
        app: what answers.
        seconds: how long JSON may take; everything else is a file, and may take twenty times that.

    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and let nobody be waited for."""
        if scope["type"] == "http":
            receive = self._in_time(scope, receive)
        await self._app(scope, receive, send)

    def _in_time(self, scope: Scope, receive: Receive) -> Receive:
        """Return what raises an `HTTPException` in place of what comes too late."""
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        is_small = kind.partition(b";")[0].strip().lower() == b"application/json"
        seconds = self._seconds * (1 if is_small else LONGER_WITH_FILES)
        until = asyncio.get_running_loop().time() + seconds
        is_whole = False

        async def receive_in_time() -> Message:
            nonlocal is_whole
            if is_whole:
                # Whoever asks now wants to know when the client leaves.
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(_REQUEST_TIMEOUT, headers={"Connection": "close"}) from None
            is_whole = not message.get("more_body", False)
            return message

        return receive_in_time
