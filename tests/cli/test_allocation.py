"""`zhupei allocation verify`, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from admissions_office import done
from allocation_office import MAIN, NORTH_MEDICINE, ROOT, SOUTH_MEDICINE, matching_office
from zhupei.cli import main
from zhupei.db.connection import Database
from zhupei.services import allocation
from zhupei.services.allocation import RunAllocationInput


async def _stored(folder: Path, url: str) -> UUID:
    database = Database(data_dir=folder, url=url, pool_size=2)
    await database.start()
    office = await matching_office(database)
    await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=90)
    await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=80)
    asked = RunAllocationInput(program=ROOT, round=MAIN)
    run = done(await allocation.run_allocation(office.authority(), asked))
    await database.stop()
    return run.id


async def _tamper(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER TABLE allocation_choice DISABLE TRIGGER USER")
    await connection.execute("UPDATE allocation_choice SET value = 99 WHERE rank = 2")
    await connection.close()


def test_runs_are_proven_and_a_changed_one_is_found(
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    assert main(["allocation", "verify"]) == 0
    assert capsys.readouterr().out == "there are no runs\n"
    run = asyncio.run(_stored(tmp_path, database_url))
    assert main(["allocation", "verify"]) == 0
    assert capsys.readouterr().out == f"{run}: proven, 4 applications at 5 places\n"
    assert main(["allocation", "verify", str(run), "--format", "json"]) == 0
    (check,) = json.loads(capsys.readouterr().out)
    assert (check["run"], check["holds"], check["violations"]) == (str(run), True, [])
    assert main(["allocation", "verify", str(UUID(int=0))]) == 1
    assert "there is no run 00000000-0000-0000-0000-000000000000" in capsys.readouterr().err
    assert main(["allocation", "verify", "run"]) == 2
    assert "this is no id of a run: run" in capsys.readouterr().err
    asyncio.run(_tamper(database_url))
    assert main(["allocation", "verify", str(run)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0] == f"{run}: not proven, 3 faults"
    assert lines[1] == "  market_changed: the result was made from other data"
