"""The queue of an office, counted by one statement however many applications there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import connections

from zhupei.domain.admission_guards import window_of
from zhupei.domain.admission_process import ApplicationState, Channel, Path, path_of
from zhupei.domain.office_queue import (
    OfficeQueue,
    OpeningCount,
    QueueLine,
    QueueTask,
    QueueTaskKind,
)
from zhupei.domain.recruitment_priority import has_priority
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.permissions import reach_of

__all__ = ["READ", "OfficeQueueInput", "office_queue"]

READ = "applications.read"
"""The permission to see what waits."""

# What belongs to a specialty is counted where the actor's grants reach it, the rest for the base.
_COUNTED = """
WITH seen AS (
    SELECT * FROM application
    WHERE base_code = $1 AND ($2::text IS NULL OR program_code = $2)
      AND ($3::text IS NULL OR round_code = $3) AND state <> 'DRAFT'
      AND ($4 OR opening_code = ANY($5::text[]))
)
SELECT 'STATE' AS what, program_code, round_code, opening_code, channel, state,
       count(*)::int AS number, min(submitted_at) AS oldest_at
FROM seen GROUP BY program_code, round_code, opening_code, channel, state
UNION ALL
SELECT 'ARRANGE_INTERVIEW', program_code, round_code, opening_code, channel, state,
       count(*)::int, min(submitted_at)
FROM seen WHERE state IN ('SUBMITTED', 'RECOMMENDED', 'CHECKED') AND NOT EXISTS (
    SELECT 1 FROM interview_booking AS b
    WHERE b.application_id = seen.id AND b.released_at IS NULL)
GROUP BY program_code, round_code, opening_code, channel, state
UNION ALL
SELECT 'DECIDE_OBJECTION', a.program_code, a.round_code, a.opening_code, '', '',
       count(*)::int, min(o.filed_at)
FROM objection AS o JOIN seen AS a ON a.id = o.application_id WHERE o.upheld IS NULL
GROUP BY a.program_code, a.round_code, a.opening_code
UNION ALL
SELECT 'SIGN_SCORE_SHEET', program_code, round_code, opening_code, '', '',
       count(*)::int, min(entered_at)
FROM score_sheet
WHERE base_code = $1 AND state = 'PENDING' AND ($2::text IS NULL OR program_code = $2)
  AND ($3::text IS NULL OR round_code = $3) AND ($4 OR opening_code = ANY($5::text[]))
GROUP BY program_code, round_code, opening_code
UNION ALL
SELECT 'DECIDE_PLAN_INCREASE', program_code, round_code, opening_code, '', '',
       count(*)::int, min(requested_at)
FROM plan_increase
WHERE base_code = $1 AND state = 'REQUESTED' AND ($2::text IS NULL OR program_code = $2)
  AND ($3::text IS NULL OR round_code = $3) AND ($4 OR opening_code = ANY($5::text[]))
GROUP BY program_code, round_code, opening_code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeQueueInput:
    """Whose queue is asked for; None does not limit.

    ``due_before`` keeps the lines whose window ends before it.
    """

    base: str
    program: str | None = None
    round: str | None = None
    due_before: datetime | None = None


async def office_queue(desk: Desk, given: OfficeQueueInput) -> OfficeQueue | Refusal:
    """Return what waits at a base: applications by state, what is next, and other tasks.

    Staff of a specialty see what belongs to it.
    """
    if given.base not in desk.catalogue.bases:
        return not_found("base", given.base)
    with desk.database.use():
        reach = reach_of(desk.actor, READ, desk.catalogue, desk.dispatcher)
        against = await permitted_for(desk, READ, base=given.base)
        specialties = [
            specialty
            for base, specialty in sorted(reach.specialties)
            if base == given.base
            and await permitted_for(desk, READ, base=base, specialty=specialty) is None
        ]
        if against is not None and not specialties:
            return against
        whole = against is None
        openings = [
            opening.code
            for opening in desk.catalogue.openings_of_base.get(given.base, ())
            if opening.specialty in specialties
        ]
        rows = await connections.get("default").execute_query_dict(
            _COUNTED, [given.base, given.program, given.round, whole, sorted(openings)]
        )
    now = desk.clock()
    lines = [
        line
        for line in _lines(desk, [row for row in rows if row["what"] == "STATE"], now)
        if given.due_before is None
        or (line.closes_at is not None and line.closes_at < given.due_before)
    ]
    return OfficeQueue(
        base=given.base,
        at=now,
        total=sum(line.count for line in lines),
        lines=tuple(lines),
        tasks=tuple(_tasks(desk, [row for row in rows if row["what"] != "STATE"])),
    )


def _path(desk: Desk, row: Mapping[str, Any]) -> tuple[Program, Path] | None:
    program = desk.catalogue.programs.get(row["program_code"])
    if program is None:
        return None
    channel = Channel(row["channel"] or Channel.BATCH)
    return program, path_of(program, row["round_code"] or None, channel)


def _lines(desk: Desk, rows: Iterable[Mapping[str, Any]], now: datetime) -> list[QueueLine]:
    """Return one line for each program, round, channel and state, in the order of the path."""
    grouped: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        key = (row["program_code"], row["round_code"], row["channel"], row["state"])
        grouped.setdefault(key, []).append(row)
    order = list(ApplicationState)
    found = sorted(
        grouped.items(), key=lambda each: (each[0][:3], order.index(ApplicationState(each[0][3])))
    )
    return [_line(desk, group, now) for _, group in found]


def _line(desk: Desk, rows: list[Mapping[str, Any]], now: datetime) -> QueueLine:
    first = rows[0]
    state = ApplicationState(first["state"])
    known = _path(desk, first)
    stage = None if known is None else known[1].next_after(state)
    steps = () if stage is None else stage.steps
    windows = [
        window
        for step in steps
        if known is not None
        and (window := window_of(known[0], first["round_code"] or None, step)) is not None
    ]
    closes = min((each.closes_at for each in windows if each.closes_at is not None), default=None)
    opens = min((each.opens_at for each in windows if each.opens_at is not None), default=None)
    return QueueLine(
        program=first["program_code"],
        round=first["round_code"] or None,
        state=state,
        count=sum(row["number"] for row in rows),
        oldest_at=min(
            (row["oldest_at"] for row in rows if row["oldest_at"] is not None), default=None
        ),
        next=None if stage is None else stage.state,
        steps=tuple(step.id for step in steps),
        todo=Text(
            "、".join(step.label.zh for step in steps),
            ", ".join(step.label.en or step.label.zh for step in steps),
        )
        if steps
        else None,
        actor=next((step.actor for step in steps if step.actor is not None), None),
        opens_at=opens,
        closes_at=closes,
        overdue=closes is not None and now >= closes,
        openings=tuple(
            OpeningCount(opening=row["opening_code"], count=row["number"])
            for row in sorted(rows, key=lambda each: _turn(desk, each))
        ),
    )


def _turn(desk: Desk, row: Mapping[str, Any]) -> tuple[bool, str]:
    """Return the order of openings: those whose specialty has priority in the round come first."""
    opening = desk.catalogue.openings.get(row["opening_code"])
    lists = desk.catalogue.shortages.get(row["program_code"], ())
    first = opening is not None and has_priority(
        lists, opening.specialty, row["round_code"] or None
    )
    return (not first, row["opening_code"])


def _tasks(desk: Desk, rows: Iterable[Mapping[str, Any]]) -> list[QueueTask]:
    grouped: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["what"] == QueueTaskKind.ARRANGE_INTERVIEW.value and not _interviewed(desk, row):
            continue
        key = (row["what"], row["program_code"], row["round_code"])
        grouped.setdefault(key, []).append(row)
    return [
        QueueTask(
            kind=QueueTaskKind(what),
            program=program,
            round=round_code or None,
            count=sum(row["number"] for row in group),
            oldest_at=min((row["oldest_at"] for row in group), default=None),
        )
        for (what, program, round_code), group in sorted(grouped.items())
    ]


def _interviewed(desk: Desk, row: Mapping[str, Any]) -> bool:
    """Whether applications of a row have an interview before them."""
    known = _path(desk, row)
    return known is not None and bool(known[1].steps_of("interview"))
