"""Tests of zhupei.web.endpoint, through the whole application."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from small_graph import small_app, small_settings
from zhupei.settings import Environment


def client_of(folder: Path, **changes: object) -> TestClient:
    """Return a client without the lifespan: no test here needs a database."""
    return TestClient(small_app(small_settings(folder, **changes)))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with_client = client_of(tmp_path)
    yield with_client
    with_client.close()


def post(client: TestClient, query: str, **more: Any) -> Any:
    response = client.post("/graphql", json={"query": query, **more})
    assert response.status_code == 200
    return response.json()


def test_post_and_get_answer_at_one_path_in_utf_8(client: TestClient) -> None:
    for response in (
        client.post("/graphql", json={"query": "{ hello }"}, follow_redirects=False),
        client.get("/graphql", params={"query": "{ hello }"}, follow_redirects=False),
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.content == '{"data":{"hello":"你好 世界"}}'.encode()
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_half_a_surrogate_pair_is_answered_in_valid_json(client: TestClient) -> None:
    response = client.post(
        "/graphql",
        content=rb'{"query":"query($n:String!){hello(name:$n)}","variables":{"n":"\ud800"}}',
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 200
    assert response.content == rb'{"data":{"hello":"\u4f60\u597d \ud800"}}'


def test_get_does_not_change_anything(client: TestClient) -> None:
    response = client.get("/graphql", params={"query": "mutation { change }"})
    assert response.status_code == 400
    assert response.json() == {
        "errors": [
            {
                "message": "mutations are not allowed when using GET",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The request is not valid JSON."),
        (b"\xff\xfe", "The request is not valid JSON."),
        (b"[" * 100_000, "The request is not valid JSON."),
        (b'"text"', "The request must be a JSON object."),
        (b"7", "The request must be a JSON object."),
        (b"null", "The request must be a JSON object."),
        (b"[]", "Batching is not enabled"),
        (b"{}", "No GraphQL query found in the request"),
        (b'{"query": 5}', "The GraphQL operation's `query` must be a string or null, if provided."),
        (
            b'{"query": "{hello}", "variables": []}',
            "The GraphQL operation's `variables` must be an object or null, if provided.",
        ),
        (
            b'{"query": "{hello}", "operationName": ["a"]}',
            "`operationName` must be a string or null.",
        ),
    ],
)
def test_a_malformed_request_is_a_readable_refusal(
    client: TestClient, content: bytes, message: str
) -> None:
    response = client.post(
        "/graphql", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json() == {
        "errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]
    }


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x"])
def test_what_a_foreign_page_can_send_without_asking_is_refused(
    client: TestClient, content_type: str
) -> None:
    response = client.post(
        "/graphql",
        content=json.dumps({"query": "mutation { change }"}),
        headers={"content-type": content_type},
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


def test_other_methods_are_told_which_are_allowed(client: TestClient) -> None:
    response = client.put("/graphql", json={"query": "{ hello }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert response.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}


def test_a_body_that_is_too_large_is_refused_announced_or_not(tmp_path: Path) -> None:
    client = client_of(tmp_path, max_body_bytes=1024)
    body = json.dumps({"query": "{ hello }", "padding": "x" * 2000}).encode()

    def pieces() -> Iterator[bytes]:
        yield from (body[at : at + 500] for at in range(0, len(body), 500))

    for content in (body, pieces()):
        response = client.post(
            "/graphql", content=content, headers={"content-type": "application/json"}
        )
        assert response.status_code == 413
        assert response.json() == {
            "errors": [
                {
                    "message": "The request is larger than 1024 bytes.",
                    "extensions": {"code": "PAYLOAD_TOO_LARGE"},
                }
            ]
        }


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        ("{", {}, "Syntax Error: Expected Name, found <EOF>."),
        ("{ nothing }", {}, "Cannot query field 'nothing' on type 'Query'."),
        ('{ amount(of: "x") }', {}, None),
        ("query ($d: Decimal!) { amount(of: $d) }", {"d": "x"}, None),
        ("query ($d: Decimal!) { amount(of: $d) }", {}, None),
        (
            "query A { hello } query B { hello }",
            {},
            "Must provide `operationName`: there are several operations.",
        ),
    ],
)
def test_parse_validation_and_coercion_errors_are_bad_user_input(
    client: TestClient, query: str, variables: dict[str, Any], message: str | None
) -> None:
    response = client.post("/graphql", json={"query": query, "variables": variables})
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    if message is not None:
        assert error["message"] == message


def test_an_internal_error_is_masked_and_logged_once(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        response = client.post(
            "/graphql",
            json={"query": "{ hello broken }"},
            headers={"x-request-id": "request-0001", "accept-language": "en"},
        )
    assert response.json() == {
        "data": {"hello": "你好 世界", "broken": None},
        "errors": [
            {
                "message": "An internal error, which has been logged; "
                "give the maintainers the request id.",
                "locations": [{"line": 1, "column": 9}],
                "path": ["broken"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-0001"},
            }
        ],
    }
    [record] = [r for r in caplog.records if r.exc_info]
    assert record.name == "zhupei.graphql"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "password=hunter2 at /srv/secret"
    assert record.__dict__["path"] == "broken"


def test_an_internal_error_is_told_in_chinese_by_default(client: TestClient) -> None:
    [error] = post(client, "{ broken }")["errors"]
    assert error["message"] == "服务器内部错误，已记录；请向维护者提供请求编号。"


def test_a_refusal_keeps_its_message_and_code(client: TestClient) -> None:
    [error] = post(client, "{ refused }")["errors"]
    assert (error["message"], error["extensions"]) == (
        "no such opening",
        {"code": "NOT_FOUND"},
    )


def test_a_missing_database_is_told_without_its_host(client: TestClient) -> None:
    answer = post(client, "{ hello stored }")
    assert answer["data"] == {"hello": "你好 世界", "stored": None}
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "DATABASE_UNAVAILABLE"}
    assert "db.internal" not in json.dumps(answer)


def test_production_neither_describes_nor_hints_at_the_schema(tmp_path: Path) -> None:
    client = client_of(tmp_path, environment=Environment.PRODUCTION)
    refused = post(client, "{ __schema { queryType { name } } }")["errors"]
    assert {error["extensions"]["code"] for error in refused} == {"INTROSPECTION_DISABLED"}
    [error] = post(client, "{ helo }")["errors"]
    assert error["message"] == "Cannot query field 'helo' on type 'Query'."
    assert post(client, "{ __typename }") == {"data": {"__typename": "Query"}}
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert (page.status_code, page.json()["errors"][0]["extensions"]) == (
        404,
        {"code": "NOT_FOUND"},
    )


def test_production_opens_what_is_switched_on(tmp_path: Path) -> None:
    client = client_of(tmp_path, environment=Environment.PRODUCTION, ide=True, introspection=True)
    assert post(client, "{ __schema { queryType { name } } }") == {
        "data": {"__schema": {"queryType": {"name": "Query"}}}
    }
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_a_development_server_suggests(client: TestClient) -> None:
    [error] = post(client, "{ helo }")["errors"]
    assert error["message"] == "Cannot query field 'helo' on type 'Query'. Did you mean 'hello'?"


def test_long_answers_are_compressed(client: TestClient) -> None:
    response = client.post("/graphql", json={"query": "{ long }"})
    assert response.headers["content-encoding"] == "gzip"
    assert len(response.json()["data"]["long"]) == 2000


def test_the_root_leads_to_the_graph(client: TestClient) -> None:
    response = client.get("/", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "/graphql")


def test_only_named_origins_may_call_from_a_page(tmp_path: Path) -> None:
    client = client_of(tmp_path, allowed_origins=("https://a.example",))
    headers = {
        "origin": "https://a.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    allowed = client.options("/graphql", headers=headers)
    assert allowed.headers["access-control-allow-origin"] == "https://a.example"
    other = client.options("/graphql", headers={**headers, "origin": "https://b.example"})
    assert other.status_code == 400
    assert "access-control-allow-origin" not in other.headers
