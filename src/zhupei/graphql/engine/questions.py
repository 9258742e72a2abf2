"""Questions: operations with their variables, which are worked out once while they are asked again.

The same office looks at the same page, a front end asks its first page of everybody. What follows
from the text and the variables alone need not be found anew: that they may be asked, what they
cost, which program answers them, and what sources that say so make of their arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from graphql import GraphQLError
from zhupei.graphql.hooks import Foreseen
from zhupei.graphql.inline import Repeated

if TYPE_CHECKING:
    from zhupei.graphql.engine.plans import Plan, Site
    from zhupei.graphql.engine.preparing import Prepared

__all__ = ["Question", "Questions"]

_LONGEST = 2048
_MOST_OF_ONE = 128
_MOST = 4096


@dataclass(slots=True, eq=False)
class Question:
    """An operation with its variables: coerced, what it costs, and its program once it has one.

    ``errors`` are what it lacks; with them it is not run. ``shared`` is what some of its fields ask
    for together, by these fields. ``foreseen`` is what it asks plugins.
    """

    prepared: Prepared
    coerced: Mapping[str, Any] = field(default_factory=dict)
    cost: int = 0
    errors: list[GraphQLError] | None = None
    plan: Plan | None = None
    shared: dict[tuple[Site, ...], Repeated] = field(default_factory=dict)
    foreseen: Foreseen = field(default_factory=Foreseen)


class Questions:
    """The questions that were asked last, of all operations that are known."""

    def __init__(self) -> None:
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @staticmethod
    def written(variables: Mapping[str, Any] | None) -> bytes | None:
        """Return what tells variables from others; None for those that are not kept."""
        if not variables:
            return b""
        try:
            written = msgspec.json.encode(variables)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return None  # files, halves of characters, numbers beyond 64 bits: asked only once
        return written if len(written) <= _LONGEST else None

    def keep(self, question: Question, written: bytes, known: Iterable[Prepared]) -> None:
        """Keep a question; ``known`` are all operations, the least used ones first."""
        kept = question.prepared.questions
        if len(kept) >= _MOST_OF_ONE:
            del kept[next(iter(kept))]
            self._count -= 1
        self._count += written not in kept
        kept[written] = question
        if self._count > _MOST:
            for each in known:
                self.forget(each)
                if self._count <= _MOST:
                    break

    def forget(self, prepared: Prepared) -> None:
        """Forget the questions of an operation."""
        self._count -= len(prepared.questions)
        prepared.questions.clear()
