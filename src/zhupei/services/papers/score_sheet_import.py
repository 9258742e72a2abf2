"""Reads a filled-in score sheet: every problem with its row and cell at once, or all the scores.

Nothing is returned unless every row is right. Ids are compared with those that were asked for and
names with the masked ones, so that columns that were sorted apart or shifted are noticed. A rank
is never taken for a score: columns that speak of ranks are refused, and so is a column of points
that reads 1, 2, 3 to the number of those who were there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from zhupei.config.problems import Problem, Problems
from zhupei.config.tables import Cell, Row, Table, read_tables
from zhupei.domain.assessment import Score
from zhupei.domain.contacts import normalise_text
from zhupei.domain.masking import mask_name
from zhupei.domain.text import Text
from zhupei.services.papers.records import AssessedApplicant, ImportedScores
from zhupei.services.papers.score_sheet import (
    APPLICATION_HEADER,
    IDENTITY_HEADER,
    NAME_HEADER,
    ScoreColumn,
    has_identities,
)

__all__ = ["ABSENT", "read_score_sheet"]

ABSENT = "缺考"
"""What is written for an assessment that somebody missed; a blank cell is a mistake."""

_RANK = re.compile(r"排名|名次|排序|位次|序号|rank|order|no\.?$", re.IGNORECASE)
_POINTS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")
_NEGATIVE = re.compile(r"-\s*[0-9]+(?:\.[0-9]+)?")
_MOST_RANKED = 3  # fewer rows may well score 1 and 2


def read_score_sheet(
    path: Path,
    columns: Sequence[ScoreColumn],
    applicants: Sequence[AssessedApplicant],
    problems: Problems,
    *,
    confirmed_low: Collection[str] = (),
) -> tuple[ImportedScores, ...]:
    """Return the scores of all applicants in the order of the sheet, or nothing and the problems.

    ``applicants`` are those the sheet was made for: each must stand in it exactly once.
    ``confirmed_low`` names assessments of which a person has confirmed that points such as 1, 2, 3
    are no ranks.
    """
    tables = read_tables(path, problems)
    if len(tables) != 1:
        if not problems.errors:
            message = Text(
                f"应有一张有内容的工作表，实有 {len(tables)} 张",
                f"one sheet with content is wanted, there are {len(tables)}",
            )
            problems.add(Problem(path, None, None, (), "SCORES_SHEET", message))
        return ()
    reader = _Reader(tables[0], columns, applicants, problems)
    found = reader.read(frozenset(confirmed_low))
    return () if problems.errors else found


class _Reader:
    def __init__(
        self,
        table: Table,
        columns: Sequence[ScoreColumn],
        applicants: Sequence[AssessedApplicant],
        problems: Problems,
    ) -> None:
        self._table = table
        self._columns = columns
        self._expected = {each.application: each for each in applicants}
        self._problems = problems
        self._seen: dict[str, str] = {}
        self._identities = has_identities(applicants)

    def read(self, confirmed_low: frozenset[str]) -> tuple[ImportedScores, ...]:
        header, *rows = self._table.rows
        places = self._places(header)
        if places is None:
            return ()
        found = [scores for row in rows if (scores := self._row(row, places)) is not None]
        self._refuse_missing(header)
        self._refuse_ranks(rows, places, confirmed_low)
        return tuple(found)

    def _places(self, header: Row) -> Mapping[str, int] | None:
        """Return the column of each header, None where the header is not that of the sheet."""
        wanted = {normalise_text(each): each for each in self._headers()}
        places: dict[str, int] = {}
        wrong = False
        for at, cell in enumerate(header.cells):
            if not cell.text and cell.fault is None:
                wrong |= self._refuse_headless(header, at)
                continue
            name = wanted.get(cell.text)
            if name is None:
                self._refuse_column(header, at, cell)
                wrong = True
            elif name in places:
                message = Text(f"“{name}”一列出现两次", f'the column "{name}" stands twice')
                self._refuse(header, at, "SCORES_HEADER", message)
                wrong = True
            else:
                places[name] = at
        for name in wanted.values():
            if name not in places:
                message = Text(f"缺少“{name}”一列", f'the column "{name}" is missing')
                self._refuse(header, 0, "SCORES_HEADER", message)
                wrong = True
        return None if wrong else places

    def _refuse_headless(self, header: Row, at: int) -> bool:
        """Refuse a column that has cells but no header; a blank one is nothing."""
        for row in self._table.rows:
            cell = row.cell(at)
            if cell.text or cell.fault:
                message = Text("这一列没有表头", "the column has no header")
                self._refuse(row, at, "SCORES_HEADER", message)
                return True
        return False

    def _refuse_column(self, header: Row, at: int, cell: Cell) -> None:
        if cell.fault is not None:
            self._refuse_fault(header, at, cell)
        elif _RANK.search(cell.text):
            self._refuse(
                header,
                at,
                "SCORES_RANK_COLUMN",
                Text(f"“{cell.text}”是名次，不是得分", f'"{cell.text}" is a rank, not a score'),
                Text("请删除这一列；名次由系统计算", "remove it; ranks are computed"),
            )
        else:
            self._refuse(
                header,
                at,
                "SCORES_HEADER",
                Text(f"不认识的列“{cell.text}”", f'unknown column "{cell.text}"'),
                Text(
                    f"各列为：{'、'.join(self._headers())}",
                    f"the columns are: {', '.join(self._headers())}",
                ),
            )

    def _headers(self) -> tuple[str, ...]:
        return (
            APPLICATION_HEADER,
            NAME_HEADER,
            *(each.header for each in self._columns),
            *((IDENTITY_HEADER,) if self._identities else ()),
        )

    def _row(self, row: Row, places: Mapping[str, int]) -> ImportedScores | None:
        before = len(self._problems.errors)
        self._refuse_beyond(row, places)
        applicant = self._applicant(row, places)
        scores: list[Score] = []
        absent: list[str] = []
        for column in self._columns:
            at = places[column.header]
            if row.cell(at).text == ABSENT:
                absent.append(column.assessment)
                continue
            points = self._points(row, at, column)
            if points is not None:
                passed = None if column.pass_mark is None else points >= column.pass_mark
                scores.append(Score(assessment=column.assessment, points=points, passed=passed))
        if applicant is None or len(self._problems.errors) > before:
            return None
        return ImportedScores(
            application=applicant.application,
            scores=tuple(scores),
            absent=tuple(absent),
            row=row.number,
        )

    def _refuse_beyond(self, row: Row, places: Mapping[str, int]) -> None:
        used = set(places.values())
        width = len(self._table.rows[0].cells)
        for at, cell in enumerate(row.cells):
            if at >= width and at not in used and (cell.text or cell.fault):
                message = Text("表头之外的单元格有内容", "a cell beyond the header is filled in")
                self._refuse(row, at, "SCORES_HEADER", message)

    def _applicant(self, row: Row, places: Mapping[str, int]) -> AssessedApplicant | None:
        at = places[APPLICATION_HEADER]
        cell = row.cell(at)
        if cell.fault is not None:
            self._refuse_fault(row, at, cell)
            return None
        if not cell.text:
            self._refuse(row, at, "SCORES_ID", Text("没有报名号", "there is no application id"))
            return None
        found = self._expected.get(cell.text)
        if found is None:
            message = Text(f"未知的报名号 {cell.text}", f"unknown application {cell.text}")
            self._refuse(row, at, "SCORES_ID", message)
            return None
        first = self._seen.setdefault(cell.text, self._table.address(row, at))
        if first != self._table.address(row, at):
            message = Text(
                f"报名号 {cell.text} 已在 {first} 出现", f"{cell.text} stands already in {first}"
            )
            self._refuse(row, at, "SCORES_DUPLICATE", message)
            return None
        self._check_name(row, places[NAME_HEADER], found)
        if self._identities:
            self._check_identity(row, places[IDENTITY_HEADER], found)
        return found

    def _check_name(self, row: Row, at: int, applicant: AssessedApplicant) -> None:
        cell = row.cell(at)
        if cell.fault is not None:
            self._refuse_fault(row, at, cell)
            return
        masked = normalise_text(mask_name(applicant.name))
        if cell.text.removeprefix("'") != masked:
            self._refuse(
                row,
                at,
                "SCORES_NAME",
                Text(
                    f"姓名“{cell.text}”与报名号不符，应为“{masked}”",
                    f'the name "{cell.text}" is not that of the application, "{masked}"',
                ),
                Text(
                    "行或列可能错位：请勿只对部分列排序或粘贴",
                    "rows may have shifted: do not sort or paste some columns only",
                ),
            )

    def _check_identity(self, row: Row, at: int, applicant: AssessedApplicant) -> None:
        cell = row.cell(at)
        if cell.fault is not None:
            self._refuse_fault(row, at, cell)
            return
        wanted = normalise_text(applicant.masked_number or "")
        if cell.text.removeprefix("'") != wanted:
            self._refuse(
                row,
                at,
                "SCORES_IDENTITY",
                Text("证件号码与报名号不符", "the number is not that of the application"),
                Text(
                    "行或列可能错位：请勿只对部分列排序或粘贴",
                    "rows may have shifted: do not sort or paste some columns only",
                ),
            )

    def _points(self, row: Row, at: int, column: ScoreColumn) -> Decimal | None:
        cell = row.cell(at)
        if cell.fault is not None:
            self._refuse_fault(row, at, cell)
            return None
        if not cell.text:
            message = Text(f"{column.label.zh}没有得分", f"no score of {column.label.en}")
            hint = Text(f"缺考请填“{ABSENT}”", f"write {ABSENT} for who was absent")
            self._refuse(row, at, "SCORES_BLANK", message, hint)
            return None
        if _NEGATIVE.fullmatch(cell.text):
            self._refuse_beyond_range(row, at, cell, column)
            return None
        if not _POINTS.fullmatch(cell.text):
            message = Text(f"“{cell.text}”不是得分", f'"{cell.text}" is no score')
            hint = Text("得分最多两位小数", "points have two decimals at most")
            self._refuse(row, at, "SCORES_NOT_A_SCORE", message, hint)
            return None
        points = Decimal(cell.text)
        if points > column.full_mark:
            self._refuse_beyond_range(row, at, cell, column)
            return None
        return points

    def _refuse_beyond_range(self, row: Row, at: int, cell: Cell, column: ScoreColumn) -> None:
        message = Text(
            f"{cell.text} 不在 0 至 {column.full_mark} 之间",
            f"{cell.text} is not between 0 and {column.full_mark}",
        )
        self._refuse(row, at, "SCORES_OUT_OF_RANGE", message)

    def _refuse_missing(self, header: Row) -> None:
        missing = [each for each in self._expected if each not in self._seen]
        for application in missing:
            message = Text(f"缺少报名号 {application} 一行", f"no row for {application}")
            self._refuse(header, 0, "SCORES_ROW_MISSING", message)

    def _refuse_ranks(
        self, rows: Sequence[Row], places: Mapping[str, int], confirmed_low: frozenset[str]
    ) -> None:
        for column in self._columns:
            at = places[column.header]
            # Who was absent has no rank either.
            there = [text for row in rows if (text := row.cell(at).text) != ABSENT]
            if len(there) < _MOST_RANKED:
                continue
            ranks = [str(number) for number in range(1, len(there) + 1)]
            texts = sorted(there, key=lambda text: (len(text), text))
            if texts == ranks and column.assessment not in confirmed_low:
                named = column.kind or column.assessment
                self._refuse(
                    rows[0],
                    at,
                    "SCORES_LOOK_LIKE_RANKS",
                    Text(
                        f"{column.label.zh}一列是 1 至 {len(there)}，像名次而不是得分",
                        f"the column of {column.label.en} reads 1 to {len(there)}: no scores but "
                        "ranks",
                    ),
                    Text(
                        f"如确为得分，交表时加 low={named}，由复核的另一人确认",
                        f"if they are scores, hand the sheet in with low={named}; the second "
                        "person confirms them",
                    ),
                )

    def _refuse_fault(self, row: Row, at: int, cell: Cell) -> None:
        fault = cell.fault or Text("", "")
        code = "SCORES_FORMULA" if cell.formula else "SCORES_NOT_A_SCORE"
        message = Text(f"单元格里是{fault.zh}", f"the cell holds {fault.en}")
        hint = Text("请粘贴为数值", "paste it as a value")
        self._refuse(row, at, code, message, hint)

    def _refuse(
        self, row: Row, at: int, code: str, message: Text, hint: Text | None = None
    ) -> None:
        self._problems.add(self._table.problem(row, at, code, message, hint))
