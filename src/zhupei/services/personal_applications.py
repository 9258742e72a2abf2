"""A person's applications for the copy of their own data: what is published, and what is not yet.

A copy of one's data (PIPL 45) does not run ahead of a recruitment: assessments and what those who
judge wrote stay withheld, with the reason, until the list of the person's round is published; where
a program publishes none, until the outcome. Then the copy holds them. That there are such records
is told at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import (
    AllocationChoiceRow,
    AllocationPlaceRow,
    AllocationRunRow,
    ApplicationRow,
    BulkOperationRow,
    InterviewBookingRow,
    InterviewSlotRow,
    ObjectionRow,
    PublicityRow,
    ScoreRow,
    ScoreSheetRow,
    TransitionRow,
)
from zhupei.domain.admission_process import EXITS, Action, ApplicationState
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text
from zhupei.services.allocation.publication import is_published

__all__ = ["WITHHELD", "applications_of_person", "objections_by"]

WITHHELD = Text(
    "成绩、意见与考核材料在名单公示（无公示的项目为录取结果作出）之前暂不提供，之后可再次申请副本",
    "scores, opinions and assessments are withheld until the list is published, or until the "
    "outcome where the program publishes none; ask for a copy again after that",
)

_S = ApplicationState
_JUDGING = frozenset(
    {
        Action.CHECK_ELIGIBILITY.value,
        Action.RECORD_INTERVIEW.value,
        Action.RECORD_EXAMINATION.value,
        Action.RECORD_SCORES.value,
        Action.GIVE_OPINION.value,
        Action.REVIEW.value,
    }
)
_DECIDED = EXITS | {_S.ADMITTED, _S.NOTIFIED, _S.REPORTED, _S.CONTRACTED, _S.REGISTERED}


async def applications_of_person(applicant: UUID, catalogue: Catalogue) -> list[Mapping[str, Any]]:
    """Return the applications of one person as plain values, without names of others."""
    rows = await ApplicationRow.filter(applicant_id=applicant).order_by("id")
    ids = [row.id for row in rows]
    published = await _published(rows, catalogue)
    scores = await _scores(ids)
    sheets = await _sheets(ids)
    records = await _records(rows, published)
    bookings = await _bookings(ids)
    objections = await _objections_about(ids)
    allocations = await _allocations(applicant, catalogue)
    return [
        {
            "id": str(row.id),
            "opening": row.opening_code,
            "round": row.round_code or None,
            "direction": row.direction,
            "preference": row.preference,
            "state": row.state,
            "createdAt": plain(row.created_at),
            "submittedAt": plain(row.submitted_at),
            **_judged(row, scores[row.id], sheets[row.id], is_published=row.id in published),
            "interviews": bookings[row.id],
            "allocations": allocations.get(row.id, []),
            "objections": objections[row.id],
            "records": records[row.id],
        }
        for row in rows
    ]


def _judged(
    row: ApplicationRow,
    scores: Sequence[Mapping[str, Any]],
    sheets: Sequence[Mapping[str, Any]],
    *,
    is_published: bool,
) -> Mapping[str, Any]:
    details: Mapping[str, Any] = row.details
    judged = scores or sheets or details.get("packet") or details.get("opinion")
    if is_published or not judged:
        return {
            "details": details,
            "scores": list(scores),
            "scoreSheets": list(sheets),
            "withheld": None,
        }
    hidden = {"packet": None, "opinion": None}
    return {
        "details": {**details, **hidden},
        "scores": None,
        "scoreSheets": None,
        "withheld": {
            "parts": [
                "scores",
                "scoreSheets",
                "details.packet",
                "details.opinion",
                "records.reason",
            ],
            "reason": {"zh": WITHHELD.zh, "en": WITHHELD.en},
        },
    }


async def _published(rows: Sequence[ApplicationRow], catalogue: Catalogue) -> frozenset[UUID]:
    """Return whose assessments are no secret any more: see this module's first lines."""
    programs = {row.program_code for row in rows}
    lists = await PublicityRow.filter(program_code__in=sorted(programs), withdrawn_at=None).values(
        "program_code", "round_code"
    )
    listed = {(each["program_code"], each["round_code"]) for each in lists}
    found = set()
    for row in rows:
        program = catalogue.programs.get(row.program_code)
        # A program that left the catalogue tells no more whether it had a list: its outcome counts.
        publishes = program is not None and any(step.kind == "publicity" for step in program.steps)
        if publishes:
            known = row.publicity_id is not None or (row.program_code, row.round_code) in listed
        else:
            known = ApplicationState(row.state) in _DECIDED
        if known:
            found.add(row.id)
    return frozenset(found)


async def _scores(ids: Collection[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    found: dict[UUID, list[Mapping[str, Any]]] = {id_: [] for id_ in ids}
    for score in await ScoreRow.filter(application_id__in=list(ids)).order_by("assessment"):
        found[score.application_id].append(  # type: ignore[attr-defined]  # Tortoise adds it
            {
                "assessment": score.assessment,
                "points": str(score.points),
                "of": score.full_mark,
                "recordedAt": plain(score.recorded_at),
            }
        )
    return found


async def _sheets(ids: Collection[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    """Return what sheets hold of each application, those that were never signed too.

    Points that nobody signed are no scores, but they are kept of the person; so is an absence.
    """
    found: dict[UUID, list[Mapping[str, Any]]] = {id_: [] for id_ in ids}
    if not ids:
        return found
    of_any = Q(*(Q(rows__contains=[{"application": str(id_)}]) for id_ in ids), join_type=Q.OR)
    for sheet in await ScoreSheetRow.filter(of_any).order_by("id"):
        for row in sheet.rows:
            application = UUID(row["application"])
            if application in found:
                found[application].append(
                    {
                        "state": sheet.state,
                        "scores": row["scores"],
                        "absent": row["absent"],
                        "enteredAt": plain(sheet.entered_at),
                        "decidedAt": plain(sheet.decided_at),
                    }
                )
    return found


async def _allocations(
    applicant: UUID, catalogue: Catalogue
) -> dict[UUID, list[Mapping[str, Any]]]:
    """Return what runs of an allocation made of each application, tried and taken back ones too."""
    choices = await AllocationChoiceRow.filter(applicant_id=applicant).order_by("id").values()
    places: dict[UUID, list[str]] = {each["run_id"]: [] for each in choices}
    for each in choices:
        places[each["run_id"]].append(each["place"])
    runs = {run.id: run for run in await AllocationRunRow.filter(id__in=list(places))}
    told = {run.id: await _told(run, places[run.id], catalogue) for run in runs.values()}
    steps = [run.operation_id for run in runs.values() if run.operation_id is not None]
    taken_back = dict(await BulkOperationRow.filter(id__in=steps).values_list("id", "reverted_at"))
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for each in choices:
        run, is_told = runs[each["run_id"]], told[each["run_id"]]
        found.setdefault(each["application_id"], []).append(
            {
                "at": plain(run.at),
                "proposedAt": plain(run.proposed_at),
                "takenBackAt": plain(taken_back.get(run.operation_id)),
                "place": each["place"],
                "total": format(each["value"].normalize(), "f") if is_told else None,
                "rank": each["rank"] if is_told else None,
                "result": each["verdict"] if is_told else None,
                "withheld": None if is_told else {"zh": WITHHELD.zh, "en": WITHHELD.en},
            }
        )
    return found


async def _told(run: AllocationRunRow, choices: Sequence[str], catalogue: Catalogue) -> bool:
    """Whether a person may know what a run made of them; one choice tells of the others."""
    taken = await AllocationPlaceRow.filter(run_id=run.id, code__in=list(choices), taken__gt=0)
    openings = [place.opening_code for place in taken]
    return await is_published(catalogue, openings, run.round_code, run.proposed_at or run.at)


async def _records(
    rows: Sequence[ApplicationRow], published: Collection[UUID]
) -> dict[UUID, list[Mapping[str, Any]]]:
    found: dict[UUID, list[Mapping[str, Any]]] = {row.id: [] for row in rows}
    for record in await TransitionRow.filter(application_id__in=list(found)).order_by("sequence"):
        application: UUID = record.application_id  # type: ignore[attr-defined]  # Tortoise adds it
        # What led out of the process was told to the person when it did.
        is_told = (
            application in published
            or record.action not in _JUDGING
            or ApplicationState(record.to_state) in EXITS
        )
        found[application].append(
            {
                "at": plain(record.at),
                "action": record.action,
                "state": record.to_state,
                "reason": record.reason if is_told else None,
            }
        )
    return found


async def _bookings(ids: Collection[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    rows = await InterviewBookingRow.filter(application_id__in=list(ids)).order_by("id").values()
    slots = {
        slot.id: slot
        for slot in await InterviewSlotRow.filter(id__in=[row["slot_id"] for row in rows])
    }
    found: dict[UUID, list[Mapping[str, Any]]] = {id_: [] for id_ in ids}
    for row in rows:
        slot = slots[row["slot_id"]]
        found[row["application_id"]].append(
            {
                "mode": slot.mode,
                "place": slot.place,
                "startsAt": plain(slot.starts_at),
                "endsAt": plain(slot.ends_at),
                "chosen": row["chosen"],
                "bookedAt": plain(row["booked_at"]),
                "releasedAt": plain(row["released_at"]),
                "releaseReason": row["release_reason"],
            }
        )
    return found


async def _objections_about(ids: Collection[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    """Return the objections that were decided; who objected, and in what words, is not theirs."""
    found: dict[UUID, list[Mapping[str, Any]]] = {id_: [] for id_ in ids}
    rows = await ObjectionRow.filter(application_id__in=list(ids), upheld__isnull=False)
    for row in sorted(rows, key=lambda each: each.id):
        found[row.application_id].append(  # type: ignore[attr-defined]  # Tortoise adds it
            {
                "filedAt": plain(row.filed_at),
                "upheld": row.upheld,
                "resolution": row.resolution,
                "resolvedAt": plain(row.resolved_at),
            }
        )
    return found


async def objections_by(account: str) -> list[Mapping[str, Any]]:
    """Return what an account objected to, in its own words, and what was decided."""
    return [
        {
            "text": row.text,
            "filedAt": plain(row.filed_at),
            "upheld": row.upheld,
            "resolution": row.resolution,
            "resolvedAt": plain(row.resolved_at),
        }
        for row in await ObjectionRow.filter(filed_by=account).order_by("id")
    ]
