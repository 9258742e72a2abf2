"""`zhupei schema`: the text of the graph, the core's alone, one plugin's types, and the check."""

from __future__ import annotations

from pathlib import Path

import pytest

from fictional import BASES
from zhupei.cli import main
from zhupei.graphql.schema import build_schema

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fictional(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHUPEI_BASES", str(BASES))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_the_graph_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == build_schema().core_sdl


def test_the_core_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "core.graphql"
    assert main(["schema", "--core", "--output", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == build_schema().core_sdl
    assert capsys.readouterr().out == ""
    assert main(["schema", "--core", "--output", str(file), "--check"]) == 0


def test_the_check_fails_with_the_difference_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "core.graphql"
    text = build_schema().core_sdl.replace("remainingSeats: Int", "remainingSeats: String")
    file.write_text(text, encoding="utf-8")
    assert main(["schema", "--core", "--check", "--output", str(file)]) == 1
    printed = capsys.readouterr()
    assert "-  remainingSeats: String" in printed.out
    assert "+  remainingSeats: Int" in printed.out
    assert f"{file.as_posix()} is not what the graph is" in printed.err
    assert file.read_text(encoding="utf-8") == text


def test_a_missing_file_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "none.graphql"
    assert main(["schema", "--check", "--output", str(file)]) == 1
    assert "more lines" in capsys.readouterr().out
    assert not file.exists()


def test_the_file_of_the_repository_is_checked_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["schema", "--check"]) == 0


def test_the_subgraph_of_the_repository_is_checked_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHUPEI_FEDERATION_ACCESS", "scopes")
    monkeypatch.chdir(ROOT)
    assert main(["schema", "--check", "--federation"]) == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subgraph.graphql").write_bytes(b"\xff")
    assert main(["schema", "--check", "--federation"]) == 1
    assert (
        "write it again with zhupei schema --core --federation --access none "
        "--output subgraph.graphql\n"
    ) in capsys.readouterr().err


@pytest.mark.institutions
def test_the_core_is_checked_by_default_whatever_plugins_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZHUPEI_BASES", str(ROOT / "bases"))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(ROOT / "plugins"))
    monkeypatch.chdir(ROOT)
    assert main(["schema", "--check"]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--check", "--plugin", "x"], "name the file to check with --output"),
        (["--check", "--federation", "--access", "scopes"], "name the file to check with --output"),
        (["--access", "scopes"], "--access is for --federation"),
    ],
)
def test_what_could_not_be_meant_is_refused(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["schema", *options]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"zhupei: {said}\n")


@pytest.mark.institutions
def test_the_types_of_one_plugin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHUPEI_BASES", str(ROOT / "bases"))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(ROOT / "plugins"))
    assert main(["schema", "--plugin", "hku-szh"]) == 0
    printed = capsys.readouterr().out
    assert "type HkuSzhExtension implements BaseExtension {" in printed
    assert "type Query" not in printed
    assert "type Base " not in printed


def test_a_plugin_without_types_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--plugin", "nobody"]) == 1
    assert 'no plugin "nobody" with types of its own takes part' in capsys.readouterr().err
