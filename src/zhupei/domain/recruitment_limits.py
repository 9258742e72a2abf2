"""Limits of recruitment that no applicant can change: suspension, and an unfilled shortage plan."""

from __future__ import annotations

from collections.abc import Iterable

from zhupei.domain.admission_guards import policy_of
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.codes import ShortagePurpose, ShortageSet
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program

__all__ = ["counts_as_shortage", "may_grow", "suspension_of"]


def suspension_of(program: Program, opening: Opening) -> Refusal | None:
    """Refuse new places and applications where recruitment is suspended (S4:983,1000, R272).

    A whole program is suspended by its policy, which no lower level can take back; a single
    specialty base by its own entry. Who holds a place keeps it.
    """
    policy = policy_of(program, "recruitment_suspended")
    if policy is not None and policy.value is True:
        why = f"：{policy.note.zh}" if policy.note else ""
        reason = f": {policy.note.en or policy.note.zh}" if policy.note else ""
        return Refusal(
            code=RefusalCode.RECRUITMENT_SUSPENDED,
            message=Text(f"本项目暂停招收{why}", f"recruitment is suspended{reason}"),
            source=policy.source,
        )
    if opening.suspended is not None:
        return Refusal(
            code=RefusalCode.RECRUITMENT_SUSPENDED,
            message=Text(
                f"该专业基地暂停招收：{opening.suspended.zh}",
                "the specialty base's recruitment is suspended: "
                + (opening.suspended.en or opening.suspended.zh),
            ),
        )
    return None


def counts_as_shortage(lists: Iterable[ShortageSet], specialty: str) -> bool | None:
    """Return whether a specialty counts as a shortage one for the plan (R159, R214).

    None where no list decides it: there is none for this purpose, or it ends in 等 and does not
    name the specialty. The lists for pay and for priority are other lists (T16).
    """
    known = [each for each in lists if each.purpose is ShortagePurpose.QUOTA_PENALTY]
    if any(specialty in each for each in known):
        return True
    return None if not known or any(each.open_ended for each in known) else False


def may_grow(
    program: Program,
    opening: Opening,
    lists: Iterable[ShortageSet],
    arithmetic: Text | None = None,
) -> Refusal | None:
    """Refuse a larger plan outside the shortage specialties after an unfilled shortage plan.

    The rule is national (S4:338-340, R214); a province may cut such plans as well (R159). Where
    ``lists`` leave it open whether the specialty is a shortage one, its plan does not grow before
    one names it. Nothing is refused where nobody has said how the last plan ended. ``arithmetic``
    is that of the cut, where there is one.
    """
    filled = policy_of(program, "shortage_plan_filled")
    if filled is None or filled.value is not False:
        return None
    shortage = counts_as_shortage(lists, opening.specialty)
    if shortage is True:
        return None
    rule = policy_of(program, "shortage_shortfall")
    undecided = shortage is None
    return Refusal(
        code=RefusalCode.INCREASE_NOT_ALLOWED,
        message=Text(
            "上一年度紧缺专业计划未完成，不得扩大非紧缺专业招收规模"
            + ("；该专业未列入紧缺专业名单" if undecided else "")
            + ("" if arithmetic is None else f"；{arithmetic.zh}"),
            "the shortage plan of the year before was not filled, so no other specialty may grow"
            + ("; no list names this one as a shortage specialty" if undecided else "")
            + ("" if arithmetic is None else f"; {arithmetic.en}"),
        ),
        source=filled.source if rule is None else rule.source,
    )
