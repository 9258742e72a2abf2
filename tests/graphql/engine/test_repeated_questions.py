"""The same question of rows, again and again, by whoever: each time as graphql-core answers it."""

from __future__ import annotations

import gc
import random
from collections.abc import AsyncIterator
from types import FrameType
from typing import Any

import pytest

from asked_graph import core_graph
from generated_operations import Generated
from rows_office import Judge, RowsOffice, rows_office
from same_answer import compare
from zhupei.db.connection import Database
from zhupei.domain.text import Language
from zhupei.graphql import listed_trainees
from zhupei.graphql.engine import Engine
from zhupei.services.admissions.trainees import trainee_query

_SCHEMA = core_graph().schema
_QUESTION = """query Page($first: Int, $states: [TraineeState!]) {
  trainees(first: $first) { totalCount edges { node { id state base { name } } } }
  some: trainees(filter: { stateIn: $states }) { totalCount }
  applications(first: $first) { totalCount edges { cursor node { id state } } }
}"""
_VARIABLES: tuple[dict[str, Any], ...] = (
    {"first": 2},
    {"first": 2, "states": ["IN_TRAINING"]},
    {"first": 2, "states": []},
    {"first": 0},
)


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


async def test_everybody_gets_their_own_answer_each_time(place: RowsOffice) -> None:
    engine, pick, answers = Engine(_SCHEMA), random.Random(4), set()
    judges = (None, Judge({}), Judge({"registrations.read": False, "applications.read": False}))
    asked = [
        (actor, variables, judge)
        for actor in place.actors
        for variables in _VARIABLES
        for judge in judges
    ]
    pick.shuffle(asked)
    for actor, variables, judge in asked:
        language = pick.choice([Language.ZH, Language.EN])
        found = await compare(
            engine, Generated(_QUESTION, variables), place.context(actor, language, judge)
        )
        answers.add(found.engine.json())
    assert len(answers) > 12
    assert engine.counts.compiled == 1


async def test_what_is_listed_is_decided_once_for_whoever_may_see_the_same(
    place: RowsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[Any] = []
    query = trainee_query

    async def noted(desk: Any, *given: Any, **more: Any) -> Any:
        decided.append(desk.actor)
        return await query(desk, *given, **more)

    monkeypatch.setattr(listed_trainees, "trainee_query", noted)
    engine = Engine(_SCHEMA)
    office, clinic = [
        actor
        for actor in place.actors
        if actor is not None and {grant.role for grant in actor.grants} == {"base_office"}
    ]

    async def ask(actor: Any, variables: dict[str, Any], judge: Judge | None = None) -> bytes:
        context = place.context(actor, Language.EN, judge)()
        answer: Any = await engine.execute(
            "query Page($first: Int) { trainees(first: $first) { totalCount } }", variables, context
        )
        assert answer.errors is None, answer.errors
        written: bytes = answer.json()
        return written

    first = await ask(office, {"first": 2})
    assert [await ask(office, {"first": 2}) for _ in range(3)] == [first] * 3
    assert decided == [office]
    assert await ask(clinic, {"first": 2}) != first
    assert decided == [office, clinic]
    await ask(office, {"first": 3})
    assert decided == [office, clinic, office]
    # A plugin with a say is asked each time.
    judge = Judge({"registrations.read": False})
    refused = [await ask(office, {"first": 2}, judge) for _ in range(2)]
    assert refused == [b'{"trainees":{"totalCount":0}}'] * 2
    assert decided == [office, clinic, office, office, office]
    assert await ask(office, {"first": 2}) == first
    assert len(decided) == 5


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (_QUESTION, b'"id"'),
        # Read by graphql-core's executor, which holds its own methods.
        ("{ __schema { queryType { name } } }", b'"Query"'),
        ('{ viewer { name } __type(name: "Base") { name } }', b'"Base"'),
        # Errors hold the frames that they came by: in a row's field, of one list of several, at
        # the root, and where a source cannot even be made.
        ("{ trainees { edges { node { payments { id } } } } }", b'"payments":null'),
        ('{ trainees(after: "x") { totalCount } applications { totalCount } }', b'"trainees":null'),
        ("{ bases(first: 1000) { totalCount } }", b"null"),
        ('{ explain(node: "x", field: "name") { value } }', b"null"),
    ],
)
async def test_what_is_answered_leaves_nothing_for_the_collector(
    place: RowsOffice, question: str, says: bytes
) -> None:
    """Rows that stay until the collector comes by are freed all at once, and everybody waits."""
    engine = Engine(_SCHEMA)
    judge = Judge({"payments.read": False}) if "payments" in question else None
    make = place.context(place.actors[2] if judge else place.everything, Language.EN, judge)

    async def ask() -> None:
        variables = {"first": 2} if question == _QUESTION else None
        answer: Any = await engine.execute(question, variables, make())
        assert says in answer.json()

    await ask()
    gc.collect()
    gc.disable()
    try:
        await ask()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {_name(each) for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left & _OF_A_RUN == set()


_OF_A_RUN = frozenset(
    {
        *("Run", "Core", "_Executor", "Waiting", "_Units", "RunArguments", "Errors", "LateInfo"),
        *("RegistrationView", "ReadPage", "Edges", "GraphQLError", "GraphRefusal"),
        "a frame of the graph",
    }
)


def _name(left: object) -> str:
    is_frame = isinstance(left, FrameType) and "/zhupei/graphql/" in left.f_code.co_filename
    return "a frame of the graph" if is_frame else type(left).__name__


async def test_a_refusal_is_no_decision_that_is_kept(place: RowsOffice) -> None:
    engine = Engine(_SCHEMA)
    office = place.everything
    for _ in range(2):
        found = await compare(
            engine, Generated(_QUESTION, {"first": 101}), place.context(office, Language.EN)
        )
        assert {error["extensions"]["code"] for error in found.errors} == {"BAD_USER_INPUT"}
