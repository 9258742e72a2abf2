"""Proposal: whom a run placed takes a seat, all in one bulk step that can be taken back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.db.models import AllocationChoiceRow, AllocationRunRow, BulkOperationRow, TransitionRow
from zhupei.domain.admission_case import BulkOutcome
from zhupei.domain.admission_process import Action
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.allocation import AllocationRun
from zhupei.domain.matching_explanation import Verdict
from zhupei.domain.matching_market import market_digest
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.bulk import carry_out
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.offers import forward
from zhupei.services.admissions.situations import Situation, not_found
from zhupei.services.allocation.inputs import ProposeAllocationInput
from zhupei.services.allocation.market import fingerprint_of, market_of, matched_round
from zhupei.services.allocation.rows import run_of
from zhupei.services.allocation.runs import invalid, snapshot, verify_run

__all__ = ["propose_allocation"]


async def propose_allocation(desk: Desk, given: ProposeAllocationInput) -> BulkOutcome | Refusal:
    """Propose everybody whom a run placed; each takes a seat, or nobody does.

    The run has to be proven by the independent checker and to fit what is there now: refused
    where an application, a seat, a plan or a rule that decides has changed since. No other
    application of a placed person is touched; the effects list them.
    """
    with desk.database.use():
        row = await AllocationRunRow.get_or_none(id=given.run)
        if row is None:
            return not_found("run", str(given.run))
        run = run_of(row)
        root = await matched_round(desk, run.root_program, run.round)
        if isinstance(root, Refusal):
            # Whether a round of others was matched is not told to whoever may not see its runs.
            is_hidden = root.code in {RefusalCode.NOT_PERMITTED, RefusalCode.PLUGIN_FAILED}
            return not_found("run", str(given.run)) if is_hidden else root
        if not await _known(desk, given.idempotency_key):
            against = await _standing_against(desk, run, root)
            # The same request, sent twice at once, may have been carried out meanwhile.
            if against is not None and not await _known(desk, given.idempotency_key):
                return against
        outcome = await _propose(desk, given, run, root)
        if isinstance(outcome, Refusal) and await _proposed(run.id):
            return _twice()
        return outcome


async def _known(desk: Desk, key: str | None) -> bool:
    """Whether this request was carried out before, so that it is answered as then."""
    return (
        key is not None
        and await BulkOperationRow.filter(actor=desk.actor.id, idempotency_key=key).exists()
    )


async def _proposed(run: UUID) -> bool:
    return await AllocationRunRow.filter(id=run, operation_id__isnull=False).exists()


async def _fits(desk: Desk, run: AllocationRun, root: Program) -> bool:
    """Whether applications, seats and plans are as the run saw them."""
    async with in_transaction() as connection:
        return await fingerprint_of(desk, connection, root, run.round) == run.fingerprint


async def _standing_against(desk: Desk, run: AllocationRun, root: Program) -> Refusal | None:
    if run.operation is not None:
        return _twice()
    if not await _fits(desk, run, root):
        return _outdated()
    if run.catalogue_hash != desk.catalogue.hash:
        # Another catalogue may give other weights, ties or seats, or may not.
        gathered = await snapshot(desk, root, run.round)
        if isinstance(gathered, Refusal):
            return gathered
        if market_digest(market_of(gathered.places, gathered.candidacies)) != run.market:
            return _outdated()
    check = await verify_run(run.id)
    if check is None or not check.holds:
        return invalid(() if check is None else check.violations)
    return None


async def _propose(
    desk: Desk, given: ProposeAllocationInput, run: AllocationRun, root: Program
) -> BulkOutcome | Refusal:
    placed = await AllocationChoiceRow.filter(run_id=run.id, verdict=Verdict.PLACED.value).order_by(
        "id"
    )
    applications = [row.application_id for row in placed]

    async def fresh() -> Refusal | None:
        return None if await _fits(desk, run, root) else _outdated()

    async def build(at: Situation) -> Change | Refusal:
        change = replace(
            forward(at, Action.ALLOCATE),
            data={"allocation": run.id, "market": run.market, "certificate": run.certificate},
        )
        # Asked once, in the transaction that writes.
        return replace(change, recheck=fresh) if at.case.id == applications[0] else change

    async def mark(_connection: BaseDBAsyncClient) -> None:
        last = (
            await TransitionRow.filter(application_id=applications[0]).order_by("-sequence").first()
        )
        if last is not None:
            await AllocationRunRow.filter(id=run.id).update(
                operation_id=last.bulk_operation_id, proposed_at=desk.clock()
            )

    return await carry_out(
        desk,
        Action.ALLOCATE,
        applications,
        build,
        dry_run=given.dry_run,
        repeat=repeat_of(given),
        extra=mark,
    )


def _twice() -> Refusal:
    return Refusal(
        code=RefusalCode.DUPLICATE,
        message=Text("该匹配结果已用于拟录取", "this run was proposed already"),
        field="run",
    )


def _outdated() -> Refusal:
    return Refusal(
        code=RefusalCode.ALLOCATION_OUTDATED,
        message=Text(
            "匹配之后，申请、名额或规则已有变化，请重新匹配",
            "applications, seats or rules have changed since the run; run the allocation again",
        ),
        field="run",
    )
