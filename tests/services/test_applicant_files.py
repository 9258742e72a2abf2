"""Tests of zhupei.services.applicant_files: real files, real PostgreSQL."""

from __future__ import annotations

import hashlib
import resource
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from zhupei.db.connection import Database
from zhupei.db.models import Applicant, ApplicantFile
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.text import Text
from zhupei.services.applicant_files import (
    FileRecord,
    FileStore,
    files_of,
    media_type_of,
    remove_file,
    size_text,
)

_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
_PDF = b"%PDF-1.7\n" + b"x" * 500


async def parts(content: bytes, size: int = 3) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def an_applicant() -> UUID:
    made = await Applicant.create(
        name="王",
        name_key="wang",
        identity_kind="RESIDENT_ID",
        identity_ciphertext="1.k.x",
        facts={},
        created_at=_AT,
        updated_at=_AT,
    )
    return made.id


def everything(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


async def test_a_file_is_kept_by_its_hash_and_read_again(
    database: Database, tmp_path: Path
) -> None:
    store = FileStore(tmp_path / "files", largest=1000)
    sha256 = hashlib.sha256(_PDF).hexdigest()
    with database.use():
        owner = await an_applicant()
        kept = await store.keep(owner, "degree", parts(_PDF), by="me", at=_AT)
        assert isinstance(kept, FileRecord)
        assert (kept.media_type, kept.size, kept.sha256) == ("application/pdf", 509, sha256)
        assert await files_of(owner) == (kept,)
        again = await store.keep(owner, "degree", parts(_PDF), by="me", at=_AT)
        assert again == kept
        other = await store.keep(owner, "licence", parts(_PDF), by="me", at=_AT)
        assert isinstance(other, FileRecord)
        assert other.id != kept.id
    assert everything(tmp_path / "files") == [f"{sha256[:2]}/{sha256}"]
    assert store.read(kept) == _PDF
    mode = (tmp_path / "files" / sha256[:2] / sha256).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", AccessCode.FILE_EMPTY),
        (b"%PDF-" + b"x" * 996, AccessCode.FILE_TOO_LARGE),
        (b"<html><script>", AccessCode.FILE_TYPE_REFUSED),
        (b"%PD", AccessCode.FILE_TYPE_REFUSED),
        (b"MZ\x90\x00", AccessCode.FILE_TYPE_REFUSED),
        (b" %PDF-1.7", AccessCode.FILE_TYPE_REFUSED),
    ],
)
async def test_a_refused_file_leaves_nothing(
    database: Database, tmp_path: Path, content: bytes, code: AccessCode
) -> None:
    store = FileStore(tmp_path, largest=1000)
    with database.use():
        owner = await an_applicant()
        refusal = await store.keep(owner, "degree", parts(content), by="me", at=_AT)
        assert isinstance(refusal, AccessRefusal)
        assert refusal.code is code
        if code is AccessCode.FILE_TOO_LARGE:
            assert refusal.message == Text("文件超过 0.9 KB", "the file is larger than 0.9 KB")
        assert await ApplicantFile.all().count() == 0
    assert everything(tmp_path) == []


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (10 * 1024 * 1024, "10 MB"),
        (10_000_000, "9.5 MB"),
        (1024 * 1024, "1 MB"),
        (1024 * 1024 - 1, "1023.9 KB"),
        (500, "0.4 KB"),
    ],
)
def test_sizes_read_as_people_read_them_and_never_as_more(size: int, text: str) -> None:
    assert size_text(size) == text


async def test_a_sender_that_goes_away_leaves_nothing(database: Database, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield _PDF
        raise ConnectionError("gone")

    with database.use():
        owner = await an_applicant()
        with pytest.raises(ConnectionError, match="gone"):
            await FileStore(tmp_path, largest=1000).keep(owner, "degree", broken(), by="me", at=_AT)
        assert await ApplicantFile.all().count() == 0
    assert everything(tmp_path) == []


async def test_without_room_on_the_disk_nothing_is_left(database: Database, tmp_path: Path) -> None:
    """As where a quota is used up: the system lets no file grow beyond some bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = FileStore(tmp_path, largest=1 << 20)
    with database.use():
        owner = await an_applicant()
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
        try:
            refusal = await store.keep(owner, "degree", parts(_PDF), by="me", at=_AT)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert isinstance(refusal, AccessRefusal)
        assert (refusal.code, refusal.field) == (AccessCode.STORAGE_FULL, "file")
        assert refusal.message.zh == "服务器存储空间不足，文件未保存，请稍后再试"
        assert await ApplicantFile.all().count() == 0
        assert everything(tmp_path) == []
        kept = await store.keep(owner, "degree", parts(_PDF), by="me", at=_AT)
        assert isinstance(kept, FileRecord)


async def test_a_file_for_nobody(database: Database, tmp_path: Path) -> None:
    with database.use():
        refusal = await FileStore(tmp_path, largest=1000).keep(
            UUID(int=1), "degree", parts(_PDF), by="me", at=_AT
        )
    assert isinstance(refusal, AccessRefusal)
    assert refusal.code is AccessCode.NOT_FOUND
    assert everything(tmp_path) == []


async def test_a_file_of_somebody_who_is_erased_while_it_comes(
    database: Database, tmp_path: Path
) -> None:
    """An upload takes its time; nothing of it is kept of a person who is not kept."""

    async def slow(owner: UUID) -> AsyncIterator[bytes]:
        yield _PDF
        await Applicant.filter(id=owner).update(erased_at=_AT)

    store = FileStore(tmp_path, largest=1000)
    with database.use():
        owner = await an_applicant()
        for content in (slow(owner), parts(_PDF)):
            refusal = await store.keep(owner, "degree", content, by="me", at=_AT)
            assert isinstance(refusal, AccessRefusal)
            assert (refusal.code, refusal.field) == (AccessCode.NOT_FOUND, "applicant")
        assert await ApplicantFile.all().count() == 0
    assert everything(tmp_path) == []


async def test_a_removed_file_is_gone_and_may_come_again(
    database: Database, tmp_path: Path
) -> None:
    store = FileStore(tmp_path, largest=1000)
    with database.use():
        owner = await an_applicant()
        kept = await store.keep(owner, "degree", parts(_PDF), by="me", at=_AT)
        assert isinstance(kept, FileRecord)
        assert await remove_file(kept.id, at=_AT)
        assert not await remove_file(kept.id, at=_AT)
        assert await files_of(owner) == ()
        assert isinstance(
            await store.keep(owner, "degree", parts(_PDF), by="me", at=_AT), FileRecord
        )
        assert await ApplicantFile.all().count() == 2


async def test_a_file_that_was_changed_on_disk_is_not_given_out(
    database: Database, tmp_path: Path
) -> None:
    store = FileStore(tmp_path, largest=1000)
    with database.use():
        kept = await store.keep(await an_applicant(), "d", parts(_PDF), by="me", at=_AT)
    assert isinstance(kept, FileRecord)
    (tmp_path / kept.sha256[:2] / kept.sha256).write_bytes(_PDF + b"!")
    with pytest.raises(OSError, match="a file was changed on disk"):
        store.read(kept)


def test_types_are_told_by_content() -> None:
    assert media_type_of(b"\x89PNG\r\n\x1a\n....") == "image/png"
    assert media_type_of(b"\xff\xd8\xff\xe0....") == "image/jpeg"
    assert media_type_of(b"%PDF-1.4") == "application/pdf"
    assert media_type_of(b"PK\x03\x04") is None
