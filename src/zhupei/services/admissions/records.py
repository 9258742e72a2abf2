"""Records: every change appends one to its application's chain and to the chain of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.identifiers import uuid7
from zhupei.db.models import TransitionRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import PROCESS_VERSION
from zhupei.domain.audit_chain import GENESIS
from zhupei.domain.plain_values import plain
from zhupei.services.admissions.change import Bulk, Change, Repeat
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.store import case_digest
from zhupei.services.audit_heads import ChainHead, shared_content

__all__ = ["append_records", "record_content"]


async def append_records(
    connection: BaseDBAsyncClient,
    desk: Desk,
    changes: Sequence[Change],
    *,
    repeat: Repeat | None,
    bulk: Bulk | None,
) -> list[AdmissionCase]:
    """Append the records and put their hashes on the cases."""
    head = await ChainHead.taken(connection, "records", records=len(changes))
    rows, cases, now = [], [], desk.clock()
    for change in changes:
        before = change.before
        case = replace(change.after, revision=1 if before is None else before.revision + 1)
        # Of several changes of one request the last one answers it.
        answers = repeat if change is changes[-1] else None
        row = TransitionRow(
            id=uuid7(),
            application_id=case.id,
            sequence=head.next_number(),
            revision=case.revision,
            at=now,
            actor=desk.actor.id,
            action=change.action.value,
            reason=change.reason,
            from_state=None if before is None else before.state.value,
            to_state=case.state.value,
            rule_version=PROCESS_VERSION,
            catalogue_hash=desk.catalogue.hash,
            bulk_operation_id=None if bulk is None else bulk.id,
            idempotency_key=None if answers is None else answers.key,
            data=plain(change.data) if answers is None else _with_request(change, answers),
            case_digest=case_digest(case),
            previous_hash=GENESIS if before is None else before.record_hash,
        )
        head.seal(row, record_content(row, case.id))
        rows.append(row)
        cases.append(replace(case, record_hash=row.hash))
    await TransitionRow.bulk_create(rows)
    await connection.execute_query(
        "UPDATE application SET record_hash = made.hash FROM unnest($1::uuid[], $2::text[]) "
        "AS made(id, hash) WHERE application.id = made.id",
        [[case.id for case in cases], [case.record_hash for case in cases]],
    )
    await head.leave()
    return cases


def _with_request(change: Change, repeat: Repeat) -> dict[str, Any]:
    return {**plain(change.data), "request": repeat.request}


def record_content(row: TransitionRow, application: UUID) -> dict[str, object]:
    """Return what a record's hash is taken over: every column but hash and anchor."""
    return {
        **shared_content(row),
        "application": str(application),
        "bulk_operation": None if row.bulk_operation_id is None else str(row.bulk_operation_id),
        "idempotency_key": row.idempotency_key,
        "case_digest": row.case_digest,
    }
