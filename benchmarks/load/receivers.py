"""Who is told: a receiver of webhooks that checks every signature and keeps every id."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

__all__ = ["EventReceiver", "open_receiver"]

_GREETING = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


@dataclass
class EventReceiver:
    """Listens on ``port``; ``secret`` is the webhook's, once there is one."""

    port: int = 0
    secret: str = ""
    ids: Counter[str] = field(default_factory=Counter)
    """How often each event arrived."""
    types: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    """Deliveries with a signature that does not hold."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one delivery."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = (line.partition(":") for line in head.split("\r\n")[1:])
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await reader.readexactly(int(headers["content-length"]))
            if self._holds(headers, body):
                if not self.ids[headers["webhook-id"]]:
                    self.types[json.loads(body)["type"]] += 1
                self.ids[headers["webhook-id"]] += 1
            else:
                self.refused += 1
            writer.write(_GREETING)
            await writer.drain()
        writer.close()

    def _holds(self, headers: dict[str, str], body: bytes) -> bool:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{right}" in headers["webhook-signature"].split(" ")


@contextlib.asynccontextmanager
async def open_receiver() -> AsyncIterator[EventReceiver]:
    """Listen on a free port of this machine until the block ends."""
    found = EventReceiver()
    server = await asyncio.start_server(found.handle, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
