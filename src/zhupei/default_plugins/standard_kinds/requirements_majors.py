"""Requirements on what was studied: majors by code, graduate subjects by name, classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from zhupei.config.entries import Model
from zhupei.config.scalars import Flag, problem
from zhupei.default_plugins.standard_kinds.names import (
    is_code,
    matches_code,
    normal,
    stem,
    variants,
    with_aliases,
)
from zhupei.default_plugins.standard_kinds.verdicts import (
    LEVEL_NAMES,
    Otherwise,
    enclosed,
    failed,
    finished,
    highest,
    in_review,
    not_met,
    passed,
    unknown,
)
from zhupei.domain.eligibility import EligibilityQuestion, Verdict, reads
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import Degree, DegreeLevel
from zhupei.domain.text import Text

__all__ = [
    "MAJOR_KINDS",
    "LimitedMajorParams",
    "LimitedMajorRule",
    "MajorClassParams",
    "MajorNamesParams",
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
                "CONFIG_EMPTY_MAJOR_RULE",
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


@reads("program.year")
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
    subject, level = _described(best), LEVEL_NAMES[best.level]
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
    subject, level = _described(top), LEVEL_NAMES[top.level]
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
    major = _described(bachelors[0])
    return passed(
        f"本科专业{major.zh}在招收专业范围内",
        f"the undergraduate major {major.en} is accepted",
        degree=DegreeLevel.BACHELOR,
    )


def _refused(params: MajorParams, bachelors: Sequence[Degree]) -> Verdict:
    major = _described(bachelors[0])
    return failed(
        f"本科专业{major.zh}不在招收专业{params.listed_undergraduate()}内",
        f"the undergraduate major {major.en} is not among {params.listed_undergraduate_en()}",
    )


def _described(degree: Degree) -> Text:
    name = f"{degree.major or ''}{degree.direction or ''}"
    code = degree.major_code
    if name and code:
        return Text(f"{name}（{code}）", f"{name} ({code})")
    text = code or name or "?"
    return Text(f" {code} " if code else f"“{text}”", text)


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


class MajorNamesParams(Model):
    """Fields of study by name, for plans that print no codes (R079)."""

    accepted: _Names
    """Names of accepted fields; ``儿科``, ``儿科学`` and ``儿科专业`` are the same."""
    otherwise: Otherwise = "fail"
    """What follows where none is named."""


@reads("program.year")
def _major_names(params: MajorNamesParams, question: EligibilityQuestion) -> Verdict:
    degrees = [one for one in question.candidate.degrees if finished(one, question.program.year)]
    if not degrees:
        return unknown("degrees")
    accepted = {stem(name) for name in params.accepted}
    for degree in degrees:
        if accepted.intersection(_stems(degree)):
            major = _described(degree)
            return passed(f"所学专业{major.zh}符合要求", f"the major {major.en} is accepted")
    if any(degree.major is None for degree in degrees):
        return unknown("degrees.major")
    given = [str(degree.major) for degree in degrees]
    return not_met(
        params.otherwise,
        f"所学专业（{enclosed(given)}）不在{enclosed(params.accepted)}内",
        f"no major ({', '.join(given)}) is among {', '.join(params.accepted)}",
    )


def _stems(degree: Degree) -> Iterable[str]:
    yield from (stem(name) for name in variants(degree))
    if degree.direction is not None:
        yield stem(degree.direction)


class LimitedMajorRule(Model):
    """Majors that already name a direction, and the specialties that they are limited to."""

    majors: _Names
    """Majors by code ("100202TK"), class of codes ("1003") or name."""
    specialties: tuple[_Name, ...]
    """Specialties by code or name."""


class LimitedMajorParams(Model):
    """Majors limited to a direction may only apply for its specialty (R119, R120)."""

    rules: Annotated[tuple[LimitedMajorRule, ...], Field(min_length=1)]
    """Which majors are limited to which specialties."""
    fallback: tuple[_Name, ...] = ()
    """Specialties that all limited majors may also apply for, by code or name."""
    bachelors_only: Flag = True
    """Graduates of a master's or doctor's degree are not limited."""


@reads("opening.specialty", "opening.specialty_name", "program.year")
def _limited_major(params: LimitedMajorParams, question: EligibilityQuestion) -> Verdict:
    degrees = [one for one in question.candidate.degrees if finished(one, question.program.year)]
    if not degrees:
        return unknown("degrees")
    top = highest(degrees)
    if params.bachelors_only and top is not None and top.level.rank > DegreeLevel.BACHELOR.rank:
        name = LEVEL_NAMES[top.level]
        return passed(
            f"最高学历为{name.zh}，不受本科专业方向限制",
            f"the highest degree is a {name.en}'s; bachelors alone are limited",
        )
    opening = question.opening
    names = {opening.specialty, stem(opening.specialty_name.zh)}
    if opening.specialty_name.en is not None:
        names.add(stem(opening.specialty_name.en))
    undecided = False
    for degree in degrees:
        rule, certain = _limiting(params, degree)
        undecided = undecided or not certain
        if rule is None:
            continue
        allowed = (*rule.specialties, *params.fallback)
        major = _described(degree)
        if names.isdisjoint(one if one.isdigit() else stem(one) for one in allowed):
            return failed(
                f"本科专业{major.zh}已限定专业方向，只能报考{enclosed(allowed)}，"
                f"不能报考{opening.specialty_name.zh}",
                f"the major {major.en} is limited to {', '.join(allowed)}; "
                f"{opening.specialty_name.en or opening.specialty} is not among them",
            )
        return passed(
            f"本科专业{major.zh}已限定专业方向，可报考{opening.specialty_name.zh}",
            f"the major {major.en} is limited, and "
            f"{opening.specialty_name.en or opening.specialty} is open to it",
        )
    if undecided:
        return unknown("degrees.majorCode")
    return passed("本科专业未限定专业方向", "the major is not limited to a direction")


def _limiting(params: LimitedMajorParams, degree: Degree) -> tuple[LimitedMajorRule | None, bool]:
    """Return the rule that limits a degree, and whether its absence is certain."""
    names = {stem(name) for name in variants(degree)}
    named = False
    for rule in params.rules:
        for major in rule.majors:
            if is_code(major):
                if degree.major_code is not None and matches_code(degree.major_code, major):
                    return rule, True
            else:
                named = True
                if stem(major) in names:
                    return rule, True
    # Without a code, a name decides only where the rules list names.
    return None, degree.major_code is not None or (degree.major is not None and named)


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
    Kind(
        group=KindGroup.REQUIREMENT,
        name="major_names",
        label=Text("专业名称", "Majors by name"),
        description=Text(
            "按名称限定所学专业，适用于未列专业代码的计划。",
            "Majors by name, for plans that print no codes.",
        ),
        params=MajorNamesParams,
        decide=_major_names,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="limited_major",
        label=Text("限定方向的专业", "Majors limited to a direction"),
        description=Text(
            "已限定专业方向的本科毕业生只能报考对应专业或列出的其他专业。",
            "Bachelors of majors that name a direction may apply for its specialty only, "
            "or for those listed beside it.",
        ),
        params=LimitedMajorParams,
        decide=_limited_major,
    ),
)
