"""Requirements on fields of study by name, and on majors that are limited to a direction."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Annotated

from pydantic import Field, StringConstraints

from zhupei.config.scalars import Flag
from zhupei.config.texts import Model
from zhupei.default_plugins.standard_kinds.names import is_code, matches_code, stem, variants
from zhupei.default_plugins.standard_kinds.verdicts import (
    LEVEL_NAMES,
    Otherwise,
    described,
    enclosed,
    failed,
    finished,
    highest,
    not_met,
    passed,
    unknown,
)
from zhupei.domain.codes import SpecialtyCatalogue
from zhupei.domain.eligibility import Verdict, reads
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import Degree, DegreeLevel
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text
from zhupei.reference import load

__all__ = ["FIELD_KINDS", "LimitedMajorParams", "LimitedMajorRule", "MajorNamesParams"]

_Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Names = Annotated[tuple[_Name, ...], Field(min_length=1)]


class MajorNamesParams(Model):
    """Fields of study by name, for plans that print no codes (R079)."""

    accepted: _Names
    """Names of accepted fields; ``儿科``, ``儿科学`` and ``儿科专业`` are the same."""
    or_practice: Flag = False
    """A registered scope of practice (执业范围) of such a name does as well."""
    otherwise: Otherwise = "fail"
    """What follows where none is named."""


@reads("program.year")
def _major_names(params: MajorNamesParams, question: EligibilityQuestion) -> Verdict:
    candidate = question.candidate
    degrees = [one for one in candidate.degrees if finished(one, question.program.year)]
    accepted = {stem(name) for name in params.accepted}
    for degree in degrees:
        if accepted.intersection(_stems(degree)):
            major = described(degree)
            return passed(f"所学专业{major.zh}符合要求", f"the major {major.en} is accepted")
    scope = candidate.practice_specialty
    if params.or_practice and scope is not None and stem(scope) in accepted:
        return passed(f"执业范围“{scope}”符合要求", f"the scope of practice {scope} is accepted")
    missing: list[str] = []
    if not degrees:
        missing.append("degrees")
    elif any(degree.major is None for degree in degrees):
        missing.append("degrees.major")
    if params.or_practice and scope is None:
        missing.append("practiceSpecialty")
    if missing:
        return unknown(*missing)
    given = [str(degree.major) for degree in degrees]
    if params.or_practice:
        given.append(str(scope))
    return not_met(
        params.otherwise,
        f"{'所学专业和执业范围' if params.or_practice else '所学专业'}（{enclosed(given)}）"
        f"不在{enclosed(params.accepted)}内",
        f"{'neither major nor practice' if params.or_practice else 'no major'} "
        f"({', '.join(given)}) is among {', '.join(params.accepted)}",
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
            f"the highest degree is of the level {name.en}; bachelors alone are limited",
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
        major = described(degree)
        if names.isdisjoint(one if one.isdigit() else stem(one) for one in allowed):
            named = [_named(one, question.program.year) for one in allowed]
            return failed(
                f"本科专业{major.zh}已限定专业方向，只能报考{enclosed(one.zh for one in named)}，"
                f"不能报考{opening.specialty_name.zh}",
                f"the major {major.en} is limited to {', '.join(str(one.en) for one in named)}; "
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


def _named(specialty: str, year: int) -> Text:
    """Return a specialty of a rule as people know it: a national code with its name."""
    found = _national_specialties().get(year, specialty)
    if found is None:
        return Text(specialty, specialty)
    name = found.name
    return Text(f"{name.zh}（{specialty}）", f"{name.en or name.zh} ({specialty})")


@cache
def _national_specialties() -> SpecialtyCatalogue:
    return load().specialties


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


FIELD_KINDS = (
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
