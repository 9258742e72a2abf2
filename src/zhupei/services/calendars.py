"""Calendars of deadlines as iCalendar (RFC 5545): windows of programs, and a person's own dates.

The same window keeps its UID whatever becomes of its dates, so that a calendar program moves it
instead of showing it twice. A window whose dates are not published is left out: no date is made up.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vDuration
from tortoise.transactions import in_transaction

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.identifiers import uuid7
from zhupei.db.models import (
    Applicant,
    ApplicationRow,
    CalendarTokenRow,
    InterviewBookingRow,
    InterviewSlotRow,
    PublicityRow,
)
from zhupei.domain.admission_process import EXITS, ApplicationState, Channel, path_of
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Program
from zhupei.services.deadlines import submission_closes

__all__ = [
    "CalendarFile",
    "Entry",
    "calendar_file",
    "end_calendar",
    "issue_calendar",
    "personal_entries",
    "program_entries",
    "token_owner",
]

CHINA = ZoneInfo("Asia/Shanghai")
_REFRESH = timedelta(hours=6)
_S = ApplicationState
_TOKEN_BYTES = 32
_MIDNIGHT = Text("至当日24:00（北京时间）", "until 24:00 of this day, China time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: half-open between instants, at one instant, or a whole ``day``.

    ``key`` says what it is, and never changes.
    """

    key: str
    summary: Text
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    day: date | None = None
    description: Text | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """A calendar as bytes, and a tag that changes exactly when what it says changes."""

    content: bytes = field(repr=False)
    tag: str


def program_entries(catalogue: Catalogue, programs: Iterable[Program]) -> tuple[Entry, ...]:
    """Return every window of programs with a known date, in the order of their dates."""
    found = []
    for program in programs:
        owner = catalogue.bases.get(program.base or "")
        for round_ in program.rounds:
            seen: dict[str, int] = {}
            for window in round_.windows:
                number = seen[window.kind] = seen.get(window.kind, 0) + 1
                if window.opens_at is None and window.closes_at is None:
                    continue
                entry = Entry(
                    key=f"window|{program.code}|{round_.code}|{window.kind}|{number}",
                    summary=_joined(program.name, round_.name, window.label),
                    starts_at=window.opens_at,
                    ends_at=None if window.opens_at is None else window.closes_at,
                    description=window.note,
                    place=None if owner is None else owner.name.zh,
                )
                if window.opens_at is None and window.closes_at is not None:
                    entry = _until(window.closes_at, entry)
                found.append((str(window.opens_at or window.closes_at), entry.key, entry))
    return tuple(entry for *_, entry in sorted(found, key=lambda each: each[:2]))


def _until(closes_at: datetime, entry: Entry) -> Entry:
    """Return an entry at a deadline: of midnight it is the day before, whose 24:00 it is (T11).

    A calendar shows an instant at 00:00 on the day that it begins, when it is too late.
    """
    local = closes_at.astimezone(CHINA)
    if local.time() != time(0):
        return replace(entry, starts_at=closes_at)
    said = [_MIDNIGHT] if entry.description is None else [entry.description, _MIDNIGHT]
    return replace(
        entry,
        day=local.date() - timedelta(days=1),
        description=Text(
            "\n".join(each.zh for each in said),
            "\n".join(each.get(Language.EN) for each in said),
        ),
    )


def _joined(*texts: Text) -> Text:
    return Text(
        " · ".join(each.zh for each in texts),
        " · ".join(each.get(Language.EN) for each in texts),
    )


async def personal_entries(catalogue: Catalogue, applicant: UUID) -> tuple[Entry, ...]:
    """Return what a person has to keep: deadlines of the applications as they stand, interviews.

    Four statements, however many applications there are.
    """
    rows = await ApplicationRow.filter(
        applicant_id=applicant, state__not_in=[state.value for state in EXITS]
    ).order_by("id")
    publicities = {
        each.id: each
        for each in await PublicityRow.filter(
            id__in=[row.publicity_id for row in rows if row.publicity_id], withdrawn_at=None
        )
    }
    bookings = await InterviewBookingRow.filter(
        application_id__in=[row.id for row in rows], released_at=None
    )
    slots = {
        each.id: each
        for each in await InterviewSlotRow.filter(
            id__in=[cast("Any", each).slot_id for each in bookings], cancelled_at=None
        )
    }
    found: list[Entry] = []
    for row in rows:
        program = catalogue.program_binding(row.program_code, row.opening_code)
        if program is not None:
            found += _deadlines(row, program, publicities, _what(catalogue, row, program))
    applications = {row.id: row for row in rows}
    for booking in bookings:
        slot = slots.get(cast("Any", booking).slot_id)
        row = applications[cast("Any", booking).application_id]
        program = catalogue.programs.get(row.program_code)
        if slot is not None and program is not None:
            found.append(
                Entry(
                    key=f"interview|{row.id}",
                    summary=_joined(Text("面试", "Interview"), _what(catalogue, row, program)),
                    starts_at=slot.starts_at,
                    ends_at=slot.ends_at,
                    place=slot.place,
                )
            )
    return tuple(found)


def _what(catalogue: Catalogue, row: ApplicationRow, program: Program) -> Text:
    """Return what an application is for: two of one program differ by their specialty."""
    opening = catalogue.openings.get(row.opening_code)
    return program.name if opening is None else _joined(opening.specialty_name, program.name)


def _deadlines(
    row: ApplicationRow, program: Program, publicities: dict[UUID, PublicityRow], what: Text
) -> list[Entry]:
    state = ApplicationState(row.state)
    key = f"{state.value.lower()}|{row.id}"
    if state is _S.DRAFT:
        closes = submission_closes(program, row.round_code)
        if closes is None:
            return []
        label = Text("报名截止", "Application closes")
        return [_until(closes, Entry(key=key, summary=_joined(label, what)))]
    if state is _S.IN_PUBLICITY and row.publicity_id in publicities:
        path = path_of(program, row.round_code or None, Channel(row.channel))
        if _S.CONFIRMED in path:
            ends = publicities[row.publicity_id].ends_at
            label = Text("确认录取截止", "Last moment to accept the offer")
            return [_until(ends, Entry(key=key, summary=_joined(label, what)))]
    days = {
        _S.NOTIFIED: (row.report_by, Text("报到截止日", "Last day to report")),
        _S.REPORTED: (row.agreement_by, Text("签订协议截止日", "Last day to sign the agreement")),
    }
    day, label = days.get(state, (None, Text("", "")))
    return [] if day is None else [Entry(key=key, summary=_joined(label, what), day=day)]


def calendar_file(
    name: Text, entries: Sequence[Entry], *, language: Language, at: datetime
) -> CalendarFile:
    """Return the calendar; ``at`` is when it is made, which does not change its tag."""
    calendar = Calendar()
    calendar.add("prodid", "-//zhupei//deadlines//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name.get(language))
    calendar.add("x-wr-calname", name.get(language))
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    said = hashlib.sha256(repr((name, tuple(entries), language)).encode())
    for each in entries:
        calendar.add_component(_event(each, language, at))
    if not entries:
        # RFC 5545 wants one component at least, and with no entry there is no other.
        calendar.add_component(Timezone.from_tzinfo(CHINA))
    elif any(each.day is None for each in entries):
        calendar.add_missing_timezones()
    return CalendarFile(calendar.to_ical(), said.hexdigest())


def _event(entry: Entry, language: Language, at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uuid5(NAMESPACE_URL, f'zhupei:{entry.key}')}@zhupei")
    event.add("dtstamp", at.astimezone(ZoneInfo("UTC")))
    event.add("summary", entry.summary.get(language))
    if entry.day is not None:
        event.add("dtstart", entry.day)
    elif entry.starts_at is not None:
        event.add("dtstart", entry.starts_at.astimezone(CHINA))
        if entry.ends_at is not None:
            event.add("dtend", entry.ends_at.astimezone(CHINA))
    if entry.description is not None:
        event.add("description", entry.description.get(language))
    if entry.place is not None:
        event.add("location", entry.place)
    # A deadline takes no time of anybody's day.
    event.add("transp", "OPAQUE" if entry.key.startswith("interview|") else "TRANSPARENT")
    return event


def _hashed(token: str) -> str:
    # Of 256 bits that nobody guesses: a plain hash is enough.
    return hashlib.sha256(token.encode()).hexdigest()


async def issue_calendar(applicant: UUID, at: datetime, of_request: Sequence[str] = ()) -> str:
    """Give out a token for a person's calendar, once; the one before it ends.

    ``of_request`` are the tokens that this request gives out however often it is sent, the present
    one first: while one of them opens the calendar, it is answered again, and nothing is done.
    Otherwise, and for a request that was ended meanwhile, the token is random.
    """
    known = {_hashed(token): token for token in of_request}
    async with in_transaction():
        # One request of a person at a time: each ends the token of the one before.
        await Applicant.select_for_update().get(id=applicant)
        given = await CalendarTokenRow.filter(token_hash__in=list(known)) if known else []
        for row in given:
            if row.ended_at is None:
                return known[row.token_hash]
        token = of_request[0] if known and not given else secrets.token_urlsafe(_TOKEN_BYTES)
        await end_calendar(applicant, at)
        await CalendarTokenRow.create(
            id=uuid7(), applicant_id=applicant, token_hash=_hashed(token), created_at=at
        )
    return token


async def end_calendar(applicant: UUID, at: datetime) -> bool:
    """End the token of a person's calendar; False where there was none."""
    return bool(
        await CalendarTokenRow.filter(applicant_id=applicant, ended_at=None).update(ended_at=at)
    )


async def token_owner(token: str) -> UUID | None:
    """Return whose calendar a token opens, None where it opens none."""
    row = await CalendarTokenRow.get_or_none(token_hash=_hashed(token), ended_at=None)
    return None if row is None else cast("UUID", cast("Any", row).applicant_id)
