"""What a second person sees of a sheet at once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from zhupei.domain.score_sheets import ScoreSheet, ScoreSheetState, SheetRow, SheetScore


def _row(number: int, *absent: str) -> SheetRow:
    score = SheetScore(kind="interview", points=Decimal("86.5"), of=100)
    return SheetRow(application=UUID(int=number), row=number, scores=(score,), absent=absent)


def test_applications_are_counted_once_however_much_they_missed() -> None:
    sheet = ScoreSheet(
        id=UUID(int=9),
        base="shili",
        program="p",
        opening=None,
        round=None,
        assessments=("interview", "examination"),
        state=ScoreSheetState.PENDING,
        rows=(_row(1), _row(2, "interview"), _row(3, "interview", "examination"), _row(4)),
        low=(),
        sha256="",
        entered_by="office",
        entered_at=datetime(2026, 6, 1, tzinfo=UTC),
    )
    assert (sheet.row_count, sheet.absent_count) == (4, 2)
