# ruff: noqa: E501 - because the hooks below are text
"""The contract catches what it promises to catch: each test fails for a plugin that breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from zhupei.cli.new_plugin import write_plugin
from zhupei.testing import PluginContract, Rights, load_plugin
from zhupei.testing.plugins import slug_of_project

_HOOKS = {
    "raises": "@hookimpl\ndef base_quotas():\n    raise ValueError('x')\n",
    "dice": "@hookimpl\ndef base_subsidies():\n    COUNT.append(1)\n    return [Subsidy(id=str(len("
    "COUNT)), label=Text('皂', 'soap'), amount=None, payer=Payer.BASE,"
    " funding_source=FundingSource.BASE)]\n\n\nCOUNT = []\n",
    "chinese_only": "@hookimpl\ndef base_subsidies():\n    return [Subsidy(id='a', label=Text('皂'),"
    " amount=None, payer=Payer.BASE, funding_source=FundingSource.BASE)]\n",
    "passes": "@hookimpl\ndef check_eligibility():\n    return [Finding(rule='r', outcome="
    "FindingOutcome.PASS, level=Level.INSTITUTION, message=Text('好', 'good'))]\n",
    "forgets": "@hookimpl\ndef check_eligibility():\n    return [Finding(rule='r', outcome="
    "FindingOutcome.UNKNOWN, level=Level.INSTITUTION, message=Text('好', 'good'))]\n",
    "private": "from zhupei.hooks.manager import PluginHost\n\n\n@hookimpl\ndef base_quotas():\n"
    "    return None\n",
    "label": "@hookimpl\ndef register_permissions():\n    return [Permission('private-one.see',"
    " Text('看'))]\n",
}


def contract(tmp_path: Path, name: str, hook: str) -> PluginContract:
    """The contract for a generated plugin with one more hook."""
    given = name.replace("_", "-")
    write_plugin(tmp_path / given, given, name="Sample")
    module = tmp_path / given / "src" / f"zhupei_{name}" / "__init__.py"
    text = module.read_text("utf-8").replace(
        "    hookimpl,\n",
        "    hookimpl,\n    Finding,\n    FindingOutcome,\n    FundingSource,\n    Level,\n"
        "    Payer,\n    Permission,\n    Subsidy,\n",
    )
    module.write_text(f"{text}\n\n{hook}", encoding="utf-8")

    class Sample(PluginContract):
        slug: ClassVar[str] = given
        folder: ClassVar[Path] = tmp_path / given

    return Sample()


def failing(of: PluginContract) -> set[str]:
    """The names of the tests that fail."""
    found = set()
    for name in dir(of):
        if name.startswith("test_"):
            try:
                getattr(of, name)()
            except Exception:  # noqa: BLE001 - any failure counts
                found.add(name)
    return found


@pytest.mark.parametrize(
    ("name", "hook", "fails"),
    [
        ("good_one", "", set()),
        ("raising_one", _HOOKS["raises"], {"test_its_answers_are_what_hooks_promise"}),
        ("gambling_one", _HOOKS["dice"], {"test_it_answers_the_same_again"}),
        ("chinese_one", _HOOKS["chinese_only"], {"test_its_answers_are_what_hooks_promise"}),
        ("passing_one", _HOOKS["passes"], {"test_what_is_not_known_never_passes"}),
        ("forgetful_one", _HOOKS["forgets"], {"test_what_is_not_known_never_passes"}),
        ("curious_one", _HOOKS["private"], {"test_it_imports_only_what_is_public"}),
        ("private_one", _HOOKS["label"], {"test_its_words_are_in_both_languages"}),
    ],
)
def test_it_catches(tmp_path: Path, name: str, hook: str, fails: set[str]) -> None:
    assert failing(contract(tmp_path, name, hook)) == fails


def test_it_misses_a_readme(tmp_path: Path) -> None:
    made = contract(tmp_path, "silent_one", "")
    (tmp_path / "silent-one" / "README.md").unlink()
    assert failing(made) == {"test_it_has_a_readme"}


def test_it_misses_a_schema(tmp_path: Path) -> None:
    write_plugin(tmp_path / "typed-one", "typed-one", name="Sample", types=True)

    class Sample(PluginContract):
        slug: ClassVar[str] = "typed-one"
        folder: ClassVar[Path] = tmp_path / "typed-one"

    assert failing(Sample()) == set()
    (tmp_path / "typed-one" / "schema.graphql").write_text("type X\n", encoding="utf-8")
    assert failing(Sample()) == {"test_its_schema_is_written_down"}


def test_it_reads_the_files_that_a_plugin_brings(tmp_path: Path) -> None:
    folder = (
        "from pathlib import Path\n\n\n@hookimpl\ndef register_bases():\n"
        "    return [Path(__file__).parent.absolute() / 'bases']\n"
    )
    made = contract(tmp_path, "bringing_one", folder)
    bases = tmp_path / "bringing-one" / "src" / "zhupei_bringing_one" / "bases"
    bases.mkdir()
    (bases / "x.yaml").write_text("kind: base\ncode: x\n", encoding="utf-8")
    assert failing(made) == {"test_its_files_are_valid"}


def test_a_broken_plugin_fails_everything_that_needs_it() -> None:
    broken = Path(__file__).parents[1] / "plugins" / "broken-import"

    class Sample(PluginContract):
        slug: ClassVar[str] = "broken-import"
        folder: ClassVar[Path] = broken

    assert "test_it_loads_without_a_complaint" in failing(Sample())


def test_a_plugin_is_loaded_with_the_rights_that_are_given() -> None:
    broken = Path(__file__).parents[1] / "plugins" / "broken-rights"
    assert slug_of_project(broken) == "broken-rights"
    host = load_plugin(broken, "broken-rights", rights=Rights.PLATFORM)
    assert host.plugins[-1].hooks == ("working_day",)


def test_a_project_without_plugin_has_no_slug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="declares 0 plugins, not one"):
        slug_of_project(tmp_path)
