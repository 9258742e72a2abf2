"""Running: one run of a plan, with its errors and with what is read later."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import cached_property
from typing import Any

from graphql.execution.collect_fields import FragmentDetails
from graphql.pyutils import gather_with_cancel
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    default_field_resolver,
    default_type_resolver,
    is_non_null_type,
)
from zhupei.graphql.engine.answers import Answer, Slot, strictly_encoded
from zhupei.graphql.engine.arguments import RunArguments
from zhupei.graphql.engine.counts import Counts
from zhupei.graphql.engine.faults import Errors, NulledError, is_located
from zhupei.graphql.engine.late_info import LateInfo
from zhupei.graphql.engine.leaves import IrregularError, plain_class
from zhupei.graphql.engine.parts import KeptParts, Parts, is_timed
from zhupei.graphql.engine.plans import Anchor, Place, Plan, Site, Unit
from zhupei.graphql.engine.questions import Question
from zhupei.graphql.engine.writing import write
from zhupei.graphql.inline import Bound, Repeated

__all__ = ["Run"]

_Cell = tuple[Any, ...]
"""An object of the answer, what it was made of, the nearest slot above it, and its indexes."""
_Settle = Callable[[Site, list[Slot]], Coroutine[Any, Any, None]]


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
        question: Question,
        given: dict[str, Any],
        context: Any,
        root: Any,
        extensions: dict[str, Any] | None,
        parts: KeptParts,
        counts: Counts,
    ) -> None:
        self.plan = plan
        self.context = context
        self._shared, self._foreseen = question.shared, question.foreseen
        self._told: object = None
        self._root, self._extensions = root, extensions
        self._arguments = RunArguments(plan.operation, given, question.coerced, self._first_info)
        self._parts, self._counts = parts, counts
        self._faults = 0
        self._errors = Errors()
        self._units = _Units(self)
        self._waiting: dict[tuple[Site, _Settle], list[Slot]] = {}
        self._columns: dict[Site, tuple[str, list[_Cell]]] = {}
        self._noted: list[tuple[Parts, list[tuple[Any, Any]]]] = []
        self.tools: tuple[Any, ...] = (
            self._units,
            self._keep,
            self._call,
            self._interpret,
            self._info,
        )

    async def answer(self) -> Answer:
        """Run the operation."""
        self._told = self._foreseen.ask(self.context)
        try:
            data = await self._data()
        except NulledError:
            self._discard(())
            data = None
        if self._foreseen.learn(self.context, self._told) and self._noted:
            self._keep_noted()
        answer = Answer(data, self._errors.errors, settled=self._is_settled())
        self._end()
        return answer

    def _end(self) -> None:
        """Let go of what holds this in turn: rows would stay until the collector comes by."""
        self.tools = ()
        self._units.end()
        self._arguments.end()
        self._waiting.clear()
        self._columns.clear()

    async def _data(self) -> Any:
        values = []
        for unit in self.plan.roots:
            try:
                values.append(self._read_root(unit))
            except Exception as error:
                if not is_located(error):
                    raise
                self._null(None, error)
            if self._waits and self.plan.operation.is_mutation:
                await self._settle()
        if self._waits:
            await self._settle()
        return self.plan.shape(*values)

    def _read_root(self, unit: Unit) -> Any:
        try:
            return self._units[unit.number](self._root, None)
        except Exception:
            site = unit.site
            if not site.is_compiled:
                raise
        self._faults += 1
        self._counts.repaired += 1
        path = site.anchor.place.path(())
        self._discard(path)
        self._errors.forget(path)
        return self._interpret(site, self._root, None, ())

    def _is_settled(self) -> bool:
        """Return whether nothing but the catalogue, the language and the variables had a say."""
        whole = self.plan.whole
        return whole is not None and not self._faults and not is_timed(whole, self._arguments)

    # Parts that are kept

    def kept(self, unit: Unit) -> Parts:
        """Return the parts that are known of the objects that a unit writes."""
        return self._parts.at(self.context.catalogue, unit, self.context.language, self._arguments)

    def _keep(
        self, parts: Parts, number: int, value: Any, above: Slot | None, *indexes: int
    ) -> Any:
        """Write a part, and keep it."""
        found = self._units[number](value, above, *indexes)
        if not parts.is_open:
            return found
        try:
            return self._parts.add(parts, value, strictly_encoded(found))
        except (UnicodeEncodeError, OverflowError):
            return found

    def told(self, unit: Unit) -> Parts:
        """Return the parts that are known of a unit's objects, made of what hooks tell now too."""
        if self._told is None:
            return Parts(is_open=False)
        context = self.context
        return self._parts.at(
            context.catalogue,
            unit,
            context.language,
            self._arguments,
            self._foreseen,
            self._told,
        )

    def noting(self, parts: Parts) -> Callable[[tuple[Any, Any]], None] | None:
        """Return what notes an object and what was written of it, to be kept at the end."""
        if not parts.is_open:
            return None
        noted: list[tuple[Any, Any]] = []
        self._noted.append((parts, noted))
        return noted.append

    def _keep_noted(self) -> None:
        """Keep what was written with answers of hooks, unless something went wrong."""
        if self._faults or self._errors.errors:
            return
        for parts, noted in self._noted:
            for value, written in noted:
                if not parts.is_open or id(value) in parts:
                    continue
                try:
                    self._parts.add(parts, value, strictly_encoded(written))
                except (UnicodeEncodeError, OverflowError):
                    continue

    # What a unit makes once

    def once(self, site: Site, make: Bound) -> Any:
        """Return a value that a source makes once in a run."""
        return make(self.context, self._arguments.of(site))

    def reader(self, site: Site, make: Bound) -> Callable[..., Any]:
        """Return a function that a source makes once; one that raises where making it does."""
        try:
            return make(self.context, self._arguments.of(site))  # type: ignore[no-any-return]  # a reader
        except Exception as error:  # noqa: BLE001 - because it belongs to each object
            problem = error

        def refuse(*_: Any) -> Any:
            raise problem

        return refuse

    def types(
        self, site: Site, type_: GraphQLAbstractType, place: Place
    ) -> Callable[[Any], Callable[..., Any]]:
        """Return what finds the function for a value of an abstract type."""
        info = self.raw_info(site)
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

    def raw_info(self, site: Site, indexes: Sequence[int] | None = None) -> Any:
        """Return graphql-core's info of a field; without indexes, of the first of its objects."""
        if indexes is None:
            indexes = (0,) * site.place.steps.count(None)
        path = site.place.core_path(indexes)
        return self._core.build_resolve_info(site.field, site.nodes, site.parent, path)

    def _first_info(self, site: Site) -> LateInfo:
        return LateInfo(self, site, (0,) * site.place.steps.count(None))

    def _info(self, site: Site, indexes: tuple[int, ...]) -> LateInfo:
        return LateInfo(self, site, indexes)

    # What goes wrong

    def _report(self, anchor: Anchor, error: Exception, indexes: Sequence[int]) -> None:
        """Report an error at a place, or raise it with its place where that must not be null."""
        path = anchor.place.core_path(indexes)
        self._core.handle_field_error(error, anchor.type, anchor.site.details, path)

    def _complete(
        self, anchor: Anchor, read: Any, above: Slot | None, indexes: tuple[int, ...]
    ) -> Any:
        core, site = self._core, anchor.site
        path = anchor.place.core_path(indexes)
        info = self.raw_info(site, indexes[: site.place.steps.count(None)])
        try:
            completed = core.complete_value(anchor.type, site.details, info, path, read, None)
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return self._report(anchor, error, indexes)
        if not optimized_is_awaitable(completed):
            return completed
        finished = self._finished(completed, anchor, indexes)
        return self._wait(self._await_completed, Slot(anchor, indexes, above, finished))

    async def _finished(self, completed: Any, anchor: Anchor, indexes: tuple[int, ...]) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return self._report(anchor, error, indexes)

    @cached_property
    def _core(self) -> StrawberryGraphQLCoreExecutionContext:
        operation = self.plan.operation
        fragments = operation.fragments
        core = StrawberryGraphQLCoreExecutionContext(
            operation.core,
            fragments,
            {name: FragmentDetails(node) for name, node in fragments.items()},
            self._root,
            self.context,
            operation.definition,
            self._arguments.variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
            operation_extensions=self._extensions,
        )
        core.collected_errors = self._errors
        return core

    def _interpret(
        self, site: Site, value: Any, above: Slot | None, indexes: tuple[int, ...]
    ) -> Any:
        """Hand a field with everything below it to graphql-core."""
        self._counts.handed += 1
        path = site.place.core_path(indexes)
        found = self._core.execute_field(site.parent, value, site.details, path, None)
        if not optimized_is_awaitable(found):
            return found
        return self._wait(self._await_completed, Slot(site.anchor, indexes, above, found))

    # What is read later

    def _wait(self, how: _Settle, slot: Slot) -> Slot:
        self._waiting.setdefault((slot.anchor.site, how), []).append(slot.wait())
        return slot

    def later(self, site: Site) -> Callable[[Any, Slot | None, tuple[int, ...]], Slot]:
        """Return what notes that a field is read together with those of other objects."""
        anchor, key = site.anchor, (site, self._read_together)

        def note(value: Any, above: Slot | None, indexes: tuple[int, ...]) -> Slot:
            slot = Slot(anchor, indexes, above, value).wait()
            waiting = self._waiting.get(key)
            if waiting is None:
                waiting = self._waiting[key] = []
            waiting.append(slot)
            return slot

        return note

    def column(self, site: Site, name: str) -> Callable[[_Cell], None]:
        """Return what notes an object whose field is read together with those of others.

        What is read goes into the object itself: of so many, a slot for each costs the most.
        """
        return self._columns.setdefault(site, (name, []))[1].append

    @property
    def _waits(self) -> bool:
        """Whether something is to be read later."""
        return bool(self._waiting) or any(cells for _, cells in self._columns.values())

    def _call(self, site: Site, value: Any, above: Slot | None, indexes: tuple[int, ...]) -> Any:
        """Call the resolver of a field; what has to be awaited is completed later."""
        self._counts.called += 1
        try:
            resolve: Any = site.field.resolve
            read = resolve(value, self.raw_info(site, indexes), **self._arguments.as_core(site))
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return self._report(site.anchor, error, indexes)
        slot = Slot(site.anchor, indexes, above, read)
        if optimized_is_awaitable(read):
            return self._wait(self._await_read, slot)
        return slot.kept(self._completer(site)(slot, read))

    def _completer(self, site: Site) -> Callable[[Slot, Any], Any]:
        """Return what completes the values that were read for the slots of a field.

        It raises where a value must not be null and is.
        """
        anchor, units, number = site.anchor, self._units, self.plan.unit_of_site(site).number
        required = is_non_null_type(anchor.type)

        def completed(slot: Slot, read: Any) -> Any:
            if isinstance(read, Exception):
                return self._report(anchor, read, slot.indexes)
            above = slot.above if required else slot
            try:
                return units[number](read, above, *slot.indexes)
            except Exception as error:  # noqa: BLE001 - because every error has its place
                self._discard(slot.path)
                if is_located(error):
                    return self._report(anchor, error, slot.indexes)
                self._errors.forget(slot.path)
                return self._complete(anchor, read, above, slot.indexes)

        return completed

    async def _settle(self) -> None:
        """Read what waits, all fields at the same time, and what then waits because of it."""
        waiting, self._waiting = self._waiting, {}
        jobs: list[Coroutine[Any, Any, None]] = []
        shared: dict[Any, list[tuple[Site, list[Slot]]]] = {}
        for (site, how), slots in waiting.items():
            together = getattr(site.batch, "together", None)
            if together is None or how != self._read_together:
                jobs.append(how(site, slots))
            else:
                shared.setdefault(together, []).append((site, slots))
        jobs += [self._read_shared(together, each) for together, each in shared.items()]
        for site, (name, cells) in self._columns.items():
            if cells:
                jobs.append(self._read_column(site, name, cells.copy()))
                cells.clear()
        if len(jobs) == 1:
            await jobs[0]
        elif jobs:
            await gather_with_cancel(*jobs)

    async def _read_shared(
        self, together: Callable[..., Any], asked: list[tuple[Site, list[Slot]]]
    ) -> None:
        """Read several fields at once whose sources share what they do for it."""
        found: Sequence[Any]
        sites = tuple([site for site, _ in asked])
        given = self._shared.get(sites)
        if given is None:
            asked, given = await self._given(asked)
        try:
            found = await together(given, self.context)
        except Exception as error:  # noqa: BLE001 - because every error has its place
            found = [error] * len(asked)
        for (site, slots), value in zip(asked, found, strict=True):
            await self._fill([(slot, value) for slot in slots], self._completer(site))

    async def _given(
        self, asked: list[tuple[Site, list[Slot]]]
    ) -> tuple[list[tuple[Site, list[Slot]]], Repeated]:
        """Return what several fields ask for, and those of them whose arguments can be read."""
        readable: list[tuple[Site, list[Slot]]] = []
        given = []
        for site, slots in asked:
            try:
                given.append((site.batch, self._arguments.of(site)))
                readable.append((site, slots))
            except Exception as error:  # noqa: BLE001 - as above
                await self._fill([(slot, error) for slot in slots], self._completer(site))
        repeated = Repeated(given)
        if len(readable) == len(asked) and not self.plan.operation.is_mutation:
            self._shared[tuple([site for site, _ in asked])] = repeated
        return readable, repeated

    async def _read_together(self, site: Site, slots: list[Slot]) -> None:
        batch = site.batch
        try:
            if batch is None:
                raise TypeError(f"{site.name} cannot be read for many objects at once")
            values = [slot.of for slot in slots]
            found = await batch(values, self.context, self._arguments.of(site))
            filled = list(zip(slots, found, strict=True))
        except Exception as error:  # noqa: BLE001 - because every error has its place
            filled = [(slot, error) for slot in slots]
        await self._fill(filled, self._completer(site))

    async def _read_column(self, site: Site, name: str, cells: list[_Cell]) -> None:
        found: Iterable[Any]
        try:
            assert site.batch is not None  # noqa: S101 - it is what makes it a column
            values = [cell[1] for cell in cells]
            found = list(await site.batch(values, self.context, self._arguments.of(site)))
            if len(found) != len(cells):
                raise ValueError(f"{site.name} gave {len(found)} values for {len(cells)} objects")
        except Exception as error:  # noqa: BLE001 - because every error has its place
            found = itertools.repeat(error, len(cells))
        plain, others = plain_class(site.field.type), []
        for cell, read in zip(cells, found, strict=True):
            if type(read) is plain and (type(read) is not int or -(2**31) <= read < 2**31):
                setattr(cell[0], name, read)
            elif read is not None:
                made, value, above, *indexes = cell
                slot = Slot(site.anchor, tuple(indexes), above, value)
                setattr(made, name, slot)
                others.append((slot, read))
        if others:
            await self._fill(others, self._completer(site))

    async def _await_read(self, site: Site, slots: list[Slot]) -> None:
        await self._fill(await _awaited(slots), self._completer(site))

    async def _await_completed(self, _site: Site, slots: list[Slot]) -> None:
        def placed(_slot: Slot, value: Any) -> Any:
            if isinstance(value, Exception):
                raise value
            return value

        await self._fill(await _awaited(slots), placed)

    async def _fill(
        self, found: Iterable[tuple[Slot, Any]], completed: Callable[[Slot, Any], Any]
    ) -> None:
        for slot, value in found:
            if not slot.alive:
                continue
            try:
                slot.value = completed(slot, value)
            except Exception as error:
                if not is_located(error):
                    raise
                self._null(slot.above, error)
        if self._waits:
            await self._settle()

    def _null(self, slot: Slot | None, error: Any) -> None:
        """Turn a place to null, because something below it must not be null and is."""
        if slot is None:
            self._errors.add(error, None)
            raise NulledError
        slot.value, slot.dead = None, True
        self._errors.add(error, slot.anchor.place.core_path(slot.indexes))
        self._discard(slot.path)

    def _discard(self, path: tuple[str | int, ...]) -> None:
        """Forget what waits below a place that is null or completed anew."""
        length = len(path)
        abandoned: list[Any] = []
        for key, slots in list(self._waiting.items()):
            left = [slot for slot in slots if slot.path[:length] != path]
            abandoned += [slot.of for slot in slots if slot.path[:length] == path]
            if left:
                self._waiting[key] = left
            else:
                del self._waiting[key]
        for site, (_, cells) in self._columns.items():
            place = site.anchor.place
            cells[:] = [cell for cell in cells if place.path(cell[3:])[:length] != path]
        # As graphql-core has it: what was begun is finished, and nobody looks at it.
        awaitables = [each for each in abandoned if optimized_is_awaitable(each)]
        if awaitables:
            self._core.settle_in_background(awaitables)


async def _awaited(slots: list[Slot]) -> list[tuple[Slot, Any]]:
    answers = await asyncio.gather(*(slot.of for slot in slots), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Exception):
            raise answer
    return list(zip(slots, answers, strict=True))
