"""WebSocket connections that end when nobody reads them."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from zhupei.web.slow_readers import ReadsOrLeaves

__all__ = ["BoundedWebSocket", "web_sockets"]

_LINGER_SECONDS = 20.0


class BoundedWebSocket(ReadsOrLeaves, WebSocketsSansIOProtocol):
    """A connection that is given up twenty seconds after it was closed, read or not.

    ``peer`` is who is at the other end where that has no address.
    """

    linger_seconds = _LINGER_SECONDS
    peer: tuple[str, int] | None = None

    def connection_made(self, transport: Any) -> None:
        """Know who is at the other end."""
        super().connection_made(transport)
        self.client = self.peer or self.client

    async def run_asgi(self) -> None:
        """Run the application, and give up soon after what it leaves behind."""
        await super().run_asgi()
        self._give_up_soon()

    async def send(self, message: Any) -> None:
        """Send what the application says; a refusal that was answered ends the handshake, too.

        uvicorn (0.54) would log each as an application that returned without one.
        """
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        """Close a connection whose client does not answer pings; it may not read either."""
        super().keepalive_timeout()
        self._give_up_soon()

    def _give_up_soon(self) -> None:
        # Nothing happens to a transport that is closed by then.
        self.loop.call_later(self.linger_seconds, self.transport.abort)


def web_sockets(peer: tuple[str, int] | None) -> type[BoundedWebSocket]:
    """Return the class of WebSockets from ``peer``, if that is one, else from addresses."""
    return type("WebSocket", (BoundedWebSocket,), {"peer": peer})
