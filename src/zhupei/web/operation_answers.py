"""Answering operations, whatever they came by: a request, a WebSocket, or a stream."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from typing import Any, cast

from strawberry.exceptions import MissingQueryError
from strawberry.schema.base import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql import GraphQLError
from zhupei.graphql import limits
from zhupei.graphql.context import language_of
from zhupei.graphql.engine import Answer
from zhupei.tracing import safe_operation_name
from zhupei.web.errors import ErrorCode, code_of, format_errors
from zhupei.web.logs import current_operation, current_request_id
from zhupei.web.operation_requests import OperationRequest
from zhupei.web.subscriptions import is_rejected, readable

__all__ = ["READS_AND_WRITES", "AnswersOperations", "is_subscription", "rejected"]

READS_AND_WRITES = frozenset({OperationType.QUERY, OperationType.MUTATION})
_STREAMED = frozenset(OperationType)

_NO_OPERATION = "The document holds no operation."
_TOO_DEEP = "The operation is nested too deeply."


class AnswersOperations:
    """Answers the operations of one schema.

    Args:
        schema: the composed schema.
        suggest: whether error messages may name fields that exist.

    """

    def __init__(self, schema: BaseSchema, *, suggest: bool) -> None:
        self.schema = schema
        self._suggest = suggest
        self._execute = getattr(schema, "engine", schema).execute
        self.watch: Callable[[str | None, str, float], None] | None = None
        """Who is told of every operation: its name, its outcome, its seconds."""

    async def answer(
        self,
        asked: OperationRequest,
        context: Any,
        allowed: Collection[OperationType] = READS_AND_WRITES,
    ) -> ExecutionResult:
        """Answer a query or mutation whose text is known.

        Raises:
            InvalidOperationTypeError: it is of another type than those allowed.

        """
        current_operation.set(safe_operation_name(asked.operation_name))
        if self.watch is None:
            return await self._executed(asked, context, allowed)
        began = time.perf_counter()
        result = await self._executed(asked, context, allowed)
        self.watch(asked.operation_name, _outcome(result), time.perf_counter() - began)
        return result

    async def _executed(
        self, asked: OperationRequest, context: Any, allowed: Collection[OperationType]
    ) -> ExecutionResult:
        try:
            result: ExecutionResult = await self._execute(
                asked.query,
                asked.variables,
                context,
                None,
                asked.operation_name,
                allowed,
                asked.extensions,
            )
        except CannotGetOperationTypeError as error:
            name = error.operation_name
            return rejected(
                GraphQLError(
                    _NO_OPERATION if name is None else f"Unknown operation named '{name}'."
                )
            )
        except MissingQueryError:
            return rejected(GraphQLError("No GraphQL query found in the request"))
        except GraphQLError as error:
            # The parser's cache raises what the parser raised.
            return rejected(error)
        except RecursionError:
            return rejected(
                GraphQLError(_TOO_DEEP, extensions={"code": ErrorCode.LIMIT_EXCEEDED.value})
            )
        return result

    async def answers(
        self, asked: OperationRequest, context: Any, allowed: Collection[OperationType] = _STREAMED
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the answers to an operation of any type whose text is known."""
        if not is_subscription(asked):
            yield await self.answer(asked, context, allowed)
            return
        current_operation.set(safe_operation_name(asked.operation_name))
        limited = await self.refusal(asked, context)
        if limited is not None:
            yield rejected(limited)
            return
        results = await self.schema.stream(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            operation_extensions=asked.extensions,
            allowed_operation_types=allowed,
        )
        engine = getattr(self.schema, "engine", None)
        told = readable(results)
        if engine is not None:
            told = engine.handed_over(told)
            if engine.guard is not None:
                told = engine.guard.events(context, told)
        try:
            # Not left to the collector: what is watched has to be let go of now.
            async with aclosing(told):
                async for result in told:
                    yield cast("ExecutionResult", result)
        except limits.NotNow as refused:
            yield ExecutionResult(data=None, errors=[refused])

    def shown(self, result: ExecutionResult, language: str | None) -> dict[str, Any]:
        """Return an answer as it is written; what was refused before it ran has no data.

        ``language`` is the value of an ``Accept-Language`` header.
        """
        shown: dict[str, Any] = {}
        if not is_rejected(result):
            shown["data"] = result.raw if isinstance(result, Answer) else result.data
        if result.errors:
            shown["errors"] = format_errors(
                result.errors,
                language=language_of(language),
                request_id=current_request_id.get() or "",
                suggest=self._suggest,
            )
        if result.extensions:
            shown["extensions"] = result.extensions
        return shown

    async def refusal(self, asked: OperationRequest, context: Any) -> GraphQLError | None:
        """Return why an operation that is not executed may not be answered now."""
        engine = getattr(self.schema, "engine", None)
        if engine is None or asked.query is None:
            return None
        try:
            limited: GraphQLError | None = await engine.refusal(
                asked.query, asked.variables, context, asked.operation_name, asked.extensions
            )
        except CannotGetOperationTypeError:
            # Told where it is begun.
            return None
        return limited

    def charge(self, asked: OperationRequest) -> int | None:
        """Return what an operation that was answered counts as, None where it is forgotten."""
        engine = getattr(self.schema, "engine", None)
        if engine is None or asked.query is None:
            return None
        cost: int | None = engine.charge(asked.query, asked.variables, asked.operation_name)
        return cost


def is_subscription(asked: OperationRequest) -> bool:
    """Return whether a request is a subscription; what cannot be parsed is none."""
    return asked.query is not None and limits.is_subscription(asked.query, asked.operation_name)


def rejected(error: GraphQLError) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[error])


def _outcome(result: ExecutionResult) -> str:
    """Return ok, or the code of the first error."""
    return code_of(result.errors[0]) if result.errors else "ok"
