"""What the database refers to that the configuration does not have (any more), and takes."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from zhupei.cli import CommandError
from zhupei.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.catalogue.catalogue import Catalogue
    from zhupei.settings import Settings

__all__ = ["Dangling", "DatabaseReport", "Overfull", "check_database"]

_TIMEOUT_SECONDS = 10
# The database of the embedded server, as `zhupei.db.connection` names it.
_DATABASE = "zhupei"


@dataclass(frozen=True, slots=True)
class Dangling:
    """A code that rows hold and the catalogue does not: table, column, code, number of rows."""

    table: str
    column: str
    code: str
    rows: int


@dataclass(frozen=True, slots=True)
class Overfull:
    """A quota with more holders than seats, as it was lowered below them.

    ``scope`` is its key, ``seats`` those that are published now with approved increases.
    """

    scope: str
    name: Text
    seats: int
    taken: int


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """What was found: ``versions`` is the number of catalogue versions served so far."""

    versions: int
    served_before: bool
    dangling: tuple[Dangling, ...]
    overfull: tuple[Overfull, ...] = ()

    @property
    def text(self) -> Text:
        """What to tell a person."""
        known = Text("未曾使用", "was never served")
        if self.served_before:
            known = Text("曾经使用", "was served before")
        zh = [f"数据库：使用过 {self.versions} 个目录版本，当前版本{known.zh}"]
        en = [f"database: {self.versions} catalogue versions were served, this one {known.en}"]
        for each in self.dangling:
            place = f"{each.table}.{each.column}"
            zh.append(f"{place}：{each.rows} 行引用了不存在的代码 {each.code}")
            rows = "1 row refers" if each.rows == 1 else f"{each.rows} rows refer"
            en.append(f"{place}: {rows} to the code {each.code}, which does not exist")
        for quota in self.overfull:
            zh.append(f"{quota.name.zh}（{quota.scope}）：名额 {quota.seats}，已占用 {quota.taken}")
            taken = "1 is taken" if quota.taken == 1 else f"{quota.taken} are taken"
            seats = "1 seat" if quota.seats == 1 else f"{quota.seats} seats"
            en.append(f"{quota.name.get(Language.EN)} ({quota.scope}): {seats}, {taken}")
        return Text("\n".join(zh), "\n".join(en))

    def as_json(self) -> dict[str, object]:
        """Return every part for other programs."""
        return asdict(self)


async def check_database(settings: Settings, catalogue: Catalogue) -> DatabaseReport:
    """Compare the codes in the database with the catalogue; nothing is written or migrated.

    Raises:
        CommandError: there is no database, or it cannot be read.

    """
    if settings.database_url:
        return await _compare({"dsn": settings.database_url}, catalogue)
    directory = settings.data_dir / "postgres"
    if not directory.exists():
        raise CommandError(
            Text(
                f"没有数据库：{settings.data_dir} 中还没有数据，也没有设置 ZHUPEI_DATABASE_URL",
                f"there is no database: nothing in {settings.data_dir}, and "
                "ZHUPEI_DATABASE_URL is not set",
            ),
            hint=Text("先运行一次 zhupei serve", "run zhupei serve once"),
        )
    embedded = EmbeddedPostgres(directory)
    try:
        address = await asyncio.to_thread(embedded.start)
        where = {"host": str(address.socket_dir), "user": address.user, "database": _DATABASE}
        return await _compare(where, catalogue)
    except EmbeddedPostgresError as error:
        raise CommandError(error.message, hint=error.hint) from error
    finally:
        await asyncio.to_thread(embedded.stop)


async def _compare(where: Mapping[str, str], catalogue: Catalogue) -> DatabaseReport:
    try:
        connection: Any = await asyncpg.connect(**where, timeout=_TIMEOUT_SECONDS)
        try:
            async with connection.transaction(readonly=True):
                return await _report(connection, catalogue)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise CommandError(
            Text(f"无法读取数据库：{error}", f"the database cannot be read: {error}")
        ) from error


async def _report(connection: Any, catalogue: Catalogue) -> DatabaseReport:
    if await connection.fetchval("SELECT to_regclass('catalogue_version')") is None:
        return DatabaseReport(0, served_before=False, dangling=())
    versions = await connection.fetchval("SELECT count(*) FROM catalogue_version")
    served = await connection.fetchval(
        "SELECT count(*) FROM catalogue_version WHERE hash = $1", catalogue.hash
    )
    return DatabaseReport(
        versions,
        bool(served),
        tuple(await _dangling(connection, catalogue)),
        tuple(await _overfull(connection, catalogue)),
    )


async def _overfull(connection: Any, catalogue: Catalogue) -> list[Overfull]:
    """Return the quotas that were lowered below those who hold their seats."""
    from zhupei.services.seats import SeatQuota, quotas_of  # noqa: PLC0415 - see zhupei.cli

    if await connection.fetchval("SELECT to_regclass('seat')") is None:
        return []
    quotas: dict[str, SeatQuota] = {}
    for opening in catalogue.openings.values():
        rounds = [None, *(each.code for each in catalogue.program_of(opening).rounds)]
        directions = [None, *(each.id for each in opening.directions)]
        for round_code, direction in itertools.product(rounds, directions):
            found = quotas_of(catalogue, opening, round_code, direction)
            if isinstance(found, tuple):  # refused where the opening's quota is unknown
                quotas.update((quota.scope, quota) for quota in found)
    rows = await connection.fetch(
        "SELECT seat.scope, q.seats + seat.increase AS seats, seat.taken "
        "FROM unnest($1::text[], $2::int[]) AS q(scope, seats) JOIN seat USING (scope) "
        "WHERE seat.taken > q.seats + seat.increase ORDER BY seat.scope",
        list(quotas),
        [quota.seats for quota in quotas.values()],
    )
    return [
        Overfull(row["scope"], quotas[row["scope"]].name, row["seats"], row["taken"])
        for row in rows
    ]


# What a column holds follows from its name: `program_code`, `root_program_code`.
_COLUMN = re.compile(r"(?:^|_)(base|jurisdiction|program|opening)_code$")


async def _dangling(connection: Any, catalogue: Catalogue) -> list[Dangling]:
    """Return the codes that no longer exist, in every column that is named for what it holds."""
    codes: dict[str, Collection[str]] = {
        "base": catalogue.bases,
        "jurisdiction": catalogue.jurisdictions,
        "program": catalogue.programs,
        "opening": catalogue.openings,
    }
    columns = await connection.fetch(
        "SELECT quote_ident(table_name) AS relation, column_name AS name "
        "FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = current_schema() "
        "AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position"
    )
    found = []
    for each in columns:
        column = each["name"]
        if (holds := _COLUMN.search(column)) is None:
            continue
        rows = await connection.fetch(
            # Both names come from the database's own catalogue: quoted by it, or as matched above.
            # An empty code is none: a slot or a score sheet for all openings of a program has it.
            f'SELECT "{column}" AS code, count(*) AS rows FROM {each["relation"]} '  # noqa: S608 - see above
            f'WHERE NOT "{column}" = ANY($1) GROUP BY 1 ORDER BY 1',
            ["", *codes[holds[1]]],
        )
        found += [Dangling(each["relation"], column, row["code"], row["rows"]) for row in rows]
    return found
