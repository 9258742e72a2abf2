"""Tests of zhupei.web.metrics: what Prometheus reads, and what it never does."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tortoise import connections
from tortoise.transactions import in_transaction

from fictional import BASES
from running_graph import running_graph
from small_graph import small_app, small_settings
from zhupei.app import application_of, create_app
from zhupei.graphql.engine import Counts
from zhupei.graphql.limits import Rates
from zhupei.settings import Environment, Settings
from zhupei.web import metrics as metrics_module
from zhupei.web.guards import Gate, Guards
from zhupei.web.metrics import Metrics, State

_TOKEN = "a-token-of-16-signs"


_NOTHING = State(
    engine=Counts,
    running=lambda: (0, 0),
    pool=lambda: (0, 0),
    watches=lambda: 0,
    catalogue=dict,
    plugins=dict,
    queue=lambda: asyncio.sleep(0, {}),
    refused=dict,
    ready=lambda: True,
)


def asked(app: Starlette) -> httpx2.AsyncClient:
    """Return a client of ``app`` in this loop."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")


def figures(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(read: dict[Any, float], name: str, **labels: str) -> float | None:
    return read.get((name, tuple(sorted(labels.items()))))


def test_what_is_asked_and_what_stands_is_told(tmp_path: Path, database_url: str) -> None:
    settings = Settings(
        data_dir=tmp_path, database_url=database_url, bases=(BASES,), plugins=(), worker=False
    )
    with TestClient(create_app(settings)) as client:
        for _ in range(3):
            named = {"query": "query Bases { bases(first: 1) { totalCount } }"}
            client.post("/graphql", json={**named, "operationName": "Bases"})
        client.post("/graphql", json={"query": "{ nothing }"})
        client.get("/nowhere")
        response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["cache-control"] == "no-store"
    read = figures(response.text)
    # The first of three equal public questions is answered, the others are kept.
    assert value(read, "zhupei_operations_total", operation="Bases", outcome="ok") == 1
    assert value(read, "zhupei_operations_total", operation="Bases", outcome="kept") == 2
    assert value(read, "zhupei_operation_seconds_count", operation="Bases") == 3
    # What GraphQL itself refuses counts under the code that its answer has.
    assert {
        labels: count for (name, labels), count in read.items() if "operations_total" in name
    } == {
        (("operation", "Bases"), ("outcome", "ok")): 1,
        (("operation", "Bases"), ("outcome", "kept")): 2,
        (("operation", "unnamed"), ("outcome", "BAD_USER_INPUT")): 1,
        (("path", "compiled"),): 1,
        (("path", "graphql-core"),): 0,
    }
    assert value(read, "zhupei_http_responses_total", method="POST", status="200") == 4
    assert value(read, "zhupei_http_responses_total", method="GET", status="404") == 1
    assert value(read, "zhupei_engine_operations_total", path="compiled") == 1
    assert value(read, "zhupei_catalogue_objects", kind="bases") == 1
    assert value(read, "zhupei_database_up") == 1
    open_ = value(read, "zhupei_database_connections")
    assert open_ is not None
    assert 1 <= open_ <= settings.database_pool
    assert value(read, "zhupei_operations_running") == 0
    assert value(read, "zhupei_subscriptions") == 0
    assert value(read, "process_resident_memory_bytes") is not None


def test_without_a_database_the_other_figures_are_told(tmp_path: Path) -> None:
    settings = small_settings(tmp_path, database_url="postgresql://u@127.0.0.1:1/d")
    with TestClient(small_app(settings)) as client:
        response = client.get("/metrics")
    assert response.status_code == 200
    read = figures(response.text)
    assert value(read, "zhupei_database_up") == 0
    assert value(read, "zhupei_database_connections") == 0


async def test_figures_take_no_connection_that_requests_need(
    tmp_path: Path, database_url: str
) -> None:
    settings = small_settings(tmp_path, database_url=database_url, database_pool=2)
    app = small_app(settings)
    application = application_of(app)
    async with application.running(), asked(app) as client:
        with application.database.use():
            pool = connections.get("default")
            # Whoever needs a third waits.
            async with in_transaction(), pool.acquire_connection():
                first, second = await asyncio.gather(client.get("/metrics"), client.get("/metrics"))
    for response in (first, second):
        read = figures(response.text)
        assert value(read, "zhupei_database_connections_idle") == 0
        assert value(read, "zhupei_database_up") == 1
        # The look of a new minute may just have come.
        assert value(read, "zhupei_jobs", state="todo") in {0, 1}


async def test_however_many_read_the_figures_the_database_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked_for: list[int] = []
    free = asyncio.Event()

    async def queue() -> dict[str, dict[str, int]]:
        asked_for.append(len(asked_for) + 1)
        await free.wait()
        return {"jobs": {"todo": asked_for[-1]}}

    metrics = Metrics()
    metrics.attach(replace(_NOTHING, queue=queue))
    async with asked(Starlette(routes=[metrics.route()])) as client:

        async def read() -> float | None:
            found = figures((await client.get("/metrics")).text)
            return value(found, "zhupei_jobs", state="todo")

        waiting = [asyncio.create_task(read()) for _ in range(50)]
        while not asked_for:  # noqa: ASYNC110 - what it waits for is counted, not told
            await asyncio.sleep(0)
        # Whoever goes away takes nothing from the others.
        waiting[0].cancel()
        free.set()
        assert await asyncio.gather(*waiting[1:]) == [1.0] * 49
        assert await read() == 1
        monkeypatch.setattr(metrics_module, "_FRESH_SECONDS", 0.0)
        assert await read() == 2
        # Not for longer than its time, and the other figures are told all the same.
        free.clear()
        monkeypatch.setattr(metrics_module, "_QUEUE_SECONDS", 0.05)
        assert await read() is None
    assert asked_for == [1, 2, 3]


@pytest.mark.parametrize(
    ("token", "sent", "status"),
    [
        (None, None, 404),
        (_TOKEN, None, 401),
        (_TOKEN, "Bearer another-token-of-16", 401),
        (_TOKEN, f"Bearer {_TOKEN}", 200),
    ],
)
def test_in_production_a_token_guards_them(
    tmp_path: Path, token: str | None, sent: str | None, status: int
) -> None:
    settings = small_settings(
        tmp_path,
        environment=Environment.PRODUCTION,
        metrics_token=token,
        database_url="postgresql://u@127.0.0.1:1/d",
    )
    with TestClient(small_app(settings)) as client:
        headers = {} if sent is None else {"authorization": sent}
        response = client.get("/metrics", headers=headers)
    assert response.status_code == status
    assert ("zhupei_" in response.text) is (status == 200)


def read_now(metrics: Metrics) -> dict[Any, float]:
    app = Starlette(routes=[metrics.route()])
    return figures(TestClient(app).get("/metrics").text)


def test_names_that_clients_choose_do_not_make_labels_without_end() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.operation(f"Name{number}", "ok", 0.001)
    metrics.operation("n" * 61, "ok", 0.001)
    metrics.operation('x"} 1', "ok", 0.001)
    metrics.operation(None, "ok", 0.001)
    metrics.response("BREW", 405)
    read = read_now(metrics)
    labels = {dict(key[1])["operation"] for key in read if key[0] == "zhupei_operations_total"}
    assert len(labels) == 202
    assert value(read, "zhupei_operations_total", operation="other", outcome="ok") == 802
    assert value(read, "zhupei_operations_total", operation="unnamed", outcome="ok") == 1
    assert value(read, "zhupei_http_responses_total", method="other", status="405") == 1


def test_times_are_in_every_bucket_that_they_are_not_longer_than() -> None:
    metrics = Metrics()
    for seconds in (0.0, 0.0005, 0.0006, 0.02, 31.0):
        metrics.operation("A", "ok", seconds)
    read = read_now(metrics)
    bounds = {"0.0005": 2, "0.001": 3, "0.01": 3, "0.025": 4, "30.0": 4, "+Inf": 5}
    for bound, count in bounds.items():
        found = value(read, "zhupei_operation_seconds_bucket", operation="A", le=bound)
        assert found == count
    assert value(read, "zhupei_operation_seconds_count", operation="A") == 5
    total = value(read, "zhupei_operation_seconds_sum", operation="A")
    assert total == pytest.approx(31.0211)


def test_attempts_and_jobs_are_timed_and_counted() -> None:
    metrics = Metrics()
    metrics.attempt("DELIVERED", 0.02)
    metrics.attempt("TIMED_OUT", 10.0)
    metrics.attempt("TIMED_OUT", 10.0)
    metrics.job("zhupei.look", "failed", 0.5)
    read = read_now(metrics)
    assert value(read, "zhupei_webhook_attempts_total", outcome="DELIVERED") == 1
    assert value(read, "zhupei_webhook_attempts_total", outcome="TIMED_OUT") == 2
    assert value(read, "zhupei_webhook_attempt_seconds_sum", outcome="TIMED_OUT") == 20
    assert value(read, "zhupei_jobs_done_total", job="zhupei.look", outcome="failed") == 1
    assert value(read, "zhupei_job_seconds_count", job="zhupei.look") == 1


def test_what_is_refused_at_the_door_is_counted_by_reason() -> None:
    gate = Gate(rates=Rates(requests=2, cost={}), open_per_address=0)
    client = TestClient(Guards(Starlette(), gate=gate))
    assert [client.get("/").status_code for _ in range(5)] == [404, 404, 429, 429, 429]
    assert gate.refused == {
        "overloaded": 0,
        "request_rate": 3,
        "open_per_address": 0,
        "starting": 0,
    }
    full = Gate(rates=Rates(requests=0, cost={}), open_at_once=0)
    assert TestClient(Guards(Starlette(), gate=full)).get("/").status_code == 503
    assert full.refused == {
        "overloaded": 1,
        "request_rate": 0,
        "open_per_address": 0,
        "starting": 0,
    }


_MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"


def documented() -> dict[str, set[str]]:
    """Return the labels of every figure in the manual's table."""
    table = _MANUAL.read_text("utf-8").partition("## Figures")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(zhupei_\w+)`(?: \*)? \| (.*?) \|", table, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


async def test_the_manual_has_every_figure_of_a_real_server_and_no_other(
    tmp_path: Path, database_url: str
) -> None:
    """Also the labels, where there is a sample; nothing that is documented is missing."""
    async with running_graph(tmp_path, database_url) as graph:
        await graph.ask("query A { bases(first: 1) { totalCount } }")
        text = (await graph.client.get("/metrics")).text
    kinds = dict(re.findall(r"^# TYPE (zhupei_\w+) (\w+)$", text, re.MULTILINE))
    table = documented()
    assert set(kinds) == set(table)
    assert len(table) > 25
    reasons = {
        labels[0][1] for name, labels in figures(text) if name == "zhupei_requests_refused_total"
    }
    assert reasons == {"overloaded", "request_rate", "open_per_address", "starting"}
    for family in text_string_to_metric_families(text):
        name = family.name if family.name in table else f"{family.name}_total"
        for sample in family.samples:
            if sample.name.startswith("zhupei_"):
                assert set(sample.labels) - {"le"} == table[name], sample


def test_hooks_are_timed_and_their_failures_counted() -> None:
    metrics = Metrics()
    metrics.hook("example", "adjust_quota", 0.02, None)
    metrics.hook("example", "adjust_quota", 0.3, "HOOK_FAILED")
    read = read_now(metrics)
    labels = {"plugin": "example", "hook": "adjust_quota"}
    assert value(read, "zhupei_hook_seconds_count", **labels) == 2
    assert value(read, "zhupei_hook_seconds_sum", **labels) == pytest.approx(0.32)
    assert value(read, "zhupei_hook_failures_total", **labels, code="HOOK_FAILED") == 1
