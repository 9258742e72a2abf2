"""What a client learns about an error: a message, a code, and never an internal exception."""

from __future__ import annotations

import logging
import re
from enum import StrEnum
from typing import Any

from graphql import GraphQLError, GraphQLFormattedError
from zhupei.db.outages import is_outage, unfitting_column
from zhupei.domain.text import Language, Text
from zhupei.graphql.chinese_messages import in_chinese

__all__ = ["ErrorCode", "code_of", "format_errors", "internal_error", "refusal"]

_log = logging.getLogger("zhupei.graphql")


class ErrorCode(StrEnum):
    """The codes that the web side gives; each has a page ``docs/errors/<code>.md``."""

    ACCOUNT_ERASED = "ACCOUNT_ERASED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    CREDENTIALS_WRONG = "CREDENTIALS_WRONG"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    LOCKED_OUT = "LOCKED_OUT"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    NOT_FOUND = "NOT_FOUND"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_IN_LIST = "PERSISTED_QUERY_NOT_IN_LIST"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PLUGIN_DECISION_FAILED = "PLUGIN_DECISION_FAILED"
    PREFLIGHT_REQUIRED = "PREFLIGHT_REQUIRED"
    RATE_LIMITED = "RATE_LIMITED"
    REQUEST_TIMED_OUT = "REQUEST_TIMED_OUT"
    STARTING = "STARTING"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - because it is a code, not a token
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"


_INTERNAL = Text(
    "服务器内部错误，已记录；请向维护者提供请求编号。",
    "An internal error, which has been logged; give the maintainers the request id.",
)
_UNFITTING = Text(
    "某项文字过长或格式不符。", "A text is too long, or not of the form that is kept."
)

# What graphql-core says when a query is too long or too deep for it; it offers no other sign.
_TOO_LARGE = re.compile(
    r"Document contains more than \d+ tokens|Document is nested too deeply|^Validation aborted\.$"
)
# What is wrong can be seen by less; a message that repeats a value is as long as the value.
_LONGEST = 1000
_END = 200
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def refusal(code: str, message: str) -> dict[str, Any]:
    """Return a whole response for a request that is refused before it is a query."""
    return {"errors": [{"message": message, "extensions": {"code": str(code)}}]}


def internal_error(language: Language, request_id: str) -> dict[str, Any]:
    """Return a whole response for a request that an error of ours stopped."""
    code = ErrorCode.INTERNAL_SERVER_ERROR.value
    return {
        "errors": [
            {
                "message": _INTERNAL.get(language),
                "extensions": {"code": code, "requestId": request_id},
            }
        ]
    }


def format_errors(
    errors: list[GraphQLError], *, language: Language, request_id: str, suggest: bool
) -> list[object]:
    """Return ``errors`` as clients may see them, and log the unexpected ones.

    Args:
        errors: what the execution reported.
        language: the language of messages; those of GraphQL itself, too, if they are known.
        request_id: goes with internal errors, so that a client can name what was logged.
        suggest: whether messages may name fields that exist ("Did you mean …?").

    """
    formatted = [_format(error, language, request_id) for error in errors]
    for error in formatted:
        error["message"] = _shortened(error["message"])
        if not suggest:
            error["message"] = _SUGGESTION.sub("", error["message"])
        if language is Language.ZH:
            error["message"] = in_chinese(error["message"]) or error["message"]
    return list(formatted)


def code_of(error: GraphQLError) -> str:
    """Return the code that clients are shown for ``error``, without logging it."""
    cause = _cause(error)
    if cause is not None and is_outage(cause):
        return ErrorCode.DATABASE_UNAVAILABLE.value
    if cause is not None:
        unfit = unfitting_column(cause) is not None
        return (ErrorCode.BAD_USER_INPUT if unfit else ErrorCode.INTERNAL_SERVER_ERROR).value
    code = (error.extensions or {}).get("code")
    return code if isinstance(code, str) else _code_of_refusal(error).value


def _format(error: GraphQLError, language: Language, request_id: str) -> GraphQLFormattedError:
    cause = _cause(error)
    shown = error.formatted
    extensions = dict(shown.get("extensions") or {})
    if cause is not None and is_outage(cause):
        _log.warning("no database to answer with", extra={"error": type(cause).__name__})
        # Its reason names hosts and folders: for the log and /health/ready, not for clients.
        extensions["code"] = ErrorCode.DATABASE_UNAVAILABLE.value
        shown["message"] = Text("数据库暂不可用。", "The database is not available now.").get(
            language
        )
    elif cause is not None and (column := unfitting_column(cause)) is not None:
        # Its message repeats the value, which may be somebody's.
        _log.warning("a value does not fit", extra={"column": column, "path": _path(error)})
        extensions = {"code": ErrorCode.BAD_USER_INPUT.value}
        shown["message"] = _UNFITTING.get(language)
    elif cause is not None:
        _log.error(
            "unexpected error in a query",
            exc_info=cause,
            extra={"path": _path(error)},
        )
        extensions = {
            "code": ErrorCode.INTERNAL_SERVER_ERROR.value,
            "requestId": request_id,
        }
        shown["message"] = _INTERNAL.get(language)
    else:
        extensions.setdefault("code", _code_of_refusal(error).value)
    shown["extensions"] = extensions
    return shown


def _shortened(message: str) -> str:
    """Return a message without the middle of what makes it too long."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST - _END]}…{message[-_END:]}"


def _cause(error: GraphQLError) -> Exception | None:
    """Return the exception behind ``error`` unless it is a refusal that is meant to be read."""
    cause: Any = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GraphQLError):
        return None
    # Before execution (no path) the exception behind an error with a place in the text is a
    # scalar's refusal of a value.
    if error.path is None and error.nodes:
        return None
    return cause if isinstance(cause, Exception) else None


def _code_of_refusal(error: GraphQLError) -> ErrorCode:
    if error.path is None and _TOO_LARGE.search(error.message):
        return ErrorCode.LIMIT_EXCEEDED
    return ErrorCode.BAD_USER_INPUT


def _path(error: GraphQLError) -> str:
    return ".".join(str(part) for part in error.path or ())
