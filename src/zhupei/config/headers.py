"""Finds the header of a plan table and the columns for base, specialty and quota."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from zhupei.config.tables import Row, Table

__all__ = ["BASE", "QUOTA", "SPECIALTY", "Header", "find_columns", "find_header"]

#: What a column of a plan holds.
BASE, SPECIALTY, QUOTA = "base", "specialty", "quota"
# Headers of a column by what it holds, codes before names: where a table has both, the code is
# what was meant.
_HEADERS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    BASE: (
        frozenset({"basecode", "hospitalcode", "基地代码", "基地编码", "基地编号", "医院代码"}),
        frozenset(
            {"base", "hospital", "basename", "hospitalname", "trainingbase", "基地", "医院"}
            | {"基地名称", "医院名称", "培训基地", "住培基地", "培训基地名称", "住培基地名称"}
            | {"基地医院", "单位名称", "招收单位", "招生单位", "招录单位"}
        ),
    ),
    SPECIALTY: (
        frozenset({"specialtycode", "specialitycode", "专业代码", "专业编码", "专业基地代码"}),
        frozenset(
            {"specialty", "speciality", "specialtyname", "专业", "专业名称", "培训专业"}
            | {"招收专业", "招生专业", "招录专业", "专业基地", "专业基地名称"}
        ),
    ),
    QUOTA: (
        frozenset(),
        frozenset(
            {"quota", "plan", "seats", "places", "计划", "名额", "计划数", "招收计划", "招生计划"}
            | {"招录计划", "招收名额", "招生名额", "计划名额", "招收人数", "招收计划数"}
            | {"计划招收人数", "计划招收数", "拟招收人数", "分配名额"}
        ),
    ),
}
# How many rows a title above the header may take.
_TITLE_ROWS = 20


@dataclass(frozen=True, slots=True)
class Header:
    """Which row is the header, and which column (from 0) holds what.

    ``missing`` names what has no column, ``doubled`` what has a further one, and which.
    """

    row: Row
    columns: Mapping[str, int]
    missing: tuple[str, ...]
    doubled: tuple[tuple[str, int], ...]


def find_header(table: Table) -> Header | None:
    """Return the first row with all three columns, else the first with two of them."""
    found = [find_columns(row) for row in table.rows[:_TITLE_ROWS]]
    complete = [header for header in found if not header.missing]
    partial = [header for header in found if len(header.columns) > 1]
    return next(iter(complete + partial), None)


def find_columns(row: Row) -> Header:
    """Return which of the row's cells are headers of columns that we know."""
    columns: dict[str, int] = {}
    doubled: list[tuple[str, int]] = []
    words = [_header_word(cell.text) for cell in row.cells]
    for role, (codes, names) in _HEADERS.items():
        for accepted in (codes, names):
            at = [column for column, word in enumerate(words) if word in accepted]
            if at:
                columns[role] = at[0]
                doubled.extend((role, column) for column in at[1:])
                break
    missing = tuple(role for role in (BASE, SPECIALTY, QUOTA) if role not in columns)
    return Header(row, columns, missing, tuple(doubled))


def _header_word(text: str) -> str:
    """Return a header in lower case, without space, units in brackets and marks (名额（人）*)."""
    word = re.sub(r"\([^()]*\)", "", unicodedata.normalize("NFKC", text)).casefold()
    return re.sub(r"[\s*:_-]", "", word)
