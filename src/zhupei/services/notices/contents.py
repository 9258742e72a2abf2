"""What the words of a notice need: read when it is delivered, so that they are true then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import (
    Applicant,
    ApplicationRow,
    InterviewBookingRow,
    InterviewSlotRow,
    InvitationRow,
    NoticeRow,
    ObjectionRow,
    OutboxRow,
    PublicityRow,
    WebhookRow,
)
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import STATE_LABELS, ApplicationState, path_of
from zhupei.domain.brochures import brochure_window
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.institutions import Contact
from zhupei.domain.interviews import InterviewMode
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.errors import ZhupeiError
from zhupei.security.crypto import Keyring
from zhupei.services.admissions.store import load_case
from zhupei.services.applicants import reveal
from zhupei.services.issuing.persons import letter_for
from zhupei.services.notices.kinds import NoticeKind, NoticeState, RecipientKind
from zhupei.services.notices.wording import Attachment, Message, worded
from zhupei.services.outbox import id_in
from zhupei.services.papers.letters import documents_to_bring
from zhupei.services.papers.records import AdmittedTrainee
from zhupei.services.papers.render import UnprintableTextError, render_pdf
from zhupei.services.webhooks.rows import contact_place
from zhupei.services.webhooks.status import host_of

__all__ = ["Letter", "composed"]

_log = logging.getLogger("zhupei.notices")

_S = ApplicationState
_OF_BROCHURES = (NoticeKind.BROCHURE_APPROVED.value, NoticeKind.BROCHURE_RETURNED.value)
_MOMENT = timedelta(microseconds=1)
_STATE_OF_REMINDER = {
    NoticeKind.SUBMISSION_NEAR: _S.DRAFT,
    NoticeKind.CONFIRMATION_NEAR: _S.IN_PUBLICITY,
    NoticeKind.REPORT_NEAR: _S.NOTIFIED,
    NoticeKind.AGREEMENT_NEAR: _S.REPORTED,
    NoticeKind.AGREEMENT_OVERDUE: _S.REPORTED,
    NoticeKind.AGREEMENT_MISSING: _S.REPORTED,
}
"""A reminder is overtaken once the application has left the state that it reminds of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An address and what to send there. Personal: not for logs."""

    address: str = field(repr=False)
    message: Message = field(repr=False)


class _NothingError(Exception):
    """There is nothing to send; ``state`` is the one that the notice takes."""

    def __init__(self, state: NoticeState) -> None:
        self.state = state
        super().__init__(state)


async def composed(
    notice: NoticeRow, catalogue: Catalogue, keyring: Callable[[], Keyring], now: datetime
) -> Letter | NoticeState:
    """Return what to send where, or the state of a notice that is not sent.

    This is the only place where the address is read; it is kept nowhere.
    """
    try:
        kind = NoticeKind(notice.kind)
        if notice.expires_at is not None and now >= notice.expires_at:
            raise _NothingError(NoticeState.EXPIRED)
        if kind is NoticeKind.WEBHOOK_DISABLED:
            return await _webhook_letter(notice, keyring)
        program = catalogue.programs.get(notice.program_code or "")
        if program is None:
            # It left the configuration: there is nobody any more to tell in whose name.
            raise _NothingError(NoticeState.OVERTAKEN)
        case = None
        if notice.application_id is not None:
            case = await load_case(notice.application_id)
            wanted = _STATE_OF_REMINDER.get(kind)
            if case is None or (wanted is not None and case.state is not wanted):
                raise _NothingError(NoticeState.OVERTAKEN)
        interview = await _interview(kind, notice, now)
        address, name = await _recipient(notice, catalogue, program, keyring)
        values = await _values(notice, catalogue, program, case, now)
        values |= interview
        values["name"] = name
        attachments: tuple[Attachment, ...] = ()
        if kind is NoticeKind.NOTIFIED and case is not None:
            attachments, values["letter"] = await _letter(catalogue, case)
            values["documents"] = _documents(catalogue, program, case, name, now)
        contact = (
            _contact(catalogue, program)
            if notice.recipient_kind == RecipientKind.APPLICANT.value
            else None
        )
        message = worded(kind, values, contact=contact, attachments=attachments)
        return Letter(address=address, message=message)
    except _NothingError as nothing:
        return nothing.state


async def _webhook_letter(notice: NoticeRow, keyring: Callable[[], Keyring]) -> Letter:
    row = await WebhookRow.get_or_none(id=UUID(notice.recipient), deleted_at=None)
    if row is None or row.state_reason is None:
        # Deleted, or switched on again: there is nothing to tell any more.
        raise _NothingError(NoticeState.OVERTAKEN)
    if row.contact_ciphertext is None:
        raise _NothingError(NoticeState.NO_ADDRESS)
    event = await OutboxRow.get(id=notice.event_id)  # type: ignore[attr-defined]  # the relation's column
    values = {
        "host": host_of(row.url),
        "name": row.name,
        "at": _moment(event.at),
        "reason": row.state_reason,
        "webhook": str(row.id),
    }
    address = keyring().decrypt(row.contact_ciphertext, contact_place(row.id))
    message = worded(NoticeKind.WEBHOOK_DISABLED, values, contact=None)
    return Letter(address=address, message=message)


_OF_INTERVIEWS = frozenset(
    {NoticeKind.INTERVIEW_BOOKED, NoticeKind.INTERVIEW_MOVED, NoticeKind.INTERVIEW_NEAR}
)


async def _interview(kind: NoticeKind, notice: NoticeRow, now: datetime) -> dict[str, Any]:
    """Return when and where an interview is, as it is now; overtaken where it is so no more."""
    if kind not in {*_OF_INTERVIEWS, NoticeKind.INTERVIEW_CANCELLED}:
        return {}
    facts: Mapping[str, Any] = notice.facts
    slot = await InterviewSlotRow.get(id=UUID(facts["slot"]))
    starts_at = slot.starts_at
    held = await InterviewBookingRow.filter(
        application_id=notice.application_id, released_at=None
    ).first()
    own: UUID | None = None if held is None else held.slot_id  # type: ignore[attr-defined]  # the relation's column
    if kind in _OF_INTERVIEWS:
        told = datetime.fromisoformat(facts["starts_at"])
        # Of a time that is past, or that a later notice tells otherwise, nothing is said.
        if own != slot.id or starts_at != told or now >= starts_at:
            raise _NothingError(NoticeState.OVERTAKEN)
    elif own is not None or now >= starts_at:
        raise _NothingError(NoticeState.OVERTAKEN)
    else:
        starts_at = datetime.fromisoformat(facts["starts_at"])
    return {
        "starts": _moment(starts_at),
        "ends": f"{slot.ends_at.astimezone(CHINA_TIME):%H:%M}",
        "place": slot.place,
        "mode": _MODES[InterviewMode(slot.mode)],
        "reason": await _reason(kind, notice, slot),
    }


async def _reason(kind: NoticeKind, notice: NoticeRow, slot: InterviewSlotRow) -> str | None:
    """Return the office's reason, where it has given one."""
    if kind is NoticeKind.INTERVIEW_MOVED:
        return str(slot.moves[-1]["reason"]) if slot.moves else None
    if kind is not NoticeKind.INTERVIEW_CANCELLED:
        return None
    given_up = (
        await InterviewBookingRow.filter(
            application_id=notice.application_id, slot_id=slot.id, released_at__isnull=False
        )
        .order_by("-id")
        .first()
    )
    return None if given_up is None else given_up.release_reason


_MODES = {
    InterviewMode.ON_SITE: {"zh": "现场", "en": "on site"},
    InterviewMode.VIDEO: {"zh": "网络视频", "en": "by video"},
}


async def _recipient(
    notice: NoticeRow, catalogue: Catalogue, program: Program, keyring: Callable[[], Keyring]
) -> tuple[str, str]:
    if notice.recipient_kind == RecipientKind.OFFICE.value:
        for contact in _contacts(catalogue, program):
            if contact.emails:
                return contact.emails[0], ""
        raise _NothingError(NoticeState.NO_ADDRESS)
    row = await Applicant.get_or_none(id=UUID(notice.recipient))
    if row is None or row.email_ciphertext is None:
        raise _NothingError(NoticeState.NO_ADDRESS)
    opened = await reveal(keyring(), row.id)
    if opened is None or opened.email is None:
        raise _NothingError(NoticeState.NO_ADDRESS)
    return opened.email, row.name


def _contacts(catalogue: Catalogue, program: Program) -> tuple[Contact, ...]:
    base = catalogue.bases.get(program.base or "")
    return (*program.contacts, *(() if base is None else base.contacts))


def _contact(catalogue: Catalogue, program: Program) -> Text | None:
    for each in _contacts(catalogue, program):
        phones = [
            phone.number + (f"-{phone.extension}" if phone.extension else "")
            for phone in each.phones
        ]
        if found := "  ".join([*phones, *each.emails]):
            return Text(found, found)
    return None


async def _values(
    notice: NoticeRow,
    catalogue: Catalogue,
    program: Program,
    case: AdmissionCase | None,
    now: datetime,
) -> dict[str, Any]:
    event = await OutboxRow.get(id=notice.event_id)  # type: ignore[attr-defined]  # the relation's column
    facts: Mapping[str, Any] = notice.facts
    base = catalogue.bases.get(notice.base_code or program.base or "")
    values: dict[str, Any] = {
        "program": _both(program.name),
        "base": _both(program.name if base is None else base.name),
        "round": _round(program, facts.get("round")),
        "at": _moment(event.at),
        "report_by": None,
        "agreement_by": None,
        **{key: facts[key] for key in ("due", "ends_on") if key in facts},
    }
    if notice.kind in _OF_BROCHURES:
        values |= {"version": facts["version"], **_last_days(program)}
    if "window" in facts:
        values["window"] = _window(program, facts.get("round"), str(facts["window"]))
    opening = None
    if case is not None:
        opening = case.opening
        values |= {
            "reference": str(case.id),
            "state": _both(STATE_LABELS[case.state]),
            "report_by": _iso(case.report_by),
            "agreement_by": _iso(case.agreement_by),
        }
        if case.publicity is not None:
            publicity = await PublicityRow.get(id=case.publicity)
            binding = catalogue.program_binding(case.program, case.opening) or program
            path = path_of(binding, case.round, case.channel)
            values |= {
                "publicity": {"ends_on": _iso(publicity.ends_on)},
                "asks_confirmation": _S.CONFIRMED in path,
            }
    elif (invitation := id_in(event.subject, "Invitation")) is not None:
        opening = (await InvitationRow.get(id=invitation)).opening_code
    elif (publicity_id := id_in(event.subject, "Publicity")) is not None:
        values["counts"] = await _counts(publicity_id)
    if opening is not None:
        found = catalogue.openings.get(opening)
        name = Text(opening, opening) if found is None else found.specialty_name
        values["opening"] = _both(name)
    return values


def _last_days(program: Program) -> dict[str, str | None]:
    """Return the last days of handing a brochure in and of publishing it."""
    found: dict[str, str | None] = {}
    for name, step in (("submit_by", "submission"), ("publish_by", "publication")):
        window = brochure_window(program, f"brochure_{step}")
        closes = None if window is None else window.closes_at
        last = None if closes is None else (closes - _MOMENT).astimezone(CHINA_TIME).date()
        found[name] = _iso(last)
    return found


async def _counts(publicity: UUID) -> dict[str, int]:
    query = ApplicationRow.filter(publicity_id=publicity)
    return {
        "confirmed": await query.filter(state=_S.CONFIRMED.value).count(),
        "listed": await query.filter(state=_S.IN_PUBLICITY.value).count(),
        "objections": await ObjectionRow.filter(publicity_id=publicity, upheld=None).count(),
    }


async def _letter(
    catalogue: Catalogue, case: AdmissionCase
) -> tuple[tuple[Attachment, ...], str | None]:
    """Return the letter as a PDF, and where it is found: attached, as a page, or nowhere."""
    try:
        paper = await letter_for(catalogue, case)
        # A page takes some tenths of a second, in which others want to be served.
        page = await asyncio.to_thread(render_pdf, paper, catalogue.documents)
    except ZhupeiError as error:
        _log.warning("a notice goes without its letter", extra={"code": error.code})
        return (), "page" if isinstance(error, UnprintableTextError) else None
    return (Attachment("录取通知书.pdf", page),), "attached"


def _documents(
    catalogue: Catalogue, program: Program, case: AdmissionCase, name: str, now: datetime
) -> list[dict[str, str]]:
    today = now.astimezone(CHINA_TIME).date()
    found = documents_to_bring(catalogue, program, _admitted(case, name), today)
    return [
        {
            "zh": each.label.zh + ("" if each.certain else "（按本人情况提供）"),
            "en": (each.label.en or each.label.zh) + ("" if each.certain else " (if it applies)"),
        }
        for each in found
    ]


def _admitted(case: AdmissionCase, name: str) -> AdmittedTrainee:
    return AdmittedTrainee(
        application=str(case.id),
        name=name,
        opening=case.opening,
        trainee_type=case.candidate.trainee_type,
        candidate=case.candidate,
    )


def _round(program: Program, code: str | None) -> dict[str, str] | None:
    found = next((each for each in program.rounds if each.code == code), None)
    return None if found is None else _both(found.name)


def _window(program: Program, round_code: str | None, kind: str) -> dict[str, str]:
    labels = [
        window.label
        for each in program.rounds
        if each.code == round_code
        for window in each.windows
        if window.kind == kind
    ]
    return _both(labels[0]) if labels else {"zh": kind, "en": kind}


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en or text.zh}


def _moment(at: datetime) -> dict[str, str]:
    local = at.astimezone(CHINA_TIME)
    return {
        "zh": f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}",
        "en": f"{local:%Y-%m-%d %H:%M}",
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
