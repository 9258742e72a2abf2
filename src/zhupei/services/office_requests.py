"""Requests of an office: done once under their key, whole or not at all, and told afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.events import Event
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.idempotency import once
from zhupei.services.outbox import record_events

__all__ = ["RefusedError", "StaleError", "Work", "answer_once", "lock", "refuse"]

_ATTEMPTS = 8


class RefusedError(Exception):
    """Ends work that is refused, so that nothing of it is kept."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def refuse(refusal: Refusal | None) -> None:
    """Raise a refusal, if there is one, so that nothing of the work is kept."""
    if refusal is not None:
        raise RefusedError(refusal)


class StaleError(Exception):
    """What the work was decided on has changed meanwhile; it is done anew."""


class Work:
    """The transaction that work runs in, and the events that it has to tell."""

    def __init__(self, desk: Desk, connection: BaseDBAsyncClient) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self._desk = desk

    def tell(
        self,
        name: str,
        subject: str,
        *,
        base: str,
        program: str,
        opening: str | None = None,
        data: Mapping[str, str | int | bool | None],
    ) -> None:
        """Note an event: it is written with the work, and told once that is committed."""
        self.events.append(
            Event(
                id=uuid7(),
                name=name,
                at=self._desk.clock(),
                subject=subject,
                base=base,
                program=program,
                opening=opening,
                actor=self._desk.actor.id,
                data=data,
                catalogue_hash=self._desk.catalogue.hash,
            )
        )


async def answer_once(
    desk: Desk,
    key: str | None,
    operation: str,
    request: object,
    do: Callable[[Work], Awaitable[Any]],
) -> Any | Refusal:
    """Do something in a transaction unless it was done under ``key``; return its answer.

    ``do`` answers what JSON can hold. It raises `RefusedError` to keep nothing, and `StaleError`
    to be called again; so does a deadlock, which PostgreSQL ends by itself.
    """
    done: list[Work] = []

    async def inside() -> Any:
        async with in_transaction() as connection:
            work = Work(desk, connection)
            answer = await do(work)
            await record_events(connection, work.events)
        done[:] = [work]
        # In a list, because a text alone would be read as JSON where it is kept.
        return [answer]

    for _ in range(_ATTEMPTS):
        try:
            answer = await once(
                key,
                actor=desk.actor.id,
                operation=operation,
                request=request,
                at=desk.clock(),
                work=inside,
            )
        except RefusedError as refused:
            return refused.refusal
        except (StaleError, asyncpg.DeadlockDetectedError):
            continue
        except OperationalError as error:
            if error.args and isinstance(error.args[0], asyncpg.DeadlockDetectedError):
                continue
            raise
        if isinstance(answer, AccessRefusal):
            return _of_key(answer)
        await _tell_plugins(desk, [event for work in done for event in work.events])
        return answer[0]
    return Refusal(
        code=RefusalCode.CONFLICT,
        message=Text(
            "他人同时在处理，请重试", "others are changing this at the same time; try again"
        ),
    )


def _of_key(refusal: AccessRefusal) -> Refusal:
    wrong = refusal.code is AccessCode.IDEMPOTENCY_KEY_INVALID
    return Refusal(
        code=RefusalCode.INPUT_INVALID if wrong else RefusalCode.CONFLICT,
        message=refusal.message,
        field=refusal.field,
    )


async def _tell_plugins(desk: Desk, events: Iterable[Event]) -> None:
    """Tell what happened, now that it is committed; faults of plugins change nothing."""
    for event in events:
        if event.base is not None:
            await desk.dispatcher.ask(
                "event_recorded",
                desk.catalogue.scope_of(event.base),
                configs=desk.catalogue.configs_of(event.base),
                event=event,
            )


async def lock(connection: BaseDBAsyncClient, keys: Iterable[object]) -> None:
    """Hold a lock for each key until the transaction ends, in one order for everybody.

    The key of an applicant is the id alone, the same that transitions take.
    """
    for key in sorted({str(each) for each in keys}):
        await connection.execute_query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [key]
        )
