"""How the queue stands, in counts: nothing personal is on it, nothing personal is shown."""

from __future__ import annotations

from typing import Any

from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient

__all__ = ["queue_status", "retry_failed"]

_MOST_FAILED = 50


async def queue_status() -> dict[str, Any]:
    """Return counts of jobs, workers, events, notices, deliveries to webhooks and long work.

    And ``oldest``, for how many seconds the first of what waits has waited, and the jobs that
    failed. What waits for a later time, or for an endpoint that is switched off, is not in it.
    """
    return {
        "jobs": await _counts(
            "SELECT status::text, count(*) FROM procrastinate.procrastinate_jobs "
            "GROUP BY 1 ORDER BY 1"
        ),
        "workers": await _counts(
            "SELECT CASE WHEN last_heartbeat > now() - interval '60 seconds' THEN 'alive' "
            "ELSE 'silent' END, count(*) FROM procrastinate.procrastinate_workers "
            "GROUP BY 1 ORDER BY 1"
        ),
        "events": await _counts(
            "SELECT CASE WHEN noticed_at IS NULL THEN 'waiting' ELSE 'told' END, count(*) "
            "FROM outbox GROUP BY 1 ORDER BY 1"
        ),
        "notices": await _counts("SELECT state, count(*) FROM notice GROUP BY 1 ORDER BY 1"),
        "deliveries": await _counts(
            "SELECT state, count(*) FROM webhook_delivery GROUP BY 1 ORDER BY 1"
        ),
        "operations": await _counts("SELECT state, count(*) FROM operation GROUP BY 1 ORDER BY 1"),
        "oldest": await _counts(_OLDEST),
        "failed": await _connection().execute_query_dict(
            "SELECT job.id, job.task_name AS task, job.attempts, max(event.at) AS at "
            "FROM procrastinate.procrastinate_jobs AS job "
            "JOIN procrastinate.procrastinate_events AS event ON event.job_id = job.id "
            "WHERE job.status = 'failed' "
            "GROUP BY job.id ORDER BY job.id DESC LIMIT $1",
            [_MOST_FAILED],
        ),
    }


_OLDEST = """
SELECT kind, greatest(0, extract(epoch FROM now() - since))::bigint FROM (
    SELECT 'deliveries' AS kind, min(d.next_attempt_at) AS since
        FROM webhook_delivery AS d JOIN webhook AS w ON w.id = d.webhook_id
        WHERE d.state = 'WAITING' AND d.next_attempt_at <= now()
            AND w.state = 'ACTIVE' AND w.deleted_at IS NULL
    UNION ALL
    SELECT 'events', min(at) FROM outbox WHERE noticed_at IS NULL OR dispatched_at IS NULL
    UNION ALL
    SELECT 'jobs', min(greatest(event.at, job.scheduled_at))
        FROM procrastinate.procrastinate_jobs AS job
        JOIN procrastinate.procrastinate_events AS event
            ON event.job_id = job.id AND event.type = 'deferred'
        WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
    UNION ALL
    SELECT 'notices', min(next_attempt_at) FROM notice
        WHERE state = 'WAITING' AND next_attempt_at <= now()
) AS waiting WHERE since IS NOT NULL ORDER BY kind
"""


async def retry_failed(job: int | None) -> int:
    """Put failed jobs on the queue again, one or all; return how many. Other jobs stay as are.

    A job that may be on the queue only once is not put beside one that waits there already.
    """
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


async def _counts(statement: str) -> dict[str, int]:
    _, rows = await _connection().execute_query(statement)
    return {str(row[0]): int(row[1]) for row in rows}


def _connection() -> BaseDBAsyncClient:
    found: BaseDBAsyncClient = connections.get("default")
    return found
