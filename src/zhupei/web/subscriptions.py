"""Subscriptions over WebSocket: the protocol graphql-transport-ws, with who asks checked by us.

strawberry's handler keeps the protocol's states. What it lacks is here: messages are checked
before they are read, every operation has a context of its own, errors are those of the endpoint,
and a client that takes nothing any more is left.

| code | why the server closes |
|---|---|
| 1009 | a message is larger than requests may be |
| 1012 | the server stops: connect again |
| 1013 | tokens cannot be verified now, or the client took nothing for 20 s: connect again later |
| 4400 | a message is not of the protocol |
| 4401 | an operation before ``connection_init`` was acknowledged |
| 4403 | the token of ``connection_init`` is not accepted, or no longer; the reason is the code |
| 4406 | no subprotocol that is spoken here |
| 4408 | no ``connection_init`` in time |
| 4409 | an operation with this id runs already |
| 4429 | a second ``connection_init``; or, with the code as reason, the account has too many |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, Protocol, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.http.websocket_origin import (
    is_same_origin,
    normalize_allowed_origins,
    normalize_origin,
)
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.unset import UNSET

from graphql import GraphQLError
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor
from zhupei.domain.text import Language, Text
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.engine import encoded
from zhupei.graphql.errors import SessionEnded
from zhupei.graphql.limits import is_subscription
from zhupei.web.errors import ErrorCode, refusal
from zhupei.web.live_connections import LiveConnections
from zhupei.web.live_sockets import Connection, LiveSocket
from zhupei.web.operation_requests import OperationRequest, RequestRefused, operation_of
from zhupei.web.persisted_operations import StoredOperations
from zhupei.web.sign_in import ActorRefused
from zhupei.web.socket_messages import init_problem, message_problem

__all__ = ["Answering", "Sockets", "TransportHandler", "is_rejected", "readable", "stops"]

_INIT_TIMEOUT = timedelta(seconds=10)
_MOST_OPERATIONS = 50
_CLOSE_TRY_AGAIN_LATER = 1013
_CLOSE_FORBIDDEN = 4403
_CLOSE_TOO_MANY = 4429
_OTHER_SITE = Text(
    "此网站的页面不得连接本服务（见 ZHUPEI_ALLOWED_ORIGINS）。",
    "Pages of this site may not connect (see ZHUPEI_ALLOWED_ORIGINS).",
)


class Answering(Protocol):
    """What answers the operations of WebSockets, as it answers those of other requests."""

    @property
    def schema(self) -> BaseSchema:
        """The composed schema."""

    @property
    def database(self) -> Database:
        """What operations read and write."""

    @property
    def stored(self) -> StoredOperations:
        """Operations that clients may name instead of sending."""

    @property
    def live(self) -> LiveConnections:
        """Who has how many connections."""

    @property
    def max_body_bytes(self) -> int:
        """How large a message may be."""

    async def context_of(self, request: Request) -> GraphContext:
        """Return the context of a request; raise `ActorRefused`."""

    def answers(
        self, asked: OperationRequest, context: Any
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the answers to an operation."""

    def shown(self, result: ExecutionResult, language: str | None) -> dict[str, Any]:
        """Return an answer as it is written."""


class Sockets:
    """Opens WebSockets, and is what strawberry's handler of the protocol takes for its view.

    Args:
        endpoint: answers the operations.
        allowed_origins: other sites whose pages may connect.

    """

    def __init__(self, endpoint: Answering, allowed_origins: Collection[str]) -> None:
        self.endpoint = endpoint
        self._origins = normalize_allowed_origins(allowed_origins)

    async def open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection from its handshake to its end."""
        websocket = WebSocket(scope, receive, send)
        if not self._may_connect(websocket):
            await self._deny(websocket)
            return
        speaks = GRAPHQL_TRANSPORT_WS_PROTOCOL in scope.get("subprotocols", ())
        await websocket.accept(subprotocol=GRAPHQL_TRANSPORT_WS_PROTOCOL if speaks else None)
        view = cast("Any", self)
        socket = LiveSocket(view, websocket, most_bytes=self.endpoint.max_body_bytes)
        if not speaks:
            await socket.close(4406, "Subprotocol not acceptable")
            return
        handler = TransportHandler(
            view=view,
            websocket=socket,
            context=Connection(websocket),
            root_value=None,
            schema=self.endpoint.schema,
            connection_init_wait_timeout=_INIT_TIMEOUT,
            max_subscriptions_per_connection=_MOST_OPERATIONS,
        )
        try:
            # Ends when the socket is lost, at the latest when it cannot even be told so.
            async with asyncio.timeout(None) as socket.patience:
                await handler.handle()
        except TimeoutError:
            pass
        finally:
            self.endpoint.live.leave(handler.counted)

    async def on_ws_connect(self, _connection: Any) -> Any:
        """Add nothing to the acknowledgement."""
        return UNSET

    async def _deny(self, websocket: WebSocket) -> None:
        """Answer the handshake with 403, and say why where the server can."""
        if "websocket.http.response" not in websocket.scope.get("extensions", {}):
            await websocket.close()
            return
        message = _OTHER_SITE.get(language_of(websocket.headers.get("accept-language")))
        await websocket.send_denial_response(
            Response(
                encoded(refusal(ErrorCode.FORBIDDEN, message)),
                status_code=403,
                headers={"Cache-Control": "no-store"},
                media_type="application/json",
            )
        )

    def _may_connect(self, websocket: WebSocket) -> bool:
        """Return whether the page that connects may: browsers do not ask for sockets as for CORS.

        What sends no ``Origin`` is no browser.
        """
        headers = websocket.headers
        origin = headers.get("origin")
        if origin is None or headers.get("sec-fetch-site") == "same-origin":
            return True
        if is_same_origin(origin, headers.get("host")) or "*" in self._origins:
            return True
        return normalize_origin(origin) in self._origins


class _LiveOperation(Operation[Any, None]):
    """An operation whose answers are written as the endpoint writes them."""

    __slots__ = ("asked", "endpoint", "request")

    def __init__(
        self,
        handler: TransportHandler,
        id_: str,
        asked: OperationRequest,
        request: Request,
        endpoint: Answering,
    ) -> None:
        super().__init__(handler, id_, asked.query or "", asked.variables, asked.operation_name)
        self.asked, self.request, self.endpoint = asked, request, endpoint

    async def send_initial_errors(self, errors: list[GraphQLError]) -> None:
        shown = self._shown(PreExecutionError(data=None, errors=errors))
        await self.send_operation_message(
            {"id": self.id, "type": "error", "payload": shown["errors"]}
        )

    async def send_next(self, execution_result: ExecutionResult) -> None:
        shown = cast("Any", self._shown(execution_result))
        await self.send_operation_message({"id": self.id, "type": "next", "payload": shown})

    def _shown(self, result: ExecutionResult) -> dict[str, Any]:
        return self.endpoint.shown(result, self.request.headers.get("accept-language"))


class TransportHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """The protocol on one connection."""

    counted: Actor | None = None
    """Whose connection it is, once that is known and counted."""

    async def handle_message(self, message: Any) -> None:
        """Check a message's form, then do what it says."""
        problem = message_problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init(self, message: Any) -> None:
        """Find out who connects, and acknowledge."""
        if message.get("payload") is None:
            message = {**message, "payload": {}}
        payload = message["payload"]
        problem = init_problem(payload)
        if problem is not None:
            # Who means to sign in must not go on as nobody.
            await self.handle_invalid_message(problem)
            return
        if isinstance(payload, dict) and not self.connection_init_received:
            connection = cast("Connection", self.context)
            connection.connection_params = payload
            try:
                context = await self._endpoint.context_of(connection.request())
            except ActorRefused as refused:
                await self._end(refused.code)
                return
            actor = getattr(context, "actor", None)
            if not self._endpoint.live.enter(actor):
                await self.websocket.close(_CLOSE_TOO_MANY, ErrorCode.RATE_LIMITED.value)
                return
            self.counted = actor
        await super().handle_connection_init(message)

    async def handle_subscribe(self, message: Any) -> None:
        """Begin an operation."""
        id_, payload = message["id"], message["payload"]
        if not self.connection_acknowledged:
            await self.websocket.close(4401, "Unauthorized")
            return
        if id_ in self.operations:
            await self.websocket.close(4409, f"Subscriber for {id_} already exists")
            return
        try:
            asked = operation_of(payload)
        except RequestRefused as refused:
            await self.handle_invalid_message(refused.message.get(Language.EN))
            return
        request = cast("Connection", self.context).request()
        operation = _LiveOperation(self, id_, asked, request, self._endpoint)
        most = self.max_subscriptions_per_connection
        if most is not None and len(self.operations) >= most:
            self.operations[id_] = operation
            await operation.send_initial_errors([_too_many(most)])
            return
        operation.task = asyncio.create_task(self.run_operation(operation))
        operation.task.add_done_callback(self._task_done)
        self.operations[id_] = operation

    async def run_operation(self, operation: Any) -> None:
        """Answer one operation in a context of its own."""
        endpoint = self._endpoint
        try:
            asked = endpoint.stored.completed(operation.asked)
            context = await endpoint.context_of(operation.request)
            with endpoint.database.use():
                async with aclosing(endpoint.answers(asked, context)) as results:
                    await self._send_result_stream(operation, results)
            if stops(context) and is_subscription(asked.query or "", asked.operation_name):
                # Not complete: the close that follows has clients begin it again elsewhere.
                return
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except RequestRefused as refused:
            await operation.send_initial_errors([_as_error(refused, operation.request)])
        except ActorRefused as refused:
            await self._end(refused.code)
        except _EndedError as error:
            await self._end(error.code)
        except WebSocketDisconnected:
            # Nobody is there: nobody takes what the other operations tell either.
            await self.websocket.close(_CLOSE_TRY_AGAIN_LATER, "Nobody reads")
        except Exception as error:  # noqa: BLE001 - whatever it is, the other operations go on
            await self.handle_task_exception(error)
            with suppress(WebSocketDisconnected):
                await operation.send_operation_message({"id": operation.id, "type": "complete"})
        finally:
            # The id may belong to another operation already: once this one was completed, and
            # once its client has said so, which it hears of later.
            id_ = operation.id
            if self.operations.get(id_) is operation:
                del self.operations[id_]

    @property
    def _endpoint(self) -> Answering:
        return cast("Sockets", self.view).endpoint

    async def _send_result_stream(self, operation: Any, result_source: Any) -> None:
        first = True
        async for result in result_source:
            ended = _ended(result)
            if ended is not None:
                raise _EndedError(ended.code)
            if first and is_rejected(result):
                # It concerns this operation, not the connection.
                await operation.send_initial_errors(result.errors)
                return
            await operation.send_next(result)
            first = False

    async def _end(self, code: str) -> None:
        """Close because it is not known who asks, or not any more."""
        if code.endswith("_UNAVAILABLE"):
            await self.websocket.close(_CLOSE_TRY_AGAIN_LATER, code)
        else:
            await self.websocket.close(_CLOSE_FORBIDDEN, code)


def is_rejected(result: ExecutionResult) -> bool:
    """Return whether an operation was refused before it ran, so that its answer has no data."""
    return isinstance(result, PreExecutionError) or getattr(result, "rejected", False)


def stops(context: Any) -> bool:
    """Return whether the process stops, so that subscriptions end which are not over."""
    changes = getattr(context, "changes", None)
    return changes is not None and changes.closed


async def readable(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    """Yield results; a text that cannot be parsed is one, too, though the parser's cache raises."""
    try:
        async with aclosing(results):
            async for result in results:
                yield result
    except GraphQLError as error:
        yield PreExecutionError(data=None, errors=[error])


class _EndedError(Exception):
    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def _ended(result: Any) -> SessionEnded | None:
    for error in getattr(result, "errors", None) or ():
        cause: Any = error
        while isinstance(cause, GraphQLError):
            if isinstance(cause, SessionEnded):
                return cause
            cause = cause.original_error
    return None


def _as_error(refused: RequestRefused, request: Request) -> GraphQLError:
    language = language_of(request.headers.get("accept-language"))
    return GraphQLError(refused.message.get(language), extensions={"code": refused.code.value})


def _too_many(most: int) -> GraphQLError:
    return GraphQLError(
        f"At most {most} operations may run on one connection.",
        extensions={"code": ErrorCode.LIMIT_EXCEEDED.value},
    )
