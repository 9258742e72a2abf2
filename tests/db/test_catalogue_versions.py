"""Tests of zhupei.db.catalogue_versions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from zhupei.db.catalogue_versions import record_catalogue_version
from zhupei.db.connection import Database
from zhupei.db.models import CatalogueVersion

_NOON = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


async def record(hash_: str, at: datetime) -> None:
    await record_catalogue_version(hash_, at=at, bases=41, programs=3, openings=16)


async def test_a_version_keeps_its_first_moment_and_moves_its_last(database: Database) -> None:
    with database.use():
        await record("a" * 64, _NOON)
        await record("a" * 64, _NOON + timedelta(hours=1))
        await record("b" * 64, _NOON + timedelta(hours=2))
        rows = await CatalogueVersion.all().order_by("hash").values()
    assert rows == [
        {
            "hash": "a" * 64,
            "first_loaded_at": _NOON,
            "last_loaded_at": _NOON + timedelta(hours=1),
            "bases": 41,
            "programs": 3,
            "openings": 16,
        },
        {
            "hash": "b" * 64,
            "first_loaded_at": _NOON + timedelta(hours=2),
            "last_loaded_at": _NOON + timedelta(hours=2),
            "bases": 41,
            "programs": 3,
            "openings": 16,
        },
    ]


async def test_processes_may_record_one_version_together(database: Database) -> None:
    with database.use():
        await asyncio.gather(*(record("c" * 64, _NOON) for _ in range(8)))
        assert await CatalogueVersion.all().count() == 1
