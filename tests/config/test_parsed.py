"""Files that were parsed before are the same as if they were parsed now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asked_graph import ROOT
from zhupei.config import parsed as module
from zhupei.config.document import Document
from zhupei.config.loader import discover
from zhupei.config.parsed import ParsedFiles
from zhupei.config.problems import Problems, YamlPath
from zhupei.config.workspace import read_workspace
from zhupei.config.yaml import parse

_TEXT = """\
kind: base
名称: {zh: 示例医院, en: "Example"}
rows:
  - [a, ~, 3]
  - b: c
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files were really parsed."""
    seen: list[Path] = []

    def counted(path: Path, source: bytes) -> Document | Problems:
        seen.append(path)
        return parse(path, source)

    monkeypatch.setattr(module, "parse", counted)
    return seen


def _paths(document: Document) -> list[YamlPath]:
    found: list[YamlPath] = [()]

    def walk(value: object, path: YamlPath) -> None:
        pairs = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        for key, below in pairs:
            found.append((*path, key))
            walk(below, (*path, key))

    walk(document.data, ())
    return found


def _check_alike(one: Document | Problems, other: Document | Problems) -> None:
    assert isinstance(one, Document)
    assert isinstance(other, Document)
    assert (one.path, one.source) == (other.path, other.source)
    # As text too: the order of keys is that of the file.
    assert repr(one.data) == repr(other.data)
    for path in _paths(one):
        assert one.positions.value(path) == other.positions.value(path)
        assert one.positions.key(path) == other.positions.key(path)


def test_a_file_is_parsed_once(tmp_path: Path, calls: list[Path]) -> None:
    path, files = Path("a.yaml"), ParsedFiles(tmp_path / "parsed")
    first, second = (files.parse(path, _TEXT.encode()) for _ in range(2))
    _check_alike(first, parse(path, _TEXT.encode()))
    _check_alike(second, first)
    assert calls == [path]
    # The same text under another name has that name.
    other = ParsedFiles(tmp_path / "parsed").parse(Path("b.yaml"), _TEXT.encode())
    assert isinstance(other, Document)
    assert other.path == Path("b.yaml")
    assert calls == [path]
    files.parse(path, _TEXT.encode() + b"more: 1\n")
    assert calls == [path, path]


def test_mistakes_are_told_each_time(tmp_path: Path, calls: list[Path]) -> None:
    files = ParsedFiles(tmp_path / "parsed")
    for _ in range(2):
        found = files.parse(Path("a.yaml"), b"a: 1\na: 2\n")
        assert isinstance(found, Problems)
        assert [problem.code for problem in found] == ["CONFIG_DUPLICATE_KEY"]
    assert len(calls) == 2
    assert not (tmp_path / "parsed").exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "folder"])
def test_what_cannot_be_read_is_parsed_anew(tmp_path: Path, calls: list[Path], damage: str) -> None:
    path, files = Path("a.yaml"), ParsedFiles(tmp_path)
    files.parse(path, _TEXT.encode())
    (kept,) = tmp_path.iterdir()
    written = kept.read_bytes()
    if damage == "folder":
        kept.unlink()
        kept.mkdir()
    else:
        middle = len(written) // 2
        changed = written[:middle] + bytes([written[middle] ^ 1]) + written[middle + 1 :]
        kept.write_bytes({"cut": written[:-3], "changed": changed, "empty": b""}[damage])
    _check_alike(files.parse(path, _TEXT.encode()), parse(path, _TEXT.encode()))
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == [kept]
    if damage != "folder":
        assert kept.read_bytes() == written


def test_another_parser_gets_nothing(
    tmp_path: Path, calls: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ParsedFiles(tmp_path).parse(Path("a.yaml"), _TEXT.encode())
    monkeypatch.setattr(module, "_parser", lambda: b"a newer one")
    ParsedFiles(tmp_path).parse(Path("a.yaml"), _TEXT.encode())
    assert len(calls) == 2


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    files = ParsedFiles(blocked / "parsed")
    for _ in range(2):
        _check_alike(
            files.parse(Path("a.yaml"), _TEXT.encode()), parse(Path("a.yaml"), _TEXT.encode())
        )
    files.tidy()


def test_what_nobody_used_for_a_month_is_removed(tmp_path: Path, calls: list[Path]) -> None:
    files = ParsedFiles(tmp_path)
    for name in ("old", "used"):
        files.parse(Path(name), f"name: {name}\n".encode())
    ages = {path: path.stat().st_mtime - 40 * 24 * 3600 for path in tmp_path.iterdir()}
    for path, age in ages.items():
        os.utime(path, (age, age))
    files.parse(Path("used"), b"name: used\n")
    (tmp_path / "somebody's").write_text("x")
    files.tidy()
    calls.clear()
    for name in ("old", "used"):
        files.parse(Path(name), f"name: {name}\n".encode())
    assert calls == [Path("old")]
    assert (tmp_path / "somebody's").exists()


@pytest.mark.institutions
def test_the_bases_of_this_repository_are_read_alike(tmp_path: Path, calls: list[Path]) -> None:
    folder, files = ROOT / "bases", ParsedFiles(tmp_path)
    expected = read_workspace([folder])
    for _ in range(2):
        found = read_workspace([folder], files)
        assert list(found.problems) == list(expected.problems)
        assert len(found.documents) == len(expected.documents)
        for one, other in zip(found.documents, expected.documents, strict=True):
            assert one.path == other.path
            assert repr(one.data) == repr(other.data)
            for path in _paths(other)[::17]:
                assert one.positions.key(path) == other.positions.key(path)
    assert len(calls) == len(discover([folder], Problems()))
