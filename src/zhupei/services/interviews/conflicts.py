"""What stands in the way of an interview: people who are elsewhere, and who may not be asked.

The questions are asked in the transaction that writes, under the locks of the people concerned, so
that two offices cannot both find somebody free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import Account, RoleGrant
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_refusals import ApplicationProblem, Refusal, RefusalCode
from zhupei.domain.interviews import period_text
from zhupei.domain.permissions import PERMISSIONS, Places, Target, holds
from zhupei.domain.text import Text

__all__ = ["busy_applicants", "busy_interviewers", "interviewer_key", "unfit_interviewers"]

_ASSESSING = "applications.assess"

_BUSY_APPLICANTS = """
SELECT DISTINCT b.applicant_id
FROM interview_booking AS b JOIN interview_slot AS s ON s.id = b.slot_id
WHERE b.released_at IS NULL AND b.applicant_id = ANY($1::uuid[])
  AND s.id <> ALL($2::uuid[]) AND b.application_id <> ALL($3::uuid[])
  AND s.starts_at < $5 AND s.ends_at > $4
"""
_BUSY_INTERVIEWERS = """
SELECT p.account_id, s.starts_at, s.ends_at
FROM interview_panel AS p JOIN interview_slot AS s ON s.id = p.slot_id
WHERE s.cancelled_at IS NULL AND p.account_id = ANY($1::uuid[]) AND s.id <> ALL($2::uuid[])
  AND s.starts_at < $4 AND s.ends_at > $3
ORDER BY s.starts_at LIMIT 1
"""


def interviewer_key(account: UUID) -> str:
    """Return the key of the lock of an interviewer."""
    return f"interviewer:{account}"


async def busy_applicants(
    connection: BaseDBAsyncClient,
    applications: Iterable[tuple[UUID, UUID]],
    starts_at: datetime,
    ends_at: datetime,
    *,
    slots: Collection[UUID] = (),
) -> Refusal | None:
    """Refuse people who have another interview at the time, at whatever base.

    ``applications`` are pairs of application and applicant; their own places, which they leave,
    and ``slots`` are passed over.
    """
    pairs = list(applications)
    found = await connection.execute_query_dict(
        _BUSY_APPLICANTS,
        [
            [applicant for _, applicant in pairs],
            list(slots),
            [application for application, _ in pairs],
            starts_at,
            ends_at,
        ],
    )
    busy = {row["applicant_id"] for row in found}
    if not busy:
        return None
    refusal = Refusal(
        code=RefusalCode.APPLICANT_BUSY,
        message=Text(
            f"该报考人在 {period_text(starts_at, ends_at)} 另有面试",
            f"the applicant has another interview at {period_text(starts_at, ends_at)}",
        ),
        field="applications",
    )
    problems = tuple(
        ApplicationProblem(application=application, refusal=refusal)
        for application, applicant in pairs
        if applicant in busy
    )
    return Refusal(
        code=refusal.code, message=refusal.message, field=refusal.field, problems=problems
    )


async def busy_interviewers(
    connection: BaseDBAsyncClient,
    interviewers: Iterable[UUID],
    starts_at: datetime,
    ends_at: datetime,
    *,
    slots: Collection[UUID] = (),
) -> Refusal | None:
    """Refuse an interviewer who sits in another slot at the time."""
    found = await connection.execute_query_dict(
        _BUSY_INTERVIEWERS, [list(interviewers), list(slots), starts_at, ends_at]
    )
    if not found:
        return None
    other = period_text(found[0]["starts_at"], found[0]["ends_at"])
    return Refusal(
        code=RefusalCode.INTERVIEWER_BUSY,
        message=Text(
            f"有考官在 {other} 已安排其他面试", f"an interviewer sits in another slot at {other}"
        ),
        field="interviewers",
    )


async def unfit_interviewers(
    catalogue: Catalogue, base: str, specialty: str | None, interviewers: Collection[UUID]
) -> Refusal | None:
    """Refuse accounts that do not exist, are locked, or do not assess at the base."""
    accounts = await Account.filter(id__in=list(interviewers), disabled_at=None)
    rows = await RoleGrant.filter(account_id__in=list(interviewers), revoked_at=None).values()
    places = Places(catalogue.bases, catalogue.jurisdictions)
    target = Target(base=base, specialty=specialty)
    fit = set()
    for account in accounts:
        grants = frozenset(
            Grant(row["role"], row["base_code"], row["jurisdiction_code"], row["specialty_code"])
            for row in rows
            if row["account_id"] == account.id
        )
        actor = Actor(id=str(account.id), grants=grants)
        if holds(actor, PERMISSIONS[_ASSESSING], target, places):
            fit.add(account.id)
    unfit = [each for each in interviewers if each not in fit]
    if not unfit:
        return None
    names = ", ".join(str(each) for each in unfit)
    return Refusal(
        code=RefusalCode.INTERVIEWER_UNKNOWN,
        message=Text(
            f"以下账号不存在、已停用或在本基地没有考核权限：{names}",
            f"these accounts do not exist, are locked, or do not assess at this base: {names}",
        ),
        field="interviewers",
    )
