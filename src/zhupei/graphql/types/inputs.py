"""Inputs of decisions: the facts of a candidate and of a trainee, checked for nonsense."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry import UNSET

from zhupei.domain import people
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import (
    DegreeLevel,
    DegreeType,
    HospitalTier,
    LicenceCategory,
    OriginRegion,
    PostType,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import bad_input

__all__ = [
    "CandidateInput",
    "CertificateInput",
    "DegreeInput",
    "EnglishInput",
    "NightShiftInput",
    "NightShiftsInput",
    "ProfileInput",
    "SendingUnitInput",
    "candidate_of",
    "profile_of",
]

_Fact = TypeVar("_Fact")
_UNKNOWN = "Leave out or null what is not known; it is never assumed."


def _fact(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description=f"One degree (学历学位). {_UNKNOWN}")
class DegreeInput:
    """A degree."""

    level: DegreeLevel = strawberry.field(description="Level of education (学历层次).")
    type: DegreeType | None = _fact("Professional or academic (学位类型).")
    major_code: str | None = _fact("National code of an undergraduate major (专业代码), `100201K`.")
    major: str | None = _fact("Name of the major or graduate subject (专业名称).")
    direction: str | None = _fact("Direction of study within it (研究方向).")
    school: str | None = _fact("School (毕业院校).")
    mainland: bool | None = _fact("A school of mainland China granted it (是否内地院校).")
    recognised: bool | None = _fact("It is recognised by the state (是否国家承认学历).")
    full_time: bool | None = _fact("Full-time ordinary education (是否全日制普通教育).")
    graduation_year: int | None = _fact("Year of graduation (毕业年份).")
    awarded: bool | None = _fact("The certificates are held (是否已取得证书).")
    enrolled: bool | None = _fact("Still a student of this degree (是否在读).")
    study_years: int | None = _fact("Length of study in years (学制).")


@strawberry.input(description=f"Results in English (英语水平). {_UNKNOWN}")
class EnglishInput:
    """Proof of English."""

    cet4: int | None = _fact("College English Test band 4, out of 710 (四级成绩).")
    cet6: int | None = _fact("College English Test band 6, out of 710 (六级成绩).")
    ielts: Decimal | None = _fact("IELTS overall band, 0 to 9 (雅思).")
    toefl: int | None = _fact("TOEFL iBT, 0 to 120 (托福).")
    other: str | None = _fact("Another proof, by name (其他证明).")


@strawberry.input(description=f"The employer that sends a person (选送单位). {_UNKNOWN}")
class SendingUnitInput:
    """A sending employer."""

    name: str | None = _fact("Name (名称).")
    tier: HospitalTier | None = _fact("Tier, where it is a hospital (医院等级).")
    province: str | None = _fact("GB/T 2260 code of its province (省份代码).")
    prefecture: str | None = _fact("GB/T 2260 code of its prefecture (地市代码).")
    recommends: bool | None = _fact("It recommends or dispatches the person (是否推荐选送).")
    base: str | None = _fact("Code of the base that it assigned (指定基地).")
    specialty: str | None = _fact("Code of the specialty that it assigned (指定专业).")
    agreement_signed: bool | None = _fact(
        "A directed-entrustment agreement is signed (是否签订定向委托培训协议)."
    )
    names_match: bool | None = _fact(
        "Place of practice, name of the unit and seal agree (执业地点、单位名称、公章是否一致)."
    )


@strawberry.input(description="A certificate beside degree and licence (证书).")
class CertificateInput:
    """A certificate."""

    name: str = strawberry.field(description="Its name (证书名称).")


@strawberry.input(
    description=(
        f"The facts of a person that rules of admission may ask for (报考人信息). {_UNKNOWN}"
    )
)
class CandidateInput:
    """The facts of a candidate."""

    origin: OriginRegion | None = _fact("Where the person is from (生源地).")
    permanent_resident: bool | None = _fact("Permanent resident of that region (是否永久居民).")
    trainee_type: TraineeType | None = _fact("Status in which to train (培训对象类型).")
    birth_date: date | None = _fact("Date of birth (出生日期).")
    degrees: list[DegreeInput] | None = _fact("Degrees, all of them (学历学位).")
    english: EnglishInput | None = _fact("Results in English (英语水平).")
    licensed: bool | None = _fact("Holds a physician's licence (是否取得医师资格证书).")
    licence_category: LicenceCategory | None = _fact("Category of the licence (资格证书类别).")
    practice_certificate: bool | None = _fact("Holds a practice certificate (是否取得执业证书).")
    practice_specialty: str | None = _fact("Registered scope of practice (执业范围).")
    technician_qualified: bool | None = _fact(
        "Holds a technician's qualification (是否取得医技资格)."
    )
    licence_exam_eligible: bool | None = _fact(
        "May sit the licence examination for clinical medicine or stomatology "
        "(是否符合医师资格考试报考条件)."
    )
    title: TitleLevel | None = _fact("Professional title (职称).")
    post_type: PostType | None = _fact("Post on a fellowship (岗位类别).")
    work_years: Decimal | None = _fact("Years of work (工作年限).")
    in_clinical_work: bool | None = _fact("Works in clinical practice (是否从事临床工作).")
    employed: bool | None = _fact("Is employed (是否在职).")
    sending_unit: SendingUnitInput | None = _fact("Employer that sends the person (选送单位).")
    residency_completed: bool | None = _fact(
        "Holds the certificate of completed residency training (是否取得住培合格证书)."
    )
    registered_on_national_platform: bool | None = _fact(
        "Is registered on the national platform (是否已在国家平台注册)."
    )
    banned_until: date | None = _fact("Barred from applying until (禁止报名截止日).")
    ban_checked: bool | None = _fact("The ban registry was asked (是否已核查禁报记录).")
    fit_for_training: bool | None = _fact("Health allows the training (身体是否适合培训).")
    medical_examination_passed: bool | None = _fact(
        "Passed the medical examination (体检是否合格)."
    )
    infectious_disease: bool | None = _fact("Has an infectious disease (是否患传染性疾病).")
    chronic_disease: bool | None = _fact("Has a chronic disease that hinders (是否患慢性疾病).")
    law_abiding: bool | None = _fact("Abides by the law (是否遵纪守法).")
    major_accident: bool | None = _fact("Had a major medical accident (是否有重大医疗事故).")
    consents: bool | None = _fact(
        "Takes part voluntarily and accepts the base's arrangements (是否自愿并服从安排)."
    )
    certificates: list[CertificateInput] | None = _fact(
        "Other certificates; an empty list says that there are none (其他证书)."
    )
    direction: str | None = _fact("Direction within the opening, by id or name (报考方向).")
    applies_as_individual: bool | None = _fact("Applies without an employer (是否以个人身份报名).")
    preferences: int | None = _fact("Number of preferences filed (志愿数).")
    stay_months: int | None = _fact("Months of the fellowship asked for (进修月数).")


@strawberry.input(description="One night shift by its time stamps (夜班记录).")
class NightShiftInput:
    """A shift."""

    starts_at: datetime = strawberry.field(description="When it begins (开始时间).")
    ends_at: datetime = strawberry.field(description="When it ends (结束时间).")
    independent: bool = strawberry.field(
        description="Whether it was stood independently, with the permission to (是否独立值班)."
    )


@strawberry.input(
    description="Night shifts of one month: by count, or by their time stamps, not both (夜班)."
)
class NightShiftsInput:
    """Night shifts."""

    independent: int | None = _fact(
        "Independent shifts (独立值班次数); left out beside `follower`, there were none."
    )
    follower: int | None = _fact(
        "Shifts under supervision (跟班次数); left out beside `independent`, there were none."
    )
    shifts: list[NightShiftInput] | None = _fact("The shifts one by one (各次夜班).")


@strawberry.input(
    description=(
        "What decides a person's pay (测算条件). Give `degrees`, and the opening's own rules find "
        f"the qualifying one; or give `qualifyingDegree` itself. {_UNKNOWN}"
    )
)
class ProfileInput:
    """What decides pay."""

    trainee_type: TraineeType | None = _fact("Status in which the person trains (培训对象类型).")
    qualifying_degree: DegreeLevel | None = _fact(
        "Highest degree that satisfies the rules of admission (符合报考条件的最高学历)."
    )
    degrees: list[DegreeInput] | None = _fact("Degrees, all of them (学历学位).")
    title: TitleLevel | None = _fact("Professional title (职称).")
    sending_unit_tier: HospitalTier | None = _fact("Tier of the sending employer (派出单位等级).")
    training_year: int | None = _fact("Training year, 1 to 3 (培训年度).")
    post_allowance_granted: bool | None = _fact(
        "The appraisal grants the post allowance (是否发放岗位津贴)."
    )
    independent_duty: bool | None = _fact("May stand duty independently (是否获准独立值班).")
    night_shifts: NightShiftsInput | None = _fact("Night shifts in one month (每月夜班).")


def candidate_of(
    given: CandidateInput, context: GraphContext, argument: str = "candidate"
) -> people.Candidate:
    """Return the domain's candidate.

    Args:
        given: the facts.
        context: whose language refusals are in.
        argument: as what the facts were given.

    Raises:
        GraphRefusal: a fact is nonsense; names its path, such as ``candidate.english.cet4``.

    """
    _check(given, argument, context)
    return _converted(given, people.Candidate)


def profile_of(given: ProfileInput, context: GraphContext) -> people.Profile:
    """Return the domain's profile.

    Raises:
        GraphRefusal: a fact is nonsense; names its path.

    """
    _check(given, "profile", context)
    profile = _converted(given, people.Profile, apart=("night_shifts",))
    shifts = given.night_shifts
    if not isinstance(shifts, NightShiftsInput):
        return profile
    known = dict(_facts(shifts))
    if "shifts" in known:
        if len(known) > 1:
            raise bad_input(
                "profile.nightShifts",
                Text(
                    "次数与逐次记录只能填写一种",
                    "give counts or the shifts one by one, not both",
                ),
                context.language,
            )
        return dataclasses.replace(
            profile,
            night_shifts=tuple(
                people.NightShift(
                    starts_at=shift.starts_at.isoformat(),
                    ends_at=shift.ends_at.isoformat(),
                    independent=shift.independent,
                )
                for shift in known["shifts"]
            ),
        )
    if not known:
        return profile
    counts = people.NightShiftCounts(
        independent=known.get("independent", 0), follower=known.get("follower", 0)
    )
    return dataclasses.replace(profile, night_shift_counts=counts)


def _converted(given: Any, domain: type[_Fact], apart: tuple[str, ...] = ()) -> _Fact:
    """Return a domain object whose fields are those of an input of the same names.

    Fields that are ``apart`` have another shape in the input and are left out.
    """
    hints = get_type_hints(domain)
    values = {}
    for part in dataclasses.fields(domain):  # type: ignore[arg-type]  # called with dataclasses only
        value = getattr(given, part.name, UNSET)
        if value is UNSET or value is None or part.name in apart:
            continue
        values[part.name] = _value(value, hints[part.name])
    return domain(**values)


def _value(value: Any, hint: Any) -> Any:
    inner = [part for part in _parts(hint) if part is not NoneType]
    of = inner[0]
    if get_origin(of) is tuple:
        return tuple(_value(item, get_args(of)[0]) for item in value)
    if isinstance(of, type) and dataclasses.is_dataclass(of):
        return _converted(value, of)
    return value


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


@dataclasses.dataclass(frozen=True)
class _Range:
    """A range that a number must lie in, both ends included."""

    low: int | Decimal
    high: int | Decimal

    def refusal(self, value: Any, _context: GraphContext) -> Text | None:
        """Return why the value is refused."""
        if self.low <= value <= self.high:
            return None
        return Text(
            f"应为 {self.low} 至 {self.high}，而不是 {value}",
            f"must be from {self.low} to {self.high}, not {value}",
        )


_TEXT_LENGTH = 200


def _division(value: str, _context: GraphContext) -> Text | None:
    if re.fullmatch(r"[0-9]{6}", value):
        return None
    return Text(
        f"应为六位 GB/T 2260 代码，而不是“{value}”",
        f'must be a six-digit code of GB/T 2260, not "{value}"',
    )


def _born(value: date, context: GraphContext) -> Text | None:
    today = context.clock().astimezone(CHINA_TIME).date()
    if date(1900, 1, 1) <= value <= today:
        return None
    return Text(
        f"应在 1900-01-01 至今天之间，而不是 {value}",
        f"must lie between 1900-01-01 and today, not {value}",
    )


_Refusal = Callable[[Any, GraphContext], Text | None]
_CHECKS: dict[type, dict[str, _Refusal]] = {
    DegreeInput: {
        "graduation_year": _Range(1950, 2100).refusal,
        "study_years": _Range(1, 12).refusal,
    },
    EnglishInput: {
        "cet4": _Range(0, 710).refusal,
        "cet6": _Range(0, 710).refusal,
        "ielts": _Range(0, 9).refusal,
        "toefl": _Range(0, 120).refusal,
    },
    SendingUnitInput: {"province": _division, "prefecture": _division},
    CandidateInput: {
        "birth_date": _born,
        "work_years": _Range(0, 70).refusal,
        "preferences": _Range(0, 100).refusal,
        "stay_months": _Range(1, 60).refusal,
    },
    NightShiftsInput: {
        "independent": _Range(0, 31).refusal,
        "follower": _Range(0, 31).refusal,
    },
    ProfileInput: {"training_year": _Range(1, 3).refusal},
}


def _check(given: Any, path: str, context: GraphContext) -> None:
    """Refuse the first fact that is nonsense; ``path`` is where ``given`` stands."""
    checks = _CHECKS.get(type(given), {})
    for part, value in _facts(given):
        place = f"{path}.{_camel(part)}"
        problem = checks[part](value, context) if part in checks else None
        if problem is None and isinstance(value, str):
            problem = _too_long(value)
        if problem is not None:
            raise bad_input(place, problem, context.language)
        if isinstance(value, list):
            for index, item in enumerate(value):
                _check(item, f"{place}.{index}", context)
        elif dataclasses.is_dataclass(value):
            _check(value, place, context)
    if isinstance(given, NightShiftInput) and given.ends_at <= given.starts_at:
        raise bad_input(
            f"{path}.endsAt",
            Text("下班时间应晚于上班时间", "must be later than startsAt"),
            context.language,
        )


def _too_long(value: str) -> Text | None:
    if len(value) <= _TEXT_LENGTH:
        return None
    return Text(
        f"不得超过 {_TEXT_LENGTH} 个字符", f"must not be longer than {_TEXT_LENGTH} characters"
    )


def _facts(given: Any) -> Iterator[tuple[str, Any]]:
    for part in dataclasses.fields(given):
        value = getattr(given, part.name)
        if value is not UNSET and value is not None:
            yield part.name, value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
