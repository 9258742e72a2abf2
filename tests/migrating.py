"""Moves a test's database from migration to migration."""

from __future__ import annotations

from tortoise.context import TortoiseContext
from tortoise.migrations.api import migrate

from zhupei.db.connection import _credentials, orm_config

__all__ = ["run_migration"]


async def run_migration(url: str, direction: str, target: str) -> None:
    """Migrate the database at ``url`` forward or backward to ``target``."""
    config = orm_config({**_credentials(url), "minsize": 1, "maxsize": 2})
    async with TortoiseContext() as context:
        await context.init(config=config)
        await migrate(config=config, direction=direction, target=target)
