"""Requests of an office: done once under their key, whole or not at all, or only shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError, OperationalError

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.transitions import too_busy
from zhupei.services.idempotency import once

__all__ = ["RefusedError", "StaleError", "once_for", "refuse", "under_key"]

_Shown = TypeVar("_Shown")

_ATTEMPTS = 8


class RefusedError(Exception):
    """Ends work that is refused, so that nothing of it is kept and its key stays free."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def refuse(refusal: Refusal | None) -> None:
    """Raise a refusal, if there is one, so that nothing of the work is kept."""
    if refusal is not None:
        raise RefusedError(refusal)


class StaleError(Exception):
    """What the work was decided on has changed meanwhile; it is done anew."""


class _TakenBackError(Exception):
    """Ends the transaction of a dry run."""


async def once_for(
    desk: Desk,
    operation: str,
    given: object,
    work: Callable[[], Awaitable[UUID | Refusal]],
    *,
    key: str | None,
    show: Callable[[UUID], Awaitable[_Shown]],
    dry_run: bool = False,
) -> _Shown | Refusal:
    """Do ``work`` in a transaction unless this request was carried out before; return what it made.

    ``given`` is the use case's input: a key that belongs to another request is refused. Work that
    meets a row which somebody else wrote at the same time begins anew and finds it. ``work``
    returns an id, of which ``show`` makes the answer.
    """

    async def answered() -> dict[str, str]:
        try:
            done = await work()
        except IntegrityError as error:
            raise StaleError from error
        if isinstance(done, Refusal):
            raise RefusedError(done)
        return {"id": str(done)}

    async def shown(answer: dict[str, str]) -> _Shown:
        return await show(UUID(answer["id"]))

    return await under_key(desk, key, operation, given, answered, show=shown, dry_run=dry_run)


async def under_key(
    desk: Desk,
    key: str | None,
    operation: str,
    request: object,
    work: Callable[[], Awaitable[Any]],
    *,
    show: Callable[[Any], Awaitable[_Shown]],
    dry_run: bool = False,
) -> _Shown | Refusal:
    """Do ``work`` in a transaction unless it was done under ``key``; return what ``show`` makes.

    ``work`` answers what JSON can hold. It raises `RefusedError` to keep nothing, and `StaleError`
    to be called again; so does a deadlock, which PostgreSQL ends by itself. ``show`` gets its
    answer: that of the first time, where the request is repeated.

    A dry run does the work and shows it like any other request, then takes all of it back. Its
    key is not looked at, so that the same request can be sent in earnest afterwards.
    """

    tried: list[_Shown] = []

    async def taken_back() -> Any:
        tried.append(await show(await work()))
        raise _TakenBackError

    for _ in range(_ATTEMPTS):
        try:
            answer = await once(
                None if dry_run else key,
                actor=desk.actor.id,
                operation=operation,
                request=request,
                at=desk.clock(),
                work=taken_back if dry_run else work,
            )
        except RefusedError as refused:
            return refused.refusal
        except _TakenBackError:
            return tried[-1]
        except (StaleError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            continue
        except OperationalError as error:
            cause = error.args[0] if error.args else None
            if isinstance(cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
                continue
            raise
        return _of_key(answer) if isinstance(answer, AccessRefusal) else await show(answer)
    return too_busy()


def _of_key(refusal: AccessRefusal) -> Refusal:
    wrong = refusal.code is AccessCode.IDEMPOTENCY_KEY_INVALID
    return Refusal(
        code=RefusalCode.INPUT_INVALID if wrong else RefusalCode.CONFLICT,
        message=refusal.message,
        field=refusal.field,
    )
