"""Reading scenarios: what is wrong is told with file and line, before anything is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.demo import ScenarioError, find_scenarios, read_scenario
from zhupei.demo.scenario import Deed

_GOOD = """\
name: {zh: 样例, en: Sample}
about: {zh: 说明, en: About}
begins: 2026-04-01T09:00
values:
  code: "0100"
  facts: {licensed: false, year: 2026}
staff:
  - {login: office, name: {zh: 住培办, en: Office}, role: base_office, base: sample-hospital}
acts:
  - title: {zh: 一, en: One}
    steps:
      - at: 2026-04-02T09:00
        for: [{who: li}, {who: wang}]
        say: {zh: "${who} 问", en: "${who} asks"}
        by: "${who}"
        do: ask
        with: {facts: "${facts}"}
      - say: {zh: 等, en: Wait}
        wait:
"""


def folder(tmp_path: Path, text: str = _GOOD) -> Path:
    place = tmp_path / "sample"
    (place / "operations").mkdir(parents=True)
    (place / "operations" / "ask.graphql").write_text("query Ask { catalogueHash }", "utf-8")
    (place / "scenario.yaml").write_text(text, "utf-8")
    return place


def test_a_scenario(tmp_path: Path) -> None:
    found = read_scenario(folder(tmp_path))
    assert found.code == "sample"
    assert found.begins.isoformat() == "2026-04-01T09:00:00+08:00"
    assert found.values == {"code": "0100", "facts": {"licensed": False, "year": 2026}}
    first, second, third = found.steps
    assert [step.deed for step in (first, second, third)] == [Deed.DO, Deed.DO, Deed.WAIT]
    assert (first.block["by"], second.block["by"]) == ("li", "wang")
    assert first.at is not None
    assert second.at is None
    assert (first.line, third.line) == (12, 18)


def test_operations_are_shared_and_own_ones_win(tmp_path: Path) -> None:
    shared = tmp_path / "operations"
    shared.mkdir()
    (shared / "ask.graphql").write_text("query Ask { plugins { slug } }", "utf-8")
    (shared / "other.graphql").write_text("query Other { catalogueHash }", "utf-8")
    found = read_scenario(folder(tmp_path))
    assert found.operations == {
        "ask": "query Ask { catalogueHash }",
        "other": "query Other { catalogueHash }",
    }


def test_scenarios_are_found_by_their_folders(tmp_path: Path) -> None:
    place = folder(tmp_path)
    (tmp_path / "empty").mkdir()
    assert find_scenarios(tmp_path) == {"sample": place}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("do: ask", "do: tell", ":12: there is no operations/tell.graphql"),
        ("        wait:\n", "", ":18: a step has exactly one of do, sign_up,"),
        ("        wait:\n", "        wait:\n        audit:\n", ":18: a step has exactly one of"),
        ("        wait:\n", "        wait:\n        fill: {}\n", ":18: unknown: fill; known are "),
        ("en: Wait}", "English: Wait}", ":18: say needs both texts, zh and en"),
        ("at: 2026-04-02T09:00", "at: 2 April", ":12: at must be a moment of China's time such"),
        ("[{who: li}, {who: wang}]", "li", ":12: for must be a list of mappings"),
        ("login: office, ", "", ":8: the key login is missing"),
        ("staff:\n", "people:\n", ":1: unknown: people; known are about, acts, begins,"),
        ("values:\n", "values:\nvalues:\n", ':5: "values" stands twice'),
        ("name: {zh: 样例, en: Sample}\n", "name: {zh: 样例\n", ":2: is no YAML: "),
        (
            "values:\n",
            "configuration: {changes: [changes/none.yaml]}\nvalues:\n",
            ":1: there is no file changes/none.yaml",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in _GOOD
    place = folder(tmp_path, _GOOD.replace(old, new, 1))
    with pytest.raises(ScenarioError) as raised:
        read_scenario(place)
    assert raised.value.code == "SCENARIO_INVALID"
    english = raised.value.message.en or ""
    assert english.startswith(f"{place / 'scenario.yaml'}{said}")


def test_a_scenario_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_scenario(tmp_path)
