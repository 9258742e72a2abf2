"""Eligibility: whether a candidate may apply for an opening, and for which openings."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
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
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Cycle, Opening
from zhupei.hooks.answers import HookFailure
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Scope
from zhupei.services.requirements import Answered, Requirements, qualifying_degree
from zhupei.services.rulebook import Rulebook

__all__ = ["POSSIBLE", "eligible_openings", "evaluate"]

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
    decided once, so tens of thousands of openings take well below a second where no plugin has
    to be asked.

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
    return found


class _Evaluation:
    def __init__(
        self, catalogue: Rulebook, dispatcher: Dispatcher, candidate: Candidate, today: date
    ) -> None:
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._candidate = candidate
        self._requirements = Requirements(dispatcher, candidate, today)
        self._hooked: dict[str, bool] = {}
        self._sums: dict[tuple[Answered, ...], tuple[_Sum, tuple[Finding, ...]]] = {}

    async def reports(self, openings: Iterable[Opening]) -> list[EligibilityReport]:
        """Report on several openings; those whose plugins are asked, at the same time."""
        openings = tuple(openings)
        if not any(self._asks(opening.base) for opening in openings):
            return [await self.report(opening) for opening in openings]
        return list(await asyncio.gather(*(self.report(opening) for opening in openings)))

    async def report(self, opening: Opening) -> EligibilityReport:
        """Report on one opening."""
        catalogue = self._catalogue
        program, base = catalogue.programs[opening.program], catalogue.bases[opening.base]
        answers = tuple(await self._requirements.ask(opening.requirements, opening, program, base))
        known = self._sums.get(answers)
        if known is None:
            findings = tuple(answered.finding for answered in answers)
            known = (outcome_of(findings), qualifying_degree(answers)), findings
            self._sums[answers] = known
        (outcome, degree), findings = known
        if self._asks(opening.base):
            findings += tuple(await self._ask_plugins(opening))
            outcome = outcome_of(findings)
        return EligibilityReport(
            opening=opening.code,
            outcome=outcome,
            findings=findings,
            qualifying_degree=degree,
            catalogue_hash=catalogue.hash,
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


_Sum = tuple[EligibilityOutcome, DegreeLevel | None]


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
