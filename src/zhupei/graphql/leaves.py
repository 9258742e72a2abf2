"""Leaves: how scalars and enumerations are written, checked as graphql-core would."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from operator import methodcaller
from typing import Any

from graphql.pyutils.is_iterable import is_collection
from strawberry.execution import optimized_is_awaitable

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from zhupei.db.tables import ID_CLASSES
from zhupei.domain.calendar import CHINA_TIME
from zhupei.graphql.inline import Batch, Bound, Code, Names
from zhupei.graphql.scalars import show_instant

__all__ = [
    "IrregularError",
    "at_hand",
    "in_china",
    "is_date",
    "is_instant",
    "leaf",
    "listed",
    "plain_class",
]

# What a value is tested for; what passes is written as it is.
_PLAIN: dict[GraphQLLeafType, str] = {
    GraphQLString: "type({x}) is str",
    GraphQLID: "type({x}) is str",
    GraphQLBoolean: "{x} is True or {x} is False",
    GraphQLInt: "(type({x}) is int and -2147483648 <= {x} <= 2147483647)",
    GraphQLFloat: "(type({x}) is float and -1.7e308 <= {x} <= 1.7e308)",
}


# Of which class a value is that is written as it is; those of other classes may be, too.
_CLASSES: dict[GraphQLLeafType, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
    GraphQLInt: int,
}

in_china: Callable[[datetime], datetime] = methodcaller("astimezone", CHINA_TIME)
"""Returns an instant so that msgspec writes it as the scalar of instants does."""

# Classes whose instances are neither null, nor an error, nor awaited.
_NEITHER = frozenset({date, datetime, Decimal, str, int})


class IrregularError(Exception):
    """A value is not of the plain kind that was compiled; graphql-core says what comes of it."""


def plain_class(type_: Any) -> type | None:
    """Return the class of plain values of a leaf that may be null; None for any other type."""
    return _CLASSES.get(type_) if is_leaf_type(type_) else None


def at_hand(batch: Batch | None, type_: Any, value: str, code: Code) -> str:
    """Return the expression of what a leaf that is read later holds; null where that has to wait.

    A batch may have ``at_hand``, which makes what reads one object now (`Bound`): it gives the
    value where that is there already, and None of any other, whatever keeps it from being there.
    """
    make: Bound | None = getattr(batch, "at_hand", None)
    if make is None:
        return "None"
    given, held = _held(f"{code.reader(make)}({value})", code)
    test = (_plain(type_, code) or "False").format(x=held).replace(held, given, 1)
    return f"({held} if {test} else None)"


def leaf(type_: Any, value: str, code: Names) -> str | None:
    """Return the expression that completes a leaf or a list of leaves; None for other types.

    The expression raises where the value is not what the type allows.
    """
    required = is_non_null_type(type_)
    inner = type_.of_type if required else type_
    if is_leaf_type(inner):
        return _single(inner, value, code, required=required)
    if not is_list_type(inner):
        return None
    each = code.scratch()
    item = leaf(inner.of_type, each, code)
    if item is None:
        return None
    given, held = (value, value) if required else _held(value, code)
    # A list without items is falsy, and its own answer.
    items = code.scratch()
    found = f"(({items} := {code.constant(listed)}({held})) and [{item} for {each} in {items}])"
    return found if required else f"(None if {given} is None else {found})"


def _single(type_: GraphQLLeafType, value: str, code: Names, *, required: bool) -> str:
    write = code.constant(_strict(type_))
    plain = _plain(type_, code)
    if plain is None and required and not isinstance(type_, GraphQLEnumType):
        return f"{write}({value})"
    given, held = _held(value, code)
    if plain is not None:
        # The first mention assigns.
        test = plain.format(x=held).replace(held, given, 1)
        if not required:
            test = f"{test} or {held} is None"
        return f"({held} if {test} else {write}({held}))"
    if isinstance(type_, GraphQLEnumType):
        names = code.constant(_names(type_))
        if required:
            return f"({names}.get(id({given})) or {write}({held}))"
        return f"(None if {given} is None else {names}.get(id({held})) or {write}({held}))"
    return f"(None if {given} is None else {write}({held}))"


def _plain(type_: GraphQLLeafType, code: Names) -> str | None:
    """Return the test of values that are written as they are; None where none are."""
    tests = [_PLAIN[type_]] if type_ in _PLAIN else []
    # What msgspec writes as the scalar does.
    as_written: tuple[type, ...] = ()
    if type_ is GraphQLID:
        as_written = ID_CLASSES
    elif is_date(type_):
        as_written = (date,)
    tests += [f"type({{x}}) is {code.constant(kind)}" for kind in as_written]
    return " or ".join(tests) or None


def is_date(type_: Any) -> bool:
    """Return whether a type is the scalar of dates."""
    return getattr(type_, "coerce_output_value", None) == date.isoformat


def is_instant(type_: Any) -> bool:
    """Return whether a type is the scalar of instants."""
    return getattr(type_, "coerce_output_value", None) is show_instant


def _held(value: str, code: Names) -> tuple[str, str]:
    """Return how to mention a value the first time, and how after that."""
    if value.isidentifier() and not keyword.iskeyword(value):
        return value, value
    held = code.scratch()
    return f"({held} := {value})", held


def _strict(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    coerce = in_china if is_instant(type_) else type_.coerce_output_value

    def write(value: Any) -> Any:
        if type(value) not in _NEITHER and (
            value is None or isinstance(value, Exception) or optimized_is_awaitable(value)
        ):
            raise IrregularError
        written = coerce(value)
        if written is None or written is Undefined:
            raise IrregularError
        return written

    return write


def _names(type_: GraphQLEnumType) -> dict[int, str]:
    """Return names by the identity of members, whose own hash is slow."""
    members = getattr(type_, "wrapped_cls", ())
    return {id(member): type_.coerce_output_value(member) for member in members}


def listed(value: Any) -> Any:
    """Return what can be gone through again and again."""
    if type(value) is list or (type(value) is tuple and value):
        return value
    if is_collection(value):
        return list(value)
    raise IrregularError
