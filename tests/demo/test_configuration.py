"""What a scenario makes up is laid over a copy of the installation's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhupei.config.loader import read
from zhupei.config.yaml import Document
from zhupei.demo import ScenarioError, read_scenario
from zhupei.demo.configuration import prepare_configuration
from zhupei.settings import Settings

_BASE = """\
kind: base
code: sample
programs:
  - code: sample-2026
    policies:
      interview_weight: {value: null}
    steps:
      - {id: agreement, kind: agreement, amends: true}
"""
_SCENARIO = """\
name: {zh: 样例, en: Sample}
about: {zh: 说明, en: About}
begins: 2026-04-01T09:00
configuration: {only: [here], changes: [changes.yaml]}
staff: []
acts: []
"""


async def changed(tmp_path: Path, changes: str) -> Any:
    """Return the base as a scenario with these changes sees it."""
    bases, place = tmp_path / "bases", tmp_path / "story"
    for each in (bases / "here", bases / "elsewhere", place):
        each.mkdir(parents=True)
    (bases / "here" / "sample.yaml").write_text(_BASE, "utf-8")
    (bases / "elsewhere" / "other.yaml").write_text(_BASE, "utf-8")
    (place / "scenario.yaml").write_text(_SCENARIO, "utf-8")
    (place / "changes.yaml").write_text(changes, "utf-8")
    target = tmp_path / "staged"
    target.mkdir()
    await prepare_configuration(read_scenario(place), Settings(bases=(bases,)), target)
    assert [each.name for each in target.iterdir()] == ["here"]
    assert (bases / "here" / "sample.yaml").read_text("utf-8") == _BASE
    document = read(target / "here" / "sample.yaml")
    assert isinstance(document, Document)
    return document.data


async def test_mappings_merge_and_lists_by_name(tmp_path: Path) -> None:
    data = await changed(
        tmp_path,
        "file: here/sample.yaml\n"
        "changes:\n"
        "  grade: 三级甲等\n"
        "  programs:\n"
        "    - code: sample-2026\n"
        '      policies: {interview_weight: {value: "0.4"}}\n',
    )
    assert data["grade"] == "三级甲等"
    (program,) = data["programs"]
    assert program["policies"] == {"interview_weight": {"value": "0.4"}}
    assert program["steps"] == [{"id": "agreement", "kind": "agreement", "amends": "true"}]


async def test_changes_that_name_every_entry_say_their_order(tmp_path: Path) -> None:
    data = await changed(
        tmp_path,
        "file: here/sample.yaml\n"
        "changes:\n"
        "  programs:\n"
        "    - code: sample-2026\n"
        "      steps:\n"
        "        - {id: report, kind: report}\n"
        "        - {id: agreement, amends: false}\n",
    )
    assert [each["id"] for each in data["programs"][0]["steps"]] == ["report", "agreement"]
    assert data["programs"][0]["steps"][1] == {
        "id": "agreement",
        "kind": "agreement",
        "amends": "false",
    }


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        ScenarioError, match=r"there is no file elsewhere/other\.yaml to change in /"
    ):
        await changed(tmp_path, "file: elsewhere/other.yaml\nchanges: {}\n")
