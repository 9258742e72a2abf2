"""Claims: a person takes over, with an own account, the record that a unit or an office made.

Whoever entered the person gives out a one-time code. The person states the identity document and
the code; both have to be right, and what was wrong is not told: neither who is registered, nor
whether there is a code. Every function works on the database that is in use.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import (
    Account,
    Applicant,
    ApplicantClaim,
    ApplicantClaimFailure,
    SendingUnitPersonRow,
)
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.events import Event
from zhupei.domain.identity import DocumentKind
from zhupei.domain.sending_units import LinkState
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.applicants import (
    ApplicantRecord,
    applicant_of,
    applicant_of_account,
    departments_of,
    find_by_identity,
)
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = [
    "CLAIM_DAYS",
    "MOST_FAILURES",
    "IssuedClaim",
    "claim_applicant",
    "claim_by_id",
    "issue_claim",
    "places_of_claim",
]

CLAIM_DAYS = 14
"""Days that a code may be used."""
MOST_FAILURES = 5
"""Wrong attempts after which a code ends, and after which an account waits for a day."""

_WAIT = timedelta(days=1)
_PURPOSE = "applicant-claim"
# Without what is mistaken for each other when it is read aloud or copied by hand.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 12
_LONGEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedClaim:
    """A code that was given out; ``code`` is known at that moment only, None ever after."""

    id: UUID
    applicant: UUID
    expires_at: datetime
    code: str | None = field(default=None, repr=False)


async def issue_claim(
    keyring: Keyring,
    applicant: UUID,
    *,
    by: str,
    at: datetime,
    catalogue_hash: str | None = None,
) -> IssuedClaim | AccessRefusal:
    """Give out a code for a person without an account; the one before it ends.

    The caller has checked that the asker entered or sends the person. Records tell of both codes.
    """
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    try:
        async with in_transaction() as connection:
            row = await Applicant.select_for_update().get_or_none(id=applicant, erased_at=None)
            if row is None:
                return _refusal(
                    AccessCode.NOT_FOUND,
                    Text("没有这个报考人", "there is no such applicant"),
                    "applicant",
                )
            account: UUID | None = row.account_id  # type: ignore[attr-defined]  # Tortoise adds it
            if account is not None:
                return _refusal(
                    AccessCode.CONFLICT,
                    Text("该报考人已有账号", "the person has an account already"),
                    "applicant",
                )
            open_ = ApplicantClaim.filter(applicant_id=applicant, ended_as=None)
            replaced = [claim.id for claim in await open_.select_for_update()]
            await open_.update(ended_as="REPLACED", ended_at=at)
            made = await ApplicantClaim.create(
                id=uuid7(),
                applicant_id=applicant,
                code_hash=keyring.lookup_hash(_PURPOSE, f"{applicant}:{code}"),
                issued_by=by,
                issued_at=at,
                expires_at=at + timedelta(days=CLAIM_DAYS),
            )
            event = _event("claim_issued", applicant, made.id, by=by, at=at)
            await record_events(connection, [event])
            by_asker: dict[str, Any] = {"actor": by, "at": at, "catalogue_hash": catalogue_hash}
            await append_state_records(
                connection,
                [
                    *(_recorded(claim, applicant, "REPLACE", **by_asker) for claim in replaced),
                    _recorded(made.id, applicant, "ISSUE", **by_asker),
                ],
            )
    except IntegrityError:
        return _refusal(
            AccessCode.CONFLICT,
            Text("他人同时在处理，请重试", "somebody else does the same; try again"),
            "applicant",
        )
    shown = "-".join(code[start : start + 4] for start in range(0, _LENGTH, 4))
    return IssuedClaim(id=made.id, applicant=applicant, expires_at=made.expires_at, code=shown)


async def claim_by_id(claim: UUID) -> IssuedClaim | None:
    """Return a code's record, without the code."""
    row = await ApplicantClaim.get_or_none(id=claim)
    if row is None:
        return None
    applicant: UUID = row.applicant_id  # type: ignore[attr-defined]  # Tortoise adds it
    return IssuedClaim(id=row.id, applicant=applicant, expires_at=row.expires_at)


async def claim_applicant(
    keyring: Keyring,
    account: UUID,
    *,
    kind: DocumentKind,
    number: str,
    code: str,
    issuing_state: str | None = None,
    today: date,
    at: datetime,
    catalogue_hash: str | None = None,
) -> ApplicantRecord | AccessRefusal:
    """Make an account that of the person whose document and code were stated.

    A wrong document, a wrong, used or expired code, and nobody there are one refusal. It counts,
    and stays counted, so nothing may roll it back: call this outside a transaction. Repeated by
    the account that took the record over, it answers as it did.
    """
    if len(code) > _LONGEST or len(number) > _LONGEST:
        code = number = ""
    code = re.sub(r"[^0-9A-Z]", "", code.upper())
    async with in_transaction() as connection:
        # One attempt of an account at a time, so that none escapes the count.
        await connection.execute_query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [str(account)]
        )
        if not await Account.filter(id=account).exists():
            return _wrong()
        found = await find_by_identity(
            keyring, kind, number, today=today, issuing_state=issuing_state
        )
        own = await applicant_of_account(keyring, account)
        if own is not None:
            return own if own.id == found else _registered()
        waits = await _waits_until(account, at)
        if waits is not None:
            return _locked_out(waits)
        if isinstance(found, UUID) and await _used(
            connection, keyring, found, account, code=code, at=at, catalogue_hash=catalogue_hash
        ):
            return await applicant_of(keyring, found) or _wrong()
        await ApplicantClaimFailure.create(id=uuid7(), account=str(account), at=at)
        return _wrong()


async def _used(
    connection: BaseDBAsyncClient,
    keyring: Keyring,
    applicant: UUID,
    account: UUID,
    *,
    code: str,
    at: datetime,
    catalogue_hash: str | None,
) -> bool:
    """Use the applicant's open code, or count what was wrong; told with the change.

    Who gave a code out cannot use it: a record does not pass to the unit that entered it.
    """
    by: dict[str, Any] = {"actor": str(account), "at": at, "catalogue_hash": catalogue_hash}
    claim = (
        await ApplicantClaim.filter(applicant_id=applicant, ended_as=None, expires_at__gt=at)
        .exclude(issued_by=str(account))
        .select_for_update()
        .first()
    )
    if claim is None:
        return False
    if not keyring.hash_matches(_PURPOSE, f"{applicant}:{code}", claim.code_hash):
        failures = claim.failures + 1
        is_locked = failures >= MOST_FAILURES
        ended = {"ended_as": "LOCKED", "ended_at": at} if is_locked else {}
        await ApplicantClaim.filter(id=claim.id).update(failures=failures, **ended)
        if is_locked:
            event = _event("claim_locked", applicant, claim.id, by=str(account), at=at)
            await record_events(connection, [event])
            locked = _recorded(claim.id, applicant, "LOCK", **by)
            await append_state_records(connection, [locked])
        return False
    taken = await Applicant.filter(id=applicant, account_id=None, erased_at=None).update(
        account_id=account, updated_at=at
    )
    if not taken:
        return False
    await ApplicantClaim.filter(id=claim.id).update(
        ended_as="USED", ended_at=at, used_by=str(account)
    )
    event = _event("claimed", applicant, claim.id, by=str(account), at=at)
    await record_events(connection, [event])
    claimed = StateChange(
        subject=StateSubject.APPLICANT,
        id=applicant,
        action="CLAIM",
        data={"claim": claim.id},
        **by,
    )
    used = _recorded(claim.id, applicant, "USE", **by)
    await append_state_records(connection, [used, claimed])
    return True


def _recorded(claim: UUID, applicant: UUID, action: str, **by: Any) -> StateChange:
    return StateChange(
        subject=StateSubject.CLAIM, id=claim, action=action, data={"applicant": applicant}, **by
    )


def _event(what: str, applicant: UUID, claim: UUID, *, by: str, at: datetime) -> Event:
    """Return what tells of a claim: ids only, of no base, because a record is the person's."""
    return Event(
        id=uuid7(),
        name=f"applicant.{what}",
        at=at,
        subject=subject_of("Applicant", applicant),
        actor=by,
        data={"claim": str(claim)},
    )


async def places_of_claim(applicant: UUID) -> tuple[str, ...]:
    """Return the bases whose office may give a code out, in order.

    Those that the person applied to; before that the one whose office entered the person, and the
    one that the unit which sends the person assigned.
    """
    entered = await Applicant.filter(id=applicant).values_list("entered_base", flat=True)
    assigned = await SendingUnitPersonRow.filter(
        applicant_id=applicant, state=LinkState.CONFIRMED.value
    ).values_list("base_code", flat=True)
    applied = [base for base, _ in await departments_of(applicant)]
    return tuple(sorted({str(base) for base in (*entered, *assigned, *applied) if base}))


async def _waits_until(account: UUID, at: datetime) -> datetime | None:
    """Return until when an account may not try again, None where it may."""
    recent = (
        await ApplicantClaimFailure.filter(account=str(account), at__gt=at - _WAIT)
        .order_by("-at")
        .limit(MOST_FAILURES)
    )
    if len(recent) < MOST_FAILURES:
        return None
    until: datetime = recent[-1].at + _WAIT
    return until


def _wrong() -> AccessRefusal:
    return _refusal(
        AccessCode.NOT_FOUND,
        Text(
            "证件或认领码有误，或认领码已失效；请向登记单位核实",
            "document or code is wrong, or the code has ended; ask whoever registered you",
        ),
        "code",
    )


def _registered() -> AccessRefusal:
    return _refusal(
        AccessCode.IDENTITY_TAKEN,
        Text("该账号已登记报考人信息", "this account is registered as an applicant already"),
        "account",
    )


def _locked_out(until: datetime) -> AccessRefusal:
    shown = until.astimezone(CHINA_TIME).isoformat(sep=" ", timespec="minutes")[:16]
    return _refusal(
        AccessCode.LOCKED_OUT,
        Text(f"尝试次数过多，请于 {shown} 后再试", f"too many attempts; try again after {shown}"),
        "code",
    )


def _refusal(code: AccessCode, message: Text, field_: str) -> AccessRefusal:
    return AccessRefusal(code=code, message=message, field=field_)
