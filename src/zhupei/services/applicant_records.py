"""What is kept of a person, and in which form: ciphertexts, hashes to find it by, masked values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers

from zhupei.db.models import Applicant
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.identity import DocumentKind, IdentityDocument
from zhupei.domain.identity_numbers import read_identity_document
from zhupei.domain.masking import mask_email, mask_number, mask_phone
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring, Place
from zhupei.services.names import read_name

__all__ = [
    "IDENTITY",
    "ApplicantRecord",
    "Details",
    "PersonalData",
    "columns_of",
    "contact_columns",
    "document_of",
    "email_problem",
    "name_problem",
    "opened_data",
    "phone_problem",
    "place_of",
    "record_of",
]


IDENTITY = "identity-document"
"""What hashes of identity documents are made for."""

_PHONE, _EMAIL = "phone", "email"
# Of the local part the form that needs no quotes: in a header a comma would make two addresses of
# one, and a letter of admission would go to somebody else.
_EMAIL_FORM = re.compile(
    r"(?=.{1,254}\Z)(?=[^@]{1,64}@)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}"
)
_LONGEST_NAME = 100

# Examples that are nobody's: an operator's line for topping up, and what is reserved for examples.
_NO_PHONE = Text(
    "电话号码有误：手机如 13800138000，固定电话须加区号，境外号码如 +1 202-555-0123",
    "this is no phone number: a mobile one reads like 13800138000, a fixed line needs its area "
    "code, one of another country reads like +1 202-555-0123",
)
_NO_EMAIL = Text(
    "电子邮箱有误，应形如 name@example.com",
    "this is no e-mail address: one reads like name@example.com",
)


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


def name_problem(text: str) -> Text | None:
    """Return why a text cannot be a person's name; None where it can."""
    name = " ".join(text.split())
    if 0 < len(name) <= _LONGEST_NAME and name.isprintable():
        return None
    return Text("姓名为 1 至 100 个字符", "a name has 1 to 100 characters")


def phone_problem(text: str) -> Text | None:
    """Return why a text is no phone number; None where it is one."""
    return None if _phone(text) else _NO_PHONE


def email_problem(text: str) -> Text | None:
    """Return why a text is no e-mail address that letters can be sent to; None where it is."""
    return None if _EMAIL_FORM.fullmatch(text.strip().lower()) else _NO_EMAIL


def document_of(row: Applicant, number: str) -> IdentityDocument:
    """Return the document that a number on record is of."""
    kind = DocumentKind(row.identity_kind)
    return read_identity_document(
        kind, number, today=row.created_at.date(), issuing_state=row.identity_state
    )


def columns_of(
    keyring: Keyring, id_: UUID, details: Details, document: IdentityDocument
) -> dict[str, Any] | AccessRefusal:
    """Return the columns of what an applicant states, checked."""
    name = " ".join(details.name.split())
    fault = name_problem(name)
    if fault is not None:
        return AccessRefusal(code=AccessCode.NAME_INVALID, message=fault, field="name")
    phone = None if details.phone is None else _phone(details.phone)
    fault = None if details.phone is None else phone_problem(details.phone)
    if fault is not None:
        return AccessRefusal(code=AccessCode.PHONE_INVALID, message=fault, field="phone")
    email = None if details.email is None else details.email.strip().lower()
    fault = None if email is None else email_problem(email)
    if fault is not None:
        return AccessRefusal(code=AccessCode.EMAIL_INVALID, message=fault, field="email")
    facts = _completed(details.facts, document)
    if facts is None:
        problem = Text("出生日期与证件不符", "the birth date differs from the document's")
        return AccessRefusal(
            code=AccessCode.FACTS_INVALID, message=problem, field="facts.birthDate"
        )
    return {
        "name": name,
        "name_key": read_name(name).sort_key,
        "facts": plain(facts),
        **contact_columns(keyring, id_, phone, email),
    }


def contact_columns(
    keyring: Keyring, id_: UUID, phone: str | None, email: str | None
) -> dict[str, Any]:
    """Return the columns of a phone number and an e-mail address: ciphertexts and hashes."""
    found: dict[str, Any] = {}
    for column, purpose, value in (("phone", _PHONE, phone), ("email", _EMAIL, email)):
        found[f"{column}_ciphertext"] = (
            None if value is None else keyring.encrypt(value, place_of(id_, column))
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
    """Return a phone number in the form of E.164, None for what is none; China by default.

    Letters are read as a keypad's otherwise (138XXXXXXXX would be 13899999999), and an extension,
    which E.164 has no place for, would be lost.
    """
    if any(each.isalpha() for each in text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if number.extension is not None or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def opened_data(keyring: Keyring, row: Applicant) -> PersonalData:
    """Return the true values of a row; empty where the person was erased."""
    if row.erased_at is not None:
        return PersonalData(number="", phone=None, email=None)

    def opened(ciphertext: str | None, column: str) -> str | None:
        return None if ciphertext is None else keyring.decrypt(ciphertext, place_of(row.id, column))

    return PersonalData(
        number=keyring.decrypt(row.identity_ciphertext, place_of(row.id, "identity")),
        phone=opened(row.phone_ciphertext, "phone"),
        email=opened(row.email_ciphertext, "email"),
    )


def record_of(keyring: Keyring, row: Applicant) -> ApplicantRecord:
    """Return a row as most may see it."""
    opened = opened_data(keyring, row)
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


def place_of(id_: UUID, column: str) -> Place:
    """Return where a ciphertext belongs, which it is bound to: a column of one person."""
    return Place("applicant", f"{column}_ciphertext", str(id_))
