"""Runs: a round is matched, the result is stored with what it was made from, and proven again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import AllocationRunRow
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.allocation import AllocationCheck, AllocationFigures, AllocationRun
from zhupei.domain.matching import certify
from zhupei.domain.matching_certificate import (
    Certificate,
    Violation,
    ViolationKind,
    check_certificate,
)
from zhupei.domain.matching_priorities import PreparedMarket, prepare
from zhupei.domain.matching_problems import MarketError
from zhupei.domain.matching_simulation import Mechanism, Outcome, simulate
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.allocation.figures import figures_of
from zhupei.services.allocation.inputs import RunAllocationInput
from zhupei.services.allocation.market import (
    Changes,
    Gathered,
    gather,
    market_of,
    matched_round,
)
from zhupei.services.allocation.rows import (
    certificate_digest,
    certificate_of,
    choices_of,
    gathered_of,
    placed_twice,
    places_of_run,
    run_of,
    write_run,
)
from zhupei.services.progress import Progress, operation

__all__ = [
    "Stage",
    "invalid",
    "prepared_of",
    "run_allocation",
    "snapshot",
    "stored_runs",
    "verify_run",
]

Stage: TypeAlias = Callable[[str], None]
"""Told what is done next: ``read``, ``match``, ``check``, ``write``."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What a round was matched to, in a form that can be proven."""

    prepared: PreparedMarket
    outcome: Outcome
    certificate: Certificate
    figures: AllocationFigures


async def run_allocation(
    desk: Desk, given: RunAllocationInput, stage: Stage | None = None
) -> AllocationRun | Refusal:
    """Match a round, have the independent checker prove it, and store it; nobody is proposed yet.

    The same request with the same idempotency key answers the run that it made. A dry run
    answers what would be stored, and does not look at the key. How far it is can be seen meanwhile
    (`zhupei.services.progress`).
    """
    with desk.database.use():
        root = await matched_round(desk, given.program, given.round)
        if isinstance(root, Refusal):
            return root
        if given.dry_run:
            return await _carried_out(desk, given, root, stage, None)
        if given.idempotency_key is not None:
            known = await AllocationRunRow.get_or_none(
                actor=desk.actor.id, idempotency_key=given.idempotency_key
            )
            if known is not None:
                return _repeated(known, root, given)
        async with operation(
            desk.database,
            kind="allocation",
            by=desk.actor.id,
            clock=desk.clock,
            base=root.base,
            program=root.code,
        ) as progress:
            run = await _carried_out(desk, given, root, stage, progress)
            if isinstance(run, Refusal):
                progress.result["refused"] = run.code.value
            else:
                progress.result["run"] = str(run.id)
            return run


def _telling(stage: Stage | None, progress: Progress | None) -> Callable[[str], Awaitable[None]]:
    async def tell(name: str) -> None:
        if stage is not None:
            stage(name)
        if progress is not None:
            await progress.expect(None, name)

    return tell


async def _carried_out(
    desk: Desk,
    given: RunAllocationInput,
    root: Program,
    stage: Stage | None,
    progress: Progress | None,
) -> AllocationRun | Refusal:
    tell = _telling(stage, progress)
    await tell("read")
    gathered = await snapshot(desk, root, given.round)
    if isinstance(gathered, Refusal):
        return gathered
    await tell("match")
    # Seconds of counting for a whole country; other requests go on meanwhile.
    made = await asyncio.to_thread(_match, desk, gathered)
    if isinstance(made, Refusal):
        return made
    await tell("check")
    violations = await asyncio.to_thread(check_certificate, made.prepared.market, made.certificate)
    if violations:
        return invalid(violations)
    run = AllocationRun(
        id=uuid7(),
        root_program=root.code,
        round=given.round,
        actor=desk.actor.id,
        at=desk.clock(),
        catalogue_hash=desk.catalogue.hash,
        market=made.certificate.market,
        certificate=certificate_digest(made.certificate),
        fingerprint=gathered.fingerprint,
        figures=made.figures,
        warnings=_warnings(made.prepared, made.figures),
    )
    if given.dry_run:
        return run
    await tell("write")
    matching = made.outcome.matching
    try:
        async with in_transaction() as connection:
            await write_run(
                connection, run, gathered, made.prepared, matching, given.idempotency_key
            )
            if progress is not None:
                await progress.succeed(run=str(run.id))
    except IntegrityError:
        # The same request at the same time was quicker.
        known = await AllocationRunRow.get(
            actor=desk.actor.id, idempotency_key=given.idempotency_key
        )
        if progress is not None:
            progress.forget()
        return _repeated(known, root, given)
    return run


def _repeated(
    known: AllocationRunRow, root: Program, given: RunAllocationInput
) -> AllocationRun | Refusal:
    if (known.root_program_code, known.round_code) == (root.code, given.round):
        return run_of(known)
    return Refusal(
        code=RefusalCode.CONFLICT,
        message=Text("该幂等键已用于另一操作", "this idempotency key was used for something else"),
        field="idempotencyKey",
    )


async def snapshot(
    desk: Desk, root: Program, round_code: str, changes: Changes | None = None
) -> Gathered | Refusal:
    """Gather a round in one snapshot of the database."""
    async with in_transaction() as connection:
        await connection.execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return await gather(desk, connection, root, round_code, changes)


def _match(desk: Desk, gathered: Gathered) -> _Made | Refusal:
    prepared = prepared_of(gathered)
    if isinstance(prepared, Refusal):
        return prepared
    outcome = simulate(prepared, Mechanism.DEFERRED_ACCEPTANCE)
    figures = figures_of(desk.catalogue, gathered, outcome)
    return _Made(prepared, outcome, certify(prepared, outcome.matching), figures)


def prepared_of(gathered: Gathered) -> PreparedMarket | Refusal:
    """Return the strict orders of a round, refused where the declared rule leaves a tie."""
    try:
        return prepare(market_of(gathered.places, gathered.candidacies))
    except MarketError as error:
        return Refusal(code=RefusalCode.TIES_UNDECIDED, message=error.message)


def invalid(violations: tuple[Violation, ...]) -> Refusal:
    """Return the refusal of a result that the checker does not confirm."""
    first = violations[0].message
    return Refusal(
        code=RefusalCode.ALLOCATION_INVALID,
        message=Text(
            f"核验发现 {len(violations)} 处问题：{first.zh}",
            f"the checker found {len(violations)} faults: {first.en}",
        ),
    )


def _warnings(prepared: PreparedMarket, figures: AllocationFigures) -> tuple[Text, ...]:
    found = [problem.message for problem in prepared.warnings]
    if figures.waiting:
        found.append(
            Text(
                f"有 {figures.waiting} 份申请尚未通过审核，未参加匹配",
                _waiting(figures.waiting),
            )
        )
    return tuple(found)


async def verify_run(run: UUID) -> AllocationCheck | None:
    """Prove a stored run from its own rows alone; None where there is none.

    The market is made again from the stored scores, moments, seats and rules, its digest compared
    with that of the run, and the placements checked by the independent checker. The digest of the
    certificate stands in the record of every application that the run proposed, which
    `zhupei audit verify` proves.
    """
    async with in_transaction() as connection:
        await connection.execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = await AllocationRunRow.get_or_none(id=run)
        if row is None:
            return None
        places, choices = await places_of_run(run), await choices_of(connection, run)
    market, digest = row.market, row.certificate

    def check() -> tuple[Violation, ...]:
        certificate = certificate_of(market, places, choices)
        found = (
            *placed_twice(choices),
            *check_certificate(market_of(*gathered_of(places, choices)), certificate),
        )
        if not found and certificate_digest(certificate) != digest:
            text = Text("结果与其摘要不符", "the result is not the one that its digest stands for")
            found = (Violation(ViolationKind.MARKET_CHANGED, text),)
        return found

    return AllocationCheck(
        run=run,
        market=market,
        applications=len(choices),
        places=len(places),
        violations=await asyncio.to_thread(check),
    )


def _waiting(count: int) -> str:
    if count == 1:
        return "1 application has not passed the review and takes no part"
    return f"{count} applications have not passed the review and take no part"


async def stored_runs() -> tuple[UUID, ...]:
    """Return the ids of all runs, the oldest first."""
    found = await AllocationRunRow.all().order_by("id").values_list("id", flat=True)
    return tuple(UUID(str(each)) for each in found)
