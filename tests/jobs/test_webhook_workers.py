"""Workers as processes that deliver events: killed in the middle, stopped when asked to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from admissions_office import Office
from job_place import KEY_TEXT
from webhook_place import happened, ids_of, integrator, webhook
from webhook_receiver import Receiver, receiver
from zhupei.db.models import WebhookAttemptRow, WebhookDeliveryRow

pytestmark = pytest.mark.slow

_TOKEN = "a-token-of-16-signs"


_STARTED: list[asyncio.subprocess.Process] = []


@pytest.fixture(autouse=True)
async def no_worker_outlives_its_test() -> AsyncIterator[None]:
    """Whatever fails: a worker that is left would work on the database of the next test."""
    yield
    while _STARTED:
        process = _STARTED.pop()
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def worker(
    folder: Path, url: str, there: Receiver, said: list[dict[str, Any]] | None = None
) -> asyncio.subprocess.Process:
    """Start ``zhupei worker``, which may deliver to this machine; return once it works.

    What it says then is added to ``said``.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("ZHUPEI_")}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from zhupei.cli import main; sys.exit(main())",
        "worker",
        env={
            **own,
            "ZHUPEI_DATABASE_URL": url,
            "ZHUPEI_DATA_DIR": str(folder / "data"),
            "ZHUPEI_BASES": str(folder),
            "ZHUPEI_PLUGINS": str(folder / "none"),
            "ZHUPEI_ENCRYPTION_KEYS": KEY_TEXT,
            "ZHUPEI_TICK_SECONDS": "1",
            "ZHUPEI_WORKER_PORT": "0",
            "ZHUPEI_METRICS_TOKEN": _TOKEN,
            "ZHUPEI_LOG_FORMAT": "json",
            "ZHUPEI_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "ZHUPEI_WEBHOOK_PORTS": str(there.port),
            "ZHUPEI_WEBHOOK_HTTP": "1",
            "ZHUPEI_WEBHOOK_SECONDS": "1",
        },
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    _STARTED.append(started)
    assert started.stdout is not None
    async with asyncio.timeout(60):
        while b'"working"' not in (line := await started.stdout.readline()):
            assert line, "the worker ended"
    if said is not None:
        said.append(json.loads(line))
    return started


async def figures_of(working: dict[str, Any]) -> str:
    """Return what Prometheus reads of a worker, which whoever has no token does not."""
    async with httpx2.AsyncClient(base_url=working["figures"]) as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 404
        told = await client.get("/metrics", headers={"authorization": f"Bearer {_TOKEN}"})
    assert told.status_code == 200
    return told.text


async def stopped(process: asyncio.subprocess.Process) -> str:
    process.send_signal(signal.SIGTERM)
    rest, _ = await process.communicate()
    assert process.returncode == 0
    return rest.decode()


@pytest.mark.slow(seconds=15)
async def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    office: Office, tmp_path: Path, database_url: str
) -> None:
    """kill -9 while ten events are under way: another worker delivers all of them."""
    async with receiver(seconds=0.9) as there:
        hook = await webhook(office, await integrator(office), there)
        events = await happened(office, *["round.opened"] * 10)
        first = await worker(tmp_path, database_url, there)
        async with asyncio.timeout(30):
            await there.came.wait()
        first.kill()
        await first.wait()
        there.seconds = 0.0
        working: list[dict[str, Any]] = []
        second = await worker(tmp_path, database_url, there, working)
        async with asyncio.timeout(60):
            # Another process does it: there is no event of ours to wait for.
            while set(ids_of(there.received)) != set(events):  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.1)
            with office.database.use():
                while await WebhookDeliveryRow.filter(state="DELIVERED").count() < 10:  # noqa: ASYNC110 - see above
                    await asyncio.sleep(0.1)
        figures = await figures_of(working[0])
        assert 'zhupei_webhook_attempts_total{outcome="DELIVERED"} 10.0' in figures
        assert 'zhupei_deliveries{state="WAITING"} 0.0' in figures
        assert 'zhupei_jobs_done_total{job="zhupei.look",outcome="ok"}' in figures
        assert there.url not in figures
        said = await stopped(second)
        assert there.url not in said
        with office.database.use():
            outcomes: Any = await WebhookAttemptRow.filter(delivery__webhook_id=hook).values_list(
                "outcome", flat=True
            )
        # Those under way were found again, said to be interrupted, and sent a second time.
        assert 1 <= outcomes.count("INTERRUPTED") <= 4
        assert outcomes.count("DELIVERED") == 10
        assert len(there.received) <= 14
