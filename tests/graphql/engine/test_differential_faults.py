"""Whatever goes wrong goes wrong alike in graphql-core and in the engine; see `make fuzz`."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Any

import pytest
from strawberry.extensions import ParserCache, ValidationCache

from faulty_graph import context_of, faulty_schema
from generated_operations import Generator
from same_answer import compare
from zhupei.graphql.engine import Engine


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
    schema = faulty_schema((ParserCache, ValidationCache))
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


@pytest.mark.slow(seconds=50)
async def test_whatever_goes_wrong_goes_wrong_alike_in_many(more_operations: int) -> None:
    seen = await _faulty(range(1000, 2800 + more_operations))
    assert seen["with errors"] > 0.2 * seen["operations"]
    assert seen["with data"] > 0.8 * seen["operations"]
