"""A worker: takes jobs off the queue until it is stopped, whatever happens to the database."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import AsyncIterator

import procrastinate.exceptions
import psycopg
import psycopg_pool

from zhupei.jobs.queue import connector_for, job_queue, keep_looking
from zhupei.jobs.workplace import Workplace
from zhupei.services.notices.mail import MailServer
from zhupei.settings import Settings
from zhupei.tracing import Tracing, current_tracing

__all__ = ["Worker", "mail_server"]

_log = logging.getLogger("zhupei.jobs")

_LOOKS_FOR_DATABASE_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
# A job under way has this long to end when the worker is stopped; what it left is found again.
_PATIENCE_SECONDS = 0.5
_LAST_PATIENCE_SECONDS = 0.8
_FAILURES = (
    OSError,
    psycopg.Error,
    psycopg_pool.PoolTimeout,
    procrastinate.exceptions.ProcrastinateException,
)


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server that settings name, None where they name none."""
    if settings.smtp_host is None or settings.mail_from is None:
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security.value,
        user=settings.smtp_user,
        password=settings.smtp_password,
        ca_file=settings.smtp_ca_file,
        sender=settings.mail_from,
    )


class Worker:
    """Does jobs at a workplace.

    Args:
        place: what jobs need; its database may come later, go, and come back.
        tick_seconds: how often it looks what is due.
        concurrency: jobs at once.
        tracing: what makes spans of jobs.

    """

    def __init__(
        self,
        place: Workplace,
        *,
        tick_seconds: int = 60,
        concurrency: int = 2,
        tracing: Tracing | None = None,
    ) -> None:
        self._tracing = tracing
        self._place = place
        self._tick_seconds = tick_seconds
        self._concurrency = concurrency

    async def run(self) -> None:
        """Do jobs until cancelled; where the database goes away, try again until it is back."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            while self._place.database.server is None:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(_LOOKS_FOR_DATABASE_SECONDS)
            began = asyncio.get_running_loop().time()
            try:
                await self._until_it_fails()
            except _FAILURES as error:
                _log.warning(
                    "the worker lost the database and tries again",
                    extra={"error": type(error).__name__, "seconds": pause},
                )
            if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _until_it_fails(self) -> None:
        server = self._place.database.server
        if server is None:
            return
        connector = connector_for(server, connections=self._concurrency + 2)
        queue = job_queue(self._place, connector)
        try:
            await queue.open_async()
            async with asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(keep_looking(queue, tick_seconds=self._tick_seconds))
                await queue.run_worker_async(
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=_PATIENCE_SECONDS,
                    delete_jobs="successful",
                )
                looking.cancel()
        except ExceptionGroup as failed:
            # Whichever of both noticed first ended the other.
            raise failed.exceptions[0] from failed
        finally:
            # Also a pool that was not wholly opened has tasks and connections to give up.
            if connector._async_pool is not None:  # noqa: SLF001 - `pool` raises instead
                await connector.pool.close(timeout=_PATIENCE_SECONDS)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do jobs beside what is inside; on leaving, stop within a second."""
        # Deliveries take as long as somebody's endpoint takes: no job of the queue waits for them.
        surroundings = contextvars.copy_context()
        surroundings.run(current_tracing.set, self._tracing)
        # Its looks at what is due are no traces, only its attempts.
        self._place.courier.tracing = self._tracing
        tasks = [
            asyncio.create_task(self.run(), name="worker", context=surroundings),
            asyncio.create_task(self._place.courier.run(), name="courier"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            done, _ = await asyncio.wait(tasks, timeout=_PATIENCE_SECONDS + _LAST_PATIENCE_SECONDS)
            for each in done:
                if not each.cancelled() and (error := each.exception()) is not None:
                    _log.error("the worker failed", exc_info=error)
