"""Tests of zhupei.web.request_scope, through the whole application."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
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


def test_there_is_no_access_log_unless_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    with caplog.at_level(logging.INFO, "zhupei.access"):
        client.get("/graphql", params={"query": "{ hello }"})
    assert [r for r in caplog.records if r.name == "zhupei.access"] == []
