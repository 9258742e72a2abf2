"""Offers: proposal, publicity with objections, confirmation, admission, notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, ObjectionRow, PublicityRow
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome, Objection, ProposedList
from zhupei.domain.admission_guards import policy_of, publicity_period, report_date
from zhupei.domain.admission_process import Action, ApplicationState, Channel, path_of
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.events import Event
from zhupei.domain.text import Text
from zhupei.services.admissions.bulk import carry_out
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.filing import has_no_reason
from zhupei.services.admissions.inputs import (
    AdmitInput,
    ApplicationInput,
    ExpireConfirmationsInput,
    FileObjectionInput,
    ProposeAdmissionInput,
    PublishProposedListInput,
    ReasonedInput,
    ResolveObjectionInput,
    SendNoticeInput,
)
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    may_for_program,
    not_found,
    permitted_for,
    situation_of,
    standing_against,
)
from zhupei.services.admissions.transitions import (
    Change,
    act,
    commit,
    key_used,
    repeat_of,
    repeated_request,
    step_done,
    too_busy,
)
from zhupei.services.changes import RoundChanged, RoundChangeKind, announce
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.seats import root_program

__all__ = [
    "admit",
    "confirm_admission",
    "decline_admission",
    "expire_confirmations",
    "file_objection",
    "forward",
    "objection_of",
    "open_applications",
    "propose_admission",
    "publicity_over",
    "publish_proposed_list",
    "resolve_objection",
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
    period = publicity_period(program, desk.catalogue.calendar, now)
    if isinstance(period, Refusal):
        return period
    ends_on, days, counts = period
    with desk.database.use():
        chosen = given.applications
        if chosen is None:
            path = path_of(program, given.round)
            before = [
                state
                for state in path.states
                if (following := path.next_after(state)) and following.state is _S.IN_PUBLICITY
            ]
            chosen = await open_applications(program.code, given.round, before)
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


async def open_applications(
    program: str, round_code: str | None, states: Sequence[ApplicationState]
) -> tuple[UUID, ...]:
    """Return the applications of a program and round in some states, in the order of their ids."""
    found = await ApplicationRow.filter(
        program_code=program,
        round_code=round_code or "",
        state__in=[state.value for state in states],
    ).order_by("id")
    return tuple(row.id for row in found)


async def file_objection(desk: Desk, given: FileObjectionInput) -> Objection | Refusal:
    """File an objection against an application while its list is public."""
    with desk.database.use():
        if given.idempotency_key is not None:
            known = await ObjectionRow.get_or_none(
                filed_by=desk.actor.id, idempotency_key=given.idempotency_key
            )
            if known is not None:
                return _filed_before(known, given)
        case_row = await ApplicationRow.get_or_none(id=given.application)
        if case_row is None or case_row.publicity_id is None:
            return not_found("application", str(given.application))
        against = await permitted_for(
            desk,
            "objections.raise",
            base=case_row.base_code,
            owners=frozenset({desk.actor.id}),
        ) or has_no_reason(given.text, "text")
        if against is not None:
            return against
        publicity = await PublicityRow.get(id=case_row.publicity_id)
        now = desk.clock()
        live = publicity.withdrawn_at is None and now < publicity.ends_at
        if not live or case_row.state not in {_S.IN_PUBLICITY.value, _S.CONFIRMED.value}:
            return Refusal(
                code=RefusalCode.PUBLICITY_NOT_LIVE,
                message=Text("不在公示期内", "the list is not in its publicity period"),
            )
        try:
            async with in_transaction() as connection:
                row = await ObjectionRow.create(
                    id=uuid7(),
                    publicity_id=publicity.id,
                    application_id=case_row.id,
                    text=given.text,
                    filed_by=desk.actor.id,
                    filed_at=now,
                    idempotency_key=given.idempotency_key,
                )
                await record_events(connection, [_objection_filed(desk, case_row, now)])
        except IntegrityError:
            row = await ObjectionRow.get(
                filed_by=desk.actor.id, idempotency_key=given.idempotency_key
            )
            return _filed_before(row, given)
        return objection_of(row)


def _filed_before(row: ObjectionRow, given: FileObjectionInput) -> Objection | Refusal:
    """Return the objection that the same request filed; its key serves no other one."""
    known = objection_of(row)
    same = (known.application, known.text) == (given.application, given.text)
    return known if same else key_used()


def _objection_filed(desk: Desk, row: ApplicationRow, now: datetime) -> Event:
    return Event(
        id=uuid7(),
        name="objection.filed",
        at=now,
        subject=subject_of("Application", row.id),
        base=row.base_code,
        program=row.program_code,
        opening=row.opening_code,
        # Who objects is known to those who decide, and to nobody else.
        actor=None,
        data={"round": row.round_code or None},
        catalogue_hash=desk.catalogue.hash,
    )


async def resolve_objection(  # noqa: PLR0911 - each guard says why it refuses
    desk: Desk, given: ResolveObjectionInput
) -> Objection | Refusal:
    """Decide on an objection; an upheld one rejects the application and gives its seat up."""
    with desk.database.use():
        for _ in range(8):
            row = await ObjectionRow.get_or_none(id=given.objection)
            if row is None:
                return not_found("objection", str(given.objection))
            other = await repeated_request(desk, repeat_of(given), Action.RESOLVE_OBJECTION)
            if isinstance(other, Refusal):
                return other
            if row.upheld is not None:
                same = row.upheld is given.upheld and row.resolution == given.resolution
                return objection_of(row) if same else _decided()
            at = await situation_of(desk, row.application_id)  # type: ignore[attr-defined]  # the relation's column
            if isinstance(at, Refusal):
                # Whose application it is about is not told to whoever may not see that.
                return not_found("objection", str(given.objection))
            against = await standing_against(desk, at, Action.RESOLVE_OBJECTION)
            against = against or has_no_reason(given.resolution, "resolution")
            if against is not None:
                return against
            done = await _resolve(desk, given, row, at)
            if isinstance(done, Refusal):
                return done
            if done:
                return objection_of(await ObjectionRow.get(id=row.id))
        return too_busy()


async def _resolve(
    desk: Desk, given: ResolveObjectionInput, row: ObjectionRow, at: Situation
) -> bool | Refusal:
    state = _S.REJECTED if given.upheld else at.case.state
    change = Change(
        action=Action.RESOLVE_OBJECTION,
        before=at.case,
        after=replace(at.case, state=state),
        at=at,
        reason=given.resolution,
        data={"objection": row.id, "upheld": given.upheld},
    )

    async def write(_connection: BaseDBAsyncClient) -> None:
        await ObjectionRow.filter(id=row.id, upheld=None).update(
            upheld=given.upheld,
            resolution=given.resolution,
            resolved_by=desk.actor.id,
            resolved_at=at.now,
        )

    done = await commit(desk, [change], repeat=repeat_of(given), extra=write)
    return done if isinstance(done, Refusal) else done is not None


def _decided() -> Refusal:
    return Refusal(
        code=RefusalCode.DUPLICATE,
        message=Text("该异议已有处理结果", "this objection was decided already"),
        field="objection",
    )


def objection_of(row: ObjectionRow) -> Objection:
    """Return the objection of a row."""
    return Objection(
        id=row.id,
        publicity=row.publicity_id,  # type: ignore[attr-defined]  # the relation's column
        application=row.application_id,  # type: ignore[attr-defined]  # the relation's column
        filed_at=row.filed_at,
        text=row.text,
        upheld=row.upheld,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
    )


async def confirm_admission(desk: Desk, given: ApplicationInput) -> AdmissionCase | Refusal:
    """Confirm the offer, during publicity where the program asks for that (R147)."""

    async def build(at: Situation) -> Change | Refusal:
        policy = policy_of(at.program, "confirmation_in_publicity")
        if policy is not None and policy.value is True and at.case.publicity is not None:
            publicity = await PublicityRow.get(id=at.case.publicity)
            if not publicity.published_at <= at.now < publicity.ends_at:
                return Refusal(
                    code=RefusalCode.PUBLICITY_NOT_LIVE,
                    message=Text(
                        f"须在公示期内（{publicity.ends_on} 24时前）确认",
                        f"offers are confirmed during publicity, by 24:00 of {publicity.ends_on}",
                    ),
                    source=policy.source,
                )
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
            if _S.CONFIRMED in path_of(program, row.round_code or None, Channel(row.channel))
            and (given.applications is None or row.id in given.applications)
        ]
        return await carry_out(
            desk, Action.EXPIRE, asked, build, dry_run=given.dry_run, repeat=repeat_of(given)
        )


def _nobody() -> Refusal:
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text("请至少选择一份报名", "choose at least one application"),
        field="applications",
    )


async def publicity_over(at: Situation) -> Refusal | None:
    """Refuse to go on while the list is public or an objection is open (R147)."""
    if at.case.publicity is None:
        return None
    publicity = await PublicityRow.get(id=at.case.publicity)
    if at.now < publicity.ends_at:
        return Refusal(
            code=RefusalCode.PUBLICITY_NOT_OVER,
            message=Text(
                f"公示至 {publicity.ends_on} 24时结束",
                f"publicity ends at 24:00 of {publicity.ends_on}",
            ),
        )
    if await ObjectionRow.filter(application_id=at.case.id, upheld=None).exists():
        return Refusal(
            code=RefusalCode.OBJECTION_OPEN,
            message=Text("异议尚未处理", "an objection has not been decided yet"),
        )
    return None


async def admit(desk: Desk, given: AdmitInput) -> BulkOutcome | Refusal:
    """Admit applications whose publicity is over without an open objection (R147)."""

    async def build(at: Situation) -> Change | Refusal:
        return await publicity_over(at) or forward(at, Action.ADMIT)

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
        )


async def send_notice(desk: Desk, given: SendNoticeInput) -> BulkOutcome | Refusal:
    """Record that the notice of admission is sent, and by which day people report."""

    async def build(at: Situation) -> Change | Refusal:
        against = await publicity_over(at)
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
        change = forward(at, Action.NOTIFY)
        return replace(change, after=replace(change.after, report_by=by), data={"report_by": by})

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
        )
