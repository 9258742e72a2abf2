"""Answers that hold for a while: kept, and asked for once by all who want them at one time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any

from zhupei.hooks.answers import Result

__all__ = ["HeldAnswers"]

_Asked = Result[Any] | Coroutine[Any, Any, Result[Any]]


class HeldAnswers:
    """The answers of hooks that still hold, all about one catalogue; another one forgets them."""

    def __init__(self) -> None:
        self._catalogue: object = None
        self._held: dict[Hashable, Result[Any]] = {}
        self._asking: dict[Hashable, asyncio.Task[Result[Any]]] = {}

    def find(self, catalogue: object, key: Hashable) -> Result[Any] | None:
        """Return an answer that still holds, None where there is none."""
        if catalogue is not self._catalogue:
            self._catalogue, self._held, self._asking = catalogue, {}, {}
            return None
        found = self._held.get(key)
        return found if found is not None and found.until > time.monotonic() else None

    def ask(
        self, key: Hashable, ask: Callable[[], _Asked], *, shared: bool
    ) -> Result[Any] | Awaitable[Result[Any]]:
        """Ask, and keep what holds; ``shared`` has others wait for the same answer."""
        asking = self._asking.get(key)
        if asking is not None and asking.get_loop() is asyncio.get_running_loop():
            # Shielded: who goes away must not take the answer from the others.
            return asyncio.shield(asking)
        found = ask()
        if isinstance(found, Result):
            self._keep(self._held, key, found)
            return found
        if not shared:
            return found
        task = self._asking[key] = asyncio.create_task(found)
        task.add_done_callback(self._over(key))
        return asyncio.shield(task)

    def _over(self, key: Hashable) -> Callable[[asyncio.Task[Result[Any]]], None]:
        held, asking = self._held, self._asking

        def over(task: asyncio.Task[Result[Any]]) -> None:
            if asking.get(key) is task:
                del asking[key]
            if not task.cancelled() and task.exception() is None:
                self._keep(held, key, task.result())

        return over

    def _keep(self, held: dict[Hashable, Result[Any]], key: Hashable, found: Result[Any]) -> None:
        if found.until:
            held[key] = found
        else:
            held.pop(key, None)
