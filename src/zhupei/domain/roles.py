"""The roles that an account may hold, and how far each reaches."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.actors import Grant
from zhupei.domain.text import Text

__all__ = ["GrantProblem", "Role", "RoleReach", "grant_problem"]


class RoleReach(StrEnum):
    """To what a grant of a role may be limited."""

    OWN = "own"
    """Only what belongs to the account itself; neither base nor jurisdiction is named."""
    BASE = "base"
    """One base, which must be named."""
    JURISDICTION = "jurisdiction"
    """One jurisdiction with the bases below it, which must be named."""
    NATION = "nation"
    """Everything; neither base nor jurisdiction is named."""
    ANY = "any"
    """A base, a jurisdiction, or without either everything."""


class Role(StrEnum):
    """A role (角色); the public has none."""

    APPLICANT = "applicant"
    SENDING_UNIT = "sending_unit"
    SPECIALTY_BASE = "specialty_base"
    BASE_OFFICE = "base_office"
    HOST_DEPARTMENT = "host_department"
    JURISDICTION_OFFICE = "jurisdiction_office"
    NATIONAL = "national"
    INTEGRATOR = "integrator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> Text:
        """The role's name."""
        return _LABELS[self]

    @property
    def reach(self) -> RoleReach:
        """To what its grants may be limited."""
        return _REACHES.get(self, RoleReach.ANY)


_LABELS = MappingProxyType(
    {
        Role.APPLICANT: Text("报考人", "applicant"),
        Role.SENDING_UNIT: Text("选送单位", "sending unit"),
        Role.SPECIALTY_BASE: Text("专业基地", "specialty base"),
        Role.BASE_OFFICE: Text("培训基地管理部门", "base office"),
        Role.HOST_DEPARTMENT: Text("接收科室", "host department"),
        Role.JURISDICTION_OFFICE: Text("行政主管部门", "jurisdiction office"),
        Role.NATIONAL: Text("国家级管理部门", "national office"),
        Role.INTEGRATOR: Text("系统集成", "integrator"),
        Role.AUDITOR: Text("审计", "auditor"),
        Role.ADMINISTRATOR: Text("系统管理员", "administrator"),
    }
)
_REACHES = MappingProxyType(
    {
        Role.APPLICANT: RoleReach.OWN,
        Role.SENDING_UNIT: RoleReach.OWN,
        Role.SPECIALTY_BASE: RoleReach.BASE,
        Role.BASE_OFFICE: RoleReach.BASE,
        Role.HOST_DEPARTMENT: RoleReach.BASE,
        Role.JURISDICTION_OFFICE: RoleReach.JURISDICTION,
        Role.NATIONAL: RoleReach.NATION,
    }
)


_BY_SPECIALTY = frozenset({Role.SPECIALTY_BASE, Role.HOST_DEPARTMENT})


class GrantProblem(StrEnum):
    """Why a role cannot be granted with these limits."""

    UNKNOWN_ROLE = "UNKNOWN_ROLE"
    BASE_NEEDED = "BASE_NEEDED"
    JURISDICTION_NEEDED = "JURISDICTION_NEEDED"
    NO_LIMIT_POSSIBLE = "NO_LIMIT_POSSIBLE"
    TWO_LIMITS = "TWO_LIMITS"
    SPECIALTY_NOT_POSSIBLE = "SPECIALTY_NOT_POSSIBLE"

    @property
    def text(self) -> Text:
        """What to tell who grants."""
        return _PROBLEMS[self]


_PROBLEMS = MappingProxyType(
    {
        GrantProblem.UNKNOWN_ROLE: Text(
            f"没有这个角色；可用的有 {', '.join(Role)}",
            f"there is no such role; known are {', '.join(Role)}",
        ),
        GrantProblem.BASE_NEEDED: Text(
            "该角色须限定一个培训基地", "this role is granted for one base"
        ),
        GrantProblem.JURISDICTION_NEEDED: Text(
            "该角色须限定一个辖区", "this role is granted for one jurisdiction"
        ),
        GrantProblem.NO_LIMIT_POSSIBLE: Text(
            "该角色不限定基地或辖区", "this role is granted without base or jurisdiction"
        ),
        GrantProblem.TWO_LIMITS: Text(
            "基地与辖区只能限定其一", "either a base or a jurisdiction limits a grant, not both"
        ),
        GrantProblem.SPECIALTY_NOT_POSSIBLE: Text(
            "只有专业基地与接收科室的授权可限定专业",
            "only the roles of specialty bases and host departments are limited to a specialty",
        ),
    }
)


def grant_problem(grant: Grant) -> GrantProblem | None:
    """Return why ``grant`` cannot be made, None where it can; codes are not looked up."""
    if grant.role not in set(Role):
        return GrantProblem.UNKNOWN_ROLE
    limited = (grant.base is not None, grant.jurisdiction is not None)
    if all(limited):
        return GrantProblem.TWO_LIMITS
    if grant.specialty is not None and grant.role not in _BY_SPECIALTY:
        return GrantProblem.SPECIALTY_NOT_POSSIBLE
    return _missing_limit(grant, limited)


def _missing_limit(grant: Grant, limited: tuple[bool, bool]) -> GrantProblem | None:
    match Role(grant.role).reach:
        case RoleReach.BASE if grant.base is None:
            return GrantProblem.BASE_NEEDED
        case RoleReach.JURISDICTION if grant.jurisdiction is None:
            return GrantProblem.JURISDICTION_NEEDED
        case RoleReach.OWN | RoleReach.NATION if any(limited):
            return GrantProblem.NO_LIMIT_POSSIBLE
    return None
