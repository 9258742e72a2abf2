"""Verifying the audit chain: every record, every application against its last, every seat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from tortoise.transactions import in_transaction

from zhupei.db.models import ApplicationRow, AuditHeadRow, SeatRow, TransitionRow
from zhupei.domain.audit_chain import ChainBreak, ChainRecord, ChainVerifier
from zhupei.domain.text import Text
from zhupei.services.admissions.records import record_content
from zhupei.services.admissions.store import case_digest, cases_of

__all__ = ["AuditReport", "verify_audit_chain"]

_AT_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was verified: the head that should be noted elsewhere, and the first break, if any."""

    records: int
    applications: int
    sequence: int
    anchor: str
    broken: ChainBreak | None = None

    @property
    def head(self) -> str:
        """The head as ``sequence:anchor``, to be noted and compared with later."""
        return f"{self.sequence}:{self.anchor}"


async def verify_audit_chain(expected_head: str | None = None) -> AuditReport:
    """Verify all records in order, then applications and seats; stop at the first break.

    ``expected_head`` is a head that was noted before: the chain still has to pass through it.
    Everything is read in one snapshot, so that work that goes on meanwhile does no harm.
    """
    async with in_transaction() as connection:
        await connection.execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        verifier = ChainVerifier()
        noted = _noted(expected_head)
        passed = noted is None or noted[0] == 0
        broken: ChainBreak | None = None
        digests: dict[object, str] = {}
        while broken is None:
            rows = (
                await TransitionRow.filter(sequence__gt=verifier.sequence)
                .order_by("sequence")
                .limit(_AT_A_TIME)
            )
            if not rows:
                break
            for row in rows:
                record = _record(row)
                broken = verifier.check(record)
                if broken is not None:
                    break
                digests[record.application] = row.case_digest
                if noted == (verifier.sequence, verifier.anchor):
                    passed = True
        head = await AuditHeadRow.get(name="records")
        broken = broken or verifier.finish(head.sequence, head.anchor)
        if broken is None and not passed and noted is not None:
            broken = ChainBreak(
                sequence=noted[0],
                reason=Text(
                    "与此前记下的链头不符", "the chain does not pass through the head noted before"
                ),
            )
        broken = broken or await _applications(verifier, digests) or await _seats()
        return AuditReport(
            records=verifier.sequence,
            applications=len(verifier.applications),
            sequence=head.sequence,
            anchor=head.anchor,
            broken=broken,
        )


def _noted(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    sequence, _, anchor = head.partition(":")
    return int(sequence), anchor


def _record(row: TransitionRow) -> ChainRecord:
    application = row.application_id  # type: ignore[attr-defined]  # the relation's column
    return ChainRecord(
        id=row.id,
        application=application,
        sequence=row.sequence,
        revision=row.revision,
        content=record_content(row, application),
        previous_hash=row.previous_hash,
        hash=row.hash,
        anchor=row.anchor,
    )


async def _applications(verifier: ChainVerifier, digests: dict[object, str]) -> ChainBreak | None:
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
                    application=case.id,
                    reason=Text(
                        f"申请 {case.id} 的现状与其最后一条记录不符",
                        f"application {case.id} is not as its last record left it",
                    ),
                )
        rows = await query.filter(id__gt=rows[-1].id).limit(_AT_A_TIME)
    for application in sorted(verifier.applications, key=str):
        if application not in seen:
            return ChainBreak(
                sequence=verifier.sequence,
                application=application,
                reason=Text(f"申请 {application} 已不存在", f"application {application} is gone"),
            )
    return None


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
