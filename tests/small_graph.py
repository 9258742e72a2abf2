"""A small graph for tests of the web side: real schema, real application, fields that go wrong."""

import asyncio
from collections.abc import AsyncGenerator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.types import ExecutionContext

from graphql import GraphQLError
from zhupei.app import assemble
from zhupei.catalogue import CatalogueHolder, load_catalogue
from zhupei.composition import Graph
from zhupei.db.connection import Database, DatabaseUnavailableError
from zhupei.domain.text import Text
from zhupei.graphql.engine import Engine
from zhupei.graphql.limits import QueryLimits, schema_extensions
from zhupei.services.changes import ChangeFeed
from zhupei.settings import Settings
from zhupei.web.endpoint import GraphQLEndpoint


@strawberry.type
class Node:
    """A node that leads to itself, for depth."""

    code: str = "0200"

    @strawberry.field
    def node(self) -> "Node":
        return Node()


@strawberry.type
class Query:
    """What the tests ask."""

    @strawberry.field
    def hello(self, name: str = "世界") -> str:
        return f"你好 {name}"

    @strawberry.field
    def node(self) -> Node:
        return Node()

    @strawberry.field
    def long(self) -> list[str]:
        return ["住院医师规范化培训"] * 2000

    @strawberry.field
    def amount(self, of: Decimal) -> str:
        return str(of)

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("password=hunter2 at /srv/secret")

    @strawberry.field
    def refused(self) -> str | None:
        raise GraphQLError("no such opening", extensions={"code": "NOT_FOUND"})

    @strawberry.field
    def stored(self) -> str | None:
        raise DatabaseUnavailableError(
            Text("原因", "host db.internal refused"), Text("提示", "hint")
        )


CHANGES: list[str] = []
"""What mutations did; tests empty it."""


@strawberry.type
class Mutation:
    """Something that GET must not do."""

    @strawberry.mutation
    def change(self, to: str = "change") -> list[str]:
        CHANGES.append(to)
        return list(CHANGES)


@strawberry.type
class Subscription:
    """A few events, an endless stream, and one that fails."""

    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def silence(self) -> AsyncGenerator[int, None]:
        try:
            await asyncio.Event().wait()
            yield 0
        finally:
            CHANGES.append("silence ended")

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        yield 0
        raise RuntimeError("password=hunter2 at /srv/secret")


def small_schema(settings: Settings) -> strawberry.Schema:
    """Return the schema with the extensions that the real one is served with."""

    class Schema(strawberry.Schema):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.engine = Engine(self)

        def process_errors(
            self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
        ) -> None:
            """Leave logging to the endpoint, as the real schema does."""

    return Schema(
        Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=schema_extensions(
            QueryLimits(
                depth=settings.max_depth,
                aliases=settings.max_aliases,
                fields=settings.max_fields,
                tokens=settings.max_tokens,
                cost=settings.max_cost,
            ),
            introspection=settings.allows_introspection,
        ),
    )


def small_app(settings: Settings) -> Starlette:
    """Return the application around the small graph and the real catalogue of ``settings``."""
    holder = CatalogueHolder(partial(load_catalogue, settings.bases))
    database = Database(
        data_dir=settings.data_dir, url=settings.database_url, pool_size=settings.database_pool
    )
    graph = Graph(
        catalogue=holder,
        database=database,
        changes=ChangeFeed(database.own_connection),
        schema=small_schema(settings),
        context=lambda request, response: {"request": request, "response": response},
    )
    return assemble(settings, graph)


def endpoint_of(data_dir: Path, **changes: object) -> GraphQLEndpoint:
    """Return the endpoint alone, as an ASGI application."""
    app = small_app(small_settings(data_dir, **changes))
    for route in app.routes:
        if isinstance(route, Route) and isinstance(route.endpoint, GraphQLEndpoint):
            return route.endpoint
    raise LookupError("there is no endpoint")


def small_settings(data_dir: Path, **changes: object) -> Settings:
    """Return settings with everything under ``data_dir``."""
    values: dict[str, object] = {"data_dir": data_dir / "data", "bases": (), "plugins": ()}
    return Settings(**{**values, **changes})  # type: ignore[arg-type]  # changes are fields
