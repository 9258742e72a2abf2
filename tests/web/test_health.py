"""Tests of zhupei.web.health, through the running application."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from small_graph import small_app, small_settings
from zhupei.app import application_of
from zhupei.settings import Environment
from zhupei.web.health import health_routes


def test_a_process_lives_before_anything_is_loaded(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    assert client.get("/health/live").json() == {"status": "ok"}
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["catalogue"] == {"status": "unavailable", "hash": None}


def test_ready_with_catalogue_and_database(tmp_path: Path, database_url: str) -> None:
    app = small_app(small_settings(tmp_path, database_url=database_url))
    with TestClient(app) as client:
        catalogue = application_of(app).graph.catalogue.current
        assert catalogue is not None
        response = client.get("/health/ready")
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        assert response.json() == {
            "status": "ok",
            "catalogue": {"status": "ok", "hash": catalogue.hash},
            "database": {"status": "ok"},
            "plugins": {"status": "ok"},
        }


def test_without_a_database_it_is_degraded_and_says_what_to_set(tmp_path: Path) -> None:
    settings = small_settings(tmp_path, database_url="postgresql://u@127.0.0.1:1/d")
    with TestClient(small_app(settings)) as client:
        assert client.post("/graphql", json={"query": "{ hello }"}).json() == {
            "data": {"hello": "你好 世界"}
        }
        response = client.get("/health/ready")
    assert response.status_code == 200
    state = response.json()
    assert state["status"] == "degraded"
    assert state["database"]["status"] == "unavailable"
    assert state["database"]["reason"].startswith("the database cannot be used: Conn")
    assert state["database"]["hint"] == "check ZHUPEI_DATABASE_URL"


def test_production_keeps_the_reason_to_its_log(tmp_path: Path) -> None:
    settings = small_settings(
        tmp_path,
        database_url="postgresql://u@127.0.0.1:1/d",
        environment=Environment.PRODUCTION,
    )
    with TestClient(small_app(settings)) as client:
        assert client.get("/health/ready").json()["database"] == {"status": "unavailable"}


def test_a_plugin_that_is_left_out_is_named(tmp_path: Path, database_url: str) -> None:
    """The rest is served: the status is 200, and says degraded."""
    app = small_app(small_settings(tmp_path, database_url=database_url))
    with TestClient(app) as client:
        routes = health_routes(
            database=application_of(app).database,
            catalogue_hash=lambda: "a" * 64,
            plugins=lambda: {"good": True, "bad": False},
            reveal=True,
        )
        client.app.router.routes[:0] = routes  # type: ignore[attr-defined]  # it is Starlette's
        response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["plugins"] == {"status": "degraded", "degraded": ["bad"]}
