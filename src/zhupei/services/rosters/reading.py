"""Reads a roster: every problem with its row and cell at once, or every row typed.

No message repeats a name, a number or a phone: it says in which cell it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from zhupei.config.problems import Problem, Problems
from zhupei.config.tables import Cell, Row, Table, read_tables
from zhupei.domain.admission_case import AgreementKind
from zhupei.domain.contacts import normalise_text
from zhupei.domain.identity import DocumentKind, IdentityDocumentError
from zhupei.domain.identity_numbers import read_identity_document
from zhupei.domain.people import DegreeLevel, DegreeType, TraineeType
from zhupei.domain.rosters import REQUIRED_FIELDS, ROSTER_HEADERS, RosterField, RosterRow
from zhupei.domain.text import Text
from zhupei.domain.training import Opening
from zhupei.services.applicant_records import email_problem, name_problem, phone_problem
from zhupei.services.rosters.form import CHOICES

__all__ = ["MOST_ROWS", "RosterReader", "openings_by_specialty"]

MOST_ROWS = 5_000
"""People of one file at most."""
_LONGEST = 200
# Without anything between them only eight digits have one reading.
_DATE = re.compile(
    r"(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2}))(?: 00:00(?::00)?)?"
)
_F = RosterField


class RosterReader:
    """Reads one file for one program.

    Args:
        openings: the openings of the program, by the code of their specialty.
        today: the day in China; nobody's training began later.
        problems: where all that is wrong is added.

    """

    def __init__(self, openings: Mapping[str, Opening], *, today: date, problems: Problems) -> None:
        self._openings, self._today, self._problems = openings, today, problems
        self._table: Table | None = None
        self._row: Row | None = None
        self._places: Mapping[RosterField, int] = {}
        self._seen: dict[str, str] = {}

    def read(self, path: Path) -> tuple[RosterRow, ...]:
        """Return every person of the file, or nothing where anything is wrong."""
        tables = read_tables(path, self._problems)
        if len(tables) != 1:
            if not self._problems.errors:
                message = Text(
                    f"应有一张有内容的工作表，实有 {len(tables)} 张",
                    f"one sheet with content is wanted, there are {len(tables)}",
                )
                self._problems.add(Problem(path, None, None, (), "ROSTER_SHEET", message))
            return ()
        self._table = tables[0]
        header, *rows = self._table.rows
        self._row = header
        if not self._read_header(header):
            return ()
        if not rows or len(rows) > MOST_ROWS:
            message = Text(
                f"一个文件应有 1 至 {MOST_ROWS} 人，实有 {len(rows)} 人",
                f"a file has 1 to {MOST_ROWS} people, this one has {len(rows)}",
            )
            self._refuse_at(0, "ROSTER_SHEET", message)
            return ()
        found = [each for row in rows if (each := self._read_row(row)) is not None]
        return () if self._problems.errors else tuple(found)

    def refuse(self, row: RosterRow, of: RosterField, code: str, message: Text) -> None:
        """Add a problem of a row that was read: what is known here stands against it."""
        if self._table is None:
            raise RuntimeError("nothing was read yet")
        line = next(each for each in self._table.rows if each.number == row.row)
        self._problems.add(self._table.problem(line, self._places.get(of, 0), code, message))

    def _read_header(self, header: Row) -> bool:
        names = {
            normalise_text(word).casefold(): each
            for each, label in ROSTER_HEADERS.items()
            for word in (label.zh, str(label.en), each.value)
        }
        places: dict[RosterField, int] = {}
        for at, cell in enumerate(header.cells):
            if not cell.text and cell.fault is None:
                continue
            field = names.get(cell.text.casefold())
            if field is None:
                listed = "、".join(label.zh for label in ROSTER_HEADERS.values())
                english = ", ".join(str(label.en) for label in ROSTER_HEADERS.values())
                self._refuse_at(
                    at,
                    "ROSTER_HEADER",
                    Text("不认识的列", "unknown column"),
                    Text(f"各列为：{listed}", f"the columns are: {english}"),
                )
            elif field in places:
                label = ROSTER_HEADERS[field]
                message = Text(f"“{label.zh}”一列出现两次", f'the column "{label.en}" stands twice')
                self._refuse_at(at, "ROSTER_HEADER", message)
            else:
                places[field] = at
        for field in RosterField:
            if field in REQUIRED_FIELDS and field not in places:
                label = ROSTER_HEADERS[field]
                message = Text(f"缺少“{label.zh}”一列", f'the column "{label.en}" is missing')
                self._refuse_at(0, "ROSTER_HEADER", message)
        self._places = places
        return not self._problems.errors

    def _read_row(self, row: Row) -> RosterRow | None:
        before = len(self._problems.errors)
        self._row = row
        self._refuse_beyond(row)
        texts = {field: self._text(field) for field in RosterField}
        kind = DocumentKind(self._chosen(_F.IDENTITY_KIND, texts) or DocumentKind.RESIDENT_ID)
        birth = self._document(kind, texts)
        opening = self._openings.get(texts[_F.SPECIALTY_CODE] or "")
        if texts[_F.SPECIALTY_CODE] and opening is None:
            listed = ", ".join(sorted(self._openings))
            self._refuse_field(
                _F.SPECIALTY_CODE,
                Text(f"本项目没有这个专业；有 {listed}", f"the program has these only: {listed}"),
            )
        self._check_contacts(texts)
        direction = self._direction(opening, texts[_F.DIRECTION])
        started = self._date(texts[_F.STARTS_ON])
        trainee_type = self._chosen(_F.TRAINEE_TYPE, texts)
        degree = self._chosen(_F.DEGREE, texts)
        degree_type = self._chosen(_F.DEGREE_TYPE, texts)
        agreement = self._chosen(_F.AGREEMENT, texts)
        if (
            len(self._problems.errors) > before
            or opening is None
            or started is None
            or trainee_type is None
        ):
            return None
        return RosterRow(
            row=row.number,
            cells={each: self._address(at) for each, at in self._places.items()},
            name=texts[_F.NAME] or "",
            identity_kind=kind,
            identity_number=texts[_F.IDENTITY_NUMBER] or "",
            issuing_state=texts[_F.ISSUING_STATE],
            phone=texts[_F.PHONE],
            email=texts[_F.EMAIL],
            opening=opening.code,
            direction=direction,
            trainee_type=TraineeType(trainee_type),
            degree=None if degree is None else DegreeLevel(degree),
            degree_type=None if degree_type is None else DegreeType(degree_type),
            sending_unit=texts[_F.SENDING_UNIT],
            agreement=None if agreement is None else AgreementKind(agreement),
            starts_on=started,
            birth_date=birth,
        )

    def _text(self, field: RosterField) -> str | None:
        at = self._places.get(field)
        if at is None or self._row is None:
            return None
        cell: Cell = self._row.cell(at)
        if field is _F.STARTS_ON and cell.day is not None:
            return cell.day.isoformat()
        if cell.fault is not None:
            code = "ROSTER_FORMULA" if cell.formula else "ROSTER_CELL"
            message = Text(f"单元格里是{cell.fault.zh}", f"the cell holds {cell.fault.en}")
            hint = (
                Text("请粘贴为数值或文本", "paste it as a value or text")
                if cell.formula
                else Text("请把单元格设为文本再填写", "format the cell as text and write it again")
            )
            self._refuse_at(at, code, message, hint)
            return None
        # Our own exports put an apostrophe before what a spreadsheet would calculate.
        text = cell.text.removeprefix("'")
        if not text:
            if field in REQUIRED_FIELDS:
                label = ROSTER_HEADERS[field]
                self._refuse_field(
                    field, Text(f"没有填写{label.zh}", f"there is no {str(label.en).lower()}")
                )
            return None
        if len(text) > _LONGEST:
            self._refuse_field(
                field, Text(f"不得超过 {_LONGEST} 个字符", f"longer than {_LONGEST} characters")
            )
            return None
        return text

    def _chosen(self, field: RosterField, texts: Mapping[RosterField, str | None]) -> str | None:
        text = texts[field]
        if text is None:
            return None
        known = {normalise_text(word).casefold(): code for word, code in CHOICES[field].items()}
        found = known.get(text.casefold())
        if found is None:
            listed = ", ".join(CHOICES[field])
            self._refuse_field(field, Text(f"应为：{listed}", f"one of these is wanted: {listed}"))
        return found

    def _document(self, kind: DocumentKind, texts: Mapping[RosterField, str | None]) -> date | None:
        number = texts[_F.IDENTITY_NUMBER]
        if number is None:
            return None
        try:
            document = read_identity_document(
                kind, number, today=self._today, issuing_state=texts[_F.ISSUING_STATE]
            )
        except IdentityDocumentError as error:
            self._refuse_field(_F.IDENTITY_NUMBER, error.message)
            return None
        here = self._address(self._places[_F.IDENTITY_NUMBER])
        first = self._seen.setdefault(document.lookup_key, here)
        if first != here:
            message = Text(f"该证件已在 {first} 出现", f"this document stands already in {first}")
            self._refuse_at(self._places[_F.IDENTITY_NUMBER], "ROSTER_DUPLICATE", message)
        return document.birth_date

    def _check_contacts(self, texts: Mapping[RosterField, str | None]) -> None:
        for field, problem_of in (
            (_F.NAME, name_problem),
            (_F.PHONE, phone_problem),
            (_F.EMAIL, email_problem),
        ):
            text = texts[field]
            problem = None if text is None else problem_of(text)
            if problem is not None:
                self._refuse_field(field, problem)

    def _direction(self, opening: Opening | None, text: str | None) -> str | None:
        if opening is None or text is None:
            return None
        known = {
            normalise_text(word).casefold(): each.id
            for each in opening.directions
            for word in (each.id, each.name.zh)
        }
        found = known.get(text.casefold())
        if found is None:
            self._refuse_field(
                _F.DIRECTION, Text("该专业没有这个方向", "the opening has no such direction")
            )
        return found

    def _date(self, text: str | None) -> date | None:
        if text is None:
            return None
        parts = _DATE.fullmatch(text)
        try:
            found = None if parts is None else date(*(int(each) for each in parts.groups() if each))
        except ValueError:
            found = None
        if found is None:
            message = Text("应为 2026-09-01 形式的日期", "a date like 2026-09-01 is wanted")
            self._refuse_field(_F.STARTS_ON, message)
        elif found > self._today:
            message = Text("培训尚未开始", "the training has not begun yet")
            self._refuse_field(_F.STARTS_ON, message)
        return found

    def _refuse_beyond(self, row: Row) -> None:
        used = set(self._places.values())
        for at, cell in enumerate(row.cells):
            if at not in used and (cell.text or cell.fault):
                message = Text("这一列没有表头", "the column has no header")
                self._refuse_at(at, "ROSTER_HEADER", message)

    def _address(self, at: int) -> str:
        if self._table is None or self._row is None:
            raise RuntimeError("nothing was read yet")
        return self._table.address(self._row, at)

    def _refuse_field(self, field: RosterField, message: Text) -> None:
        self._refuse_at(self._places[field], "ROSTER_CELL", message)

    def _refuse_at(self, at: int, code: str, message: Text, hint: Text | None = None) -> None:
        if self._table is None or self._row is None:
            raise RuntimeError("nothing was read yet")
        self._problems.add(self._table.problem(self._row, at, code, message, hint))


def openings_by_specialty(openings: Sequence[Opening]) -> Mapping[str, Opening]:
    """Return openings by the code of their specialty; one specialty has one of them."""
    return {each.specialty: each for each in openings}
