"""WebSockets of a server that runs for long: bounded messages, and no waiting without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)

from zhupei.graphql.engine import encoded
from zhupei.web.operation_requests import RequestRefused, decode_json
from zhupei.web.socket_messages import TAKEN_FROM_INIT

__all__ = ["Connection", "LiveSocket"]

# A client that takes nothing for so long will not take anything any more.
_SEND_SECONDS = 20.0
_CLOSE_SECONDS = 2.0
_CLOSE_MESSAGE_TOO_BIG = 1009


@dataclass(slots=True)
class Connection:
    """One WebSocket, with what its ``connection_init`` brought.

    Browsers cannot set headers of a WebSocket, so ``authorization`` and ``accept-language`` may
    stand in the payload of ``connection_init``; there they go before those of the handshake.
    """

    websocket: WebSocket
    connection_params: dict[str, Any] = field(default_factory=dict)

    def request(self) -> Request:
        """Return the request as which operations of this connection are answered."""
        given = {
            name.lower(): value
            for name, value in self.connection_params.items()
            if name.lower() in TAKEN_FROM_INIT and isinstance(value, str)
        }
        scope = self.websocket.scope
        headers = [pair for pair in scope["headers"] if pair[0].decode("latin-1") not in given]
        headers += [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in given.items()
        ]
        return Request({**scope, "type": "http", "method": "GET", "headers": headers})


class LiveSocket(ASGIWebSocketAdapter):
    """Sends text frames, reads only what may be read, and does not wait for ever.

    Args:
        view: what opened it.
        websocket: the connection.
        most_bytes: how large a message may be.

    """

    patience: asyncio.Timeout | None = None
    """Ends whatever waits for messages, where the client cannot be told that it is over."""

    def __init__(self, view: Any, websocket: WebSocket, *, most_bytes: int) -> None:
        super().__init__(view, websocket, websocket)
        self._most_bytes = most_bytes

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield each message, decoded."""
        while self.ws.application_state != WebSocketState.DISCONNECTED:
            try:
                text = await self.ws.receive_text()
            except KeyError:
                raise NonTextMessageReceived from None
            except (WebSocketDisconnect, RuntimeError):
                return
            if len(text.encode()) > self._most_bytes:
                await self.close(_CLOSE_MESSAGE_TOO_BIG, "Message too big")
                return
            try:
                message = decode_json(text)
            except RequestRefused:
                if not ignore_parsing_errors:
                    raise NonJsonMessageReceived from None
                continue
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message."""
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self.ws.send_text(encoded(message).decode())
        # Closed by either side meanwhile, or nobody takes it.
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close, unless that happened already."""
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                # A close frame holds 123 bytes of reason at most.
                await self.ws.close(code, reason.encode()[:120].decode(errors="ignore"))
        except TimeoutError:
            if self.patience is not None and not self.patience.expired():
                self.patience.reschedule(asyncio.get_running_loop().time())
        except (WebSocketDisconnect, RuntimeError, OSError):
            pass
