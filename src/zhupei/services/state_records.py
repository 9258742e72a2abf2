"""State records: every change of state beside applications appends one to a chain of its own.

People, claims, sending units' people, trainees, invitations, bans, objections, published lists,
plan increases and freezes have states that are no application's. Each of their changes appends a
record in the transaction that makes it. State and digest are read from the row that was written,
by the same statement that verifies them later.

The row that numbers the records is locked last of all, after the one of the applications' records,
so that no two transactions wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.identifiers import uuid7
from zhupei.db.models import StateRecordRow
from zhupei.domain.admission_process import PROCESS_VERSION
from zhupei.domain.audit_chain import GENESIS
from zhupei.domain.plain_values import plain
from zhupei.services.audit_heads import ChainHead, shared_content

__all__ = [
    "SUBJECT_LABELS",
    "StateChange",
    "StateSubject",
    "append_state_records",
    "state_record_content",
    "states_of",
]


class StateSubject(StrEnum):
    """What has states of its own; the value stands in the records."""

    APPLICANT = "APPLICANT"
    CLAIM = "CLAIM"
    SENT_PERSON = "SENT_PERSON"
    TRAINEE = "TRAINEE"
    INVITATION = "INVITATION"
    BAN = "BAN"
    PUBLICITY = "PUBLICITY"
    OBJECTION = "OBJECTION"
    PLAN_INCREASE = "PLAN_INCREASE"
    ROUND_FREEZE = "ROUND_FREEZE"


SUBJECT_LABELS: Mapping[StateSubject, tuple[str, str]] = MappingProxyType(
    {
        StateSubject.APPLICANT: ("报考人", "applicant"),
        StateSubject.CLAIM: ("认领码", "claim code"),
        StateSubject.SENT_PERSON: ("选送关系", "link to a sending unit"),
        StateSubject.TRAINEE: ("培训对象", "trainee"),
        StateSubject.INVITATION: ("邀请", "invitation"),
        StateSubject.BAN: ("禁报记录", "ban"),
        StateSubject.PUBLICITY: ("公示名单", "published list"),
        StateSubject.OBJECTION: ("异议", "objection"),
        StateSubject.PLAN_INCREASE: ("增加计划申请", "plan increase"),
        StateSubject.ROUND_FREEZE: ("批次冻结", "freeze of a round"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """One change that was written: of what, by which action, by whom, when and why.

    ``data`` holds ids and figures, never a name, number or text about a person.
    """

    subject: StateSubject
    id: UUID
    action: str
    actor: str
    at: datetime
    reason: str | None = None
    catalogue_hash: str | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    state: str
    """The state of a row, as SQL; no row is ever without one."""
    bound: tuple[str, ...]
    """What a row holds that its state means, as SQL: changed only by a change of state."""


def _moment(column: str) -> str:
    # Written alike whatever the session's time zone is.
    return f"extract(epoch FROM {column})"


_TABLES: Mapping[StateSubject, _Table] = MappingProxyType(
    {
        StateSubject.APPLICANT: _Table(
            "applicant",
            "CASE WHEN erased_at IS NOT NULL THEN 'ERASED' "
            "WHEN account_id IS NOT NULL THEN 'CLAIMED' ELSE 'UNCLAIMED' END",
            ("account_id", "entered_base", _moment("created_at"), _moment("erased_at")),
        ),
        StateSubject.CLAIM: _Table(
            "applicant_claim",
            "coalesce(ended_as, 'OPEN')",
            ("applicant_id", "issued_by", _moment("expires_at"), "used_by"),
        ),
        StateSubject.SENT_PERSON: _Table(
            "sending_unit_person",
            "state",
            ("unit_id", "applicant_id", "base_code", "specialty_code", "asked_by", "answered_by"),
        ),
        StateSubject.TRAINEE: _Table(
            "trainee",
            "state",
            (
                "application_id", "applicant_id", "opening_code", "direction", "trainee_type",
                "agreement", "started_on", "months", "least_months", "reduced_months", "ends_on",
                "ended_on", "end_reason", "file_moved_on", "file_keeper",
            ),
        ),
        StateSubject.INVITATION: _Table(
            "invitation",
            "state",
            ("applicant_id", "opening_code", "round_code", "slot", "application_id"),
        ),
        StateSubject.BAN: _Table(
            "ban",
            "CASE WHEN lifted_at IS NULL THEN 'IN_FORCE' ELSE 'LIFTED' END",
            (
                "applicant_id", "program_code", "starts_on", "until", "reason", "application_id",
                "decided_by", "lifted_by",
            ),
        ),
        StateSubject.PUBLICITY: _Table(
            "publicity",
            "CASE WHEN withdrawn_at IS NULL THEN 'PUBLISHED' ELSE 'WITHDRAWN' END",
            (
                "program_code", "round_code", _moment("published_at"), "ends_on",
                _moment("ends_at"), "working_days", "counts_first_day",
            ),
        ),
        StateSubject.OBJECTION: _Table(
            "objection",
            "CASE WHEN upheld IS NULL THEN 'OPEN' WHEN upheld THEN 'UPHELD' ELSE 'DISMISSED' END",
            ("publicity_id", "application_id", "text", "filed_by", "resolution", "resolved_by"),
        ),
        StateSubject.PLAN_INCREASE: _Table(
            "plan_increase",
            "state",
            ("opening_code", "round_code", "direction", "seats", "requested_by", "decided_by"),
        ),
        StateSubject.ROUND_FREEZE: _Table(
            "round_freeze",
            "CASE WHEN lifted_at IS NULL THEN 'FROZEN' ELSE 'LIFTED' END",
            ("root_program_code", "round_code", "frozen_by", "lifted_by"),
        ),
    }
)  # fmt: skip


async def append_state_records(
    connection: BaseDBAsyncClient, changes: Sequence[StateChange]
) -> None:
    """Append a record of each change, in the transaction that wrote it; nothing for none.

    Several changes of one subject in one transaction are told by one record, the last.

    Raises:
        RuntimeError: the row of a change does not exist.

    """
    latest = list({(change.subject, change.id): change for change in changes}.values())
    if not latest:
        return
    head = await ChainHead.taken(connection, "states", records=len(latest))
    states: dict[tuple[StateSubject, UUID], tuple[str, str]] = {}
    before: dict[tuple[StateSubject, UUID], tuple[int, str | None, str]] = {}
    for subject in sorted({change.subject for change in latest}):
        ids = [change.id for change in latest if change.subject is subject]
        for id_, state, digest in await states_of(connection, subject, ids):
            states[subject, id_] = state, digest
        for last in await connection.execute_query_dict(_LAST, [subject.value, ids]):
            before[subject, last["subject_id"]] = last["revision"], last["to_state"], last["hash"]
    rows = []
    for change in latest:
        key = (change.subject, change.id)
        if key not in states:
            raise RuntimeError(f"there is no {change.subject} {change.id} to record")
        revision, left, previous = before.get(key, _NONE_BEFORE)
        row = StateRecordRow(
            id=uuid7(),
            subject=change.subject.value,
            subject_id=change.id,
            sequence=head.next_number(),
            revision=revision + 1,
            at=change.at,
            actor=change.actor,
            action=change.action,
            reason=change.reason,
            from_state=left,
            to_state=states[key][0],
            rule_version=PROCESS_VERSION,
            catalogue_hash=change.catalogue_hash,
            data=plain(change.data),
            digest=states[key][1],
            previous_hash=previous,
        )
        head.seal(row, state_record_content(row))
        rows.append(row)
    await StateRecordRow.bulk_create(rows, using_db=connection)
    await head.leave()


_NONE_BEFORE: tuple[int, str | None, str] = (0, None, GENESIS)
_LAST = (
    "SELECT DISTINCT ON (subject_id) subject_id, revision, to_state, hash FROM state_record "
    "WHERE subject = $1 AND subject_id = ANY($2::uuid[]) ORDER BY subject_id, revision DESC"
)


async def states_of(
    connection: BaseDBAsyncClient,
    subject: StateSubject,
    ids: Sequence[UUID] | None = None,
    *,
    after: UUID | None = None,
    first: int | None = None,
) -> list[tuple[UUID, str, str]]:
    """Return id, state and digest of subjects as their rows stand, in the order of their ids.

    ``ids`` None takes all, ``first`` of them that follow ``after``.
    """
    table = _TABLES[subject]
    bound = ", ".join(table.bound)
    rows = await connection.execute_query_dict(
        f"SELECT id, {table.state} AS state, "  # noqa: S608 - names of columns, all our own
        f"encode(sha256(convert_to(jsonb_build_array({table.state}, {bound})::text, 'UTF8')), "
        f"'hex') AS digest FROM {table.name} WHERE ($1::uuid[] IS NULL OR id = ANY($1)) "
        "AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        [None if ids is None else list(ids), after, first],
    )
    return [(row["id"], row["state"], row["digest"]) for row in rows]


def state_record_content(row: StateRecordRow) -> dict[str, object]:
    """Return what a record's hash is taken over: every column but hash and anchor."""
    return {
        **shared_content(row),
        "subject": row.subject,
        "subject_id": str(row.subject_id),
        "digest": row.digest,
    }
