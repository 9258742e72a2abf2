"""The queue: procrastinate's application over our database, with the jobs that we have.

Jobs carry no arguments: what is to be done is found in our own tables by whoever runs them. So a
job that is lost, repeated, or run by two workers at once does no harm, and no personal data can be
in the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import procrastinate
import procrastinate.exceptions
from procrastinate.jobs import Status

from zhupei.db.job_queue import SCHEMA
from zhupei.jobs.due import run_due
from zhupei.jobs.telling import tell_events
from zhupei.jobs.workplace import Workplace
from zhupei.services.outbox import QUEUE, TELL
from zhupei.tracing import traced

__all__ = ["LOOK", "connector_for", "job_queue", "keep_looking"]

LOOK = "zhupei.look"
"""The job that looks what is due."""

_log = logging.getLogger("zhupei.jobs")

# A worker tells every ten seconds that it lives; whoever was silent for so long is dead.
_DEAD_AFTER_SECONDS = 60
_KEPT_HOURS = 30 * 24
_CONNECT_SECONDS = 10


def connector_for(server: Mapping[str, Any], *, connections: int) -> procrastinate.PsycopgConnector:
    """Return psycopg's pool over the server that asyncpg's arguments name."""
    arguments: dict[str, Any] = {
        "host": server.get("host"),
        "port": server.get("port"),
        "user": server.get("user"),
        "password": server.get("password") or None,
        "dbname": server.get("database"),
        "sslmode": server.get("ssl"),
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "zhupei worker",
        "options": f"-c search_path={SCHEMA}",
    }
    return procrastinate.PsycopgConnector(
        kwargs={name: value for name, value in arguments.items() if value is not None},
        min_size=1,
        max_size=connections,
        timeout=_CONNECT_SECONDS,
        # It is opened anew as a whole by whoever runs the worker.
        reconnect_timeout=_CONNECT_SECONDS,
    )


def job_queue(place: Workplace, connector: procrastinate.PsycopgConnector) -> procrastinate.App:
    """Return the queue with its jobs; open it before use."""
    queue = procrastinate.App(connector=connector)

    @queue.task(name=TELL, queue=QUEUE)
    async def tell() -> None:
        await _watched(place, TELL, tell_events(place))

    @queue.task(name=LOOK, queue=QUEUE, queueing_lock=LOOK)
    async def look(timestamp: int) -> None:
        await _watched(place, LOOK, _look(queue, place))
        await queue.job_manager.delete_old_jobs(
            _KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )

    return queue


async def keep_looking(
    queue: procrastinate.App, *, tick_seconds: int, clock: Callable[[], float] = time.time
) -> None:
    """Ask for a look at what is due, at once and then at each tick, until cancelled.

    How long it waits is told by a clock that does not step. ``clock``, in seconds since the epoch,
    only tells which tick it is, so that of several workers one asks. The periodic jobs of
    procrastinate ask for nothing after a step back until the clock is where it was, and after a
    step ahead once for every tick that was left out.

    Raises:
        procrastinate.exceptions.ConnectorException: the database is gone.

    """
    while True:
        now = clock()
        tick = int(now) // tick_seconds * tick_seconds
        job = queue.tasks[LOOK].configure(task_kwargs={"timestamp": tick}).job
        # One waits already: nobody came to do it yet.
        with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
            await queue.job_manager.defer_periodic_job(job, periodic_id="", defer_timestamp=tick)
        await asyncio.sleep(tick + tick_seconds - now)


async def _watched(place: Workplace, job: str, work: Awaitable[object]) -> None:
    """Do a job inside a span, and tell what came of it."""
    began, outcome = time.monotonic(), "failed"
    try:
        await traced("job", work, {"zhupei.job": job})
        outcome = "ok"
    finally:
        if place.watch is not None:
            place.watch(job, outcome, time.monotonic() - began)


async def _look(queue: procrastinate.App, place: Workplace) -> None:
    await _bury(queue)
    await run_due(place)
    # Also what no job asked for: a pause that is over, a worker that died.
    await tell_events(place)


async def _bury(queue: procrastinate.App) -> None:
    """Take the jobs of dead workers off the queue: whoever does this does their work as well."""
    stalled = list(
        await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_SECONDS)
    )
    for job in stalled:
        await queue.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    if stalled:
        _log.warning("a worker died in the middle of its jobs", extra={"jobs": len(stalled)})
