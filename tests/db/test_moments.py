"""Tests of zhupei.db.moments: over PostgreSQL, to which other tests write at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from zhupei.db import moments
from zhupei.db.connection import Database
from zhupei.db.moments import Moments, Sessions, follows_from_rows


@pytest.fixture
async def other(database_url: str) -> Any:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE noticeboard (notice text)")
    yield connection
    await connection.close()


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have others' writing count as calm."""
    monkeypatch.setattr(moments, "_CALM_SECONDS", 0.0)


@pytest.mark.usefixtures("always")
async def test_a_moment_lasts_until_somebody_has_written(database: Database, other: Any) -> None:
    asked = Moments(database.read)
    # Other tests write to the same server: now and then they do not.
    for _ in range(500):
        before = await asked.now()
        await other.fetch("SELECT * FROM noticeboard")
        if await asked.now() == before:
            break
    else:
        pytest.fail("no two moments were equal, though nobody wrote between them")
    for number in range(20):
        before = await asked.now()
        await other.execute("INSERT INTO noticeboard VALUES ($1)", str(number))
        assert await asked.now() != before


@pytest.mark.usefixtures("always")
async def test_what_is_not_committed_yet_changes_the_moment_when_it_is(
    database: Database, other: Any
) -> None:
    asked = Moments(database.read)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("INSERT INTO noticeboard VALUES ('later')")
    before = await asked.now()
    assert await database.read("SELECT notice FROM noticeboard", ()) == []
    await transaction.commit()
    assert await asked.now() != before
    assert len(await database.read("SELECT notice FROM noticeboard", ())) == 1


class _Told:
    """Answers with moments as they are set."""

    def __init__(self) -> None:
        self.moment, self.asked, self.elapsed = ("1:1:", "started"), 0, 100.0

    async def __call__(
        self, _: str, values: Sequence[Any], __: type[Any], ___: float | None
    ) -> list[Any]:
        assert values == ()
        self.asked += 1
        # The number of a question that went with others comes last.
        return [(*self.moment, 0)]

    def moments(self) -> Moments:
        return Moments(self, elapsed=lambda: self.elapsed, sessions=Sessions())


async def test_a_server_that_was_started_anew_is_another_one() -> None:
    told = _Told()
    asked = told.moments()
    before = await asked.now()
    told.elapsed += 1
    assert await asked.now() == before
    told.moment = ("1:1:", "started again")
    assert await asked.now() != before


async def test_while_others_write_it_is_asked_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moments, "_CALM_SECONDS", 0.05)
    told = _Told()
    asked = told.moments()
    assert await asked.now() == ("1:1:", "started", 0)
    for number in range(100):
        told.elapsed += 0.01
        told.moment = (f"{number}:{number}:", "started")
        found = await asked.now()
        assert found in {None, (*told.moment, 0)}
    # Each 50 ms, of which each 10 had another moment.
    assert 15 <= told.asked <= 22
    told.elapsed += 1
    calm = [await asked.now() for _ in range(5)]
    assert calm == [(*told.moment, 0)] * 5


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT r."now", r."current_date" FROM "random" r WHERE r."at" > $1',
        "SELECT r.id FROM r WHERE r.text = 'now()'",
        "SELECT md5($1::text || coalesce(string_agg(r::text, E'\\n'), '')) FROM (SELECT 1) r",
        "SELECT count(*), lower(r.name) FROM knowledge r",
    ],
)
def test_a_statement_that_looks_at_rows_only_is_told_by_the_moment(statement: str) -> None:
    assert follows_from_rows(statement)


@pytest.mark.parametrize(
    "looks_at",
    [
        "now()",
        "NOW()",
        "CURRENT_DATE",
        "current_timestamp",
        "localtime",
        "clock_timestamp()",
        "pg_catalog.now()",
        "age(r.at)",
        "random()",
        "gen_random_uuid()",
        "nextval('numbers')",
        "current_setting('TimeZone')",
        "pg_sleep(1)",
        "current_user",
        "user",
        "'now'::timestamptz",
        "' Today 12:00'::timestamptz",
        "E'it\\'s' || now() || 'here'",
        "$$it's$$ || now() || $$'$$",
        "0 FOR UPDATE SKIP LOCKED",
    ],
)
def test_a_statement_that_looks_at_anything_else_is_not(looks_at: str) -> None:
    assert not follows_from_rows(f"SELECT r.id FROM r WHERE r.at < {looks_at}")
