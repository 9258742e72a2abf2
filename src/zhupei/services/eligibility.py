"""Eligibility: whether a candidate may apply for an opening, and for which openings."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from zhupei.domain.eligibility import (
    EligibilityOutcome,
    EligibilityReport,
    Finding,
    FindingOutcome,
    outcome_of,
)
from zhupei.domain.people import Candidate, DegreeLevel
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Cycle, Opening
from zhupei.hooks.answers import HookFailure
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Scope
from zhupei.services.requirements import (
    Answered,
    answer_requirement,
    answer_requirements,
    qualifying_degree,
)
from zhupei.services.rulebook import Rulebook
from zhupei.services.shared_questions import SharedQuestions

__all__ = ["POSSIBLE", "eligible_openings", "evaluate", "prepare"]

POSSIBLE = frozenset(
    {
        EligibilityOutcome.ELIGIBLE,
        EligibilityOutcome.NEEDS_REVIEW,
        EligibilityOutcome.INCOMPLETE,
    }
)
"""The outcomes of openings that a candidate could apply for, as far as is known."""

_HOOK = "check_eligibility"
# As many openings ask their plugins at a time; each plugin has threads of its own.
_AT_A_TIME = 64


async def evaluate(
    catalogue: Rulebook,
    dispatcher: Dispatcher,
    opening_code: str,
    candidate: Candidate,
    *,
    today: date,
) -> EligibilityReport:
    """Decide one opening for one candidate: every rule is asked, of plugins too.

    A plugin that fails leaves a finding UNKNOWN that names it, so the outcome is INCOMPLETE.

    Raises:
        KeyError: there is no such opening.

    """
    opening = catalogue.openings[opening_code]
    return await _Evaluation(catalogue, dispatcher, candidate, today).report(opening)


async def eligible_openings(
    catalogue: Rulebook,
    dispatcher: Dispatcher,
    candidate: Candidate,
    *,
    today: date,
    openings: Iterable[str] | None = None,
    outcomes: Collection[EligibilityOutcome] = POSSIBLE,
) -> list[EligibilityReport]:
    """Decide many openings for one candidate, in their order; return those of ``outcomes``.

    ``openings`` are codes, all of the catalogue by default. Rules that openings share are
    decided once, so tens of thousands of openings take a fraction of a second where no plugin
    has to be asked; see `prepare`.

    Raises:
        KeyError: one of the codes is no opening.

    """
    evaluation = _Evaluation(catalogue, dispatcher, candidate, today)
    by_code = catalogue.openings
    chosen = by_code.values() if openings is None else (by_code[code] for code in openings)
    found: list[EligibilityReport] = []
    rows = iter(chosen)
    while some := list(islice(rows, _AT_A_TIME)):
        reports = await evaluation.reports(some)
        found.extend(report for report in reports if report.outcome in outcomes)
        await asyncio.sleep(0)  # others are served meanwhile
    return found


def prepare(catalogue: Rulebook, dispatcher: Dispatcher) -> None:
    """Work out now which openings share rules, so that the first question need not wait."""
    SharedQuestions.of(catalogue, dispatcher)


class _Evaluation:
    def __init__(
        self, catalogue: Rulebook, dispatcher: Dispatcher, candidate: Candidate, today: date
    ) -> None:
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._candidate = candidate
        self._today = today
        self._hooked: dict[str, bool] = {}
        self._answered: dict[int, Answered] = {}
        self._sums: dict[tuple[int, ...], _Sum] = {}

    async def reports(self, openings: Collection[Opening]) -> list[EligibilityReport]:
        """Report on several openings, each question asked once; plugins at the same time."""
        shared = SharedQuestions.of(self._catalogue, self._dispatcher)
        sums: list[_Sum] = []
        for opening in openings:
            questions = shared.of_opening[opening.code]
            known = self._sums.get(questions)
            if known is None:
                answers = [await self._answer(shared, number) for number in questions]
                known = self._sums[questions] = _sum(answers)
            sums.append(known)
        if not any(self._asks(opening.base) for opening in openings):
            return [
                self._report(opening, known) for opening, known in zip(openings, sums, strict=True)
            ]
        return list(await asyncio.gather(*map(self._with_plugins, openings, sums)))

    async def report(self, opening: Opening) -> EligibilityReport:
        """Report on one opening."""
        catalogue = self._catalogue
        answers = await answer_requirements(
            self._dispatcher,
            self._candidate,
            self._today,
            opening,
            catalogue.programs[opening.program],
            catalogue.bases[opening.base],
        )
        return await self._with_plugins(opening, _sum(answers))

    async def _answer(self, shared: SharedQuestions, number: int) -> Answered:
        answered = self._answered.get(number)
        if answered is None:
            requirement, opening = shared.examples[number]
            question = EligibilityQuestion(
                candidate=self._candidate,
                opening=opening,
                program=self._catalogue.programs[opening.program],
                base=self._catalogue.bases[opening.base],
                requirement=requirement,
                today=self._today,
            )
            answered = await answer_requirement(self._dispatcher, question)
            self._answered[number] = answered
        return answered

    async def _with_plugins(self, opening: Opening, known: _Sum) -> EligibilityReport:
        if self._asks(opening.base):
            findings = (*known.findings, *await self._ask_plugins(opening))
            known = replace(known, findings=findings, outcome=outcome_of(findings))
        return self._report(opening, known)

    def _report(self, opening: Opening, known: _Sum) -> EligibilityReport:
        return EligibilityReport(
            opening=opening.code,
            outcome=known.outcome,
            findings=known.findings,
            qualifying_degree=known.degree,
            catalogue_hash=self._catalogue.hash,
        )

    def _asks(self, base: str) -> bool:
        """Whether a plugin has a say in the eligibility for openings of a base."""
        known = self._hooked.get(base)
        if known is None:
            host, scope = self._dispatcher.host, self._catalogue.scope_of(base)
            hook = host.hooks[_HOOK]
            known = bool(host.implementations(hook, scope) or host.absent(hook, scope))
            self._hooked[base] = known
        return known

    async def _ask_plugins(self, opening: Opening) -> list[Finding]:
        catalogue = self._catalogue
        scope = catalogue.scope_of(opening.base)
        result = await self._dispatcher.ask(
            _HOOK,
            scope,
            configs=catalogue.configs_of(opening.base),
            base=catalogue.bases[opening.base],
            program=catalogue.programs[opening.program],
            opening=opening,
            cycle=Cycle(opening.year),
            candidate=self._candidate,
        )
        found = [
            replace(finding, plugin=answer.plugin, level=answer.level)
            for answer in result.answers
            for finding in answer.value
        ]
        return found + [_failed(failure, scope) for failure in result.failures]


@dataclass(frozen=True, slots=True)
class _Sum:
    """What findings add up to."""

    findings: tuple[Finding, ...]
    outcome: EligibilityOutcome
    degree: DegreeLevel | None


def _sum(answers: Sequence[Answered]) -> _Sum:
    findings = tuple(answered.finding for answered in answers)
    return _Sum(findings, outcome_of(findings), qualifying_degree(answers))


def _failed(failure: HookFailure, scope: Scope) -> Finding:
    """A plugin that failed decides nothing, and nothing is decided without it."""
    if failure.plugin in scope.institution:
        level = Level.INSTITUTION
    elif failure.plugin in scope.jurisdictions:
        level = Level.JURISDICTION
    else:
        level = Level.NATIONAL
    return Finding(
        rule=f"{failure.plugin}.{failure.hook}",
        outcome=FindingOutcome.UNKNOWN,
        level=level,
        message=Text(
            f"插件 {failure.plugin} 未能作出判断：{failure.reason.zh}",
            f"plugin {failure.plugin} could not decide: {failure.reason.en}",
        ),
        plugin=failure.plugin,
    )
