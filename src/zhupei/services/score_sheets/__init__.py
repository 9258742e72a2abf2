"""The use cases of score sheets: out, back, and signed by a second person (S2:66, R142).

| use case | input | answers |
|---|---|---|
| blank_sheet | ScoreSheetPart | bytes (XLSX or CSV) |
| enter_score_sheet | EnterScoreSheetInput | ScoreSheet, or UnreadableSheet with all problems |
| sign_score_sheet | SignScoreSheetInput | SheetSigned |
| reject_score_sheet | RejectScoreSheetInput | ScoreSheet |

Each may answer a `Refusal` instead, after which nothing has changed. A sheet that was entered
changes no application; signing it records all its scores in one step of the audit chain, or none.
"""

from __future__ import annotations

from zhupei.services.score_sheets.entering import enter_score_sheet
from zhupei.services.score_sheets.questions import (
    FoundSheets,
    SearchSheetsInput,
    count_sheets,
    found_sheets,
    score_sheet_of,
    score_sheets,
)
from zhupei.services.score_sheets.roster import blank_sheet
from zhupei.services.score_sheets.signing import (
    reject_score_sheet,
    sheet_problems,
    sign_score_sheet,
)

__all__ = [
    "FoundSheets",
    "SearchSheetsInput",
    "blank_sheet",
    "count_sheets",
    "enter_score_sheet",
    "found_sheets",
    "reject_score_sheet",
    "score_sheet_of",
    "score_sheets",
    "sheet_problems",
    "sign_score_sheet",
]
