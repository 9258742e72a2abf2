"""A client that costs little: requests over connections that stay open, and streams of events.

It shares the machine with the server it asks, so that every microsecond of its own is taken from
what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "Connections", "HttpError"]

# Below the server's 75 s, so that it never closes one that is about to be used.
_IDLE_SECONDS = 50.0
_PATIENCE_SECONDS = 30.0
_LARGEST_ANSWER = 1 << 24

_Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HttpError(Exception):
    """An answer that is none: another status, or errors in the graph's answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (in small letters) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


@dataclass
class Connections:
    """Connections to one port of this machine; as many as requests run at once."""

    port: int
    _idle: list[tuple[float, _Pair]] = field(default_factory=list)

    @property
    def idle(self) -> int:
        """How many are open and not used."""
        return len(self._idle)

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        want: tuple[int, ...] = (200,),
    ) -> Answer:
        """Send a request and return its answer.

        Raises:
            HttpError: the status is not one of ``want``.
            OSError: the connection broke.
            TimeoutError: nothing came for 30 s.

        """
        pair = self._taken() or await self._opened()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                pair[1].write(_head(method, path, body, headers or {}) + body)
                status, found = await _read_head(pair[0])
                content = await _read_body(pair[0], found)
        except BaseException:
            pair[1].transport.abort()
            raise
        if found.get("connection") == "close":
            pair[1].close()
        else:
            self._idle.append((time.monotonic(), pair))
        if status not in want:
            raise HttpError(f"{method} {path}: {status} {content[:500].decode(errors='replace')}")
        return Answer(status, found, content)

    async def graph(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the data of an operation; raises as `ask`, and HttpError for errors."""
        body = json.dumps({"query": query, "variables": variables or {}}, ensure_ascii=False)
        sent = {"Content-Type": "application/json", **(headers or {})}
        answer = (await self.ask("POST", "/graphql", body.encode(), sent)).json()
        if answer.get("errors"):
            raise HttpError(json.dumps(answer["errors"], ensure_ascii=False)[:800])
        data: dict[str, Any] = answer["data"]
        return data

    @contextlib.asynccontextmanager
    async def events(
        self,
        query: str,
        variables: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Subscribe by server-sent events; yields the data of what is told, one by one.

        Leaving the block ends the subscription as a browser does: the connection is closed.
        """
        body = json.dumps({"query": query, "variables": variables}).encode()
        sent = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            **headers,
        }
        reader, writer = await self._opened()
        try:
            writer.write(_head("POST", "/graphql", body, sent) + body)
            status, found = await _read_head(reader)
            if status != 200:
                raise HttpError(f"subscription: {status} {await _read_body(reader, found)!r}")
            yield _told(reader)
        finally:
            writer.close()

    def close(self) -> None:
        """Close all connections that nobody uses."""
        for _, (_, writer) in self._idle:
            writer.close()
        self._idle.clear()

    def _taken(self) -> _Pair | None:
        oldest = time.monotonic() - _IDLE_SECONDS
        while self._idle:
            since, pair = self._idle.pop()
            if since > oldest:
                # Those below it wait longer still.
                while self._idle and self._idle[0][0] <= oldest:
                    self._idle.pop(0)[1][1].close()
                return pair
            pair[1].close()
        return None

    async def _opened(self) -> _Pair:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=_LARGEST_ANSWER)


def _head(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept-Language: zh",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        return b"".join([part async for part in _parts(reader)])
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def _parts(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readline()).split(b";")[0] or b"0", 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()


async def _told(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    waiting = b""
    async for part in _parts(reader):
        *whole, waiting = (waiting + part.replace(b"\r\n", b"\n")).split(b"\n\n")
        for each in whole:
            lines = dict(line.split(": ", 1) for line in each.decode().split("\n") if ": " in line)
            if lines.get("event") == "next":
                answer = json.loads(lines["data"])
                if answer.get("errors"):
                    raise HttpError(json.dumps(answer["errors"], ensure_ascii=False)[:800])
                yield answer["data"]
