"""Spans: what happens inside a request or a job, told by OpenTelemetry where it is switched on.

Nothing of OpenTelemetry is imported until then (docs/decisions/0019-opentelemetry.md). What is done
looks at `current_tracing`, which is None where nobody traces: that look is all it costs. Attributes
are names and numbers of ours; never a statement's values, a path, an address or a message.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

__all__ = [
    "Attributes",
    "Tracing",
    "TracingUnavailableError",
    "current_tracing",
    "export_traces",
    "safe_operation_name",
    "statement_attributes",
    "traced",
]

Attributes = Mapping[str, str | int | bool]

_T = TypeVar("_T")

_LONGEST_NAME = 60
_VERB = re.compile(r"\s*([A-Za-z]{1,12})\b")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"?([a-z_][a-z0-9_]{0,62})"?', re.IGNORECASE)
_PATIENCE_SECONDS = 1.0
_CARRIED = frozenset({b"traceparent", b"tracestate"})


class TracingUnavailableError(ZhupeiError):
    """Traces are switched on and cannot be sent."""

    code = "TRACING_UNAVAILABLE"


class Tracing:
    """Makes spans of one application; nothing global of OpenTelemetry is touched.

    Args:
        provider: of OpenTelemetry's SDK, with what takes the spans away.

    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415 - see above
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - see above
            TraceContextTextMapPropagator,
        )

        self._provider = provider
        self._tracer = provider.get_tracer("zhupei", version("zhupei"))
        self._failed = StatusCode.ERROR
        self._served, self._inner = SpanKind.SERVER, SpanKind.INTERNAL
        self._carried = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, attributes: Attributes) -> Iterator[Span]:
        """Time what is inside; an exception leaves its class behind, not what it says."""
        with self._tracer.start_as_current_span(
            name,
            kind=self._inner,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                self.fail(span, type(error).__name__)
                raise

    @contextmanager
    def request(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[Span]:
        """Time a request, as a part of the trace that its headers name (W3C ``traceparent``)."""
        carried = {
            name.decode(): value.decode("latin-1") for name, value in headers if name in _CARRIED
        }
        with self._tracer.start_as_current_span(
            method,
            context=self._carried.extract(carried),
            kind=self._served,
            attributes={"http.request.method": method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span

    def fail(self, span: Span, kind: str) -> None:
        """Mark a span as failed; ``kind`` is an error's code or class."""
        span.set_attribute("error.type", kind)
        span.set_status(self._failed)

    def shutdown(self, seconds: float = _PATIENCE_SECONDS) -> None:
        """Send what is left and end; this blocks, but not longer than ``seconds``."""
        # A collector that cannot be reached is tried again for ten seconds and more.
        ending = threading.Thread(target=self._provider.shutdown, daemon=True, name="last traces")
        ending.start()
        ending.join(seconds)


current_tracing: ContextVar[Tracing | None] = ContextVar("zhupei_tracing", default=None)
"""What makes spans of the request or job under way; None where nobody traces."""


async def traced(name: str, work: Awaitable[_T], attributes: Attributes) -> _T:
    """Await ``work`` inside a span, where somebody traces."""
    tracing = current_tracing.get()
    if tracing is None:
        return await work
    with tracing.span(name, attributes):
        return await work


def safe_operation_name(name: str | None) -> str | None:
    """Return an operation's name as it may be written down; ``other`` for one that may not.

    Clients choose it: it must be one of GraphQL's, of 60 letters at most.
    """
    if not name:
        return None
    # Of ASCII letters, Python's identifiers are GraphQL's names.
    fits = len(name) <= _LONGEST_NAME and name.isascii() and name.isidentifier()
    return name if fits else "other"


def statement_attributes(statement: str) -> dict[str, str]:
    """Return what a statement does and to which table: values may stand in its text."""
    attributes = {"db.system.name": "postgresql"}
    if (verb := _VERB.match(statement)) is not None:
        attributes["db.operation.name"] = verb[1].upper()
    if (table := _TABLE.search(statement)) is not None:
        attributes["db.collection.name"] = table[1]
    return attributes


def export_traces(environ: Mapping[str, str] = os.environ) -> Tracing:
    """Return a `Tracing` that sends where OpenTelemetry's own variables (``OTEL_*``) say.

    Raises:
        TracingUnavailableError: the SDK is not installed, or the exporter is none that we know.

    """
    try:
        from opentelemetry.sdk.resources import (  # noqa: PLC0415 - see above
            OTELResourceDetector,
            Resource,
        )
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - see above

        exporter = _exporter(environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp")
    except ImportError as error:
        raise TracingUnavailableError(
            Text(
                "ZHUPEI_TRACES 已开启，但没有安装 OpenTelemetry",
                "ZHUPEI_TRACES is on, but OpenTelemetry is not installed",
            ),
            Text("安装 zhupei[otel]", "install zhupei[otel]"),
        ) from error
    ours = {"service.name": "zhupei", "service.version": version("zhupei")}
    # What the variables say stands before what we say.
    resource = Resource.create({**ours, **OTELResourceDetector().detect().attributes})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider)


def _exporter(name: str) -> SpanExporter | None:
    if name == "none":
        return None
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415 - see above

        return ConsoleSpanExporter()
    if name == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - see above
            OTLPSpanExporter,
        )

        return OTLPSpanExporter()
    raise TracingUnavailableError(
        Text(
            f"OTEL_TRACES_EXPORTER 应为 otlp、console 或 none，而不是“{name}”",
            f'OTEL_TRACES_EXPORTER must be otlp, console or none, not "{name}"',
        )
    )
