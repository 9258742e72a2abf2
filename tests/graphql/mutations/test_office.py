"""An office's day over HTTP: interviews, score sheets, brochures, the queue."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from base_offices import BASES, CLINIC, HOSPITAL, MEDICINE, PROGRAM
from served_admissions import ServedAdmissions, served_admissions
from zhupei.domain.actors import Grant

pytestmark = pytest.mark.slow

_STAFF = {
    "office": Grant("base_office", base=HOSPITAL),
    "second": Grant("base_office", base=HOSPITAL),
    "department": Grant("specialty_base", base=HOSPITAL),
    "clinic": Grant("base_office", base=CLINIC),
    "province": Grant("jurisdiction_office", jurisdiction="office-province"),
}
_SLOT = "... on InterviewSlot { id startsAt endsAt capacity taken left choosable cancelReason }"
_OPENED = "... on OpenedSlots { slots { id startsAt left mode modeLabel interviewers } }"
_PERIOD = {"startsAt": "2026-04-27T09:00:00+08:00", "endsAt": "2026-04-27T10:00:00+08:00"}
_WANTED: dict[str, Any] = {
    "program": PROGRAM,
    "round": "batch-1",
    "mode": "ON_SITE",
    "place": "301",
    "periods": [_PERIOD],
    "choosable": True,
}
_PART = f"program={PROGRAM}&round=batch-1"


@pytest.fixture
async def served(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    async with served_admissions(tmp_path, database_url, bases=(BASES,)) as found:
        # Before everything that tests do: an account's tokens are not older than itself.
        found.clock.go("2026-03-20T08:00")
        for name, grant in _STAFF.items():
            found.tokens[name] = (await found.graph.account(name, grant)).id.hex
        yield found


async def checked(served: ServedAdmissions, *people: str) -> list[str]:
    """Let people hand in, and pass their check; the clock stands on 25 April."""
    served.clock.go("2026-04-10T09:00")
    found = [await served.submitted(who, MEDICINE) for who in people]
    served.clock.go("2026-04-25T09:00")
    for each in found:
        await served.moved("CHECKED", "recordEligibilityCheck", "office", each, passed=True)
    return found


async def http(
    served: ServedAdmissions, method: str, path: str, who: str | None = None, **more: Any
) -> httpx2.Response:
    headers = {"accept-language": "en", **more.pop("headers", {})}
    if who is not None:
        headers["authorization"] = f"Bearer {await served.token(who)}"
    return await served.graph.client.request(method, path, headers=headers, **more)


async def test_an_applicant_chooses_what_the_office_opened(served: ServedAdmissions) -> None:
    application, other = await checked(served, "zhang", "li")
    panel = served.tokens["department"]
    opened = await served.do(
        "openInterviewSlots", "office", _OPENED, **_WANTED, interviewers=[panel],
        idempotencyKey="k",
    )  # fmt: skip
    (slot,) = opened["slots"]
    assert (slot["startsAt"], slot["left"], slot["mode"], slot["modeLabel"]) == (
        "2026-04-27T09:00:00+08:00", 1, "ON_SITE", "on site",
    )  # fmt: skip
    again = await served.do(
        "openInterviewSlots", "office", _OPENED, **_WANTED, interviewers=[panel],
        idempotencyKey="k",
    )  # fmt: skip
    assert again == opened
    asked = "{ interviewSlots { totalCount edges { cursor node { id left } } } }"
    seen = await served.ask(asked, "zhang")
    assert seen["interviewSlots"]["totalCount"] == 1
    assert (await served.ask(asked, "clinic"))["interviewSlots"]["totalCount"] == 0
    answers = await asyncio.gather(
        *(
            served.do(
                "chooseInterviewSlot", who, "... on InterviewBooking { chosen slot { id } }",
                application=each, slot=slot["id"],
            )
            for who, each in (("zhang", application), ("li", other))
        )
    )  # fmt: skip
    assert sorted(each["__typename"] for each in answers) == ["ActionRefused", "InterviewBooking"]
    (refused,) = [each for each in answers if each["__typename"] == "ActionRefused"]
    assert (refused["code"], refused["message"]) == (
        "SLOT_FULL", "the slot has 0 places left, and 1 are needed: choose another slot",
    )  # fmt: skip
    who, mine = ("zhang", application) if answers[0].get("chosen") else ("li", other)
    own = f'{{ application(id: "{mine}") {{ interview {{ slot {{ place taken }} }} }} }}'
    assert (await served.ask(own, who))["application"]["interview"]["slot"] == {
        "place": "301", "taken": 1,
    }  # fmt: skip
    names = f'{{ interviewSlot(id: "{slot["id"]}") {{ bookings {{ application {{ id }} }} }} }}'
    found = await served.ask(names, "office")
    assert found["interviewSlot"]["bookings"] == [{"application": {"id": mine}}]
    hidden = await served.answer(names, who)
    assert hidden["data"]["interviewSlot"] == {"bookings": None}
    assert hidden["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_slots_are_moved_assigned_and_cancelled(served: ServedAdmissions) -> None:
    (application,) = await checked(served, "zhang")
    opened = await served.do("openInterviewSlots", "office", _OPENED, **_WANTED)
    slot = opened["slots"][0]["id"]
    asked = {"slot": slot, "applications": [application]}
    assigned = "... on AssignedInterviews { dryRun bookings { chosen } }"
    before = await served.everything()
    shown = await served.do("assignInterviews", "office", assigned, dryRun=True, **asked)
    assert (shown["dryRun"], shown["bookings"]) == (True, [{"chosen": False}])
    assert await served.everything() == before
    given = await served.do("assignInterviews", "office", assigned, **asked)
    assert (given["dryRun"], given["bookings"]) == (False, [{"chosen": False}])
    moved = await served.do(
        "moveInterviewSlot", "office", _SLOT, slot=slot, reason="停电",
        startsAt="2026-04-27T10:00:00+08:00", endsAt="2026-04-27T11:00:00+08:00",
    )  # fmt: skip
    assert (moved["startsAt"], moved["taken"]) == ("2026-04-27T10:00:00+08:00", 1)
    released = await served.do(
        "releaseInterview", "office", "... on InterviewBooking { releaseReason }",
        application=application, reason="改期",
    )  # fmt: skip
    assert released["releaseReason"] == "改期"
    cancelled = await served.do("cancelInterviewSlot", "office", _SLOT, slot=slot, reason="台风")
    assert cancelled["cancelReason"] == "台风"
    before = await served.everything()
    refused = await served.do("cancelInterviewSlot", "office", slot=slot, reason="台风")
    assert (refused["code"], refused["message"]) == (
        "SLOT_CANCELLED", "the slot was cancelled: 台风",
    )  # fmt: skip
    wrong = await served.do("cancelInterviewSlot", "office", slot="nonsense", reason="台风")
    assert (wrong["__typename"], wrong["field"]) == ("InvalidInput", "slot")
    chinese = await served.do(
        "moveInterviewSlot", "office", language="zh", slot=slot, reason="台风"
    )
    assert chinese["message"] == "该时段已取消：台风"
    assert await served.everything() == before


@pytest.mark.parametrize(
    ("mutation", "given"),
    [
        ("openInterviewSlots", _WANTED),
        ("assignInterviews", {"applications": []}),
        ("moveInterviewSlot", {"reason": "r"}),
        ("cancelInterviewSlot", {"reason": "r"}),
    ],
)
async def test_whose_slots_they_are_not(
    served: ServedAdmissions, mutation: str, given: dict[str, Any]
) -> None:
    await checked(served, "zhang")
    opened = await served.do("openInterviewSlots", "office", _OPENED, **_WANTED)
    if mutation != "openInterviewSlots":
        given = {**given, "slot": opened["slots"][0]["id"]}
    await served.token("zhang")
    before = await served.everything()
    for who in ("clinic", "zhang", None):
        answer = await served.tried(mutation, who, **given)
        if who is None or mutation == "openInterviewSlots":
            code = "UNAUTHENTICATED" if who is None else "FORBIDDEN"
            assert answer["data"] == {mutation: None}
            assert answer["errors"][0]["extensions"]["code"] == code
        else:
            # A slot of others is told as one that does not exist.
            assert answer["data"][mutation]["code"] == "NOT_FOUND"
    assert await served.everything() == before


async def test_scores_go_out_come_back_and_are_signed(served: ServedAdmissions) -> None:
    applications = await checked(served, "zhang", "li", "wang")
    blank = await http(served, "GET", f"/score-sheets/blank.csv?{_PART}", "department")
    assert blank.status_code == 200
    assert blank.headers["cache-control"] == "no-store"
    assert blank.headers["content-disposition"] == 'attachment; filename="scores.csv"'
    rows = list(csv.reader(io.StringIO(blank.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == applications
    book = await http(served, "GET", f"/score-sheets/blank.xlsx?{_PART}", "department")
    assert book.content.startswith(b"PK")

    def sheet(*points: tuple[str, str]) -> bytes:
        text = io.StringIO(newline="")
        filled = [[*row[:2], *pair, row[-1]] for row, pair in zip(rows[1:], points, strict=True)]
        csv.writer(text).writerows([rows[0], *filled])
        return text.getvalue().encode("utf-8-sig")

    before = await served.everything()
    wrong = await http(
        served, "PUT", f"/score-sheets?{_PART}", "department",
        content=sheet(("1", "101"), ("2", "x"), ("3", "")),
    )  # fmt: skip
    assert wrong.status_code == 422
    assert [
        (each["extensions"]["code"], each["extensions"]["cell"], each["extensions"]["row"])
        for each in wrong.json()["errors"]
    ] == [
        ("SCORES_LOOK_LIKE_RANKS", "C2", 2),
        ("SCORES_OUT_OF_RANGE", "D2", 2),
        ("SCORES_NOT_A_SCORE", "D3", 3),
        ("SCORES_BLANK", "D4", 4),
    ]
    assert await served.everything() == before
    right = sheet(("90", "80"), ("70", "缺考"), ("60", "50"))
    sent = await http(
        served, "PUT", f"/score-sheets?{_PART}", "department", content=right,
        headers={"idempotency-key": "s"},
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    found = sent.json()
    assert (found["state"], found["rows"], found["absent"]) == ("PENDING", 3, 1)
    repeated = await http(
        served, "PUT", f"/score-sheets?{_PART}", "department", content=right,
        headers={"idempotency-key": "s"},
    )  # fmt: skip
    assert repeated.json() == found
    twice = await http(served, "PUT", f"/score-sheets?{_PART}", "office", content=right)
    assert (twice.status_code, twice.json()["errors"][0]["extensions"]["code"]) == (
        409, "DUPLICATE",
    )  # fmt: skip
    asked = (
        f'{{ scoreSheet(id: "{found["id"]}") {{ state rowCount absentCount standsAgainst '
        "{ code } rows { row applicationId scores { assessment points of } absent } } "
        "scoreSheets(filter: {stateIn: [PENDING]}) { totalCount edges { node { id } } } }"
    )
    seen = await served.ask(asked, "second")
    assert seen["scoreSheet"]["rows"][1] == {
        "row": 3,
        "applicationId": applications[1],
        "scores": [{"assessment": "interview", "points": "70", "of": 100}],
        "absent": ["examination"],
    }
    assert (seen["scoreSheet"]["standsAgainst"], seen["scoreSheets"]["totalCount"]) == (None, 1)
    other = await served.answer(asked, "clinic")
    assert (other["data"]["scoreSheet"], other["data"]["scoreSheets"]["totalCount"]) == (None, 0)
    signed = await served.do(
        "signScoreSheet", "second",
        "... on SignedScoreSheet { sheet { state operationId } outcome { effects "
        "{ application { id } toState } } }",
        sheet=found["id"],
    )  # fmt: skip
    assert signed["sheet"]["state"] == "SIGNED"
    assert [each["toState"] for each in signed["outcome"]["effects"]] == [
        "ASSESSED", "CHECKED", "ASSESSED",
    ]  # fmt: skip
    before = await served.everything()
    late = await served.do("rejectScoreSheet", "second", sheet=found["id"], reason="r")
    assert late["code"] == "DUPLICATE"
    assert await served.everything() == before


async def test_who_may_not_see_scores(served: ServedAdmissions) -> None:
    await checked(served, "zhang")
    before = await served.everything()
    for who, status in (("clinic", 403), ("zhang", 403), ("province", 403), (None, 401)):
        for method, path in (
            ("GET", f"/score-sheets/blank.csv?{_PART}"),
            ("PUT", f"/score-sheets?{_PART}"),
        ):
            answer = await http(served, method, path, who)
            assert answer.status_code == status, (who, path, answer.text)
    missing = await http(served, "GET", "/score-sheets/blank.csv?program=none", "office")
    assert missing.status_code == 404
    large = await http(
        served, "PUT", f"/score-sheets?{_PART}", "office", content=bytes(5 * 1024 * 1024 + 1)
    )
    assert large.status_code == 413
    assert await served.everything() == before


@pytest.mark.parametrize("path", [f"/score-sheets?{_PART}", "/payments", "/payments?dryRun=true"])
@pytest.mark.parametrize("key", ["", "two words", "k" * 129])
async def test_what_is_no_key_is_refused_as_in_the_graph(
    served: ServedAdmissions, path: str, key: str
) -> None:
    before = await served.everything()
    answer = await http(served, "PUT", path, "office", headers={"idempotency-key": key})
    (error,) = answer.json()["errors"]
    assert answer.status_code == 400
    assert error["extensions"] == {"code": "IDEMPOTENCY_KEY_INVALID", "field": "idempotencyKey"}
    assert error["message"] == "an idempotency key is 1 to 128 printable ASCII characters"
    assert await served.everything() == before


async def test_a_brochure_goes_its_way(served: ServedAdmissions) -> None:
    served.clock.go("2026-03-20T09:00")
    asked = (
        f'{{ brochure(program: "{PROGRAM}") {{ approvalNeeded places submitBy toAttest '
        "checks { topic outcome demanded } diff { before changes { group id change } } "
        "current { state version htmlPath pdfPath changedSince late reason } } }"
    )
    draft = await served.ask(asked, "office")
    assert draft["brochure"]["current"] is None
    assert draft["brochure"]["places"] == ["The province's platform", "The base's own site"]
    assert draft["brochure"]["toAttest"] == ["吉祥物"]
    assert draft["brochure"]["submitBy"] == "2026-03-26T00:00:00+08:00"
    assert draft["brochure"]["diff"]["before"] == "office-hospital-residency-2025"
    assert {"group": "openings", "id": "0200", "change": "ADDED"} in (
        draft["brochure"]["diff"]["changes"]
    )
    preview = await http(served, "GET", f"/brochures/draft/{PROGRAM}.html", "office")
    assert "办公医院住培 2026" in preview.text
    assert (
        await http(served, "GET", f"/brochures/draft/{PROGRAM}.pdf", "clinic")
    ).status_code == 403
    assert (await http(served, "GET", f"/brochures/draft/{PROGRAM}.pdf")).status_code == 401
    before = await served.everything()
    lacking = await served.do("submitBrochure", "office", program=PROGRAM)
    assert (lacking["code"], lacking["field"]) == ("BROCHURE_INCOMPLETE", "attested")
    assert await served.everything() == before
    version = "... on BrochureVersion { id state htmlPath pdfPath publishedAt }"
    sent = await served.do(
        "submitBrochure", "office", version, program=PROGRAM, attested=["吉祥物"]
    )
    assert sent["state"] == "SUBMITTED"
    for who, status in (("office", 200), ("province", 200), ("clinic", 404), (None, 404)):
        page = await http(served, "GET", sent["htmlPath"], who)
        assert page.status_code == status, who
    # The authority sees in one question who has handed in, and who has not.
    overview = "{ programs { edges { node { code brochure { current { state } } } } } }"
    for who, state in (("province", {"state": "SUBMITTED"}), ("clinic", None)):
        listed = (await served.ask(overview, who))["programs"]["edges"]
        found = {each["node"]["code"]: each["node"]["brochure"] for each in listed}
        assert found[PROGRAM] == {"current": state}, who
        assert found["office-hospital-residency-2025"] == {"current": None}
        assert None in found.values()  # a jurisdiction's program has none
    returned = await served.do(
        "returnBrochure", "province", version, brochure=sent["id"], reason="补充住宿"
    )
    assert returned["state"] == "RETURNED"
    sent = await served.do(
        "submitBrochure", "office", version, program=PROGRAM, attested=["吉祥物"]
    )
    refused = await served.tried("approveBrochure", "office", brochure=sent["id"])
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    approved = await served.do("approveBrochure", "province", version, brochure=sent["id"])
    assert approved["state"] == "APPROVED"
    for place in ("The province's platform", "The base's own site"):
        public = await served.ask(asked.replace(" reason", ""))
        assert public["brochure"]["current"] is None
        done = await served.do(
            "recordBrochurePublication", "office", version, brochure=sent["id"], place=place,
            address="https://hospital.example/2026", publishedAt="2026-03-20T09:00:00+08:00",
        )  # fmt: skip
    assert (done["state"], done["publishedAt"]) == ("PUBLISHED", "2026-03-20T09:00:00+08:00")
    public = await served.ask(asked.replace(" reason", ""))
    assert public["brochure"]["current"] == {
        "state": "PUBLISHED", "version": 2, "htmlPath": sent["htmlPath"],
        "pdfPath": sent["pdfPath"], "changedSince": False, "late": False,
    }  # fmt: skip
    page = await http(served, "GET", sent["htmlPath"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    again = await http(
        served, "GET", sent["htmlPath"], headers={"if-none-match": page.headers["etag"]}
    )
    assert again.status_code == 304
    printed = await http(served, "GET", sent["pdfPath"])
    assert printed.content.startswith(b"%PDF-")
    crossed = sent["htmlPath"].replace(".html", ".pdf")
    assert (await http(served, "GET", crossed)).status_code == 404
    hidden = await served.answer(asked)
    assert hidden["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_queue_of_an_office(served: ServedAdmissions) -> None:
    await checked(served, "zhang", "li")
    asked = (
        f'{{ officeQueue(base: "{HOSPITAL}") {{ total lines {{ state stateLabel count nextState '
        "todo actor closesAt overdue openings { openingCode count } } tasks { kind count } } }"
    )
    found = await served.ask(asked, "office")
    assert found["officeQueue"] == {
        "total": 2,
        "lines": [
            {
                "state": "CHECKED",
                "stateLabel": "Eligibility checked",
                "count": 2,
                "nextState": "ASSESSED",
                "todo": "Interview, Examination",
                "actor": "base",
                "closesAt": "2026-05-11T00:00:00+08:00",
                "overdue": False,
                "openings": [{"openingCode": MEDICINE, "count": 2}],
            }
        ],
        "tasks": [{"kind": "ARRANGE_INTERVIEW", "count": 2}],
    }
    # All that is asked for was handed in.
    lacking = f'{{ officeQueue(base: "{HOSPITAL}", lackingDocuments: true) {{ total }} }}'
    assert (await served.ask(lacking, "office"))["officeQueue"] == {"total": 0}
    for who, code in (("clinic", "FORBIDDEN"), ("zhang", "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        answer = await served.answer(asked, who)
        assert answer["data"] == {"officeQueue": None}
        assert answer["errors"][0]["extensions"]["code"] == code
