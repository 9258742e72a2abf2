"""Server-sent events: a stream that ends when its reader leaves or takes nothing any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

__all__ = ["EventStream"]

# A client that takes nothing for so long will not take anything any more.
_SEND_SECONDS = 20.0


class EventStream(StreamingResponse):
    """The response; ``events`` is closed however it ends."""

    def __init__(self, events: AsyncGenerator[str, None], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the events end, the reader leaves, or it is hopelessly slow."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        streaming = asyncio.create_task(_stream(self.stream_response(send_in_time)))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait([streaming, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (streaming, leaving):
                task.cancel()
            await asyncio.wait([streaming, leaving])
            # Not left to the collector: what is watched has to be let go of now.
            await self._events.aclose()


async def _stream(response: Any) -> None:
    try:
        await response
    except OSError:
        # The reader is gone, or takes nothing: there is nobody to tell.
        return


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
