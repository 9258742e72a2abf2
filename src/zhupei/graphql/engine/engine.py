"""The engine: programs by operation, kept while they are used; and what is not compiled."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql import (
    GraphQLError,
)
from zhupei.graphql.coercion import UnusualError
from zhupei.graphql.engine.answers import Answer
from zhupei.graphql.engine.counts import Counts
from zhupei.graphql.engine.parts import KeptParts
from zhupei.graphql.engine.plans import Operation, Plan
from zhupei.graphql.engine.preparing import Prepared, prepare
from zhupei.graphql.engine.questions import Question, Questions
from zhupei.graphql.engine.readings import Reading
from zhupei.graphql.engine.running import Run
from zhupei.graphql.limits import (
    Guard,
    NotNow,
    check_cost,
    check_variables,
)
from zhupei.tracing import current_tracing, safe_operation_name, traced

if TYPE_CHECKING:
    from zhupei.graphql.federation.tracing import Tracer

__all__ = ["Counts", "Engine"]

_log = logging.getLogger("zhupei.graphql")

_OPERATIONS = 256
# Of all operations that are kept: what stands behind a token takes about 600 bytes.
_MOST_TOKENS = 100_000
_PART_BYTES = 32 * 2**20
# An operation has one program for each combination of what its @skip and @include look at;
# beyond this many, the others are interpreted.
_VARIANTS = 16
_MOST_COERCION_ERRORS = 50  # as graphql-core has it


class Engine:
    """Answers queries and mutations over one schema as graphql-core would.

    Args:
        schema: whose operations to answer.
        operations: how many operations are kept; the one that was not used for longest goes.
        explain: whether answers say in ``extensions`` what was not compiled.
        part_bytes: how much memory parts of answers may take (`zhupei.graphql.engine.parts`).

    """

    def __init__(
        self,
        schema: Schema,
        *,
        operations: int = _OPERATIONS,
        explain: bool = False,
        part_bytes: int = _PART_BYTES,
    ) -> None:
        self.schema = schema
        self._counts = Counts()
        self.explain = explain
        self.guard: Guard | None = None
        """Who may run an operation now and for how long; without one, everybody for ever."""
        self._most = operations
        self._parts = KeptParts(part_bytes)
        self._known: OrderedDict[tuple[str, str | None], Prepared] = OrderedDict()
        self._questions = Questions()
        self._tokens = 0
        self._compiles = not any(map(_takes_part, schema.get_extensions()))

    @property
    def counts(self) -> Counts:
        """What the engine has done since it was made, at this moment."""
        return replace(self._counts, parts=self._parts.made, part_bytes=self._parts.bytes)

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
            question = await self._asked(
                (query, operation_name),
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
            question = await self._asked((query, name), variable_values, extensions, None)
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
        prepared, written = self._known.get((query, name)), Questions.written(variable_values)
        question = None if prepared is None or written is None else prepared.questions.get(written)
        return None if question is None else Guard.charged(question.cost)

    async def _admit(self, question: Question, context: Any) -> None:
        """Count an operation; raise `GraphQLError` where it is not allowed now."""
        if self.guard is not None:
            prepared = question.prepared
            tokens, prepared.unpaid = prepared.unpaid, 0
            await self.guard.admit(context, question.cost, tokens)

    async def _asked(
        self,
        key: tuple[str, str | None],
        variables: dict[str, Any] | None,
        extensions: dict[str, Any] | None,
        allowed: Iterable[OperationType] | None,
    ) -> Question:
        """Return what is asked, worked out anew where it is not known.

        Raises:
            GraphQLError: its variables are too many, or it costs too much.

        """
        prepared, written = self._known.get(key), Questions.written(variables)
        question = None if prepared is None or written is None else prepared.questions.get(written)
        if question is not None:
            self._known.move_to_end(key)
            self._counts.found += 1
            _check_allowed(question.prepared, allowed)
            return question
        check_variables(variables)
        prepared = await self._prepared(*key, extensions)
        _check_allowed(prepared, allowed)
        operation = prepared.operation
        if operation is None:
            return Question(prepared, errors=prepared.errors)
        coerced = _variables(operation, variables)
        if isinstance(coerced, list):
            return Question(prepared, errors=coerced)
        question = Question(prepared, coerced.coerced, _cost(prepared, coerced.coerced))
        if written is not None and not operation.is_mutation and self._known.get(key) is prepared:
            self._questions.keep(question, written, self._known.values())
        return question

    async def _prepared(
        self, query: str, name: str | None, extensions: dict[str, Any] | None
    ) -> Prepared:
        key = (query, name)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            self._counts.found += 1
            return found
        self._counts.prepared += 1
        prepared = await traced("prepare", prepare(self.schema, query, name, extensions), {})
        found = self._known.setdefault(key, prepared)
        if found is prepared:
            self._tokens += found.tokens
        while len(self._known) > 1 and (
            len(self._known) > self._most or self._tokens > _MOST_TOKENS
        ):
            _, gone = self._known.popitem(last=False)
            self._tokens -= gone.tokens
            self._questions.forget(gone)
        return found

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

    def _plan(self, question: Question, operation: Operation, context: Any) -> Plan | None:
        """Return the program of a question; None where there is none."""
        if getattr(context, "tracer", None) is not None:
            return None  # what is compiled cannot be timed field by field
        if question.plan is None:
            question.plan = self._made_plan(question.prepared, operation, question.coerced)
        return question.plan

    def _made_plan(
        self, prepared: Prepared, operation: Operation, given: Mapping[str, Any]
    ) -> Plan | None:
        """Return the program for these values of conditions; None where there is none."""
        flags = tuple(given.get(name) for name in prepared.conditions)
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


def _check_allowed(prepared: Prepared, allowed: Iterable[OperationType] | None) -> None:
    found = prepared.operation_type
    if found is not None and allowed is not None and found not in allowed:
        raise InvalidOperationTypeError(found)


def _cost(prepared: Prepared, coerced: Mapping[str, Any]) -> int:
    """Return what an operation costs; raise `GraphQLError` where that is too much."""
    if isinstance(prepared.cost, int):
        return prepared.cost
    cost = prepared.cost.value(coerced)
    if prepared.most_cost is not None:
        check_cost(cost, prepared.most_cost)
    return cost


def _variables(
    operation: Operation, given: dict[str, Any] | None
) -> VariableValues | list[GraphQLError]:
    try:
        return VariableValues({}, operation.read_variables(given or {}))
    except UnusualError:
        definitions = operation.definition.variable_definitions or ()
        return get_variable_values(
            operation.core, definitions, given or {}, max_errors=_MOST_COERCION_ERRORS
        )
