"""The application: `create_app` wires every part, and nothing is global."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.base import BaseSchema

from zhupei.db.catalogue_versions import record_catalogue_version
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.settings import Settings
from zhupei.web.endpoint import GraphQLEndpoint
from zhupei.web.health import health_routes
from zhupei.web.ide import QueryPage
from zhupei.web.limits import QueryLimits, schema_extensions
from zhupei.web.routes import GRAPHQL_PATH, middleware, routes

__all__ = [
    "Application",
    "CatalogueSource",
    "Graph",
    "ServedCatalogue",
    "ServedPlugin",
    "application_of",
    "assemble",
    "create_app",
]

_log = logging.getLogger("zhupei")

# Seconds between two tries to reach a database that was not there.
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


class ServedPlugin(Protocol):
    """What this module needs to know of a plugin."""

    @property
    def slug(self) -> str:
        """Its name."""

    @property
    def degraded_reason(self) -> object | None:
        """Why it is not wholly in use; None when it is."""


class ServedCatalogue(Protocol):
    """What this module needs to know of a catalogue."""

    @property
    def hash(self) -> str:
        """The content hash."""

    @property
    def bases(self) -> Mapping[str, object]:
        """The bases by code."""

    @property
    def programs(self) -> Mapping[str, object]:
        """The programs by code."""

    @property
    def openings(self) -> Mapping[str, object]:
        """The openings by code."""

    @property
    def plugins(self) -> Sequence[ServedPlugin]:
        """The plugins that took part."""


class CatalogueSource(Protocol):
    """Holds the catalogue that is served and replaces it as a whole."""

    @property
    def current(self) -> ServedCatalogue | None:
        """What is served; None before the first load."""

    async def reload(self) -> object:
        """Build anew and replace `current`; on an error `current` stays and the error is raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The graph as the web side needs it: where it reads, its schema, its contexts."""

    catalogue: CatalogueSource
    schema: BaseSchema
    context: Callable[[Request, Response], Any]


class Application:
    """One wired application; `create_app` puts it on ``app.state.zhupei``.

    Args:
        settings: as read from the environment.
        graph: the composed graph.

    """

    def __init__(self, settings: Settings, graph: Graph) -> None:
        self.settings = settings
        self.graph = graph
        self.database = Database(
            data_dir=settings.data_dir,
            url=settings.database_url,
            pool_size=settings.database_pool,
        )
        self.page = QueryPage(GRAPHQL_PATH) if settings.serves_ide else None
        self._reloading = asyncio.Lock()
        self._reaching: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the catalogue and reach the database; on leaving, give everything up.

        The database may stay away: the catalogue is served without it, and a task keeps trying.
        """
        reaching = asyncio.create_task(self._reach_database())
        try:
            await self.graph.catalogue.reload()
            await reaching
            await self._record()
            yield
        finally:
            for task in (reaching, self._reaching):
                if task is not None:
                    task.cancel()
                    await asyncio.wait([task])
            await self.database.stop()

    async def reload(self) -> None:
        """Replace the catalogue by what the files say now; on an error the present one stays."""
        async with self._reloading:
            await self.graph.catalogue.reload()
            await self._record()

    def summary(self) -> dict[str, object]:
        """Return what is served, as the fields of one log line."""
        catalogue = self.graph.catalogue.current
        if catalogue is None:
            return {"bases": 0, "programs": 0, "openings": 0}
        degraded = {p.slug: str(p.degraded_reason) for p in catalogue.plugins if p.degraded_reason}
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

    async def _reach_database(self) -> None:
        try:
            await self.database.start()
        except DatabaseUnavailableError as error:
            self._report(error)
            self._reaching = asyncio.create_task(self._keep_reaching(error))

    async def _keep_reaching(self, error: DatabaseUnavailableError) -> None:
        pause = _FIRST_PAUSE_SECONDS
        reported = error.message
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            try:
                await self.database.start()
            except DatabaseUnavailableError as again:
                if again.message != reported:
                    self._report(again)
                    reported = again.message
            else:
                _log.info("the database can be used now")
                await self._record()
                return

    def _report(self, error: DatabaseUnavailableError) -> None:
        language = self.settings.language
        _log.error(
            "no database; the catalogue is served all the same",
            extra={"reason": error.message.get(language), "hint": error.hint.get(language)},
        )

    async def _record(self) -> None:
        """Note the version in the database, if there is one; serving does not depend on it."""
        catalogue = self.graph.catalogue.current
        if catalogue is None or self.database.problem is not None:
            return
        try:
            with self.database.use():
                await record_catalogue_version(
                    catalogue.hash,
                    at=datetime.now(UTC),
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


def assemble(settings: Settings, graph: Graph) -> Starlette:
    """Return the web application that serves ``graph``."""
    application = Application(settings, graph)

    def catalogue_hash() -> str | None:
        catalogue = graph.catalogue.current
        return catalogue.hash if catalogue else None

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
    )
    app = Starlette(
        routes=routes(
            endpoint=endpoint,
            page=application.page,
            health=health_routes(
                database=application.database,
                catalogue_hash=catalogue_hash,
                reveal=settings.environment != "production",
            ),
        ),
        middleware=middleware(settings, application.database),
        lifespan=lifespan,
    )
    app.state.zhupei = application
    return app


def create_app(settings: Settings) -> Starlette:
    """Return the application that ``settings`` describe; nothing is started before its lifespan."""
    return assemble(settings, _compose(settings))


def _compose(settings: Settings) -> Graph:
    """Put the graph together out of the catalogue's holder and the composed schema."""
    # Here, not at the top: commands that only read settings stay fast.
    from zhupei.catalogue import CatalogueHolder  # noqa: PLC0415
    from zhupei.graphql import build_schema  # noqa: PLC0415
    from zhupei.graphql.context import build_context  # noqa: PLC0415

    extensions = schema_extensions(
        QueryLimits(
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            fields=settings.max_fields,
            tokens=settings.max_tokens,
        ),
        introspection=settings.allows_introspection,
    )
    holder = CatalogueHolder(bases=settings.bases, plugins=settings.plugins, strict=settings.strict)
    schema = build_schema(holder, extensions=extensions)
    return Graph(
        catalogue=holder,
        schema=schema,
        context=lambda request, response: build_context(request, response, holder),
    )
