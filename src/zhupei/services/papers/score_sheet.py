"""Score sheets: a table with one typed column for each assessment, to fill in and hand back.

A column is for the points of one assessment and says so with its full mark. There is no column for
a rank, and none is taken (a rank column pasted as scores has cost people their places).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zhupei.domain.masking import mask_name
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.errors import ZhupeiError
from zhupei.services.papers.records import AssessedApplicant
from zhupei.services.papers.spreadsheet import Column, Value, write_csv, write_xlsx

__all__ = [
    "APPLICATION_HEADER",
    "IDENTITY_HEADER",
    "NAME_HEADER",
    "SHEET_NAME",
    "ScoreColumn",
    "ScoreSheetError",
    "has_identities",
    "score_columns",
    "score_sheet_csv",
    "score_sheet_xlsx",
]

APPLICATION_HEADER = "报名号"
NAME_HEADER = "姓名（隐去部分）"
IDENTITY_HEADER = "证件号码（隐去部分）"
SHEET_NAME = "成绩"


class ScoreSheetError(ZhupeiError):
    """No sheet can be made of a program's assessments."""

    code = "SCORE_SHEET_IMPOSSIBLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreColumn:
    """The column of one assessment of a kind: points from 0 to ``full_mark``."""

    assessment: str
    label: Text
    full_mark: int
    pass_mark: int | None = None
    kind: str = ""

    @property
    def header(self) -> str:
        """What stands above the column; it names the full mark."""
        return f"{self.label.zh}得分（满分{self.full_mark}分）"


_ONE_BY_ONE = Text(
    "或逐份录入成绩并填写满分（recordInterview、recordExamination）",
    "or record the scores one by one with their full marks (recordInterview, recordExamination)",
)


def score_columns(program: Program) -> tuple[ScoreColumn, ...]:
    """Return the columns of a program's assessments for admission, in their order (R142).

    Raises:
        ScoreSheetError: it has none, or one without a full mark, which no score can be checked by.
    """
    assessments = [each for each in program.assessments if each.phase == "admission"]
    unmarked = [each.label for each in assessments if each.full_mark is None]
    if not assessments:
        raise ScoreSheetError(
            Text(
                f"{program.code} 未配置招录考核及其满分，不能制作成绩表；请在 assessments 中配置"
                f"（phase: admission、full_mark），{_ONE_BY_ONE.zh}",
                f"{program.code} has no assessment for admission with a full mark, by which a "
                "sheet checks its points; configure one (assessments: phase: admission, "
                f"full_mark), {_ONE_BY_ONE.en}",
            )
        )
    if unmarked:
        raise ScoreSheetError(
            Text(
                f"没有满分：{'、'.join(each.zh for each in unmarked)}；请配置满分（full_mark），"
                f"{_ONE_BY_ONE.zh}",
                f"without a full mark: {', '.join(each.en or each.zh for each in unmarked)}; "
                f"configure one (full_mark), {_ONE_BY_ONE.en}",
            )
        )
    return tuple(
        ScoreColumn(
            assessment=each.id,
            label=each.label,
            full_mark=each.full_mark,
            pass_mark=each.pass_mark,
            kind=each.kind,
        )
        for each in assessments
        if each.full_mark is not None
    )


def score_sheet_xlsx(
    columns: Sequence[ScoreColumn], applicants: Sequence[AssessedApplicant]
) -> bytes:
    """Return the sheet to fill in as XLSX; cells out of range are warned of while typing."""
    return write_xlsx(SHEET_NAME, _columns(columns, applicants), _rows(columns, applicants))


def score_sheet_csv(
    columns: Sequence[ScoreColumn], applicants: Sequence[AssessedApplicant]
) -> bytes:
    """Return the sheet to fill in as CSV."""
    return write_csv(_columns(columns, applicants), _rows(columns, applicants))


def has_identities(applicants: Collection[AssessedApplicant]) -> bool:
    """Whether a sheet for these people has the column of masked numbers."""
    return any(each.masked_number is not None for each in applicants)


def _columns(
    columns: Sequence[ScoreColumn], applicants: Sequence[AssessedApplicant]
) -> list[Column]:
    # Last, so that what tells the person stands on both sides of the points.
    identity = [Column(header=IDENTITY_HEADER, width=24)] if has_identities(applicants) else []
    return [
        Column(header=APPLICATION_HEADER, width=40),
        Column(header=NAME_HEADER, width=18),
        *(
            Column(header=each.header, width=24, greatest=Decimal(each.full_mark))
            for each in columns
        ),
        *identity,
    ]


def _rows(
    columns: Sequence[ScoreColumn], applicants: Sequence[AssessedApplicant]
) -> list[list[Value]]:
    # By opening and application: the order must not hint at any merit.
    ordered = sorted(applicants, key=lambda each: (each.opening, each.application))
    blank: list[Value] = [None] * len(columns)
    shown = has_identities(applicants)
    return [
        [
            each.application,
            mask_name(each.name),
            *blank,
            *([each.masked_number] if shown else []),
        ]
        for each in ordered
    ]
