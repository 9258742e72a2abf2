"""Personal data encrypted and hashed anew, where an older key protects it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.db.models import Applicant, ApplicantIdentity
from zhupei.security.crypto import Keyring
from zhupei.services.applicant_records import (
    IDENTITY,
    contact_columns,
    document_of,
    opened_data,
    place_of,
)

__all__ = ["Renewal", "renew_encryption"]


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
    opened = opened_data(keyring, row)
    changes: dict[str, Any] = {
        "identity_ciphertext": keyring.encrypt(opened.number, place_of(row.id, "identity")),
        **contact_columns(keyring, row.id, opened.phone, opened.email),
    }
    wanted = keyring.lookup_hashes(IDENTITY, document_of(row, opened.number).lookup_key)
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
