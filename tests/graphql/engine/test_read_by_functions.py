"""What functions read: papers, explanations of an allocation, actions; and who asks, unread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from asked_graph import core_graph
from generated_operations import Generated
from rows_office import Judge, RowsOffice, rows_office
from same_answer import compare
from zhupei.db.connection import Database
from zhupei.db.models import AllocationRunRow, ApplicationRow
from zhupei.domain.text import Language
from zhupei.graphql.engine import Engine
from zhupei.noted_reads import NotedReads, noting

_SCHEMA = core_graph().schema
_PAPERS = 'papers(application: "APPLICATION") { kind label due reason pdf page }'
_EXPLANATION = (
    'allocationExplanation(application: "APPLICATION") '
    "{ applicationId runId text reasons { preference place verdict total cutOff tie } }"
)
_ACTIONS = (
    "applications(first: 50) { edges { node { id allowedActions { action allowed reason } } } }"
)
_VIEWER = (
    "viewer { accountId kind name permissions scopes "
    "grants { role label base { code } specialty jurisdiction { code } } }"
)
_TRAINEE_TYPE = "a.details->'candidate'->>'trainee_type'"
_DECIDES = {
    'a."applicant_id"',
    'a."base_code"',
    'a."channel"',
    'a."opening_code"',
    'a."submitted_at"',
    _TRAINEE_TYPE,
}


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


def _filled(place: RowsOffice, query: str) -> str:
    """Return a query about the application that took part in a run."""
    return "{ " + query.replace("APPLICATION", str(place.applications[0])) + " }"


async def _asked(
    place: RowsOffice, statements: list[str], query: str
) -> tuple[list[tuple[str, set[str]]], Any]:
    """Return the table and columns of each statement, and the data."""
    statements.clear()
    context = place.context(place.everything, Language.EN)()
    result = await _SCHEMA.execute(_filled(place, query), context_value=context)
    assert result.errors is None, result.errors
    return list(map(_selected, statements)), result.data


def _selected(statement: str) -> tuple[str, set[str]]:
    columns, _, rest = statement.removeprefix("SELECT ").partition(" FROM ")
    return rest.split()[0].strip('"'), {each.partition(" AS ")[0] for each in columns.split(", ")}


async def test_papers_are_told_by_what_decides_about_them(
    place: RowsOffice, statements: list[str]
) -> None:
    seen, data = await _asked(place, statements, _PAPERS)
    # Round, last day of report and facts decide on what a letter could not say (R217).
    of_letter = {'a."round_code"', 'a."report_by"', "a.details->'candidate'"}
    assert seen == [("application", {'a."id"', 'a."state"', *_DECIDES, *of_letter})]
    assert [each["kind"] for each in data["papers"]][:2] == ["CHECKLIST", "LETTER"]


async def test_papers_of_an_opening_that_left_the_catalogue_are_none(
    place: RowsOffice, statements: list[str]
) -> None:
    """It was an internal error: the rules that papers follow from are not known any more."""
    await ApplicationRow.filter(id=place.applications[0]).update(
        opening_code="sample-residency-2026/sample-hospital/9999"
    )
    _, data = await _asked(place, statements, _PAPERS)
    assert data == {"papers": []}


async def test_an_explanation_reads_what_it_speaks_of(
    place: RowsOffice, statements: list[str]
) -> None:
    """Neither figures of the run nor facts of the person: columns of each, and no whole row."""
    seen, data = await _asked(place, statements, _EXPLANATION)
    assert data["allocationExplanation"]["reasons"] != []
    assert [table for table, _ in seen] == [
        "application",
        "allocation_run",
        "allocation_choice",
        "allocation_place",
        "allocation_choice",
        "application",
    ]
    application, run, *_, left_out = [columns for _, columns in seen]
    assert application == {'a."id"', *_DECIDES}
    assert {each.partition(".")[2] for each in run} == {
        *('"id"', '"proposed_at"', '"root_program_code"', '"round_code"')
    }
    assert left_out == {'a."opening_code"', 'a."preference"'}


async def test_pay_and_what_stands_against_a_sheet_read_what_they_look_at(
    place: RowsOffice, statements: list[str]
) -> None:
    """Neither reasons and notes nor the numbers that sheets are listed with."""
    seen, data = await _asked(
        place, statements, 'trainees { edges { node { subsidies(month: "2026-09") { months } } } }'
    )
    assert data["trainees"]["edges"] != []
    assert seen[0][0] == "trainee"
    assert {each.partition(".")[2].strip('"') for each in seen[0][1]} == {
        *("applicant_id", "base_code", "ended_on", "ends_on", "id", "opening_code", "profile"),
        *("program_code", "specialty_code", "started_on"),
    }
    seen, data = await _asked(
        place, statements, "scoreSheets { edges { node { standsAgainst { message } } } }"
    )
    assert data["scoreSheets"]["edges"] != []
    assert seen[0] == (
        "score_sheet",
        {'h."base_code"', 'h."id"', 'h."opening_code"', "h.rows", 'h."state"'},
    )


async def test_an_explanation_is_of_the_latest_run(
    place: RowsOffice, statements: list[str]
) -> None:
    await place.kinds.more(2)
    runs = await AllocationRunRow.all().order_by("id")
    assert len(runs) == 3
    seen, data = await _asked(place, statements, _EXPLANATION)
    assert data["allocationExplanation"]["runId"] == str(runs[-1].id)
    assert len(seen) == 6


async def test_actions_look_at_columns_of_what_is_around(
    place: RowsOffice, statements: list[str]
) -> None:
    """Lists, trainees, bans, other applications, invitations, consents: never whole rows."""
    seen, data = await _asked(place, statements, _ACTIONS)
    nodes = [each["node"] for each in data["applications"]["edges"]]
    assert any(action["allowed"] for node in nodes for action in node["allowedActions"])
    columns = [(table, each) for table, wanted in seen for each in wanted]
    assert {"application", "trainee", "round_freeze"} <= {table for table, _ in columns}
    heavy = ("details", "profile", "facts", "evidence", "content", "entries")
    assert [
        (table, each)
        for table, each in columns
        if each != _TRAINEE_TYPE and any(name in each for name in heavy)
    ] == []
    assert max(len(wanted) for _, wanted in seen) <= 15


async def test_who_asks_is_known_without_a_statement(
    place: RowsOffice, statements: list[str]
) -> None:
    seen, data = await _asked(place, statements, _VIEWER)
    assert seen == []
    assert "applications.read" in data["viewer"]["permissions"]


_JUDGES = (
    None,
    Judge({"applications.read": False, "papers.read": True}),
    Judge({"scores.read": RuntimeError("down"), "papers.read": RuntimeError("down")}),
)


@pytest.mark.parametrize("judges", [(None,), pytest.param(_JUDGES, marks=pytest.mark.slow)])
async def test_they_are_as_graphql_core_has_them(
    place: RowsOffice, judges: tuple[Judge | None, ...]
) -> None:
    """For every reach of a role, and with a plugin that allows, refuses and fails."""
    engine, seen = Engine(_SCHEMA), 0
    for query in (_PAPERS, _EXPLANATION, _ACTIONS, _VIEWER):
        for actor in place.actors:
            for judge in judges:
                context = place.context(actor, Language.EN, judge)
                found = await compare(engine, Generated(_filled(place, query), {}), context)
                seen += not found.errors
    assert seen > 20 * len(judges)
    assert engine.counts.repaired == 0


@pytest.mark.parametrize(
    ("query", "reads"),
    [(_VIEWER, 0), (_PAPERS, 1), (_EXPLANATION, 6), (f"{_VIEWER} {_PAPERS}", 1)],
)
async def test_what_follows_from_rows_is_noted(place: RowsOffice, query: str, reads: int) -> None:
    noted = NotedReads()
    token = noting.set(noted)
    try:
        answer: Any = await Engine(_SCHEMA).execute(
            _filled(place, query), None, place.context(place.everything, Language.EN)()
        )
    finally:
        noting.reset(token)
    assert answer.errors is None
    assert (answer.noted, noted.is_spoiled, len(noted.reads)) == (True, False, reads)
