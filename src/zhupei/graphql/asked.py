"""What an operation asks below a field, for sources that read no more than that.

A source with ``planned`` is told once for an operation, and answers how it is read there. Without
it, or where graphql-core runs a field, a source reads whatever could be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from strawberry.types.field import StrawberryField

from zhupei.db.tables import View
from zhupei.graphql.inline import Batch
from zhupei.graphql.sources import FieldSource, SourcedField, is_settled

__all__ = [
    "Asked",
    "AskedField",
    "is_noted",
    "listing",
    "many_of",
    "needed",
    "needed_by",
    "needs_of",
    "reads",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class AskedField:
    """A field that is asked of an object; ``declared`` is None for ``__typename``."""

    declared: StrawberryField | None
    source: FieldSource | None
    below: Asked

    @property
    def name(self) -> str:
        """Its Python name."""
        return "" if self.declared is None else self.declared.python_name


class Asked(Protocol):
    """What is asked of the objects at a place."""

    @property
    def fields(self) -> Sequence[AskedField] | None:
        """The fields, of one type of objects; None where objects of several may be there."""
        ...

    def of(self, name: str) -> Sequence[AskedField]:
        """Return the fields of objects of a type with this name, of one of those that may be there.

        There are none where it may not be.
        """
        ...


def is_noted(asked: AskedField) -> bool:
    """Return whether it is noted what decides about a field and all that is asked below."""
    if asked.declared is None:
        return True
    source = asked.source
    if source is None and isinstance(asked.declared, SourcedField):
        source = asked.declared.source
    if source is None or not (source.is_noted or is_settled(source)):
        return False
    guards = [each for each in asked.declared.extensions if each.has_resolver]
    if not all(getattr(guard, "is_noted", False) for guard in guards):
        return False
    below = asked.below.fields
    return below is not None and all(map(is_noted, below))


def reads(*names: str) -> Callable[[_Function], _Function]:
    """Return a decorator that says which attributes of an object a function looks at."""

    def declare(function: _Function) -> _Function:
        function.reads = frozenset(names)  # type: ignore[attr-defined]  # functions hold attributes
        return function

    return declare


def listing(batch: Batch, view: View) -> Batch:
    """Return what reads lists of rows, or pages of them, that are all of this view."""
    batch.view = view  # type: ignore[attr-defined]  # functions hold attributes
    return batch


def needed(asked: Asked) -> frozenset[str] | None:
    """Return which attributes of the objects at a place are looked at; None where nobody knows."""
    return None if asked.fields is None else needed_by(asked.fields)


def needed_by(fields: Sequence[AskedField]) -> frozenset[str] | None:
    """Return which attributes of an object fields look at; None where nobody knows."""
    found: set[str] = set()
    for each in fields:
        if each.declared is None:
            continue
        needs = needs_of(each.declared, each.source)
        if needs is None:
            return None
        found |= needs
    return frozenset(found)


def needs_of(declared: StrawberryField, source: FieldSource | None) -> frozenset[str] | None:
    """Return which attributes of an object a field looks at; None where nobody knows."""
    parts = [getattr(guard, "needs", None) for guard in declared.extensions]
    if declared.base_resolver is not None:
        parts.append(getattr(declared.base_resolver.wrapped_func, "reads", None))
    else:
        parts.append(None if source is None else source.needs(declared.python_name))
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found)


def many_of(source: FieldSource | None, asked: Asked) -> Batch | None:
    """Return how a source reads many objects where this is asked below; None if it cannot."""
    planned: Callable[[Asked], Batch] | None = getattr(source, "planned", None)
    if planned is not None:
        return planned(asked)
    many: Batch | None = getattr(source, "many", None)
    return many
