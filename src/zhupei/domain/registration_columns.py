"""The columns that a registration list (注册名单) may have; the list is final (R156)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.text import Text

__all__ = ["REGISTRATION_HEADERS", "RegistrationField"]


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


_F = RegistrationField
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
"""How each column is headed unless the jurisdiction says otherwise."""
