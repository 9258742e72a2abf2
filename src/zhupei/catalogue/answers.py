"""What plugins say about bases while the catalogue is built, asked concurrently.

A failing plugin costs its base that one answer: the next level's stands, and the base is
degraded with the plugin, the hook and the reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zhupei.catalogue.answer_checks import (
    check_benefits,
    check_form,
    check_quotas,
    check_timeline,
)
from zhupei.domain.institutions import Base, Degradation
from zhupei.domain.sources import Level
from zhupei.domain.text import Language
from zhupei.domain.training import Cycle, Program
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.hook_errors import HookAnswerError
from zhupei.hooks.scope import Scope

__all__ = ["Answer", "BaseAnswers", "Questions"]

_log = logging.getLogger(__name__)

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
    specialties: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Codes of the specialties that a base's program may have, by the program's code."""

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
                    self.specialties,
                )

        return dict(await asyncio.gather(*(one(*each) for each in self.bases.items())))


async def _ask_base(
    dispatcher: Dispatcher,
    base: Base,
    scope: Scope,
    configs: Mapping[str, object],
    programs: Sequence[Program],
    specialties: Mapping[str, frozenset[str]],
) -> BaseAnswers:
    answers = BaseAnswers()
    ask = partial(_ask, dispatcher, base, scope, configs, answers.degradations)
    own = {program.code: specialties[program.code] for program in programs}
    extension = await ask("base_extension")
    answers.extension = extension[0] if extension else None
    for year in sorted({program.year for program in programs}):
        cycle = Cycle(year)
        answers.quotas[year] = await ask(
            "base_quotas", partial(check_quotas, specialties=own), cycle=cycle
        )
        answers.timelines[year] = await ask("base_timeline", check_timeline, cycle=cycle)
        answers.benefits[year] = await ask(
            "base_benefits", partial(check_benefits, kinds=dispatcher.host.kinds), cycle=cycle
        )
        answers.subsidies[year] = await ask("base_subsidies", cycle=cycle)
    for program in programs:
        cycle = Cycle(program.year)
        code = program.code
        answers.steps[code] = await ask("base_admission_steps", program=program, cycle=cycle)
        answers.documents[code] = await ask("base_documents", program=program, cycle=cycle)
        answers.assessments[code] = await ask("base_assessments", program=program)
    return answers


async def _ask(
    dispatcher: Dispatcher,
    base: Base,
    scope: Scope,
    configs: Mapping[str, object],
    degradations: list[Degradation],
    hook: str,
    check: Callable[[str, Any], None] | None = None,
    **arguments: Any,
) -> tuple[Answer, ...]:
    """Return what is answered; who fails, or does not stand the check, degrades the base."""
    result = await dispatcher.ask(hook, scope, configs=configs, base=base, **arguments)
    degradations.extend(
        Degradation(plugin=failure.plugin, hook=failure.hook, reason=failure.reason)
        for failure in result.failures
    )
    found = tuple(
        Answer(answer.plugin, hook, answer.level, answer.value)
        for answer in result.answers
        if answer.value is not None
    )
    stands, left = [], scope
    for answer in found:
        try:
            check_form(answer.plugin, hook, answer.value)
            if check is not None:
                check(answer.plugin, answer.value)
            stands.append(answer)
        except HookAnswerError as wrong:
            _log.error("%s: %s", base.code, wrong.text(Language.EN))
            degradations.append(Degradation(plugin=wrong.plugin, hook=hook, reason=wrong.reason))
            left = left.without(wrong.plugin)
    if stands or left == scope:  # above a plugin of the nation's there is nobody
        return tuple(stands)
    return await _ask(dispatcher, base, left, configs, degradations, hook, check, **arguments)
