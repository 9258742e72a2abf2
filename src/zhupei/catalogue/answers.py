"""What plugins say about bases while the catalogue is built, asked concurrently.

A failing plugin costs its base that one answer: the next level's stands, and the base is
degraded with the plugin, the hook and the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhupei.domain.institutions import Base, Degradation
from zhupei.domain.sources import Level
from zhupei.domain.training import Cycle, Program
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Scope

__all__ = ["Answer", "BaseAnswers", "Questions"]

# How many bases are asked at a time: enough to overlap slow plugins, few enough to be fair.
_CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """One plugin's answer: who gave it, at which level, and what."""

    plugin: str
    hook: str
    level: Level
    value: Any


@dataclass(slots=True)
class BaseAnswers:
    """All answers about one base; keys are the year, or the program's code."""

    extension: Answer | None = None
    quotas: dict[int, tuple[Answer, ...]] = field(default_factory=dict)
    timelines: dict[int, tuple[Answer, ...]] = field(default_factory=dict)
    benefits: dict[int, tuple[Answer, ...]] = field(default_factory=dict)
    subsidies: dict[int, tuple[Answer, ...]] = field(default_factory=dict)
    steps: dict[str, tuple[Answer, ...]] = field(default_factory=dict)
    documents: dict[str, tuple[Answer, ...]] = field(default_factory=dict)
    assessments: dict[str, tuple[Answer, ...]] = field(default_factory=dict)
    degradations: list[Degradation] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nobody had anything to say."""
        return not self.degradations and not self.everything()

    def everything(self) -> list[Answer]:
        """Return all answers in a stable order, for the catalogue's hash."""
        groups = (
            self.quotas,
            self.timelines,
            self.benefits,
            self.subsidies,
            self.steps,
            self.documents,
            self.assessments,
        )
        found = [self.extension] if self.extension is not None else []
        for group in groups:
            found += [each for key in sorted(group) for each in group[key]]  # type: ignore[index]  # keys of one group are of one type
        return found


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Questions:
    """What plugins are asked about: by base code, what its files say before they were asked.

    ``configs`` are the plugins' own blocks that bind the base; ``programs`` those of the base, as
    far as they are known by then.
    """

    bases: Mapping[str, Base]
    scopes: Mapping[str, Scope]
    configs: Mapping[str, Mapping[str, object]]
    programs: Mapping[str, tuple[Program, ...]]

    async def ask(self, dispatcher: Dispatcher) -> dict[str, BaseAnswers]:
        """Ask the hooks 10-17 for every base and return the answers by base code."""
        gate = asyncio.Semaphore(_CONCURRENCY)

        async def one(code: str, base: Base) -> tuple[str, BaseAnswers]:
            async with gate:
                # Where nobody has to be waited for, all bases would have their turn at once.
                await asyncio.sleep(0)
                return code, await _ask_base(
                    dispatcher,
                    base,
                    self.scopes[code],
                    self.configs[code],
                    self.programs.get(code, ()),
                )

        return dict(await asyncio.gather(*(one(*each) for each in self.bases.items())))


async def _ask_base(
    dispatcher: Dispatcher,
    base: Base,
    scope: Scope,
    configs: Mapping[str, object],
    programs: Sequence[Program],
) -> BaseAnswers:
    answers = BaseAnswers()

    async def ask(hook: str, **arguments: Any) -> tuple[Answer, ...]:
        result = await dispatcher.ask(hook, scope, configs=configs, base=base, **arguments)
        for failure in result.failures:
            answers.degradations.append(
                Degradation(plugin=failure.plugin, hook=failure.hook, reason=failure.reason)
            )
        return tuple(
            Answer(answer.plugin, hook, answer.level, answer.value)
            for answer in result.answers
            if answer.value is not None
        )

    extension = await ask("base_extension")
    answers.extension = extension[0] if extension else None
    for year in sorted({program.year for program in programs}):
        cycle = Cycle(year)
        answers.quotas[year] = await ask("base_quotas", cycle=cycle)
        answers.timelines[year] = await ask("base_timeline", cycle=cycle)
        answers.benefits[year] = await ask("base_benefits", cycle=cycle)
        answers.subsidies[year] = await ask("base_subsidies", cycle=cycle)
    for program in programs:
        cycle = Cycle(program.year)
        code = program.code
        answers.steps[code] = await ask("base_admission_steps", program=program, cycle=cycle)
        answers.documents[code] = await ask("base_documents", program=program, cycle=cycle)
        answers.assessments[code] = await ask("base_assessments", program=program)
    return answers
