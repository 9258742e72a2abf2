"""The ends of training before its time: what is paid back, and who may not apply for years.

What is done is recorded with the application that the trainee came from, in the same chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from zhupei.db.models import TraineePaymentRow, TraineeRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.domain.registrations import (
    STATES_AFTER,
    EndKind,
    Registration,
    Repayment,
    TraineePayment,
    TraineeState,
    TrainingEnd,
    repayment,
    withdrawal_penalty,
)
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.ban_rows import ban_recorded, new_ban
from zhupei.services.admissions.change import Also, Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    permitted_for,
    situation_of,
    standing_against,
    surroundings,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.training import (
    application_of_trainee,
    ended,
    for_trainee,
    recorded,
    trainee_now,
)
from zhupei.services.admissions.training_inputs import EndTrainingInput
from zhupei.services.admissions.training_rows import payment_of, registration_of
from zhupei.services.admissions.transitions import act
from zhupei.services.state_records import StateChange

__all__ = ["end_training", "trainee_cancelled"]


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
        # Asked for again, after its opening may have left the catalogue.
        at = surroundings(desk, done)
        if isinstance(at, Refusal):
            return at
        return TrainingEnd(
            trainee=await trainee_now(given.trainee),
            kind=given.kind,
            dry_run=False,
            repayment=await _repayment_of(given.kind, given.trainee, at.program),
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
    cost = await _repayment_of(given.kind, trainee.id, at.program)
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


async def _repayment_of(kind: EndKind, trainee: UUID, program: Program) -> Repayment | None:
    """Return what a trainee pays back for an end of this kind; None where nothing is attached."""
    if kind is not EndKind.PERSONAL_REASONS:
        return None
    rows = await TraineePaymentRow.filter(trainee_id=trainee, cancelled_at=None).order_by(
        "month", "line", "id"
    )
    payments: list[TraineePayment] = [payment_of(row) for row in rows]
    return repayment(program, payments)
