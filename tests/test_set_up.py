"""Tests of what `make` sets up from: everything pinned, no addresses, nothing fetched committed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PROJECT = Path(__file__).parent.parent
_PROJECTS = sorted([_PROJECT / "pyproject.toml", *_PROJECT.glob("plugins/*/pyproject.toml")])


def pinned() -> dict[str, str]:
    lines = (_PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, str] = {}
    for line in lines:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^ ;]+)( ; .+)?", line)
        assert match is not None, line
        found[canonicalize_name(match[1])] = match[2]
    return found


@pytest.mark.parametrize("file", _PROJECTS, ids=lambda file: file.parent.name)
def test_every_dependency_is_pinned_within_its_range(file: Path) -> None:
    project = tomllib.loads(file.read_text(encoding="utf-8"))
    wanted = [
        *project["build-system"]["requires"],
        *project["project"].get("dependencies", []),
        *(each for group in project.get("dependency-groups", {}).values() for each in group),
    ]
    versions = pinned()
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        if name == "zhupei":
            continue
        assert name in versions, f"{requirement}: run `make lock`"
        assert versions[name] in requirement.specifier, f"{requirement}: run `make lock`"


def test_nothing_names_a_registry() -> None:
    for name in (
        "constraints.txt",
        "package.json",
        "package-lock.json",
        ".npmrc",
        "pyproject.toml",
    ):
        text = (_PROJECT / name).read_text(encoding="utf-8")
        assert re.findall(r"https?://|file:|index-url|registry\s*=", text) == [], name


def test_every_package_of_npm_has_its_hash() -> None:
    lock = json.loads((_PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert list(packages) == ["node_modules/@graphql-yoga/render-graphiql"]
    for entry in packages.values():
        assert entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry


@pytest.mark.skipif(
    "MAKELEVEL" not in os.environ or not (_PROJECT / ".venv").exists(),
    reason="not run by make in the tree that it set up",
)
def test_a_second_make_has_nothing_to_do() -> None:
    """The stamp is newer than everything it was made from."""
    done = subprocess.run(
        ["make", "-s", "-n", ".venv/.ready"],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install" not in done.stdout


def test_without_a_python_make_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes((_PROJECT / "Makefile").read_bytes())
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    done = subprocess.run(
        ["make", "-s", ".venv/.ready", "PY="],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "zhupei: needs Python 3.11 or newer with pip; found none of python3.13, python3.12,\n"
        "        python3.11, python3. Install one, or name it: make PY=/path/to/python\n"
    )
    assert not (tmp_path / ".venv").exists()
