"""Allocation over HTTP: matched, simulated, proposed, proven and explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from admissions_office import done
from allocation_office import (
    BASES,
    MAIN,
    NORTH,
    NORTH_MEDICINE,
    ROOT,
    SOUTH,
    SOUTH_MEDICINE,
    Matching,
    matching_office,
)
from running_graph import running_graph
from served_admissions import MovedClock, ServedAdmissions
from zhupei.domain.actors import Grant
from zhupei.services import admissions
from zhupei.services.admissions import inputs

_ROUND = {"program": ROOT, "round": MAIN}
_FIGURES = (
    "mechanism applicants applications waiting placed unplaced seats unfilled byPreference "
    "averagePreference blockingPairs shortageSeats shortagePlaced "
    "specialties { specialty name shortage seats placed }"
)
_PLACES = (
    "places(first: 2) { totalCount edges { node { code direction opening { code } quota taken "
    "ranked cutOff tieRule tieLotterySeed criteria } } pageInfo { hasNextPage endCursor } }"
)
_CHOICES = (
    "choices { totalCount edges { node { applicationId application { state } preference total "
    "singles rank verdict } } }"
)
_RUN = (
    "... on AllocationRun { id program { code } round actor market digest proposedAt warnings "
    f"figures {{ {_FIGURES} }} check {{ holds applications places violations {{ kind }} }} "
    f"{_PLACES} {_CHOICES} }}"
)
_COMPARED = (
    "... on AllocationComparison { declared { placed byPreference } "
    "simulated { mechanism placed byPreference } movement { better worse same } }"
)
_BULK = "... on BulkOutcome { dryRun action effects { application { id } toState } operationId }"
_STAFF = {
    "jurisdiction_office": Grant("jurisdiction_office", jurisdiction="matching-province"),
    "applicant": Grant("applicant"),
    "sending_unit": Grant("sending_unit"),
    "specialty_base": Grant("specialty_base", base="north-hospital"),
    "base_office": Grant("base_office", base="north-hospital"),
    "host_department": Grant("host_department", base="north-hospital"),
    "other_jurisdiction": Grant("jurisdiction_office", jurisdiction="another-province"),
    "administrator": Grant("administrator"),
    "national": Grant("national"),
    "auditor": Grant("auditor"),
}

_MANAGING = ("jurisdiction_office", "national")


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


async def filed(province: ServedAdmissions) -> tuple[Matching, list[str]]:
    """File two lists for one seat in the north, and return the ids of the four applications."""
    office = await matching_office(province.graph.database)
    first = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=90)
    second = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=80)
    province.clock.go("2026-05-04T09:00")
    office.go("2026-05-04T09:00")
    return office, [str(case.id) for case in (*first, *second)]


async def test_a_run_with_its_certificate(province: ServedAdmissions) -> None:
    _, ids = await filed(province)
    run = await province.do("runAllocation", "jurisdiction_office", _RUN, **_ROUND)
    assert (run["program"]["code"], run["round"], run["proposedAt"]) == (ROOT, MAIN, None)
    assert run["warnings"] == []
    figures = run["figures"]
    assert figures.pop("specialties")[0] == {
        "specialty": "0100",
        "name": "Internal Medicine",
        "shortage": False,
        "seats": 3,
        "placed": 2,
    }
    assert figures == {
        "mechanism": "DEFERRED_ACCEPTANCE",
        "applicants": 2,
        "applications": 4,
        "waiting": 0,
        "placed": 2,
        "unplaced": 0,
        "seats": 8,
        "unfilled": 6,
        "byPreference": [1, 1],
        "averagePreference": "1.5",
        "blockingPairs": 0,
        "shortageSeats": 3,
        "shortagePlaced": 0,
    }
    assert run["check"] == {"holds": True, "applications": 4, "places": 5, "violations": []}
    assert run["places"]["totalCount"] == 5
    assert run["places"]["edges"][0]["node"] == {
        "code": NORTH_MEDICINE,
        "direction": None,
        "opening": {"code": NORTH_MEDICINE},
        "quota": 1,
        "taken": 1,
        "ranked": 2,
        "cutOff": "90",
        "tieRule": "HEAVIEST_THEN_EARLIEST",
        "tieLotterySeed": None,
        "criteria": ["examination", "interview"],
    }
    choices = [edge["node"] for edge in run["choices"]["edges"]]
    assert [(each["applicationId"], each["verdict"]) for each in choices] == [
        (ids[0], "PLACED"),
        (ids[1], "NOT_NEEDED"),
        (ids[2], "OUTRANKED"),
        (ids[3], "PLACED"),
    ]
    assert choices[2] == {
        "applicationId": ids[2],
        "application": {"state": "REVIEWED"},
        "preference": 1,
        "total": "80",
        "singles": ["80", "80"],
        "rank": 2,
        "verdict": "OUTRANKED",
    }
    page = f'places(first: 3, after: "{run["places"]["pageInfo"]["endCursor"]}")'
    rest = await province.ask(
        f'{{ allocationRun(id: "{run["id"]}") {{ {page} {{ edges {{ node {{ code }} }} '
        "pageInfo { hasNextPage hasPreviousPage } } } "
        f'allocationRuns(program: "{NORTH}", round: "{MAIN}") {{ id }} }}',
        "jurisdiction_office",
    )
    places = rest["allocationRun"]["places"]
    assert [edge["node"]["code"] for edge in places["edges"]] == [
        f"{NORTH}/0200#neonatology",
        SOUTH_MEDICINE,
        f"{SOUTH}/0300",
    ]
    assert places["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
    assert rest["allocationRuns"] == [{"id": run["id"]}]


async def test_scores_in_a_run_need_their_own_permission(province: ServedAdmissions) -> None:
    """The nation's office manages rounds, and reads no scores."""
    await filed(province)
    run = await province.do("runAllocation", "jurisdiction_office", _RUN, **_ROUND)
    query = f'{{ allocationRun(id: "{run["id"]}") {{ figures {{ placed }} {_CHOICES} }} }}'
    answer = await province.answer(query, "national")
    assert answer["data"] == {"allocationRun": {"figures": {"placed": 2}, "choices": None}}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"]["permission"] == "scores.read"


async def test_a_simulation_writes_nothing(province: ServedAdmissions) -> None:
    await filed(province)
    before = await province.everything()
    found = await province.do(
        "simulateAllocation",
        "jurisdiction_office",
        _COMPARED,
        **_ROUND,
        mechanism="SERIAL_DICTATORSHIP",
        seats=[{"opening": NORTH_MEDICINE, "seats": 2}],
        weights=[{"assessment": "interview", "weight": "1"}],
        tieRule="LOTTERY",
        tieLotterySeed="2026",
    )
    assert found == {
        "__typename": "AllocationComparison",
        "declared": {"placed": 2, "byPreference": [1, 1]},
        "simulated": {"mechanism": "SERIAL_DICTATORSHIP", "placed": 2, "byPreference": [2, 0]},
        "movement": {"better": 1, "worse": 0, "same": 1},
    }
    assert await province.everything() == before


async def test_a_run_is_proposed_after_a_dry_run(province: ServedAdmissions) -> None:
    _, ids = await filed(province)
    run = await province.do("runAllocation", "jurisdiction_office", _RUN, **_ROUND)
    before = await province.everything()
    shown = await province.do(
        "proposeAllocation", "jurisdiction_office", _BULK, run=run["id"], dryRun=True
    )
    assert shown == {
        "__typename": "BulkOutcome",
        "dryRun": True,
        "action": "ALLOCATE",
        "effects": [
            {"application": {"id": ids[0]}, "toState": "PROPOSED"},
            {"application": {"id": ids[3]}, "toState": "PROPOSED"},
        ],
        "operationId": None,
    }
    assert await province.everything() == before
    real = await province.do(
        "proposeAllocation", "jurisdiction_office", _BULK, run=run["id"], idempotencyKey="k"
    )
    again = await province.do(
        "proposeAllocation", "jurisdiction_office", _BULK, run=run["id"], idempotencyKey="k"
    )
    assert real == again
    assert real["operationId"] is not None
    before = await province.everything()
    twice = await province.do(
        "proposeAllocation", "jurisdiction_office", _BULK, language="zh", run=run["id"]
    )
    assert (twice["code"], twice["message"]) == ("DUPLICATE", "该匹配结果已用于拟录取")
    assert await province.everything() == before


@pytest.mark.parametrize(
    ("mutation", "given"),
    [
        ("runAllocation", _ROUND),
        ("simulateAllocation", _ROUND),
        ("proposeAllocation", {"run": None}),
    ],
)
async def test_who_does_not_manage_the_round_changes_nothing(
    province: ServedAdmissions, mutation: str, given: dict[str, Any]
) -> None:
    await filed(province)
    run = await province.do("runAllocation", "jurisdiction_office", _RUN, **_ROUND)
    given = {name: run["id"] if value is None else value for name, value in given.items()}
    before = await province.everything()
    for who in (None, *(name for name in _STAFF if name not in _MANAGING)):
        code = "UNAUTHENTICATED" if who is None else "FORBIDDEN"
        answer = await province.tried(mutation, who, **given)
        if who is not None and mutation == "proposeAllocation":
            # A run of others is told as one that does not exist.
            assert answer["data"][mutation]["code"] == "NOT_FOUND"
            continue
        assert answer["data"] == {mutation: None}
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == code
        query = f'{{ allocationRun(id: "{run["id"]}") {{ id }} }}'
        unknown = query.replace(run["id"], str(UUID(int=0)))
        read, missing = await province.answer(query, who), await province.answer(unknown, who)
        assert read["data"] == {"allocationRun": None}
        assert [each["extensions"]["code"] for each in read["errors"]] == [code]
        # That there is none is answered alike.
        assert read == missing
    assert await province.everything() == before


async def test_refusals_say_why(province: ServedAdmissions) -> None:
    await filed(province)
    second = {"program": ROOT, "round": "second"}
    found = await province.do("runAllocation", "jurisdiction_office", _RUN, **second)
    assert found["__typename"] == "ActionRefused"
    assert (found["code"], found["field"]) == ("ALLOCATION_NOT_DECLARED", "round")
    assert found["message"] == "the round does not declare allocation: deferred_acceptance"
    found = await province.do("proposeAllocation", "jurisdiction_office", _BULK, run="no id")
    assert (found["__typename"], found["code"]) == ("InvalidInput", "INPUT_INVALID")


async def test_an_applicant_reads_the_explanation_once_the_list_is_public(
    province: ServedAdmissions,
) -> None:
    """Staff who read the scores of all bases concerned read it before."""
    office, ids = await filed(province)
    applicant = (await office.case(UUID(ids[2]))).applicant
    query = (
        f'{{ allocationExplanation(application: "{ids[2]}") {{ text runId reasons {{ preference '
        "place verdict quota taken ranked rank total cutOff tie } } }"
    )

    async def mine() -> Any:
        from zhupei.services import allocation

        return await allocation.allocation_explanation(office.own(applicant), UUID(ids[2]))

    run = await province.do("runAllocation", "jurisdiction_office", _RUN, **_ROUND)
    assert await mine() is None
    told = (await province.ask(query, "jurisdiction_office"))["allocationExplanation"]
    assert told == {
        "text": (
            "Result: your 2nd choice, South Hospital, Internal Medicine.\n"
            "Your 1st choice North Hospital, Internal Medicine: 1 seat, taken by an applicant "
            "ranked above you; the cut-off is 90, your score is 80; you are ranked 2nd of the 2 "
            "who listed it and were ranked by it.\n"
            "Your 2nd choice South Hospital, Internal Medicine: 2 seats, one of them yours; not "
            "all are taken, so there is no cut-off; your score is 80; you are ranked 2nd of the 2 "
            "who listed it and were ranked by it."
        ),
        "runId": run["id"],
        "reasons": [
            {
                "preference": 1,
                "place": NORTH_MEDICINE,
                "verdict": "OUTRANKED",
                "quota": 1,
                "taken": 1,
                "ranked": 2,
                "rank": 2,
                "total": "80",
                "cutOff": "90",
                "tie": None,
            },
            {
                "preference": 2,
                "place": SOUTH_MEDICINE,
                "verdict": "PLACED",
                "quota": 2,
                "taken": 1,
                "ranked": 2,
                "rank": 2,
                "total": "80",
                "cutOff": None,
                "tie": None,
            },
        ],
    }
    # The base's office reads scores of its own base only, and one choice is at another.
    answer = await province.answer(query, "base_office")
    assert answer["data"] == {"allocationExplanation": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    await province.do("proposeAllocation", "jurisdiction_office", _BULK, run=run["id"])
    assert await mine() is None
    for program, base in ((NORTH, "north-hospital"), (SOUTH, "south-hospital")):
        assert await mine() is None
        asked = inputs.PublishProposedListInput(program=program, round=MAIN)
        done(await admissions.publish_proposed_list(office.staff(base=base), asked))
    told_to_me = await mine()
    assert told_to_me.text.zh == (
        "录取结果：第2志愿 城南医院 内科。\n"
        "第1志愿 城北医院 内科：共 1 个名额，已全部由排名在您之前的申请人占用；分数线为 90，"
        "您的成绩为 80；"
        "在列入排序的 2 名填报者中，您排第 2 名。\n"
        "第2志愿 城南医院 内科：共 2 个名额，您占其中一个；名额未满，没有分数线，您的成绩为 80；"
        "在列入排序的 2 名填报者中，您排第 2 名。"
    )
