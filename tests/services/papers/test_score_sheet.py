"""Score sheets go out and come back: typed columns, all problems at once, or nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.catalogue import Catalogue
from zhupei.config.problems import Problems
from zhupei.domain.assessment import Score
from zhupei.domain.text import Text
from zhupei.services.papers.records import AssessedApplicant, ImportedScores
from zhupei.services.papers.score_sheet import (
    ScoreColumn,
    ScoreSheetError,
    score_columns,
    score_sheet_csv,
    score_sheet_xlsx,
)
from zhupei.services.papers.score_sheet_import import read_score_sheet

HUBEI = "hubei-xiehe-residency-2024"
COLUMNS = (
    ScoreColumn(assessment="interview", label=Text("面试", "interview"), full_mark=100),
    ScoreColumn(
        assessment="examination",
        label=Text("专业考试", "examination"),
        full_mark=100,
        pass_mark=60,
    ),
)
HEADER = ["报名号", "姓名（隐去部分）", "面试得分（满分100分）", "专业考试得分（满分100分）"]
PEOPLE = (
    AssessedApplicant(application="a-1", name="张三", opening="p/0100"),
    AssessedApplicant(application="a-2", name="李小明", opening="p/0100"),
    AssessedApplicant(application="a-3", name="王五", opening="p/0200"),
)
GOOD = [
    ["a-1", "张*", "86.5", "90"],
    ["a-2", "李*明", "１００", "59.99"],
    ["a-3", "王*", "0", "缺考"],
]
Write = Callable[[Path, Sequence[Sequence[object]]], Path]


def _as_csv(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    path = folder / "scores.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _as_xlsx(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    path = folder / "scores.xlsx"
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def _read(
    path: Path, people: Sequence[AssessedApplicant] = PEOPLE, *, confirmed: Sequence[str] = ()
) -> tuple[tuple[ImportedScores, ...], list[tuple[str, str | None]]]:
    problems = Problems()
    found = read_score_sheet(path, COLUMNS, people, problems, confirmed_low=confirmed)
    return found, [(each.code, each.cell) for each in problems.errors]


def test_columns_of_a_program(catalogue: Catalogue) -> None:
    """R142: interview and examination out of 100 each."""
    assert [each.header for each in score_columns(catalogue.programs[HUBEI])] == HEADER[2:]


def test_a_program_without_assessments_or_full_marks(catalogue: Catalogue) -> None:
    """An office is told what to do: to configure a full mark, or to record scores one by one."""
    none = catalogue.programs["hku-szh-residency-2026"]
    with pytest.raises(ScoreSheetError) as caught:
        score_columns(none)
    assert caught.value.message == Text(
        "hku-szh-residency-2026 未配置招录考核及其满分，不能制作成绩表；请在 assessments 中配置"
        "（phase: admission、full_mark），或逐份录入成绩并填写满分（recordInterview、"
        "recordExamination）",
        "hku-szh-residency-2026 has no assessment for admission with a full mark, by which a sheet "
        "checks its points; configure one (assessments: phase: admission, full_mark), or record "
        "the scores one by one with their full marks (recordInterview, recordExamination)",
    )
    program = catalogue.programs[HUBEI]
    unmarked = tuple(replace(each, full_mark=None) for each in program.assessments)
    with pytest.raises(ScoreSheetError) as caught:
        score_columns(replace(program, assessments=unmarked))
    assert caught.value.message == Text(
        "没有满分：面试、专业考试；请配置满分（full_mark），或逐份录入成绩并填写满分（recordInterview、"
        "recordExamination）",
        "without a full mark: Interview, Specialty examination; configure one (full_mark), or "
        "record the scores one by one with their full marks (recordInterview, recordExamination)",
    )


def test_sheet_has_masked_names_no_rank_and_is_the_same_again() -> None:
    people = (PEOPLE[2], PEOPLE[1], PEOPLE[0])
    book = openpyxl.load_workbook(io.BytesIO(score_sheet_xlsx(COLUMNS, people)))
    rows = [[cell.value for cell in row] for row in book["成绩"].iter_rows()]
    assert rows == [
        HEADER,
        ["a-1", "张*", None, None],
        ["a-2", "李*明", None, None],
        ["a-3", "王*", None, None],
    ]
    assert score_sheet_xlsx(COLUMNS, people) == score_sheet_xlsx(COLUMNS, PEOPLE)
    text = score_sheet_csv(COLUMNS, people).decode("utf-8-sig")
    assert text.splitlines()[0] == ",".join(HEADER)
    rule = book["成绩"].data_validations.dataValidation[0]
    assert (rule.formula1, rule.formula2, str(rule.sqref)) == ("0", "100", "C2:C4")


@pytest.mark.parametrize("write", [_as_csv, _as_xlsx])
def test_scores_come_back(tmp_path: Path, write: Write) -> None:
    found, errors = _read(write(tmp_path, [HEADER, *GOOD]))
    assert errors == []
    assert found == (
        ImportedScores(
            application="a-1",
            scores=(
                Score(assessment="interview", points=Decimal("86.5")),
                Score(assessment="examination", points=Decimal(90), passed=True),
            ),
            absent=(),
            row=2,
        ),
        ImportedScores(
            application="a-2",
            scores=(
                Score(assessment="interview", points=Decimal(100)),
                Score(assessment="examination", points=Decimal("59.99"), passed=False),
            ),
            absent=(),
            row=3,
        ),
        ImportedScores(
            application="a-3",
            scores=(Score(assessment="interview", points=Decimal(0)),),
            absent=("examination",),
            row=4,
        ),
    )


def test_numbers_of_a_spreadsheet(tmp_path: Path) -> None:
    rows = [["a-1", "张*", 86.5, 90], ["a-2", "李*明", 100, 59.99], ["a-3", "王*", 0, 1e1]]
    found, errors = _read(_as_xlsx(tmp_path, [HEADER, *rows]))
    assert errors == []
    assert [score.points for each in found for score in each.scores] == [
        Decimal(text) for text in ("86.5", "90", "100", "59.99", "0", "10")
    ]


def test_the_template_itself_comes_back_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(score_sheet_xlsx(COLUMNS, PEOPLE)))
    for row in (2, 3, 4):
        book["成绩"].cell(row, 3, 70 + row)
        book["成绩"].cell(row, 4, 80 + row)
    book.save(path)
    found, errors = _read(path)
    assert errors == []
    assert [each.scores[0].points for each in found] == [72, 73, 74]


def test_columns_may_change_their_places(tmp_path: Path) -> None:
    order = [3, 1, 0, 2]
    rows = [[row[at] for at in order] for row in [HEADER, *GOOD]]
    found, errors = _read(_as_csv(tmp_path, rows))
    assert errors == []
    assert found[0].scores[0] == Score(assessment="interview", points=Decimal("86.5"))


def test_all_problems_at_once_and_nothing_returned(tmp_path: Path) -> None:
    rows = [
        HEADER,
        ["a-1", "张*", "100.5", "-1"],
        ["a-9", "张*", "", "九十"],
        ["a-1", "张*", "90", "85.123"],
        ["", "王*", "1", "2"],
        ["a-2", "王*", "80", "90"],
    ]
    found, errors = _read(_as_csv(tmp_path, rows))
    assert found == ()
    assert errors == [
        ("SCORES_ROW_MISSING", "A1"),
        ("SCORES_OUT_OF_RANGE", "C2"),
        ("SCORES_OUT_OF_RANGE", "D2"),
        ("SCORES_ID", "A3"),
        ("SCORES_BLANK", "C3"),
        ("SCORES_NOT_A_SCORE", "D3"),
        ("SCORES_DUPLICATE", "A4"),
        ("SCORES_NOT_A_SCORE", "D4"),
        ("SCORES_ID", "A5"),
        ("SCORES_NAME", "B6"),
    ]


def test_messages_say_what_and_where(tmp_path: Path) -> None:
    problems = Problems()
    rows = [HEADER, ["a-1", "张*", "101", "90"], *GOOD[1:]]
    assert read_score_sheet(_as_xlsx(tmp_path, rows), COLUMNS, PEOPLE, problems) == ()
    (problem,) = problems.errors
    assert problem.cell == "Sheet!C2"
    assert problem.message == Text("101 不在 0 至 100 之间", "101 is not between 0 and 100")


@pytest.mark.parametrize("name", ["名次", "总分排名", "Rank", "综合排序", "序号"])
def test_a_rank_column_is_refused(tmp_path: Path, name: str) -> None:
    """The peers' disaster: a rank pasted as a score."""
    rows = [[*HEADER, name], *([*row, str(at)] for at, row in enumerate(GOOD, start=1))]
    assert _read(_as_csv(tmp_path, rows)) == ((), [("SCORES_RANK_COLUMN", "E1")])


def test_ranks_in_the_column_of_scores_are_refused(tmp_path: Path) -> None:
    rows = [[row[0], row[1], rank, row[3]] for row, rank in zip(GOOD, "312", strict=True)]
    path = _as_csv(tmp_path, [HEADER, *rows])
    assert _read(path) == ((), [("SCORES_LOOK_LIKE_RANKS", "C2")])
    problems = Problems()
    read_score_sheet(path, COLUMNS, PEOPLE, problems)
    assert problems.errors[0].hint == Text(
        "如确为得分，交表时加 low=interview，由复核的另一人确认",
        "if they are scores, hand the sheet in with low=interview; the second person confirms them",
    )
    found, errors = _read(path, confirmed=["interview"])
    assert errors == []
    assert [each.scores[0].points for each in found] == [3, 1, 2]


def test_ranks_of_those_who_were_there_are_refused(tmp_path: Path) -> None:
    """Who was absent has no rank: the others are ranked from 1 to their number."""
    late = AssessedApplicant(application="a-4", name="赵六", opening="p/0200")
    rows = [*GOOD, ["a-4", "赵*", "70", "80"]]
    ranked = [
        [row[0], row[1], rank, row[3]]
        for row, rank in zip(rows, ("缺考", "3", "1", "2"), strict=True)
    ]
    path = _as_csv(tmp_path, [HEADER, *ranked])
    people = (*PEOPLE, late)
    assert _read(path, people) == ((), [("SCORES_LOOK_LIKE_RANKS", "C2")])
    assert _read(path, people, confirmed=["interview"])[1] == []


def test_a_formula_is_refused(tmp_path: Path) -> None:
    rows = [["a-1", "张*", "=SUM(1,2)", "90"], *GOOD[1:]]
    assert _read(_as_xlsx(tmp_path, [HEADER, *rows])) == ((), [("SCORES_FORMULA", "Sheet!C2")])
    assert _read(_as_csv(tmp_path, [HEADER, *rows])) == ((), [("SCORES_FORMULA", "C2")])


@pytest.mark.parametrize(
    ("header", "errors"),
    [
        (HEADER[:3], [("SCORES_HEADER", "A1"), ("SCORES_HEADER", "D2")]),
        (
            [*HEADER[:3], "面试得分（满分100分）"],
            [("SCORES_HEADER", "D1"), ("SCORES_HEADER", "A1")],
        ),
        (
            [*HEADER[:3], "专业考试得分（满分50分）"],
            [("SCORES_HEADER", "D1"), ("SCORES_HEADER", "A1")],
        ),
        ([*HEADER[:3], ""], [("SCORES_HEADER", "D2"), ("SCORES_HEADER", "A1")]),
    ],
)
def test_a_header_that_is_not_the_sheets(
    tmp_path: Path, header: list[str], errors: list[tuple[str, str]]
) -> None:
    found, told = _read(_as_csv(tmp_path, [header, *GOOD]))
    assert found == ()
    assert set(told) <= set(errors)
    assert told != []


def test_a_name_that_moved_is_noticed(tmp_path: Path) -> None:
    """Sorting the ids alone would give each person another's scores."""
    rows = [[GOOD[1][0], *GOOD[0][1:]], [GOOD[0][0], *GOOD[1][1:]], GOOD[2]]
    assert _read(_as_csv(tmp_path, [HEADER, *rows])) == (
        (),
        [("SCORES_NAME", "B2"), ("SCORES_NAME", "B3")],
    )


def test_two_sheets_or_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("", "utf-8")
    assert _read(empty) == ((), [("SCORES_SHEET", None)])
    two = tmp_path / "two.xlsx"
    book = openpyxl.Workbook()
    for sheet in (book.worksheets[0], book.create_sheet("again")):
        for row in [HEADER, *GOOD]:
            sheet.append(row)
    book.save(two)
    assert _read(two) == ((), [("SCORES_SHEET", None)])


@given(
    st.lists(
        st.decimals(min_value=-50, max_value=200, places=2, allow_nan=False),
        min_size=3,
        max_size=3,
    )
)
def test_points_come_back_exactly_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, points: list[Decimal]
) -> None:
    rows = [[row[0], row[1], str(one), "50"] for row, one in zip(GOOD, points, strict=True)]
    found, errors = _read(_as_csv(tmp_path_factory.mktemp("scores"), [HEADER, *rows]))
    inside = [0 <= one <= 100 and not str(one).startswith("-") for one in points]
    if all(inside):
        assert [each.scores[0].points for each in found] == points
    else:
        assert found == ()
        assert errors == [
            ("SCORES_OUT_OF_RANGE", f"C{at}") for at, fits in enumerate(inside, start=2) if not fits
        ]


def test_masked_numbers_stand_behind_the_points(tmp_path: Path) -> None:
    """What tells the person is on both sides: points that moved alone are noticed sooner."""
    people = [
        replace(each, masked_number=f"620***********{number}")
        for each, number in zip(PEOPLE, ("1111", "2222", "3333"), strict=True)
    ]
    header = [*HEADER, "证件号码（隐去部分）"]
    sheet = list(csv.reader(io.StringIO(score_sheet_csv(COLUMNS, people).decode("utf-8-sig"))))
    assert sheet[:2] == [header, ["a-1", "张*", "", "", "620***********1111"]]
    rows = [[*row, each.masked_number] for row, each in zip(GOOD, people, strict=True)]
    problems = Problems()
    found = read_score_sheet(_as_csv(tmp_path, [header, *rows]), COLUMNS, people, problems)
    assert ([each.application for each in found], problems.errors) == (["a-1", "a-2", "a-3"], ())
    rows[0][-1], rows[1][-1] = rows[1][-1], rows[0][-1]
    problems = Problems()
    moved = read_score_sheet(_as_csv(tmp_path, [header, *rows]), COLUMNS, people, problems)
    assert moved == ()
    told = [(each.code, each.cell, each.message.en) for each in problems.errors]
    assert told == [
        ("SCORES_IDENTITY", "E2", "the number is not that of the application"),
        ("SCORES_IDENTITY", "E3", "the number is not that of the application"),
    ]
    problems = Problems()
    assert read_score_sheet(_as_csv(tmp_path, [HEADER, *GOOD]), COLUMNS, people, problems) == ()
    assert [each.message.zh for each in problems.errors] == ["缺少“证件号码（隐去部分）”一列"]
