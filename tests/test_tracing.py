"""Tests of zhupei.tracing: what spans there are, what they say, and what they never do."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from starlette.testclient import TestClient

from fictional import BASES
from zhupei.app import assemble
from zhupei.composition import compose
from zhupei.domain.text import Language
from zhupei.settings import Settings
from zhupei.tracing import (
    Tracing,
    TracingUnavailableError,
    current_tracing,
    export_traces,
    safe_operation_name,
    statement_attributes,
    traced,
)
from zhupei.web.logs import current_operation

_TRACE, _PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
_QUERY = "query Bases { bases(first: 1) { totalCount } }"


class Told:
    """A `Tracing` and what it told."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Tracing(provider)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def clear(self) -> None:
        self.exporter.clear()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def client(tmp_path: Path, database_url: str, told: Told) -> Iterator[TestClient]:
    settings = Settings(
        data_dir=tmp_path,
        database_url=database_url,
        bases=(BASES,),
        plugins=(),
        worker=False,
        access_log=True,
    )
    with TestClient(assemble(settings, compose(settings), told.tracing)) as client:
        told.clear()
        yield client


def _attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def _parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def test_a_request_is_a_part_of_the_trace_that_its_header_names(
    client: TestClient, told: Told
) -> None:
    headers = {
        "traceparent": f"00-{_TRACE}-{_PARENT}-01",
        "baggage": "patient=somebody",
        "x-request-id": "request-0001",
    }
    client.post("/graphql", json={"query": _QUERY}, headers=headers)
    (request,) = told.named("POST /graphql")
    assert request.kind is SpanKind.SERVER
    assert f"{request.context.trace_id:032x}" == _TRACE
    parent = _parent(request)
    assert parent is not None
    assert f"{parent:016x}" == _PARENT
    assert _attributes(request) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "zhupei.request": "request-0001",
    }
    (prepare,), (run,) = told.named("prepare"), told.named("run")
    assert _parent(prepare) == _parent(run) == request.context.span_id
    assert _attributes(run) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Bases",
        "zhupei.compiled": True,
    }


def test_what_was_prepared_before_is_not_prepared_again(client: TestClient, told: Told) -> None:
    query = "query ($first: Int) { bases(first: $first) { totalCount } }"
    for first in (1, 2):
        client.post("/graphql", json={"query": query, "variables": {"first": first}})
    assert [len(told.named(name)) for name in ("POST /graphql", "prepare", "run")] == [2, 1, 2]


def test_nothing_that_somebody_wrote_is_in_a_span(client: TestClient, told: Told) -> None:
    number = "110101199003070000"
    client.post(
        "/graphql?name=" + number,
        json={
            "query": f'query A{"a" * 80} {{ base(code: "{number}") {{ code }} }}',
            "operationName": "A" + "a" * 80,
        },
        headers={"authorization": number, "cookie": number, "tracestate": f"a={number[:3]}"},
    )
    client.get(f"/calendar/{number}.ics")
    client.get(f"/{number}")
    client.post("/sign-in", json={"login": number, "password": number})
    assert len([span for span in told.spans if span.kind is SpanKind.SERVER]) == 4
    assert [s.name for s in told.spans if s.kind is SpanKind.SERVER][1:3] == ["GET", "GET"]
    (run,) = told.named("run")
    assert _attributes(run)["graphql.operation.name"] == "other"
    text = "".join(json.dumps([s.name, _attributes(s), len(s.events)]) for s in told.spans)
    assert number not in text
    assert all(not span.events for span in told.spans)


def test_statements_are_told_by_verb_and_table(client: TestClient, told: Told) -> None:
    client.post("/sign-in", json={"login": "nobody", "password": "not a password"})
    (request,) = [span for span in told.spans if span.kind is SpanKind.SERVER]
    statements = told.named("sql")
    assert {_parent(span) for span in statements} == {request.context.span_id}
    accounts = [s for s in statements if _attributes(s).get("db.collection.name") == "account"]
    assert _attributes(accounts[0]) == {
        "db.system.name": "postgresql",
        "db.operation.name": "SELECT",
        "db.collection.name": "account",
    }


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ('SELECT "id" FROM "account" WHERE "login"=$1', ("SELECT", "account")),
        ("  insert into event (id) values ('secret')", ("INSERT", "event")),
        ('UPDATE "round" SET "x"=\'secret\'', ("UPDATE", "round")),
        ("SELECT pg_notify('secret', 'secret')", ("SELECT", None)),
        ("begin", ("BEGIN", None)),
        ("'secret'", (None, None)),
    ],
)
def test_no_value_of_a_statement_is_told(
    statement: str, told: tuple[str | None, str | None]
) -> None:
    found = statement_attributes(statement)
    assert (found.get("db.operation.name"), found.get("db.collection.name")) == told
    assert "secret" not in str(found)


async def test_a_failure_leaves_its_class_and_not_its_message(told: Told) -> None:
    async def fail() -> None:
        raise ValueError("110101199003070000")

    token = current_tracing.set(told.tracing)
    try:
        with pytest.raises(ValueError, match="110101"):
            await traced("job", fail(), {"zhupei.job": "x"})
    finally:
        current_tracing.reset(token)
    (span,) = told.spans
    assert _attributes(span) == {"zhupei.job": "x", "error.type": "ValueError"}
    assert (span.status.is_ok, span.status.description, span.events) == (False, None, ())


async def test_tasks_inherit_and_others_are_not_traced(told: Told) -> None:
    async def work() -> int:
        return 1

    token = current_tracing.set(told.tracing)
    inner = asyncio.create_task(traced("inner", work(), {}))
    current_tracing.reset(token)
    assert [await inner, await traced("outer", work(), {})] == [1, 1]
    assert [span.name for span in told.spans] == ["inner"]


def test_where_nobody_traces_nothing_of_opentelemetry_is_loaded() -> None:
    """Also where its variables are in the environment: only our setting switches it on."""
    program = (
        "import sys, zhupei.app, zhupei.cli._worker, zhupei.cli._server;"
        "from zhupei.settings import Settings;"
        "assert not Settings.from_environment({'OTEL_TRACES_EXPORTER': 'otlp'}).traces;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_an_exporter_that_is_not_known_stops_the_start() -> None:
    with pytest.raises(TracingUnavailableError) as caught:
        export_traces({"OTEL_TRACES_EXPORTER": "zipkin"})
    message = caught.value.message
    assert message.get(Language.EN) == (
        'OTEL_TRACES_EXPORTER must be otlp, console or none, not "zipkin"'
    )
    assert message.zh == "OTEL_TRACES_EXPORTER 应为 otlp、console 或 none，而不是“zipkin”"


def test_without_the_sdk_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracingUnavailableError) as caught:
        export_traces({})
    assert caught.value.hint is not None
    assert caught.value.hint.get(Language.EN) == "install zhupei[otel]"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, None),
        ("", None),
        ("Bases", "Bases"),
        ("a\n", "other"),
        ("姓名", "other"),
        ("1a", "other"),
        ("_a1", "_a1"),
        ("a\nb", "other"),
        ("x" * 61, "other"),
    ],
)
def test_only_a_name_of_graphql_is_written_down(name: str | None, shown: str | None) -> None:
    assert safe_operation_name(name) == shown


def test_a_collector_that_is_away_does_not_hold_up_the_end() -> None:
    class Stuck(InMemorySpanExporter):
        def shutdown(self) -> None:
            released.wait(10)

    released = threading.Event()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Stuck()))
    began = time.monotonic()
    Tracing(provider).shutdown(0.05)
    assert time.monotonic() - began < 5
    released.set()


def test_log_lines_of_a_request_tell_its_operation(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Kept answers too; what is not a name is never written."""
    seen: list[str | None] = []

    class Noting(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            seen.append(current_operation.get())
            return True

    noting = Noting()
    # The handler of caplog runs where the line is written.
    caplog.handler.addFilter(noting)
    try:
        with caplog.at_level(logging.INFO, "zhupei.access"):
            for name in ("Bases", "Bases", None, "110101199003070000"):
                asked = {"query": _QUERY, "operationName": name}
                client.post("/graphql", json=asked)
    finally:
        caplog.handler.removeFilter(noting)
    assert seen == ["Bases", "Bases", None, "other"]
    assert current_operation.get() is None
