"""Making, moving and cancelling interview slots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.db.models import InterviewBookingRow, InterviewPanelRow, InterviewSlotRow
from zhupei.domain.interviews import InterviewSlot, SlotMove, SlotPeriod
from zhupei.domain.plain_values import plain
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import not_found, permitted_for
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
from zhupei.services.interviews.slot_events import tell_interview, tell_released, tell_slot
from zhupei.services.interviews.slot_guards import (
    MANAGE,
    cancelled_refusal,
    may_manage,
    not_in_time,
    panel_twice,
    period_of,
    too_few_places,
    wrong_input,
)
from zhupei.services.office_requests import (
    RefusedError,
    StaleError,
    Work,
    answer_once,
    lock,
    refuse,
)
from zhupei.services.people_locks import lock_people
from zhupei.services.recruitment_parts import RecruitmentPart, frozen_in, recruitment_part

__all__ = ["cancel_interview_slot", "move_interview_slot", "open_interview_slots"]


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
                await frozen_in(work.connection, part)
                or wrong_input(given.place, given.periods, given.interviewers)
                or not_in_time(desk, part, given)
                or await unfit_interviewers(
                    desk.catalogue, part.base, part.specialty, given.interviewers
                )
                or panel_twice(given)
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
                tell_slot(work, part, row.id, "opened", starts_at=row.starts_at)
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


async def move_interview_slot(desk: Desk, given: MoveInterviewSlotInput) -> InterviewSlot | Refusal:
    """Move a slot with all who are in it, to another time, place or panel, with a reason.

    Refused where one of the people is elsewhere then, or where fewer places are left than taken.
    """

    async def do(work: Work) -> str:
        slot, part = await _mine(desk, work, given.slot, given.reason)
        after = _after(slot, given)
        against = (
            wrong_input(after.place, (period_of(after),), after.interviewers)
            or (not_in_time(desk, part, after) if _moves(slot, after) else None)
            or await unfit_interviewers(
                desk.catalogue, part.base, part.specialty, after.interviewers
            )
        )
        if against is not None:
            field = _MOVED_FIELDS.get(against.field or "", against.field)
            raise RefusedError(replace(against, field=field))
        booked = await InterviewBookingRow.filter(slot_id=slot.id, released_at=None).values()
        people = [(row["application_id"], row["applicant_id"]) for row in booked]
        await lock_people(work.connection, [who for _, who in people])
        await lock(work.connection, map(interviewer_key, after.interviewers))
        period = (after.starts_at, after.ends_at)
        own = [slot.id]
        refuse(
            await busy_applicants(work.connection, people, *period, slots=own)
            or await busy_interviewers(work.connection, after.interviewers, *period, slots=own)
            or too_few_places(after.capacity, slot.taken)
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
        tell_slot(work, part, slot.id, "moved", starts_at=after.starts_at)
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


async def cancel_interview_slot(
    desk: Desk, given: CancelInterviewSlotInput
) -> InterviewSlot | Refusal:
    """Cancel a slot with a reason; everybody in it gives the place up and needs another one."""

    async def do(work: Work) -> str:
        slot, part = await _mine(desk, work, given.slot, given.reason)
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
        tell_slot(work, part, slot.id, "cancelled", starts_at=slot.starts_at)
        return str(slot.id)

    return await _changed(
        desk, given.slot, given.idempotency_key, "cancel_interview_slot", given, do
    )


async def _mine(
    desk: Desk, work: Work, slot_id: UUID, reason: str
) -> tuple[InterviewSlot, RecruitmentPart]:
    """Return a slot that may be changed now, with what it is for; raise what stands against it."""
    slot = await load_slot(slot_id)
    if slot is None:
        raise RefusedError(not_found("slot", str(slot_id)))
    refuse(has_no_reason(reason) or cancelled_refusal(slot))
    part = recruitment_part(desk, slot.program, slot.base, slot.opening, slot.round)
    if isinstance(part, Refusal):
        raise RefusedError(part)
    refuse(await frozen_in(work.connection, part))
    return slot, part
