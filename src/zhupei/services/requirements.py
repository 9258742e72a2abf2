"""Requirements asked of one candidate: what each says, and the degree that they accept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhupei.config.expressions import ExpressionProblem, Missing, Roots, compile_expression
from zhupei.domain.eligibility import Finding, FindingOutcome, Requirement, Verdict, answers_degree
from zhupei.domain.facts import list_facts
from zhupei.domain.institutions import Base
from zhupei.domain.kinds import KindGroup
from zhupei.domain.people import Candidate, DegreeLevel
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.errors import PluginError
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.hook_errors import KindUnknownError

__all__ = [
    "Answered",
    "Judged",
    "answer_requirement",
    "answer_requirements",
    "decide_of",
    "judge",
    "qualifying_degree",
]

_NOT_CONCERNED = Text("此项不适用于您的情况", "this does not concern you")


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A finding with the degree that the rule accepts.

    ``decides_degree`` says that the rule is one that answers the qualifying degree.
    """

    finding: Finding
    degree: DegreeLevel | None
    decides_degree: bool


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is said to a question, whichever of the requirements that ask it.

    ``failed`` is the plugin that could not decide.
    """

    verdict: Verdict
    failed: str | None
    decides_degree: bool

    def finding(self, requirement: Requirement) -> Finding:
        """Return it as the finding of one of the requirements."""
        return _finding(requirement, self.verdict, self.failed or requirement.owner)

    def answered(self, requirement: Requirement) -> Answered:
        """Return it as the answer of one of the requirements."""
        degree = self.verdict.qualifying_degree
        return Answered(self.finding(requirement), degree, self.decides_degree)


async def answer_requirements(
    dispatcher: Dispatcher,
    candidate: Candidate,
    today: date,
    opening: Opening,
    program: Program,
    base: Base,
) -> list[Answered]:
    """Ask every requirement of an opening of one candidate, in their order."""
    return [
        await answer_requirement(
            dispatcher,
            EligibilityQuestion(
                candidate=candidate,
                opening=opening,
                program=program,
                base=base,
                requirement=requirement,
                today=today,
            ),
        )
        for requirement in opening.requirements
    ]


async def answer_requirement(dispatcher: Dispatcher, question: EligibilityQuestion) -> Answered:
    """Ask one requirement; what cannot be decided is UNKNOWN and says why, never PASS."""
    return (await judge(dispatcher, question)).answered(question.requirement)


async def judge(dispatcher: Dispatcher, question: EligibilityQuestion) -> Judged:
    """Ask a question; what cannot be decided is UNKNOWN and says why, never PASS."""
    requirement, failed = question.requirement, None
    decide = decide_of(dispatcher, requirement)
    verdict = _concerns(requirement, question)
    if verdict is None and decide is None:
        # Whoever taught the kind is gone; nobody can say what the rule means.
        verdict = _undecided(
            f"没有可判断“{requirement.kind}”的规则类型",
            f'no kind of rule decides "{requirement.kind}"',
        )
    if verdict is None:
        try:
            verdict = await dispatcher.decide(
                KindGroup.REQUIREMENT, requirement.kind, requirement.params, question
            )
        except PluginError as error:
            failed = error.plugin
            verdict = _undecided(
                f"插件 {error.plugin} 未能作出判断：{error.reason.zh}",
                f"plugin {error.plugin} could not decide: {error.reason.en}",
            )
    return Judged(verdict, failed, decide is not None and answers_degree(decide))


def decide_of(dispatcher: Dispatcher, requirement: Requirement) -> Callable[..., Any] | None:
    """Return the function that decides a requirement, None where nobody teaches one."""
    try:
        return dispatcher.host.kinds.get(KindGroup.REQUIREMENT, requirement.kind).decide
    except KindUnknownError:
        return None


def qualifying_degree(answers: Iterable[Answered]) -> DegreeLevel | None:
    """Return the degree that all rules on degrees accept; None where one of them does not.

    Rules that are settled later do not count unless they refuse already.
    """
    lowest: DegreeLevel | None = None
    for answered in answers:
        finding = answered.finding
        if not answered.decides_degree or not finding.counts:
            continue
        if finding.outcome in {FindingOutcome.FAIL, FindingOutcome.UNKNOWN}:
            return None
        degree = answered.degree
        if degree is not None and (lowest is None or degree.rank < lowest.rank):
            lowest = degree
    return lowest


def _concerns(requirement: Requirement, question: EligibilityQuestion) -> Verdict | None:
    """Return a verdict where the rule does not concern the candidate, or may not; else None."""
    if requirement.when is None:
        return None
    try:
        answer = compile_expression(requirement.when, Roots.CANDIDATE).ask_candidate(question)
    except ExpressionProblem as problem:
        answer = problem.message
    if isinstance(answer, Missing):
        names = list_facts(answer.facts)
        return Verdict(
            outcome=FindingOutcome.UNKNOWN,
            message=Text(
                f"无法判断此项是否适用，尚未提供：{names.zh}",
                f"whether this concerns you depends on facts that are not given: {names.en}",
            ),
            missing=answer.facts,
        )
    if isinstance(answer, Text):
        return _undecided(answer.zh, answer.en or answer.zh)
    if not answer:
        return Verdict(outcome=FindingOutcome.PASS, message=_NOT_CONCERNED)
    return None


def _undecided(zh: str, en: str) -> Verdict:
    return Verdict(outcome=FindingOutcome.UNKNOWN, message=Text(zh, en))


def _finding(requirement: Requirement, verdict: Verdict, plugin: str | None) -> Finding:
    outcome, message = verdict.outcome, verdict.message
    if outcome is FindingOutcome.FAIL and not requirement.hard:
        outcome = FindingOutcome.REVIEW
        message = Text(
            f"{message.zh}；此项为“原则上”的要求，可由招收单位审核决定",
            f"{message.en}; this holds in principle only, so a person may waive it",
        )
    return Finding(
        rule=requirement.id,
        outcome=outcome,
        level=requirement.level,
        message=message,
        missing_facts=verdict.missing,
        source=requirement.source,
        deferred=requirement.deferred,
        plugin=plugin,
    )
