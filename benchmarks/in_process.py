"""What benchmarks of the graph in one process share: who asks it, and what an answer costs."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from zhupei.catalogue.load import LoadedCatalogue
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Answer, Engine
from zhupei.hooks.dispatch import Dispatcher

__all__ = ["Ask", "asker", "context_of", "microseconds", "settle"]


class Ask(Protocol):
    """Asks an operation that is compiled; returns the data as JSON."""

    async def __call__(self, text: str, variables: dict[str, Any] | None = None) -> bytes: ...


def context_of(loaded: LoadedCatalogue, dispatcher: Dispatcher | None = None) -> GraphContext:
    """Return what an anonymous request in English brings along; by default its own plugins."""
    return GraphContext(
        catalogue=loaded.catalogue,
        dispatcher=dispatcher or loaded.dispatcher,
        language=Language.EN,
    )


def asker(engine: Engine, loaded: LoadedCatalogue, dispatcher: Dispatcher | None = None) -> Ask:
    """Return what asks an engine, each time as a request of its own."""

    async def ask(text: str, variables: dict[str, Any] | None = None) -> bytes:
        found = await engine.execute(text, variables, context_of(loaded, dispatcher))
        return cast("Answer", found).json()

    return ask


def settle() -> None:
    """Do as the server does: what lives as long as the process is no business of the collector."""
    gc.collect()
    gc.freeze()


async def microseconds(ask: Callable[[], Awaitable[bytes]], times: int) -> tuple[float, bytes]:
    """Ask several times; return the processor time of one, and the last answer."""
    answer = b""
    begin = time.process_time()
    for _ in range(times):
        answer = await ask()
    return (time.process_time() - begin) / times * 1e6, answer
