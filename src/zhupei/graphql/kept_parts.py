"""Kept parts: what follows from the catalogue alone is written once, and kept as JSON.

A part is all that an operation asks of one object of the catalogue, where every field of it is
settled (`FieldSource.settled`) and the object is reached by settled fields. The same object, in
the same language and with the same values of the variables below it, then has the same JSON as
long as the catalogue stands; with another catalogue everything is dropped.

Where answers of hooks are among the fields (`FieldSource.held`), it is kept as long as the hooks
that were asked for the question give the same answers (`zhupei.graphql.hooks.Foreseen`). Where they
answer anything else, the settled fields that stand together are still kept, as a part of a part: a
run. Its JSON stands in the place of the value of its first field, with the others behind it.

Rows are not the catalogue's, but what one of their columns leads to in it is: of each value of such
a column the JSON is kept, too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from zhupei.graphql.answers import strictly_encoded
from zhupei.graphql.context import GraphContext
from zhupei.graphql.hooks import Foreseen
from zhupei.graphql.questions.arguments import Argued, RunArguments
from zhupei.graphql.sources import FieldSource

__all__ = ["KeptParts", "OfColumn", "Part", "Parts", "RunParts"]

# What an object costs beside its JSON: the dictionary's row, two objects' heads.
_ROW = 200
_LONGEST_KEY = 1_000
# A part of fewer fields is made as fast as it is found.
_FEWEST_FIELDS = 3


OfColumn = Callable[[Callable[[Any], Any], Sequence[Any], Iterable[Any]], list[Any]]
"""Returns what is written of each value of a column, by what makes it of one of the rows."""


@dataclass(frozen=True, slots=True)
class Part:
    """What decides about a part: its variables, and the fields that may look at the clock.

    ``size`` is how many fields it has in all, and ``fields`` are the keys of those of the object
    itself: all of them, or where it ``is_run`` some that stand together.
    """

    size: int
    variables: frozenset[str]
    argued: tuple[tuple[FieldSource, Argued], ...]
    fields: tuple[str, ...]
    is_run: bool = False

    @property
    def pays(self) -> bool:
        """Whether it is worth being kept."""
        return self.size >= _FEWEST_FIELDS

    @property
    def within(self) -> slice | None:
        """Where in the JSON of an object a run is: from its first value to its last."""
        return slice(len(strictly_encoded({self.fields[0]: 0})) - 2, -1) if self.is_run else None

    def is_timed(self, arguments: RunArguments) -> bool:
        """Return whether the clock has a say in it with these arguments."""
        try:
            return any(source.timed(arguments.of(asked)) for source, asked in self.argued)
        except Exception:  # noqa: BLE001 - because the field that has these arguments says so
            return True


class Parts(dict[Any, msgspec.Raw]):
    """The JSON of the objects at one place of an operation, by the identity of the object.

    Or of what a column leads to, by the column's value.

    Where answers of hooks are in it, ``told`` is what they were. Of a run, ``run`` is where in the
    JSON of its fields what is kept begins and ends.
    """

    __slots__ = ("bytes", "is_open", "objects", "run", "told")

    def __init__(self, *, is_open: bool) -> None:
        super().__init__()
        self.is_open = is_open
        self.bytes = 0
        self.told: object = None
        self.run: slice | None = None
        self.objects: dict[int, Any] = {}
        """The objects themselves, whose identities would be others' once they were gone."""


_Key = tuple[Any, Any, Any, str]
"""The place, the language, whose answers of hooks are in it, and the values of variables."""


class KeptParts:
    """The parts of one catalogue within ``most`` bytes; what was not used for longest goes first.

    ``made`` counts the objects that were ever written.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self.made = 0
        self._catalogue: Any = None
        self._parts: OrderedDict[_Key, Parts] = OrderedDict()

    def of(self, catalogue: Any, key: _Key) -> Parts | None:
        """Return the parts at a place; None where it was not asked for yet."""
        if catalogue is not self._catalogue:
            for gone in self._parts.values():
                # A run that began before may still write to them.
                gone.is_open, gone.bytes = False, 0
            self._parts.clear()
            self._catalogue, self.bytes = catalogue, 0
        found = self._parts.get(key)
        if found is not None:
            self._parts.move_to_end(key)
        return found

    def begin(self, key: _Key, *, is_open: bool) -> Parts:
        """Return the parts of a place that was not asked for yet, closed where none is kept."""
        if len(key[-1]) > _LONGEST_KEY or not self.most:
            return Parts(is_open=False)
        gone = self._parts.pop(key, None)
        if gone is not None:
            self.bytes -= gone.bytes
            gone.is_open, gone.bytes = False, 0
        made = self._parts[key] = Parts(is_open=is_open)
        self._grow(made, _ROW + _LONGEST_KEY)
        return made

    def add(self, parts: Parts, key: Hashable, written: bytes, holding: Any = None) -> msgspec.Raw:
        """Keep JSON by a key; where that is the identity of an object, ``holding`` the object."""
        raw = msgspec.Raw(written)
        if len(written) * 8 <= self.most:
            parts[key] = raw
            if holding is not None:
                parts.objects[id(holding)] = holding
            self.made += 1
            self._grow(parts, len(written) + _ROW)
        return raw

    def _grow(self, parts: Parts, by: int) -> None:
        parts.bytes += by
        self.bytes += by
        while self.bytes > self.most and self._parts:
            _, gone = self._parts.popitem(last=False)
            self.bytes -= gone.bytes
            gone.clear()
            gone.objects.clear()
            gone.is_open, gone.bytes = False, 0


class RunParts:
    """The parts of one run: those of its language, its variables, and what hooks tell.

    Args:
        kept: where they are kept.
        context: the run's, with its catalogue.
        arguments: what its fields are given.
        foreseen: what it asks plugins.

    """

    def __init__(
        self,
        kept: KeptParts,
        context: GraphContext,
        arguments: RunArguments,
        foreseen: Foreseen,
    ) -> None:
        self._kept, self._context, self._arguments = kept, context, arguments
        self._foreseen = foreseen
        self._told: object = None
        self._noted: list[tuple[Parts, list[tuple[Any, Any]]]] = []

    def begin(self) -> None:
        """Ask plugins what they were asked for the question before."""
        self._told = self._foreseen.ask(self._context)

    def at(
        self, place: Hashable, part: Part, foreseen: Hashable = None, told: object = None
    ) -> Parts:
        """Return the parts at a place of an operation, closed where none is kept.

        Where ``foreseen`` is asked for answers of hooks, those that were made of what it ``told``.
        """
        given, context = self._arguments.coerced, self._context
        values = repr([given[name] for name in sorted(part.variables) if name in given])
        key = (place, context.language, foreseen, values)
        found = self._kept.of(context.catalogue, key)
        if found is None or found.told is not told:
            found = self._kept.begin(key, is_open=not part.is_timed(self._arguments))
            found.told, found.run = told, part.within
        return found

    def add(self, parts: Parts, value: Any, written: Any) -> Any:
        """Keep what was written of an object; return what to put into the answer."""
        if parts.run is not None:
            run = strictly_encoded(written)[parts.run]
            if not parts.is_open:
                return msgspec.Raw(run)
            return self._kept.add(parts, id(value), run, value)
        return self._written(parts, id(value), written, value)

    def _written(self, parts: Parts, key: Hashable, written: Any, holding: Any = None) -> Any:
        if not parts.is_open:
            return written
        try:
            return self._kept.add(parts, key, strictly_encoded(written), holding)
        except (UnicodeEncodeError, OverflowError):
            return written

    def of_column(self, place: Hashable, part: Part) -> OfColumn:
        """Return what gives the parts that a column of rows leads to, and keeps them."""
        return partial(self._of_column, self.at(place, part))

    def _of_column(
        self,
        parts: Parts,
        make: Callable[[Any], Any],
        column: Sequence[Any],
        rows: Iterable[Any],
    ) -> list[Any]:
        try:
            return list(map(parts.__getitem__, column))
        except KeyError:
            pass
        made = {}
        for value, row in dict(zip(column, rows, strict=True)).items():
            known = parts.get(value)
            made[value] = self._written(parts, value, make(row)) if known is None else known
        return list(map(made.__getitem__, column))

    def told_at(self, place: Hashable, part: Part) -> Parts:
        """Return the parts at a place that were made of what hooks tell now, too."""
        if self._told is None:
            return Parts(is_open=False)
        return self.at(place, part, self._foreseen, self._told)

    def noting(self, parts: Parts) -> Callable[[tuple[Any, Any]], None] | None:
        """Return what notes an object and what was written of it, to be kept at the end."""
        if not parts.is_open:
            return None
        noted: list[tuple[Any, Any]] = []
        self._noted.append((parts, noted))
        return noted.append

    def end(self, *, is_right: bool) -> None:
        """Keep what was written with answers of hooks, where nothing in the run went wrong."""
        if not isinstance(self._context, GraphContext):
            return  # a schema may have another context, whose fields ask no plugins
        if not self._foreseen.learn(self._context, self._told) or not is_right:
            return
        for parts, noted in self._noted:
            for value, written in noted:
                if id(value) not in parts:
                    self.add(parts, value, written)
