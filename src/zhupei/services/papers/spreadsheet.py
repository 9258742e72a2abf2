"""Tables as XLSX and CSV files that spreadsheet programs open as meant; equal tables, equal bytes.

A text is never a formula: XLSX cells say that they are text, and in CSV, which cannot, a text that
a spreadsheet program would calculate gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["Column", "Value", "write_csv", "write_xlsx"]

Value = str | int | Decimal | date | None

# Chinese editions of spreadsheet programs calculate what begins with a full-width sign, too.
_CALCULATED = tuple("=+-@\t\r\n＝＋－＠")
_TEXT = "@"
_INSTANT = datetime(2000, 1, 1)  # noqa: DTZ001 - the format has no zone
_STAMP = (2000, 1, 1, 0, 0, 0)
_MOMENT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(?=<)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its header, its width in characters, and what may be filled in.

    With ``greatest`` the column is for numbers from 0 to it, which spreadsheet programs enforce.
    With ``text`` they keep what is typed below the rows as it is: every digit of a long number, the
    zeros that a code begins with.
    """

    header: str
    width: int = 16
    greatest: Decimal | None = None
    text: bool = False


def write_csv(columns: Sequence[Column], rows: Sequence[Sequence[Value]]) -> bytes:
    """Return a CSV file in UTF-8 with the mark by which spreadsheet programs know it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_csv_text(column.header) for column in columns])
    for row in rows:
        _measure(columns, row)
        writer.writerow([_csv_text(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(
    sheet_name: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Value]],
    told: Callable[[], None] = lambda: None,
) -> bytes:
    """Return an XLSX file with one sheet: a fixed header row, then the rows.

    ``told`` is called for each row: thousands of them take a while.
    """
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = sheet_name
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, start=1):
        head = sheet.cell(1, number)
        head.value = column.header
        head.data_type = "s"
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="EEEEEE")
        head.alignment = Alignment(wrap_text=True, vertical="center")
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width = column.width
        if column.text:
            dimension.number_format = _TEXT
    for at, row in enumerate(rows, start=2):
        told()
        _measure(columns, row)
        for number, value in enumerate(row, start=1):
            cell = sheet.cell(at, number)
            if isinstance(value, str):
                cell.value = value
                cell.data_type = "s"
                cell.number_format = _TEXT
            elif isinstance(value, date):
                cell.value = value
                cell.number_format = "yyyy-mm-dd"
            elif value is not None:
                cell.value = value
    for number, column in enumerate(columns, start=1):
        if column.greatest is not None:
            _limit(sheet, number, column.greatest, len(rows))
    book.properties.creator = "zhupei"
    book.properties.created = _INSTANT
    written = io.BytesIO()
    book.save(written)
    return _settled(written.getvalue())


def _limit(sheet: Worksheet, number: int, most: Decimal, rows: int) -> None:
    rule = DataValidation(
        type="decimal", operator="between", formula1="0", formula2=str(most), allow_blank=True
    )
    rule.errorTitle = "分数"
    rule.error = f"请填写 0 至 {most} 的分数，缺考填“缺考”"
    # A warning, not a stop: 缺考 (absent) is a valid entry too.
    rule.errorStyle = "warning"
    rule.showErrorMessage = True
    letter = get_column_letter(number)
    rule.add(f"{letter}2:{letter}{max(rows + 1, 2)}")
    sheet.add_data_validation(rule)


def _settled(archive: bytes) -> bytes:
    """Return the archive with fixed times: openpyxl writes the present one."""
    settled = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as before,
        zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _MOMENT.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            fixed = zipfile.ZipInfo(entry.filename, _STAMP)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(fixed, content)
    return settled.getvalue()


def _csv_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" \u3000").startswith(_CALCULATED) else value
    return value.isoformat() if isinstance(value, date) else str(value)


def _measure(columns: Sequence[Column], row: Sequence[Value]) -> None:
    if len(row) != len(columns):
        raise ValueError(f"a row has {len(row)} values for {len(columns)} columns")
