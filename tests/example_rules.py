"""Fictional rules as a hospital configures them, and plugins that answer as a test wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from example_hospital import requirement
from zhupei import Kind, KindGroup, Model, hookimpl
from zhupei.domain.eligibility import Finding, FindingOutcome, Requirement
from zhupei.domain.people import Candidate
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Opening

MAJOR: dict[str, Any] = {
    "undergraduate": ["100201K", "100207TK"],
    "postgraduate": ["儿科学"],
    "postgraduate_on_bachelor": "review",
}


def brochure() -> tuple[Requirement, ...]:
    """The rules of S0:27-60 with the row of paediatrics (S0:15), as a hospital configures them."""
    return (
        requirement("not_banned", deferred="registry", level=Level.NATIONAL),
        requirement(
            "major_class",
            classes=["1002", "1003"],
            or_licensed_in_practice="true",
            otherwise="review",
        ),
        requirement("affiliated_hospital"),
        requirement(
            "degree", least="BACHELOR", full_time="true", awarded="true", awarded_by="07-31"
        ),
        requirement("graduation_year", earliest="2023", licensed_relaxes="true"),
        requirement("licence", when='candidate.traineeType == "ENTRUSTED"'),
        requirement("english", cet4="425"),
        requirement("fact", rule="conduct", fact="lawAbiding", deferred="declaration"),
        requirement(
            "fact",
            rule="medical",
            fact="medicalExaminationPassed",
            deferred="medical_examination",
        ),
        requirement("review", rule="external", deferred="document"),
        requirement("major", **MAJOR),
    )


COHORT = requirement(
    "expression",
    rule="unlicensed-cohort",
    expression=(
        'opening.specialty == "0700" || candidate.licensed'
        ' || (candidate.traineeType == "ENTRUSTED" && candidate.employed)'
        ' || !candidate.degrees.exists(d, d.level == "BACHELOR" && d.fullTime'
        ' && d.majorCode.startsWith("100201") && d.graduationYear <= 2022)'
    ),
    fail_message={"zh": "只能报考全科", "en": "only general practice"},
)


class Plugin:
    """Answers `check_eligibility` as a test wants, and counts how often it is asked."""

    def __init__(self, answer: Sequence[Finding] | Exception | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    @hookimpl
    def check_eligibility(self, opening: Opening, candidate: Candidate) -> list[Finding] | None:
        self.asked.append(opening.code)
        if isinstance(self.answer, Exception):
            raise self.answer
        return None if self.answer is None else list(self.answer)


def own_finding(outcome: FindingOutcome) -> Finding:
    return Finding(
        rule="own", outcome=outcome, level=Level.INSTITUTION, message=Text("自定", "own rule")
    )


class RuleParams(Model):
    """Nothing."""


class Teacher:
    """Teaches a kind whose function does as a test wants."""

    def __init__(self, decide: Any) -> None:
        self._decide = decide

    @hookimpl
    def register_kinds(self) -> list[Kind]:
        return [
            Kind(
                group=KindGroup.REQUIREMENT,
                name="example.rule",
                label=Text("自定", "Own"),
                description=Text("自定", "Own"),
                params=RuleParams,
                decide=self._decide,
            )
        ]


def taught(rule: str = "taught") -> Requirement:
    return replace(
        requirement("not_banned", rule=rule),
        kind="example.rule",
        owner="example",
        params=RuleParams(),
    )
