"""`zhupei new base`: the file passes `zhupei check` at once and its base is in the graph."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asked_graph import AskedGraph, load_graph
from zhupei.cli import main

_JURISDICTION = """\
kind: jurisdiction
code: example
name: {zh: 示例省, en: Example}
level: province
province: "620000"
programs:
  - code: example-residency-2026
    kind: residency
    year: 2026
    name: {zh: 住培, en: Residency}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("BASES", "PLUGINS", "LANGUAGE"):
        monkeypatch.delenv(f"ZHUPEI_{name}", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return tmp_path


def _new(*arguments: str) -> int:
    return main(["new", "base", *arguments])


def _graph(folder: Path) -> AskedGraph:
    return load_graph(folder / "bases")


_NAMES = ("--name-zh", '示例"第一"医院', "--name-en", "St. Mary's: 1st #1")


async def _base_of(graph: AskedGraph, code: str) -> object:
    query = f"""{{ base(code: "{code}") {{
        name(language: ZH) programs(first: 5) {{ edges {{ node {{ code }} }} }} }}
      english: base(code: "{code}") {{ name(language: EN) }}
      opening(code: "{code}-residency-2026/0100") {{ quota quotaNote(language: EN) }} }}"""
    return await graph.ask(query)


@pytest.mark.parametrize("year", ["26", "0", "20260"])
def test_a_year_has_four_digits(
    folder: Path, capsys: pytest.CaptureFixture[str], year: str
) -> None:
    assert _new("example-hospital", "--province", "620000", "--year", year, *_NAMES) == 2
    assert capsys.readouterr().err == "zhupei: the year has four digits, such as 2026\n"
    assert [*folder.iterdir()] == []


def test_the_file_is_written_and_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _new("example-hospital", "--province", "620000", "--year", "2026", *_NAMES) == 0
    said = capsys.readouterr()
    assert said.out == "bases/gansu/example-hospital.yaml\n"
    assert said.err == "fill it in, then run zhupei check bases/gansu/example-hospital.yaml\n"
    first = (folder / "bases/gansu/example-hospital.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../base.schema.json"
    assert main(["check", "--strict"]) == 0


@pytest.fixture
def graph(folder: Path) -> AskedGraph:
    """The graph over one new base, whose names hold what YAML has to quote."""
    assert _new("example-hospital", "--province", "620000", "--year", "2026", *_NAMES) == 0
    return _graph(folder)


async def test_the_base_is_in_the_graph(graph: AskedGraph) -> None:
    assert await _base_of(graph, "example-hospital") == {
        "base": {
            "name": '示例"第一"医院',
            "programs": {"edges": [{"node": {"code": "example-hospital-residency-2026"}}]},
        },
        "english": {"name": "St. Mary's: 1st #1"},
        "opening": {"quota": None, "quotaNote": "the plan is not published yet"},
    }


def test_what_is_commented_out_is_valid_too(folder: Path) -> None:
    """A reader who takes the comment signs away gets no error."""
    assert _new("example-hospital", "--province", "620000", "--year", "2026") == 0
    path = folder / "bases/gansu/example-hospital.yaml"
    lines = []
    for line in path.read_text("utf-8").splitlines():
        taken = re.sub(r"^(\s*)# (?=[a-z_]+:|  )", r"\1", line)
        if re.search(r"prefecture|jurisdiction:|parent:|quota_note|yaml-language|^# A|^# W", line):
            taken = line if "quota_note" not in line else ""
        lines.append(taken)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["check", "--strict"]) == 0
    for key in ("contacts:", "rounds:", "benefits:", "requirements:", "quota: 3", "tier:"):
        assert re.search(rf"^\s*{key}", path.read_text("utf-8"), re.MULTILINE), key


def test_a_jurisdiction_gives_province_folder_and_parent(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bases/west").mkdir(parents=True)
    (folder / "bases/west/_jurisdiction.yaml").write_text(_JURISDICTION, encoding="utf-8")
    assert _new("example-hospital", "--jurisdiction", "example", "--year", "2026") == 0
    assert capsys.readouterr().out == "bases/west/example-hospital.yaml\n"
    text = (folder / "bases/west/example-hospital.yaml").read_text("utf-8")
    assert 'province: "620000"' in text
    assert "\njurisdiction: example\n" in text
    assert "\n    parent: example-residency-2026  # " in text
    assert main(["check", "--strict"]) == 0


def test_a_parent_of_another_cycle_is_only_offered(folder: Path) -> None:
    (folder / "bases").mkdir()
    (folder / "bases/_jurisdiction.yaml").write_text(_JURISDICTION, encoding="utf-8")
    assert _new("example-hospital", "--jurisdiction", "example", "--year", "2027") == 0
    text = (folder / "bases/example-hospital.yaml").read_text("utf-8")
    assert "    # parent: example-residency-2027  # " in text
    assert "here are example-residency-2026\n" in text


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _new("example-hospital", "--province", "620000") == 0
    path = folder / "bases/gansu/example-hospital.yaml"
    before = path.read_bytes()
    capsys.readouterr()
    assert _new("example-hospital", "--province", "610000") == 1
    assert capsys.readouterr().err == (
        "zhupei: the code example-hospital is used in bases/gansu/example-hospital.yaml\n"
    )
    # A file that no base uses is kept as well.
    other = folder / "bases/gansu/other.yaml"
    other.write_text("kind: calendar\nyear: 2027\n")
    assert _new("other", "--province", "620000") == 1
    assert capsys.readouterr().err == f"zhupei: {other} exists and is left as it is\n"
    assert path.read_bytes() == before
    assert other.read_text() == "kind: calendar\nyear: 2027\n"
    assert sorted(each.name for each in folder.rglob("*.yaml")) == [
        "example-hospital.yaml",
        "other.yaml",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("Bad_Code", "--province", "620000"),
            (
                'the code "Bad_Code" may hold lower-case letters, digits and single hyphens and '
                "begins with a letter, such as example-hospital"
            ),
        ),
        (("a",), "give --jurisdiction or --province"),
        (("a", "--province", "999999"), "there is no province 999999"),
        (("a", "--jurisdiction", "nowhere"), "there is no jurisdiction nowhere"),
    ],
)
def test_wrong_usage_writes_nothing(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert _new(*arguments) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"zhupei: {message}"
    assert list(folder.iterdir()) == []
