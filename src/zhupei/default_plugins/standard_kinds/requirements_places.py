"""Requirements on where a candidate is from, studied, and is sent from."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from zhupei.config.scalars import Code, Flag, problem
from zhupei.config.texts import Label, Model
from zhupei.default_plugins.standard_kinds.names import normal
from zhupei.default_plugins.standard_kinds.verdicts import (
    failed,
    in_review,
    named,
    passed,
    refused,
    unknown,
)
from zhupei.domain.eligibility import FindingOutcome, Verdict, reads
from zhupei.domain.institutions import Affiliation
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import Candidate, Degree, DegreeLevel, OriginRegion, SendingUnit
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text

__all__ = ["PLACE_KINDS", "OriginParams", "SendingUnitParams"]


class OriginParams(Model):
    """Where candidates may be from (R116)."""

    allowed: Annotated[tuple[OriginRegion, ...], Field(min_length=1)]
    """Accepted origins."""
    message: Label | None = None
    """What to tell the others."""


@reads()
def _origin(params: OriginParams, question: EligibilityQuestion) -> Verdict:
    origin = question.candidate.origin
    if origin is None:
        return unknown("origin")
    given, allowed = named(origin), named(*params.allowed)
    if origin in params.allowed:
        return passed(f"生源地：{given.zh}", f"origin: {given.en}")
    if params.message is not None:
        return failed(params.message.zh, params.message.en)
    return failed(
        f"生源地为{given.zh}，招收范围为{allowed.zh}",
        f"the origin is {given.en}; accepted: {allowed.en}",
    )


@reads("base.affiliations", "base.name")
def _affiliated_hospital(_params: None, question: EligibilityQuestion) -> Verdict:
    """R028-R030, T20: without a licence, only a hospital affiliated to the own school."""
    candidate = question.candidate
    verdict = _not_concerned(candidate) or _not_resident(candidate)
    if verdict is not None:
        return verdict
    degrees = [one for one in candidate.degrees if one.level.rank >= DegreeLevel.BACHELOR.rank]
    if not degrees:
        return (
            failed("没有本科及以上学历", "there is no bachelor's or higher degree")
            if candidate.degrees
            else unknown("degrees")
        )
    verdicts = [_school_verdict(degree, question) for degree in degrees]
    # The best degree counts: one that passes, then one that could.
    return min(verdicts, key=lambda one: _BEST_FIRST.index(one.outcome))


_BEST_FIRST = (
    FindingOutcome.PASS,
    FindingOutcome.UNKNOWN,
    FindingOutcome.REVIEW,
    FindingOutcome.FAIL,
)


def _not_concerned(candidate: Candidate) -> Verdict | None:
    if candidate.origin is None:
        return unknown("origin")
    if candidate.origin is OriginRegion.MAINLAND:
        return passed("内地考生，不受此限", "from mainland China: this does not concern you")
    if candidate.licensed is None:
        return unknown("licensed")
    if candidate.licensed:
        return passed(
            "已取得医师资格证书，可报考任一符合条件的基地",
            "licensed as a physician, so any base may be applied to",
        )
    return None


def _not_resident(candidate: Candidate) -> Verdict | None:
    if candidate.origin not in {OriginRegion.HONG_KONG, OriginRegion.MACAU}:
        return None
    if candidate.permanent_resident is None:
        return unknown("permanentResident")
    if candidate.permanent_resident:
        return None
    name = named(candidate.origin)
    return failed(
        f"未取得医师资格证书，且不是{name.zh}永久性居民",
        f"neither licensed nor a permanent resident of {name.en}",
    )


def _school_verdict(degree: Degree, question: EligibilityQuestion) -> Verdict:
    if degree.mainland is False:
        return failed(
            "未取得医师资格证书，且学历不是内地院校授予，不得报考",
            "not licensed, and the degree is not of a mainland school",
        )
    if degree.school is None:
        return unknown("degrees.school")
    base = question.base
    hospital = Text(base.name.zh, base.name.en or base.name.zh)
    if not base.affiliations:
        return in_review(
            f"须报考毕业院校（{degree.school}）的附属医院；{hospital.zh}的附属关系未公布，"
            "需人工审核",
            f"only hospitals affiliated to {degree.school} may be applied to; the affiliations "
            f"of {hospital.en} are not published, so a person decides",
        )
    affiliation = next((one for one in base.affiliations if _is_school(one, degree.school)), None)
    if affiliation is None:
        return failed(
            f"未取得医师资格证书，须报考毕业院校附属医院；{hospital.zh}不是{degree.school}的"
            "附属医院",
            "not licensed, so only a hospital affiliated to the own school may be applied to; "
            f"{hospital.en} is not affiliated to {degree.school}",
        )
    school = Text(affiliation.school.zh, affiliation.school.en or affiliation.school.zh)
    if not affiliation.mainland_school:
        return failed(
            f"{school.zh}不是内地院校，其学历不属于内地医学专业学历",
            f"{school.en} is not a mainland school, so its degree is not a mainland degree",
        )
    foreign = question.candidate.origin is OriginRegion.FOREIGN
    return (_not_recognised(degree) if foreign else None) or passed(
        f"报考基地为毕业院校{school.zh}的附属医院",
        f"the base is affiliated to the own school, {school.en}",
    )


def _not_recognised(degree: Degree) -> Verdict | None:
    """R030: a foreigner's degree must be recognised by the state and full-time."""
    if degree.recognised is False:
        return failed(
            "学历未获中国政府教育行政部门认可",
            "the Chinese education authorities do not recognise the degree",
        )
    if degree.full_time is False:
        return failed("学历不是全日制普通教育", "the degree is not full-time")
    missing = [
        fact
        for fact, value in (
            ("degrees.recognised", degree.recognised),
            ("degrees.fullTime", degree.full_time),
        )
        if value is None
    ]
    return unknown(*missing) if missing else None


def _is_school(affiliation: Affiliation, school: str) -> bool:
    names = (affiliation.school.zh, affiliation.school.en or "", *affiliation.school_aliases)
    return normal(school) in {normal(name) for name in names if name}


class SendingUnitParams(Model):
    """What must hold of the unit that sends a person (R097, R123)."""

    recommends: Flag = False
    """The unit recommends or dispatches the person; individuals do not apply."""
    province: Code | None = None
    """The province in which it must be, by GB/T 2260."""
    names_match: Flag = False
    """Practice place, unit name and seal must be the same."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.recommends or self.province or self.names_match):
            raise problem(
                "CONFIG_EMPTY_RULE",
                "应给出 recommends、province 或 names_match",
                "give recommends, province or names_match",
            )
        return self


@reads()
def _sending_unit(params: SendingUnitParams, question: EligibilityQuestion) -> Verdict:
    unit = question.candidate.sending_unit or SendingUnit()
    checks: list[tuple[str, bool | None, Text]] = []
    if params.recommends:
        recommended = unit.recommends
        if recommended is None and question.candidate.applies_as_individual:
            recommended = False
        checks.append(
            (
                "sendingUnit.recommends",
                recommended,
                Text(
                    "须由所在单位推荐或派遣，不接收以个人名义报考",
                    "the own unit must recommend or dispatch; individuals are not accepted",
                ),
            )
        )
    if params.province is not None:
        checks.append(
            (
                "sendingUnit.province",
                None if unit.province is None else unit.province == params.province,
                Text(
                    f"派出单位所在省份（{unit.province}）不在招收范围（{params.province}）内",
                    f"the sending unit is in {unit.province}; units of {params.province} only",
                ),
            )
        )
    if params.names_match:
        checks.append(
            (
                "sendingUnit.namesMatch",
                unit.names_match,
                Text(
                    "执业地点、选送单位名称和单位公章不一致",
                    "practice place, unit name and seal are not the same",
                ),
            )
        )
    refusal = refused(checks)
    if refusal is not None:
        return refusal
    return passed("派出单位符合要求", "the sending unit meets the conditions")


PLACE_KINDS = (
    Kind(
        group=KindGroup.REQUIREMENT,
        name="origin",
        label=Text("生源地", "Origin"),
        description=Text("限定生源地。", "Where candidates may be from."),
        params=OriginParams,
        decide=_origin,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="affiliated_hospital",
        label=Text("毕业院校附属医院", "Hospital affiliated to the own school"),
        description=Text(
            "未取得医师资格证书的港澳永久性居民、台湾居民及外籍人员，须具有内地（获承认）"
            "本科及以上学历，且只能报考毕业院校的附属医院。",
            "Permanent residents of Hong Kong and Macau, residents of Taiwan and foreigners "
            "without a licence need a mainland (recognised) degree and may apply only to "
            "hospitals affiliated to their school.",
        ),
        decide=_affiliated_hospital,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="sending_unit",
        label=Text("派出单位", "Sending unit"),
        description=Text(
            "要求单位推荐或派遣、单位所在省份、执业地点与单位名称及公章一致。",
            "The unit recommends, is in a province, and its names agree.",
        ),
        params=SendingUnitParams,
        decide=_sending_unit,
    ),
)
