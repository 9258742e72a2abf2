"""Reads a published plan table (base, specialty, quota) and writes it as configuration.

A province publishes its recruitment plan as an annex: one row for each base and specialty. Such a
table arrives as CSV or XLSX with whatever headers its authors chose, a title above them and the
header repeated on every printed page (as S2 repeats its own, V9). A blank quota is a quota that is
not published, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zhupei.config.headers import BASE, QUOTA, SPECIALTY, Header, find_columns, find_header
from zhupei.config.hints import whole_hint
from zhupei.config.problems import Problem, Problems
from zhupei.config.tables import Cell, Row, Table, read_tables
from zhupei.config.writer import dump
from zhupei.domain.text import Text

__all__ = ["PlannedQuota", "Resolver", "read_plan", "resolve_plan", "write_plan"]

#: From a name, alias or code to the codes that it may mean: one where it is known.
Resolver = Callable[[str], Sequence[str]]

_ROLES = (BASE, SPECIALTY, QUOTA)
_LABELS = {
    BASE: Text("基地", "base"),
    SPECIALTY: Text("专业", "specialty"),
    QUOTA: Text("名额", "quota"),
}
_TOTALS = frozenset({"合计", "总计", "共计", "total"})
_WHOLE = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class PlannedQuota:
    """One row of a plan; ``quota`` is None where the table leaves it blank: not published.

    ``base`` and ``specialty`` are what the table says, codes after `resolve_plan`. The addresses
    are those of the three cells (``C7``, ``Sheet1!C7``).
    """

    base: str
    specialty: str
    quota: int | None
    file: Path
    line: int
    base_cell: str
    specialty_cell: str
    quota_cell: str


def read_plan(path: Path, problems: Problems) -> tuple[PlannedQuota, ...]:
    """Return the rows of the table at ``path`` that are in order; the others become problems.

    Every sheet with the three columns is read. Title rows above the header, blank rows, headers
    repeated in the table and a final total (which must be right) are no rows of the plan.
    """
    tables = read_tables(path, problems)
    headed = [(table, header) for table in tables if (header := find_header(table)) is not None]
    if not headed:
        if tables:
            problems.add(_no_header(tables[0]))
        elif not problems.errors:
            message = Text("表格是空的", "the table is empty")
            problems.add(Problem(path, None, None, (), "CONFIG_PLAN_EMPTY", message))
        return ()
    for table in tables:
        if all(table is not each for each, _ in headed):
            problems.add(_skipped(table))
    seen: dict[tuple[str, str], PlannedQuota] = {}
    for table, header in headed:
        _SheetReader(table, header, problems, seen).read()
    return tuple(seen.values())


def resolve_plan(
    rows: Sequence[PlannedQuota], base: Resolver, specialty: Resolver, problems: Problems
) -> tuple[PlannedQuota, ...]:
    """Return the rows with codes in place of names; what is unknown or unclear is a problem.

    The resolvers are given NFKC text (half-width brackets and digits). Two names of one base
    make duplicates that only the codes show.
    """
    seen: dict[tuple[str, str], PlannedQuota] = {}

    def code(role: str, name: str, resolver: Resolver, row: PlannedQuota, cell: str) -> str | None:
        codes = resolver(name)
        if len(codes) == 1:
            return codes[0]
        problems.add(_unresolved(row, cell, role, name, codes))
        return None

    for row in rows:
        base_code = code(BASE, row.base, base, row, row.base_cell)
        specialty_code = code(SPECIALTY, row.specialty, specialty, row, row.specialty_cell)
        if base_code is None or specialty_code is None:
            continue
        resolved = replace(row, base=base_code, specialty=specialty_code)
        _add(resolved, seen, problems)
    return tuple(seen.values())


def write_plan(
    rows: Sequence[PlannedQuota],
    *,
    program: str,
    document: str,
    title: Text,
    clause: str,
    note: Text | None = None,
) -> str:
    """Return the YAML of a ``kind: plan`` file for resolved rows.

    ``program`` is the code of the jurisdiction's program, ``document`` and ``title`` name the
    table as a source, ``clause`` the part of it (an annex, a sheet).
    """
    data: dict[str, object] = {
        "kind": "plan",
        "program": program,
        "sources": {document: {"title": _languages(title)}},
        "source": {"document": document, "clause": clause},
    }
    if note is not None:
        data["note"] = _languages(note)
    data["rows"] = [{BASE: row.base, SPECIALTY: row.specialty, QUOTA: row.quota} for row in rows]
    return dump(data)


class _SheetReader:
    """Reads one sheet into ``seen``, the rows of the plan by base and specialty."""

    def __init__(
        self,
        table: Table,
        header: Header,
        problems: Problems,
        seen: dict[tuple[str, str], PlannedQuota],
    ) -> None:
        self._table = table
        self._header = header
        self._columns = header.columns
        self._problems = problems
        self._seen = seen
        # Sum of the quotas so far; None once a quota is not known.
        self._total: int | None = 0

    def read(self) -> None:
        header = self._header
        for role in header.missing:
            self._refuse_header(header.row, 0, _missing_column(role))
        for role, column in header.doubled:
            label = _LABELS[role]
            message = Text(f"有两列“{label.zh}”", f"two columns for {label.en}")
            self._refuse_header(header.row, column, message)
        if header.missing or header.doubled:
            return
        self._note_unused_columns()
        for row in self._table.rows:
            if row.number > header.row.number:
                self._row(row)

    def _row(self, row: Row) -> None:
        again = find_columns(row)
        if len(again.columns) > 1:
            self._repeated_header(row, again)
            return
        base, specialty, quota = (row.cell(self._columns[role]) for role in _ROLES)
        # A serial number or remark alone makes no row of the plan.
        if not any(cell.text or cell.fault for cell in (base, specialty, quota)):
            return
        if base.text.casefold().replace(" ", "") in _TOTALS and not specialty.text:
            self._check_total(row, quota)
            return
        fine, count = self._quota(row, quota)
        for role, cell in ((BASE, base), (SPECIALTY, specialty)):
            fine = self._named(row, role, cell) and fine
        if fine:
            addresses = [self._table.address(row, self._columns[role]) for role in _ROLES]
            planned = PlannedQuota(
                base.text, specialty.text, count, self._table.file, row.line, *addresses
            )
            fine = _add(planned, self._seen, self._problems)
        if not fine or count is None:
            self._total = None
        elif self._total is not None:
            self._total += count

    def _named(self, row: Row, role: str, cell: Cell) -> bool:
        if cell.fault is not None:
            self._refuse_content(row, role, cell)
            return False
        if not cell.text:
            label = _LABELS[role]
            message = Text(f"缺少{label.zh}", f"the {label.en} is missing")
            hint = Text(
                "合并的单元格请先拆分，每一行都填写", "split merged cells and fill in every row"
            )
            self._refuse(row, role, "CONFIG_PLAN_CELL", message, hint)
            return False
        return True

    def _quota(self, row: Row, cell: Cell) -> tuple[bool, int | None]:
        """Return whether the quota is in order, and the quota (None where it is blank)."""
        if cell.fault is not None:
            self._refuse_content(row, QUOTA, cell)
            return False, None
        if not cell.text:
            return True, None
        if _WHOLE.fullmatch(cell.text):
            return True, int(cell.text)
        message = Text(
            f"名额“{cell.text}”不是非负整数", f'the quota "{cell.text}" is not a whole number'
        )
        hint = whole_hint(cell.text) or Text(
            "未公布的名额请留空，没有名额请写 0",
            "leave it blank where it is not published, write 0 where there are no seats",
        )
        self._refuse(row, QUOTA, "CONFIG_PLAN_QUOTA", message, hint)
        return False, None

    def _check_total(self, row: Row, cell: Cell) -> None:
        _, stated = self._quota(row, cell)
        if stated is None or self._total is None or stated == self._total:
            return
        message = Text(
            f"合计为 {stated}，但各行名额之和为 {self._total}",
            f"the total is {stated}, but the quotas above add up to {self._total}",
        )
        self._refuse(row, QUOTA, "CONFIG_PLAN_TOTAL", message)

    def _repeated_header(self, row: Row, again: Header) -> None:
        if again.columns == self._columns:
            message = Text("表格中间重复的表头，已跳过", "a repeated header, skipped")
            problem = self._table.problem(
                row, 0, "CONFIG_PLAN_HEADER_REPEATED", message, warning=True
            )
            self._problems.add(problem)
            return
        message = Text("列在这里换了位置", "the columns change their places here")
        self._refuse_header(row, 0, message)

    def _note_unused_columns(self) -> None:
        row = self._header.row
        used = set(self._columns.values())
        unused = [
            cell.text for column, cell in enumerate(row.cells) if cell.text and column not in used
        ]
        if unused:
            message = Text(
                f"未使用的列：{'、'.join(unused)}",
                f"columns that are not used: {', '.join(unused)}",
            )
            self._problems.add(
                self._table.problem(row, 0, "CONFIG_PLAN_COLUMN_UNUSED", message, warning=True)
            )

    def _refuse_content(self, row: Row, role: str, cell: Cell) -> None:
        fault = cell.fault or Text("", "")
        message = Text(f"单元格里是{fault.zh}", f"the cell holds {fault.en}")
        hint = Text("请改为文字或数字", "write text or a number")
        code = "CONFIG_PLAN_FORMULA" if cell.formula else "CONFIG_PLAN_CELL"
        self._refuse(row, role, code, message, hint)

    def _refuse_header(self, row: Row, column: int, message: Text) -> None:
        hint = Text("表头应有：基地、专业、名额", "the header needs base, specialty and quota")
        self._problems.add(self._table.problem(row, column, "CONFIG_PLAN_HEADER", message, hint))

    def _refuse(
        self, row: Row, role: str, code: str, message: Text, hint: Text | None = None
    ) -> None:
        self._problems.add(self._table.problem(row, self._columns[role], code, message, hint))


def _add(row: PlannedQuota, seen: dict[tuple[str, str], PlannedQuota], problems: Problems) -> bool:
    """Add the row, or refuse it where its base and specialty were seen already."""
    first = seen.setdefault((row.base, row.specialty), row)
    if first is row:
        return True
    message = Text(
        f"{row.base} 的 {row.specialty} 已在 {first.base_cell} 一行出现",
        f"{row.base} with {row.specialty} stands already in the row of {first.base_cell}",
    )
    problems.add(_row_problem(row, row.base_cell, "CONFIG_PLAN_DUPLICATE", message))
    return False


def _unresolved(
    row: PlannedQuota, cell: str, role: str, name: str, codes: Sequence[str]
) -> Problem:
    label = _LABELS[role]
    if codes:
        listed = ", ".join(codes)
        message = Text(f"{label.zh}“{name}”不明确", f'the {label.en} "{name}" is ambiguous')
        hint = Text(f"请写其中一个代码：{listed}", f"write one of the codes {listed}")
        return _row_problem(row, cell, "CONFIG_PLAN_AMBIGUOUS", message, hint)
    message = Text(f"未知的{label.zh}“{name}”", f'unknown {label.en} "{name}"')
    hint = Text("请写代码、名称或别名", "write its code, name or an alias")
    if role == SPECIALTY and re.fullmatch(r"[0-9]{1,3}", name):
        hint = Text(
            "代码是四位文本，开头的 0 可能丢失；请把这一列设为文本格式",
            "codes are text of four digits and a leading 0 may be lost; format the column as text",
        )
    return _row_problem(row, cell, "CONFIG_PLAN_UNKNOWN", message, hint)


def _row_problem(
    row: PlannedQuota, cell: str, code: str, message: Text, hint: Text | None = None
) -> Problem:
    return Problem(
        file=row.file,
        line=row.line,
        column=None,
        path=(),
        code=code,
        message=message,
        hint=hint,
        cell=cell,
    )


def _missing_column(role: str) -> Text:
    label = _LABELS[role]
    return Text(f"缺少“{label.zh}”一列", f"the column for {label.en} is missing")


def _no_header(table: Table) -> Problem:
    message = Text("没有找到表头", "there is no header row")
    hint = Text("表头应有：基地、专业、名额", "the header needs base, specialty and quota")
    return table.problem(table.rows[0], 0, "CONFIG_PLAN_HEADER", message, hint)


def _skipped(table: Table) -> Problem:
    message = Text(
        f"工作表“{table.sheet}”没有表头，未读取",
        f'the sheet "{table.sheet}" has no header and is not read',
    )
    return table.problem(table.rows[0], 0, "CONFIG_PLAN_SHEET", message, warning=True)


def _languages(text: Text) -> dict[str, str]:
    return {"zh": text.zh} if text.en is None else {"zh": text.zh, "en": text.en}
