"""``zhupei renew-encryption`` and ``zhupei new-key``: exchange the keys of personal data."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from zhupei.cli import CommandError, read_settings
from zhupei.cli._database import at_command_line, with_this_database
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.db.connection import Database
    from zhupei.services.applicant_encryption import Renewal
    from zhupei.settings import Settings

__all__ = ["register"]

_LARGEST_BATCH = 10_000


def register(subparsers: Subparsers) -> None:
    """Add the commands."""
    renew = subparsers.add_parser(
        "renew-encryption",
        help="用最新密钥重新加密个人信息 · encrypt personal data with the newest key",
        description=(
            "先在 ZHUPEI_ENCRYPTION_KEYS 最前面加入新密钥，重启服务，再运行本命令：旧密钥"
            "保护的内容全部重新加密与哈希。可中断后再运行，服务可同时运行。完成后可移除旧"
            "密钥。 · Put a new key in front of ZHUPEI_ENCRYPTION_KEYS, restart the "
            "servers, then run this: everything that an older key protects is encrypted "
            "and hashed anew. It may be interrupted and run again, and servers may run "
            "meanwhile. Afterwards the older keys can be taken away."
        ),
    )
    renew.add_argument(
        "--batch",
        type=int,
        default=200,
        metavar="ROWS",
        help="每批行数（200） · rows at a time (200)",
    )
    renew.add_argument(
        "--after",
        metavar="ID",
        help="从显示过的该标识之后继续 · continue after this id, as printed",
    )
    renew.set_defaults(run=_renew)
    key = subparsers.add_parser(
        "new-key",
        help="生成一个新密钥 · make a new encryption key",
        description=(
            "生成 ZHUPEI_ENCRYPTION_KEYS 用的随机新密钥，格式为 id:base64。 · Print a "
            "new random key for ZHUPEI_ENCRYPTION_KEYS, as id:base64."
        ),
    )
    key.add_argument("--id", metavar="ID", help="密钥代号 · its name, such as 2026a")
    key.set_defaults(run=_new_key)


def _renew(arguments: argparse.Namespace) -> int:
    from zhupei.services.access import open_keyring  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.applicant_encryption import (  # noqa: PLC0415 - see zhupei.cli
        renew_encryption,
    )
    from zhupei.services.progress import operation  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.rows import (  # noqa: PLC0415 - see zhupei.cli
        renew_webhook_secrets,
    )

    settings = read_settings()
    batch, after = _batch(arguments.batch), _after(arguments.after)
    keyring = open_keyring(settings)
    shown = _Shown(settings)

    async def work(database: Database) -> tuple[int, int]:
        async with operation(
            database,
            kind="key_renewal",
            by=at_command_line(),
            clock=_now,
        ) as progress:
            telling: list[asyncio.Task[None]] = []

            def told(renewal: Renewal, last: UUID) -> None:
                shown.told(renewal, last)
                progress.total, progress.done = renewal.total, renewal.seen
                telling.append(asyncio.create_task(progress.advance(0)))

            people = await renew_encryption(keyring, batch=batch, after=after, told=told)
            await asyncio.gather(*telling)
            progress.result["renewed"] = people
            return people, await renew_webhook_secrets(keyring)

    try:
        renewed, secrets = with_this_database(settings, work)
    finally:
        shown.end()
    text = Text(
        f"已用密钥 {keyring.key_ids[0]} 重新加密 {renewed} 名报考人的信息",
        f"the data of {renewed} applicants was encrypted anew with the key {keyring.key_ids[0]}",
    )
    sys.stdout.write(text.get(settings.language) + "\n")
    if secrets:
        more = Text(
            f"重新加密 {secrets} 项事件订阅的密钥与联系方式",
            f"{secrets} secrets and contacts of webhooks were encrypted anew",
        )
        sys.stdout.write(more.get(settings.language) + "\n")
    return 0


def _now() -> datetime:
    return datetime.now(CHINA_TIME)


class _Shown:
    """One line on a terminal that follows the work; a line for each batch elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._open = settings, False

    def told(self, renewal: Renewal, last: UUID) -> None:
        """Show how far it is."""
        text = Text(
            f"{renewal.seen}/{renewal.total}，重新加密 {renewal.renewed}（至 {last}）",
            f"{renewal.seen} of {renewal.total}, renewed {renewal.renewed} (up to {last})",
        ).get(self._settings.language)
        self._open = sys.stderr.isatty()
        sys.stderr.write(f"\r{text}" if self._open else f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            sys.stderr.write("\n")


def _batch(rows: int) -> int:
    if 1 <= rows <= _LARGEST_BATCH:
        return rows
    raise CommandError(
        Text(f"每批应为 1 至 {_LARGEST_BATCH} 行", f"a batch has 1 to {_LARGEST_BATCH} rows"),
        status=2,
    )


def _after(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise CommandError(Text(f"不是标识：{text}", f"this is no id: {text}"), status=2) from None


def _new_key(arguments: argparse.Namespace) -> int:
    from zhupei.security.crypto import new_key_text  # noqa: PLC0415 - see zhupei.cli

    try:
        sys.stdout.write(new_key_text(arguments.id) + "\n")
    except ValueError:
        raise CommandError(
            Text(
                "密钥代号为 1 至 32 个字母、数字、横线或下划线",
                "the id of a key has 1 to 32 letters, digits, - or _",
            ),
            status=2,
        ) from None
    return 0
