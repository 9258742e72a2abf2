"""What rows of applicants stand for, and what of them is opened: only what is asked for.

Number, phone and e-mail stay ciphertexts in what is read. They are opened one by one, to be shown
or masked, when somebody asks for just that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from zhupei.db.models import Applicant
from zhupei.db.reading import Condition, Order, PageQuery, read_objects, read_rows
from zhupei.db.tables import RowSource, RowView, columns, expressed, from_json, member
from zhupei.domain.identity import DocumentKind
from zhupei.domain.masking import mask_email, mask_number, mask_phone
from zhupei.domain.people import Candidate, OriginRegion
from zhupei.services.applicant_records import place_of

if TYPE_CHECKING:
    from zhupei.security.crypto import Keyring

__all__ = [
    "APPLICANTS",
    "Sealed",
    "SealedApplicant",
    "applicant_query",
    "applicant_row",
    "masked",
    "opened",
    "sealed_applicant",
]


class Sealed(StrEnum):
    """What of an applicant is a ciphertext."""

    NUMBER = "number"
    PHONE = "phone"
    EMAIL = "email"

    @property
    def attribute(self) -> str:
        """The attribute of an applicant that holds the ciphertext."""
        return f"sealed_{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedApplicant:
    """An applicant as the table holds one.

    ``departments`` are base and specialty of each application of theirs that was submitted, in
    order: a draft is the applicant's own. Of a person who was erased nothing is sealed.
    """

    id: UUID
    account: UUID | None
    name: str = field(repr=False)
    identity_kind: DocumentKind
    origin: OriginRegion | None = field(repr=False)
    revision: int
    facts: Candidate = field(repr=False)
    departments: tuple[tuple[str, str], ...]
    sealed_number: str | None = field(repr=False)
    sealed_phone: str | None = field(repr=False)
    sealed_email: str | None = field(repr=False)


def _departments(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(base, code.rpartition("/")[2]) for base, code in json.loads(text)}))


def _while_known(name: str) -> str:
    return f"CASE WHEN {{t}}.erased_at IS NULL THEN {{t}}.{name}_ciphertext END"


APPLICANTS = RowSource(
    described=SealedApplicant,
    model=Applicant,
    alias="p",
    attributes={
        **columns("id", "name", "revision", account="account_id"),
        "identity_kind": member(DocumentKind, "identity_kind"),
        "origin": expressed("{t}.facts->>'origin'", OriginRegion),
        "facts": expressed("{t}.facts", from_json(Candidate)),
        "departments": expressed(
            """(SELECT coalesce(json_agg(DISTINCT jsonb_build_array(f.base_code, f.opening_code)),
            '[]') FROM application f
            WHERE f.applicant_id = {t}.id AND f.submitted_at IS NOT NULL)""",
            _departments,
        ),
        "sealed_number": expressed(_while_known("identity")),
        "sealed_phone": expressed(_while_known("phone")),
        "sealed_email": expressed(_while_known("email")),
    },
)
"""Applicants, as `SealedApplicant` has them."""

_COLUMNS = {Sealed.NUMBER: "identity", Sealed.PHONE: "phone", Sealed.EMAIL: "email"}
_MASKS = {Sealed.NUMBER: mask_number, Sealed.PHONE: mask_phone, Sealed.EMAIL: mask_email}


def opened(keyring: Keyring, applicant: SealedApplicant | RowView, what: Sealed) -> str | None:
    """Return a true value; the caller has asked for the permission. None where none is known.

    It looks at the id and the ciphertext alone.
    """
    ciphertext = getattr(applicant, what.attribute)
    if ciphertext is not None:
        return keyring.decrypt(ciphertext, place_of(applicant.id, _COLUMNS[what]))
    # Everybody has a number but those who were erased.
    return "" if what is Sealed.NUMBER else None


def masked(keyring: Keyring, applicant: SealedApplicant | RowView, what: Sealed) -> str | None:
    """Return a value with most of it hidden; it looks at the same as `opened`."""
    value = opened(keyring, applicant, what)
    return None if value is None else _MASKS[what](value)


def applicant_query(
    names: Iterable[str] | None, *, applicant: UUID | None = None, account: UUID | None = None
) -> PageQuery:
    """Ask for an applicant by id, or by the account that they are; all attributes for None."""
    return PageQuery(
        source=APPLICANTS,
        conditions=(_meant(applicant, account),),
        order=Order("p.id"),
        view=APPLICANTS.view(names),
        first=1,
    )


async def applicant_row(
    names: Iterable[str], *, applicant: UUID | None = None, account: UUID | None = None
) -> RowView | None:
    """Return these attributes of an applicant; None where there is no such person."""
    found = await read_rows(APPLICANTS, names, _meant(applicant, account))
    return found[0] if found else None


async def sealed_applicant(applicant: UUID) -> SealedApplicant | None:
    """Return all of an applicant that the table holds; None where there is no such person."""
    found = await read_objects(applicant_query(None, applicant=applicant), 1)
    return found[0] if found else None


def _meant(applicant: UUID | None, account: UUID | None) -> Condition:
    if applicant is None:
        return Condition("p.account_id = ?", (account,))
    return Condition("p.id = ?", (applicant,))
