"""What each role may do, and whether a grant reaches the base that is asked about.

A grant limited to a base reaches that base, and with a specialty only what belongs to this
specialty there; one limited to a jurisdiction reaches the bases below it; without limit it reaches
everything. The roles applicant and sending unit reach only what
belongs to the account itself. Nobody may do what no line of the table allows: an administrator
manages accounts, and sees neither applications nor identity numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from zhupei.domain.actors import Actor, Grant, Permission
from zhupei.domain.institutions import Base, Jurisdiction
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Text

__all__ = ["PERMISSIONS", "Places", "Target", "grants_with", "holds", "reaches", "within_scopes"]

_APPLICANT = Role.APPLICANT
_UNIT = Role.SENDING_UNIT
_SPECIALTY = Role.SPECIALTY_BASE
_OFFICE = Role.BASE_OFFICE
_HOST = Role.HOST_DEPARTMENT
_AUTHORITY = Role.JURISDICTION_OFFICE
_NATIONAL = Role.NATIONAL
_INTEGRATOR = Role.INTEGRATOR
_AUDITOR = Role.AUDITOR
_ADMINISTRATOR = Role.ADMINISTRATOR

_STAFF = (_SPECIALTY, _OFFICE, _HOST)

# In the order of a case, then what surrounds it: name, Chinese, English, roles.
_TABLE: tuple[tuple[str, str, str, tuple[Role, ...]], ...] = (
    (
        "applications.submit",
        "填报、提交与撤回报名",
        "file, submit and withdraw",
        (_APPLICANT, _UNIT),
    ),
    ("applications.recommend", "单位推荐", "recommend as the sending unit", (_UNIT,)),
    (
        "applications.read",
        "查看报名",
        "read applications",
        (_APPLICANT, _UNIT, *_STAFF, _AUTHORITY, _NATIONAL, _INTEGRATOR, _AUDITOR),
    ),
    ("applications.check", "资格审核", "check eligibility and documents", (_OFFICE,)),
    (
        "applications.assess",
        "记录面试与考核",
        "record interviews and examinations",
        (_SPECIALTY, _OFFICE, _HOST),
    ),
    (
        "applications.opine",
        "专业基地意见",
        "give the specialty base's opinion",
        (_SPECIALTY, _HOST),
    ),
    ("applications.decide", "拟录取、调剂与退回", "propose, transfer and reject", (_OFFICE,)),
    ("applications.admit", "审定录取", "confirm admissions", (_OFFICE, _AUTHORITY)),
    ("offers.answer", "确认或放弃录取", "accept or decline an offer", (_APPLICANT,)),
    ("lists.publish", "发布公示与录取名单", "publish lists", (_OFFICE, _AUTHORITY)),
    ("objections.raise", "提出异议", "object to a published list", (_APPLICANT, _UNIT)),
    ("objections.decide", "处理异议", "decide on objections", (_OFFICE, _AUTHORITY)),
    (
        "interviews.manage",
        "安排面试",
        "arrange interviews",
        (_SPECIALTY, _OFFICE, _HOST),
    ),
    ("interviews.choose", "选择面试时段", "choose an interview slot", (_APPLICANT,)),
    ("scores.read", "查看成绩", "read scores", (*_STAFF, _AUTHORITY, _AUDITOR)),
    ("scores.write", "录入成绩", "enter scores", (_SPECIALTY, _OFFICE, _HOST)),
    ("scores.sign", "复核成绩", "sign scores off as second person", (_OFFICE,)),
    (
        "registrations.read",
        "查看注册",
        "read registrations",
        (_APPLICANT, _OFFICE, _AUTHORITY, _NATIONAL, _INTEGRATOR, _AUDITOR),
    ),
    (
        "registrations.write",
        "报到与注册",
        "record reports, contracts and registrations",
        (_OFFICE,),
    ),
    (
        "papers.read",
        "查看通知书与协议",
        "read letters of admission and agreements",
        (_APPLICANT, _OFFICE),
    ),
    (
        "payments.read",
        "查看发放台账",
        "read what trainees are paid",
        (_APPLICANT, _OFFICE, _AUTHORITY, _AUDITOR),
    ),
    ("rounds.manage", "冻结与回退批次", "freeze and revert rounds", (_AUTHORITY, _NATIONAL)),
    ("plans.request", "申请增加计划", "ask for an increase of the plan", (_OFFICE,)),
    ("plans.approve", "批准增加计划", "approve an increase of the plan", (_AUTHORITY,)),
    ("brochures.submit", "报送招生简章", "submit a brochure", (_OFFICE,)),
    ("brochures.approve", "审核招生简章", "approve a brochure", (_AUTHORITY,)),
    (
        "brochures.read",
        "查看招生简章办理情况",
        "read brochures that are not published",
        (_OFFICE, _AUTHORITY, _NATIONAL, _AUDITOR),
    ),
    ("bans.read", "查看禁报记录", "read bans", (_OFFICE, _AUTHORITY, _NATIONAL, _AUDITOR)),
    ("bans.write", "登记禁报", "record and lift bans", (_AUTHORITY, _NATIONAL)),
    (
        "applicants.read",
        "查看报考人信息",
        "read applicants' facts, numbers masked",
        (_APPLICANT, _UNIT, *_STAFF, _AUTHORITY),
    ),
    ("applicants.write", "填写报考人信息", "write applicants' facts", (_APPLICANT, _UNIT)),
    (
        "applicants.find",
        "按证件号码查找报考人",
        "find an applicant by identity number",
        (_OFFICE, _AUTHORITY),
    ),
    (
        "identity.read",
        "查看完整证件号码",
        "read identity numbers unmasked",
        (_APPLICANT, _OFFICE, _AUTHORITY),
    ),
    (
        "contacts.read",
        "查看完整联系方式",
        "read phones and e-mails unmasked",
        (_APPLICANT, _SPECIALTY, _OFFICE, _AUTHORITY),
    ),
    (
        "files.read",
        "查看材料",
        "read applicants' files",
        (_APPLICANT, _SPECIALTY, _OFFICE, _AUTHORITY),
    ),
    ("files.write", "上传材料", "hand in files", (_APPLICANT, _UNIT)),
    (
        "statistics.read",
        "查看统计",
        "read statistics",
        (_OFFICE, _AUTHORITY, _NATIONAL, _INTEGRATOR, _AUDITOR),
    ),
    (
        "calendar.subscribe",
        "订阅本人日程",
        "subscribe to one's own calendar",
        (_APPLICANT,),
    ),
    (
        "notices.read",
        "查看通知发送记录",
        "read what was told to whom and whether it arrived",
        (_APPLICANT, _OFFICE, _AUTHORITY, _AUDITOR),
    ),
    (
        "notices.send",
        "重新发送通知",
        "have an undelivered notice tried again",
        (_OFFICE, _AUTHORITY),
    ),
    (
        "operations.read",
        "查看处理进度",
        "see how far long work is",
        (_OFFICE, _AUTHORITY, _NATIONAL),
    ),
    ("events.read", "接收事件", "receive events", (_INTEGRATOR,)),
    ("webhooks.manage", "管理事件订阅", "manage one's webhooks", (_INTEGRATOR,)),
    ("audit.read", "查看审计记录", "read the record of transitions", (_AUTHORITY, _AUDITOR)),
    ("accounts.read", "查看账号", "read accounts and grants", (_AUDITOR, _ADMINISTRATOR)),
    (
        "accounts.manage",
        "管理账号与授权",
        "make, grant, lock and unlock accounts",
        (_ADMINISTRATOR,),
    ),
)

PERMISSIONS: Mapping[str, Permission] = MappingProxyType(
    {
        name: Permission(name=name, label=Text(zh, en), roles=tuple(role.value for role in roles))
        for name, zh, en, roles in _TABLE
    }
)
"""The permissions of the core by name, with the roles that hold them."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a permission is asked for: something of a base, of a jurisdiction, or of the nation.

    ``specialty`` is the code of the specialty that something of a base belongs to, None for what
    belongs to the base as a whole. ``owners`` are the ids of the accounts that it belongs to: the
    applicant's, and that of the unit which sends the applicant.
    """

    base: str | None = None
    jurisdiction: str | None = None
    specialty: str | None = None
    owners: Collection[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Places:
    """Bases and jurisdictions by code, as the catalogue knows them."""

    bases: Mapping[str, Base]
    jurisdictions: Mapping[str, Jurisdiction]

    def above(self, target: Target) -> frozenset[str]:
        """Return the codes of the jurisdictions that the target lies in; none if unknown."""
        if target.base is not None:
            base = self.bases.get(target.base)
            return frozenset() if base is None else frozenset(base.jurisdictions)
        found: list[str] = []
        code = target.jurisdiction
        while code is not None and code not in found and code in self.jurisdictions:
            found.append(code)
            code = self.jurisdictions[code].parent
        return frozenset(found)


def reaches(grant: Grant, actor: str, target: Target, places: Places) -> bool:
    """Return whether a grant of the account ``actor`` reaches what is asked for."""
    if grant.role in _OWN_ROLES:
        return actor in target.owners
    if grant.base is not None and grant.jurisdiction is not None:
        return False  # a plugin's actor may claim this, no account of ours can
    if grant.specialty is not None:
        return (grant.base, grant.specialty) == (target.base, target.specialty)
    if grant.base is not None:
        return grant.base == target.base
    if grant.jurisdiction is not None:
        return grant.jurisdiction in places.above(target)
    return True


_OWN_ROLES = frozenset(role.value for role in Role if role.reach is RoleReach.OWN)


def within_scopes(actor: Actor, permission: str) -> bool:
    """Return whether the actor's token lets it use ``permission`` at all."""
    return actor.scopes is None or permission in actor.scopes


def grants_with(permission: Permission, grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return the grants whose role holds the permission, in a steady order."""
    held = (grant for grant in grants if grant.role in permission.roles)
    return tuple(
        sorted(
            held,
            key=lambda each: (
                each.role,
                each.base or "",
                each.jurisdiction or "",
                each.specialty or "",
            ),
        )
    )


def holds(actor: Actor, permission: Permission, target: Target, places: Places) -> bool:
    """Return whether the actor's roles allow ``permission`` for what is asked about."""
    return within_scopes(actor, permission.name) and any(
        reaches(grant, actor.id, target, places) for grant in grants_with(permission, actor.grants)
    )
