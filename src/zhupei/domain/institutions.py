"""Institutions: jurisdictions, bases (hospitals), their specialty bases and contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from zhupei.domain.collaborations import (
    CollaborationAgreement,
    GuidanceVisit,
    JointLeadingGroup,
)
from zhupei.domain.people import HospitalTier
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text

__all__ = [
    "Affiliation",
    "Base",
    "BaseStatus",
    "Collaboration",
    "CollaborationKind",
    "CollaborationPart",
    "Contact",
    "Degradation",
    "InstitutionType",
    "Jurisdiction",
    "JurisdictionKind",
    "Phone",
    "Section",
    "SectionItem",
    "SpecialtyBase",
]


class JurisdictionKind(StrEnum):
    """What kind of authority a jurisdiction is."""

    PROVINCE = "province"
    AUTONOMOUS_REGION = "autonomous_region"
    MUNICIPALITY = "municipality"
    CITY = "city"


class InstitutionType(StrEnum):
    """What kind of hospital a base is."""

    GENERAL = "general"
    CHILDREN = "children"
    MATERNAL = "maternal"
    WOMEN_AND_CHILDREN = "women_and_children"
    STOMATOLOGY = "stomatology"
    PSYCHIATRY = "psychiatry"
    MILITARY = "military"


class BaseStatus(StrEnum):
    """Whether everything that a base publishes could be built."""

    OK = "OK"
    DEGRADED = "DEGRADED"


class CollaborationKind(StrEnum):
    """How two hospitals train together."""

    COLLABORATION_UNIT = "collaboration_unit"
    """协同单位 (R201-R207)"""
    JOINT_TRAINING = "joint_training"
    """联合培养试点单位"""
    GRASSROOTS_SITE = "grassroots_site"
    """全科基层实践基地 (R208): managed like a collaboration unit and not counted as one."""
    PARENT = "parent"
    """输出医院: the hospital whose experts work here."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in canonical form (``027-60660788``) and its extension, if any."""

    number: str
    extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach an office: people, phones, groups, mail, address."""

    label: Text | None = None
    people: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    qq_groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    wechat_accounts: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    address: Text | None = None
    note: Text | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionItem:
    """One published statement; ``value`` and ``unit`` where it is a figure."""

    id: str
    label: Text
    text: Text | None = None
    value: str | None = None
    unit: str | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled group of published statements that carry no logic.

    ``kind`` says what it is about: ``profile``, ``principles``, ``duties``, ``rights``,
    ``procedure``, ``management``, ``statistics``, ``training``.
    """

    id: str
    kind: str
    label: Text
    level: Level
    items: tuple[SectionItem, ...]
    source: Source | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Affiliation:
    """That a hospital is affiliated to a school (附属医院), by the school's name and aliases."""

    school: Text
    school_aliases: tuple[str, ...] = ()
    mainland_school: bool
    """Whether the school grants degrees of mainland China (T20)."""
    source: Source | None = None


class CollaborationPart(StrEnum):
    """Which part a hospital has in a collaboration."""

    BASE = "base"
    """培训基地: it is responsible, and the other hospital is its unit."""
    UNIT = "unit"
    """协同单位: it trains for the other hospital, whose duties these are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaboration:
    """That two hospitals train together, as limited to a specialty where it is.

    ``part`` is that of this hospital. ``content`` says what is trained at the unit, ``months`` for
    how long a trainee is there at most. What nobody has stated is None or empty: it is not known.
    """

    kind: CollaborationKind
    hospital: Text
    part: CollaborationPart = CollaborationPart.BASE
    specialty: str | None = None
    content: Text | None = None
    months: int | None = None
    since: str | None = None
    role: Text | None = None
    agreement: CollaborationAgreement | None = None
    leading_group: JointLeadingGroup | None = None
    guidance: tuple[GuidanceVisit, ...] = ()
    full_time_managers: int | None = None
    pays_performance: bool | None = None
    pays_night_allowance: bool | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialtyBase:
    """An accredited specialty of a base (专业基地); it may recruit nobody in a cycle."""

    base: str
    specialty: str
    name: Text
    note: Text | None = None
    capacity: int | None = None
    suspended: Text | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """What could not be built for a base: which plugin and hook, and why, in safe words."""

    plugin: str
    hook: str | None
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """An authority whose rules bind the bases below it (province, region, city)."""

    code: str
    name: Text
    kind: JurisdictionKind
    province: str
    prefecture: str | None = None
    parent: str | None = None
    plugins: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    sections: tuple[Section, ...] = ()
    programs: tuple[str, ...] = ()
    origins: Mapping[str, tuple[Origin, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A training base (培训基地): a hospital that trains residents or fellows.

    ``jurisdictions`` lists the codes from the nearest upwards (city, province);
    ``programs`` the codes of its own programs. ``accredited_count`` is the number of accredited
    specialties as published, which can exceed the specialty bases that a document names.
    ``extension`` is a plugin's own object, an instance of a graph type that it registered.
    """

    code: str
    name: Text
    aliases: tuple[str, ...] = ()
    province: str
    prefecture: str | None = None
    jurisdictions: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    tier: HospitalTier | None = None
    grade: str | None = None
    """Grade within the tier as published, such as ``三级甲等``."""
    type: InstitutionType | None = None
    base_since: str | None = None
    accredited_count: int | None = None
    contacts: tuple[Contact, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()
    collaborations: tuple[Collaboration, ...] = ()
    specialty_bases: tuple[SpecialtyBase, ...] = ()
    sections: tuple[Section, ...] = ()
    programs: tuple[str, ...] = ()
    status: BaseStatus = BaseStatus.OK
    degradations: tuple[Degradation, ...] = ()
    extension: Any = field(default=None, compare=False)
    source: Source | None = None
    origins: Mapping[str, tuple[Origin, ...]] = field(default_factory=lambda: MappingProxyType({}))
