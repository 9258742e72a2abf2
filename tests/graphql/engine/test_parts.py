"""What is kept of answers: only what follows from the catalogue, and never for another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from asked_graph import NOW, AskedGraph
from generated_operations import Generated
from same_answer import asked_by, compare
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Opening
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Answer, Engine
from zhupei.graphql.scalars import SCALARS
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    FieldSource,
    Localized,
    Reader,
    Via,
    declares,
    field,
    is_settled,
)

_PAGE = "query ($n: Int) { openings(first: $n) { edges { node { code year kind quota %s } } } }"


async def _ask(engine: Engine, context: GraphContext, text: str, **variables: Any) -> Answer:
    found = await engine.execute(text, variables, context)
    assert isinstance(found, Answer)
    assert found.errors is None
    return found


async def _made(engine: Engine, graph: AskedGraph, text: str, **variables: Any) -> int:
    """Return how many parts an answer was made of that were not kept before."""
    before = engine.counts.parts
    await _ask(engine, asked_by(graph, Language.EN)(), text, **variables)
    return engine.counts.parts - before


async def test_an_object_is_written_once(fictional: AskedGraph) -> None:
    engine, text = Engine(fictional.composed.schema), _PAGE % "base { code name tier }"
    assert await _made(engine, fictional, text, n=1) == 1
    assert await _made(engine, fictional, text, n=1) == 0
    # Two more objects; how many are asked for is no variable of theirs.
    assert await _made(engine, fictional, text, n=3) == 2


async def test_values_of_variables_below_an_object_are_kept_apart(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema)
    text = """query ($n: Int, $skip: Boolean = false) { bases { edges { node {
      code name openings(first: $n) { edges { node { code } } }
      tier @skip(if: $skip)
    } } } }"""
    for n, expected in ((1, 1), (2, 2), (1, 1)):
        context = asked_by(fictional, Language.EN)
        found = await compare(engine, Generated(text, {"n": n}), context)
        node = json.loads(found.engine.json())["bases"]["edges"][0]["node"]
        assert len(node["openings"]["edges"]) == expected
        await compare(engine, Generated(text, {"n": n, "skip": True}), context)


async def test_each_language_has_its_own(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema)
    text = "{ bases { edges { node { code name tier } } } }"
    english = await _ask(engine, asked_by(fictional, Language.EN)(), text)
    chinese = await _ask(engine, asked_by(fictional, Language.ZH)(), text)
    assert english.json() != chinese.json()
    assert (await _ask(engine, asked_by(fictional, Language.EN)(), text)).json() == english.json()


async def test_another_catalogue_has_its_own(fictional: AskedGraph) -> None:
    engine, text = Engine(fictional.composed.schema), _PAGE % ""
    context = asked_by(fictional, Language.EN)
    first = await _ask(engine, context(), text, n=100)
    old = fictional.catalogue.openings
    changed: Mapping[str, Opening] = {
        code: replace(opening, quota=7) for code, opening in old.items()
    }
    other = replace(fictional.catalogue, openings=MappingProxyType(changed))
    second = await _ask(engine, replace(context(), catalogue=other), text, n=100)
    quotas = [each["node"]["quota"] for each in json.loads(second.json())["openings"]["edges"]]
    assert quotas == [7] * len(old)
    # And the first again, from its own objects.
    assert (await _ask(engine, context(), text, n=100)).json() == first.json()


@pytest.mark.parametrize(
    ("field_", "kept"),
    [
        ("note", True),
        ("closesAt(at: \"2026-04-10T12:00:00+08:00\")", True),
        ("closesAt", False),
        ("isOpen", False),
        ("rounds { windows { isOpen } }", False),
        ("remainingSeats", False),
        ("program { openings(orderBy: CLOSING) { totalCount } }", False),
        ("program { openings(filter: {openNow: false}) { totalCount } }", False),
        ("program { openings(filter: {openNow: null}) { totalCount } }", True),
        ("requirements { label parameters { value } }", True),
    ],
)  # fmt: skip
async def test_the_clock_and_plugins_are_always_asked(
    fictional: AskedGraph, field_: str, kept: bool
) -> None:
    engine = Engine(fictional.composed.schema)
    text = _PAGE % field_
    for days in (0, 10, 400, -400):
        context = replace(asked_by(fictional, Language.EN)(), clock=lambda: NOW + timedelta(days))  # noqa: B023 - because it is asked within the loop
        found = await compare(engine, Generated(text, {"n": 3}), lambda: replace(context))  # noqa: B023 - as above
        assert found.engine.settled is kept
    # What asks about time has no object of its own in it; the objects beside it may be kept.
    assert (engine.counts.parts >= 3) if kept else True
    assert await _made(engine, fictional, text, n=3) == 0 or not kept


@pytest.mark.parametrize("field_", ["closesAt", "remainingSeats", "base { name tier code }"])
async def test_asking_again_takes_no_more_room(fictional: AskedGraph, field_: str) -> None:
    engine = Engine(fictional.composed.schema)
    for _ in range(2):  # what hooks answered is kept once they answer the same again
        await _made(engine, fictional, _PAGE % field_, n=3)
    before = engine.counts.part_bytes
    for _ in range(20):
        await _made(engine, fictional, _PAGE % field_, n=3)
    assert engine.counts.part_bytes == before


async def test_who_asks_is_always_looked_at(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema)
    answer = await _ask(engine, asked_by(fictional, Language.EN)(), "{ viewer { kind } }")
    assert not answer.settled
    both = "{ viewer { kind } bases { edges { node { code name tier } } } }"
    assert await _made(engine, fictional, both) == 1
    assert await _made(engine, fictional, both) == 0


async def test_objects_that_are_made_anew_are_not_kept(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema)
    text = """{ deadlines(at: "2026-01-01T00:00:00+08:00") {
      closesAt window { kind label closesAt } program { code name year } } }"""
    await _made(engine, fictional, text)
    before = engine.counts.part_bytes
    assert await _made(engine, fictional, text) == 0
    assert engine.counts.part_bytes == before
    answer = await _ask(engine, asked_by(fictional, Language.EN)(), text)
    assert answer.settled
    assert json.loads(answer.json())["deadlines"]


async def test_what_is_asked_of_the_schema_is_settled(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema)
    text = """query ($name: String!) {
      __type(name: $name) { ...Named }
      __schema { queryType { ...Named } }
      base(code: "example-hospital") { code }
    }
    fragment Named on __Type { __typename name }"""
    for name in ("Base", "Opening", "nothing"):
        context = asked_by(fictional, Language.EN)
        found = (await compare(engine, Generated(text, {"name": name}), context)).engine
        assert found.settled
        type_ = None if name == "nothing" else {"__typename": "__Type", "name": name}
        assert json.loads(found.json())["__type"] == type_
    clock = text.replace(
        "base(", "openings(first: 1, filter: {openNow: true}) { totalCount } base("
    )
    assert not (await compare(engine, Generated(clock, {"name": "Base"}), context)).engine.settled


async def test_an_answer_with_errors_is_not_settled(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema)
    context = asked_by(fictional, Language.EN)
    answer = await engine.execute("{ bases(first: 0) { totalCount } }", {}, context())
    assert isinstance(answer, Answer)
    assert answer.errors is not None
    assert not answer.settled


async def test_nothing_is_kept_where_there_is_no_room(fictional: AskedGraph) -> None:
    engine = Engine(fictional.composed.schema, part_bytes=0)
    for _ in range(2):
        assert await _made(engine, fictional, _PAGE % "", n=3) == 0


# A source says for itself whether it is settled.


class _Own(Attribute):
    def reader(self, name: str) -> Reader:
        return lambda value, _context, _given: value


class _Again(_Own):
    @property
    def settled(self) -> bool:
        return True


class _Silent(FieldSource):
    def reader(self, name: str) -> Reader:
        return lambda value, _context, _given: value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Attribute(), True),
        (Localized(), True),
        (_Own(), False),
        (_Again(), True),
        (_Silent(), False),
        (Computed(lambda: None), False),
        (Computed(lambda: None, settled=True), True),
    ],
)
def test_who_has_a_reader_says_whether_it_is_settled(source: FieldSource, expected: bool) -> None:
    assert is_settled(source) is expected
    follow: Any = Attribute()
    assert is_settled(Via(follow, source)) is expected


class _Mutable:
    """An object that changes."""

    count = 0
    a = b = c = Text("中", "en")


@declares(_Mutable, description="x")
class _Changing:
    count: int = field(Attribute(), description="x")
    a: Text = field(description="x")
    b: Text = field(description="x")


_SHARED = _Mutable()


def _shared() -> _Changing:
    found: Any = _SHARED
    return found  # type: ignore[no-any-return]  # the graph's type describes the other class


@strawberry.type
class _Query:
    changing: _Changing = field(Computed(_shared, settled=True), description="x")


async def test_objects_that_may_change_are_never_kept() -> None:
    engine = Engine(strawberry.Schema(_Query, config=StrawberryConfig(scalar_map=SCALARS)))
    for number in range(3):
        _SHARED.count = number
        context = GraphContext(catalogue=object())  # type: ignore[arg-type]  # nobody looks at it
        answer = await _ask(engine, context, "{ changing { count a b } }")
        assert json.loads(answer.json())["changing"]["count"] == number
    assert engine.counts.parts == 0
