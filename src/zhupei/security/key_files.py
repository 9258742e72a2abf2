"""Files with secret keys: made on first use, readable by their owner only."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = ["KeyFileError", "read_key_file", "read_or_make_key_file", "write_key_file"]

_OWNER_ONLY = 0o600
_LARGEST = 1 << 16


class KeyFileError(ZhupeiError):
    """A file with a key cannot be used: open to others, unreadable or damaged."""

    code = "KEY_FILE_UNUSABLE"


def read_key_file(path: Path) -> bytes:
    """Return the content of a key file.

    Raises FileNotFoundError where there is none, and `KeyFileError` where others may read or
    change it: a key that others have seen protects nothing.
    """
    try:
        # A pipe would wait for a writer, a link could lead anywhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unusable(path, f"无法读取（{error.strerror}）", f"{error.strerror}") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise _unusable(path, "不是普通文件", "not a regular file")
        if stat.S_IMODE(mode) & 0o077:
            raise _unusable(
                path,
                "其他账户可以读取或修改它",
                "other accounts may read or change it",
                Text(f"chmod 600 {path}", f"chmod 600 {path}"),
            )
        content = os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)
    if not content:
        raise _unusable(path, "是空文件", "it is empty")
    return content


def write_key_file(path: Path, content: bytes) -> bool:
    """Write a new key file as a whole, or not at all; False where there is one already.

    Two processes may try at once: one of them wins, and nobody ever reads half a key. Raises
    `KeyFileError` where the folder cannot be written.
    """
    try:
        return _write(path, content)
    except OSError as error:
        raise _unusable(path, f"无法写入（{error.strerror}）", f"{error.strerror}") from error


def read_or_make_key_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a key file; where there is none, write what ``make`` returns first."""
    try:
        return read_key_file(path)
    except FileNotFoundError:
        write_key_file(path, make())
        return read_key_file(path)


def _write(path: Path, content: bytes) -> bool:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600, before anything is in it.
    descriptor, name = tempfile.mkstemp(prefix=".key-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, _OWNER_ONLY)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        # Unlike a rename, a link never replaces a file.
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


def _unusable(path: Path, zh: str, en: str, hint: Text | None = None) -> KeyFileError:
    return KeyFileError(
        Text(f"密钥文件 {path} 无法使用：{zh}", f"key file {path} cannot be used: {en}"), hint
    )
