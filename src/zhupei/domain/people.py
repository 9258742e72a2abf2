"""Who applies: the facts of a candidate that decide eligibility and pay.

Every fact may be None, which means "not known": a rule that needs it answers UNKNOWN and names
it, it never assumes. A candidate here carries facts only; names, identity numbers and phones
never reach a rule or a plugin.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

__all__ = [
    "Candidate",
    "Certificate",
    "Degree",
    "DegreeLevel",
    "DegreeType",
    "EnglishProficiency",
    "HospitalTier",
    "LicenceCategory",
    "NightShift",
    "NightShiftCounts",
    "OriginRegion",
    "PostType",
    "Profile",
    "SendingUnit",
    "TitleLevel",
    "TraineeType",
    "facts",
]


class OriginRegion(StrEnum):
    """Where a candidate is from, as the admission rules distinguish (生源地)."""

    MAINLAND = "MAINLAND"
    HONG_KONG = "HONG_KONG"
    MACAU = "MACAU"
    TAIWAN = "TAIWAN"
    FOREIGN = "FOREIGN"


class TraineeType(StrEnum):
    """The status in which a person trains (培训对象类型)."""

    SOCIAL = "SOCIAL"
    """社会人: recruited from society, contract with the base."""
    ENTRUSTED = "ENTRUSTED"
    """外单位委托: employed elsewhere and sent by the employer (单位人, 委托培训)."""
    OWN_STAFF = "OWN_STAFF"
    """本单位: employed by the base itself."""
    PROFESSIONAL_MASTER = "PROFESSIONAL_MASTER"
    """专硕研究生: enrolled student of a professional master's degree."""
    RURAL_ORDER = "RURAL_ORDER"
    """农村订单定向: directed free medical graduate."""
    FELLOW = "FELLOW"
    """进修学员: a practising doctor or technician on a fellowship."""


class DegreeLevel(StrEnum):
    """Level of education (学历层次), lowest first."""

    JUNIOR_COLLEGE = "JUNIOR_COLLEGE"
    """大专"""
    BACHELOR = "BACHELOR"
    """本科"""
    MASTER = "MASTER"
    """硕士"""
    DOCTOR = "DOCTOR"
    """博士"""

    @property
    def rank(self) -> int:
        """0 for junior college up to 3 for a doctor."""
        return list(DegreeLevel).index(self)


class DegreeType(StrEnum):
    """Type of a degree: professional (专业学位) or academic (学术学位)."""

    PROFESSIONAL = "PROFESSIONAL"
    ACADEMIC = "ACADEMIC"


class LicenceCategory(StrEnum):
    """Category of a physician's licence (医师资格证书类别)."""

    CLINICAL = "CLINICAL"
    STOMATOLOGY = "STOMATOLOGY"
    TCM = "TCM"
    PUBLIC_HEALTH = "PUBLIC_HEALTH"


class TitleLevel(StrEnum):
    """Professional title (职称), lowest first."""

    NONE = "NONE"
    JUNIOR = "JUNIOR"
    """初级"""
    INTERMEDIATE = "INTERMEDIATE"
    """中级 (主治)"""
    ASSOCIATE_SENIOR = "ASSOCIATE_SENIOR"
    """副高级"""
    SENIOR = "SENIOR"
    """正高级"""

    @property
    def rank(self) -> int:
        """0 for no title up to 4 for a full senior title."""
        return list(TitleLevel).index(self)


class HospitalTier(StrEnum):
    """Tier of a hospital (医院等级), lowest first."""

    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"
    TERTIARY = "TERTIARY"

    @property
    def rank(self) -> int:
        """0 for a primary hospital up to 2 for a tertiary one."""
        return list(HospitalTier).index(self)


class PostType(StrEnum):
    """What a fellow works as (岗位类别)."""

    DOCTOR = "DOCTOR"
    TECHNICIAN = "TECHNICIAN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Degree:
    """One degree: level, type, major and school.

    ``major_code`` is the national code of an undergraduate major (``100201K``); ``major`` its
    name or a graduate subject's. ``direction`` is the direction of study within it. ``mainland``
    says that a school of mainland China granted it, ``full_time`` that the study was full-time
    ordinary education (全日制普通), ``awarded`` that the certificates are held,
    ``enrolled`` that the person is still a student of this degree.
    """

    level: DegreeLevel
    type: DegreeType | None = None
    major_code: str | None = None
    major: str | None = None
    direction: str | None = None
    school: str | None = None
    mainland: bool | None = None
    recognised: bool | None = None
    full_time: bool | None = None
    graduation_year: int | None = None
    awarded: bool | None = None
    enrolled: bool | None = None
    study_years: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnglishProficiency:
    """Results in English; CET scores are out of 710, ``other`` names any other proof."""

    cet4: int | None = None
    cet6: int | None = None
    ielts: Decimal | None = None
    toefl: int | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingUnit:
    """The employer that sends a person to training (选送单位, 派出单位)."""

    name: str | None = None
    tier: HospitalTier | None = None
    province: str | None = None
    """GB/T 2260 code of the province, such as ``450000``."""
    prefecture: str | None = None
    """GB/T 2260 code of the prefecture-level division."""
    recommends: bool | None = None
    """The unit recommends or dispatches the person."""
    base: str | None = None
    """Code of the base that the unit assigned."""
    specialty: str | None = None
    """Code of the specialty that the unit assigned."""
    agreement_signed: bool | None = None
    """A directed-entrustment agreement with the base is signed (定向委托培训协议)."""
    names_match: bool | None = None
    """Practice place, unit name and seal are the same (三者一致)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate beside degree and licence, by its name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The facts of a person that rules may ask for; None means not known."""

    origin: OriginRegion | None = None
    permanent_resident: bool | None = None
    trainee_type: TraineeType | None = None
    birth_date: date | None = None
    degrees: tuple[Degree, ...] = ()
    english: EnglishProficiency | None = None
    licensed: bool | None = None
    licence_category: LicenceCategory | None = None
    practice_certificate: bool | None = None
    practice_specialty: str | None = None
    """The specialty that the practice certificate registers (执业范围), by name or code."""
    technician_qualified: bool | None = None
    licence_exam_eligible: bool | None = None
    """May sit the national licence examination for clinical medicine or stomatology."""
    title: TitleLevel | None = None
    post_type: PostType | None = None
    work_years: Decimal | None = None
    in_clinical_work: bool | None = None
    employed: bool | None = None
    sending_unit: SendingUnit | None = None
    residency_completed: bool | None = None
    """Holds the certificate of completed residency training (合格证书)."""
    registered_on_national_platform: bool | None = None
    banned_until: date | None = None
    ban_checked: bool | None = None
    """True once the ban registry was asked; ``banned_until`` is then its answer."""
    fit_for_training: bool | None = None
    medical_examination_passed: bool | None = None
    infectious_disease: bool | None = None
    chronic_disease: bool | None = None
    law_abiding: bool | None = None
    major_accident: bool | None = None
    consents: bool | None = None
    """Takes part voluntarily and accepts the base's arrangements."""
    certificates: tuple[Certificate, ...] | None = None
    direction: str | None = None
    """The direction within the opening that the candidate applies for."""
    applies_as_individual: bool | None = None
    preferences: int | None = None
    stay_months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightShiftCounts:
    """Night shifts in one month, by how the resident stood them."""

    independent: int = 0
    follower: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NightShift:
    """One shift by its time stamps (ISO 8601 with offset) and whether it was independent."""

    starts_at: str
    ends_at: str
    independent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What decides a person's pay: the qualifying degree, trainee type, title, shifts.

    Give ``qualifying_degree`` itself, or ``degrees`` and the opening's own rules find it (T27).
    ``training_year`` is 1, 2 or 3.
    """

    trainee_type: TraineeType | None = None
    qualifying_degree: DegreeLevel | None = None
    degrees: tuple[Degree, ...] = ()
    title: TitleLevel | None = None
    sending_unit_tier: HospitalTier | None = None
    training_year: int | None = None
    post_allowance_granted: bool | None = None
    independent_duty: bool | None = None
    night_shift_counts: NightShiftCounts | None = None
    night_shifts: tuple[NightShift, ...] | None = None


def facts(value: object) -> dict[str, Any]:
    """Return the known facts of a candidate or profile as nested camelCase names.

    Facts that are None are left out, so that an expression that asks for one fails as missing
    instead of comparing with null; so is an empty list of degrees, which means that none were
    given. Enumerations become their value, dates ISO text.
    """
    found: dict[str, Any] = {}
    for field in fields(value):  # type: ignore[arg-type]  # called with our dataclasses only
        item = getattr(value, field.name)
        if item is not None and not (item == () and field.name == "degrees"):
            found[_camel(field.name)] = _plain(item)
    return found


def _plain(item: object) -> Any:
    match item:
        case Enum():
            return item.value
        case Decimal():
            return float(item)
        case date():
            return item.isoformat()
        case tuple():
            return [_plain(part) for part in item]
        case bool() | int() | str() | float():
            return item
        case _:
            return facts(item)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
