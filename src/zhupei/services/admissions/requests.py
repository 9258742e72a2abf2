"""Requests that may be repeated, of use cases that write no record of an application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError, OperationalError

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.transitions import too_busy
from zhupei.services.idempotency import once

__all__ = ["once_for"]

_ATTEMPTS = 8


class _RefusedError(Exception):
    """Ends the transaction of a request that is refused, so that its key stays free."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


async def once_for(
    desk: Desk,
    operation: str,
    given: object,
    work: Callable[[], Awaitable[UUID | Refusal]],
    *,
    key: str | None,
) -> UUID | Refusal:
    """Do ``work`` in a transaction unless this request was carried out before; return its id.

    ``given`` is the use case's input: a key that belongs to another request is refused. Work that
    meets a row which somebody else wrote at the same time begins anew and finds it.
    """

    async def answered() -> dict[str, str]:
        done = await work()
        if isinstance(done, Refusal):
            raise _RefusedError(done)
        return {"id": str(done)}

    for _ in range(_ATTEMPTS):
        try:
            answer = await once(
                key,
                actor=desk.actor.id,
                operation=operation,
                request=given,
                at=desk.clock(),
                work=answered,
            )
        except _RefusedError as refused:
            return refused.refusal
        except IntegrityError:
            continue
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            continue
        except OperationalError as error:
            cause = error.args[0] if error.args else None
            if isinstance(cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
                continue
            raise
        return _refused(answer) if isinstance(answer, AccessRefusal) else UUID(answer["id"])
    return too_busy()


def _refused(answer: AccessRefusal) -> Refusal:
    invalid = answer.code is AccessCode.IDEMPOTENCY_KEY_INVALID
    return Refusal(
        code=RefusalCode.INPUT_INVALID if invalid else RefusalCode.CONFLICT,
        message=answer.message,
        field=answer.field,
    )
