"""Bans: imposed and lifted by a person, with reasons (T43, R164); a no-show is no ban yet."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.transactions import in_transaction

from zhupei.db.models import ApplicationRow, BanRow, TraineeRow
from zhupei.domain.admission_case import Ban
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.ban_rows import ban_of, ban_recorded, new_ban
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import ImposeBanInput, LiftBanInput, SearchBansInput
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.requests import once_for
from zhupei.services.admissions.situations import hidden, not_found, permitted_for
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.applicants import is_known
from zhupei.services.state_records import append_state_records

__all__ = ["ban_by_id", "bans_of", "impose_ban", "lift_ban"]

_MOST = 500


async def impose_ban(desk: Desk, given: ImposeBanInput) -> Ban | Refusal:
    """Record a ban from today on, of the length that the program's rules set (T43, R059, R164)."""
    program = desk.catalogue.programs.get(given.program)
    if program is None:
        return not_found("program", given.program)
    with desk.database.use():
        against = await permitted_for(
            desk, "bans.write", base=program.base, jurisdiction=program.jurisdiction
        ) or has_no_reason(given.reason)
        if against is not None:
            return against
        years = _years(await _binding(desk, program, given))
        if years is None:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text("本项目未规定禁止报名年限", "the program sets no length of bans"),
                field="program",
            )
        now = desk.clock()

        async def work() -> UUID | Refusal:
            if not await is_known(given.applicant):
                return not_found("applicant", str(given.applicant))
            if given.application is not None and not await _concerns(given):
                return not_found("application", str(given.application))
            row = await new_ban(
                applicant=given.applicant,
                program=program.code,
                starts_on=now.astimezone(CHINA_TIME).date(),
                years=years,
                reason=given.reason,
                by=desk.actor.id,
                at=now,
                application=given.application,
                evidence=given.evidence,
                key=given.idempotency_key,
            )
            await _record(desk, row.id, "IMPOSE", given.reason)
            return row.id

        done = await once_for(desk, "impose_ban", given, work, key=given.idempotency_key)
        return done if isinstance(done, Refusal) else ban_of(await BanRow.get(id=done))


async def _record(desk: Desk, ban: UUID, action: str, reason: str) -> None:
    recorded = ban_recorded(
        ban,
        action,
        by=desk.actor.id,
        at=desk.clock(),
        reason=reason,
        catalogue_hash=desk.catalogue.hash,
    )
    async with in_transaction() as connection:
        await append_state_records(connection, [recorded])


async def _binding(desk: Desk, program: Program, given: ImposeBanInput) -> Program:
    """Return the program as it binds the opening of the case that the ban follows from."""
    if given.application is None:
        return program
    row = await ApplicationRow.get_or_none(id=given.application)
    opening = None if row is None else desk.catalogue.openings.get(row.opening_code)
    return program if opening is None else desk.catalogue.program_of(opening)


def _years(program: Program) -> int | None:
    """Return the length of bans: the policy's, else the one that all its penalties name."""
    policy = policy_of(program, "ban_years")
    if policy is not None and isinstance(policy.value, int):
        return policy.value
    named = {each.ban_years for each in program.penalties if each.ban_years is not None}
    return named.pop() if len(named) == 1 else None


async def _concerns(given: ImposeBanInput) -> bool:
    """Whether the application that a ban rests on is the person's own."""
    return await ApplicationRow.filter(id=given.application, applicant_id=given.applicant).exists()


async def lift_ban(desk: Desk, given: LiftBanInput) -> Ban | Refusal:
    """Lift a ban before its end: the person may apply again at once; what was decided stays."""
    with desk.database.use():
        missing = not_found("ban", str(given.ban))
        row = await BanRow.get_or_none(id=given.ban)
        if row is None:
            return missing
        base, jurisdiction = _place(desk, row)
        against = await permitted_for(desk, "bans.write", base=base, jurisdiction=jurisdiction)
        if against is not None:
            return await hidden(
                desk, against, missing, "bans.read", base=base, jurisdiction=jurisdiction
            )
        against = has_no_reason(given.reason)
        if against is not None:
            return against

        async def work() -> UUID | Refusal:
            lifted = await BanRow.filter(id=given.ban, lifted_at=None).update(
                lifted_at=desk.clock(), lifted_by=desk.actor.id, lift_reason=given.reason
            )
            if lifted:
                await _record(desk, given.ban, "LIFT", given.reason)
                return given.ban
            return Refusal(
                code=RefusalCode.DUPLICATE,
                message=Text("该禁报已解除", "this ban was lifted already"),
                field="ban",
            )

        done = await once_for(desk, "lift_ban", given, work, key=given.idempotency_key)
        return done if isinstance(done, Refusal) else ban_of(await BanRow.get(id=done))


def _place(desk: Desk, row: BanRow) -> tuple[str | None, str | None]:
    """Return where a ban was decided.

    A program that left the catalogue lies nowhere: the nation decides on what it left.
    """
    program = desk.catalogue.programs.get(row.program_code)
    return (None, None) if program is None else (program.base, program.jurisdiction)


async def ban_by_id(desk: Desk, ban: UUID) -> Ban | None:
    """Return a ban, None where there is none or the actor may not see it."""
    with desk.database.use():
        row = await BanRow.get_or_none(id=ban)
        if row is None:
            return None
        readable = await _readable_programs(desk)
        return ban_of(row) if row.program_code in readable or await _nation(desk) else None


async def bans_of(desk: Desk, given: SearchBansInput) -> tuple[Ban, ...]:
    """Return the bans that the actor may see, the latest first, at most 500.

    Those who may read bans see the bans of their programs, and every ban of a person who applied
    or trains with them: a ban binds wherever it was decided.
    """
    with desk.database.use():
        query = BanRow.all()
        if not await _nation(desk):
            readable = await _readable_programs(desk)
            people = await _people_of(desk)
            query = query.filter(Q(program_code__in=sorted(readable)) | Q(applicant_id__in=people))
        if given.applicant is not None:
            query = query.filter(applicant_id=given.applicant)
        if given.program is not None:
            query = query.filter(program_code=given.program)
        if given.in_force is not None:
            today = desk.clock().astimezone(CHINA_TIME).date()
            in_force = Q(lifted_at=None) & Q(starts_on__lte=today) & Q(until__gte=today)
            query = query.filter(in_force if given.in_force else ~in_force)
        rows = await query.order_by("-decided_at", "-id").limit(max(0, min(given.first, _MOST)))
        return tuple(ban_of(row) for row in rows)


async def _nation(desk: Desk) -> bool:
    return await permitted_for(desk, "bans.read") is None


async def _readable_programs(desk: Desk) -> frozenset[str]:
    found: set[str] = set()
    asked: dict[tuple[str | None, str | None], bool] = {}
    for program in desk.catalogue.programs.values():
        place = (program.base, program.jurisdiction)
        if place not in asked:
            asked[place] = (
                await permitted_for(
                    desk, "bans.read", base=program.base, jurisdiction=program.jurisdiction
                )
                is None
            )
        if asked[place]:
            found.add(program.code)
    return frozenset(found)


async def _people_of(desk: Desk) -> Sequence[UUID]:
    """Return the people whose applications or training the actor may see bans of."""
    bases = [
        code
        for code in desk.catalogue.bases
        if await permitted_for(desk, "bans.read", base=code) is None
    ]
    if not bases:
        return ()
    applied = await ApplicationRow.filter(
        base_code__in=bases, submitted_at__isnull=False, applicant_id__in=_banned()
    ).values_list("applicant_id", flat=True)
    training = await TraineeRow.filter(base_code__in=bases, applicant_id__in=_banned()).values_list(
        "applicant_id", flat=True
    )
    return sorted({UUID(str(each)) for each in (*applied, *training)})


def _banned() -> Subquery:
    return Subquery(BanRow.all().values("applicant_id"))
