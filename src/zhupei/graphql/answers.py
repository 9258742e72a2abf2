"""Answers: structs that are written as JSON at once, and places in them that are filled later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import msgspec
from graphql.pyutils import Path
from strawberry.types import ExecutionResult

from graphql import GraphQLError, GraphQLObjectType

__all__ = ["Answer", "Place", "Slot", "encoded", "shape", "strictly_encoded"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is in an answer: keys with the type that has them, None for a list's index."""

    steps: tuple[tuple[str, str] | None, ...] = ()

    def at(self, key: str, type_: GraphQLObjectType) -> Place:
        """Return the place of a field of the object that is here."""
        return Place((*self.steps, (key, type_.name)))

    @property
    def item(self) -> Place:
        """The place of the items of the list that is here."""
        return Place((*self.steps, None))

    @property
    def depth(self) -> int:
        """In how many lists it is."""
        return self.steps.count(None)

    def path(self, indexes: Sequence[int]) -> tuple[str | int, ...]:
        """Return the path with these indexes of lists."""
        left = iter(indexes)
        return tuple(next(left) if step is None else step[0] for step in self.steps)

    def core_path(self, indexes: Sequence[int]) -> Path:
        """Return the path as graphql-core has it."""
        left = iter(indexes)
        path: Path | None = None
        for step in self.steps:
            path = Path(path, next(left), None) if step is None else Path(path, *step)
        return cast("Path", path)  # a place of a value has at least one step


class Slot:
    """A place in an answer whose value comes later, or that an error below may turn to null.

    ``of`` is what the value is read from; ``indexes`` are those of the lists on the way. ``above``
    is the nearest place that can be null: it is nulled where this one must not be null and is.
    """

    __slots__ = ("above", "anchor", "dead", "indexes", "of", "used", "value")

    def __init__(
        self, anchor: Any, indexes: tuple[int, ...], above: Slot | None, of: Any = None
    ) -> None:
        self.anchor = anchor
        self.indexes = indexes
        self.above = above
        self.of = of
        self.value: Any = None
        self.dead = self.used = False

    def wait(self) -> Slot:
        """Note that this, and what is above it, cannot be replaced by its value."""
        slot: Slot | None = self
        while slot is not None and not slot.used:
            slot.used = True
            slot = slot.above
        return self

    def kept(self, value: Any) -> Any:
        """Return what to put into the answer: the value, or this where something came to wait."""
        if not self.used:
            return value
        self.value = value
        return self

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it is in the answer."""
        path: tuple[str | int, ...] = self.anchor.place.path(self.indexes)
        return path

    @property
    def alive(self) -> bool:
        """Whether neither this nor a place above it was turned to null."""
        slot: Slot | None = self
        while slot is not None:
            if slot.dead:
                return False
            slot = slot.above
        return True


@lru_cache(maxsize=4096)
def shape(keys: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a class whose instances are written as an object with these keys, in this order."""
    names = [f"f{number}" for number in range(len(keys))]
    # Not tracked by the collector: an answer is a tree, and thousands of its objects cost more
    # to track than to make.
    return msgspec.defstruct(
        "Written",
        [(name, Any) for name in names],
        rename=dict(zip(names, keys, strict=True)),
        gc=False,
    )


def _filled(value: Any) -> Any:
    if isinstance(value, Slot):
        return value.value
    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_filled)


strictly_encoded = _ENCODER.encode
"""Writes JSON; raises UnicodeEncodeError or OverflowError where `encoded` has to help itself."""


def encoded(value: Any) -> bytes:
    """Return what an answer or a response consists of as JSON in UTF-8."""
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, OverflowError):
        # Half of a surrogate pair, out of somebody's query, has no UTF-8; and a number may be
        # larger than those that msgspec writes.
        return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _fields_of(value)
    return msgspec.to_builtins(value, enc_hook=_filled)


def _fields_of(written: msgspec.Struct) -> dict[str, Any]:
    """Return an object's fields, also those that stand behind the value of another in a run."""
    fields: dict[str, Any] = {}
    for name, key in zip(written.__struct_fields__, written.__struct_encode_fields__, strict=True):
        value = getattr(written, name)
        if isinstance(value, msgspec.Raw):
            fields |= json.loads(b'{"%s":%s}' % (key.encode(), bytes(value)))
        else:
            fields[key] = value
    return fields


class Answer(ExecutionResult):
    """What an operation answers; as Python's own objects only where somebody asks for them.

    ``rejected`` tells that it was refused before it ran: such an answer has no data at all.
    ``noted`` tells that whatever had a say was noted, for who notes it (`zhupei.noted_reads`).
    """

    def __init__(
        self,
        data: Any,
        errors: Sequence[GraphQLError] | None = None,
        extensions: dict[str, Any] | None = None,
        *,
        rejected: bool = False,
        settled: bool = False,
        noted: bool = False,
    ) -> None:
        self._written = data
        self.rejected = rejected
        self._settled = settled
        self.noted = noted
        self.errors = list(errors) if errors else None
        self.extensions = extensions

    @property
    def data(self) -> dict[str, Any] | None:
        """The data as dictionaries and lists."""
        if self._written is not None and not isinstance(self._written, dict):
            self._written = json.loads(self.json())
        return cast("dict[str, Any] | None", self._written)

    @data.setter
    def data(self, value: dict[str, Any] | None) -> None:
        self._written = value

    def json(self) -> bytes:
        """Return the data as JSON in UTF-8."""
        return encoded(self._written)

    @property
    def settled(self) -> bool:
        """Whether the same catalogue, operation, variables and language have the same answer.

        Neither the actor, the clock, rows nor plugins had a say in it, and it has no errors, so
        that it may be kept until there is another catalogue, and given to everybody.
        """
        return not self.errors and self._settled

    @property
    def raw(self) -> msgspec.Raw:
        """The data as JSON, for `encoded` to put into a response as it is."""
        return msgspec.Raw(self.json())
