"""Tests of zhupei.services.changes: told after the commit, in every process, nothing missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from admissions_office import HOSPITAL, Office, done, sample_catalogue
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.domain.admission_case import BulkOutcome
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.changes import (
    ApplicationChanged,
    Change,
    ChangeFeed,
    FeedClosedError,
    Missed,
    RoundChanged,
    RoundChangeKind,
    Watch,
    announce,
)

ROUND = RoundChanged(root_program="p", round="batch-1", kind=RoundChangeKind.FROZEN)


def changed(application: UUID | None = None) -> ApplicationChanged:
    return ApplicationChanged(
        application=application or uuid4(),
        applicant=uuid4(),
        base="sample-hospital",
        program="程序",
        root_program="root",
        round="",
    )


@asynccontextmanager
async def feed_of(database: Database) -> AsyncIterator[ChangeFeed]:
    feed = ChangeFeed(database.own_connection)
    yield feed
    await feed.aclose()


async def told(watch: Watch, count: int = 1) -> list[Change | Missed | None]:
    return [await watch.take(5) for _ in range(count)]


async def tell(database: Database, *changes: Change) -> None:
    with database.use():
        async with in_transaction() as connection:
            await announce(connection, changes)


async def test_a_watch_begins_with_missed_and_then_tells_what_is_committed(
    database: Database,
) -> None:
    first, second = changed(), changed()
    async with feed_of(database) as feed, feed.watch(lambda _: True) as watch:
        assert await told(watch) == [Missed()]
        await tell(database, first, second, ROUND)
        assert await told(watch, 3) == [first, second, ROUND]
        assert await watch.take(0) is None


async def test_what_is_rolled_back_is_never_told(database: Database) -> None:
    kept, dropped = changed(), changed()

    async def fail() -> None:
        async with in_transaction() as connection:
            await announce(connection, [dropped])
            raise LookupError

    async with feed_of(database) as feed, feed.watch(lambda _: True) as watch:
        assert await told(watch) == [Missed()]
        with database.use(), pytest.raises(LookupError):
            await fail()
        await tell(database, kept)
        assert await told(watch) == [kept]


async def test_two_processes_hear_of_it_and_only_what_they_want(database: Database) -> None:
    one, other = changed(), changed()
    async with feed_of(database) as here, feed_of(database) as there:

        def wanted(change: Change) -> bool:
            return change == one

        async with here.watch(lambda _: True) as everything, there.watch(wanted) as some:
            assert await told(everything) + await told(some) == [Missed(), Missed()]
            await tell(database, other, one)
            assert await told(everything, 2) == [other, one]
            assert await told(some) == [one]
            assert (here.watches, there.watches) == (1, 1)
        assert (here.watches, there.watches) == (0, 0)


def test_changes_of_one_application_that_nobody_took_are_one() -> None:
    watch = Watch(lambda _: True, 10)
    assert asyncio.run(watch.take(0)) == Missed()
    first = changed()
    other = changed()
    for change in (first, other, replace(first, round="batch-2"), ROUND, ROUND):
        watch.offer(change)
    taken = [asyncio.run(watch.take(0)) for _ in range(4)]
    assert taken == [first, other, ROUND, None]


def test_a_watcher_that_is_too_slow_is_told_to_read_again_and_keeps_little() -> None:
    watch = Watch(lambda _: True, 3)
    asyncio.run(watch.take(0))
    for _ in range(10_000):
        watch.offer(changed())
    assert len(watch._waiting) == 1
    assert asyncio.run(watch.take(0)) == Missed()
    assert asyncio.run(watch.take(0)) is None


async def test_a_lost_connection_is_replaced_and_says_that_something_may_be_missed(
    database: Database, database_url: str
) -> None:
    async with feed_of(database) as feed, feed.watch(lambda _: True) as watch:
        assert await told(watch) == [Missed()]
        killer = await asyncpg.connect(database_url)
        for _ in range(3):
            killed = await killer.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
            assert killed == 1
            assert await told(watch) == [Missed()]
            # Told by the connection that took its place.
            await tell(database, ROUND)
            assert await told(watch) == [ROUND]
        await killer.close()


async def test_a_message_of_another_release_says_that_something_may_be_missed(
    database: Database,
) -> None:
    async with feed_of(database) as feed, feed.watch(lambda _: False) as watch:
        assert await told(watch) == [Missed()]
        for payload in ('["room","a"]', "{}", "[", '["round","a"]', '["application","a"]', "7"):
            with database.use():
                async with in_transaction() as connection:
                    await connection.execute_query_dict(
                        "SELECT pg_notify('zhupei_changes', $1)", [payload]
                    )
            assert await told(watch) == [Missed()]


async def test_closing_ends_every_watch_and_leaves_no_connection(
    database: Database, database_url: str
) -> None:
    feed = ChangeFeed(database.own_connection)
    async with feed.watch(lambda _: True) as watch:
        await told(watch)
        waiting = asyncio.create_task(watch.take())
        await asyncio.sleep(0)
        feed.close()
        with pytest.raises(FeedClosedError):
            await waiting
    await feed.aclose()
    with pytest.raises(FeedClosedError):
        async with feed.watch(lambda _: True):
            pytest.fail("the feed is closed")
    watcher = await asyncpg.connect(database_url)
    async with asyncio.timeout(5):
        while await watcher.fetchval(  # noqa: ASYNC110 - a row, not an event
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ):
            await asyncio.sleep(0.01)
    await watcher.close()


async def test_without_a_database_a_watch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhupei.services.changes._READY_SECONDS", 0.3)

    feed = ChangeFeed(Database(data_dir=Path(), url="postgresql://u@[::1]:1/d").own_connection)
    with pytest.raises(DatabaseUnavailableError) as caught:
        async with feed.watch(lambda _: True):
            pytest.fail("there is no database")
    assert caught.value.message.en == "the database does not answer"
    assert feed.watches == 0
    await feed.aclose()


async def test_transitions_freezes_lists_and_plans_are_announced(database: Database) -> None:
    """Issue 3, part 6: every transition, and what happens to a round as a whole."""
    office = Office(database, await sample_catalogue())
    async with feed_of(database) as feed, feed.watch(lambda _: True) as watch:
        assert await told(watch) == [Missed()]
        case = await office.submitted()
        (drafted,) = await told(watch)
        assert drafted == ApplicationChanged(
            application=case.id,
            applicant=case.applicant,
            base="sample-hospital",
            program=case.program,
            root_program=case.root_program,
            round="batch-1",
        )
        office.go("2026-04-27T09:00")
        await office.reviewed(case)
        office.go("2026-05-11T10:00")
        while await watch.take(0.2) is not None:
            pass

        def of(kind: RoundChangeKind) -> RoundChanged:
            return RoundChanged(root_program=case.root_program, round="batch-1", kind=kind)

        # A dry run changes nothing and tells nothing.
        done(await office.publish(case, dry_run=True))
        outcome = done(await office.publish(case))
        assert set(await told(watch, 2)) == {drafted, of(RoundChangeKind.LIST_PUBLISHED)}
        assert isinstance(outcome, BulkOutcome)
        assert outcome.operation is not None
        done(
            await admissions.revert_bulk(
                office.authority(),
                inputs.RevertBulkInput(operation=outcome.operation, reason="重新公示"),
            )
        )
        assert set(await told(watch, 2)) == {drafted, of(RoundChangeKind.LIST_WITHDRAWN)}
        freeze = inputs.FreezeRoundInput(program=HOSPITAL, round="batch-1", reason="核查")
        done(await admissions.freeze_round(office.authority(), freeze))
        # Freezing twice is freezing once.
        done(await admissions.freeze_round(office.authority(), freeze))
        lift = inputs.LiftFreezeInput(program=HOSPITAL, round="batch-1", reason="核查完毕")
        done(await admissions.lift_freeze(office.authority(), lift))
        assert await told(watch, 2) == [
            of(RoundChangeKind.FROZEN),
            of(RoundChangeKind.FREEZE_LIFTED),
        ]
        assert await watch.take(0.2) is None
