"""Training: registration makes a trainee, and a reduction shortens the training.

What is done is recorded with the application that the trainee came from, in the same chain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any, cast
from uuid import UUID

from zhupei.db.models import TraineeRow
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_guards import too_far_ahead
from zhupei.domain.admission_process import Action
from zhupei.domain.off_site import SchoolSite, off_site_refusal
from zhupei.domain.people import Profile
from zhupei.domain.registrations import (
    Registration,
    TraineeState,
    last_day,
    training_starts,
)
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Change, Repeat, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import ApplicationInput
from zhupei.services.admissions.offers import forward
from zhupei.services.admissions.published import publicity_over
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    not_found,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.training_inputs import (
    ReduceTrainingInput,
    RegisterTraineeInput,
)
from zhupei.services.admissions.training_rows import (
    new_trainee,
    registration_of,
    trainee_recorded,
)
from zhupei.services.admissions.transitions import act
from zhupei.services.benefits import qualifying_degree_for
from zhupei.services.state_records import StateChange

__all__ = [
    "act_on_trainee",
    "application_of_trainee",
    "ended",
    "for_trainee",
    "not_reducible",
    "recorded",
    "reduce_training",
    "register_trainee",
    "trainee_now",
    "with_trainee",
]


async def register_trainee(
    desk: Desk, given: ApplicationInput | RegisterTraineeInput
) -> AdmissionCase | Refusal:
    """Register the person as a trainee: the end of the path (R126, R127, R156)."""
    asked = given.started_on if isinstance(given, RegisterTraineeInput) else None

    async def build(at: Situation) -> Change | Refusal:
        against = await publicity_over(at)
        if against is not None:
            return against
        started_on = asked or training_starts(at.program, at.case.reported_on)
        if started_on is None:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(
                    "规定未写明培训开始时间，须填写", "the rules name no start of training: give it"
                ),
                field="startedOn",
            )
        if at.case.reported_on is not None and started_on < at.case.reported_on:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(
                    f"培训开始日期不得早于报到日期 {at.case.reported_on}",
                    f"training does not start before the report on {at.case.reported_on}",
                ),
                field="startedOn",
            )
        school = _school(given)
        against = too_far_ahead(started_on, at.today, "startedOn") or off_site_refusal(
            at.program, at.base, at.case.candidate.trainee_type, school
        )
        if against is not None:
            return against
        return await with_trainee(
            desk,
            replace(forward(at, Action.REGISTER), data=_registered(started_on, school)),
            started_on,
        )

    return await act(desk, given.application, Action.REGISTER, build, repeat=repeat_of(given))


async def with_trainee(desk: Desk, change: Change, started_on: date) -> Change:
    """Return a change that makes a trainee too, who trains from a day on.

    Plugins are asked for the degree here, so that nothing has to be asked in the transaction.
    """
    at, candidate = change.at, change.after.candidate
    degree = await qualifying_degree_for(
        desk.dispatcher,
        at.opening,
        at.program,
        at.base,
        Profile(trainee_type=candidate.trainee_type, degrees=candidate.degrees),
    )
    states: list[StateChange] = []

    async def write(case: AdmissionCase) -> Refusal | None:
        made = await new_trainee(
            case,
            opening=at.opening,
            program=at.program,
            degree=degree,
            started_on=started_on,
            by=desk.actor.id,
            at=at.now,
            catalogue_hash=desk.catalogue.hash,
        )
        states.append(recorded(desk, made.id, change.action, at))
        return None

    return replace(change, also=write, states=states)


def recorded(
    desk: Desk, trainee: UUID, action: Action, at: Situation, reason: str | None = None
) -> StateChange:
    """Return what the chain of records is told of a trainee."""
    return trainee_recorded(
        trainee,
        action,
        by=desk.actor.id,
        at=at.now,
        catalogue_hash=desk.catalogue.hash,
        reason=reason,
    )


def _school(given: ApplicationInput | RegisterTraineeInput) -> SchoolSite:
    if not isinstance(given, RegisterTraineeInput):
        return SchoolSite()
    return SchoolSite(
        province=given.school_province,
        prefecture=given.school_prefecture,
        report=given.off_site_report,
        consent=given.off_site_consent,
    )


def _registered(started_on: date, school: SchoolSite) -> dict[str, object]:
    given = {} if school == SchoolSite() else {"school": school}
    return {"started_on": started_on, **given}


async def application_of_trainee(trainee: UUID) -> UUID | Refusal:
    """Return the application that a trainee came from."""
    row = await TraineeRow.get_or_none(id=trainee)
    if row is None:
        return not_found("trainee", str(trainee))
    return cast("UUID", cast("Any", row).application_id)


async def trainee_now(trainee: UUID) -> Registration:
    """Return a trainee that exists, as it stands."""
    return registration_of(await TraineeRow.get(id=trainee))


def for_trainee(refusal: Refusal, trainee: UUID) -> Refusal:
    """Return a refusal about the application as one about the trainee that was asked for."""
    if refusal.code is RefusalCode.NOT_FOUND and refusal.field == "application":
        return not_found("trainee", str(trainee))
    return refusal


def ended(trainee: Registration | RowView) -> Refusal:
    """Return the refusal of what needs a training that goes on."""
    return Refusal(
        code=RefusalCode.TRAINING_ENDED,
        message=Text(
            f"该培训已于 {trainee.ended_on} 结束（{trainee.state_label.zh}）",
            f"the training ended on {trainee.ended_on} ({trainee.state_label.en})",
        ),
        field="trainee",
    )


async def reduce_training(desk: Desk, given: ReduceTrainingInput) -> Registration | Refusal:
    """Take months off a training after the assessment that the rules ask for (R060, T29)."""

    async def build(at: Situation) -> Change | Refusal:
        trainee = await trainee_now(given.trainee)
        against = has_no_reason(given.reason) or not_reducible(trainee, given.months)
        if against is not None:
            return against

        async def write(_case: AdmissionCase) -> Refusal | None:
            row = await TraineeRow.select_for_update().get(id=given.trainee)
            now = registration_of(row)
            refused = not_reducible(now, given.months)
            if refused is None and now.months is not None:
                await TraineeRow.filter(id=row.id).update(
                    reduced_months=given.months,
                    ends_on=last_day(now.started_on, now.months - given.months),
                )
            return refused

        return Change(
            action=Action.REDUCE_TRAINING,
            before=at.case,
            after=at.case,
            at=at,
            reason=given.reason,
            data={"trainee": given.trainee, "months": given.months},
            also=write,
            states=[recorded(desk, given.trainee, Action.REDUCE_TRAINING, at, given.reason)],
        )

    return await act_on_trainee(
        desk, given.trainee, Action.REDUCE_TRAINING, build, repeat_of(given)
    )


async def act_on_trainee(
    desk: Desk,
    trainee: UUID,
    action: Action,
    build: Callable[[Situation], Awaitable[Change | Refusal]],
    repeat: Repeat | None,
) -> Registration | Refusal:
    """Carry an action out with the application that a trainee came from; return the trainee."""
    with desk.database.use():
        application = await application_of_trainee(trainee)
        if isinstance(application, Refusal):
            return application
        done = await act(desk, application, action, build, repeat=repeat)
        if isinstance(done, Refusal):
            return for_trainee(done, trainee)
        return await trainee_now(trainee)


def not_reducible(trainee: Registration | RowView, months: int) -> Refusal | None:
    """Refuse to take so many months off, where the rules do not let an assessment do that."""
    if trainee.state is not TraineeState.IN_TRAINING:
        return ended(trainee)
    if trainee.months is None or trainee.least_months is None:
        return Refusal(
            code=RefusalCode.LENGTH_UNKNOWN,
            message=Text(
                "培训年限或可减免的学历未知，不能减免",
                "the length of training, or the degree that shortens it, is not known",
            ),
            field="months",
        )
    most = trainee.months - trainee.least_months
    if 1 <= months <= most:
        return None
    return Refusal(
        code=RefusalCode.REDUCTION_TOO_LONG,
        message=Text(
            f"可减免 1 至 {most} 个月" if most else "按规定不能减免",
            f"1 to {most} months may be taken off" if most else "nothing may be taken off",
        ),
        field="months",
    )
