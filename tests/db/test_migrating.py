"""Tests of zhupei.db.migrating: Tortoise's migrations, with less work."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations import api
from tortoise.migrations.schema_generator.state import ModelState

from migrating import run_migration, schema_of
from postgres_server import PostgresServer
from zhupei.db.connection import _credentials, orm_config
from zhupei.db.migrating import migrate

_FIRST, _LAST = "zhupei.0001_catalogue_version", "zhupei.__latest__"


@pytest.mark.slow(seconds=18)
async def test_it_makes_what_tortoise_makes_without_the_models_that_nobody_looks_at(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of what Tortoise made it takes the same back: its order and its states are the same."""
    made: list[str] = []
    render = ModelState.render

    def counted(state: ModelState, *arguments: Any, **more: Any) -> Any:
        made.append(state.name)
        return render(state, *arguments, **more)

    monkeypatch.setattr(ModelState, "render", counted)
    names = [postgres_server.new_database(migrated=False) for _ in range(2)]
    theirs, ours = map(postgres_server.url, names)
    try:
        config = orm_config({**_credentials(theirs), "minsize": 1, "maxsize": 2})
        async with TortoiseContext() as context:
            await context.init(config=config)
            await api.migrate(config=config, direction="forward")
        of_theirs, made[:] = len(made), []
        await run_migration(ours, "forward", _LAST)
        assert len(made) * 5 < of_theirs
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
