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
    score_sheets,
    sheet_query,
)
from zhupei.services.score_sheets.roster import blank_sheet
from zhupei.services.score_sheets.rows import SHEETS
from zhupei.services.score_sheets.signing import (
    reject_score_sheet,
    sheet_problems,
    sign_score_sheet,
)

__all__ = [
    "SHEETS",
    "FoundSheets",
    "SearchSheetsInput",
    "blank_sheet",
    "enter_score_sheet",
    "reject_score_sheet",
    "score_sheets",
    "sheet_problems",
    "sheet_query",
    "sign_score_sheet",
]
