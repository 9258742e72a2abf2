"""What holds for the input of every mutation: its idempotency key, and how long a text may be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from asked_graph import AskedGraph, core_graph
from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.uploads import Upload

_COMPOSED = core_graph()
_MUTATIONS = _COMPOSED.schema.core_schema.mutation_type
assert _MUTATIONS is not None
_SCALARS: dict[str, Any] = {
    "Boolean": True,
    "Date": "2026-04-10",
    "DateTime": "2026-04-10T12:00:00+08:00",
    "Decimal": "1",
    "ID": str(uuid4()),
    "Int": 1,
    "String": "x",
    "Upload": Upload(io.BytesIO(b"x")),
}


def _value(of: GraphQLInputType) -> Any:
    """Return a value of a type, with no more than it has to have."""
    if is_list_type(get_nullable_type(of)):
        return []
    named = get_named_type(of)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if isinstance(named, GraphQLInputObjectType):
        fields: dict[str, GraphQLInputField] = named.fields
        return {
            name: _value(field.type)
            for name, field in fields.items()
            if is_required_input_field(field)
        }
    return _SCALARS[named.name]


async def _refused(graph: AskedGraph, mutation: str, given: dict[str, Any]) -> Any:
    """Return the `InvalidInput` that is answered; there is no database that was asked before."""
    assert _MUTATIONS is not None
    context = GraphContext(
        catalogue=graph.catalogue,
        dispatcher=graph.dispatcher,
        language=Language.EN,
        clock=lambda: graph.now,
        actor=Actor(id=str(uuid4()), grants=frozenset({Grant("national")})),
    )
    query = (
        f"mutation Do($input: {_MUTATIONS.fields[mutation].args['input'].type}) {{ {mutation}"
        "(input: $input) { ... on InvalidInput { code message field } } }"
    )
    result = await _COMPOSED.schema.execute(query, {"input": given}, context)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data[mutation]


@pytest.mark.parametrize("mutation", sorted(_MUTATIONS.fields))
async def test_what_is_no_key_is_refused_alike(fictional: AskedGraph, mutation: str) -> None:
    """Wherever a mutation keeps what it did under a key."""
    assert _MUTATIONS is not None
    given = _value(_MUTATIONS.fields[mutation].args["input"].type)
    for key in ("", "key of mine", "键", "１２３", "x" * 129, "x\n"):
        assert await _refused(fictional, mutation, {**given, "idempotencyKey": key}) == {
            "code": "IDEMPOTENCY_KEY_INVALID",
            "message": "an idempotency key is 1 to 128 printable ASCII characters",
            "field": "idempotencyKey",
        }


def _texts(of: GraphQLInputType, place: str) -> Iterator[tuple[str, Any]]:
    """Yield every place of a text in an input, with a value that has a text too long there."""
    named = get_named_type(of)
    in_list = is_list_type(get_nullable_type(of))
    if in_list:
        place = f"{place}.0"
    found: Iterator[tuple[str, Any]] = iter(())
    if named.name in {"String", "ID"}:
        found = iter([(place, "长" * 4001)])
    elif isinstance(named, GraphQLInputObjectType):
        fields: dict[str, GraphQLInputField] = named.fields
        found = (
            (below, {**_value(named), name: value})
            for name, field in fields.items()
            if name != "idempotencyKey"
            for below, value in _texts(field.type, f"{place}.{name}" if place else name)
        )
    for below, value in found:
        yield below, [value] if in_list else value


@pytest.mark.parametrize("mutation", sorted(_MUTATIONS.fields))
async def test_no_text_is_without_a_limit(fictional: AskedGraph, mutation: str) -> None:
    assert _MUTATIONS is not None
    for place, given in _texts(_MUTATIONS.fields[mutation].args["input"].type, ""):
        assert await _refused(fictional, mutation, given) == {
            "code": "INPUT_INVALID",
            "message": f"{place}: must not be longer than 4000 characters",
            "field": place,
        }
