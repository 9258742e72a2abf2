"""Sending units: who they are, and whom they send, with both sides' consent (R093, R123-R125).

Every function works on the database that is in use (`Database.use`) unless it takes a desk.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import Account, Applicant, SendingUnitPersonRow, SendingUnitRow
from zhupei.db.reading import PageQuery, read_objects, select
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import HospitalTier
from zhupei.domain.places import Province
from zhupei.domain.sending_units import LinkState, SentPerson, Unit
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.applicants import (
    ApplicantRecord,
    Details,
    find_by_identity,
    register_applicant,
)
from zhupei.services.sending_unit_rows import MOST_LINKS, link_query, unit_query
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = [
    "answer_link",
    "end_link",
    "link_by_id",
    "links_of_applicant",
    "links_of_unit",
    "name_unit",
    "record_unit",
    "register_person",
    "sent_by",
    "unit_of_account",
    "unit_that_sends",
    "units_named",
]

_PLACE = re.compile(r"[0-9]{6}")
_OPEN = (LinkState.NAMED.value, LinkState.CLAIMED.value)
_LONGEST_NAME = 200


async def record_unit(
    account: UUID,
    *,
    name: str,
    tier: HospitalTier | None = None,
    province: str | None = None,
    prefecture: str | None = None,
    provinces: Mapping[str, Province] = MappingProxyType({}),
    by: str,
    at: datetime,
) -> Unit | AccessRefusal:
    """Record which unit an account acts for, or change what is recorded of it.

    ``province`` is one of ``provinces`` by code, ``prefecture`` one of its prefectures where these
    are recorded: rules compare both with the places of bases.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        return _refusal(
            AccessCode.NAME_INVALID, Text("单位名称有误", "this is no name of a unit"), "name"
        )
    against = _wrong_place(province, prefecture, provinces)
    if against is not None:
        return against
    values: dict[str, Any] = {
        "name": name,
        "tier": None if tier is None else tier.value,
        "province": province,
        "prefecture": prefecture,
        "recorded_by": by,
        "recorded_at": at,
    }
    async with in_transaction():
        # One after the other, so that two who record it at once record one unit.
        if await Account.select_for_update().get_or_none(id=account) is None:
            return _refusal(
                AccessCode.NOT_FOUND, Text("没有这个账号", "there is no such account"), "account"
            )
        row = await SendingUnitRow.get_or_none(account_id=account)
        if row is None:
            row = await SendingUnitRow.create(id=uuid7(), account_id=account, **values)
        else:
            await SendingUnitRow.filter(id=row.id).update(**values)
            row = await SendingUnitRow.get(id=row.id)
    return _unit(row)


def _wrong_place(
    province: str | None, prefecture: str | None, provinces: Mapping[str, Province]
) -> AccessRefusal | None:
    known = None if province is None else provinces.get(province)
    if province is not None and known is None:
        return _refusal(
            AccessCode.FACTS_INVALID,
            Text(
                f"没有代码为“{province}”的省份（GB/T 2260），甘肃省如 620000",
                f'no province has the code "{province}" (GB/T 2260); Gansu has 620000',
            ),
            "province",
        )
    if prefecture is None:
        return None
    if known is None:
        message = Text("地市须与省份一同填写", "a prefecture is given with its province")
    elif prefecture in {each.code for each in known.prefectures}:
        return None
    elif (
        _PLACE.fullmatch(prefecture) and prefecture[:2] == known.code[:2] and not known.prefectures
    ):
        # Not recorded here, or, as in municipalities, no such level: districts are taken.
        return None
    else:
        message = Text(
            f"{known.name.zh}没有代码为“{prefecture}”的地市（GB/T 2260）",
            f'{known.name.en} has no prefecture of the code "{prefecture}" (GB/T 2260)',
        )
    return _refusal(AccessCode.FACTS_INVALID, message, "prefecture")


async def unit_of_account(account: UUID) -> Unit | None:
    """Return the unit that an account acts for, None where it acts for none."""
    found = await read_objects(unit_query(None, account=account), 1)
    return found[0] if found else None


async def units_named(text: str, *, first: int = 20) -> tuple[Unit, ...]:
    """Return units whose name contains a text of two characters at least, by name."""
    return tuple(await read_objects(unit_query(None, name=text), first))


_SENT = (
    "SELECT p.applicant_id FROM sending_unit_person p JOIN sending_unit u ON u.id = p.unit_id "
    "WHERE u.account_id = $1 AND p.state = $2 ORDER BY p.applicant_id"
)


async def sent_by(account: UUID) -> frozenset[UUID]:
    """Return the applicants whom the unit of an account sends, by both sides' word."""
    found = await select(_SENT, [account, LinkState.CONFIRMED.value])
    return frozenset(UUID(str(each["applicant_id"])) for each in found)


async def unit_that_sends(applicant: UUID) -> SentPerson | None:
    """Return the confirmed link of an applicant, None where no unit sends the person."""
    rows = await _links(link_query(None, applicant=applicant, states=(LinkState.CONFIRMED,)))
    return rows[0] if rows else None


async def links_of_applicant(applicant: UUID) -> tuple[SentPerson, ...]:
    """Return what an applicant and units have said of each other, the latest first."""
    return await _links(link_query(None, applicant=applicant))


async def links_of_unit(
    account: UUID, states: Collection[LinkState] | None = None
) -> tuple[SentPerson, ...]:
    """Return the people of the unit of an account, the latest first; names before consent masked.

    A person whom the unit named, and who has not confirmed, stays masked.
    """
    return await _links(link_query(None, account=account, states=states))


async def link_by_id(link: UUID) -> SentPerson | None:
    """Return a link; the caller checks whose it is."""
    rows = await _links(link_query(None, link=link))
    return rows[0] if rows else None


async def name_unit(
    applicant: UUID, unit: UUID, *, by: str, at: datetime, catalogue_hash: str | None = None
) -> SentPerson | AccessRefusal:
    """Let a person name the unit that sends them; the unit has to confirm."""
    if not await SendingUnitRow.filter(id=unit).exists():
        return _refusal(AccessCode.NOT_FOUND, Text("没有这个单位", "there is no such unit"), "unit")
    return await _ask(unit, applicant, LinkState.NAMED, by=by, at=at, catalogue_hash=catalogue_hash)


async def register_person(
    keyring: Keyring,
    unit: Unit,
    details: Details,
    *,
    kind: DocumentKind,
    number: str,
    issuing_state: str | None = None,
    base: str | None = None,
    specialty: str | None = None,
    by: str,
    today: date,
    at: datetime,
    catalogue_hash: str | None = None,
) -> SentPerson | AccessRefusal:
    """Let a unit register somebody it sends (R093).

    A person who is registered already is only asked: nothing of theirs is shown or changed before
    they confirm. Whoever is new becomes an applicant without an account, sent by the unit.
    ``base`` and ``specialty`` are what the unit assigns (R125): who named the unit is confirmed
    with them, and what the unit said of the person before is not changed by saying otherwise.
    """
    known = await find_by_identity(keyring, kind, number, today=today, issuing_state=issuing_state)
    if isinstance(known, AccessRefusal):
        return known
    if known is not None:
        return await _ask(
            unit.id,
            known,
            LinkState.CLAIMED,
            by=by,
            at=at,
            base=base,
            specialty=specialty,
            catalogue_hash=catalogue_hash,
        )
    async with in_transaction() as connection:
        made = await register_applicant(
            keyring,
            details,
            kind=kind,
            number=number,
            issuing_state=issuing_state,
            account=None,
            today=today,
            at=at,
            by=by,
            catalogue_hash=catalogue_hash,
        )
        if not isinstance(made, ApplicantRecord):
            return made
        row = await SendingUnitPersonRow.create(
            id=uuid7(),
            unit_id=unit.id,
            applicant_id=made.id,
            state=LinkState.CONFIRMED.value,
            base_code=base,
            specialty_code=specialty,
            asked_by=by,
            asked_at=at,
            answered_by=by,
            answered_at=at,
        )
        await _record(connection, row.id, "REGISTER", by=by, at=at, hash_=catalogue_hash)
    return await _one(row.id)


async def _record(
    connection: BaseDBAsyncClient,
    link: UUID,
    action: str,
    *,
    by: str,
    at: datetime,
    hash_: str | None,
    reason: str | None = None,
) -> None:
    change = StateChange(
        subject=StateSubject.SENT_PERSON,
        id=link,
        action=action,
        actor=by,
        at=at,
        reason=reason,
        catalogue_hash=hash_,
    )
    await append_state_records(connection, [change])


async def _ask(
    unit: UUID,
    applicant: UUID,
    state: LinkState,
    *,
    by: str,
    at: datetime,
    base: str | None = None,
    specialty: str | None = None,
    catalogue_hash: str | None,
) -> SentPerson | AccessRefusal:
    if await _is_one_account(unit, applicant):
        return _refusal(
            AccessCode.CONFLICT,
            Text(
                "该单位由本账号代表，不能选送本人",
                "this account acts for the unit itself: nobody sends themselves",
            ),
            "unit" if state is LinkState.NAMED else "identityNumber",
        )
    known = await SendingUnitPersonRow.filter(
        unit_id=unit, applicant_id=applicant, state__in=[*_OPEN, LinkState.CONFIRMED.value]
    ).first()
    if known is not None:
        # What one side asks and the other has asked already is agreed.
        if known.state in _OPEN and known.state != state.value:
            return await answer_link(
                known.id,
                accept=True,
                by=by,
                at=at,
                base=base,
                specialty=specialty,
                catalogue_hash=catalogue_hash,
            )
        if base is not None and (base, specialty) != (known.base_code, known.specialty_code):
            return _assigned_otherwise(known)
        return await _one(known.id)
    try:
        async with in_transaction() as connection:
            row = await SendingUnitPersonRow.create(
                id=uuid7(),
                unit_id=unit,
                applicant_id=applicant,
                state=state.value,
                base_code=base,
                specialty_code=specialty,
                asked_by=by,
                asked_at=at,
            )
            await _record(connection, row.id, "ASK", by=by, at=at, hash_=catalogue_hash)
    except IntegrityError:
        return _changed()
    return await _one(row.id)


async def _is_one_account(unit: UUID, applicant: UUID) -> bool:
    accounts = await SendingUnitRow.filter(id=unit).values_list("account_id", flat=True)
    return await Applicant.filter(id=applicant, account_id__in=accounts).exists()


async def answer_link(
    link: UUID,
    *,
    accept: bool,
    by: str,
    at: datetime,
    base: str | None = None,
    specialty: str | None = None,
    catalogue_hash: str | None = None,
) -> SentPerson | AccessRefusal:
    """Answer what the other side asked; the caller has checked that it is this side's to answer.

    ``base`` and ``specialty`` are what a unit that accepts assigns with its answer.
    """
    state = LinkState.CONFIRMED if accept else LinkState.REFUSED
    assigned = {} if base is None else {"base_code": base, "specialty_code": specialty}
    try:
        async with in_transaction() as connection:
            written = await SendingUnitPersonRow.filter(id=link, state__in=_OPEN).update(
                state=state.value, answered_by=by, answered_at=at, **assigned
            )
            if written:
                action = "CONFIRM" if accept else "REFUSE"
                await _record(connection, link, action, by=by, at=at, hash_=catalogue_hash)
    except IntegrityError:
        return _refusal(
            AccessCode.CONFLICT,
            Text(
                "该报考人已由另一单位选送，须先解除",
                "another unit sends the person; that has to end first",
            ),
            "link",
        )
    row = await SendingUnitPersonRow.get(id=link)
    return await _one(link) if written or row.state == state.value else _changed()


async def end_link(
    link: UUID, *, reason: str, by: str, at: datetime, catalogue_hash: str | None = None
) -> SentPerson | AccessRefusal:
    """End that a unit sends a person, or take an open question back; what was filed stays."""
    if not reason.strip() or "\x00" in reason:
        return _refusal(
            AccessCode.FACTS_INVALID, Text("须说明理由", "a reason has to be given"), "reason"
        )
    async with in_transaction() as connection:
        row = await SendingUnitPersonRow.select_for_update().get_or_none(id=link)
        if row is None or row.state in {LinkState.REFUSED.value, LinkState.ENDED.value}:
            return _changed()
        if row.state in _OPEN:
            # Taken back before both agreed: refused, so that nothing of the person is shown.
            await SendingUnitPersonRow.filter(id=link).update(
                state=LinkState.REFUSED.value, answered_by=by, answered_at=at, end_reason=reason
            )
        else:
            await SendingUnitPersonRow.filter(id=link).update(
                state=LinkState.ENDED.value, ended_by=by, ended_at=at, end_reason=reason
            )
        await _record(connection, link, "END", by=by, at=at, hash_=catalogue_hash, reason=reason)
    return await _one(link)


async def _one(link: UUID) -> SentPerson:
    (found,) = await _links(link_query(None, link=link))
    return found


async def _links(query: PageQuery) -> tuple[SentPerson, ...]:
    return tuple(await read_objects(query, MOST_LINKS))


def _unit(row: SendingUnitRow) -> Unit:
    account: UUID = row.account_id  # type: ignore[attr-defined]  # Tortoise adds it
    return Unit(
        id=row.id,
        account=account,
        name=row.name,
        tier=None if row.tier is None else HospitalTier(row.tier),
        province=row.province,
        prefecture=row.prefecture,
    )


def _changed() -> AccessRefusal:
    return _refusal(
        AccessCode.CONFLICT, Text("该请求已处理", "this was answered or ended already"), "link"
    )


def _assigned_otherwise(link: SendingUnitPersonRow) -> AccessRefusal:
    zh, en = "未指定去向", "without a place"
    if link.base_code is not None:
        place = " ".join(filter(None, (link.base_code, link.specialty_code)))
        zh, en = f"指定去向为 {place}", f"to another place ({place})"
    return _refusal(
        AccessCode.CONFLICT,
        Text(
            f"贵单位已登记该人员（{zh}）；如需变更，请先解除选送关系（endSendingUnitLink）再重新登记",
            f"you said that you send the person {en}; end that link first (endSendingUnitLink), "
            "then register the person anew",
        ),
        "base",
    )


def _refusal(code: AccessCode, message: Text, field: str) -> AccessRefusal:
    return AccessRefusal(code=code, message=message, field=field)
