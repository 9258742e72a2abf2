"""Offers: proposal, publicity, confirmation, admission, notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.catalogue.calendars import reckoned
from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, PublicityRow
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome, ProposedList
from zhupei.domain.admission_guards import publicity_period, report_date, too_far_ahead
from zhupei.domain.admission_process import Action, ApplicationState, Channel, path_of
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Program
from zhupei.services.admissions.bulk import carry_out
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import (
    AdmitInput,
    ApplicationInput,
    ExpireConfirmationsInput,
    ProposeAdmissionInput,
    PublishProposedListInput,
    ReasonedInput,
    SendNoticeInput,
)
from zhupei.services.admissions.published import PublishedLists
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import Situation, may_for_program, not_found
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import act, step_done
from zhupei.services.changes import RoundChanged, RoundChangeKind, announce
from zhupei.services.papers.letters import LetterIncompleteError, letter_lacks
from zhupei.services.seats import root_program
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = [
    "admit",
    "confirm_admission",
    "decline_admission",
    "expire_confirmations",
    "forward",
    "propose_admission",
    "publish_proposed_list",
    "send_notice",
]

_S = ApplicationState


def forward(at: Situation, action: Action, *, reason: str | None = None) -> Change:
    """Return the change that completes an action's steps and does nothing else."""
    done, state = step_done(at, action)
    return Change(
        action=action,
        before=at.case,
        after=replace(at.case, state=state, completed_steps=done),
        at=at,
        reason=reason,
        steps=at.steps_for(action),
    )


async def propose_admission(desk: Desk, given: ProposeAdmissionInput) -> BulkOutcome | Refusal:
    """Propose applications, best first (R215); each takes a seat."""

    async def build(at: Situation) -> Change | Refusal:
        return forward(at, Action.PROPOSE)

    if not given.applications:
        return _nobody()
    with desk.database.use():
        return await carry_out(
            desk,
            Action.PROPOSE,
            given.applications,
            build,
            dry_run=given.dry_run,
            repeat=repeat_of(given),
        )


async def publish_proposed_list(
    desk: Desk, given: PublishProposedListInput
) -> BulkOutcome | Refusal:
    """Publish a base's proposed list; publicity ends after the working days that the law asks for.

    ``applications=None`` takes all of the program and round that wait for it.
    """
    program = desk.catalogue.programs.get(given.program)
    if program is None or program.base is None:
        return not_found("program", given.program)
    against = await may_for_program(desk, Action.PUBLISH, program)
    if against is not None:
        return against
    now = desk.clock()
    with desk.database.use():
        chosen = given.applications
        if chosen is None:
            chosen = await _unpublished(desk, program, given.round)
        period = await _longest_period(desk, program, chosen, now)
        if isinstance(period, Refusal):
            return period
        ends_on, days, counts = period
        listed = ProposedList(
            id=uuid7(),
            program=program.code,
            base=program.base,
            round=given.round,
            published_at=now,
            ends_on=ends_on,
            ends_at=datetime.combine(ends_on, time(0), CHINA_TIME) + timedelta(days=1),
            working_days=days,
            counts_first_day=counts,
            applications=tuple(chosen),
        )

        async def build(at: Situation) -> Change | Refusal:
            if (at.case.program, at.case.round) != (program.code, given.round):
                return not_found("application", str(at.case.id))
            change = forward(at, Action.PUBLISH)
            return replace(change, after=replace(change.after, publicity=listed.id))

        async def write(connection: BaseDBAsyncClient) -> None:
            root = root_program(desk.catalogue, program).code
            kind = RoundChangeKind.LIST_PUBLISHED
            await announce(
                connection,
                [RoundChanged(root_program=root, round=given.round or "", kind=kind)],
            )
            await PublicityRow.create(
                id=listed.id,
                base_code=listed.base,
                program_code=listed.program,
                round_code=listed.round or "",
                published_at=now,
                published_by=desk.actor.id,
                ends_on=ends_on,
                ends_at=listed.ends_at,
                working_days=days,
                counts_first_day=counts,
                catalogue_hash=desk.catalogue.hash,
            )
            await append_state_records(
                connection,
                [
                    StateChange(
                        subject=StateSubject.PUBLICITY,
                        id=listed.id,
                        action="PUBLISH",
                        actor=desk.actor.id,
                        at=now,
                        catalogue_hash=desk.catalogue.hash,
                    )
                ],
            )

        return await carry_out(
            desk,
            Action.PUBLISH,
            chosen,
            build,
            dry_run=given.dry_run,
            repeat=repeat_of(given),
            extra=write,
            publicity=listed,
        )


async def _longest_period(
    desk: Desk, program: Program, chosen: Sequence[UUID], now: datetime
) -> tuple[date, int, bool] | Refusal:
    """Return the publicity of a list: where an opening on it asks for a longer one, that."""
    binding = {program.code: program}
    if any(code in desk.catalogue.amended for code in program.openings):
        rows = await ApplicationRow.filter(id__in=list(chosen)).values("opening_code")
        for code in {row["opening_code"] for row in rows} & desk.catalogue.amended.keys():
            binding[code] = desk.catalogue.amended[code]
    longest: tuple[date, int, bool] | None = None
    for each in binding.values():
        period = await _period(desk, each, now)
        if isinstance(period, Refusal):
            return period
        longest = period if longest is None or period > longest else longest
    return longest or await _period(desk, program, now)


async def _period(desk: Desk, program: Program, now: datetime) -> tuple[date, int, bool] | Refusal:
    calendar = desk.catalogue.calendar
    return await reckoned(calendar, lambda days: publicity_period(program, days, now))


async def _unpublished(desk: Desk, program: Program, round_code: str | None) -> tuple[UUID, ...]:
    """Return the applications that wait for the list, in the order of their ids."""
    usual = _before_publicity(program, round_code)
    # An opening may have steps of its own.
    own = {
        code: _before_publicity(desk.catalogue.amended[code], round_code)
        for code in program.openings
        if code in desk.catalogue.amended
    }
    found = await ApplicationRow.filter(
        program_code=program.code,
        round_code=round_code or "",
        state__in=list({state for state in (usual, *own.values()) if state is not None}),
    ).order_by("id")
    return tuple(row.id for row in found if row.state == own.get(row.opening_code, usual))


def _before_publicity(program: Program, round_code: str | None) -> str | None:
    """Return the state in which applications wait for publicity; None where there is none."""
    states = path_of(program, round_code).states
    if _S.IN_PUBLICITY not in states:
        return None
    return states[states.index(_S.IN_PUBLICITY) - 1].value


async def confirm_admission(desk: Desk, given: ApplicationInput) -> AdmissionCase | Refusal:
    """Confirm the offer, during publicity where the program asks for that (R147)."""

    async def build(at: Situation) -> Change | Refusal:
        lists = PublishedLists()
        await lists.read([at.case])
        against = lists.not_confirmable(at)
        if against is not None:
            return against
        change = forward(at, Action.CONFIRM)
        return replace(change, after=replace(change.after, confirmed_at=at.now))

    return await act(desk, given.application, Action.CONFIRM, build, repeat=repeat_of(given))


async def decline_admission(desk: Desk, given: ReasonedInput) -> AdmissionCase | Refusal:
    """Decline an offer; the seat is free at once, for the next on the reserve list."""

    async def build(at: Situation) -> Change | Refusal:
        return has_no_reason(given.reason) or Change(
            action=Action.DECLINE,
            before=at.case,
            after=replace(at.case, state=_S.DECLINED),
            at=at,
            reason=given.reason,
        )

    return await act(desk, given.application, Action.DECLINE, build, repeat=repeat_of(given))


async def expire_confirmations(
    desk: Desk, given: ExpireConfirmationsInput
) -> BulkOutcome | Refusal:
    """Let go everyone of a program who did not confirm by the end of publicity."""

    async def build(at: Situation) -> Change | Refusal:
        return Change(
            action=Action.EXPIRE,
            before=at.case,
            after=replace(at.case, state=_S.EXPIRED),
            at=at,
        )

    now = desk.clock()
    with desk.database.use():
        program = desk.catalogue.programs.get(given.program)
        if program is None:
            return not_found("program", given.program)
        against = await may_for_program(desk, Action.EXPIRE, program)
        if against is not None:
            return against
        over = await PublicityRow.filter(
            program_code=program.code, ends_at__lte=now, withdrawn_at=None
        )
        rows = await ApplicationRow.filter(
            publicity_id__in=[row.id for row in over], state=_S.IN_PUBLICITY.value
        ).order_by("id")
        asked = [
            row.id
            for row in rows
            if _confirms(desk, row) and (given.applications is None or row.id in given.applications)
        ]
        return await carry_out(
            desk, Action.EXPIRE, asked, build, dry_run=given.dry_run, repeat=repeat_of(given)
        )


def _confirms(desk: Desk, row: ApplicationRow) -> bool:
    """Whether the path of an application asks for a confirmation; openings may have their own."""
    program = desk.catalogue.program_binding(row.program_code, row.opening_code)
    channel = Channel(row.channel)
    return program is not None and _S.CONFIRMED in path_of(program, row.round_code or None, channel)


def _nobody() -> Refusal:
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text("请至少选择一份报名", "choose at least one application"),
        field="applications",
    )


async def admit(desk: Desk, given: AdmitInput) -> BulkOutcome | Refusal:
    """Admit applications whose publicity is over without an open objection (R147)."""

    lists = PublishedLists()

    async def build(at: Situation) -> Change | Refusal:
        return lists.not_over(at) or forward(at, Action.ADMIT)

    if not given.applications:
        return _nobody()
    with desk.database.use():
        return await carry_out(
            desk,
            Action.ADMIT,
            given.applications,
            build,
            dry_run=given.dry_run,
            repeat=repeat_of(given),
            prepare=lists.read,
        )


def _without_letter(lacking: LetterIncompleteError) -> Text:
    zh, en = lacking.message.zh, lacking.message.get(Language.EN)
    return Text(
        f"{zh}：邮件将不附通知书，请在配置中补充，或自行发放",
        f"{en}: the mail goes without it; add what is lacking to the configuration, or hand out a "
        "letter of your own",
    )


async def send_notice(desk: Desk, given: SendNoticeInput) -> BulkOutcome | Refusal:
    """Record that the notice of admission is sent, and by which day people report."""

    lists = PublishedLists()

    async def build(at: Situation) -> Change | Refusal:
        against = lists.not_over(at)
        if against is not None:
            return against
        by = given.report_by or report_date(at.program, at.case.round, at.path)
        if by is None and _S.REPORTED in at.path:
            return Refusal(
                code=RefusalCode.REPORT_DATE_UNKNOWN,
                message=Text("须写明报到日期", "the notice has to say by which day to report"),
                field="reportBy",
            )
        if by is not None and by < at.today:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(f"报到日期 {by} 已过", f"the day to report by, {by}, is past"),
                field="reportBy",
            )
        against = None if by is None else too_far_ahead(by, at.today, "reportBy")
        if against is not None:
            return against
        change = forward(at, Action.NOTIFY)
        lacking = letter_lacks(
            desk.catalogue,
            opening=at.case.opening,
            round_code=at.case.round,
            report_by=by,
            candidate=at.case.candidate,
            day=at.today,
        )
        return replace(
            change,
            after=replace(change.after, report_by=by),
            data={"report_by": by},
            # Whoever makes letters elsewhere sends the notice all the same.
            notes=() if lacking is None else (_without_letter(lacking),),
        )

    if not given.applications:
        return _nobody()
    with desk.database.use():
        return await carry_out(
            desk,
            Action.NOTIFY,
            given.applications,
            build,
            dry_run=given.dry_run,
            repeat=repeat_of(given),
            prepare=lists.read,
        )
