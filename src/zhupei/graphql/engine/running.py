"""Running: one run of a plan, and what is done where a value is not as it was compiled for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strawberry.execution import optimized_is_awaitable

from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    default_type_resolver,
    is_non_null_type,
)
from zhupei.graphql.answers import Answer, Place, Slot
from zhupei.graphql.engine.counts import Counts
from zhupei.graphql.engine.faults import NulledError, is_located
from zhupei.graphql.engine.handing import Core
from zhupei.graphql.engine.plans import Plan, Unit
from zhupei.graphql.engine.programs import write
from zhupei.graphql.engine.waiting import Waiting
from zhupei.graphql.inline import Bound
from zhupei.graphql.kept_parts import KeptParts, Parts, RunParts
from zhupei.graphql.leaves import IrregularError
from zhupei.graphql.questions import Question
from zhupei.graphql.sites import Site
from zhupei.noted_reads import noting

__all__ = ["Run"]


class _Units(dict[int, Callable[..., Any]]):
    """The functions of a run by the number of their unit, made when first called."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def __missing__(self, number: int) -> Callable[..., Any]:
        plan = self._run.plan
        made = self[number] = write(plan, plan.units[number])(self._run)
        return made

    def end(self) -> None:
        """Forget the run, which holds this."""
        self.clear()
        del self._run


class Run:
    """One run of a plan.

    Whatever does not go as compiled is left to graphql-core's executor: a field of the root as a
    whole, a field that comes later with the value that was read for it. So every error is its.
    """

    def __init__(
        self,
        plan: Plan,
        question: Question[Plan],
        given: dict[str, Any],
        context: Any,
        root: Any,
        extensions: dict[str, Any] | None,
        parts: KeptParts,
        counts: Counts,
    ) -> None:
        self.plan, self._counts, self._faults = plan, counts, 0
        self.core = Core(plan.operation, given, question.coerced, context, root, extensions)
        self.parts = RunParts(parts, context, self.core.arguments, question.foreseen)
        self.waiting = Waiting(self.core, question, self._completer)
        self._units = _Units(self)
        self.tools: tuple[Any, ...] = (
            self._units,
            self._keep,
            self._call,
            self._interpret,
            self.core.info,
        )

    async def answer(self) -> Answer:
        """Run the operation."""
        self.parts.begin()
        try:
            data = await self._data()
        except NulledError:
            self.waiting.discard(())
            data = None
        errors = self.core.errors.errors
        self.parts.end(is_right=not self._faults and not errors)
        noted = noting.get() is not None and not self._faults and self.plan.is_noted
        answer = Answer(data, errors, settled=self._is_settled(), noted=noted)
        self._end()
        return answer

    def _end(self) -> None:
        """Let go of what holds this in turn: rows would stay until the collector comes by."""
        self.tools = ()
        self._units.end()
        self.core.end()
        self.waiting.end()

    async def _data(self) -> Any:
        values = []
        for unit in self.plan.roots:
            try:
                values.append(self._read_root(unit))
            except Exception as error:
                if not is_located(error):
                    raise
                self.waiting.null(None, error)
            if self.waiting and self.plan.operation.is_mutation:
                await self.waiting.settle()
        if self.waiting:
            await self.waiting.settle()
        return self.plan.shape(*values)

    def _read_root(self, unit: Unit) -> Any:
        site, root = unit.anchor.site, self.core.root
        try:
            return self._units[unit.number](root, None)
        except Exception:
            if not site.is_compiled:
                raise
        self._faults += 1
        self._counts.repaired += 1
        self._forget(site.place.path(()))
        return self._interpret(site, root, None, ())

    def _forget(self, path: tuple[str | int, ...]) -> None:
        """Forget all below a place that is completed anew."""
        self.waiting.discard(path)
        self.core.errors.forget(path)

    def _is_settled(self) -> bool:
        """Return whether nothing but the catalogue, the language and the variables had a say."""
        whole = self.plan.whole
        return whole is not None and not self._faults and not whole.is_timed(self.core.arguments)

    # What a unit makes once

    def once(self, site: Site, make: Bound) -> Any:
        """Return a value that a source makes once in a run."""
        return make(self.core.context, self.core.arguments.of(site))

    def reader(self, site: Site, make: Bound) -> Callable[..., Any]:
        """Return a function that a source makes once; one that raises where making it does."""
        try:
            return self.once(site, make)  # type: ignore[no-any-return]  # a reader
        except Exception:  # noqa: BLE001 - because it belongs to each object, which meets it anew

            def again(*value: Any) -> Any:
                return self.once(site, make)(*value)

            return again

    def types(
        self, site: Site, type_: GraphQLAbstractType, place: Place
    ) -> Callable[[Any], Callable[..., Any]]:
        """Return what finds the function for a value of an abstract type."""
        info = self.core.raw_info(site)
        resolve = type_.resolve_type or default_type_resolver
        known: dict[str, Callable[..., Any]] = {}

        def function(value: Any) -> Callable[..., Any]:
            name: Any = resolve(value, info, type_)
            try:
                return known[name]
            except (KeyError, TypeError):
                known[name] = found = self._of_type(site, type_, name, place)
                return found

        return function

    def _of_type(
        self, site: Site, type_: GraphQLAbstractType, name: Any, place: Place
    ) -> Callable[..., Any]:
        schema = self.plan.operation.core
        found = schema.get_type(name) if isinstance(name, str) else None
        if not isinstance(found, GraphQLObjectType) or not schema.is_sub_type(type_, found):
            raise IrregularError
        return self._units[self.plan.unit_of_type(site, found, place).number]

    # What a unit calls

    def _keep(
        self, parts: Parts, number: int, value: Any, above: Slot | None, *indexes: int
    ) -> Any:
        """Write a part, and keep it."""
        return self.parts.add(parts, value, self._units[number](value, above, *indexes))

    def _call(self, site: Site, value: Any, above: Slot | None, indexes: tuple[int, ...]) -> Any:
        """Call the resolver of a field; what has to be awaited is completed later."""
        self._counts.called += 1
        core = self.core
        try:
            resolve: Any = site.field.resolve
            read = resolve(value, core.raw_info(site, indexes), **core.arguments.as_core(site))
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return core.report(site.anchor, error, indexes)
        slot = Slot(site.anchor, indexes, above, read)
        if optimized_is_awaitable(read):
            return self.waiting.read(slot)
        return slot.kept(self._completer(site)(slot, read))

    def _interpret(
        self, site: Site, value: Any, above: Slot | None, indexes: tuple[int, ...]
    ) -> Any:
        """Hand a field with everything below it to graphql-core."""
        self._counts.handed += 1
        return self._placed(
            Slot(site.anchor, indexes, above, self.core.field(site, value, indexes))
        )

    def _completer(self, site: Site) -> Callable[[Slot, Any], Any]:
        """Return what completes the values that were read for the slots of a field.

        It raises where a value must not be null and is.
        """
        anchor, units, number = site.anchor, self._units, self.plan.unit_of_site(site).number
        required = is_non_null_type(anchor.type)

        def completed(slot: Slot, read: Any) -> Any:
            if isinstance(read, Exception):
                return self.core.report(anchor, read, slot.indexes)
            above = slot.above if required else slot
            try:
                return units[number](read, above, *slot.indexes)
            except Exception as error:  # noqa: BLE001 - because every error has its place
                if is_located(error):
                    self.waiting.discard(slot.path)
                    return self.core.report(anchor, error, slot.indexes)
                self._forget(slot.path)
                found = self.core.completed(anchor, read, slot.indexes)
                return self._placed(Slot(anchor, slot.indexes, above, found))

        return completed

    def _placed(self, slot: Slot) -> Any:
        """Return what graphql-core made for a place, or its slot where that is to be awaited."""
        return self.waiting.completed(slot) if optimized_is_awaitable(slot.of) else slot.of
