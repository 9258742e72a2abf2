"""``zhupei token``: a bearer token for an account, for development and small deployments."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._database import with_database
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]

_LONGEST_HOURS = 366 * 24


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "token",
        help="签发登录凭证 · make a bearer token for an account",
        description=(
            '签发内置签发者的凭证：curl -H "Authorization: Bearer $(zhupei token LOGIN)"。持有者'
            "在其过期或账号被锁定之前以该账号行事；角色在使用时查验。 · Print a token of the "
            'built-in issuer: curl -H "Authorization: Bearer $(zhupei token LOGIN)" … . Whoever '
            "has it acts as the account until it expires or the account is locked; roles are "
            "looked up when it is used."
        ),
    )
    parser.add_argument(
        "login", metavar="LOGIN", help="登录名或账号标识 · login, or the account's id"
    )
    parser.add_argument(
        "--hours", type=float, default=8, help="有效小时数（8） · how long it is valid (8)"
    )
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="PERMISSION",
        help="限定为该权限；可重复 · limit it to this permission; repeat",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from zhupei.domain.permissions import PERMISSIONS  # noqa: PLC0415 - see zhupei.cli
    from zhupei.errors import did_you_mean  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.access import prepare_access  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.accounts import find_account  # noqa: PLC0415 - see zhupei.cli

    if not 0 < arguments.hours <= _LONGEST_HOURS:
        raise CommandError(
            Text(
                f"--hours 应大于 0 且不超过 {_LONGEST_HOURS}",
                f"--hours must be more than 0 and at most {_LONGEST_HOURS}",
            ),
            status=2,
        )
    for scope in arguments.scope:
        if scope not in PERMISSIONS:
            raise CommandError(
                Text(f"没有权限“{scope}”", f'no permission "{scope}"'),
                hint=did_you_mean(scope, PERMISSIONS),
            )
    settings = read_settings()

    account = with_database(settings, lambda: find_account(arguments.login))
    if account is None or account.login is None:
        raise CommandError(
            Text(
                f"没有账号“{arguments.login}”",
                f'there is no account "{arguments.login}" of this installation',
            ),
            hint=Text("先用 zhupei account add 新建", "make it with zhupei account add"),
        )
    if account.locked_at is not None:
        raise CommandError(
            Text("该账号已锁定", "the account is locked"),
            hint=Text("用 zhupei account unlock 解锁", "zhupei account unlock ends that"),
        )
    signed = prepare_access(settings).sign_in.token_for(
        account.id, timedelta(hours=arguments.hours), arguments.scope
    )
    sys.stdout.write(f"{signed.token}\n")
    return 0
