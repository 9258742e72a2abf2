"""Requirements on what was studied: majors by code, graduate subjects by name, classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from zhupei.config.scalars import Flag, problem
from zhupei.config.texts import Model
from zhupei.default_plugins.standard_kinds.names import (
    matches_code,
    normal,
    variants,
    with_aliases,
)
from zhupei.default_plugins.standard_kinds.verdicts import (
    LEVEL_NAMES,
    Otherwise,
    described,
    enclosed,
    failed,
    finished,
    highest,
    in_review,
    not_met,
    passed,
    unknown,
)
from zhupei.domain.eligibility import Verdict, reads
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import Degree, DegreeLevel
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text

__all__ = [
    "MAJOR_KINDS",
    "MajorClassParams",
    "MajorParams",
]

_Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_MajorCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,6}[A-Z]{0,2}$")]
_Names = Annotated[tuple[_Name, ...], Field(min_length=1)]


class MajorParams(Model):
    """The two-part rule: undergraduate majors by code, graduate subjects by name (T25, R024)."""

    undergraduate: tuple[_MajorCode, ...] | None = None
    """Codes of accepted undergraduate majors, such as "100201K"; omitted: any."""
    postgraduate: tuple[_Name, ...] | None = None
    """Names of accepted graduate subjects; omitted: any."""
    postgraduate_needs_undergraduate: Flag = True
    """A graduate also needs an accepted undergraduate major."""
    postgraduate_on_bachelor: Literal["pass", "review", "fail"] = "fail"
    """A graduate whose subject is not listed, applying on the bachelor's degree (T27)."""
    aliases: dict[_Name, tuple[_Name, ...]] = Field(default_factory=dict)
    """Other names of subjects."""
    names: dict[_MajorCode, _Name] = Field(default_factory=dict)
    """Names of the codes, for messages and for candidates who give only a name."""

    @model_validator(mode="after")
    def _lists_something(self) -> Self:
        if self.undergraduate is None and self.postgraduate is None:
            raise problem(
                "CONFIG_EMPTY_RULE",
                "应列出 undergraduate（本科专业代码）或 postgraduate（研究生专业名称）",
                "list undergraduate (codes of majors) or postgraduate (names of subjects)",
            )
        return self

    def listed_undergraduate(self) -> str:
        """Return the accepted undergraduate majors as readers know them."""
        codes = self.undergraduate or ()
        return enclosed(f"{self.names.get(code, '')}（{code}）" for code in codes)

    def listed_undergraduate_en(self) -> str:
        """Return the accepted undergraduate majors for English readers."""
        codes = self.undergraduate or ()
        return ", ".join(f"{code} {self.names.get(code, '')}".strip() for code in codes)


@reads("program.year", answers_degree=True)
def _major(params: MajorParams, question: EligibilityQuestion) -> Verdict:
    year = question.program.year
    degrees = [one for one in question.candidate.degrees if finished(one, year)]
    if not degrees:
        return unknown("degrees")
    bachelors = [one for one in degrees if one.level is DegreeLevel.BACHELOR]
    graduates = [one for one in degrees if one.level.rank > DegreeLevel.BACHELOR.rank]
    undergraduate = _undergraduate_accepted(params, bachelors)
    if graduates:
        return _graduate(params, bachelors, graduates, undergraduate)
    if not bachelors:
        return failed("没有本科及以上学历", "there is no bachelor's or higher degree")
    if undergraduate is None:
        return unknown("degrees.majorCode")
    return (_accepted if undergraduate else _refused)(params, bachelors)


def _graduate(
    params: MajorParams,
    bachelors: Sequence[Degree],
    graduates: Sequence[Degree],
    undergraduate: bool | None,
) -> Verdict:
    needs = params.postgraduate_needs_undergraduate and params.undergraduate is not None
    if needs and undergraduate is False:
        return _refused(params, bachelors)
    best = highest(graduates, lambda one: _subject_accepted(params, one) is True)
    if best is None:
        return _not_listed(params, graduates, undergraduate)
    if needs and undergraduate is None:
        return unknown("degrees.majorCode")
    subject, level = described(best), LEVEL_NAMES[best.level]
    return passed(
        f"{level.zh}专业{subject.zh}在招收专业范围内" + ("，本科专业符合要求" if needs else ""),
        f"the {level.en}'s subject {subject.en} is accepted"
        + (", and so is the undergraduate major" if needs else ""),
        degree=best.level,
    )


def _not_listed(
    params: MajorParams, graduates: Sequence[Degree], undergraduate: bool | None
) -> Verdict:
    """Answer a graduate of subjects that are not listed (T27)."""
    if any(_subject_accepted(params, one) is None for one in graduates):
        return unknown("degrees.major")
    top = highest(graduates) or graduates[0]
    subject, level = described(top), LEVEL_NAMES[top.level]
    accepted = params.postgraduate or ()
    zh = f"{level.zh}专业{subject.zh}不在招收专业（{enclosed(accepted)}）内"
    en = f"the {level.en}'s subject {subject.en} is not among {', '.join(accepted)}"
    if params.postgraduate_on_bachelor == "fail" or undergraduate is False:
        return failed(zh, en)
    if undergraduate is None:
        return unknown("degrees.majorCode")
    zh += "；本科专业符合要求，以本科学历报考"
    en += "; the undergraduate major is accepted, so the bachelor's degree qualifies"
    if params.postgraduate_on_bachelor == "review":
        return in_review(
            f"{zh}，需人工审核", f"{en}, which a person decides", degree=DegreeLevel.BACHELOR
        )
    return passed(zh, en, degree=DegreeLevel.BACHELOR)


def _undergraduate_accepted(params: MajorParams, bachelors: Sequence[Degree]) -> bool | None:
    """Whether an undergraduate major is listed; None where no code and no listed name is given."""
    if params.undergraduate is None:
        return True
    by_name = {
        name
        for code in params.undergraduate
        if code in params.names
        for name in with_aliases((params.names[code],), params.aliases)
    }
    undecided = not bachelors
    for degree in bachelors:
        if degree.major_code is not None:
            if any(matches_code(degree.major_code, code) for code in params.undergraduate):
                return True
        elif by_name.intersection(variants(degree)):
            return True
        else:
            undecided = True
    return None if undecided else False


def _subject_accepted(params: MajorParams, degree: Degree) -> bool | None:
    if params.postgraduate is None:
        return True
    if degree.major is None:
        return None
    return not with_aliases(params.postgraduate, params.aliases).isdisjoint(variants(degree))


def _accepted(_params: MajorParams, bachelors: Sequence[Degree]) -> Verdict:
    major = described(bachelors[0])
    return passed(
        f"本科专业{major.zh}在招收专业范围内",
        f"the undergraduate major {major.en} is accepted",
        degree=DegreeLevel.BACHELOR,
    )


def _refused(params: MajorParams, bachelors: Sequence[Degree]) -> Verdict:
    major = described(bachelors[0])
    return failed(
        f"本科专业{major.zh}不在招收专业{params.listed_undergraduate()}内",
        f"the undergraduate major {major.en} is not among {params.listed_undergraduate_en()}",
    )


class MajorClassParams(Model):
    """Classes of majors, and the way of those who already practise (R025-R027, R117)."""

    classes: Annotated[tuple[_MajorCode, ...], Field(min_length=1)]
    """Codes of accepted classes of majors, such as "1002" for all clinical majors."""
    names: dict[_MajorCode, _Name] = Field(default_factory=dict)
    """Names of the classes, for messages."""
    or_licensed_in_practice: Flag = False
    """Who is in clinical work and licensed needs no such major."""
    otherwise: Otherwise = "fail"
    """What follows for everybody else."""


@reads("program.year")
def _major_class(params: MajorClassParams, question: EligibilityQuestion) -> Verdict:
    candidate = question.candidate
    degrees = [
        one
        for one in candidate.degrees
        if one.level.rank >= DegreeLevel.BACHELOR.rank and finished(one, question.program.year)
    ]
    codes = [one.major_code for one in degrees if one.major_code is not None]
    for code in codes:
        found = next((one for one in params.classes if normal(code).startswith(normal(one))), None)
        if found is not None:
            name = params.names.get(found, found)
            return passed(
                f"专业代码 {code} 属于{name}", f"the major {code} belongs to class {found}"
            )
    missing: list[str] = []
    if not candidate.degrees:
        missing.append("degrees")
    elif len(codes) < len(degrees):
        missing.append("degrees.majorCode")
    if params.or_licensed_in_practice:
        in_practice = {"licensed": candidate.licensed, "inClinicalWork": candidate.in_clinical_work}
        if all(in_practice.values()):
            return passed(
                "已从事临床工作并取得执业医师资格", "in clinical work and licensed as a physician"
            )
        if False not in in_practice.values():
            missing += [fact for fact, value in in_practice.items() if value is None]
    if missing:
        return unknown(*missing)
    names = [params.names.get(one, one) for one in params.classes]
    return not_met(
        params.otherwise,
        f"所学专业不属于{enclosed(names)}",
        f"no major belongs to the classes {', '.join(params.classes)}",
    )


MAJOR_KINDS = (
    Kind(
        group=KindGroup.REQUIREMENT,
        name="major",
        label=Text("专业", "Major"),
        description=Text(
            "本科按专业代码、研究生按专业名称限定；研究生还须本科专业符合（两部分规则），"
            "并给出符合报考条件的最高学历。",
            "Undergraduate majors by code and graduate subjects by name; graduates need both. "
            "Answers the qualifying degree.",
        ),
        params=MajorParams,
        decide=_major,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="major_class",
        label=Text("专业类别", "Class of majors"),
        description=Text(
            "专业代码须属于某些专业类；可允许已从事临床工作并取得执业医师资格者。",
            "A major of certain classes; those licensed and in clinical work may be let in too.",
        ),
        params=MajorClassParams,
        decide=_major_class,
    ),
)
