"""Files that were parsed before, kept in a folder by what they hold.

Of a thousand bases the parsing takes a third of the time that a server needs to start. What is
kept is plain data (MessagePack), which runs nothing when it is read. It is found by the digest of
the file's bytes and of the parser itself, so that another file or another release never gets it;
what cannot be read is parsed anew. Only files without mistakes are kept: of others every message
is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from array import array
from functools import cache
from pathlib import Path
from sys import byteorder, intern
from time import time
from typing import Any

import msgspec
import yaml as pyyaml

from zhupei.config import document as _document
from zhupei.config import yaml as _yaml
from zhupei.config.document import Document, Positions
from zhupei.config.problems import Problems
from zhupei.config.yaml import parse

__all__ = ["ParsedFiles"]

_SUFFIX = ".parsed"
# What no start has used for so long is removed.
_KEPT_SECONDS = 30 * 24 * 3600
# So many bytes before the rest tell whether it is as it was written.
_CHECKED = 16
_SHORT = 40
_Kept = tuple[dict[str, Any], bytes, int, bytes, bytes]
_DECODER = msgspec.msgpack.Decoder(_Kept)


class ParsedFiles:
    """Parses files, or takes them from ``folder`` where they were parsed before.

    The folder is made when something is first kept. Where it cannot be written nothing is kept,
    and everything goes on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def parse(self, path: Path, source: bytes) -> Document | Problems:
        """Return what `zhupei.config.yaml.parse` returns."""
        kept = self._folder / f"{_digest(source)}{_SUFFIX}"
        found = self._found(kept, path)
        if found is None:
            parsed = parse(path, source)
            if isinstance(parsed, Document):
                self._keep(kept, parsed)
            return parsed
        return found

    def tidy(self) -> None:
        """Remove what has not been used for a month."""
        oldest = time() - _KEPT_SECONDS
        with contextlib.suppress(OSError):
            for path in self._folder.glob(f"*{_SUFFIX}"):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _found(self, kept: Path, path: Path) -> Document | None:
        try:
            written = kept.read_bytes()
            if _checksum(written[_CHECKED:]) != written[:_CHECKED]:
                return None
            data, records, root, lines, source = _DECODER.decode(written[_CHECKED:])
            positions = Positions(data, array("I", records), root, array("I", lines))
            document = Document(path, data, positions, source)
            _intern(data)
        except (OSError, ValueError, msgspec.DecodeError):
            return None
        with contextlib.suppress(OSError):
            if kept.stat().st_mtime < time() - _KEPT_SECONDS / 2:
                os.utime(kept)
        return document

    def _keep(self, kept: Path, parsed: Document) -> None:
        records, root, lines = parsed.positions.flat
        row = (parsed.data, records.tobytes(), root, lines.tobytes(), parsed.source)
        written = msgspec.msgpack.encode(row)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Under another name first: a server that starts beside this one must not see a half.
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(_checksum(written) + written)
            try:
                Path(file.name).replace(kept)
            except OSError:
                Path(file.name).unlink()


@cache
def _parser() -> bytes:
    """Return what decides how a file is parsed."""
    sources = [Path(str(module.__file__)).read_bytes() for module in (_yaml, _document)]
    about = f"{pyyaml.__version__} {byteorder} {array('I').itemsize}".encode()
    return hashlib.sha256(b"\0".join([*sources, Path(__file__).read_bytes(), about])).digest()


def _digest(source: bytes) -> str:
    return hashlib.sha256(_parser() + source).hexdigest()


def _checksum(written: bytes) -> bytes:
    return hashlib.blake2b(written, digest_size=_CHECKED).digest()


def _intern(data: Any) -> None:
    """Give equal short texts of the whole configuration one place in memory, as the parser does."""
    if type(data) is dict:
        # Keys are one object each already: the decoder knows short ones that it read before.
        for key, value in data.items():
            if type(value) is str:
                if len(value) <= _SHORT:
                    data[key] = intern(value)
            elif value is not None:
                _intern(value)
    else:
        for index, value in enumerate(data):
            if type(value) is str:
                if len(value) <= _SHORT:
                    data[index] = intern(value)
            elif value is not None:
                _intern(value)
