"""Tests of zhupei.web.ide.install with the real npm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from zhupei.web.ide import QueryPage
from zhupei.web.ide.install import InstallError, install

_PROJECT = Path(__file__).parents[3]
_UV = _PROJECT / ".tools" / "bin" / "uv"
_NAMES = ["editor.worker.js", "graphiql.css", "graphiql.js", "graphql.worker.js", "json.worker.js"]

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="needs the system's npm")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real manifests."""
    for name in ("package.json", "package-lock.json", ".npmrc", "constraints.txt"):
        shutil.copy(_PROJECT / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
@needs_npm
def test_the_files_are_fetched_by_hash_and_make_a_page(project: Path) -> None:
    target = project / "dist"
    install(project, uv=_UV, target=target)
    assert sorted(path.name for path in target.iterdir()) == sorted(
        [*_NAMES, *(f"{name}.gz" for name in _NAMES), "version"]
    )
    assert QueryPage("/graphql", examples=project, files=target).missing is None
    assert not (project / ".tools" / "ide").exists()


@pytest.mark.slow
@needs_npm
def test_a_package_with_another_hash_is_refused_and_the_old_files_stay(project: Path) -> None:
    lock = json.loads((project / "package-lock.json").read_text())
    entry = lock["packages"]["node_modules/@graphql-yoga/render-graphiql"]
    entry["integrity"] = "sha512-" + "A" * 86 + "=="
    (project / "package-lock.json").write_text(json.dumps(lock))
    target = project / "dist"
    target.mkdir()
    (target / "version").write_text("before")
    with pytest.raises(InstallError, match="EINTEGRITY"):
        install(project, uv=_UV, target=target)
    assert [path.read_text() for path in target.iterdir()] == ["before"]


@needs_npm
def test_a_registry_that_cannot_be_reached_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    with pytest.raises(InstallError, match="ECONNREFUSED"):
        install(project, uv=_UV, target=project / "dist")
    assert not (project / "dist").exists()


def test_without_npm_and_without_pypis_it_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(InstallError, match=r"^uv: "):
        install(project, uv=project / "uv", target=project / "dist")
    assert not (project / "dist").exists()
