"""Merit order: who is scored best is taken first (R215), by weights that are configured (T42)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from zhupei.db.models import ApplicationRow
from zhupei.db.reading import Condition, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import AdmissionCase, RankedApplication
from zhupei.domain.admission_guards import round_of, tie_break_of, weights_of
from zhupei.domain.admission_process import EXITS, SEAT_STATES, Channel, Path
from zhupei.domain.ranking import Ranked, Score, Scored, TieBreak, Weights, rank
from zhupei.domain.text import Text
from zhupei.domain.training import Allocation, Program
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.situations import Situation
from zhupei.services.admissions.store import cases_of

__all__ = ["COMPETING", "RANKED", "merit_order", "placed_by_lists", "ranked", "ranked_cases"]

RANKED = frozenset({"applicant", "id", "scores", "state", "submitted_at"})
"""What is looked at of an application that is ranked."""

COMPETING = Condition("a.state <> ALL(?::text[])", (tuple(state.value for state in EXITS),))
"""That an application of `APPLICATIONS` is still open."""


async def merit_order(taking: Sequence[Situation]) -> Refusal | None:
    """Refuse to take somebody while a better ranked one waits in the same state.

    Paths without scored assessments have no order of merit, and neither have direct channels.
    """
    groups: dict[tuple[object, ...], list[Situation]] = {}
    for at in taking:
        if at.path.channel is Channel.BATCH and at.path.steps_of("interview", "examination"):
            case = at.case
            key = (case.opening, case.round, case.direction, case.state)
            groups.setdefault(key, []).append(at)
    for group in groups.values():
        against = await _in_order(group)
        if against is not None:
            return against
    return None


async def _in_order(group: Sequence[Situation]) -> Refusal | None:
    first = group[0]
    weights = weights_of(first.program, first.path)
    if isinstance(weights, Refusal):
        return weights
    ties = tie_break_of(first.program)
    if isinstance(ties, Refusal):
        return ties
    rows = await ApplicationRow.filter(
        opening_code=first.case.opening,
        round_code=first.case.round or "",
        direction=first.case.direction,
        state=first.case.state.value,
    )
    placed = await placed_by_lists(first, [row.applicant_id for row in rows])
    rows = [row for row in rows if row.applicant_id not in placed]
    waiting = _rank(await cases_of(rows), weights, ties)
    chosen = {at.case.id for at in group}
    skipped = [each for each in waiting[: len(chosen)] if each.application not in chosen]
    if not skipped:
        return None
    places = ", ".join(str(each.rank.place) for each in skipped)
    return Refusal(
        code=RefusalCode.RANK_SKIPPED,
        message=Text(
            f"须择优录取：排名第 {places} 的申请人尚在等待",
            f"by merit: applicants in place {places} are still waiting",
        ),
        field="applications",
    )


async def placed_by_lists(at: Situation, applicants: Collection[UUID]) -> frozenset[UUID]:
    """Return who holds a seat already where a round matches preference lists.

    Their other choices are matched no more, so nobody has to wait for them. In other rounds
    whoever holds a seat may be proposed at another opening as well.
    """
    entry = round_of(at.program, at.case.round)
    if entry is None or entry.allocation is not Allocation.DEFERRED_ACCEPTANCE:
        return frozenset()
    found = await ApplicationRow.filter(
        applicant_id__in=list(applicants),
        root_program_code=at.case.root_program,
        state__in=[state.value for state in SEAT_STATES],
    ).values_list("applicant_id", flat=True)
    return frozenset(UUID(str(each)) for each in found)


async def ranked(
    program: Program, path: Path, opening: str, round_code: str | None, direction: str | None
) -> tuple[RankedApplication, ...] | Refusal:
    """Rank the applications of an opening in a round that are scored and still open."""
    competing = Condition(
        f"a.opening_code = ? AND a.round_code = ? AND a.direction IS NOT DISTINCT FROM ? "
        f"AND {COMPETING.text}",
        (opening, round_code or "", direction, *COMPETING.values),
    )
    return ranked_cases(program, path, await read_rows(APPLICATIONS, RANKED, competing, "id"))


def ranked_cases(
    program: Program, path: Path, competing: Iterable[AdmissionCase | RowView]
) -> tuple[RankedApplication, ...] | Refusal:
    """Rank the scored ones of some applications for one opening, round and direction."""
    weights = weights_of(program, path)
    if isinstance(weights, Refusal):
        return weights
    ties = tie_break_of(program)
    if isinstance(ties, Refusal):
        return ties
    cases = {case.id: case for case in competing}
    return tuple(
        RankedApplication(
            application=each.application,
            rank=each.rank,
            total=each.total,
            state=cases[each.application].state,
        )
        for each in _rank(cases.values(), weights, ties)
    )


def _rank(
    cases: Iterable[AdmissionCase | RowView], weights: Weights, ties: TieBreak
) -> tuple[Ranked, ...]:
    scored = []
    for case in cases:
        scores: dict[str, Score] = {each.assessment: each.score for each in case.scores}
        if case.submitted_at is not None and weights.shares.keys() <= scores.keys():
            scored.append(
                Scored(
                    application=case.id,
                    applicant=case.applicant,
                    submitted_at=case.submitted_at,
                    scores=scores,
                )
            )
    return rank(scored, weights, ties)
