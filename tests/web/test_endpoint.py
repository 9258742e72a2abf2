"""Tests of zhupei.web.endpoint, through the whole application."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message
from zstandard import ZstdDecompressor

from small_graph import CHANGES, endpoint_of, small_app, small_settings
from zhupei.graphql.limits import TimeLimits
from zhupei.settings import Environment

_NO_JSON = "The request is not valid JSON."


def client_of(folder: Path, **changes: object) -> TestClient:
    """Return a client without the lifespan: no test here needs a database."""
    return TestClient(small_app(small_settings(folder, **changes)))


@pytest.fixture(autouse=True)
def _nothing_changed() -> None:
    CHANGES.clear()


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


def test_get_does_not_change_anything(client: TestClient) -> None:
    for accept in ("application/json", "application/graphql-response+json", "text/event-stream"):
        response = client.get(
            "/graphql",
            params={"query": "mutation { change }"},
            headers={"accept": accept, "accept-language": "en"},
        )
        message = "mutations are not allowed when using GET; send them by POST"
        refused = [{"message": message, "extensions": {"code": "METHOD_NOT_ALLOWED"}}]
        if accept == "text/event-stream":
            [event] = [line for line in response.text.splitlines() if line.startswith("data: {")]
            assert json.loads(event.removeprefix("data: ")) == {"errors": refused}
            continue
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert response.headers["content-type"] == accept
        assert response.json() == {"errors": refused}
    assert "change" not in CHANGES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The request is not valid JSON."),
        (b"{", "The request is not valid JSON."),
        (b"\xff\xfe", "The request is not valid JSON."),
        (b'{"query": "\xff"}', "The request is not valid JSON."),
        (b"[" * 100_000, "The request is not valid JSON."),
        (b'{"variables":' * 50_000, "The request is not valid JSON."),
        (b'{"query": "{hello}", "variables": {"n": ' + b"1" * 5000 + b"}}", _NO_JSON),
        (b'{"query": "{hello}", "variables": {"n": 1e999}}', _NO_JSON),
        (b'{"query": "{hello}", "variables": {"n": NaN}}', _NO_JSON),
        (rb'{"query":"query($n:String!){hello(name:$n)}","variables":{"n":"\ud800"}}', _NO_JSON),
        (b"1" * 5000, _NO_JSON),
        (b'"text"', "The request must be a JSON object."),
        (b"7", "The request must be a JSON object."),
        (b"null", "The request must be a JSON object."),
        (b"[]", "Batching is not enabled"),
        (b"{}", "No GraphQL query found in the request"),
        (b'{"query": 5}', "`query` must be a string or null."),
        (
            b'{"query": "{hello}", "variables": []}',
            "`variables` must be an object or null.",
        ),
        (
            b'{"query": "{hello}", "operationName": ["a"]}',
            "`operationName` must be a string or null.",
        ),
        (b'{"query": "{hello}", "extensions": 0}', "`extensions` must be an object or null."),
        (b'{"query": "{hello}", "documentId": 0}', "`documentId` must be a string or null."),
        (b'{"query": ""}', "No GraphQL query found in the request"),
        (b'{"query": null}', "No GraphQL query found in the request"),
        (
            b'{"extensions": {"persistedQuery": 1}}',
            '`extensions.persistedQuery` must be {"version": 1, "sha256Hash": …}.',
        ),
    ],
)
def test_a_malformed_request_is_a_readable_refusal(
    client: TestClient, content: bytes, message: str
) -> None:
    response = client.post(
        "/graphql",
        content=content,
        headers={"content-type": "application/json", "accept-language": "en"},
    )
    assert response.status_code == 400
    assert response.json() == {
        "errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/jsonp",
        "",
    ],
)
def test_what_a_foreign_page_can_send_without_asking_is_refused(
    client: TestClient, content_type: str
) -> None:
    response = client.post(
        "/graphql",
        content=json.dumps({"query": "mutation { change }"}),
        headers={"content-type": content_type, "accept-language": "en"},
    )
    assert response.status_code == 415
    assert response.headers["accept-post"] == "application/json"
    assert response.json() == {
        "errors": [
            {
                "message": "The body must be application/json in UTF-8.",
                "extensions": {"code": "UNSUPPORTED_MEDIA_TYPE"},
            }
        ]
    }
    assert "change" not in CHANGES


def test_a_form_needs_a_header_that_other_sites_cannot_send(client: TestClient) -> None:
    response = client.post(
        "/graphql",
        content=json.dumps({"query": "mutation { change }"}),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "PREFLIGHT_REQUIRED"}
    assert "change" not in CHANGES


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
def test_json_is_recognized_however_it_is_written(client: TestClient, content_type: str) -> None:
    response = client.post(
        "/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type}
    )
    assert response.json() == {"data": {"hello": "你好 世界"}}


_REQUEST_ERRORS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("{", {}),
    ("{ nothing }", {}),
    ("query ($n: String!) { hello(name: $n) }", {}),
    ("query ($n: String) { hello(name: $n) }", {"n": 7}),
    ("query A { hello } query B { hello }", {}),
    ("query A { hello }", {"operationName": "B"}),
    ("fragment A on Query { hello }", {}),
)


@pytest.mark.parametrize(("query", "given"), _REQUEST_ERRORS)
def test_what_is_refused_before_it_runs_has_no_data_and_the_status_of_its_kind(
    client: TestClient, query: str, given: dict[str, Any]
) -> None:
    body = {"query": query, "variables": given, "operationName": given.get("operationName")}
    for kind, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        response = client.post("/graphql", json=body, headers={"accept": kind})
        assert (response.status_code, response.headers["content-type"]) == (status, kind)
        assert set(response.json()) == {"errors"}
        codes = {error["extensions"]["code"] for error in response.json()["errors"]}
        assert codes == {"BAD_USER_INPUT"}


def test_what_ran_has_data_and_status_200_in_both_kinds(client: TestClient) -> None:
    for kind in ("application/json", "application/graphql-response+json"):
        response = client.post(
            "/graphql", json={"query": "{ hello refused }"}, headers={"accept": kind}
        )
        assert (response.status_code, response.headers["content-type"]) == (200, kind)
        assert response.json()["data"] == {"hello": "你好 世界", "refused": None}


def test_a_client_that_accepts_no_json_is_told_so(client: TestClient) -> None:
    response = client.post(
        "/graphql",
        json={"query": "mutation { change }"},
        headers={"accept": "text/csv", "accept-language": "en"},
    )
    assert (response.status_code, response.headers["content-type"]) == (406, "application/json")
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "NOT_ACCEPTABLE"}
    assert "change" not in CHANGES


def test_refusals_speak_the_language_of_the_request(client: TestClient) -> None:
    response = client.post("/graphql", content=b"{", headers={"content-type": "application/json"})
    assert response.json()["errors"][0]["message"] == "请求不是有效的 JSON（UTF-8）。"


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("query=%ff", "The query string cannot be read."),
        ("&".join(f"a{number}=1" for number in range(40)), "The query string cannot be read."),
        ("query={hello}&variables=[", "The request is not valid JSON."),
        ("query={hello}&variables=[]", "`variables` must be an object or null."),
        ("query={hello}&extensions=7", "`extensions` must be an object or null."),
        ("query=", "No GraphQL query found in the request"),
        ("", "No GraphQL query found in the request"),
    ],
)
def test_a_malformed_query_string_is_a_readable_refusal(
    client: TestClient, query_string: str, message: str
) -> None:
    response = client.get(f"/graphql?{query_string}", headers={"accept-language": "en"})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"message": message, "extensions": {"code": "BAD_USER_INPUT"}}
    ]


def test_a_query_string_carries_variables_and_a_name(client: TestClient) -> None:
    params = {
        "query": "query A($n: String!) { hello(name: $n) } query B { hello }",
        "variables": '{"n": "小王"}',
        "operationName": "A",
        "extensions": "",
    }
    assert client.get("/graphql", params=params).json() == {"data": {"hello": "你好 小王"}}


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    endpoint = endpoint_of(tmp_path)
    endpoint._body_limits = TimeLimits(0.02)
    sent: list[Message] = []

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"accept-language", b"en")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    await endpoint(scope, never, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"]) == {
        "errors": [
            {
                "message": "The body of the request did not come in time.",
                "extensions": {"code": "REQUEST_TIMED_OUT"},
            }
        ]
    }


async def test_nothing_is_answered_to_a_client_that_left(tmp_path: Path) -> None:
    endpoint = endpoint_of(tmp_path)
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"query": "mutation ', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        pytest.fail(str(message))

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    await endpoint(scope, receive, send)
    assert messages == []
    assert "change" not in CHANGES


def test_what_breaks_outside_of_fields_is_masked_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = endpoint_of(tmp_path)

    async def broken(*_: Any) -> Any:
        raise RuntimeError("password=hunter2")

    endpoint._execute = broken
    client = TestClient(endpoint)
    response = client.post(
        "/graphql",
        json={"query": "{ hello }"},
        headers={"accept": "application/graphql-response+json"},
    )
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/graphql-response+json"
    assert response.json() == {
        "errors": [
            {
                "message": "服务器内部错误，已记录；请向维护者提供请求编号。",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": ""},
            }
        ]
    }
    [record] = [one for one in caplog.records if one.exc_info]
    assert (record.name, str(record.exc_info and record.exc_info[1])) == (
        "zhupei.graphql",
        "password=hunter2",
    )


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
            "/graphql",
            content=content,
            headers={"content-type": "application/json", "accept-language": "en"},
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
    response = client.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"accept-language": "en"},
    )
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    if message is not None:
        assert error["message"] == message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{", "语法错误：此处应为 Name，而不是 <EOF>。"),
        ("{ helo }", "类型 Query 没有字段 helo。是否想用 hello？"),
        ("fragment A on Query { hello }", "请求中没有操作，只有片段。"),
        ("query A { hello } query B { hello }", "请求中有多个操作，须用 operationName 指明其一。"),
        ('{ amount(of: "x") }', '所给 "x" 不是 Decimal。'),
        ("{ a" + " { a" * 70 + " }" * 71, "查询嵌套超过 60 层。"),
    ],
)
def test_what_graphql_itself_says_is_chinese_unless_english_is_asked_for(
    client: TestClient, query: str, message: str
) -> None:
    [error] = post(client, query)["errors"]
    assert error["message"] == message
    body = {"query": query}
    answer = client.post("/graphql", json=body, headers={"accept-language": "en"}).json()
    assert answer["errors"][0]["message"].isascii()


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
    assert error["message"] == "类型 Query 没有字段 helo。"
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
    headers = {"accept-language": "en"}
    answer = client.post("/graphql", json={"query": "{ helo }"}, headers=headers).json()
    [error] = answer["errors"]
    assert error["message"] == "Cannot query field 'helo' on type 'Query'. Did you mean 'hello'?"


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("zstd;q=0, gzip", "gzip"),
        ("identity", None),
    ],
)
def test_long_answers_are_compressed(client: TestClient, accepted: str, used: str | None) -> None:
    for kind in ("application/json", "application/graphql-response+json"):
        response = client.post(
            "/graphql",
            json={"query": "{ long }"},
            headers={"accept-encoding": accepted, "accept": kind},
        )
        assert response.headers.get("content-encoding") == used
        content = response.content
        if used == "zstd":  # which the client does not undo
            content = ZstdDecompressor().decompress(content)
        assert len(json.loads(content)["data"]["long"]) == 2000


def test_short_answers_are_not_compressed(client: TestClient) -> None:
    response = client.post("/graphql", json={"query": "{ hello }"})
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("host", ["zhupei.example", "evil.example"])
def test_other_ways_lead_to_the_graph_and_to_no_other_host(client: TestClient, host: str) -> None:
    for method, path, location in (
        ("GET", "/", "/graphql"),
        ("HEAD", "/", "/graphql"),
        ("GET", "/graphql/?query=%7B+hello+%7D", "/graphql?query=%7B+hello+%7D"),
        ("POST", "/graphql/", "/graphql"),
    ):
        response = client.request(method, path, headers={"host": host}, follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (307, location)
    other = client.get("/health/live/", headers={"host": host}, follow_redirects=False)
    assert (other.status_code, "location" in other.headers) == (404, False)
    followed = client.post("/graphql/", json={"query": "{ hello }"})
    assert followed.json()["data"] == {"hello": "你好 世界"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
def test_a_compressed_body_is_refused_as_such(client: TestClient, encoding: str) -> None:
    body = gzip.compress(b'{"query": "{ hello }"}')
    headers = {"content-type": "application/json", "content-encoding": encoding}
    response = client.post("/graphql", content=body, headers={**headers, "accept-language": "en"})
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity")
    assert response.json()["errors"] == [
        {
            "message": "The body of a request must not be compressed.",
            "extensions": {"code": "UNSUPPORTED_MEDIA_TYPE"},
        }
    ]
    headers["content-encoding"] = "Identity"
    plain = client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert plain.json() == {"data": {"hello": "你好 世界"}}


_PREFLIGHT = {
    "origin": "https://a.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type, graphql-require-preflight",
}


def test_only_named_origins_may_call_from_a_page(tmp_path: Path) -> None:
    client = client_of(tmp_path, allowed_origins=("https://a.example",))
    allowed = client.options("/graphql", headers=_PREFLIGHT)
    assert (allowed.status_code, allowed.content) == (204, b"")
    assert allowed.headers["access-control-allow-origin"] == "https://a.example"
    headers = {**_PREFLIGHT, "accept-language": "en"}
    for changed in (
        {"origin": "https://b.example"},
        {"access-control-request-method": "DELETE"},
        {"access-control-request-headers": "x-of-mine"},
    ):
        other = client.options("/graphql", headers={**headers, **changed})
        assert other.status_code == 403
        assert ("access-control-allow-origin" in other.headers) is ("origin" not in changed)
        [error] = other.json()["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN"}
        assert error["message"].startswith("Pages of this site may not ask like this: ")


@pytest.mark.parametrize(
    "header",
    ["apollographql-client-name", "apollographql-client-version", "traceparent", "baggage"],
)
def test_pages_may_send_what_their_libraries_add(tmp_path: Path, header: str) -> None:
    client = client_of(tmp_path, allowed_origins=("https://a.example",))
    asked = {"access-control-request-headers": f"authorization,content-type,{header}"}
    assert client.options("/graphql", headers={**_PREFLIGHT, **asked}).status_code == 204


def test_a_page_can_read_what_the_guards_refuse(tmp_path: Path) -> None:
    """R: 421, 429 and 503 come from outside of the graph; a page has to see them, too."""
    origins, hosts = ("https://a.example",), ("zhupei.example",)
    client = client_of(tmp_path, allowed_origins=origins, allowed_hosts=hosts)
    for host, status in (("zhupei.example", 200), ("other.example", 421)):
        headers = {"origin": "https://a.example", "host": host}
        answer = client.get("/graphql?query={hello}", headers=headers)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "https://a.example"
        assert "retry-after" in answer.headers["access-control-expose-headers"]
        del headers["origin"]
        assert "access-control-allow-origin" not in client.get("/graphql", headers=headers).headers
