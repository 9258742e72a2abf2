"""The benchmark of peers: what it compares by, what it draws, and that it runs."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import asdict
from pathlib import Path

import pytest
from benchmarks.peers import report
from benchmarks.peers.measuring import Effort
from benchmarks.peers.plots import bars, lines
from benchmarks.peers.workload import (
    COMPARED,
    QUERIES,
    Keys,
    difference,
    other_requests,
    requests_of,
)

from graphql import OperationDefinitionNode, parse

_PROJECT = Path(__file__).parents[1]
_KEYS = Keys(bases=("a", "b"), specialties=("0100",), offices=("a",), applications=("1", "2"))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"a": [1, None]}, {"a": [1, None]}, None),
        ({"a": 1}, {"a": True}, "data.a: 1 and true"),
        ({"a": 1}, {"b": 1}, "data: keys ['a'] and ['b']"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "data.a[0].b: 1 and 2"),
        ({"a": [1]}, {"a": [1, 2]}, "data.a: 1 and 2 entries"),
        ({"a": []}, {"a": {}}, "data.a: [] and {}"),
        ({"at": "2026-04-09T08:00:00+08:00"}, {"at": "2026-04-09T00:00:00Z"}, None),
        (
            {"at": "2026-04-09T08:00:00+08:00"},
            {"at": "2026-04-09T08:00:00Z"},
            'data.at: "2026-04-09 00:00:00+00:00" and "2026-04-09 08:00:00+00:00"',
        ),
        # Text that only looks like an instant is text.
        (
            {"name": "2026-04-09T08:00:00+08:00"},
            {"name": "2026-04-09T00:00:00Z"},
            'data.name: "2026-04-09T08:00:00+08:00" and "2026-04-09T00:00:00Z"',
        ),
    ],
)
def test_a_difference_is_told_with_its_place(one: object, other: object, told: str | None) -> None:
    assert difference(one, other) == told


def test_requests_repeat_and_name_known_keys() -> None:
    for query in QUERIES:
        once = requests_of(query.name, _KEYS, count=5)
        assert once == requests_of(query.name, _KEYS, count=5)
        assert len(once) == 5
        for document in (query.graph, query.postgraphile or query.graph):
            asked = parse(document).definitions[0]
            assert isinstance(asked, OperationDefinitionNode)
            names = {each.variable.name.value for each in asked.variable_definitions or ()}
            assert names == set(once[0].variables)
    assert COMPARED == ("base", "bases", "openings", "trainees", "timeline")
    assert {r.login for r in requests_of("trainees", _KEYS)} == {"office-a"}
    assert {r.login for r in requests_of("timeline", _KEYS)} == {"auditor"}
    assert {r.login for r in requests_of("base", _KEYS)} == {None}


def test_other_requests_are_all_different_and_of_the_same_variables() -> None:
    keys = Keys(("a", "b"), ("0100",), ("a",), ("1",), recorded=tuple(map(str, range(9_000))))
    numbers = {}
    for query in QUERIES:
        if query.alone:
            continue
        found = other_requests(query.name, keys)
        assert found == other_requests(query.name, keys)
        assert {frozenset(each.variables) for each in found} == {
            frozenset(requests_of(query.name, keys)[0].variables)
        }
        logins = {each.login for each in requests_of(query.name, keys)}
        if query.name == "trainees":
            # Few bases have an office with an account: others are asked about by who sees all.
            offices = {each.login for each in found if each.variables["base"] in keys.offices}
            assert offices == logins
            logins |= {"auditor"}
        assert {each.login for each in found} == logins
        assert len({str(each.variables) for each in found}) == len(found)
        numbers[query.name] = len(found)
    assert numbers == {"base": 2, "bases": 20, "openings": 11, "trainees": 82, "timeline": 9_000}
    assert len(other_requests("timeline", keys, count=70)) == 70


def test_plots_are_svg_with_every_figure() -> None:
    drawn = bars("Rates", {"one & all": {"zhupei": 1000.0, "peer": 12.5}, "none": {}}, "/s")
    texts = [each.text for each in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [
        "Rates (logarithmic)", "one & all", "zhupei", "1,000/s", "peer", "12.5/s", "none",
    ]  # fmt: skip
    drawn = lines("Growth", {"base": [(10, 0.5), (1000, 0.6)]})
    root = ET.fromstring(drawn)
    assert [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")] == [
        "Growth", "0.1", "1", "10", "1,000", "base",
    ]  # fmt: skip
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    assert [point.split(",")[0] for point in line.attrib["points"].split()] == ["60.0", "460.0"]


def test_what_a_row_costs_and_every_plot_are_written(tmp_path: Path) -> None:
    """Issue 4: CPU per request is linear in the rows returned; plots of all four figures."""
    (tmp_path / "performance.md").write_text(
        "before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n", encoding="utf-8"
    )
    figure = {"query": "trainees", "rate": 100.0, "p50": 1.5, "p99": 4.0, "cpu": 0.25, "round": 0}
    page = {"bases": 3, "query": "trainees", "peer": "zhupei", "rate": 100.0}
    results = {
        **dict.fromkeys(("date", "commit", "processor", "cores", "load_average", "generator"), "?"),
        "memory_gigabytes": 1,
        "versions": {},
        "bases": 3,
        "compared": 0,
        "effort": asdict(Effort(1, 0.2, 4, 3)),
        "servers": {"zhupei": {"cold_start": 1.0, "memory_idle": 1.0, "memory_after": 1.0}},
        "first_uses": [],
        "figures": [{**figure, "peer": "zhupei"}, {**figure, "peer": "plain", "rate": 50.0}],
        "unlike": [
            {
                "way": way,
                "figures": {**figure, "peer": peer, "rate": rate},
                "questions": 41,
            }
            for way, peer, rate in (
                ("ids", "zhupei", 90.0),
                ("written", "zhupei", 90.0),
                ("others", "zhupei", 90.0),
                ("others", "plain", 45.0),
            )
        ],
        "growth": [],
        "pages": [{**page, "page": 100, "cpu": 0.65}, {**page, "page": 10, "cpu": 0.2}],
        "scripts": {"benchmarks/bench_matching.py": "applicants\n"},
    }
    report.write(results, tmp_path)
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- measured: begin -->\n\nMeasured ? at commit")
    assert text.endswith("<!-- measured: end -->\nafter\n")
    assert "|  | 10 rows | 100 rows | µs for each more |" in text
    assert "| trainees, zhupei | 0.200 | 0.650 | 5.0 |" in text
    assert "| a page of trainees with counts by state | 100.0 | 90.0 | 90.0 | 0.250 |" in text
    others = "| a page of trainees with counts by state | 41 | 0.4 | 90.0 | 2.00 × |  |  | 1.5 |"
    assert others in text
    assert "### `benchmarks/bench_matching.py`\n\n```\napplicants\n```" in text
    plots = sorted(path.stem for path in (tmp_path / "performance").iterdir())
    assert plots == ["cpu", "p50", "p99", "rate"]
    assert all(f"](performance/{plot}.svg)" in text for plot in plots)


@pytest.mark.slow(seconds=20)
def test_quick_run_compares_all_answers(tmp_path: Path) -> None:
    """All peers but PostGraphile, which needs npm, give the same answers (issue 4, part 5)."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", "--quick", "--directory", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=_PROJECT,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    # 5 queries that all answer, at most 3 different requests each, 3 peers beside zhupei; of one
    # query all requests are alike.
    compared = re.search(r"^(\d+) answers compared: all alike$", done.stdout, re.MULTILINE)
    assert compared is not None
    assert 15 <= int(compared[1]) <= 39
    assert int(compared[1]) % 3 == 0
    for query in QUERIES:
        assert f"### {query.title.capitalize()}\n" in done.stdout
