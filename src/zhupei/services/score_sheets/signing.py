"""Signing a score sheet off as a second person, which records its scores; or turning it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.models import BulkOperationRow, Idempotency, ScoreSheetRow
from zhupei.domain.access_refusals import AccessRefusal
from zhupei.domain.admission_case import RecordedScore
from zhupei.domain.admission_guards import handed_in, score_of
from zhupei.domain.admission_process import Action
from zhupei.domain.ranking import Score
from zhupei.domain.score_sheets import ScoreSheet, ScoreSheetState, SheetRow, SheetSigned
from zhupei.domain.text import Text
from zhupei.services.admissions.bulk import carry_out
from zhupei.services.admissions.change import Change, Repeat
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.required_documents import documents_due
from zhupei.services.admissions.situations import (
    Situation,
    frozen,
    frozen_refusal,
    frozen_until_done,
    hidden,
    not_found,
    permitted_for,
    specialty_of,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import key_used
from zhupei.services.idempotency import once, request_hash
from zhupei.services.office_requests import RefusedError, Work, answer_once, refuse
from zhupei.services.outbox import subject_of
from zhupei.services.progress import Progress, operation
from zhupei.services.score_sheets.inputs import RejectScoreSheetInput, SignScoreSheetInput
from zhupei.services.score_sheets.roster import ENTER
from zhupei.services.score_sheets.rows import load_sheet, sheet_now
from zhupei.services.seats import root_program

__all__ = ["SIGN", "reject_score_sheet", "sheet_problems", "sign_score_sheet"]

SIGN = "scores.sign"
"""The permission to sign what another person entered."""

_OPERATION = "signScoreSheet"
_THOUSANDTH = Decimal("0.001")


async def sign_score_sheet(desk: Desk, given: SignScoreSheetInput) -> SheetSigned | Refusal:
    """Record all scores of a sheet that another person entered, in one step, or none.

    Every row is judged anew: an application that has moved on, or was frozen or rejected since,
    refuses the whole sheet. The step is one bulk operation of the audit chain and can be reverted
    as one. Who missed an assessment gets no score, which is not a zero, and goes on waiting.
    """
    with desk.database.use():
        sheet = await load_sheet(given.sheet)
        if sheet is None:
            return not_found("sheet", str(given.sheet))
        against = await _permitted(desk, sheet)
        if against is not None:
            return await _hidden(desk, against, sheet)
        against = _unsignable(desk, sheet, given)
        if against is not None:
            return against
        scored = {row.application: row for row in sheet.rows if row.scores}
        if given.dry_run or sheet.state is ScoreSheetState.SIGNED:
            if not given.dry_run and await _used_otherwise(desk, given):
                return key_used()
            return await _record(desk, sheet, given, scored, None)
        async with operation(
            desk.database,
            kind="score_sheet",
            by=desk.actor.id,
            clock=desk.clock,
            base=sheet.base,
            program=sheet.program,
            total=len(scored),
        ) as progress:
            signed = await _record(desk, sheet, given, scored, progress)
            progress.result["sheet"] = str(sheet.id)
            progress.result["refused"] = isinstance(signed, Refusal)
            return signed


async def _permitted(desk: Desk, sheet: ScoreSheet) -> Refusal | None:
    specialty = None if sheet.opening is None else specialty_of(sheet.opening)
    return await permitted_for(desk, SIGN, base=sheet.base, specialty=specialty)


async def _hidden(desk: Desk, against: Refusal, sheet: ScoreSheet) -> Refusal:
    missing = not_found("sheet", str(sheet.id))
    specialty = None if sheet.opening is None else specialty_of(sheet.opening)
    return await hidden(desk, against, missing, "scores.read", base=sheet.base, specialty=specialty)


def _unsignable(desk: Desk, sheet: ScoreSheet, given: SignScoreSheetInput) -> Refusal | None:
    """Refuse one's own sheet, a decided one, and points like ranks that nobody confirms."""
    if sheet.entered_by == desk.actor.id:
        return Refusal(
            code=RefusalCode.SECOND_PERSON_NEEDED,
            message=Text(
                "成绩须由录入者以外的人复核", "somebody else than who entered the scores signs them"
            ),
            field="sheet",
        )
    repeated = sheet.state is ScoreSheetState.SIGNED and sheet.decided_by == desk.actor.id
    if sheet.state is not ScoreSheetState.PENDING and not repeated:
        return _decided()
    low = [kind for kind in sheet.low if kind not in given.confirmed_low]
    if low:
        return Refusal(
            code=RefusalCode.SCORES_LOOK_LIKE_RANKS,
            message=Text(
                f"以下各列像名次，请核对原始成绩后确认：{'、'.join(low)}",
                "these columns look like ranks; compare them with the original scores and confirm "
                f"them: {', '.join(low)}",
            ),
            field="confirmedLow",
        )
    return None


def _decided() -> Refusal:
    return Refusal(
        code=RefusalCode.DUPLICATE,
        message=Text("该成绩表已处理", "the sheet was decided already"),
        field="sheet",
    )


async def _record(
    desk: Desk,
    sheet: ScoreSheet,
    given: SignScoreSheetInput,
    scored: Mapping[UUID, SheetRow],
    progress: Progress | None,
) -> SheetSigned | Refusal:
    # One key for one sheet: whoever repeats the signature gets the answer of the first.
    key = f"score-sheet:{sheet.id}"
    settled: list[UUID | None] = []

    async def build(at: Situation) -> Change | Refusal:
        change = _change(desk, at, scored[at.case.id], given.documents)
        if progress is not None:
            await progress.advance()
        return change

    async def settle(connection: BaseDBAsyncClient) -> None:
        found = await BulkOperationRow.get_or_none(actor=desk.actor.id, idempotency_key=key)
        settled.append(None if found is None else found.id)
        await _settle(desk, given, settled[-1])
        if progress is not None:
            await progress.succeed(sheet=str(sheet.id), refused=False)

    try:
        if not scored and given.dry_run and await frozen(_root(desk, sheet), sheet.round):
            return frozen_refusal()
        if not scored and not given.dry_run:
            return await _sign_absent(desk, sheet, given, key, progress)
        outcome = await carry_out(
            desk,
            Action.RECORD_SCORES,
            tuple(scored),
            build,
            dry_run=given.dry_run,
            repeat=None if given.dry_run else Repeat(key, request_hash("SignedSheet", sheet.id)),
            extra=None if given.dry_run else settle,
        )
    except RefusedError as refused:
        return refused.refusal
    if isinstance(outcome, Refusal):
        return _outdated(outcome)
    if progress is not None and outcome.operation not in settled:
        progress.forget()
    return SheetSigned(
        sheet=sheet if given.dry_run else await load_sheet(sheet.id) or sheet, outcome=outcome
    )


async def _settle(desk: Desk, given: SignScoreSheetInput, operation_id: UUID | None) -> None:
    """Write that a sheet is signed, if it still waits, and keep the client's key.

    It is done in the transaction of its scores.
    """
    written = await ScoreSheetRow.filter(
        id=given.sheet, state=ScoreSheetState.PENDING.value
    ).update(
        state=ScoreSheetState.SIGNED.value,
        decided_by=desk.actor.id,
        decided_at=desk.clock(),
        operation_id=operation_id,
    )
    if written != 1:
        raise RefusedError(_decided())

    async def kept() -> dict[str, str]:
        return {"sheet": str(given.sheet)}

    answer = await once(
        given.idempotency_key,
        actor=desk.actor.id,
        operation=_OPERATION,
        request=given,
        at=desk.clock(),
        work=kept,
    )
    if isinstance(answer, AccessRefusal):
        raise RefusedError(key_used())


async def _used_otherwise(desk: Desk, given: SignScoreSheetInput) -> bool:
    """Whether the client's key belongs to another request."""
    known = None
    if given.idempotency_key is not None:
        known = await Idempotency.get_or_none(actor=desk.actor.id, key=given.idempotency_key)
    return known is not None and known.request_hash != request_hash(_OPERATION, given)


async def _sign_absent(
    desk: Desk,
    sheet: ScoreSheet,
    given: SignScoreSheetInput,
    key: str,
    progress: Progress | None,
) -> SheetSigned | Refusal:
    """Sign a sheet on which everybody was absent: there is nothing to record."""
    settled: list[str] = []

    async def do(work: Work) -> str:
        # No transition of an application looks for it, as where there are scores.
        if await frozen_until_done(work.connection, _root(desk, sheet), sheet.round):
            raise RefusedError(frozen_refusal())
        await _settle(desk, given, None)
        settled.append(str(sheet.id))
        if progress is not None:
            await progress.succeed(sheet=settled[-1], refused=False)
        return settled[-1]

    async def signed(_sheet: str) -> SheetSigned:
        return SheetSigned(sheet=await load_sheet(sheet.id) or sheet, outcome=None)

    done = await answer_once(desk, key, "sign_score_sheet", {"sheet": sheet.id}, do, show=signed)
    if progress is not None and not settled and not isinstance(done, Refusal):
        progress.forget()
    return done


def _root(desk: Desk, sheet: ScoreSheet) -> str:
    """Return the program by which the sheet's round is frozen."""
    program = desk.catalogue.programs.get(sheet.program)
    return sheet.program if program is None else root_program(desk.catalogue, program).code


def _outdated(refusal: Refusal) -> Refusal:
    """Return what stands against rows as what stands against the sheet."""
    if not refusal.problems:
        return refusal
    number = len(refusal.problems)
    return replace(
        refusal,
        code=RefusalCode.SCORE_SHEET_OUTDATED,
        message=Text(
            f"有 {number} 份报名不能录入成绩，整表未录入；请退回后重新导出",
            f"{number} applications cannot take their scores, so none was recorded; reject the "
            "sheet and export it anew",
        ),
        field="sheet",
    )


def _change(
    desk: Desk, at: Situation, row: SheetRow, documents: tuple[str, ...]
) -> Change | Refusal:
    """Return the change of one application: all its scores of the sheet at once."""
    kinds = [score.kind for score in row.scores]
    steps = tuple(
        step
        for step in at.steps_for(Action.RECORD_SCORES)
        if step.kind in kinds and step.id not in at.case.completed_steps
    )
    if {step.kind for step in steps} != set(kinds):
        return Refusal(
            code=RefusalCode.NOT_ALLOWED_IN_STATE,
            message=Text("该报名已有此项成绩", "the application has this score already"),
        )
    due, undecided = documents_due(at, at.case.candidate, steps)
    against = handed_in(due, documents, undecided)
    if against is not None:
        return against
    found = [each for each in at.case.scores if each.assessment not in kinds]
    for each in row.scores:
        score = score_of(at.program, each.kind, each.points, each.of)
        if isinstance(score, Refusal):
            return score
        found.append(
            RecordedScore(
                assessment=each.kind,
                # As the column keeps it, so that the digest of the case is that of the row.
                score=Score(score.points.quantize(_THOUSANDTH), score.of),
                recorded_by=desk.actor.id,
                recorded_at=at.now,
            )
        )
    done = (*at.case.completed_steps, *(step.id for step in steps))
    following = at.path.next_after(at.case.state)
    complete = following is not None and all(step.id in done for step in following.steps)
    return Change(
        action=Action.RECORD_SCORES,
        before=at.case,
        after=replace(
            at.case,
            state=following.state if following is not None and complete else at.case.state,
            completed_steps=done,
            scores=tuple(sorted(found, key=lambda each: each.assessment)),
        ),
        at=at,
        data={
            "scores": [
                {"assessment": each.kind, "points": each.points, "of": each.of}
                for each in row.scores
            ]
        },
        steps=steps,
    )


async def sheet_problems(desk: Desk, sheet: ScoreSheet) -> Refusal | None:
    """Return what would refuse the sheet if it were signed now; None where nothing would.

    What the second person sees beside a pending sheet. It is asked as a dry run and keeps nothing.
    """
    with desk.database.use():
        scored = {row.application: row for row in sheet.rows if row.scores}
        if sheet.state is not ScoreSheetState.PENDING:
            return None
        if not scored:
            return frozen_refusal() if await frozen(_root(desk, sheet), sheet.round) else None
        given = SignScoreSheetInput(sheet=sheet.id, dry_run=True)
        signed = await _record(desk, sheet, given, scored, None)
        return signed if isinstance(signed, Refusal) else None


async def reject_score_sheet(desk: Desk, given: RejectScoreSheetInput) -> ScoreSheet | Refusal:
    """Turn a pending sheet down with a reason, or withdraw one's own; nothing is recorded."""
    with desk.database.use():
        sheet = await load_sheet(given.sheet)
        if sheet is None:
            return not_found("sheet", str(given.sheet))
        against = await _permitted(desk, sheet)
        if against is not None and sheet.entered_by == desk.actor.id:
            specialty = None if sheet.opening is None else specialty_of(sheet.opening)
            against = await permitted_for(desk, ENTER, base=sheet.base, specialty=specialty)
        if against is not None:
            return await _hidden(desk, against, sheet)

        async def do(work: Work) -> str:
            refuse(has_no_reason(given.reason))
            written = await ScoreSheetRow.filter(
                id=given.sheet, state=ScoreSheetState.PENDING.value
            ).update(
                state=ScoreSheetState.REJECTED.value,
                decided_by=desk.actor.id,
                decided_at=desk.clock(),
                reason=given.reason,
            )
            if written != 1:
                raise RefusedError(_decided())
            work.tell(
                "score_sheet.rejected",
                subject_of("ScoreSheet", given.sheet),
                base=sheet.base,
                program=sheet.program,
                opening=sheet.opening,
                data={"round": sheet.round},
            )
            return str(given.sheet)

        key = given.idempotency_key
        return await answer_once(desk, key, "reject_score_sheet", given, do, show=sheet_now)
