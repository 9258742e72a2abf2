"""Guards of decisions: eligibility, reviews, result packets, and the kind of agreement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import (
    AGREEMENT_LABELS,
    AgreementKind,
    PacketPart,
    ReviewDecision,
)
from zhupei.domain.admission_process import Path
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.eligibility import (
    EligibilityOutcome,
    EligibilityReport,
    Finding,
    FindingOutcome,
)
from zhupei.domain.facts import list_facts
from zhupei.domain.people import TraineeType
from zhupei.domain.text import Text, choices_text

__all__ = [
    "agreement_kind_allowed",
    "eligible",
    "packet_complete",
    "review_decided",
    "reviewed_later",
]

_C = RefusalCode


def eligible(report: EligibilityReport, path: Path) -> Refusal | None:
    """Refuse who is INELIGIBLE or whose facts are INCOMPLETE; a review needs a later step."""
    failed = tuple(f for f in report.findings if f.counts and f.outcome is FindingOutcome.FAIL)
    unknown = tuple(f for f in report.findings if f.counts and f.outcome is FindingOutcome.UNKNOWN)
    if report.outcome is EligibilityOutcome.INELIGIBLE:
        return Refusal(
            code=_C.INELIGIBLE,
            message=Text(
                "不符合报考条件：" + "；".join(f.message.zh for f in failed),
                "not eligible: " + "; ".join(f.message.en or f.message.zh for f in failed),
            ),
            findings=failed,
            source=failed[0].source if failed else None,
            field="candidate",
        )
    if report.outcome is EligibilityOutcome.INCOMPLETE:
        missing = tuple(dict.fromkeys(name for f in unknown for name in f.missing_facts))
        names = list_facts(missing)
        return Refusal(
            code=_C.ELIGIBILITY_INCOMPLETE,
            message=Text(
                f"资料不全，尚无法判断是否符合条件，缺少：{names.zh or '见各项说明'}",
                f"eligibility cannot be decided yet; missing: {names.en or 'see the findings'}",
            ),
            findings=unknown,
            missing_facts=missing,
            field="candidate",
        )
    if report.outcome is EligibilityOutcome.NEEDS_REVIEW:
        under_review = (f for f in report.findings if f.outcome is FindingOutcome.REVIEW)
        return reviewed_later(path, tuple(under_review))
    return None


def reviewed_later(path: Path, findings: tuple[Finding, ...]) -> Refusal | None:
    """Refuse what has to be reviewed where no later step of the path reviews anything."""
    if path.steps_of("eligibility_check", "base_review", "selection", "specialty_base_opinion"):
        return None
    return Refusal(
        code=_C.REVIEW_UNDECIDED,
        message=Text(
            "有需人工审核的条件，而本项目没有审核环节",
            "a rule needs a review, and the program has no step that reviews",
        ),
        findings=findings,
    )


def packet_complete(step: AdmissionStep | None, packet: Sequence[PacketPart]) -> Refusal | None:
    """Refuse an opinion without every part of the result packet that is configured (R144)."""
    if step is None:
        return None
    contents: Iterable[object] = getattr(step.params, "contents", ())
    titles = [str(getattr(content, "zh", content)) for content in contents]
    given = {part.title: part.text.strip() for part in packet}
    missing = [title for title in titles if not given.get(title)]
    if not missing:
        return None
    return Refusal(
        code=_C.PACKET_INCOMPLETE,
        message=Text(
            "考核结果材料不全，缺少：" + "、".join(missing),
            "the result packet is not complete; missing: " + ", ".join(missing),
        ),
        source=step.source,
        field="packet",
    )


def review_decided(
    rules: Collection[str], decisions: Sequence[ReviewDecision], *, passed: bool
) -> Refusal | None:
    """Refuse to pass while a rule under review is undecided or was not accepted.

    Two decisions on one rule are refused: they may contradict each other.
    """
    by_rule = {decision.rule: decision for decision in decisions}
    if len(by_rule) != len(decisions):
        return Refusal(
            code=_C.INPUT_INVALID,
            message=Text("同一条件有两个审核决定", "a rule is decided twice"),
            field="decisions",
        )
    strange = [rule for rule in by_rule if rule not in rules]
    if strange:
        return Refusal(
            code=_C.INPUT_INVALID,
            message=Text(
                "没有需要审核的条件：" + "、".join(strange),
                "these rules are not under review: " + ", ".join(strange),
            ),
            field="decisions",
        )
    open_ = [rule for rule in rules if rule not in by_rule or not by_rule[rule].reason.strip()]
    refused = [rule for rule, decision in by_rule.items() if not decision.accepted]
    if passed and (open_ or refused):
        return Refusal(
            code=_C.REVIEW_UNDECIDED,
            message=Text(
                "须逐项审核并说明理由：" + "、".join(open_ or refused),
                "every rule under review has to be accepted with a reason: "
                + ", ".join(open_ or refused),
            ),
            field="decisions",
        )
    return None


def agreement_kind_allowed(
    step: AdmissionStep | None, trainee_type: TraineeType | None, kind: AgreementKind
) -> Refusal | None:
    """Refuse an agreement of a kind that the program does not foresee for the trainee (T46)."""
    entries: Iterable[object] = () if step is None else getattr(step.params, "agreements", ())
    by_type: Mapping[TraineeType, list[str]] = _agreements(entries)
    allowed = by_type.get(trainee_type, []) if trainee_type is not None else []
    if not by_type or kind.value in allowed or (trainee_type not in by_type):
        return None
    named = choices_text((each.upper(), AGREEMENT_LABELS[each]) for each in allowed)
    return Refusal(
        code=_C.AGREEMENT_KIND_WRONG,
        message=Text(
            f"该类培训对象应签订：{named.zh}",
            f"trainees of this type sign: {named.en}",
        ),
        source=None if step is None else step.source,
        field="kind",
    )


def _agreements(entries: Iterable[object]) -> dict[TraineeType, list[str]]:
    found: dict[TraineeType, list[str]] = {}
    for entry in entries:
        for trainee_type in getattr(entry, "trainee_types", ()):
            found.setdefault(trainee_type, []).append(str(getattr(entry, "agreement", "")))
    return found
