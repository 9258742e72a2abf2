"""Generated files: up to date, deterministic, and named where they are stale."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from zhupei.cli import main
from zhupei.cli.docs import generated_files
from zhupei.config.workspace import read_workspace

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).parents[2]
_BASES = (_ROOT / "bases", _ROOT / "tests" / "fictional" / "bases", _ROOT / "src")


def _schema() -> Any:
    return json.loads((_ROOT / "bases" / "base.schema.json").read_text("utf-8"))


def _errors(data: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(_schema())
    return [
        f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(data)
    ]


def _as_editors_read(text: str) -> Any:
    """Return a file as YAML 1.2 tools read it: numbers and flags, but dates as text."""

    class Loader(yaml.SafeLoader):
        """Without dates."""

    Loader.yaml_implicit_resolvers = {
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader)


@pytest.mark.slow
def test_every_generated_file_is_up_to_date() -> None:
    stale = [
        path.relative_to(_ROOT).as_posix()
        for path, text in generated_files(_ROOT)
        if not path.exists() or path.read_text("utf-8") != text
    ]
    assert stale == [], "run: zhupei docs --write"


def test_the_same_repository_gives_the_same_texts() -> None:
    assert list(generated_files(_ROOT)) == list(generated_files(_ROOT))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(_schema())


def test_editors_never_complain_about_a_file_that_we_accept() -> None:
    """Whether they read numbers as numbers or, as our loader does, as text."""
    documents = read_workspace([path for path in _BASES if path.exists()]).documents
    checked = 0
    for document in documents:
        assert (document.path, _errors(document.data)) == (document.path, [])
        read = _as_editors_read(document.path.read_text("utf-8"))
        assert (document.path, _errors(read)) == (document.path, [])
        checked += 1
    assert checked > 40


_REQUIREMENT = (
    "{{kind: base, code: a, name: {{zh: 甲, en: A}}, province: '620000', requirements: [{}]}}"
)


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("kind: hospital", ["['kind']: 'hospital' is not one of ["]),
        (
            "{kind: base, code: a, name: {zh: 甲, en: A}}",
            ["[]: 'province' is a required property"],
        ),
        (
            "{kind: plan, program: a, rows: [{base: a, specialty: '0100', qouta: 1}]}",
            ["['rows', 0]: Additional properties are not allowed ('qouta' was unexpected)"],
        ),
        (
            _REQUIREMENT.format("{id: a, kind: nonsense, label: {zh: 甲, en: A}}"),
            ["['requirements', 0, 'kind']: 'nonsense' is not valid under any of the given schemas"],
        ),
        (
            _REQUIREMENT.format("{id: a, kind: english, cet: 425, label: {zh: 甲, en: A}}"),
            [
                "['requirements', 0]: Additional properties are not allowed ('cet' was unexpected)",
                "['requirements', 0]: 'cet4' is a required property",
            ],
        ),
    ],
)
def test_editors_name_the_one_thing_that_is_wrong(text: str, complaints: list[str]) -> None:
    errors = _errors(_as_editors_read(text))
    assert len(errors) == len(complaints)
    for error, complaint in zip(errors, complaints, strict=True):
        assert error.startswith(complaint)


def test_kinds_and_blocks_of_plugins_are_let_through() -> None:
    text = """{kind: base, code: a, name: {zh: 甲, en: A}, province: '620000',
        benefits: [{id: a, kind: some-plugin.rent, rent: 3, label: {zh: 甲, en: A}}],
        extra: {some-plugin: {anything: 1}}}"""
    assert _errors(_as_editors_read(text)) == []


def test_configuration_page_has_every_key_and_no_dead_link() -> None:
    text = (_ROOT / "docs" / "configuration.md").read_text("utf-8")
    headings = {
        line.lstrip("# ").lower().replace(" ", "-").replace("`", "").replace(":", "")
        for line in text.splitlines()
        if line.startswith("#")
    }
    links = {part.partition(")")[0] for part in text.split("](#")[1:]}
    assert links - headings == set()
    for key in ("quota_note", "accepted_warnings", "specialty_bases", "publicity_working_days"):
        assert f"| `{key}`" in text


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the generated files are made of."""
    ignored = shutil.ignore_patterns("__pycache__", "dist", ".*")
    for name in ("bases", "docs", "plugins", "src", "tests"):
        shutil.copytree(_ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(_ROOT / "schema.graphql", tmp_path)
    # Tests of plugins import them by name, and a copy of the same name would stand in their way.
    plugins = {each.name for each in _ROOT.glob("plugins/*/src/*")}
    for name in [name for name in sys.modules if name.partition(".")[0] in plugins]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow(seconds=15)
def test_stale_files_are_named_and_written(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", "--write"]) == 0
    capsys.readouterr()
    assert main(["docs", "--check"]) == 0
    (repository / "docs" / "coverage.md").write_text("old", encoding="utf-8")
    (repository / "bases" / "base.schema.json").unlink()
    assert main(["docs", "--check"]) == 1
    assert capsys.readouterr().err == (
        "zhupei: these files are stale:\n"
        "zhupei: bases/base.schema.json\n"
        "zhupei: docs/coverage.md\n"
        "        run zhupei docs --write\n"
    )
    assert (repository / "docs" / "coverage.md").read_text("utf-8") == "old"
    assert main(["docs", "--write"]) == 0
    assert capsys.readouterr().out == "bases/base.schema.json\ndocs/coverage.md\n"
    assert main(["docs", "--check"]) == 0


def test_outside_a_repository_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert main(["docs", "--write"]) == 2
    assert capsys.readouterr().err == (
        f"zhupei: {tmp_path} is not the folder of zhupei's repository\n"
    )
    assert list(tmp_path.iterdir()) == []
