"""Mutations of score sheets: a second person signs or rejects; files come over HTTP."""

from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.graphql.mutations.declaration import Repeatable, mutation, use_case
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.graphql.types.score_sheets import ScoreSheet, SignedScoreSheet
from zhupei.services import score_sheets
from zhupei.services.score_sheets import inputs

__all__ = ["ScoreSheetMutations"]

SignedScoreSheetPayload: TypeAlias = Annotated[
    SignedScoreSheet | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("SignedScoreSheetPayload", description="What it did, or why not (复核结果)."),
]
ScoreSheetPayload: TypeAlias = Annotated[
    ScoreSheet | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("ScoreSheetPayload", description="The sheet, or why not (成绩表结果)."),
]

_SHEET = "Identifier of the sheet (成绩表标识)."


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="What signing a score sheet needs (复核成绩表).")
class SignScoreSheetInput(Repeatable):
    """Signing."""

    sheet: strawberry.ID = strawberry.field(description=_SHEET)
    confirmed_low: list[str] | None = _left_out(
        "Assessments of the sheet's `low` whose points are no ranks (确认非名次的考核项目)."
    )
    documents: list[str] | None = _left_out(
        "Ids of documents that everybody on the sheet has shown (出示的材料)."
    )
    dry_run: bool | None = _left_out("Only show what it would do (试运行).")


@strawberry.input(description="What rejecting a score sheet needs (退回成绩表).")
class RejectScoreSheetInput(Repeatable):
    """Rejecting."""

    sheet: strawberry.ID = strawberry.field(description=_SHEET)
    reason: str = strawberry.field(description="Why (原因).")


@strawberry.type
class ScoreSheetMutations:
    """What may be done with score sheets."""

    sign_score_sheet: SignedScoreSheetPayload | None = mutation(
        use_case(score_sheets.sign_score_sheet, inputs.SignScoreSheetInput, SignScoreSheetInput),
        "scores.sign",
        description=(
            "Sign a sheet that somebody else entered (复核成绩表): all its scores are recorded in "
            "one step that can be reverted as one, or none."
        ),
    )
    reject_score_sheet: ScoreSheetPayload | None = mutation(
        use_case(
            score_sheets.reject_score_sheet, inputs.RejectScoreSheetInput, RejectScoreSheetInput
        ),
        "scores.sign",
        description=(
            "Turn a pending sheet down, or withdraw one's own (退回成绩表); nothing of it is "
            "recorded."
        ),
    )
