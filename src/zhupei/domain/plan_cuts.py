"""Cuts of the non-shortage plan after an unfilled shortage plan (S2:96, R159): the arithmetic.

Nothing is rounded, because no document says how: seats are whole, so that a plan is over the
limit exactly when it is larger than the exact product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from zhupei.domain.codes import ShortageSet
from zhupei.domain.recruitment_limits import counts_as_shortage
from zhupei.domain.text import Text

__all__ = ["PlanCut", "non_shortage_seats", "plan_cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCut:
    """A cut of a base's plan outside the shortage specialties, in seats.

    ``last_plan`` is that of the year before, ``factor`` the share of it that is cut, ``planned``
    what is planned now.
    """

    last_plan: int
    factor: Decimal
    planned: int

    @property
    def at_most(self) -> Decimal:
        """The seats that remain, exact."""
        return self.last_plan * (1 - self.factor)

    @property
    def over(self) -> Decimal:
        """By how many seats the plan is too large; 0 where it keeps the limit."""
        return max(Decimal(0), self.planned - self.at_most)

    @property
    def arithmetic(self) -> Text:
        """How the limit comes about."""
        sums = f"{self.last_plan} × (1 − {_shown(self.factor)}) = {_shown(self.at_most)}"
        return Text(
            f"上一年度非紧缺专业计划 {sums}，本年度 {self.planned}",
            f"non-shortage plan of the year before {sums}, planned now {self.planned}",
        )


def plan_cut(
    *, last_plan: int | None, factor: Decimal | None, planned: int | None
) -> PlanCut | Text:
    """Return the cut, or which figure is missing: none is ever guessed (T18)."""
    if factor is None:
        return Text(
            "未配置削减比例（shortage_cut_factor）",
            "the share that is cut is not configured (shortage_cut_factor)",
        )
    if factor > 1:
        return Text(
            f"削减比例应在 0 与 1 之间，现为 {_shown(factor)}",
            f"the share that is cut lies between 0 and 1, not {_shown(factor)}",
        )
    if last_plan is None:
        return Text(
            "上一年度非紧缺专业计划未知（可用 last_non_shortage_plan 写明）",
            "the non-shortage plan of the year before is not known (last_non_shortage_plan can "
            "state it)",
        )
    if planned is None:
        return Text(
            "本年度非紧缺专业有名额未公布",
            "seats of this year's non-shortage specialties are not published",
        )
    return PlanCut(last_plan=last_plan, factor=factor, planned=planned)


def non_shortage_seats(
    quotas: Mapping[str, int | None], lists: Iterable[ShortageSet]
) -> int | None:
    """Return the seats outside the shortage specialties; None where one of them is not known.

    A specialty counts as a shortage one where a list of this purpose names it; a list that ends
    in 等 names no other, and its plan does not grow either (R214).
    """
    found = 0
    known = tuple(lists)
    for specialty, quota in quotas.items():
        if counts_as_shortage(known, specialty) is True:
            continue
        if quota is None:
            return None
        found += quota
    return found


def _shown(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
