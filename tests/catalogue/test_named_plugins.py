"""Plugins that files name, and the files that these bring along."""

from __future__ import annotations

from pathlib import Path

from zhupei.catalogue import load_catalogue
from zhupei.domain.text import Language

OTHER = """\
kind: base
code: other-hospital
name: {zh: 另一医院, en: Other Hospital}
province: "620000"
"""


def _plugin(folder: Path, slug: str, files: dict[str, str]) -> None:
    """Write a plugin whose package carries configuration files."""
    module = slug.replace("-", "_")
    source = folder / slug / "src"
    (source / module / "files").mkdir(parents=True)
    (folder / slug / "pyproject.toml").write_text(
        f'[project]\nname = "zhupei-{slug}"\nversion = "1.0"\ndependencies = ["zhupei>=1,<2"]\n'
        f'[project.entry-points.zhupei]\n{slug} = "{module}"\n',
        "utf-8",
    )
    (source / module / "__init__.py").write_text(
        "from pathlib import Path\n\nfrom zhupei import hookimpl\n\n\n"
        "@hookimpl\ndef register_bases():\n    return [Path(__file__).parent / 'files']\n",
        "utf-8",
    )
    for name, text in files.items():
        (source / module / "files" / name).write_text(text, "utf-8")


async def test_files_of_a_plugin_name_plugins_too(bases: Path, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    carried = OTHER.replace("other-hospital", "carried-hospital") + "plugins: [carried-second]\n"
    _plugin(plugins, "carried-first", {"base.yaml": carried})
    _plugin(plugins, "carried-second", {})
    (bases / "other.yaml").write_text(OTHER + "plugins: [carried-first]\n", "utf-8")

    loaded = await load_catalogue([bases], plugin_folders=[plugins])

    assert loaded.problems.text(Language.EN) == ""
    assert "carried-hospital" in loaded.catalogue.bases
    assert loaded.catalogue.scope_of("carried-hospital").institution == ("carried-second",)
    assert [plugin.slug for plugin in loaded.catalogue.plugins][-2:] == [
        "carried-first",
        "carried-second",
    ]


async def test_institutions_plugin_brings_no_rules_for_others(bases: Path, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    national = "kind: national\ncode: mine\nname: {zh: 我的规定, en: My rules}\n"
    _plugin(plugins, "carried-national", {"national.yaml": national})
    (bases / "other.yaml").write_text(OTHER + "plugins: [carried-national]\n", "utf-8")

    loaded = await load_catalogue([bases], plugin_folders=[plugins], keep_files=True)

    assert [(problem.code, problem.message.en) for problem in loaded.problems.errors] == [
        ("CONFIG_BEYOND_RIGHTS", "the plugin carried-national may not bring a national file")
    ]
    assert [file.model.code for file in loaded.workspace.national] == ["national"]
    assert "other-hospital" in loaded.catalogue.bases
