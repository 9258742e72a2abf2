"""Priority of shortage specialties in admission (S2:72, R149): who has it, and by which list.

The documents ask that such specialties come first and give no measure. So the list alone changes
nobody's rank or seat; what it does is what a policy names as its measure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zhupei.domain.admission_guards import policy_of
from zhupei.domain.codes import ShortagePurpose, ShortageSet
from zhupei.domain.sources import Source
from zhupei.domain.training import Opening, Program

__all__ = ["RecruitmentPriority", "has_priority", "measured", "priorities_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentPriority:
    """That a specialty comes first, by one list.

    ``rounds`` are codes of the rounds that it holds in, empty for all. The two measures are what
    configuration attaches to it, False where it names none.
    """

    rounds: tuple[str, ...]
    source: Source
    proposed_first: bool
    transferred_first: bool


def priorities_of(
    program: Program, opening: Opening, lists: Iterable[ShortageSet]
) -> tuple[RecruitmentPriority, ...]:
    """Return by which lists an opening comes first, and what follows from that."""
    return tuple(
        RecruitmentPriority(
            rounds=tuple(sorted(each.rounds)),
            source=each.source,
            proposed_first=measured(program, "priority_proposed_first"),
            transferred_first=measured(program, "priority_transferred_first"),
        )
        for each in lists
        if each.purpose is ShortagePurpose.ADMISSION_PRIORITY and opening.specialty in each
    )


def measured(program: Program, key: str) -> bool:
    """Whether a program's configuration names a measure of priority; unknown is no measure."""
    policy = policy_of(program, key)
    return policy is not None and policy.value is True


def has_priority(
    lists: Iterable[ShortageSet], specialty: str, round_code: str | None
) -> ShortageSet | None:
    """Return the list by which a specialty comes first in a round, None where none does.

    Where a list names rounds, it says when priority holds: then lists without rounds, which
    favour their specialties at all times, do not bind a round that it leaves out.
    """
    known = [each for each in lists if each.purpose is ShortagePurpose.ADMISSION_PRIORITY]
    dated = [each for each in known if each.rounds]
    for each in dated or known:
        if specialty in each and (not each.rounds or round_code in each.rounds):
            return each
    return None
