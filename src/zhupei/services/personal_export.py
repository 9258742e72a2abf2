"""What is kept of one person, for that person: the copy that they may ask for (PIPL 45)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import (
    Account,
    Applicant,
    ApplicantClaim,
    ApplicantClaimFailure,
    ApplicantFile,
    BanRow,
    CalendarTokenRow,
    InvitationRow,
    NoticeDeliveryRow,
    NoticeRow,
    RoleGrant,
    TraineePaymentRow,
    TraineeRow,
)
from zhupei.domain.plain_values import plain
from zhupei.security.crypto import Keyring
from zhupei.services.applicants import reveal
from zhupei.services.notices.kinds import RecipientKind
from zhupei.services.personal_applications import applications_of_person, objections_by
from zhupei.services.sending_units import links_of_applicant

__all__ = ["export_person"]


async def export_person(
    keyring: Keyring, applicant: UUID, catalogue: Catalogue, *, at: datetime
) -> Mapping[str, Any] | None:
    """Return everything that is kept of an applicant as plain values; None where there is none.

    Nothing of others is in it: who checked, decided or objected is left out, what was decided and
    why is not. What a ban rests on is left out as well, as it may name others; its reason is not.
    Assessments are withheld until they are published (`personal_applications`). The caller has
    made sure that it is the person who asks.
    """
    row = await Applicant.get_or_none(id=applicant)
    personal = await reveal(keyring, applicant)
    if row is None or personal is None:
        return None
    account: UUID | None = row.account_id  # type: ignore[attr-defined]  # Tortoise adds it
    return {
        "madeAt": plain(at),
        "person": {
            "id": str(row.id),
            "name": row.name,
            "identityKind": row.identity_kind,
            "identityState": row.identity_state,
            "identityNumber": personal.number,
            "phone": personal.phone,
            "email": personal.email,
            "facts": row.facts,
            "registeredAt": plain(row.created_at),
            "changedAt": plain(row.updated_at),
        },
        "account": None if account is None else await _account(account),
        "files": [
            {
                "document": file.document,
                "mediaType": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "uploadedAt": plain(file.uploaded_at),
                "removedAt": plain(file.removed_at),
                "contentDestroyedAt": plain(file.swept_at),
            }
            for file in await ApplicantFile.filter(applicant_id=applicant).order_by("id")
        ],
        "sendingUnits": [
            {
                "unit": link.unit.name,
                "state": link.state.value,
                "base": link.base,
                "specialty": link.specialty,
                "askedAt": plain(link.asked_at),
                "answeredAt": plain(link.answered_at),
                "endedAt": plain(link.ended_at),
                "endReason": link.end_reason,
            }
            for link in await links_of_applicant(applicant)
        ],
        "applications": await applications_of_person(applicant, catalogue),
        "objectionsFiled": [] if account is None else await objections_by(str(account)),
        "claims": await _claims(applicant, account),
        "notices": await _notices(applicant),
        "calendars": [
            {"createdAt": plain(each.created_at), "endedAt": plain(each.ended_at)}
            for each in await CalendarTokenRow.filter(applicant_id=applicant).order_by("id")
        ],
        "invitations": [
            {
                "opening": each.opening_code,
                "round": each.round_code,
                "state": each.state,
                "invitedAt": plain(each.invited_at),
                "answeredAt": plain(each.answered_at),
            }
            for each in await InvitationRow.filter(applicant_id=applicant).order_by("id")
        ],
        "bans": [
            {
                "program": ban.program_code,
                "startsOn": plain(ban.starts_on),
                "until": plain(ban.until),
                "reason": ban.reason,
                "liftedAt": plain(ban.lifted_at),
                "liftReason": ban.lift_reason,
            }
            for ban in await BanRow.filter(applicant_id=applicant).order_by("id")
        ],
        "training": await _training(applicant),
    }


async def _account(account: UUID) -> Mapping[str, Any]:
    row = await Account.get(id=account)
    grants = await RoleGrant.filter(account_id=account).order_by("id")
    return {
        "login": row.login,
        "name": row.name,
        "issuer": row.issuer,
        "createdAt": plain(row.created_at),
        "lastSignedInAt": plain(row.last_signed_in_at),
        "roles": [
            {
                "role": grant.role,
                "base": grant.base_code,
                "grantedAt": plain(grant.granted_at),
                "revokedAt": plain(grant.revoked_at),
            }
            for grant in grants
        ],
    }


async def _claims(applicant: UUID, account: UUID | None) -> Mapping[str, Any]:
    """Return the codes that were given out for a person, never the codes, and failed attempts."""
    codes = await ApplicantClaim.filter(applicant_id=applicant).order_by("id")
    tries = (
        []
        if account is None
        else await ApplicantClaimFailure.filter(account=str(account)).order_by("id")
    )
    return {
        "codes": [
            {
                "issuedAt": plain(each.issued_at),
                "expiresAt": plain(each.expires_at),
                "endedAs": each.ended_as,
                "endedAt": plain(each.ended_at),
            }
            for each in codes
        ],
        "failedAttemptsAt": [plain(each.at) for each in tries],
    }


async def _notices(applicant: UUID) -> list[Mapping[str, Any]]:
    """Return what was told to a person, and whether it arrived; addresses are kept nowhere."""
    rows = await NoticeRow.filter(
        recipient_kind=RecipientKind.APPLICANT.value, recipient=str(applicant)
    ).order_by("id")
    tried: dict[UUID, list[Mapping[str, Any]]] = {row.id: [] for row in rows}
    for each in await NoticeDeliveryRow.filter(notice_id__in=list(tried)).order_by("attempt"):
        tried[each.notice_id].append(  # type: ignore[attr-defined]  # Tortoise adds it
            {"at": plain(each.at), "outcome": each.outcome, "code": each.code}
        )
    return [
        {
            "kind": row.kind,
            "application": None if row.application_id is None else str(row.application_id),
            "state": row.state,
            "createdAt": plain(row.created_at),
            "settledAt": plain(row.settled_at),
            "attempts": tried[row.id],
        }
        for row in rows
    ]


async def _training(applicant: UUID) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for row in await TraineeRow.filter(applicant_id=applicant).order_by("id"):
        payments = await TraineePaymentRow.filter(trainee_id=row.id).order_by("month", "id")
        found.append(
            {
                "id": str(row.id),
                "opening": row.opening_code,
                "state": row.state,
                "type": row.trainee_type,
                "agreement": row.agreement,
                "registeredAt": plain(row.registered_at),
                "startedOn": plain(row.started_on),
                "endsOn": plain(row.ends_on),
                "reducedMonths": row.reduced_months,
                "endedOn": plain(row.ended_on),
                "endReason": row.end_reason,
                "fileMovedOn": plain(row.file_moved_on),
                "fileKeeper": row.file_keeper,
                "profile": row.profile,
                "payments": [
                    {
                        "month": f"{payment.month:%Y-%m}",
                        "line": payment.line,
                        "amount": str(payment.amount),
                        "payer": payment.payer,
                        "fundingSource": payment.funding_source,
                        "fundingNote": payment.funding_note,
                        "recordedAt": plain(payment.recorded_at),
                        "cancelledAt": plain(payment.cancelled_at),
                        "cancelReason": payment.cancel_reason,
                    }
                    for payment in payments
                ],
            }
        )
    return found
