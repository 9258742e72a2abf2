"""graphql-core and the engine give the same answer to every operation; see `make fuzz`."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from strawberry.types.base import get_object_definition

from asked_graph import ROOT, AskedGraph
from faulty_graph import context_of, faulty_schema
from generated_operations import Generated, Generator
from same_answer import asked_by, compare, values_of
from zhupei.domain.actors import Actor, ActorKind, Grant
from zhupei.domain.text import Language
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
# What is answered without the database; the other fields of the root are refused to the public.
_WITHOUT_ROWS = (CatalogueQueries, DecisionQueries, PlatformQueries)


def _faulty_value(pick: random.Random, coordinate: str, type_: str) -> Any:
    name = coordinate.rpartition(".")[2]
    if name == "chance":
        return pick.choice([0.0, 0.0, 0.02, 0.1, 0.3])
    if name == "times":
        return pick.choice([0, 1, 2, -1] if pick.random() < 0.9 else [2**31])
    if type_ == "Int":
        return pick.randrange(12)
    return pick.choice(["a", "住"]) if type_ == "String" else 0.5


async def _faulty(seeds: range) -> Counter[str]:
    schema = faulty_schema()
    engine = Engine(schema)
    generator = Generator(schema._schema, _faulty_value, depth=4, width=4)
    seen: Counter[str] = Counter()
    for seed in seeds:
        operation = generator.make(seed, kind="query" if seed % 7 else "mutation")
        chance = (0, 0.02, 0.1)[seed % 3]
        found = await compare(engine, operation, partial(context_of, chance))
        # What mutations did, in which order.
        assert found.contexts[0].kept == found.contexts[1].kept, operation
        seen["operations"] += 1
        seen["with errors"] += bool(found.errors)
        seen["with data"] += found.core.data is not None
    seen["compiled"] = engine.counts.compiled
    return seen


async def test_whatever_goes_wrong_goes_wrong_alike() -> None:
    seen = await _faulty(range(40))
    assert seen["with errors"] > 10
    assert seen["with data"] > 33
    assert seen["compiled"] > 33


@pytest.mark.slow
async def test_whatever_goes_wrong_goes_wrong_alike_in_many(more_operations: int) -> None:
    seen = await _faulty(range(1000, 1600 + more_operations))
    assert seen["with errors"] > 0.2 * seen["operations"]
    assert seen["with data"] > 0.8 * seen["operations"]


async def _asked(graph: AskedGraph, seeds: range, **options: int) -> Counter[str]:
    schema = graph.composed.schema
    engine = Engine(schema)
    generator = Generator(schema.core_schema, values_of(graph), **options)
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
        language = (Language.EN, Language.ZH)[seed % 2]
        actor = None if any_field else _ACTORS[seed % 3 == 0]
        found = await compare(engine, operation, asked_by(graph, language, actor))
        seen["operations"] += 1
        seen["without errors"] += not found.errors
        seen["with much data"] += len(found.engine.json()) > 200
    seen["compiled"] = engine.counts.compiled
    return seen


async def test_operations_over_the_fictional_hospital(fictional: AskedGraph) -> None:
    seen = await _asked(fictional, range(40), depth=4, width=4)
    assert seen["with much data"] > 8
    assert seen["compiled"] > 30


@pytest.fixture(params=["fictional", "kitchen_sink"])
def graph(request: pytest.FixtureRequest) -> AskedGraph:
    """One graph after the other."""
    found: AskedGraph = request.getfixturevalue(request.param)
    return found


@pytest.mark.slow
async def test_many_operations_over_the_graph(graph: AskedGraph, more_operations: int) -> None:
    seen = await _asked(graph, range(100, 200 + more_operations))
    assert seen["with much data"] > 0.4 * seen["operations"]
    assert seen["without errors"] > 0.3 * seen["operations"]


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


def _blocks() -> Iterator[Any]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        blocks = path.read_text(encoding="utf-8").split("```graphql\n")[1:]
        for number, block in enumerate(blocks):
            text = block.partition("```")[0]
            if text.lstrip().startswith(("{", "query")):
                yield pytest.param(text, id=f"{path.stem}-{number}")


@pytest.mark.parametrize("text", list(_blocks()))
async def test_the_queries_of_the_documents(real: AskedGraph, text: str) -> None:
    await compare(Engine(real.composed.schema), Generated(text, {}), asked_by(real, Language.EN))


def test_there_are_queries_in_the_documents() -> None:
    assert len(list(_blocks())) >= 5
    assert len(list(_examples())) >= 7
