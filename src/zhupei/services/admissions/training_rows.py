"""Rows of trainees: made with a registration, read as records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.db.models import TraineePaymentRow, TraineeRow
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.admission_process import Action, Channel
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.people import DegreeLevel, DegreeType, Profile, TraineeType
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.registrations import (
    Registration,
    TraineePayment,
    TraineeState,
    last_day,
    planned_training,
)
from zhupei.domain.trainees import Month
from zhupei.domain.training import Opening, Program
from zhupei.services.state_records import StateChange, StateSubject

__all__ = [
    "new_trainee",
    "payment_of",
    "registration_of",
    "registration_of_application",
    "trainee_recorded",
]


async def new_trainee(
    case: AdmissionCase,
    *,
    opening: Opening,
    program: Program,
    degree: DegreeLevel | None,
    started_on: date,
    by: str,
    at: datetime,
    catalogue_hash: str,
) -> TraineeRow:
    """Write the trainee that the registration of ``case`` makes, in the caller's transaction."""
    types = {each.type for each in case.candidate.degrees if each.level is degree}
    degree_type = types.pop() if len(types) == 1 else None
    planned = planned_training(program, opening, case.candidate, degree, degree_type)
    unit = case.candidate.sending_unit
    profile = Profile(
        trainee_type=case.candidate.trainee_type,
        qualifying_degree=degree,
        degrees=case.candidate.degrees,
        title=case.candidate.title,
        sending_unit_tier=None if unit is None else unit.tier,
    )
    return await TraineeRow.create(
        id=uuid7(),
        application_id=case.id,
        applicant_id=case.applicant,
        base_code=case.base,
        program_code=case.program,
        root_program_code=case.root_program,
        opening_code=case.opening,
        specialty_code=opening.specialty,
        direction=case.direction,
        year=program.year,
        trainee_type=_value(case.candidate.trainee_type),
        channel=case.channel.value,
        state=TraineeState.IN_TRAINING.value,
        degree_level=_value(degree),
        degree_type=_value(degree_type),
        profile=plain(profile),
        started_on=started_on,
        months=planned.months,
        least_months=planned.least_months,
        ends_on=None if planned.months is None else last_day(started_on, planned.months),
        agreement=_value(case.agreement),
        registered_at=at,
        registered_by=by,
        catalogue_hash=catalogue_hash,
    )


def trainee_recorded(
    trainee: UUID, action: Action, *, by: str, at: datetime, catalogue_hash: str, reason: str | None
) -> StateChange:
    """Return what the chain of records is told of a trainee that an action changed."""
    return StateChange(
        subject=StateSubject.TRAINEE,
        id=trainee,
        action=action.value,
        actor=by,
        at=at,
        reason=reason,
        catalogue_hash=catalogue_hash,
    )


def _value(member: Any) -> str | None:
    return None if member is None else str(member.value)


def registration_of(row: TraineeRow) -> Registration:
    """Return a trainee's row as a record."""
    profile: Mapping[str, Any] = row.profile
    return Registration(
        id=row.id,
        application=cast("Any", row).application_id,
        applicant=row.applicant_id,
        base=row.base_code,
        program=row.program_code,
        root_program=row.root_program_code,
        opening=row.opening_code,
        specialty=row.specialty_code,
        direction=row.direction,
        year=row.year,
        trainee_type=None if row.trainee_type is None else TraineeType(row.trainee_type),
        channel=Channel(row.channel),
        state=TraineeState(row.state),
        degree_level=None if row.degree_level is None else DegreeLevel(row.degree_level),
        degree_type=None if row.degree_type is None else DegreeType(row.degree_type),
        profile=restored(Profile, profile),
        started_on=row.started_on,
        months=row.months,
        least_months=row.least_months,
        reduced_months=row.reduced_months,
        ends_on=row.ends_on,
        agreement=None if row.agreement is None else AgreementKind(row.agreement),
        registered_at=row.registered_at,
        catalogue_hash=row.catalogue_hash,
        ended_on=row.ended_on,
        end_reason=row.end_reason,
        file_moved_on=row.file_moved_on,
        file_keeper=row.file_keeper,
    )


async def registration_of_application(application: UUID) -> Registration | None:
    """Return the trainee that an application became, None where it has not."""
    row = await TraineeRow.get_or_none(application_id=application)
    return None if row is None else registration_of(row)


def payment_of(row: TraineePaymentRow) -> TraineePayment:
    """Return a payment's row as a record."""
    return TraineePayment(
        id=row.id,
        trainee=cast("Any", row).trainee_id,
        month=Month(row.month.year, row.month.month),
        line=row.line,
        amount=row.amount,
        payer=Payer(row.payer),
        funding_source=None if row.funding_source is None else FundingSource(row.funding_source),
        funding_note=row.funding_note,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
    )
