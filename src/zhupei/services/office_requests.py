"""Requests of an office: done once under their key, whole or not at all, and told afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.domain.admission_refusals import Refusal
from zhupei.domain.events import Event
from zhupei.services.admissions.commits import tell_plugins
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.requests import RefusedError, StaleError, refuse, under_key
from zhupei.services.outbox import record_events

__all__ = ["RefusedError", "StaleError", "Work", "answer_once", "lock", "refuse"]

_Shown = TypeVar("_Shown")


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
    *,
    show: Callable[[Any], Awaitable[_Shown]],
    dry_run: bool = False,
) -> _Shown | Refusal:
    """Do something in a transaction unless it was done under ``key``; return what ``show`` makes.

    ``do`` answers what JSON can hold, of which ``show`` makes the answer. It raises `RefusedError`
    to keep nothing, and `StaleError` to be called again. A dry run keeps and tells nothing
    (`zhupei.services.admissions.requests.under_key`).
    """
    done: list[Work] = []

    async def work() -> list[Any]:
        async with in_transaction() as connection:
            doing = Work(desk, connection)
            answer = await do(doing)
            await record_events(connection, doing.events)
        done[:] = [doing]
        # In a list, because a text alone would be read as JSON where it is kept.
        return [answer]

    async def told(answer: list[Any]) -> _Shown:
        if not dry_run:
            await tell_plugins(desk, [event for each in done for event in each.events])
        return await show(answer[0])

    return await under_key(desk, key, operation, request, work, show=told, dry_run=dry_run)


async def lock(connection: BaseDBAsyncClient, keys: Iterable[object]) -> None:
    """Hold a lock for each key until the transaction ends, in one order for everybody."""
    for key in sorted({str(each) for each in keys}):
        await connection.execute_query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [key]
        )
