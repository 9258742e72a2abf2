"""``zhupei backup`` and ``zhupei restore``: keep an installation in one file, and bring it back."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.security.crypto import Keyring
    from zhupei.services.backup_archives import Backup
    from zhupei.settings import Settings

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the commands."""
    backup = subparsers.add_parser(
        "backup",
        help="备份数据库与文件 · back up the database and the files",
        description=(
            "把数据库（一致的快照）和个人文件写入 FILE，服务可同时运行。不含密钥：请另行"
            "保管，没有密钥谁也读不了个人信息。 · Write the database (one consistent "
            "snapshot) and the files of people to FILE. Servers may run meanwhile. Keys "
            "are not in it: keep them somewhere else, for without them nobody can read "
            "the personal data."
        ),
    )
    backup.add_argument(
        "file", type=Path, metavar="FILE", help="备份文件，如 zhupei.tar · such as zhupei.tar"
    )
    backup.add_argument(
        "--with-keys",
        action="store_true",
        help=(
            "连同数据目录的密钥文件；得到备份的人便能读取一切 · put the key files of the data "
            "directory in as well; whoever has the file can then read everything"
        ),
    )
    backup.add_argument(
        "--without-keys",
        action="store_true",
        help="密钥已丢失也备份 · also where the keys of the personal data are lost",
    )
    backup.set_defaults(run=_backup)
    restore = subparsers.add_parser(
        "restore",
        help="从备份恢复 · restore a backup",
        description=(
            "先核验 FILE，再恢复到空的系统中，要么全部恢复，要么不变。请先停止 zhupei 的"
            "所有进程。 · Check FILE, then put it in the place of an empty installation, "
            "all or nothing. Stop all processes of zhupei first."
        ),
    )
    restore.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="zhupei backup 生成的备份文件 · made by zhupei backup",
    )
    restore.add_argument(
        "--replace",
        action="store_true",
        help="放弃数据库中已有的一切 · give up everything that is in the database",
    )
    restore.add_argument(
        "--without-keys",
        action="store_true",
        help="没有密钥也恢复 · also where personal data will be unreadable",
    )
    restore.add_argument(
        "--check", action="store_true", help="只检查备份文件 · only check the file"
    )
    restore.set_defaults(run=_restore)


def _backup(arguments: argparse.Namespace) -> int:
    from zhupei.db.connection import Database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.graphql.context import china_now  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.backups import make_backup  # noqa: PLC0415 - see zhupei.cli

    settings, target = read_settings(), arguments.file.absolute()
    # What is there is replaced: of a device such as /dev/null nothing would be left.
    if not target.parent.is_dir() or (target.exists() and not target.is_file()):
        raise CommandError(
            Text(f"不能写入文件 {target}", f"{target} is no file that can be written"), status=2
        )
    # Never one that is made just now: in a wrong data directory it would be nobody's.
    keyring = _present_keys(settings)

    async def work() -> Backup:
        database = Database(data_dir=settings.data_dir, url=settings.database_url)
        try:
            return await make_backup(
                database,
                target,
                data_dir=settings.data_dir,
                keyring=keyring,
                with_keys=arguments.with_keys,
                without_keys=arguments.without_keys,
                at=china_now(),
            )
        finally:
            await database.stop()

    backup = asyncio.run(work())
    size = f"{target.stat().st_size / 1e6:,.1f} MB"
    _say(
        settings,
        _joined(
            Text(f"已备份到 {target}（{size}）：", f"backed up to {target} ({size}): "),
            _holds(backup),
        ),
    )
    if backup.keys and not backup.with_keys:
        keys = ", ".join(backup.keys)
        place = (
            Text("ZHUPEI_ENCRYPTION_KEYS", "ZHUPEI_ENCRYPTION_KEYS")
            if settings.encryption_keys
            else Text(f"{settings.data_dir / 'keys'}", f"{settings.data_dir / 'keys'}")
        )
        _say(
            settings,
            Text(
                f"不含密钥（{keys}），请另行保管：{place.zh}",
                f"keys are not in it ({keys}); keep them somewhere else: {place.en}",
            ),
        )
    if backup.missing:
        _say(
            settings,
            Text(
                f"有 {len(backup.missing)} 个文件在数据库中有记录而磁盘上没有",
                f"{len(backup.missing)} files are on record and not on disk",
            ),
        )
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from zhupei.db.connection import Database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.audit import verify_audit_chain  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.backup_archives import read_backup  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.backups import restore_backup  # noqa: PLC0415 - see zhupei.cli

    settings, source = read_settings(), arguments.file.absolute()
    if arguments.check:
        backup = read_backup(source)
        _say(settings, _joined(Text(f"{source} 完整：", f"{source} is whole: "), _holds(backup)))
        return 0

    async def work() -> tuple[Backup, Text | None]:
        database = Database(data_dir=settings.data_dir, url=settings.database_url, pool_size=2)
        try:
            backup = await restore_backup(
                database,
                source,
                data_dir=settings.data_dir,
                keyring=_present_keys(settings),
                replace=arguments.replace,
                without_keys=arguments.without_keys,
            )
            # Brings an older backup up to date, as a server's start would.
            await database.start()
            with database.use():
                report = await verify_audit_chain(None)
            return backup, None if report.broken is None else report.broken.reason
        finally:
            await database.stop()

    backup, broken = asyncio.run(work())
    _say(settings, _joined(Text(f"已恢复 {source}：", f"restored {source}: "), _holds(backup)))
    if broken is not None:
        raise CommandError(
            Text(
                f"备份中的记录在备份之前就不完整：{broken.zh}",
                f"the records were broken before the backup was made: {broken.en}",
            )
        )
    return 0


def _present_keys(settings: Settings) -> Keyring | None:
    """Return the keys that are there, without making any."""
    from zhupei.services.access import open_keyring  # noqa: PLC0415 - see zhupei.cli

    if (
        settings.encryption_keys is None
        and not (settings.data_dir / "keys" / "encryption").exists()
    ):
        return None
    return open_keyring(settings)


def _holds(backup: Backup) -> Text:
    made = f"{backup.made_at:%Y-%m-%d %H:%M}"
    return Text(
        f"{made}，{len(backup.rows)} 张表共 {backup.total} 行，{backup.files} 个文件",
        f"{made}, {backup.total} rows of {len(backup.rows)} tables, {backup.files} files",
    )


def _joined(first: Text, second: Text) -> Text:
    return Text(first.zh + second.zh, first.get(Language.EN) + second.get(Language.EN))


def _say(settings: Settings, text: Text) -> None:
    sys.stdout.write(text.get(settings.language) + "\n")
