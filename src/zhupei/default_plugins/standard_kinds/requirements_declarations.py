"""Requirements that are declared, looked up, judged by a person, or written as expressions."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

from pydantic import AfterValidator

from zhupei.config.expressions import CandidateCondition, Missing, Roots, compile_expression
from zhupei.config.scalars import Flag, problem
from zhupei.config.texts import Label, Model
from zhupei.default_plugins.standard_kinds.verdicts import failed, in_review, passed, unknown
from zhupei.domain.eligibility import Verdict, reads
from zhupei.domain.facts import fact_label
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import Candidate, SendingUnit
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text

__all__ = ["DECLARATION_KINDS", "ExpressionParams", "FactParams", "ReviewParams"]


def _boolean_facts() -> dict[str, tuple[str, ...]]:
    """Return the attributes that lead to each yes-or-no fact of a candidate or its sender."""
    owners: tuple[tuple[tuple[str, ...], type], ...] = (
        ((), Candidate),
        (("sending_unit",), SendingUnit),
    )
    return {
        ".".join(_camel(part) for part in (*before, one.name)): (*before, one.name)
        for before, owner in owners
        for one in fields(owner)
        if one.type == "bool | None"
    }


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_BOOLEAN_FACTS = _boolean_facts()


def _boolean_fact(name: str) -> str:
    if name in _BOOLEAN_FACTS:
        return name
    known = ", ".join(sorted(_BOOLEAN_FACTS))
    raise problem(
        "CONFIG_UNKNOWN_FACT",
        f"没有名为 {name} 的是非事实（可用：{known}）",
        f"there is no yes-or-no fact {name} (known: {known})",
    )


class FactParams(Model):
    """One yes-or-no fact of the candidate: a declaration, a result, a state."""

    fact: Annotated[str, AfterValidator(_boolean_fact)]
    """Name of the fact, such as ``lawAbiding`` or ``sendingUnit.namesMatch``."""
    expected: Flag = True
    """What it must be."""
    message: Label | None = None
    """What to tell whom it refuses."""


@reads()
def _fact(params: FactParams, question: EligibilityQuestion) -> Verdict:
    value: Any = question.candidate
    for part in _BOOLEAN_FACTS[params.fact]:
        value = None if value is None else getattr(value, part)
    if value is None:
        return unknown(params.fact)
    label = fact_label(params.fact)
    zh, en = ("是", "yes") if value else ("否", "no")
    if value == params.expected:
        return passed(f"{label.zh}：{zh}", f"{label.en}: {en}")
    if params.message is not None:
        return failed(params.message.zh, params.message.en)
    return failed(f"{label.zh}：{zh}，不符合要求", f"{label.en}: {en}, which is not accepted")


@reads()
def _not_banned(_params: None, question: EligibilityQuestion) -> Verdict:
    candidate, today = question.candidate, question.today
    until = candidate.banned_until
    if until is not None and until >= today:
        return failed(f"在禁止报名期内（至 {until}）", f"barred from applying until {until}")
    if until is not None:
        return passed(f"禁止报名期已于 {until} 届满", f"the ban ended on {until}")
    if candidate.ban_checked:
        return passed("经核查无禁止报名记录", "the ban registry holds no entry")
    return unknown("bannedUntil")


class ReviewParams(Model):
    """A condition that only a person can judge."""

    message: Label | None = None
    """What the person judges."""


@reads()
def _review(params: ReviewParams, question: EligibilityQuestion) -> Verdict:
    if params.message is not None:
        return in_review(params.message.zh, params.message.en)
    label = question.requirement.label
    return in_review(f"由招收单位审核：{label.zh}", f"judged by the host: {label.en or label.zh}")


class ExpressionParams(Model):
    """A condition in the Common Expression Language, where no kind says it."""

    expression: CandidateCondition
    """True accepts, false refuses; a missing fact is UNKNOWN. See docs on expressions."""
    pass_message: Label | None = None
    """What to tell whom it accepts."""
    fail_message: Label | None = None
    """What to tell whom it refuses."""


def _expression_reads(params: ExpressionParams) -> tuple[str, ...]:
    return compile_expression(params.expression, Roots.CANDIDATE).parts


@reads(_expression_reads)
def _expression(params: ExpressionParams, question: EligibilityQuestion) -> Verdict:
    condition = compile_expression(params.expression, Roots.CANDIDATE)
    answer = condition.ask_candidate(question)
    if isinstance(answer, Missing):
        return unknown(*answer.facts)
    if isinstance(answer, Text):
        return unknown(zh=answer.zh, en=answer.en)
    if answer:
        message = params.pass_message
        return (
            passed("符合条件", "the condition holds")
            if message is None
            else passed(message.zh, message.en)
        )
    message = params.fail_message
    if message is not None:
        return failed(message.zh, message.en)
    label = question.requirement.label
    return failed(f"不符合：{label.zh}", f"the condition does not hold: {label.en or label.zh}")


DECLARATION_KINDS = (
    Kind(
        group=KindGroup.REQUIREMENT,
        name="fact",
        label=Text("声明或结果", "Declaration or result"),
        description=Text(
            "考生的一项是非事实须为某值，如遵纪守法声明、体检结果。",
            "One yes-or-no fact of the candidate, such as a declaration or a result.",
        ),
        params=FactParams,
        decide=_fact,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="not_banned",
        label=Text("不在禁止报名期内", "Not barred"),
        description=Text(
            "不得处于禁止报名期内；通常由登记系统核查（deferred: registry）。",
            "Not barred from applying; usually looked up later (deferred: registry).",
        ),
        decide=_not_banned,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="review",
        label=Text("人工审核", "Review"),
        description=Text("只能由人判断的条件。", "A condition that only a person can judge."),
        params=ReviewParams,
        decide=_review,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="expression",
        label=Text("表达式", "Expression"),
        description=Text(
            "以通用表达式语言（CEL）书写的条件；缺少事实时结果为未知。",
            "A condition in the Common Expression Language; a missing fact is UNKNOWN.",
        ),
        params=ExpressionParams,
        decide=_expression,
    ),
)
