"""Applicants: one person each, by identity document; numbers, phones and e-mails are ciphertexts.

Every function works on the database that is in use. What it returns holds masked values only;
`reveal` alone returns the true ones, for callers that have asked for the permission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import phonenumbers
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import Applicant, ApplicantIdentity, ApplicationRow
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.identity import DocumentKind, IdentityDocument, IdentityDocumentError
from zhupei.domain.identity_numbers import read_identity_document
from zhupei.domain.masking import mask_email, mask_number, mask_phone
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring, Place
from zhupei.services.names import read_name
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = [
    "ApplicantRecord",
    "Details",
    "PersonalData",
    "Renewal",
    "applicant_id_of",
    "applicant_of",
    "applicant_of_account",
    "applicants_by_identity",
    "applicants_with_departments",
    "change_details",
    "contacts_held",
    "departments_of",
    "email_problem",
    "facts_of_applicant",
    "find_by_identity",
    "is_known",
    "name_problem",
    "phone_problem",
    "register_applicant",
    "renew_encryption",
    "reveal",
    "reveal_all",
]

_IDENTITY, _PHONE, _EMAIL = "identity-document", "phone", "email"
# Of the local part the form that needs no quotes: in a header a comma would make two addresses of
# one, and a letter of admission would go to somebody else.
_EMAIL_FORM = re.compile(
    r"(?=.{1,254}\Z)(?=[^@]{1,64}@)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}"
)
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an applicant states of themselves; the facts are those that rules ask for."""

    name: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    facts: Candidate = field(default_factory=Candidate, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantRecord:
    """An applicant as most may see one: what identifies is masked.

    ``name_key`` sorts by pinyin. ``revision`` is given back with a change.
    """

    id: UUID
    account: UUID | None
    name: str = field(repr=False)
    name_key: str = field(repr=False)
    identity_kind: DocumentKind
    identity_state: str | None = field(repr=False)
    masked_number: str = field(repr=False)
    masked_phone: str | None = field(repr=False)
    masked_email: str | None = field(repr=False)
    facts: Candidate = field(repr=False)
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """The true values; not for logs, events or plugins."""

    number: str = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)


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
        return _refusal(AccessCode.IDENTITY_INVALID, error.message, "identityNumber")
    id_ = uuid7() if id_ is None else id_
    columns = _columns(keyring, id_, details, document)
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
                identity_ciphertext=keyring.encrypt(document.number, _place(id_, "identity")),
                created_at=at,
                updated_at=at,
                **columns,
            )
            # Under every key, so that the person stays one while keys are exchanged.
            for hashed in keyring.lookup_hashes(_IDENTITY, document.lookup_key):
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
        return _refusal(
            AccessCode.IDENTITY_TAKEN,
            Text(
                "该证件或账号已登记报考人信息",
                "this document or account is registered already",
            ),
            "identityNumber",
        )
    return _record(keyring, row)


def name_problem(text: str) -> Text | None:
    """Return why a text cannot be a person's name; None where it can."""
    name = " ".join(text.split())
    if 0 < len(name) <= _LONGEST_NAME and name.isprintable():
        return None
    return Text("姓名为 1 至 100 个字符", "a name has 1 to 100 characters")


def phone_problem(text: str) -> Text | None:
    """Return why a text is no phone number; None where it is one."""
    return None if _phone(text) else Text("电话号码有误", "this is no phone number")


def email_problem(text: str) -> Text | None:
    """Return why a text is no e-mail address that letters can be sent to; None where it is."""
    if _EMAIL_FORM.fullmatch(text.strip().lower()):
        return None
    return Text("电子邮箱有误", "this is no e-mail address")


async def change_details(
    keyring: Keyring, applicant: UUID, details: Details, *, revision: int, at: datetime
) -> ApplicantRecord | AccessRefusal:
    """Replace what an applicant states; refused where somebody else changed it meanwhile.

    What the identity document tells stays as it tells it, as when the person registered.
    """
    row = await Applicant.get_or_none(id=applicant, erased_at=None)
    if row is None:
        return _nobody()
    document = _document(row, _opened(keyring, row).number)
    columns = _columns(keyring, applicant, details, document)
    if isinstance(columns, AccessRefusal):
        return columns
    # Counted on by PostgreSQL: what is given may be the greatest number that it keeps.
    changed = await Applicant.filter(id=applicant, revision=revision).update(
        **columns, revision=F("revision") + 1, updated_at=at
    )
    if not changed:
        return _refusal(
            AccessCode.CONFLICT,
            Text(
                "信息已被更改，请刷新后重试",
                "it was changed meanwhile: read it again and repeat the change",
            ),
            "revision",
        )
    return await applicant_of(keyring, applicant) or _nobody()


async def applicant_of(keyring: Keyring, applicant: UUID) -> ApplicantRecord | None:
    """Return an applicant by id, None where there is none."""
    row = await Applicant.get_or_none(id=applicant)
    return None if row is None else _record(keyring, row)


async def applicant_of_account(keyring: Keyring, account: UUID) -> ApplicantRecord | None:
    """Return the applicant that an account is, None where it is none."""
    row = await Applicant.get_or_none(account_id=account)
    return None if row is None else _record(keyring, row)


async def applicant_id_of(account: UUID) -> UUID | None:
    """Return the id of the applicant that an account is, None where it is none."""
    row = await Applicant.get_or_none(account_id=account).only("id")
    return None if row is None else row.id


async def applicants_with_departments(
    keyring: Keyring, applicants: Collection[UUID]
) -> Mapping[UUID, tuple[ApplicantRecord, tuple[tuple[str, str], ...]]]:
    """Return several applicants by id, each with what `departments_of` answers."""
    rows = await Applicant.filter(id__in=list(applicants))
    filed = await ApplicationRow.filter(
        applicant_id__in=[row.id for row in rows], submitted_at__isnull=False
    ).values_list("applicant_id", "base_code", "opening_code")
    departments: dict[Any, set[tuple[str, str]]] = {}
    for applicant, base, code in filed:
        departments.setdefault(applicant, set()).add((str(base), str(code).rpartition("/")[2]))
    return {
        row.id: (_record(keyring, row), tuple(sorted(departments.get(row.id, ())))) for row in rows
    }


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
            _IDENTITY,
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
    return None if row is None else _opened(keyring, row)


async def reveal_all(
    keyring: Keyring, applicants: Collection[UUID]
) -> dict[UUID, tuple[ApplicantRecord, PersonalData]]:
    """Return several applicants with their true values, in one statement; unknown ids are absent.

    For papers that name people; the caller has asked for the permission of each.
    """
    rows = await Applicant.filter(id__in=list(applicants))
    return {row.id: (_record(keyring, row), _opened(keyring, row)) for row in rows}


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
        return _refusal(AccessCode.IDENTITY_INVALID, error.message, "identityNumber")
    hashes = keyring.lookup_hashes(_IDENTITY, document.lookup_key)
    found = await ApplicantIdentity.filter(hash__in=list(hashes)).first()
    if found is None:
        return None
    owner: UUID = found.applicant_id  # type: ignore[attr-defined]  # Tortoise adds it
    return owner


@dataclass(frozen=True, slots=True)
class Renewal:
    """How far the renewal of encryption came: applicants seen, renewed, and all there are."""

    seen: int
    renewed: int
    total: int


async def renew_encryption(
    keyring: Keyring,
    *,
    batch: int = 200,
    after: UUID | None = None,
    told: Callable[[Renewal, UUID], None] = lambda _renewal, _last: None,
) -> int:
    """Encrypt and hash anew what an older key protects; return how many applicants changed.

    Safe beside running servers, and to repeat: rows that are done are only looked at, and
    ``after`` passes over those up to an id. ``told`` hears how far it is after each batch. Rows
    that somebody changed at the same moment are taken again, until none is left: afterwards the
    older keys may be taken away.
    """
    total = await Applicant.filter(erased_at=None).count()
    renewed = 0
    while True:
        seen = missed = 0
        last = after or UUID(int=0)
        while rows := (
            await Applicant.filter(id__gt=last, erased_at=None).order_by("id").limit(batch)
        ):
            for row in rows:
                done = await _renewed(keyring, row)
                renewed += done is True
                missed += done is None
            seen, last = seen + len(rows), rows[-1].id
            told(Renewal(seen, renewed, total), last)
        if not missed:
            return renewed


async def _renewed(keyring: Keyring, row: Applicant) -> bool | None:
    """Renew one row: whether it was due; None where it was changed at the same moment."""
    kept = await ApplicantIdentity.filter(applicant_id=row.id).values_list("hash", flat=True)
    ciphertexts = (row.identity_ciphertext, row.phone_ciphertext, row.email_ciphertext)
    hashes = (row.phone_hash, row.email_hash)
    stale = any(one and not keyring.is_current(one) for one in (*ciphertexts, *hashes))
    if not stale and any(keyring.is_current(str(one)) for one in kept):
        return False
    opened = _opened(keyring, row)
    changes: dict[str, Any] = {
        "identity_ciphertext": keyring.encrypt(opened.number, _place(row.id, "identity")),
        **_contact_columns(keyring, row.id, opened.phone, opened.email),
    }
    wanted = keyring.lookup_hashes(_IDENTITY, _document(row, opened.number).lookup_key)
    async with in_transaction():
        # Only where nobody changed the row since it was read; the next run finds it again.
        changed = await Applicant.filter(id=row.id, revision=row.revision).update(**changes)
        if changed:
            for hashed in set(wanted) - {str(one) for one in kept}:
                await ApplicantIdentity.create(hash=hashed, applicant=row)
            await (
                ApplicantIdentity.filter(applicant_id=row.id)
                .exclude(hash__in=list(wanted))
                .delete()
            )
    return True if changed else None


def _document(row: Applicant, number: str) -> IdentityDocument:
    kind = DocumentKind(row.identity_kind)
    return read_identity_document(
        kind, number, today=row.created_at.date(), issuing_state=row.identity_state
    )


def _columns(
    keyring: Keyring, id_: UUID, details: Details, document: IdentityDocument
) -> dict[str, Any] | AccessRefusal:
    """Return the columns of what an applicant states, checked."""
    name = " ".join(details.name.split())
    fault = name_problem(name)
    if fault is not None:
        return _refusal(AccessCode.NAME_INVALID, fault, "name")
    phone = None if details.phone is None else _phone(details.phone)
    fault = None if details.phone is None else phone_problem(details.phone)
    if fault is not None:
        return _refusal(AccessCode.PHONE_INVALID, fault, "phone")
    email = None if details.email is None else details.email.strip().lower()
    fault = None if email is None else email_problem(email)
    if fault is not None:
        return _refusal(AccessCode.EMAIL_INVALID, fault, "email")
    facts = _completed(details.facts, document)
    if facts is None:
        problem = Text("出生日期与证件不符", "the birth date differs from the document's")
        return _refusal(AccessCode.FACTS_INVALID, problem, "birthDate")
    return {
        "name": name,
        "name_key": read_name(name).sort_key,
        "facts": plain(facts),
        **_contact_columns(keyring, id_, phone, email),
    }


def _contact_columns(
    keyring: Keyring, id_: UUID, phone: str | None, email: str | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, purpose, value in (("phone", _PHONE, phone), ("email", _EMAIL, email)):
        found[f"{column}_ciphertext"] = (
            None if value is None else keyring.encrypt(value, _place(id_, column))
        )
        found[f"{column}_hash"] = None if value is None else keyring.lookup_hash(purpose, value)
    return found


def _completed(facts: Candidate, document: IdentityDocument) -> Candidate | None:
    """Return the facts with what the document tells; None where the two contradict each other."""
    if facts.birth_date is None:
        facts = replace(facts, birth_date=document.birth_date)
    elif document.birth_date not in {None, facts.birth_date}:
        return None
    if facts.origin is None:
        facts = replace(facts, origin=document.region)
    return facts


def _phone(text: str) -> str | None:
    """Return a phone number in the form of E.164, None for what is none; China by default."""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _opened(keyring: Keyring, row: Applicant) -> PersonalData:
    if row.erased_at is not None:
        return PersonalData(number="", phone=None, email=None)

    def opened(ciphertext: str | None, column: str) -> str | None:
        return None if ciphertext is None else keyring.decrypt(ciphertext, _place(row.id, column))

    return PersonalData(
        number=keyring.decrypt(row.identity_ciphertext, _place(row.id, "identity")),
        phone=opened(row.phone_ciphertext, "phone"),
        email=opened(row.email_ciphertext, "email"),
    )


def _record(keyring: Keyring, row: Applicant) -> ApplicantRecord:
    opened = _opened(keyring, row)
    account: UUID | None = row.account_id  # type: ignore[attr-defined]  # Tortoise adds it
    return ApplicantRecord(
        id=row.id,
        account=account,
        name=row.name,
        name_key=row.name_key,
        identity_kind=DocumentKind(row.identity_kind),
        identity_state=row.identity_state,
        masked_number=mask_number(opened.number),
        masked_phone=None if opened.phone is None else mask_phone(opened.phone),
        masked_email=None if opened.email is None else mask_email(opened.email),
        facts=restored(Candidate, row.facts),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _place(id_: UUID, column: str) -> Place:
    return Place("applicant", f"{column}_ciphertext", str(id_))


def _refusal(code: AccessCode, message: Text, field_: str) -> AccessRefusal:
    return AccessRefusal(code=code, message=message, field=field_)


def _nobody() -> AccessRefusal:
    return _refusal(
        AccessCode.NOT_FOUND, Text("没有这个报考人", "there is no such applicant"), "applicant"
    )
