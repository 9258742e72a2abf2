"""`zhupei new plugin`, and docs/writing-plugins.md followed literally."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.cli import main
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.schema import build_schema

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "writing-plugins.md").read_text("utf-8")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the default settings."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("ZHUPEI_")]:
        monkeypatch.delenv(variable)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(variable, "C.UTF-8")
    (tmp_path / "bases").mkdir()
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)


def test_a_name_may_hold_any_sign(empty: Path) -> None:
    name = 'A "B" \\ {c}\n$d \'\'\' """'
    assert main(["new", "plugin", "quoted", "--name", name, "--types"]) == 0
    project = empty / "plugins" / "quoted"
    told = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    shown = 'A "B" \\ {c} $d \'\'\' """'
    assert told["description"] == f"What {shown} adds to zhupei"
    for file in project.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(file.read_text("utf-8")))
        assert docstring is not None
        assert shown in docstring
    assert shown in (project / "README.md").read_text("utf-8")


def test_it_writes_a_project(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "plugin", "plain-hospital"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "plugins/plain-hospital/pyproject.toml",
        "plugins/plain-hospital/README.md",
        "plugins/plain-hospital/src/zhupei_plain_hospital/__init__.py",
        "plugins/plain-hospital/tests/test_zhupei_plain_hospital.py",
        (
            "write plugins: [plain-hospital] into the file of a base or jurisdiction, then run"
            " zhupei plugins"
        ),
    ]
    project = tomllib.loads((empty / "plugins/plain-hospital/pyproject.toml").read_text("utf-8"))
    assert project["project"]["dependencies"] == ["zhupei>=1,<2"]
    assert project["project"]["entry-points"]["zhupei"] == {
        "plain-hospital": "zhupei_plain_hospital"
    }


def test_what_exists_stays_as_it_is(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = empty / "plugins" / "plain-hospital"
    project.mkdir(parents=True)
    assert main(["new", "plugin", "plain-hospital"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "zhupei: plugins/plain-hospital exists already",
        "        choose another slug, or move it away first",
    ]
    assert list(project.iterdir()) == []


@pytest.mark.parametrize("slug", ["Plain", "plain_hospital", "working-days", "../plain", "a--b"])
def test_a_name_that_cannot_be_a_slug(
    slug: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "plugin", slug]) == 1
    assert capsys.readouterr().err.splitlines()[0] == (
        f"zhupei: plugin {slug}: the name cannot be a plugin's slug"
    )
    assert [each.name for each in empty.iterdir()] == ["bases"]


def test_the_types_are_those_that_the_graph_has(empty: Path) -> None:
    assert main(["new", "plugin", "typed-hospital", "--types"]) == 0
    schema = (empty / "plugins/typed-hospital/schema.graphql").read_text("utf-8")
    assert [line for line in schema.splitlines() if line.startswith("type ")] == [
        "type TypedHospitalAttendance implements Benefit & Entry {"
    ]


@pytest.mark.slow(seconds=28)
def test_the_page_works_literally(empty: Path) -> None:
    """Every command in order, every file where it says; then its query has its answer."""
    [(path, text)] = re.findall(r"^```yaml file=(\S+)\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    (empty / path).write_text(text, encoding="utf-8")
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"}
    outputs = [
        subprocess.run(
            ["sh", "-ec", block],
            cwd=empty,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for block in blocks("sh")
    ]
    listed = next(row for row in outputs[1].splitlines() if row.startswith("sample-hospital"))
    assert listed.split() == [
        "sample-hospital",
        "0.1.0",
        "institution",
        "OK",
        "register_kinds,",
        "register_types",
    ]
    assert re.search(r"^10 passed", outputs[2], re.MULTILINE)

    loaded = asyncio.run(
        load_catalogue([empty / "bases"], plugin_folders=[empty / "plugins"], strict=True)
    )
    assert loaded.problems.text(Language.EN) == ""
    answer = asyncio.run(_asked(loaded, blocks("graphql")[0]))
    assert answer == [json.loads(blocks("json")[0])]


async def _asked(loaded: LoadedCatalogue, query: str) -> object:
    context = GraphContext(catalogue=loaded.catalogue, dispatcher=loaded.dispatcher)
    result = await build_schema(loaded.host, strict=True).schema.execute(
        query, context_value=context
    )
    assert result.errors is None
    assert result.data is not None
    # The nation's own benefits stand beside the hospital's.
    return [each for each in result.data["program"]["benefits"] if each["key"] == "attendance"]


def test_the_hook_of_the_page_keeps_the_contract(empty: Path) -> None:
    """The example of the last step, in the place of the generated hook."""
    assert main(["new", "plugin", "sample-hospital"]) == 0
    module = empty / "plugins/sample-hospital/src/zhupei_sample_hospital/__init__.py"
    module.write_text(f'"""The example."""\n\n{blocks("python")[0]}', encoding="utf-8")
    test = next((empty / "plugins/sample-hospital/tests").iterdir())
    text = test.read_text("utf-8")
    test.write_text(text[: text.index("def test_attendance")], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
        cwd=empty,
        check=False,
        capture_output=True,
        text=True,
    )
    assert re.search(r"^9 passed", done.stdout, re.MULTILINE), done.stdout
