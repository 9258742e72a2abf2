"""Score sheets as rows and as records of the domain."""

from __future__ import annotations

from uuid import UUID

from zhupei.db.models import ScoreSheetRow
from zhupei.db.tables import RowSource, column, columns, expressed, listed_from, member
from zhupei.domain.plain_values import restored
from zhupei.domain.score_sheets import ScoreSheet, ScoreSheetState, SheetRow
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import not_found

__all__ = ["SHEETS", "load_sheet", "sheet_now", "sheet_record"]


def _known(code: str) -> str | None:
    return code or None


SHEETS = RowSource(
    described=ScoreSheet,
    model=ScoreSheetRow,
    alias="h",
    attributes={
        **columns("id", "sha256", "entered_by", "entered_at", "decided_by", "decided_at"),
        **columns("reason", base="base_code", program="program_code", operation="operation_id"),
        "opening": column("opening_code", _known),
        "round": column("round_code", _known),
        "assessments": column("assessments", lambda text: tuple(text.split(","))),
        "state": member(ScoreSheetState, "state"),
        "rows": listed_from(SheetRow, "{t}.rows"),
        "low": listed_from(str, "{t}.low"),
        "row_count": expressed("jsonb_array_length({t}.rows)"),
        "absent_count": expressed(
            "(SELECT count(*) FROM jsonb_array_elements({t}.rows) e"
            " WHERE jsonb_array_length(e->'absent') > 0)"
        ),
    },
)
"""Score sheets, as `ScoreSheet` has them."""


async def load_sheet(sheet: UUID) -> ScoreSheet | None:
    """Return one sheet, None where there is none."""
    row = await ScoreSheetRow.get_or_none(id=sheet)
    return None if row is None else sheet_record(row)


async def sheet_now(sheet: str) -> ScoreSheet | Refusal:
    """Return the sheet with an id in writing, as it stands."""
    return await load_sheet(UUID(sheet)) or not_found("sheet", sheet)


def sheet_record(row: ScoreSheetRow) -> ScoreSheet:
    """Return the record of a row."""
    return ScoreSheet(
        id=row.id,
        base=row.base_code,
        program=row.program_code,
        opening=row.opening_code or None,
        round=row.round_code or None,
        assessments=tuple(row.assessments.split(",")),
        state=ScoreSheetState(row.state),
        rows=tuple(restored(SheetRow, each) for each in row.rows),
        low=tuple(row.low),
        sha256=row.sha256,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        operation=row.operation_id,
    )
