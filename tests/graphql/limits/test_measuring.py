"""Tests of zhupei.graphql.limits.measuring and cost: what documents are found to cost."""

from __future__ import annotations

from typing import Any

import pytest

from graphql import GraphQLError, build_schema, get_introspection_query, parse
from taken_time import least_seconds
from zhupei.graphql.limits import QueryLimits
from zhupei.graphql.limits.cost import Size, Weights
from zhupei.graphql.limits.measuring import Measured, measure

SCHEMA = build_schema(
    """
    interface Node { id: ID! }
    type Query {
      hello: String
      node(id: ID!): Node
      nodes(ids: [ID!]!): [Node]!
      bases(first: Int, last: Int): BaseConnection!
      loose: BaseConnection!
      latest(first: Int): [Base!]!
      all: [Base!]!
      tags: [String!]!
    }
    type Mutation { change(to: Int): Base }
    type BaseConnection { totalCount: Int! edges: [BaseEdge!]! pageInfo: String }
    type BaseEdge { cursor: String node: Base! }
    type Base implements Node { id: ID! code: String base: Base bases(first: Int): BaseConnection! }
    type Opening implements Node { id: ID! code: String title: String more: String }
    """
)
LIMITS = QueryLimits(depth=16, aliases=50, fields=1500, tokens=3000)
WEIGHTS = Weights(SCHEMA)


def measured(text: str, **limits: int) -> Measured:
    chosen = QueryLimits(**{"depth": 16, "aliases": 50, "fields": 1500, "tokens": 3000, **limits})
    return measure(parse(text), WEIGHTS, chosen)


def cost(text: str, name: str | None = None, **variables: Any) -> int:
    return measured(text).cost(name).value(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ hello }", 1),
        ("{ hello tags }", 2),
        ('{ node(id: "1") { id } }', 2),
        # Lists without a size are taken to have 10 items, of which each has 2 values.
        ("{ all { id code } }", 1 + 10 * 2),
        ("{ latest(first: 3) { id code } }", 1 + 3 * 2),
        ("{ latest { id code } }", 1 + 20 * 2),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 1 + 3),
        # bases, totalCount, edges, then node and code of each row.
        ("{ bases { totalCount edges { node { code } } } }", 3 + 20 * 2),
        ("{ bases(first: 100) { totalCount edges { node { code } } } }", 3 + 100 * 2),
        ("{ bases(last: 7) { edges { node { code } } } }", 2 + 7 * 2),
        ("{ bases(first: 9, last: 7) { edges { node { code } } } }", 2 + 7 * 2),
        # A page that is too large is refused where it is opened.
        ("{ bases(first: 1000000) { edges { cursor } } }", 2 + 100),
        ("{ bases(first: 99999999999999999999) { edges { cursor } } }", 2 + 100),
        ("{ bases(first: -5) { edges { cursor } } }", 2),
        ("{ bases(first: null) { edges { cursor } } }", 2 + 20),
        ("{ loose { edges { cursor } } }", 2 + 10),
        (
            "{ bases(first: 10) { edges { node { bases(first: 5) { edges { cursor } } } } } }",
            2 + 10 * (1 + 2 + 5),
        ),
        ("{ bases(first: 10) { ...P } } fragment P on BaseConnection { edges { cursor } }", 2 + 10),
        # An object is of one type: of two the dearer one counts, with what is asked of both.
        (
            '{ node(id: "1") { id ... on Base { code } ... on Opening { code title more } } }',
            1 + 1 + 3,
        ),
        ("{ unknown { below } }", 2),
    ],
)
def test_cost(text: str, expected: int) -> None:
    assert cost(text) == expected


def test_cost_with_variables() -> None:
    text = (
        "query($a: Int, $b: Int) { bases(first: $a) { edges { node { "
        "bases(first: $b) { edges { cursor } } } } } }"
    )
    assert measured(text).cost(None).constant is None
    assert cost(text, a=10, b=5) == 2 + 10 * (1 + 2 + 5)
    assert cost(text, a=10) == 2 + 10 * (1 + 2 + 20)
    assert cost(text, a=None, b=100) == 2 + 20 * (1 + 2 + 100)
    assert cost(text, a=10**9, b=10**9) == 2 + 100 * (1 + 2 + 100)


def test_cost_of_a_list_of_ids() -> None:
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert cost(text, ids=["a"] * 40) == 1 + 40
    assert measured(text).cost(None).terms == {(): 1, (Size(items="ids"),): 1}


def test_cost_is_by_operation() -> None:
    text = "query A { hello } query B { all { id } }"
    assert (cost(text, "A"), cost(text, "B")) == (1, 11)
    assert measured(text).cost("C").value({}) == 0


def test_fragments_that_double_cost_no_time() -> None:
    """R: 1.3 kB that would be 2^30 fields are refused in milliseconds."""
    parts = [
        f"fragment F{n} on Base {{ a: base {{ ...F{n + 1} }} b: base {{ ...F{n + 1} }} }}"
        for n in range(30)
    ]
    text = "{ all { ...F0 } } " + " ".join(parts) + " fragment F30 on Base { code }"
    document = parse(text)
    limits = QueryLimits(depth=1000, aliases=100, fields=1500, tokens=3000)
    refused = []

    def refuse() -> None:
        with pytest.raises(GraphQLError) as told:
            measure(document, WEIGHTS, limits)
        refused.append(told.value.message)

    assert least_seconds(refuse, below=0.05) < 0.05
    assert refused[0] == (
        "The query asks for 1534 fields, its fragments written out; at most 1500 are allowed."
    )


@pytest.mark.parametrize(
    ("text", "limits", "message"),
    [
        ("{ " + "hello " * 41 + "}", {}, "The operation has 41 fields of its own; at most 40 are"),
        ("mutation { " + "change { id } " * 11 + "}", {}, "The mutation makes 11 changes; at most"),
        ("{ hello " + "@skip(if: false) " * 101 + "}", {}, "The query uses more than 100 dir"),
        ("query A { hello } " * 21, {}, "The query has 21 operations; at most 20 are allowed."),
        (
            "{ hello } " + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(101)),
            {},
            "The query has 101 fragments; at most 100 are allowed.",
        ),
        ("{ ...on Query " * 61 + "{ hello }" + " }" * 61, {}, "The query is nested more than 60"),
        ("type A { a: Int }", {}, "The document holds more than operations and fragments."),
        ("{ hello } extend type Query { a: Int }", {}, "The document holds more than operations"),
    ],
)
def test_limits(text: str, limits: dict[str, int], message: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        measured(text, **limits)
    assert refused.value.message.startswith(message)


def test_a_chain_of_fragments_is_as_deep_as_brackets() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(70))
    with pytest.raises(GraphQLError, match="nested more than 60 times"):
        measured("{ ...F0 } " + chain + " fragment F70 on Query { hello }")


def test_circles_are_noticed() -> None:
    text = "{ all { ...A } } fragment A on Base { base { ...B } } fragment B on Base { ...A }"
    assert measured(text).circular
    assert not measured("{ all { ...A } } fragment A on Base { code }").circular


def test_questions_about_the_schema_are_counted_apart() -> None:
    found = measured(get_introspection_query())
    assert found.described > 1000
    assert found.cost("IntrospectionQuery").value({}) == found.described // 100
