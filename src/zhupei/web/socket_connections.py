"""WebSocket connections that end when nobody reads them."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from zhupei.web.slow_readers import ReadsOrLeaves

__all__ = ["BoundedWebSocket"]

_LINGER_SECONDS = 20.0


class BoundedWebSocket(ReadsOrLeaves, WebSocketsSansIOProtocol):  # type: ignore[misc]  # uvicorn says Transport where asyncio says BaseTransport
    """A connection that is given up twenty seconds after it was closed, read or not."""

    linger_seconds = _LINGER_SECONDS

    async def run_asgi(self) -> None:
        """Run the application, and give up soon after what it leaves behind."""
        await super().run_asgi()
        self._give_up_soon()

    def keepalive_timeout(self) -> None:
        """Close a connection whose client does not answer pings; it may not read either."""
        super().keepalive_timeout()
        self._give_up_soon()

    def _give_up_soon(self) -> None:
        # Nothing happens to a transport that is closed by then.
        self.loop.call_later(self.linger_seconds, self.transport.abort)
