"""Making, moving and cancelling interview slots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.db.models import InterviewBookingRow, InterviewPanelRow, InterviewSlotRow
from zhupei.domain.interviews import (
    InterviewSlot,
    SlotMove,
    SlotPeriod,
    in_interview_window,
    mode_foreseen,
)
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    not_found,
    permitted_for,
    specialty_of,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.interviews.conflicts import (
    busy_applicants,
    busy_interviewers,
    interviewer_key,
    unfit_interviewers,
)
from zhupei.services.interviews.inputs import (
    CancelInterviewSlotInput,
    MoveInterviewSlotInput,
    OpenInterviewSlotsInput,
)
from zhupei.services.interviews.rows import load_slot, load_slots
from zhupei.services.office_requests import (
    RefusedError,
    StaleError,
    Work,
    answer_once,
    lock,
    refuse,
)
from zhupei.services.outbox import subject_of
from zhupei.services.recruitment_parts import RecruitmentPart, frozen_refusal, recruitment_part

__all__ = [
    "MANAGE",
    "cancel_interview_slot",
    "cancelled_refusal",
    "may_manage",
    "move_interview_slot",
    "open_interview_slots",
    "tell_interview",
    "tell_released",
]

MANAGE = "interviews.manage"
"""The permission to arrange interviews."""

_MOST_PERIODS = 500
_MOST_PEOPLE = 1000
_LONGEST = timedelta(days=1)
_LONGEST_PLACE = 500


async def open_interview_slots(
    desk: Desk, given: OpenInterviewSlotsInput
) -> tuple[InterviewSlot, ...] | Refusal:
    """Make slots, all or none: inside the window of the interview, with a panel that is free.

    No hours of work are assumed: an interview on a Sunday evening is the office's own matter.
    """
    part = recruitment_part(desk, given.program, given.base, given.opening, given.round)
    if isinstance(part, Refusal):
        return part
    with desk.database.use():
        against = await permitted_for(desk, MANAGE, base=part.base, specialty=part.specialty)
        if against is not None:
            return against

        async def do(work: Work) -> list[str]:
            refuse(
                await frozen_refusal(part)
                or _wrong_input(given.place, given.periods, given.interviewers)
                or _not_in_time(desk, part, given)
                or await unfit_interviewers(
                    desk.catalogue, part.base, part.specialty, given.interviewers
                )
                or _panel_twice(given)
            )
            await lock(work.connection, map(interviewer_key, given.interviewers))
            for each in given.periods:
                refuse(
                    await busy_interviewers(
                        work.connection, given.interviewers, each.starts_at, each.ends_at
                    )
                )
            rows = [_row(desk, part, given, each) for each in given.periods]
            await InterviewSlotRow.bulk_create(rows)
            await _seat([row.id for row in rows], given.interviewers)
            for row in rows:
                _tell(work, part, row.id, "opened", starts_at=row.starts_at)
            return [str(row.id) for row in rows]

        async def made(slots: Sequence[str]) -> tuple[InterviewSlot, ...]:
            return await load_slots([UUID(each) for each in slots])

        key = given.idempotency_key
        return await answer_once(desk, key, "open_interview_slots", given, do, show=made)


def _row(
    desk: Desk, part: RecruitmentPart, given: OpenInterviewSlotsInput, period: SlotPeriod
) -> InterviewSlotRow:
    return InterviewSlotRow(
        id=uuid7(),
        base_code=part.base,
        program_code=part.program.code,
        opening_code=part.opening_code,
        round_code=part.round_code,
        mode=given.mode.value,
        place=given.place.strip(),
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        capacity=period.capacity,
        taken=0,
        choosable=given.choosable,
        revision=1,
        moves=[],
        catalogue_hash=desk.catalogue.hash,
        created_by=desk.actor.id,
        created_at=desk.clock(),
    )


async def _seat(slots: Sequence[UUID], interviewers: Sequence[UUID]) -> None:
    await InterviewPanelRow.bulk_create(
        [
            InterviewPanelRow(id=uuid7(), slot_id=slot, account_id=account)
            for slot in slots
            for account in dict.fromkeys(interviewers)
        ]
    )


def _tell(work: Work, part: RecruitmentPart, slot: UUID, what: str, *, starts_at: datetime) -> None:
    work.tell(
        f"interview_slot.{what}",
        subject_of("InterviewSlot", slot),
        base=part.base,
        program=part.program.code,
        opening=None if part.opening is None else part.opening.code,
        data={"round": part.round, "starts_at": plain(starts_at)},
    )


def _wrong_input(  # noqa: PLR0911 - each part of the input says what is wrong
    place: str, periods: Sequence[SlotPeriod], interviewers: Sequence[UUID]
) -> Refusal | None:
    if not place.strip() or len(place) > _LONGEST_PLACE or "\x00" in place:
        return _invalid(
            "place",
            f"须填写地点或会议链接，不超过 {_LONGEST_PLACE} 字",
            f"say the room or the address of the meeting, in {_LONGEST_PLACE} characters at most",
        )
    if not 1 <= len(periods) <= _MOST_PERIODS:
        return _invalid(
            "periods",
            f"一次可建 1 至 {_MOST_PERIODS} 个时段",
            f"1 to {_MOST_PERIODS} slots are made at once",
        )
    if len(interviewers) != len(set(interviewers)):
        return _invalid("interviewers", "考官重复", "an interviewer is named twice")
    for number, each in enumerate(periods):
        field = f"periods.{number}"
        if each.starts_at.tzinfo is None or each.ends_at.tzinfo is None:
            return _invalid(field, "时间须带时区", "a time needs its zone")
        if not timedelta(0) < each.ends_at - each.starts_at <= _LONGEST:
            return _invalid(
                field,
                "结束时间须晚于开始时间，且不超过一天",
                "a slot ends after it begins, within a day",
            )
        if not 1 <= each.capacity <= _MOST_PEOPLE:
            return _invalid(
                f"{field}.capacity",
                f"人数应为 1 至 {_MOST_PEOPLE}",
                f"the capacity is 1 to {_MOST_PEOPLE} people",
            )
    return None


def _invalid(field: str, zh: str, en: str) -> Refusal:
    return Refusal(code=RefusalCode.INPUT_INVALID, message=Text(zh, en), field=field)


def _not_in_time(
    desk: Desk, part: RecruitmentPart, given: OpenInterviewSlotsInput | InterviewSlot
) -> Refusal | None:
    """Refuse slots of a round without interviews, of another kind, past, or out of the window."""
    steps = part.path.steps_of("interview")
    if not steps:
        return Refusal(
            code=RefusalCode.INTERVIEW_NOT_FORESEEN,
            message=Text("本项目本批次没有面试环节", "the program has no interview in this round"),
            field="program",
        )
    against = mode_foreseen(steps, given.mode)
    if against is not None:
        return against
    several = isinstance(given, OpenInterviewSlotsInput)
    periods = given.periods if isinstance(given, OpenInterviewSlotsInput) else (_period(given),)
    for number, each in enumerate(periods):
        field = f"periods.{number}" if several else "startsAt"
        if each.starts_at < desk.clock():
            return _invalid(field, "开始时间已过", "the time has passed already")
        closed = in_interview_window(part.program, part.round, steps, each.starts_at, each.ends_at)
        if closed is not None:
            return replace(closed, field=field)
    return None


def _period(slot: InterviewSlot) -> SlotPeriod:
    return SlotPeriod(starts_at=slot.starts_at, ends_at=slot.ends_at, capacity=slot.capacity)


def _panel_twice(given: OpenInterviewSlotsInput) -> Refusal | None:
    """Refuse periods that overlap: one panel cannot sit in two of them."""
    if not given.interviewers:
        return None
    for one, other in combinations(sorted(given.periods, key=lambda each: each.starts_at), 2):
        if other.starts_at < one.ends_at:
            return Refusal(
                code=RefusalCode.INTERVIEWER_BUSY,
                message=Text("同一组考官的时段互相重叠", "slots of one panel overlap one another"),
                field="periods",
            )
    return None


async def move_interview_slot(desk: Desk, given: MoveInterviewSlotInput) -> InterviewSlot | Refusal:
    """Move a slot with all who are in it, to another time, place or panel, with a reason.

    Refused where one of the people is elsewhere then, or where fewer places are left than taken.
    """

    async def do(work: Work) -> str:
        slot, part = await _mine(desk, given.slot, given.reason)
        after = _after(slot, given)
        against = (
            _wrong_input(after.place, (_period(after),), after.interviewers)
            or (_not_in_time(desk, part, after) if _moves(slot, after) else None)
            or await unfit_interviewers(
                desk.catalogue, part.base, part.specialty, after.interviewers
            )
        )
        if against is not None:
            field = _MOVED_FIELDS.get(against.field or "", against.field)
            raise RefusedError(replace(against, field=field))
        booked = await InterviewBookingRow.filter(slot_id=slot.id, released_at=None).values()
        people = [(row["application_id"], row["applicant_id"]) for row in booked]
        keys = [*(who for _, who in people), *map(interviewer_key, after.interviewers)]
        await lock(work.connection, keys)
        period = (after.starts_at, after.ends_at)
        own = [slot.id]
        refuse(
            await busy_applicants(work.connection, people, *period, slots=own)
            or await busy_interviewers(work.connection, after.interviewers, *period, slots=own)
            or (_too_few(after.capacity, slot.taken) if after.capacity < slot.taken else None)
        )
        await _write_move(desk, slot, after, given.reason)
        # Now that the slot's row is ours nobody else enters it: those whom we asked are all.
        again = await InterviewBookingRow.filter(slot_id=slot.id, released_at=None).values("id")
        if {row["id"] for row in again} != {row["id"] for row in booked}:
            raise StaleError
        if (slot.place, slot.mode, slot.ends_at) != (after.place, after.mode, after.ends_at) or (
            slot.starts_at != after.starts_at
        ):
            # Another panel or more places are the office's own matter.
            for row in booked:
                tell_interview(work, part, after, row["application_id"], "moved")
        _tell(work, part, slot.id, "moved", starts_at=after.starts_at)
        return str(slot.id)

    return await _changed(desk, given.slot, given.idempotency_key, "move_interview_slot", given, do)


async def _changed(
    desk: Desk,
    slot_id: UUID,
    key: str | None,
    operation: str,
    given: object,
    do: Callable[[Work], Awaitable[str]],
) -> InterviewSlot | Refusal:
    """Change a slot that the actor may change, and return it as it is then."""
    with desk.database.use():
        slot = await load_slot(slot_id)
        if slot is None:
            return not_found("slot", str(slot_id))
        against = await may_manage(desk, slot)
        if against is not None:
            # The same as if there were none: those who do not manage it do not see it either.
            return not_found("slot", str(slot_id))
        return await answer_once(desk, key, operation, given, do, show=_now)


async def _now(slot: str) -> InterviewSlot | Refusal:
    return await load_slot(UUID(slot)) or not_found("slot", slot)


_MOVED_FIELDS = {"periods.0": "startsAt", "periods.0.capacity": "capacity"}


def _after(slot: InterviewSlot, given: MoveInterviewSlotInput) -> InterviewSlot:
    def kept(new: object, old: object) -> object:
        return old if new is None else new

    names = ("starts_at", "ends_at", "place", "mode", "capacity", "interviewers", "choosable")
    changed = {name: kept(getattr(given, name), getattr(slot, name)) for name in names}
    return replace(slot, **changed)  # type: ignore[arg-type]  # each has the type of its field


def _moves(slot: InterviewSlot, after: InterviewSlot) -> bool:
    """Whether the time or the kind becomes another: a running slot may still get another room."""
    return (slot.starts_at, slot.ends_at, slot.mode) != (
        after.starts_at,
        after.ends_at,
        after.mode,
    )


async def _write_move(desk: Desk, slot: InterviewSlot, after: InterviewSlot, reason: str) -> None:
    """Write what a slot becomes, if nobody has changed it or taken a place since it was read."""
    move = SlotMove(
        at=desk.clock(),
        by=desk.actor.id,
        reason=reason,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        place=slot.place,
    )
    written = await InterviewSlotRow.filter(
        id=slot.id, revision=slot.revision, taken=slot.taken, cancelled_at=None
    ).update(
        starts_at=after.starts_at,
        ends_at=after.ends_at,
        place=after.place.strip(),
        mode=after.mode.value,
        capacity=after.capacity,
        choosable=after.choosable,
        revision=slot.revision + 1,
        moves=plain((*slot.moves, move)),
    )
    if written != 1:
        raise StaleError
    if after.interviewers != slot.interviewers:
        await InterviewPanelRow.filter(slot_id=slot.id).delete()
        await _seat([slot.id], after.interviewers)


def _too_few(capacity: int, taken: int) -> Refusal:
    return Refusal(
        code=RefusalCode.SLOT_FULL,
        message=Text(
            f"该时段已安排 {taken} 人，不能减为 {capacity} 人",
            f"{taken} people are in the slot already, more than {capacity}",
        ),
        field="capacity",
    )


async def cancel_interview_slot(
    desk: Desk, given: CancelInterviewSlotInput
) -> InterviewSlot | Refusal:
    """Cancel a slot with a reason; everybody in it gives the place up and needs another one."""

    async def do(work: Work) -> str:
        slot, part = await _mine(desk, given.slot, given.reason)
        written = await InterviewSlotRow.filter(id=slot.id, cancelled_at=None).update(
            taken=0,
            cancelled_at=desk.clock(),
            cancelled_by=desk.actor.id,
            cancel_reason=given.reason,
            revision=slot.revision + 1,
        )
        if written != 1:
            raise StaleError
        # After the row of the slot is ours, nobody enters it any more.
        booked = InterviewBookingRow.filter(slot_id=slot.id, released_at=None)
        for booking in await booked.order_by("id").values():
            tell_released(work, part, slot.id, booking["application_id"])
            tell_interview(work, part, slot, booking["application_id"], "cancelled")
        await booked.update(
            released_at=desk.clock(), released_by=desk.actor.id, release_reason=given.reason
        )
        _tell(work, part, slot.id, "cancelled", starts_at=slot.starts_at)
        return str(slot.id)

    return await _changed(
        desk, given.slot, given.idempotency_key, "cancel_interview_slot", given, do
    )


def tell_released(work: Work, part: RecruitmentPart, slot: UUID, application: UUID) -> None:
    """Tell that an application's place in a slot is given up."""
    work.tell(
        "interview.released",
        subject_of("Application", application),
        base=part.base,
        program=part.program.code,
        data={"slot": str(slot), "round": part.round},
    )


def tell_interview(
    work: Work,
    part: RecruitmentPart,
    slot: InterviewSlot,
    application: UUID,
    what: str,
) -> None:
    """Tell what an applicant has to know: booked, moved or cancelled, with the time.

    The office's reason is free text, which no event carries: notices read it where it is kept.
    """
    data: dict[str, str | int | bool | None] = {
        "slot": str(slot.id),
        "round": part.round,
        "mode": slot.mode.value,
        "starts_at": plain(slot.starts_at),
        # After the interview nobody needs to hear of it.
        "expires": plain(slot.starts_at),
    }
    work.tell(
        f"interview.{what}",
        subject_of("Application", application),
        base=part.base,
        program=part.program.code,
        opening=None if part.opening is None else part.opening.code,
        data=data,
    )


async def may_manage(desk: Desk, slot: InterviewSlot) -> Refusal | None:
    """Refuse who may not arrange interviews of a slot's specialty at its base."""
    specialty = None if slot.opening is None else specialty_of(slot.opening)
    return await permitted_for(desk, MANAGE, base=slot.base, specialty=specialty)


async def _mine(desk: Desk, slot_id: UUID, reason: str) -> tuple[InterviewSlot, RecruitmentPart]:
    """Return a slot that may be changed now, with what it is for; raise what stands against it."""
    slot = await load_slot(slot_id)
    if slot is None:
        raise RefusedError(not_found("slot", str(slot_id)))
    refuse(has_no_reason(reason) or cancelled_refusal(slot))
    part = recruitment_part(desk, slot.program, slot.base, slot.opening, slot.round)
    if isinstance(part, Refusal):
        raise RefusedError(part)
    refuse(await frozen_refusal(part))
    return slot, part


def cancelled_refusal(slot: InterviewSlot) -> Refusal | None:
    """Refuse a slot that was cancelled."""
    if slot.cancelled_at is None:
        return None
    return Refusal(
        code=RefusalCode.SLOT_CANCELLED,
        message=Text(
            f"该时段已取消：{slot.cancel_reason}", f"the slot was cancelled: {slot.cancel_reason}"
        ),
        field="slot",
    )
