"""Files of applicants over real HTTP: handed in, read by those who may, refused to the rest."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from running_graph import RunningGraph, running_graph
from zhupei.db.models import ApplicantFile, ApplicationRow
from zhupei.domain.actors import Grant
from zhupei.domain.identity import DocumentKind
from zhupei.services.access import open_keyring
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

_PDF = b"%PDF-1.7\n" + b"x" * 3000
_SHA256 = hashlib.sha256(_PDF).hexdigest()
_AT = datetime(2026, 6, 18, tzinfo=UTC)


@pytest.fixture
async def graph(tmp_path: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    async with running_graph(tmp_path, database_url, max_file_bytes=4096) as running:
        yield running


async def an_applicant(graph: RunningGraph, login: str, number: str) -> tuple[str, UUID]:
    """Return the token and the id of somebody who applies."""
    account = await graph.account(login, Grant("applicant"))
    with graph.database.use():
        made = await register_applicant(
            open_keyring(graph.settings),
            Details(name="王小明"),
            kind=DocumentKind.PASSPORT,
            number=number,
            issuing_state="USA",
            account=account.id,
            today=date(2026, 6, 18),
            at=_AT,
        )
    assert isinstance(made, ApplicantRecord)
    return graph.token(account), made.id


async def put(
    graph: RunningGraph, token: str | None, content: bytes = _PDF, document: str = "degree"
) -> httpx2.Response:
    return await graph.client.put(f"/files/{document}", content=content, headers=sent(token))


async def get(
    graph: RunningGraph, token: str | None, applicant: object = None, sha256: str = _SHA256
) -> httpx2.Response:
    params = {} if applicant is None else {"applicant": str(applicant)}
    return await graph.client.get(f"/files/degree/{sha256}", params=params, headers=sent(token))


def sent(token: str | None) -> dict[str, str]:
    own = {} if token is None else {"authorization": f"Bearer {token}"}
    return {"accept-language": "en", "content-type": "text/html", **own}


def code(response: httpx2.Response) -> tuple[int, str]:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return response.status_code, found


async def test_an_applicant_hands_in_and_reads_a_file(graph: RunningGraph) -> None:
    token, _ = await an_applicant(graph, "li", "E1234567")
    handed = await put(graph, token)
    assert handed.status_code == 201
    assert handed.json() == {
        "document": "degree",
        "mediaType": "application/pdf",
        "size": 3009,
        "sha256": _SHA256,
    }
    assert (await put(graph, token)).json() == handed.json()
    got = await get(graph, token)
    assert (got.status_code, got.content) == (200, _PDF)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"] == 'attachment; filename="degree"'
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert code(await get(graph, token, sha256="0" * 64)) == (404, "NOT_FOUND")
    with graph.database.use():
        assert await ApplicantFile.all().count() == 1


async def test_what_is_refused_leaves_nothing(graph: RunningGraph) -> None:
    token, _ = await an_applicant(graph, "li", "E1234567")
    staff = graph.token(
        await graph.account("office", Grant("base_office", base="example-hospital"))
    )
    assert code(await put(graph, None)) == (401, "UNAUTHENTICATED")
    assert code(await put(graph, "nonsense")) == (401, "UNAUTHENTICATED")
    assert code(await put(graph, staff)) == (403, "FORBIDDEN")
    assert code(await put(graph, token, b"%PDF-" + b"x" * 5000)) == (413, "FILE_TOO_LARGE")
    assert code(await put(graph, token, b"<script>")) == (415, "FILE_TYPE_REFUSED")
    assert code(await put(graph, token, b"")) == (400, "FILE_EMPTY")
    assert code(await put(graph, token, document="A B")) == (404, "NOT_FOUND")
    assert (await put(graph, token, document="..%2Fetc")).status_code == 405
    with graph.database.use():
        assert await ApplicantFile.all().count() == 0
    folder = graph.settings.data_dir / "files"
    assert [each for each in folder.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("zh", "请先登记报考人信息（registerApplicant），再上传材料"),
        ("en", "register as an applicant first (registerApplicant), then hand files in"),
    ],
)
async def test_who_is_no_applicant_yet_is_told_to_register(
    graph: RunningGraph, language: str, message: str
) -> None:
    token = graph.token(await graph.account("li", Grant("applicant")))
    headers = {**sent(token), "accept-language": language}
    refused = await graph.client.put("/files/degree", content=_PDF, headers=headers)
    assert code(refused) == (403, "FORBIDDEN")
    assert refused.json()["errors"][0]["message"] == message
    # Of somebody else nothing is told.
    other = await graph.client.put(
        "/files/degree", params={"applicant": str(UUID(int=1))}, content=_PDF, headers=headers
    )
    assert code(other) == (403, "FORBIDDEN")
    assert other.json()["errors"][0]["message"] != message


async def test_what_is_no_code_of_a_document_says_where_they_are(graph: RunningGraph) -> None:
    token, _ = await an_applicant(graph, "li", "E1234567")
    refused = await put(graph, token, document="身份证")
    assert code(refused) == (404, "NOT_FOUND")
    assert refused.json()["errors"][0]["message"] == (
        "document: is no code of a document; take the key of one of the opening's documents, such "
        "as identity"
    )


async def test_a_base_reads_files_once_an_application_was_submitted(graph: RunningGraph) -> None:
    token, applicant = await an_applicant(graph, "li", "E1234567")
    stranger, _ = await an_applicant(graph, "zhao", "E7654321")
    own = graph.token(await graph.account("office", Grant("base_office", base="example-hospital")))
    host = graph.token(
        await graph.account("host", Grant("host_department", base="example-hospital"))
    )
    await put(graph, token)
    for asker in (own, stranger, host):
        assert code(await get(graph, asker, applicant)) == (403, "FORBIDDEN")
        assert code(await get(graph, asker, UUID(int=1))) == (403, "FORBIDDEN")
    assert code(await get(graph, None, applicant)) == (401, "UNAUTHENTICATED")
    with graph.database.use():
        await ApplicationRow.create(
            applicant_id=applicant,
            base_code="example-hospital",
            program_code="p",
            root_program_code="p",
            opening_code="p/0100",
            round_code="",
            preference=1,
            channel="BATCH",
            state="SUBMITTED",
            revision=1,
            catalogue_hash="0" * 64,
            details={},
            completed_steps=[],
            seat_scopes=[],
            created_at=_AT,
            submitted_at=_AT,
            record_hash="0" * 64,
        )
    assert (await get(graph, own, applicant)).content == _PDF
    for asker in (stranger, host):
        assert code(await get(graph, asker, applicant)) == (403, "FORBIDDEN")
