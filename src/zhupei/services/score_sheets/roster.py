"""Who is on a score sheet, and its columns: those who wait for the assessments asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from zhupei.db.models import ApplicationRow
from zhupei.db.reading import among, read_rows
from zhupei.domain.admission_process import ApplicationState, Channel, path_of
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import permitted_for
from zhupei.services.applicant_rows import APPLICANTS, Sealed, masked
from zhupei.services.papers.records import AssessedApplicant
from zhupei.services.papers.score_sheet import (
    ScoreColumn,
    ScoreSheetError,
    score_columns,
    score_sheet_csv,
    score_sheet_xlsx,
)
from zhupei.services.recruitment_parts import RecruitmentPart, recruitment_part
from zhupei.services.score_sheets.inputs import ScoreSheetPart

__all__ = ["ENTER", "Roster", "blank_sheet", "permitted_part", "roster_of"]

ENTER = "scores.write"
"""The permission to export and enter sheets."""

KINDS = ("interview", "examination")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A part of a recruitment, the columns of its sheet, and the people on it."""

    part: RecruitmentPart
    columns: tuple[ScoreColumn, ...]
    applicants: tuple[AssessedApplicant, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The assessments that the sheet is about."""
        return tuple(column.kind for column in self.columns)


async def blank_sheet(
    desk: Desk, keyring: Callable[[], Keyring], asked: ScoreSheetPart, *, spreadsheet: bool
) -> bytes | Refusal:
    """Return the sheet to fill in, as XLSX or as CSV, with everybody who waits (R142).

    Rows are in the order of openings and ids, which hints at no merit.
    """
    part = await permitted_part(desk, asked)
    if isinstance(part, Refusal):
        return part
    with desk.database.use():
        roster = await roster_of(desk, keyring, part, asked.assessments)
    if isinstance(roster, Refusal):
        return roster
    make = score_sheet_xlsx if spreadsheet else score_sheet_csv
    return make(roster.columns, roster.applicants)


async def permitted_part(desk: Desk, asked: ScoreSheetPart) -> RecruitmentPart | Refusal:
    """Return the part that is asked for, if the actor enters scores there."""
    part = recruitment_part(desk, asked.program, asked.base, asked.opening, asked.round)
    if isinstance(part, Refusal):
        return part
    with desk.database.use():
        against = await permitted_for(desk, ENTER, base=part.base, specialty=part.specialty)
    return part if against is None else against


async def roster_of(
    desk: Desk,
    keyring: Callable[[], Keyring],
    part: RecruitmentPart,
    assessments: tuple[str, ...] | None,
) -> Roster | Refusal:
    """Return columns and people of a sheet: who waits for every one of its assessments.

    Three statements, however many people there are. An opening whose own rules ask for other
    assessments, or other full marks, has a sheet of its own.
    """
    columns = _columns(part, assessments)
    if isinstance(columns, Refusal):
        return columns
    bound = _Bound(desk, part, columns)
    filed = ApplicationRow.filter(
        base_code=part.base,
        program_code=part.program.code,
        round_code=part.round_code,
        channel=Channel.BATCH.value,
    )
    if part.opening is not None:
        filed = filed.filter(opening_code=part.opening.code)
    rows = [
        row
        for row in await filed.filter(state__in=bound.states)
        .order_by("id")
        .values("id", "applicant_id", "opening_code", "state", "completed_steps")
        if bound.waits(row)
    ]
    named = among("p.id", tuple({row["applicant_id"] for row in rows}), "uuid")
    people = {
        each.id: each
        for each in await read_rows(APPLICANTS, {"id", "name", "sealed_number"}, named)
    }
    keys = keyring()
    found = [
        AssessedApplicant(
            application=str(row["id"]),
            name=people[row["applicant_id"]].name,
            opening=row["opening_code"],
            masked_number=masked(keys, people[row["applicant_id"]], Sealed.NUMBER),
        )
        for row in rows
    ]
    return Roster(part=part, columns=columns, applicants=tuple(found))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """In which state applications wait for the assessments of a sheet, and the steps of those."""

    state: str
    steps: frozenset[str]


class _Bound:
    """Who waits, by the rules that bind each opening."""

    def __init__(self, desk: Desk, part: RecruitmentPart, columns: tuple[ScoreColumn, ...]) -> None:
        self._kinds = tuple(column.kind for column in columns)
        self._usual = self._waiting(part)
        self._own: dict[str, _Waiting | None] = {}
        for code in part.program.openings:
            amended = desk.catalogue.amended.get(code)
            if amended is not None:
                own = replace(part, program=amended, path=path_of(amended, part.round))
                same = _columns(own, self._kinds) == columns
                self._own[code] = self._waiting(own) if same else None

    @property
    def states(self) -> list[str]:
        """Every state in which somebody may wait."""
        every = (self._usual, *self._own.values())
        return sorted({each.state for each in every if each is not None})

    def waits(self, row: Mapping[str, Any]) -> bool:
        """Whether an application waits for every one of the assessments."""
        here = self._own.get(row["opening_code"], self._usual)
        return (
            here is not None
            and row["state"] == here.state
            and not here.steps.intersection(row["completed_steps"])
        )

    def _waiting(self, part: RecruitmentPart) -> _Waiting:
        states = part.path.states
        return _Waiting(
            state=states[states.index(ApplicationState.ASSESSED) - 1].value,
            steps=frozenset(step.id for step in part.path.steps_of(*self._kinds)),
        )


def _columns(
    part: RecruitmentPart, assessments: tuple[str, ...] | None
) -> tuple[ScoreColumn, ...] | Refusal:
    """Return one column for each assessment asked for; without a full mark there is none."""
    on_path = [kind for kind in KINDS if part.path.steps_of(kind)]
    asked = on_path if assessments is None else list(dict.fromkeys(assessments))
    strange = [kind for kind in asked if kind not in on_path]
    # In one order, however they were asked for: a second sheet about the same is known by it.
    wanted = [kind for kind in on_path if kind in asked]
    if strange or not wanted:
        return _impossible(
            Text(
                f"本批次没有这些考核：{'、'.join(strange)}" if strange else "本批次没有计分考核",
                f"the round has no {', '.join(strange) or 'assessment with scores'}",
            )
        )
    try:
        columns = score_columns(part.program)
    except ScoreSheetError as error:
        return _impossible(error.message)
    found = tuple(each for kind in wanted for each in columns if each.kind == kind)
    if [each.kind for each in found] != wanted:
        return _impossible(
            Text(
                "面试和专业考试须各配置一项有满分的考核",
                "interview and examination have to be configured once each, with a full mark",
            )
        )
    return found


def _impossible(message: Text) -> Refusal:
    return Refusal(code=RefusalCode.SCORE_SHEET_IMPOSSIBLE, message=message, field="assessments")
