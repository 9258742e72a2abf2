"""Tests of zhupei.db.migrating: Tortoise's migrations, with less work."""

from __future__ import annotations

import time

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations import api

from migrating import run_migration, schema_of
from postgres_server import PostgresServer
from zhupei.db.connection import _credentials, orm_config
from zhupei.db.migrating import migrate

_FIRST, _LAST = "zhupei.0001_catalogue_version", "zhupei.__latest__"


@pytest.mark.slow(seconds=18)
async def test_it_makes_what_tortoise_makes_in_a_third_of_the_time(
    postgres_server: PostgresServer,
) -> None:
    """And of what Tortoise made it takes the same back: its order and its states are the same."""
    names = [postgres_server.new_database(migrated=False) for _ in range(2)]
    theirs, ours = map(postgres_server.url, names)
    try:
        began = time.process_time()
        config = orm_config({**_credentials(theirs), "minsize": 1, "maxsize": 2})
        async with TortoiseContext() as context:
            await context.init(config=config)
            await api.migrate(config=config, direction="forward")
        between = time.process_time()
        await run_migration(ours, "forward", _LAST)
        assert time.process_time() - between < (between - began) / 3
        schema = await schema_of(ours)
        assert len(schema) > 500
        assert schema == await schema_of(theirs)

        await run_migration(theirs, "backward", _FIRST)
        first = await schema_of(theirs)
        assert {line.split(".")[0] for line in first if " " not in line.split(".")[0]} == {
            "catalogue_version",
            "tortoise_migrations",
        }
        await run_migration(theirs, "forward", _LAST)
        assert await schema_of(theirs) == schema
    finally:
        for name in names:
            postgres_server.drop_database(name)


async def test_a_plan_that_goes_the_other_way_is_refused(database_url: str) -> None:
    before = await schema_of(database_url)
    config = orm_config({**_credentials(database_url), "minsize": 1, "maxsize": 2})
    with pytest.raises(ValueError, match=r"^Backward migrations are not allowed in this mode$"):
        await migrate(config, direction="forward", target=_FIRST)
    with pytest.raises(ValueError, match=r"^Unknown migration target .*0099_nothing"):
        await migrate(config, direction="both", target="zhupei.0099_nothing")
    assert await schema_of(database_url) == before
