"""Removed files lose their bytes: after the days that an installation keeps them, on record.

What a person removed, or what was erased with the person, is given out to nobody from that moment.
Its bytes go once the days are over, unless the same content stands in a file that was not removed,
or an application that has not ended was handed in with it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicantFile
from zhupei.domain.admission_process import EXITS, ApplicationState
from zhupei.domain.events import Event
from zhupei.services.applicant_files import FileStore, lock_content
from zhupei.services.outbox import record_events, subject_of

__all__ = ["sweep_files"]

_AT_A_TIME = 200
_NEEDED = """
SELECT 1 FROM applicant_file WHERE sha256 = $1 AND (removed_at IS NULL OR removed_at > $3)
UNION ALL
SELECT 1 FROM application a JOIN applicant_file f ON f.applicant_id = a.applicant_id
WHERE f.sha256 = $1 AND a.state <> ALL($2::text[])
  AND a.details -> 'documents' @> jsonb_build_array(jsonb_build_object('sha256', $1::text))
LIMIT 1
"""
# A registered training is past admission: what was handed in for it is in the report's records.
_ENDED = sorted({state.value for state in EXITS} | {ApplicationState.REGISTERED.value})


async def sweep_files(store: FileStore, keep_for: timedelta, now: datetime) -> int:
    """Take the bytes of removed files away that are due, and return of how many files.

    Safe beside other workers and beside people who hand files in: each content is looked at under
    a lock. Whoever is killed in between leaves a row without its mark, which the next look takes.
    """
    swept, since = 0, now - keep_for
    last = None
    while True:
        query = ApplicantFile.filter(swept_at=None, removed_at__lte=since)
        if last is not None:
            query = query.filter(id__gt=last)
        rows = await query.order_by("id").limit(_AT_A_TIME)
        if not rows:
            return swept
        for row in rows:
            swept += await _swept(store, row, since, now)
        last = rows[-1].id


async def _swept(store: FileStore, row: ApplicantFile, since: datetime, now: datetime) -> bool:
    async with in_transaction() as connection:
        await lock_content(connection, row.sha256)
        if await _needed(connection, row.sha256, since):
            return False
        marked = await ApplicantFile.filter(id=row.id, swept_at=None).update(swept_at=now)
        if marked:
            # First the bytes: where the mark is not committed, the next look finds none and marks.
            await asyncio.to_thread(store.erase, row.sha256)
            await record_events(connection, [_event(row, now)])
        return bool(marked)


async def _needed(connection: BaseDBAsyncClient, sha256: str, since: datetime) -> bool:
    return bool(await connection.execute_query_dict(_NEEDED, [sha256, _ENDED, since]))


def _event(row: ApplicantFile, now: datetime) -> Event:
    return Event(
        id=uuid7(),
        name="file.swept",
        at=now,
        subject=subject_of("File", row.id),
        data={"document": row.document, "size": row.size},
    )
