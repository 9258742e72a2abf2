"""Catalogues that were built before, kept in a folder by the digest of what they were built from.

A server that starts with the files of its last start takes the catalogue as it was: nothing is
validated, checked, or built. What is kept is plain data (`zhupei.catalogue.packing`), which runs
nothing when it is read. A file that is damaged, or that somebody else could have written, is as
if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from zhupei.catalogue.answers import BaseAnswers
from zhupei.catalogue.fingerprint import text_digest
from zhupei.catalogue.packing import Packer

__all__ = ["Snapshot", "Snapshots", "answers_digest", "held_text", "packed"]

_SUFFIX = ".catalogue"
_HALF = ".part"
# Nobody writes for so long.
_LEFT_SECONDS = 3_600
# So many are kept: of a few servers that share a data directory, and of the last change.
_KEPT = 4
_CHECKED = 16


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A packed catalogue.

    ``chunks`` are the table, ``questions`` and ``rest`` its rows of what plugins are asked about
    and of everything else; ``answers`` is the digest of what they answered. ``beside`` are the
    files beside the configuration that were read for it, with the digests of their texts.
    """

    beside: dict[str, bytes]
    answers: bytes
    questions: int
    rest: int
    chunks: list[bytes]

    def stands(self) -> bool:
        """Whether the files beside the configuration hold what they held."""
        return all(held_text(Path(name)) == digest for name, digest in self.beside.items())


_DECODER = msgspec.msgpack.Decoder(Snapshot)


def answers_digest(answers: Mapping[str, BaseAnswers], classes: Mapping[str, type]) -> bytes:
    """Return the digest of what plugins answered, down to the last type.

    Raises:
        Unpackable: an answer holds what cannot be packed.

    """
    packer = Packer(classes)
    packer.add({code: answers[code] for code in sorted(answers)})
    digest = hashlib.blake2b(digest_size=20)
    for chunk in packer.chunks():
        digest.update(chunk)
    return digest.digest()


def packed(
    questions: object,
    rest: object,
    *,
    answers: Mapping[str, BaseAnswers],
    beside: Iterable[tuple[str, bytes]],
    classes: Mapping[str, type],
) -> Snapshot:
    """Return a snapshot; ``beside`` are the files beside, with the digests of their texts.

    Raises:
        Unpackable: something of it cannot be packed.

    """
    packer = Packer(classes)
    first = packer.add(questions)
    last = packer.add(rest)
    snapshot = Snapshot(
        dict(beside), answers_digest(answers, classes), first, last, packer.chunks()
    )
    packer.let_go()
    return snapshot


class Snapshots:
    """The folder of snapshots. Where it cannot be written nothing is kept, and all goes on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, digest: str) -> Snapshot | None:
        """Return the snapshot of these inputs, None where there is none that can be trusted."""
        path = self._folder / f"{digest}{_SUFFIX}"
        try:
            written = _read_own(path)
            if written is None or _checksum(written[_CHECKED:]) != written[:_CHECKED]:
                return None
            snapshot = _DECODER.decode(memoryview(written)[_CHECKED:])
        except (OSError, ValueError, msgspec.DecodeError):
            return None
        if not snapshot.stands():
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return snapshot

    def keep(self, digest: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, and remove those that were not used for longest."""
        written = msgspec.msgpack.encode(snapshot)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Under another name first: a server that starts beside this one must not see a half.
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=_HALF, delete=False) as file:
                try:
                    file.write(_checksum(written))
                    file.write(written)
                    file.close()
                    Path(file.name).replace(self._folder / f"{digest}{_SUFFIX}")
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            self._tidy()

    def _tidy(self) -> None:
        found = sorted(self._folder.glob(f"*{_SUFFIX}"), key=_used, reverse=True)
        for path in found[_KEPT:]:
            path.unlink(missing_ok=True)
        # A server that is killed while it writes leaves a half, each time that it is started.
        for path in self._folder.glob(f"*{_HALF}"):
            if _used(path) < time.time() - _LEFT_SECONDS:
                path.unlink(missing_ok=True)


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read_own(path: Path) -> bytes | None:
    """Return what a file of ours holds; None where others own it, or may write to it or beside."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        for status in (os.fstat(file.fileno()), path.parent.stat()):
            if not _is_own(status):
                return None
        return file.read()


def _is_own(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):  # Windows keeps a user's folders by other means.
        return True
    writable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return status.st_uid == os.geteuid() and not writable


def held_text(path: Path) -> bytes | None:
    """Return the digest of the text in a file, None where there is none."""
    try:
        return text_digest(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None


def _checksum(written: bytes | memoryview) -> bytes:
    return hashlib.blake2b(written, digest_size=_CHECKED).digest()
