"""When what runs here has to end, wherever it runs a statement."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["OverdueStatementError", "deadline"]

deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
"""The instant by the event loop's clock; None is never. Tasks inherit it from who starts them."""


class OverdueStatementError(Exception):
    """The operation that a statement is for is over, and with it the statement."""

    def __init__(self) -> None:
        super().__init__("the time of the operation is over")
