"""Simulation: a round matched otherwise, beside how it is declared; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.allocation import AllocationComparison, place_code
from zhupei.domain.matching_priorities import PreparedMarket
from zhupei.domain.matching_simulation import Mechanism, movement, simulate
from zhupei.domain.ranking import TieBreak, Weights
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.allocation.figures import figures_of
from zhupei.services.allocation.inputs import SimulateAllocationInput
from zhupei.services.allocation.market import Changes, Gathered, matched_round
from zhupei.services.allocation.runs import prepared_of, snapshot

__all__ = ["simulate_allocation"]


async def simulate_allocation(
    desk: Desk, given: SimulateAllocationInput
) -> AllocationComparison | Refusal:
    """Match a round as it is declared and as asked, on the same data; nothing is written.

    Serial dictatorship takes people by the best total among their applications, then who handed
    in first.
    """
    changes = _changes(given)
    if isinstance(changes, Refusal):
        return changes
    with desk.database.use():
        root = await matched_round(desk, given.program, given.round)
        if isinstance(root, Refusal):
            return root
        declared = await snapshot(desk, root, given.round)
        if isinstance(declared, Refusal):
            return declared
        other = declared
        if changes != Changes():
            changed = await snapshot(desk, root, given.round, changes)
            if isinstance(changed, Refusal):
                return changed
            other = changed
    return await asyncio.to_thread(_compared, desk, declared, other, given.mechanism)


def _compared(
    desk: Desk, declared: Gathered, other: Gathered, mechanism: Mechanism
) -> AllocationComparison | Refusal:
    before = prepared_of(declared)
    if isinstance(before, Refusal):
        return before
    after: PreparedMarket | Refusal = before if other is declared else prepared_of(other)
    if isinstance(after, Refusal):
        return after
    today = simulate(before, Mechanism.DEFERRED_ACCEPTANCE)
    master = _master(other) if mechanism is Mechanism.SERIAL_DICTATORSHIP else ()
    then = simulate(after, mechanism, master)
    return AllocationComparison(
        declared=figures_of(desk.catalogue, declared, today),
        simulated=figures_of(desk.catalogue, other, then),
        movement=movement(before.market, today.matching.placements, then.matching.placements),
    )


def _master(gathered: Gathered) -> list[str]:
    best: dict[str, tuple[Decimal, datetime]] = {}
    for each in gathered.candidacies:
        name, claim = str(each.applicant), (-each.value, each.submitted_at)
        best[name] = min(best.get(name, claim), claim)
    return sorted(best, key=lambda name: (*best[name], name))


def _changes(given: SimulateAllocationInput) -> Changes | Refusal:
    seats: Mapping[str, int] = {
        place_code(each.opening, each.direction): each.seats for each in given.seats
    }
    if len(seats) != len(given.seats):
        return _wrong("seats", Text("同一招收专业填写了两次", "an opening is named twice"))
    if any(count < 0 for count in seats.values()):
        return _wrong("seats", Text("名额不能小于 0", "seats are not below 0"))
    weights = None
    if given.weights:
        shares = {each.assessment: each.weight for each in given.weights}
        if len(shares) != len(given.weights):
            return _wrong("weights", Text("同一考核填写了两次", "an assessment is named twice"))
        try:
            weights = Weights(shares)
        except ValueError as error:
            text = Text("各项权重均大于 0，且之和为 1", f"weights add up to 1: {error}")
            return _wrong("weights", text)
    ties = _ties(given)
    return ties if isinstance(ties, Refusal) else Changes(seats=seats, weights=weights, ties=ties)


def _ties(given: SimulateAllocationInput) -> TieBreak | Refusal | None:
    rule, seed = given.tie_rule, given.tie_lottery_seed
    if seed and (rule is None or not rule.draws):
        text = Text(
            "抽签种子须与抽签的并列规则（tieRule）一并给出",
            "a seed is given together with a tieRule that draws lots",
        )
        return _wrong("tieLotterySeed", text)
    try:
        return None if rule is None else TieBreak(rule, seed)
    except ValueError:
        text = Text("抽签须给出种子", "a lottery needs a seed")
        return _wrong("tieLotterySeed", text)


def _wrong(field: str, message: Text) -> Refusal:
    return Refusal(code=RefusalCode.INPUT_INVALID, message=message, field=field)
