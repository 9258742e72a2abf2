"""The queue of an office, counted by one statement however many applications there are."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from tortoise import connections

from zhupei.domain.admission_guards import window_of
from zhupei.domain.admission_process import ApplicationState, Channel, Path, path_of
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.office_queue import (
    OfficeQueue,
    OpeningCount,
    QueueLine,
    QueueTask,
    QueueTaskKind,
)
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import restored
from zhupei.domain.recruitment_priority import has_priority
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.papers.letters import concerns
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
  AND NOT EXISTS (
    SELECT 1 FROM application_score AS s
    WHERE s.application_id = seen.id AND s.assessment = 'interview')
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


# What applications lack of the documents that are due; files that were sent in count as handed in.
# Where one of them is asked of whoever applies, nobody has to look at the person; otherwise those
# are looked at once of whom the same is known, as far as conditions ask. Without OFFSET the
# documents would be found anew for each place that names them.
_PAPERS = """
SELECT a.program_code, a.round_code, a.opening_code, a.channel, a.state, lacking.documents,
       CASE WHEN NOT lacking.documents && due.of_all
            THEN (SELECT coalesce(jsonb_object_agg(fact.key, fact.value), '{}')
                  FROM jsonb_each(a.details->'candidate') AS fact
                  WHERE fact.key = ANY(due.facts))::text END AS candidate,
       count(*)::int AS number, min(a.submitted_at) AS oldest_at
FROM jsonb_to_recordset($2::text::jsonb) AS due(
    program_code text, round_code text, opening_code text, channel text, state text,
    documents text[], of_all text[], facts text[])
JOIN application AS a ON a.program_code = due.program_code AND a.round_code = due.round_code
  AND a.opening_code = due.opening_code AND a.channel = due.channel AND a.state = due.state
CROSS JOIN LATERAL (SELECT ARRAY(
    SELECT unnest(due.documents)
    EXCEPT SELECT given->>'document' FROM jsonb_array_elements(a.details->'documents') AS given
    EXCEPT SELECT f.document FROM applicant_file AS f
           WHERE f.applicant_id = a.applicant_id AND f.removed_at IS NULL
) AS documents OFFSET 0) AS lacking
WHERE a.base_code = $1 AND lacking.documents <> '{}'
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeQueueInput:
    """Whose queue is asked for; None does not limit.

    ``due_before`` keeps the lines whose window ends before it; ``lacking_documents`` counts only
    applications that lack a document which is required up to the step that comes next.
    """

    base: str
    program: str | None = None
    round: str | None = None
    due_before: datetime | None = None
    lacking_documents: bool = False


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
        client = connections.get("default")
        values = [given.base, given.program, given.round, whole, sorted(openings)]
        rows = await client.execute_query_dict(_COUNTED, values)
        states = [row for row in rows if row["what"] == "STATE"]
        if given.lacking_documents:
            due = json.dumps([each for row in states if (each := _due(desk, row)) is not None])
            lacking = await client.execute_query_dict(_PAPERS, [given.base, due])
            # Expressions about thousands of people take a while: other requests go on meanwhile.
            states = await asyncio.to_thread(_lacking, desk, lacking)
    now = desk.clock()
    lines = [
        line
        for line in _lines(desk, states, now)
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


_KEY = ("program_code", "round_code", "opening_code", "channel", "state")


def _due(desk: Desk, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the documents that applications of a row need by now; None where there are none.

    They are those that are required at a step behind them or at the next one.
    """
    known = _path(desk, row)
    if known is None or row["opening_code"] not in desk.catalogue.openings:
        return None
    program, path = known
    ahead = path.next_after(ApplicationState(row["state"]))
    if ahead is None:
        return None
    steps: set[str | None] = {None}
    for stage in path.stages:
        steps |= {name for step in stage.steps for name in (step.id, step.kind)}
        if stage == ahead:
            break
    due = [each for each in program.documents if each.required and each.at_step in steps]
    if not due:
        return None
    return {
        **{name: row[name] for name in _KEY},
        "documents": [each.id for each in due],
        "of_all": [each.id for each in due if each.when is None],
        "facts": _facts_in(" ".join(each.when for each in due if each.when is not None)),
    }


_WORD = re.compile(r"\w+")


def _facts_in(conditions: str) -> list[str]:
    """Return the attributes of a candidate that conditions may ask for: whatever has the name."""
    words = {word.lower() for word in _WORD.findall(conditions)}
    return [each.name for each in fields(Candidate) if each.name.replace("_", "") in words]


def _lacking(desk: Desk, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count the applications that lack a document, by all that lines are made of."""
    counted: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row["candidate"] is not None and not _concerned(desk, row):
            continue
        key = tuple(row[name] for name in _KEY)
        group = counted.setdefault(key, {**dict(zip(_KEY, key, strict=True)), "number": 0})
        group["number"] += row["number"]
        known = (group.get("oldest_at"), row["oldest_at"])
        group["oldest_at"] = min((each for each in known if each is not None), default=None)
    return list(counted.values())


def _concerned(desk: Desk, row: Mapping[str, Any]) -> bool:
    """Whether one of the documents that are not there concerns the person.

    Where nobody can tell, it is lacking as well: somebody has to look.
    """
    opening = desk.catalogue.openings[row["opening_code"]]
    candidate = restored(Candidate, json.loads(row["candidate"]))
    today = desk.clock().astimezone(CHINA_TIME).date()
    return any(
        document.id in row["documents"]
        and concerns(desk.catalogue, opening, candidate, document, today) is not False
        for document in desk.catalogue.program_of(opening).documents
    )


def _path(desk: Desk, row: Mapping[str, Any]) -> tuple[Program, Path] | None:
    program = desk.catalogue.program_binding(row["program_code"], row["opening_code"])
    if program is None:
        return None
    channel = Channel(row["channel"] or Channel.BATCH)
    return program, path_of(program, row["round_code"] or None, channel)


def _lines(desk: Desk, rows: Iterable[Mapping[str, Any]], now: datetime) -> list[QueueLine]:
    """Return one line for each program, round, channel and state, in the order of the path.

    Openings with rules of their own have lines of their own: other steps may come next there.
    """
    grouped: dict[tuple[str, str, str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        own = row["opening_code"] if row["opening_code"] in desk.catalogue.amended else ""
        key = (row["program_code"], row["round_code"], row["channel"], own, row["state"])
        grouped.setdefault(key, []).append(row)
    order = list(ApplicationState)
    found = sorted(
        grouped.items(), key=lambda each: (each[0][:4], order.index(ApplicationState(each[0][4])))
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
