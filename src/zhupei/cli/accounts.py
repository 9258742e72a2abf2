"""``zhupei account``: who may sign in, with which roles."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._database import at_command_line, done, with_database
from zhupei.cli._parser import add_format
from zhupei.domain.actors import ActorKind, Grant
from zhupei.domain.roles import Role
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.domain.access_refusals import AccessRefusal
    from zhupei.services.accounts import AccountRecord
    from zhupei.settings import Settings

__all__ = ["register"]

_ROLES = ", ".join(Role)


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    account = subparsers.add_parser(
        "account",
        help="账号与授权 · accounts and their roles",
        description=(
            "以密码或本系统凭证登录的账号，以及所有账号的角色。服务可同时运行，更改即刻生"
            "效。 · Accounts that sign in with a password or with tokens of this "
            "installation, and the roles of all accounts. Servers may run meanwhile; all "
            "takes effect at once."
        ),
    )
    actions = account.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="新建账号 · make an account")
    add.add_argument("login", metavar="LOGIN", help="登录名 · name to sign in with")
    add.add_argument("--name", help="显示名称 · name to show")
    secret = add.add_mutually_exclusive_group()
    secret.add_argument(
        "--no-password",
        action="store_true",
        help=(
            "没有密码，只用 `zhupei token` 签发的凭证登录 · signs in only with tokens of "
            "`zhupei token`"
        ),
    )
    secret.add_argument(
        "--service",
        action="store_true",
        help=(
            "供程序使用的服务账号；须带 --scope，没有密码 · for a program; needs --scope, has "
            "no password"
        ),
    )
    add.add_argument(
        "--scope",
        action="append",
        metavar="PERMISSION",
        help="服务账号最多可用的权限；可重复 · what a service may use at most; repeat",
    )
    add.set_defaults(run=_add)
    _with_login(actions, "password", "设置新密码 · set a new password", _password)
    for name, text, run in (
        ("grant", "授予角色 · give a role", _grant),
        ("revoke", "收回角色 · take a role back", _revoke),
    ):
        given = _with_login(actions, name, text, run)
        given.add_argument("role", metavar="ROLE", help=f"角色：{_ROLES} · one of {_ROLES}")
        limit = given.add_mutually_exclusive_group()
        limit.add_argument("--base", metavar="CODE", help="限定培训基地 · for this base")
        limit.add_argument(
            "--jurisdiction", metavar="CODE", help="限定辖区 · for this jurisdiction"
        )
        given.add_argument(
            "--specialty",
            metavar="CODE",
            help="与 --base 同用：限定该基地的专业 · with --base: for this specialty there only",
        )
    _with_login(actions, "lock", "锁定，已发凭证即刻失效 · lock and end its tokens", _lock)
    _with_login(actions, "unlock", "解锁 · unlock", _unlock)
    listing = actions.add_parser("list", help="列出账号 · list accounts")
    add_format(listing)
    listing.set_defaults(run=_list)


def _with_login(
    actions: Subparsers, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=text)
    parser.add_argument(
        "login", metavar="LOGIN", help="登录名或账号标识 · login, or the account's id"
    )
    parser.set_defaults(run=run)
    return parser


def _add(arguments: argparse.Namespace) -> int:
    from zhupei.security.passwords import Passwords  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.accounts import add_account  # noqa: PLC0415 - see zhupei.cli

    settings = read_settings()
    password = None if arguments.service or arguments.no_password else _read_password()

    async def work() -> AccountRecord | AccessRefusal:
        return await add_account(
            arguments.login,
            passwords=Passwords(),
            password=password,
            by=at_command_line(),
            at=_now(),
            kind=ActorKind.SERVICE if arguments.service else ActorKind.PERSON,
            name=arguments.name,
            scopes=arguments.scope,
        )

    return _show(settings, work)


def _password(arguments: argparse.Namespace) -> int:
    from zhupei.security.passwords import Passwords  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.accounts import set_password  # noqa: PLC0415 - see zhupei.cli

    password = _read_password()

    async def work() -> AccountRecord | AccessRefusal:
        return await set_password(
            arguments.login, password, passwords=Passwords(), by=at_command_line(), clock=_now
        )

    return _show(read_settings(), work)


def _grant(arguments: argparse.Namespace) -> int:
    from zhupei.cli._loading import load_configuration  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.accounts import find_account, grant_role  # noqa: PLC0415 - see zhupei.cli

    settings = read_settings()
    catalogue = load_configuration(settings).catalogue

    async def work() -> AccountRecord | AccessRefusal:
        done(
            await grant_role(
                arguments.login,
                _limited(arguments),
                bases=catalogue.bases,
                jurisdictions=catalogue.jurisdictions,
                specialties=catalogue.departments,
                by=at_command_line(),
                at=_now(),
            )
        )
        found = await find_account(arguments.login)
        if found is None:
            raise CommandError(Text("账号已不存在", "the account is gone"))
        return found

    return _show(settings, work)


def _revoke(arguments: argparse.Namespace) -> int:
    from zhupei.services.accounts import revoke_role  # noqa: PLC0415 - see zhupei.cli

    async def work() -> AccountRecord | AccessRefusal:
        return await revoke_role(
            arguments.login, _limited(arguments), by=at_command_line(), at=_now()
        )

    return _show(read_settings(), work)


def _lock(arguments: argparse.Namespace) -> int:
    from zhupei.services.accounts import lock_account  # noqa: PLC0415 - see zhupei.cli

    async def work() -> AccountRecord | AccessRefusal:
        return await lock_account(arguments.login, by=at_command_line(), at=_now())

    return _show(read_settings(), work)


def _unlock(arguments: argparse.Namespace) -> int:
    from zhupei.services.accounts import unlock_account  # noqa: PLC0415 - see zhupei.cli

    async def work() -> AccountRecord | AccessRefusal:
        return await unlock_account(arguments.login, by=at_command_line(), at=_now())

    return _show(read_settings(), work)


def _list(arguments: argparse.Namespace) -> int:
    from zhupei.services.accounts import list_accounts  # noqa: PLC0415 - see zhupei.cli

    settings = read_settings()
    accounts = with_database(settings, list_accounts)
    if arguments.format == "json":
        listed = [_as_json(account) for account in accounts]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
    else:
        for account in accounts:
            sys.stdout.write(_line(account, settings.language))
    return 0


def _limited(arguments: argparse.Namespace) -> Grant:
    return Grant(
        arguments.role,
        base=arguments.base,
        jurisdiction=arguments.jurisdiction,
        specialty=arguments.specialty,
    )


def _show(settings: Settings, work: Callable[[], Awaitable[AccountRecord | AccessRefusal]]) -> int:
    account = done(with_database(settings, work))
    sys.stdout.write(_line(account, settings.language))
    return 0


def _read_password() -> str:
    """Ask for a password twice; where nobody can be asked, read one line of standard input."""
    try:
        password = _typed_password()
        password.encode()
    except UnicodeError:
        raise CommandError(Text("密码不是 UTF-8", "the password is not UTF-8"), status=2) from None
    except EOFError:
        raise CommandError(Text("没有输入密码", "no password was given")) from None
    return password


def _typed_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("密码 · Password: ")
    if getpass.getpass("再次输入 · Again: ") != password:
        raise CommandError(Text("两次输入的密码不同", "the two passwords differ"))
    return password


def _line(account: AccountRecord, language: Language) -> str:
    state = Text("已锁定", "locked") if account.locked_at else Text("正常", "active")
    grants = ", ".join(_grant_text(each.grant) for each in account.grants)
    shown = [
        str(account.id),
        account.login or f"({account.issuer})",
        account.kind.value,
        state.get(language),
        grants or "-",
    ]
    if account.scopes is not None:
        shown.append(f"[{' '.join(sorted(account.scopes))}]")
    return "  ".join(shown) + "\n"


def _grant_text(grant: Grant) -> str:
    limit = grant.base or grant.jurisdiction
    if grant.specialty is not None:
        limit = f"{limit}/{grant.specialty}"
    return grant.role if limit is None else f"{grant.role}@{limit}"


def _as_json(account: AccountRecord) -> dict[str, object]:
    return {
        "id": str(account.id),
        "login": account.login,
        "issuer": account.issuer,
        "kind": account.kind.value,
        "lockedAt": None if account.locked_at is None else account.locked_at.isoformat(),
        "lastSignedInAt": None
        if account.last_signed_in_at is None
        else account.last_signed_in_at.isoformat(),
        "scopes": None if account.scopes is None else sorted(account.scopes),
        "grants": [
            {
                "role": each.grant.role,
                "base": each.grant.base,
                "jurisdiction": each.grant.jurisdiction,
                "specialty": each.grant.specialty,
                "grantedBy": each.granted_by,
                "grantedAt": each.granted_at.isoformat(),
            }
            for each in account.grants
        ],
    }


def _now() -> datetime:
    return datetime.now(UTC)
