"""Arguments and variables are read as graphql-core and strawberry read them."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from hypothesis import given
from hypothesis import strategies as st
from strawberry.types.arguments import convert_arguments

from asked_graph import AskedGraph
from faulty_graph import faulty_schema
from generated_operations import Generator
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, parse
from same_answer import values_of
from zhupei.graphql.coercion import (
    Read,
    UnusualError,
    reader_of_arguments,
    reader_of_variables,
)


def _reader(schema: strawberry.Schema, node: FieldNode, field_: Any) -> Read:
    declared = field_.extensions["strawberry-definition"]
    return reader_of_arguments(field_, node, declared.arguments, schema.config)


def _as_strawberry(
    schema: strawberry.Schema, node: FieldNode, field_: Any, variables: VariableValues
) -> dict[str, Any]:
    converter = schema.schema_converter
    return convert_arguments(
        get_argument_values(field_, node, variables),
        field_.extensions["strawberry-definition"].arguments,
        scalar_registry=converter.scalar_registry,
        config=converter.config,
    )


def test_generated_operations_are_read_alike(fictional: AskedGraph) -> None:
    """Every root field of the graph with arguments, mutations with their inputs among them."""
    schema = fictional.composed.schema
    generator = Generator(schema.core_schema, values_of(fictional), depth=2, width=5)
    read, unusual, refused = 0, 0, 0
    for seed in range(400):
        kind = "mutation" if seed % 2 else "query"
        made = generator.make(seed, kind=kind)
        document = parse(made.text)
        operation = next(
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        )
        definitions = operation.variable_definitions or ()
        variables = get_variable_values(schema.core_schema, definitions, made.variables)
        try:
            coerced = reader_of_variables(schema.core_schema, definitions)(made.variables)
        except UnusualError:
            coerced = variables.coerced if isinstance(variables, VariableValues) else None
        if coerced is None:
            refused += 1
            continue
        assert isinstance(variables, VariableValues), made
        assert coerced == variables.coerced, made
        root: Any = schema.core_schema.get_root_type(operation.operation)
        for node in operation.selection_set.selections:
            if not isinstance(node, FieldNode) or not node.arguments:
                continue
            field_ = root.fields[node.name.value]
            try:
                found = _reader(schema, node, field_)(coerced)
            except UnusualError:
                unusual += 1
                continue
            expected = _as_strawberry(schema, node, field_, variables)
            assert found == expected, made
            assert list(found) == list(expected), made
            read += 1
    assert read > 250
    assert unusual < 0.1 * read
    assert refused < 100


_SDL_LIKE = """query ($a: Int = 3, $b: String, $c: Boolean!, $d: Float, $e: ID!, $f: [Int!]) {
  __typename
}"""
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["1", "1.0", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(
    st.fixed_dictionaries(
        {"c": st.booleans() | _JSON, "e": st.integers(0, 9) | _JSON},
        optional=dict.fromkeys("abdf", _JSON),
    )
)
def test_any_value_of_a_variable_is_read_alike(given_values: dict[str, Any]) -> None:
    core = faulty_schema()._schema
    operation = parse(_SDL_LIKE).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    expected = get_variable_values(core, operation.variable_definitions or (), given_values)
    try:
        found = reader_of_variables(core, operation.variable_definitions or ())(given_values)
    except UnusualError:
        assert isinstance(expected, list) or given_values.get("f") is not None
    else:
        assert isinstance(expected, VariableValues)
        assert repr(found) == repr(expected.coerced)


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        ("first: 2", True),
        ("first: 2, orderBy: NAME", True),
        ("filter: {kind: RESIDENCY}", False),
        ("first: $n", False),
        ("filter: {year: $n}", False),
    ],
)
def test_what_never_changes_is_read_once(fictional: AskedGraph, arguments: str, same: bool) -> None:
    """A filter is an object, which a function could change."""
    schema = fictional.composed.schema
    query: Any = schema.core_schema.query_type
    operation: Any = parse(f"query ($n: Int) {{ openings({arguments}) {{ totalCount }} }}")
    node = operation.definitions[0].selection_set.selections[0]
    read = _reader(schema, node, query.fields["openings"])
    first, second = read({"n": 2}), read({"n": 2})
    assert first == second
    assert (first is second) is same


def test_lists_are_not_shared(fictional: AskedGraph) -> None:
    schema = fictional.composed.schema
    query: Any = schema.core_schema.query_type
    operation: Any = parse('{ nodes(ids: ["a", "b"]) { id } }')
    node = operation.definitions[0].selection_set.selections[0]
    read = _reader(schema, node, query.fields["nodes"])
    read({})["ids"].append("c")
    assert read({}) == {"ids": ["a", "b"]}


@pytest.mark.parametrize(
    "given_values",
    [{"a": "x", "n": 2026}, {"a": "x"}, {"a": "x", "n": None}, {"a": "x", "n": 1}],
)
@pytest.mark.parametrize("items", ["$a", '$a, "y"', ""])
@pytest.mark.parametrize("years", ["$n", "2025, $n"])
def test_variables_in_lists_are_read_alike(
    fictional: AskedGraph, given_values: dict[str, Any], items: str, years: str
) -> None:
    schema = fictional.composed.schema
    query: Any = schema.core_schema.query_type
    operation: Any = parse(
        "query ($a: String!, $n: Int = 7) "
        f"{{ trainees(filter: {{baseIn: [{items}], yearIn: [{years}]}}) {{ totalCount }} }}"
    ).definitions[0]
    node = operation.selection_set.selections[0]
    variables = get_variable_values(
        schema.core_schema, operation.variable_definitions, given_values
    )
    assert isinstance(variables, VariableValues)
    read = _reader(schema, node, query.fields["trainees"])
    try:
        expected = _as_strawberry(schema, node, query.fields["trainees"], variables)
    except GraphQLError:
        # A null in a list of what is not null.
        with pytest.raises(UnusualError):
            read(variables.coerced)
        assert given_values.get("n", 7) is None
    else:
        assert read(variables.coerced) == expected


@strawberry.input
class _Told:
    a: int
    note: strawberry.Maybe[int]
    b: int = 0


@strawberry.type
class _Asks:
    @strawberry.field
    def told(self, given: _Told) -> str:
        return repr(given)


def test_what_only_strawberry_can_make_is_left_to_it_each_time() -> None:
    """The fields before it were converted at first and those behind it left out from then on."""
    schema = strawberry.Schema(_Asks)
    core: Any = schema._schema
    field_ = core.query_type.fields["told"]
    operation: Any = parse("query ($told: _Told!) { told(given: $told) }").definitions[0]
    read = _reader(schema, operation.selection_set.selections[0], field_)
    for _ in range(3):
        with pytest.raises(UnusualError):
            read({"told": {"a": 1, "note": 2, "b": 3}})
