"""Putting the graph together: configuration, plugins, catalogue, schema, context."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from limits.aio.storage import Storage
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.schema.base import BaseSchema

from zhupei.catalogue import CatalogueHolder, LoadedCatalogue, load_catalogue
from zhupei.catalogue.collector import collector_paused
from zhupei.catalogue.named_plugins import load_plugins, platform_namings
from zhupei.catalogue.snapshots import Snapshots
from zhupei.config.parsed import ParsedFiles
from zhupei.config.platform import read_platform
from zhupei.config.workspace import Workspace, read_workspace
from zhupei.db.connection import Database
from zhupei.db.rate_windows import PostgresRates
from zhupei.default_plugins.bearer_tokens import BearerTokens
from zhupei.domain.institutions import Base
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.graphql.context import GraphContext, china_now, language_of
from zhupei.graphql.errors import SessionEnded
from zhupei.graphql.limits import Guard, QueryLimits, Rates, schema_extensions
from zhupei.graphql.schema import build_schema
from zhupei.hooks.manager import PluginHost
from zhupei.noted_reads import spoil
from zhupei.security.crypto import Keyring
from zhupei.services.access import open_keyring, prepare_access
from zhupei.services.applicant_files import FileStore
from zhupei.services.changes import ChangeFeed
from zhupei.services.eligibility import prepare
from zhupei.services.issuing.signing import open_signing_keys
from zhupei.services.sign_in import SignIn
from zhupei.services.webhooks.rules import WebhookRules, webhook_rules
from zhupei.settings import Environment, Settings, SettingsError, SettingsProblem
from zhupei.web.calendars import calendar_routes
from zhupei.web.events import event_routes
from zhupei.web.files import file_routes
from zhupei.web.gateways import Gateways
from zhupei.web.guards import address_of
from zhupei.web.metrics import Metrics
from zhupei.web.negotiation import accept_language_in
from zhupei.web.office import office_routes
from zhupei.web.papers import paper_routes
from zhupei.web.publicity import publicity_routes
from zhupei.web.rosters import roster_routes
from zhupei.web.sign_in import (
    ActorRefused,
    actor_of,
    change_password_route,
    sign_in_route,
    sign_up_route,
)

__all__ = ["Graph", "Installation", "compose"]

_log = logging.getLogger(__name__)

# Operations that may wait for their turn, for each that runs.
_WAITING = 4


@contextlib.asynccontextmanager
async def _no_plugins() -> AsyncIterator[None]:
    yield


def _no_keys() -> Keyring:
    raise RuntimeError("this graph was composed without the keys of personal data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The graph as the web side needs it: where it reads, its schema, its contexts.

    ``context`` may be a coroutine function. ``plugins`` is entered while the server runs, after
    the catalogue was loaded. ``routes`` are those beside the graph itself. ``clock`` answers what
    "now" is, everywhere. ``keyring`` opens the keys of personal data. ``rates`` is what is left to
    whom. ``changes`` tells subscriptions what is committed. ``metrics`` are the figures for
    operators. ``sign_in`` knows who was there a moment ago; None where nobody can sign in.
    """

    catalogue: CatalogueHolder
    database: Database
    keyring: Callable[[], Keyring] = _no_keys
    clock: Callable[[], datetime] = china_now
    changes: ChangeFeed
    webhooks: WebhookRules = field(default_factory=WebhookRules)
    schema: BaseSchema
    rates: Rates = field(default_factory=partial(Rates, requests=0, cost={}))
    context: Callable[[Request, Response], Any]
    plugins: Callable[[], AbstractAsyncContextManager[None]] = _no_plugins
    routes: tuple[Route, ...] = ()
    metrics: Metrics = field(default_factory=Metrics)
    sign_in: SignIn | None = None


class Installation:
    """What plugins see of the running zhupei (`zhupei.hooks.installation.Zhupei`)."""

    def __init__(
        self,
        settings: Settings,
        holder: CatalogueHolder,
        clock: Callable[[], datetime] = china_now,
    ) -> None:
        self._settings = settings
        self._holder = holder
        self._clock = clock

    @property
    def version(self) -> str:
        """The release of zhupei."""
        return version("zhupei")

    @property
    def data_dir(self) -> Path:
        """The data directory."""
        return self._settings.data_dir

    @property
    def catalogue_hash(self) -> str:
        """The version of the rules in force."""
        return _loaded(self._holder).catalogue.hash

    def now(self) -> datetime:
        """Return the present moment in Asia/Shanghai."""
        return self._clock()

    def base(self, code: str) -> Base | None:
        """Return a base by its code, None where there is none."""
        return _loaded(self._holder).catalogue.bases.get(code)

    def program(self, code: str) -> Program | None:
        """Return a program by its code, None where there is none."""
        return _loaded(self._holder).catalogue.programs.get(code)

    def opening(self, code: str) -> Opening | None:
        """Return an opening by its code, None where there is none."""
        return _loaded(self._holder).catalogue.openings.get(code)


def compose(settings: Settings, *, clock: Callable[[], datetime] = china_now) -> Graph:
    """Load the plugins that the configuration names and compose the graph with their types.

    The catalogue itself is loaded by its holder, when the server starts and on every reload; a
    plugin that comes with a reload takes part after a restart, because the schema is composed
    once. ``clock`` returns aware instants; tests and demonstrations move it.

    Raises:
        zhupei.errors.ZhupeiError: start-up is strict and a plugin cannot be loaded.

    """
    platform = read_platform(settings.platform_file)
    for complaint in platform.problems:
        _log.error("%s", complaint.text(settings.language))
    parsed = ParsedFiles(settings.data_dir / "parsed")
    parsed.tidy()
    snapshots = Snapshots(settings.data_dir / "catalogues")
    read = [read_workspace(settings.bases, parsed)]
    _, host = load_plugins(
        read[0],
        folders=settings.plugins,
        platform=platform_namings(platform),
        disabled=(*settings.disabled_plugins, *platform.disabled),
        strict=settings.strict,
    )

    database = Database(
        data_dir=settings.data_dir,
        url=settings.database_url,
        pool_size=settings.database_pool,
    )
    access = prepare_access(settings, now=clock)
    files = FileStore(settings.data_dir / "files", largest=settings.max_file_bytes)
    keyring = cache(partial(open_keyring, settings))
    signing_keys = cache(partial(open_signing_keys, settings))
    host = host.extended("bearer-tokens", BearerTokens(access.sign_in.by_header))

    metrics = Metrics()
    host.watch = metrics.hook

    async def load() -> LoadedCatalogue:
        # The first load takes what the plugins' names were read from.
        return await _load(settings, host, parsed, read, snapshots, holder.loaded)

    holder = CatalogueHolder(load)
    limits = QueryLimits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        fields=settings.max_fields,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
    )
    if settings.encryption_keys is not None or settings.environment is Environment.PRODUCTION:
        keyring()  # now, so that missing or unreadable keys stop the start and not a request
    if settings.signing_keys is not None:
        signing_keys()
    composed = build_schema(
        host,
        extensions=schema_extensions(limits, introspection=settings.allows_introspection),
        strict=settings.strict,
        access=settings.federation_access,
    )
    composed.schema.engine.explain = settings.explain_engine
    rates = _rates(settings)
    composed.schema.engine.guard = Guard(
        rates=rates,
        seconds=settings.operation_seconds,
        running=settings.operations_at_once,
        waiting=_WAITING * settings.operations_at_once,
    )
    for problem in composed.problems:
        host.degrade(problem)
        _log.error("a plugin adds nothing to the graph: %s", problem.text(settings.language))

    changes, now = ChangeFeed(database.own_connection), _noted(clock)
    gateways = Gateways(settings.gateway_secret)
    webhooks = webhook_rules(
        public_url=settings.public_url,
        networks=settings.webhook_networks,
        ports=settings.webhook_ports,
        plain=settings.webhook_http,
        seconds=settings.webhook_seconds,
        days=settings.webhook_days,
    )

    async def context(request: Request, response: Response) -> GraphContext:
        loaded = _loaded(holder)
        language = language_of(accept_language_in(request.scope))

        async def anew() -> GraphContext:
            try:
                return await context(request, response)
            except ActorRefused as refused:
                raise SessionEnded(refused.code, refused.message, language) from None

        return GraphContext(
            catalogue=loaded.catalogue,
            dispatcher=loaded.dispatcher,
            language=language,
            clock=now,
            actor=await actor_of(request, loaded.dispatcher, access.sign_in.remembered),
            address=address_of(request.scope),
            keyring=keyring,
            signing_keys=signing_keys,
            database=database,
            changes=changes,
            anew=anew,
            files=files,
            describes=settings.allows_introspection or gateways.trusts(request.headers),
            tracer=gateways.tracer(request.headers) if gateways.are_known else None,
            webhooks=webhooks,
        )

    @contextlib.asynccontextmanager
    async def plugins() -> AsyncIterator[None]:
        installation = Installation(settings, holder, clock)
        await _loaded(holder).dispatcher.ask("startup", zhupei=installation)
        try:
            yield
        finally:
            await _loaded(holder).dispatcher.ask("shutdown", zhupei=installation)
            await access.aclose()

    return Graph(
        catalogue=holder,
        database=database,
        keyring=keyring,
        clock=clock,
        changes=changes,
        webhooks=webhooks,
        schema=composed.schema,
        rates=rates,
        context=context,
        plugins=plugins,
        routes=(
            *(
                (sign_in_route(access.sign_in), change_password_route(access.sign_in))
                if settings.password_sign_in
                else ()
            ),
            *((sign_up_route(access.sign_up, access.sign_in),) if settings.allows_sign_up else ()),
            *file_routes(files, context),
            *paper_routes(context),
            *office_routes(context),
            *publicity_routes(context, signing_keys),
            *event_routes(webhooks),
            *calendar_routes(context),
            *roster_routes(context),
        ),
        metrics=metrics,
        sign_in=access.sign_in,
    )


async def _load(
    settings: Settings,
    host: PluginHost,
    parsed: ParsedFiles,
    read: list[Workspace],
    snapshots: Snapshots,
    before: LoadedCatalogue | None,
) -> LoadedCatalogue:
    """Return the catalogue with everything made that a first question would wait for.

    What was ``read`` is taken from there, so that nobody else holds it.
    """
    again = not read
    with collector_paused():
        if again:
            # What requests left would be kept for ever by what follows. Not after the load: the
            # collector would go through the new catalogue, and all requests would wait for it.
            gc.collect()
        loaded = await load_catalogue(
            settings.bases,
            host=host,
            parsed=parsed,
            workspace=None if again else read.pop(),
            snapshots=snapshots,
            before=before,
        )
        await asyncio.to_thread(prepare, loaded.catalogue, loaded.dispatcher)
    # What lives as long as the catalogue need not be gone through by the collector, whose long
    # runs users would wait for. An earlier catalogue goes without it: it has no cycles.
    gc.freeze()
    return loaded


_REDIS_SECONDS = 2.0


def _rates(settings: Settings) -> Rates:
    """Return what is left to whom, counted where the settings say."""
    where = settings.rate_storage
    storage: Storage | None = None
    if where == "database":
        storage = PostgresRates()
    elif where != "memory":
        try:
            made = storage_from_string(
                f"async+{where}",
                implementation="redispy",
                socket_connect_timeout=_REDIS_SECONDS,
                socket_timeout=_REDIS_SECONDS,
            )
        except ConfigurationError:
            needed = Text(
                "需要软件包 redis：pip install 'zhupei[redis]'", "needs pip install 'zhupei[redis]'"
            )
            problem = SettingsProblem("ZHUPEI_RATE_STORAGE", needed)
            raise SettingsError((problem,)) from None
        storage = cast("Storage", made)
    return Rates(requests=settings.request_rate, cost=settings.cost_rate, storage=storage)


def _noted(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that says that it was asked: what it has a say in is another answer later."""

    def now() -> datetime:
        spoil()
        return clock()

    return now


def _loaded(holder: CatalogueHolder) -> LoadedCatalogue:
    if holder.loaded is None:
        raise RuntimeError("the catalogue was asked before it was loaded")
    return holder.loaded
