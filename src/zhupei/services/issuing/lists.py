"""Published lists of proposed admissions from their rows: signed once, then kept as they are.

A list is public while it is live. Afterwards its entries are shown as long as the policy
``publicity_stays_public_days`` says, which is not at all where no level sets it; a list whose
publication was taken back is replaced by a signed notice at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from tortoise.exceptions import IntegrityError

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import (
    ApplicationRow,
    BulkOperationRow,
    PublicityRow,
    PublishedListRow,
    TransitionRow,
)
from zhupei.db.reading import Condition, Order, PageQuery, among
from zhupei.db.tables import RowSource, column, columns
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.admission_process import Action
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import TraineeType
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.security.signing_keys import SigningKeys
from zhupei.services.applicants import reveal_all
from zhupei.services.papers.publicity_file import (
    Withdrawal,
    publicity_json,
    verify_signed_file,
    withdrawal_json,
)
from zhupei.services.papers.publicity_list import (
    PublicityList,
    PublicityListError,
    PublicityPeriod,
    publicity_list,
)
from zhupei.services.papers.records import ProposedAdmission

__all__ = [
    "PUBLICITIES",
    "Publicity",
    "PublicityStatus",
    "SignedList",
    "direction_of",
    "publicity_of",
    "publicity_query",
    "shows_entries",
    "signed_list",
    "signed_lists",
    "signed_withdrawal",
    "trainee_type_of",
]

_NONE_LEFT = "*"


class PublicityStatus(StrEnum):
    """Whether a list is public."""

    LIVE = "LIVE"
    ENDED = "ENDED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publicity:
    """One list and its period, from ``published_at`` to ``ends_at``, the 24:00 of ``ends_on``."""

    id: UUID
    program: str
    base: str
    round: str | None
    published_at: datetime
    ends_on: date
    ends_at: datetime
    working_days: int
    counts_first_day: bool
    catalogue_hash: str
    withdrawn_at: datetime | None

    def status(self, now: datetime) -> PublicityStatus:
        """Return whether it is public at a moment."""
        if self.withdrawn_at is not None:
            return PublicityStatus.WITHDRAWN
        return PublicityStatus.LIVE if now < self.ends_at else PublicityStatus.ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """The file as it was signed, its SHA-256, the key's id, and what it says."""

    content: bytes
    sha256: str
    key_id: str
    listed: PublicityList


async def publicity_of(publicity: UUID) -> Publicity | None:
    """Return one list, None where there is none."""
    row = await PublicityRow.get_or_none(id=publicity)
    return None if row is None else _publicity(row)


PUBLICITIES = RowSource(
    described=Publicity,
    model=PublicityRow,
    alias="l",
    attributes={
        **columns("id", "published_at", "ends_on", "ends_at", "working_days"),
        **columns("counts_first_day", "catalogue_hash", "withdrawn_at"),
        **columns(program="program_code", base="base_code"),
        "round": column("round_code", lambda code: code or None),
    },
    derived={"status": frozenset({"withdrawn_at", "ends_at"})},
)
"""Lists, as `Publicity` has them."""


def publicity_query(
    *,
    publicity: UUID | None = None,
    programs: Collection[str] | None = None,
    base: str | None = None,
    round_code: str | None = None,
    live_at: datetime | None = None,
    names: Iterable[str] | None = None,
    after: UUID | None = None,
    backwards: bool = False,
) -> PageQuery:
    """Return what is asked of the database: lists with these attributes, the newest first.

    ``live_at`` keeps those that are live then; ``names`` None asks for all attributes.
    """
    order = Order("l.id", descending=True)
    conditions = [
        Condition(f"l.{name} = ?", (code,))
        for name, code in (("base_code", base), ("round_code", round_code))
        if code is not None
    ]
    if publicity is not None:
        conditions.append(Condition("l.id = ?", (publicity,)))
    if programs is not None:
        conditions.append(among("l.program_code", tuple(programs), "text"))
    if live_at is not None:
        conditions.append(Condition("(l.ends_at > ? AND l.withdrawn_at IS NULL)", (live_at,)))
    return PageQuery(
        source=PUBLICITIES,
        conditions=tuple(conditions),
        order=order,
        view=PUBLICITIES.view(names),
        beyond=None if after is None else order.beyond(None, after, backwards=backwards),
        backwards=backwards,
    )


def shows_entries(catalogue: Catalogue, publicity: Publicity, now: datetime) -> bool:
    """Return whether anybody may read who stands on the list at a moment."""
    status = publicity.status(now)
    if status is not PublicityStatus.ENDED:
        return status is PublicityStatus.LIVE
    program = catalogue.programs.get(publicity.program)
    policy = None if program is None else policy_of(program, "publicity_stays_public_days")
    days = None if policy is None else policy.value
    return isinstance(days, int) and now < publicity.ends_at + timedelta(days=days)


async def signed_list(
    catalogue: Catalogue, keyring: Keyring, keys: SigningKeys, publicity: Publicity, now: datetime
) -> SignedList:
    """Return the signed file of a list; it is made when it is first asked for, then kept.

    Raises:
        PublicityListError: the program left the catalogue, somebody on the list is not known as a
            person, or a file that was kept is signed by a key that is not among ``keys``.
    """
    found = (await signed_lists(catalogue, keyring, keys, [publicity], now))[publicity.id]
    if isinstance(found, PublicityListError):
        raise found
    return found


async def signed_lists(
    catalogue: Catalogue,
    keyring: Keyring,
    keys: SigningKeys,
    publicities: Collection[Publicity],
    now: datetime,
) -> Mapping[UUID, SignedList | PublicityListError]:
    """Return the signed files of lists by id, or what `signed_list` raises of them.

    One statement, but for those that are asked for for the first time.
    """
    rows = await PublishedListRow.filter(publicity_id__in=[each.id for each in publicities])
    kept: dict[Any, PublishedListRow] = {cast("Any", row).publicity_id: row for row in rows}
    found: dict[UUID, SignedList | PublicityListError] = {}
    for each in publicities:
        try:
            row = kept.get(each.id) or await _made(catalogue, keyring, keys, each, now)
            found[each.id] = _opened(row, keys)
        except PublicityListError as error:
            found[each.id] = error
    return found


def _opened(row: PublishedListRow, keys: SigningKeys) -> SignedList:
    content = row.content.encode()
    listed = verify_signed_file(content, keys.public)
    if isinstance(listed, Withdrawal):
        raise PublicityListError(Text("该名单已撤回", "this list was withdrawn"))
    return SignedList(content=content, sha256=row.sha256, key_id=row.key_id, listed=listed)


def signed_withdrawal(keys: SigningKeys, publicity: Publicity) -> bytes:
    """Return the signed notice of a list that was withdrawn. Raises ValueError where it was not."""
    if publicity.withdrawn_at is None:
        raise ValueError("the list was not withdrawn")
    notice = Withdrawal(
        publicity=str(publicity.id),
        program=publicity.program,
        withdrawn_at=publicity.withdrawn_at,
    )
    return withdrawal_json(notice, keys.private)


async def _made(
    catalogue: Catalogue, keyring: Keyring, keys: SigningKeys, publicity: Publicity, now: datetime
) -> PublishedListRow:
    if publicity.program not in catalogue.programs:
        raise PublicityListError(
            Text(
                f"项目 {publicity.program} 已不在目录中",
                f"the program {publicity.program} is no longer in the catalogue",
            )
        )
    rows = await _applications(publicity)
    people = await reveal_all(keyring, {row.applicant_id for row in rows})
    unknown = [str(row.id) for row in rows if row.applicant_id not in people]
    if unknown:
        listed = ", ".join(unknown)
        raise PublicityListError(
            Text(f"报名号对应的人员未登记：{listed}", f"nobody is known for: {listed}")
        )
    proposed = [
        ProposedAdmission(
            application=str(row.id),
            name=people[row.applicant_id][0].name,
            # Who was erased since has none, and the form of a list asks for a masked one.
            number=people[row.applicant_id][1].number or _NONE_LEFT,
            opening=row.opening_code,
            trainee_type=trainee_type_of(row),
            direction=direction_of(catalogue, row.opening_code, row.direction),
        )
        for row in rows
    ]
    period = PublicityPeriod(
        published_on=publicity.published_at.astimezone(CHINA_TIME).date(),
        ends_on=publicity.ends_on,
        working_days=publicity.working_days,
        counts_first_day=publicity.counts_first_day,
        rules=publicity.catalogue_hash,
    )
    made = publicity_list(catalogue, publicity.program, publicity.round, proposed, period)
    content = publicity_json(made, keys.private)
    row = PublishedListRow(
        publicity_id=publicity.id,
        content=content.decode(),
        sha256=hashlib.sha256(content).hexdigest(),
        key_id=keys.key_id,
        signed_at=now,
    )
    try:
        await row.save(force_create=True)
    except IntegrityError:
        # Somebody else asked at the same moment: what was kept first counts.
        return await PublishedListRow.get(publicity_id=publicity.id)
    return row


async def _applications(publicity: Publicity) -> Sequence[ApplicationRow]:
    """Return the applications that were published, wherever they stand now."""
    operations = await BulkOperationRow.filter(
        action=Action.PUBLISH.value,
        details__contains={"outcome": {"publicity": {"id": str(publicity.id)}}},
    ).values_list("id", flat=True)
    found = await TransitionRow.filter(
        bulk_operation_id__in=list(operations), action=Action.PUBLISH.value
    ).values_list("application_id", flat=True)
    return await ApplicationRow.filter(id__in=list(found)).order_by("id")


def trainee_type_of(row: ApplicationRow) -> TraineeType | None:
    """Return the type of trainee that an application is for, None where it was not stated."""
    candidate = cast("dict[str, object]", row.details["candidate"])
    given = candidate.get("trainee_type")
    return None if given is None else TraineeType(str(given))


def direction_of(catalogue: Catalogue, opening: str, direction: str | None) -> Text | None:
    """Return the name of a direction of an opening, None where none was chosen."""
    found = catalogue.openings.get(opening)
    if found is None or direction is None:
        return None
    return next((each.name for each in found.directions if each.id == direction), Text(direction))


def _publicity(row: PublicityRow) -> Publicity:
    return Publicity(
        id=row.id,
        program=row.program_code,
        base=row.base_code,
        round=row.round_code or None,
        published_at=row.published_at,
        ends_on=row.ends_on,
        ends_at=row.ends_at,
        working_days=row.working_days,
        counts_first_day=row.counts_first_day,
        catalogue_hash=row.catalogue_hash,
        withdrawn_at=row.withdrawn_at,
    )
