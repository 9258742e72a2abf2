"""Who is interviewed when: places that an office assigns, or that applicants choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, InterviewBookingRow, InterviewSlotRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import EXITS, ApplicationState
from zhupei.domain.interviews import InterviewBooking, InterviewSlot
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import ApplicationProblem, Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    frozen_refusal,
    frozen_until_done,
    not_found,
    owners_of,
    permitted_for,
    situation_of,
    specialty_of,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.interview_places import hold_slots
from zhupei.services.interviews.conflicts import busy_applicants
from zhupei.services.interviews.inputs import (
    AssignInterviewsInput,
    ChooseInterviewSlotInput,
    ReleaseInterviewInput,
)
from zhupei.services.interviews.rows import booking_record, load_slot
from zhupei.services.interviews.slot_events import tell_interview, tell_released
from zhupei.services.interviews.slot_guards import MANAGE, cancelled_refusal, may_manage
from zhupei.services.office_requests import (
    RefusedError,
    StaleError,
    Work,
    answer_once,
    refuse,
)
from zhupei.services.people_locks import lock_people
from zhupei.services.recruitment_parts import RecruitmentPart, frozen_in, recruitment_part

__all__ = ["CHOOSE", "assign_interviews", "choose_interview_slot", "release_interview"]

CHOOSE = "interviews.choose"
"""The permission to choose a slot for oneself."""

_MOVED = "moved to another slot"

_TAKE = """
UPDATE interview_slot SET taken = taken + $2
WHERE id = $1 AND cancelled_at IS NULL AND revision = $3 AND taken + $2 <= capacity
RETURNING taken
"""
_GIVE_UP = "UPDATE interview_slot SET taken = taken - $2 WHERE id = $1 AND taken >= $2"


async def assign_interviews(
    desk: Desk, given: AssignInterviewsInput
) -> tuple[InterviewBooking, ...] | Refusal:
    """Give applications a place in a slot, all or none; who has another place leaves it.

    A dry run does all of it, shows the places, and keeps nothing.
    """
    with desk.database.use():
        slot = await load_slot(given.slot)
        if slot is None:
            return not_found("slot", str(given.slot))
        against = await may_manage(desk, slot)
        if against is not None:
            return not_found("slot", str(given.slot))

        async def do(work: Work) -> list[str]:
            slot = await _bookable(desk, work, given.slot)
            cases = await _cases(desk, slot, given.applications)
            return await _book(desk, work, slot, cases, chosen=False)

        return await answer_once(
            desk,
            given.idempotency_key,
            "assign_interviews",
            given,
            do,
            show=_bookings,
            dry_run=given.dry_run,
        )


async def choose_interview_slot(
    desk: Desk, given: ChooseInterviewSlotInput
) -> InterviewBooking | Refusal:
    """Let an applicant choose a slot that is open to choice; an earlier choice is given up."""
    with desk.database.use():
        at = await situation_of(desk, given.application)
        if isinstance(at, Refusal):
            return at
        owners = owners_of(desk, at.case.applicant)
        against = await permitted_for(desk, CHOOSE, base=at.case.base, owners=owners)
        if against is not None:
            return against

        async def do(work: Work) -> list[str]:
            slot = await _bookable(desk, work, given.slot)
            if not slot.choosable:
                raise RefusedError(_not_choosable())
            cases = await _cases(desk, slot, (given.application,))
            return await _book(desk, work, slot, cases, chosen=True)

        key = given.idempotency_key
        done = await answer_once(desk, key, "choose_interview_slot", given, do, show=_bookings)
        if isinstance(done, Refusal):
            # A choice concerns one application: its own refusal says more.
            said = done.problems[0].refusal if len(done.problems) == 1 else done
            return replace(said, field="application") if said.field == "applications" else said
        return done[0]


async def release_interview(desk: Desk, given: ReleaseInterviewInput) -> InterviewBooking | Refusal:
    """Give up a place with a reason: the office any, an applicant the one that was chosen."""
    with desk.database.use():
        at = await situation_of(desk, given.application)
        if isinstance(at, Refusal):
            return at
        owners = owners_of(desk, at.case.applicant)
        staff = await permitted_for(
            desk, MANAGE, base=at.case.base, specialty=specialty_of(at.case.opening)
        )
        if staff is not None:
            own = await permitted_for(desk, CHOOSE, base=at.case.base, owners=owners)
            if own is not None:
                return own

        async def do(work: Work) -> str:
            refuse(has_no_reason(given.reason))
            if await frozen_until_done(work.connection, at.case.root_program, at.case.round):
                raise RefusedError(frozen_refusal())
            await lock_people(work.connection, [at.case.applicant])
            row = await InterviewBookingRow.get_or_none(
                application_id=given.application, released_at=None
            )
            if row is None:
                raise RefusedError(not_found("booking", str(given.application)))
            booking = booking_record(row)
            slot = await load_slot(booking.slot)
            if slot is None:
                raise StaleError
            part = _part(desk, slot)
            if staff is not None:
                refuse(_started(desk, slot) or (None if booking.chosen else _not_choosable()))
            await _release(desk, work, part, [booking], given.reason)
            if staff is None:
                tell_interview(work, part, slot, booking.application, "cancelled")
            return str(booking.id)

        key = given.idempotency_key
        return await answer_once(desk, key, "release_interview", given, do, show=_booking)


async def _booking(id_: str) -> InterviewBooking:
    return (await _bookings([id_]))[0]


async def _bookings(ids: Sequence[str]) -> tuple[InterviewBooking, ...]:
    rows = await InterviewBookingRow.filter(id__in=[UUID(each) for each in ids]).order_by("id")
    return tuple(booking_record(row) for row in rows)


def _part(desk: Desk, slot: InterviewSlot) -> RecruitmentPart:
    part = recruitment_part(desk, slot.program, slot.base, slot.opening, slot.round)
    if isinstance(part, Refusal):
        raise RefusedError(part)
    return part


async def _bookable(desk: Desk, work: Work, slot_id: UUID) -> InterviewSlot:
    """Return a slot that takes people now; raise what stands against it."""
    slot = await load_slot(slot_id)
    if slot is None:
        raise RefusedError(not_found("slot", str(slot_id)))
    refuse(cancelled_refusal(slot) or _started(desk, slot))
    refuse(await frozen_in(work.connection, _part(desk, slot)))
    return slot


def _started(desk: Desk, slot: InterviewSlot) -> Refusal | None:
    if desk.clock() < slot.starts_at:
        return None
    return Refusal(
        code=RefusalCode.SLOT_STARTED,
        message=Text(
            "该时段已经开始：请另选时段，或与培训基地联系",
            "the slot has begun already: choose another one, or ask the base's office",
        ),
        field="slot",
    )


def _not_choosable() -> Refusal:
    return Refusal(
        code=RefusalCode.SLOT_NOT_CHOOSABLE,
        message=Text(
            "该时段由培训基地统一安排，请联系基地",
            "the office assigns the places of this slot; ask there",
        ),
        field="slot",
    )


async def _cases(
    desk: Desk, slot: InterviewSlot, applications: Sequence[UUID]
) -> list[AdmissionCase]:
    """Return the cases of applications that wait for this slot's interview, or raise why not."""
    if not applications:
        raise RefusedError(
            Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text("请选择报名", "name at least one application"),
                field="applications",
            )
        )
    cases, problems = [], []
    for application in dict.fromkeys(applications):
        at = await situation_of(desk, application)
        against = at if isinstance(at, Refusal) else _not_waiting(slot, at)
        if against is not None:
            problems.append(ApplicationProblem(application=application, refusal=against))
        elif not isinstance(at, Refusal):
            cases.append(at.case)
    if problems:
        raise RefusedError(_refused(problems, len(applications)))
    return cases


def _refused(problems: Sequence[ApplicationProblem], number: int) -> Refusal:
    if number == 1:
        return replace(problems[0].refusal, problems=tuple(problems))
    return Refusal(
        code=RefusalCode.BULK_REFUSED,
        message=Text(
            f"{number} 份申请中有 {len(problems)} 份不能安排，均未安排",
            f"{len(problems)} of {number} applications are refused; none was arranged",
        ),
        problems=tuple(problems),
        field="applications",
    )


def _not_waiting(slot: InterviewSlot, at: Situation) -> Refusal | None:
    """Refuse an application that is for something else, or does not wait for an interview."""
    case = at.case
    fits = (
        case.base == slot.base
        and case.program == slot.program
        and case.round == slot.round
        and slot.opening in {None, case.opening}
    )
    stage = at.path.stage(ApplicationState.ASSESSED)
    steps = () if stage is None else [step for step in stage.steps if step.kind == "interview"]
    waits = (
        case.state is not ApplicationState.DRAFT
        and case.state not in EXITS
        and not at.path.reached(case.state, ApplicationState.ASSESSED)
        and any(step.id not in case.completed_steps for step in steps)
    )
    if fits and waits:
        return None
    message = (
        Text("该报名没有待进行的面试", "the application does not wait for an interview")
        if fits
        else Text("该时段不面向此报名", "the slot is not for this application")
    )
    return Refusal(code=RefusalCode.INTERVIEW_NOT_FORESEEN, message=message, field="applications")


async def _book(
    desk: Desk, work: Work, slot: InterviewSlot, cases: Sequence[AdmissionCase], *, chosen: bool
) -> list[str]:
    """Take the places, under the locks of the people: they are free, and still wait."""
    await lock_people(work.connection, [case.applicant for case in cases])
    await _refuse_changed(cases)
    held = {
        each.application: each
        for each in map(
            booking_record,
            await InterviewBookingRow.filter(
                application_id__in=[case.id for case in cases], released_at=None
            ),
        )
    }
    stays = {each.application: each for each in held.values() if each.slot == slot.id}
    coming = [case for case in cases if case.id not in stays]
    leaving = [each for each in held.values() if each.slot != slot.id]
    if chosen and any(not each.chosen for each in leaving):
        raise RefusedError(_not_choosable())
    people = [(case.id, case.applicant) for case in coming]
    refuse(_in_two(people))
    refuse(await busy_applicants(work.connection, people, slot.starts_at, slot.ends_at))
    part = _part(desk, slot)
    if leaving:
        await hold_slots(work.connection, {slot.id, *(each.slot for each in leaving)})
    await _release(desk, work, part, leaving, _MOVED, started=chosen)
    if coming:
        await _take(work, slot, len(coming))
    rows = [
        InterviewBookingRow(
            id=uuid7(),
            slot_id=slot.id,
            application_id=case.id,
            applicant_id=case.applicant,
            chosen=chosen,
            booked_by=desk.actor.id,
            booked_at=desk.clock(),
        )
        for case in coming
    ]
    await InterviewBookingRow.bulk_create(rows)
    for case in coming:
        tell_interview(work, part, slot, case.id, "booked")
    return [*(str(each.id) for each in stays.values()), *(str(row.id) for row in rows)]


async def _refuse_changed(cases: Sequence[AdmissionCase]) -> None:
    """Begin anew where an application moved on before its person's lock was ours."""
    rows = await ApplicationRow.filter(id__in=[case.id for case in cases]).values("id", "revision")
    now: Mapping[UUID, int] = {row["id"]: row["revision"] for row in rows}
    if any(now.get(case.id) != case.revision for case in cases):
        raise StaleError


def _in_two(people: Sequence[tuple[UUID, UUID]]) -> Refusal | None:
    """Refuse two applications of one person in one slot: they would be there twice at once."""
    times = Counter(applicant for _, applicant in people)
    twice = {applicant for applicant, count in times.items() if count > 1}
    if not twice:
        return None
    refusal = Refusal(
        code=RefusalCode.APPLICANT_BUSY,
        message=Text(
            "同一报考人的两份报名不能安排在同一时段",
            "two applications of one person cannot be in one slot",
        ),
        field="applications",
    )
    problems = tuple(
        ApplicationProblem(application=application, refusal=refusal)
        for application, applicant in people
        if applicant in twice
    )
    return replace(refusal, problems=problems)


async def _take(work: Work, slot: InterviewSlot, places: int) -> None:
    """Take places by one conditional statement."""
    taken = await work.connection.execute_query_dict(_TAKE, [slot.id, places, slot.revision])
    if taken:
        return
    now = await InterviewSlotRow.get(id=slot.id)
    if now.revision != slot.revision:
        raise StaleError
    left = now.capacity - now.taken
    raise RefusedError(
        Refusal(
            code=RefusalCode.SLOT_FULL,
            message=Text(
                f"该时段还有 {left} 个名额，需要 {places} 个：请另选时段",
                f"the slot has {left} places left, and {places} are needed: choose another slot",
            ),
            field="slot",
        )
    )


async def _release(
    desk: Desk,
    work: Work,
    part: RecruitmentPart,
    bookings: Sequence[InterviewBooking],
    reason: str,
    *,
    started: bool = False,
) -> None:
    """Give places up; with ``started`` refuse where one of the slots has begun."""
    for each in sorted(bookings, key=lambda one: (one.slot, one.id)):
        if started:
            slot = await load_slot(each.slot)
            refuse(None if slot is None else _started(desk, slot))
        await work.connection.execute_query(_GIVE_UP, [each.slot, 1])
        written = await InterviewBookingRow.filter(id=each.id, released_at=None).update(
            released_at=desk.clock(), released_by=desk.actor.id, release_reason=reason
        )
        if written != 1:
            raise StaleError
        tell_released(work, part, each.slot, each.application)
