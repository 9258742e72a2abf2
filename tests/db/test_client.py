"""Tests of zhupei.db.client: connections are lost and requests cancelled, on the real server."""

from __future__ import annotations

import asyncio
import traceback
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from lost_connections import kill_connections, single
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.db.embedded import EmbeddedPostgres
from zhupei.db.models import Applicant, CatalogueVersion

_GONE = "the connection to the database was lost"
_UNKNOWN = (
    "the connection to the database was lost while committing: whether it was written is unknown"
)


def version(name: str) -> CatalogueVersion:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return CatalogueVersion(
        hash=name,
        first_loaded_at=moment,
        last_loaded_at=moment,
        bases=0,
        programs=0,
        openings=0,
    )


async def test_a_transaction_whose_connection_was_lost_before_it_begins_with_another(
    database_url: str,
) -> None:
    async with single(database_url):
        for number in range(3):
            assert await CatalogueVersion.all().count() == number
            assert kill_connections(database_url) == 1
            async with in_transaction():
                await version(f"v{number}").save(force_create=True)
        assert await CatalogueVersion.all().count() == 3


async def test_a_connection_lost_inside_a_transaction_is_told_and_replaced(
    database_url: str,
) -> None:
    async def lose() -> None:
        async with in_transaction():
            await version("lost").save(force_create=True)
            assert kill_connections(database_url) == 1
            await CatalogueVersion.all().count()

    async with single(database_url):
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError) as caught:
                await lose()
            assert caught.value.message.en == _GONE
            # The same task, and the only place of the pool.
            assert await CatalogueVersion.all().count() == 0


async def test_a_connection_lost_at_the_commit_leaves_the_outcome_open(database_url: str) -> None:
    async def lose() -> None:
        async with in_transaction():
            await version("lost").save(force_create=True)
            assert kill_connections(database_url) == 1

    async with single(database_url):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await lose()
        assert caught.value.message.en == _UNKNOWN
        assert await CatalogueVersion.all().count() == 0


async def test_a_connection_lost_in_a_savepoint_ends_the_transaction_around_it(
    database_url: str,
) -> None:
    async def lose() -> None:
        async with in_transaction(), in_transaction():
            await version("lost").save(force_create=True)
            assert kill_connections(database_url) == 1
            await CatalogueVersion.all().count()

    async with single(database_url):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await lose()
        assert caught.value.message.en == _GONE
        assert await CatalogueVersion.all().count() == 0


async def test_a_statement_on_a_lost_connection_is_told_and_the_next_one_works(
    database_url: str,
) -> None:
    async with single(database_url):
        assert await CatalogueVersion.all().count() == 0
        assert kill_connections(database_url) == 1
        with pytest.raises(DatabaseUnavailableError) as caught:
            await CatalogueVersion.all().count()
        assert caught.value.message.en == _GONE
        assert await CatalogueVersion.all().count() == 0


async def test_an_error_is_not_hidden_by_the_rollback_that_fails_after_it(
    database_url: str,
) -> None:
    async def fail() -> None:
        async with in_transaction():
            await version("lost").save(force_create=True)
            assert kill_connections(database_url) == 1
            raise LookupError("the cause")

    async with single(database_url):
        with pytest.raises(LookupError, match="the cause"):
            await fail()
        assert await CatalogueVersion.all().count() == 0


async def test_a_savepoint_that_fails_leaves_the_rest_of_the_transaction(
    database_url: str,
) -> None:
    async def fail() -> None:
        async with in_transaction():
            await version("dropped").save(force_create=True)
            raise LookupError("the cause")

    async with single(database_url):
        async with in_transaction():
            await version("kept").save(force_create=True)
            with pytest.raises(LookupError, match="the cause"):
                await fail()
        assert [row.hash for row in await CatalogueVersion.all()] == ["kept"]


async def test_a_request_cancelled_anywhere_gives_back_and_leaves_nothing_half_done(
    database_url: str,
) -> None:
    """Cancelled after each number of turns of the loop, from before BEGIN to after COMMIT."""
    async with single(database_url):
        finished = cancelled = 0

        async def two(name: str) -> None:
            async with in_transaction():
                await version(f"{name}a").save(force_create=True)
                await version(f"{name}b").save(force_create=True)

        for turns in range(60):
            task = asyncio.create_task(two(uuid4().hex[:20]))
            for _ in range(turns):
                await asyncio.sleep(0.0002)
            task.cancel()
            try:
                await task
                finished += 1
            except asyncio.CancelledError:
                cancelled += 1
            names = [row.hash[:-1] for row in await CatalogueVersion.all()]
            assert all(names.count(name) == 2 for name in names)
        assert cancelled >= 1
        assert finished >= 1
        assert len(names) >= finished * 2


async def test_connections_are_given_in_the_order_of_asking(database_url: str) -> None:
    """Who comes again at once does not overtake those who wait."""
    async with single(database_url):
        served: list[int] = []

        async def ask_again_and_again(number: int) -> None:
            for _ in range(20):
                # Not by `select`: what is alike there goes together.
                await CatalogueVersion.all().count()
                served.append(number)

        await asyncio.gather(*map(ask_again_and_again, range(4)))
        turns = [served[at : at + 4] for at in range(0, len(served), 4)]
        assert turns == [[0, 1, 2, 3]] * 20


async def test_nobody_waits_for_a_connection_for_ever(database_url: str) -> None:
    async with single(database_url, patience=0.05):
        held = asyncio.Event()

        async def hold() -> None:
            async with in_transaction():
                await held.wait()

        holding = asyncio.create_task(hold())
        await asyncio.sleep(0.02)
        for _ in range(2):
            with pytest.raises(DatabaseUnavailableError) as caught:
                await CatalogueVersion.all().count()
            assert caught.value.message.en == (
                "the database is busy: no connection became free in time"
            )
            with pytest.raises(DatabaseUnavailableError):
                async with in_transaction():
                    pytest.fail("there was no connection")
        held.set()
        await holding
        assert await CatalogueVersion.all().count() == 0


@pytest.mark.slow
async def test_a_server_that_is_restarted_is_used_again_without_a_restart_of_ours(
    open_folder: Path,
) -> None:
    postgres = EmbeddedPostgres(open_folder / "cluster", durable=False)
    address = await asyncio.to_thread(postgres.start)
    url = f"postgresql://{address.user}@/postgres?host={address.socket_dir}"
    database = Database(data_dir=Path(), url=url, pool_size=4, acquire_timeout=2)
    await database.start()
    with database.use():
        await asyncio.gather(*(CatalogueVersion.all().count() for _ in range(8)))
        await asyncio.to_thread(postgres.stop)
        for _ in range(6):
            with pytest.raises(DatabaseUnavailableError):
                async with in_transaction():
                    pytest.fail("there is no server")
        await asyncio.to_thread(postgres.start)
        counts = await asyncio.gather(*(CatalogueVersion.all().count() for _ in range(8)))
        assert counts == [0] * 8
        async with in_transaction():
            await version("after").save(force_create=True)
    await database.check()
    await database.stop()
    await asyncio.to_thread(postgres.stop)


@pytest.mark.parametrize("inside", [True, False])
async def test_errors_of_the_server_hold_no_values(database_url: str, *, inside: bool) -> None:
    """PostgreSQL tells the row that breaks a rule; a log must not."""
    async with single(database_url):
        with pytest.raises(IntegrityError) as raised:
            async with in_transaction() if inside else nullcontext():
                await Applicant.create(
                    name="欧阳小明",
                    name_key="ouyang",
                    identity_kind="PASSPORT",
                    identity_ciphertext="x",
                    facts={},
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
        told = "".join(traceback.format_exception(raised.value))
        assert "applicant_identity_state" in told
        assert "欧阳小明" not in told
        assert "DETAIL" not in told
