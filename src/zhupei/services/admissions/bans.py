"""Bans: imposed and lifted by a person, with reasons (T43, R164); a no-show is no ban yet."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.db.models import ApplicationRow, BanRow
from zhupei.db.reading import Condition, Order, PageQuery, among, any_of
from zhupei.domain.admission_case import Ban
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.ban_rows import ban_of, ban_recorded, new_ban
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import ImposeBanInput, LiftBanInput
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.register_rows import BANS
from zhupei.services.admissions.requests import once_for
from zhupei.services.admissions.situations import hidden, not_found, permitted_for
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.applicants import is_known
from zhupei.services.state_records import append_state_records

__all__ = ["ban_by_id", "ban_query", "impose_ban", "lift_ban"]


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
            )
            await _record(desk, row.id, "IMPOSE", given.reason)
            return row.id

        return await once_for(desk, "impose_ban", given, work, key=given.idempotency_key, show=_ban)


async def _ban(id_: UUID) -> Ban:
    return ban_of(await BanRow.get(id=id_))


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
    """Return the program as it binds the opening of the case that the ban follows from.

    A case of another program, in which the actor may have no say, lends none of its rules.
    """
    if given.application is None:
        return program
    row = await ApplicationRow.get_or_none(id=given.application)
    opening = None if row is None else desk.catalogue.openings.get(row.opening_code)
    if opening is None:
        return program
    binding = desk.catalogue.program_of(opening)
    above: Program | None = binding
    while above is not None and above.code != program.code:
        above = desk.catalogue.programs.get(above.parent or "")
    return program if above is None else binding


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

        return await once_for(desk, "lift_ban", given, work, key=given.idempotency_key, show=_ban)


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


async def ban_query(
    desk: Desk,
    names: Iterable[str] | None,
    *,
    applicant: UUID | None = None,
    program: str | None = None,
    in_force: bool | None = None,
) -> PageQuery:
    """Ask for the bans that the actor may see, the latest first; for all attributes with None.

    Those who may read bans see the bans of their programs, and every ban of a person who applied
    or trains with them: a ban binds wherever it was decided.
    """
    conditions = [] if await _nation(desk) else [any_of(await _readable(desk))]
    for name, value in (("applicant_id", applicant), ("program_code", program)):
        if value is not None:
            conditions.append(Condition(f"b.{name} = ?", (value,)))
    if in_force is not None:
        today = desk.clock().astimezone(CHINA_TIME).date()
        binds = "(b.lifted_at IS NULL AND b.starts_on <= ? AND b.until >= ?)"
        conditions.append(Condition(binds if in_force else f"NOT {binds}", (today, today)))
    return PageQuery(
        source=BANS,
        conditions=tuple(conditions),
        order=Order("b.id", descending=True),
        view=BANS.view(names),
    )


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


async def _readable(desk: Desk) -> list[Condition]:
    """Return what bans may be read for: their programs, or the people whom they bind."""
    found = [among("b.program_code", sorted(await _readable_programs(desk)), "text")]
    bases = [
        code
        for code in desk.catalogue.bases
        if await permitted_for(desk, "bans.read", base=code) is None
    ]
    for table, also in (("application", " AND p.submitted_at IS NOT NULL"), ("trainee", "")):
        own = among("p.base_code", bases, "text")
        text = f"{own.text} AND p.applicant_id = b.applicant_id{also}"
        exists = f"EXISTS (SELECT 1 FROM {table} p WHERE {text})"  # noqa: S608 - constants
        if bases:
            found.append(Condition(exists, own.values))
    return found
