"""How the queue stands, in counts: nothing personal is on it, nothing personal is shown.

Counted is what is to be done, what is being done, and what was given up: each by an index that
holds no more than that. What was done is not: there is more of it each day.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient

__all__ = ["queue_counts", "queue_status", "retry_failed"]

_MOST_FAILED = 50
_GREATEST_JOB = 2**63 - 1


async def queue_counts(
    fetch: Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]],
) -> dict[str, dict[str, int]]:
    """Return counts by state of jobs, workers, events, notices, deliveries and long work.

    And ``oldest``, for how many seconds the first of what waits has waited, by kind: what waits
    for a later time, or for an endpoint that is switched off, is not in it. ``fetch`` returns the
    rows of one statement, such as the method of an asyncpg connection.
    """
    found: dict[str, dict[str, int]] = {}
    for row in await fetch(_COUNTS):
        found.setdefault(row["kind"], {})[row["state"]] = row["count"]
    found["oldest"] = {row["kind"]: row["seconds"] for row in await fetch(_OLDEST)}
    return found


async def queue_status() -> dict[str, Any]:
    """Return `queue_counts`, and the jobs that failed last."""
    fetch = _connection().execute_query_dict
    return {**await queue_counts(fetch), "failed": await fetch(_FAILED)}


# One statement: one round trip, and one moment for all of them.
_COUNTS = """
SELECT 'jobs' AS kind, 'todo' AS state, count(*) AS count
    FROM procrastinate.procrastinate_jobs WHERE status = 'todo'
UNION ALL SELECT 'jobs', 'doing', count(*)
    FROM procrastinate.procrastinate_jobs WHERE status = 'doing'
UNION ALL SELECT 'jobs', 'failed', count(*)
    FROM procrastinate.procrastinate_jobs WHERE status = 'failed'
UNION ALL SELECT 'workers', 'alive', count(*) FROM procrastinate.procrastinate_workers
    WHERE last_heartbeat > now() - interval '60 seconds'
UNION ALL SELECT 'workers', 'silent', count(*) FROM procrastinate.procrastinate_workers
    WHERE last_heartbeat <= now() - interval '60 seconds'
UNION ALL SELECT 'events', 'waiting', count(*) FROM outbox WHERE noticed_at IS NULL
UNION ALL SELECT 'events', 'undispatched', count(*) FROM outbox WHERE dispatched_at IS NULL
UNION ALL SELECT 'notices', 'WAITING', count(*) FROM notice WHERE state = 'WAITING'
UNION ALL SELECT 'notices', 'NOT_CONFIGURED', count(*) FROM notice WHERE state = 'NOT_CONFIGURED'
UNION ALL SELECT 'notices', 'UNDELIVERABLE', count(*) FROM notice WHERE state = 'UNDELIVERABLE'
UNION ALL SELECT 'notices', 'NO_ADDRESS', count(*) FROM notice WHERE state = 'NO_ADDRESS'
UNION ALL SELECT 'deliveries', 'WAITING', count(*) FROM webhook_delivery WHERE state = 'WAITING'
UNION ALL SELECT 'deliveries', 'DEAD', count(*) FROM webhook_delivery WHERE state = 'DEAD'
UNION ALL SELECT 'operations', 'RUNNING', count(*) FROM operation WHERE state = 'RUNNING'
UNION ALL SELECT 'operations', 'FAILED', count(*) FROM operation WHERE state = 'FAILED'
"""

# Identifiers grow with time: the first of those that wait is found without reading the others.
_OLDEST = """
SELECT kind, greatest(0, extract(epoch FROM now() - min(since)))::bigint AS seconds FROM (
    SELECT 'deliveries' AS kind, first.at AS since FROM webhook AS w CROSS JOIN LATERAL (
        SELECT min(next_attempt_at) AS at FROM webhook_delivery
        WHERE webhook_id = w.id AND state = 'WAITING' AND next_attempt_at <= now()
    ) AS first WHERE w.state = 'ACTIVE' AND w.deleted_at IS NULL
    UNION ALL (SELECT 'events', at FROM outbox WHERE noticed_at IS NULL ORDER BY id LIMIT 1)
    UNION ALL (SELECT 'events', at FROM outbox WHERE dispatched_at IS NULL ORDER BY id LIMIT 1)
    UNION ALL SELECT 'jobs', event.at FROM procrastinate.procrastinate_events AS event
        WHERE event.type = 'deferred' AND event.job_id = (
            SELECT id FROM procrastinate.procrastinate_jobs
            WHERE status = 'todo' AND scheduled_at IS NULL
            ORDER BY priority DESC, id LIMIT 1)
    UNION ALL SELECT 'jobs', min(scheduled_at) FROM procrastinate.procrastinate_jobs
        WHERE status = 'todo' AND scheduled_at <= now()
    UNION ALL SELECT 'notices', min(next_attempt_at) FROM notice
        WHERE state = 'WAITING' AND next_attempt_at <= now()
) AS waiting WHERE since IS NOT NULL GROUP BY kind ORDER BY kind
"""

_FAILED = f"""
SELECT job.id, job.task_name AS task, job.attempts,
    (SELECT max(at) FROM procrastinate.procrastinate_events WHERE job_id = job.id) AS at
FROM procrastinate.procrastinate_jobs AS job
WHERE job.status = 'failed' ORDER BY job.id DESC LIMIT {_MOST_FAILED}
"""  # noqa: S608 - the number is ours


async def retry_failed(job: int | None) -> int:
    """Put failed jobs on the queue again, one or all; return how many. Other jobs stay as are.

    A job that may be on the queue only once is not put beside one that waits there already.
    """
    if job is not None and abs(job) > _GREATEST_JOB:
        return 0  # PostgreSQL could not even look for it
    rows = await _connection().execute_query_dict(
        "UPDATE procrastinate.procrastinate_jobs AS job SET status = 'todo', scheduled_at = NULL "
        "WHERE status = 'failed' AND ($1::bigint IS NULL OR id = $1) "
        "AND (queueing_lock IS NULL OR (NOT EXISTS (SELECT 1 "
        "FROM procrastinate.procrastinate_jobs AS other "
        "WHERE other.queueing_lock = job.queueing_lock AND other.status = 'todo') "
        "AND id = (SELECT max(id) FROM procrastinate.procrastinate_jobs AS same "
        "WHERE same.status = 'failed' AND same.queueing_lock = job.queueing_lock "
        "AND ($1::bigint IS NULL OR same.id = $1)))) "
        "RETURNING id",
        [job],
    )
    return len(rows)


def _connection() -> BaseDBAsyncClient:
    found: BaseDBAsyncClient = connections.get("default")
    return found
