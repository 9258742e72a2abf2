"""Allocation over HTTP: matched, simulated, proposed, proven and explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from admissions_office import done
from allocation_office import BASES, MAIN, NORTH_MEDICINE, ROOT, SOUTH_MEDICINE, Matching, matching_office
from running_graph import RunningGraph, running_graph
from served_admissions import MovedClock, ServedAdmissions
from zhupei.domain.actors import Grant
from zhupei.services import admissions
from zhupei.services.admissions import inputs

_ROUND = {"program": ROOT, "round": MAIN}
_FIGURES = "mechanism applicants applications waiting placed unplaced seats unfilled byPreference averagePreference blockingPairs"
_RUN = f"... on AllocationRun {{ id program {{ code }} round market digest proposedAt warnings figures {{ {_FIGURES} }} check {{ holds violations {{ kind }} }} places(first: 2) {{ totalCount edges {{ node {{ code quota taken ranked cutOff }} }} pageInfo {{ hasNextPage endCursor }} }} choices {{ totalCount edges {{ node {{ applicationId preference total rank verdict }} }} }} }}"


@pytest.fixture
async def province(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    """The matching province, served."""
    clock = MovedClock()
    async with running_graph(tmp_path, database_url, clock=clock, bases=(BASES,)) as graph:
        served = ServedAdmissions(graph, clock)
        for who, grant in _STAFF.items():
            account = await graph.account(who.replace("_", "-"), grant)
            served.tokens[who] = account.id.hex
        yield served


_STAFF = {
    "jurisdiction_office": Grant("jurisdiction_office", jurisdiction="matching-province"),
    "base_office": Grant("base_office", base="north-hospital"),
}


async def test_x(province: ServedAdmissions) -> None:
    office = await matching_office(province.graph.database)
    first = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=90)
    second = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=80)
    province.clock.go("2026-05-04T09:00")
    made = await province.do("runAllocation", "jurisdiction_office", _RUN, **_ROUND)
    print(made)
    print(await province.ask(f"{{ allocationRun(id: \"{made['id']}\") {{ id }} allocationRuns(program: \"{ROOT}\", round: \"{MAIN}\") {{ id }} }}", "jurisdiction_office"))
    assert 0
