"""Trainees over HTTP: registered, paid, shortened, withdrawn; bans; and who may see what."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from admissions_office import MEDICINE, PAEDIATRICS
from served_admissions import ServedAdmissions

_TRAINEE = "id state startedOn months endsOn traineeType channel specialtyCode degreeLevel"
_LIST = f"totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {_TRAINEE} }} }}"


async def registered(
    province: ServedAdmissions, who: str = "student", **place: str
) -> tuple[str, str]:
    """Let the authority enter a student and the base register them; return both ids (R126)."""
    province.clock.go("2026-04-10T09:00")
    person = await province.applicant(who)
    made = await province.do(
        "createApplication",
        "jurisdiction_office",
        "... on Application { id channel }",
        applicant=person,
        candidate={"origin": "MAINLAND", "traineeType": "PROFESSIONAL_MASTER"},
        **{"opening": MEDICINE, **place},
    )
    assert made.get("channel") == "DIRECT_REGISTRATION", made
    await province.moved("SUBMITTED", "submitApplication", "jurisdiction_office", made["id"])
    province.clock.go("2026-09-02T09:00")
    done = await province.do(
        "registerTrainee",
        "base_office",
        f"... on Application {{ state trainee {{ {_TRAINEE} }} }}",
        application=made["id"],
    )
    assert done.get("state") == "REGISTERED", done
    return made["id"], done["trainee"]["id"]


async def test_a_trainee_and_the_registration_list(province: ServedAdmissions) -> None:
    """R126, R156, T60: who never applied in a round stands on the list all the same."""
    application, trainee = await registered(province)
    query = f"""query($id: ID!) {{
      trainee(id: $id) {{ {_TRAINEE} stateLabel lengthNote earliestEnd
        applicant {{ name identityNumber }} application {{ id }} payments {{ id }} }}
      node(id: $id) {{ id __typename }}
      registrations {{ {_LIST} }}
    }}"""
    data = await province.ask(query, "base_office", id=trainee)
    found = data["trainee"]
    assert found == {
        "id": trainee,
        "state": "IN_TRAINING",
        "startedOn": "2026-09-01",
        "months": 36,
        "endsOn": "2029-08-31",
        "traineeType": "PROFESSIONAL_MASTER",
        "channel": "DIRECT_REGISTRATION",
        "specialtyCode": "0100",
        "degreeLevel": None,
        "stateLabel": "In training",
        "lengthNote": None,
        "earliestEnd": None,
        "applicant": {"name": "student", "identityNumber": "E0000001"},
        "application": {"id": application},
        "payments": [],
    }
    assert data["node"] == {"id": trainee, "__typename": "Trainee"}
    assert data["registrations"]["totalCount"] == 1
    for who in ("jurisdiction_office", "national", "auditor", "student"):
        seen = await province.ask("{ registrations { totalCount } }", who)
        assert seen["registrations"]["totalCount"] == 1, who
    for who in ("other_office", "specialty_base", "somebody-else"):
        answer = await province.ask(query, who, id=trainee)
        assert answer["trainee"] is None
        assert answer["node"] is None
        assert answer["registrations"]["totalCount"] == 0


async def test_pages_filters_and_orders(province: ServedAdmissions) -> None:
    paediatrics = {"opening": PAEDIATRICS, "direction": "neonatology"}
    ids = [
        (await registered(province, f"student-{number}", **place))[1]
        for number, place in enumerate(({}, {}, paediatrics))
    ]
    query = f"""query($first: Int, $after: String, $order: TraineeOrder, $way: OrderDirection,
      $filter: TraineeFilter) {{
      trainees(first: $first, after: $after, orderBy: $order, direction: $way, filter: $filter)
        {{ {_LIST} }}
    }}"""
    for order in (None, "REGISTERED", "STARTED", "ENDS", "OPENING"):
        for way, expected in (("ASC", ids), ("DESC", None)):
            seen: list[str] = []
            after = None
            for _ in range(4):
                given = {"first": 2, "after": after, "order": order, "way": way}
                page = (await province.ask(query, "base_office", **given))["trainees"]
                assert page["totalCount"] == 3
                seen += [edge["node"]["id"] for edge in page["edges"]]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            assert len(seen) == len(set(seen)) == 3
            if expected is not None:
                assert seen == expected
    filters: tuple[tuple[dict[str, Any], int], ...] = (
        ({"baseIn": ["sample-hospital"], "yearIn": [2026]}, 3),
        ({"programIn": ["sample-residency-2026"]}, 3),
        ({"specialtyIn": ["0200"]}, 1),
        ({"traineeTypeIn": ["SOCIAL"]}, 0),
        ({"stateIn": ["WITHDRAWN"]}, 0),
        ({"applicant": province.applicants["student-1"]}, 1),
    )
    for wanted, number in filters:
        data = await province.ask(query, "national", filter=wanted)
        assert data["trainees"]["totalCount"] == number, wanted


async def test_the_ledger_and_a_withdrawal(province: ServedAdmissions) -> None:
    """R057, T44: a dry run shows the lines; what is not separated is null."""
    _, trainee = await registered(province)
    province.clock.go("2026-12-01T09:00")
    common = {"trainee": trainee, "month": "2026-09", "payer": "BASE"}
    payments = [
        {**common, "line": "stipend", "amount": "4000", "fundingSource": "CENTRAL_FISCAL"},
        {**common, "line": "meal", "amount": "600.5", "fundingSource": "MIXED_FISCAL_AND_BASE"},
    ]
    batch = "... on PaymentBatch { dryRun payments { id month line amount fundingSource } }"
    recorded = await province.do(
        "recordPayments", "base_office", batch, payments=payments, idempotencyKey="k1"
    )
    assert [(each["line"], each["amount"]) for each in recorded["payments"]] == [
        ("stipend", "4000"),
        ("meal", "600.5"),
    ]
    before = await province.everything()
    again = await province.do(
        "recordPayments", "base_office", batch, payments=payments, idempotencyKey="k1"
    )
    assert again == recorded
    twice = await province.do("recordPayments", "base_office", batch, payments=payments)
    assert (twice["code"], twice["field"]) == ("DUPLICATE", "payments")
    wrong = [{**payments[0], "month": "2026-13"}]
    refused = await province.do("recordPayments", "base_office", batch, payments=wrong)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "payments.0.month")
    end = """... on TrainingEnd { dryRun kind trainee { state endedOn endReason }
      repayment { certain total atMost banYears
        lines { line fundingSource amount note(language: ZH) } } }"""
    given = {"trainee": trainee, "kind": "PERSONAL_REASONS", "reason": "个人原因"}
    shown = await province.do("withdrawTrainee", "base_office", end, **given, dryRun=True)
    assert await province.everything() == before
    assert shown["dryRun"] is True
    assert shown["repayment"] == {
        "certain": "4000",
        "total": None,
        "atMost": "4600.5",
        "banYears": 3,
        "lines": [
            {
                "line": "meal",
                "fundingSource": "MIXED_FISCAL_AND_BASE",
                "amount": None,
                "note": "该项资金含财政补助与其他资金，文件未区分金额，须由财务部门按资金来源核定",
            },
            {
                "line": "stipend",
                "fundingSource": "CENTRAL_FISCAL",
                "amount": "4000",
                "note": None,
            },
        ],
    }
    ended = await province.do("withdrawTrainee", "base_office", end, **given)
    assert ended["trainee"] == {
        "state": "WITHDRAWN",
        "endedOn": "2026-12-01",
        "endReason": "个人原因",
    }
    own = await province.ask("{ trainees { edges { node { payments { line } } } } }", "student")
    assert own["trainees"]["edges"] == [
        {"node": {"payments": [{"line": "meal"}, {"line": "stipend"}]}}
    ]


async def test_payments_by_spreadsheet_over_http(province: ServedAdmissions) -> None:
    """T44: out, filled in, tried, recorded; and for nobody else."""
    await registered(province)
    province.clock.go("2026-12-01T09:00")
    client = province.graph.client
    place = {"base": "sample-hospital", "month": "2026-09"}

    async def headers(who: str | None) -> dict[str, str]:
        sent = {"accept-language": "en"}
        return (
            sent if who is None else sent | {"authorization": f"Bearer {await province.token(who)}"}
        )

    def code(response: Any) -> tuple[int, str]:
        return response.status_code, response.json()["errors"][0]["extensions"]["code"]

    senders = {
        who: await headers(who) for who in (None, "base_office", "other_office", "specialty_base")
    }
    office = senders["base_office"]
    for who, expected in ((None, (401, "UNAUTHENTICATED")), ("other_office", (403, "FORBIDDEN"))):
        got = await client.get("/payments/blank.csv", params=place, headers=senders[who])
        assert code(got) == expected
    unnamed = {**place, "month": "2026-13"}
    wrong = await client.get("/payments/blank.csv", params=unnamed, headers=office)
    assert code(wrong) == (400, "INPUT_INVALID")
    blank = await client.get("/payments/blank.csv", params=place, headers=office)
    assert blank.status_code == 200
    assert blank.headers["content-disposition"] == 'attachment; filename="payments-2026-09.csv"'
    assert blank.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(blank.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    text = io.StringIO(newline="")
    paid = ["stipend", "4000", "培训基地", "中央财政", ""]
    csv.writer(text).writerows([rows[0], [*rows[1][:3], *paid]])
    content = text.getvalue().encode()
    before = await province.everything()
    for who in (None, "other_office", "specialty_base"):
        response = await client.put("/payments", content=content, headers=senders[who])
        assert response.status_code in {401, 422}, who
        assert "stipend" not in response.text
    tried = await client.put(
        "/payments", params={"dryRun": "true"}, content=content, headers=office
    )
    assert (tried.status_code, tried.json()) == (
        200,
        {"dryRun": True, "payments": 1, "total": "4000.00"},
    )
    broken = await client.put("/payments", content=content.replace(b"4000", b"x"), headers=office)
    (problem,) = broken.json()["errors"]
    assert (broken.status_code, problem["extensions"]["cell"]) == (422, "E2")
    ledger = "{ trainees { edges { node { payments { line amount } } } } }"
    empty = await province.ask(ledger, "base_office")
    assert empty["trainees"]["edges"] == [{"node": {"payments": []}}]
    assert await province.everything() == before
    keyed = {**office, "idempotency-key": "september"}
    for _ in range(2):
        done = await client.put("/payments", content=content, headers=keyed)
        assert (done.status_code, done.json()["payments"]) == (201, 1)
    seen = await province.ask(ledger, "base_office")
    assert seen["trainees"]["edges"] == [
        {"node": {"payments": [{"line": "stipend", "amount": "4000"}]}}
    ]


async def test_the_pay_of_a_month(province: ServedAdmissions) -> None:
    """Hook 21 is asked about this trainee in this month; outside of training there is none."""
    _, trainee = await registered(province)
    query = """query($id: ID!, $month: String!) {
      trainee(id: $id) { subsidies(month: $month) { months openingCode lines { id } } } }"""
    data = await province.ask(query, "student", id=trainee, month="2027-10")
    found = data["trainee"]["subsidies"]
    assert (found["months"], found["openingCode"]) == (1, MEDICINE)
    # What the national rules give; the fictional hospital adds nothing of its own.
    assert [line["id"] for line in found["lines"]] == [
        "basic-pay",
        "central-subsidy",
        "staff-services",
        "lodging",
        "library-access",
    ]
    for month in ("2026-08", "2029-09"):
        data = await province.ask(query, "student", id=trainee, month=month)
        assert data["trainee"]["subsidies"] is None
    answer = await province.answer(query, "student", {"id": trainee, "month": "2027-1"})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_ban_is_imposed_seen_and_lifted(province: ServedAdmissions) -> None:
    """T43: by a person, with evidence; the person may apply again once it is lifted."""
    person = await province.applicant("li")
    ban = "... on Ban { id until reason evidence liftedAt liftReason program { code } }"
    given = {
        "applicant": person,
        "program": "sample-residency-2026",
        "reason": "情节严重",
        "evidence": "处理决定 3 号",
        "idempotencyKey": "b1",
    }
    imposed = await province.do("imposeBan", "jurisdiction_office", ban, **given)
    assert (imposed["until"], imposed["evidence"]) == ("2029-04-09", "处理决定 3 号")
    assert await province.do("imposeBan", "jurisdiction_office", ban, **given) == imposed
    draft = await province.draft("li")
    refused = await province.do(
        "submitApplication",
        "li",
        "... on Application { state }",
        application=draft,
        documents=[{"document": "identity-scan"}],
    )
    assert refused["code"] == "BANNED"
    lists = "{ bans(inForce: true) { id reason applicantId } }"
    for who, number in (
        ("jurisdiction_office", 1),
        ("national", 1),
        ("base_office", 0),  # the person has not applied there
        ("other_office", 0),
        ("li", 0),
    ):
        assert len((await province.ask(lists, who))["bans"]) == number, who
    for wrong, place, message in (
        ("first: 0", "first", "first: must be from 1 to 100, not 0"),
        (
            'applicant: "li"',
            "applicant",
            "applicant: is no id; take it from an object's field id",
        ),
    ):
        answer = await province.answer(f"{{ bans({wrong}) {{ id }} }}", "national")
        assert answer["errors"][0]["message"] == message
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": place}
    before = await province.everything()
    for who in ("base_office", "li"):
        # Whoever may not see it is told what is told of one that does not exist.
        refused = await province.do("liftBan", who, ban, ban=imposed["id"], reason="x")
        assert refused["code"] == "NOT_FOUND"
    await province.do("liftBan", "national", ban, ban=imposed["id"], reason=" ")
    assert await province.everything() == before
    lifted = await province.do(
        "liftBan", "jurisdiction_office", ban, ban=imposed["id"], reason="申诉成立"
    )
    assert (lifted["liftReason"], lifted["liftedAt"]) == ("申诉成立", "2026-04-10T09:00:00+08:00")
    again = await province.do("liftBan", "jurisdiction_office", ban, ban=imposed["id"], reason="x")
    assert again["code"] == "DUPLICATE"
    await province.moved(
        "SUBMITTED", "submitApplication", "li", draft, documents=[{"document": "identity-scan"}]
    )
    assert (await province.ask(lists, "national"))["bans"] == []


_MUTATIONS: dict[str, dict[str, Any]] = {
    "reduceTraining": {"months": 1, "reason": "x"},
    "withdrawTrainee": {"kind": "TRANSFER", "reason": "x"},
}


@pytest.mark.parametrize("mutation", sorted(_MUTATIONS))
async def test_who_may_not_learns_nothing(province: ServedAdmissions, mutation: str) -> None:
    _, trainee = await registered(province)
    for who in ("other_office", "specialty_base", "student", "jurisdiction_office"):
        await province.token(who)
    before = await province.everything()
    for who in ("other_office", "specialty_base", "student", "jurisdiction_office"):
        answer = await province.tried(mutation, who, trainee=trainee, **_MUTATIONS[mutation])
        codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
        found = (answer["data"] or {}).get(mutation) or {}
        assert codes == ["FORBIDDEN"] or found.get("code") == "NOT_FOUND", (who, answer)
    assert await province.everything() == before
