"""Filters: the conditions that a list may be asked with; `selection` says what they mean."""

from typing import Any

import strawberry
from strawberry import UNSET

from zhupei.domain.codes import ShortagePurpose, SpecialtyField
from zhupei.domain.institutions import BaseStatus, InstitutionType
from zhupei.domain.people import HospitalTier
from zhupei.domain.training import ProgramKind

__all__ = [
    "BaseFilter",
    "JurisdictionFilter",
    "OpeningFilter",
    "ProgramFilter",
    "ProvinceFilter",
    "SpecialtyFilter",
]

_TEXT = (
    "Words that a name, alias, code, or its pinyin or pinyin initials contains (关键词); words of "
    "two Chinese characters are found too. All words must be found."
)
_PROVINCE = "Six-digit GB/T 2260 code of the province (省级行政区代码), such as `110000`."
_CITY = "Six-digit GB/T 2260 code of the prefecture (地级行政区代码), such as `130100`."
_JURISDICTION = "Code of a jurisdiction above (所属辖区), at any height."
_SPECIALTY = "Code of a specialty (专业代码), such as `0200`."
_KIND = "Kind of program (项目类型)."
_YEAR = "Recruitment year (招收年度), such as 2026."
_OPEN = (
    "Whether one can apply at the instant `at` (当前是否可报名). Where no window is published, or "
    "an end is unknown, neither `true` nor `false` holds."
)
_QUOTA = "Whether the number of places is known (招收人数是否公布)."
_SHORTAGE = "A set of shortage specialties (紧缺专业), by what the set is used for."


def _condition(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="Which openings to list; all parts must hold (招收专业筛选条件).")
class OpeningFilter:
    """Conditions on openings."""

    text: str | None = _condition(_TEXT)
    base: str | None = _condition("Code of the base (培训基地代码).")
    program: str | None = _condition("Code of the program (项目代码), its children included.")
    specialty: str | None = _condition(_SPECIALTY)
    province: str | None = _condition(_PROVINCE)
    city: str | None = _condition(_CITY)
    jurisdiction: str | None = _condition(_JURISDICTION)
    kind: ProgramKind | None = _condition(_KIND)
    year: int | None = _condition(_YEAR)
    open_now: bool | None = _condition(_OPEN)
    quota_known: bool | None = _condition(_QUOTA)
    shortage: ShortagePurpose | None = _condition(_SHORTAGE)


@strawberry.input(description="Which programs to list; all parts must hold (项目筛选条件).")
class ProgramFilter:
    """Conditions on programs."""

    text: str | None = _condition(_TEXT)
    base: str | None = _condition("Code of the base that hosts it (培训基地代码).")
    specialty: str | None = _condition("Code of a specialty that it recruits (专业代码).")
    province: str | None = _condition(_PROVINCE)
    city: str | None = _condition(_CITY)
    jurisdiction: str | None = _condition(
        "Code of the jurisdiction that hosts it or is above its base (所属辖区)."
    )
    kind: ProgramKind | None = _condition(_KIND)
    year: int | None = _condition(_YEAR)
    open_now: bool | None = _condition(_OPEN)
    quota_known: bool | None = _condition(_QUOTA)
    shortage: ShortagePurpose | None = _condition(
        "A set of shortage specialties of which it recruits one (紧缺专业)."
    )


@strawberry.input(description="Which bases to list; all parts must hold (培训基地筛选条件).")
class BaseFilter:
    """Conditions on bases; those on programs must hold of one and the same program."""

    text: str | None = _condition(_TEXT)
    province: str | None = _condition(_PROVINCE)
    city: str | None = _condition(_CITY)
    jurisdiction: str | None = _condition(_JURISDICTION)
    specialty: str | None = _condition(
        "Code of a specialty that it is accredited for or recruits (专业代码)."
    )
    tier: HospitalTier | None = _condition("Tier of the hospital (医院等级).")
    type: InstitutionType | None = _condition("Kind of hospital (医院类别).")
    status: BaseStatus | None = _condition("Whether all its data could be built (数据状态).")
    kind: ProgramKind | None = _condition("Kind of a program that it has (项目类型).")
    year: int | None = _condition("Recruitment year of a program that it has (招收年度).")
    open_now: bool | None = _condition(
        "Whether one can apply to a program of it at the instant `at` (当前是否可报名)."
    )
    quota_known: bool | None = _condition(
        "Whether the number of places of a program of it is known (招收人数是否公布)."
    )
    shortage: ShortagePurpose | None = _condition(
        "A set of shortage specialties of which it recruits one (紧缺专业)."
    )


@strawberry.input(description="Which specialties to list; all parts must hold (专业筛选条件).")
class SpecialtyFilter:
    """Conditions on specialties."""

    text: str | None = _condition(_TEXT)
    year: int | None = _condition("Cycle in which the code is valid (目录年度), such as 2026.")
    field: SpecialtyField | None = _condition("Field of medicine (专业类别).")
    program: str | None = _condition(
        "Code of a program (项目代码): the specialties that it declares itself, which are listed "
        "only with this condition; without it the national ones are."
    )
    shortage: ShortagePurpose | None = _condition(
        "A national set of shortage specialties (国家紧缺专业)."
    )
    recruiting: bool | None = _condition("Whether some opening recruits it (是否有招收).")


@strawberry.input(description="Which provinces to list; all parts must hold (省份筛选条件).")
class ProvinceFilter:
    """Conditions on provinces."""

    text: str | None = _condition(_TEXT)
    with_bases: bool | None = _condition("Whether bases in it are known (是否有基地).")


@strawberry.input(description="Which jurisdictions to list; all parts must hold (辖区筛选条件).")
class JurisdictionFilter:
    """Conditions on jurisdictions."""

    province: str | None = _condition(_PROVINCE)
    parent: str | None = _condition("Code of the jurisdiction above it (上级辖区).")
