"""Cuts of plans (R159) as the catalogue's quotas and policies give them, plugins' ones included."""

from __future__ import annotations

from decimal import Decimal

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.plan_cuts import PlanCut, non_shortage_seats, plan_cut
from zhupei.domain.text import Text
from zhupei.domain.training import Program

__all__ = ["cut_of", "over_cut"]


def cut_of(catalogue: Catalogue, program: Program) -> PlanCut | Text | None:
    """Return the cut that binds a base's plan, or why it cannot be computed; None without one.

    It binds where the last shortage plan was not filled and the province cuts in proportion. The
    last plan is what `last_non_shortage_plan` says, else that of the base's programs of the year
    before.
    """
    filled = policy_of(program, "shortage_plan_filled")
    rule = policy_of(program, "shortage_shortfall")
    if program.base is None or filled is None or filled.value is not False:
        return None
    if rule is None or rule.value != "proportional_cut":
        return None
    factor = policy_of(program, "shortage_cut_factor")
    stated = policy_of(program, "last_non_shortage_plan")
    last = None if stated is None else stated.value
    return plan_cut(
        last_plan=last if isinstance(last, int) else _last_plan(catalogue, program),
        factor=factor.value if factor is not None and isinstance(factor.value, Decimal) else None,
        planned=_seats(catalogue, program),
    )


def over_cut(catalogue: Catalogue, program: Program) -> Refusal | None:
    """Refuse a plan that is larger than its cut leaves, with the arithmetic (S2:96, R159)."""
    cut = cut_of(catalogue, program)
    if not isinstance(cut, PlanCut) or not cut.over:
        return None
    rule = policy_of(program, "shortage_shortfall")
    return Refusal(
        code=RefusalCode.PLAN_OVER_CUT,
        message=Text(
            f"上一年度紧缺专业计划未完成，非紧缺专业计划超过削减后的上限：{cut.arithmetic.zh}",
            "the last shortage plan was not filled, and the non-shortage plan is above what the "
            f"cut leaves: {cut.arithmetic.en}",
        ),
        source=None if rule is None else rule.source,
    )


def _seats(catalogue: Catalogue, program: Program) -> int | None:
    openings = catalogue.openings_of_program.get(program.code, ())
    quotas = {opening.specialty: opening.quota for opening in openings}
    return non_shortage_seats(quotas, catalogue.shortages.get(program.code, ()))


def _last_plan(catalogue: Catalogue, program: Program) -> int | None:
    """Return the base's non-shortage plan of the year before; None where part of it is unknown."""
    total, found = 0, False
    for each in catalogue.programs.values():
        wanted = (program.base, program.kind, program.year - 1)
        if (each.base, each.kind, each.year) == wanted:
            seats = _seats(catalogue, each)
            if seats is None:
                return None
            total, found = total + seats, True
    return total if found else None
