"""`examples/federation`: a hospital's own subgraph in Node, zhupei and a gateway, asked at once.

And two servers of zhupei: why they are no two subgraphs, and how a portal asks both.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judges.federation_packages import EXAMPLE, federation_packages

pytestmark = pytest.mark.slow


@pytest.fixture
def example() -> Iterator[Path]:
    """A copy of the example below the folder that its packages are installed in."""
    packages = federation_packages()
    copy = packages / f"example-{os.getpid()}"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("node_modules"))
    yield copy
    shutil.rmtree(copy)


def _run(
    example: Path, database_url: str, script: str = "run.mjs", **changes: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "ZHUPEI" not in name}
    command = Path(sys.executable).with_name("zhupei")
    return subprocess.run(
        ["node", script],
        cwd=example,
        env={
            **environment,
            "ZHUPEI": str(command),
            "ZHUPEI_DATABASE_URL": database_url,
            "ZHUPEI_WORKER": "0",
            **changes,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _opening(code: str, name: str, quota: int, beds: int | None, houses: bool | None) -> Any:
    side = code.partition("-")[0]
    free = {"east": [("东院一号楼", 12), ("东院二号楼", 0)], "west": [("西院公寓", 3)]}[side]
    return {
        "node": {
            "code": code,
            "specialtyName": name,
            "quota": quota,
            "bedsReserved": beds,
            "housesEverybody": houses,
            "base": {
                "name": f"{side.title()} Example Hospital",
                "dormitories": [{"name": each, "bedsFree": beds} for each, beds in free],
            },
        }
    }


@pytest.mark.slow(seconds=12)
def test_one_question_is_answered_by_both(example: Path, database_url: str) -> None:
    done = _run(example, database_url)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {"data"}
    program = "hospital-residency-2026"
    assert answer["data"]["openings"]["edges"] == [
        _opening(f"east-{program}/0100", "Internal Medicine", 6, 8, True),
        _opening(f"east-{program}/0200", "Paediatrics", 4, 4, True),
        _opening(f"west-{program}/0100", "Internal Medicine", 6, 3, False),
        _opening(f"west-{program}/0200", "Paediatrics", 4, None, None),
    ]
    east, west = (
        {"name": f"{side} Example Hospital", "province": {"name": "Gansu Province"}}
        for side in ("East", "West")
    )
    assert answer["data"]["dormitories"] == [
        {"name": "东院一号楼", "base": east},
        {"name": "东院二号楼", "base": east},
        {"name": "西院公寓", "base": west},
    ]


def test_it_fails_with_a_reason_and_leaves_nothing_running(
    example: Path, database_url: str
) -> None:
    done = _run(example, database_url, ZHUPEI_MAX_DEPTH="no number")
    assert done.returncode != 0
    assert "ZHUPEI_MAX_DEPTH" in done.stderr
    assert "zhupei did not start; see above" in done.stderr
    assert done.stdout == ""


_NOT_SHAREABLE = (
    'Non-shareable field "Query.bases" is resolved from multiple subgraphs: it is resolved from'
    ' subgraphs "east" and "west" and defined as non-shareable in all of them'
)


def _seats(code: str, specialty: str, name: str, quota: int) -> Any:
    opening = {"__typename": "Opening", "code": f"{code}/{specialty}", "specialtyName": name}
    return {**opening, "quota": quota}


@pytest.mark.slow(seconds=25)
def test_two_servers_are_asked_through_a_portal(example: Path, database_url: str) -> None:
    """Each answers for its own bases; as subgraphs they do not compose, and the error says why."""
    done = _run(example, database_url, "two-servers.mjs")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["asSubgraphs"] == [_NOT_SHAREABLE]
    assert set(told["throughThePortal"]) == {"data"}
    for side, quotas, zh in (("east", (6, 4), "东岸示例医院"), ("west", (6, 4), "西岸示例医院")):
        answer = told["throughThePortal"]["data"][side]
        code = f"{side}-hospital-residency-2026"
        nodes = [edge["node"] for edge in answer["openings"]["edges"]]
        assert answer["openings"]["totalCount"] == len(nodes) == 2
        assert len({node.pop("id") for node in nodes}) == 2
        for node in nodes:
            requirements = node.pop("requirements")
            assert {each["__typename"] for each in requirements} == {"StandardRequirement"}
            assert "not-banned" in {each["key"] for each in requirements}
        assert nodes == [
            _seats(code, "0100", "Internal Medicine", quotas[0]),
            _seats(code, "0200", "Paediatrics", quotas[1]),
        ]
        # Both are of one province, which each knows with its own hospital.
        assert answer["province"] == {
            "name": "Gansu Province",
            "bases": {"edges": [{"node": {"code": f"{side}-hospital", "zh": zh}}]},
        }
    away = told["withOneAway"]
    assert away["data"] == {"east": {"bases": {"totalCount": 1}}, "west": None}
    assert [(error["path"][0], error["message"]) for error in away["errors"]] == [
        ("west", "west cannot be reached")
    ]
