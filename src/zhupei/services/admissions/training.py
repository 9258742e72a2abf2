"""Training: registration makes a trainee; a reduction shortens it, an end ends it.

What is done is recorded with the application that the trainee came from, in the same chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast
from uuid import UUID

from zhupei.db.models import TraineePaymentRow, TraineeRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.domain.off_site import SchoolSite, off_site_refusal
from zhupei.domain.people import Profile
from zhupei.domain.registrations import (
    STATES_AFTER,
    EndKind,
    Registration,
    Repayment,
    TraineePayment,
    TraineeState,
    TrainingEnd,
    last_day,
    repayment,
    training_starts,
    withdrawal_penalty,
)
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.ban_rows import ban_recorded, new_ban
from zhupei.services.admissions.change import Also, Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import ApplicationInput
from zhupei.services.admissions.offers import forward
from zhupei.services.admissions.published import publicity_over
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    not_found,
    permitted_for,
    situation_of,
    standing_against,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.training_inputs import (
    EndTrainingInput,
    ReduceTrainingInput,
    RegisterTraineeInput,
)
from zhupei.services.admissions.training_rows import (
    new_trainee,
    payment_of,
    registration_of,
    trainee_recorded,
)
from zhupei.services.admissions.transitions import act
from zhupei.services.benefits import qualifying_degree_for
from zhupei.services.state_records import StateChange

__all__ = [
    "application_of_trainee",
    "end_training",
    "ended",
    "for_trainee",
    "not_reducible",
    "recorded",
    "reduce_training",
    "register_trainee",
    "trainee_cancelled",
    "trainee_now",
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
        candidate = at.case.candidate
        school = _school(given)
        against = off_site_refusal(at.program, at.base, candidate.trainee_type, school)
        if against is not None:
            return against
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
            states.append(recorded(desk, made.id, Action.REGISTER, at))
            return None

        change = forward(at, Action.REGISTER)
        return replace(change, also=write, states=states, data=_registered(started_on, school))

    return await act(desk, given.application, Action.REGISTER, build, repeat=repeat_of(given))


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


def trainee_cancelled(desk: Desk, at: Situation, reason: str, states: list[StateChange]) -> Also:
    """Return what ends the training of a person whose admission is cancelled for fraud (R058).

    What the records are told of it is added to ``states``.
    """

    async def write(case: AdmissionCase) -> Refusal | None:
        row = await TraineeRow.select_for_update().get_or_none(application_id=case.id)
        if row is not None and row.state == TraineeState.IN_TRAINING.value:
            await TraineeRow.filter(id=row.id).update(
                state=TraineeState.CANCELLED.value,
                ended_on=max(at.today, row.started_on),
                end_reason=reason,
            )
            states.append(recorded(desk, row.id, Action.CANCEL_FOR_FRAUD, at, reason))
        return None

    return write


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


def ended(trainee: Registration) -> Refusal:
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

    with desk.database.use():
        application = await application_of_trainee(given.trainee)
        if isinstance(application, Refusal):
            return application
        done = await act(desk, application, Action.REDUCE_TRAINING, build, repeat=repeat_of(given))
        if isinstance(done, Refusal):
            return for_trainee(done, given.trainee)
        return await trainee_now(given.trainee)


def not_reducible(trainee: Registration, months: int) -> Refusal | None:
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


@dataclass(frozen=True, slots=True)
class _Ending:
    """What an end of training rests on, looked up once."""

    trainee: Registration
    ended_on: date
    cost: Repayment | None
    ban_years: int | None


async def end_training(desk: Desk, given: EndTrainingInput) -> TrainingEnd | Refusal:
    """End a training before its time; a dry run shows what is to be paid back.

    Personal reasons carry the repayment that the rules name, by funding source (R057, T44). A ban
    is a decision of its own (T43): ``impose_ban`` takes it here, for who may.
    """

    async def build(at: Situation) -> Change | Refusal:
        ending = await _ending(desk, given, at)
        if isinstance(ending, Refusal):
            return ending

        states: list[StateChange] = []

        async def write(_case: AdmissionCase) -> Refusal | None:
            return await _write_end(desk, given, at, ending, states)

        cost = ending.cost
        return Change(
            action=Action.END_TRAINING,
            before=at.case,
            after=at.case,
            at=at,
            reason=given.reason,
            data={
                "trainee": given.trainee,
                "kind": given.kind,
                "ended_on": ending.ended_on,
                "repays": None if cost is None else cost.total,
                "repays_certain": None if cost is None else cost.certain,
                "ban": given.impose_ban,
            },
            states=states,
            also=write,
        )

    with desk.database.use():
        application = await application_of_trainee(given.trainee)
        if isinstance(application, Refusal):
            return application
        if given.dry_run:
            return await _dry_run(desk, given, application)
        done = await act(desk, application, Action.END_TRAINING, build, repeat=repeat_of(given))
        if isinstance(done, Refusal):
            return for_trainee(done, given.trainee)
        program = desk.catalogue.program_of(desk.catalogue.openings[done.opening])
        return TrainingEnd(
            trainee=await trainee_now(given.trainee),
            kind=given.kind,
            dry_run=False,
            repayment=await repayment_of(given.kind, given.trainee, program),
        )


async def _dry_run(desk: Desk, given: EndTrainingInput, application: UUID) -> TrainingEnd | Refusal:
    at = await situation_of(desk, application)
    if isinstance(at, Refusal):
        return for_trainee(at, given.trainee)
    against = await standing_against(desk, at, Action.END_TRAINING)
    ending = against or await _ending(desk, given, at)
    if isinstance(ending, Refusal):
        return ending
    shown = replace(
        ending.trainee,
        state=STATES_AFTER[given.kind],
        ended_on=ending.ended_on,
        end_reason=given.reason,
    )
    return TrainingEnd(trainee=shown, kind=given.kind, dry_run=True, repayment=ending.cost)


async def _ending(desk: Desk, given: EndTrainingInput, at: Situation) -> _Ending | Refusal:
    trainee = await trainee_now(given.trainee)
    if trainee.state is not TraineeState.IN_TRAINING:
        return ended(trainee)
    against = has_no_reason(given.reason)
    if against is not None:
        return against
    ended_on = given.ended_on or at.today
    if not trainee.started_on <= ended_on <= at.today:
        # Who quits between registration and the first day ends on that day.
        if given.ended_on is None and at.today < trainee.started_on:
            ended_on = trainee.started_on
        else:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(
                    f"结束日期应在 {trainee.started_on} 至今天之间",
                    f"the end lies between {trainee.started_on} and today",
                ),
                field="endedOn",
            )
    years = None
    if given.impose_ban:
        penalty = withdrawal_penalty(at.program)
        years = None if penalty is None else penalty.ban_years
        if given.kind is not EndKind.PERSONAL_REASONS or years is None:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(
                    "规定未对此情形设定禁止报名年限", "the rules attach no ban to this end"
                ),
                field="imposeBan",
            )
        against = await permitted_for(
            desk, "bans.write", base=at.case.base, jurisdiction=at.program.jurisdiction
        )
        if against is not None:
            return replace(against, field="imposeBan")
    cost = await repayment_of(given.kind, trainee.id, at.program)
    return _Ending(trainee, ended_on, cost, years)


async def _write_end(
    desk: Desk,
    given: EndTrainingInput,
    at: Situation,
    ending: _Ending,
    states: list[StateChange],
) -> Refusal | None:
    row = await TraineeRow.select_for_update().get(id=given.trainee)
    if row.state != TraineeState.IN_TRAINING.value:
        return ended(registration_of(row))
    await TraineeRow.filter(id=row.id).update(
        state=STATES_AFTER[given.kind].value,
        ended_on=ending.ended_on,
        end_reason=given.reason,
    )
    states.append(recorded(desk, given.trainee, Action.END_TRAINING, at, given.reason))
    if ending.ban_years is not None:
        ban = await new_ban(
            applicant=at.case.applicant,
            program=at.program.code,
            starts_on=at.today,
            years=ending.ban_years,
            reason=given.reason,
            by=desk.actor.id,
            at=at.now,
            application=at.case.id,
        )
        states.append(
            ban_recorded(
                ban.id,
                "IMPOSE",
                by=desk.actor.id,
                at=at.now,
                reason=given.reason,
                catalogue_hash=desk.catalogue.hash,
            )
        )
    return None


async def repayment_of(kind: EndKind, trainee: UUID, program: Program) -> Repayment | None:
    """Return what a trainee pays back for an end of this kind; None where nothing is attached."""
    if kind is not EndKind.PERSONAL_REASONS:
        return None
    rows = await TraineePaymentRow.filter(trainee_id=trainee, cancelled_at=None).order_by(
        "month", "line", "id"
    )
    payments: list[TraineePayment] = [payment_of(row) for row in rows]
    return repayment(program, payments)
