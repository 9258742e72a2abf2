"""Benefits: what a month of training pays or gives, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from zhupei.config.expressions import Missing, ProfileAmount, Roots, compile_expression
from zhupei.config.scalars import Amount, Flag, Whole, problem
from zhupei.config.texts import Label, Model
from zhupei.default_plugins.standard_kinds.benefit_lines import joined, line, yuan
from zhupei.default_plugins.standard_kinds.names import stem
from zhupei.default_plugins.standard_kinds.night_shifts import NightShiftParams, night_shift
from zhupei.default_plugins.standard_kinds.verdicts import LEVEL_NAMES, named
from zhupei.domain.benefits import AmountRange, SubsidyLine
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import DegreeLevel, Profile, TitleLevel
from zhupei.domain.questions import PayQuestion
from zhupei.domain.text import Text

__all__ = [
    "BENEFIT_KINDS",
    "ByDegreeParams",
    "ByTitleParams",
    "CostParams",
    "ExpressionAmountParams",
    "FiscalSubsidyParams",
    "InKindParams",
    "InsuranceParams",
    "MonthlyParams",
    "ShortageParams",
]

_NAUGHT = Decimal(0)
_Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


_GRANTS = {
    "".join(part if at == 0 else part.capitalize() for at, part in enumerate(name.split("_"))): name
    for name, field in Profile.__dataclass_fields__.items()
    if field.type == "bool | None"
}


def _grant(name: str) -> str:
    if name in _GRANTS:
        return name
    known = ", ".join(sorted(_GRANTS))
    raise problem(
        "CONFIG_UNKNOWN_FACT",
        f"没有名为 {name} 的是非事实（可用：{known}）",
        f"there is no yes-or-no fact {name} (known: {known})",
    )


class MonthlyParams(Model):
    """A fixed amount a month, if need be on condition of an appraisal."""

    amount: Amount | None = None
    """Yuan a month; null where no figure is published (say so in ``note``)."""
    granted_by: Annotated[str, AfterValidator(_grant)] | None = None
    """Fact of the profile that grants it, such as ``postAllowanceGranted`` (T56)."""


def _monthly(params: MonthlyParams, question: PayQuestion) -> list[SubsidyLine]:
    if params.amount is None:
        return line(question, None)
    if params.granted_by is None:
        return line(question, AmountRange.exactly(params.amount))
    granted = getattr(question.profile, _GRANTS[params.granted_by])
    if granted is None:
        unsure = AmountRange(_NAUGHT, None, params.amount)
        return line(question, unsure, missing=(params.granted_by,))
    return line(question, AmountRange.exactly(params.amount if granted else _NAUGHT))


class ByDegreeParams(Model):
    """An amount a month by the qualifying degree (R042, T27)."""

    amounts: Annotated[dict[DegreeLevel, Amount], Field(min_length=1)]
    """Yuan a month by level of the degree."""


def _by_degree(params: ByDegreeParams, question: PayQuestion) -> list[SubsidyLine]:
    level = question.qualifying_degree
    if level is None:
        return line(question, _between(params.amounts.values()), missing=("qualifyingDegree",))
    if level not in params.amounts:
        name = LEVEL_NAMES[level]
        return line(
            question,
            None,
            Text(f"未公布{name.zh}学历的标准", f"no figure is published for the {name.en} degree"),
        )
    return line(question, AmountRange.exactly(params.amounts[level]))


def _between(amounts: Iterable[Decimal]) -> AmountRange:
    known = sorted(amounts)
    return AmountRange(known[0], known[0] if known[0] == known[-1] else None, known[-1])


class ByTitleParams(Model):
    """An amount a month by professional title (R111)."""

    amounts: Annotated[dict[TitleLevel, Amount], Field(min_length=1)]
    """Yuan a month by title."""


def _by_title(params: ByTitleParams, question: PayQuestion) -> list[SubsidyLine]:
    title = question.profile.title
    if title is None:
        return line(question, _between(params.amounts.values()), missing=("title",))
    if title not in params.amounts:
        name = named(title)
        return line(
            question,
            None,
            Text(f"未公布{name.zh}的标准", f"no figure is published for this title ({name.en})"),
        )
    return line(question, AmountRange.exactly(params.amounts[title]))


class ShortageParams(Model):
    """An amount a month in shortage specialties (R050); the set is for money alone (T16)."""

    amount: Amount
    """Yuan a month."""
    specialties: tuple[_Name, ...] | None = None
    """Specialties by code or name; omitted: the opening's shortage set for subsidies."""


def _shortage(params: ShortageParams, question: PayQuestion) -> list[SubsidyLine]:
    opening = question.opening
    if params.specialties is None:
        listed = "subsidy" in opening.shortage_purposes
    else:
        names = {opening.specialty, stem(opening.specialty_name.zh)}
        if opening.specialty_name.en is not None:
            names.add(stem(opening.specialty_name.en))
        listed = not names.isdisjoint(
            one if one.isdigit() else stem(one) for one in params.specialties
        )
    return line(question, AmountRange.exactly(params.amount)) if listed else []


class InKindParams(Model):
    """Something given without money: lodging, a physical examination, a library."""

    months: Annotated[Whole, Field(gt=0)] | None = None
    """For how many months; null where none are stated (T30)."""
    times_per_year: Annotated[Whole, Field(gt=0)] | None = None
    """How often a year."""


def _in_kind(params: InKindParams, question: PayQuestion) -> list[SubsidyLine]:
    notes: list[Text] = []
    if params.months is not None:
        notes.append(Text(f"提供 {params.months} 个月", f"for {params.months} months"))
    if params.times_per_year is not None:
        notes.append(
            Text(f"每年 {params.times_per_year} 次", f"{params.times_per_year} times a year")
        )
    return line(question, None, joined(notes))


_SCHEMES = {
    "pension": Text("养老保险", "pension"),
    "medical": Text("医疗保险", "medical"),
    "maternity": Text("生育保险", "maternity"),
    "unemployment": Text("失业保险", "unemployment"),
    "work_injury": Text("工伤保险", "work injury"),
    "housing_fund": Text("住房公积金", "housing fund"),
}


class InsuranceParams(Model):
    """Social insurance and housing fund (R044, T45)."""

    schemes: Annotated[
        tuple[
            Literal[
                "pension", "medical", "maternity", "unemployment", "work_injury", "housing_fund"
            ],
            ...,
        ],
        Field(min_length=1),
    ]
    """Which schemes."""
    personal_part_by_trainee: Flag = True
    """The trainee bears the personal part."""


def _insurance(params: InsuranceParams, question: PayQuestion) -> list[SubsidyLine]:
    schemes = [_SCHEMES[one] for one in params.schemes]
    zh = "、".join(one.zh for one in schemes)
    en = ", ".join(str(one.en) for one in schemes)
    if params.personal_part_by_trainee:
        zh += "；个人部分由本人承担，未从金额中扣除"
        en += "; the personal part is borne by the trainee and not deducted here"
    return line(question, None, Text(zh, en))


class CostParams(Model):
    """A cost of training and who bears it; null where clauses contradict each other (T6)."""

    item: Label
    """What it is: transport, board, lodging, water and power."""


def _no_figure(_params: None, question: PayQuestion) -> list[SubsidyLine]:
    return line(question, None)


class FiscalSubsidyParams(Model):
    """The central fiscal subsidy a person and year; listed, never added to pay (R279)."""

    living: Amount
    """Yuan a year for living."""
    teaching: Amount
    """Yuan a year for teaching."""
    once_per_person: Flag = True
    """Granted once in a person's life (R284)."""


def _cost(params: CostParams, question: PayQuestion) -> list[SubsidyLine]:
    item = params.item.text()
    return line(question, None, None if item == question.benefit.label else item)


def _fiscal_subsidy(params: FiscalSubsidyParams, question: PayQuestion) -> list[SubsidyLine]:
    zh = (
        f"每人每年 {yuan(params.living + params.teaching)} 元："
        f"生活补助 {yuan(params.living)} 元，带教补助 {yuan(params.teaching)} 元；"
        "由培训基地统筹使用，不另计入本人收入"
    )
    en = (
        f"{yuan(params.living + params.teaching)} yuan a person and year: "
        f"{yuan(params.living)} for living, {yuan(params.teaching)} for teaching; "
        "paid to the base and not added to the pay"
    )
    if params.once_per_person:
        zh += "；每人只享受一次"
        en += "; once per person"
    return line(question, None, Text(zh, en))


class ExpressionAmountParams(Model):
    """An amount a month in the Common Expression Language."""

    amount: ProfileAmount
    """Yuan a month over ``profile``, ``opening``, ``program`` and ``base``."""


def _expression(params: ExpressionAmountParams, question: PayQuestion) -> list[SubsidyLine]:
    answer = compile_expression(params.amount, Roots.PROFILE).ask_profile(question)
    if isinstance(answer, Missing):
        return line(question, AmountRange(_NAUGHT, None, None), missing=answer.facts)
    if isinstance(answer, Text):
        return line(question, None, answer)
    try:
        amount = Decimal(str(answer)).quantize(Decimal("0.01"))
    except InvalidOperation:
        amount = Decimal(-1)
    if amount < 0:
        return line(
            question,
            None,
            Text(f"表达式的结果 {answer} 不是金额", f"the expression gives {answer}, no amount"),
        )
    whole = amount.to_integral_value()
    return line(question, AmountRange.exactly(whole if whole == amount else amount))


def _kind(
    name: str,
    label: Text,
    description: Text,
    params: type[Model] | None,
    decide: Callable[..., list[SubsidyLine]],
) -> Kind:
    return Kind(
        group=KindGroup.BENEFIT,
        name=name,
        label=label,
        description=description,
        params=params,
        decide=decide,
    )


BENEFIT_KINDS = (
    _kind(
        "monthly",
        Text("按月发放", "Monthly"),
        Text(
            "每月固定金额；可取决于考核结果。",
            "A fixed amount a month, if need be on condition of an appraisal.",
        ),
        MonthlyParams,
        _monthly,
    ),
    _kind(
        "by_degree",
        Text("按学历发放", "By degree"),
        Text(
            "按符合报考条件的最高学历每月发放。",
            "An amount a month by the degree that qualified for admission.",
        ),
        ByDegreeParams,
        _by_degree,
    ),
    _kind(
        "by_title",
        Text("按职称发放", "By title"),
        Text("按职称每月发放。", "An amount a month by professional title."),
        ByTitleParams,
        _by_title,
    ),
    _kind(
        "shortage",
        Text("紧缺专业补助", "Shortage subsidy"),
        Text("紧缺专业每月补助。", "An amount a month in shortage specialties."),
        ShortageParams,
        _shortage,
    ),
    _kind(
        "night_shift",
        Text("夜班津贴", "Night shifts"),
        Text(
            "按次计发，跨 24:00 且连续若干小时方为夜班；按次数或起止时间计算。",
            "Paid by the shift, by count or by time stamps; a night shift crosses 24:00 and "
            "lasts so many hours.",
        ),
        NightShiftParams,
        night_shift,
    ),
    _kind(
        "unquantified",
        Text("未公布金额", "Without a figure"),
        Text(
            "未公布金额的收入，如绩效；列出而不计入合计。",
            "Pay without a published figure; listed, and not counted.",
        ),
        None,
        _no_figure,
    ),
    _kind(
        "in_kind",
        Text("非现金待遇", "In kind"),
        Text("住宿、体检、图书等。", "Lodging, physical examinations, library and the like."),
        InKindParams,
        _in_kind,
    ),
    _kind(
        "insurance",
        Text("社会保险和公积金", "Insurance"),
        Text("代办的社会保险和住房公积金。", "Social insurance and the housing fund."),
        InsuranceParams,
        _insurance,
    ),
    _kind(
        "cost",
        Text("费用", "Cost"),
        Text("培训期间的费用及承担方。", "A cost of training and who bears it."),
        CostParams,
        _cost,
    ),
    _kind(
        "fiscal_subsidy",
        Text("中央财政补助", "Fiscal subsidy"),
        Text(
            "拨付给培训基地的财政补助；列出而不计入本人收入。",
            "The fiscal subsidy to the base; listed, never added to the pay.",
        ),
        FiscalSubsidyParams,
        _fiscal_subsidy,
    ),
    _kind(
        "expression",
        Text("表达式", "Expression"),
        Text(
            "以通用表达式语言（CEL）书写的每月金额。",
            "An amount a month in the Common Expression Language.",
        ),
        ExpressionAmountParams,
        _expression,
    ),
)
