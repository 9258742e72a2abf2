"""Operations that come with files: the GraphQL multipart request specification.

A form of another site can send ``multipart/form-data`` without asking the browser's user, so that
such a request has to carry a header that a form cannot set (as Apollo's servers have it). Files
are spooled to disk while they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from zhupei.domain.text import Text
from zhupei.graphql.uploads import Upload
from zhupei.web.errors import ErrorCode
from zhupei.web.exchanges import Exchange, refuse_encoded, too_large, too_slow
from zhupei.web.operation_requests import RequestRefused, decode_json

__all__ = ["FORM", "PREFLIGHT_HEADERS", "sent_form"]

FORM = b"multipart/form-data"
PREFLIGHT_HEADERS = (
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
)
"""One of these has to come with a form; pages of other sites cannot send any unasked."""

_MOST_FILES = 10
_MOST_FIELDS = 4
_MOST_PLACES = 50

_NO_PREFLIGHT = Text(
    "上传请求须带请求头 GraphQL-Require-Preflight 或 Apollo-Require-Preflight。",
    "An upload needs the header Apollo-Require-Preflight or GraphQL-Require-Preflight.",
)
_NO_FORM = Text(
    "请求体不符合 GraphQL 多部分请求规范（operations、map、文件）。",
    "The body is not what the multipart request specification says: operations, map, files.",
)


@asynccontextmanager
async def sent_form(exchange: Exchange, *, most: int, seconds: float) -> AsyncIterator[Any | None]:
    """Enter with what ``operations`` say, files at their places; None where the client left.

    Args:
        exchange: the request.
        most: bytes that it may have as a whole.
        seconds: how long the client may take.

    Raises:
        RequestRefused: it is not as the specification has it, or could be another site's.

    """
    if not any(exchange.headers.get(name.encode(), b"").strip() for name in PREFLIGHT_HEADERS):
        raise RequestRefused(400, ErrorCode.PREFLIGHT_REQUIRED, _NO_PREFLIGHT)
    refuse_encoded(exchange)
    announced = exchange.headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > most:
        raise too_large(most)
    try:
        async with asyncio.timeout(seconds):
            form = await _read(exchange, most)
    except TimeoutError:
        raise too_slow() from None
    except ClientDisconnect:
        yield None
        return
    try:
        yield _with_files(form)
    finally:
        await form.close()


async def _read(exchange: Exchange, most: int) -> FormData:
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await exchange.receive()
        received += len(message.get("body", b""))
        if received > most:
            raise too_large(most)
        return message

    try:
        return await Request(exchange.scope, receive).form(
            max_files=_MOST_FILES, max_fields=_MOST_FIELDS
        )
    except (HTTPException, MultiPartException, ValueError, LookupError):
        raise _malformed() from None


def _with_files(form: FormData) -> Any:
    operations, places = form.get("operations"), form.get("map")
    if not isinstance(operations, str) or not isinstance(places, str):
        raise _malformed()
    decoded, mapped = decode_json(operations), decode_json(places)
    if not isinstance(mapped, dict) or len(mapped) > _MOST_FILES:
        raise _malformed()
    placed = 0
    for name, paths in mapped.items():
        sent = form.get(name)
        if not isinstance(sent, UploadFile) or not isinstance(paths, list):
            raise _malformed()
        placed += len(paths)
        if placed > _MOST_PLACES:
            raise _malformed()
        upload = Upload(cast("Any", sent.file))
        for path in paths:
            _put(decoded, path, upload)
    return decoded


def _put(within: Any, path: Any, upload: Upload) -> None:
    """Put a file where ``path`` (``variables.input.file``) leads to null."""
    if not isinstance(path, str):
        raise _malformed()
    *above, last = path.split(".")
    try:
        for step in above:
            within = within[_number(step) if isinstance(within, list) else step]
        key = _number(last) if isinstance(within, list) else last
        if within[key] is not None:
            raise _malformed()
        within[key] = upload
    except (KeyError, IndexError, TypeError, ValueError):
        raise _malformed() from None


def _number(step: str) -> int:
    """Return a place in a list; digits only, so that none counts from the end."""
    if not (step.isascii() and step.isdigit()):
        raise _malformed()
    return int(step)


def _malformed() -> RequestRefused:
    return RequestRefused(400, ErrorCode.BAD_USER_INPUT, _NO_FORM)
