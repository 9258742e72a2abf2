"""Payments out of a spreadsheet: every problem with row and cell at once, or all of them recorded.

The office takes a sheet out with the trainees of a month, fills in what was paid, and hands it
back. Ids are compared with the masked names beside them, so that columns that were sorted apart are
noticed. A dry run checks everything and keeps nothing; what stands in the ledger already is a
problem like any other, so that a sheet that is handed in twice pays nobody twice.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from tortoise.expressions import Q

from zhupei.config.problems import Problem, Problems
from zhupei.config.tables import Cell, Row, Table, read_tables
from zhupei.db.models import Applicant, TraineeRow
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.contacts import normalise_text
from zhupei.domain.masking import mask_name
from zhupei.domain.registrations import TraineePayment
from zhupei.domain.score_sheets import SheetProblem, UnreadableSheet
from zhupei.domain.text import Text
from zhupei.domain.trainees import Month
from zhupei.services.admissions import record_payments
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.payments import (
    LARGEST_LEDGER_ENTRY,
    entry_problems,
    recorded_already,
)
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import permitted_for
from zhupei.services.admissions.training_inputs import PaymentEntry, RecordPaymentsInput
from zhupei.services.papers.spreadsheet import Column, Value, write_csv, write_xlsx
from zhupei.services.progress import operation

__all__ = ["EnterPaymentsInput", "blank_payment_sheet", "enter_payments"]

_WRITE = "registrations.write"
_AGAINST_RULES = "PAYMENTS_ENTRY"
_ZIP = b"PK\x03\x04"
_TRAINEE, _NAME, _MONTH, _LINE, _AMOUNT, _PAYER, _SOURCE, _NOTE = (
    "学员标识",
    "姓名（隐去部分）",
    "月份",
    "待遇项目",
    "金额（元）",
    "支付方",
    "资金来源",
    "资金来源说明",
)
_HEADERS = (_TRAINEE, _NAME, _MONTH, _LINE, _AMOUNT, _PAYER, _SOURCE, _NOTE)
_PAYERS: Mapping[str, Payer] = MappingProxyType(
    {
        "培训基地": Payer.BASE,
        "派出单位": Payer.SENDING_UNIT,
        "学员自理": Payer.TRAINEE,
        "财政": Payer.GOVERNMENT,
        "其他": Payer.OTHER,
    }
)
_SOURCES: Mapping[str, FundingSource] = MappingProxyType(
    {
        "中央财政": FundingSource.CENTRAL_FISCAL,
        "省级财政": FundingSource.PROVINCIAL_FISCAL,
        "市级财政": FundingSource.CITY_FISCAL,
        "各级财政与基地自筹": FundingSource.MIXED_FISCAL_AND_BASE,
        "基地自筹": FundingSource.BASE,
        "派出单位": FundingSource.SENDING_UNIT,
        "个人": FundingSource.TRAINEE,
    }
)
# Spreadsheets take 2026-09 for the first day of the month: they save it as 2026/9/1, or as Sep-26.
_MONTH_FORM = re.compile(r"([1-9][0-9]{3})(?:-|年|/)([0-9]{1,2})(?:月|(?:-|月|/)0?1日?)?")
_SHORT_MONTH = re.compile(r"([a-z]{3})-([0-9]{2})", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# In the formats for money a sum is saved as ¥4,000.50.
_AMOUNT_FORM = re.compile(r"¥?([0-9]{1,10}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,2})((?:\.[0-9]{1,2})?)")
_Coded = TypeVar("_Coded", Payer, FundingSource)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterPaymentsInput:
    """A filled-in sheet, XLSX or CSV by its content."""

    content: bytes
    dry_run: bool = False
    idempotency_key: str | None = None


async def blank_payment_sheet(
    desk: Desk, base: str, month: Month, *, spreadsheet: bool
) -> bytes | Refusal:
    """Return the sheet of a month: whoever trains at a base then, masked, the rest to fill in.

    Whose training ended in the month trained in it.
    """
    with desk.database.use():
        against = await permitted_for(desk, _WRITE, base=base)
        if against is not None:
            return against
        first = month.first_day
        rows = await TraineeRow.filter(Q(ended_on=None) | Q(ended_on__gte=first), base_code=base)
        training = [
            row
            for row in sorted(rows, key=lambda each: (each.opening_code, each.id))
            if row.started_on.replace(day=1) <= first
            and (row.ended_on or row.ends_on or first) >= first
        ]
        names = await _names(training)
    columns = [Column(header=each, width=24 if each == _TRAINEE else 16) for each in _HEADERS]
    found: list[list[Value]] = [
        [str(row.id), names[row.id], str(month), None, None, None, None, None] for row in training
    ]
    if spreadsheet:
        return await asyncio.to_thread(write_xlsx, "发放", columns, found)
    return write_csv(columns, found)


async def _names(rows: Sequence[TraineeRow]) -> dict[UUID, str]:
    people = {
        each.id: each.name
        for each in await Applicant.filter(id__in=[row.applicant_id for row in rows])
    }
    return {row.id: mask_name(people.get(row.applicant_id, "")) for row in rows}


async def enter_payments(
    desk: Desk, given: EnterPaymentsInput
) -> tuple[TraineePayment, ...] | UnreadableSheet | Refusal:
    """Record the payments of a sheet, all or none; see this module's first lines."""
    with desk.database.use():
        problems = Problems()
        read = await _read(given.content, problems)
        if read is None:
            return _unreadable(problems)
        entries = [(row, entry) for row, entry in read.entries() if entry is not None]
        await _check(desk, read, entries)
        if problems.errors:
            again = await _recorded_before(desk, given, problems, [entry for _, entry in entries])
            if again is not None:
                return again
            await _refuse_recorded(read, entries)
            return _unreadable(problems)
        done = await _record(desk, given, [entry for _, entry in entries])
        if isinstance(done, Refusal) and done.code is RefusalCode.DUPLICATE:
            # Not the same request again: its rows stand in the ledger by another one.
            await _refuse_recorded(read, entries)
            return _unreadable(problems)
        return done


async def _record(
    desk: Desk, given: EnterPaymentsInput, entries: Sequence[PaymentEntry]
) -> tuple[TraineePayment, ...] | Refusal:
    asked = RecordPaymentsInput(
        payments=tuple(entries), dry_run=given.dry_run, idempotency_key=given.idempotency_key
    )
    if given.dry_run:
        return await record_payments(desk, asked)
    async with operation(
        desk.database,
        kind="payment_import",
        by=desk.actor.id,
        clock=desk.clock,
        total=len(entries),
    ) as progress:
        done = await record_payments(desk, asked, progress)
        if isinstance(done, Refusal):
            progress.result["refused"] = done.code.value
        else:
            await progress.advance(len(done))
        return done


async def _read(content: bytes, problems: Problems) -> _Reader | None:
    with tempfile.TemporaryDirectory(prefix="zhupei-payments-") as folder:
        path = Path(folder) / f"payments{'.xlsx' if content.startswith(_ZIP) else '.csv'}"
        await asyncio.to_thread(path.write_bytes, content)
        tables = await asyncio.to_thread(read_tables, path, problems)
    if problems.errors:
        return None
    if len(tables) != 1:
        message = Text(
            f"应有一张有内容的工作表，实有 {len(tables)} 张",
            f"one sheet with content is wanted, there are {len(tables)}",
        )
        problems.add(Problem(path, None, None, (), "PAYMENTS_SHEET", message))
        return None
    reader = _Reader(tables[0], problems)
    return reader if reader.has_header() else None


async def _check(desk: Desk, read: _Reader, entries: Sequence[tuple[Row, PaymentEntry]]) -> None:
    """Compare the rows with the trainees and the rules of the ledger."""
    wrong = await entry_problems(desk, [entry for _, entry in entries])
    rows = await TraineeRow.filter(id__in=list({entry.trainee for _, entry in entries}))
    names = await _names(rows)
    for number, (row, entry) in enumerate(entries):
        problem = wrong.get(number)
        if problem is not None and problem.code is RefusalCode.NOT_FOUND:
            read.refuse(row, _TRAINEE, "PAYMENTS_TRAINEE", problem.message)
            continue
        read.check_name(row, names[entry.trainee])
        if problem is not None:
            read.refuse(row, _LINE, _AGAINST_RULES, problem.message)


async def _recorded_before(
    desk: Desk, given: EnterPaymentsInput, problems: Problems, entries: Sequence[PaymentEntry]
) -> tuple[TraineePayment, ...] | None:
    """Return what the same request recorded, where only the rules of the ledger are against it.

    They are by now, as of an end of training since; under a key of its own it is refused by them.
    """
    if given.dry_run or given.idempotency_key is None:
        return None
    if any(each.code != _AGAINST_RULES for each in problems.errors):
        return None
    asked = RecordPaymentsInput(payments=tuple(entries), idempotency_key=given.idempotency_key)
    done = await record_payments(desk, asked)
    return None if isinstance(done, Refusal) else done


async def _refuse_recorded(read: _Reader, entries: Sequence[tuple[Row, PaymentEntry]]) -> None:
    known = await recorded_already([entry for _, entry in entries])
    for number, problem in sorted(known.items()):
        read.refuse(entries[number][0], _LINE, "PAYMENTS_DUPLICATE", problem.message)


class _Reader:
    """One sheet of payments and its columns."""

    def __init__(self, table: Table, problems: Problems) -> None:
        self._table, self._problems = table, problems
        self._places: dict[str, int] = {}
        self.rows = table.rows[1:]

    def has_header(self) -> bool:
        """Find the columns; False where the header is not that of the sheet, or nothing follows."""
        header = self._table.rows[0]
        wanted = {normalise_text(each): each for each in _HEADERS}
        before = len(self._problems.errors)
        for at, cell in enumerate(header.cells):
            name = wanted.get(cell.text)
            if name is None and (cell.text or cell.fault):
                self._refuse(header, at, "PAYMENTS_HEADER", _unknown_column(cell))
            elif name in self._places:
                message = Text(f"“{name}”一列出现两次", f'the column "{name}" stands twice')
                self._refuse(header, at, "PAYMENTS_HEADER", message)
            elif name is not None:
                self._places[name] = at
        for name in _HEADERS:
            if name not in self._places:
                message = Text(f"缺少“{name}”一列", f'the column "{name}" is missing')
                self._refuse(header, 0, "PAYMENTS_HEADER", message)
        if not 1 <= len(self.rows) <= LARGEST_LEDGER_ENTRY:
            message = Text(
                f"每张表登记 1 至 {LARGEST_LEDGER_ENTRY} 笔",
                f"a sheet has 1 to {LARGEST_LEDGER_ENTRY} payments",
            )
            self._refuse(header, 0, "PAYMENTS_SHEET", message)
        return len(self._problems.errors) == before

    def entries(self) -> list[tuple[Row, PaymentEntry | None]]:
        """Return what each row says, None for one that cannot be read; its problems are noted."""
        return [(row, self._entry(row)) for row in self.rows]

    def _entry(self, row: Row) -> PaymentEntry | None:
        before = len(self._problems.errors)
        for name in _HEADERS:
            fault = self._cell(row, name).fault
            if fault is not None and not (name == _MONTH and self._month_of_date(row)):
                message = Text(f"单元格里是{fault.zh}", f"the cell holds {fault.en}")
                hint = Text("请粘贴为数值", "paste it as a value")
                self.refuse(row, name, "PAYMENTS_CELL", message, hint)
        if len(self._problems.errors) > before:
            return None
        trainee, month = self._trainee(row), self._month(row)
        amount = self._amount(row)
        payer = self._coded(row, _PAYER, _PAYERS, Payer)
        has_source = bool(self._cell(row, _SOURCE).text)
        source = self._coded(row, _SOURCE, _SOURCES, FundingSource) if has_source else None
        if len(self._problems.errors) > before:
            return None
        if trainee is None or month is None or amount is None or payer is None:
            return None
        return PaymentEntry(
            trainee=trainee,
            month=month,
            line=self._cell(row, _LINE).text,
            amount=amount,
            payer=payer,
            funding_source=source,
            funding_note=self._cell(row, _NOTE).text or None,
        )

    def _trainee(self, row: Row) -> UUID | None:
        try:
            return UUID(self._cell(row, _TRAINEE).text)
        except ValueError:
            message = Text("不是学员标识", "this is no id of a trainee")
            self.refuse(row, _TRAINEE, "PAYMENTS_TRAINEE", message)
            return None

    def _month_of_date(self, row: Row) -> Month | None:
        """Return the month whose first day a cell of an XLSX holds as a date."""
        day = self._cell(row, _MONTH).day
        return Month(day.year, day.month) if day is not None and day.day == 1 else None

    def _month(self, row: Row) -> Month | None:
        if (month := self._month_of_date(row)) is not None:
            return month
        text = self._cell(row, _MONTH).text
        found = _MONTH_FORM.fullmatch(text)
        if found is not None and 1 <= int(found[2]) <= 12:
            return Month(int(found[1]), int(found[2]))
        short = _SHORT_MONTH.fullmatch(text)
        if short is not None and short[1].lower() in _MONTHS:
            return Month(2000 + int(short[2]), _MONTHS.index(short[1].lower()) + 1)
        message = Text("不是月份，应如 2026-09", "this is no month; write it as 2026-09")
        self.refuse(row, _MONTH, "PAYMENTS_CELL", message)
        return None

    def _amount(self, row: Row) -> Decimal | None:
        found = _AMOUNT_FORM.fullmatch(self._cell(row, _AMOUNT).text)
        if found is not None:
            return Decimal(found[1].replace(",", "") + found[2])
        message = Text(
            "不是金额，应为数字，最多两位小数", "this is no amount; a number, two decimals at most"
        )
        self.refuse(row, _AMOUNT, "PAYMENTS_CELL", message)
        return None

    def _coded(
        self, row: Row, header: str, known: Mapping[str, _Coded], kind: type[_Coded]
    ) -> _Coded | None:
        """Return what a cell names, in Chinese or by its code."""
        text = self._cell(row, header).text
        by_code = {each.name: each for each in kind}
        found = known.get(text) or by_code.get(text.upper())
        if found is None:
            message = Text(
                f"应为以下之一：{'、'.join(known)}",
                f"must be one of: {', '.join(by_code)} (or {', '.join(known)})",
            )
            self.refuse(row, header, "PAYMENTS_CELL", message)
        return found

    def check_name(self, row: Row, masked: str) -> None:
        """Refuse a row whose name is not that of the trainee: rows or columns have shifted."""
        text = self._cell(row, _NAME).text.removeprefix("'")
        if text != normalise_text(masked):
            self.refuse(
                row,
                _NAME,
                "PAYMENTS_TRAINEE",
                Text(
                    f"姓名“{text}”与学员标识不符",
                    f'the name "{text}" is not that of the trainee',
                ),
                Text(
                    "行或列可能错位：请勿只对部分列排序或粘贴",
                    "rows may have shifted: do not sort or paste some columns only",
                ),
            )

    def _cell(self, row: Row, header: str) -> Cell:
        return row.cell(self._places[header])

    def refuse(
        self, row: Row, header: str, code: str, message: Text, hint: Text | None = None
    ) -> None:
        """Note a problem with a cell."""
        self._refuse(row, self._places[header], code, message, hint)

    def _refuse(
        self, row: Row, at: int, code: str, message: Text, hint: Text | None = None
    ) -> None:
        self._problems.add(self._table.problem(row, at, code, message, hint))


def _unknown_column(cell: Cell) -> Text:
    return Text(
        f"不认识的列“{cell.text}”；各列为：{'、'.join(_HEADERS)}",
        f'unknown column "{cell.text}"; the columns are: {", ".join(_HEADERS)}',
    )


def _unreadable(problems: Problems) -> UnreadableSheet:
    found = sorted(problems.errors, key=lambda each: (each.line or 0, each.column or 0))
    return UnreadableSheet(
        problems=tuple(
            SheetProblem(
                code=each.code,
                message=each.message,
                hint=each.hint,
                cell=each.cell,
                row=each.line if each.cell is not None else None,
            )
            for each in found
        )
    )
