"""All routes of the application, and what surrounds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from zhupei.db.connection import Database
from zhupei.domain.text import Text
from zhupei.graphql.context import language_of
from zhupei.settings import Settings
from zhupei.tracing import Tracing
from zhupei.web.cross_origin import CrossOrigin
from zhupei.web.endpoint import GraphQLEndpoint
from zhupei.web.errors import ErrorCode, refusal
from zhupei.web.guards import Gate, Guards
from zhupei.web.ide import QueryPage
from zhupei.web.negotiation import GRAPHQL_RESPONSE
from zhupei.web.peers import believed
from zhupei.web.request_scope import RequestScope
from zhupei.web.sending import Keep
from zhupei.web.slow_senders import TOO_SLOW, SendsInTime

__all__ = ["GRAPHQL_PATH", "error_handlers", "middleware", "routes", "trusted_proxies"]

GRAPHQL_PATH = "/graphql"

_SMALLEST_COMPRESSED_BYTES = 1000
_NO_STORE = {"Cache-Control": "no-store"}
_CODES = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    408: ErrorCode.REQUEST_TIMED_OUT,
}
_MESSAGES = {
    ErrorCode.NOT_FOUND: Text("没有此页面。", "Not Found"),
    ErrorCode.METHOD_NOT_ALLOWED: Text("不支持此请求方法。", "Method Not Allowed"),
    ErrorCode.REQUEST_TIMED_OUT: TOO_SLOW,
}
_MALFORMED = Text("请求有误。", "The request is malformed.")

add_compress_type(GRAPHQL_RESPONSE.decode())
# Subscriptions: a compressor would hold events back until enough of them have come.
remove_compress_type("multipart/mixed")


class _GraphFirst:
    """Takes requests to the graph past what they do not need: routing and its handlers.

    Nor do those of programs that take nothing compressed need what compresses.
    """

    def __init__(self, app: ASGIApp, *, endpoint: GraphQLEndpoint) -> None:
        self._app = SendsInTime(app, seconds=endpoint.body_seconds)
        self._endpoint = endpoint
        self._compressed = CompressMiddleware(endpoint, minimum_size=_SMALLEST_COMPRESSED_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] != GRAPHQL_PATH:
            await self._app(scope, receive, send)
            return
        for name, _ in scope["headers"]:
            if name == b"accept-encoding":
                await self._compressed(scope, receive, send)
                return
        await self._endpoint(scope, receive, send)


async def _home(request: Request) -> RedirectResponse:
    """Lead to the graph, by a path alone: the host that a request names may be anybody's."""
    query = request.url.query
    return RedirectResponse(f"{GRAPHQL_PATH}?{query}" if query else GRAPHQL_PATH)


def routes(
    *,
    endpoint: GraphQLEndpoint,
    page: QueryPage | None,
    health: Sequence[BaseRoute],
    more: Iterable[Route] = (),
) -> list[BaseRoute]:
    """Return the routes: the graph, its query page, health, and a way there from the root.

    ``more`` are further ones, such as signing in.

    The endpoint is a `Route`, not a `Mount`: a mount answers its own path with a redirect.
    """
    return [
        Route("/", _home),
        Route(GRAPHQL_PATH, endpoint),
        Route(f"{GRAPHQL_PATH}/", _home, methods=["GET", "POST"]),
        WebSocketRoute(GRAPHQL_PATH, endpoint),
        *(page.routes() if page else ()),
        *health,
        *more,
    ]


def error_handlers() -> Mapping[Any, Callable[[Request, Exception], Response]]:
    """Return what answers requests that no route takes, or that do not come whole: JSON."""
    return {HTTPException: _refused, ClientDisconnect: _left}


def _left(_request: Request, _error: Exception) -> Response:
    """Return what a client is told that has left: nobody reads it, and it is no error of ours."""
    return Response(status_code=400, headers={**_NO_STORE, "Connection": "close"})


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    headers = dict(getattr(error, "headers", None) or {})
    code = _CODES.get(status, ErrorCode.BAD_USER_INPUT)
    message = _MESSAGES.get(code, _MALFORMED)
    language = language_of(request.headers.get("accept-language"))
    return JSONResponse(
        refusal(code, message.get(language)), status_code=status, headers={**_NO_STORE, **headers}
    )


def trusted_proxies(settings: Settings) -> Callable[[str], bool]:
    """Return what tells of an address whether it is believed whom it asks for."""
    looked_past = ProxyHeadersMiddleware(_nothing, trusted_hosts=believed(settings))
    return looked_past.trusted_hosts.__contains__


async def _nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    """Answer nothing: in the place of an application that is not asked."""


def middleware(
    settings: Settings,
    database: Database,
    endpoint: GraphQLEndpoint,
    gate: Gate,
    responded: Callable[[str, int], None] | None = None,
    tracing: Tracing | None = None,
    keeping: Mapping[str, Keep] = MappingProxyType({}),
) -> list[Middleware]:
    """Return the middleware, outermost first.

    ``gate`` knows what is under way; ``responded`` is told of every response's method and status;
    ``tracing`` makes spans; ``keeping`` are who keeps answers (`Sending`).
    """
    stack = [
        Middleware(ProxyHeadersMiddleware, trusted_hosts=believed(settings)),
        Middleware(
            RequestScope,
            database=database,
            access_log=settings.access_log,
            responded=responded,
            tracing=tracing,
            keeping=keeping,
        ),
    ]
    if settings.allowed_origins:
        # Around the guards: a page has to see that it asked too often.
        stack.append(Middleware(CrossOrigin, origins=settings.allowed_origins))
    stack.append(Middleware(Guards, gate=gate, hosts=settings.allowed_hosts))
    stack.append(Middleware(_GraphFirst, endpoint=endpoint))
    # zstd, br or gzip, the first that the client takes; why all answers: docs/decisions/0013.
    stack.append(Middleware(CompressMiddleware, minimum_size=_SMALLEST_COMPRESSED_BYTES))
    return stack
