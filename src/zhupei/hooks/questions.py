"""Questions: what a hook is asked with, who answered so far, and what comes of that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import inf
from typing import Any

from zhupei.hooks.answers import Answer, HookFailure, Result, merge
from zhupei.hooks.declaration import Consequence, Hook, Mode
from zhupei.hooks.plugins import Implementation

__all__ = ["Outcome", "Question", "stops"]

Outcome = Answer[Any] | HookFailure | None
"""What came of asking one plugin; None where it passed."""


class Question:
    """One question: with what, and what was answered so far."""

    __slots__ = ("_until", "answers", "arguments", "configs", "failures", "hook")

    def __init__(
        self, hook: Hook, arguments: Mapping[str, Any], configs: Mapping[str, Any]
    ) -> None:
        self.hook, self.arguments, self.configs = hook, arguments, configs
        self.answers: list[Answer[Any]] = []
        self.failures: list[HookFailure] = []
        self._until = inf

    def holds(self, call: Implementation) -> None:
        """Note how long the answer of a plugin holds that is asked now."""
        if self._until:
            until = time.monotonic() + call.holds if call.holds else 0.0
            self._until = min(self._until, until)

    @property
    def is_over(self) -> bool:
        """Whether nobody else is asked, where the first answer counts."""
        return bool(self.answers) or stops(self.hook, self.failures)

    def take(self, outcome: Outcome) -> None:
        """Note what a plugin answered, if it did."""
        if isinstance(outcome, HookFailure):
            self.failures.append(outcome)
        elif outcome is not None:
            self.answers.append(outcome)

    def result(self) -> Result[Any]:
        """Return all that was answered."""
        merged = merge(self.answers) if self.hook.mode is Mode.MERGE else ()
        until = 0.0 if self.failures else self._until
        return Result(self.hook, tuple(self.answers), tuple(self.failures), merged, until)


def stops(hook: Hook, failures: list[HookFailure]) -> bool:
    """Return whether a failure ends a question where the first answer counts."""
    # While building, the next level answers; in a decision its answer would be the wrong one.
    return bool(failures) and hook.consequence is not Consequence.NEXT_LEVEL
