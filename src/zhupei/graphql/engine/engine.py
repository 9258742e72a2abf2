"""The engine: a program for each operation that is asked; and what is not compiled."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql import GraphQLError
from zhupei.graphql.answers import Answer
from zhupei.graphql.engine.counts import Counts
from zhupei.graphql.engine.plans import Plan
from zhupei.graphql.engine.running import Run
from zhupei.graphql.kept_parts import KeptParts
from zhupei.graphql.limits import Guard, NotNow
from zhupei.graphql.questions import Operation, Question, Questions
from zhupei.graphql.readings import Reading
from zhupei.tracing import current_tracing, safe_operation_name

if TYPE_CHECKING:
    from zhupei.graphql.federation.tracing import Tracer

__all__ = ["Counts", "Engine"]

_log = logging.getLogger("zhupei.graphql")

_PART_BYTES = 32 * 2**20
# An operation has one program for each combination of what its @skip and @include look at;
# beyond this many, the others are interpreted.
_VARIANTS = 16


class Engine:
    """Answers queries and mutations over one schema as graphql-core would.

    Args:
        schema: whose operations to answer.
        operations: how many operations are kept (`zhupei.graphql.questions`).
        explain: whether answers say in ``extensions`` what was not compiled.
        part_bytes: how much memory parts of answers may take (`zhupei.graphql.kept_parts`).

    """

    def __init__(
        self,
        schema: Schema,
        *,
        operations: int | None = None,
        explain: bool = False,
        part_bytes: int = _PART_BYTES,
    ) -> None:
        self.schema = schema
        self._counts = Counts()
        self.explain = explain
        self.guard: Guard | None = None
        """Who may run an operation now and for how long; without one, everybody for ever."""
        self._parts = KeptParts(part_bytes)
        self.questions: Questions[Plan] = Questions(schema, operations)
        """What was asked, with its programs."""
        self._compiles = not any(map(_takes_part, schema.get_extensions()))

    @property
    def counts(self) -> Counts:
        """What the engine has done since it was made, at this moment."""
        return replace(
            self._counts,
            prepared=self.questions.prepared,
            found=self.questions.found,
            parts=self._parts.made,
            part_bytes=self._parts.bytes,
        )

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Answer an operation; the arguments are those of `strawberry.Schema.execute`.

        Raises:
            MissingQueryError: there is no text.
            CannotGetOperationTypeError: the document has no operation of this name.
            InvalidOperationTypeError: the type of the operation is not among those allowed.

        """
        if not query:
            raise MissingQueryError
        try:
            question = await self.questions.asked(
                query,
                operation_name,
                variable_values,
                operation_extensions,
                allowed_operation_types,
            )
            await self._admit(question, context_value)
        except GraphQLError as refused:
            return Answer(None, [refused], rejected=True)
        prepared, operation = question.prepared, question.prepared.operation
        if question.errors is not None or operation is None:
            return Answer(None, question.errors, rejected=True)
        plan = self._plan(question, operation, context_value)
        answer: Callable[[], Awaitable[ExecutionResult]]
        if plan is None:
            self._counts.interpreted += 1
            answer = self._interpreter(
                operation,
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        else:
            self._counts.answered += 1
            answer = Run(
                plan,
                question,
                variable_values or {},
                context_value,
                root_value,
                operation_extensions,
                self._parts,
                self._counts,
            ).answer
        try:
            result = await self._run(operation, plan, context_value, answer)
        except NotNow as refused:
            return Answer(None, [refused], rejected=refused.is_rejected)
        if operation_extensions and operation_extensions.get("cost") is True:
            shown = {"operation": question.cost, "maximum": prepared.most_cost}
            result.extensions = {**(result.extensions or {}), "cost": shown}
        return self._explained(result, plan)

    async def _run(
        self,
        operation: Operation,
        plan: Plan | None,
        context: Any,
        answer: Callable[[], Awaitable[ExecutionResult]],
    ) -> ExecutionResult:
        """Answer as soon as it is allowed, in a span where somebody traces."""
        guarded = answer() if self.guard is None else self.guard.run(context, answer)
        tracing = current_tracing.get()
        if tracing is None:
            return await guarded
        with tracing.span("run", _described(operation, plan)) as span:
            result = await guarded
            if result.errors:
                tracing.fail(span, _code(result.errors[0]))
        return result

    async def refusal(
        self,
        query: str,
        variable_values: dict[str, Any] | None,
        context: Any,
        name: str | None,
        extensions: dict[str, Any] | None,
    ) -> GraphQLError | None:
        """Return why a subscription may not begin now, which counts as an operation does.

        What its document or its variables lack is told where it is begun.
        """
        try:
            question = await self.questions.asked(query, name, variable_values, extensions, None)
            await self._admit(question, context)
        except GraphQLError as refused:
            return refused
        return None

    async def handed_over(
        self, results: AsyncGenerator[ExecutionResult, None]
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield what graphql-core answers to a subscription, counted and told as its own."""
        counted = False
        async with aclosing(results):
            async for result in results:
                if isinstance(result, PreExecutionError):
                    yield result
                    continue
                self._counts.interpreted += not counted
                counted = True
                yield self._explained(result, None)

    def charge(
        self, query: str, variable_values: dict[str, Any] | None, name: str | None
    ) -> int | None:
        """Return what an operation that was answered counts as; None where it is forgotten."""
        question = self.questions.known(query, name, variable_values)
        return None if question is None else Guard.charged(question.cost)

    async def _admit(self, question: Question[Plan], context: Any) -> None:
        """Count an operation; raise `GraphQLError` where it is not allowed now."""
        if self.guard is not None:
            prepared = question.prepared
            tokens, prepared.unpaid = prepared.unpaid, 0
            await self.guard.admit(context, question.cost, tokens)

    def _interpreter(
        self,
        operation: Operation,
        query: str,
        variables: dict[str, Any] | None,
        context: Any,
        root: Any,
        name: str | None,
        *others: Any,
    ) -> Callable[[], Awaitable[ExecutionResult]]:
        """Return what has graphql-core answer, field by field where a gateway wants a trace."""
        tracer: Tracer | None = getattr(context, "tracer", None)
        if tracer is None:
            return partial(
                Schema.execute, self.schema, query, variables, context, root, name, *others
            )
        return partial(
            tracer.execute,
            operation.core,
            operation.document,
            name=name,
            variables=variables,
            context=context,
            root=root,
            extensions=others[-1],
        )

    def _plan(self, question: Question[Plan], operation: Operation, context: Any) -> Plan | None:
        """Return the program of a question; None where there is none."""
        if getattr(context, "tracer", None) is not None:
            return None  # what is compiled cannot be timed field by field
        if question.plan is None:
            question.plan = self._made_plan(question, operation)
        return question.plan

    def _made_plan(self, question: Question[Plan], operation: Operation) -> Plan | None:
        """Return the program for these values of conditions; None where there is none."""
        prepared = question.prepared
        flags = tuple(question.coerced.get(name) for name in prepared.conditions)
        if flags in prepared.plans:
            return prepared.plans[flags]
        if not self._compiles or len(prepared.plans) >= _VARIANTS:
            return None
        if operation.definition.operation.value == "subscription":
            return None
        if not all(isinstance(flag, bool) for flag in flags):
            return None
        self._counts.compiled += 1
        try:
            plan = Plan(operation, dict(zip(prepared.conditions, flags, strict=True)))
        except Exception:  # noqa: BLE001 - because graphql-core answers all the same
            _log.exception("an operation cannot be compiled")
            plan = None
        prepared.plans[flags] = plan
        return plan

    def _explained(self, result: ExecutionResult, plan: Plan | None) -> ExecutionResult:
        if self.explain:
            result.extensions = {**(result.extensions or {}), "engine": _explanation(plan)}
        return result


def _described(operation: Operation, plan: Plan | None) -> dict[str, str | bool]:
    """Return what a trace says of an operation."""
    definition = operation.definition
    name = safe_operation_name(definition.name.value if definition.name is not None else None)
    return {
        "graphql.operation.type": definition.operation.value,
        **({} if name is None else {"graphql.operation.name": name}),
        "zhupei.compiled": plan is not None,
    }


def _code(error: GraphQLError) -> str:
    code = (error.extensions or {}).get("code")
    return code if isinstance(code, str) else "error"


def _explanation(plan: Plan | None) -> dict[str, Any]:
    if plan is None:
        return {"compiled": False}
    by_reading = {
        reading: sorted({site.name for site in plan.sites if site.reading is reading})
        for reading in (Reading.CALLED, Reading.INTERPRETED)
    }
    return {
        "compiled": True,
        "called": by_reading[Reading.CALLED],
        "interpreted": by_reading[Reading.INTERPRETED],
    }


def _takes_part(extension: SchemaExtension) -> bool:
    """Return whether an extension acts while an operation runs, not only before."""
    own = type(extension)
    return (
        own.resolve is not SchemaExtension.resolve
        or own.on_execute is not SchemaExtension.on_execute
        or own.get_results is not SchemaExtension.get_results
    )
