"""Notices and long work in the graph: who sees which, and having one tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from admissions_office import sample_catalogue
from job_place import KEYRING
from served_admissions import ServedAdmissions, served_admissions
from zhupei.db.models import Applicant, NoticeRow, OperationRow
from zhupei.jobs import Workplace, run_due, tell_events

pytestmark = pytest.mark.slow

_NOTICES = """query Notices($states: [NoticeState!]) { notices(states: $states) {
  id kind label recipient application base { code } program { code } state createdAt settledAt
  attempts { number outcome code response }
} }"""


@pytest.fixture
async def province(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    async with served_admissions(tmp_path, database_url) as served:
        yield served


async def told(province: ServedAdmissions) -> Workplace:
    loaded = await sample_catalogue()
    place = Workplace(
        database=province.graph.database,
        loaded=lambda: loaded,
        clock=province.clock,
        keyring=lambda: KEYRING,
    )
    await tell_events(place)
    return place


async def test_a_draft_is_told_to_nobody_but_the_person(province: ServedAdmissions) -> None:
    """Whoever may not see an application does not learn that it is there."""
    draft = await province.draft("li")
    await run_due(await told(province))
    province.clock.go("2026-04-22T09:00")
    await run_due(await told(province))
    await told(province)
    (own,) = (await province.ask(_NOTICES, "li"))["notices"]
    assert (own["kind"], own["application"], own["base"]) == ("SUBMISSION_NEAR", draft, None)
    assert own["program"] == {"code": "sample-hospital-residency-2026"}
    for who in ("base_office", "jurisdiction_office", "auditor", "other_office"):
        seen = (await province.ask(_NOTICES, who))["notices"]
        assert {each["kind"] for each in seen} <= {"ROUND_CLOSED"}, who
    refused = await province.do("retryNotice", "base_office", notice=own["id"])
    assert refused["code"] == "NOT_FOUND"


async def test_the_applicant_and_the_office_see_what_was_told(province: ServedAdmissions) -> None:
    application = await province.submitted("li")
    await province.submitted("wang")
    await told(province)
    own = (await province.ask(_NOTICES, "li"))["notices"]
    (notice,) = own
    assert UUID(notice.pop("id"))
    assert notice == {
        "kind": "SUBMITTED",
        "label": "Application received",
        "recipient": "APPLICANT",
        "application": application,
        "base": {"code": "sample-hospital"},
        "program": {"code": "sample-hospital-residency-2026"},
        "state": "NOT_CONFIGURED",
        "createdAt": "2026-04-10T09:00:00+08:00",
        "settledAt": None,
        "attempts": [],
    }
    for who, count in (("base_office", 2), ("jurisdiction_office", 2), ("auditor", 2)):
        assert len((await province.ask(_NOTICES, who))["notices"]) == count, who
    for who in ("other_office", "specialty_base", "administrator"):
        assert (await province.ask(_NOTICES, who))["notices"] == [], who
    one = await province.ask(
        f'{{ notices(application: "{application}", first: 5) {{ application }} }}', "base_office"
    )
    assert one == {"notices": [{"application": application}]}
    answer = await province.answer(_NOTICES)
    assert answer["data"] == {"notices": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_the_log_is_read_in_a_constant_number_of_pages(province: ServedAdmissions) -> None:
    for who in ("a", "b", "c"):
        await province.submitted(who)
    await told(province)
    first = (await province.ask("{ notices(first: 2) { id } }", "base_office"))["notices"]
    rest = await province.ask(
        f'{{ notices(first: 2, before: "{first[-1]["id"]}") {{ id }} }}', "base_office"
    )
    assert len({each["id"] for each in [*first, *rest["notices"]]}) == 3
    answer = await province.answer('{ notices(before: "x") { id } }', "base_office")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def undeliverable(province: ServedAdmissions) -> str:
    await province.submitted("li")
    await told(province)
    with province.graph.database.use():
        row = await NoticeRow.all().first()
        assert row is not None
        await NoticeRow.filter(id=row.id).update(
            state="NO_ADDRESS", settled_at=province.clock.now, attempts=0
        )
        assert await Applicant.all().count() == 1
        return str(row.id)


async def state_of(province: ServedAdmissions, notice: str) -> str:
    with province.graph.database.use():
        return (await NoticeRow.get(id=notice)).state


async def test_an_office_has_a_notice_tried_again(province: ServedAdmissions) -> None:
    notice = await undeliverable(province)
    selection = "... on Notice { id state attempts { number } }"
    given: dict[str, Any] = {"notice": notice, "idempotencyKey": "k1"}
    for _ in range(2):
        again = await province.do("retryNotice", "base_office", selection, **given)
        assert again == {
            "__typename": "Notice", "id": notice, "state": "WAITING", "attempts": [],
        }  # fmt: skip
    refused = await province.do("retryNotice", "base_office", notice=notice)
    assert (refused["__typename"], refused["code"]) == ("ActionRefused", "NOT_ALLOWED_IN_STATE")
    assert refused["message"] == (
        "only a notice that is undeliverable or has no address can be tried again"
    )
    await province.do(
        "revokeRole",
        "administrator",
        account="base-office",
        role="base_office",
        base="sample-hospital",
    )
    gone = await province.do("retryNotice", "base_office", selection, **given)
    assert (gone["__typename"], gone.get("code")) == ("ActionRefused", "NOT_FOUND")


@pytest.mark.parametrize(
    ("who", "code"),
    [("li", "FORBIDDEN"), ("auditor", "FORBIDDEN"), ("other_office", "NOT_FOUND")],
)
async def test_who_may_not_changes_nothing(province: ServedAdmissions, who: str, code: str) -> None:
    notice = await undeliverable(province)
    answer = await province.tried("retryNotice", who, notice=notice)
    if code == "FORBIDDEN":
        assert answer["data"] == {"retryNotice": None}
        assert answer["errors"][0]["extensions"]["code"] == code
    else:
        assert answer["data"]["retryNotice"]["code"] == code
    assert await state_of(province, notice) == "NO_ADDRESS"


async def test_long_work_is_seen_by_who_started_it_and_by_its_office(
    province: ServedAdmissions,
) -> None:
    await province.token("specialty_base")
    me = (await province.ask("{ viewer { id } }", "specialty_base"))["viewer"]["id"]
    with province.graph.database.use():
        row = await OperationRow.create(
            kind="score_import",
            state="FAILED",
            base_code="sample-hospital",
            started_by=me,
            stage="checking",
            done=3,
            total=9,
            started_at=province.clock.now,
            seen_at=province.clock.now,
            finished_at=province.clock.now,
            result={"rows": 3},
            problem={"zh": "第 3 行有误", "en": "row 3 is wrong"},
        )
    one = (
        f'{{ operation(id: "{row.id}") {{ kind state stage done total base {{ code }} '
        "result { name value } problem finishedAt } operations { id } }"
    )
    shown = {
        "operation": {
            "kind": "score_import",
            "state": "FAILED",
            "stage": "checking",
            "done": 3,
            "total": 9,
            "base": {"code": "sample-hospital"},
            "result": [{"name": "rows", "value": "3"}],
            "problem": "row 3 is wrong",
            "finishedAt": "2026-04-10T09:00:00+08:00",
        },
        "operations": [{"id": str(row.id)}],
    }
    for who in ("specialty_base", "base_office", "jurisdiction_office"):
        assert await province.ask(one, who) == shown, who
    for who in ("other_office", "host_department", "auditor"):
        assert await province.ask(one, who) == {"operation": None, "operations": []}, who
