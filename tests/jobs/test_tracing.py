"""Tests of zhupei.tracing where no request is: hooks of plugins, and jobs of a worker."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from admissions_office import Office
from job_place import place_of
from webhook_place import delivering, happened, integrator, webhook
from webhook_receiver import receiver
from zhupei import hookimpl
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights
from zhupei.jobs.telling import tell_events
from zhupei.jobs.worker import Worker
from zhupei.tracing import Tracing, current_tracing


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider)


def _attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_hooks_of_plugins_are_told_with_the_code_of_their_failure(
    exporter: InMemorySpanExporter, tracing: Tracing
) -> None:
    def fail() -> None:
        raise ValueError("110101199003070000")

    host = PluginHost.load({}, defaults=())
    host = host.extended("core-one", SimpleNamespace(startup=hookimpl(lambda: None)))
    for slug, function in {"good": lambda: None, "bad": fail}.items():
        plugin = SimpleNamespace(startup=hookimpl(function))
        host = host.extended(slug, plugin, Naming(Rights.PLATFORM))
    told: list[tuple[str, str | None]] = []
    host.watch = lambda plugin, _hook, _seconds, code: told.append((plugin, code))
    token = current_tracing.set(tracing)
    try:
        await Dispatcher(host).ask("startup", zhupei=None)
    finally:
        current_tracing.reset(token)
    spans = {_attributes(span)["zhupei.plugin"]: span for span in exporter.get_finished_spans()}
    assert {slug: span.name for slug, span in spans.items()} == {"good": "hook", "bad": "hook"}
    assert _attributes(spans["good"]) == {"zhupei.plugin": "good", "zhupei.hook": "startup"}
    assert _attributes(spans["bad"])["error.type"] == dict(told)["bad"] == "HOOK_FAILED"
    assert spans["bad"].events == ()


@pytest.mark.slow
async def test_attempts_of_deliveries_are_told_with_their_outcome(
    office: Office, exporter: InMemorySpanExporter, tracing: Tracing
) -> None:
    """Neither the address nor what was sent is in a span."""
    async with receiver() as there:
        await webhook(office, await integrator(office), there)
        there.status = 500
        await happened(office, "round.opened")
        place = delivering(office, there)
        told: list[tuple[str, float]] = []
        place.courier.watch = lambda outcome, seconds: told.append((outcome, seconds))
        place.courier.tracing = tracing
        with office.database.use():
            await tell_events(place)
        assert await place.courier.deliver() == {"REFUSED": 1}
    spans = {span.name: span for span in exporter.get_finished_spans()}
    attributes = _attributes(spans["webhook"])
    assert attributes == {
        "zhupei.event": "round.opened",
        "zhupei.outcome": "REFUSED",
        "error.type": "REFUSED",
    }
    assert "sql" in spans
    assert [outcome for outcome, _ in told] == ["REFUSED"]
    assert told[0][1] > 0
    assert current_tracing.get() is None


@pytest.mark.slow
async def test_jobs_are_told_with_their_statements(
    office: Office, exporter: InMemorySpanExporter, tracing: Tracing
) -> None:
    async with Worker(place_of(office), tick_seconds=1, tracing=tracing).working():
        async with asyncio.timeout(30):
            while not any(span.name == "job" for span in exporter.get_finished_spans()):  # noqa: ASYNC110 - the exporter has no event to wait for
                await asyncio.sleep(0.1)
    spans = exporter.get_finished_spans()
    job = next(span for span in spans if span.name == "job")
    assert _attributes(job)["zhupei.job"] in {"zhupei.look", "zhupei.tell"}
    inner = [s for s in spans if s.parent is not None and s.parent.span_id == job.context.span_id]
    assert {span.name for span in inner} == {"sql"}
    assert current_tracing.get() is None
