"""Eligibility: whether a candidate may apply for an opening, and for which openings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import overload

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
    Judged,
    answer_requirements,
    judge,
    qualifying_degree,
)
from zhupei.services.rulebook import Rulebook
from zhupei.services.shared_questions import SharedQuestions

__all__ = ["POSSIBLE", "Reports", "eligible_openings", "evaluate", "prepare"]

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
) -> Reports:
    """Decide many openings for one candidate, in their order; return those of ``outcomes``.

    ``openings`` are codes, all of the catalogue by default. Rules that openings share are
    decided once, and a report is written when somebody looks at it, so tens of thousands of
    openings take some hundredths of a second where no plugin has to be asked; see `prepare`.

    Raises:
        KeyError: one of the codes is no opening.

    """
    evaluation = _Evaluation(catalogue, dispatcher, candidate, today)
    by_code = catalogue.openings
    chosen = by_code.values() if openings is None else [by_code[code] for code in openings]
    return await evaluation.reports(chosen, frozenset(outcomes))


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
        self._hooked: dict[Scope, bool] = {}
        self._judged: dict[int, Judged] = {}

    async def reports(
        self, openings: Iterable[Opening], outcomes: Collection[EligibilityOutcome]
    ) -> Reports:
        """Report on several openings, each question asked once; plugins at the same time."""
        shared = SharedQuestions.of(self._catalogue, self._dispatcher)
        group_of, hooked = shared.of_opening, dict[str, bool]()
        sums: dict[int, _Sum] = {}
        rows: list[Opening | EligibilityReport] = []
        waiting: list[tuple[int, Opening]] = []
        for opening in openings:
            group = group_of[opening.code]
            known = sums.get(group)
            if known is None:
                known = sums[group] = await self._sum(shared, group)
                if len(sums) % _AT_A_TIME == 0:
                    await asyncio.sleep(0)  # others are served meanwhile
            asks = hooked.get(opening.base)
            if asks is None:
                asks = hooked[opening.base] = self._asks(opening.base)
            if asks:
                waiting.append((len(rows), opening))
            elif known.outcome not in outcomes:
                continue
            rows.append(opening)
        write = partial(self._report, shared, sums)
        if waiting:
            await self._ask_about(waiting, rows, write)
            rows = [row for row in rows if isinstance(row, Opening) or row.outcome in outcomes]
        return Reports(rows, write)

    async def _ask_about(
        self,
        waiting: Sequence[tuple[int, Opening]],
        rows: list[Opening | EligibilityReport],
        write: Callable[[Opening], EligibilityReport],
    ) -> None:
        """Ask plugins about the openings at some places, and put the reports there."""
        for at in range(0, len(waiting), _AT_A_TIME):
            some = waiting[at : at + _AT_A_TIME]
            asked = (self._with_plugins(write(opening)) for _, opening in some)
            reports = await asyncio.gather(*asked)
            for (place, _), report in zip(some, reports, strict=True):
                rows[place] = report

    async def report(self, opening: Opening) -> EligibilityReport:
        """Report on one opening."""
        catalogue = self._catalogue
        answers = await answer_requirements(
            self._dispatcher,
            self._candidate,
            self._today,
            opening,
            catalogue.program_of(opening),
            catalogue.bases[opening.base],
        )
        findings = tuple(answered.finding for answered in answers)
        known = _Sum(outcome_of(findings), qualifying_degree(answers), ())
        report = self._written(opening, known, findings)
        return await self._with_plugins(report) if self._asks(opening.base) else report

    async def _sum(self, shared: SharedQuestions, group: int) -> _Sum:
        """Return what the questions of a group add up to."""
        judged = tuple([await self._judge(shared, number) for number in shared.groups[group]])
        answers = [
            each.answered(shared.examples[number][0])
            for number, each in zip(shared.groups[group], judged, strict=True)
        ]
        outcome = outcome_of(answered.finding for answered in answers)
        return _Sum(outcome, qualifying_degree(answers), judged)

    async def _judge(self, shared: SharedQuestions, number: int) -> Judged:
        judged = self._judged.get(number)
        if judged is None:
            requirement, opening = shared.examples[number]
            question = EligibilityQuestion(
                candidate=self._candidate,
                opening=opening,
                program=self._catalogue.program_of(opening),
                base=self._catalogue.bases[opening.base],
                requirement=requirement,
                today=self._today,
            )
            judged = self._judged[number] = await judge(self._dispatcher, question)
        return judged

    def _report(
        self, shared: SharedQuestions, sums: Mapping[int, _Sum], opening: Opening
    ) -> EligibilityReport:
        known = sums[shared.of_opening[opening.code]]
        findings = tuple(
            judged.finding(requirement)
            for judged, requirement in zip(known.judged, opening.requirements, strict=True)
        )
        return self._written(opening, known, findings)

    async def _with_plugins(self, report: EligibilityReport) -> EligibilityReport:
        asked = await self._ask_plugins(self._catalogue.openings[report.opening])
        findings = (*report.findings, *asked)
        return replace(report, findings=findings, outcome=outcome_of(findings))

    def _written(
        self, opening: Opening, known: _Sum, findings: tuple[Finding, ...]
    ) -> EligibilityReport:
        return EligibilityReport(
            opening=opening.code,
            outcome=known.outcome,
            findings=findings,
            qualifying_degree=known.degree,
            catalogue_hash=self._catalogue.hash,
        )

    def _asks(self, base: str) -> bool:
        """Whether a plugin has a say in the eligibility for openings of a base."""
        # Bases with the same plugins are asked about once: who is asked follows from these.
        scope = replace(self._catalogue.scope_of(base), base=None)
        known = self._hooked.get(scope)
        if known is None:
            host = self._dispatcher.host
            hook = host.hooks[_HOOK]
            known = bool(host.implementations(hook, scope) or host.absent(hook, scope))
            self._hooked[scope] = known
        return known

    async def _ask_plugins(self, opening: Opening) -> list[Finding]:
        catalogue = self._catalogue
        scope = catalogue.scope_of(opening.base)
        result = await self._dispatcher.ask(
            _HOOK,
            scope,
            configs=catalogue.configs_of(opening.base),
            base=catalogue.bases[opening.base],
            program=catalogue.program_of(opening),
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
    """What the answers to the questions of a group add up to."""

    outcome: EligibilityOutcome
    degree: DegreeLevel | None
    judged: tuple[Judged, ...]


class Reports(Sequence[EligibilityReport]):
    """Reports in the order of their openings; each is written when it is looked at."""

    def __init__(
        self,
        rows: Sequence[Opening | EligibilityReport],
        write: Callable[[Opening], EligibilityReport],
    ) -> None:
        self._rows, self._write = rows, write

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> EligibilityReport: ...
    @overload
    def __getitem__(self, at: slice) -> Reports: ...
    def __getitem__(self, at: int | slice) -> EligibilityReport | Reports:
        if isinstance(at, slice):
            return Reports(self._rows[at], self._write)
        row = self._rows[at]
        return row if isinstance(row, EligibilityReport) else self._write(row)

    def __iter__(self) -> Iterator[EligibilityReport]:
        return map(self.__getitem__, range(len(self._rows)))


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
