"""How long and with how much memory a document holds the event loop."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strawberry.types import ExecutionResult

from attacks.documents import Attack
from zhupei.domain.text import Language
from zhupei.graphql.engine import Engine, encoded
from zhupei.web.errors import format_errors

__all__ = ["Held", "held", "outcome"]


@dataclass(frozen=True)
class Held:
    """What answering took: seconds of the longest uninterrupted piece, all of them, bytes."""

    longest: float
    seconds: float
    peak: int
    result: ExecutionResult
    size: int


async def held(engine: Engine, attack: Attack, context: Any, *, memory: bool = False) -> Held:
    """Answer an attack as the endpoint does and measure it.

    The longest piece is measured by a task that always wants to run: as other requests do.
    """
    longest, done = 0.0, False

    async def other() -> None:
        nonlocal longest
        last = time.process_time()
        while not done:
            await asyncio.sleep(0)
            now = time.process_time()
            longest, last = max(longest, now - last), now

    if memory:
        gc.collect()
    # As the server does with what lives as long as its catalogue.
    gc.freeze()
    waiting = asyncio.create_task(other())
    await asyncio.sleep(0)
    if memory:
        tracemalloc.start()
    begun = time.process_time()
    result = await engine.execute(attack.text, dict(attack.variables), context)
    body = _written(result)
    seconds = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1] if memory else 0
    if memory:
        tracemalloc.stop()
    done = True
    await waiting
    gc.unfreeze()
    return Held(longest, seconds, peak, result, len(body))


def _written(result: ExecutionResult) -> bytes:
    shown: dict[str, Any] = {"data": getattr(result, "raw", result.data)}
    if result.errors:
        shown["errors"] = format_errors(
            result.errors, language=Language.EN, request_id="", suggest=False
        )
    written: bytes = encoded(shown)
    return written


def outcome(result: ExecutionResult) -> str:
    """Return what became of a document: the code of its first error, or that it was answered."""
    if not result.errors:
        return "answered"
    shown: Mapping[str, Any] = format_errors(
        result.errors[:1], language=Language.EN, request_id="", suggest=False
    )[0]  # type: ignore[assignment]  # it is a mapping
    return str(shown["extensions"]["code"])
