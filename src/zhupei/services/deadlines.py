"""Deadlines: what became due since this installation began to look, each told exactly once.

Nothing here sleeps or counts: what is due is read from the catalogue and from the database, and
what was told is a row. So it makes no difference who looks, how many look at once, and how long
nobody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, DeadlineRow, InterviewBookingRow, PublicityRow
from zhupei.domain.admission_guards import no_show_on, window_of
from zhupei.domain.admission_process import ApplicationState, Channel, path_of
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.events import Event
from zhupei.domain.training import Program
from zhupei.services.changes import RoundChanged, RoundChangeKind, announce
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.seats import root_program

__all__ = [
    "Due",
    "agreements_overdue",
    "confirmations_expired",
    "no_shows",
    "publicities_ended",
    "reminders",
    "submission_closes",
    "tell_once",
    "untold",
    "watching_since",
    "windows_passed",
]

_S = ApplicationState
_WINDOWS = {
    "ROUND_OPENED": RoundChangeKind.WINDOW_OPENED,
    "ROUND_CLOSED": RoundChangeKind.WINDOW_CLOSED,
}
_WATCH = "WATCH"
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One instant that has come: what it is, of what, and the event that tells of it.

    ``at`` is the instant itself. Of a reminder it is the deadline that is near. ``change`` is what
    those who watch the round are told.
    """

    kind: str
    subject: str
    at: datetime
    event: Event
    change: RoundChanged | None = None

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What makes it one and the same, whoever finds it."""
        return self.kind, self.subject, self.at


async def watching_since(now: datetime) -> datetime:
    """Return when this installation began to look: ``now`` on the first call ever."""
    async with in_transaction() as connection:
        await connection.execute_query(
            "INSERT INTO deadline (id, kind, subject, due_at, done_at) "
            "SELECT $1::uuid, 'WATCH', '', $2::timestamptz, $2::timestamptz "
            "WHERE NOT EXISTS (SELECT 1 FROM deadline WHERE kind = 'WATCH') "
            # Another that begins at the same moment is as good.
            "ON CONFLICT (kind, subject, due_at) DO NOTHING",
            [uuid7(), now],
        )
    row = await DeadlineRow.filter(kind=_WATCH).order_by("due_at").first()
    return now if row is None else row.due_at


async def tell_once(due: Due, now: datetime) -> bool:
    """Note that it was told and record its event, both or neither; False where it was told."""
    # Ids grow in the order of telling, not in that of finding.
    event = replace(due.event, id=uuid7())
    async with in_transaction() as connection:
        if not await _noted(connection, due, event.id, now):
            return False
        await record_events(connection, [event])
        await announce(connection, [] if due.change is None else [due.change])
        return True


async def _noted(connection: BaseDBAsyncClient, due: Due, event: UUID, now: datetime) -> bool:
    # Waits for another that tells the same and has not committed yet.
    written = await connection.execute_query_dict(
        "INSERT INTO deadline (id, kind, subject, due_at, done_at, event_id) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, subject, due_at) DO NOTHING "
        "RETURNING id",
        [uuid7(), due.kind, due.subject, due.at, now, event],
    )
    return bool(written)


async def untold(found: Iterable[Due]) -> list[Due]:
    """Return those that nobody has told yet, in the order in which they became due."""
    wanted = {each.key: each for each in found}
    keys = list(wanted)
    for start in range(0, len(keys), _AT_A_TIME):
        part = keys[start : start + _AT_A_TIME]
        rows = await DeadlineRow.filter(
            kind__in=sorted({kind for kind, _, _ in part}),
            subject__in=sorted({subject for _, subject, _ in part}),
        ).values_list("kind", "subject", "due_at")
        for kind, subject, at in rows:
            wanted.pop((kind, subject, at), None)
    return sorted(wanted.values(), key=lambda each: (each.at, each.kind, each.subject))


def windows_passed(catalogue: Catalogue, since: datetime, now: datetime) -> Iterator[Due]:
    """Return each opening and closing of a round's window after ``since`` that ``now`` has seen."""
    for program in catalogue.programs.values():
        root = root_program(catalogue, program)
        for round_ in program.rounds:
            # Who watches is told once of a round that programs take from the topmost one.
            is_taken = program.code != root.code and round_ in root.rounds
            for window in round_.windows:
                for kind, at in (
                    ("ROUND_OPENED", window.opens_at),
                    ("ROUND_CLOSED", window.closes_at),
                ):
                    if at is None or not since < at <= now:
                        continue
                    subject = f"{program.code}|{round_.code}|{window.kind}"
                    yield Due(
                        kind=kind,
                        subject=subject,
                        at=at,
                        event=_event(
                            catalogue,
                            kind.lower().replace("_", "."),
                            at,
                            subject_of("Round", f"{program.code}/{round_.code}"),
                            program,
                            {"round": round_.code, "window": window.kind},
                        ),
                        change=None
                        if is_taken
                        else RoundChanged(
                            root_program=root.code,
                            round=round_.code,
                            kind=_WINDOWS[kind],
                            window=window.kind,
                        ),
                    )


async def publicities_ended(catalogue: Catalogue, since: datetime, now: datetime) -> list[Due]:
    """Return the lists whose publicity ended after ``since``, those taken back left out."""
    rows = await PublicityRow.filter(ends_at__gt=since, ends_at__lte=now, withdrawn_at=None)
    return [
        Due(
            kind="PUBLICITY_ENDED",
            subject=str(row.id),
            at=row.ends_at,
            event=_event(
                catalogue,
                "publicity.ended",
                row.ends_at,
                subject_of("Publicity", row.id),
                program,
                {"round": row.round_code or None, "ends_on": row.ends_on.isoformat()},
            ),
        )
        for row in rows
        if (program := catalogue.programs.get(row.program_code)) is not None
    ]


async def confirmations_expired(
    catalogue: Catalogue, now: datetime
) -> dict[tuple[str, str], tuple[UUID, ...]]:
    """Return who did not confirm by the end of publicity, by program and round."""
    return _grouped(
        [
            (program.code, round_code, id_)
            for id_, program, round_code, channel, ends_at in await _in_publicity(catalogue)
            if ends_at <= now and _S.CONFIRMED in path_of(program, round_code or None, channel)
        ]
    )


async def no_shows(catalogue: Catalogue, now: datetime) -> dict[tuple[str, str], tuple[UUID, ...]]:
    """Return who has lost the place by not reporting (G28), by program and round."""
    today = now.astimezone(CHINA_TIME).date()
    rows = (
        await ApplicationRow.filter(state=_S.NOTIFIED.value, report_by__lt=today)
        .order_by("id")
        .values("id", "program_code", "opening_code", "round_code", "report_by")
    )
    found = []
    for row in rows:
        opening = catalogue.openings.get(row["opening_code"])
        program = None if opening is None else catalogue.program_of(opening)
        lost = None if program is None else no_show_on(program, row["report_by"])
        if lost is not None and today >= lost:
            found.append((row["program_code"], row["round_code"], row["id"]))
    return _grouped(found)


async def agreements_overdue(catalogue: Catalogue, since: datetime, now: datetime) -> list[Due]:
    """Return reported people whose agreement should have been signed before today (R154)."""
    today = now.astimezone(CHINA_TIME).date()
    rows = await ApplicationRow.filter(state=_S.REPORTED.value, agreement_by__lt=today).values(
        "id", "program_code", "opening_code", "round_code", "agreement_by"
    )
    found = []
    for row in rows:
        due = _end_of(row["agreement_by"])
        program = catalogue.programs.get(row["program_code"])
        if program is None or due <= since:
            continue
        facts = {"round": row["round_code"] or None, "due": row["agreement_by"].isoformat()}
        found.append(_of_case(catalogue, "AGREEMENT_OVERDUE", row["id"], due, due, program, facts))
    return found


async def reminders(catalogue: Catalogue, now: datetime, before: timedelta) -> list[Due]:
    """Return whom to remind: a deadline of theirs is not past and at most ``before`` away."""
    until = now + before
    found: list[Due] = []

    def remind(
        kind: str, id_: UUID, program: Program, round_code: str, due: datetime, day: str
    ) -> None:
        if now < due <= until:
            facts = {"round": round_code or None, "due": day, "expires": due.isoformat()}
            found.append(_of_case(catalogue, kind, id_, due, now, program, facts))

    for id_, program, round_code, channel, ends_at in await _in_publicity(catalogue):
        if _S.CONFIRMED in path_of(program, round_code or None, channel):
            remind("CONFIRMATION_NEAR", id_, program, round_code, ends_at, _last_day(ends_at))
    for kind, state, column in (
        ("REPORT_NEAR", _S.NOTIFIED, "report_by"),
        ("AGREEMENT_NEAR", _S.REPORTED, "agreement_by"),
    ):
        day = now.astimezone(CHINA_TIME).date()
        near = {f"{column}__gte": day, f"{column}__lte": day + before}
        for row in await ApplicationRow.filter(state=state.value, **near).values(
            "id", "program_code", "round_code", column
        ):
            if (found_program := catalogue.programs.get(row["program_code"])) is not None:
                due = _end_of(row[column])
                remind(
                    kind, row["id"], found_program, row["round_code"], due, row[column].isoformat()
                )
    for row in await ApplicationRow.filter(state=_S.DRAFT.value, channel="BATCH").values(
        "id", "program_code", "opening_code", "round_code"
    ):
        drafted = _binding(catalogue, row)
        closes = None if drafted is None else submission_closes(drafted, row["round_code"])
        if drafted is not None and closes is not None:
            remind(
                "SUBMISSION_NEAR", row["id"], drafted, row["round_code"], closes, _last_day(closes)
            )
    return found + await _interviews_near(catalogue, now, until)


async def _interviews_near(catalogue: Catalogue, now: datetime, until: datetime) -> list[Due]:
    """Return whose interview begins soon; a slot that was moved is reminded of anew."""
    bookings = await InterviewBookingRow.filter(
        released_at=None,
        slot__cancelled_at=None,
        slot__starts_at__gt=now,
        slot__starts_at__lte=until,
    ).prefetch_related("slot")
    found = []
    for booking in sorted(bookings, key=lambda each: each.id):
        slot = booking.slot
        program = catalogue.programs.get(slot.program_code)
        if program is None:
            continue
        application: UUID = booking.application_id  # type: ignore[attr-defined]  # the relation's column
        starts_at = slot.starts_at.astimezone(UTC).isoformat()
        facts = {
            "slot": str(slot.id),
            "round": slot.round_code or None,
            "mode": slot.mode,
            "starts_at": starts_at,
            "expires": starts_at,
        }
        due = slot.starts_at
        found.append(_of_case(catalogue, "INTERVIEW_NEAR", application, due, now, program, facts))
    return found


def submission_closes(program: Program, round_code: str) -> datetime | None:
    """Return when applications of a round close, None where no window says so."""
    path = path_of(program, round_code or None)
    windows = [
        window_of(program, round_code or None, step)
        for step in path.steps_of("application", "preference")
    ]
    ends = [each.closes_at for each in windows if each is not None and each.closes_at is not None]
    return min(ends, default=None)


async def _in_publicity(
    catalogue: Catalogue,
) -> list[tuple[UUID, Program, str, Channel, datetime]]:
    rows = (
        await ApplicationRow.filter(state=_S.IN_PUBLICITY.value, publicity_id__isnull=False)
        .order_by("id")
        .values("id", "program_code", "opening_code", "round_code", "channel", "publicity_id")
    )
    lists = await PublicityRow.filter(
        id__in=list({row["publicity_id"] for row in rows}), withdrawn_at=None
    ).values("id", "ends_at")
    ends = {each["id"]: each["ends_at"] for each in lists}
    return [
        (row["id"], program, row["round_code"], Channel(row["channel"]), ends[row["publicity_id"]])
        for row in rows
        if row["publicity_id"] in ends and (program := _binding(catalogue, row)) is not None
    ]


def _binding(catalogue: Catalogue, row: Mapping[str, Any]) -> Program | None:
    return catalogue.program_binding(row["program_code"], row["opening_code"])


def _of_case(
    catalogue: Catalogue,
    kind: str,
    application: UUID,
    due: datetime,
    at: datetime,
    program: Program,
    facts: Mapping[str, str | int | bool | None],
) -> Due:
    name = kind.lower().replace("_", ".")
    event = _event(catalogue, name, at, subject_of("Application", application), program, facts)
    return Due(kind=kind, subject=str(application), at=due, event=event)


def _event(
    catalogue: Catalogue,
    name: str,
    at: datetime,
    subject: str,
    program: Program,
    facts: Mapping[str, str | int | bool | None],
) -> Event:
    return Event(
        id=uuid7(),
        name=name,
        at=at,
        subject=subject,
        base=program.base,
        program=program.code,
        actor=None,
        data=facts,
        catalogue_hash=catalogue.hash,
    )


def _grouped(
    found: Iterable[tuple[str, str, UUID]],
) -> dict[tuple[str, str], tuple[UUID, ...]]:
    groups: dict[tuple[str, str], list[UUID]] = {}
    for program, round_code, id_ in found:
        groups.setdefault((program, round_code), []).append(id_)
    return {key: tuple(ids) for key, ids in groups.items()}


def _end_of(day: date) -> datetime:
    """Return the 24:00 of a day in China."""
    return datetime.combine(day, time(0), CHINA_TIME) + timedelta(days=1)


def _last_day(end: datetime) -> str:
    """Return the last day before an instant that is excluded."""
    return (end.astimezone(CHINA_TIME) - timedelta(microseconds=1)).date().isoformat()
