"""Finding plugins: one package seen twice is one plugin, two packages with one slug are not."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from zhupei.hooks.discovery import (
    Discovery,
    Found,
    FoundIn,
    check_compatible,
    import_plugin,
    is_slug,
)
from zhupei.hooks.load_errors import (
    PluginDuplicateError,
    PluginImportError,
    PluginIncompatibleError,
    PluginModuleClashError,
    PluginNotFoundError,
)


def project(folder: Path, *, package: str = "zhupei-sample", slug: str = "sample") -> Path:
    module = package.replace("-", "_")
    source = folder / "src" / module
    source.mkdir(parents=True)
    (source / "__init__.py").write_text(f'WHERE = "{folder.name}"\n', encoding="utf-8")
    (source / "more.py").write_text("MORE = 1\n", encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{package}"\nversion = "2.0"\ndependencies = ["zhupei>=1,<2"]\n'
        f'[project.entry-points.zhupei]\n{slug} = "{module}"\n',
        encoding="utf-8",
    )
    return folder


def installed(
    site: Path, *, package: str = "zhupei-sample", editable: Path | None = None
) -> metadata.Distribution:
    """What pip leaves behind of a package with the entry point ``sample``."""
    module = package.replace("-", "_")
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\nRequires-Dist: zhupei<2,>=1\n",
        encoding="utf-8",
    )
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[zhupei]\nsample = {module}\n", encoding="utf-8")
    if editable is not None:
        origin = {"url": editable.as_uri(), "dir_info": {"editable": True}}
        (info / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    return metadata.Distribution.at(info)


def test_a_project_is_read_in_place(tmp_path: Path) -> None:
    folder = project(tmp_path / "plugins" / "any-name")
    found = Discovery([tmp_path / "plugins"], installed=()).find("sample")
    assert found == Found(
        slug="sample",
        entry="zhupei_sample",
        package="zhupei-sample",
        version="2.0",
        requires=("zhupei>=1,<2",),
        path=folder,
        where=FoundIn.FOLDER,
    )


def test_an_installed_package_is_found(tmp_path: Path) -> None:
    found = Discovery((), installed=[installed(tmp_path)]).find("sample")
    assert (found.version, found.where) == ("1.0", FoundIn.INSTALLED)
    assert found.requires == ("zhupei<2,>=1",)
    assert found.path == tmp_path / "zhupei_sample-1.0.dist-info"
    check_compatible(found, running="1.0.0")


def test_an_editable_package_is_where_its_project_is(tmp_path: Path) -> None:
    folder = project(tmp_path / "a project")
    found = Discovery((), installed=[installed(tmp_path / "site", editable=folder)])
    assert found.find("sample").path == folder


def test_one_package_found_both_ways_is_one_plugin(tmp_path: Path) -> None:
    project(tmp_path / "plugins" / "sample")
    discovery = Discovery(
        [tmp_path / "plugins", tmp_path / "plugins"], installed=[installed(tmp_path / "site")]
    )
    # The folder's is what its author is working on.
    assert discovery.find("sample").where is FoundIn.FOLDER
    assert discovery.slugs == ("sample",)


def test_two_packages_with_one_slug_are_a_clash(tmp_path: Path) -> None:
    folder = project(tmp_path / "plugins" / "sample")
    other = installed(tmp_path / "site", package="zhupei-other")
    with pytest.raises(PluginDuplicateError) as caught:
        Discovery([tmp_path / "plugins"], installed=[other]).find("sample")
    assert caught.value.paths == (folder, tmp_path / "site" / "zhupei_other-1.0.dist-info")


def test_two_folders_with_one_package_are_a_clash(tmp_path: Path) -> None:
    paths = (project(tmp_path / "plugins" / "a"), project(tmp_path / "plugins" / "b"))
    with pytest.raises(PluginDuplicateError) as caught:
        Discovery([tmp_path / "plugins"], installed=()).find("sample")
    assert caught.value.paths == paths


def test_nothing_is_imported_by_looking(tmp_path: Path) -> None:
    project(tmp_path / "plugins" / "sample", package="zhupei-looked-at")
    Discovery([tmp_path / "plugins"], installed=()).find("sample")
    assert "zhupei_looked_at" not in sys.modules


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(PluginNotFoundError):
        Discovery([tmp_path / "nowhere"], installed=()).find("sample")


def test_a_project_is_imported_from_its_own_folder(tmp_path: Path) -> None:
    path = list(sys.path)
    for name in ("first", "second"):
        project(tmp_path / name / "sample", package="zhupei-in-place")
        found = Discovery([tmp_path / name], installed=()).find("sample")
        module = import_plugin(found, {})
        assert Path(module.__file__).is_relative_to(tmp_path / name)
        # Its other modules are found later, too, although its folder is not on the path.
        from importlib import import_module

        assert import_module("zhupei_in_place.more").MORE == 1
    assert sys.path == path


def test_two_plugins_of_one_host_with_one_module_are_a_clash(tmp_path: Path) -> None:
    taken: dict[str, Path] = {}
    project(tmp_path / "plugins" / "one", package="zhupei-same", slug="one")
    project(tmp_path / "plugins" / "two", package="zhupei-same", slug="two")
    discovery = Discovery([tmp_path / "plugins"], installed=())
    import_plugin(discovery.find("one"), taken)
    with pytest.raises(PluginModuleClashError) as caught:
        import_plugin(discovery.find("two"), taken)
    assert caught.value.message.en == (
        "plugin two: its module zhupei_same has the name of one that is already loaded from"
        f" {tmp_path / 'plugins' / 'one' / 'src'}"
    )


@pytest.mark.parametrize(
    ("requires", "running", "needs"),
    [
        (("zhupei>=1,<2",), "1.0.0", None),
        (("zhupei>=1,<2",), "1.9.0rc1", None),
        (("Zhupei ~= 1.2",), "1.3", None),
        (("pydantic", "zhupei[extra]>=1"), "1.0.0", None),
        (("zhupei>=1,<2",), "2.0.0", "zhupei<2,>=1"),
        (("zhupei>=1.4",), "1.3", "zhupei>=1.4"),
        ((), "1.0.0", "-"),
        (("zhupei",), "1.0.0", "-"),
        (("not a requirement !",), "1.0.0", "-"),
    ],
)
def test_the_requirement_is_the_declaration_of_compatibility(
    requires: tuple[str, ...], running: str, needs: str | None
) -> None:
    found = Found("sample", "m", "p", "1", requires, Path("plugins/sample"), FoundIn.FOLDER)
    if needs is None:
        check_compatible(found, running=running)
        return
    with pytest.raises(PluginIncompatibleError) as caught:
        check_compatible(found, running=running)
    assert caught.value.file == Path("plugins/sample/pyproject.toml")
    assert caught.value.message.en == (
        "plugin sample: does not declare which zhupei it is compatible with"
        if needs == "-"
        else f"plugin sample: needs {needs}, but zhupei {running} is running"
    )


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("sample", True),
        ("a-base-2", True),
        ("A", False),
        ("a_b", False),
        ("2a", False),
        ("a-", False),
    ],
)
def test_slugs(name: str, right: bool) -> None:
    assert is_slug(name) is right


def test_what_is_no_exception_is_a_failed_import_all_the_same(tmp_path: Path) -> None:
    folder = project(tmp_path / "plugins" / "any-name", package="zhupei-panicking")
    module = folder / "src" / "zhupei_panicking" / "__init__.py"
    module.write_text(
        "class Panic(BaseException): ...\n\nraise Panic('no GPU')\n", encoding="utf-8"
    )
    found = Discovery([tmp_path / "plugins"], installed=()).find("sample")
    with pytest.raises(PluginImportError, match="Panic: no GPU") as caught:
        import_plugin(found, {})
    assert (caught.value.file, caught.value.line) == (module, 3)
    assert "zhupei_panicking" not in sys.modules
