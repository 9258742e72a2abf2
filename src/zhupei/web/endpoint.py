"""The GraphQL endpoint: GET and POST, UTF-8 JSON, and refusals that clients can read."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any, cast

from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.base import BaseSchema
from strawberry.types import ExecutionResult

from zhupei.graphql.context import language_of
from zhupei.web.errors import ErrorCode, format_errors, refusal
from zhupei.web.ide import QueryPage
from zhupei.web.logs import current_request_id
from zhupei.web.sign_in import ActorRefused

__all__ = ["GraphQLEndpoint"]

_CODE_OF_STATUS = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
}


class GraphQLEndpoint(GraphQL[Any, None]):
    """Answers GraphQL requests at one path, and shows browsers the query page there.

    Args:
        schema: the composed schema.
        context: makes the context that resolvers see, or refuses with `ActorRefused`.
        page: the query page, or None where it is switched off.
        suggest: whether error messages may name fields that exist.
        max_body_bytes: larger request bodies are refused, unread where they announce their size.

    """

    def __init__(
        self,
        *,
        schema: BaseSchema,
        context: Callable[[Request, Response], Any],
        page: QueryPage | None,
        suggest: bool,
        max_body_bytes: int,
    ) -> None:
        super().__init__(schema, graphql_ide=None, multipart_uploads_enabled=False)
        self._context = context
        self._page = page
        self._suggest = suggest
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, self._limited(receive))
        try:
            self._check_announced_size(request)
            response = await self.run(request)
        except ActorRefused as refused:
            response = refused.response
        except HTTPException as error:
            code = _CODE_OF_STATUS.get(error.status_code, ErrorCode.BAD_USER_INPUT)
            response = self._json(refusal(code, error.reason), error.status_code)
            if code is ErrorCode.METHOD_NOT_ALLOWED:
                response.headers["Allow"] = "GET, POST"
        response.headers.setdefault("Cache-Control", "no-store")
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Any) -> Any:
        context = self._context(cast("Request", request), response)
        return await context if inspect.isawaitable(context) else context

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        # Only to what asks for HTML by name: `*/*` is what scripts send.
        return (
            request.method == "GET"
            and request.query_params.get("query") is None
            and "text/html" in request.headers.get("accept", "")
        )

    async def run(self, request: Any, *context_and_root: Any) -> Any:
        """Answer one request: browsers get the page, everybody else an answer."""
        if self._page is not None and self.should_render_graphql_ide(
            self.request_adapter_class(request)
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
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        try:
            return text.encode()
        except UnicodeEncodeError:
            # Half of a surrogate pair, out of an escape in somebody's query, has no UTF-8.
            return json.dumps(data, separators=(",", ":")).encode()

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        response: GraphQLHTTPResponse = {"data": result.data}
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
        if announced.isdigit() and int(announced) > self._max_body_bytes:
            raise self._too_large()

    def _limited(self, receive: Receive) -> Receive:
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body_bytes:
                raise self._too_large()
            return message

        return receive_within_limit

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"The request is larger than {self._max_body_bytes} bytes.")

    def _json(self, data: object, status: int) -> Response:
        return Response(self.encode_json(data), status, media_type="application/json")
