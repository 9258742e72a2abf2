"""Expressions: conditions and amounts in the Common Expression Language (CEL).

An expression is checked when its file is read: syntax, names of facts, types, values of
enumerations. Asked later, it answers a value or that facts are missing; a missing fact is never
taken as false, null or zero. What CEL's own laws decide without a fact (``false && …``) is
decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import cel
from pydantic import AfterValidator

from zhupei.config.expression_check import Reading, check_expression
from zhupei.config.expression_cost import refuse_endless
from zhupei.config.expression_facts import Roots
from zhupei.config.expression_syntax import ExpressionError, parse_expression
from zhupei.config.scalars import problem
from zhupei.domain.institutions import Base
from zhupei.domain.people import Candidate, Profile, facts
from zhupei.domain.questions import EligibilityQuestion, PayQuestion
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program

__all__ = [
    "CandidateCondition",
    "Expression",
    "ExpressionProblem",
    "Missing",
    "ProfileAmount",
    "ProfileCondition",
    "Roots",
    "compile_expression",
]

_PERSONS = ("candidate", "profile")
_PARTS = {"specialtyName": "specialty_name"}


class ExpressionProblem(ValueError):  # noqa: N818 - because it lists what a reader must correct
    """An expression that cannot be used; ``message`` says all that is wrong, with columns."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


@dataclass(frozen=True, slots=True)
class Missing:
    """The facts that an expression needed and that were not given, such as ``english.cet4``."""

    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was checked: its source, the facts that it reads, and its answer.

    ``facts`` are the person's facts (``english.cet4``); ``parts`` what it reads of the opening,
    program and base, as attributes of the domain (``opening.specialty_name``).
    """

    source: str
    about: Roots
    facts: tuple[str, ...]
    parts: tuple[str, ...]
    _reading: Reading
    _program: cel.Program

    def ask_candidate(self, question: EligibilityQuestion) -> bool | Missing | Text:
        """Answer a condition for a candidate; a text says why it cannot be evaluated."""
        variables = {
            "candidate": _candidate_facts(question.candidate),
            "today": question.today.isoformat(),
            **_catalogue_facts(question.opening, question.program, question.base),
        }
        return self.condition(variables)

    def ask_profile(self, question: PayQuestion) -> Any:
        """Answer for a profile: a value, `Missing`, or a text that says why there is none."""
        variables = {
            "profile": _profile_facts(question.profile),
            **_catalogue_facts(question.opening, question.program, question.base),
        }
        return self.evaluate(variables)

    def condition(self, variables: Mapping[str, Any]) -> bool | Missing | Text:
        """Answer true, false, `Missing`, or a text that says why there is no answer."""
        answer = self.evaluate(variables)
        if isinstance(answer, bool | Missing | Text):
            return answer
        return Text(
            f"表达式的结果 {answer!r} 不是是非值：{self.source}",
            f"the expression gives {answer!r}, neither true nor false: {self.source}",
        )

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """Answer the value over variables by root, `Missing`, or a text with the error."""
        try:
            return self._program.execute(dict(variables))
        except KeyError as error:
            missing = self.missing(variables)
            return Missing(missing) if missing else self._failure(error)
        except Exception as error:  # noqa: BLE001 - because the library raises builtins of all sorts
            return self._failure(error)

    def missing(self, variables: Mapping[str, Any]) -> tuple[str, ...]:
        """Return those of the facts that the expression reads which ``variables`` do not hold."""
        return tuple(
            dict.fromkeys(
                _outside(path)
                for path in self._reading.facts
                if path[-1] != "?" and _absent(variables, path)
            )
        )

    def _failure(self, error: Exception) -> Text:
        first = str(error).split(". ")[0].split("\n")[0]
        return Text(
            f"表达式无法计算（{first}）：{self.source}",
            f"the expression cannot be evaluated ({first}): {self.source}",
        )


@lru_cache(maxsize=4_096)
def compile_expression(source: str, about: Roots) -> Expression:
    """Check and compile an expression.

    Raises:
        ExpressionProblem: its syntax, a name or a type is wrong.

    """
    try:
        tree = parse_expression(source)
        reading = check_expression(tree, about)
        if not reading.problems:
            refuse_endless(tree)
    except ExpressionError as error:
        raise ExpressionProblem(_placed(source, (error,))) from None
    if reading.problems:
        raise ExpressionProblem(_placed(source, reading.problems))
    try:
        program = cel.compile(source)
    except ValueError as error:
        detail = str(error).split("\n", 1)[0].rpartition(": ")[2]
        raise ExpressionProblem(
            Text(f"表达式有误：{detail}", f"the expression is wrong: {detail}")
        ) from None
    persons = tuple(path for path in reading.facts if path[0] in _PERSONS)
    others = (path for path in reading.facts if path[0] not in (*_PERSONS, "today"))
    return Expression(
        source,
        about,
        tuple(dict.fromkeys(_outside(path) for path in persons)),
        tuple(dict.fromkeys(f"{path[0]}.{_PARTS.get(path[1], path[1])}" for path in others)),
        reading,
        program,
    )


def _placed(source: str, errors: tuple[ExpressionError, ...]) -> Text:
    zh, en = [], []
    for error in sorted(errors, key=lambda one: one.offset):
        before = source[: error.offset]
        line, column = before.count("\n") + 1, error.offset - (before.rfind("\n") + 1) + 1
        several = "\n" in source.strip()
        zh.append((f"第 {line} 行" if several else "") + f"第 {column} 列：{error.message.zh}")
        en.append((f"line {line}, " if several else "") + f"column {column}: {error.message.en}")
    return Text("表达式" + "；".join(zh), "expression, " + "; ".join(en))


def _outside(path: tuple[str, ...]) -> str:
    """Return a fact's name as callers know it: a person's facts without their root."""
    return ".".join(path[1:] if path[0] in _PERSONS else path)


def _absent(value: object, path: tuple[str, ...]) -> bool:
    if not path:
        return False
    if isinstance(value, list):
        return any(_absent(item, path) for item in value)
    if not isinstance(value, Mapping) or path[0] not in value:
        return True
    return _absent(value[path[0]], path[1:])


@lru_cache(maxsize=256)
def _candidate_facts(candidate: Candidate) -> dict[str, Any]:
    return facts(candidate)


@lru_cache(maxsize=256)
def _profile_facts(profile: Profile) -> dict[str, Any]:
    return facts(profile)


def _catalogue_facts(opening: Opening, program: Program, base: Base) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        "opening": {
            "code": opening.code,
            "specialty": opening.specialty,
            "specialtyName": opening.specialty_name.zh,
            "year": opening.year,
            "kind": opening.kind.value,
            "quota": opening.quota,
        },
        "program": {"code": program.code, "year": program.year, "kind": program.kind.value},
        "base": {
            "code": base.code,
            "province": base.province,
            "prefecture": base.prefecture,
            "type": None if base.type is None else base.type.value,
            "tier": None if base.tier is None else base.tier.value,
        },
    }
    return {
        root: {name: value for name, value in parts.items() if value is not None}
        for root, parts in found.items()
    }


def _condition(about: Roots, source: str) -> str:
    expression = _checked(source, about)
    if expression._reading.result.kind not in {"bool", "any"}:  # noqa: SLF001 - because it is the same module's
        raise problem(
            "CONFIG_BAD_EXPRESSION",
            "表达式的结果应为 true 或 false",
            "the expression must give true or false",
        )
    return source


def _amount(source: str) -> str:
    expression = _checked(source, Roots.PROFILE)
    if expression._reading.result.kind not in {"int", "double", "any"}:  # noqa: SLF001 - because it is the same module's
        raise problem(
            "CONFIG_BAD_EXPRESSION",
            "表达式的结果应为金额（数字）",
            "the expression must give an amount, a number",
        )
    return source


def _checked(source: str, about: Roots) -> Expression:
    try:
        return compile_expression(source, about)
    except ExpressionProblem as error:
        raise problem(
            "CONFIG_BAD_EXPRESSION", error.message.zh, error.message.en or error.message.zh
        ) from None


CandidateCondition = Annotated[str, AfterValidator(lambda text: _condition(Roots.CANDIDATE, text))]
"""A condition over ``candidate``, ``opening``, ``program``, ``base`` and ``today``."""

ProfileCondition = Annotated[str, AfterValidator(lambda text: _condition(Roots.PROFILE, text))]
"""A condition over ``profile``, ``opening``, ``program`` and ``base``."""

ProfileAmount = Annotated[str, AfterValidator(_amount)]
"""An amount over ``profile``, ``opening``, ``program`` and ``base``."""
