"""Inputs with one strange value in them: of the wrong kind, missing, or of the right kind but odd.

graphql-core is all that this needs: schemathesis loads it in an environment of its own.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import graphql

__all__ = ["literal", "strange", "strange_inputs"]

_Path: TypeAlias = tuple[str | int, ...]
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_ABSENT = object()
_ADDED: Sequence[Any] = ({"noSuchField": 1}, {"__typename": "x"})
_LONG, _MANY = 20_000, 300

_TEXTS: Sequence[str] = (
    "",
    " ",
    "\u3000\u00a0",
    "\ufeff",
    "\u202e\u2067文本",
    "e\u0301" * 40,
    "👩‍👩‍👧‍👦",
    "\U00020000\U0010ffff\uffff\ufffe",
    "\x01\x1b[31m\x7f\x85\u2028",
    "'; DROP TABLE account; --",
    "%s %(name)s {0} {{7*7}} ${x} \\u0000",
    "../../../etc/passwd",
    "=1+1",
    "<script>alert(1)</script>",
    "null",
    "None",
    "true",
    "0",
    "-1",
    "1e5",
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-00000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "http://[::1",
    "https://user:pass@127.0.0.1:99999/\r\nx: y",
    "a@b",
    "１２３",
    "ẞıİſ",
    "\x00",
    "\ud800",
    "长" * _LONG,
)
_DATES = (
    "2026-02-30",
    "0000-01-01",
    "10000-01-01",
    "2026-W01-1",
    "20260101",
    "２０２６-０１-０１",
    "2026-01-01T00:00:00Z",
    "",
    "today",
    "-001-01-01",
)
# Of the right kind, but at the ends of what there is.
_ODD_DATES = ("0001-01-01", "9999-12-31", "1582-10-10", "2028-02-29", "1900-01-01")
_INSTANTS = (
    "2026-04-10T09:00:00",
    "2026-04-10",
    "2026-04-10T25:00:00+08:00",
    "2026-04-10T09:00:00+99:99",
    "1712700000",
    "",
    "now",
)
_ODD_INSTANTS = (
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-04-10T09:00:00.000001+08:05:43",
    "1927-12-31T23:59:59+08:00",
    "1991-09-15T01:30:00+09:00",
)
_NUMBERS = (
    "NaN",
    "sNaN",
    "Infinity",
    "-inf",
    "0x10",
    "1_000",
    "１２",
    "",
    "十",
    "1,5",
    "--1",
    "1e999999999",
    "9" * 400,
)
_ODD_NUMBERS = (
    "-0",
    "1E+9",
    "99999999999999999999",
    "0.00000000000000000001",
    "-7600",
    "7600.005",
)
_WRONG: Mapping[str, Sequence[Any]] = {
    "String": (5, 1.5, True, {}, [[]], {"a": "b"}),
    "ID": (1.5, True, {}, [[]], {"id": "x"}),
    "Int": (2**31, -(2**31) - 1, 1e40, "5", 1.5, True, {}, 10**400, [[]]),
    "Float": ("1.5", True, {}, [[]]),
    "Boolean": ("true", 1, 0, {}, [[]]),
    "Date": (*_DATES, 20260101, True, {}),
    "DateTime": (*_INSTANTS, 1712700000, True, {}),
    "Decimal": (*_NUMBERS, True, {}),
    "Yuan": (*_NUMBERS, True, {}),
    "Upload": ("file.pdf", 5, {}, {"variables.file": 0}),
}
_ODD: Mapping[str, Sequence[Any]] = {
    "String": _TEXTS,
    "ID": (*_TEXTS, 0, -1, 2**31 - 1),
    "Int": (0, -1, 2**31 - 1, -(2**31), 1),
    "Float": (0, -1, 1e308, -1e-308, 5e-324),
    "Boolean": (True, False),
    "Date": _ODD_DATES,
    "DateTime": _ODD_INSTANTS,
    "Decimal": _ODD_NUMBERS,
    "Yuan": _ODD_NUMBERS,
}


def strange(pick: random.Random, type_: Any, given: Any, *, wrong: bool) -> Any:
    """Return an input with one place of it changed, or with something in it that has no place.

    Args:
        pick: what chooses the place and the value.
        type_: the type of the input.
        given: the input, as JSON has it.
        wrong: put a value there that the type does not allow, or leave out what it needs;
            otherwise an odd one that it allows.

    """
    places = [((), type_, False), *_places(type_, given, ())]
    pick.shuffle(places)
    for path, of_type, needed in places:
        if values := _values(given, path, of_type, needed=needed, wrong=wrong):
            return _changed(given, path, pick.choice(values))
    return given


def strange_inputs(type_: Any, given: Any, *, wrong: bool) -> Iterator[tuple[str, Any]]:
    """Yield an input for each place and each value of `strange`, with the place in words."""
    for path, of_type, needed in [((), type_, False), *_places(type_, given, ())]:
        for value in _values(given, path, of_type, needed=needed, wrong=wrong):
            yield ".".join(map(str, path)), _changed(given, path, value)


def literal(type_: Any, value: Any) -> graphql.ValueNode:
    """Return the literal of a value, also of one that the type does not allow."""
    type_ = graphql.get_nullable_type(type_) if type_ is not None else None
    item = type_.of_type if isinstance(type_, graphql.GraphQLList) else type_
    if isinstance(value, Mapping):
        fields = type_.fields if isinstance(type_, graphql.GraphQLInputObjectType) else {}
        return graphql.ObjectValueNode(
            fields=tuple(
                graphql.ObjectFieldNode(
                    name=graphql.NameNode(value=name),
                    value=literal(fields[name].type if name in fields else None, each),
                )
                for name, each in value.items()
            )
        )
    if isinstance(value, list):
        return graphql.ListValueNode(values=tuple(literal(item, each) for each in value))
    if isinstance(value, str):
        named = isinstance(graphql.get_nullable_type(item), graphql.GraphQLEnumType)
        named = named and _NAME.fullmatch(value) is not None
        return (graphql.EnumValueNode if named else graphql.StringValueNode)(value=value)
    return _plain_literal(value)


def _plain_literal(value: float | None) -> graphql.ValueNode:
    if value is None:
        return graphql.NullValueNode()
    if isinstance(value, bool):
        return graphql.BooleanValueNode(value=value)
    if isinstance(value, int):
        return graphql.IntValueNode(value=str(value))
    return graphql.FloatValueNode(value=repr(value))


def _values(given: Any, path: _Path, type_: Any, *, needed: bool, wrong: bool) -> list[Any]:
    if wrong:
        return [*_wrong(type_), *([_ABSENT] if needed else [])]
    return _odd(type_, _at(given, path))


def _places(type_: Any, given: Any, path: _Path) -> Iterator[tuple[_Path, Any, bool]]:
    """Yield every place below a value, its type and whether it may not be left out.

    Fields that were left out are places too.
    """
    type_ = graphql.get_nullable_type(type_)
    if isinstance(type_, graphql.GraphQLList) and isinstance(given, list):
        for number, each in enumerate(given[:5]):
            yield (*path, number), type_.of_type, False
            yield from _places(type_.of_type, each, (*path, number))
    elif isinstance(type_, graphql.GraphQLInputObjectType) and isinstance(given, Mapping):
        for name, field in type_.fields.items():
            yield (*path, name), field.type, graphql.is_required_input_field(field)
            if name in given:
                yield from _places(field.type, given[name], (*path, name))


def _wrong(type_: Any) -> list[Any]:
    """Return values that a type does not allow."""
    found: list[Any] = []
    if isinstance(type_, graphql.GraphQLNonNull):
        found.append(None)
        type_ = type_.of_type
    if isinstance(type_, graphql.GraphQLList):
        items = [each for each in _wrong(type_.of_type) if each is not None]
        return [*found, *([each] for each in items), [[["x"]]]]
    if isinstance(type_, graphql.GraphQLInputObjectType):
        return [*found, 5, "x", True, [5], *_ADDED]
    if isinstance(type_, graphql.GraphQLEnumType):
        return [*found, "NO_SUCH_VALUE", "", "no such value", 0, True, {}, [[]]]
    return [*found, *_WRONG.get(type_.name, ({},))]


def _odd(type_: Any, given: Any) -> list[Any]:
    """Return odd values that a type allows; ``given`` is what is there."""
    nullable = not isinstance(type_, graphql.GraphQLNonNull)
    found: list[Any] = [None] if nullable else []
    type_ = graphql.get_nullable_type(type_)
    if isinstance(type_, graphql.GraphQLList):
        found.append([])
        if isinstance(given, list) and given:
            found += [[given[0]] * 2, [given[0]] * _MANY, given[0]]
        items = _odd(type_.of_type, None)
        return [*found, *([each] for each in items)]
    if isinstance(type_, graphql.GraphQLEnumType):
        return [*found, *type_.values]
    return [*found, *_ODD.get(getattr(type_, "name", ""), ())]


def _at(given: Any, path: _Path) -> Any:
    for each in path:
        if isinstance(given, Mapping) and each not in given:
            return None
        given = given[each]
    return given


def _changed(given: Any, path: _Path, value: Any) -> Any:
    """Return a copy with a value at a place; an object with one more field stays what it was."""
    if not path:
        return {**given, **value} if isinstance(given, dict) and value in _ADDED else value
    made = copy.deepcopy(given)
    holder = _at(made, path[:-1])
    last: Any = path[-1]
    before = holder.get(last) if isinstance(holder, dict) else holder[last]
    if value is _ABSENT:
        if isinstance(holder, dict):
            holder.pop(last, None)
        else:
            holder[last] = None
    elif isinstance(before, dict) and value in _ADDED:
        holder[last] = {**before, **value}
    else:
        holder[last] = value
    return made
