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
| 4429 | a second ``connection_init`` |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from cross_web import HTTPException
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from graphql import GraphQLError
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import SessionEnded
from zhupei.web.errors import ErrorCode
from zhupei.web.sign_in import ActorRefused

if TYPE_CHECKING:
    from zhupei.web.endpoint import GraphQLEndpoint

__all__ = ["Connection", "LiveSocket", "TransportHandler", "readable"]

# A client that takes nothing for so long will not take anything any more.
_SEND_SECONDS = 20.0
_LONGEST_ID = 256
_CLOSE_MESSAGE_TOO_BIG = 1009
_CLOSE_TRY_AGAIN_LATER = 1013
_CLOSE_FORBIDDEN = 4403
_TAKEN_FROM_INIT = ("authorization", "accept-language")


@dataclass(slots=True)
class Connection:
    """One WebSocket, with what its ``connection_init`` brought.

    Browsers cannot set headers of a WebSocket, so ``authorization`` and ``accept-language`` may
    stand in the payload of ``connection_init``; there they go before those of the handshake.
    """

    websocket: WebSocket
    connection_params: dict[str, Any] = field(default_factory=dict)

    def request(self) -> Request:
        """Return the request as which operations of this connection are answered."""
        given = {
            name.lower(): value
            for name, value in self.connection_params.items()
            if name.lower() in _TAKEN_FROM_INIT and isinstance(value, str)
        }
        scope = self.websocket.scope
        headers = [pair for pair in scope["headers"] if pair[0].decode("latin-1") not in given]
        headers += [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in given.items()
        ]
        return Request({**scope, "type": "http", "method": "GET", "headers": headers})


class LiveSocket(ASGIWebSocketAdapter):
    """Sends text frames, reads only what may be read, and does not wait for ever."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield each message, decoded."""
        view = cast("GraphQLEndpoint", self.view)
        while self.ws.application_state != WebSocketState.DISCONNECTED:
            try:
                text = await self.ws.receive_text()
            except KeyError:
                raise NonTextMessageReceived from None
            except (WebSocketDisconnect, RuntimeError):
                return
            if len(text.encode()) > view.max_body_bytes:
                await self.close(_CLOSE_MESSAGE_TOO_BIG, "Message too big")
                return
            try:
                message = view.decode_json(text)
            except HTTPException:
                if not ignore_parsing_errors:
                    raise NonJsonMessageReceived from None
                continue
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message."""
        text = self.view.encode_json(message)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self.ws.send_text(text.decode() if isinstance(text, bytes) else text)
        # Closed by either side meanwhile, or nobody takes it.
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close, unless that happened already."""
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            async with asyncio.timeout(_SEND_SECONDS):
                # A close frame holds 123 bytes of reason at most.
                await self.ws.close(code, reason.encode()[:120].decode(errors="ignore"))


class _LiveOperation(Operation[Any, None]):
    """An operation whose errors are written as the endpoint writes them."""

    __slots__ = ("request",)

    def __init__(self, request: Request, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.request = request

    @property
    def _view(self) -> GraphQLEndpoint:
        return cast("GraphQLEndpoint", self.handler.view)

    async def send_initial_errors(self, errors: list[GraphQLError]) -> None:
        shown = await self._view.process_result(
            self.request, ExecutionResult(data=None, errors=errors)
        )
        await self.send_operation_message(
            {"id": self.id, "type": "error", "payload": cast("Any", shown["errors"])}
        )

    async def send_next(self, execution_result: ExecutionResult) -> None:
        shown = await self._view.process_result(self.request, execution_result)
        await self.send_operation_message(
            {"id": self.id, "type": "next", "payload": cast("Any", shown)}
        )


class TransportHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """The protocol on one connection."""

    async def handle_message(self, message: Any) -> None:
        """Check a message's form, then do what it says."""
        problem = _problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init(self, message: Any) -> None:
        """Find out who connects, and acknowledge."""
        payload = message.get("payload")
        if payload is None:
            message = {**message, "payload": {}}
        elif isinstance(payload, dict) and not self.connection_init_received:
            connection = cast("Connection", self.context)
            connection.connection_params = payload
            try:
                await self._live.context_of(connection.request())
            except ActorRefused as refused:
                await self._end(refused.code)
                return
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
        operation = _LiveOperation(
            cast("Connection", self.context).request(),
            self,
            id_,
            payload["query"],
            payload.get("variables"),
            payload.get("operationName"),
        )
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
        try:
            context: GraphContext = await self._live.context_of(operation.request)
            with self._live.database.use():
                results = await self.schema.stream(
                    operation.query,
                    variable_values=operation.variables,
                    context_value=context,
                    operation_name=operation.operation_name,
                )
                async with aclosing(results):
                    await self._send_result_stream(operation, results)
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
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
            # The id may belong to another operation already, once this one was completed.
            if not operation.completed:
                self.operations.pop(operation.id, None)

    @property
    def _live(self) -> GraphQLEndpoint:
        return cast("GraphQLEndpoint", self.view)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        # A text that cannot be parsed concerns its operation, not the connection.
        return None

    async def _send_result_stream(self, operation: Any, result_source: Any) -> None:
        async def until_ended() -> AsyncGenerator[Any, None]:
            async for result in readable(result_source):
                ended = _ended(result)
                if ended is not None:
                    raise _EndedError(ended.code)
                yield result

        async with aclosing(until_ended()) as results:
            await super()._send_result_stream(operation, cast("Any", results))

    async def _end(self, code: str) -> None:
        """Close because it is not known who asks, or not any more."""
        if code.endswith("_UNAVAILABLE"):
            await self.websocket.close(_CLOSE_TRY_AGAIN_LATER, code)
        else:
            await self.websocket.close(_CLOSE_FORBIDDEN, code)


async def readable(results: AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    """Yield results; a text that cannot be parsed is one, too, though the parser's cache raises."""
    try:
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


def _problem(message: Any) -> str | None:
    """Return what is wrong with a message's form, None where it is as the protocol says."""
    if not isinstance(message, dict):
        return "Message must be a JSON object"
    kind = message.get("type")
    if not isinstance(kind, str):
        return "Message must have a type"
    if kind not in {"subscribe", "complete"}:
        return None
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= _LONGEST_ID:
        return f"Message must have an id of 1 to {_LONGEST_ID} characters"
    return None if kind == "complete" else _payload_problem(message.get("payload"))


def _payload_problem(payload: Any) -> str | None:
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload must be an object with a query"
    if not isinstance(payload.get("operationName"), str | None):
        return "`operationName` must be a string or null"
    for name in ("variables", "extensions"):
        if not isinstance(payload.get(name), dict | None):
            return f"`{name}` must be an object or null"
    return None


def _too_many(most: int) -> GraphQLError:
    return GraphQLError(
        f"At most {most} operations may run on one connection.",
        extensions={"code": ErrorCode.LIMIT_EXCEEDED.value},
    )
