"""The file that a backup is: written whole, read with every member checked against its hash.

It is a tar file: ``manifest.json`` (what it is, how many rows each table has, the SHA-256 of every
other member), ``database.dump`` (pg_dump's custom format, one consistent snapshot) and ``files/…``
(the files of applicants, under the hash of their content). Keys are left out unless they are asked
for: a backup without them tells nobody an identity number.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError
from zhupei.security.crypto import Keyring

if TYPE_CHECKING:
    from io import BufferedReader

__all__ = [
    "Backup",
    "BackupError",
    "Counted",
    "has_keys_of",
    "manifest_digest",
    "read_backup",
    "unpack_backup",
    "write_backup",
]


_FORMAT = 1
_MANIFEST, _DUMP = "manifest.json", "database.dump"
_LARGEST_MANIFEST = 16 * 2**20
_BLOCK = 2**20
_SEEN_THROUGH = "backup"


class BackupError(ZhupeiError):
    """A backup cannot be made, read or restored; nothing was changed."""

    code = "BACKUP_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds.

    ``rows`` counts each table's rows by its name, ``files`` the files of people; ``missing`` are
    hashes of files that the database names and the folder does not have. ``migration`` is the last
    one applied, ``catalogue`` the hash of the last catalogue that was served.
    """

    made_at: datetime
    version: str
    migration: str
    catalogue: str | None
    rows: Mapping[str, int]
    files: int
    missing: tuple[str, ...]
    keys: tuple[str, ...]
    with_keys: bool

    @property
    def total(self) -> int:
        """Rows of all tables together."""
        return sum(self.rows.values())


@dataclass(frozen=True, slots=True)
class Counted:
    """What one snapshot of a database holds: rows by table, hashes of files, where it stands.

    ``keys`` are the ids of those that personal data in it is encrypted with.
    """

    rows: dict[str, int]
    files: tuple[str, ...]
    migration: str
    catalogue: str | None
    keys: frozenset[str]


def read_backup(source: Path) -> Backup:
    """Return what a backup holds, every member checked against its hash; raise `BackupError`."""
    with _opened(source) as archive:
        manifest = _manifest(archive, source)
        for member in archive:
            if member.name != _MANIFEST and _digest_of(archive, member) != _told(manifest, member):
                raise _damaged(source, member.name)
        missing = set(manifest["members"]) - set(archive.getnames())
        if missing:
            raise _damaged(source, min(missing))
    return _described(manifest)


def write_backup(
    target: Path,
    dump: Path,
    counted: Counted,
    *,
    data_dir: Path,
    keyring: Keyring | None,
    with_keys: bool,
    at: datetime,
) -> Backup:
    """Write a backup to ``target``, whole or not at all, in the folder of the dump first.

    ``keyring`` is told by a proof, where it has keys of what the database holds; with ``with_keys``
    the folder ``keys`` of the data directory comes along.
    """
    folder = dump.parent
    if keyring is not None and counted.keys and counted.keys.isdisjoint(keyring.key_ids):
        keyring = None
    members: dict[str, Path] = {_DUMP: dump}
    missing: list[str] = []
    for name in counted.files:
        path = data_dir / "files" / name[:2] / name
        if path.is_file():
            members[f"files/{name}"] = path
        else:
            missing.append(name)
    if with_keys:
        keys = data_dir / "keys"
        for path in sorted(keys.rglob("*")):
            if path.is_file():
                members[f"keys/{path.relative_to(keys).as_posix()}"] = path
    manifest: dict[str, Any] = {
        "format": _FORMAT,
        "made_at": at.isoformat(),
        "zhupei": version_of("zhupei"),
        "migration": counted.migration,
        "catalogue": counted.catalogue,
        "rows": counted.rows,
        "missing_files": missing,
        "keys": sorted(counted.keys) if keyring is None else list(keyring.key_ids),
        # Tells whether a keyring has these keys, and nothing about them.
        "key_proof": []
        if keyring is None
        else sorted(keyring.lookup_hashes(_SEEN_THROUGH, at.isoformat())),
        "with_keys": with_keys,
        "members": {name: _digest(path) for name, path in members.items()},
    }
    manifest["sha256"] = manifest_digest(manifest)
    whole = folder / "whole.tar"
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            text = folder / _MANIFEST
            text.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
            for name, path in ((_MANIFEST, text), *members.items()):
                archive.add(path, arcname=name, recursive=False, filter=_anonymous)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(target)
    return _described(manifest)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(
            Text(f"{source} 不是完整的备份", f"{source} is no whole backup")
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise BackupError(
            Text(f"无法读取 {source}：{reason}", f"{source} cannot be read: {reason}")
        ) from error


def _manifest(archive: tarfile.TarFile, source: Path) -> dict[str, Any]:
    first = archive.next()
    if first is None or first.name != _MANIFEST or first.size > _LARGEST_MANIFEST:
        raise BackupError(Text(f"{source} 不是 zhupei 的备份", f"{source} is no backup of zhupei"))
    content = archive.extractfile(first)
    try:
        manifest = json.loads(content.read() if content else b"")
    except ValueError as error:
        raise _damaged(source, _MANIFEST) from error
    if not isinstance(manifest, dict):
        raise _damaged(source, _MANIFEST)
    if manifest.get("format") != _FORMAT:
        raise BackupError(
            Text(
                f"{source} 的备份格式不是 {_FORMAT}",
                f"{source} has another format of backups than {_FORMAT}",
            ),
            Text("用更新版本的 zhupei 恢复", "restore it with a newer zhupei"),
        )
    if manifest.get("sha256") != manifest_digest(manifest):
        raise _damaged(source, _MANIFEST)
    return manifest


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """Return the hash of everything that a manifest says but the hash itself."""
    said = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _told(manifest: Mapping[str, Any], member: tarfile.TarInfo) -> object:
    """Return the hash that a member must have; None for one that must not be there."""
    plain = member.isreg() and not member.name.startswith("/") and ".." not in member.name
    return manifest["members"].get(member.name) if plain else None


def _described(manifest: Mapping[str, Any]) -> Backup:
    return Backup(
        made_at=datetime.fromisoformat(manifest["made_at"]),
        version=manifest["zhupei"],
        migration=manifest["migration"],
        catalogue=manifest["catalogue"],
        rows=manifest["rows"],
        files=sum(name.startswith("files/") for name in manifest["members"]),
        missing=tuple(manifest["missing_files"]),
        keys=tuple(manifest["keys"]),
        with_keys=bool(manifest["with_keys"]),
    )


def has_keys_of(keyring: Keyring, source: Path, backup: Backup) -> bool:
    """Return whether a keyring has the keys that personal data in a backup needs."""
    with _opened(source) as archive:
        proof = _manifest(archive, source)["key_proof"]
    present = keyring.lookup_hashes(_SEEN_THROUGH, backup.made_at.isoformat())
    # Of keys that were lost when the backup was made there is no proof, only their ids.
    return set(proof) <= set(present) and set(backup.keys) <= set(keyring.key_ids)


def unpack_backup(source: Path, folder: Path, data_dir: Path) -> Path:
    """Put files and keys in their places, which none of them has by another content.

    Returns where the dump is. Files are named by their content, so that one too many does no harm
    when the database is not restored after all; a key that is there stays.
    """
    dump = folder / _DUMP
    with _opened(source) as archive:
        manifest = _manifest(archive, source)
        for member in archive:
            if member.name == _MANIFEST:
                continue
            kind, _, name = member.name.partition("/")
            place = {
                _DUMP: dump,
                "files": data_dir / "files" / name[:2] / name,
                "keys": data_dir / "keys" / name,
            }.get(kind)
            if place is None or _told(manifest, member) is None:
                raise _damaged(source, member.name)
            if place.exists():
                continue
            _extract(archive, member, place, expected=_told(manifest, member), source=source)
    return dump


def _extract(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    place: Path,
    *,
    expected: object,
    source: Path,
) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    coming = place.with_name(f".{place.name}.coming")
    digest = hashlib.sha256()
    descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, _content(archive, member) as content:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != expected:
        coming.unlink()
        raise _damaged(source, member.name)
    coming.replace(place)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> BufferedReader:
    content = archive.extractfile(member)
    if content is None:
        raise tarfile.ReadError(member.name)
    return cast("BufferedReader", content)


def _digest_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str | None:
    if not member.isreg():
        return None
    with _content(archive, member) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(source: Path, member: str) -> BackupError:
    return BackupError(
        Text(f"{source} 已损坏：{member}", f"{source} is damaged: {member}"),
        Text("改用另一份备份", "take another backup"),
    )
