"""How many live connections an account has: WebSockets and event streams together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from zhupei.domain.actors import Actor
from zhupei.domain.text import Text
from zhupei.web.errors import ErrorCode
from zhupei.web.operation_requests import RequestRefused

__all__ = ["LiveConnections"]

_RETRY_SECONDS = 10
_TOO_MANY = Text(
    "本账号的订阅连接过多，请先关闭一些。",
    "This account has too many live connections open; close some.",
)


class LiveConnections:
    """Counts the live connections of each account, in this process.

    Those of nobody in particular count by their address alone (`zhupei.web.guards.Gate`).

    Args:
        most: how many one account may have; 0 is no limit.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[tuple[str | None, str], int] = {}

    def enter(self, actor: Actor | None) -> bool:
        """Count one more, unless that is too many; whoever enters has to `leave`."""
        if actor is None or not self._most:
            return True
        key = actor.issuer, actor.id
        count = self._open.get(key, 0)
        if count >= self._most:
            return False
        self._open[key] = count + 1
        return True

    def leave(self, actor: Actor | None) -> None:
        """Count one less."""
        if actor is None or not self._most:
            return
        key = actor.issuer, actor.id
        count = self._open.pop(key) - 1
        if count:
            self._open[key] = count

    @contextlib.contextmanager
    def streaming(self, actor: Actor | None) -> Iterator[None]:
        """Count a stream while it lasts.

        Raises:
            RequestRefused: the account has too many.

        """
        if not self.enter(actor):
            raise RequestRefused(
                429, ErrorCode.RATE_LIMITED, _TOO_MANY, headers={"Retry-After": str(_RETRY_SECONDS)}
            )
        try:
            yield
        finally:
            self.leave(actor)
