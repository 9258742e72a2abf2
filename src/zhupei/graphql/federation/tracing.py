"""Tracing: how long each field of one operation took, for a gateway that asks and is trusted.

What the engine compiles reads a field in nanoseconds and cannot be timed field by field, so that
a traced operation is answered by graphql-core: gateways trace samples. Nothing is traced, and
nothing costs, where the context of an operation has no `Tracer`.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
    execute,
)
from zhupei.graphql.federation.traces import TraceError, TraceNode, written_trace

__all__ = ["Tracer"]

_UNKNOWN = "INTERNAL_SERVER_ERROR"
# Says more of its type than graphql-core can read.
_is_awaitable: Any = optimized_is_awaitable


class Tracer:
    """Traces one operation.

    Args:
        now: what time it is, in nanoseconds since 1970.
        clock: nanoseconds of a clock that never goes back.

    """

    def __init__(
        self,
        now: Callable[[], int] = time.time_ns,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._now, self._clock = now, clock
        self._root = TraceNode()
        self._start = 0

    async def execute(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        *,
        name: str | None,
        variables: Mapping[str, Any] | None,
        context: Any,
        root: Any = None,
        extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Answer a validated operation, with the trace as ``ftv1`` among its extensions."""
        began, self._start = self._now(), self._clock()
        found: Any = execute(
            schema,
            document,
            root_value=root,
            context_value=context,
            variable_values=dict(variables or {}),
            operation_name=name,
            middleware=MiddlewareManager(self),
            executor_class=StrawberryGraphQLCoreExecutionContext,
            is_awaitable=_is_awaitable,
            operation_extensions=extensions,
        )
        result = await found if inspect.isawaitable(found) else found
        for error in result.errors or ():
            self._note(error)
        trace = written_trace(
            self._root, began=began, ended=self._now(), duration=self._clock() - self._start
        )
        return ExecutionResult(result.data, result.errors, {"ftv1": trace})

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: GraphQLResolveInfo[Any], **given: Any
    ) -> Any:
        """Resolve a field and note its times; what graphql-core calls around every field."""
        if info.field_name.startswith("__"):
            return next_(source, info, **given)
        node = self._root
        for key in info.path.as_list():
            node = node.child(key)
        node.field_name, node.type = info.field_name, str(info.return_type)
        node.parent_type = info.parent_type.name
        node.start = self._clock() - self._start
        try:
            value = next_(source, info, **given)
        finally:
            node.end = self._clock() - self._start
        return self._awaited(value, node) if optimized_is_awaitable(value) else value

    async def _awaited(self, value: Awaitable[Any], node: TraceNode) -> Any:
        try:
            return await value
        finally:
            node.end = self._clock() - self._start

    def _note(self, error: GraphQLError) -> None:
        """Note an error at the field that it belongs to, or the nearest above that was resolved."""
        node = self._root
        for key in error.path or ():
            if key not in node.children:
                break
            node = node.children[key]
        places = tuple((place.line, place.column) for place in error.locations or ())
        code = (error.extensions or {}).get("code", _UNKNOWN)
        node.errors.append(TraceError(code if isinstance(code, str) else _UNKNOWN, places))
