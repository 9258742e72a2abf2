"""Requests that may be repeated: the second time they are answered as the first, and do nothing.

A key belongs to one actor. The answer is kept in the same transaction as the work: either both
are there or neither, however a process ends. Two requests with one key at the same time wait for
each other; the second is answered as the first was, or works itself where the first failed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import Idempotency
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.text import Text

__all__ = ["LONGEST_KEY", "forget_before", "once", "refused_key", "request_hash"]

LONGEST_KEY = 128
"""Characters of a key at most."""

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


async def once(
    key: str | None,
    *,
    actor: str,
    operation: str,
    request: object,
    at: datetime,
    work: Callable[[], Awaitable[Any]],
) -> Any | AccessRefusal:
    """Do ``work`` in a transaction unless it was done under this key before; return its answer.

    ``work`` answers what JSON can hold: usually the ids of what it changed, from which the caller
    reads the present state. A refusal that it raises as an exception keeps nothing, so that the
    same key may be tried again. Without key the work is done every time.

    Args:
        key: 1 to 128 printable ASCII characters, made by the client; a UUID is good.
        actor: the id of who asks.
        operation: the name of the use case; one key is not used for two.
        request: all that the client asked for, as dataclasses, mappings and plain values.
        at: now.
        work: the work; it runs in the transaction in which the answer is kept.

    Returns:
        The answer, or IDEMPOTENCY_KEY_INVALID, or IDEMPOTENCY_KEY_REUSED where the key belongs
        to another request.

    """
    if key is None:
        async with in_transaction():
            return await work()
    invalid = refused_key(key)
    if invalid is not None:
        return invalid
    digest = request_hash(operation, request)
    async with in_transaction() as connection:
        # Waits for a transaction that holds the same key; nothing is written where it committed.
        taken = await connection.execute_query_dict(
            "INSERT INTO idempotency (id, actor, key, operation, request_hash, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (actor, key) DO NOTHING RETURNING id",
            [uuid7(), actor, key, operation, digest, at],
        )
        if not taken:
            kept = await Idempotency.get(actor=actor, key=key)
            return kept.answer if kept.request_hash == digest else _REUSED
        answer = await work()
        # Tortoise takes a text for JSON that is written already.
        written = json.dumps(answer) if isinstance(answer, str) else answer
        await Idempotency.filter(id=taken[0]["id"]).update(answer=written)
        return answer


_REUSED = AccessRefusal(
    code=AccessCode.IDEMPOTENCY_KEY_REUSED,
    message=Text(
        "该幂等键已用于另一请求，未作任何更改",
        "this idempotency key belongs to another request; nothing was changed",
    ),
    field="idempotencyKey",
)


def refused_key(key: str) -> AccessRefusal | None:
    """Return IDEMPOTENCY_KEY_INVALID for what is no key; None for one of 1 to 128 characters."""
    if _KEY.fullmatch(key):
        return None
    return AccessRefusal(
        code=AccessCode.IDEMPOTENCY_KEY_INVALID,
        message=Text(
            f"幂等键应为 1 至 {LONGEST_KEY} 个可见的 ASCII 字符",
            f"an idempotency key is 1 to {LONGEST_KEY} printable ASCII characters",
        ),
        field="idempotencyKey",
    )


async def forget_before(moment: datetime) -> int:
    """Forget requests of before ``moment``, and return how many; their keys may be used anew."""
    return await Idempotency.filter(created_at__lt=moment).delete()


def request_hash(operation: str, request: object) -> str:
    """Return the SHA-256 of a request: equal for equal requests, whatever order keys come in.

    The field ``idempotency_key`` is left out. Raises TypeError for what is not plain.
    """
    text = json.dumps([operation, _plain(request)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> Any:  # noqa: PLR0911 - one for each kind of value
    match value:
        case None | bool() | str():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return _plain(value.value)
        # Each with its type, so that the number 1 and the text "1" are two requests.
        case int() | float() | Decimal() | UUID() | date():
            return {"": [type(value).__name__, str(value)]}
        case bytes():
            return {"": ["bytes", hashlib.sha256(value).hexdigest()]}
        case Mapping():
            return {"map": sorted([json.dumps(_plain(k)), _plain(v)] for k, v in value.items())}
        case set() | frozenset():
            return {"set": sorted(json.dumps(_plain(each)) for each in value)}
        case list() | tuple():
            return [_plain(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = [each.name for each in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in named if name != "idempotency_key"}
    raise TypeError(f"a request holds no {type(value).__name__}")
