"""Tables from CSV and XLSX files: rows of cells as text, each with its address."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from zhupei.config.loader import read_bytes
from zhupei.config.problems import Problem, Problems
from zhupei.domain.text import Text

__all__ = ["MAX_TABLE_BYTES", "MAX_TABLE_ROWS", "Cell", "Row", "Table", "read_tables"]

#: The largest table file that is read, in bytes.
MAX_TABLE_BYTES = 5 * 1024 * 1024
#: How many rows with content a file may have.
MAX_TABLE_ROWS = 50_000

# An XLSX file is a ZIP archive; a small one may unpack to gigabytes, or to millions of rows
# without content. What spreadsheet programs write shrinks to a tenth or a thirtieth.
_MAX_UNPACKED = 40 * 1024 * 1024
_MAX_SHRINKAGE = 100
_SMALL = 1024 * 1024
_MAX_EMPTY_ROWS = 100_000
_ZEROS = re.compile(r"0+")

_FORMULA = Text("公式", "a formula")
# Spreadsheet programs keep 15 digits of a number and make noughts of the rest: of an identity
# number the last three, which one time in eleven is a valid number all the same, of somebody else.
_LEAST_ROUNDED = 10**15
_ROUNDED = Text(
    "超过15位的数字，电子表格没有保留末几位", "a number of more than 15 digits, whose last are lost"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell: NFKC (full-width digits become plain ones), white space collapsed.

    ``fault`` names what the cell holds instead of text or a number, ``formula`` tells whether
    that is a formula. ``day`` is the date of a cell that holds one, for columns of dates: for all
    others it is a fault.
    """

    text: str
    fault: Text | None = None
    day: date | None = None

    @property
    def formula(self) -> bool:
        """Whether the cell holds a formula."""
        return self.fault is _FORMULA


@dataclass(frozen=True, slots=True)
class Row:
    """One row with content; ``number`` is what a spreadsheet program shows beside it.

    ``line`` is the line of the file where it begins (in XLSX the row's number again).
    """

    number: int
    line: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """Return the cell of a column (from 0), blank where the row is shorter."""
        return self.cells[column] if column < len(self.cells) else _BLANK


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet (CSV files have one, without a name) and its rows that are not blank."""

    file: Path
    sheet: str | None
    rows: tuple[Row, ...]

    def address(self, row: Row, column: int) -> str:
        """Return the address of a cell: ``C7``, in XLSX ``Sheet1!C7``."""
        address = f"{get_column_letter(column + 1)}{row.number}"
        return address if self.sheet is None else f"{self.sheet}!{address}"

    def problem(
        self,
        row: Row,
        column: int,
        code: str,
        message: Text,
        hint: Text | None = None,
        *,
        warning: bool = False,
    ) -> Problem:
        """Return a problem at one cell."""
        return Problem(
            file=self.file,
            line=row.line,
            column=column + 1,
            path=(),
            code=code,
            message=message,
            hint=hint,
            severity="warning" if warning else "error",
            cell=self.address(row, column),
        )


_BLANK = Cell("")


def read_tables(path: Path, problems: Problems) -> tuple[Table, ...]:
    """Return the sheets of a CSV file (UTF-8 or GB18030) or XLSX file that have content.

    What cannot be read is added to ``problems``; hidden sheets are left out with a warning.
    """
    source = read_bytes(path, MAX_TABLE_BYTES)
    if isinstance(source, Problem):
        problems.add(source)
        return ()
    if len(source) > MAX_TABLE_BYTES:
        problems.add(_too_large(path))
        return ()
    tables: list[Table] = []
    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            tables = [_csv_table(path, source)]
        elif suffix == ".xlsx":
            tables = list(_xlsx_tables(path, source, problems))
        else:
            message = Text("不是 CSV 或 XLSX 文件", "neither a CSV nor an XLSX file")
            hint = Text("请另存为 .csv 或 .xlsx", "save it as .csv or .xlsx")
            problems.add(_file_problem(path, "CONFIG_PLAN_FORMAT", message, hint))
    except _UnreadableError as error:
        problems.add(error.problem)
    return tuple(table for table in tables if table.rows)


class _UnreadableError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _csv_table(path: Path, source: bytes) -> Table:
    text = _decode(path, source)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    line, number = 1, 0
    try:
        for values in reader:
            number += 1
            cells = tuple(_csv_cell(value) for value in values)
            if any(cell.text or cell.fault for cell in cells):
                rows.append(Row(number, line, cells))
            if len(rows) > MAX_TABLE_ROWS:
                raise _UnreadableError(_too_large(path))
            line = reader.line_num + 1
    except csv.Error as error:
        message = Text(f"不是有效的 CSV（{error}）", f"not valid CSV ({error})")
        hint = Text("引号要成对", "quotes come in pairs")
        problem = Problem(path, line, 1, (), "CONFIG_PLAN_FORMAT", message, hint)
        raise _UnreadableError(problem) from error
    return Table(path, None, tuple(rows))


def _decode(path: Path, source: bytes) -> str:
    # GB18030 before UTF-8 would read almost anything as Chinese; UTF-8 is hardly ever mistaken.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = source.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    message = Text("既不是 UTF-8 也不是 GB18030 编码", "encoded neither in UTF-8 nor in GB18030")
    hint = Text("请另存为“CSV UTF-8”", 'save it as "CSV UTF-8"')
    raise _UnreadableError(_file_problem(path, "CONFIG_ENCODING", message, hint))


def _csv_cell(value: str) -> Cell:
    # Spreadsheet programs take such a text for a formula and would show another value.
    return Cell("", _FORMULA) if value.lstrip().startswith("=") else _text_cell(value)


def _xlsx_tables(path: Path, source: bytes, problems: Problems) -> Iterator[Table]:
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > min(_MAX_UNPACKED, max(_SMALL, _MAX_SHRINKAGE * len(source))):
            raise _UnreadableError(_too_large(path))
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it drops: nothing that we read.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(source), read_only=True, keep_links=False)
            try:
                found = [
                    (sheet.title, sheet.sheet_state, tuple(_sheet_rows(path, sheet)))
                    for sheet in book.worksheets
                ]
            finally:
                book.close()
    except _UnreadableError:
        raise
    except Exception as error:
        # A damaged file may provoke anything in a library for such files.
        message = Text("不是有效的 XLSX 文件", "not a valid XLSX file")
        hint = Text("请在电子表格软件中重新另存为 .xlsx", "save it as .xlsx once more")
        problem = _file_problem(path, "CONFIG_PLAN_FORMAT", message, hint)
        raise _UnreadableError(problem) from error
    for title, state, rows in found:
        if state == "visible":
            yield Table(path, title, rows)
        elif rows:
            problems.add(_hidden(path, title))


def _sheet_rows(path: Path, sheet: Any) -> Iterator[Row]:
    # The dimensions that a file states of itself are often wrong.
    sheet.reset_dimensions()
    count = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = tuple(_xlsx_cell(value) for value in values)
        if any(cell.text or cell.fault for cell in cells):
            count += 1
            if count > MAX_TABLE_ROWS:
                raise _UnreadableError(_too_large(path))
            yield Row(number, number, cells)
        elif number - count > _MAX_EMPTY_ROWS:
            raise _UnreadableError(_too_large(path))


def _xlsx_cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return _BLANK
    if cell.data_type in {"e", "f"}:
        fault = Text(f"错误值 {value}", f"the error {value}")
        return Cell("", _FORMULA if cell.data_type == "f" else fault)
    if isinstance(value, str):
        return _text_cell(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fault = Text("日期或逻辑值", "a date or a truth value")
        # A date in a spreadsheet is a moment at midnight; a time of the day is no date.
        if isinstance(value, datetime) and value.time() == time():
            return Cell("", fault, value.date())
        return Cell("", fault)
    return _number_cell(value, cell.number_format)


def _number_cell(value: float, form: str) -> Cell:
    if not float(value).is_integer():
        return Cell(repr(value))
    if abs(value) >= _LEAST_ROUNDED:
        return Cell("", _ROUNDED)
    digits = str(int(value))
    # The number 100 in the format 0000 is shown as the code 0100.
    return Cell(digits.zfill(len(form)) if _ZEROS.fullmatch(form) else digits)


def _text_cell(value: str) -> Cell:
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    if not text.isprintable():
        hidden = next(each for each in text if not each.isprintable())
        name = f"U+{ord(hidden):04X}"
        return Cell("", Text(f"不可见字符 {name}", f"the invisible character {name}"))
    return Cell(text)


def _file_problem(path: Path, code: str, message: Text, hint: Text) -> Problem:
    return Problem(path, None, None, (), code, message, hint)


def _too_large(path: Path) -> Problem:
    limit = MAX_TABLE_BYTES // (1024 * 1024)
    message = Text(
        f"表格超过 {limit} MiB 或 {MAX_TABLE_ROWS} 行的上限",
        f"the table is larger than {limit} MiB or {MAX_TABLE_ROWS} rows",
    )
    hint = Text("请拆分为多个文件", "split it into several files")
    return _file_problem(path, "CONFIG_FILE_TOO_LARGE", message, hint)


def _hidden(path: Path, title: str) -> Problem:
    return Problem(
        file=path,
        line=None,
        column=None,
        path=(),
        code="CONFIG_PLAN_SHEET",
        message=Text(f"未读取隐藏的工作表“{title}”", f'the hidden sheet "{title}" is not read'),
        severity="warning",
    )
