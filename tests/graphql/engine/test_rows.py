"""Rows through the engine: as graphql-core answers, with few statements and few columns."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from asked_graph import core_graph
from generated_operations import Generated, Generator
from graphql import FieldNode, OperationDefinitionNode, parse
from rows_office import ROOTS, Judge, RowsOffice, rows_office
from same_answer import compare
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor
from zhupei.domain.text import Language
from zhupei.graphql.cursors import Cursor, SortValue
from zhupei.graphql.engine import Engine

_COMPOSED = core_graph()
_SCHEMA = _COMPOSED.schema
_JUDGES = (
    None,
    None,
    Judge({}),
    Judge({"applications.read": False}),
    Judge({"audit.read": True, "applicants.read": False}),
    Judge({"payments.read": RuntimeError("down"), "scores.read": True}),
    Judge({"registrations.read": RuntimeError("down"), "applications.read": True}),
)


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


async def _compared(place: RowsOffice, seeds: range) -> Counter[str]:
    engine = Engine(_SCHEMA)
    generator = Generator(_SCHEMA.core_schema, place.value, depth=4, width=6)
    seen: Counter[str] = Counter()
    # Whoever sees all is asked for most often.
    actors = [*place.actors, *[place.everything] * 6]
    for seed in seeds:
        pick = random.Random(seed)
        operation = generator.make(seed, roots=ROOTS)
        actor, judge = pick.choice(actors), pick.choice(_JUDGES)
        language = pick.choice([Language.ZH, Language.EN])
        found = await compare(engine, operation, place.context(actor, language, judge))
        seen["operations"] += 1
        seen["without errors"] += not found.errors
        seen["with much data"] += len(found.engine.json()) > 300
        for name in _answered(operation.text, json.loads(found.engine.json())):
            seen[f"answered {name}"] += 1
    seen["compiled"] = engine.counts.compiled
    return seen


def _answered(text: str, data: Any) -> Iterator[str]:
    """Yield the fields of the root that something was found for."""
    for definition in parse(text).definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        for each in definition.selection_set.selections:
            if isinstance(each, FieldNode):
                key = each.alias.value if each.alias else each.name.value
                found = (data or {}).get(key)
                if found and any(found.values() if isinstance(found, dict) else found):
                    yield each.name.value


async def test_operations_over_rows(place: RowsOffice) -> None:
    seen = await _compared(place, range(40))
    assert seen["compiled"] > 30
    assert seen["without errors"] > 8
    assert seen["with much data"] > 4


@pytest.mark.slow(seconds=20)
async def test_many_operations_over_rows(place: RowsOffice, more_operations: int) -> None:
    seen = await _compared(place, range(1000, 1300 + more_operations))
    assert seen["without errors"] > 0.2 * seen["operations"]
    assert seen["with much data"] > 0.1 * seen["operations"]
    # Something of every kind was there to be compared.
    assert [name for name in ROOTS if not seen[f"answered {name}"]] == []


async def _asked(
    place: RowsOffice, statements: list[str], query: str, actor: Actor | None
) -> tuple[list[str], Any]:
    """Return the statements of a query and its data."""
    statements.clear()
    context = place.context(actor, Language.EN)()
    result = await _SCHEMA.execute(query, context_value=context)
    assert result.errors is None, result.errors
    return list(statements), result.data


def _actor(place: RowsOffice, role: str) -> Actor:
    return next(
        each
        for each in place.actors
        if each is not None and {grant.role for grant in each.grants} == {role}
    )


_TRAINEE = "id state year traineeType specialtyCode startedOn months endsOn base { name }"


@pytest.mark.parametrize("years", ["[2147483647]", "[-2147483648]", "[40000, 9518288]"])
async def test_a_year_that_no_row_can_have_finds_none(
    place: RowsOffice, statements: list[str], years: str
) -> None:
    """The column is one of small integers, which was an internal error (found by schemathesis)."""
    query = f"{{ trainees(filter: {{ yearIn: {years} }}) {{ totalCount edges {{ cursor }} }} }}"
    _, data = await _asked(place, statements, query, place.everything)
    assert data == {"trainees": {"totalCount": 0, "edges": []}}


async def test_a_page_with_counts_is_one_statement(
    place: RowsOffice, statements: list[str]
) -> None:
    """R156: what is counted over one table is counted together, and comes with the page."""
    office = _actor(place, "base_office")
    seen, data = await _asked(
        place,
        statements,
        f"""{{
          page: trainees(first: 1) {{ totalCount edges {{ node {{ {_TRAINEE} }} }} }}
          training: trainees(filter: {{stateIn: [IN_TRAINING]}}) {{ totalCount }}
          withdrawn: trainees(filter: {{stateIn: [WITHDRAWN]}}) {{ totalCount }}
          registrations {{ totalCount }}
        }}""",
        office,
    )
    (statement,) = seen
    assert statement.count("count(*)") == 4
    assert data["page"]["totalCount"] == data["training"]["totalCount"] == 2
    assert data["withdrawn"]["totalCount"] == 0
    assert data["registrations"]["totalCount"] == 2
    assert len(data["page"]["edges"]) == 1

    # Only the columns that are asked for are read.
    (statement,), _ = await _asked(
        place, statements, "{ trainees { edges { node { state } } } }", office
    )
    assert statement.startswith('SELECT t."state" AS c0 FROM "trainee" t WHERE ')
    assert "profile" not in statement
    assert "count" not in statement
    (statement,), _ = await _asked(place, statements, "{ trainees { totalCount } }", office)
    assert statement.startswith('SELECT count(*) AS n0 FROM "trainee" t WHERE ')
    # Counts come beside no rows.
    query = """{
      none: trainees(filter: {yearIn: [1999]}) { totalCount edges { node { id } } }
      all: trainees { totalCount pageInfo { hasNextPage endCursor } }
    }"""
    seen, data = await _asked(place, statements, query, office)
    assert len(seen) == 2  # two pages of rows
    assert data["none"] == {"totalCount": 0, "edges": []}
    assert data["all"]["totalCount"] == 2
    assert data["all"]["pageInfo"]["hasNextPage"] is False
    # An application with its records.
    query = f"""{{ application(id: "{place.applications[2]}") {{
      state base {{ name }} opening {{ specialtyName }}
      records {{ revision at actor action fromState toState }}
    }} }}"""
    seen, data = await _asked(place, statements, query, _actor(place, "auditor"))
    (statement,) = seen
    assert "details" not in statement.partition(" FROM ")[0].replace(
        "details->'candidate'->>'trainee_type'", ""
    )
    # Records under two names are read again where other columns are asked for.
    twice = query.replace("records {", "hashes: records { hash } records {")
    seen, again = await _asked(place, statements, twice, _actor(place, "auditor"))
    assert len(seen) == 2
    assert again["application"].pop("hashes")[0].keys() == {"hash"}
    assert again == data
    # Whoever may not see the application gets none of it, nor do records of what is not there.
    seen, nothing = await _asked(place, statements, query, place.actors[3])
    assert (len(seen), nothing) == (1, {"application": None})
    assert [each["revision"] for each in data["application"]["records"]] == list(
        range(1, 1 + len(data["application"]["records"]))
    )
    assert len(data["application"]["records"]) > 3


async def test_single_objects_are_one_statement_of_their_columns(
    place: RowsOffice, statements: list[str]
) -> None:
    """An account is read without what signs it in, a bulk step without the cases it changed."""
    office = place.everything
    account, step = place.person, place.kinds.ids["bulk_operation"]
    seen, data = await _asked(
        place, statements, f'{{ account(id: "{account}") {{ name }} }}', office
    )
    assert data["account"] is not None
    assert len(seen) == 1
    assert [each in seen[0] for each in ("password_hash", "subject", "last_failed_at")] == [
        False
    ] * 3
    query = f'{{ bulkOperation(id: "{step}") {{ action revertedAt }} }}'
    seen, data = await _asked(place, statements, query, office)
    assert data["bulkOperation"]["action"] is not None
    assert len(seen) == 1
    assert "effects" not in seen[0]
    # What was there before stays where it is but for the codes of bases.
    assert seen[0].count("'before'") == 1


async def test_nodes_and_entities_are_read_with_what_is_asked_of_each_type(
    place: RowsOffice, statements: list[str]
) -> None:
    """Gateways ask for little of many: no details of applications, no profiles of trainees."""
    application, trainee = place.applications[0], place.trainees[0]
    query = (
        f'{{ nodes(ids: ["{application}", "{trainee}"]) '
        "{ id ... on Application { state } ... on Trainee { year } } }"
    )
    seen, data = await _asked(place, statements, query, place.everything)
    assert [sorted(each) for each in data["nodes"]] == [["id", "state"], ["id", "year"]]
    assert [_selected(each) for each in seen] == [
        ['a."id"', 'a."state"'],
        ['t."id"', 't."year"'],
    ]
    entities = f'''{{ _entities(representations: [
        {{__typename: "Application", id: "{application}"}},
        {{__typename: "Trainee", id: "{trainee}"}}
    ]) {{ __typename ... on Application {{ openingCode }} }} }}'''
    seen, data = await _asked(place, statements, entities, place.everything)
    assert [sorted(each) for each in data["_entities"]] == [
        ["__typename", "openingCode"],
        ["__typename"],
    ]
    assert sorted(map(_selected, seen)) == [['a."id"', 'a."opening_code"'], ['t."id"']]


def _selected(statement: str) -> list[str]:
    """Return the columns of the statement of a page."""
    columns = statement.removeprefix("SELECT ").partition(" FROM ")[0]
    return [each.partition(" AS ")[0] for each in columns.split(", ")]


@pytest.mark.slow
async def test_who_owns_nothing_is_not_looked_up(place: RowsOffice, statements: list[str]) -> None:
    """An applicant is found once for all fields of an operation, and never for staff."""
    query = "{ a: applications { totalCount } b: trainees { totalCount } }"
    person = next(each for each in place.actors if each and each.id == str(place.person))
    seen, data = await _asked(place, statements, query, person)
    assert sum("FROM applicant " in each for each in seen) == 1
    assert len(seen) == 3
    assert data == {"a": {"totalCount": 3}, "b": {"totalCount": 1}}
    seen, _ = await _asked(place, statements, query, _actor(place, "base_office"))
    assert len(seen) == 2


@pytest.mark.slow
async def test_a_list_that_cannot_be_read_is_an_error_at_its_place(
    place: RowsOffice, statements: list[str]
) -> None:
    actor = _actor(place, "base_office")
    context = place.context(actor, Language.EN)()
    query = '{ trainees(after: "x") { totalCount } other: trainees { totalCount } }'
    result = await _SCHEMA.execute(query, context_value=context)
    assert result.errors is not None
    assert [(each.path, (each.extensions or {})["code"]) for each in result.errors] == [
        (["trainees"], "BAD_USER_INPUT")
    ]
    assert result.data == {"trainees": None, "other": {"totalCount": 2}}


async def test_a_statement_that_fails_is_an_error_of_its_own_list(place: RowsOffice) -> None:
    """What is asked at the same time is read together, and still answered apart."""
    # No instant, where the order is one of instants.
    cursor = Cursor("SUBMITTED", False, "v", str(place.applications[0])).encode()
    query = (
        f'{{ applications(orderBy: SUBMITTED, after: "{cursor}") {{ totalCount '
        "edges { node { id } } } trainees { totalCount } }"
    )
    context = place.context(place.everything, Language.EN)()
    result = await _SCHEMA.execute(query, context_value=context)
    assert [each.path for each in result.errors or ()] == [["applications"]]
    assert result.data == {"applications": None, "trainees": {"totalCount": 2}}


def _made_up(order: str, value: SortValue, code: str) -> str:
    """Return a cursor as somebody may write one: with halves of characters, too."""
    kind, shown = ("t", value.isoformat()) if isinstance(value, datetime) else ("v", value)
    return base64.urlsafe_b64encode(json.dumps([order, 0, kind, shown, code]).encode()).decode()


@pytest.mark.parametrize(
    ("order", "value", "is_read"),
    [
        ("SUBMITTED", "abc", False),
        ("SUBMITTED", datetime(2026, 4, 1, tzinfo=UTC), True),
        ("SUBMITTED", None, True),
        ("OPENING", datetime(2026, 4, 1, tzinfo=UTC), False),
        ("OPENING", "abc", True),
        # No text that is stored, and no instant that can be.
        ("OPENING", "\0", False),
        ("OPENING", "\ud800", False),
        ("SUBMITTED", datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), False),
        ("SUBMITTED", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), False),
    ],
)
async def test_a_cursor_holds_what_its_order_compares(
    place: RowsOffice, order: str, value: SortValue, is_read: bool
) -> None:
    """Who makes one up is told so; PostgreSQL would not take the value."""
    cursor = _made_up(order, value, str(place.applications[0]))
    query = f'{{ applications(orderBy: {order}, after: "{cursor}") {{ edges {{ cursor }} }} }}'
    context = place.context(place.everything, Language.EN)()
    result = await _SCHEMA.execute(query, context_value=context)
    told = [(each.message, each.extensions or {}) for each in result.errors or ()]
    wrong = "after: is not a cursor of this graph; take it from pageInfo or edges"
    assert [message for message, _ in told] == ([] if is_read else [wrong])
    assert all(extensions["code"] == "BAD_USER_INPUT" for _, extensions in told)


_IN = {
    "trainees": (
        "baseIn programIn openingIn specialtyIn yearIn traineeTypeIn stateIn",
        "Trainee",
    ),
    "applications": (
        "baseIn programIn openingIn specialtyIn roundIn stateIn channelIn",
        "Application",
    ),
    "scoreSheets": ("stateIn", "ScoreSheet"),
    "accounts": ("roleIn", "Account"),
}


@pytest.mark.parametrize("field", _IN)
async def test_an_empty_list_of_a_filter_holds_for_none(place: RowsOffice, field: str) -> None:
    """What is null or left out is no condition; a front end with nothing ticked sees nothing."""
    names, type_ = _IN[field]
    engine = Engine(_SCHEMA)
    for name in names.split():
        query = f"""query Listed($filter: {type_}Filter) {{
          all: {field} {{ totalCount }}
          some: {field}(filter: $filter) {{ totalCount edges {{ cursor }} }}
        }}"""
        for wanted, is_listed in (({}, True), ({name: None}, True), ({name: []}, False)):
            for actor in (place.everything, place.actors[1]):
                found = await compare(
                    engine,
                    Generated(query, {"filter": wanted}),
                    place.context(actor, Language.EN),
                )
                data = found.engine.data
                assert data is not None
                if data["some"] is None:
                    continue  # accounts are nothing that everybody may list
                expected = data["all"]["totalCount"] if is_listed else 0
                assert data["some"]["totalCount"] == expected, (name, wanted)
                assert len(data["some"]["edges"]) == expected, (name, wanted)


@pytest.mark.parametrize(
    ("field", "name"),
    [("planIncreases", "states"), ("invitations", "states"), ("notices", "states")],
)
async def test_an_empty_list_of_an_argument_holds_for_none(
    place: RowsOffice, field: str, name: str
) -> None:
    engine = Engine(_SCHEMA)
    query = f"""{{
      all: {field} {{ id }}
      same: {field}({name}: null) {{ id }}
      none: {field}({name}: []) {{ id }}
    }}"""
    found = await compare(
        engine, Generated(query, {}), place.context(place.everything, Language.EN)
    )
    assert found.engine.data is not None
    assert found.engine.data["all"] == found.engine.data["same"] != []
    assert found.engine.data["none"] == []


@pytest.mark.parametrize(
    ("field", "name"),
    [("applications", "baseIn"), ("trainees", "baseIn"), ("trainees", "traineeTypeIn")],
)
async def test_a_filter_of_too_many_is_refused_by_the_name_it_has_in_the_graph(
    place: RowsOffice, field: str, name: str
) -> None:
    values = "SOCIAL " * 1001 if name == "traineeTypeIn" else '"x" ' * 1001
    query = f"{{ {field}(filter: {{{name}: [{values}]}}) {{ totalCount }} }}"
    context = place.context(place.everything, Language.EN)()
    result = await _SCHEMA.execute(query, context_value=context)
    assert [(each.message, each.extensions) for each in result.errors or ()] == [
        (
            f"filter.{name}: must not have more than 1000 entries",
            {"code": "BAD_USER_INPUT", "argument": f"filter.{name}"},
        )
    ]
