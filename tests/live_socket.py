"""A client of graphql-transport-ws and of server-sent events, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

__all__ = ["LiveSocket", "live_socket", "read_events"]

_PATIENCE = 10.0


@dataclass
class LiveSocket:
    """One WebSocket: what is sent and received on it."""

    connection: ClientConnection

    async def send(self, message: object) -> None:
        """Send a message as JSON, or a text as it stands."""
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def take(self) -> Any:
        """Return the next message."""
        async with asyncio.timeout(_PATIENCE):
            text = await self.connection.recv()
        assert isinstance(text, str), "a frame that is no text"
        return json.loads(text)

    async def closed(self) -> tuple[int, str]:
        """Wait until the server closes, and return its code and reason."""
        async with asyncio.timeout(_PATIENCE):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        close = self.connection.protocol.close_rcvd
        return (1006, "") if close is None else (close.code, close.reason)

    async def watch(self, query: str, id_: str = "1", **variables: Any) -> None:
        """Begin an operation."""
        payload = {"query": query, "variables": variables}
        await self.send({"id": id_, "type": "subscribe", "payload": payload})

    async def told(self, field: str, id_: str = "1") -> Any:
        """Return what the next event holds in its only field."""
        message = await self.take()
        assert (message["type"], message["id"]) == ("next", id_), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"][field]

    async def refused(self, id_: str = "1") -> dict[str, Any]:
        """Return the only error with which an operation ends, before or after it began."""
        message = await self.take()
        assert message["id"] == id_, message
        errors = message["payload"]
        if message["type"] == "next":
            assert errors["data"] is None, message
            errors = errors["errors"]
            assert await self.take() == {"id": id_, "type": "complete"}
        (error,) = errors
        found: dict[str, Any] = error
        return found

    async def nothing(self, seconds: float = 0.4) -> None:
        """Check that nothing comes for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                raise AssertionError(await self.connection.recv())


@contextlib.asynccontextmanager
async def live_socket(
    address: str,
    token: str | None = None,
    *,
    begin: bool = True,
    protocol: str = "graphql-transport-ws",
    origin: str | None = None,
    **init: Any,
) -> AsyncIterator[LiveSocket]:
    """Connect to the graph at ``address``, and begin unless told otherwise."""
    url = address.replace("http://", "ws://").rstrip("/") + "/graphql"
    async with connect(
        url,
        subprotocols=[Subprotocol(protocol)],
        origin=None if origin is None else Origin(origin),
        proxy=None,
    ) as connection:
        socket = LiveSocket(connection)
        if begin:
            payload = {"accept-language": "en", **init}
            if token is not None:
                payload["authorization"] = f"Bearer {token}"
            await socket.send({"type": "connection_init", "payload": payload})
            assert await socket.take() == {"type": "connection_ack"}
        yield socket


async def read_events(response: httpx2.Response) -> AsyncIterator[tuple[str, Any]]:
    """Yield each event of a stream: its name and its data."""
    name = ""
    async for line in response.aiter_lines():
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif line.startswith("data:"):
            text = line.removeprefix("data:").strip()
            yield name, json.loads(text) if text else None
