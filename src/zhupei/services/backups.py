"""Backups of an installation: one file with the database, the files of people, and what it needs.

How that file looks is in `zhupei.services.backup_archives`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from zhupei.db.connection import Database
from zhupei.db.dumps import dump_database, load_dump, quoted, tables_of
from zhupei.db.migrating import known_migrations
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.backup_archives import (
    Backup,
    BackupError,
    Counted,
    has_keys_of,
    read_backup,
    unpack_backup,
    write_backup,
)

__all__ = ["make_backup", "restore_backup"]


async def make_backup(
    database: Database,
    target: Path,
    *,
    data_dir: Path,
    keyring: Keyring | None,
    with_keys: bool,
    at: datetime,
    without_keys: bool = False,
) -> Backup:
    """Write a backup to ``target``; servers may work on meanwhile.

    ``target`` appears when it is whole, readable by its owner only; a file that is there is
    replaced. ``keyring`` (None: there is none) is told by a proof in the backup, not by its keys.

    Raises:
        BackupError: the folder cannot be written; or ``keyring`` has none of the keys that personal
            data in the database needs, unless ``without_keys``.
        DatabaseUnavailableError: there is no database.
        DumpFailedError: PostgreSQL's tool failed.

    """
    server = await database.reach()
    try:
        with tempfile.TemporaryDirectory(prefix=".zhupei-backup-", dir=target.parent) as folder:
            dump = Path(folder) / "database.dump"
            counted = await _dumped(server, dump)
            if not (without_keys or _has_a_key_of(keyring, counted)):
                raise _others_keys(counted, data_dir)
            return await asyncio.to_thread(
                write_backup,
                target,
                dump,
                counted,
                data_dir=data_dir,
                keyring=keyring,
                with_keys=with_keys,
                at=at,
            )
    except OSError as error:
        raise BackupError(
            Text(f"无法写入 {target}：{error}", f"{target} cannot be written: {error}")
        ) from error


async def restore_backup(
    database: Database,
    source: Path,
    *,
    data_dir: Path,
    keyring: Keyring | None,
    replace: bool,
    without_keys: bool = False,
) -> Backup:
    """Put a backup in the place of what an installation holds.

    Everything is checked before anything is changed: the file against its hashes, its migration
    against those that this version knows, its keys against ``keyring`` (None: there is none yet, so
    that the backup must bring its own) unless ``without_keys``, that nobody else uses the database,
    and that it is empty unless ``replace``. The database changes in one transaction, in the end of
    which every table's rows are counted.

    Raises:
        BackupError: one of these does not hold; nothing was changed.
        DatabaseUnavailableError: there is no database.
        DumpFailedError: PostgreSQL's tool failed; nothing was changed.

    """
    backup = await asyncio.to_thread(read_backup, source)
    _require_known(backup)
    if keyring is None:
        brings = backup.with_keys or not backup.keys
    else:
        brings = has_keys_of(keyring, source, backup)
    if not (brings or without_keys):
        raise BackupError(
            Text(
                "备份中的个人信息所用的密钥不在现有密钥之中",
                "personal data in the backup needs keys that are not among the present ones",
            ),
            Text(
                f"设置 ZHUPEI_ENCRYPTION_KEYS（密钥 {'、'.join(backup.keys)}），或放回数据目录的 "
                "keys 文件夹；没有密钥也要恢复则用 --without-keys",
                f"set ZHUPEI_ENCRYPTION_KEYS (keys {', '.join(backup.keys)}), or put the data "
                "directory's folder keys back; --without-keys restores all the same",
            ),
        )
    server = await database.reach()
    version = await _require_free(server, replace=replace)
    await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".zhupei-restore-", dir=data_dir) as folder:
        dump = await asyncio.to_thread(unpack_backup, source, Path(folder), data_dir)
        await asyncio.to_thread(
            load_dump,
            server,
            dump,
            version=version,
            counts={_split(name): rows for name, rows in backup.rows.items()},
        )
    return backup


def _has_a_key_of(keyring: Keyring | None, counted: Counted) -> bool:
    # One of them is enough: what an older, lost key protects is no reason to stop making backups.
    present = () if keyring is None else keyring.key_ids
    return not counted.keys or not counted.keys.isdisjoint(present)


def _others_keys(counted: Counted, data_dir: Path) -> BackupError:
    needed = sorted(counted.keys)
    return BackupError(
        Text(
            f"数据库中的个人信息所用的密钥（{'、'.join(needed)}）不在现有密钥之中",
            f"personal data in the database needs other keys ({', '.join(needed)}) than the "
            "present ones",
        ),
        Text(
            f"{data_dir} 可能是另一套系统的数据目录（ZHUPEI_DATA_DIR），或缺少 "
            "ZHUPEI_ENCRYPTION_KEYS；没有密钥也要备份则用 --without-keys",
            f"{data_dir} is perhaps another installation's data directory (ZHUPEI_DATA_DIR), or "
            "ZHUPEI_ENCRYPTION_KEYS is missing; --without-keys backs it up all the same",
        ),
    )


async def _dumped(server: Mapping[str, Any], dump: Path) -> Counted:
    """Dump the database, and count what one snapshot of it holds."""
    connection = await asyncpg.connect(**server)
    try:
        version = await _version(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            counted = await _counted(connection)
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await asyncio.to_thread(
                dump_database, server, dump, version=version, snapshot=str(snapshot)
            )
        return counted
    finally:
        await connection.close()


async def _counted(connection: asyncpg.Connection[asyncpg.Record]) -> Counted:
    tables = await tables_of(connection)
    if ("public", "tortoise_migrations") not in tables:
        raise BackupError(
            Text("数据库是空的，没有可备份的内容", "the database is empty: nothing to back up")
        )
    rows: dict[str, int] = {}
    for schema, table in tables:
        name = f"{quoted(schema)}.{quoted(table)}"
        found = await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - quoted
        rows[f"{schema}.{table}"] = int(found)
    files = await connection.fetch("SELECT DISTINCT sha256 FROM applicant_file ORDER BY 1")
    migration = await connection.fetchval(
        "SELECT name FROM tortoise_migrations ORDER BY name DESC LIMIT 1"
    )
    catalogue = await connection.fetchval(
        "SELECT hash FROM catalogue_version ORDER BY last_loaded_at DESC LIMIT 1"
    )
    # A ciphertext is `1.<key id>.<sealed>`; of the erased it is empty.
    used = await connection.fetch(
        "SELECT DISTINCT split_part(identity_ciphertext, '.', 2) FROM applicant "
        "WHERE identity_ciphertext <> ''"
    )
    return Counted(
        rows,
        tuple(str(row[0]) for row in files),
        str(migration),
        catalogue,
        frozenset(str(row[0]) for row in used),
    )


def _require_known(backup: Backup) -> None:
    if backup.migration in known_migrations():
        return
    raise BackupError(
        Text(
            f"备份来自更新的版本（{backup.version}，迁移 {backup.migration}）",
            f"the backup is of a newer version ({backup.version}, migration {backup.migration})",
        ),
        Text(f"用 zhupei {backup.version} 恢复", f"restore it with zhupei {backup.version}"),
    )


async def _require_free(server: Mapping[str, Any], *, replace: bool) -> int:
    """Return the server's version; raise `BackupError` where the database must not be changed."""
    connection = await asyncpg.connect(**server)
    try:
        others = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if others:
            raise BackupError(
                Text(
                    f"数据库还有 {others} 个连接在使用",
                    f"{others} other connections use the database",
                ),
                Text("先停止 zhupei 的所有进程", "stop every process of zhupei first"),
            )
        if not replace and await tables_of(connection):
            raise BackupError(
                Text("数据库不是空的", "the database is not empty"),
                Text(
                    "恢复到新的数据目录或新的数据库；或用 --replace 放弃其中的一切",
                    "restore into a new data directory or database, or give up everything in "
                    "this one with --replace",
                ),
            )
        return await _version(connection)
    finally:
        await connection.close()


async def _version(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    return int(await connection.fetchval("SHOW server_version_num"))


def _split(name: str) -> tuple[str, str]:
    schema, _, table = name.partition(".")
    return schema, table
