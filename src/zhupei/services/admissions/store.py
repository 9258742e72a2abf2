"""Applications as rows and as cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any, cast
from uuid import UUID

from zhupei.db.models import ApplicationRow, ScoreRow, TransitionRow
from zhupei.domain.admission_case import (
    AdmissionCase,
    AgreementKind,
    FrozenEligibility,
    PacketPart,
    RecordedScore,
    TransitionRecord,
)
from zhupei.domain.admission_process import Action, ApplicationState, Channel
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.audit_chain import digest_of
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.ranking import Score

__all__ = [
    "case_digest",
    "cases_of",
    "load_case",
    "load_cases",
    "record_of",
    "row_values",
    "score_rows",
]

_DETAILS = ("candidate", "eligibility", "documents", "answers", "packet", "opinion")


def case_digest(case: AdmissionCase) -> str:
    """Return the digest of everything that a case holds but the hash of its last record."""
    return digest_of(plain(replace(case, record_hash="")))


def row_values(case: AdmissionCase) -> dict[str, Any]:
    """Return the columns of a case."""
    return {
        "applicant_id": case.applicant,
        "base_code": case.base,
        "program_code": case.program,
        "root_program_code": case.root_program,
        "opening_code": case.opening,
        "round_code": case.round or "",
        "direction": case.direction,
        "preference": case.preference,
        "channel": case.channel.value,
        "state": case.state.value,
        "revision": case.revision,
        "catalogue_hash": case.catalogue_hash,
        "details": {name: plain(getattr(case, name)) for name in _DETAILS},
        "completed_steps": list(case.completed_steps),
        "seat_scopes": list(case.seat_scopes),
        "publicity_id": case.publicity,
        "invitation_id": case.invitation,
        "transferred_from": case.transferred_from,
        "created_at": case.created_at,
        "submitted_at": case.submitted_at,
        "confirmed_at": case.confirmed_at,
        "report_by": case.report_by,
        "reported_on": case.reported_on,
        "agreement": None if case.agreement is None else case.agreement.value,
        "agreement_by": case.agreement_by,
        "signed_on": case.signed_on,
        "record_hash": case.record_hash,
    }


def score_rows(case: AdmissionCase) -> list[ScoreRow]:
    """Return the rows of a case's scores."""
    return [
        ScoreRow(
            application_id=case.id,
            assessment=each.assessment,
            points=each.score.points,
            full_mark=each.score.of,
            recorded_by=each.recorded_by,
            recorded_at=each.recorded_at,
        )
        for each in case.scores
    ]


async def load_case(application: UUID) -> AdmissionCase | None:
    """Return one case, None where there is none."""
    found = await load_cases([application])
    return found[0] if found else None


async def load_cases(applications: Collection[UUID]) -> list[AdmissionCase]:
    """Return cases in the order of their ids."""
    rows = await ApplicationRow.filter(id__in=list(applications)).order_by("id")
    return await cases_of(rows)


async def cases_of(rows: Iterable[ApplicationRow]) -> list[AdmissionCase]:
    """Return the cases of rows, with their scores."""
    rows = list(rows)
    scores: dict[UUID, list[ScoreRow]] = {}
    if rows:
        found = await ScoreRow.filter(application_id__in=[row.id for row in rows])
        for score in found:
            # The column of the relation, which Tortoise adds beside it.
            scores.setdefault(cast("Any", score).application_id, []).append(score)
    return [_case(row, scores.get(row.id, [])) for row in rows]


def _case(row: ApplicationRow, scores: Iterable[ScoreRow]) -> AdmissionCase:
    details: Mapping[str, Any] = row.details
    return AdmissionCase(
        id=row.id,
        applicant=row.applicant_id,
        base=row.base_code,
        program=row.program_code,
        root_program=row.root_program_code,
        opening=row.opening_code,
        round=row.round_code or None,
        direction=row.direction,
        preference=row.preference,
        channel=Channel(row.channel),
        state=ApplicationState(row.state),
        revision=row.revision,
        candidate=restored(Candidate, details["candidate"]),
        catalogue_hash=row.catalogue_hash,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        eligibility=None
        if details["eligibility"] is None
        else restored(FrozenEligibility, details["eligibility"]),
        documents=tuple(restored(SubmittedDocument, each) for each in details["documents"]),
        answers=details["answers"],
        completed_steps=tuple(row.completed_steps),
        scores=tuple(
            RecordedScore(
                assessment=score.assessment,
                score=Score(score.points, score.full_mark),
                recorded_by=score.recorded_by,
                recorded_at=score.recorded_at,
            )
            for score in sorted(scores, key=lambda each: each.assessment)
        ),
        packet=tuple(restored(PacketPart, each) for each in details["packet"]),
        opinion=details["opinion"],
        seat_scopes=tuple(row.seat_scopes),
        publicity=row.publicity_id,
        confirmed_at=row.confirmed_at,
        report_by=row.report_by,
        reported_on=row.reported_on,
        agreement=None if row.agreement is None else AgreementKind(row.agreement),
        agreement_by=row.agreement_by,
        signed_on=row.signed_on,
        invitation=row.invitation_id,
        transferred_from=row.transferred_from,
        record_hash=row.record_hash,
    )


def record_of(row: TransitionRow) -> TransitionRecord:
    """Return a transition's record."""
    return TransitionRecord(
        id=row.id,
        application=cast("Any", row).application_id,
        sequence=row.sequence,
        revision=row.revision,
        at=row.at.astimezone(UTC),
        actor=row.actor,
        action=Action(row.action),
        reason=row.reason,
        from_state=None if row.from_state is None else ApplicationState(row.from_state),
        to_state=ApplicationState(row.to_state),
        rule_version=row.rule_version,
        catalogue_hash=row.catalogue_hash,
        bulk_operation=row.bulk_operation_id,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
