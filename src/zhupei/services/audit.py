"""Verifying the audit chains: records, what they are about, and every seat.

Two chains are verified: the records of applications, and those of what else has a state (people,
claims, trainees, invitations, bans, lists, objections, plans, freezes). Each row is compared with
the last record of it, so that nobody can have changed it beside the process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.db.models import ApplicationRow, AuditHeadRow, SeatRow, StateRecordRow, TransitionRow
from zhupei.domain.audit_chain import ChainBreak, ChainRecord, ChainVerifier
from zhupei.domain.text import Text
from zhupei.services.admissions.records import record_content
from zhupei.services.admissions.store import case_digest, cases_of
from zhupei.services.seats import opening_scope
from zhupei.services.state_records import (
    SUBJECT_LABELS,
    StateSubject,
    state_record_content,
    states_of,
)

__all__ = ["AuditReport", "verify_audit_chain"]

_AT_A_TIME = 500
_STATE_RECORD = Text("状态记录", "state record")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was verified: the heads that should be noted elsewhere, and the first break, if any.

    ``records`` are those of ``applications``, ``state_records`` those of everything else.
    """

    records: int
    applications: int
    sequence: int
    anchor: str
    state_records: int = 0
    state_sequence: int = 0
    state_anchor: str = ""
    broken: ChainBreak | None = None

    @property
    def head(self) -> str:
        """Both heads as ``sequence:anchor+sequence:anchor``, to be noted and compared with."""
        return f"{self.sequence}:{self.anchor}+{self.state_sequence}:{self.state_anchor}"


async def verify_audit_chain(expected_head: str | None = None) -> AuditReport:
    """Verify all records in order, then what they are about, and seats; stop at the first break.

    ``expected_head`` is a head that was noted before: the chains still have to pass through it.
    One that names the first chain alone is of a version before the second.
    Everything is read in one snapshot, so that work that goes on meanwhile does no harm.
    """
    first, _, second = (expected_head or "").partition("+")
    async with in_transaction() as connection:
        await connection.execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        verifier, states = ChainVerifier(), ChainVerifier(_STATE_RECORD)
        digests: dict[UUID, str] = {}
        held: dict[UUID, tuple[str, str, str]] = {}
        broken = await _chain(verifier, "records", _noted(first), _transitions(digests))
        broken = broken or await _chain(states, "states", _noted(second), _state_records(held))
        broken = (
            broken
            or await _applications(verifier, digests)
            or await _subjects(connection, states, held)
            or await _seats()
            or await _increases(connection)
        )
        head = await AuditHeadRow.get(name="records")
        state_head = await AuditHeadRow.get(name="states")
        return AuditReport(
            records=verifier.sequence,
            applications=len(verifier.subjects),
            sequence=head.sequence,
            anchor=head.anchor,
            state_records=states.sequence,
            state_sequence=state_head.sequence,
            state_anchor=state_head.anchor,
            broken=broken,
        )


def _noted(head: str) -> tuple[int, str] | None:
    if not head:
        return None
    sequence, _, anchor = head.partition(":")
    return int(sequence), anchor


async def _chain(
    verifier: ChainVerifier,
    name: str,
    noted: tuple[int, str] | None,
    records: AsyncIterator[ChainRecord],
) -> ChainBreak | None:
    """Verify the records of a chain in order, its head, and that it passes through ``noted``."""
    passed = noted is None or noted[0] == 0
    async for record in records:
        broken = verifier.check(record)
        if broken is not None:
            return broken
        passed = passed or noted == (verifier.sequence, verifier.anchor)
    head = await AuditHeadRow.get(name=name)
    broken = verifier.finish(head.sequence, head.anchor)
    if broken is None and not passed and noted is not None:
        return ChainBreak(
            sequence=noted[0],
            reason=Text(
                "与此前记下的链头不符", "the chain does not pass through the head noted before"
            ),
        )
    return broken


async def _transitions(digests: dict[UUID, str]) -> AsyncIterator[ChainRecord]:
    """Read the records of applications; the digest of the last one of each is kept."""
    sequence = 0
    query = TransitionRow.all().order_by("sequence").limit(_AT_A_TIME)
    while rows := await query.filter(sequence__gt=sequence):
        for row in rows:
            application: UUID = row.application_id  # type: ignore[attr-defined]  # the relation's
            digests[application] = row.case_digest
            yield ChainRecord(
                id=row.id,
                subject=application,
                sequence=row.sequence,
                revision=row.revision,
                content=record_content(row, application),
                previous_hash=row.previous_hash,
                hash=row.hash,
                anchor=row.anchor,
            )
        sequence = rows[-1].sequence


async def _state_records(
    held: dict[UUID, tuple[str, str, str]],
) -> AsyncIterator[ChainRecord]:
    """Read the other records; what the last one of each subject says of it is kept."""
    sequence = 0
    query = StateRecordRow.all().order_by("sequence").limit(_AT_A_TIME)
    while rows := await query.filter(sequence__gt=sequence):
        for row in rows:
            held[row.subject_id] = (row.subject, row.to_state, row.digest)
            yield ChainRecord(
                id=row.id,
                subject=row.subject_id,
                sequence=row.sequence,
                revision=row.revision,
                content=state_record_content(row),
                previous_hash=row.previous_hash,
                hash=row.hash,
                anchor=row.anchor,
            )
        sequence = rows[-1].sequence


async def _applications(verifier: ChainVerifier, digests: dict[UUID, str]) -> ChainBreak | None:
    """Compare every application with its last record: nobody changed it beside the process."""
    seen: set[object] = set()
    query = ApplicationRow.all().order_by("id")
    rows = await query.limit(_AT_A_TIME)
    while rows:
        for case in await cases_of(rows):
            seen.add(case.id)
            revision, last = verifier.last_of(case.id)
            agrees = (case.revision, case.record_hash) == (revision, last)
            if not agrees or case_digest(case) != digests.get(case.id):
                return ChainBreak(
                    sequence=verifier.sequence,
                    subject=case.id,
                    reason=Text(
                        f"申请 {case.id} 的现状与其最后一条记录不符",
                        f"application {case.id} is not as its last record left it",
                    ),
                )
        rows = await query.filter(id__gt=rows[-1].id).limit(_AT_A_TIME)
    for application in sorted(verifier.subjects, key=str):
        if application not in seen:
            return ChainBreak(
                sequence=verifier.sequence,
                subject=application,
                reason=Text(f"申请 {application} 已不存在", f"application {application} is gone"),
            )
    return None


async def _subjects(
    connection: BaseDBAsyncClient,
    verifier: ChainVerifier,
    held: dict[UUID, tuple[str, str, str]],
) -> ChainBreak | None:
    """Compare whatever else has a state with its last record."""
    left = dict(held)
    for subject in StateSubject:
        zh, en = SUBJECT_LABELS[subject]
        after: UUID | None = None
        while rows := await states_of(connection, subject, after=after, first=_AT_A_TIME):
            for id_, state, digest in rows:
                if left.pop(id_, None) != (subject.value, state, digest):
                    return ChainBreak(
                        sequence=verifier.sequence,
                        subject=id_,
                        reason=Text(
                            f"{zh} {id_} 的现状与其最后一条记录不符",
                            f"{en} {id_} is not as its last record left it",
                        ),
                    )
            after = rows[-1][0]
    if not left:
        return None
    gone = min(left, key=str)
    zh, en = SUBJECT_LABELS[StateSubject(left[gone][0])]
    return ChainBreak(
        sequence=verifier.sequence,
        subject=gone,
        reason=Text(f"{zh} {gone} 已不存在", f"{en} {gone} is gone"),
    )


async def _seats() -> ChainBreak | None:
    """Compare the seats taken with the applications that hold them."""
    taken: dict[str, int] = {}
    for scopes in await ApplicationRow.all().values_list("seat_scopes", flat=True):
        for scope in cast("list[str]", scopes):
            taken[scope] = taken.get(scope, 0) + 1
    for row in await SeatRow.all().order_by("scope"):
        if row.taken != taken.pop(row.scope, 0):
            return _of_seat(row.scope)
    return _of_seat(min(taken)) if taken else None


def _of_seat(scope: str) -> ChainBreak:
    return ChainBreak(
        sequence=0,
        reason=Text(
            f"名额 {scope} 的占用数与申请不符",
            f"the seats taken of {scope} are not those that applications hold",
        ),
    )


async def _increases(connection: BaseDBAsyncClient) -> ChainBreak | None:
    """Compare the seats added to openings with the increases of plans that were approved."""
    approved = {
        opening_scope(row["opening_code"]): row["seats"]
        for row in await connection.execute_query_dict(
            "SELECT opening_code, sum(seats)::int AS seats FROM plan_increase "
            "WHERE state = 'APPROVED' GROUP BY opening_code"
        )
    }
    prefix = opening_scope("")
    rows = await SeatRow.filter(scope__startswith=prefix).order_by("scope")
    added = {row.scope: row.increase for row in rows if row.increase}
    if added == approved:
        return None
    scope = min(
        scope for scope in added.keys() | approved.keys() if added.get(scope) != approved.get(scope)
    )
    return ChainBreak(
        sequence=0,
        reason=Text(
            f"名额 {scope} 增加的计划与批准的不符",
            f"the seats added to {scope} are not those that were approved",
        ),
    )
