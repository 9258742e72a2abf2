"""Eligibility of one candidate for one opening and for many: all rules, plugins, failures."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from example_hospital import (
    APPLICANT,
    BACHELOR,
    SOURCE,
    TODAY,
    catalogue,
    dispatcher,
    example_opening,
    named,
    requirement,
)
from example_rules import COHORT, Plugin, RuleParams, Teacher, brochure, own_finding, taught
from zhupei.domain.eligibility import (
    EligibilityOutcome,
    EligibilityReport,
    Finding,
    FindingOutcome,
    Requirement,
    Verdict,
)
from zhupei.domain.people import (
    Candidate,
    Certificate,
    Degree,
    DegreeLevel,
    HospitalTier,
    LicenceCategory,
    PostType,
    SendingUnit,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, ProgramKind
from zhupei.services.eligibility import evaluate

ELIGIBLE, INELIGIBLE, NEEDS_REVIEW, INCOMPLETE = EligibilityOutcome
PASS, FAIL, REVIEW, UNKNOWN = FindingOutcome


def _paediatrics() -> Opening:
    return example_opening(requirements=brochure())


async def _report(
    candidate: Candidate, *rules: Requirement, today: date = TODAY, **changes: Any
) -> EligibilityReport:
    opening = example_opening(requirements=rules or brochure(), **changes)
    return await evaluate(catalogue(opening), dispatcher(), opening.code, candidate, today=today)


def _outcomes(report: EligibilityReport) -> dict[str, FindingOutcome]:
    return {finding.rule: finding.outcome for finding in report.findings}


async def test_the_candidate_of_the_appendix_is_eligible() -> None:
    """Issue 2, appendix: what is declared, examined or looked up later does not stand against."""
    report = await _report(APPLICANT)
    assert report.outcome is ELIGIBLE
    assert report.qualifying_degree is DegreeLevel.BACHELOR
    assert report.catalogue_hash == "0f0f"
    assert _outcomes(report) == {
        "not_banned": UNKNOWN,
        "major_class": PASS,
        "affiliated_hospital": PASS,
        "degree": PASS,
        "graduation_year": PASS,
        "licence": PASS,
        "english": PASS,
        "conduct": UNKNOWN,
        "medical": UNKNOWN,
        "external": REVIEW,
        "major": PASS,
    }


async def test_every_rule_gives_one_finding_with_its_clause() -> None:
    refused = replace(APPLICANT, english=None, degrees=(replace(BACHELOR, graduation_year=2020),))
    report = await _report(refused)
    assert report.outcome is INELIGIBLE
    assert Counter(finding.rule for finding in report.findings) == Counter(
        rule.id for rule in brochure()
    )
    assert _outcomes(report)["graduation_year"] is FAIL
    assert _outcomes(report)["english"] is UNKNOWN
    finding = next(one for one in report.findings if one.rule == "graduation_year")
    assert finding == Finding(
        rule="graduation_year",
        outcome=FAIL,
        level=Level.INSTITUTION,
        message=Text("2020 年毕业，早于 2023 年", "graduated in 2020, before 2023"),
        source=SOURCE,
    )
    assert report.findings[0].level is Level.NATIONAL


async def test_a_deferred_rule_refuses_once_it_is_known_to_fail() -> None:
    report = await _report(replace(APPLICANT, law_abiding=False, banned_until=date(2028, 1, 1)))
    assert report.outcome is INELIGIBLE
    assert [one.rule for one in report.findings if one.outcome is FAIL] == ["not_banned", "conduct"]


async def test_g7_and_t27_qualifying_degree() -> None:
    """G7: refused, nothing qualifies. G4, T27: a doctor qualifies on the bachelor's degree."""
    master = Degree(level=DegreeLevel.MASTER, major="儿科学", awarded=True, full_time=True)
    wrong = replace(BACHELOR, major_code="100202TK")
    g7 = await _report(replace(APPLICANT, degrees=(wrong, replace(master, graduation_year=2025))))
    assert (g7.outcome, g7.qualifying_degree) == (INELIGIBLE, None)
    doctor = replace(master, level=DegreeLevel.DOCTOR, major="药理学", graduation_year=2025)
    g4 = await _report(replace(APPLICANT, degrees=(BACHELOR, doctor)))
    assert (g4.outcome, g4.qualifying_degree) == (NEEDS_REVIEW, DegreeLevel.BACHELOR)


async def test_when_decides_whom_a_rule_concerns() -> None:
    rule = requirement("licence", when='candidate.traineeType == "ENTRUSTED"')
    for candidate, outcome, finding in (
        (Candidate(trainee_type=TraineeType.SOCIAL), ELIGIBLE, PASS),
        (Candidate(trainee_type=TraineeType.ENTRUSTED, licensed=False), INELIGIBLE, FAIL),
        (Candidate(licensed=True), INCOMPLETE, UNKNOWN),
    ):
        report = await _report(candidate, rule)
        assert (report.outcome, report.findings[0].outcome) == (outcome, finding)
    assert report.findings[0].missing_facts == ("traineeType",)
    assert report.findings[0].message == Text(
        "无法判断此项是否适用，尚未提供：培训对象类型",
        "whether this concerns you depends on facts that are not given: trainee type",
    )
    spared = await _report(Candidate(trainee_type=TraineeType.SOCIAL), rule)
    assert spared.findings[0].message == Text("此项不适用于您的情况", "this does not concern you")


async def test_t9_in_principle_is_left_to_a_person() -> None:
    """T9, R074: 原则上 asks for a review instead of refusing."""
    rule = requirement("age", at_most="45", reference="2024-05-17", hard=False)
    report = await _report(Candidate(birth_date=date(1970, 1, 1)), rule)
    assert report.outcome is NEEDS_REVIEW
    assert report.findings[0].message == Text(
        "截至 2024-05-17 为 54 周岁，超过 45 周岁；此项为“原则上”的要求，可由招收单位审核决定",
        "aged 54 on 2024-05-17, over 45; this holds in principle only, so a person may waive it",
    )


_OLD_BACHELOR = Candidate(
    trainee_type=TraineeType.SOCIAL,
    licensed=False,
    employed=False,
    degrees=(replace(BACHELOR, graduation_year=2021),),
)


def _old(**changes: Any) -> Candidate:
    degree = replace(BACHELOR, graduation_year=2021)
    return replace(_OLD_BACHELOR, degrees=(replace(degree, **changes),))


@pytest.mark.parametrize(
    ("candidate", "specialty", "outcome"),
    [
        (_OLD_BACHELOR, "0100", INELIGIBLE),
        (_OLD_BACHELOR, "0700", ELIGIBLE),
        (
            replace(_OLD_BACHELOR, trainee_type=TraineeType.ENTRUSTED, employed=True),
            "0100",
            ELIGIBLE,
        ),
        (replace(_OLD_BACHELOR, licensed=True), "0100", ELIGIBLE),
        (
            replace(_OLD_BACHELOR, degrees=(replace(BACHELOR, graduation_year=2023),)),
            "0100",
            ELIGIBLE,
        ),
        (
            replace(
                _OLD_BACHELOR, degrees=(replace(BACHELOR, graduation_year=2021, full_time=False),)
            ),
            "0100",
            ELIGIBLE,
        ),
        (replace(_OLD_BACHELOR, licensed=None), "0100", INCOMPLETE),
    ],
)
async def test_g24_t59_unlicensed_bachelors_of_earlier_years(
    candidate: Candidate, specialty: str, outcome: EligibilityOutcome
) -> None:
    """G24, R121, T59: three conditions together; entrusted staff in post are exempt."""
    opening = example_opening(specialty, Text("专业", "Specialty"), requirements=(COHORT,))
    report = await evaluate(
        catalogue(opening), dispatcher(), opening.code, candidate, today=date(2024, 4, 10)
    )
    assert report.outcome is outcome


_TERTIARY = 'candidate.sendingUnit.tier == "TERTIARY"'
_SECONDARY = 'candidate.sendingUnit.tier == "SECONDARY"'
_FELLOWSHIP = (
    requirement("degree", rule="degree-tertiary", least="BACHELOR", when=_TERTIARY),
    requirement("degree", rule="degree-secondary", least="JUNIOR_COLLEGE", when=_SECONDARY),
    requirement(
        "title", at_least="INTERMEDIATE", when=f'{_TERTIARY} && candidate.postType == "DOCTOR"'
    ),
    requirement(
        "licence",
        categories=["CLINICAL"],
        when=f'{_SECONDARY} && candidate.postType == "DOCTOR"',
    ),
    requirement("fact", rule="residency", fact="residencyCompleted", when=_TERTIARY),
    requirement("age", at_most="45", reference="2024-05-17", hard=False),
)
_FELLOW = Candidate(
    trainee_type=TraineeType.FELLOW,
    post_type=PostType.DOCTOR,
    degrees=(Degree(level=DegreeLevel.JUNIOR_COLLEGE, awarded=True),),
    title=TitleLevel.INTERMEDIATE,
    residency_completed=True,
    licensed=True,
    licence_category=LicenceCategory.CLINICAL,
    birth_date=date(1985, 1, 1),
)


@pytest.mark.parametrize(
    ("tier", "outcome", "refused"),
    [
        (HospitalTier.TERTIARY, INELIGIBLE, ["degree-tertiary"]),
        (HospitalTier.SECONDARY, ELIGIBLE, []),
    ],
)
async def test_g14_t2_t3_the_sending_hospital_decides_the_degree(
    tier: HospitalTier, outcome: EligibilityOutcome, refused: list[str]
) -> None:
    """G14, T2, T3, R075, R076: 大专 does from a secondary hospital, not from a tertiary one."""
    candidate = replace(_FELLOW, sending_unit=SendingUnit(tier=tier))
    report = await _report(candidate, *_FELLOWSHIP, kind=ProgramKind.FELLOWSHIP)
    assert report.outcome is outcome
    assert [one.rule for one in report.findings if one.outcome is FAIL] == refused


async def test_without_the_tier_the_fellow_is_asked_for_it() -> None:
    report = await _report(_FELLOW, *_FELLOWSHIP)
    assert report.outcome is INCOMPLETE
    missing = {fact for finding in report.findings for fact in finding.missing_facts}
    assert missing == {"sendingUnit.tier"}


async def test_an_unknown_opening_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        await evaluate(catalogue(), dispatcher(), "nowhere", APPLICANT, today=TODAY)


async def test_a_kind_that_nobody_teaches_decides_nothing() -> None:
    rule = replace(requirement("not_banned"), kind="gone.rule", owner="gone")
    report = await _report(APPLICANT, rule)
    assert report.outcome is INCOMPLETE
    assert report.findings[0].message == Text(
        "没有可判断“gone.rule”的规则类型", 'no kind of rule decides "gone.rule"'
    )


async def test_a_condition_that_does_not_compile_decides_nothing() -> None:
    report = await _report(APPLICANT, requirement("not_banned", when="candidate.nobody"))
    assert (report.outcome, report.findings[0].outcome) == (INCOMPLETE, UNKNOWN)
    message = str(report.findings[0].message.en)
    assert message.startswith("expression, column 11: there is no nobody (known: origin, ")


@pytest.mark.parametrize(
    ("answer", "outcome", "added"),
    [
        (None, ELIGIBLE, []),
        ([], ELIGIBLE, []),
        ([own_finding(PASS)], ELIGIBLE, [PASS]),
        ([own_finding(FAIL)], INELIGIBLE, [FAIL]),
        ([own_finding(UNKNOWN), own_finding(REVIEW)], INCOMPLETE, [UNKNOWN, REVIEW]),
    ],
)
async def test_plugins_add_findings_under_their_name(
    answer: list[Finding] | None, outcome: EligibilityOutcome, added: list[FindingOutcome]
) -> None:
    plugin = Plugin(answer)
    opening = _paediatrics()
    rules = catalogue(opening, scopes=named("example"))
    report = await evaluate(rules, dispatcher(example=plugin), opening.code, APPLICANT, today=TODAY)
    assert report.outcome is outcome
    own = [finding for finding in report.findings if finding.plugin == "example"]
    assert [finding.outcome for finding in own] == added
    assert plugin.asked == [opening.code]


async def test_a_plugin_that_fails_leaves_the_outcome_incomplete() -> None:
    """A decision fails closed: UNKNOWN names the plugin, and what it might say is not guessed."""
    opening = _paediatrics()
    rules = catalogue(opening, scopes=named("example"))
    broken = dispatcher(example=Plugin(RuntimeError("secret of the host")))
    report = await evaluate(rules, broken, opening.code, APPLICANT, today=TODAY)
    assert report.outcome is INCOMPLETE
    finding = report.findings[-1]
    assert (finding.rule, finding.outcome) == ("example.check_eligibility", UNKNOWN)
    assert (finding.plugin, finding.level) == ("example", Level.INSTITUTION)
    assert str(finding.message.en).startswith("plugin example could not decide: ")
    assert "secret" not in f"{finding.message.zh}{finding.message.en}"


async def test_a_plugin_is_never_asked_about_another_hospital() -> None:
    plugin = Plugin([own_finding(FAIL)])
    opening = _paediatrics()
    report = await evaluate(
        catalogue(opening), dispatcher(example=plugin), opening.code, APPLICANT, today=TODAY
    )
    assert report.outcome is ELIGIBLE
    assert plugin.asked == []


async def test_a_plugins_kind_that_fails_is_unknown_and_names_the_plugin() -> None:
    def decide(params: RuleParams, question: EligibilityQuestion) -> Verdict:
        raise ZeroDivisionError

    opening = example_opening(requirements=(taught(),))
    report = await evaluate(
        catalogue(opening),
        dispatcher(example=Teacher(decide)),
        opening.code,
        APPLICANT,
        today=TODAY,
    )
    assert report.outcome is INCOMPLETE
    (finding,) = report.findings
    assert (finding.rule, finding.plugin) == ("taught", "example")
    assert str(finding.message.en).startswith("plugin example could not decide: ")


async def test_facts_that_are_added_never_turn_a_refusal_around() -> None:
    """More facts may refuse or accept what was unknown; they never take a refusal back."""
    refused = replace(APPLICANT, degrees=(replace(BACHELOR, major_code="100202TK"),))
    more = replace(
        refused,
        permanent_resident=False,
        title=TitleLevel.NONE,
        certificates=(Certificate(name="示例证书"),),
        law_abiding=True,
        medical_examination_passed=True,
        ban_checked=True,
    )
    before, after = await _report(refused), await _report(more)
    assert (before.outcome, after.outcome) == (INELIGIBLE, INELIGIBLE)
    changed = {
        rule: (old, _outcomes(after)[rule])
        for rule, old in _outcomes(before).items()
        if old is not _outcomes(after)[rule]
    }
    assert changed == {
        "not_banned": (UNKNOWN, PASS),
        "conduct": (UNKNOWN, PASS),
        "medical": (UNKNOWN, PASS),
    }
