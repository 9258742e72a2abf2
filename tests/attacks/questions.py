"""Every field of the root types with texts of an attacker in each place that takes a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

__all__ = ["PAYLOADS", "questions"]

PAYLOADS = (
    "' OR '1'='1",
    "'; DROP TABLE account; --",
    "x'); SELECT pg_sleep(5); --",
    "1 UNION SELECT login FROM account --",
    "%' ESCAPE '%",
    "$1 {0} %s %(a)s :a ?",
    "\x00",
    "\ud800",
    "\u202e\ufeff\U0001f600\ud7ff",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "a\r\nset-cookie: a=b",
    "x" * 5000,
)

_TEXTS = {"String", "ID"}
_OTHERS: dict[str, Any] = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "Date": "2026-06-01",
    "DateTime": "2026-06-01T00:00:00+08:00",
    "Decimal": "1.5",
    "Money": "1.50",
    "Time": "08:00",
}
_DEEPEST = 4


def questions(root: GraphQLObjectType, payload: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield an operation for each field of a root type, with the payload for every text."""
    word = "mutation" if root.name == "Mutation" else "query"
    for name, field in root.fields.items():
        declared = ", ".join(f"${key}: {argument.type}" for key, argument in field.args.items())
        given = ", ".join(f"{key}: ${key}" for key in field.args)
        variables = {
            key: _value(argument.type, payload, 0)
            for key, argument in field.args.items()
            if is_required_argument(argument) or _holds_text(argument.type)
        }
        head = f"{word}({declared})" if declared else word
        called = f"{name}({given})" if given else name
        yield f"{head} {{ {called} {_selection(field)} }}", variables


def _selection(field: GraphQLField) -> str:
    type_: GraphQLNamedType = get_named_type(field.type)
    if is_leaf_type(type_):
        return ""
    if isinstance(type_, GraphQLObjectType) and "totalCount" in type_.fields:
        return "{ totalCount edges { cursor } }"
    return "{ __typename }"


def _holds_text(type_: GraphQLInputType) -> bool:
    named = get_named_type(type_)
    return named.name in _TEXTS or is_input_object_type(named)


def _value(type_: GraphQLInputType, payload: str, depth: int) -> Any:
    named: GraphQLNamedType = get_named_type(type_)
    nullable: Any = get_nullable_type(type_)
    if is_list_type(nullable):
        return [_value(nullable.of_type, payload, depth)]
    if is_input_object_type(named):
        return {
            key: _value(field.type, payload, depth + 1)
            for key, field in named.fields.items()
            if is_required_input_field(field)
            or (depth < _DEEPEST and _holds_text(field.type) and not named.is_one_of)
        }
    if is_enum_type(named):
        return next(iter(named.values))
    return payload if named.name in _TEXTS else _OTHERS.get(named.name, payload)
