"""Submitting a brochure, and the authority's decision on it (R134-R136, R210)."""

from __future__ import annotations

from collections.abc import Sequence

from zhupei.db.identifiers import uuid7
from zhupei.db.models import BrochureContentRow, BrochureRow
from zhupei.domain.brochures import Brochure, BrochureState, brochure_window, needs_approval
from zhupei.domain.eligibility import Finding, FindingOutcome
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.brochures.inputs import DecideBrochureInput, SubmitBrochureInput
from zhupei.services.brochures.rows import (
    BrochurePages,
    brochure_checks,
    brochure_now,
    hidden_version,
    html_now,
    load_brochure,
    pages_now,
)
from zhupei.services.office_requests import (
    RefusedError,
    StaleError,
    Work,
    answer_once,
    lock,
    refuse,
)
from zhupei.services.outbox import subject_of
from zhupei.services.papers.brochure_check import CompletenessReport, check_brochure
from zhupei.services.papers.brochure_findings import Outcome
from zhupei.services.papers.render import UnprintableTextError
from zhupei.services.plan_cuts import over_cut

__all__ = ["APPROVE", "SUBMIT", "decide_brochure", "submit_brochure"]

SUBMIT, APPROVE = "brochures.submit", "brochures.approve"
"""The permissions of the base's office and of the authority."""


async def submit_brochure(desk: Desk, given: SubmitBrochureInput) -> Brochure | Refusal:
    """Submit the brochure as the configuration makes it now; its pages are frozen.

    It has to state all that the lists ask for (R135, R210): the findings name what it lacks. Past
    the deadline a reason is needed, and the version stays marked as late: no document says that a
    late brochure is refused. Where no authority approves, it may be published at once.
    """
    program = desk.catalogue.programs.get(given.program)
    if program is None or program.base is None:
        return not_found("program", given.program)
    base = program.base
    with desk.database.use():
        against = await permitted_for(desk, SUBMIT, base=base)
        if against is not None:
            return against

        async def do(work: Work) -> str:
            report = check_brochure(desk.catalogue, program.code)
            refuse(
                over_cut(desk.catalogue, program)
                or _incomplete(report, given.attested)
                or _late(desk, program, given)
            )
            pages = await _printed(desk, program)
            # One after the other, so that versions have no gaps and none is there twice.
            await lock(work.connection, [f"brochure:{program.code}"])
            earlier = await BrochureRow.filter(program_code=program.code).order_by("-version")
            refuse(_stands_already(earlier, pages))
            row = await _keep(desk, program, base, given, pages, report, earlier)
            _tell(work, row, "submitted")
            return str(row.id)

        key = given.idempotency_key
        return await answer_once(desk, key, "submit_brochure", given, do, show=brochure_now)


def _incomplete(report: CompletenessReport, attested: Sequence[str]) -> Refusal | None:
    """Refuse a brochure that lacks what a list asks for, or what nobody vouches for."""
    lacking = [
        Finding(
            rule=f"brochure.{result.topic.value}",
            outcome=FindingOutcome.FAIL
            if result.outcome is Outcome.MISSING
            else FindingOutcome.UNKNOWN,
            level=result.demands[0].level,
            message=Text(
                f"{result.topic.label.zh}：{result.detail.zh}",
                f"{result.topic.label.en}: {result.detail.en}",
            ),
            source=result.demands[0].source,
        )
        for result in report.results
        if result.demands and result.outcome is not Outcome.PRESENT
    ]
    unattested = [
        Finding(
            rule="brochure.attested",
            outcome=FindingOutcome.REVIEW,
            level=demand.level,
            message=Text(
                f"“{demand.label.zh}”须由培训基地核对并声明",
                f'the base has to check and vouch for "{demand.label.en or demand.label.zh}"',
            ),
            source=demand.source,
        )
        for demand in report.unrecognised
        if demand.label.zh not in attested
    ]
    findings = (*lacking, *unattested)
    if not findings:
        return None
    return Refusal(
        code=RefusalCode.BROCHURE_INCOMPLETE,
        message=Text(
            "简章应写明而未写明：" + "；".join(each.message.zh for each in findings),
            "not stated although demanded: "
            + "; ".join(each.message.en or each.message.zh for each in findings),
        ),
        findings=findings,
        source=findings[0].source,
        field="attested" if not lacking else None,
    )


def _late(desk: Desk, program: Program, given: SubmitBrochureInput) -> Refusal | None:
    window = brochure_window(program, "brochure_submission")
    if window is None or window.closes_at is None or desk.clock() < window.closes_at:
        return None
    if has_no_reason(given.late_reason) is None:
        return None
    return Refusal(
        code=RefusalCode.BROCHURE_LATE,
        message=Text(
            f"简章报送已于 {window.closes_at:%Y-%m-%d %H:%M} 截止，逾期须说明理由",
            f"brochures were due before {window.closes_at:%Y-%m-%d %H:%M}; say why it is late",
        ),
        source=window.source,
        field="lateReason",
    )


async def _printed(desk: Desk, program: Program) -> BrochurePages:
    try:
        return await pages_now(desk.catalogue, program.code)
    except UnprintableTextError as error:
        refusal = Refusal(code=RefusalCode.BROCHURE_INCOMPLETE, message=error.message)
        raise RefusedError(refusal) from error


def _stands_already(earlier: Sequence[BrochureRow], pages: BrochurePages) -> Refusal | None:
    """Refuse a second version while one waits, and one that says what the last one says."""
    if not earlier:
        return None
    last = earlier[0]
    if last.state == BrochureState.SUBMITTED.value:
        message = Text("简章已报送，正在审核", "a version waits for its approval already")
    elif last.state != BrochureState.RETURNED.value and last.html_id == pages.hashes[0]:  # type: ignore[attr-defined]  # Tortoise adds the relation's column
        message = Text(
            "该简章已通过审核，内容没有变化", "this brochure is approved, and nothing has changed"
        )
    else:
        return None
    return Refusal(code=RefusalCode.DUPLICATE, message=message, field="program")


async def _keep(
    desk: Desk,
    program: Program,
    base: str,
    given: SubmitBrochureInput,
    pages: BrochurePages,
    report: CompletenessReport,
    earlier: Sequence[BrochureRow],
) -> BrochureRow:
    rows = await BrochureContentRow.filter(sha256__in=list(pages.by_hash)).only("sha256")
    known = {row.sha256 for row in rows}
    for sha256, (media_type, content) in pages.by_hash.items():
        if sha256 not in known:
            await BrochureContentRow.create(sha256=sha256, media_type=media_type, content=content)
    window = brochure_window(program, "brochure_submission")
    waits = needs_approval(program)
    html, pdf = pages.hashes
    late = (
        window is not None and window.closes_at is not None and (desk.clock() >= window.closes_at)
    )
    return await BrochureRow.create(
        id=uuid7(),
        base_code=base,
        program_code=program.code,
        version=earlier[0].version + 1 if earlier else 1,
        state=(BrochureState.SUBMITTED if waits else BrochureState.APPROVED).value,
        html_id=html,
        pdf_id=pdf,
        checks=plain(brochure_checks(report)),
        attested=[each.label.zh for each in report.unrecognised],
        catalogue_hash=desk.catalogue.hash,
        submitted_by=desk.actor.id,
        submitted_at=desk.clock(),
        due_at=None if window is None else window.closes_at,
        late_reason=given.late_reason if late else None,
    )


def _tell(work: Work, row: BrochureRow, what: str) -> None:
    work.tell(
        f"brochure.{what}",
        subject_of("Brochure", row.id),
        base=row.base_code,
        program=row.program_code,
        data={"version": row.version},
    )


async def decide_brochure(desk: Desk, given: DecideBrochureInput) -> Brochure | Refusal:
    """Approve what was submitted, or return it with a reason.

    What is approved is the frozen page. Where the configuration has changed since, the base
    submits anew: an authority does not approve what is no longer so.
    """
    with desk.database.use():
        brochure = await load_brochure(given.brochure)
        if brochure is None:
            return not_found("brochure", str(given.brochure))
        against = await permitted_for(desk, APPROVE, base=brochure.base)
        if against is not None:
            return await hidden_version(desk, against, brochure)

        async def do(work: Work) -> str:
            row = await BrochureRow.get(id=given.brochure)
            refuse(await _undecidable(desk, row, given))
            state = BrochureState.APPROVED if given.approved else BrochureState.RETURNED
            written = await BrochureRow.filter(
                id=row.id, state=BrochureState.SUBMITTED.value
            ).update(
                state=state.value,
                decided_by=desk.actor.id,
                decided_at=desk.clock(),
                reason=given.reason,
            )
            if written != 1:
                raise StaleError
            _tell(work, row, state.value.lower())
            return str(row.id)

        key = given.idempotency_key
        return await answer_once(desk, key, "decide_brochure", given, do, show=brochure_now)


async def _undecidable(desk: Desk, row: BrochureRow, given: DecideBrochureInput) -> Refusal | None:
    if row.state != BrochureState.SUBMITTED.value:
        return Refusal(
            code=RefusalCode.DUPLICATE,
            message=Text("该简章已处理", "the brochure was decided already"),
            field="brochure",
        )
    if row.submitted_by == desk.actor.id:
        return Refusal(
            code=RefusalCode.SECOND_PERSON_NEEDED,
            message=Text(
                "简章须由报送者以外的人审核", "somebody else than who submitted it approves it"
            ),
            field="brochure",
        )
    if not given.approved:
        return has_no_reason(given.reason)
    gone = row.program_code not in desk.catalogue.programs
    if gone or await html_now(desk.catalogue, row.program_code) != row.html_id:  # type: ignore[attr-defined]  # Tortoise adds the relation's column
        return Refusal(
            code=RefusalCode.BROCHURE_CHANGED,
            message=Text(
                "报送后配置已变更，请退回后由基地重新报送",
                "the configuration has changed since; return it, so that the base submits anew",
            ),
            field="brochure",
        )
    return over_cut(desk.catalogue, desk.catalogue.programs[row.program_code])
