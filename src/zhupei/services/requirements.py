"""Requirements asked of one candidate, each answered once however many openings share it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel

from zhupei.config.expressions import ExpressionProblem, Missing, Roots, compile_expression
from zhupei.domain.eligibility import (
    EligibilityQuestion,
    Finding,
    FindingOutcome,
    Requirement,
    Verdict,
    answers_degree,
    reads_of,
)
from zhupei.domain.facts import list_facts
from zhupei.domain.institutions import Base
from zhupei.domain.kinds import KindGroup
from zhupei.domain.people import Candidate, DegreeLevel
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.errors import PluginError
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.hook_errors import KindUnknownError

__all__ = ["Answered", "Requirements", "qualifying_degree"]

_NOT_CONCERNED = Text("此项不适用于您的情况", "this does not concern you")


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A finding with the degree that the rule accepts.

    ``decides_degree`` says that the rule is one that answers the qualifying degree.
    """

    finding: Finding
    degree: DegreeLevel | None
    decides_degree: bool


@dataclass(slots=True, eq=False)
class _Rule:
    """A requirement as it is asked: what it looks at, and its answers so far.

    ``parts`` are pairs of root and attribute; None where it may look at anything.
    """

    requirement: Requirement
    parts: tuple[tuple[str, str], ...] | None
    decides: bool = True
    decides_degree: bool = False
    answers: dict[Hashable, Answered] = field(default_factory=dict)


class Requirements:
    """The requirements of any number of openings for one candidate on one day."""

    def __init__(self, dispatcher: Dispatcher, candidate: Candidate, today: date) -> None:
        self._dispatcher = dispatcher
        self._candidate = candidate
        self._today = today
        self._by_identity: dict[int, _Rule] = {}
        self._by_content: dict[Hashable, _Rule] = {}

    async def ask(
        self, requirements: Iterable[Requirement], opening: Opening, program: Program, base: Base
    ) -> list[Answered]:
        """Answer every requirement of an opening, in their order."""
        found: list[Answered] = []
        for requirement in requirements:
            rule = self._by_identity.get(id(requirement))
            if rule is None:
                rule = self._known(requirement)
            key: Hashable
            if rule.parts == ():
                key = ()
            elif rule.parts is None:
                key = opening.code
            else:
                roots = {"opening": opening, "program": program, "base": base}
                key = tuple(_identity(getattr(roots[root], name)) for root, name in rule.parts)
            answered = rule.answers.get(key)
            if answered is None:
                question = EligibilityQuestion(
                    candidate=self._candidate,
                    opening=opening,
                    program=program,
                    base=base,
                    requirement=requirement,
                    today=self._today,
                )
                answered = rule.answers[key] = await self._answer(rule, question)
            found.append(answered)
        return found

    def _known(self, requirement: Requirement) -> _Rule:
        content = (
            requirement.id,
            requirement.kind,
            requirement.label,
            requirement.level,
            requirement.hard,
            requirement.when,
            requirement.deferred,
            requirement.source,
            _content(requirement.params),
        )
        rule = self._by_content.get(content)
        if rule is None:
            rule = self._by_content[content] = self._rule(requirement)
        # The key is an address; the requirement lives as long as the catalogue that holds it.
        self._by_identity[id(requirement)] = rule
        return rule

    def _rule(self, requirement: Requirement) -> _Rule:
        try:
            kind = self._dispatcher.host.kinds.get(KindGroup.REQUIREMENT, requirement.kind)
        except KindUnknownError:
            return _Rule(requirement, (), decides=False)
        if kind.decide is None:
            return _Rule(requirement, (), decides=False)
        paths = reads_of(kind.decide, requirement.params)
        if paths is None:
            return _Rule(requirement, None, decides_degree=answers_degree(kind.decide))
        if requirement.when is not None:
            # One that does not compile is answered with what is wrong, for any opening.
            with suppress(ExpressionProblem):
                paths += compile_expression(requirement.when, Roots.CANDIDATE).parts
        pairs = (path.split(".", 1) for path in dict.fromkeys(paths))
        parts = tuple((root, name) for root, name in pairs)
        return _Rule(requirement, parts, decides_degree=answers_degree(kind.decide))

    async def _answer(self, rule: _Rule, question: EligibilityQuestion) -> Answered:
        requirement = question.requirement
        plugin = requirement.owner
        verdict = _concerns(requirement, question)
        if verdict is None and not rule.decides:
            # Whoever taught the kind is gone; nobody can say what the rule means.
            verdict = _undecided(
                f"没有可判断“{requirement.kind}”的规则类型",
                f'no kind of rule decides "{requirement.kind}"',
            )
        if verdict is None:
            try:
                verdict = await self._dispatcher.decide(
                    KindGroup.REQUIREMENT, requirement.kind, requirement.params, question
                )
            except PluginError as error:
                plugin = error.plugin
                verdict = _undecided(
                    f"插件 {error.plugin} 未能作出判断：{error.reason.zh}",
                    f"plugin {error.plugin} could not decide: {error.reason.en}",
                )
        return Answered(
            _finding(requirement, verdict, plugin), verdict.qualifying_degree, rule.decides_degree
        )


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


def _content(params: Any) -> Hashable:
    """Return what makes parameters equal, as they may hold mappings and so have no hash."""
    if params is None:
        return None
    if isinstance(params, BaseModel):
        return type(params), params.model_dump_json()
    return id(params)


def _identity(value: Any) -> Hashable:
    return value if isinstance(value, str | int | Text | None) else id(value)
