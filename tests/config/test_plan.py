from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhupei.config.files import PlanFile
from zhupei.config.loader import validate
from zhupei.config.plan import PlannedQuota, read_plan, resolve_plan, write_plan
from zhupei.config.problems import Problems
from zhupei.config.tables import MAX_TABLE_BYTES, MAX_TABLE_ROWS
from zhupei.config.yaml import Document, parse
from zhupei.domain.text import Language, Text

_Rows = Sequence[Sequence[object]]
_HEADER = ("基地", "专业", "名额")


@pytest.fixture
def plan_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.chdir(tmp_path)

    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "plan.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def plan_xlsx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.chdir(tmp_path)

    def write(*sheets: _Rows, prepare: Callable[[Any], None] | None = None) -> Path:
        book = openpyxl.Workbook()
        del book["Sheet"]
        for number, rows in enumerate(sheets, start=1):
            sheet = book.create_sheet(f"Sheet{number}")
            for row in rows:
                sheet.append(row)
        if prepare is not None:
            prepare(book)
        path = tmp_path / "plan.xlsx"
        book.save(path)
        return path

    return write


def _read(path: Path) -> tuple[list[tuple[str, str, int | None]], list[str]]:
    problems = Problems()
    rows = read_plan(path, problems)
    texts = problems.text(Language.EN).splitlines()
    return [(row.base, row.specialty, row.quota) for row in rows], texts


def test_a_csv_with_english_headers(plan_csv: Callable[..., Path]) -> None:
    path = plan_csv("base,specialty,quota\nfirst,0100,12\nsecond,0200,\nsecond,0300,0\n")
    problems = Problems()
    assert read_plan(path, problems) == (
        PlannedQuota("first", "0100", 12, path, 2, "A2", "B2", "C2"),
        PlannedQuota("second", "0200", None, path, 3, "A3", "B3", "C3"),
        PlannedQuota("second", "0300", 0, path, 4, "A4", "B4", "C4"),
    )
    assert len(problems) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(
    "header",
    [
        "基地,专业,名额",
        "医院,专业代码,计划",
        "培训基地名称,培训专业,招收计划（人）",
        " 医院 名称 ,专业*,计划 招收 人数：",
        '"基地\n名称",专业,名额',
        "Hospital,Specialty Code,QUOTA",
        "base_code,speciality,Seats",
    ],
)
def test_headers_and_encodings(plan_csv: Callable[..., Path], header: str, encoding: str) -> None:
    path = plan_csv(f"{header}\r\n示例医院,0100,4\r\n", encoding)
    assert _read(path) == ([("示例医院", "0100", 4)], [])


def test_a_code_column_is_preferred_and_other_columns_are_named(
    plan_csv: Callable[..., Path],
) -> None:
    path = plan_csv("序号,医院,专业,专业代码,名额,备注\n1,甲,内科,0100,4,无\n,,,,,附注\n")
    assert _read(path) == (
        [("甲", "0100", 4)],
        [
            (
                "plan.csv:A1: warning: columns that are not used: 序号, 专业, 备注 "
                "[CONFIG_PLAN_COLUMN_UNUSED]"
            )
        ],
    )


def test_titles_blank_rows_and_repeated_headers_are_skipped(
    plan_csv: Callable[..., Path],
) -> None:
    """V9: S2 repeats its header after 28 of its 37 rows."""
    path = plan_csv(
        "虚构的招收计划（测试用）,,\n\n基地,专业,名额\n甲,0100,1\n,,\n"
        "基地, 专业 ,名额（人）\n乙,0100,2\n"
    )
    assert _read(path) == (
        [("甲", "0100", 1), ("乙", "0100", 2)],
        ["plan.csv:A6: warning: a repeated header, skipped [CONFIG_PLAN_HEADER_REPEATED]"],
    )


def test_full_width_digits_and_spaces_are_accepted(plan_csv: Callable[..., Path]) -> None:
    path = plan_csv("基地,专业,名额\n　甲（本部） ,０１００, １２ \n")
    assert _read(path) == ([("甲(本部)", "0100", 12)], [])


def test_every_problem_comes_at_once_with_its_cell(plan_csv: Callable[..., Path]) -> None:
    path = plan_csv(
        "基地,专业,名额\n"
        "甲,0100,-1\n"
        "甲,0200,1.5\n"
        "甲,0300,10人\n"
        "甲,0400,/\n"
        ",0500,1\n"
        "乙,,1\n"
        "乙,0100,=1+1\n"
        "乙,0200,2\n"
        "乙,0200,3\n"
        "丙\u200b,0100,1234567\n"
    )
    rows, problems = _read(path)
    assert rows == [("乙", "0200", 2)]
    blank = "leave it blank where it is not published, write 0 where there are no seats"
    assert problems == [
        f'plan.csv:C2: the quota "-1" is not a whole number; {blank} [CONFIG_PLAN_QUOTA]',
        f'plan.csv:C3: the quota "1.5" is not a whole number; {blank} [CONFIG_PLAN_QUOTA]',
        'plan.csv:C4: the quota "10人" is not a whole number; write 10 [CONFIG_PLAN_QUOTA]',
        f'plan.csv:C5: the quota "/" is not a whole number; {blank} [CONFIG_PLAN_QUOTA]',
        (
            "plan.csv:A6: the base is missing; split merged cells and fill in every row "
            "[CONFIG_PLAN_CELL]"
        ),
        (
            "plan.csv:B7: the specialty is missing; split merged cells and fill in every row "
            "[CONFIG_PLAN_CELL]"
        ),
        "plan.csv:C8: the cell holds a formula; write text or a number [CONFIG_PLAN_FORMULA]",
        "plan.csv:A10: 乙 with 0200 stands already in the row of A9 [CONFIG_PLAN_DUPLICATE]",
        (
            "plan.csv:A11: the cell holds the invisible character U+200B; write text or a number "
            "[CONFIG_PLAN_CELL]"
        ),
        f'plan.csv:C11: the quota "1234567" is not a whole number; {blank} [CONFIG_PLAN_QUOTA]',
    ]


def test_problems_are_in_chinese_too(plan_csv: Callable[..., Path]) -> None:
    problems = Problems()
    read_plan(plan_csv("基地,专业,名额\n甲,0100,若干\n"), problems)
    assert problems.text(Language.ZH) == (
        "plan.csv:C2: 名额“若干”不是非负整数；未公布的名额请留空，没有名额请写 0 "
        "[CONFIG_PLAN_QUOTA]\n"
    )


def test_lines_count_line_breaks_inside_cells(plan_csv: Callable[..., Path]) -> None:
    problems = Problems()
    path = plan_csv('基地,专业,名额\n"甲\n医院",0100,1\n乙,0100,x\n')
    (row,) = read_plan(path, problems)
    (problem,) = problems
    assert (row.base, row.line, row.base_cell) == ("甲 医院", 2, "A2")
    assert (problem.line, problem.column, problem.cell) == (4, 3, "C3")


@pytest.mark.parametrize("word", ["合计", "合 计", "总计", "Total"])
def test_a_total_must_be_right(plan_csv: Callable[..., Path], word: str) -> None:
    rows = "基地,专业,名额\n甲,0100,1\n乙,0100,2\n"
    assert _read(plan_csv(f"{rows}{word},,3\n")) == ([("甲", "0100", 1), ("乙", "0100", 2)], [])
    assert _read(plan_csv(f"{rows}{word},,4\n"))[1] == [
        "plan.csv:C4: the total is 4, but the quotas above add up to 3 [CONFIG_PLAN_TOTAL]"
    ]
    # Where a quota is not published the sum is not known.
    assert _read(plan_csv(f"{rows}丙,0100,\n{word},,4\n"))[1] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "plan.csv: the table is empty [CONFIG_PLAN_EMPTY]"),
        ("\n,,\n", "plan.csv: the table is empty [CONFIG_PLAN_EMPTY]"),
        (
            "a,b\n1,2\n",
            (
                "plan.csv:A1: there is no header row; "
                "the header needs base, specialty and quota [CONFIG_PLAN_HEADER]"
            ),
        ),
        (
            "基地,专业,人\n甲,0100,1\n",
            (
                "plan.csv:A1: the column for quota is missing; "
                "the header needs base, specialty and quota [CONFIG_PLAN_HEADER]"
            ),
        ),
        (
            "基地,专业,名额,计划\n甲,0100,1,2\n",
            (
                "plan.csv:D1: two columns for quota; "
                "the header needs base, specialty and quota [CONFIG_PLAN_HEADER]"
            ),
        ),
        (
            "基地,专业,名额\n专业,基地,名额\n0100,甲,1\n",
            (
                "plan.csv:A2: the columns change their places here; "
                "the header needs base, specialty and quota [CONFIG_PLAN_HEADER]"
            ),
        ),
        (
            '基地,专业,名额\n"甲,0100,1\n',
            (
                "plan.csv:2:1: not valid CSV (unexpected end of data); quotes come in pairs "
                "[CONFIG_PLAN_FORMAT]"
            ),
        ),
    ],
)
def test_tables_without_a_plan(plan_csv: Callable[..., Path], text: str, expected: str) -> None:
    problems = _read(plan_csv(text))[1]
    assert problems[0] == expected


def test_files_that_are_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content, expected in (
        ("a.csv", "基地".encode("utf-16"), "a.csv: encoded neither in UTF-8 nor in GB18030; "),
        ("b.xls", b"x", "b.xls: neither a CSV nor an XLSX file; save it as .csv or .xlsx "),
        ("c.xlsx", b"x", "c.xlsx: not a valid XLSX file; save it as .xlsx once more "),
        ("d.xlsx", _archive({"a": b"x"}), "d.xlsx: not a valid XLSX file; save it as .xlsx "),
        ("e.csv", b" " * (MAX_TABLE_BYTES + 1), "e.csv: the table is larger than 5 MiB or "),
        ("f.csv", b"a\n" * (MAX_TABLE_ROWS + 1), "f.csv: the table is larger than 5 MiB or "),
        ("g.xlsx", _archive({"a": b"\0" * 101 * 1024 * 1024}), "g.xlsx: the table is larger th"),
    ):
        (tmp_path / name).write_bytes(content)
        rows, problems = _read(tmp_path / name)
        assert rows == []
        assert len(problems) == 1
        assert problems[0].startswith(expected), problems
    assert _read(tmp_path / "none.csv") == (
        [],
        ["none.csv: no such file or folder [CONFIG_FILE_MISSING]"],
    )


def _archive(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_xlsx_rows_have_the_addresses_of_their_cells(plan_xlsx: Callable[..., Path]) -> None:
    path = plan_xlsx(
        [
            ("虚构的计划",),
            (),
            _HEADER,
            ("甲", "0100", 4),
            (),
            ("乙", "0200", None),
            ("丙", "x", "y"),
        ]
    )
    problems = Problems()
    assert read_plan(path, problems) == (
        PlannedQuota("甲", "0100", 4, path, 4, "Sheet1!A4", "Sheet1!B4", "Sheet1!C4"),
        PlannedQuota("乙", "0200", None, path, 6, "Sheet1!A6", "Sheet1!B6", "Sheet1!C6"),
    )
    assert problems.text(Language.EN) == (
        'plan.xlsx:Sheet1!C7: the quota "y" is not a whole number; leave it blank where it is '
        "not published, write 0 where there are no seats [CONFIG_PLAN_QUOTA]\n"
    )


def test_xlsx_content_that_is_no_text_or_whole_number(plan_xlsx: Callable[..., Path]) -> None:
    def prepare(book: Any) -> None:
        book.active["B7"].number_format = "0000"

    path = plan_xlsx(
        [
            _HEADER,
            ("甲", "0100", "=1+1"),
            ("甲", "0200", True),
            ("甲", "0300", date(2026, 1, 1)),
            ("甲", "0400", 1.5),
            ("甲", "0500", 3.0),
            # A number in the format 0000 is shown as the code 0600.
            ("甲", 600, "#REF!"),
            ("甲", 700, 7),
        ],
        prepare=prepare,
    )
    rows, problems = _read(path)
    assert rows == [("甲", "0500", 3), ("甲", "700", 7)]
    assert [problem.rpartition(";")[0] for problem in problems] == [
        "plan.xlsx:Sheet1!C2: the cell holds a formula",
        "plan.xlsx:Sheet1!C3: the cell holds a date or a truth value",
        "plan.xlsx:Sheet1!C4: the cell holds a date or a truth value",
        'plan.xlsx:Sheet1!C5: the quota "1.5" is not a whole number',
        "plan.xlsx:Sheet1!C7: the cell holds the error #REF!",
    ]


def test_a_number_shown_with_zeros_is_the_code_that_is_shown(
    plan_xlsx: Callable[..., Path],
) -> None:
    def prepare(book: Any) -> None:
        book.active["B2"].number_format = "0000"

    assert _read(plan_xlsx([_HEADER, ("甲", 100, 4)], prepare=prepare)) == (
        [("甲", "0100", 4)],
        [],
    )


def test_every_visible_sheet_is_read(plan_xlsx: Callable[..., Path]) -> None:
    def prepare(book: Any) -> None:
        book["Sheet3"].sheet_state = "hidden"

    path = plan_xlsx(
        [_HEADER, ("甲", "0100", 1)],
        [("说明",)],
        [_HEADER, ("旧", "0100", 9)],
        [],
        [("名额", "专业", "基地"), (2, "0200", "乙"), (1, "0100", "甲")],
        prepare=prepare,
    )
    assert _read(path) == (
        [("甲", "0100", 1), ("乙", "0200", 2)],
        [
            'plan.xlsx: warning: the hidden sheet "Sheet3" is not read [CONFIG_PLAN_SHEET]',
            (
                'plan.xlsx:Sheet2!A1: warning: the sheet "Sheet2" has no header and is not read '
                "[CONFIG_PLAN_SHEET]"
            ),
            (
                "plan.xlsx:Sheet5!C3: 甲 with 0100 stands already in the row of Sheet1!A2 "
                "[CONFIG_PLAN_DUPLICATE]"
            ),
        ],
    )


def test_merged_cells_are_named(plan_xlsx: Callable[..., Path]) -> None:
    def prepare(book: Any) -> None:
        book.active.merge_cells("A2:A3")

    path = plan_xlsx([_HEADER, ("甲", "0100", 1), ("甲", "0200", 1)], prepare=prepare)
    assert _read(path)[1] == [
        (
            "plan.xlsx:Sheet1!A3: the base is missing; split merged cells and fill in every row "
            "[CONFIG_PLAN_CELL]"
        )
    ]


_BASES = {"甲": ("base-a",), "甲医院": ("base-a",), "base-a": ("base-a",), "乙": ("b-1", "b-2")}
_SPECIALTIES = {"0100": ("0100",), "内科": ("0100",), "儿科": ("0900",)}


def _resolve(path: Path) -> tuple[list[tuple[str, str, int | None]], list[str]]:
    problems = Problems()
    rows = resolve_plan(
        read_plan(path, problems),
        lambda name: _BASES.get(name, ()),
        lambda name: _SPECIALTIES.get(name, ()),
        problems,
    )
    texts = problems.text(Language.EN).splitlines()
    return [(row.base, row.specialty, row.quota) for row in rows], texts


def test_names_become_codes_and_what_is_unknown_is_named(
    plan_csv: Callable[..., Path],
) -> None:
    path = plan_csv(
        "基地,专业,名额\n甲,内科,1\n甲医院,儿科,2\nbase-a,0100,3\n乙,0100,1\n丙,0100,1\n甲,100,1\n丁,x,1\n"
    )
    name = "write its code, name or an alias [CONFIG_PLAN_UNKNOWN]"
    assert _resolve(path) == (
        [("base-a", "0100", 1), ("base-a", "0900", 2)],
        [
            (
                "plan.csv:A4: base-a with 0100 stands already in the row of A2 "
                "[CONFIG_PLAN_DUPLICATE]"
            ),
            (
                'plan.csv:A5: the base "乙" is ambiguous; write one of the codes b-1, b-2 '
                "[CONFIG_PLAN_AMBIGUOUS]"
            ),
            f'plan.csv:A6: unknown base "丙"; {name}',
            (
                'plan.csv:B7: unknown specialty "100"; '
                "codes are text of four digits and a leading 0 may be lost; "
                "format the column as text [CONFIG_PLAN_UNKNOWN]"
            ),
            f'plan.csv:A8: unknown base "丁"; {name}',
            f'plan.csv:B8: unknown specialty "x"; {name}',
        ],
    )


def test_the_written_plan_is_valid_configuration(plan_csv: Callable[..., Path]) -> None:
    problems = Problems()
    path = plan_csv("base,specialty,quota\nfirst-base,0100,12\nsecond-base,0900,\n")
    text = write_plan(
        read_plan(path, problems),
        program="example-residency-2026",
        document="annex-1",
        title=Text("虚构的计划", "A fictional plan"),
        clause="附件1",
        note=Text("数字是虚构的", "The figures are fictional"),
    )
    assert text == (
        "kind: plan\n"
        "program: example-residency-2026\n"
        "sources:\n"
        "  annex-1:\n"
        "    title: {zh: 虚构的计划, en: A fictional plan}\n"
        "source: {document: annex-1, clause: 附件1}\n"
        "note: {zh: 数字是虚构的, en: The figures are fictional}\n"
        "rows:\n"
        '  - {base: first-base, specialty: "0100", quota: 12}\n'
        '  - {base: second-base, specialty: "0900", quota: null}\n'
    )
    document = parse(Path("plan.yaml"), text.encode())
    assert isinstance(document, Document)
    plan = validate(document, PlanFile, problems)
    assert plan is not None
    assert [(row.base, row.specialty, row.quota) for row in plan.rows] == [
        ("first-base", "0100", 12),
        ("second-base", "0900", None),
    ]
    assert len(problems) == 0


_cells = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["基地", "专业", "名额", "合计", "0100", "1", "", "=1", '"', ",", "\n"]
)


@given(st.lists(st.lists(_cells, max_size=4).map(",".join), max_size=6).map("\n".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_csv_raises(plan_csv: Callable[..., Path], text: str) -> None:
    problems = Problems()
    path = plan_csv(f"基地,专业,名额\n{text}")
    for row in read_plan(path, problems):
        assert row.base
        assert row.specialty
        assert row.quota is None or 0 <= row.quota <= 999_999
    assert read_plan(path, Problems()) == read_plan(path, problems)
