"""Waiting: what a run reads later, a level of objects at a time, and where that is put."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from graphql.pyutils import gather_with_cancel
from strawberry.execution import optimized_is_awaitable

from zhupei.graphql.answers import Slot
from zhupei.graphql.engine.faults import NulledError, is_located
from zhupei.graphql.engine.handing import Core
from zhupei.graphql.inline import Repeated
from zhupei.graphql.leaves import plain_class
from zhupei.graphql.questions import Question
from zhupei.graphql.sites import Site

__all__ = ["Waiting"]

_Cell = tuple[Any, ...]
"""An object of the answer, what it was made of, the nearest slot above it, and its indexes."""
_Level = tuple[Site, list[Slot]]
_Completer = Callable[[Site], Callable[[Slot, Any], Any]]


class Waiting:
    """What is read later in one run: slots of the answer, and cells of its objects.

    Args:
        core: reads arguments and keeps errors.
        question: keeps what fields ask for together while it is asked again.
        completer: returns what completes the values that were read for the slots of a field; it
            raises where a value must not be null and is.

    """

    def __init__(self, core: Core, question: Question[Any], completer: _Completer) -> None:
        self._core, self._question, self._completer = core, question, completer
        self._slots: dict[tuple[_How, Site], list[Slot]] = {}
        self._cells: dict[Site, tuple[str, list[_Cell]]] = {}

    def __bool__(self) -> bool:
        return bool(self._slots or (self._cells and any(c for _, c in self._cells.values())))

    def end(self) -> None:
        """Let go of whatever waits, and of the run."""
        self._slots.clear()
        self._cells.clear()
        del self._completer

    # What comes to wait

    def later(self, site: Site) -> Callable[[Any, Slot | None, tuple[int, ...]], Slot]:
        """Return what notes that a field is read together with those of other objects."""
        anchor, key = site.anchor, (_read_together, site)

        def note(value: Any, above: Slot | None, indexes: tuple[int, ...]) -> Slot:
            slot = Slot(anchor, indexes, above, value).wait()
            waiting = self._slots.get(key)
            if waiting is None:
                waiting = self._slots[key] = []
            waiting.append(slot)
            return slot

        return note

    def column(self, site: Site, name: str) -> Callable[[_Cell], None]:
        """Return what notes an object whose field is read together with those of others.

        What is read goes into the object itself: of so many, a slot for each costs the most.
        """
        return self._cells.setdefault(site, (name, []))[1].append

    def read(self, slot: Slot) -> Slot:
        """Note a slot for whose value a resolver is awaited."""
        return self._wait(_await_read, slot)

    def completed(self, slot: Slot) -> Slot:
        """Note a slot whose value graphql-core completes when it is awaited."""
        return self._wait(_await_completed, slot)

    def _wait(self, how: _How, slot: Slot) -> Slot:
        self._slots.setdefault((how, slot.anchor.site), []).append(slot.wait())
        return slot

    # What is read

    async def settle(self) -> None:
        """Read what waits, all fields at the same time, and what then waits because of it."""
        waiting, self._slots = self._slots, {}
        jobs: list[Coroutine[Any, Any, None]] = []
        shared: dict[Any, list[_Level]] = {}
        for (how, site), slots in waiting.items():
            together = getattr(site.batch, "together", None)
            if together is None or how is not _read_together:
                jobs.append(how(self, site, slots))
            else:
                shared.setdefault(together, []).append((site, slots))
        jobs += [self._read_shared(together, levels) for together, levels in shared.items()]
        for site, (name, cells) in self._cells.items():
            if cells:
                jobs.append(self._read_cells(site, name, cells.copy()))
                cells.clear()
        if len(jobs) == 1:
            await jobs[0]
        elif jobs:
            await gather_with_cancel(*jobs)

    async def _read_shared(self, together: Callable[..., Any], levels: list[_Level]) -> None:
        """Read several fields at once whose sources share what they do for it."""
        found: Sequence[Any]
        given = self._question.shared.get(tuple([site for site, _ in levels]))
        if given is None:
            levels, given = await self._given(levels)
        try:
            found = await together(given, self._core.context)
        except Exception as error:  # noqa: BLE001 - because every error has its place
            found = [error] * len(levels)
        for (site, slots), value in zip(levels, found, strict=True):
            await self.fill(site, [(slot, value) for slot in slots])

    async def _given(self, levels: list[_Level]) -> tuple[list[_Level], Repeated]:
        """Return what several fields ask for, and those of them whose arguments can be read."""
        readable: list[_Level] = []
        given = []
        for site, slots in levels:
            try:
                given.append((site.batch, self._core.arguments.of(site)))
                readable.append((site, slots))
            except Exception as error:  # noqa: BLE001 - as above
                await self.fill(site, [(slot, error) for slot in slots])
        repeated = Repeated(given)
        if len(readable) == len(levels) and not self._core.operation.is_mutation:
            self._question.shared[tuple([site for site, _ in levels])] = repeated
        return readable, repeated

    async def values(self, site: Site, values: list[Any]) -> Iterable[Any]:
        """Return what a field holds of many objects; errors in the places of some, or of all."""
        try:
            if site.batch is None:
                raise TypeError(f"{site.name} cannot be read for many objects at once")
            given = self._core.arguments.of(site)
            found = list(await site.batch(values, self._core.context, given))
            if len(found) != len(values):
                raise ValueError(f"{site.name} gave {len(found)} values for {len(values)} objects")
        except Exception as error:  # noqa: BLE001 - because every error has its place
            return itertools.repeat(error, len(values))
        return found

    async def _read_cells(self, site: Site, name: str, cells: list[_Cell]) -> None:
        plain, others = plain_class(site.field.type), []
        found = await self.values(site, [cell[1] for cell in cells])
        for cell, read in zip(cells, found, strict=True):
            if type(read) is plain and (type(read) is not int or -(2**31) <= read < 2**31):
                setattr(cell[0], name, read)
            elif read is not None:
                made, value, above, *indexes = cell
                slot = Slot(site.anchor, tuple(indexes), above, value)
                setattr(made, name, slot)
                others.append((slot, read))
        if others:
            await self.fill(site, others)

    async def fill(
        self,
        site: Site,
        found: Iterable[tuple[Slot, Any]],
        completed: Callable[[Slot, Any], Any] | None = None,
    ) -> None:
        """Put what was read into slots, and read what comes to wait because of it."""
        completed = completed or self._completer(site)
        for slot, value in found:
            if not slot.alive:
                continue
            try:
                slot.value = completed(slot, value)
            except Exception as error:
                if not is_located(error):
                    raise
                self.null(slot.above, error)
        if self:
            await self.settle()

    # What is not read any more

    def null(self, slot: Slot | None, error: Any) -> None:
        """Turn a place to null, because something below it must not be null and is."""
        if slot is None:
            self._core.errors.add(error, None)
            raise NulledError
        slot.value, slot.dead = None, True
        self._core.errors.add(error, slot.anchor.place.core_path(slot.indexes))
        self.discard(slot.path)

    def discard(self, path: tuple[str | int, ...]) -> None:
        """Forget what waits below a place that is null or completed anew."""
        length = len(path)
        abandoned: list[Any] = []
        for key, slots in list(self._slots.items()):
            left = [slot for slot in slots if slot.path[:length] != path]
            abandoned += [slot.of for slot in slots if slot.path[:length] == path]
            if left:
                self._slots[key] = left
            else:
                del self._slots[key]
        for site, (_, cells) in self._cells.items():
            place = site.anchor.place
            cells[:] = [cell for cell in cells if place.path(cell[3:])[:length] != path]
        # As graphql-core has it: what was begun is finished, and nobody looks at it.
        awaitables = [each for each in abandoned if optimized_is_awaitable(each)]
        if awaitables:
            self._core.executor.settle_in_background(awaitables)


_How = Callable[[Waiting, Site, list[Slot]], Coroutine[Any, Any, None]]


async def _read_together(waiting: Waiting, site: Site, slots: list[Slot]) -> None:
    found = await waiting.values(site, [slot.of for slot in slots])
    await waiting.fill(site, zip(slots, found, strict=True))


async def _await_read(waiting: Waiting, site: Site, slots: list[Slot]) -> None:
    await waiting.fill(site, await _awaited(slots))


async def _await_completed(waiting: Waiting, site: Site, slots: list[Slot]) -> None:
    await waiting.fill(site, await _awaited(slots), _placed)


def _placed(_slot: Slot, value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


async def _awaited(slots: list[Slot]) -> list[tuple[Slot, Any]]:
    answers = await asyncio.gather(*(slot.of for slot in slots), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Exception):
            raise answer
    return list(zip(slots, answers, strict=True))
