"""Personnel files (人事档案): they follow the labour contract after registration (R155)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from zhupei.db.models import TraineeRow
from zhupei.db.tables import RowView
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.admission_process import Action
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import TraineeType
from zhupei.domain.registrations import Registration
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import Situation
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.training import (
    act_on_trainee,
    ended,
    recorded,
    trainee_now,
)
from zhupei.services.admissions.training_inputs import RecordFileTransferInput
from zhupei.services.admissions.training_rows import registration_of

__all__ = ["foreseen", "record_file_transfer"]


async def record_file_transfer(
    desk: Desk, given: RecordFileTransferInput
) -> Registration | Refusal:
    """Record to whom a trainee's personnel file went, and when (S2:86).

    Only where the program has the step for this type of trainee, who signed a labour contract; not
    before the registration. A later move is recorded like the first; all stay in the records.
    """

    async def build(at: Situation) -> Change | Refusal:
        trainee = await trainee_now(given.trainee)
        against = (
            has_no_reason(given.keeper, "keeper")
            or foreseen(at, trainee)
            or _timely(trainee, given.moved_on, at.today)
        )
        if against is not None:
            return against

        async def write(_case: AdmissionCase) -> Refusal | None:
            row = await TraineeRow.select_for_update().get(id=given.trainee)
            refused = _timely(registration_of(row), given.moved_on, at.today)
            if refused is None:
                await TraineeRow.filter(id=row.id).update(
                    file_moved_on=given.moved_on, file_keeper=given.keeper
                )
            return refused

        return Change(
            action=Action.MOVE_FILE,
            before=at.case,
            after=at.case,
            at=at,
            reason=given.keeper,
            data={"trainee": given.trainee, "moved_on": given.moved_on, "keeper": given.keeper},
            also=write,
            states=[recorded(desk, given.trainee, Action.MOVE_FILE, at, given.keeper)],
        )

    return await act_on_trainee(desk, given.trainee, Action.MOVE_FILE, build, repeat_of(given))


def _step_for(at: Situation, trainee_type: TraineeType | None) -> AdmissionStep | None:
    for step in at.program.steps:
        concerned: Iterable[TraineeType] = getattr(step.params, "trainee_types", ())
        if step.kind == "personnel_file" and trainee_type is not None and trainee_type in concerned:
            return step
    return None


def foreseen(at: Situation, trainee: Registration | RowView) -> Refusal | None:
    """Refuse where the rules move no file of this trainee, or no contract says where to."""
    if trainee.ended_on is not None:
        return ended(trainee)
    step = _step_for(at, trainee.trainee_type)
    if step is None:
        return Refusal(
            code=RefusalCode.NOT_ALLOWED_IN_STATE,
            message=Text(
                "规定未要求该类培训对象调转人事档案",
                "the rules move no personnel file for trainees of this type",
            ),
            field="trainee",
        )
    if trainee.agreement is AgreementKind.LABOUR_CONTRACT:
        return None
    return Refusal(
        code=RefusalCode.AGREEMENT_KIND_WRONG,
        message=Text(
            "人事档案根据劳动合同调转，尚无劳动合同",
            "the personnel file follows the labour contract, and there is none",
        ),
        source=step.source,
        field="trainee",
    )


def _timely(trainee: Registration, moved_on: date, today: date) -> Refusal | None:
    registered = trainee.registered_at.astimezone(CHINA_TIME).date()
    earliest = max(registered, trainee.file_moved_on or registered)
    if earliest <= moved_on <= today:
        return None
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text(
            f"调转日期应在 {earliest} 至今天之间（正式注册之后，且不早于上一次）",
            f"the file moves between {earliest} and today: after the registration, and not before "
            "it moved last",
        ),
        field="movedOn",
    )
