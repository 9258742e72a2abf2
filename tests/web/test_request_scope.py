"""Tests of zhupei.web.request_scope, through the whole application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from small_graph import small_app, small_settings


def test_an_acceptable_request_id_is_taken_over(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    response = client.get("/health/live", headers={"x-request-id": "gateway-0001"})
    assert response.headers["x-request-id"] == "gateway-0001"


@pytest.mark.parametrize(
    "sent", [b"short", b"a" * 65, b"with space 123", b"x" * 8 + b"\xe9", b"x" * 8 + b"=\x0b1"]
)
def test_a_request_id_that_could_disturb_a_log_is_replaced(tmp_path: Path, sent: bytes) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    response = client.get("/health/live", headers={b"x-request-id": sent})
    found = response.headers["x-request-id"]
    assert len(found) == 32
    assert int(found, 16) >= 0


def test_the_access_log_has_no_query_and_no_body(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(small_app(small_settings(tmp_path, access_log=True)))
    with caplog.at_level(logging.INFO, "zhupei.access"):
        client.get("/graphql", params={"query": '{ hello(name: "110101199003070000") }'})
    [record] = [r for r in caplog.records if r.name == "zhupei.access"]
    fields = record.__dict__
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/graphql", 200)
    assert "110101199003070000" not in caplog.text
    assert "110101199003070000" not in str(fields)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/graphql", "/graphql"),
        ("/health/live", "/health/live"),
        ("/of/110101199003070038/zhang@example.org", "/of/{person}/{address}"),
        ("/nope/110101199003070038", "/nope/…"),
        ("/api/graphql/", "/api/graphql/"),
        ("/张三/13911223344/zhang@example.org/index.php", "/…/…/…/index.php"),
        ("/eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln", "/…"),
        ("/a\r\nb/x y", "/…/…"),
    ],
)
def test_the_access_log_tells_no_value_of_a_path(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, told: str
) -> None:
    app = small_app(small_settings(tmp_path, access_log=True))

    async def found(_request: Request) -> Response:
        return Response("")

    app.router.routes.append(Route("/of/{person}/{address}", found))
    with caplog.at_level(logging.INFO, "zhupei.access"):
        TestClient(app).get(quote(path), headers={"accept": "text/html"})
    [record] = [r for r in caplog.records if r.name == "zhupei.access"]
    assert record.__dict__["path"] == told


def test_there_is_no_access_log_unless_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    with caplog.at_level(logging.INFO, "zhupei.access"):
        client.get("/graphql", params={"query": "{ hello }"})
    assert [r for r in caplog.records if r.name == "zhupei.access"] == []


def test_what_breaks_in_a_route_is_json_with_the_requests_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = small_app(small_settings(tmp_path))

    async def broken(_request: Request) -> Response:
        raise RuntimeError("password=hunter2")

    app.router.routes.append(Route("/broken", broken))
    response = TestClient(app).get(
        "/broken", headers={"x-request-id": "request-0001", "accept-language": "en"}
    )
    assert (response.status_code, response.headers["content-type"]) == (500, "application/json")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "errors": [
            {
                "message": "An internal error, which has been logged; "
                "give the maintainers the request id.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-0001"},
            }
        ]
    }
    [record] = [one for one in caplog.records if one.exc_info]
    assert str(record.exc_info and record.exc_info[1]) == "password=hunter2"


def test_what_breaks_after_it_began_closes_the_connection(tmp_path: Path) -> None:
    app = small_app(small_settings(tmp_path))

    async def broken(_request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError("password=hunter2")

        return StreamingResponse(body())

    app.router.routes.append(Route("/broken", broken))
    with pytest.raises(RuntimeError, match="password=hunter2"):
        TestClient(app).get("/broken")


def test_what_no_route_takes_is_refused_in_json(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    for method, path, status, code, message in (
        ("GET", "/nowhere", 404, "NOT_FOUND", "Not Found"),
        ("POST", "/health/live", 405, "METHOD_NOT_ALLOWED", "Method Not Allowed"),
    ):
        response = client.request(method, path, headers={"accept-language": "en"})
        assert response.status_code == status
        assert response.json() == {"errors": [{"message": message, "extensions": {"code": code}}]}
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
