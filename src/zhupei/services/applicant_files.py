"""Files of applicants: kept below the data directory by the hash of their content.

Nothing that a sender says of a file is believed: its name is not kept, its type is what its first
bytes are, its size is counted while it comes. Two files of one content are kept once on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import tempfile
from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.models import Applicant, ApplicantFile
from zhupei.db.reading import Condition, Order, PageQuery, read_objects
from zhupei.db.tables import RowSource, columns
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.text import Text

__all__ = [
    "FILES",
    "PRESENT",
    "FileRecord",
    "FileStore",
    "files_of",
    "lock_content",
    "media_type_of",
    "remove_file",
    "size_text",
]

_log = logging.getLogger("zhupei.files")

# No space, no quota, or a file larger than the process may write.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ROOM = Text(
    "服务器存储空间不足，文件未保存，请稍后再试",
    "there is no room for files now, and this one was not kept; try again later",
)
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_LONGEST_SIGNATURE = max(len(signature) for signature, _ in _SIGNATURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file: for which document, what it is, its size in bytes, its SHA-256."""

    id: UUID
    applicant: UUID
    document: str
    media_type: str
    size: int
    sha256: str
    uploaded_by: str
    uploaded_at: datetime


def media_type_of(content: bytes) -> str | None:
    """Return what a file is by its first bytes: a PDF, a PNG or a JPEG; None for anything else."""
    return next((kind for start, kind in _SIGNATURES if content.startswith(start)), None)


def size_text(size: int) -> str:
    """Return a number of bytes as people read it, such as ``10 MB``: of 2^20, rounded down."""
    unit, name = (1 << 20, "MB") if size >= 1 << 20 else (1 << 10, "KB")
    return f"{size * 10 // unit / 10:g} {name}"


class FileStore:
    """The folder with the files' bytes."""

    def __init__(self, folder: Path, *, largest: int) -> None:
        """Keep files of at most ``largest`` bytes below ``folder``, which is made when needed."""
        self._folder, self._largest = folder, largest

    async def keep(
        self,
        applicant: UUID,
        document: str,
        parts: AsyncIterable[bytes],
        *,
        by: str,
        at: datetime,
    ) -> FileRecord | AccessRefusal:
        """Keep a file that comes in parts; the same content for the same document is one file.

        A file that is refused leaves nothing behind, also where the disk is full.
        """
        try:
            return await self._keep(applicant, document, parts, by=by, at=at)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _log.error("a file was refused: the disk is full", extra={"folder": str(self._folder)})
            return AccessRefusal(code=AccessCode.STORAGE_FULL, message=_NO_ROOM, field="file")

    async def _keep(
        self,
        applicant: UUID,
        document: str,
        parts: AsyncIterable[bytes],
        *,
        by: str,
        at: datetime,
    ) -> FileRecord | AccessRefusal:
        if not await Applicant.exists(id=applicant, erased_at=None):
            return _nobody()
        coming = await asyncio.to_thread(_Coming, self._folder)
        try:
            received = await self._receive(parts, coming.file)
            if isinstance(received, AccessRefusal):
                return received
            sha256, size, media_type = received
            named = {"applicant_id": applicant, "document": document, "sha256": sha256}
            values = {"media_type": media_type, "size": size, "uploaded_by": by, "uploaded_at": at}
            row = await self._settled(coming, named, values)
        finally:
            coming.discard()
        return _nobody() if row is None else _record(row)

    async def _settled(
        self, coming: _Coming, named: dict[str, Any], values: dict[str, Any]
    ) -> ApplicantFile | None:
        """Put a file in its place and note it, both under the lock that its removal takes.

        None where the person was erased while the file came.
        """
        try:
            async with in_transaction() as connection:
                await lock_content(connection, named["sha256"])
                # Whoever erases the person waits here for the file, or the file for them.
                if not await _is_there(named["applicant_id"]):
                    return None
                await asyncio.to_thread(coming.settle, self._path(named["sha256"]))
                return await ApplicantFile.create(**named, **values)
        except IntegrityError:
            return await ApplicantFile.get(**named, removed_at=None)

    def erase(self, sha256: str) -> bool:
        """Take the bytes of a content away for good; False where there are none."""
        path = self._path(sha256)
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def read(self, file: FileRecord) -> bytes:
        """Return a file's content; raise OSError where it is missing or no longer what it was."""
        content = self._path(file.sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise OSError("a file was changed on disk")
        return content

    async def _receive(
        self, parts: AsyncIterable[bytes], file: BinaryIO
    ) -> tuple[str, int, str] | AccessRefusal:
        digest, size, start = hashlib.sha256(), 0, b""
        async for part in parts:
            size += len(part)
            if size > self._largest:
                return AccessRefusal(
                    code=AccessCode.FILE_TOO_LARGE,
                    message=Text(
                        f"文件超过 {size_text(self._largest)}",
                        f"the file is larger than {size_text(self._largest)}",
                    ),
                    field="file",
                )
            start = (start + part)[:_LONGEST_SIGNATURE]
            digest.update(part)
            file.write(part)
        if size == 0:
            empty = Text("文件是空的", "the file is empty")
            return AccessRefusal(code=AccessCode.FILE_EMPTY, message=empty, field="file")
        media_type = media_type_of(start)
        if media_type is None:
            return AccessRefusal(
                code=AccessCode.FILE_TYPE_REFUSED,
                message=Text(
                    "只接受 PDF、PNG 和 JPEG 文件", "only PDF, PNG and JPEG files are accepted"
                ),
                field="file",
            )
        return digest.hexdigest(), size, media_type

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


async def lock_content(connection: BaseDBAsyncClient, sha256: str) -> None:
    """Hold the lock of a content until the transaction ends: it comes, or goes, not both."""
    await connection.execute_query(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", [sha256]
    )


FILES = RowSource(
    described=FileRecord,
    model=ApplicantFile,
    alias="f",
    attributes=columns(
        *("id", "document", "media_type", "size", "sha256", "uploaded_by", "uploaded_at"),
        applicant="applicant_id",
    ),
)
"""Files, as `FileRecord` has them."""

PRESENT = Condition("f.removed_at IS NULL")
"""The condition that a file was not removed."""


async def files_of(applicant: UUID) -> tuple[FileRecord, ...]:
    """Return the files of an applicant that were not removed, the oldest first."""
    query = PageQuery(
        source=FILES,
        conditions=(Condition("f.applicant_id = ?", (applicant,)), PRESENT),
        order=Order("f.id"),
        view=FILES.view(None),
    )
    return tuple(await read_objects(query, _MOST_FILES))


_MOST_FILES = 10_000


async def remove_file(file: UUID, *, at: datetime) -> bool:
    """Remove a file from its applicant; that it was there stays on record."""
    return bool(await ApplicantFile.filter(id=file, removed_at=None).update(removed_at=at))


class _Coming:
    """A file that is still coming: under a name of its own until it is whole."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes the file readable by its owner only, before anything is in it.
        descriptor, name = tempfile.mkstemp(prefix=".coming-", dir=folder)
        self._path = Path(name)
        self.file: BinaryIO = os.fdopen(descriptor, "wb")

    def settle(self, target: Path) -> None:
        """Put the file in its place, on disk before its name is."""
        self.file.flush()
        os.fsync(self.file.fileno())
        target.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.replace(target)

    def discard(self) -> None:
        """Close the file, and remove it unless it was put in its place."""
        # What could not be written is tried once more here, and is not wanted any more.
        with contextlib.suppress(OSError):
            self.file.close()
        self._path.unlink(missing_ok=True)


async def _is_there(applicant: UUID) -> bool:
    """Whether there is such a person, who is not erased before the transaction ends."""
    people = Applicant.filter(id=applicant, erased_at=None)
    return await people.select_for_update().first() is not None


def _nobody() -> AccessRefusal:
    return AccessRefusal(
        code=AccessCode.NOT_FOUND,
        message=Text("没有这个报考人", "there is no such applicant"),
        field="applicant",
    )


def _record(row: ApplicantFile) -> FileRecord:
    owner: UUID = row.applicant_id  # type: ignore[attr-defined]  # Tortoise adds it
    return FileRecord(
        id=row.id,
        applicant=owner,
        document=row.document,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        uploaded_by=row.uploaded_by,
        uploaded_at=row.uploaded_at,
    )
