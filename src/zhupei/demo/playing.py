"""Playing a scenario: step by step, until the end or the first difference."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from zhupei.demo.deeds import Answer, Refused, carry_out
from zhupei.demo.errors import ScenarioDiffersError, ScenarioError
from zhupei.demo.narration import Narrator
from zhupei.demo.references import UnknownReferenceError, at_path, differences, filled
from zhupei.demo.scenario import Deed, Scenario, Step
from zhupei.demo.stage import Stage, set_stage
from zhupei.domain.text import Text
from zhupei.security.passwords import Passwords
from zhupei.services.audit import AuditReport, verify_audit_chain
from zhupei.settings import Settings

__all__ = ["Outcome", "play"]

# What time does by itself and has to be expected, and how it is called.
_STRICT = ("expired", "no_shows", "refused")
_PASSED = {
    "told": Text("到期事项已告知", "deadlines told"),
    "expired": Text("逾期未确认", "offers expired"),
    "no_shows": Text("逾期未报到", "no-shows"),
    "reminded": Text("已提醒", "people reminded"),
    "refused": Text("未能处理", "could not be done"),
}


@dataclass(slots=True)
class Outcome:
    """What came of a scenario; ``known`` is what its steps kept."""

    steps: int = 0
    refusals: int = 0
    letters: int = 0
    applicants: list[str] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    audit: AuditReport | None = None


async def play(
    scenario: Scenario,
    settings: Settings,
    narrator: Narrator,
    *,
    after: Callable[[Stage, Outcome], Awaitable[None]] | None = None,
) -> Outcome:
    """Play a scenario on a stage of its own and return what came of it.

    ``after`` is awaited at the end, while everything still runs.

    Raises:
        ScenarioDiffersError: something else came of a step; nothing is played after it.
        ScenarioError: the scenario itself is wrong.

    """
    began = time.monotonic()
    narrator.begin(scenario)
    narrator.preparing()
    async with set_stage(scenario, settings) as stage:
        outcome = Outcome(known=dict(scenario.values))
        player = _Player(scenario, stage, narrator, outcome)
        await player.hire()
        for act in scenario.acts:
            narrator.act(act)
            for step in act.steps:
                await player.step(step)
        await stage.work_off()
        with stage.application.database.use():
            outcome.audit = await verify_audit_chain()
        if outcome.audit.broken is not None:
            raise ScenarioDiffersError(scenario.file, 1, (outcome.audit.broken.reason,))
        outcome.letters = len(stage.letterbox.letters)
        narrator.end(
            time.monotonic() - began, outcome.refusals, outcome.letters, outcome.audit.records
        )
        if after is not None:
            await after(stage, outcome)
    return outcome


class _Player:
    def __init__(
        self, scenario: Scenario, stage: Stage, narrator: Narrator, outcome: Outcome
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._narrator = narrator
        self._outcome = outcome

    async def hire(self) -> None:
        """Make the accounts of the staff."""
        passwords = Passwords()
        for person in self._scenario.staff:
            refusal = await self._stage.hire(person, passwords)
            if refusal is not None:
                zh, en = (f"{person.login}: {each}" for each in _both(refusal.message))
                raise ScenarioError(self._scenario.file, None, zh, en)

    async def step(self, step: Step) -> None:
        """Carry a step out and compare what came of it."""
        try:
            block = filled(step.block, self._outcome.known)
        except UnknownReferenceError as error:
            raise self._wrong(step, error) from None
        if step.at is not None:
            await self._move(step, block.get("due") or {})
        answer = await carry_out(self._stage, self._scenario, step, block, self._narrator.language)
        found = tuple(self._compared(block, answer))
        if found:
            raise ScenarioDiffersError(self._scenario.file, step.line, found)
        self._keep(step, block, answer)
        self._outcome.steps += 1
        self._outcome.refusals += isinstance(answer, Refused)
        if step.deed is Deed.SIGN_UP and isinstance(answer, Answer):
            self._outcome.applicants.append(block["sign_up"]["login"])
        say = Text(block["say"]["zh"], block["say"]["en"])
        self._narrator.step(step, say, block.get("by"), answer)

    async def _move(self, step: Step, expected: Mapping[str, int]) -> None:
        at = step.at
        if at is None or at < self._stage.clock.now:
            raise ScenarioError(
                self._scenario.file, step.line, "时间不能倒退", "time does not go backwards"
            )
        if at == self._stage.clock.now:
            return
        report = asdict(await self._stage.pass_time(at))
        wanted = {**dict.fromkeys(_STRICT, 0), **expected}
        found = tuple(differences(wanted, report, "due"))
        if found:
            raise ScenarioDiffersError(self._scenario.file, step.line, found)
        done = [(text, report[name]) for name, text in _PASSED.items() if report[name]]
        self._narrator.time(at, done)

    def _compared(self, block: Mapping[str, Any], answer: Answer | Refused) -> list[Text]:
        wanted = block.get("refused")
        if isinstance(answer, Refused):
            if wanted is None:
                return [
                    Text(
                        f"被拒绝：{answer.code} {answer.message} {answer.whole}",
                        f"refused: {answer.code} {answer.message} {answer.whole}",
                    )
                ]
            message = block.get("message")
            said = message and message[self._narrator.language.value]
            return [
                *(() if wanted in answer.codes else differences(wanted, answer.code, "refused")),
                *(differences(said, answer.message, "message") if said else ()),
                *(differences(block["expect"], answer.whole) if "expect" in block else ()),
            ]
        if wanted is not None:
            return list(differences(wanted, answer.value, "refused"))
        return list(differences(block["expect"], answer.value)) if "expect" in block else []

    def _keep(self, step: Step, block: Mapping[str, Any], answer: Answer | Refused) -> None:
        for name, path in (block.get("keep") or {}).items():
            try:
                value = answer.value if isinstance(answer, Answer) else answer.whole
                self._outcome.known[name] = at_path(value, str(path))
            except UnknownReferenceError as error:
                raise self._wrong(step, error) from None

    def _wrong(self, step: Step, error: UnknownReferenceError) -> ScenarioError:
        return ScenarioError(
            self._scenario.file,
            step.line,
            f"还没有 {error.name} 的值",
            f"nothing is known of {error.name} yet",
        )


def _both(text: Text) -> tuple[str, str]:
    return text.zh, text.en or text.zh
