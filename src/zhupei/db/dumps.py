"""Dumps of a whole database and their way back, by PostgreSQL's own tools from the wheel.

`pg_dump` of the wheel reads every server up to its own version, so that nothing has to be installed
beside zhupei; the tools of a newer server are taken from the path. A restore is one transaction:
either everything is as it was when the dump was made, or nothing was changed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import asyncpg

from zhupei.db.embedded import EmbeddedPostgresError, find_binaries
from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = ["DumpFailedError", "dump_database", "load_dump", "quoted", "tables_of"]

_SCHEMAS = ("public", "procrastinate")
_VERSION = re.compile(r"(\d+)")
_SECONDS_TO_START = 30

# Known from version 17 on; a dump of the wheel's tools sets it for every server.
_NEW_SETTING = b"SET transaction_timeout = 0;\n"
_KNOWS_NEW_SETTING = 170000


class DumpFailedError(ZhupeiError):
    """A database could not be dumped or loaded; nothing was changed."""

    code = "BACKUP_FAILED"


def quoted(name: str) -> str:
    """Return an identifier as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


async def tables_of(connection: asyncpg.Connection[asyncpg.Record]) -> tuple[tuple[str, str], ...]:
    """Return schema and name of each table that a dump holds, sorted."""
    rows = await connection.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY($1) ORDER BY 1, 2",
        list(_SCHEMAS),
    )
    return tuple((str(row[0]), str(row[1])) for row in rows)


def dump_database(
    server: Mapping[str, Any], target: Path, *, version: int, snapshot: str | None = None
) -> None:
    """Write everything in a database to ``target``, in the custom format of ``pg_dump``.

    Args:
        server: asyncpg's connection arguments.
        target: the file to write.
        version: of the server, as ``server_version_num`` tells it.
        snapshot: the exported snapshot to read, so that what was counted in it is what is dumped.

    Raises:
        DumpFailedError: no fitting tool is there, or it failed; the reason is its own.

    """
    command = [
        str(_tool("pg_dump", version)),
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--file={target}",
        *(f"--schema={schema}" for schema in _SCHEMAS),
        *([f"--snapshot={snapshot}"] if snapshot else []),
    ]
    ended = subprocess.run(  # noqa: S603 - our own words, and no shell
        command, env=_environment(server), capture_output=True, check=False
    )
    if ended.returncode:
        raise _failed("pg_dump", ended.stderr)


def load_dump(
    server: Mapping[str, Any], dump: Path, *, version: int, counts: Mapping[tuple[str, str], int]
) -> None:
    """Replace everything in a database by what ``dump`` holds, in one transaction.

    Args:
        server: asyncpg's connection arguments.
        dump: a file of `dump_database`.
        version: of the server that takes it.
        counts: rows that each table must have in the end, by schema and name; otherwise nothing
            is changed.

    Raises:
        DumpFailedError: it could not be loaded whole, and nothing was changed.

    """
    restore, psql = _tool("pg_restore", version), _tool("psql", version)
    words = [str(psql), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]
    environment = _environment(server)
    with (
        subprocess.Popen(  # noqa: S603 - our own words, and no shell
            [str(restore), "--no-owner", "--no-privileges", "--file=-", str(dump)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as reading,
        subprocess.Popen(  # noqa: S603 - our own words, and no shell
            words,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as writing,
    ):
        if reading.stdout is None or writing.stdin is None:
            raise RuntimeError("pipes were asked for")
        whole = False
        try:
            writing.stdin.write(b"BEGIN;\n" + _preamble())
            _pour(reading.stdout, writing.stdin, drops_setting=version < _KNOWS_NEW_SETTING)
            whole = reading.wait() == 0
            # Without COMMIT a session that ends takes everything back.
            writing.stdin.write(_checks(counts) + b"COMMIT;\n" if whole else b"ROLLBACK;\n")
            writing.stdin.close()
        except BrokenPipeError:
            reading.kill()
        # Closed already, or its reader is gone: `communicate` must not touch it.
        writing.stdin = None
        _, complaint = writing.communicate()
        if writing.returncode:
            raise _failed("psql", complaint)
        if not whole:
            raise _failed("pg_restore", reading.stderr.read() if reading.stderr else b"")


def _preamble() -> bytes:
    drops = "".join(f"DROP SCHEMA IF EXISTS {schema} CASCADE;\n" for schema in _SCHEMAS)
    return f"SET client_min_messages = warning;\n{drops}".encode()


def _pour(source: IO[bytes], target: IO[bytes], *, drops_setting: bool) -> None:
    for line in source:
        if drops_setting and line == _NEW_SETTING:
            drops_setting = False
            continue
        target.write(line)


def _checks(counts: Mapping[tuple[str, str], int]) -> bytes:
    """Return SQL that fails where a table does not have the rows that it must have."""
    lines = ["\nDO $check$ BEGIN\n"]
    for (schema, table), rows in sorted(counts.items()):
        name = f"{quoted(schema)}.{quoted(table)}"
        lines.append(
            f"IF (SELECT count(*) FROM {name}) <> {rows:d} THEN "  # noqa: S608 - quoted
            f"RAISE EXCEPTION 'the table % has other rows than the backup tells', "
            f"{_literal(f'{schema}.{table}')}; END IF;\n"
        )
    return "".join((*lines, "END $check$;\n")).encode()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _environment(server: Mapping[str, Any]) -> dict[str, str]:
    """Return libpq's variables: unlike arguments, other accounts cannot read them."""
    named = {
        "PGHOST": server.get("host"),
        "PGPORT": server.get("port"),
        "PGUSER": server.get("user"),
        "PGPASSWORD": server.get("password"),
        "PGDATABASE": server.get("database"),
        "PGSSLMODE": server.get("ssl"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    given = {name: str(value) for name, value in named.items() if value not in {None, ""}}
    return {**kept, **given, "PGAPPNAME": "zhupei backup"}


def _tool(name: str, version: int) -> Path:
    """Return a tool that is not older than the server: the wheel's, or the one on the path."""
    wanted = version // 10_000
    found: list[Path] = []
    with contextlib.suppress(EmbeddedPostgresError):
        found.append(find_binaries() / name)
    if on_path := shutil.which(name):
        found.append(Path(on_path))
    for tool in found:
        told = subprocess.run(  # noqa: S603 - our own words, and no shell
            [str(tool), "--version"], capture_output=True, check=False, timeout=_SECONDS_TO_START
        ).stdout.decode()
        number = _VERSION.search(told)
        if number is not None and int(number[1]) >= wanted:
            return tool
    raise DumpFailedError(
        Text(
            f"没有 {wanted} 版或更新的 {name}", f"there is no {name} of version {wanted} or newer"
        ),
        Text(
            "安装与服务器同版的 PostgreSQL 客户端，并放入 PATH",
            "install PostgreSQL's client of the server's version on the path",
        ),
    )


def _failed(tool: str, complaint: bytes) -> DumpFailedError:
    # Its last line tells what stopped it; values of rows stand in DETAIL and CONTEXT only.
    lines = [
        line
        for line in complaint.decode(errors="replace").splitlines()
        if line.strip() and not line.lstrip().startswith(("DETAIL", "CONTEXT", "LINE", "^"))
    ]
    reason = lines[-1].strip() if lines else tool
    return DumpFailedError(
        Text(
            f"{tool} 未能完成，未作任何更改：{reason}",
            f"{tool} failed, nothing was changed: {reason}",
        )
    )
