"""Attacks by files that are handed in, and by texts in papers that are given out."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from zhupei.config.problems import Problems
from zhupei.config.tables import Table, read_tables
from zhupei.domain.text import Language
from zhupei.services.papers.paper import Grid, Paper, Part, Prose, Statement
from zhupei.services.papers.render import render_html, render_pdf

_STRINGS = (
    b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
)
_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (98 + depth, (b"&%c;" % (97 + depth)) * 10) for depth in range(9)
    )
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<sheetData><row><c t="str"><v>&j;</v></c></row></sheetData></worksheet>'
)
_FOREIGN = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>'
)


def workbook(**changed: bytes) -> bytes:
    """An XLSX file with ``sheet`` or ``strings`` in place of its own."""
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])  # type: ignore[union-attr]  # a new book has a sheet
    made, out = io.BytesIO(), io.BytesIO()
    book.save(made)
    with (
        zipfile.ZipFile(made) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename.endswith("sheet1.xml") and "sheet" in changed:
                content = changed["sheet"]
            if "rows" in changed and entry.filename.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", changed["rows"] + b"</sheetData>")
            after.writestr(entry.filename, content)
        if "strings" in changed:
            after.writestr("xl/more.xml", changed["strings"])
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        workbook(rows=b"<row/>" * 5_000_000),
        workbook(rows=b'<row r="1048576"/>'),
        workbook(rows=b"<row/>" * 150_000),
        workbook(strings=_STRINGS + b"<si><t>a</t></si>" * 3_000_000),
        workbook(strings=b"\0" * (60 << 20)),
        workbook(sheet=_LAUGHS),
        workbook(sheet=_FOREIGN),
        b"PK\x03\x04" + b"\0" * 100_000,
    ],
    ids=["rows", "a last row", "fewer rows", "strings", "zeros", "laughs", "foreign", "no zip"],
)
def test_a_spreadsheet_does_not_unpack_to_more_than_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(content)
    problems = Problems()
    begun = time.process_time()
    tables: tuple[Table, ...] = read_tables(path, problems)
    assert time.process_time() - begun < 10
    told = problems.text(Language.EN)
    assert tables == ()
    assert told.startswith("roster.xlsx: ") or "roster.xlsx: " in told
    assert "root:" not in told


_HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "{% include 'paper.html.jinja' %}",
    '#read("/etc/passwd")',
    '#import "x": *',
    "$ x $ *bold* _it_ `raw` = Heading",
    "\\u{41} @label <label> //comment",
)


def paper() -> Paper:
    lines = tuple(Statement(text) for text in _HOSTILE)
    return Paper(
        title=_HOSTILE[0],
        subtitle=_HOSTILE[1],
        issuer=_HOSTILE[4],
        signed=_HOSTILE,
        lead=lines,
        parts=(
            Part(_HOSTILE[2], (Prose(lines), Grid(("a", "b"), ((lines, lines),), (1, 1)))),
            Part(_HOSTILE[4], (Prose(lines, listed=True),)),
        ),
    )


def test_no_text_becomes_markup_of_a_page() -> None:
    page = render_html(paper(), {})
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert "49" not in page.partition("</style>")[2]


@pytest.mark.slow
def test_no_text_becomes_a_program_of_a_pdf() -> None:
    written = render_pdf(paper(), {})
    assert written.startswith(b"%PDF")
    assert b"/JavaScript" not in written
    assert b"/JS" not in written
