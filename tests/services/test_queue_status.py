"""Tests of zhupei.services.queue_status: what is counted, and that what was done costs nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from postgres_server import PostgresServer
from zhupei.services.queue_status import _COUNTS, _FAILED, _OLDEST, queue_counts

pytestmark = pytest.mark.slow

_DONE, _LEFT = 21_000, 20
# So many rows that were done, and a few of each kind that is counted. Keys of other tables are not
# looked at: those would be many times as many rows.
_FILL = f"""
SET session_replication_role = replica;
INSERT INTO webhook (id, account_id, url, event_types, state, created_at, updated_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'https://a.example', '[]',
        CASE WHEN n = 3 THEN 'PAUSED' ELSE 'ACTIVE' END, now(), now()
    FROM generate_series(1, 3) AS n;
INSERT INTO outbox (id, name, at, subject, data, noticed_at, dispatched_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'e', now() - make_interval(secs => 301 + {_DONE} - n),
        's', '{{}}', CASE WHEN n <= {_DONE} THEN now() END,
        CASE WHEN n <= {_DONE} + 5 THEN now() END
    FROM generate_series(1, {_DONE} + {_LEFT}) AS n;
INSERT INTO notice (id, event_id, kind, recipient_kind, recipient, facts, state, created_at,
        next_attempt_at, settled_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'k', 'r', n, '{{}}', state, now(),
        now() - interval '15 minutes',
        CASE WHEN state NOT IN ('WAITING', 'NOT_CONFIGURED') THEN now() END
    FROM generate_series(1, {_DONE} + {_LEFT}) AS n, LATERAL (SELECT CASE
        WHEN n <= {_DONE} THEN 'SENT' ELSE (ARRAY['WAITING', 'NOT_CONFIGURED', 'UNDELIVERABLE',
        'NO_ADDRESS'])[1 + n % 4] END AS state) AS each;
INSERT INTO webhook_delivery (id, webhook_id, event_id, state, queued_at, next_attempt_at,
        settled_at)
    SELECT gen_random_uuid(), w.id, gen_random_uuid(), each.state, now(),
        now() - make_interval(mins => CASE w.state WHEN 'ACTIVE' THEN 5 ELSE 50 END),
        CASE WHEN each.state <> 'WAITING' THEN now() END
    FROM generate_series(1, ({_DONE} + {_LEFT}) / 3) AS n, webhook AS w, LATERAL (SELECT CASE
        WHEN n <= {_DONE} / 3 THEN 'DELIVERED' WHEN n % 2 = 0 THEN 'DEAD' ELSE 'WAITING' END
        AS state) AS each;
INSERT INTO operation (id, kind, state, started_by, started_at, seen_at, finished_at)
    SELECT gen_random_uuid(), 'k', state, 's', now(), now(),
        CASE WHEN state <> 'RUNNING' THEN now() END
    FROM generate_series(1, {_DONE} + {_LEFT}) AS n, LATERAL (SELECT CASE
        WHEN n <= {_DONE} THEN 'SUCCEEDED' WHEN n % 2 = 0 THEN 'FAILED' ELSE 'RUNNING' END
        AS state) AS each;
INSERT INTO procrastinate.procrastinate_jobs (queue_name, task_name, status, scheduled_at)
    SELECT 'zhupei', 't', (CASE WHEN n <= {_DONE} THEN 'succeeded' WHEN n % 5 = 0 THEN 'doing'
        WHEN n % 5 = 1 THEN 'failed' ELSE 'todo' END)::procrastinate.procrastinate_job_status,
        CASE n % 5 WHEN 2 THEN now() - interval '100 seconds' WHEN 3 THEN now() + interval '1 day'
        END
    FROM generate_series(1, {_DONE} + {_LEFT}) AS n;
INSERT INTO procrastinate.procrastinate_events (job_id, type, at)
    SELECT id, 'deferred', now() - interval '30 seconds' FROM procrastinate.procrastinate_jobs;
INSERT INTO procrastinate.procrastinate_workers (last_heartbeat)
    VALUES (now()), (now() - interval '61 seconds');
SET session_replication_role = origin;
ANALYZE;
"""


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer) -> Any:
    name = postgres_server.new_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
async def connection(filled: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connected = await asyncpg.connect(filled)
    try:
        if not await connected.fetchval("SELECT count(*) FROM outbox"):
            await connected.execute(_FILL)
        yield connected
    finally:
        await connected.close()


async def test_what_waits_runs_or_was_given_up_is_counted(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    found = await queue_counts(connection.fetch)
    oldest = found.pop("oldest")
    assert found == {
        "jobs": {"todo": 12, "doing": 4, "failed": 4},
        "workers": {"alive": 1, "silent": 1},
        "events": {"waiting": 20, "undispatched": 15},
        "notices": {"WAITING": 5, "NOT_CONFIGURED": 5, "UNDELIVERABLE": 5, "NO_ADDRESS": 5},
        "deliveries": {"WAITING": 9, "DEAD": 9},
        "operations": {"RUNNING": 10, "FAILED": 10},
    }
    # Not what was done, nor the endpoint that is switched off, nor the job of tomorrow.
    expected = {"deliveries": 300, "events": 300, "jobs": 100, "notices": 900}
    assert oldest.keys() == expected.keys()
    for kind, seconds in expected.items():
        assert seconds <= oldest[kind] < seconds + 60, kind


@pytest.mark.parametrize("statement", [_COUNTS, _OLDEST, _FAILED])
async def test_no_table_that_grows_is_read_whole(
    connection: asyncpg.Connection[asyncpg.Record], statement: str
) -> None:
    plan = json.loads(
        await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
    )[0]["Plan"]
    scans = [node for node in _nodes(plan) if "Relation Name" in node]
    assert scans
    small = {"webhook", "procrastinate_workers"}
    assert [
        node for node in scans if "Seq Scan" in node["Node Type"]
        and node["Relation Name"] not in small
    ] == []  # fmt: skip
    # No index was read to its end either.
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 200


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", ()) for node in _nodes(below))]
