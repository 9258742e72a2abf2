"""Tests of zhupei.db.reading and zhupei.db.tables over PostgreSQL: pages, counts, views."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from types import FunctionType
from typing import Any
from uuid import uuid4

import pytest
from tortoise import connections

from rows_of_every_kind import row_sources
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.db.models import Account
from zhupei.db.reading import (
    Condition,
    Order,
    PageQuery,
    among,
    any_of,
    read_objects,
    read_pages,
    read_pages_of,
    select,
)
from zhupei.db.tables import RowSource, RowView, column, expressed
from zhupei.services.admissions.row_sources import TRAINEES

_AT = datetime(2026, 4, 10, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    id: Any
    login: str
    name: str | None
    loud: str

    @property
    def shown(self) -> str:
        return self.name or self.login


_PEOPLE = RowSource(
    described=_Person,
    model=Account,
    alias="p",
    attributes={
        "id": column("id"),
        "login": column("login"),
        "name": column("name", str.strip),
        "loud": expressed("upper({t}.login)"),
    },
    derived={"shown": frozenset({"login", "name"})},
)
_PERSON = among("p.kind", ("person",), "text")


def _page(names: tuple[str, ...] | None = ("login",), **more: Any) -> PageQuery:
    given = {"conditions": (_PERSON,), "order": Order("p.id", "p.name")} | more
    return PageQuery(source=_PEOPLE, view=_PEOPLE.view(names), **given)


@pytest.fixture
async def people(database: Database) -> Database:
    """Six people in the order of their making; two of them have no name."""
    with database.use():
        for number, name in enumerate((None, " c", "a", "b", None, "a")):
            await Account.create(
                kind="person" if number < 5 else "service",
                login=f"l{number}",
                name=name,
                created_at=_AT,
                tokens_valid_from=_AT,
            )
    return database


async def test_a_page_is_read_forwards_and_backwards(people: Database) -> None:
    with people.use():
        forwards = (await read_pages([_page(first=3, placed=True)]))[0]
        assert [row.login for row in forwards.rows] == ["l1", "l2", "l3"]
        assert forwards.total is None
        last = forwards.rows[-1]
        value, place = last[1], last[2]
        order = Order("p.id", "p.name")
        after = order.beyond(value, place, backwards=False)
        (rest,) = await read_pages([_page(first=9, beyond=after)])
        assert [row.login for row in rest.rows] == ["l0", "l4"]
        before = order.beyond(value, place, backwards=True)
        (front,) = await read_pages([_page(first=1, beyond=before, backwards=True)])
        assert [row.login for row in front.rows] == ["l2"]
        (end,) = await read_pages([_page(first=2, backwards=True)])
        assert [row.login for row in end.rows] == ["l0", "l4"]
        among_unknown = order.beyond(None, place, backwards=False)
        assert among_unknown == Condition("((p.name IS NULL AND p.id > ?))", (place,))


@pytest.mark.parametrize("descending", [False, True])
async def test_pages_by_id_are_whole_and_do_not_overlap(people: Database, descending: bool) -> None:
    order = Order("p.id", None, descending)
    with people.use():
        (everything,) = await read_pages([_page(("id", "login"), first=9, order=order)])
        expected = [row.login for row in everything.rows]
        assert expected == sorted(expected, reverse=descending)
        found: list[str] = []
        beyond = None
        while True:
            query = _page(("id", "login"), first=2, order=order, beyond=beyond)
            (page,) = await read_pages([query])
            if not page.rows:
                break
            found += [row.login for row in page.rows]
            beyond = order.beyond(None, page.rows[-1].id, backwards=False)
    assert found == expected


async def test_counts_of_several_lists_share_a_statement(
    people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Condition("p.name IS NOT NULL")
    some = among("p.login", ("l1", "l2", "l5"), "text")
    texts: list[str] = []
    with people.use():
        client: Any = connections.get("default")
        original = client.read_rows

        async def watched(statement: str, *more: Any) -> Any:
            texts.append(statement)
            return await original(statement, *more)

        monkeypatch.setattr(client, "read_rows", watched)
        found = await read_pages(
            [
                _page(first=1, counted=True),
                _page(conditions=(_PERSON, named), counted=True),
                _page(conditions=(_PERSON, some, named), counted=True),
                _page(conditions=(Condition("false"),), first=1, counted=True),
            ]
        )
        assert [page.total for page in found] == [5, 3, 2, 0]
        assert [len(page.rows) for page in found] == [1, 0, 0, 0]
        assert len(texts) == 2
        texts.clear()
        # What no list counts is not gone through.
        await read_pages(
            [
                _page(conditions=(_PERSON, named), counted=True),
                _page(conditions=(_PERSON, some), counted=True),
            ]
        )
    (text,) = texts
    assert text == (
        "SELECT count(*) FILTER (WHERE p.name IS NOT NULL) AS n0, "
        "count(*) FILTER (WHERE p.login = ANY($2::text[])) AS n1 "
        'FROM "account" p WHERE p.kind = $1::text AND '
        "((p.name IS NOT NULL) OR (p.login = ANY($2::text[])))"
    )


async def test_a_count_does_not_begin_at_a_place(people: Database) -> None:
    order = Order("p.id", "p.name")
    with people.use():
        beyond = order.beyond("b", "01900000-0000-7000-8000-000000000000", backwards=False)
        (found,) = await read_pages([_page(beyond=beyond, counted=True)])
    assert (found.total, list(found.rows)) == (5, [])


async def test_a_view_has_what_was_asked_for_and_nothing_else(people: Database) -> None:
    with people.use():
        (page,) = await read_pages([_page(("shown", "loud"), first=1)])
    (row,) = page.rows
    assert isinstance(row, RowView)
    assert isinstance(row, _PEOPLE.shown)
    assert (row.login, row.name, row.shown, row.loud) == ("l1", "c", "c", "L1")
    with pytest.raises(AttributeError):
        row.id  # noqa: B018 - reading it is what fails
    assert _PEOPLE.view(("loud", "shown")) is _PEOPLE.view(("shown", "loud"))
    with pytest.raises(KeyError):
        _PEOPLE.view(("nothing",))
    assert _PEOPLE.knows(("id", "shown"))
    assert not _PEOPLE.knows(("nothing",))


def test_views_are_bounded() -> None:
    """Whoever asks for ever other fields does not fill the memory."""
    first = TRAINEES.view(("id",))
    names = sorted(TRAINEES.attributes)
    for number in range(600):
        TRAINEES.view(tuple(name for at, name in enumerate(names) if number >> at & 1) or ("id",))
    assert len(TRAINEES._views) <= 512
    # One that went is made again, alike.
    assert TRAINEES.view(("id",)).select == first.select


async def test_a_row_of_all_attributes_is_the_object(people: Database) -> None:
    with people.use():
        (page,) = await read_pages([_page(None, first=1)])
    found = _PEOPLE.whole(page.rows[0])
    assert found == _Person(id=page.rows[0].id, login="l1", name="c", loud="L1")


async def test_every_column_and_property_is_there(database: Database) -> None:
    """The models say which columns there are; the classes which attributes objects have."""
    sources = {id(source): (name, source) for name, source in row_sources().items()}
    assert len(sources) == 28
    for name, source in sources.values():
        fields = {each.name for each in dataclasses.fields(source.described)}
        assert fields <= set(source.attributes), name
        view = source.view(None)
        with database.use():
            statement = f"SELECT {', '.join(view.select)} FROM {source.table}"
            assert await select(statement, ()) == [], name
        for derived, needed in source.derived.items():
            assert isinstance(vars(source.described)[derived], property | FunctionType), name
            assert needed <= set(source.attributes), name
            assert source.view((derived,)).width == len(needed), name


async def test_pages_of_many_are_one_statement(people: Database) -> None:
    """Each key has a page of its own, from a place on, and its count; one without rows as well."""
    with people.use():
        shown = ("login",)
        query = _page(shown, first=2, counted=True, placed=True)
        found = await read_pages_of(query, "coalesce(p.name, '')", ["a", "", "none", "a"])
        assert [[row.login for row in page.rows] for page in found] == [
            ["l2"], ["l0", "l4"], [], ["l2"],
        ]  # fmt: skip
        assert [page.total for page in found] == [1, 2, 0, 1]
        # Places are those of pages that are read alone.
        (alone,) = await read_pages([_page(shown, first=1, placed=True)])
        _, value, place = tuple(alone.rows[0])[:3]
        after = Order("p.id", "p.name").beyond(value, place, backwards=False)
        rest = await read_pages_of(_page(shown, first=9, beyond=after), "p.kind", ["person", "x"])
        assert [[row.login for row in page.rows] for page in rest] == [["l2", "l3", "l0", "l4"], []]
        assert [page.total for page in rest] == [None, None]
        back = await read_pages_of(_page(shown, first=2, backwards=True), "p.kind", ["person"])
        assert [[row.login for row in page.rows] for page in back] == [["l0", "l4"]]
        counts = await read_pages_of(_page(shown, counted=True), "p.kind", ["person", "service"])
        assert [(page.total, list(page.rows)) for page in counts] == [(5, []), (0, [])]
        by_id = await read_pages_of(_page(("id",), first=1), "p.id", [alone.rows[0][2], uuid4()])
        assert [len(page.rows) for page in by_id] == [1, 0]


async def test_objects_are_read_whole(people: Database) -> None:
    with people.use():
        found = await read_objects(_page(None), 2)
    assert [(type(each), each.login) for each in found] == [(_Person, "l1"), (_Person, "l2")]


def test_conditions_are_written_for_one_and_for_many() -> None:
    assert among("t.x", ("a",), "text") == Condition("t.x = ?::text", ("a",))
    assert among("t.x", ["a", "b"], "text") == Condition("t.x = ANY(?::text[])", (("a", "b"),))
    assert any_of([]) == Condition("false")
    assert any_of([Condition("a", (1,))]) == Condition("a", (1,))
    both = any_of([Condition("a = ?", (1,)), Condition("b")])
    assert both == Condition("(a = ? OR b)", (1,))


async def test_a_lost_database_is_told_as_such(people: Database) -> None:
    with people.use():
        with pytest.raises(DatabaseUnavailableError):
            await select("SELECT pg_terminate_backend(pg_backend_pid())", ())
        # The next one gets another connection.
        assert [row[0] for row in await select("SELECT 1", ())] == [1]


async def test_reading_leaves_nothing_behind_in_a_connection(people: Database) -> None:
    with people.use():
        client: Any = connections.get("default")
        await client.execute_query("SET statement_timeout = 1234")
        for _ in range(6):
            ((shown,),) = await select("SHOW statement_timeout", ())
            assert shown == "0"
