"""Tests of zhupei.web.answer_cache, and of what browsers and proxies may keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from graphql import get_introspection_query
from wired_app import ByCookie, endpoint_in, served
from zhupei.app import application_of
from zhupei.domain.text import Language
from zhupei.hooks.scope import Naming, Rights
from zhupei.web.answer_cache import AnswerCache, answer_key
from zhupei.web.operation_requests import OperationRequest

_NAME = '{ base(code: "example-hospital") { code name } }'
_CLOCK = "{ openings(first: 1, filter: { openNow: true }) { totalCount } }"


class Served:
    """Stands for a catalogue."""


def asked(query: str, **more: Any) -> OperationRequest:
    return OperationRequest(
        **{
            "query": query,
            "variables": None,
            "operation_name": None,
            "extensions": None,
            "document_id": None,
            **more,
        }
    )


def test_what_is_kept_belongs_to_one_catalogue() -> None:
    cache, first, second = AnswerCache(1 << 20), Served(), Served()
    key = answer_key(asked("{ a }"), Language.ZH)
    assert key is not None
    cache.put(first, key, b"1")
    kept = cache.get(first, key)
    assert kept is not None
    assert kept.body == b"1"
    assert cache.get(second, key) is None
    cache.put(second, key, b"2")
    assert cache.get(first, key) is None
    assert len(cache) == 1


def test_what_was_not_asked_for_longest_goes_first_and_bytes_are_bounded() -> None:
    catalogue = Served()
    cache = AnswerCache(16_000)
    keys = [answer_key(asked(f"{{ a{number} }}"), Language.ZH) for number in range(12)]
    for key in keys[:9]:
        assert key is not None
        cache.put(catalogue, key, b"x" * 1000)
    oldest, second = keys[0], keys[1]
    assert oldest is not None
    assert second is not None
    assert cache.get(catalogue, oldest) is not None
    for key in keys[9:]:
        assert key is not None
        cache.put(catalogue, key, b"x" * 1000)
    assert cache.get(catalogue, oldest) is not None
    assert cache.get(catalogue, second) is None
    assert cache.bytes <= 16_000
    assert len(cache) == 9
    # The same again takes no more room.
    before = cache.bytes
    cache.put(catalogue, oldest, b"x" * 1000)
    assert cache.bytes == before


def test_an_answer_that_would_drive_out_the_others_is_not_kept() -> None:
    cache, catalogue = AnswerCache(16_000), Served()
    key = answer_key(asked("{ a }"), Language.ZH)
    assert key is not None
    assert cache.put(catalogue, key, b"x" * 2000).body == b"x" * 2000
    assert len(cache) == 0


def test_what_decides_is_in_the_key() -> None:
    base = asked("query A($n: Int) { a }", variables={"n": 1}, operation_name="A")
    other = [
        answer_key(base, Language.EN),
        answer_key(asked("{ b }"), Language.ZH),
        answer_key(asked(base.query or "", variables={"n": 2}, operation_name="A"), Language.ZH),
        answer_key(asked(base.query or "", variables={"n": 1}), Language.ZH),
    ]
    assert answer_key(base, Language.ZH) not in other
    assert len(set(other)) == len(other)
    for may_change in (
        "mutation { a }",
        "query A{a}mutation B{b}",
        "\ufeffmutation{a}",
        "#\nmutation",
    ):
        assert answer_key(asked(may_change), Language.ZH) is None
    assert answer_key(asked("{ __schema { mutationType { name } } }"), Language.ZH) is not None
    assert answer_key(asked("{ a }", extensions={"cost": True}), Language.ZH) is None


@pytest.fixture
async def app(tmp_path: Path) -> Starlette:
    made = served(tmp_path)
    await application_of(made).graph.catalogue.reload()
    return made


def get(client: TestClient, query: str, **headers: str) -> Any:
    return client.get("/graphql", params={"query": query}, headers=headers)


async def test_an_answer_of_the_catalogue_is_made_once(app: Starlette) -> None:
    client, endpoint = TestClient(app), endpoint_in(app)
    answered = endpoint.schema.engine.counts.answered  # type: ignore[attr-defined]  # the served schema
    first = get(client, _NAME)
    second = client.post("/graphql", json={"query": _NAME})
    third = get(client, _NAME, accept="application/graphql-response+json")
    assert first.content == second.content == third.content
    assert first.json()["data"]["base"]["code"] == "example-hospital"
    assert third.headers["content-type"] == "application/graphql-response+json"
    assert endpoint.schema.engine.counts.answered == answered + 1  # type: ignore[attr-defined]  # as above
    english = get(client, _NAME, **{"accept-language": "en"})
    assert english.content != first.content
    assert endpoint.schema.engine.counts.answered == answered + 2  # type: ignore[attr-defined]  # as above


async def test_the_schema_is_described_once(app: Starlette) -> None:
    client, engine = TestClient(app), endpoint_in(app).schema.engine  # type: ignore[attr-defined]  # the served schema
    whole = get_introspection_query()
    first, answered = client.post("/graphql", json={"query": whole}), engine.counts.answered
    assert len(first.json()["data"]["__schema"]["types"]) > 400
    assert client.post("/graphql", json={"query": whole}).content == first.content
    again = get(client, whole)
    assert get(client, whole, **{"if-none-match": again.headers["etag"]}).status_code == 304
    assert engine.counts.answered == answered
    for name in ("Base", "Opening"):
        query = "query ($name: String!) { __type(name: $name) { name } }"
        body = {"query": query, "variables": {"name": name}}
        for _ in range(2):
            assert client.post("/graphql", json=body).json() == {"data": {"__type": {"name": name}}}
    assert engine.counts.answered == answered + 2


async def test_another_catalogue_is_answered_from_at_once(app: Starlette, tmp_path: Path) -> None:
    client = TestClient(app)
    before = get(client, _NAME)
    [path] = (tmp_path / "bases").rglob("example-hospital.yaml")
    name = before.json()["data"]["base"]["name"]
    text = path.read_text("utf-8")
    assert name in text
    path.write_text(text.replace(name, f"{name}（新）"), "utf-8")
    await application_of(app).graph.catalogue.reload()
    for _ in range(2):
        after = get(client, _NAME, **{"if-none-match": before.headers["etag"]})
        assert (after.status_code, after.json()["data"]["base"]["name"]) == (200, f"{name}（新）")
    assert after.headers["etag"] != before.headers["etag"]


async def test_a_client_that_has_the_answer_gets_304(app: Starlette) -> None:
    client = TestClient(app)
    first = get(client, _NAME)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert first.headers["cache-control"] == "public, no-cache"
    assert {"Accept", "Accept-Encoding", "Accept-Language", "Authorization"} <= {
        one.strip() for one in first.headers["vary"].split(",")
    }
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = get(client, _NAME, **{"if-none-match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers
        assert "content-type" not in again.headers
    for sent in ('"other"', "", tag[:-2]):
        assert get(client, _NAME, **{"if-none-match": sent}).status_code == 200
    posted = client.post("/graphql", json={"query": _NAME}, headers={"if-none-match": tag})
    assert posted.status_code == 200
    assert posted.headers["cache-control"] == "no-store"
    assert "etag" not in posted.headers


async def test_what_the_clock_decides_is_asked_for_each_time(app: Starlette) -> None:
    client, endpoint = TestClient(app), endpoint_in(app)
    first = get(client, _CLOCK)
    assert "errors" not in first.json()
    answered = endpoint.schema.engine.counts.answered  # type: ignore[attr-defined]  # the served schema
    again = get(client, _CLOCK, **{"if-none-match": first.headers["etag"]})
    # The same answer need not be sent again, but it is made anew.
    assert (again.status_code, again.headers["cache-control"]) == (304, "public, no-cache")
    assert endpoint.schema.engine.counts.answered == answered + 1  # type: ignore[attr-defined]  # as above
    assert len(endpoint._kept) == 0


async def test_errors_are_not_kept_and_not_to_be_stored(app: Starlette) -> None:
    client, endpoint = TestClient(app), endpoint_in(app)
    for query in ('{ base(code: "example-hospital") { nothing } }', "{ viewer { id } }"):
        answer = get(client, query)
        if "errors" in answer.json():
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers
    assert len(endpoint._kept) == 0


async def test_browsers_may_be_told_not_to_ask_for_a_while(tmp_path: Path) -> None:
    app = served(tmp_path, cache_seconds=300)
    await application_of(app).graph.catalogue.reload()
    client = TestClient(app)
    assert get(client, _NAME).headers["cache-control"] == "public, max-age=300"
    assert get(client, _CLOCK).headers["cache-control"] == "public, no-cache"


async def test_a_refused_token_is_refused_though_the_answer_is_kept(app: Starlette) -> None:
    client = TestClient(app)
    assert get(client, _NAME).status_code == 200
    refused = get(client, _NAME, authorization="Bearer nobody")
    assert refused.status_code == 401
    assert refused.headers["cache-control"] == "no-store"


async def test_nothing_is_public_where_a_plugin_knows_people_by_other_means(
    app: Starlette,
) -> None:
    holder = application_of(app).graph.catalogue
    assert holder.loaded is not None
    dispatcher = holder.loaded.dispatcher
    dispatcher.host = dispatcher.host.extended(
        "by-cookie", ByCookie(), Naming(Rights.PLATFORM, Path("zhupei.yaml"), 1)
    )
    assert dispatcher.host.failures == ()
    client = TestClient(app)
    for cookie in ({}, {"cookie": "who=x"}):
        kept = get(client, _NAME, **cookie)
        assert kept.headers["cache-control"] == "private, no-cache"
        assert kept.json()["data"]["base"]["code"] == "example-hospital"
    # What an actor may see by themselves is not even kept by their browser.
    assert get(client, _CLOCK, cookie="who=x").headers["cache-control"] == "no-store"
