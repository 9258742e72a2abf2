"""Which requirements of which openings are one question, so that it is asked once.

Two requirements are one question where they read the same and look at the same parts of opening,
program and base (what a kind looks at, it declares with `zhupei.reads`). That is a fact of the
catalogue alone, so it is worked out once for a catalogue and serves every candidate.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zhupei.config.expressions import ExpressionProblem, Roots, compile_expression
from zhupei.domain.eligibility import Requirement, reads_of
from zhupei.domain.institutions import Base
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.requirements import decide_of
from zhupei.services.rulebook import Rulebook

__all__ = ["SharedQuestions"]

_PLACE = {"source"}
_Parts = tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class _Rule:
    """A requirement's number among those that differ in content, and what it looks at.

    ``parts`` are pairs of root and attribute; None where it may look at anything.
    """

    number: int
    parts: _Parts


class SharedQuestions:
    """The questions of a catalogue: ``examples`` by number, and those of each opening.

    An example is a requirement with an opening that it belongs to. Openings with the same
    questions, in the same order, are a group: ``groups`` holds the questions of each, and
    ``of_opening`` tells the group of an opening by its code.
    """

    def __init__(self, catalogue: Rulebook, dispatcher: Dispatcher) -> None:
        self.examples: list[tuple[Requirement, Opening]] = []
        self.groups: list[tuple[int, ...]] = []
        self.of_opening: dict[str, int] = {}
        by_identity: dict[int, _Rule] = {}
        by_content: dict[Hashable, _Rule] = {}
        numbers: dict[Hashable, int] = {}
        known: dict[tuple[int, ...], int] = {}
        for opening in catalogue.openings.values():
            program, base = catalogue.program_of(opening), catalogue.bases[opening.base]
            found: list[int] = []
            for requirement in opening.requirements:
                rule = by_identity.get(id(requirement))
                if rule is None:
                    rule = by_identity[id(requirement)] = _rule(requirement, by_content, dispatcher)
                key = (rule.number, _looked_at(rule.parts, requirement, opening, program, base))
                number = numbers.setdefault(key, len(numbers))
                if number == len(self.examples):
                    self.examples.append((requirement, opening))
                found.append(number)
            questions = tuple(found)
            group = self.of_opening[opening.code] = known.setdefault(questions, len(known))
            if group == len(self.groups):
                self.groups.append(questions)

    @classmethod
    def of(cls, catalogue: Rulebook, dispatcher: Dispatcher) -> SharedQuestions:
        """Return the questions of a catalogue, worked out at the first call."""
        key = (id(catalogue), id(dispatcher.host))
        known = _KNOWN.get(key)
        if known is None:
            known = _KNOWN[key] = cls(catalogue, dispatcher)
            # The key is made of addresses, which others may get once the catalogue is gone.
            weakref.finalize(catalogue, _KNOWN.pop, key, None)
            weakref.finalize(dispatcher.host, _KNOWN.pop, key, None)
        return known


_KNOWN: dict[tuple[int, int], SharedQuestions] = {}


def _rule(
    requirement: Requirement, by_content: dict[Hashable, _Rule], dispatcher: Dispatcher
) -> _Rule:
    """Return the rule of a requirement, the same for all that read the same.

    Where it stands is no part of what it says, see `zhupei.reads`.
    """
    content = (
        requirement.id,
        requirement.kind,
        requirement.label,
        requirement.level,
        requirement.hard,
        requirement.when,
        requirement.deferred,
        requirement.owner,
        _content(requirement.params),
    )
    rule = by_content.get(content)
    if rule is None:
        rule = by_content[content] = _Rule(len(by_content), _parts(requirement, dispatcher))
    return rule


def _parts(requirement: Requirement, dispatcher: Dispatcher) -> _Parts:
    decide = decide_of(dispatcher, requirement)
    if decide is None:
        return ()
    paths = reads_of(decide, requirement.params)
    if paths is None:
        return None
    if requirement.when is not None:
        # One that does not compile is answered with what is wrong, for any opening.
        with suppress(ExpressionProblem):
            paths += compile_expression(requirement.when, Roots.CANDIDATE).parts
    pairs = (path.split(".", 1) for path in dict.fromkeys(paths))
    return tuple((root, name) for root, name in pairs)


def _looked_at(
    parts: _Parts, requirement: Requirement, opening: Opening, program: Program, base: Base
) -> Hashable:
    if parts == ():
        return None
    if parts is None:
        return opening.code
    roots = {"requirement": requirement, "opening": opening, "program": program, "base": base}
    return tuple(_identity(getattr(roots[root], name)) for root, name in parts)


def _identity(value: Any) -> Hashable:
    return value if isinstance(value, str | int | Text | None) else id(value)


def _content(params: Any) -> Hashable:
    """Return what makes parameters equal, as they may hold mappings and so have no hash."""
    if params is None:
        return None
    dump = getattr(params, "model_dump_json", None)
    return id(params) if dump is None else (type(params), dump(exclude=_PLACE))
