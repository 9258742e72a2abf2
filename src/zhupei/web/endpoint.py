"""The GraphQL endpoint: GET and POST, UTF-8 JSON, and refusals that clients can read.

Subscriptions come over a WebSocket (`zhupei.web.subscriptions`) or as a stream of one answer
(`zhupei.web.event_stream`): the latter where a request asks for a kind of stream by name and is a
subscription, or accepts no JSON.

This is plain ASGI, without a view of a framework: around an operation that takes a tenth of a
millisecond, every object counts.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncGenerator, Callable, Collection
from math import inf
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.base import BaseSchema
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from zhupei.db.connection import Database
from zhupei.domain.text import Text
from zhupei.graphql import limits
from zhupei.graphql.context import GraphContext, language_of
from zhupei.graphql.engine import Answer, encoded
from zhupei.noted_reads import NotedReads, noting
from zhupei.tracing import safe_operation_name
from zhupei.web.answer_cache import AnswerCache, Kept, Validation, answer_key
from zhupei.web.errors import ErrorCode, refusal
from zhupei.web.event_stream import FRAMES, stream
from zhupei.web.exchanges import (
    NO_STORE,
    Exchange,
    Reply,
    content_type_of,
    failed,
    read_body,
    refused,
    refused_actor,
)
from zhupei.web.ide import QueryPage
from zhupei.web.live_connections import LiveConnections
from zhupei.web.logs import current_operation
from zhupei.web.negotiation import GRAPHQL_RESPONSE
from zhupei.web.operation_answers import (
    READS_AND_WRITES,
    AnswersOperations,
    is_subscription,
    rejected,
)
from zhupei.web.operation_requests import (
    OperationRequest,
    RequestRefused,
    decode_json,
    operation_of_query_string,
    operations_of,
)
from zhupei.web.persisted_operations import LearnedOperations, StoredOperations
from zhupei.web.read_requests import READ, ReadRequest
from zhupei.web.repeated_requests import PACKET, SETTLED, Settled
from zhupei.web.revalidated_answers import AT_HAND, MADE_OF_ROWS, MadeOfRows, Served
from zhupei.web.sign_in import ActorRefused
from zhupei.web.slow_senders import LONGER_WITH_FILES
from zhupei.web.subscriptions import Sockets, is_rejected, stops
from zhupei.web.uploads import FORM, sent_form

__all__ = ["GraphQLEndpoint"]

_log = logging.getLogger("zhupei.graphql")

_READS = frozenset({OperationType.QUERY})
_STREAMED_READS = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})
_STREAMED = frozenset(OperationType)
_NO_RESPONSE = Response()  # contexts of other routes take theirs
_STATUS_OF_LIMIT = {
    limits.LimitCode.RATE_LIMITED.value: 429,
    limits.LimitCode.OVERLOADED.value: 503,
}

_NO_PAGE = Text("没有此页面。", "Not Found")
_METHODS = Text("GraphQL 只支持 GET 与 POST。", "GraphQL only supports GET and POST requests.")
_GET_READS = Text(
    "GET 只能查询；变更请用 POST。", "mutations are not allowed when using GET; send them by POST"
)
_STREAM_NEEDED = Text(
    "订阅以 text/event-stream 或 multipart/mixed 应答，或通过 WebSocket（graphql-transport-ws）。",
    "A subscription is answered as text/event-stream or multipart/mixed, or over a WebSocket "
    "(graphql-transport-ws).",
)
_NO_COMMON_TYPE = Text(
    "应答为 application/json 或 application/graphql-response+json，请求不接受两者。",
    "Answers are application/json or application/graphql-response+json; the request accepts "
    "neither.",
)


class GraphQLEndpoint(AnswersOperations):
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
        stored: operations that clients may name instead of sending.
        most_operations: how many operations a batch may hold; 0 takes no batches.
        cache_bytes: how much of answers that follow from the catalogue alone is kept.
        cache_seconds: how long browsers and proxies may use such an answer without asking.
        most_upload_bytes: larger requests with files are refused; 0 takes no files.
        body_seconds: how long a client may take to send its body; with files, twenty times that.
        most_live: how many live connections one account may have; 0 is no limit.

    """

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
        stored: StoredOperations | None = None,
        most_operations: int = 0,
        cache_bytes: int = 0,
        cache_seconds: int = 0,
        most_upload_bytes: int = 0,
        body_seconds: float = 30.0,
        most_live: int = 0,
    ) -> None:
        super().__init__(schema, suggest=suggest)
        self.max_body_bytes = max_body_bytes
        self.database = database
        self.stored = LearnedOperations() if stored is None else stored
        self._context = context
        self._page = page
        self._most_operations = most_operations
        self._kept = AnswerCache(cache_bytes)
        self._validation = Validation(cache_seconds)
        self._most_upload_bytes = most_upload_bytes
        self.body_seconds = body_seconds
        self._body_limits = limits.TimeLimits(body_seconds)
        self.live = LiveConnections(most_live)
        self._sockets = Sockets(self, allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._sockets.open(scope, receive, send)
            return
        exchange = Exchange.of(scope, receive)
        try:
            reply = await self._reply(exchange, send)
        except RequestRefused as why:
            reply = refused(exchange, why)
        except ActorRefused as why:
            reply = refused_actor(exchange, why)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets JSON and no more
            reply = failed(exchange, error)
        if reply is not None:
            await reply.send(send)

    async def context_of(self, request: Request) -> GraphContext:
        """Return the context of a request; raise `ActorRefused`."""
        context = self._context(request, _NO_RESPONSE)
        if inspect.isawaitable(context):
            context = await context
        return cast("GraphContext", context)

    async def _reply(self, exchange: Exchange, send: Send) -> Reply | None:
        """Answer a request; None where it was answered as a stream, or nobody waits."""
        method = exchange.scope["method"]
        if method == "POST":
            read: ReadRequest | None = exchange.scope.get(READ)
            if read is not None and read.asked is not None:
                return await self._operated(exchange, send, read.asked, READS_AND_WRITES, _STREAMED)
            if self._most_upload_bytes and content_type_of(exchange) == FORM:
                return await self._with_files(exchange, send)
            body = await read_body(exchange, most=self.max_body_bytes, limits=self._body_limits)
            if body is None:
                return None
            asked = operations_of(decode_json(body), most=self._most_operations)
            if read is not None and isinstance(asked, OperationRequest):
                read.asked = asked
                read.keep(read)
            allowed, streamed = READS_AND_WRITES, _STREAMED
        elif method == "GET":
            query_string = exchange.scope["query_string"]
            if exchange.accepted.html and not _names_an_operation(query_string):
                await self._show_page(exchange, send)
                return None
            asked = operation_of_query_string(query_string)
            allowed, streamed = _READS, _STREAMED_READS
        else:
            raise RequestRefused(
                405, ErrorCode.METHOD_NOT_ALLOWED, _METHODS, headers={"Allow": "GET, POST"}
            )
        return await self._operated(exchange, send, asked, allowed, streamed)

    async def _with_files(self, exchange: Exchange, send: Send) -> Reply | None:
        async with sent_form(
            exchange,
            most=self._most_upload_bytes,
            seconds=self.body_seconds * LONGER_WITH_FILES,
        ) as decoded:
            if decoded is None:
                return None
            asked = operations_of(decoded, most=self._most_operations)
            return await self._operated(exchange, send, asked, READS_AND_WRITES, _STREAMED)

    async def _operated(
        self,
        exchange: Exchange,
        send: Send,
        asked: OperationRequest | list[OperationRequest],
        allowed: Collection[OperationType],
        streamed: Collection[OperationType],
    ) -> Reply | None:
        if isinstance(asked, list):
            return await self._batch(exchange, asked)
        if asked.query is not None and asked.extensions:
            # A text that comes with its hash is learned each time.
            exchange.scope.pop(PACKET, None)
        asked = self.stored.completed(asked)
        kind, subscribes = exchange.accepted.json, is_subscription(asked)
        if subscribes or kind is None:
            wanted = exchange.accepted.stream
            if wanted is None:
                raise RequestRefused(
                    406, ErrorCode.NOT_ACCEPTABLE, _STREAM_NEEDED if subscribes else _NO_COMMON_TYPE
                )
            context = await self.context_of(Request(exchange.scope, exchange.receive))
            language = exchange.accept_language
            with self.live.streaming(getattr(context, "actor", None)):
                written = self._written(self.answers(asked, context, streamed), language)
                try:
                    await stream(
                        written,
                        FRAMES[wanted],
                        exchange.receive,
                        send,
                        is_broken_off=lambda: subscribes and stops(context),
                    )
                except Exception as error:  # noqa: BLE001 - it has begun: that it breaks off tells the client
                    failed(exchange, error)
            return None
        context = await self.context_of(Request(exchange.scope, exchange.receive))
        return await self._kept_or_answered(exchange, asked, context, allowed)

    async def _kept_or_answered(
        self,
        exchange: Exchange,
        asked: OperationRequest,
        context: Any,
        allowed: Collection[OperationType],
    ) -> Reply:
        """Answer out of what is kept where it can be; who may ask now is decided all the same."""
        catalogue = getattr(context, "catalogue", None)
        # A traced operation is run: how long it takes is what its gateway asks.
        runs = catalogue is None or context.tracer is not None
        key = None if runs else answer_key(asked, context.language)
        if key is not None and (kept := self._kept.get(catalogue, key)) is not None:
            current_operation.set(safe_operation_name(asked.operation_name))
            limited = await self.refusal(asked, context)
            if limited is not None:
                return self._answered(exchange, rejected(limited))
            if self.watch is not None:
                self.watch(asked.operation_name, "kept", 0.0)
            if PACKET in exchange.scope:
                self._settle(exchange.scope, asked, context)
            return self._validation.reply(exchange, kept, context, settled=True)
        if runs or not _comes_again(exchange.scope):
            result = await self._checked(asked, context, allowed)
        else:
            result = await self._noted(exchange.scope, asked, context, allowed)
        if result.errors or result.extensions or not isinstance(result, Answer):
            return self._answered(exchange, result)
        body = b'{"data":%b}' % result.json()
        if key is not None and result.settled:
            kept = self._kept.put(catalogue, key, body)
            return self._validation.reply(exchange, kept, context, settled=True)
        if exchange.scope["method"] == "GET" and key is not None and context.actor is None:
            return self._validation.reply(exchange, Kept(body), context, settled=False)
        return Reply(200, exchange.kind, body)

    async def _noted(
        self,
        scope: Scope,
        asked: OperationRequest,
        context: GraphContext,
        allowed: Collection[OperationType],
    ) -> ExecutionResult:
        """Answer, and say what the answer was made of if that were rows and nothing else."""
        noted, dispatcher = NotedReads(scope.pop(AT_HAND, ())), context.dispatcher
        served = None if dispatcher is None else Served.by(context.catalogue, dispatcher)
        token = noting.set(noted)
        try:
            result = await self._checked(asked, context, allowed)
        finally:
            # Another request may begin out of this one.
            noting.reset(token)
        if (
            served is not None
            and isinstance(result, Answer)
            and result.noted
            and not (noted.is_spoiled or result.errors or result.extensions)
            and context.held_until == inf
        ):
            name = asked.operation_name
            cost = self.charge(asked)
            if cost is not None:
                shown = safe_operation_name(name)
                scope[MADE_OF_ROWS] = MadeOfRows(
                    served, context.actor, name, shown, cost, noted.reads
                )
        return result

    def _settle(self, scope: Scope, asked: OperationRequest, context: GraphContext) -> None:
        """Say that these bytes will be answered alike, if nothing but the catalogue decides."""
        cost = self.charge(asked) if self._validation.is_public(context) else None
        if cost is not None:
            name = asked.operation_name
            scope[SETTLED] = Settled(context.catalogue, name, safe_operation_name(name), cost)

    async def _checked(
        self, asked: OperationRequest, context: Any, allowed: Collection[OperationType]
    ) -> ExecutionResult:
        try:
            return await self.answer(asked, context, allowed)
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise RequestRefused(406, ErrorCode.NOT_ACCEPTABLE, _STREAM_NEEDED) from None
            raise RequestRefused(
                405, ErrorCode.METHOD_NOT_ALLOWED, _GET_READS, headers={"Allow": "POST"}
            ) from None

    async def _batch(self, exchange: Exchange, asked: list[OperationRequest]) -> Reply:
        """Answer one after the other, each in a context of its own: what changes, changes in order.

        What one of them lacks is its own error; a batch has status 200 (as clients expect it).
        """
        kind = exchange.accepted.json
        if kind is None:
            raise RequestRefused(406, ErrorCode.NOT_ACCEPTABLE, _NO_COMMON_TYPE)
        language = exchange.accept_language
        answers: list[dict[str, Any]] = []
        for each in asked:
            try:
                context = await self.context_of(Request(exchange.scope, exchange.receive))
                result = await self._checked(self.stored.completed(each), context, READS_AND_WRITES)
            except (RequestRefused, ActorRefused) as refused:
                if not answers and isinstance(refused, ActorRefused):
                    raise
                # Of whoever is not known any more, what was answered before is told all the same.
                answers.append(refusal(refused.code, refused.message.get(language_of(language))))
            else:
                answers.append(self.shown(result, language))
        return Reply(200, kind, encoded(answers))

    async def _written(
        self, answers: AsyncGenerator[ExecutionResult, None], language: str | None
    ) -> AsyncGenerator[bytes, None]:
        try:
            async for answer in answers:
                yield encoded(self.shown(answer, language))
        except InvalidOperationTypeError:
            yield encoded(
                refusal(ErrorCode.METHOD_NOT_ALLOWED, _GET_READS.get(language_of(language)))
            )
        finally:
            await answers.aclose()

    def _answered(self, exchange: Exchange, result: ExecutionResult) -> Reply:
        kind = exchange.kind
        body = encoded(self.shown(result, exchange.accept_language))
        if not is_rejected(result):
            return Reply(200, kind, body)
        status = 400 if kind == GRAPHQL_RESPONSE else 200
        for error in result.errors or ():
            extensions = error.extensions or {}
            status = _STATUS_OF_LIMIT.get(str(extensions.get("code")), status)
            if "retryAfter" in extensions:
                again = (b"retry-after", b"%d" % extensions["retryAfter"])
                return Reply(status, kind, body, (NO_STORE, again))
        return Reply(status, kind, body)

    async def _show_page(self, exchange: Exchange, send: Send) -> None:
        if self._page is None:
            raise RequestRefused(404, ErrorCode.NOT_FOUND, _NO_PAGE)
        response = self._page.response(Request(exchange.scope, exchange.receive))
        response.headers.setdefault("Cache-Control", "no-store")
        await response(exchange.scope, exchange.receive, send)


def _comes_again(scope: Scope) -> bool:
    """Return whether the bytes of a request were known when it came, all of them."""
    read: ReadRequest | None = scope.get(READ)
    return read is not None and read.times > 0 and PACKET in scope


def _names_an_operation(query_string: bytes) -> bool:
    return any(
        part.startswith((b"query=", b"documentId=", b"extensions="))
        for part in query_string.split(b"&")
    )
