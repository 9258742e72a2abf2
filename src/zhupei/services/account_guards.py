"""What stands against an account: its login, its scopes, its password, a grant."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from uuid import UUID

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import ActorKind, Grant
from zhupei.domain.roles import grant_problem
from zhupei.domain.text import Text
from zhupei.security.passwords import password_problems

__all__ = [
    "erased_login",
    "grant_refusal",
    "is_login",
    "login_refusal",
    "name_refusal",
    "password_refusal",
    "scopes_refusal",
]


_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_ERASED_LOGIN = re.compile(r"erased-[0-9a-f]{32}")
# A login is shown and logged: it must not be a phone or an identity number.
_NUMBER = re.compile(r"[0-9]{7,}")


def is_login(text: str) -> bool:
    """Return whether ``text`` could be the login of an account."""
    return _LOGIN.fullmatch(text) is not None and _NUMBER.search(text) is None


def erased_login(account: UUID) -> str:
    """Return the login of the account of somebody who was erased; it tells nothing of them."""
    return f"erased-{account.hex}"


def login_refusal(login: str) -> AccessRefusal | None:
    """Refuse a text that cannot be a login, or is kept for an account that is erased one day."""
    if _ERASED_LOGIN.fullmatch(login):
        return AccessRefusal(
            code=AccessCode.LOGIN_TAKEN,
            message=Text("该账号名已被使用", "this login is taken"),
            field="login",
        )
    if is_login(login):
        return None
    return AccessRefusal(
        code=AccessCode.LOGIN_INVALID,
        message=Text(
            "账号名为 1 至 64 个小写字母、数字、点、横线或下划线，且不得是电话或证件号码",
            "a login is 1 to 64 of a-z, 0-9, dot, hyphen and underscore, and no phone or identity "
            "number",
        ),
        field="login",
    )


_LONGEST_NAME = 100


def name_refusal(name: str | None) -> AccessRefusal | None:
    """Refuse a name that cannot be shown on one line, or not be kept; none at all is allowed."""
    if name is None or (name.strip() and len(name) <= _LONGEST_NAME and name.isprintable()):
        return None
    return AccessRefusal(
        code=AccessCode.NAME_INVALID,
        message=Text(
            f"名称为 1 至 {_LONGEST_NAME} 个可显示的字符",
            f"a name is 1 to {_LONGEST_NAME} printable characters",
        ),
        field="name",
    )


def scopes_refusal(
    kind: ActorKind, scopes: Collection[str] | None, permissions: Collection[str]
) -> AccessRefusal | None:
    """Refuse a service without scopes, a person with them, and scopes that are no permissions."""
    if (kind is ActorKind.SERVICE) is (scopes is None):
        return AccessRefusal(
            code=AccessCode.SCOPE_UNKNOWN,
            message=Text(
                "服务账号须限定权限范围，个人账号不限定", "a service has scopes, a person none"
            ),
            field="scopes",
        )
    unknown = sorted(set(scopes or ()) - set(permissions))
    if not unknown:
        return None
    return AccessRefusal(
        code=AccessCode.SCOPE_UNKNOWN,
        message=Text(
            f"没有这些权限：{', '.join(unknown)}", f"no such permission: {', '.join(unknown)}"
        ),
        field="scopes",
    )


def grant_refusal(
    grant: Grant,
    bases: Mapping[str, object],
    jurisdictions: Mapping[str, object],
    specialties: Collection[tuple[str, str]],
) -> AccessRefusal | None:
    """Refuse a grant that its role does not allow, or over what the catalogue does not hold."""
    problem = grant_problem(grant)
    if problem is not None:
        return AccessRefusal(code=AccessCode.GRANT_INVALID, message=problem.text, field="role")
    if grant.base is not None and grant.base not in bases:
        return _unknown_code("base", grant.base)
    if grant.jurisdiction is not None and grant.jurisdiction not in jurisdictions:
        return _unknown_code("jurisdiction", grant.jurisdiction)
    if grant.specialty is not None and (grant.base, grant.specialty) not in specialties:
        return _unknown_code("specialty", f"{grant.base}/{grant.specialty}")
    return None


def password_refusal(password: str, login: str, name: str | None) -> AccessRefusal | None:
    """Refuse a weak password, or one that says who owns it."""
    problems = password_problems(password, personal=[login, *([name] if name else [])])
    if not problems:
        return None
    return AccessRefusal(
        code=AccessCode.PASSWORD_WEAK,
        message=Text(
            "；".join(problem.zh for problem in problems),
            "; ".join(problem.en or problem.zh for problem in problems),
        ),
        field="password",
    )


def _unknown_code(field: str, code: str) -> AccessRefusal:
    return AccessRefusal(
        code=AccessCode.NOT_FOUND,
        message=Text(f"目录中没有“{code}”", f'the catalogue holds no "{code}"'),
        field=field,
    )
