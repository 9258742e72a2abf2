"""Tests of zhupei.web.uploads: multipart requests of GraphQL, and a file handed in by one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from served_admissions import PERSON, ServedAdmissions, served_admissions
from zhupei.services.applicant_files import files_of

pytestmark = pytest.mark.slow

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
_DO = """mutation Do($input: HandInFileInput!) { handInFile(input: $input) {
  __typename
  ... on Applicant { files { document mediaType size } }
  ... on Refusal { code message field }
} }"""
_HEADERS = {"graphql-require-preflight": "1", "accept-language": "en"}


@pytest.fixture
async def province(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    async with served_admissions(
        tmp_path, database_url, max_file_bytes=5000, max_body_bytes=4096
    ) as served:
        await served.applicant("wang", **PERSON)
        yield served


def operation(**given: Any) -> str:
    variables = {"input": {"document": "identity-scan", "file": None, **given}}
    return json.dumps({"query": _DO, "variables": variables})


async def send(
    province: ServedAdmissions,
    *,
    who: str | None = "wang",
    operations: str | None = None,
    places: Any = None,
    content: bytes = _PNG,
    headers: dict[str, str] | None = None,
) -> Any:
    sent = dict(_HEADERS if headers is None else headers)
    if who is not None:
        sent["authorization"] = f"Bearer {await province.token(who)}"
    places = {"0": ["variables.input.file"]} if places is None else places
    return await province.graph.client.post(
        "/graphql",
        data={"operations": operations or operation(), "map": json.dumps(places)},
        files={"0": ("../../etc/passwd", content, "text/html")},
        headers=sent,
    )


async def sizes(province: ServedAdmissions, who: str = "wang") -> list[int]:
    """Return the sizes of somebody's files; one of 32 bytes came with their registration."""
    with province.graph.database.use():
        return sorted(file.size for file in await files_of(UUID(province.applicants[who])))


async def test_a_file_is_handed_in_once_however_often_it_is_sent(
    province: ServedAdmissions,
) -> None:
    for _ in range(2):
        answer = await send(province)
        assert answer.status_code == 200
        assert answer.json() == {
            "data": {
                "handInFile": {
                    "__typename": "Applicant",
                    "files": [
                        {"document": "identity-scan", "mediaType": "image/png", "size": size}
                        for size in (32, 108)
                    ],
                }
            }
        }
    keyed = operation(idempotencyKey="k")
    assert "errors" not in (await send(province, operations=keyed)).json()
    other = await send(province, operations=keyed, content=_PNG + b"x")
    assert other.json()["data"]["handInFile"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert await sizes(province) == [32, 108]


async def test_another_sites_form_is_refused_before_it_is_read(province: ServedAdmissions) -> None:
    for headers in ({}, {"graphql-require-preflight": ""}, {"x-requested-with": "x"}):
        answer = await send(province, headers={**headers, "accept-language": "en"})
        assert answer.status_code == 400
        assert answer.json() == {
            "errors": [
                {
                    "message": "An upload needs the header Apollo-Require-Preflight or "
                    "GraphQL-Require-Preflight.",
                    "extensions": {"code": "PREFLIGHT_REQUIRED"},
                }
            ]
        }
    for name in ("apollo-require-preflight", "x-apollo-operation-name"):
        assert (await send(province, headers={name: "Do"})).status_code == 200


async def test_what_is_no_file_or_too_large_is_refused(province: ServedAdmissions) -> None:
    for content, code in (
        (b"", "FILE_EMPTY"),
        (b"<script>", "FILE_TYPE_REFUSED"),
        (_PNG + bytes(5000), "FILE_TOO_LARGE"),
    ):
        answer = await send(province, content=content)
        assert answer.json()["data"]["handInFile"]["code"] == code
    answer = await send(province, content=_PNG + bytes(10_000))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (
        413,
        {"code": "PAYLOAD_TOO_LARGE"},
    )
    assert await sizes(province) == [32]


async def test_what_is_no_code_of_a_document_is_told_by_its_place(
    province: ServedAdmissions,
) -> None:
    for document in ("", "A B", "../etc", "x" * 101):
        answer = await send(province, operations=operation(document=document))
        assert answer.json()["data"]["handInFile"] == {
            "__typename": "InvalidInput",
            "code": "INPUT_INVALID",
            "message": "document: is no code of a document; take the key of one of the opening's "
            "documents, such as identity",
            "field": "document",
        }
    assert await sizes(province) == [32]


async def test_nobody_hands_in_for_somebody_else(province: ServedAdmissions) -> None:
    public = await send(province, who=None)
    assert public.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    other = await province.applicant("li", **PERSON)
    answer = await send(province, operations=operation(applicant=other))
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await sizes(province, "li") == [32]


_BAD_PLACES: tuple[Any, ...] = (
    [],
    {"0": "variables.input.file"},
    {"0": [7]},
    {"0": ["variables.input.nothing"]},
    {"0": ["variables.input.document"]},
    {"0": ["variables.input.document.x"]},
    {"0": ["variables.input.file"] * 2},
    {"0": ["nothing"]},
    {"0": [""]},
    {"1": ["variables.input.file"]},
    {"map": ["variables.input.file"]},
    {str(number): [] for number in range(20)},
)


async def test_a_form_that_is_not_as_specified_is_refused(province: ServedAdmissions) -> None:
    for places in _BAD_PLACES:
        answer = await send(province, places=places)
        assert answer.status_code == 400, places
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    # No place in a batch is counted from its end.
    answer = await send(province, operations="[{}]", places={"0": ["-1.variables.input.file"]})
    assert answer.status_code == 400
    for operations in ("[", "7", "{}", "[]"):
        answer = await send(province, operations=operations)
        assert answer.status_code == 400, operations
    token = await province.token("wang")
    for body, kind in (
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"x", "multipart/form-data"),
        (b"\xff" * 100, "multipart/form-data; boundary=x"),
    ):
        answer = await province.graph.client.post(
            "/graphql",
            content=body,
            headers={**_HEADERS, "content-type": kind, "authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 400, (body, answer.text)
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert await sizes(province) == [32]


async def test_a_file_may_come_with_a_query(province: ServedAdmissions) -> None:
    query = {"query": "query Q($f: Upload) { __typename }", "variables": {"f": None}}
    answer = await send(province, operations=json.dumps(query), places={"0": ["variables.f"]})
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    query["query"] = "{ __typename }"
    for _ in range(2):
        answer = await send(province, operations=json.dumps(query), places={"0": ["variables.f"]})
        assert answer.json() == {"data": {"__typename": "Query"}}


async def test_a_compressed_form_is_refused(province: ServedAdmissions) -> None:
    answer = await send(province, headers={**_HEADERS, "content-encoding": "gzip"})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNSUPPORTED_MEDIA_TYPE"}


async def test_a_file_is_nothing_but_a_file_of_a_form(province: ServedAdmissions) -> None:
    for file in ("text", None, {"content": "x"}):
        answer = await province.answer(
            _DO, "wang", {"input": {"document": "identity-scan", "file": file}}
        )
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "data" not in answer
