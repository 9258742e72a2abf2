"""graphql-core and the engine give the same answer to every operation; see `make fuzz`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import strawberry
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types.base import get_object_definition

from asked_graph import NOW, ROOT, AskedGraph
from generated_operations import Generated, Generator
from same_answer import asked_by, compare, values_of
from zhupei.domain.actors import Actor, ActorKind, Grant
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Engine
from zhupei.graphql.queries.catalogue import CatalogueQueries
from zhupei.graphql.queries.decisions import DecisionQueries
from zhupei.graphql.queries.platform import PlatformQueries

_ACTORS = (
    None,
    Actor(
        id="9f0c1b1e-0000-4000-8000-000000000001",
        kind=ActorKind.PERSON,
        grants=frozenset({Grant("base_office", base="example-hospital")}),
    ),
)
# Both parse and validate alike, and most of the time would go into doing it again.
_ONCE = (ParserCache, ValidationCache)
# What is answered without the database; the other fields of the root are refused to the public.
_WITHOUT_ROWS = (CatalogueQueries, DecisionQueries, PlatformQueries)


async def _asked(graph: AskedGraph, seeds: range, **options: int) -> Counter[str]:
    schema = _prepared_once(graph.composed.schema)
    engine = Engine(schema)
    generator = Generator(graph.composed.schema.core_schema, values_of(graph), **options)
    convert = schema.config.name_converter.get_graphql_name
    known = [
        convert(field)
        for queries in _WITHOUT_ROWS
        for field in get_object_definition(queries, strict=True).fields
    ]
    seen: Counter[str] = Counter()
    for seed in seeds:
        any_field = seed % 6 == 0
        operation = generator.make(seed, roots=() if any_field else known)
        # What was kept of the first answer must serve, and must not spoil, the second and third.
        for number in range(3):
            language = (Language.EN, Language.ZH)[(seed + number // 2) % 2]
            actor = None if any_field else _ACTORS[(seed + number) % 3 == 0]
            later = NOW + timedelta(days=90 * number)
            context = partial(_at, asked_by(graph, language, actor), later)
            found = await compare(engine, operation, context)
            seen["answers"] += 1
            if found.engine.settled:
                seen["settled"] += 1
                await _check_settled(engine, operation, context, found.engine.json())
        seen["operations"] += 1
        seen["without errors"] += not found.errors
        seen["with much data"] += len(found.engine.json()) > 200
    seen["compiled"] = engine.counts.compiled
    return seen


def _prepared_once(schema: strawberry.Schema) -> strawberry.Schema:
    found = copy(schema)
    found.extensions = (*schema.extensions, *_ONCE)
    return found


def _at(made: Any, instant: Any) -> GraphContext:
    context: GraphContext = made()
    return replace(context, clock=lambda: instant)


async def _check_settled(
    engine: Engine, operation: Generated, context: Any, written: bytes
) -> None:
    """Check that neither the actor, the clock, the database nor a plugin had a say."""
    stranger = replace(
        context(),
        actor=Actor(id="x", kind=ActorKind.PERSON, grants=frozenset({Grant("auditor")})),
        clock=lambda: NOW.replace(year=2031),
        dispatcher=None,
    )
    core = await strawberry.Schema.execute(
        engine.schema, operation.text, dict(operation.variables), stranger
    )
    assert core.errors is None, operation
    assert json.loads(written) == json.loads(json.dumps(core.data)), operation


async def test_operations_over_the_fictional_hospital(fictional: AskedGraph) -> None:
    seen = await _asked(fictional, range(40), depth=4, width=4)
    assert seen["with much data"] > 8
    assert seen["settled"] > 8
    assert seen["compiled"] > 30


@pytest.fixture(params=["fictional", "kitchen_sink"])
def graph(request: pytest.FixtureRequest) -> AskedGraph:
    """One graph after the other."""
    found: AskedGraph = request.getfixturevalue(request.param)
    return found


@pytest.mark.slow(seconds=40)
async def test_many_operations_over_the_graph(graph: AskedGraph, more_operations: int) -> None:
    seen = await _asked(graph, range(100, 700 + more_operations))
    assert seen["with much data"] > 0.4 * seen["operations"]
    assert seen["without errors"] > 0.3 * seen["operations"]


@pytest.mark.slow(seconds=15)
async def test_many_operations_over_the_real_graph(real: AskedGraph, more_operations: int) -> None:
    seen = await _asked(real, range(10_000, 10_200 + more_operations), depth=5, width=4)
    assert seen["with much data"] > 0.4 * seen["operations"]


async def test_without_a_database_fields_that_read_no_rows_say_what_they_have_to(
    fictional: AskedGraph,
) -> None:
    """What is asked for together with rows is refused, or null, as it is where it stands alone."""
    operation = Generated(
        "query ($id: ID!, $program: String!) { publicity(id: $id) { round } "
        "bans(program: $program) { applicationId } publicities { totalCount } }",
        {"id": "UHJvdmluY2U6MzMwMDAw", "program": "example-hospital-residency-2026"},
    )
    engine = Engine(fictional.composed.schema)
    found = await compare(engine, operation, asked_by(fictional, Language.EN))
    assert found.engine.data == {"publicity": None, "bans": None, "publicities": None}
    told = {error["path"][0]: error["message"] for error in found.errors}
    assert told == {"bans": "sign in first", "publicities": "rows need the database"}


def _examples() -> Iterator[Path]:
    yield from sorted((ROOT / "docs" / "examples").glob("*.graphql"))


def _example(path: Path) -> Generated:
    given = path.with_suffix(".json")
    variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    return Generated(path.read_text(encoding="utf-8"), variables)


@pytest.mark.parametrize("path", list(_examples()), ids=lambda path: path.stem)
async def test_the_examples_of_the_query_page(real: AskedGraph, path: Path) -> None:
    operation = _example(path)
    found = await compare(Engine(real.composed.schema), operation, asked_by(real, Language.ZH))
    assert found.errors == []


_BLOCK = re.compile(r"```graphql\n(.*?)```\n(?:\n?```json\n(.*?)```)?", re.DOTALL)
# What documents ask of others than the public, of other plugins, or by mistake.
_REFUSED = {
    "BAD_USER_INPUT-0": "Cannot query field 'helo'",
    "integrators-0": "sign in first",
    "jobs-0": "sign in first",
    "mutations-0": "Variable '$input' has invalid value",
    "writing-plugins-0": "Unknown type 'SampleHospitalAttendance'",
}


def _blocks() -> Iterator[Any]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for number, (text, beside) in enumerate(_BLOCK.findall(path.read_text(encoding="utf-8"))):
            if text.lstrip().startswith(("{", "query", "mutation")):
                variables = json.loads(beside) if "$" in text and beside else {}
                yield pytest.param(Generated(text, variables), id=f"{path.stem}-{number}")


@pytest.mark.parametrize("operation", list(_blocks()))
async def test_the_operations_of_the_documents(
    real: AskedGraph, operation: Generated, request: pytest.FixtureRequest
) -> None:
    engine, context = Engine(real.composed.schema), asked_by(real, Language.EN)
    refused = _REFUSED.get(request.node.callspec.id)
    found = await compare(engine, operation, context)
    assert [error["message"][: len(refused or "")] for error in found.errors[:1]] == (
        [] if refused is None else [refused]
    )


def test_there_are_queries_in_the_documents() -> None:
    blocks = {block.id for block in _blocks()}
    assert len(blocks) >= 20
    assert _REFUSED.keys() <= blocks
    assert len(list(_examples())) >= 7
