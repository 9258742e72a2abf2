"""Figures for Prometheus: what is asked, what it takes, what waits; nothing of anybody.

Labels are few by construction: operations are counted by name as long as there are not too many of
them (clients choose the names), and no address, account or argument is ever a label.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zhupei.web.metric_families import Counts, Timings, by_label, gauge

__all__ = ["METRICS_PATH", "Metrics", "State"]

METRICS_PATH = "/metrics"

_log = logging.getLogger("zhupei.metrics")

_MOST_NAMES = 200
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,59}")
_UNNAMED, _OTHER = "unnamed", "other"
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"})
_QUEUE_SECONDS = 2.0
_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is asked when somebody reads the figures; each is a function of now.

    ``engine`` returns the engine's counts (`zhupei.graphql.engine.Counts`), ``running`` how many
    operations run and wait, ``pool`` how many database connections are open and idle, ``watches``
    how many subscriptions are live, ``catalogue`` how many objects of each kind are served,
    ``plugins`` whether each of them works, ``queue`` what `queue_counts` returns, ``refused`` how
    many requests were refused before they were looked at, by reason, ``ready`` whether requests
    are answered already.
    """

    engine: Callable[[], Any]
    running: Callable[[], tuple[int, int]]
    pool: Callable[[], tuple[int, int]]
    watches: Callable[[], int]
    catalogue: Callable[[], Mapping[str, int]]
    plugins: Callable[[], Mapping[str, bool]]
    queue: Callable[[], Awaitable[Mapping[str, Any]]]
    refused: Callable[[], Mapping[str, int]]
    ready: Callable[[], bool]


class Metrics:
    """The figures of one application; what happens is told to it, what stands is asked."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._names: set[str] = set()
        self._state: State | None = None
        self._queue: Mapping[str, Any] | None = None
        self._asking: asyncio.Task[Mapping[str, Any] | None] | None = None
        self._asked_at = -math.inf
        self._answers = Counts(
            "zhupei_operations",
            "Operations answered, by name and outcome (ok, kept, or the code of the first error)",
            ["operation", "outcome"],
        )
        self._seconds = Timings(
            "zhupei_operation_seconds", "Seconds that operations took, by name", ["operation"]
        )
        self._responses = Counts(
            "zhupei_http_responses", "HTTP responses by method and status", ["method", "status"]
        )
        self._hooks = Timings(
            "zhupei_hook_seconds", "Seconds that hooks took, by plugin and hook", ["plugin", "hook"]
        )
        self._hook_failures = Counts(
            "zhupei_hook_failures",
            "Hooks that failed, by plugin, hook and code",
            ["plugin", "hook", "code"],
        )
        self._attempts = Counts(
            "zhupei_webhook_attempts", "Attempts to deliver an event, by outcome", ["outcome"]
        )
        self._attempt_seconds = Timings(
            "zhupei_webhook_attempt_seconds",
            "Seconds that attempts to deliver an event took, by outcome",
            ["outcome"],
        )
        self._jobs = Counts(
            "zhupei_jobs_done", "Jobs done, by name and outcome", ["job", "outcome"]
        )
        self._job_seconds = Timings(
            "zhupei_job_seconds", "Seconds that jobs took, by name", ["job"]
        )
        for each in (
            self._answers,
            self._seconds,
            self._responses,
            self._hooks,
            self._hook_failures,
            self._attempts,
            self._attempt_seconds,
            self._jobs,
            self._job_seconds,
        ):
            self.registry.register(each)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(_Standing(self))

    def attach(self, state: State) -> None:
        """Say where to ask for what stands."""
        self._state = state

    def operation(self, name: str | None, outcome: str, seconds: float) -> None:
        """Count an operation; ``outcome`` is ok, kept, or an error's code."""
        label = self._label(name)
        self._answers.count(label, outcome)
        self._seconds.note(seconds, label)

    def response(self, method: str, status: int) -> None:
        """Count an HTTP response."""
        self._responses.count(method if method in _METHODS else _OTHER, status)

    def hook(self, plugin: str, hook: str, seconds: float, code: str | None) -> None:
        """Count a hook; ``code`` is that of its failure."""
        self._hooks.note(seconds, plugin, hook)
        if code is not None:
            self._hook_failures.count(plugin, hook, code)

    def attempt(self, outcome: str, seconds: float) -> None:
        """Count an attempt to deliver an event to a webhook."""
        self._attempts.count(outcome)
        self._attempt_seconds.note(seconds, outcome)

    def job(self, job: str, outcome: str, seconds: float) -> None:
        """Count a job; ``outcome`` is ok or failed."""
        self._jobs.count(job, outcome)
        self._job_seconds.note(seconds, job)

    def route(self, token: str | None = None) -> Route:
        """Return where Prometheus reads them; it must send ``token``, if there is one."""

        async def read(request: Request) -> Response:
            headers = {"Cache-Control": "no-store"}
            given = request.headers.get("authorization", "").encode()
            if token is not None and not hmac.compare_digest(given, f"Bearer {token}".encode()):
                return Response(status_code=401, headers={**headers, "WWW-Authenticate": "Bearer"})
            self._queue = await self._queue_now()
            return Response(
                generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST, headers=headers
            )

        return Route(METRICS_PATH, read, methods=["GET"])

    async def _queue_now(self) -> Mapping[str, Any] | None:
        """Return the counts of the queue; None where the database does not tell them in time.

        However many read the figures, the database is asked once at a time and once a second.
        """
        if self._state is None:
            return None
        asking, now = self._asking, time.monotonic()
        if asking is None or (asking.done() and now - self._asked_at >= _FRESH_SECONDS):
            self._asked_at = now
            asking = self._asking = asyncio.create_task(self._ask(self._state.queue))
        # Whoever leaves does not end it for the others.
        return await asyncio.shield(asking)

    @staticmethod
    async def _ask(
        queue: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(_QUEUE_SECONDS):
                return await queue()
        except Exception as error:  # noqa: BLE001 - the other figures are told all the same
            _log.debug("the queue's figures are missing", exc_info=error)
            return None

    def _label(self, name: str | None) -> str:
        if name is None:
            return _UNNAMED
        if name in self._names:
            return name
        if len(self._names) >= _MOST_NAMES or not _NAME.fullmatch(name):
            return _OTHER
        self._names.add(name)
        return name

    def standing(self) -> Iterator[Metric]:
        """Yield what stands now."""
        state = self._state
        if state is None:
            return
        yield gauge("zhupei_ready", "1 once the catalogue is served", int(state.ready()))
        yield from _engine(asdict(state.engine()))
        running, waiting = state.running()
        yield gauge("zhupei_operations_running", "Operations that run now", running)
        yield gauge("zhupei_operations_waiting", "Operations that wait for their turn", waiting)
        open_, idle = state.pool()
        yield gauge("zhupei_database_connections", "Database connections open", open_)
        yield gauge("zhupei_database_connections_idle", "Database connections idle", idle)
        yield gauge("zhupei_subscriptions", "Live subscriptions to changes", state.watches())
        refused = CounterMetricFamily(
            "zhupei_requests_refused",
            "Requests refused before they were looked at, by reason",
            labels=["reason"],
        )
        for reason, count in state.refused().items():
            refused.add_metric([reason], count)
        yield refused
        yield by_label(
            "zhupei_catalogue_objects", "Objects of the catalogue", "kind", state.catalogue()
        )
        working = {slug: int(works) for slug, works in state.plugins().items()}
        yield by_label("zhupei_plugin_up", "1 where a plugin works", "plugin", working)
        queue = self._queue
        yield gauge("zhupei_database_up", "1 where the database told its figures", int(bool(queue)))
        for (name, kind), described in _QUEUES.items():
            yield by_label(name, described, "state", (queue or {}).get(kind, {}))
        yield by_label(
            "zhupei_oldest_waiting_seconds",
            "Seconds for which the first of what waits has waited, by kind",
            "kind",
            (queue or {}).get("oldest", {}),
        )


_QUEUES = {
    ("zhupei_jobs", "jobs"): "Jobs on the queue, by state",
    ("zhupei_workers", "workers"): "Workers, by whether they were heard of in the last minute",
    ("zhupei_events", "events"): "Events whose notices or deliveries are still to be made",
    ("zhupei_notices", "notices"): "Notices that wait or were given up, by state",
    ("zhupei_deliveries", "deliveries"): "Deliveries that wait, and those given up (DEAD)",
    ("zhupei_long_work", "operations"): "Long work that runs, and that failed",
}


class _Standing(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics.standing()


def _engine(counts: Mapping[str, int]) -> Iterator[Metric]:
    paths = CounterMetricFamily(
        "zhupei_engine_operations", "Operations by what answered them", labels=["path"]
    )
    paths.add_metric(["compiled"], counts["answered"])
    paths.add_metric(["graphql-core"], counts["interpreted"])
    yield paths
    work = CounterMetricFamily("zhupei_engine_work", "What the engine did", labels=["kind"])
    for kind in ("prepared", "compiled", "found", "called", "handed", "repaired"):
        work.add_metric([kind], counts[kind])
    yield work
    yield gauge("zhupei_engine_kept_bytes", "Bytes of kept JSON", counts["part_bytes"])
