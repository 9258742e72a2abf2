"""Requirements on education: level of the degree, year of graduation, English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from zhupei.config.scalars import Flag, Whole
from zhupei.config.texts import Model
from zhupei.default_plugins.standard_kinds.verdicts import (
    LEVEL_NAMES,
    Otherwise,
    enclosed,
    failed,
    in_review,
    passed,
    unknown,
)
from zhupei.domain.eligibility import Verdict, reads
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import Degree, DegreeLevel, DegreeType, EnglishProficiency
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text

__all__ = ["EDUCATION_KINDS", "DegreeParams", "EnglishParams", "GraduationYearParams"]

_DayOfYear = Annotated[
    str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")
]
_TYPE_NAMES = {
    DegreeType.PROFESSIONAL: Text("专业学位", "professional"),
    DegreeType.ACADEMIC: Text("学术学位", "academic"),
}


class DegreeParams(Model):
    """The lowest degree, and what must hold of the degree that counts."""

    least: DegreeLevel
    """The lowest level that is accepted."""
    full_time: Flag = False
    """Full-time ordinary education (全日制普通) is needed."""
    awarded: Flag = False
    """The certificates must be held."""
    awarded_by: _DayOfYear | None = None
    """Month and day of the cycle's year by which who graduates in it holds the certificates."""
    recognised: Flag = False
    """The state must recognise the degree; one of a mainland school is recognised."""
    degree_types: tuple[DegreeType, ...] = ()
    """Accepted types of a master's or doctor's degree; all where empty."""


class _Judgement:
    """What speaks against one degree, and what is not known of it."""

    __slots__ = ("against", "condition", "missing")

    def __init__(self) -> None:
        self.against: list[Text] = []
        self.missing: list[str] = []
        self.condition: date | None = None

    def need(self, value: bool | None, fact: str, zh: str, en: str) -> None:
        if value is None:
            self.missing.append(fact)
        elif not value:
            self.against.append(Text(zh, en))


@reads("program.year", answers_degree=True)
def _degree(params: DegreeParams, question: EligibilityQuestion) -> Verdict:
    degrees = question.candidate.degrees
    if not degrees:
        return unknown("degrees")
    least = LEVEL_NAMES[params.least]
    judged = [
        (degree, _judge(params, degree, question))
        for degree in sorted(degrees, key=lambda one: one.level.rank, reverse=True)
    ]
    accepted = next(
        ((one, why) for one, why in judged if not why.against and not why.missing), None
    )
    if accepted is not None:
        degree, why = accepted
        name = LEVEL_NAMES[degree.level]
        if why.condition is not None:
            return passed(
                f"{name.zh}学历，须于 {why.condition} 前取得证书",
                f"{name.en} degree, on condition that the certificates are held by {why.condition}",
                degree=degree.level,
            )
        return passed(
            f"{name.zh}学历，达到{least.zh}及以上",
            f"{name.en} degree, {least.en} or above is required",
            degree=degree.level,
        )
    open_facts = [fact for _, why in judged if not why.against for fact in why.missing]
    if open_facts:
        return unknown(*dict.fromkeys(open_facts))
    # What refuses a degree of a sufficient level is more telling than the level of a lower one.
    enough = [(one, why) for one, why in judged if one.level.rank >= params.least.rank]
    degree, why = (enough or judged)[0]
    name = LEVEL_NAMES[degree.level]
    return failed(
        f"{name.zh}学历不符合要求：" + "；".join(reason.zh for reason in why.against),
        f"the {name.en} degree does not qualify: "
        + "; ".join(str(reason.en) for reason in why.against),
    )


def _judge(params: DegreeParams, degree: Degree, question: EligibilityQuestion) -> _Judgement:
    why = _Judgement()
    least = LEVEL_NAMES[params.least]
    if degree.level.rank < params.least.rank:
        why.against.append(Text(f"低于{least.zh}", f"it is below {least.en}"))
        return why
    if params.full_time:
        why.need(degree.full_time, "degrees.fullTime", "不是全日制普通教育", "it is not full-time")
    if params.recognised:
        recognised = True if degree.recognised is None and degree.mainland else degree.recognised
        why.need(
            recognised, "degrees.recognised", "未获国家承认", "the state does not recognise it"
        )
    if params.degree_types and degree.level.rank > DegreeLevel.BACHELOR.rank:
        if degree.type is None:
            why.missing.append("degrees.type")
        elif degree.type not in params.degree_types:
            given = _TYPE_NAMES[degree.type]
            why.against.append(Text(f"学位类型为{given.zh}", f"it is an {given.en} degree"))
    if params.awarded or params.awarded_by is not None:
        _judge_award(params, degree, question, why)
    return why


def _judge_award(
    params: DegreeParams, degree: Degree, question: EligibilityQuestion, why: _Judgement
) -> None:
    """T21: who graduates in the cycle's year passes on condition of holding them by the day."""
    if degree.awarded:
        return
    year = question.program.year
    if params.awarded_by is not None:
        if degree.graduation_year is None:
            why.missing.append("degrees.graduationYear")
            if degree.awarded is None:
                why.missing.append("degrees.awarded")
            return
        if degree.graduation_year == year:
            month, day = (int(part) for part in params.awarded_by.split("-"))
            by = date(year, month, day)
            if question.today <= by:
                why.condition = by
                return
            why.need(
                degree.awarded,
                "degrees.awarded",
                f"截至 {by} 仍未取得证书",
                f"the certificates were not held by {by}",
            )
            return
        if degree.graduation_year > year:
            why.against.append(
                Text(
                    f"{degree.graduation_year} 年毕业，晚于 {year} 年度",
                    f"graduation in {degree.graduation_year} is after the cycle {year}",
                )
            )
            return
    why.need(degree.awarded, "degrees.awarded", "尚未取得证书", "the certificates are not held")


class GraduationYearParams(Model):
    """The earliest year of graduation, as an absolute year of the cycle (T22)."""

    earliest: Whole
    """The earliest year that is accepted."""
    licensed_relaxes: Flag = False
    """For licensed candidates an earlier year is left to a person (T23)."""


@reads()
def _graduation_year(params: GraduationYearParams, question: EligibilityQuestion) -> Verdict:
    candidate = question.candidate
    years = [degree.graduation_year for degree in candidate.degrees]
    known = [year for year in years if year is not None]
    if known and max(known) >= params.earliest:
        return passed(
            f"{max(known)} 年毕业，不早于 {params.earliest} 年",
            f"graduated in {max(known)}, not before {params.earliest}",
        )
    if not known or len(known) < len(years):
        return unknown("degrees.graduationYear" if years else "degrees")
    zh = f"{max(known)} 年毕业，早于 {params.earliest} 年"
    en = f"graduated in {max(known)}, before {params.earliest}"
    if params.licensed_relaxes:
        if candidate.licensed is None:
            return unknown(
                "licensed",
                zh=f"{zh}；取得执业医师资格者可放宽，尚未提供：是否取得医师资格证书",
                en=f"{en}; this may be relaxed for the licensed; not given: "
                "whether a physician's licence is held",
            )
        if candidate.licensed:
            return in_review(
                f"{zh}；已取得执业医师资格，可适当放宽，放宽年限文件未规定，需人工审核",
                f"{en}; it may be relaxed for the licensed, by how much is not published, "
                "so a person decides",
            )
    return failed(zh, en)


class EnglishParams(Model):
    """The lowest score of CET-4, and what becomes of other proofs."""

    cet4: Annotated[Whole, Field(gt=0, le=710)]
    """The lowest CET-4 score, of 710."""
    equivalents: Otherwise = "review"
    """CET-6, IELTS, TOEFL and other proofs: left to a person, or refused (T24)."""


_OTHER_PROOFS: Mapping[str, str] = {
    "cet6": "CET-6",
    "ielts": "IELTS",
    "toefl": "TOEFL",
    "other": "",
}


@reads()
def _english(params: EnglishParams, question: EligibilityQuestion) -> Verdict:
    english = question.candidate.english
    if english is None:
        return _no_proof(params)
    score = english.cet4
    if score is not None and score >= params.cet4:
        return passed(
            f"大学英语四级 {score} 分，达到 {params.cet4} 分",
            f"CET-4 score {score} reaches {params.cet4}",
        )
    proofs = enclosed(_proofs(english))
    if score is None and not proofs:
        return _no_proof(params)
    if score is None:
        zh, en = "无大学英语四级成绩", "there is no CET-4 score"
    else:
        zh = f"大学英语四级 {score} 分，低于 {params.cet4} 分"
        en = f"CET-4 score {score} is below {params.cet4}"
    if proofs and params.equivalents == "review":
        return in_review(
            f"{zh}；另有 {proofs}，是否为同等英语水平需人工审核",
            f"{en}; a person decides whether {proofs.replace('、', ', ')} is equivalent",
        )
    return failed(zh, en)


def _no_proof(params: EnglishParams) -> Verdict:
    """Ask for the score, and say so where something else would do as well."""
    if params.equivalents != "review":
        return unknown("english.cet4")
    return unknown(
        "english.cet4",
        zh="尚未提供：大学英语四级成绩，或同等英语水平的其他证明（六级、雅思、托福等，由人工审核）",
        en="not given: CET-4 score, or another proof (CET-6, IELTS, TOEFL or other) "
        "that a person decides on",
    )


def _proofs(english: EnglishProficiency) -> Iterable[str]:
    for field, name in _OTHER_PROOFS.items():
        value = getattr(english, field)
        if value is not None:
            yield f"{name} {value}".strip()


EDUCATION_KINDS = (
    Kind(
        group=KindGroup.REQUIREMENT,
        name="degree",
        label=Text("学历学位", "Degree"),
        description=Text(
            "要求最低学历，可要求全日制、已取得证书（或当年某日前取得）、国家承认、学位类型。",
            "The lowest degree, if need be full-time, awarded (or due by a day of the cycle's "
            "year), recognised, or of certain types.",
        ),
        params=DegreeParams,
        decide=_degree,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="graduation_year",
        label=Text("毕业年份", "Year of graduation"),
        description=Text(
            "要求最近一次毕业不早于某年；已取得执业医师资格者可转人工审核。",
            "The last graduation is not before a year; for the licensed a person may decide.",
        ),
        params=GraduationYearParams,
        decide=_graduation_year,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="english",
        label=Text("英语水平", "English"),
        description=Text(
            "要求大学英语四级分数；其他英语水平证明转人工审核或不予认可。",
            "The lowest CET-4 score; other proofs are left to a person or refused.",
        ),
        params=EnglishParams,
        decide=_english,
    ),
)
