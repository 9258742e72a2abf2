"""The application: `create_app` wires every part, and nothing is global."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from zhupei.catalogue import LoadedCatalogue
from zhupei.composition import Graph, compose
from zhupei.config.problems import Problems
from zhupei.db.catalogue_versions import record_catalogue_version
from zhupei.db.supervision import DatabaseSupervisor
from zhupei.domain.text import Language, Text
from zhupei.errors import ZhupeiError
from zhupei.graphql.context import china_now
from zhupei.graphql.engine import Counts, Engine
from zhupei.jobs import Workplace
from zhupei.jobs.worker import Worker, mail_server
from zhupei.services.applicant_files import FileStore
from zhupei.services.queue_status import queue_counts
from zhupei.settings import Settings
from zhupei.tracing import Tracing, export_traces
from zhupei.web.endpoint import GraphQLEndpoint
from zhupei.web.guards import Gate
from zhupei.web.health import health_routes
from zhupei.web.ide import QueryPage
from zhupei.web.metrics import State
from zhupei.web.persisted_operations import (
    LearnedOperations,
    NoStoredOperations,
    StoredOperations,
    TrustedDocuments,
    read_manifests,
)
from zhupei.web.repeated_requests import SETTLED, RepeatedRequests
from zhupei.web.revalidated_answers import MADE_OF_ROWS, RevalidatedAnswers, Served
from zhupei.web.routes import GRAPHQL_PATH, error_handlers, middleware, routes, trusted_proxies
from zhupei.web.sending import Keep

__all__ = [
    "Application",
    "ConfigurationRefusedError",
    "application_of",
    "assemble",
    "create_app",
]

_log = logging.getLogger("zhupei")

# PostgreSQL looks no longer for figures; whoever asked for them does not wait that long.
_FIGURES_SECONDS = 2

# Of what is kept of answers, a quarter is kept by the bytes of requests.
_SHARE_OF_REPEATED = 4


class ConfigurationRefusedError(ZhupeiError):
    """Start-up is strict and the configuration has errors."""

    code = "CONFIGURATION_REFUSED"

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        super().__init__(
            Text(problems.text(Language.ZH).rstrip(), problems.text(Language.EN).rstrip()),
            Text("更正后再启动，或去掉 ZHUPEI_STRICT", "correct them, or unset ZHUPEI_STRICT"),
        )


class _Web(Starlette):
    """Starlette without what answers unexpected errors as text: `RequestScope` does, as JSON."""

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack


class Application:
    """One wired application; `create_app` puts it on ``app.state.zhupei``.

    Args:
        settings: as read from the environment.
        graph: the composed graph.
        tracing: what makes spans, None where nobody traces.

    """

    def __init__(self, settings: Settings, graph: Graph, tracing: Tracing | None = None) -> None:
        self.settings = settings
        self.graph = graph
        self.database = graph.database
        self.tracing = tracing
        self.page = (
            QueryPage(GRAPHQL_PATH, examples=settings.examples) if settings.serves_ide else None
        )
        self.place = Workplace(
            database=graph.database,
            loaded=self._loaded,
            clock=graph.clock,
            keyring=graph.keyring,
            mail=mail_server(settings),
            reminds=timedelta(days=settings.reminder_days),
            files=FileStore(settings.data_dir / "files", largest=settings.max_file_bytes),
            keeps_files=timedelta(days=settings.removed_file_days),
            webhooks=graph.webhooks,
            watch=graph.metrics.job,
        )
        self.place.courier.watch = graph.metrics.attempt
        self.repeated: RepeatedRequests | None = None
        """What connections may answer by themselves, set by `assemble`."""
        self.revalidated: RevalidatedAnswers | None = None
        """What answers a request as before while its rows are the same, set by `assemble`."""
        self.starting = False
        """Whether it begins just now: the catalogue is read, or the database tried."""
        self._reloading = asyncio.Lock()
        self.supervisor = DatabaseSupervisor(graph.database, settings.language, self._record)
        """What reaches the database while the application runs."""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the catalogue and reach the database; on leaving, give everything up.

        The database may stay away: the catalogue is served without it, and a task keeps trying.
        Whoever asks before this is done is told to come again (`zhupei.web.guards`).
        """
        self.starting = True
        self.supervisor.start()
        try:
            problems = await self.graph.catalogue.reload()
            if self.settings.strict and problems.errors:
                raise ConfigurationRefusedError(problems)
            await self.supervisor.tried()
            await self._record()
            async with self.graph.plugins(), self._worker():
                self.starting = False
                yield
        finally:
            await self.graph.changes.aclose()
            await self.supervisor.stop()
            await self.graph.rates.aclose()
            await self.database.stop()
            if self.tracing is not None:
                await asyncio.to_thread(self.tracing.shutdown)

    def _worker(self) -> AbstractAsyncContextManager[None]:
        """Return what does jobs while it is entered, if this process is to do any."""
        if not self.settings.worker:
            return contextlib.nullcontext()
        return Worker(
            self.place, tick_seconds=self.settings.tick_seconds, tracing=self.tracing
        ).working()

    def _loaded(self) -> LoadedCatalogue:
        loaded = self.graph.catalogue.loaded
        if loaded is None:
            raise RuntimeError("the catalogue was asked before it was loaded")
        return loaded

    def stop_telling(self) -> None:
        """End every subscription now, so that none of them holds up the end of the server."""
        self.graph.changes.close()

    async def reload(self) -> None:
        """Replace the catalogue by what the files say now; on an error the present one stays."""
        async with self._reloading:
            await self.graph.catalogue.reload()
            await self._record()

    def plugins(self) -> dict[str, bool]:
        """Return by slug which plugins work."""
        current = self.graph.catalogue.current
        return {} if current is None else {p.slug: p.reason is None for p in current.plugins}

    def telling(self) -> tuple[BaseRoute, ...]:
        """Return where operators' tools ask how the process is: health, and figures if they may."""

        def catalogue_hash() -> str | None:
            catalogue = self.graph.catalogue.current
            return catalogue.hash if catalogue else None

        figures = (self.graph.metrics.route(self.settings.metrics_token),)
        return (
            *health_routes(
                database=self.database,
                catalogue_hash=catalogue_hash,
                plugins=self.plugins,
                reveal=self.settings.environment != "production",
                starting=lambda: self.starting,
            ),
            *(figures if self.settings.serves_metrics else ()),
        )

    def state(self, gate: Gate) -> State:
        """Return what the figures for operators are asked of."""
        engine: Engine | None = getattr(self.graph.schema, "engine", None)
        guard = None if engine is None else engine.guard

        def catalogue() -> dict[str, int]:
            current = self.graph.catalogue.current
            kinds = ("bases", "programs", "openings")
            return {} if current is None else {kind: len(getattr(current, kind)) for kind in kinds}

        async def queue() -> dict[str, dict[str, int]]:
            # Not one of the pool's: when requests wait for those, figures are wanted most.
            connection = await self.database.own_connection()
            try:
                await connection.execute(f"SET statement_timeout = '{_FIGURES_SECONDS}s'")
                found = await queue_counts(connection.fetch)
                await connection.close()
            finally:
                # Nothing where it is closed; else nobody waits for a server that does not answer.
                connection.terminate()
            return found

        return State(
            engine=lambda: Counts() if engine is None else engine.counts,
            running=lambda: (0, 0) if guard is None else guard.load,
            pool=self.database.pool_load,
            watches=lambda: self.graph.changes.watches,
            catalogue=catalogue,
            plugins=self.plugins,
            queue=queue,
            refused=lambda: gate.refused,
            ready=lambda: self.graph.catalogue.current is not None and not self.starting,
        )

    def summary(self) -> dict[str, object]:
        """Return what is served, as the fields of one log line."""
        catalogue = self.graph.catalogue.current
        if catalogue is None:
            return {"bases": 0, "programs": 0, "openings": 0}
        degraded = {
            plugin.slug: plugin.reason.get(self.settings.language)
            for plugin in catalogue.plugins
            if plugin.reason is not None
        }
        database = "embedded" if self.database.is_embedded else "given"
        return {
            "bases": len(catalogue.bases),
            "programs": len(catalogue.programs),
            "openings": len(catalogue.openings),
            "plugins": ",".join(p.slug for p in catalogue.plugins) or "none",
            "degraded": "; ".join(f"{slug}: {why}" for slug, why in degraded.items()) or "none",
            "catalogue": catalogue.hash[:12],
            "database": "unavailable" if self.database.problem else database,
            "data": str(self.settings.data_dir),
        }

    async def _record(self) -> None:
        """Note the version in the database, if there is one; serving does not depend on it."""
        catalogue = self.graph.catalogue.current
        if catalogue is None or self.database.problem is not None:
            return
        try:
            with self.database.use():
                await record_catalogue_version(
                    catalogue.hash,
                    at=self.graph.clock().astimezone(UTC),
                    bases=len(catalogue.bases),
                    programs=len(catalogue.programs),
                    openings=len(catalogue.openings),
                )
        except Exception:  # noqa: BLE001 - whatever it is, the catalogue is served
            _log.exception("the catalogue's version could not be recorded")


def application_of(app: Starlette) -> Application:
    """Return what `create_app` wired into ``app``."""
    application = app.state.zhupei
    if not isinstance(application, Application):
        raise TypeError("this Starlette application was not made by create_app")
    return application


def assemble(settings: Settings, graph: Graph, tracing: Tracing | None = None) -> Starlette:
    """Return the web application that serves ``graph``; ``tracing`` makes spans."""
    application = Application(settings, graph, tracing)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with application.running():
            yield

    endpoint = GraphQLEndpoint(
        schema=graph.schema,
        context=graph.context,
        page=application.page,
        suggest=settings.allows_introspection,
        max_body_bytes=settings.max_body_bytes,
        database=application.database,
        allowed_origins=settings.allowed_origins,
        stored=_stored_operations(settings),
        most_operations=settings.max_batch,
        cache_bytes=settings.cache_bytes - settings.cache_bytes // _SHARE_OF_REPEATED,
        cache_seconds=settings.cache_seconds,
        most_upload_bytes=settings.max_file_bytes + settings.max_body_bytes,
        most_live=settings.connections_per_account,
    )
    gate = Gate(
        rates=graph.rates,
        open_at_once=settings.open_at_once,
        open_per_address=settings.connections_per_address,
        starting=lambda: application.starting,
    )
    keeping: dict[str, Keep] = {}
    if settings.cache_bytes and tracing is None:
        application.repeated = repeated = _repeated_requests(settings, graph, gate)
        keeping[SETTLED] = repeated.keep
        application.revalidated = revalidated = _revalidated_answers(settings, graph, gate)
        if revalidated is not None:
            keeping[MADE_OF_ROWS] = revalidated.keep
    graph.metrics.attach(application.state(gate))
    endpoint.watch = graph.metrics.operation
    app = _Web(
        routes=routes(
            endpoint=endpoint,
            page=application.page,
            health=application.telling(),
            more=graph.routes,
        ),
        middleware=middleware(
            settings,
            application.database,
            endpoint,
            gate,
            graph.metrics.response,
            tracing,
            keeping,
        ),
        exception_handlers=error_handlers(),
        lifespan=lifespan,
    )
    # Starlette would lead to whatever host the request names.
    app.router.redirect_slashes = False
    app.state.zhupei = application
    return app


def _repeated_requests(settings: Settings, graph: Graph, gate: Gate) -> RepeatedRequests:
    """Return what answers requests that are known."""
    holder = graph.catalogue
    return RepeatedRequests(
        most_bytes=settings.cache_bytes // _SHARE_OF_REPEATED,
        catalogue=lambda: holder.current,
        gate=gate,
        is_proxy=trusted_proxies(settings),
        responded=graph.metrics.response,
        watch=graph.metrics.operation,
        access_log=settings.access_log,
    )


def _revalidated_answers(settings: Settings, graph: Graph, gate: Gate) -> RevalidatedAnswers | None:
    """Return what answers requests as before, while their answers are made of the same rows."""
    holder, guard = graph.catalogue, getattr(getattr(graph.schema, "engine", None), "guard", None)
    if guard is None or graph.sign_in is None:
        return None

    def served() -> Served | None:
        loaded = holder.loaded
        if loaded is None:
            return None
        return Served.by(loaded.catalogue, loaded.dispatcher)

    return RevalidatedAnswers(
        served=served,
        sign_in=graph.sign_in,
        gate=gate,
        guard=guard,
        database=graph.database,
        responded=graph.metrics.response,
        watch=graph.metrics.operation,
        access_log=settings.access_log,
    )


def _stored_operations(settings: Settings) -> StoredOperations:
    """Return what clients may name instead of sending; raise `ManifestError`."""
    if settings.trusted_documents:
        return TrustedDocuments(read_manifests(settings.trusted_documents))
    return LearnedOperations() if settings.apq else NoStoredOperations()


def create_app(settings: Settings, *, clock: Callable[[], datetime] = china_now) -> Starlette:
    """Return the application that ``settings`` describe; nothing is started before its lifespan.

    ``clock`` returns aware instants and answers what "now" is everywhere; tests and
    demonstrations move it.

    Raises:
        ZhupeiError: start-up is strict and a plugin cannot be loaded, or a manifest of trusted
            documents cannot be used, or traces are wanted and cannot be sent.

    """
    tracing = export_traces() if settings.traces else None
    return assemble(settings, compose(settings, clock=clock), tracing)
