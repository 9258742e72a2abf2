"""Benefits: what one person is paid and given in one opening, line by line, and the pay floor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from zhupei.config.expressions import ExpressionProblem, Missing, Roots, compile_expression
from zhupei.domain.benefits import (
    AmountRange,
    Benefit,
    BenefitEstimate,
    PayFloor,
    Subsidy,
    SubsidyLine,
    pay_floor,
    total,
)
from zhupei.domain.facts import list_facts
from zhupei.domain.institutions import Base
from zhupei.domain.kinds import KindGroup
from zhupei.domain.people import Candidate, DegreeLevel, Profile, TraineeType
from zhupei.domain.questions import PayQuestion
from zhupei.domain.text import Text
from zhupei.domain.trainees import Month, Trainee
from zhupei.domain.training import Opening, Policy, Program, ProgramKind
from zhupei.domain.training_length import training_length
from zhupei.errors import PluginError
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.hook_errors import KindUnknownError
from zhupei.services.requirements import answer_requirements, qualifying_degree
from zhupei.services.rulebook import Rulebook

__all__ = ["estimate", "qualifying_degree_for"]

_HOOK = "calculate_subsidy"
_SEPTEMBER = 9  # S4:360, where the program's policy names no other month
_LONGEST_FLOOR = 3  # R283 has shares for three training years


async def estimate(
    catalogue: Rulebook,
    dispatcher: Dispatcher,
    opening_code: str,
    profile: Profile,
    *,
    months: int | None = None,
    trainee: Trainee | None = None,
    month: Month | None = None,
) -> BenefitEstimate:
    """Estimate what a person gets: lines, totals, and the pay floor of each training year.

    Lines are the opening's benefits, then the subsidies that plugins gave when the catalogue was
    built, then what plugins calculate for this person; the later replaces the earlier of the
    same id. ``months`` is the length of the whole, by default that of the training. Plugins are
    asked about ``trainee`` in ``month`` where these are given, else about somebody who begins.

    Raises:
        KeyError: there is no such opening.
        ValueError: ``months`` is below 1.

    """
    opening = catalogue.openings[opening_code]
    program, base = catalogue.program_of(opening), catalogue.bases[opening.base]
    if months is None:
        months = opening.duration_months or program.duration_months or 12
    if months < 1:
        raise ValueError(f"an estimate is for at least one month, not {months}")
    notes: list[Text] = []
    degree = await _qualifying(dispatcher, opening, program, base, profile, notes)
    question = _Question(dispatcher, opening, program, base, profile, degree)
    notes.extend(_shorter(program, profile, degree, months))
    lines: dict[str, SubsidyLine] = {}
    for benefit in opening.benefits:
        lines.update({line.id: line for line in await question.lines(benefit, notes)})
    for subsidy in catalogue.subsidies.get((base.code, program.year), ()):
        lines[subsidy.id] = _subsidy_line(subsidy)
    for line in await _calculated(catalogue, dispatcher, question, notes, trainee, month):
        lines[line.id] = line
    found = tuple(lines.values())
    yearly = total(found, months=12)
    return BenefitEstimate(
        opening=opening.code,
        months=months,
        qualifying_degree=degree,
        lines=found,
        monthly=total(found),
        yearly=yearly,
        whole=total(found, months=months),
        floors=_floors(catalogue, question, found, yearly, months),
        notes=tuple(notes),
        catalogue_hash=catalogue.hash,
    )


async def qualifying_degree_for(
    dispatcher: Dispatcher, opening: Opening, program: Program, base: Base, profile: Profile
) -> DegreeLevel | None:
    """Return the degree that satisfies the opening's own rules (T27), None where none is known."""
    return await _qualifying(dispatcher, opening, program, base, profile, [])


async def _qualifying(
    dispatcher: Dispatcher,
    opening: Opening,
    program: Program,
    base: Base,
    profile: Profile,
    notes: list[Text],
) -> DegreeLevel | None:
    """T27: the degree that satisfies the opening's own rules, not the highest one."""
    if profile.qualifying_degree is not None or not profile.degrees:
        return profile.qualifying_degree
    candidate = Candidate(degrees=profile.degrees, trainee_type=profile.trainee_type)
    # The day after which certificates must be held is no matter of pay: ask as of the cycle.
    answers = await answer_requirements(
        dispatcher, candidate, date(program.year, 1, 1), opening, program, base
    )
    deciding = [answered for answered in answers if answered.decides_degree]
    degree = qualifying_degree(deciding)
    if degree is not None:
        return degree
    if not deciding:
        degree = max((one.level for one in profile.degrees), key=lambda level: level.rank)
        notes.append(
            Text(
                "招收条件未限定学历专业，按最高学历估算",
                "no rule of the opening decides on degrees, so the highest one is taken",
            )
        )
        return degree
    whys = [
        answered.finding.message
        for answered in deciding
        if answered.degree is None and answered.finding.counts
    ]
    notes.append(
        Text(
            "所给学历中未能确定符合报考条件的学历：" + "；".join(why.zh for why in whys),
            "none of the degrees given is known to qualify: "
            + "; ".join(why.en or why.zh for why in whys),
        )
    )
    return None


def _shorter(
    program: Program, profile: Profile, degree: DegreeLevel | None, months: int
) -> Iterable[Text]:
    """T29, T30: say how far the training may be shortened, as all totals depend on it."""
    types = {one.type for one in profile.degrees if one.level is degree}
    length = training_length(program.policies, degree, types.pop() if len(types) == 1 else None)
    if length.least is None or not length.reduction or months <= length.least:
        return
    assessed = "经考核" if length.needs_assessment else ""
    yield Text(
        f"{assessed}可减免培训年限，最短 {length.least} 个月；合计按 {months} 个月估算",
        f"the training may be shortened to {length.least} months"
        + (" after an assessment" if length.needs_assessment else "")
        + f"; the total is for {months} months",
    )


class _Question:
    """One person in one opening, asked benefit by benefit."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        opening: Opening,
        program: Program,
        base: Base,
        profile: Profile,
        degree: DegreeLevel | None,
    ) -> None:
        self._dispatcher = dispatcher
        self.opening, self.program, self.base = opening, program, base
        self.profile = replace(profile, qualifying_degree=degree)
        self._degree = degree

    async def lines(self, benefit: Benefit, notes: list[Text]) -> list[SubsidyLine]:
        """Return the lines of one benefit; none where it does not concern the person."""
        question = PayQuestion(
            profile=self.profile,
            opening=self.opening,
            program=self.program,
            base=self.base,
            benefit=benefit,
            qualifying_degree=self._degree,
        )
        concerns = _concerns(benefit, question)
        if concerns is False:
            return []
        try:
            lines: list[SubsidyLine] = await self._dispatcher.decide(
                KindGroup.BENEFIT, benefit.kind, benefit.params, question
            )
        except PluginError as error:
            why = _plugin_failed(error.plugin, error.reason)
            notes.append(why)
            return [_without_figure(benefit, why, error.plugin)]
        except KindUnknownError:
            why = Text(
                f"没有可计算“{benefit.kind}”的待遇类型",
                f'no kind of benefit computes "{benefit.kind}"',
            )
            notes.append(why)
            return [_without_figure(benefit, why, benefit.owner)]
        if isinstance(concerns, Missing):
            return [_unsure(line, concerns.facts) for line in lines]
        if isinstance(concerns, Text):
            notes.append(concerns)
            return [_without_figure(benefit, concerns, benefit.owner)]
        return lines


def _concerns(benefit: Benefit, question: PayQuestion) -> bool | Missing | Text:
    if benefit.when is None:
        return True
    try:
        answer = compile_expression(benefit.when, Roots.PROFILE).ask_profile(question)
    except ExpressionProblem as problem:
        return problem.message
    if isinstance(answer, bool | Missing | Text):
        return answer
    return Text(
        f"适用条件的结果 {answer!r} 不是是非值",
        f"the condition gives {answer!r}, neither true nor false",
    )


def _unsure(line: SubsidyLine, facts: tuple[str, ...]) -> SubsidyLine:
    """A line that may not concern the person: from nothing up to its figure."""
    amount = line.amount
    if amount is not None:
        amount = AmountRange(Decimal(0), None, amount.maximum)
    missing = tuple(dict.fromkeys((*facts, *line.missing_facts)))
    return replace(line, amount=amount, missing_facts=missing)


def _without_figure(benefit: Benefit, why: Text, plugin: str | None) -> SubsidyLine:
    return SubsidyLine(
        id=benefit.id,
        kind=benefit.kind,
        label=benefit.label,
        payer=benefit.payer,
        funding_source=benefit.funding_source,
        amount=None,
        condition=benefit.condition,
        note=why,
        source=benefit.source,
        level=benefit.level,
        plugin=plugin,
    )


def _subsidy_line(subsidy: Subsidy) -> SubsidyLine:
    return SubsidyLine(
        id=subsidy.id,
        kind="subsidy",
        label=subsidy.label,
        payer=subsidy.payer,
        funding_source=subsidy.funding_source,
        amount=None if subsidy.amount is None else AmountRange.exactly(subsidy.amount),
        condition=subsidy.condition,
        note=subsidy.note,
        source=subsidy.source,
    )


async def _calculated(
    catalogue: Rulebook,
    dispatcher: Dispatcher,
    question: _Question,
    notes: list[Text],
    trainee: Trainee | None,
    asked: Month | None,
) -> list[SubsidyLine]:
    """Ask plugins what they calculate for a month of the training year that is meant."""
    opening, program = question.opening, question.program
    start = _policy(program, "start_month")
    month = start.value if start is not None and isinstance(start.value, int) else _SEPTEMBER
    year = program.year + (question.profile.training_year or 1) - 1
    trainee = trainee or Trainee(
        id="estimate",
        base=opening.base,
        program=opening.program,
        opening=opening.code,
        specialty=opening.specialty,
        profile=question.profile,
        started_on=date(program.year, month, 1),
    )
    result = await dispatcher.ask(
        _HOOK,
        catalogue.scope_of(opening.base),
        configs=catalogue.configs_of(opening.base),
        base=question.base,
        trainee=trainee,
        month=asked or Month(year, month),
    )
    notes.extend(_plugin_failed(failure.plugin, failure.reason) for failure in result.failures)
    return [
        replace(merged.item, plugin=merged.plugin, level=merged.level) for merged in result.merged
    ]


def _plugin_failed(plugin: str, reason: Text) -> Text:
    return Text(
        f"插件 {plugin} 未能计算：{reason.zh}；合计可能不全",
        f"plugin {plugin} could not calculate: {reason.en}; totals may lack a part",
    )


def _policy(program: Program, key: str) -> Policy | None:
    return next((policy for policy in program.policies if policy.key == key), None)


def _floors(
    catalogue: Rulebook,
    question: _Question,
    lines: Iterable[SubsidyLine],
    yearly: AmountRange,
    months: int,
) -> tuple[PayFloor, ...]:
    """R283: compare a year's pay with the wage of the year before, for each training year."""
    program = question.program
    if program.kind is not ProgramKind.RESIDENCY:
        return ()
    lines = tuple(lines)
    year = question.profile.training_year
    years = range(1, min(math.ceil(months / 12), _LONGEST_FLOOR) + 1) if year is None else (year,)
    policies = {one: _policy(program, f"pay_floor_year_{one}") for one in years}
    shares = {
        one: policy.value
        for one, policy in policies.items()
        if policy is not None and isinstance(policy.value, Decimal)
    }
    missing = tuple(
        dict.fromkeys(fact for line in lines if line.amount for fact in line.missing_facts)
    )
    found: list[PayFloor] = []
    for one, policy in policies.items():
        wage_year = program.year + one - 2
        wage = catalogue.wage(question.base.code, wage_year)
        elsewhere = _paid_elsewhere(question.profile, lines)
        if one not in shares:
            reason: Text | None = Text(
                f"第 {one} 年没有规定比例", f"no share is set for training year {one}"
            )
        elif wage is None:
            reason = Text(
                f"所在地区 {wage_year} 年城镇在岗职工平均工资未配置",
                f"the region's average wage of {wage_year} is not configured",
            )
        else:
            reason = elsewhere or _beside(missing, lines)
        found.append(
            pay_floor(
                training_year=one,
                shares=shares,
                wage=wage,
                yearly_pay=yearly.minimum if yearly.expected is None else yearly.expected,
                at_most=None if elsewhere is not None else yearly.maximum,
                undecided=bool(missing) or elsewhere is not None,
                reason=reason,
                source=None if policy is None else policy.source,
            )
        )
    return tuple(found)


def _paid_elsewhere(profile: Profile, lines: Iterable[SubsidyLine]) -> Text | None:
    """R045, R281: whom an employer pays, of the employer's pay no figure is published."""
    if profile.trainee_type not in {None, TraineeType.SOCIAL}:
        return Text(
            "工资由所在单位按其规定发放，金额未公布",
            "the own employer pays by its own rules, and the figures are not published",
        )
    if all(line.amount is None for line in lines):
        return Text("未公布任何待遇金额", "no figure of the pay is published")
    return None


def _beside(missing: tuple[str, ...], lines: Iterable[SubsidyLine]) -> Text | None:
    """Say what the comparison could not count."""
    names = list_facts(missing)
    open_lines = [line.label for line in lines if line.amount is None and line.kind in _PAY_KINDS]
    zh, en = [], []
    if missing:
        zh.append(f"尚未提供：{names.zh}")
        en.append(f"not given: {names.en}")
    if open_lines:
        zh.append("未计入未公布金额的" + "、".join(label.zh for label in open_lines))
        en.append(
            "without a published figure and not counted: "
            + ", ".join(label.en or label.zh for label in open_lines)
        )
    return Text("；".join(zh), "; ".join(en)) if zh else None


# Benefits that are money; lodging, insurance and the like never count towards the floor.
_PAY_KINDS = frozenset(
    {"monthly", "unquantified", "by_degree", "by_title", "expression", "subsidy"}
)
