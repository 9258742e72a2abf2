"""Rows of bans: made, looked up, read as records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.db.models import BanRow
from zhupei.db.reading import Condition, among, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import Ban
from zhupei.services.admissions.register_rows import BANS
from zhupei.services.state_records import StateChange, StateSubject

__all__ = ["ban_in_force", "ban_of", "ban_recorded", "bans_in_force", "new_ban"]


async def new_ban(
    *,
    applicant: UUID,
    program: str,
    starts_on: date,
    years: int,
    reason: str,
    by: str,
    at: datetime,
    application: UUID | None = None,
    evidence: str | None = None,
) -> BanRow:
    """Write a ban of so many years from ``starts_on`` on, in the caller's transaction.

    The caller appends the record of it.
    """
    return await BanRow.create(
        id=uuid7(),
        applicant_id=applicant,
        program_code=program,
        starts_on=starts_on,
        until=_years_later(starts_on, years) - timedelta(days=1),
        reason=reason,
        application_id=application,
        evidence=evidence,
        decided_by=by,
        decided_at=at,
    )


def ban_recorded(
    ban: UUID, action: str, *, by: str, at: datetime, reason: str, catalogue_hash: str
) -> StateChange:
    """Return what the chain of records is told of a ban that was imposed or lifted."""
    return StateChange(
        subject=StateSubject.BAN,
        id=ban,
        action=action,
        actor=by,
        at=at,
        reason=reason,
        catalogue_hash=catalogue_hash,
    )


async def ban_in_force(applicant: UUID, today: date) -> RowView | None:
    """Return the ban that keeps a person from applying today, the longest of several."""
    return (await bans_in_force([applicant], today)).get(applicant)


async def bans_in_force(people: Collection[UUID], today: date) -> Mapping[UUID, RowView]:
    """Return the ban that keeps each of some people from applying today, the longest of several.

    Of each its ``applicant``, ``reason`` and ``until``.
    """
    theirs = among("b.applicant_id", tuple(people), "uuid")
    binding = Condition(
        f"{theirs.text} AND b.starts_on <= ? AND b.until >= ? AND b.lifted_at IS NULL",
        (*theirs.values, today, today),
    )
    rows = await read_rows(BANS, frozenset({"applicant", "reason", "until"}), binding, "until")
    return {row.applicant: row for row in rows}


def ban_of(row: BanRow) -> Ban:
    """Return a ban's row as a record."""
    return Ban(
        id=row.id,
        applicant=row.applicant_id,
        program=row.program_code,
        starts_on=row.starts_on,
        until=row.until,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        application=row.application_id,
        evidence=row.evidence,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lift_reason=row.lift_reason,
    )


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February, in a common year
        return date(day.year + years, 3, 1)
