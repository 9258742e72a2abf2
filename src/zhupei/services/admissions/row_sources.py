"""What rows of admissions stand for: trainees, payments, applications and their records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from zhupei.db.models import ApplicationRow, TraineePaymentRow, TraineeRow, TransitionRow
from zhupei.db.tables import (
    Made,
    RowSource,
    column,
    columns,
    expressed,
    from_json,
    listed_from,
    member,
    restored_from,
)
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
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.people import Candidate, DegreeLevel, DegreeType, Profile, TraineeType
from zhupei.domain.plain_values import restored
from zhupei.domain.ranking import Score
from zhupei.domain.registrations import Registration, TraineePayment, TraineeState
from zhupei.domain.trainees import Month

__all__ = ["APPLICATIONS", "PAYMENTS", "TRAINEES", "TRANSITIONS"]


TRAINEES = RowSource(
    described=Registration,
    model=TraineeRow,
    alias="t",
    attributes={
        **columns("id", "direction", "year", "started_on", "months", "least_months"),
        **columns("reduced_months", "ends_on", "registered_at", "catalogue_hash"),
        **columns(
            *("ended_on", "end_reason", "file_moved_on", "file_keeper"),
            application="application_id",
            applicant="applicant_id",
            base="base_code",
            program="program_code",
            root_program="root_program_code",
            opening="opening_code",
            specialty="specialty_code",
        ),
        "trainee_type": member(TraineeType, "trainee_type"),
        "channel": member(Channel, "channel"),
        "state": member(TraineeState, "state"),
        "degree_level": member(DegreeLevel, "degree_level"),
        "degree_type": member(DegreeType, "degree_type"),
        "profile": restored_from(Profile, "profile"),
        "agreement": member(AgreementKind, "agreement"),
    },
    derived={
        "state_label": frozenset({"state"}),
        "length_note": frozenset({"months"}),
        "earliest_end": frozenset({"least_months", "started_on"}),
    },
)
"""Trainees, as `Registration` has them."""


def _month(day: Any) -> Month:
    return Month(day.year, day.month)


PAYMENTS = RowSource(
    described=TraineePayment,
    model=TraineePaymentRow,
    alias="m",
    attributes={
        **columns("id", "line", "amount", "funding_note", "recorded_by", "recorded_at"),
        **columns("cancelled_at", "cancel_reason"),
        "trainee": column("trainee_id"),
        "month": column("month", _month),
        "payer": member(Payer, "payer"),
        "funding_source": member(FundingSource, "funding_source"),
    },
)
"""Payments to trainees, as `TraineePayment` has them."""


def _detail(name: str, kind: Any = None) -> Made:
    """Return what rules froze, out of the details."""
    return expressed(f"{{t}}.details->'{name}'", from_json(kind))


def _details(name: str, kind: type) -> Made:
    return listed_from(kind, f"{{t}}.details->'{name}'")


def _frozen(text: str) -> FrozenEligibility | None:
    found = json.loads(text)
    return None if found is None else restored(FrozenEligibility, found)


def _scores(text: str) -> tuple[RecordedScore, ...]:
    return tuple(
        RecordedScore(
            assessment=assessment,
            score=Score(Decimal(points), of),
            recorded_by=by,
            recorded_at=datetime.fromisoformat(at).astimezone(UTC),
        )
        for assessment, points, of, by, at in json.loads(text)
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


_SCORES = """(SELECT coalesce(json_agg(json_build_array(s.assessment, s.points::text, s.full_mark,
    s.recorded_by, s.recorded_at) ORDER BY s.assessment), '[]')
    FROM application_score s WHERE s.application_id = {t}.id)"""

_NO_ANSWERS: Mapping[str, str] = MappingProxyType({})


def _answers(text: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(text)
    return found or _NO_ANSWERS


APPLICATIONS = RowSource(
    described=AdmissionCase,
    model=ApplicationRow,
    alias="a",
    attributes={
        **columns("id", "direction", "preference", "revision", "catalogue_hash", "created_at"),
        **columns("submitted_at", "confirmed_at", "report_by", "reported_on", "agreement_by"),
        **columns("signed_on", "transferred_from", "record_hash"),
        **columns(
            applicant="applicant_id",
            base="base_code",
            program="program_code",
            root_program="root_program_code",
            opening="opening_code",
            publicity="publicity_id",
            invitation="invitation_id",
        ),
        "round": column("round_code", lambda code: code or None),
        "channel": member(Channel, "channel"),
        "state": member(ApplicationState, "state"),
        "agreement": member(AgreementKind, "agreement"),
        "candidate": _detail("candidate", Candidate),
        "trainee_type": expressed(
            "{t}.details->'candidate'->>'trainee_type'",
            {each.value: each for each in TraineeType}.__getitem__,
        ),
        "eligibility": expressed("{t}.details->'eligibility'", _frozen),
        "documents": _details("documents", SubmittedDocument),
        "answers": expressed("{t}.details->'answers'", _answers),
        "packet": _details("packet", PacketPart),
        "opinion": _detail("opinion"),
        "completed_steps": column("completed_steps", _listed),
        "seat_scopes": column("seat_scopes", _listed),
        "scores": expressed(_SCORES, _scores),
    },
    derived={"holds_seat": frozenset({"seat_scopes"})},
)
"""Applications, as `AdmissionCase` has them."""

TRANSITIONS = RowSource(
    described=TransitionRecord,
    model=TransitionRow,
    alias="r",
    attributes={
        **columns("id", "sequence", "revision", "at", "actor", "reason", "rule_version"),
        **columns("catalogue_hash", "previous_hash", "hash"),
        "application": column("application_id"),
        "bulk_operation": column("bulk_operation_id"),
        "action": member(Action, "action"),
        "from_state": member(ApplicationState, "from_state"),
        "to_state": member(ApplicationState, "to_state"),
    },
)
"""Records of what was done with applications, as `TransitionRecord` has them."""
