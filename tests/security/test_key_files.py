"""Key files: made whole, readable by their owner only, refused where others may read them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from zhupei.domain.text import Language
from zhupei.security.key_files import (
    KeyFileError,
    read_key_file,
    read_or_make_key_file,
    write_key_file,
)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_key_file_is_made_once_with_folders_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one.key"
    previous = os.umask(0)
    try:
        assert read_or_make_key_file(path, lambda: b"first") == b"first"
    finally:
        os.umask(previous)
    assert read_or_make_key_file(path, lambda: b"second") == b"first"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    assert write_key_file(path, b"first") is True
    assert write_key_file(path, b"second") is False
    assert read_key_file(path) == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_all_who_make_a_key_at_once_get_the_same(tmp_path: Path) -> None:
    path, found = tmp_path / "one.key", []
    barrier = threading.Barrier(8)

    def make(number: int) -> None:
        barrier.wait()
        found.append(read_or_make_key_file(path, lambda: b"key %d" % number))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {path.read_bytes()}


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o620, 0o602])
def test_a_key_that_others_may_read_or_change_is_refused(tmp_path: Path, open_to: int) -> None:
    path = tmp_path / "one.key"
    write_key_file(path, b"secret")
    path.chmod(open_to)
    with pytest.raises(KeyFileError) as caught:
        read_or_make_key_file(path, lambda: b"other")
    assert caught.value.text(Language.EN) == (
        f"key file {path} cannot be used: other accounts may read or change it; "
        f"chmod 600 {path} [KEY_FILE_UNUSABLE]"
    )
    assert path.read_bytes() == b"secret"


def test_what_is_no_key_file_is_refused(tmp_path: Path) -> None:
    empty, link, folder = tmp_path / "empty", tmp_path / "link", tmp_path / "folder"
    write_key_file(empty, b"")
    link.symlink_to(empty)
    folder.mkdir()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path, reason in (
        (empty, "it is empty"),
        (link, "Too many levels of symbolic links"),
        (folder, "not a regular file"),
        (pipe, "not a regular file"),
    ):
        with pytest.raises(KeyFileError, match=reason):
            read_key_file(path)
    with pytest.raises(KeyFileError, match="File exists"):
        write_key_file(empty / "below", b"key")
    with pytest.raises(FileNotFoundError):
        read_key_file(tmp_path / "missing")
