"""Applicants: one person each, by identity document; numbers, phones and e-mails are ciphertexts.

Every function works on the database that is in use. What it returns holds masked values only;
`reveal` alone returns the true ones, for callers that have asked for the permission.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import Applicant, ApplicantIdentity, ApplicationRow
from zhupei.db.reading import select
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.identity import DocumentKind, IdentityDocumentError
from zhupei.domain.identity_numbers import read_identity_document
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import restored
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.applicant_records import (
    IDENTITY,
    ApplicantRecord,
    Details,
    PersonalData,
    columns_of,
    document_of,
    opened_data,
    place_of,
    record_of,
)
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = [
    "ApplicantRecord",
    "Details",
    "PersonalData",
    "applicant_id_of",
    "applicant_of",
    "applicant_of_account",
    "applicants_by_identity",
    "change_details",
    "contacts_held",
    "departments_of",
    "facts_of_applicant",
    "find_by_identity",
    "is_known",
    "register_applicant",
    "reveal",
    "reveal_all",
]


async def register_applicant(
    keyring: Keyring,
    details: Details,
    *,
    kind: DocumentKind,
    number: str,
    issuing_state: str | None = None,
    account: UUID | None,
    base: str | None = None,
    today: date,
    at: datetime,
    id_: UUID | None = None,
    by: str | None = None,
    catalogue_hash: str | None = None,
    records: list[StateChange] | None = None,
) -> ApplicantRecord | AccessRefusal:
    """Register a person; each identity document once, whichever of its numbers a renewal gave it.

    ``account`` is None for one whom staff register, those of an office for its ``base``; ``id_``
    is the person's id where others refer to it already. What the document tells and the facts
    leave open (birth date, origin) is taken from it. ``by`` is who registers, the account itself
    for None. Whoever registers many gives ``records``, and appends what is added to them itself.
    """
    try:
        document = read_identity_document(kind, number, today=today, issuing_state=issuing_state)
    except IdentityDocumentError as error:
        return AccessRefusal(
            code=AccessCode.IDENTITY_INVALID, message=error.message, field="identityNumber"
        )
    id_ = uuid7() if id_ is None else id_
    columns = columns_of(keyring, id_, details, document)
    if isinstance(columns, AccessRefusal):
        return columns
    try:
        async with in_transaction() as connection:
            row = await Applicant.create(
                id=id_,
                account_id=account,
                entered_base=base,
                identity_kind=document.kind.value,
                identity_state=document.issuing_state,
                identity_ciphertext=keyring.encrypt(document.number, place_of(id_, "identity")),
                created_at=at,
                updated_at=at,
                **columns,
            )
            # Under every key, so that the person stays one while keys are exchanged.
            for hashed in keyring.lookup_hashes(IDENTITY, document.lookup_key):
                await ApplicantIdentity.create(hash=hashed, applicant=row)
            registered = StateChange(
                subject=StateSubject.APPLICANT,
                id=id_,
                action="REGISTER",
                actor=by or ("unknown" if account is None else str(account)),
                at=at,
                catalogue_hash=catalogue_hash,
                data={} if base is None else {"base": base},
            )
            if records is None:
                await append_state_records(connection, [registered])
            else:
                records.append(registered)
    except IntegrityError:
        return AccessRefusal(
            code=AccessCode.IDENTITY_TAKEN,
            message=_TAKEN_FOR_STAFF if account is None else _TAKEN,
            field="identityNumber",
        )
    return record_of(keyring, row)


async def change_details(
    keyring: Keyring, applicant: UUID, details: Details, *, revision: int, at: datetime
) -> ApplicantRecord | AccessRefusal:
    """Replace what an applicant states; refused where somebody else changed it meanwhile.

    What the identity document tells stays as it tells it, as when the person registered.
    """
    row = await Applicant.get_or_none(id=applicant, erased_at=None)
    if row is None:
        return _nobody()
    document = document_of(row, opened_data(keyring, row).number)
    columns = columns_of(keyring, applicant, details, document)
    if isinstance(columns, AccessRefusal):
        return columns
    # Counted on by PostgreSQL: what is given may be the greatest number that it keeps.
    changed = await Applicant.filter(id=applicant, revision=revision).update(
        **columns, revision=F("revision") + 1, updated_at=at
    )
    if not changed:
        return AccessRefusal(
            code=AccessCode.CONFLICT,
            message=Text(
                "信息已被更改，请刷新后重试",
                "it was changed meanwhile: read it again and repeat the change",
            ),
            field="revision",
        )
    return await applicant_of(keyring, applicant) or _nobody()


async def applicant_of(keyring: Keyring, applicant: UUID) -> ApplicantRecord | None:
    """Return an applicant by id, None where there is none."""
    row = await Applicant.get_or_none(id=applicant)
    return None if row is None else record_of(keyring, row)


async def applicant_of_account(keyring: Keyring, account: UUID) -> ApplicantRecord | None:
    """Return the applicant that an account is, None where it is none."""
    row = await Applicant.get_or_none(account_id=account)
    return None if row is None else record_of(keyring, row)


async def applicant_id_of(account: UUID) -> UUID | None:
    """Return the id of the applicant that an account is, None where it is none."""
    rows = await select("SELECT id FROM applicant WHERE account_id = $1", [account])
    return UUID(str(rows[0]["id"])) if rows else None


async def applicants_by_identity(
    keyring: Keyring,
    documents: Sequence[tuple[DocumentKind, str, str | None]],
    *,
    today: date,
) -> tuple[UUID | None, ...]:
    """Return the applicants with some documents, in their order; None for one who is unknown.

    Documents are kinds, numbers and issuing states. One statement for all of them. Raises
    `IdentityDocumentError` for what is no document.
    """
    hashes = [
        keyring.lookup_hashes(
            IDENTITY,
            read_identity_document(kind, number, today=today, issuing_state=state).lookup_key,
        )
        for kind, number, state in documents
    ]
    rows = await ApplicantIdentity.filter(hash__in=[each for of in hashes for each in of])
    owners: dict[str, UUID] = {row.hash: cast("Any", row).applicant_id for row in rows}
    return tuple(next((owners[each] for each in of if each in owners), None) for of in hashes)


async def facts_of_applicant(applicant: UUID) -> Candidate | None:
    """Return the facts that an applicant has on record, None where there is no such applicant."""
    row = await Applicant.get_or_none(id=applicant).only("id", "facts")
    return None if row is None else restored(Candidate, row.facts)


async def contacts_held(applicant: UUID) -> frozenset[str]:
    """Return which contacts of a person are on record: ``phone``, ``email``."""
    row = await Applicant.get_or_none(id=applicant).only("id", "phone_hash", "email_hash")
    if row is None:
        return frozenset()
    held = (("phone", row.phone_hash), ("email", row.email_hash))
    return frozenset(name for name, mark in held if mark is not None)


async def is_known(applicant: UUID) -> bool:
    """Whether there is such a person: registered and not erased, or with an application."""
    row = await Applicant.get_or_none(id=applicant)
    if row is not None:
        return row.erased_at is None
    return await ApplicationRow.filter(applicant_id=applicant).exists()


async def departments_of(applicant: UUID) -> tuple[tuple[str, str], ...]:
    """Return base and specialty of each application of theirs that was submitted, in order.

    A draft is the applicant's own: no base sees it before it was submitted.
    """
    rows = await ApplicationRow.filter(
        applicant_id=applicant, submitted_at__isnull=False
    ).values_list("base_code", "opening_code")
    return tuple(sorted({(str(base), str(code).rpartition("/")[2]) for base, code in rows}))


async def reveal(keyring: Keyring, applicant: UUID) -> PersonalData | None:
    """Return an applicant's true numbers and addresses; the caller has asked for the permission."""
    row = await Applicant.get_or_none(id=applicant)
    return None if row is None else opened_data(keyring, row)


async def reveal_all(
    keyring: Keyring, applicants: Collection[UUID]
) -> dict[UUID, tuple[ApplicantRecord, PersonalData]]:
    """Return several applicants with their true values, in one statement; unknown ids are absent.

    For papers that name people; the caller has asked for the permission of each.
    """
    rows = await Applicant.filter(id__in=list(applicants))
    return {row.id: (record_of(keyring, row), opened_data(keyring, row)) for row in rows}


async def find_by_identity(
    keyring: Keyring,
    kind: DocumentKind,
    number: str,
    *,
    today: date,
    issuing_state: str | None = None,
) -> UUID | AccessRefusal | None:
    """Return the id of the applicant with this document, None where there is none."""
    try:
        document = read_identity_document(kind, number, today=today, issuing_state=issuing_state)
    except IdentityDocumentError as error:
        return AccessRefusal(
            code=AccessCode.IDENTITY_INVALID, message=error.message, field="identityNumber"
        )
    hashes = keyring.lookup_hashes(IDENTITY, document.lookup_key)
    found = await ApplicantIdentity.filter(hash__in=list(hashes)).first()
    if found is None:
        return None
    owner: UUID = found.applicant_id  # type: ignore[attr-defined]  # Tortoise adds it
    return owner


# Says both ways on, whichever it was: who has a number learns nothing of who entered the person.
_TAKEN = Text(
    "该证件或账号已登记报考人信息：本人登记的，请用登记时的账号登录；由单位或培训基地代为登记的，"
    "请向其索取认领码后认领（claimApplicant）",
    "this document or account is registered already: who registered alone signs in with that "
    "account; who was entered by a unit or an office asks there for a claim code and takes the "
    "record over (claimApplicant)",
)
_TAKEN_FOR_STAFF = Text("该证件已登记报考人信息", "this document is registered already")


def _nobody() -> AccessRefusal:
    return AccessRefusal(
        code=AccessCode.NOT_FOUND,
        message=Text("没有这个报考人", "there is no such applicant"),
        field="applicant",
    )
