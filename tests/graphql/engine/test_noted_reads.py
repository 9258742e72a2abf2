"""What was noted of an answer decides it: the same rows lead to the same answer, whatever else."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, ClassVar

import pytest

from asked_graph import core_graph
from generated_operations import Generator
from rows_office import ROOTS, Judge, RowsOffice, rows_office
from zhupei.db.connection import Database
from zhupei.db.models import Account
from zhupei.domain.actors import Actor
from zhupei.domain.permissions import Target
from zhupei.domain.text import Language
from zhupei.graphql.answers import Answer
from zhupei.graphql.asked import AskedField, is_noted, reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Engine
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import Attribute, FieldSource, field
from zhupei.noted_reads import NotedReads, noting, spoil

_SCHEMA = core_graph().schema
_PAGE = "{ trainees(first: 5) { totalCount edges { cursor node { id state base { name } } } } }"


class OnlyTheSame(NotedReads):
    """Answers what was read before, and nothing else."""

    def at_hand(self, statement: str, values: Sequence[Any], rows: type[Any]) -> list[Any]:
        """Return what was read."""
        found = super().at_hand(statement, values, rows)
        assert found is not None, f"was not noted: {statement}"
        return found


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


def clocked(make: Callable[[], GraphContext]) -> GraphContext:
    """Return a context whose clock says that it was asked, as that of requests does."""
    context = make()
    clock = context.clock

    def now() -> datetime:
        spoil()
        return clock()

    context.clock = now
    return context


async def asked(
    engine: Engine, query: str, variables: Any, context: GraphContext, noted: NotedReads
) -> Any:
    token = noting.set(noted)
    try:
        return await engine.execute(query, variables, context)
    finally:
        noting.reset(token)


async def is_decided(
    engine: Engine, query: str, variables: Any, make: Callable[[], GraphContext]
) -> str:
    """Return what becomes of an answer; it is made anew of what was noted where it can be."""
    noted, context = NotedReads(), clocked(make)
    first = await asked(engine, query, variables, context, noted)
    if first.errors or not isinstance(first, Answer) or not first.noted:
        return "not noted"
    if noted.is_spoiled or context.held_until != inf:
        return "spoiled"
    again = OnlyTheSame(noted.reads)
    second = await asked(engine, query, variables, clocked(make), again)
    assert not second.errors, second.errors
    assert second.json() == first.json()
    assert not again.is_spoiled
    assert len(again.reads) == len(noted.reads)
    return "made of rows" if noted.reads else "made of nothing"


async def _replayed(place: RowsOffice, seeds: range, roots: Sequence[str]) -> Counter[str]:
    engine = Engine(_SCHEMA)
    generator = Generator(_SCHEMA.core_schema, place.value, depth=3, width=4)
    seen: Counter[str] = Counter()
    actors = [*place.actors, *[place.everything] * 12]
    for seed in seeds:
        pick = random.Random(seed)
        operation = generator.make(seed, roots=roots)
        judge = pick.choice([None, None, None, Judge({}), Judge({"applications.read": True})])
        make = place.context(pick.choice(actors), pick.choice([*Language]), judge)
        seen[await is_decided(engine, operation.text, operation.variables, make)] += 1
    return seen


_NOTED = ("trainees", "registrations", "application", "accounts", "bans", "objections", "notices")


async def test_an_answer_made_of_noted_rows_follows_from_them(place: RowsOffice) -> None:
    seen = await _replayed(place, range(60), _NOTED)
    assert seen["made of rows"] > 5, seen
    assert seen["not noted"] > 5, seen


@pytest.mark.slow(seconds=15)
async def test_many_answers_made_of_noted_rows(place: RowsOffice, more_operations: int) -> None:
    seen = await _replayed(place, range(2000, 2250 + more_operations), ROOTS)
    seen += await _replayed(place, range(5000, 5250 + more_operations), _NOTED)
    assert seen["made of rows"] > 40, seen


async def test_the_rows_of_a_page_are_noted_with_their_statements(place: RowsOffice) -> None:
    engine, noted = Engine(_SCHEMA), NotedReads()
    context = clocked(place.context(place.everything, Language.EN))
    found = await asked(engine, _PAGE, None, context, noted)
    assert found.noted
    assert not noted.is_spoiled
    (read,) = noted.reads
    assert read.statement.startswith("SELECT ")
    assert len(read.found) >= 1


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{ applications(first: 1) { edges { node { allowedActions { action } } } } }", "computed"),
        ("{ trainees { edges { node { applicant { phone } } } } }", "reading it is logged"),
        ("{ statistics { whole { applications } } }", "computed"),
    ],
)
async def test_what_may_follow_from_more_is_not_noted(
    place: RowsOffice, query: str, why: str
) -> None:
    engine = Engine(_SCHEMA)
    context = clocked(place.context(place.everything, Language.EN))
    found = await asked(engine, query, None, context, NotedReads())
    assert found.errors is None, found.errors
    assert not found.noted, why


@dataclass(frozen=True)
class FromElsewhere(FieldSource):
    """What somebody else tells, of whom nothing is known."""


@reads("base")
def _declared(value: Any) -> Sequence[Target]:
    return (Target(base=value.base),)


def _undeclared(value: Any) -> Sequence[Target]:
    return (Target(base=value.base),)


class Nothing:
    """What is asked below a leaf."""

    fields: ClassVar[Sequence[AskedField] | None] = ()

    def of(self, name: str) -> Sequence[AskedField]:
        """Return no fields."""
        return ()


@pytest.mark.parametrize(
    ("about", "otherwise", "known"),
    [
        (_declared, None, True),
        (_declared, Attribute("masked"), True),
        (_declared, FromElsewhere(), False),
        (_undeclared, None, False),
        (_undeclared, Attribute("masked"), False),
    ],
)
def test_what_decides_about_a_permission_has_to_be_told(
    about: Any, otherwise: FieldSource | None, known: bool
) -> None:
    """What a plugin's function looks at, and what a masked field holds, may be anything."""
    declared = permitted(
        field(Attribute(), description="Number."), "identity.read", about=about, otherwise=otherwise
    )
    assert is_noted(AskedField(declared, Attribute(), Nothing())) is known


@pytest.mark.parametrize("answer", [True, False, None])
async def test_a_plugin_that_was_asked_spoils_the_answer(
    place: RowsOffice, answer: bool | None
) -> None:
    judge = Judge({"trainees.read": answer, "applications.read": answer})
    noted = NotedReads()
    office = next(each for each in place.actors if _is(each, "base_office"))
    context = clocked(place.context(office, Language.EN, judge))
    query = "{ applications(first: 1) { edges { node { id scores { points } } } } }"
    await asked(Engine(_SCHEMA), query, None, context, noted)
    assert noted.is_spoiled


def _is(actor: Actor | None, role: str) -> bool:
    return actor is not None and {grant.role for grant in actor.grants} == {role}


async def test_the_clock_spoils_the_answer(place: RowsOffice) -> None:
    noted = NotedReads()
    context = clocked(place.context(place.everything, Language.EN))
    query = f"{_PAGE[:-1]} openings(first: 1, filter: {{ openNow: true }}) {{ totalCount }} }}"
    await asked(Engine(_SCHEMA), query, None, context, noted)
    assert noted.is_spoiled


async def test_another_use_of_the_database_spoils_the_answer(place: RowsOffice) -> None:
    noted = NotedReads()
    token = noting.set(noted)
    try:
        await Account.all().count()
    finally:
        noting.reset(token)
    assert noted.is_spoiled
    assert noted.reads == []


@pytest.mark.parametrize("own", [True, False])
async def test_what_is_read_of_no_request_spoils_the_answer_of_one(
    database: Database, own: bool
) -> None:
    noted = NotedReads()
    token = noting.set(noted)
    try:
        if own:
            await (await database.own_connection()).close()
        else:
            await database.read("SELECT 1", ())
    finally:
        noting.reset(token)
    assert noted.is_spoiled
    assert noted.reads == []
