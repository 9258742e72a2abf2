"""The GraphQL endpoint: GET and POST, UTF-8 JSON, and refusals that clients can read.

Subscriptions come over a WebSocket (`zhupei.web.subscriptions`) or as server-sent events
(graphql-sse, distinct connections): the latter where a request asks for ``text/event-stream`` and
is a subscription, or accepts no JSON.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.streaming import AsyncTextStream, HTTPStreamTransport
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult

from graphql import GraphQLError, OperationType, get_operation_ast, parse
from zhupei.db.connection import Database
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.engine import Answer, encoded
from zhupei.web.errors import ErrorCode, format_errors, refusal
from zhupei.web.event_stream import EventStream
from zhupei.web.ide import QueryPage
from zhupei.web.logs import current_request_id
from zhupei.web.sign_in import ActorRefused
from zhupei.web.subscriptions import Connection, LiveSocket, TransportHandler, readable

__all__ = ["GraphQLEndpoint"]

_CODE_OF_STATUS = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
}


_INIT_TIMEOUT = timedelta(seconds=10)
_MOST_OPERATIONS = 50
_MOST_TOKENS = 10_000
_JSON = frozenset({"application/json", "application/graphql-response+json", "*/*"})


class GraphQLEndpoint(GraphQL[Any, None]):
    """Answers GraphQL requests at one path, and shows browsers the query page there.

    Args:
        schema: the composed schema.
        context: makes the context that resolvers see, or refuses with `ActorRefused`.
        page: the query page, or None where it is switched off.
        suggest: whether error messages may name fields that exist.
        max_body_bytes: larger request bodies are refused, unread where they announce their size,
            and so are larger messages.
        database: what operations of a WebSocket use, which may have come after it was opened.
        allowed_origins: other sites whose pages may open a WebSocket.

    """

    websocket_adapter_class = LiveSocket
    graphql_transport_ws_handler_class = TransportHandler

    def __init__(
        self,
        *,
        schema: BaseSchema,
        context: Callable[[Request, Response], Any],
        page: QueryPage | None,
        suggest: bool,
        max_body_bytes: int,
        database: Database,
        allowed_origins: Collection[str] = (),
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            multipart_uploads_enabled=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=_INIT_TIMEOUT,
            max_subscriptions_per_connection=_MOST_OPERATIONS,
            allowed_origins=tuple(allowed_origins),
        )
        self.max_body_bytes = max_body_bytes
        self.database = database
        self._context = context
        self._page = page
        self._suggest = suggest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
            return
        request = Request(scope, self._limited(receive))
        try:
            self._check_announced_size(request)
            response = await self.run(request)
        except ActorRefused as refused:
            response = refused.response
        except ClientDisconnect:
            # Left before the request was whole: nothing was done, and nobody waits.
            return
        except HTTPException as error:
            code = _CODE_OF_STATUS.get(error.status_code, ErrorCode.BAD_USER_INPUT)
            response = self._json(refusal(code, error.reason), error.status_code)
            if code is ErrorCode.METHOD_NOT_ALLOWED:
                response.headers["Allow"] = "GET, POST"
        response.headers.setdefault("Cache-Control", "no-store")
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Any) -> Any:
        if isinstance(request, WebSocket):
            # Each of its operations gets a context of its own.
            return Connection(request)
        context = self._context(request, response)
        return await context if inspect.isawaitable(context) else context

    async def context_of(self, request: Request) -> GraphContext:
        """Return the context of a request; raise `ActorRefused`."""
        return cast("GraphContext", await self.get_context(request, Response()))

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        data = await super().parse_http_body(request)
        if isinstance(data, list):
            return data
        streams = data.protocol == "sse"
        if _is_subscription(data):
            if not streams:
                raise HTTPException(
                    406,
                    "A subscription is answered as text/event-stream, or over a WebSocket "
                    "(graphql-transport-ws).",
                )
        elif streams and _accepts_json(request.headers):
            data = replace(data, protocol="http")
        return data

    def _stream_result(
        self, request: Request, result: Any, transport: HTTPStreamTransport
    ) -> AsyncTextStream:
        return super()._stream_result(request, cast("Any", readable(result)), transport)

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], Any],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        events: AsyncGenerator[str, None] = stream()
        return EventStream(events, {**sub_response.headers, **headers})

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        # Only to what asks for HTML by name: `*/*` is what scripts send.
        return (
            request.method == "GET"
            and request.query_params.get("query") is None
            and "text/html" in request.headers.get("accept", "")
        )

    async def run(self, request: Any, *context_and_root: Any) -> Any:
        """Answer one request: browsers get the page, everybody else an answer."""
        if (
            isinstance(request, Request)
            and self._page is not None
            and self.should_render_graphql_ide(self.request_adapter_class(request))
        ):
            return self._page.response(request)
        return await super().run(request, *context_and_root)

    def decode_json(self, data: str | bytes) -> object:
        try:
            decoded: object = json.loads(data)
        except (ValueError, RecursionError):
            raise HTTPException(400, "The request is not valid JSON.") from None
        return decoded

    def parse_json(self, data: str | bytes) -> Any:
        decoded = self.decode_json(data)
        # strawberry goes on to read keys of it.
        if not isinstance(decoded, dict | list):
            raise HTTPException(400, "The request must be a JSON object.")
        if isinstance(decoded, dict) and not isinstance(
            decoded.get("operationName"), str | type(None)
        ):
            raise HTTPException(400, "`operationName` must be a string or null.")
        return decoded

    def encode_json(self, data: object) -> bytes:
        return encoded(data)

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        data: Any = result.raw if isinstance(result, Answer) else result.data
        response: GraphQLHTTPResponse = {"data": data}
        if result.errors:
            response["errors"] = format_errors(
                result.errors,
                language=language_of(request.headers.get("accept-language")),
                request_id=current_request_id.get() or "",
                suggest=self._suggest,
            )
        if result.extensions:
            response["extensions"] = result.extensions
        return response

    def _check_announced_size(self, request: Request) -> None:
        announced = request.headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > self.max_body_bytes:
            raise self._too_large()

    def _limited(self, receive: Receive) -> Receive:
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_body_bytes:
                raise self._too_large()
            return message

        return receive_within_limit

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"The request is larger than {self.max_body_bytes} bytes.")

    def _json(self, data: object, status: int) -> Response:
        return Response(self.encode_json(data), status, media_type="application/json")


def _is_subscription(data: GraphQLRequestData) -> bool:
    query = data.query
    # Parsed only where it can be one: the schema parses again, out of its cache.
    if query is None or "subscription" not in query:
        return False
    try:
        operation = get_operation_ast(parse(query, max_tokens=_MOST_TOKENS), data.operation_name)
    except (GraphQLError, RecursionError):
        return False
    return operation is not None and operation.operation is OperationType.SUBSCRIPTION


def _accepts_json(headers: Mapping[str, str]) -> bool:
    accept = next((value for name, value in headers.items() if name.lower() == "accept"), "")
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return not kinds.isdisjoint(_JSON)
