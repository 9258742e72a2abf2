"""`zhupei jobs`: counts without anything personal, and trying again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from zhupei.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> str:
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    return database_url


def execute(url: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def test_an_empty_queue(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out == (
        "jobs: none\nworkers: none\nevents: none\nnotices: none\ndeliveries: none\n"
        "operations: none\noldest: none\n"
    )


def test_failed_jobs_are_named_and_tried_again(
    environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(
        environment,
        "INSERT INTO procrastinate.procrastinate_jobs (queue_name, task_name) "
        "VALUES ('zhupei', 'zhupei.tell');"
        "UPDATE procrastinate.procrastinate_jobs SET status = 'doing';"
        "UPDATE procrastinate.procrastinate_jobs SET status = 'failed', attempts = 1",
    )
    assert main(["jobs"]) == 0
    out = capsys.readouterr().out
    assert "jobs: failed 1\n" in out
    assert "failed: job 1 zhupei.tell after 1 attempts, " in out
    assert main(["jobs", "retry", "9"]) == 1
    assert capsys.readouterr().err == "zhupei: no failed job has the number 9\n"
    assert main(["jobs", "retry", str(2**63)]) == 1
    assert capsys.readouterr().err == f"zhupei: no failed job has the number {2**63}\n"
    assert main(["jobs", "retry", "1"]) == 0
    assert capsys.readouterr().out == "retried 1 jobs\n"
    assert main(["jobs", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["jobs"], status["failed"]) == ({"todo": 1, "doing": 0, "failed": 0}, [])


def test_nothing_to_try_again(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", "retry"]) == 0
    assert main(["jobs", "retry-notices"]) == 0
    assert capsys.readouterr().out == "retried 0 jobs\nretried 0 notices\n"


def test_a_worker_does_a_sensible_number_of_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worker", "--concurrency", "0"]) == 2
    assert "--concurrency" in capsys.readouterr().err
