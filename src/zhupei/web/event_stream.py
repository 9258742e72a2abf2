"""Streams of a subscription over HTTP: as server-sent events or as parts of a multipart answer.

graphql-sse, distinct connections: each event is ``next`` with a whole answer, the last one
``complete``. Apollo's multipart subscriptions: each part is JSON, ``{"payload": answer}``, and
``{}`` where nothing happened. Both tell now and then that they live, so that proxies keep them.
A stream that the end of the process breaks off is not called complete, so that clients come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from starlette.types import Receive, Send

from zhupei.web.negotiation import StreamKind

__all__ = ["FRAMES", "EventFrames", "Frames", "MultipartFrames", "stream"]

# A client that takes nothing for so long will not take anything any more.
_SEND_SECONDS = 20.0

_KEPT_FROM_PROXIES = [
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx, so that events do not wait for others
]


class Frames(Protocol):
    """How answers are written into one kind of stream."""

    content_type: bytes
    beginning: bytes
    alive: bytes
    ending: bytes
    alive_seconds: float

    def one(self, answer: bytes) -> bytes:
        """Return what one answer, JSON in one line, looks like."""
        ...


class EventFrames:
    """Server-sent events; without a data field a browser would not tell of the last one.

    Lines end with LF: urql looks for an empty line of that kind, and never sees an event else.
    """

    content_type = b"text/event-stream"
    beginning = b""
    alive = b": alive\n\n"
    ending = b"event: complete\ndata: \n\n"
    alive_seconds = 15.0

    def one(self, answer: bytes) -> bytes:
        """Return an event ``next``."""
        return b"event: next\ndata: %b\n\n" % answer


class MultipartFrames:
    """Parts that a boundary follows, so that a reader knows at once where each one ends."""

    content_type = b'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    beginning = b"--graphql"
    alive = b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql"
    ending = b"--\r\n"
    alive_seconds = 5.0

    def one(self, answer: bytes) -> bytes:
        """Return a part."""
        return b'\r\ncontent-type: application/json\r\n\r\n{"payload":%b}\r\n--graphql' % answer


FRAMES: dict[StreamKind, Frames] = {
    StreamKind.EVENTS: EventFrames(),
    StreamKind.MULTIPART: MultipartFrames(),
}
"""The frames of each kind of stream."""


async def stream(
    answers: AsyncGenerator[bytes, None],
    frames: Frames,
    receive: Receive,
    send: Send,
    *,
    is_broken_off: Callable[[], bool] = lambda: False,
) -> None:
    """Send answers until they end, the reader leaves, or it is hopelessly slow.

    ``answers`` is closed however it ends. ``is_broken_off`` is asked once they ended: whether they
    would have gone on. Then the body ends, and nothing in it says that this was all.
    """
    streaming = asyncio.create_task(_sent(answers, frames, send, is_broken_off))
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait([streaming, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (streaming, leaving):
            task.cancel()
        await asyncio.wait([streaming, leaving])
    if not streaming.cancelled() and (error := streaming.exception()) is not None:
        raise error


async def _sent(
    answers: AsyncGenerator[bytes, None],
    frames: Frames,
    send: Send,
    is_broken_off: Callable[[], bool],
) -> None:
    async def write(body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(_SEND_SECONDS):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    coming: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
    pump = asyncio.create_task(_pumped(answers, coming))
    try:
        headers = [(b"content-type", frames.content_type), *_KEPT_FROM_PROXIES]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await write(frames.beginning)
        while (answer := await _next(coming, frames.alive_seconds)) is not None:
            await write(frames.one(answer) if answer else frames.alive)
        await write(b"" if is_broken_off() else frames.ending, more=False)
    except OSError:
        # The reader is gone, or takes nothing: there is nobody to tell.
        return
    finally:
        pump.cancel()
        await asyncio.wait([pump])
    await pump


async def _pumped(answers: AsyncGenerator[bytes, None], into: asyncio.Queue[bytes | None]) -> None:
    """Read in one task from beginning to end: what is watched may be bound to its task."""
    try:
        # Not left to the collector: what is watched has to be let go of now.
        async with aclosing(answers):
            async for answer in answers:
                await into.put(answer)
    except Exception:
        # It ends the stream, too; whoever waits for this task hears of it.
        await into.put(None)
        raise
    await into.put(None)


async def _next(coming: asyncio.Queue[bytes | None], seconds: float) -> bytes | None:
    """Return the next answer, nothing (``b""``) where none came for so long, None at the end."""
    try:
        async with asyncio.timeout(seconds):
            return await coming.get()
    except TimeoutError:
        return b""


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
