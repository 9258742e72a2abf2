"""Published lists, statistics and papers in the graph, over HTTP on PostgreSQL (R146, R157)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import HOSPITAL, MEDICINE, UNKNOWN, done
from issued_papers import Town, served_town
from zhupei.db.identifiers import uuid7
from zhupei.db.models import BulkOperationRow, PublicityRow
from zhupei.domain.actors import Grant
from zhupei.services import admissions
from zhupei.services.admissions import inputs

pytestmark = pytest.mark.slow

OFFICE = Grant("base_office", base="sample-hospital")
OTHER = Grant("base_office", base="sample-clinic")


@pytest.fixture
async def town(tmp_path: Path, database_url: str) -> AsyncIterator[Town]:
    async with served_town(tmp_path, database_url) as served:
        yield served


def codes(answer: Any) -> list[str]:
    return [each["extensions"]["code"] for each in answer.get("errors", ())]


LIST = """id status endsOn workingDays countsFirstDay withdrawnAt entriesNote sha256 keyId downloads
    program { code } base { code }
    entries { number application name identity opening { code } specialty traineeType }"""


async def test_r146_everybody_reads_a_live_list(town: Town) -> None:
    _, case = await town.applicant("wang")
    answer = await town.ask(f'{{ publicity(id: "{case.publicity}") {{ {LIST} }} }}')
    file = await town.get(f"/publicity/{case.publicity}.json")
    assert answer == {
        "data": {
            "publicity": {
                "id": str(case.publicity),
                "status": "LIVE",
                "endsOn": "2026-05-20",
                "workingDays": 7,
                "countsFirstDay": False,
                "withdrawnAt": None,
                "entriesNote": None,
                "sha256": answer["data"]["publicity"]["sha256"],
                "keyId": file.json()["signature"]["key_id"],
                "downloads": [
                    f"/publicity/{case.publicity}.{each}" for each in ("json", "html", "pdf", "csv")
                ],
                "program": {"code": HOSPITAL},
                "base": {"code": "sample-hospital"},
                "entries": [
                    {
                        "number": 1,
                        "application": str(case.id),
                        "name": "王*明",
                        "identity": "E*****61",
                        "opening": {"code": MEDICINE},
                        "specialty": town.office.loaded.catalogue.openings[
                            MEDICINE
                        ].specialty_name.zh,
                        "traineeType": "SOCIAL",
                    }
                ],
            }
        }
    }
    assert file.headers["etag"].startswith(f'"{answer["data"]["publicity"]["sha256"][:32]}')
    for unknown in (uuid4(), "nonsense"):
        assert await town.ask(f'{{ publicity(id: "{unknown}") {{ id }} }}') == {
            "data": {"publicity": None}
        }


_PAGE = "{ totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } }"


async def _ids(town: Town, arguments: str) -> tuple[int, list[str]]:
    answer = await town.ask(f"{{ publicities{arguments} {_PAGE} }}")
    found = answer["data"]["publicities"]
    assert "errors" not in answer, answer
    return found["totalCount"], [each["node"]["id"] for each in found["edges"]]


async def test_lists_by_program_base_round_and_state(town: Town) -> None:
    _, case = await town.applicant("wang")
    found: tuple[int, list[str]] = (1, [str(case.publicity)])
    nothing: tuple[int, list[str]] = (0, [])
    for wanted, expected in (
        ('program: "sample-residency-2026"', found),
        (f'program: "{HOSPITAL}", round: "batch-1", base: "sample-hospital", live: true', found),
        ("program: null, live: false", found),
        ('base: "sample-clinic"', nothing),
        ('round: "batch-2"', nothing),
        ('program: "unknown"', nothing),
    ):
        assert await _ids(town, f"(filter: {{ {wanted} }})") == expected, wanted
    town.office.go("2026-05-21T00:00")
    assert await _ids(town, "(filter: { live: true })") == nothing
    assert await _ids(town, "") == found


async def test_lists_come_in_pages_the_newest_first(town: Town) -> None:
    _, case = await town.applicant("wang")
    with town.graph.database.use():
        row = await PublicityRow.get(id=case.publicity)
        for _ in range(4):
            await row.clone(pk=uuid7()).save(force_create=True)
        rows = await PublicityRow.all().order_by("-id")
    ids = [str(each.id) for each in rows]
    seen: list[str] = []
    turns: list[tuple[Any, ...]] = []
    after = last = ""
    while True:
        page = (await town.ask(f"{{ publicities(first: 2{after}) {_PAGE} }}"))["data"][
            "publicities"
        ]
        seen += [each["node"]["id"] for each in page["edges"]]
        turns.append((page["totalCount"], *page["pageInfo"].values()))
        if not page["pageInfo"]["hasNextPage"]:
            break
        last = page["edges"][-1]["cursor"]
        after = f', after: "{last}"'
    assert seen == ids
    assert turns == [(5, True, False), (5, True, True), (5, False, True)]
    assert await _ids(town, f'(last: 2, before: "{last}")') == (5, ids[1:3])
    assert await _ids(town, "(last: 3)") == (5, ids[2:])
    for wrong in ("first: 0", "first: 101", 'after: "nonsense"', "first: 1, last: 1"):
        answer = await town.ask(f"{{ publicities({wrong}) {{ totalCount }} }}")
        assert answer["data"] == {"publicities": None}
        assert codes(answer) == ["BAD_USER_INPUT"], wrong


async def test_after_its_period_a_list_is_its_offices(town: Town) -> None:
    _, case = await town.applicant("wang")
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    town.office.go("2026-05-21T00:00")
    seen = "status entriesNote sha256 keyId entries { name }"
    query = f'{{ publicity(id: "{case.publicity}") {{ {seen} }} }}'
    for token in (None, other):
        assert (await town.ask(query, token))["data"]["publicity"] == {
            "status": "ENDED",
            "entriesNote": "the publicity period is over; the list is not public",
            "sha256": None,
            "keyId": None,
            "entries": None,
        }
    found = (await town.ask(query, own))["data"]["publicity"]
    assert (found["entriesNote"], found["entries"]) == (None, [{"name": "王*明"}])


async def test_a_withdrawn_list_shows_nobody(town: Town) -> None:
    _, case = await town.applicant("wang")
    own = await town.token("own", OFFICE)
    with town.graph.database.use():
        operation = await BulkOperationRow.get(action="PUBLISH")
    done(
        await admissions.revert_bulk(
            town.office.authority(),
            inputs.RevertBulkInput(operation=operation.id, reason="名单有误"),
        )
    )
    seen = "status withdrawnAt entriesNote entries { name }"
    query = f'{{ publicity(id: "{case.publicity}") {{ {seen} }} }}'
    for token in (None, own):
        answer = await town.ask(query, token, "zh")
        assert answer["data"]["publicity"] == {
            "status": "WITHDRAWN",
            "withdrawnAt": "2026-05-11T10:00:00+08:00",
            "entriesNote": "该名单已撤回",
            "entries": None,
        }


STATISTICS = """whole { applications admitted registered places
    completion { percent reason } shortageCompletion { percent reason }
    openings { opening { code } places increase applications admitted registered isShortage
        fill { percent reason } competition { percent reason } } }
    byBase { code label statistics { applications } }
    bySpecialty { code } byRound { code label statistics { applications places } }
    byTraineeType { code label statistics { registered completion { percent reason } } }"""


async def test_r157_statistics_with_null_and_reason_where_the_plan_is_unknown(town: Town) -> None:
    await town.applicant("wang")
    own = await town.token("own", OFFICE)
    answer = await town.ask(f'{{ statistics(program: "{HOSPITAL}") {{ {STATISTICS} }} }}', own)
    found = answer["data"]["statistics"]
    assert {name: found["whole"][name] for name in ("applications", "admitted", "places")} == {
        "applications": 1,
        "admitted": 0,
        "places": None,
    }
    assert found["whole"]["completion"] == {
        "percent": None,
        "reason": f"plans not published: {UNKNOWN}",
    }
    openings = {each["opening"]["code"]: each for each in found["whole"]["openings"]}
    assert openings[MEDICINE]["fill"] == {"percent": "0", "reason": None}
    assert openings[MEDICINE]["competition"] == {"percent": "50", "reason": None}
    assert openings[UNKNOWN]["fill"] == {"percent": None, "reason": "To be announced"}
    assert found["byBase"] == [
        {"code": "sample-hospital", "label": "Sample Hospital", "statistics": {"applications": 1}}
    ]
    assert [each["code"] for each in found["bySpecialty"]] == ["0100", "0200", "0900"]
    assert found["byRound"][0] == {
        "code": "batch-1",
        "label": "First batch",
        "statistics": {"applications": 1, "places": None},
    }
    assert found["byTraineeType"] == [
        {
            "code": "SOCIAL",
            "label": "recruited from society",
            "statistics": {
                "registered": 0,
                "completion": {
                    "percent": None,
                    "reason": "the plan is not divided by type of trainee",
                },
            },
        }
    ]


async def test_statistics_are_for_those_who_may(town: Town) -> None:
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    province = await town.token(
        "province", Grant("jurisdiction_office", jurisdiction="sample-province")
    )
    person = await town.token("li", Grant("applicant"))
    for arguments, who in (
        (f'(program: "{HOSPITAL}")', (own, province)),
        ('(base: "sample-hospital", year: 2026)', (own, province)),
        ('(base: "sample-clinic")', (other, province)),
        ('(jurisdiction: "sample-province")', (province,)),
        ("", ()),
    ):
        query = f"{{ statistics{arguments} {{ whole {{ applications }} }} }}"
        assert codes(await town.ask(query)) == ["UNAUTHENTICATED"]
        for token in (own, other, province, person):
            answer = await town.ask(query, token)
            if token in who:
                assert answer == {"data": {"statistics": {"whole": {"applications": 0}}}}
            else:
                assert answer["data"] == {"statistics": None}
                assert codes(answer) == ["FORBIDDEN"]
    # Whoever may read those of a place is told to name it.
    (error,) = (await town.ask("{ statistics { whole { applications } } }", province))["errors"]
    assert error["message"] == (
        "statistics of the whole nation need the permission for it; say by program, base or "
        "jurisdiction of which place they are to be"
    )
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "statistics.read"}
    for argument in ("program", "base", "jurisdiction"):
        answer = await town.ask(f'{{ statistics({argument}: "x") {{ whole {{ places }} }} }}', own)
        assert codes(answer) == ["NOT_FOUND"]
    # Not as a round for which nobody has applied; and nothing is told to those who may not.
    query = f'{{ statistics(program: "{HOSPITAL}", round: "%s") {{ whole {{ applications }} }} }}'
    assert codes(await town.ask(query % "batch-9", own)) == ["NOT_FOUND"]
    assert codes(await town.ask(query % "batch-9", person)) == ["FORBIDDEN"]
    found = (await town.ask(query % "batch-2", own))["data"]
    assert found == {"statistics": {"whole": {"applications": 0}}}


async def test_the_papers_of_a_person_and_why_one_is_not_due(town: Town) -> None:
    wang, case = await town.applicant("wang")
    li = await town.token("li", Grant("applicant"))
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    query = f'{{ papers(application: "{case.id}") {{ kind label due reason pdf page }} }}'
    reason = 'the application is "In publicity": this paper is not due yet'
    expected = [
        ("CHECKLIST", "Checklist of documents", True, None, f"/papers/checklists/{case.id}.pdf"),
        ("LETTER", "Letter of admission", False, reason, f"/papers/letters/{case.id}.pdf"),
        (
            "AGREEMENT",
            "labour contract",
            False,
            reason,
            f"/papers/agreements/{case.id}.pdf?kind=labour_contract",
        ),
    ]
    for token in (wang, own):
        answer = await town.ask(query, token)
        assert [
            (each["kind"], each["label"], each["due"], each["reason"], each["pdf"])
            for each in answer["data"]["papers"]
        ] == expected
    assert codes(await town.ask(query)) == ["UNAUTHENTICATED"]
    for token in (li, other):
        for application in (case.id, uuid4(), "nonsense"):
            answer = await town.ask(f'{{ papers(application: "{application}") {{ pdf }} }}', token)
            assert answer["data"] == {"papers": None}
            assert codes(answer) == ["FORBIDDEN"]
    await town.notify(case)
    due = (await town.ask(query, wang))["data"]["papers"]
    # The hospital's file names neither a place to report to nor anybody to ask (R217).
    assert [(each["due"], each["reason"]) for each in due] == [
        (True, None),
        (False, "the letter lacks: place of report, contact"),
        (True, None),
    ]
    sheet = await town.get(due[2]["page"], wang)
    assert (sheet.status_code, "签订要素表" in sheet.text) == (200, True)
