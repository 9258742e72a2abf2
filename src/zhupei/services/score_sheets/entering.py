"""Entering a filled-in score sheet: all rows are right and it waits, or nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from zhupei.config.problems import Problem, Problems
from zhupei.db.identifiers import uuid7
from zhupei.db.models import ScoreSheetRow
from zhupei.domain.plain_values import plain
from zhupei.domain.score_sheets import (
    ScoreSheet,
    ScoreSheetState,
    SheetProblem,
    SheetRow,
    SheetScore,
    UnreadableSheet,
)
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.office_requests import RefusedError, Work, answer_once, lock, refuse
from zhupei.services.outbox import subject_of
from zhupei.services.papers.records import ImportedScores
from zhupei.services.papers.score_sheet_import import read_score_sheet
from zhupei.services.recruitment_parts import frozen_in
from zhupei.services.score_sheets.inputs import EnterScoreSheetInput
from zhupei.services.score_sheets.roster import Roster, permitted_part, roster_of
from zhupei.services.score_sheets.rows import sheet_now

__all__ = ["enter_score_sheet"]

_ZIP = b"PK\x03\x04"


class _UnreadableError(Exception):
    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        super().__init__()


async def enter_score_sheet(
    desk: Desk, keyring: Callable[[], Keyring], given: EnterScoreSheetInput
) -> ScoreSheet | UnreadableSheet | Refusal:
    """Take a filled-in sheet, XLSX or CSV by its content, to wait for a second person.

    Every row is compared with the application, the masked name and the masked number. All
    problems are told at once with row and cell; with one of them nothing is kept. Scores are
    recorded only by `sign_score_sheet`.
    """
    part = await permitted_part(desk, given.part)
    if isinstance(part, Refusal):
        return part

    async def do(work: Work) -> str:
        roster = await roster_of(desk, keyring, part, given.part.assessments)
        if isinstance(roster, Refusal):
            raise RefusedError(roster)
        rows = await _read(given, roster)
        scope: dict[str, Any] = {
            "base_code": part.base,
            "program_code": part.program.code,
            "opening_code": part.opening_code,
            "round_code": part.round_code,
            "assessments": ",".join(roster.kinds),
        }
        # Reading takes its time; only what is written holds a freeze up.
        refuse(await frozen_in(work.connection, part))
        await lock(work.connection, [f"score-sheet:{'|'.join(scope.values())}"])
        if await ScoreSheetRow.exists(**scope, state=ScoreSheetState.PENDING.value):
            raise RefusedError(_pending())
        row = await ScoreSheetRow.create(
            id=uuid7(),
            **scope,
            state=ScoreSheetState.PENDING.value,
            rows=plain(rows),
            low=[kind for kind in roster.kinds if kind in given.low],
            sha256=hashlib.sha256(given.content).hexdigest(),
            catalogue_hash=desk.catalogue.hash,
            entered_by=desk.actor.id,
            entered_at=desk.clock(),
        )
        work.tell(
            "score_sheet.entered",
            subject_of("ScoreSheet", row.id),
            base=part.base,
            program=part.program.code,
            opening=None if part.opening is None else part.opening.code,
            data={"round": part.round, "rows": len(rows), "assessments": scope["assessments"]},
        )
        return str(row.id)

    with desk.database.use():
        try:
            key = given.idempotency_key
            return await answer_once(desk, key, "enter_score_sheet", given, do, show=sheet_now)
        except _UnreadableError as error:
            return UnreadableSheet(problems=tuple(map(_problem, error.problems)))


def _pending() -> Refusal:
    return Refusal(
        code=RefusalCode.DUPLICATE,
        message=Text(
            "已有一份相同范围的成绩表待复核，请先复核或退回",
            "a sheet about the same waits for its second person: sign or reject that one first",
        ),
        field="part",
    )


async def _read(given: EnterScoreSheetInput, roster: Roster) -> tuple[SheetRow, ...]:
    """Return the rows of the file; raise all its problems."""
    problems = Problems()
    by_kind = {column.assessment: column for column in roster.columns}
    low = [each for each, column in by_kind.items() if column.kind in given.low]
    with tempfile.TemporaryDirectory(prefix="zhupei-scores-") as folder:
        suffix = ".xlsx" if given.content.startswith(_ZIP) else ".csv"
        path = Path(folder) / f"scores{suffix}"
        await asyncio.to_thread(path.write_bytes, given.content)
        found = await asyncio.to_thread(
            read_score_sheet, path, roster.columns, roster.applicants, problems, confirmed_low=low
        )
    if problems.errors:
        raise _UnreadableError(problems)
    return tuple(_row(each, roster) for each in found)


def _row(found: ImportedScores, roster: Roster) -> SheetRow:
    columns = {column.assessment: column for column in roster.columns}
    return SheetRow(
        application=UUID(found.application),
        row=found.row,
        scores=tuple(
            SheetScore(
                kind=columns[score.assessment].kind,
                points=score.points,
                of=columns[score.assessment].full_mark,
            )
            for score in found.scores
            if score.points is not None
        ),
        absent=tuple(columns[each].kind for each in found.absent),
    )


def _problem(problem: Problem) -> SheetProblem:
    return SheetProblem(
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        cell=problem.cell,
        row=problem.line if problem.cell is not None else None,
    )
