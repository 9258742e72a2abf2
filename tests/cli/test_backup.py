"""Tests of ``zhupei backup`` and ``zhupei restore``, with PostgreSQL's own tools."""

from __future__ import annotations

import asyncio
import io
import json
import os
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from postgres_server import PostgresServer
from zhupei.cli import main
from zhupei.db.connection import Database
from zhupei.domain.identity import DocumentKind
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services.applicant_files import FileRecord, FileStore
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant, reveal
from zhupei.services.backup_archives import manifest_digest

pytestmark = pytest.mark.slow

_T = TypeVar("_T")
_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
_PDF = b"%PDF-1.7 a diploma"


class Place:
    """One installation: its database, its data directory, its key."""

    def __init__(self, url: str, folder: Path, key: str) -> None:
        self.url, self.folder, self.keyring, self._key = url, folder, Keyring.parse(key), key

    def become(self, monkeypatch: pytest.MonkeyPatch, *, language: str = "en") -> None:
        """Let commands work on it."""
        monkeypatch.setenv("ZHUPEI_DATABASE_URL", self.url)
        monkeypatch.setenv("ZHUPEI_DATA_DIR", str(self.folder))
        monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
        monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", self._key)

    def ask(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async def run() -> _T:
            database = Database(data_dir=self.folder, url=self.url, pool_size=2)
            await database.start()
            try:
                with database.use():
                    return await work()
            finally:
                await database.stop()

        return asyncio.run(run())

    def rows(self) -> dict[str, list[str]]:
        """Return every row of every table as text."""

        async def read() -> dict[str, list[str]]:
            connection = await asyncpg.connect(self.url)
            try:
                tables = await connection.fetch(
                    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
                    "WHERE schemaname IN ('public', 'procrastinate') ORDER BY 1"
                )
                return {
                    str(name): sorted(
                        str(row[0])
                        for row in await connection.fetch(f"SELECT t::text FROM {name} AS t")
                    )
                    for (name,) in tables
                }
            finally:
                await connection.close()

        return asyncio.run(read())


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    folder = tmp_path / "old"
    folder.mkdir()
    made = Place(database_url, folder, new_key_text("first"))

    async def fill() -> None:
        for number in range(3):
            person = await register_applicant(
                made.keyring,
                Details(name="王小明", phone="13800138000", email="w@example.cn"),
                kind=DocumentKind.PASSPORT,
                number=f"E{number:07}",
                issuing_state="USA",
                account=None,
                today=_AT.date(),
                at=_AT,
            )
            assert isinstance(person, ApplicantRecord)

            async def parts(content: bytes) -> AsyncIterator[bytes]:
                yield content

            kept = await FileStore(folder / "files", largest=1000).keep(
                person.id, "diploma", parts(_PDF + str(number).encode()), by="a", at=_AT
            )
            assert isinstance(kept, FileRecord)

    made.ask(fill)
    return made


@pytest.fixture
def empty(postgres_server: PostgresServer, place: Place, tmp_path: Path) -> Any:
    name = postgres_server.new_database(migrated=False)
    yield Place(postgres_server.url(name), tmp_path / "new", place._key)
    postgres_server.drop_database(name)


def test_what_was_backed_up_is_restored_whole(
    place: Place,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    before = place.rows()
    backup = tmp_path / "zhupei.tar"
    assert main(["backup", str(backup)]) == 0
    told = capsys.readouterr().out
    assert "3 files" in told
    assert "keys are not in it (first)" in told
    assert backup.stat().st_mode & 0o777 == 0o600

    empty.become(monkeypatch)
    assert main(["restore", str(backup)]) == 0
    assert f"restored {backup}: " in capsys.readouterr().out
    assert empty.rows() == before
    assert len(before["public.applicant"]) == 3
    contents = {path.read_bytes() for path in (empty.folder / "files").rglob("*") if path.is_file()}
    assert contents == {_PDF + str(number).encode() for number in range(3)}

    async def numbers() -> set[str]:
        from zhupei.db.models import Applicant

        ids = await Applicant.all().values_list("id", flat=True)
        found = [await reveal(empty.keyring, each) for each in ids]  # type: ignore[arg-type]  # there, or the test fails
        return {each.number for each in found}  # type: ignore[union-attr]  # there, or the test fails

    assert empty.ask(numbers) == {"E0000000", "E0000001", "E0000002"}
    # What was restored can be backed up, and goes on counting where the old one stopped.
    assert main(["backup", str(tmp_path / "again.tar")]) == 0


@pytest.mark.parametrize("name", ["pipe", "link", "folder", "none/b.tar"])
def test_what_is_no_file_is_not_replaced_by_a_backup(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """/dev/null, say, which every other program of the machine needs as it is."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path / "data"))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "folder").mkdir()
    target = tmp_path / name
    assert main(["backup", str(target)]) == 2
    assert capsys.readouterr().err == f"zhupei: {target} is no file that can be written\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "link", "pipe"]
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()


def test_nothing_personal_is_readable_in_a_backup(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.become(monkeypatch)
    assert main(["backup", str(tmp_path / "b.tar")]) == 0
    with tarfile.open(tmp_path / "b.tar") as archive:
        names = archive.getnames()
        manifest = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]  # there, or the test fails
    assert names[:2] == ["manifest.json", "database.dump"]
    assert not [name for name in names if name.startswith("keys/")]
    assert manifest["rows"]["public.applicant"] == 3
    assert manifest["keys"] == ["first"]
    assert place._key.partition(":")[2] not in json.dumps(manifest)


def test_a_database_with_rows_is_not_replaced_unasked(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    backup = tmp_path / "b.tar"
    assert main(["backup", str(backup)]) == 0
    before = place.rows()

    async def one_less() -> None:
        from zhupei.db.models import Applicant

        await Applicant.all().update(name_key="changed")

    place.ask(one_less)
    changed = place.rows()
    assert changed != before
    assert main(["restore", str(backup)]) == 1
    assert "the database is not empty" in capsys.readouterr().err
    assert place.rows() == changed
    assert main(["restore", "--replace", str(backup)]) == 0
    assert place.rows() == before


def test_a_database_in_use_is_left_alone(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    backup = tmp_path / "b.tar"
    assert main(["backup", str(backup)]) == 0
    before = place.rows()

    async def beside() -> int:
        connection = await asyncpg.connect(place.url)
        try:
            return await asyncio.to_thread(main, ["restore", "--replace", str(backup)])
        finally:
            await connection.close()

    assert asyncio.run(beside()) == 1
    assert "1 other connections use the database" in capsys.readouterr().err
    assert place.rows() == before


def test_other_keys_are_refused_before_anything_is_changed(
    place: Place,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    backup = tmp_path / "b.tar"
    assert main(["backup", str(backup)]) == 0
    other = Place(empty.url, empty.folder, new_key_text("first"))
    other.become(monkeypatch, language="zh")
    assert main(["restore", str(backup)]) == 1
    assert "备份中的个人信息所用的密钥不在现有密钥之中" in capsys.readouterr().err
    assert empty.rows() == {}
    assert main(["restore", "--without-keys", str(backup)]) == 0
    assert empty.rows() == place.rows()


@pytest.mark.parametrize("where", ["start", "dump", "end", "no tar", "other member"])
def test_a_damaged_backup_is_refused_before_anything_is_changed(
    place: Place,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: str,
) -> None:
    place.become(monkeypatch)
    backup = tmp_path / "b.tar"
    assert main(["backup", str(backup)]) == 0
    content = bytearray(backup.read_bytes())
    with tarfile.open(backup) as archive:
        manifest = archive.getmember("manifest.json").offset_data
        dump = archive.getmember("database.dump").offset_data
    if where == "start":
        content[manifest + 50] ^= 1
    elif where == "dump":
        content[dump + 100] ^= 1
    elif where == "end":
        del content[dump + 1000 :]
    elif where == "no tar":
        content = bytearray(b"not a backup")
    backup.write_bytes(content)
    if where == "other member":
        with tarfile.open(backup, "a") as archive:
            member = tarfile.TarInfo("../outside")
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
    empty.become(monkeypatch)
    assert main(["restore", str(backup)]) == 1
    assert str(backup) in capsys.readouterr().err
    assert empty.rows() == {}
    assert not empty.folder.exists()
    assert not (tmp_path / "outside").exists()
    assert main(["restore", "--check", str(backup)]) == 1


def test_a_backup_of_a_newer_version_is_refused(
    place: Place,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def newer() -> None:
        connection = await asyncpg.connect(place.url)
        await connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ($1, $2, now())",
            "zhupei",
            "9999_future",
        )
        await connection.close()

    asyncio.run(newer())
    place.become(monkeypatch)
    backup = tmp_path / "b.tar"
    assert main(["backup", str(backup)]) == 0
    empty.become(monkeypatch)
    assert main(["restore", str(backup)]) == 1
    assert "migration 9999_future" in capsys.readouterr().err
    assert empty.rows() == {}


def test_a_table_that_lost_rows_on_the_way_takes_everything_back(
    place: Place,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    whole, other = tmp_path / "b.tar", tmp_path / "c.tar"
    assert main(["backup", str(whole)]) == 0
    # The same, but its manifest tells of one applicant more than the dump has.
    with tarfile.open(whole) as source, tarfile.open(other, "w") as target:
        for member in source:
            content = source.extractfile(member).read()  # type: ignore[union-attr]  # there, or the test fails
            if member.name == "manifest.json":
                manifest = json.loads(content)
                manifest["rows"]["public.applicant"] = 4
                manifest["sha256"] = manifest_digest(manifest)
                content = json.dumps(manifest).encode()
                member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    empty.become(monkeypatch)
    assert main(["restore", str(other)]) == 1
    assert "the table public.applicant has other rows" in capsys.readouterr().err
    assert empty.rows() == {}


def test_a_backup_with_keys_needs_none(
    place: Place, empty: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.become(monkeypatch)
    keys = place.folder / "keys"
    keys.mkdir(mode=0o700)
    (keys / "encryption").write_text(place._key)
    (keys / "encryption").chmod(0o600)
    monkeypatch.delenv("ZHUPEI_ENCRYPTION_KEYS")
    assert main(["backup", "--with-keys", str(tmp_path / "b.tar")]) == 0
    empty.become(monkeypatch)
    monkeypatch.delenv("ZHUPEI_ENCRYPTION_KEYS")
    assert main(["restore", str(tmp_path / "b.tar")]) == 0
    assert (empty.folder / "keys" / "encryption").read_text() == place._key
    assert (empty.folder / "keys" / "encryption").stat().st_mode & 0o777 == 0o600


def test_another_data_directory_is_no_backup_of_the_database(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    monkeypatch.delenv("ZHUPEI_ENCRYPTION_KEYS")
    wrong, backup = tmp_path / "wrong", tmp_path / "b.tar"
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(wrong))
    assert main(["backup", str(backup)]) == 1
    assert capsys.readouterr().err == (
        "zhupei: personal data in the database needs other keys (first) than the present ones\n"
        f"        {wrong} is perhaps another installation's data directory (ZHUPEI_DATA_DIR), "
        "or ZHUPEI_ENCRYPTION_KEYS is missing; "
        "--without-keys backs it up all the same\n"
    )
    assert not wrong.exists()
    assert not backup.exists()
    # Another installation's key does no better than none.
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", new_key_text("other"))
    assert main(["backup", str(backup)]) == 1
    assert not backup.exists()


def test_a_database_whose_keys_are_lost_is_backed_up_where_that_is_asked_for(
    place: Place,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.become(monkeypatch)
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", new_key_text("other"))
    backup = tmp_path / "b.tar"
    assert main(["backup", "--without-keys", str(backup)]) == 0
    assert "keys are not in it (first)" in capsys.readouterr().out
    empty.become(monkeypatch)
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", new_key_text("other"))
    assert main(["restore", str(backup)]) == 1
    assert empty.rows() == {}
    assert main(["restore", "--without-keys", str(backup)]) == 0
    assert empty.rows() == place.rows()


def test_a_backup_makes_no_key_where_nothing_is_encrypted(
    postgres_server: PostgresServer,
    empty: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fresh, backup = tmp_path / "fresh", tmp_path / "b.tar"
    name = postgres_server.new_database(migrated=True)
    Place(postgres_server.url(name), fresh, new_key_text("unused")).become(monkeypatch)
    monkeypatch.delenv("ZHUPEI_ENCRYPTION_KEYS")
    assert main(["backup", str(backup)]) == 0
    assert "keys" not in capsys.readouterr().out
    assert not fresh.exists()
    postgres_server.drop_database(name)
    empty.become(monkeypatch)
    monkeypatch.delenv("ZHUPEI_ENCRYPTION_KEYS")
    assert main(["restore", str(backup)]) == 0
