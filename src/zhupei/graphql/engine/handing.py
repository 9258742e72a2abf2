"""Handing over: what a run leaves to graphql-core's executor, so that every error is its."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from graphql.execution.collect_fields import FragmentDetails
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql import GraphQLResolveInfoHelpers, default_field_resolver, default_type_resolver
from zhupei.graphql.engine.faults import Errors
from zhupei.graphql.late_info import LateInfo
from zhupei.graphql.questions import Operation, RunArguments
from zhupei.graphql.sites import Anchor, Site

__all__ = ["Core"]


class _Executor(StrawberryGraphQLCoreExecutionContext):
    """The executor; it does not hold its own methods, or would stay until the collector comes."""

    async_helpers: Any = property(
        lambda self: GraphQLResolveInfoHelpers(self.gather_async_work, self.track_async_work),
        lambda _self, _made: None,
    )


class Core:
    """graphql-core's executor for one run, made when something is first left to it."""

    def __init__(
        self,
        operation: Operation,
        given: dict[str, Any],
        coerced: Any,
        context: Any,
        root: Any,
        extensions: dict[str, Any] | None,
    ) -> None:
        self.operation, self.context, self.root = operation, context, root
        self._extensions = extensions
        self.errors = Errors()
        self.arguments = RunArguments(operation, given, coerced, self.info)

    @cached_property
    def executor(self) -> _Executor:
        """The executor itself."""
        operation = self.operation
        core = _Executor(
            operation.core,
            operation.fragments,
            {name: FragmentDetails(node) for name, node in operation.fragments.items()},
            self.root,
            self.context,
            operation.definition,
            self.arguments.variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
            operation_extensions=self._extensions,
        )
        core.collected_errors = self.errors
        return core

    def end(self) -> None:
        """Let go of the errors, whose tracebacks hold the run; what still fails is told nobody."""
        self.arguments.end()
        self.errors = Errors()
        if "executor" in vars(self):
            self.executor.collected_errors = self.errors

    def report(self, anchor: Anchor, error: Exception, indexes: Sequence[int]) -> None:
        """Report an error at a place, or raise it with its place where that must not be null."""
        path = anchor.place.core_path(indexes)
        self.executor.handle_field_error(error, anchor.type, anchor.site.details, path)

    def completed(self, anchor: Anchor, read: Any, indexes: tuple[int, ...]) -> Any:
        """Complete a value that was read, or begin to; what is wrong with it is reported."""
        site = anchor.site
        path, info = anchor.place.core_path(indexes), self.raw_info(site, indexes)
        try:
            found = self.executor.complete_value(anchor.type, site.details, info, path, read, None)
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return self.report(anchor, error, indexes)
        return self._finished(found, anchor, indexes) if optimized_is_awaitable(found) else found

    async def _finished(self, found: Any, anchor: Anchor, indexes: tuple[int, ...]) -> Any:
        try:
            return await found
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return self.report(anchor, error, indexes)

    def field(self, site: Site, value: Any, indexes: tuple[int, ...]) -> Any:
        """Read a field with everything below it, or begin to."""
        path = site.place.core_path(indexes)
        return self.executor.execute_field(site.parent, value, site.details, path, None)

    def raw_info(self, site: Site, indexes: Sequence[int] | None = None) -> Any:
        """Return graphql-core's info of a field; without indexes, of the first of its objects."""
        depth = site.place.depth
        path = site.place.core_path((0,) * depth if indexes is None else indexes[:depth])
        return self.executor.build_resolve_info(site.field, site.nodes, site.parent, path)

    def info(self, site: Site, indexes: tuple[int, ...] | None = None) -> LateInfo:
        """Return what a function may take as ``info``."""
        return LateInfo(self.context, site.declared, partial(self.raw_info, site, indexes))
