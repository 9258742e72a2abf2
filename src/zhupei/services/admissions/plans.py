"""Plans: increases within capacity (R153), and rounds that are frozen."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import PlanIncreaseRow, RoundFreezeRow
from zhupei.domain.admission_case import PlanIncrease, PlanIncreaseState, RoundFreeze
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.plan_cuts import PlanCut
from zhupei.domain.recruitment_limits import may_grow, suspension_of
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import (
    DecidePlanIncreaseInput,
    FreezeRoundInput,
    LiftFreezeInput,
    RequestPlanIncreaseInput,
)
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.requests import once_for
from zhupei.services.admissions.situations import (
    frozen_refusal,
    frozen_until_done,
    hidden,
    not_found,
    permitted_for,
    round_lock,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.changes import RoundChanged, RoundChangeKind, announce
from zhupei.services.plan_cuts import cut_of
from zhupei.services.seats import SeatQuota, increase_quota, quotas_of, root_program
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = [
    "decide_plan_increase",
    "freeze_of",
    "freeze_round",
    "lift_freeze",
    "plan_increase_of",
    "request_plan_increase",
]


async def request_plan_increase(
    desk: Desk, given: RequestPlanIncreaseInput
) -> PlanIncrease | Refusal:
    """Ask for more seats of an opening; its capacity has to be known and must hold them (R153)."""
    opening = desk.catalogue.openings.get(given.opening)
    if opening is None:
        return not_found("opening", given.opening)
    program = desk.catalogue.program_of(opening)
    with desk.database.use():
        against = await permitted_for(desk, "plans.request", base=opening.base)
        against = (
            against
            or has_no_reason(given.reason)
            or _may_increase(desk, program, opening)
            or _increasable(program, opening, given)
        )
        if against is not None:
            return against

        async def work() -> UUID | Refusal:
            row = await PlanIncreaseRow.create(
                id=uuid7(),
                base_code=opening.base,
                program_code=program.code,
                opening_code=opening.code,
                round_code=given.round or "",
                direction=given.direction,
                seats=given.seats,
                reason=given.reason,
                state=PlanIncreaseState.REQUESTED.value,
                requested_by=desk.actor.id,
                requested_at=desk.clock(),
            )
            await _record(desk, StateSubject.PLAN_INCREASE, row.id, "REQUEST", given.reason)
            return row.id

        key = given.idempotency_key
        return await once_for(desk, "request_plan_increase", given, work, key=key, show=_increase)


async def _increase(id_: UUID) -> PlanIncrease:
    return plan_increase_of(await PlanIncreaseRow.get(id=id_))


async def _record(desk: Desk, subject: StateSubject, id_: UUID, action: str, reason: str) -> None:
    change = StateChange(
        subject=subject,
        id=id_,
        action=action,
        actor=desk.actor.id,
        at=desk.clock(),
        reason=reason,
        catalogue_hash=desk.catalogue.hash,
    )
    async with in_transaction() as connection:
        await append_state_records(connection, [change])


def _may_increase(desk: Desk, program: Program, opening: Opening) -> Refusal | None:
    """Refuse where recruitment is suspended, or other specialties have to be filled first."""
    lists = desk.catalogue.shortages.get(program.code, ())
    cut = cut_of(desk.catalogue, program)
    arithmetic = cut.arithmetic if isinstance(cut, PlanCut) else cut
    return suspension_of(program, opening) or may_grow(program, opening, lists, arithmetic)


def _increasable(
    program: Program, opening: Opening, given: RequestPlanIncreaseInput
) -> Refusal | None:
    policy = policy_of(program, "plan_increase_within_capacity")
    if policy is None or policy.value is not True:
        return Refusal(
            code=RefusalCode.INCREASE_NOT_ALLOWED,
            message=Text("本项目不允许增加计划", "the program does not allow plan increases"),
            source=None if policy is None else policy.source,
        )
    if given.seats < 1:
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text("增加名额至少为 1", "an increase has at least 1 seat"),
            field="seats",
        )
    if given.round is not None and given.round not in {each.code for each in program.rounds}:
        return not_found("round", given.round)
    if given.direction is not None and given.direction not in {d.id for d in opening.directions}:
        return not_found("direction", given.direction)
    return _within_capacity(opening, given.seats) or _takeable(program, opening, given)


def _takeable(
    program: Program, opening: Opening, given: RequestPlanIncreaseInput
) -> Refusal | None:
    """Refuse seats that nobody could take, since all seats are published by part."""
    shares = {share.round for share in opening.round_quotas}
    if given.round is None and shares and all(each.code in shares for each in program.rounds):
        return _by_part("round", Text("批次", "round"), [each.code for each in program.rounds])
    by_direction = bool(opening.directions) and all(
        each.quota is not None for each in opening.directions
    )
    if given.direction is None and by_direction:
        parts = [each.id for each in opening.directions]
        return _by_part("direction", Text("方向", "direction"), parts)
    return None


def _by_part(field: str, name: Text, parts: Sequence[str]) -> Refusal:
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text(
            f"名额按{name.zh}公布，须写明{name.zh}：{'、'.join(parts)}",
            f"the seats are published by {name.en}, so say for which: {', '.join(parts)}",
        ),
        field=field,
    )


def _within_capacity(opening: Opening, seats: int) -> Refusal | None:
    if opening.quota is None:
        return Refusal(
            code=RefusalCode.QUOTA_UNKNOWN,
            message=Text("招收名额未公布", "the number of seats is not published"),
            source=opening.source,
        )
    if opening.capacity is None:
        return Refusal(
            code=RefusalCode.CAPACITY_UNKNOWN,
            message=Text(
                "专业基地容量未知，不能增加计划",
                "the specialty base's capacity is not known, so the plan cannot be increased",
            ),
            source=opening.source,
        )
    return _exceeds(opening) if opening.quota + seats > opening.capacity else None


def _exceeds(opening: Opening) -> Refusal:
    return Refusal(
        code=RefusalCode.CAPACITY_EXCEEDED,
        message=Text(
            f"超出专业基地容量 {opening.capacity}",
            f"more than the specialty base's capacity of {opening.capacity}",
        ),
        source=opening.source,
        field="seats",
    )


async def decide_plan_increase(
    desk: Desk, given: DecidePlanIncreaseInput
) -> PlanIncrease | Refusal:
    """Approve or refuse more seats; approved ones count from the same moment.

    It can be refused whatever has become of the opening since: that takes no seats. In a frozen
    round none is approved; without a round of its own a request is for all of its program's.
    """
    with desk.database.use():
        row = await _decidable(desk, given)
        if isinstance(row, Refusal):
            return row
        opening = desk.catalogue.openings.get(row.opening_code)
        quotas: tuple[SeatQuota, ...] | Refusal = ()
        if given.approved:
            quotas = _fitting(desk, row, opening)
        if isinstance(quotas, Refusal):
            return quotas
        seats, round_code = row.seats, row.round_code

        async def work() -> UUID | Refusal:
            async with in_transaction() as connection:
                done = await _decide(desk, given)
                if done is not None:
                    return done
                if given.approved and opening is not None:
                    program = desk.catalogue.program_of(opening)
                    root = root_program(desk.catalogue, program)
                    if await _grows_frozen(connection, root, program, round_code):
                        return frozen_refusal()
                    if not await increase_quota(connection, quotas, seats, opening):
                        return _exceeds(opening)
                    kind = RoundChangeKind.PLAN_CHANGED
                    change = RoundChanged(root_program=root.code, round=round_code, kind=kind)
                    await announce(connection, [change])
                action = "APPROVE" if given.approved else "REFUSE"
                subject = StateSubject.PLAN_INCREASE
                await _record(desk, subject, given.plan_increase, action, given.reason)
            return given.plan_increase

        key = given.idempotency_key
        return await once_for(desk, "decide_plan_increase", given, work, key=key, show=_increase)


async def _grows_frozen(
    connection: BaseDBAsyncClient, root: Program, program: Program, round_code: str
) -> bool:
    """Whether an increase is for a round that is frozen."""
    every = sorted(each.code for each in program.rounds)
    for code in [round_code] if round_code else every or [""]:
        if await frozen_until_done(connection, root.code, code):
            return True
    return False


async def _decidable(desk: Desk, given: DecidePlanIncreaseInput) -> PlanIncreaseRow | Refusal:
    """Return the request that the actor may decide on."""
    missing = not_found("planIncrease", str(given.plan_increase))
    row = await PlanIncreaseRow.get_or_none(id=given.plan_increase)
    if row is None:
        return missing
    against = await permitted_for(desk, "plans.approve", base=row.base_code)
    if against is not None:
        return await hidden(desk, against, missing, "plans.request", base=row.base_code)
    return has_no_reason(given.reason) or row


def _fitting(
    desk: Desk, row: PlanIncreaseRow, opening: Opening | None
) -> tuple[SeatQuota, ...] | Refusal:
    """Return the quotas that an increase is laid over; refused where it may not be approved."""
    if opening is None:
        return not_found("opening", row.opening_code)
    against = _may_increase(desk, desk.catalogue.program_of(opening), opening)
    if against is None and opening.capacity is None:
        against = _within_capacity(opening, row.seats) or _exceeds(opening)
    return against or quotas_of(desk.catalogue, opening, row.round_code or None, row.direction)


async def _decide(desk: Desk, given: DecidePlanIncreaseInput) -> UUID | Refusal | None:
    """Write the decision; the id where the same was taken before, refused where another was."""
    state = PlanIncreaseState.APPROVED if given.approved else PlanIncreaseState.REFUSED
    decided = await PlanIncreaseRow.filter(
        id=given.plan_increase, state=PlanIncreaseState.REQUESTED.value
    ).update(
        state=state.value,
        decided_by=desk.actor.id,
        decided_at=desk.clock(),
        decision_reason=given.reason,
    )
    if decided:
        return None
    row = await PlanIncreaseRow.get(id=given.plan_increase)
    if row.state == state.value:
        return given.plan_increase
    return Refusal(
        code=RefusalCode.DUPLICATE,
        message=Text("该申请已有处理结果", "this request was decided already"),
    )


def plan_increase_of(row: PlanIncreaseRow) -> PlanIncrease:
    """Return the request of a row."""
    return PlanIncrease(
        id=row.id,
        opening=row.opening_code,
        round=row.round_code or None,
        direction=row.direction,
        seats=row.seats,
        reason=row.reason,
        state=PlanIncreaseState(row.state),
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


async def _round(desk: Desk, program: str, round_code: str) -> Program | Refusal:
    found = desk.catalogue.programs.get(program)
    if found is None:
        return not_found("program", program)
    root = root_program(desk.catalogue, found)
    if round_code not in {each.code for each in found.rounds}:
        return not_found("round", round_code)
    against = await permitted_for(
        desk, "rounds.manage", base=root.base, jurisdiction=root.jurisdiction
    )
    return against or root


async def freeze_round(desk: Desk, given: FreezeRoundInput) -> RoundFreeze | Refusal:
    """Freeze a round: nothing in it changes until it is lifted. Freezing twice is freezing once."""
    with desk.database.use():
        root = await _round(desk, given.program, given.round)
        if isinstance(root, Refusal):
            return root
        against = has_no_reason(given.reason)
        if against is not None:
            return against

        async def work() -> UUID | Refusal:
            known = await RoundFreezeRow.get_or_none(
                root_program_code=root.code, round_code=given.round, lifted_at=None
            )
            if known is not None:
                return known.id
            async with in_transaction() as connection:
                # Whoever is told that it is frozen sees no change come after.
                await connection.execute_query(
                    "SELECT pg_advisory_xact_lock(hashtextextended($1, 3))",
                    [round_lock(root.code, given.round)],
                )
                row = await RoundFreezeRow.create(
                    id=uuid7(),
                    root_program_code=root.code,
                    round_code=given.round,
                    reason=given.reason,
                    frozen_by=desk.actor.id,
                    frozen_at=desk.clock(),
                )
                await _announce(connection, row, RoundChangeKind.FROZEN)
                await _record(desk, StateSubject.ROUND_FREEZE, row.id, "FREEZE", given.reason)
            return row.id

        key = given.idempotency_key
        return await once_for(desk, "freeze_round", given, work, key=key, show=_freeze)


async def _freeze(id_: UUID) -> RoundFreeze:
    return freeze_of(await RoundFreezeRow.get(id=id_))


async def lift_freeze(desk: Desk, given: LiftFreezeInput) -> RoundFreeze | Refusal:
    """Lift the freeze of a round."""
    with desk.database.use():
        root = await _round(desk, given.program, given.round)
        if isinstance(root, Refusal):
            return root
        against = has_no_reason(given.reason)
        if against is not None:
            return against

        async def work() -> UUID | Refusal:
            row = await RoundFreezeRow.get_or_none(
                root_program_code=root.code, round_code=given.round, lifted_at=None
            )
            if row is None:
                return not_found("freeze", f"{root.code}/{given.round}")
            async with in_transaction() as connection:
                lifted = await RoundFreezeRow.filter(id=row.id, lifted_at=None).update(
                    lifted_at=desk.clock(), lifted_by=desk.actor.id, lift_reason=given.reason
                )
                await _announce(connection, row, RoundChangeKind.FREEZE_LIFTED)
                if lifted:
                    subject = StateSubject.ROUND_FREEZE
                    await _record(desk, subject, row.id, "LIFT", given.reason)
            return row.id

        key = given.idempotency_key
        return await once_for(desk, "lift_freeze", given, work, key=key, show=_freeze)


async def _announce(
    connection: BaseDBAsyncClient, row: RoundFreezeRow, kind: RoundChangeKind
) -> None:
    change = RoundChanged(root_program=row.root_program_code, round=row.round_code, kind=kind)
    await announce(connection, [change])


def freeze_of(row: RoundFreezeRow) -> RoundFreeze:
    """Return the freeze of a row."""
    return RoundFreeze(
        id=row.id,
        root_program=row.root_program_code,
        round=row.round_code,
        reason=row.reason,
        frozen_at=row.frozen_at,
        lifted_at=row.lifted_at,
    )
