"""How a source is written out as a Python expression, for the compiler of operations.

A source that can say in an expression what its reader would do spares a call for every value.
The expression may use names that `Code` gives: of constants, of what is computed once in an
operation, and of scratch variables.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from zhupei.graphql.context import GraphContext

__all__ = ["Batch", "Bound", "Code", "Names", "Repeated", "one_by_one"]

Bound = Callable[[GraphContext, Mapping[str, Any]], Any]
"""What is computed once in an operation: of the context and the field's arguments."""

Batch = Callable[[Sequence[Any], GraphContext, Mapping[str, Any]], Awaitable[Sequence[Any]]]
"""Reads a field of many objects at once; an exception among the values is that object's error."""


class Repeated(list[tuple[Any, Mapping[str, Any]]]):
    """What fields ask for together, the same object each time the same question is asked.

    Each item is what reads a field, with the field's arguments. ``decided`` is for who reads it:
    what follows from it, by whatever else has a say.
    """

    __slots__ = ("decided",)

    def __init__(self, asked: Iterable[tuple[Any, Mapping[str, Any]]]) -> None:
        super().__init__(asked)
        self.decided: dict[Any, Any] = {}


def one_by_one(read: Callable[..., Any]) -> Batch:
    """Return what reads many objects with a reader of one; what it awaits, all together."""

    async def many(
        values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        def outcome(value: Any) -> Any:
            try:
                return read(value, context, given)
            except Exception as error:  # noqa: BLE001 - because it is this object's alone
                return error

        found = list(map(outcome, values))
        waiting = [at for at, value in enumerate(found) if inspect.isawaitable(value)]
        answers = await asyncio.gather(*(found[at] for at in waiting), return_exceptions=True)
        for at, answer in zip(waiting, answers, strict=True):
            found[at] = answer
        return found

    return many


class Names(Protocol):
    """Gives names to what an expression uses."""

    def constant(self, value: object) -> str:
        """Return the name of a value that never changes."""
        ...

    def scratch(self) -> str:
        """Return the name of a variable that nobody else uses."""
        ...


class Code(Names, Protocol):
    """Where the expression of one field will stand."""

    def once(self, make: Bound) -> str:
        """Return the name of a value that is made once in an operation; making it cannot fail."""
        ...

    def reader(self, make: Bound) -> str:
        """Return the name of a function of one object that is made once in an operation.

        Where making it fails, calling it raises the same.
        """
        ...
