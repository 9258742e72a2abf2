"""Tests of zhupei.app: start, reload, a database that comes late, a strict start."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from starlette.applications import Starlette

from postgres_server import PostgresServer
from small_graph import small_app, small_settings
from zhupei.app import ConfigurationRefusedError, application_of
from zhupei.db import supervision
from zhupei.db.models import CatalogueVersion
from zhupei.domain.text import Language

_BROKEN = "kind: base\ncode: a\ncode: b\n"


async def recorded(app: Starlette) -> list[tuple[str, int]]:
    with application_of(app).database.use():
        rows = await CatalogueVersion.all()
    return [(row.hash, row.bases) for row in rows]


async def test_starting_loads_the_catalogue_and_records_its_version(
    tmp_path: Path, database_url: str
) -> None:
    app = small_app(small_settings(tmp_path, database_url=database_url))
    application = application_of(app)
    began = datetime.now(UTC)
    async with application.running():
        catalogue = application.graph.catalogue.current
        assert catalogue is not None
        assert await recorded(app) == [(catalogue.hash, 0)]
        with application.database.use():
            row = await CatalogueVersion.get(hash=catalogue.hash)
        assert began <= row.first_loaded_at == row.last_loaded_at
        await application.reload()
        with application.database.use():
            again = await CatalogueVersion.get(hash=catalogue.hash)
        assert again.first_loaded_at == row.first_loaded_at < again.last_loaded_at


async def test_the_summary_says_what_is_served(tmp_path: Path, database_url: str) -> None:
    app = small_app(small_settings(tmp_path, database_url=database_url))
    application = application_of(app)
    async with application.running():
        catalogue = application.graph.catalogue.current
        assert catalogue is not None
        assert application.summary() == {
            "bases": 0,
            "programs": 0,
            "openings": 0,
            "plugins": ",".join(plugin.slug for plugin in catalogue.plugins) or "none",
            "degraded": "none",
            "catalogue": catalogue.hash[:12],
            "database": "given",
            "data": str(tmp_path / "data"),
        }


async def test_the_embedded_database_ends_with_the_application(open_folder: Path) -> None:
    app = small_app(small_settings(open_folder))
    application = application_of(app)
    async with application.running():
        assert application.summary()["database"] == "embedded"
        assert (open_folder / "data/postgres/cluster/postmaster.pid").exists()
    assert not (open_folder / "data/postgres/cluster/postmaster.pid").exists()


async def test_a_database_that_comes_late_is_found(
    tmp_path: Path,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(supervision, "_FIRST_PAUSE_SECONDS", 0.01)
    name = postgres_server.new_database()
    admin = await asyncpg.connect(postgres_server.url("postgres"))
    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    app = small_app(small_settings(tmp_path, database_url=postgres_server.url(name)))
    application = application_of(app)
    with caplog.at_level(logging.INFO, "zhupei"):
        async with application.running():
            assert application.summary()["database"] == "unavailable"
            catalogue = application.graph.catalogue.current
            assert catalogue is not None
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            assert application.supervisor.waiting is not None
            await asyncio.wait_for(application.supervisor.waiting, 10)
            assert "the database can be used now" in caplog.text
            assert await recorded(app) == [(catalogue.hash, 0)]
    [record] = [r for r in caplog.records if r.message.startswith("no database")]
    assert record.__dict__["hint"] == "check ZHUPEI_DATABASE_URL"
    await admin.close()
    postgres_server.drop_database(name)


async def test_a_strict_start_refuses_a_broken_file_and_leaves_nothing_running(
    open_folder: Path,
) -> None:
    bases = open_folder / "bases"
    bases.mkdir()
    (bases / "a.yaml").write_text(_BROKEN)
    app = small_app(small_settings(open_folder, bases=(bases,), strict=True))
    application = application_of(app)
    with pytest.raises(ConfigurationRefusedError) as caught:
        async with application.running():
            pytest.fail("it must not start")
    assert f"{bases}/a.yaml:3:1: " in caught.value.message.get(Language.EN)
    assert not (open_folder / "data/postgres/cluster/postmaster.pid").exists()


async def test_a_broken_file_never_replaces_a_good_catalogue(
    tmp_path: Path, database_url: str
) -> None:
    bases = tmp_path / "bases"
    bases.mkdir()
    app = small_app(small_settings(tmp_path, bases=(bases,), database_url=database_url))
    application = application_of(app)
    async with application.running():
        before = application.graph.catalogue.current
        (bases / "a.yaml").write_text(_BROKEN)
        await application.reload()
        assert application.graph.catalogue.current is before


async def test_a_start_that_is_cancelled_leaves_no_server(open_folder: Path) -> None:
    app = small_app(small_settings(open_folder))
    entering = asyncio.create_task(application_of(app).running().__aenter__())
    await asyncio.sleep(0.05)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert not (open_folder / "data/postgres/cluster/postmaster.pid").exists()


def test_another_application_is_not_ours() -> None:
    app = Starlette()
    app.state.zhupei = object()
    with pytest.raises(TypeError, match="was not made by create_app"):
        application_of(app)
