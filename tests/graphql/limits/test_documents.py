"""Tests of zhupei.graphql.limits.documents, through the whole application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from small_graph import small_app, small_settings


def errors(folder: Path, query: str, **limits: int) -> list[dict[str, Any]]:
    client = TestClient(small_app(small_settings(folder, **limits)))
    headers = {"accept-language": "en"}
    response = client.post("/graphql", json={"query": query}, headers=headers)
    found = response.json().get("errors", [])
    assert isinstance(found, list)
    return found


def nested(depth: int) -> str:
    return "{ " + "node { " * (depth - 1) + "code" + " }" * depth


def messages(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(error["extensions"]["code"], error["message"]) for error in found]


def test_depth(tmp_path: Path) -> None:
    assert errors(tmp_path, nested(4), max_depth=4) == []
    assert messages(errors(tmp_path, nested(5), max_depth=4)) == [
        ("LIMIT_EXCEEDED", "The query is 5 fields deep; at most 4 are allowed.")
    ]


def test_depth_counts_through_fragments(tmp_path: Path) -> None:
    query = "{ node { ...A } } fragment A on Node { node { ... on Node { node { code } } } }"
    assert errors(tmp_path, query, max_depth=4) == []
    assert messages(errors(tmp_path, query, max_depth=3)) == [
        ("LIMIT_EXCEEDED", "The query is 4 fields deep; at most 3 are allowed.")
    ]


def test_introspection_is_not_deep(tmp_path: Path) -> None:
    query = "{ __schema { types { fields { type { ofType { ofType { name } } } } } } }"
    assert errors(tmp_path, query, max_depth=1) == []


def test_aliases(tmp_path: Path) -> None:
    query = "{ a: hello b: hello c: hello }"
    assert errors(tmp_path, query, max_aliases=3) == []
    assert messages(errors(tmp_path, query, max_aliases=2)) == [
        ("LIMIT_EXCEEDED", "The query uses more than 2 aliases.")
    ]


def test_fields_are_counted_with_fragments_written_out(tmp_path: Path) -> None:
    """Ten fragments that each use the next one twice would be a thousand fields to execute."""
    parts = ["{ node { ...F0 } }"]
    parts += [
        f"fragment F{n} on Node {{ a: node {{ ...F{n + 1} }} b: node {{ ...F{n + 1} }} }}"
        for n in range(9)
    ]
    parts.append("fragment F9 on Node { code }")
    query = " ".join(parts)
    assert errors(tmp_path, query, max_fields=1535) == []
    assert messages(errors(tmp_path, query, max_fields=1534)) == [
        (
            "LIMIT_EXCEEDED",
            "The query asks for 1535 fields, its fragments written out; at most 1534 are allowed.",
        )
    ]


def test_tokens(tmp_path: Path) -> None:
    assert errors(tmp_path, "{ " + "hello " * 14 + "}", max_tokens=16) == []
    assert messages(errors(tmp_path, "{ " + "hello " * 15 + "}", max_tokens=16)) == [
        ("LIMIT_EXCEEDED", "The query has 17 tokens; at most 16 are allowed.")
    ]


@pytest.mark.parametrize(
    "query",
    [
        nested(1500),
        "{ node { ...F0 } } "
        + " ".join(f"fragment F{n} on Node {{ ...F{n + 1} }}" for n in range(800))
        + " fragment F800 on Node { code }",
    ],
    ids=["fields", "fragments"],
)
def test_nesting_beyond_the_stack_is_a_limit_too(tmp_path: Path, query: str) -> None:
    found = errors(tmp_path, query, max_depth=1000, max_tokens=100_000, max_fields=100_000)
    assert [error["extensions"]["code"] for error in found] == ["LIMIT_EXCEEDED"]


def test_a_fragment_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    query = "{ node { ...A } } fragment A on Node { node { ...B } } fragment B on Node { ...A }"
    assert messages(errors(tmp_path, query)) == [
        ("BAD_USER_INPUT", "Cannot spread fragment 'A' within itself via 'B'.")
    ]


def test_one_servers_limits_are_not_anothers(tmp_path: Path) -> None:
    """The caches of parsed and validated queries are shared by the process."""
    query = nested(5)
    assert errors(tmp_path, query, max_depth=5) == []
    assert len(errors(tmp_path, query, max_depth=4)) == 1
    assert errors(tmp_path, query, max_depth=5) == []
