"""Arrivals: report and its deferral, no-show, agreement; and what ends an admission for fraud."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from zhupei.db.models import ApplicationRow
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome
from zhupei.domain.admission_guards import (
    handed_in,
    no_show_on,
    policy_of,
    report_date,
    too_far_ahead,
)
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.applications import Submission
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.decision_guards import agreement_kind_allowed
from zhupei.domain.text import Text
from zhupei.services.admissions.bulk import carry_out
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import (
    CancelForFraudInput,
    DeferReportInput,
    MarkNoShowsInput,
    ReasonedInput,
    RecordReportInput,
    SignAgreementInput,
)
from zhupei.services.admissions.offers import forward
from zhupei.services.admissions.published import publicity_over
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.required_documents import documents_due
from zhupei.services.admissions.situations import Situation, may_for_program, not_found
from zhupei.services.admissions.texts import has_no_reason, no_nul
from zhupei.services.admissions.training_ends import trainee_cancelled
from zhupei.services.admissions.transitions import act
from zhupei.services.state_records import StateChange

__all__ = [
    "cancel_for_fraud",
    "defer_report",
    "mark_no_shows",
    "no_show_not_due",
    "record_quit",
    "record_report",
    "reports_by",
    "sign_agreement",
    "too_late",
]

_S = ApplicationState


def reports_by(at: Situation) -> date | None:
    """Return the day by which somebody reports: the notice's own, else the program's."""
    return at.case.report_by or report_date(at.program, at.case.round, at.path)


async def defer_report(desk: Desk, given: DeferReportInput) -> AdmissionCase | Refusal:
    """Give a person a later last day of reporting, for a reason that the office knows of.

    Only who stays away without a reason loses the place (S2:100, S4:364). The days of grace run
    from the new day. It is possible as long as the place was not taken, and again.
    """

    async def build(at: Situation) -> Change | Refusal:
        against = (
            has_no_reason(given.reason)
            or no_nul(given.reason)
            or too_far_ahead(given.report_by, at.today, "reportBy")
        )
        if against is not None:
            return against
        by = reports_by(at)
        if given.report_by < at.today:
            return _wrong_day(Text("延期日期不得早于今天", "the new last day lies in the past"))
        if by is not None and given.report_by <= by:
            return _wrong_day(
                Text(
                    f"延期日期应晚于原报到截止日 {by}",
                    f"the new last day must be later than {by}, the present one",
                )
            )
        return Change(
            action=Action.DEFER_REPORT,
            before=at.case,
            after=replace(at.case, report_by=given.report_by),
            at=at,
            reason=given.reason,
            data={"report_by": given.report_by, "before": by},
        )

    return await act(desk, given.application, Action.DEFER_REPORT, build, repeat=repeat_of(given))


def _wrong_day(message: Text) -> Refusal:
    return Refusal(code=RefusalCode.INPUT_INVALID, message=message, field="reportBy")


async def record_report(desk: Desk, given: RecordReportInput) -> AdmissionCase | Refusal:
    """Record that a person reported, within the days of grace, with the documents shown (R218)."""

    async def build(at: Situation) -> Change | Refusal:
        against = await publicity_over(at) or no_nul((given.documents, given.answers))
        against = against or too_late(at)
        if against is not None:
            return against
        by = reports_by(at)
        steps = at.steps_for(Action.REPORT)
        due, undecided = documents_due(at, at.case.candidate, steps)
        against = handed_in(due, given.documents, undecided)
        if against is not None:
            return against
        change = forward(at, Action.REPORT)
        answers = {**at.case.answers, **given.answers}
        within = policy_of(at.program, "agreement_within_days")
        days = within.value if within is not None else None
        return replace(
            change,
            after=replace(
                change.after,
                answers=answers,
                reported_on=at.today,
                report_by=by,
                agreement_by=at.today + timedelta(days=days) if isinstance(days, int) else None,
            ),
            data={"documents": given.documents},
            submission=Submission(
                step=steps[0].id if steps else "report",
                at=at.now,
                actor=desk.actor.id,
                documents=at.case.documents,
                answers=answers,
                shown=given.documents,
            ),
        )

    return await act(desk, given.application, Action.REPORT, build, repeat=repeat_of(given))


def too_late(at: Situation) -> Refusal | None:
    """Refuse a report after the days of grace (R162, G28)."""
    by = reports_by(at)
    lost = None if by is None else no_show_on(at.program, by)
    if lost is None or at.today < lost:
        return None
    return Refusal(
        code=RefusalCode.REPORT_TOO_LATE,
        message=Text(
            f"应于 {by} 前报到，逾期至 {lost} 已失去资格",
            f"due to report by {by}; the place was lost on {lost}",
        ),
    )


def no_show_not_due() -> Refusal:
    """Return the refusal to take a place within the days of grace."""
    return Refusal(
        code=RefusalCode.NO_SHOW_NOT_DUE,
        message=Text("尚在报到宽限期内", "still within the days of grace"),
    )


async def mark_no_shows(desk: Desk, given: MarkNoShowsInput) -> BulkOutcome | Refusal:
    """Take the place of everyone of a program who has not reported in time (R162, G28).

    A ban does not follow by itself: that is a person's decision (T43).
    """

    async def build(at: Situation) -> Change | Refusal:
        by = reports_by(at)
        lost = None if by is None else no_show_on(at.program, by)
        if lost is None or at.today < lost:
            return no_show_not_due()
        return Change(
            action=Action.MARK_NO_SHOW,
            before=at.case,
            after=replace(at.case, state=_S.NO_SHOW),
            at=at,
            data={"report_by": by, "lost_on": lost},
        )

    program = desk.catalogue.programs.get(given.program)
    if program is None:
        return not_found("program", given.program)
    against = await may_for_program(desk, Action.MARK_NO_SHOW, program)
    if against is not None:
        return against
    today = desk.clock().astimezone(CHINA_TIME).date()
    with desk.database.use():
        rows = await ApplicationRow.filter(
            program_code=program.code, state=_S.NOTIFIED.value, report_by__not_isnull=True
        ).order_by("id")
        late = [
            row.id
            for row in rows
            if row.report_by is not None
            and (opening := desk.catalogue.openings.get(row.opening_code)) is not None
            and (lost := no_show_on(desk.catalogue.program_of(opening), row.report_by)) is not None
            and today >= lost
            and (given.applications is None or row.id in given.applications)
        ]
        return await carry_out(
            desk, Action.MARK_NO_SHOW, late, build, dry_run=given.dry_run, repeat=repeat_of(given)
        )


async def sign_agreement(desk: Desk, given: SignAgreementInput) -> AdmissionCase | Refusal:
    """Record the agreement of the kind that the trainee's type asks for (T46, R154, R158)."""

    async def build(at: Situation) -> Change | Refusal:
        steps = at.steps_for(Action.SIGN_AGREEMENT)
        against = agreement_kind_allowed(
            steps[0] if steps else None, at.case.candidate.trainee_type, given.kind
        )
        if against is not None:
            return against
        reported = at.case.reported_on
        if given.signed_on > at.today or (reported is not None and given.signed_on < reported):
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(
                    "签订日期不得早于报到日期，也不得晚于今天",
                    "the day of signing is neither before that of the report nor after today",
                ),
                field="signedOn",
            )
        by = at.case.agreement_by
        if by is not None and given.signed_on > by and has_no_reason(given.late_reason):
            return Refusal(
                code=RefusalCode.AGREEMENT_LATE,
                message=Text(
                    f"应于 {by} 前签订；逾期须说明理由",
                    f"due by {by}; a late agreement needs a reason",
                ),
                field="lateReason",
            )
        change = forward(at, Action.SIGN_AGREEMENT, reason=given.late_reason)
        return replace(
            change,
            after=replace(change.after, agreement=given.kind, signed_on=given.signed_on),
            data={"kind": given.kind, "signed_on": given.signed_on},
        )

    return await act(desk, given.application, Action.SIGN_AGREEMENT, build, repeat=repeat_of(given))


async def record_quit(desk: Desk, given: ReasonedInput) -> AdmissionCase | Refusal:
    """Record that somebody who reported leaves before the registration; the seat is free at once.

    A ban does not follow by itself: whether it is grave is a person's decision (R211, T43). After
    the registration the training ends instead.
    """

    async def build(at: Situation) -> Change | Refusal:
        return has_no_reason(given.reason) or Change(
            action=Action.RECORD_QUIT,
            before=at.case,
            after=replace(at.case, state=_S.DECLINED),
            at=at,
            reason=given.reason,
        )

    return await act(desk, given.application, Action.RECORD_QUIT, build, repeat=repeat_of(given))


async def cancel_for_fraud(desk: Desk, given: CancelForFraudInput) -> AdmissionCase | Refusal:
    """Cancel this application and its admission for fraud (R058, R163); no other one is touched."""

    async def build(at: Situation) -> Change | Refusal:
        states: list[StateChange] = []
        return has_no_reason(given.reason) or Change(
            action=Action.CANCEL_FOR_FRAUD,
            before=at.case,
            after=replace(at.case, state=_S.CANCELLED),
            at=at,
            reason=given.reason,
            also=trainee_cancelled(desk, at, given.reason, states),
            states=states,
        )

    return await act(
        desk, given.application, Action.CANCEL_FOR_FRAUD, build, repeat=repeat_of(given)
    )
