"""Guards of decisions: who is eligible, what a review and a packet need, which agreement."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from zhupei.config.texts import Label
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import AgreementKind, PacketPart, ReviewDecision
from zhupei.domain.admission_process import ApplicationState, Channel, Path, Stage
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.decision_guards import (
    agreement_kind_allowed,
    eligible,
    packet_complete,
    review_decided,
    reviewed_later,
)
from zhupei.domain.eligibility import (
    EligibilityReport,
    Finding,
    FindingOutcome,
    outcome_of,
)
from zhupei.domain.people import TraineeType
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text

_SOURCE = Source("SAMPLE", "一", "1")


def _label(zh: str, en: str) -> Label:
    """Return a name as a file of the configuration gives it."""
    return Label.model_validate({"zh": zh, "en": en})


def _step(kind: str, **params: object) -> AdmissionStep:
    return AdmissionStep(
        id=kind,
        kind=kind,
        label=Text(kind),
        level=Level.INSTITUTION,
        source=_SOURCE,
        params=SimpleNamespace(**params),
    )


def _path(*kinds: str) -> Path:
    return Path(Channel.BATCH, (Stage(ApplicationState.REVIEWED, tuple(map(_step, kinds))),))


def _finding(
    rule: str, outcome: FindingOutcome, *missing: str, deferred: str | None = None
) -> Finding:
    return Finding(
        rule=rule,
        outcome=outcome,
        level=Level.NATIONAL,
        message=Text(f"规则{rule}", None if rule == "b" else f"rule {rule}"),
        missing_facts=missing,
        source=Source("SAMPLE", rule, "1"),
        deferred=deferred,
    )


def _report(*findings: Finding) -> EligibilityReport:
    return EligibilityReport(
        opening="p/0100",
        outcome=outcome_of(findings),
        findings=findings,
        qualifying_degree=None,
        catalogue_hash="",
    )


_PASS, _FAIL = FindingOutcome.PASS, FindingOutcome.FAIL
_REVIEW, _UNKNOWN = FindingOutcome.REVIEW, FindingOutcome.UNKNOWN


def test_who_is_ineligible_is_told_every_rule_that_fails() -> None:
    first, second = _finding("a", _FAIL), _finding("b", _FAIL, deferred="registry")
    report = _report(_finding("c", _PASS), first, second, _finding("d", _UNKNOWN))
    assert eligible(report, _path("selection")) == Refusal(
        code=RefusalCode.INELIGIBLE,
        message=Text("不符合报考条件：规则a；规则b", "not eligible: rule a; 规则b"),
        findings=(first, second),
        source=first.source,
        field="candidate",
    )


def test_every_missing_fact_is_named_once_and_what_is_settled_later_is_not() -> None:
    first = _finding("a", _UNKNOWN, "english.cet4", "origin")
    second = _finding("b", _UNKNOWN, "origin")
    later = _finding("c", _UNKNOWN, "banChecked", deferred="registry")
    assert eligible(_report(first, second, later), _path("selection")) == Refusal(
        code=RefusalCode.ELIGIBILITY_INCOMPLETE,
        message=Text(
            "资料不全，尚无法判断是否符合条件，缺少：大学英语四级成绩、生源地",
            "eligibility cannot be decided yet; missing: CET-4 score, origin",
        ),
        findings=(first, second),
        missing_facts=("english.cet4", "origin"),
        field="candidate",
    )


def test_an_unknown_that_names_no_fact_refers_to_the_findings() -> None:
    refusal = eligible(_report(_finding("a", _UNKNOWN)), _path("selection"))
    assert refusal is not None
    assert refusal.message == Text(
        "资料不全，尚无法判断是否符合条件，缺少：见各项说明",
        "eligibility cannot be decided yet; missing: see the findings",
    )


def test_what_is_settled_later_and_what_passes_refuses_nobody() -> None:
    report = _report(_finding("a", _PASS), _finding("b", _UNKNOWN, deferred="registry"))
    assert eligible(report, _path()) is None


@pytest.mark.parametrize(
    "kind", ["eligibility_check", "base_review", "selection", "specialty_base_opinion"]
)
def test_a_review_is_left_to_a_step_that_reviews(kind: str) -> None:
    under_review = _finding("a", _REVIEW)
    report = _report(under_review, _finding("b", _PASS))
    assert eligible(report, _path("interview", kind)) is None
    assert reviewed_later(_path(kind), (under_review,)) is None


def test_a_review_that_no_step_makes_is_refused() -> None:
    under_review = _finding("a", _REVIEW)
    assert eligible(_report(under_review, _finding("b", _PASS)), _path("interview")) == Refusal(
        code=RefusalCode.REVIEW_UNDECIDED,
        message=Text(
            "有需人工审核的条件，而本项目没有审核环节",
            "a rule needs a review, and the program has no step that reviews",
        ),
        findings=(under_review,),
    )


def test_r144_the_packet_has_every_configured_part() -> None:
    """Parts with blanks only are missing; a part that nobody asked for does not matter."""
    step = _step(
        "specialty_base_opinion",
        contents=(_label("基本情况分析", "situation"), "面试评价", "总体意见"),
    )
    whole = [
        PacketPart(title="总体意见", text="同意"),
        PacketPart(title="面试评价", text="良好"),
        PacketPart(title="基本情况分析", text="应届"),
    ]
    assert packet_complete(step, whole) is None
    assert packet_complete(step, [*whole, PacketPart(title="其他", text="")]) is None
    given = [PacketPart(title="面试评价", text="良好"), PacketPart(title="总体意见", text=" \n")]
    assert packet_complete(step, given) == Refusal(
        code=RefusalCode.PACKET_INCOMPLETE,
        message=Text(
            "考核结果材料不全，缺少：基本情况分析、总体意见",
            "the result packet is not complete; missing: 基本情况分析, 总体意见",
        ),
        source=_SOURCE,
        field="packet",
    )


def test_r144_without_configured_parts_none_is_needed() -> None:
    assert packet_complete(None, ()) is None
    assert packet_complete(_step("specialty_base_opinion"), ()) is None


_ACCEPTED = ReviewDecision(rule="a", accepted=True, reason="已核实")
_OTHER = ReviewDecision(rule="b", accepted=True, reason="已核实")


def _undecided(*rules: str) -> Refusal:
    return Refusal(
        code=RefusalCode.REVIEW_UNDECIDED,
        message=Text(
            "须逐项审核并说明理由：" + "、".join(rules),
            "every rule under review has to be accepted with a reason: " + ", ".join(rules),
        ),
        field="decisions",
    )


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([_ACCEPTED, _OTHER], None),
        ([_ACCEPTED], _undecided("b")),
        ([], _undecided("a", "b")),
        ([_ACCEPTED, ReviewDecision(rule="b", accepted=True, reason=" ")], _undecided("b")),
        ([_ACCEPTED, ReviewDecision(rule="b", accepted=False, reason="不符")], _undecided("b")),
        ([ReviewDecision(rule="b", accepted=False, reason="不符")], _undecided("a")),
    ],
)
def test_who_passes_has_every_rule_under_review_accepted_with_a_reason(
    decisions: list[ReviewDecision], expected: Refusal | None
) -> None:
    """What is still open is told first; who does not pass needs no decision on each rule."""
    assert review_decided(["a", "b"], decisions, passed=True) == expected
    assert review_decided(["a", "b"], decisions, passed=False) is None


@pytest.mark.parametrize("passed", [True, False])
def test_decisions_are_one_for_each_rule_under_review(*, passed: bool) -> None:
    twice = ReviewDecision(rule="a", accepted=False, reason="不符")
    assert review_decided(["a"], [_ACCEPTED, twice], passed=passed) == Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text("同一条件有两个审核决定", "a rule is decided twice"),
        field="decisions",
    )
    assert review_decided(["a"], [_ACCEPTED, _OTHER], passed=passed) == Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text("没有需要审核的条件：b", "these rules are not under review: b"),
        field="decisions",
    )


_AGREEMENTS = _step(
    "agreement",
    agreements=(
        SimpleNamespace(agreement="two_party", trainee_types=(TraineeType.SOCIAL,)),
        SimpleNamespace(
            agreement="three_party",
            trainee_types=(TraineeType.ENTRUSTED, TraineeType.SOCIAL),
        ),
    ),
)
_TWO, _THREE = AgreementKind.TWO_PARTY, AgreementKind.THREE_PARTY


def test_t46_an_agreement_is_of_a_kind_that_the_program_foresees_for_the_trainee() -> None:
    assert agreement_kind_allowed(_AGREEMENTS, TraineeType.SOCIAL, _TWO) is None
    assert agreement_kind_allowed(_AGREEMENTS, TraineeType.SOCIAL, _THREE) is None
    assert agreement_kind_allowed(_AGREEMENTS, TraineeType.ENTRUSTED, _THREE) is None
    assert agreement_kind_allowed(_AGREEMENTS, TraineeType.ENTRUSTED, _TWO) == Refusal(
        code=RefusalCode.AGREEMENT_KIND_WRONG,
        message=Text(
            "该类培训对象应签订：三方委托培训协议（THREE_PARTY）",
            "trainees of this type sign: three-party training agreement (THREE_PARTY)",
        ),
        source=_SOURCE,
        field="kind",
    )


def test_t46_of_whom_a_program_says_nothing_may_sign_any_kind() -> None:
    assert agreement_kind_allowed(_AGREEMENTS, TraineeType.RURAL_ORDER, _TWO) is None
    assert agreement_kind_allowed(_AGREEMENTS, None, _TWO) is None
    assert agreement_kind_allowed(_step("agreement"), TraineeType.SOCIAL, _TWO) is None
    assert agreement_kind_allowed(None, TraineeType.SOCIAL, _TWO) is None
