"""Rows that are written column by column: what is there, what is not, and what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from asked_graph import core_graph
from generated_operations import Generated
from rows_office import RowsOffice, rows_office
from same_answer import Compared, compare
from zhupei.catalogue import Catalogue
from zhupei.db.connection import Database
from zhupei.db.models import TraineeRow
from zhupei.domain.actors import Actor
from zhupei.domain.text import Language
from zhupei.graphql.engine import Engine
from zhupei.services.admissions.row_sources import TRAINEES

_SCHEMA = core_graph().schema
_PAGE = """{ trainees { __typename totalCount edges { __typename cursor node {
  __typename id state stateLabel year traineeType specialtyCode startedOn months endsOn
  registeredAt base { code name } opening { specialtyName } payments { id amount month }
} } } }"""


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


def _office(place: RowsOffice) -> Actor:
    return next(
        each
        for each in place.actors
        if each is not None and {grant.role for grant in each.grants} == {"base_office"}
    )


async def _asked(place: RowsOffice, engine: Engine, text: str) -> Compared:
    context = place.context(_office(place), Language.EN)
    return await compare(engine, Generated(text, {}), context)


def _nodes(found: Compared) -> list[dict[str, Any]]:
    assert found.engine.data is not None
    return [each["node"] for each in found.engine.data["trainees"]["edges"]]


def _texts(engine: Engine) -> str:
    (prepared,) = engine.questions.operations.values()
    (plan,) = prepared.plans.values()
    assert plan is not None
    return "\n".join(unit.text for unit in plan.units)


async def test_a_page_is_written_by_columns(place: RowsOffice) -> None:
    """R156: every way of a column, and records that belong to a row, as graphql-core has them."""
    engine = Engine(_SCHEMA)
    found = await _asked(place, engine, _PAGE)
    assert found.errors == []
    assert len(_nodes(found)) == 2
    assert {each["__typename"] for each in _nodes(found)} == {"Trainee"}
    assert any(each["payments"] for each in _nodes(found))
    text = _texts(engine)
    assert text.count("list(zip(*") == 2  # trainees and payments
    assert ".append(" not in text
    assert engine.counts.repaired == 0


_RELATIONS = """query ($is: Boolean = true) { trainees { edges { node {
  base { code openings(first: 1) { totalCount @include(if: $is) } }
  opening { specialtyName isOpen } state
} } } }"""


async def test_what_a_column_leads_to_in_the_catalogue_is_written_once(place: RowsOffice) -> None:
    """Of each base; in each language, of each catalogue, with each value of what is asked below.

    The clock has a say in an opening, so that none of these is kept.
    """
    engine, catalogue = Engine(_SCHEMA), place.office.loaded.catalogue
    anew = replace(catalogue, bases={**catalogue.bases})

    async def made(language: Language, catalogue: Catalogue, *, is_: bool) -> int:
        context = place.context(_office(place), language)
        before = engine.counts.parts
        asked = Generated(_RELATIONS, {"is": is_})
        found = await compare(engine, asked, lambda: replace(context(), catalogue=catalogue))
        assert found.errors == []
        assert {each["base"]["code"] for each in _nodes(found)} == {"sample-hospital"}
        return engine.counts.parts - before

    for expected in (1, 0):
        assert await made(Language.EN, catalogue, is_=True) == expected
        assert await made(Language.EN, catalogue, is_=False) == expected
        assert await made(Language.ZH, catalogue, is_=True) == expected
    assert await made(Language.ZH, anew, is_=True) == 1
    assert engine.counts.repaired == 0


async def test_no_rows_are_an_empty_list(place: RowsOffice) -> None:
    engine = Engine(_SCHEMA)
    found = await _asked(
        place, engine, _PAGE.replace("trainees {", "trainees(filter: {yearIn: [1999]}) {", 1)
    )
    assert found.errors == []
    assert _nodes(found) == []
    assert engine.counts.repaired == 0


async def test_codes_that_left_the_catalogue_and_unknown_values_are_null(place: RowsOffice) -> None:
    await TraineeRow.filter(id=place.trainees[0]).update(
        opening_code="gone/2020/0100", months=None, least_months=None, ends_on=None
    )
    engine = Engine(_SCHEMA)
    found = await _asked(place, engine, _PAGE)
    assert found.errors == []
    by_id = {each["id"]: each for each in _nodes(found)}
    changed = by_id[str(place.trainees[0])]
    assert (changed["opening"], changed["months"], changed["endsOn"]) == (None, None, None)
    assert all(each["opening"] for id_, each in by_id.items() if each is not changed)
    assert engine.counts.repaired == 0


async def test_a_value_that_no_type_allows_is_left_to_graphql_core(place: RowsOffice) -> None:
    await TraineeRow.filter(id=place.trainees[0]).update(trainee_type="NOBODY")
    engine = Engine(_SCHEMA)
    result = await engine.execute(_PAGE, context_value=place.context(_office(place), Language.EN)())
    assert result.errors is not None
    (error,) = result.errors
    # Read by columns the value is wrong alone; as a whole object it would be the row.
    assert (error.path or [])[-1] == "traineeType"
    assert result.data is not None
    nodes = [each["node"] for each in result.data["trainees"]["edges"]]
    assert [each["traineeType"] for each in nodes].count(None) == 1
    assert all(each["payments"] is not None for each in nodes)


def test_a_column_is_taken_as_it_is_only_where_its_type_says_what_it_holds() -> None:
    view = TRAINEES.view({"id", "state", "state_label", "months", "profile", "earliest_end"})
    held = dict(zip(view.select, view.held, strict=True))
    assert {name: None if each is None else each.null for name, each in held.items()} == {
        't."id"': False,
        't."state"': None,
        't."months"': True,
        't."profile"': None,
        't."least_months"': True,
        't."started_on"': False,
    }
    state = view.positions[frozenset({"state"})]
    assert view.positions[frozenset({"state_label"})] == state
    # It follows from two columns.
    assert frozenset({"earliest_end"}) not in view.positions
