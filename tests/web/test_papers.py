"""Papers over real HTTP: those who may have them, byte for byte; everybody else nothing."""

from __future__ import annotations

import csv
import io
import json
import logging
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import openpyxl
import pytest

from admissions_office import HOSPITAL, done
from issued_papers import Town, served_town
from zhupei.db.models import BulkOperationRow, PublishedListRow
from zhupei.domain.actors import Grant
from zhupei.security.signing_keys import public_key_from_text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.papers.publicity_file import Withdrawal, verify_signed_file
from zhupei.services.progress import operations_of

pytestmark = pytest.mark.slow

OFFICE = Grant("base_office", base="sample-hospital")
OTHER = Grant("base_office", base="sample-clinic")


@pytest.fixture
async def town(tmp_path: Path, database_url: str) -> AsyncIterator[Town]:
    async with served_town(tmp_path, database_url) as served:
        yield served


def code(response: httpx2.Response) -> tuple[int, str]:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return response.status_code, found


async def test_r146_a_list_is_public_while_it_is_live(town: Town) -> None:
    """Anybody reads it, verifies it by the published keys, and is told when it changed."""
    _, case = await town.applicant("wang")
    listed = case.publicity
    got = await town.get(f"/publicity/{listed}.json")
    assert got.status_code == 200
    (key,) = (await town.get("/publicity/keys.json")).json()["keys"]
    assert (key["kty"], key["crv"], key["use"]) == ("OKP", "Ed25519", "sig")
    found = verify_signed_file(got.content, {key["kid"]: public_key_from_text(key["x"])})
    assert not isinstance(found, Withdrawal)
    assert [(row.name, row.identity) for row in found.rows] == [("王*明", "E*****61")]
    assert got.headers["cache-control"] == "no-cache"
    again = await town.get(f"/publicity/{listed}.json", **{"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = await town.get(f"/publicity/{listed}.html")
    assert "拟录取人员名单公示" in page.text
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert (await town.get(f"/publicity/{listed}.pdf")).content.startswith(b"%PDF-")
    table = (await town.get(f"/publicity/{listed}.csv")).content.decode("utf-8-sig")
    assert table.splitlines()[1] == f"1,{case.id},王*明,E*****61,儿科,,社会人".replace(
        "儿科", town.office.loaded.catalogue.openings[case.opening].specialty_name.zh
    )
    for each in (got.text, page.text, table):
        assert "E123456" not in each
        assert "王小明" not in each
    assert code(await town.get(f"/publicity/{uuid4()}.json")) == (404, "NOT_FOUND")
    assert (await town.get("/publicity/nonsense.json")).status_code == 404


async def test_a_list_whose_period_is_over_is_the_offices_alone(town: Town) -> None:
    _, case = await town.applicant("wang")
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    town.office.go("2026-05-21T00:00")
    path = f"/publicity/{case.publicity}"
    for token in (None, other):
        for ending in ("json", "html", "pdf", "csv"):
            assert code(await town.get(f"{path}.{ending}", token)) == (410, "PUBLICITY_OVER")
    got = await town.get(f"{path}.json", own)
    assert (got.status_code, got.headers["cache-control"]) == (200, "no-store")
    assert "etag" not in got.headers


async def test_a_withdrawn_list_says_so_with_a_signature(town: Town) -> None:
    _, case = await town.applicant("wang")
    assert (await town.get(f"/publicity/{case.publicity}.json")).status_code == 200
    with town.graph.database.use():
        operation = await BulkOperationRow.get(action="PUBLISH")
    done(
        await admissions.revert_bulk(
            town.office.authority(),
            inputs.RevertBulkInput(operation=operation.id, reason="名单有误"),
        )
    )
    got = await town.get(f"/publicity/{case.publicity}.json")
    (key,) = (await town.get("/publicity/keys.json")).json()["keys"]
    notice = verify_signed_file(got.content, {key["kid"]: public_key_from_text(key["x"])})
    assert got.status_code == 410
    assert isinstance(notice, Withdrawal)
    assert (notice.publicity, notice.program) == (str(case.publicity), HOSPITAL)
    office = await town.token("own", OFFICE)
    for ending in ("html", "pdf", "csv"):
        for token in (None, office):
            gone = await town.get(f"/publicity/{case.publicity}.{ending}", token)
            assert code(gone) == (410, "PUBLICITY_WITHDRAWN")
    with town.graph.database.use():
        assert await PublishedListRow.all().count() == 1


PERSONAL = ("letters", "agreements", "checklists")


async def test_papers_of_a_person_are_theirs_and_their_bases(town: Town) -> None:
    """Every other institution and person is refused, and alike what exists and what does not."""
    wang, case = await town.applicant("wang")
    await town.notify(case)
    li = await town.token("li", Grant("applicant"))
    other, own = await town.token("other", OTHER), await town.token("own", OFFICE)
    admin = await town.token("admin", Grant("administrator"))
    auditor = await town.token("auditor", Grant("auditor"))
    for paper in PERSONAL:
        for application in (case.id, uuid4()):
            path = f"/papers/{paper}/{application}.html"
            assert code(await town.get(path)) == (401, "UNAUTHENTICATED")
            for token in (li, other, admin):
                refused = await town.get(path, token)
                assert code(refused) == (403, "FORBIDDEN")
                assert refused.headers["cache-control"] == "no-store"
                assert "王小明" not in refused.text
        # Auditors read applications, but not who applied and what they stated of themselves.
        assert code(await town.get(f"/papers/{paper}/{case.id}.pdf", auditor)) == (403, "FORBIDDEN")
    for token in (wang, own):
        sheet = await town.get(f"/papers/agreements/{case.id}.pdf", token)
        assert sheet.content.startswith(b"%PDF-")
        assert sheet.headers["content-disposition"] == (
            f'attachment; filename="agreement-{case.id}.pdf"'
        )
        assert sheet.headers["cache-control"] == "no-store"
        assert "etag" not in sheet.headers
        page = await town.get(f"/papers/checklists/{case.id}.html", token)
        assert "报名材料清单" in page.text
        assert page.headers["content-security-policy"].startswith("sandbox")


async def test_a_letter_that_cannot_be_made_says_why(town: Town) -> None:
    wang, case = await town.applicant("wang")
    path = f"/papers/letters/{case.id}.pdf"
    assert code(await town.get(path, wang)) == (409, "PAPER_NOT_DUE")
    await town.notify(case)
    lacking = await town.get(path, wang)
    assert code(lacking) == (409, "LETTER_INCOMPLETE")
    assert lacking.json()["errors"][0]["message"] == "the letter lacks: place of report, contact"
    zh = await town.get(path, wang, **{"accept-language": "zh"})
    assert zh.json()["errors"][0]["message"] == "通知书缺少：报到地点、联系人"
    kind = await town.get(f"/papers/agreements/{case.id}.pdf?kind=three_party", wang)
    assert code(kind) == (409, "PAPER_NOT_DUE")


async def test_r217_the_letter_is_the_persons_and_the_offices(
    tmp_path: Path, database_url: str
) -> None:
    """The same bytes for both and at any time, named by application and never kept by a cache."""
    async with served_town(tmp_path, database_url, contacts=True) as town:
        wang, case = await town.applicant("wang")
        await town.notify(case)
        li = await town.token("li", Grant("applicant"))
        own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
        path = f"/papers/letters/{case.id}"
        mine = await town.get(f"{path}.pdf", wang)
        town.office.later(days=20)
        theirs = await town.get(f"{path}.pdf", own)
        assert mine.status_code == theirs.status_code == 200
        assert mine.content == theirs.content
        assert mine.content.startswith(b"%PDF-")
        assert mine.headers["cache-control"] == "no-store"
        assert mine.headers["content-disposition"] == (
            f'attachment; filename="letter-{case.id}.pdf"'
        )
        page = await town.get(f"{path}.html", wang)
        for text in ("王小明：", "样例市医院路1号教学楼", "0931-8765432", "2026年5月22日"):
            assert text in page.text, text
        for token in (li, other):
            for ending in ("pdf", "html"):
                assert code(await town.get(f"{path}.{ending}", token)) == (403, "FORBIDDEN")
        zipped = await town.get(f"/papers/letters.zip?program={HOSPITAL}&round=batch-1", own)
        with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
            assert archive.namelist() == [f"{case.id}.pdf"]
            assert archive.read(f"{case.id}.pdf") == mine.content


async def test_a_draft_is_its_applicants_alone(town: Town) -> None:
    account = await town.graph.account("wang", Grant("applicant"))
    person = await town.people.person("王小明", account.id)
    case = await town.office.draft(applicant=person)
    own = await town.token("own", OFFICE)
    path = f"/papers/checklists/{case.id}.html"
    assert code(await town.get(path, own)) == (403, "FORBIDDEN")
    assert (await town.get(path, town.graph.token(account))).status_code == 200


async def test_all_letters_of_a_round_for_the_office(town: Town) -> None:
    wang, case = await town.applicant("wang")
    await town.notify(case)
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    path = f"/papers/letters.zip?program={HOSPITAL}&round=batch-1"
    assert code(await town.get(path)) == (401, "UNAUTHENTICATED")
    for token in (wang, other):
        assert code(await town.get(path, token)) == (403, "FORBIDDEN")
    assert code(await town.get("/papers/letters.zip?program=x", own)) == (403, "FORBIDDEN")
    nowhere = f"/papers/letters.zip?program={HOSPITAL}&round=batch-9"
    assert code(await town.get(nowhere, own)) == (404, "NOT_FOUND")
    got = await town.get(path, own)
    assert (got.status_code, got.headers["cache-control"]) == (200, "no-store")
    with town.office.database.use():
        # Who waits for hundreds of them sees how far it is; who may not leaves no trace.
        (seen,) = await operations_of(by=None, bases=None, running=None, first=10)
    assert (seen.kind, seen.state, seen.done, seen.total, seen.base) == (
        "letters_export", "SUCCEEDED", 1, 1, "sample-hospital",
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert archive.namelist() == ["problems.txt"]
        told = archive.read("problems.txt").decode()
    assert told == (
        f"{case.id}: 通知书缺少：报到地点、联系人 · the letter lacks: place of report, contact\n"
    )
    # Without a round those of all rounds.
    assert (await town.get(path.partition("&")[0], own)).content == got.content


async def test_r156_the_registration_list_with_and_without_numbers(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    account = await town.graph.account("wang", Grant("applicant"))
    person = await town.people.person("王小明", account.id)
    await town.people.registered(person)
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    province = await town.token(
        "province", Grant("jurisdiction_office", jurisdiction="sample-province")
    )
    auditor = await town.token("auditor", Grant("auditor"))
    path = "/papers/registrations.csv?base=sample-hospital"
    assert code(await town.get(path)) == (401, "UNAUTHENTICATED")
    for token in (other, town.graph.token(account)):
        refused = await town.get(path, token)
        assert code(refused) == (403, "FORBIDDEN")
        assert "E123456" not in refused.text
    assert code(await town.get("/papers/registrations.csv?base=nowhere", own)) == (403, "FORBIDDEN")
    assert code(await town.get("/papers/registrations.csv?base=nowhere", auditor)) == (
        404,
        "NOT_FOUND",
    )
    with caplog.at_level(logging.INFO, logger="zhupei.access"):
        full = await town.get(path, own)
    rows = list(csv.reader(io.StringIO(full.content.decode("utf-8-sig"))))
    assert [rows[1][at] for at in (2, 4, 5)] == ["王小明", "E1234561", "'+8613800138000"]
    (logged,) = [each for each in caplog.records if each.getMessage() == "personal data read"]
    assert (logged.what, logged.people) == ("registration list", 1)  # type: ignore[attr-defined]  # set by the log
    assert "E1234561" not in caplog.text
    masked = await town.get(path, auditor)
    rows = list(csv.reader(io.StringIO(masked.content.decode("utf-8-sig"))))
    assert [rows[1][at] for at in (2, 4, 5)] == ["王小明", "E*****61", "'+86138****8000"]
    sheet = await town.get(
        "/papers/registrations.xlsx?jurisdiction=sample-province&year=2026", province
    )
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    assert book["注册名单"]["E2"].value == "E1234561"
    assert sheet.headers["content-disposition"] == 'attachment; filename="registrations.xlsx"'
    empty = await town.get("/papers/registrations.csv?base=sample-hospital&year=2025", own)
    assert len(empty.content.decode("utf-8-sig").splitlines()) == 1


async def test_r157_statistics_of_ones_own_only(town: Town) -> None:
    await town.applicant("wang")
    own, other = await town.token("own", OFFICE), await town.token("other", OTHER)
    path = f"/papers/statistics.csv?program={HOSPITAL}"
    assert code(await town.get(path)) == (401, "UNAUTHENTICATED")
    assert code(await town.get(path, other)) == (403, "FORBIDDEN")
    assert code(await town.get("/papers/statistics.csv", own)) == (403, "FORBIDDEN")
    for year in ("x", "２０２６", "1e3", "9" * 5000):
        assert code(await town.get(f"{path}&year={year}", own)) == (403, "FORBIDDEN"), year
    got = await town.get(path, own)
    rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))
    assert rows[1][5] == "1"
    assert rows[-2][0] == "合计"
    assert rows[-2][8] == ""  # one plan is not published: no rate, and not 0
    # Not as a round for which nobody has applied.
    assert code(await town.get(f"{path}&round=batch-9", own)) == (404, "NOT_FOUND")
    book = await town.get(f"/papers/statistics.xlsx?program={HOSPITAL}&round=batch-2", own)
    assert openpyxl.load_workbook(io.BytesIO(book.content))["招收统计"]["F2"].value == 0
    assert json.dumps(rows)
