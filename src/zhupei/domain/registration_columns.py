"""The columns that exports may have: the registration list (注册名单, R156), statistics (R157).

A jurisdiction asks for its own form: which columns in which order, under which headings, dates in
which form, codes of its own in place of our terms, and texts that are the same in every row.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.admission_process import Channel
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import DegreeLevel, TraineeType
from zhupei.domain.text import Text

__all__ = [
    "CODED_FIELDS",
    "DATE_FIELDS",
    "REGISTRATION_HEADERS",
    "STATISTICS_HEADERS",
    "DateForm",
    "ExportColumn",
    "RegistrationField",
    "StatisticsField",
]


class RegistrationField(StrEnum):
    """What stands in a column of the list, in the order in which they stand by default."""

    NUMBER = "number"
    REGISTRATION = "registration"
    NAME = "name"
    IDENTITY_KIND = "identity_kind"
    IDENTITY_NUMBER = "identity_number"
    PHONE = "phone"
    DEGREE = "degree"
    BASE = "base"
    SPECIALTY_CODE = "specialty_code"
    SPECIALTY = "specialty"
    DIRECTION = "direction"
    YEAR = "year"
    TRAINEE_TYPE = "trainee_type"
    CHANNEL = "channel"
    SENDING_UNIT = "sending_unit"
    AGREEMENT = "agreement"
    STARTS_ON = "starts_on"
    ENDS_ON = "ends_on"


class StatisticsField(StrEnum):
    """What stands in a column of the statistics, in the order in which they stand by default."""

    BASE = "base"
    SPECIALTY_CODE = "specialty_code"
    SPECIALTY = "specialty"
    SHORTAGE = "shortage"
    PLACES = "places"
    APPLICATIONS = "applications"
    ADMITTED = "admitted"
    REGISTERED = "registered"
    COMPLETION = "completion"
    COMPETITION = "competition"
    REASON = "reason"


class DateForm(StrEnum):
    """How a date is written; ``iso`` is a date that spreadsheet programs know as one."""

    ISO = "iso"
    COMPACT = "compact"
    CHINESE = "chinese"
    SLASHES = "slashes"

    def write(self, day: date) -> str | date:
        """Return a date in this form."""
        match self:
            case DateForm.ISO:
                return day
            case DateForm.COMPACT:
                return f"{day:%Y%m%d}"
            case DateForm.CHINESE:
                return f"{day.year}年{day.month}月{day.day}日"
            case DateForm.SLASHES:
                return f"{day:%Y/%m/%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """A column: a ``field`` of the export, or a ``text`` that is the same in every row.

    ``codes`` gives the authority's code for each of our own (`CODED_FIELDS`).
    """

    header: Text
    field: str | None = None
    text: str | None = None
    form: DateForm = DateForm.ISO
    codes: Mapping[str, str] = dataclasses.field(default_factory=lambda: MappingProxyType({}))


def _members(of: type[StrEnum]) -> frozenset[str]:
    return frozenset(member.value for member in of)


_F = RegistrationField
CODED_FIELDS: Mapping[str, Collection[str]] = MappingProxyType(
    {
        _F.IDENTITY_KIND: _members(DocumentKind),
        _F.DEGREE: _members(DegreeLevel),
        _F.TRAINEE_TYPE: _members(TraineeType),
        _F.CHANNEL: _members(Channel),
        _F.AGREEMENT: frozenset(
            {"labour_contract", "two_party", "three_party", "directed_entrustment"}
        ),
        StatisticsField.SHORTAGE: frozenset({"true", "false", "unknown"}),
    }
)
"""The fields for which an authority may have codes of its own, and our own codes."""

DATE_FIELDS: frozenset[str] = frozenset({_F.STARTS_ON.value, _F.ENDS_ON.value})
"""The fields that are dates."""

REGISTRATION_HEADERS: Mapping[RegistrationField, Text] = MappingProxyType(
    {
        _F.NUMBER: Text("序号", "No."),
        _F.REGISTRATION: Text("注册号", "Registration"),
        _F.NAME: Text("姓名", "Name"),
        _F.IDENTITY_KIND: Text("证件类型", "Identity document"),
        _F.IDENTITY_NUMBER: Text("证件号码", "Document number"),
        _F.PHONE: Text("联系电话", "Phone"),
        _F.DEGREE: Text("最高学历", "Highest degree"),
        _F.BASE: Text("培训基地", "Base"),
        _F.SPECIALTY_CODE: Text("专业代码", "Specialty code"),
        _F.SPECIALTY: Text("培训专业", "Specialty"),
        _F.DIRECTION: Text("培养方向", "Direction"),
        _F.YEAR: Text("年度", "Cycle"),
        _F.TRAINEE_TYPE: Text("人员类型", "Type of trainee"),
        _F.CHANNEL: Text("招录方式", "Channel"),
        _F.SENDING_UNIT: Text("委派单位", "Sending unit"),
        _F.AGREEMENT: Text("协议", "Agreement"),
        _F.STARTS_ON: Text("培训开始日期", "First day"),
        _F.ENDS_ON: Text("培训结束日期", "Last day"),
    }
)
"""How each column of the list is headed unless the jurisdiction says otherwise."""

_S = StatisticsField
STATISTICS_HEADERS: Mapping[StatisticsField, Text] = MappingProxyType(
    {
        _S.BASE: Text("培训基地", "Base"),
        _S.SPECIALTY_CODE: Text("专业代码", "Specialty code"),
        _S.SPECIALTY: Text("专业", "Specialty"),
        _S.SHORTAGE: Text("紧缺专业", "Shortage specialty"),
        _S.PLACES: Text("招收计划（含增加）", "Plan with increases"),
        _S.APPLICATIONS: Text("报名人数", "Applications"),
        _S.ADMITTED: Text("录取人数", "Admitted"),
        _S.REGISTERED: Text("注册人数", "Registered"),
        _S.COMPLETION: Text("完成率（%）", "Completion (%)"),
        _S.COMPETITION: Text("报名计划比（%）", "Applications per place (%)"),
        _S.REASON: Text("说明", "Note"),
    }
)
"""How each column of the statistics is headed unless the jurisdiction says otherwise."""
