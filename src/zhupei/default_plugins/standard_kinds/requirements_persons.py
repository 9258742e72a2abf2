"""Requirements on the person: licence, origin, age, title, practice, declarations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from zhupei.config.scalars import Flag, Whole, problem
from zhupei.config.texts import Label, Model
from zhupei.default_plugins.standard_kinds.verdicts import failed, named, passed, refused, unknown
from zhupei.domain.calendar import CHINA_TIME, age_on
from zhupei.domain.eligibility import Verdict, reads
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import LicenceCategory, TitleLevel, TraineeType
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text
from zhupei.domain.training import Program

__all__ = [
    "PERSON_KINDS",
    "AgeParams",
    "LicenceParams",
    "TitleParams",
    "TraineeTypeParams",
]

_Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class LicenceParams(Model):
    """The physician's licence (医师资格证书) and the practice certificate (执业证书)."""

    required: Flag = True
    """The licence must be held; false: it need not, but one that is held must fit."""
    categories: tuple[LicenceCategory, ...] = ()
    """Accepted categories; all where empty."""
    practice_certificate: Flag = False
    """The practice certificate must be held too."""


@reads()
def _licence(params: LicenceParams, question: EligibilityQuestion) -> Verdict:
    candidate = question.candidate
    held = candidate.licensed
    checks: list[tuple[str, bool | None, Text]] = []
    if params.required or held is None:
        why = Text("未取得医师资格证书", "no physician's licence is held")
        checks.append(("licensed", held, why))
    if params.categories and held is not False:
        checks.append(_category_check(params, candidate.licence_category))
    if params.practice_certificate:
        why = Text("未取得医师执业证书", "no practice certificate is held")
        checks.append(("practiceCertificate", candidate.practice_certificate, why))
    refusal = refused(checks)
    if refusal is not None:
        return refusal
    if not held:
        return passed("不要求医师资格证书", "a physician's licence is not required")
    if params.practice_certificate:
        return passed("已取得医师资格证书和执业证书", "licence and practice certificate are held")
    return passed("已取得医师资格证书", "a physician's licence is held")


def _category_check(
    params: LicenceParams, category: LicenceCategory | None
) -> tuple[str, bool | None, Text]:
    accepted = named(*params.categories)
    given = Text("", "") if category is None else named(category)
    why = Text(
        f"医师资格类别为{given.zh}，要求{accepted.zh}",
        f"the licence is of the category {given.en}; accepted: {accepted.en}",
    )
    fits = None if category is None else category in params.categories
    return "licenceCategory", fits, why


def _reference(value: object) -> object:
    if value == "application_deadline" or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise problem(
            "CONFIG_BAD_DATE",
            "应为 application_deadline 或日期，如 2024-05-17",
            "expected application_deadline or a date, such as 2024-05-17",
        ) from None


class AgeParams(Model):
    """The greatest age in completed years (周岁): 45 means before the 46th birthday (T9)."""

    at_most: Annotated[Whole, Field(gt=0, lt=120)]
    """Completed years."""
    reference: Annotated[
        date | Literal["application_deadline"],
        BeforeValidator(_reference, json_schema_input_type=str),
    ] = "application_deadline"
    """The day on which the age counts: a date, or the last day of registration."""


def _age_reads(params: Any) -> tuple[str, ...]:
    return ("program.rounds",) if params.reference == "application_deadline" else ()


@reads(_age_reads)
def _age(params: AgeParams, question: EligibilityQuestion) -> Verdict:
    birth = question.candidate.birth_date
    if birth is None:
        return unknown("birthDate")
    reference = (
        params.reference
        if isinstance(params.reference, date)
        else _last_day_of_registration(question.program, question.today)
    )
    if reference is None:
        return unknown(
            zh="未公布报名截止日期，无法计算年龄",
            en="the last day of registration is not published, so the age cannot be computed",
        )
    if birth > reference:
        return unknown(
            "birthDate",
            zh=f"出生日期 {birth} 晚于基准日 {reference}",
            en=f"the date of birth {birth} is after the reference date {reference}",
        )
    age = age_on(birth, reference)
    zh = f"截至 {reference} 为 {age} 周岁"
    en = f"aged {age} on {reference}"
    if age <= params.at_most:
        return passed(f"{zh}，不超过 {params.at_most} 周岁", f"{en}, not over {params.at_most}")
    return failed(f"{zh}，超过 {params.at_most} 周岁", f"{en}, over {params.at_most}")


def _last_day_of_registration(program: Program, today: date) -> date | None:
    """Return the last day of the registration that is open or next; of the last one if over."""
    days = sorted(
        (window.closes_at.astimezone(CHINA_TIME) - timedelta(microseconds=1)).date()
        for one in program.rounds
        for window in one.windows
        if window.kind == "registration" and window.closes_at is not None
    )
    return next((day for day in days if day >= today), days[-1] if days else None)


class TitleParams(Model):
    """The professional title (职称), from below or from above (T58)."""

    at_least: TitleLevel | None = None
    """The lowest title that is accepted."""
    below: TitleLevel | None = None
    """The title that must not have been reached yet."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.at_least is None and self.below is None:
            raise problem(
                "CONFIG_EMPTY_RULE",
                "应给出 at_least 或 below",
                "give at_least or below",
            )
        return self


@reads()
def _title(params: TitleParams, question: EligibilityQuestion) -> Verdict:
    title = question.candidate.title
    if title is None:
        return unknown("title")
    given = named(title)
    if params.at_least is not None and title.rank < params.at_least.rank:
        least = named(params.at_least)
        return failed(
            f"职称为{given.zh}，要求{least.zh}及以上",
            f"the title is {given.en}; {least.en} or above is required",
        )
    if params.below is not None and title.rank >= params.below.rank:
        bound = named(params.below)
        return failed(
            f"职称为{given.zh}，要求尚未取得{bound.zh}职称",
            f"the title is {given.en}; it must be below {bound.en}",
        )
    return passed(f"职称为{given.zh}，符合要求", f"the title {given.en} is accepted")


class TraineeTypeParams(Model):
    """Which types of trainees come this way; others have a way of their own (R126-R127)."""

    allowed: Annotated[tuple[TraineeType, ...], Field(min_length=1)]
    """Accepted types."""
    message: Label | None = None
    """What to tell the others."""


@reads()
def _trainee_type(params: TraineeTypeParams, question: EligibilityQuestion) -> Verdict:
    given = question.candidate.trainee_type
    if given is None:
        return unknown("traineeType")
    name, allowed = named(given), named(*params.allowed)
    if given in params.allowed:
        return passed(f"培训对象类型：{name.zh}", f"trainee type: {name.en}")
    if params.message is not None:
        return failed(params.message.zh, params.message.en)
    return failed(
        f"培训对象类型为{name.zh}，本渠道招收{allowed.zh}",
        f"the trainee type is {name.en}; this way is for: {allowed.en}",
    )


PERSON_KINDS = (
    Kind(
        group=KindGroup.REQUIREMENT,
        name="licence",
        label=Text("医师资格", "Licence"),
        description=Text(
            "要求医师资格证书，可限定类别，可要求执业证书。",
            "A physician's licence, of certain categories if need be, and a practice certificate.",
        ),
        params=LicenceParams,
        decide=_licence,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="age",
        label=Text("年龄", "Age"),
        description=Text(
            "要求不超过若干周岁；“原则上”的规定请写 hard: false。",
            "Not over an age in completed years; write hard: false where it holds in principle.",
        ),
        params=AgeParams,
        decide=_age,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="title",
        label=Text("职称", "Title"),
        description=Text(
            "要求职称不低于或尚未达到某级别。",
            "A professional title from a level on, or still below a level.",
        ),
        params=TitleParams,
        decide=_title,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="trainee_type",
        label=Text("培训对象类型", "Trainee type"),
        description=Text(
            "限定通过本渠道招收的培训对象类型。",
            "The types of trainees that are admitted this way.",
        ),
        params=TraineeTypeParams,
        decide=_trainee_type,
    ),
)
