"""The figures of benefits and policies as a reader of a brochure meets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

from zhupei.config.entries import (
    AssessmentEntry,
    BenefitEntry,
    DocumentEntry,
    Entry,
    RequirementEntry,
    StepEntry,
)
from zhupei.domain.benefits import Benefit, Period
from zhupei.domain.people import TraineeType
from zhupei.domain.training import Policy
from zhupei.services.papers.paper import Lines, Statement
from zhupei.services.papers.wording import TERMS, TRAINEE_TYPES, not_published, yuan

__all__ = ["benefit_figures", "own_parameters", "policy_value", "trainee_types_in"]

_MONTHLY = frozenset({"monthly", "by_degree", "by_title", "shortage", "expression"})
"""The core's kinds whose amount is yuan a month by their definition."""

_TYPE = re.compile(r"traineeType\s*(?:==\s*(\"\w+\"|'\w+')|in\s*\[([^\]]*)\])")
_WORD = re.compile(r"\w+")


def own_parameters(params: Any) -> dict[str, Any]:
    """Return the parameters that an entry's kind added, by name; common keys are left out."""
    if params is None:
        return {}
    model: Any = type(params)
    common = {name for one in model.__mro__ if one in _ENTRIES for name in one.model_fields}
    return {name: getattr(params, name) for name in model.model_fields if name not in common}


# What entries of every kind have in common stands in the domain's objects already.
_ENTRIES = frozenset(
    {Entry, AssessmentEntry, BenefitEntry, DocumentEntry, RequirementEntry, StepEntry}
)


def trainee_types_in(expression: str | None) -> tuple[TraineeType, ...]:
    """Return the trainee types that a condition (``when``) names as its own, in their order."""
    if expression is None:
        return ()
    named = {
        word
        for found in _TYPE.finditer(expression)
        for word in _WORD.findall(found[1] or found[2] or "")
    }
    return tuple(each for each in TraineeType if each.value in named)


def benefit_figures(benefit: Benefit) -> Lines:
    """Return the amounts and limits of a benefit, each a statement with the benefit's clause.

    A benefit of money whose figure is not published says so with the reason in its note. One in
    kind without a figure has none to print: its words are its description.
    """
    cited = () if benefit.source is None else (benefit.source,)
    texts = [
        text
        for name, value in own_parameters(benefit.params).items()
        for text in _figure(name, value, benefit)
    ]
    if texts:
        return tuple(Statement(text, cited) for text in texts)
    if benefit.kind in {"in_kind", "cost", "insurance"}:
        return ()
    return (not_published(benefit.note or benefit.description or "文件未给出金额", *cited),)


def policy_value(policy: Policy) -> Lines:
    """Return the value of a policy with its unit and note, 未公布 with the note where unknown."""
    if policy.value is None:
        return (not_published(policy.note, policy.source),)
    cited = () if policy.source is None else (policy.source,)
    if isinstance(policy.value, bool):
        text = "是" if policy.value else "否"
    elif isinstance(policy.value, Decimal):
        text = f"{yuan(policy.value * 100)}%"
    else:
        text = f"{_POLICY_WORDS.get(str(policy.value), policy.value)}{_unit(policy)}"
    if policy.note is not None:
        text += f"（{policy.note.zh}）"
    return (Statement(text, cited),)


_POLICY_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "no_growth": "不得扩大非紧缺专业招收规模",
        "proportional_cut": "按比例削减非紧缺专业计划",
        "calendar_days": "自然日",
        "working_days": "工作日",
        "application_deadline": "报名截止日",
    }
)
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "batches": "批",
        "days": "日",
        "invitations": "个",
        "mentors": "名",
        "month": "月",
        "months": "个月",
        "preferences": "个",
        "re-sits": "次",
        "sites": "家",
        "specialty bases": "个",
        "units": "家",
        "working days": "个工作日",
        "years": "年",
    }
)


def _unit(policy: Policy) -> str:
    if policy.key == "age_limit":
        return "周岁"
    return "" if policy.unit is None else _UNITS.get(policy.unit, policy.unit)


def _per(benefit: Benefit) -> str:
    period = benefit.period or (Period.MONTH if benefit.kind in _MONTHLY else None)
    return "元" if period is None else f"元/{TERMS[period.value]}"


def _amount(value: Any, benefit: Benefit) -> Iterable[str]:
    if isinstance(value, Decimal):
        yield f"{yuan(value)}{_per(benefit)}"
    else:
        yield f"按公式计算：{value}"


def _amounts(value: Any, benefit: Benefit) -> Iterable[str]:
    for key, amount in value.items():
        yield f"{_term(key)}：{yuan(amount)}{_per(benefit)}"


def _labelled(label: str, unit: str) -> Callable[[Any, Benefit], Iterable[str]]:
    return lambda value, _benefit: (f"{label}{_number(value)}{unit}",)


def _when(text: str) -> Callable[[Any, Benefit], Iterable[str]]:
    return lambda value, _benefit: (text,) if value else ()


def _listed(label: str) -> Callable[[Any, Benefit], Iterable[str]]:
    return lambda value, _benefit: (f"{label}{'、'.join(_term(each) for each in value)}",)


def _item(value: Any, benefit: Benefit) -> Iterable[str]:
    return () if value.zh == benefit.label.zh else (value.zh,)


_FORMATS: Mapping[str, Callable[[Any, Benefit], Iterable[str]]] = MappingProxyType(
    {
        "amount": _amount,
        "amounts": _amounts,
        "follower": _labelled("跟值：", "元/次"),
        "granted_by": lambda _value, _benefit: (),  # the condition says it in words
        "independent": _labelled("独立值班：", "元/次"),
        "item": _item,
        "least_hours": _labelled("每次连续不少于", "小时"),
        "living": _labelled("生活补助：", "元/年"),
        "months": _labelled("时长：", "个月"),
        "once_per_person": _when("每人只享受一次"),
        "personal_part_by_trainee": _when("个人缴纳部分由本人承担"),
        "schemes": _listed(""),
        "specialties": _listed("适用专业："),
        "teaching": _labelled("带教补助：", "元/年"),
        "times_per_year": _labelled("每年", "次"),
    }
)


def _figure(name: str, value: Any, benefit: Benefit) -> Iterable[str]:
    if value is None or value in ((), {}):
        return ()
    form = _FORMATS.get(name)
    if form is not None:
        return form(value, benefit)
    # A plugin's own parameter: its words are its plugin's, the figure must not be lost.
    if isinstance(value, Mapping):
        return (f"{name}：" + "；".join(f"{_term(k)} {_number(v)}" for k, v in value.items()),)
    return (f"{name}：{_number(value)}",)


def _number(value: Any) -> str:
    return yuan(value) if isinstance(value, Decimal) else _term(value)


def _term(value: Any) -> str:
    if isinstance(value, TraineeType):
        return TRAINEE_TYPES[value].zh
    word = str(value.value if isinstance(value, Enum) else value)
    return TERMS.get(word, word)
