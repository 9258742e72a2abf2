"""Refusals, repeated requests and requests at once, over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from admissions_office import HOSPITAL as PROGRAM
from admissions_office import MEDICINE
from postgres_server import PostgresServer
from served_admissions import DOCUMENTS, PERSON, ServedAdmissions, served_admissions
from zhupei.db.models import ApplicationRow, SeatRow, TransitionRow

pytestmark = pytest.mark.slow

_STATE = "... on Application { id state revision }"


async def test_a_rule_that_is_not_met_carries_findings_and_clauses(
    province: ServedAdmissions,
) -> None:
    """R123: everything that the report says comes along, in the language of the request."""
    await province.applicant("wu", origin="FOREIGN")
    id_ = await province.draft("wu")
    before = await province.everything()
    given: dict[str, Any] = {"application": id_, "documents": DOCUMENTS}
    refused = await province.do("submitApplication", "wu", **given)
    assert (refused["__typename"], refused["code"]) == ("ActionRefused", "INELIGIBLE")
    failed = [each for each in refused["findings"] if each["outcome"] == "FAIL"]
    assert failed
    assert all(each["message"] for each in failed)
    assert any(each["source"] for each in failed)
    chinese = await province.do("submitApplication", "wu", language="zh", **given)
    assert chinese["message"] != refused["message"]
    assert await province.everything() == before


async def test_what_was_not_uploaded_cannot_be_handed_in(province: ServedAdmissions) -> None:
    id_ = await province.draft("wu")
    before = await province.everything()
    for documents, place in (
        ([{"document": "degree"}], "documents.0"),
        ([*DOCUMENTS, {"document": "identity-scan", "sha256": "0" * 64}], "documents.1"),
    ):
        refused = await province.do("submitApplication", "wu", application=id_, documents=documents)
        assert refused == {
            "__typename": "InvalidInput",
            "code": "INPUT_INVALID",
            "message": f"{place}: was not handed in; send the file first",
            "field": place,
        }
    assert await province.everything() == before


async def test_outside_the_window_nothing_is_handed_in(province: ServedAdmissions) -> None:
    id_ = await province.draft("wu")
    province.clock.go("2026-06-30T00:00")
    before = await province.everything()
    refused = await province.do("submitApplication", "wu", application=id_, documents=DOCUMENTS)
    assert (refused["__typename"], refused["code"]) == ("ActionRefused", "WINDOW_CLOSED")
    assert await province.everything() == before


async def test_a_place_in_a_ranking_is_no_score(province: ServedAdmissions) -> None:
    """A score above its full mark, and one with a full mark of nothing, are refused."""
    id_ = await province.submitted("wu")
    province.clock.go("2026-04-27T09:00")
    await province.moved("CHECKED", "recordEligibilityCheck", "base_office", id_, passed=True)
    before = await province.everything()
    for points, of in (("101", 100), ("-1", 100), ("1", 0)):
        refused = await province.do(
            "recordInterview", "base_office", application=id_, points=points, of=of
        )
        assert (refused["__typename"], refused["code"]) == ("InvalidInput", "SCORE_INVALID")
    answer = await province.answer(
        "mutation Do($input: RecordInterviewInput!) "
        "{ recordInterview(input: $input) { __typename } }",
        "base_office",
        {"input": {"application": id_, "rank": 1}},
    )
    # Refused before anything ran: an answer without data, as GraphQL has it.
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await province.everything() == before


@pytest.mark.parametrize("day", ["9999-12-31", "1899-12-31"])
async def test_days_of_other_ages_are_no_input(province: ServedAdmissions, day: str) -> None:
    """Months, years or a day are added to each; the end of the calendar has nothing behind it."""
    id_ = await province.submitted("wu")
    period = {"startsAt": f"{day}T08:00:00+08:00", "endsAt": f"{day}T09:00:00+08:00"}
    await province.token("base_office")
    before = await province.everything()
    for mutation, field, given in (
        ("registerTrainee", "startedOn", {"application": id_, "startedOn": day}),
        (
            "signAgreement",
            "signedOn",
            {"application": id_, "kind": "LABOUR_CONTRACT", "signedOn": day},
        ),
        ("sendNotice", "reportBy", {"applications": [id_], "reportBy": day}),
        ("deferReport", "reportBy", {"application": id_, "reportBy": day, "reason": "x"}),
        (
            "openInterviewSlots",
            "periods.0.startsAt",
            {
                "program": PROGRAM,
                "base": "sample-hospital",
                "round": "batch-1",
                "mode": "ON_SITE",
                "place": "301",
                "periods": [{**period, "capacity": 1}],
            },
        ),
    ):
        refused = await province.do(mutation, "base_office", **given)
        assert refused == {
            "__typename": "InvalidInput",
            "code": "INPUT_INVALID",
            "message": f"{field}: is no date from 1900 to 2199",
            "field": field,
        }
    assert await province.everything() == before


async def test_a_bulk_step_names_each_application_that_stops_it(
    province: ServedAdmissions,
) -> None:
    first, second = await province.submitted("wu"), await province.submitted("qi")
    await province.token("base_office")
    before = await province.everything()
    refused = await province.do("admitApplicants", "base_office", applications=[first, second])
    assert (refused["code"], refused["field"]) == ("BULK_REFUSED", "applications")
    assert refused["problems"] == [
        {
            "applicationId": each,
            "refusal": {
                "code": "NOT_ALLOWED_IN_STATE",
                "message": "not possible (ADMIT): the application is in state SUBMITTED",
            },
        }
        for each in (first, second)
    ]
    nobody = await province.do("admitApplicants", "base_office", applications=[])
    assert (nobody["__typename"], nobody["field"]) == ("InvalidInput", "applications")
    assert await province.everything() == before


async def test_a_repeated_request_is_answered_as_the_first_and_does_nothing(
    province: ServedAdmissions,
) -> None:
    id_ = await province.draft("wu")
    given: dict[str, Any] = {
        "application": id_,
        "documents": DOCUMENTS,
        "idempotencyKey": "k-1",
    }
    first = await province.do("submitApplication", "wu", _STATE, **given)
    assert first == {"__typename": "Application", "id": id_, "state": "SUBMITTED", "revision": 2}
    after = await province.everything()
    assert await province.do("submitApplication", "wu", _STATE, **given) == first
    assert await province.everything() == after
    other = {"application": id_, "reason": "x", "idempotencyKey": "k-1"}
    refused = await province.do("withdrawApplication", "wu", _STATE, **other)
    assert refused["field"] == "idempotencyKey"
    assert await province.everything() == after


async def test_a_fact_on_record_that_is_nonsense_is_told_by_its_place(
    province: ServedAdmissions,
) -> None:
    """`field` is a part of the input: there the facts are `facts`, not `candidate`."""
    await province.applicant("wu")
    for facts, field in (
        ({"english": {"cet4": 711}}, "facts.english.cet4"),
        ({"birthDate": "1899-12-31"}, "facts.birthDate"),
    ):
        refused = await province.do("updateApplicant", "wu", facts=facts, revision=1)
        assert refused["field"] == field
        assert refused["message"].startswith(f"{field}: ")


async def test_what_is_looked_up_for_a_request_makes_it_no_other_request(
    province: ServedAdmissions,
) -> None:
    """Facts on record and the file handed in last may be others when a request is repeated."""
    await province.applicant("wu")
    given: dict[str, Any] = {"opening": MEDICINE, "round": "batch-1", "idempotencyKey": "k-1"}
    made = await province.do("createApplication", "wu", _STATE, **given)
    facts = {**PERSON, "birthDate": "1999-02-03"}
    changed = await province.do(
        "updateApplicant", "wu", "... on Applicant { id }", facts=facts, revision=1
    )
    assert changed["__typename"] == "Applicant", changed
    assert await province.do("createApplication", "wu", _STATE, **given) == made
    other = {**given, "candidate": facts}
    refused = await province.do("createApplication", "wu", _STATE, **other)
    assert (refused["code"], refused["field"]) == ("CONFLICT", "idempotencyKey")

    given = {"application": made["id"], "documents": DOCUMENTS, "idempotencyKey": "k-2"}
    first = await province.do("submitApplication", "wu", _STATE, **given)
    assert first == {**made, "state": "SUBMITTED", "revision": 2}
    await province.upload("wu", "identity-scan", b"\x89PNG\r\n\x1a\n another")
    assert await province.do("submitApplication", "wu", _STATE, **given) == first
    found = await province.ask("{ applicant { files { id } } }", "wu")
    for file in found["applicant"]["files"]:
        await province.do("removeFile", "wu", file=file["id"])
    assert await province.do("submitApplication", "wu", _STATE, **given) == first
    other = {**given, "documents": [*DOCUMENTS, *DOCUMENTS]}
    refused = await province.do("submitApplication", "wu", _STATE, **other)
    assert (refused["code"], refused["field"]) == ("CONFLICT", "idempotencyKey")
    with province.graph.database.use():
        assert await TransitionRow.all().count() == 2


async def test_who_may_not_hand_in_learns_nothing_of_the_files(
    province: ServedAdmissions,
) -> None:
    """Who reads an application without its files is not told which there are."""
    id_ = await province.submitted("wu")
    answers = [
        await province.tried(
            "submitApplication", "auditor", application=id_, documents=[{"document": document}]
        )
        for document in ("identity-scan", "degree")
    ]
    codes = [each["errors"][0]["extensions"]["code"] for each in answers]
    assert codes == ["FORBIDDEN", "FORBIDDEN"]
    assert answers[0] == answers[1]


async def test_a_request_that_is_sent_ten_times_at_once_is_carried_out_once(
    province: ServedAdmissions,
) -> None:
    id_ = await province.draft("wu")
    given: dict[str, Any] = {
        "application": id_,
        "documents": DOCUMENTS,
        "idempotencyKey": "k-1",
    }
    answers = await asyncio.gather(
        *(province.do("submitApplication", "wu", _STATE, **given) for _ in range(10))
    )
    assert {each["state"] for each in answers} == {"SUBMITTED"}
    with province.graph.database.use():
        assert await TransitionRow.filter(action="SUBMIT").count() == 1


async def test_registering_twice_at_once_makes_one_person(province: ServedAdmissions) -> None:
    await province.token("wu")
    given = {
        "identityKind": "PASSPORT",
        "issuingState": "USA",
        "identityNumber": "E7654321",
        "name": "吴",
        "phone": "13800138000",
    }
    applicant = "... on Applicant { id identityNumber phone }"
    answers = await asyncio.gather(
        *(
            province.do("registerApplicant", "wu", applicant, idempotencyKey="k", **given)
            for _ in range(5)
        )
    )
    assert len({each["id"] for each in answers}) == 1
    assert answers[0]["identityNumber"] == "E7654321"
    again = await province.do("registerApplicant", "wu", applicant, **given)
    assert (again["__typename"], again["code"]) == ("ActionRefused", "IDENTITY_TAKEN")
    wrong = {**given, "identityNumber": "7"}
    refused = await province.do("registerApplicant", "qi", applicant, **wrong)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "identityNumber")
    other = {**given, "identityNumber": "E1234567", "idempotencyKey": "k"}
    reused = await province.do("registerApplicant", "wu", applicant, **other)
    assert reused["code"] == "IDEMPOTENCY_KEY_REUSED"
    # What is kept of the request tells no number, not even to who tries them all.
    with province.graph.database.use():
        kept = str(await province.everything())
    assert "E7654321" not in kept


async def test_a_record_is_changed_once_and_what_is_left_out_stays(
    province: ServedAdmissions,
) -> None:
    await province.applicant("wu")
    selection = "... on Applicant { name phone email revision files { id document } }"
    changed = await province.do(
        "updateApplicant", "wu", selection, revision=1, phone="13800138000", email="wu@example.cn"
    )
    assert changed["phone"] == "+8613800138000"
    assert (changed["name"], changed["revision"]) == ("wu", 2)
    emptied = await province.do("updateApplicant", "wu", selection, revision=2, phone=None)
    assert (emptied["phone"], emptied["email"]) == (None, "wu@example.cn")
    stale = await province.do("updateApplicant", "wu", selection, revision=1, name="x")
    assert (stale["__typename"], stale["code"], stale["field"]) == (
        "ActionRefused",
        "CONFLICT",
        "revision",
    )
    (file,) = emptied["files"]
    await province.applicant("qi")
    before = await province.everything()
    others = await province.do("removeFile", "qi", selection, file=file["id"])
    assert others["code"] == "NOT_FOUND"
    assert await province.everything() == before
    removed = await province.do("removeFile", "wu", selection, file=file["id"])
    assert removed["files"] == []


async def test_a_seat_is_given_up_once(province: ServedAdmissions) -> None:
    """Three clicks at the same time: the offer is declined once, and one seat is free."""
    found = await province.published("90", "80")
    with province.graph.database.use():
        held = await SeatRow.get(scope=f"opening:{MEDICINE}")
        assert (held.taken, held.published) == (2, 2)
        assert await ApplicationRow.filter(state="IN_PUBLICITY").count() == 2
    quotas = await province.ask(
        f'{{ seatQuotas(opening: "{MEDICINE}", round: "batch-1") {{ scope taken }} }}',
        "base_office",
    )
    assert {"scope": f"opening:{MEDICINE}", "taken": 2} in quotas["seatQuotas"]
    declined = await asyncio.gather(
        *(
            province.do("declineAdmission", "person-0", _STATE, application=found[0], reason="x")
            for _ in range(3)
        )
    )
    states = sorted(each.get("state") or each["code"] for each in declined)
    assert states == ["DECLINED", "NOT_ALLOWED_IN_STATE", "NOT_ALLOWED_IN_STATE"]
    with province.graph.database.use():
        assert (await SeatRow.get(scope=f"opening:{MEDICINE}")).taken == 1


async def test_a_list_is_taken_back_as_a_whole(province: ServedAdmissions) -> None:
    (id_,) = await province.published("90")
    operations = await province.ask(
        f'{{ application(id: "{id_}") {{ records {{ action bulkOperationId }} }} }}', "auditor"
    )
    operation = operations["application"]["records"][-1]["bulkOperationId"]
    kept = f'{{ bulkOperation(id: "{operation}") {{ action revertedAt effects {{ seats }} }} }}'
    found = await province.ask(kept, "base_office")
    assert found["bulkOperation"] == {
        "action": "PUBLISH",
        "revertedAt": None,
        "effects": [{"seats": 1}],
    }
    assert (await province.ask(kept, "other_office"))["bulkOperation"] is None
    reverted = await province.do(
        "revertBulk",
        "national",
        "... on BulkOutcome { effects { toState seats } }",
        operation=operation,
        reason="名单有误",
    )
    assert reverted["effects"] == [{"toState": "REVIEWED", "seats": -1}]
    found = await province.ask(kept, "base_office")
    assert found["bulkOperation"]["revertedAt"] == "2026-05-11T10:00:00+08:00"
    again = await province.do("revertBulk", "national", operation=operation, reason="x")
    assert again["code"] == "BULK_NOT_REVERTIBLE"


async def test_the_reserve_list_is_seen_once_the_list_is_public(
    province: ServedAdmissions,
) -> None:
    """R148: who waits sees the place; before publication only who may read scores."""
    await province.published("90", "80")
    standing = (
        "{ viewer { applications { edges { node { standing { rank reservePlace ranked } } } } } }"
    )
    found = await province.ask(standing, "person-1")
    (edge,) = found["viewer"]["applications"]["edges"]
    assert edge["node"]["standing"] == {"rank": 2, "reservePlace": None, "ranked": 2}
    ranking = f'{{ ranking(opening: "{MEDICINE}", round: "batch-1") {{ rank total state }} }}'
    assert (await province.ask(ranking, "base_office"))["ranking"] == [
        {"rank": 1, "total": "90", "state": "IN_PUBLICITY"},
        {"rank": 2, "total": "80", "state": "IN_PUBLICITY"},
    ]
    refused = await province.answer(ranking, "person-1")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_objection_is_filed_and_decided(province: ServedAdmissions) -> None:
    (id_,) = await province.published("90")
    text = "... on Objection { id text upheld }"
    filed = await province.do("fileObjection", "qi", text, application=id_, text="材料不实")
    assert (filed["text"], filed["upheld"]) == ("材料不实", None)
    listed = "{ objections(open: true) { id } }"
    assert (await province.ask(listed, "base_office"))["objections"] == [{"id": filed["id"]}]
    assert (await province.ask(listed, "qi"))["objections"] == [{"id": filed["id"]}]
    assert (await province.ask(listed, "other_office"))["objections"] == []
    decided = await province.do(
        "resolveObjection",
        "base_office",
        text,
        objection=filed["id"],
        upheld=True,
        resolution="属实",
    )
    assert decided["upheld"] is True
    state = await province.ask(f'{{ application(id: "{id_}") {{ state }} }}', "person-0")
    assert state["application"]["state"] == "REJECTED"


async def test_without_the_database_a_mutation_says_so(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """A database that is gone is an error of its own, never a bug."""
    name = postgres_server.new_database()
    try:
        async with served_admissions(tmp_path, postgres_server.url(name)) as province:
            token = await province.token("national")
            postgres_server.drop_database(name)
            response: httpx2.Response = await province.graph.ask(
                'mutation { freezeRound(input: {program: "p", round: "r", reason: "x"}) '
                "{ __typename } }",
                token,
            )
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == "DATABASE_UNAVAILABLE"
    finally:
        postgres_server.drop_database(name)


async def test_pages_follow_each_other_and_a_name_is_found_by_who_may_read_it(
    province: ServedAdmissions,
) -> None:
    for who in ("anna", "bert", "cara"):
        await province.submitted(who)
    page = """query Page($after: String, $order: ApplicationOrder, $way: OrderDirection) {
      applications(first: 2, after: $after, orderBy: $order, direction: $way,
        filter: {programIn: ["sample-residency-2026"], stateIn: [SUBMITTED]}) {
        totalCount edges { node { applicant { name } } }
        pageInfo { hasNextPage hasPreviousPage endCursor } } }"""

    async def names(after: str | None, order: str, way: str) -> tuple[list[str], Any]:
        found = (await province.ask(page, "base_office", after=after, order=order, way=way))[
            "applications"
        ]
        assert found["totalCount"] == 3
        rows = [edge["node"]["applicant"]["name"] for edge in found["edges"]]
        return rows, found["pageInfo"]

    for order in ("NAME", "CREATED", "SUBMITTED", "OPENING", "STATE"):
        # Equal values keep the order of their making in both directions.
        up = ["anna", "bert", "cara"]
        down = up if order in {"OPENING", "STATE", "SUBMITTED"} else up[::-1]
        for way, whole in (("ASC", up), ("DESC", down)):
            rows, info = await names(None, order, way)
            assert (rows, info["hasNextPage"], info["hasPreviousPage"]) == (whole[:2], True, False)
            rows, info = await names(info["endCursor"], order, way)
            assert (rows, info["hasNextPage"], info["hasPreviousPage"]) == (whole[2:], False, True)
    by_name = '{ applications(filter: {name: "AN"}) { totalCount } }'
    assert (await province.ask(by_name, "base_office"))["applications"] == {"totalCount": 1}
    assert (await province.ask(by_name, "auditor"))["applications"] == {"totalCount": 0}
    backwards = "{ applications(last: 2) { edges { node { applicant { name } } } } }"
    found = await province.ask(backwards, "base_office")
    rows = [edge["node"]["applicant"]["name"] for edge in found["applications"]["edges"]]
    assert rows == ["bert", "cara"]
    cursor = '{ applications(after: "x") { totalCount } }'
    refused = await province.answer(cursor, "base_office")
    assert refused["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}
