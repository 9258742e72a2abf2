"""All routes of the application, and what surrounds them."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from zhupei.db.connection import Database
from zhupei.settings import Settings
from zhupei.web.endpoint import GraphQLEndpoint
from zhupei.web.ide import QueryPage
from zhupei.web.request_scope import RequestScope

__all__ = ["GRAPHQL_PATH", "middleware", "routes"]

GRAPHQL_PATH = "/graphql"

_SMALLEST_COMPRESSED_BYTES = 1000


async def _home(_request: Request) -> RedirectResponse:
    return RedirectResponse(GRAPHQL_PATH)


def routes(
    *,
    endpoint: GraphQLEndpoint,
    page: QueryPage | None,
    health: list[Route],
    more: Iterable[Route] = (),
) -> list[BaseRoute]:
    """Return the routes: the graph, its query page, health, and a way there from the root.

    ``more`` are further ones, such as signing in.

    The endpoint is a `Route`, not a `Mount`: a mount answers its own path with a redirect.
    """
    return [
        Route("/", _home),
        Route(GRAPHQL_PATH, endpoint),
        WebSocketRoute(GRAPHQL_PATH, endpoint),
        *(page.routes() if page else ()),
        *health,
        *more,
    ]


def middleware(settings: Settings, database: Database) -> list[Middleware]:
    """Return the middleware, outermost first."""
    stack = [Middleware(RequestScope, database=database, access_log=settings.access_log)]
    if settings.allowed_origins:
        stack.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "x-request-id"],
                expose_headers=["x-request-id"],
                max_age=3600,
            )
        )
    stack.append(Middleware(GZipMiddleware, minimum_size=_SMALLEST_COMPRESSED_BYTES))
    return stack
