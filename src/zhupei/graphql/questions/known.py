"""Known questions: operations and their variables, worked out once while they are asked again.

The same office looks at the same page, a front end asks its first page of everybody. What follows
from the text and the variables alone need not be found anew: that they may be asked, what they
cost, which program answers them, and what sources that say so make of their arguments.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from strawberry import Schema
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from zhupei.graphql.limits import check_cost, check_variables
from zhupei.graphql.questions.preparing import Prepared, Question, prepare
from zhupei.tracing import traced

__all__ = ["Questions"]

_LONGEST = 2048
_MOST_OF_ONE = 128
_MOST = 4096
_OPERATIONS = 256
# Of all operations that are kept: what stands behind a token takes about 600 bytes.
_MOST_TOKENS = 100_000

_Plan = TypeVar("_Plan")


class Questions(Generic[_Plan]):
    """The operations that are known, and the questions that were asked of them last.

    Args:
        schema: whose operations they are.
        operations: how many are kept; the one that was not used for longest goes.

    """

    def __init__(self, schema: Schema, operations: int | None = None) -> None:
        self._schema = schema
        self._most = _OPERATIONS if operations is None else operations
        self._tokens = 0
        self._count = 0
        self.operations: OrderedDict[tuple[str, str | None], Prepared[_Plan]] = OrderedDict()
        """What is known, by text and name of the operation; the least used first."""
        self.prepared = 0
        """How many documents were parsed and validated."""
        self.found = 0
        """How many requests asked for an operation that was known."""

    def __len__(self) -> int:
        return self._count

    async def asked(
        self,
        query: str,
        name: str | None,
        variables: dict[str, Any] | None,
        extensions: dict[str, Any] | None,
        allowed: Iterable[OperationType] | None,
    ) -> Question[_Plan]:
        """Return what is asked, worked out anew where it is not known.

        Raises:
            GraphQLError: its variables are too many, or it costs too much.
            CannotGetOperationTypeError: the document has no operation of this name.
            InvalidOperationTypeError: the type of the operation is not among those allowed.

        """
        key, written = (query, name), self.written(variables)
        question = self._kept(key, written)
        if question is not None:
            self.operations.move_to_end(key)
            self.found += 1
            _check_allowed(question.prepared, allowed)
            return question
        check_variables(variables)
        prepared = await self._prepared(key, extensions)
        _check_allowed(prepared, allowed)
        operation = prepared.operation
        if operation is None:
            return Question(prepared, errors=prepared.errors)
        coerced = operation.variables(variables or {})
        if isinstance(coerced, list):
            return Question(prepared, errors=coerced)
        question = Question(prepared, coerced.coerced, _cost(prepared, coerced.coerced))
        if (
            written is not None
            and not operation.is_mutation
            and self.operations.get(key) is prepared
        ):
            self.keep(question, written)
        return question

    def known(
        self, query: str, name: str | None, variables: dict[str, Any] | None
    ) -> Question[_Plan] | None:
        """Return a question that was asked before; None where it is not kept."""
        return self._kept((query, name), self.written(variables))

    def _kept(self, key: tuple[str, str | None], written: bytes | None) -> Question[_Plan] | None:
        prepared = self.operations.get(key)
        return None if prepared is None or written is None else prepared.questions.get(written)

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

    def keep(self, question: Question[_Plan], written: bytes) -> None:
        """Keep a question; where they are too many, the least used operations lose theirs."""
        kept = question.prepared.questions
        if len(kept) >= _MOST_OF_ONE:
            del kept[next(iter(kept))]
            self._count -= 1
        self._count += written not in kept
        kept[written] = question
        if self._count > _MOST:
            for each in self.operations.values():
                self.forget(each)
                if self._count <= _MOST:
                    break

    def forget(self, prepared: Prepared[_Plan]) -> None:
        """Forget the questions of an operation."""
        self._count -= len(prepared.questions)
        prepared.questions.clear()

    async def _prepared(
        self, key: tuple[str, str | None], extensions: dict[str, Any] | None
    ) -> Prepared[_Plan]:
        found = self.operations.get(key)
        if found is not None:
            self.operations.move_to_end(key)
            self.found += 1
            return found
        self.prepared += 1
        prepared: Prepared[_Plan] = await traced(
            "prepare", prepare(self._schema, *key, extensions), {}
        )
        found = self.operations.setdefault(key, prepared)
        if found is prepared:
            self._tokens += found.tokens
        while len(self.operations) > 1 and (
            len(self.operations) > self._most or self._tokens > _MOST_TOKENS
        ):
            _, gone = self.operations.popitem(last=False)
            self._tokens -= gone.tokens
            self.forget(gone)
        return found


def _check_allowed(prepared: Prepared[Any], allowed: Iterable[OperationType] | None) -> None:
    found = prepared.operation_type
    if found is not None and allowed is not None and found not in allowed:
        raise InvalidOperationTypeError(found)


def _cost(prepared: Prepared[Any], coerced: Mapping[str, Any]) -> int:
    """Return what an operation costs; raise `GraphQLError` where that is too much."""
    if isinstance(prepared.cost, int):
        return prepared.cost
    cost = prepared.cost.value(coerced)
    if prepared.most_cost is not None:
        check_cost(cost, prepared.most_cost)
    return cost
