"""Everything that decides what a catalogue will be, but for what plugins answer, as one digest.

Where any of it cannot be known exactly there is no digest, and the catalogue is built anew: that
takes seconds, and a catalogue of yesterday's rules would be wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import zlib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from time import time

from zhupei.config.workspace import Workspace
from zhupei.hooks.manager import PluginHost

__all__ = ["inputs_digest", "inputs_digest_of", "surroundings_digest"]

# A program that was changed at about the time when it was imported may have been imported before
# or after: nobody knows, so its catalogue is neither kept nor taken.
_SETTLED_BEFORE = time() - 30
_OURS = Path(__file__).resolve().parent.parent
# Hooks that are asked while files are checked: what another than the core's says may change.
_ASKED_IN_CHECKS = frozenset({"working_day"})


def inputs_digest(workspace: Workspace, surroundings: bytes | None) -> str | None:
    """Return the digest of files, programs, plugins and settings; None where it is not certain.

    ``workspace`` holds the files as read, before they are validated; with a problem among them
    there is no digest, because a file that cannot be read is not in it. ``surroundings`` is what
    `surroundings_digest` says.
    """
    if workspace.problems or surroundings is None:
        return None
    files = (
        (
            str(document.path),
            str(document.path.resolve()),
            hashlib.blake2b(zlib.decompress(document.source), digest_size=20).digest(),
        )
        for document in workspace.documents
    )
    return inputs_digest_of(files, surroundings)


def inputs_digest_of(files: Iterable[tuple[str, str, bytes]], surroundings: bytes) -> str:
    """Return the digest of surroundings and files: path, where it lies, the digest of its bytes."""
    digest = hashlib.blake2b(surroundings, digest_size=20)
    for file in files:
        digest.update(repr(file).encode())
    return digest.hexdigest()


def surroundings_digest(host: PluginHost) -> bytes | None:
    """Return the digest of programs, plugins and settings; None where it is not certain."""
    others = [plugin for plugin in host.plugins if not plugin.is_core]
    if any(_ASKED_IN_CHECKS.intersection(each.hooks) for each in others):
        return None
    programs = _programs()
    if programs is None:
        return None
    digest = hashlib.blake2b(programs, digest_size=20)
    # Files are shown relative to where the server runs.
    for part in (Path.cwd(), host.plugins, sorted(host.base_folders.items())):
        digest.update(repr(part).encode())
    for described in _kinds(host):
        digest.update(described.encode())
    return digest.digest()


def _kinds(host: PluginHost) -> Iterator[str]:
    """Yield the words that plugins add: which they are may depend on more than their program."""
    for kind in host.kinds:
        owner = host.kinds.owner(kind.group, kind.name)
        yield repr((owner, kind.group, kind.name, kind.params))
        if owner is not None and kind.params is not None:
            yield json.dumps(kind.params.model_json_schema(), sort_keys=True)
    for slug, model in sorted(host.config_models.items()):
        yield slug + json.dumps(model.model_json_schema(), sort_keys=True)


def _programs() -> bytes | None:
    """Return the digest of what runs here: this release, Python, packages, plugins in folders."""
    digest = hashlib.blake2b(repr((sys.version, sys.byteorder, sys.platform)).encode())
    ours = _ours()
    if ours is None:
        return None
    digest.update(ours)
    for name in _packages():
        digest.update(name.encode())
    for file in sorted(set(_local_files())):
        content = _settled(file)
        if content is None:
            return None
        digest.update(repr(str(file)).encode() + content)
    return digest.digest()


@cache
def _ours() -> bytes | None:
    """Return the digest of zhupei itself, as it was when this process began."""
    digest = hashlib.blake2b()
    for file in _files_below(_OURS):
        content = _settled(file)
        if content is None:
            return None
        digest.update(str(file.relative_to(_OURS)).encode() + content)
    return digest.digest()


def _settled(file: Path) -> bytes | None:
    """Return the digest of a file, None where it changed since this process began, or is gone."""
    try:
        changed = file.stat().st_ctime_ns
        return None if changed > _SETTLED_BEFORE * 1e9 else _digest(file, changed)
    except OSError:
        return None


@lru_cache(maxsize=16_384)
def _digest(file: Path, _changed: int) -> bytes:
    return hashlib.blake2b(file.read_bytes(), digest_size=20).digest()


def _packages() -> Iterator[str]:
    """Yield the name, version and time of every installed package."""
    for folder in dict.fromkeys(sys.path):
        try:
            with os.scandir(folder or ".") as entries:
                found = sorted(
                    f"{entry.name} {entry.stat().st_mtime_ns}"
                    for entry in entries
                    if entry.name.endswith((".dist-info", ".egg-info"))
                )
        except OSError:
            continue
        yield from found


def _local_files() -> Iterator[Path]:
    """Yield the files of modules that no installed package brings, such as plugins in folders.

    Of a package these are all of its files: it may read data that lies beside its modules.
    """
    for name, module in tuple(sys.modules.items()):
        place = getattr(module, "__file__", None)
        file = _local(place) if isinstance(place, str) else None
        if file is None:
            continue
        yield file
        if file.name == "__init__.py" and "." not in name:
            yield from _files_below(file.parent)


@lru_cache(maxsize=16_384)
def _local(place: str) -> Path | None:
    """Return the file of a module, None where an installed package or Python itself brings it."""
    file = Path(place).resolve()
    if "site-packages" in file.parts or "dist-packages" in file.parts:
        return None
    return None if any(file.is_relative_to(folder) for folder in _installed()) else file


@cache
def _installed() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return (_OURS, *(Path(sysconfig.get_path(name)).resolve() for name in names))


def _files_below(folder: Path) -> Iterable[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and name[0] != "."]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(found)
