"""Rosters of people who train already: the columns of a file, and what became of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from zhupei.domain.admission_case import AgreementKind
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import DegreeLevel, DegreeType, TraineeType
from zhupei.domain.text import Text

__all__ = ["REQUIRED_FIELDS", "ROSTER_HEADERS", "RosterField", "RosterImport", "RosterRow"]


class RosterField(StrEnum):
    """What stands in a column of a roster, in the order of the form."""

    NAME = "name"
    IDENTITY_KIND = "identity_kind"
    IDENTITY_NUMBER = "identity_number"
    ISSUING_STATE = "issuing_state"
    PHONE = "phone"
    EMAIL = "email"
    SPECIALTY_CODE = "specialty_code"
    DIRECTION = "direction"
    TRAINEE_TYPE = "trainee_type"
    DEGREE = "degree"
    DEGREE_TYPE = "degree_type"
    SENDING_UNIT = "sending_unit"
    AGREEMENT = "agreement"
    STARTS_ON = "starts_on"


_F = RosterField
REQUIRED_FIELDS = frozenset(
    {_F.NAME, _F.IDENTITY_NUMBER, _F.SPECIALTY_CODE, _F.TRAINEE_TYPE, _F.STARTS_ON}
)
"""The columns without which nobody can be registered; all others may be missing or blank."""

ROSTER_HEADERS: Mapping[RosterField, Text] = MappingProxyType(
    {
        _F.NAME: Text("姓名", "Name"),
        _F.IDENTITY_KIND: Text("证件类型", "Identity document"),
        _F.IDENTITY_NUMBER: Text("证件号码", "Document number"),
        _F.ISSUING_STATE: Text("签发国家", "Issuing state"),
        _F.PHONE: Text("联系电话", "Phone"),
        _F.EMAIL: Text("电子邮箱", "E-mail"),
        _F.SPECIALTY_CODE: Text("专业代码", "Specialty code"),
        _F.DIRECTION: Text("培养方向", "Direction"),
        _F.TRAINEE_TYPE: Text("人员类型", "Type of trainee"),
        _F.DEGREE: Text("最高学历", "Highest degree"),
        _F.DEGREE_TYPE: Text("学位类型", "Type of degree"),
        _F.SENDING_UNIT: Text("委派单位", "Sending unit"),
        _F.AGREEMENT: Text("协议", "Agreement"),
        _F.STARTS_ON: Text("培训开始日期", "First day"),
    }
)
"""How the columns are headed, in either language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One person of a roster, read and typed; ``cells`` says where each value stood."""

    row: int
    cells: Mapping[RosterField, str]
    name: str = field(repr=False)
    identity_kind: DocumentKind
    identity_number: str = field(repr=False)
    issuing_state: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    opening: str
    direction: str | None
    trainee_type: TraineeType
    degree: DegreeLevel | None
    degree_type: DegreeType | None
    sending_unit: str | None
    agreement: AgreementKind | None
    starts_on: date
    birth_date: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterImport:
    """What an import did, or would do: whom it registered, and who was registered already.

    ``operation`` is the long work under which its progress was told.
    """

    operation: UUID
    program: str
    rows: int
    added: int
    unchanged: int
    people: int
    """How many of those who were added were not known here at all."""
    sha256: str
    dry_run: bool
