"""What a request asks: an operation out of a JSON body or the query string, its form checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from zhupei.domain.text import Text
from zhupei.web.errors import ErrorCode

__all__ = [
    "OperationRequest",
    "RequestRefused",
    "decode_json",
    "operation_of",
    "operation_of_query_string",
    "operations_of",
]

_MOST_PARAMETERS = 32
_INVALID_JSON = Text("请求不是有效的 JSON（UTF-8）。", "The request is not valid JSON.")
_NO_OBJECT = Text("请求应为 JSON 对象。", "The request must be a JSON object.")
_NO_QUERY_STRING = Text("查询字符串无法解析。", "The query string cannot be read.")
_NO_OPERATION = Text("请求中没有 GraphQL 操作。", "No GraphQL query found in the request")
_NO_BATCHES = Text("未启用批量请求。", "Batching is not enabled")
_EMPTY_BATCH = Text("批量请求中没有操作。", "The batch holds no operation.")


class RequestRefused(Exception):  # noqa: N818 - names what happens, a refusal is no bug
    """A request that is no operation, or cannot be answered as it asks.

    ``status`` is the HTTP status, ``headers`` go with the answer. What concerns the operation
    itself (``of_operation``) has status 200 where the client wants ``application/json``.
    """

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        message: Text,
        *,
        headers: Mapping[str, str] | None = None,
        of_operation: bool = False,
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        self.of_operation = of_operation
        super().__init__(message.en)


@dataclass(slots=True)
class OperationRequest:
    """One operation as a client sent it; ``query`` is None where it names a stored one.

    ``document_id`` is the identifier of a stored document, ``extensions`` what else came along.
    """

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None


def decode_json(data: bytes | str) -> Any:
    """Return what JSON says; raise `RequestRefused` for what is none, too deep or too large."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _bad(_INVALID_JSON) from None


def operations_of(decoded: Any, *, most: int) -> list[OperationRequest] | OperationRequest:
    """Return the operation of a decoded body, or those of a batch of at most ``most``.

    Raises:
        RequestRefused: it has not the form of either, or batches are off (``most`` 0).

    """
    if not isinstance(decoded, list):
        return operation_of(decoded)
    if not most:
        raise _bad(_NO_BATCHES)
    if not decoded:
        raise _bad(_EMPTY_BATCH)
    if len(decoded) > most:
        raise RequestRefused(
            400,
            ErrorCode.LIMIT_EXCEEDED,
            Text(f"一批最多 {most} 个操作。", f"A batch holds at most {most} operations."),
        )
    return [operation_of(each) for each in decoded]


def operation_of(decoded: Any) -> OperationRequest:
    """Return the operation of one decoded JSON object; raise `RequestRefused`."""
    if not isinstance(decoded, dict):
        raise _bad(_NO_OBJECT)
    get = decoded.get
    query, name = get("query"), get("operationName")
    variables, extensions = get("variables"), get("extensions")
    document = get("documentId")
    if query is not None and not isinstance(query, str):
        raise _wrong("query", "字符串或 null", "a string or null")
    if variables is not None and not isinstance(variables, dict):
        raise _wrong("variables", "对象或 null", "an object or null")
    if extensions is not None and not isinstance(extensions, dict):
        raise _wrong("extensions", "对象或 null", "an object or null")
    if name is not None and not isinstance(name, str):
        raise _wrong("operationName", "字符串或 null", "a string or null")
    if document is not None and not isinstance(document, str):
        raise _wrong("documentId", "字符串或 null", "a string or null")
    if not query and document is None and not (extensions and "persistedQuery" in extensions):
        raise _bad(_NO_OPERATION)
    return OperationRequest(query or None, variables, name, extensions, document)


def operation_of_query_string(query_string: bytes) -> OperationRequest:
    """Return the operation of a GET request; ``variables`` and ``extensions`` are JSON.

    Raises:
        RequestRefused: it has not the form of an operation.

    """
    try:
        found = dict(
            parse_qsl(
                query_string.decode(),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_PARAMETERS,
            )
        )
    except ValueError:
        raise _bad(_NO_QUERY_STRING) from None
    decoded: dict[str, Any] = {
        name: found.get(name) or None for name in ("query", "operationName", "documentId")
    }
    for name in ("variables", "extensions"):
        text = found.get(name)
        decoded[name] = decode_json(text) if text else None
    return operation_of(decoded)


def _bad(message: Text) -> RequestRefused:
    return RequestRefused(400, ErrorCode.BAD_USER_INPUT, message)


def _wrong(name: str, zh: str, en: str) -> RequestRefused:
    return _bad(Text(f"`{name}` 应为{zh}。", f"`{name}` must be {en}."))
