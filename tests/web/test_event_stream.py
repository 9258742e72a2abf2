"""Tests of zhupei.web.event_stream, and of subscriptions and batches over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Message

from small_graph import CHANGES, endpoint_of, small_app, small_settings
from zhupei.domain.text import Text
from zhupei.graphql.engine import Engine
from zhupei.web.event_stream import EventFrames, Frames, MultipartFrames, stream
from zhupei.web.sign_in import ActorRefused

_EVENTS = "text/event-stream"
_PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
_COUNT = "subscription { count(to: 2) }"


@pytest.fixture(autouse=True)
def _nothing_changed() -> None:
    CHANGES.clear()


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(small_app(small_settings(tmp_path)))


def test_events_carry_whole_answers(client: TestClient) -> None:
    for answer in (
        client.post("/graphql", json={"query": _COUNT}, headers={"accept": _EVENTS}),
        client.get("/graphql", params={"query": _COUNT}, headers={"accept": _EVENTS}),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.text == (
            'event: next\ndata: {"data":{"count":0}}\n\n'
            'event: next\ndata: {"data":{"count":1}}\n\n'
            "event: complete\ndata: \n\n"
        )


def test_what_graphql_core_answers_is_told_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = endpoint_of(tmp_path)
    client = TestClient(Starlette(routes=[Mount("/", endpoint)]))
    engine: Engine = endpoint.schema.engine  # type: ignore[attr-defined]  # the small graph has one
    client.post("/graphql", json={"query": _COUNT}, headers={"accept": _EVENTS})
    client.post("/graphql", json={"query": "subscription { x }"}, headers={"accept": _EVENTS})
    assert (engine.counts.interpreted, engine.counts.answered) == (1, 0)
    monkeypatch.setattr(engine, "explain", True)
    told = client.post("/graphql", json={"query": _COUNT}, headers={"accept": _EVENTS}).text
    for number in range(2):
        shown = {"data": {"count": number}, "extensions": {"engine": {"compiled": False}}}
        assert f"data: {json.dumps(shown, separators=(',', ':'))}\n" in told
    assert engine.counts.interpreted == 2


def test_parts_carry_payloads_and_end_with_the_last_boundary(client: TestClient) -> None:
    answer = client.post("/graphql", json={"query": _COUNT}, headers={"accept": _PARTS})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == (
        'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    )
    assert answer.text == (
        "--graphql"
        '\r\ncontent-type: application/json\r\n\r\n{"payload":{"data":{"count":0}}}\r\n--graphql'
        '\r\ncontent-type: application/json\r\n\r\n{"payload":{"data":{"count":1}}}\r\n--graphql'
        "--\r\n"
    )


def test_parts_are_not_compressed(client: TestClient) -> None:
    """A compressor held each part back, and browsers, which accept gzip, saw none."""
    headers = {"accept": _PARTS, "accept-encoding": "gzip, deflate, br, zstd"}
    answer = client.post("/graphql", json={"query": _COUNT}, headers=headers)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("accept", [_PARTS, f"application/json, {_EVENTS}", f"*/*, {_EVENTS}"])
def test_a_query_is_answered_as_json_where_that_is_accepted_too(
    client: TestClient, accept: str
) -> None:
    answer = client.post("/graphql", json={"query": "{ hello }"}, headers={"accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"data": {"hello": "你好 世界"}}


@pytest.mark.parametrize(
    "accept",
    ["application/json", "*/*", "", "multipart/mixed", "multipart/mixed;deferSpec=20220824", "a/b"],
)
def test_a_subscription_needs_a_stream(client: TestClient, accept: str) -> None:
    answer = client.post(
        "/graphql",
        json={"query": _COUNT},
        headers={"accept": accept, "accept-language": "en"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/json")
    assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_ACCEPTABLE"}


def test_what_is_refused_is_told_in_the_stream_without_data(client: TestClient) -> None:
    answer = client.post(
        "/graphql", json={"query": "subscription { nothing }"}, headers={"accept": _EVENTS}
    )
    [event] = [line for line in answer.text.splitlines() if line.startswith("data: {")]
    shown = json.loads(event.removeprefix("data: "))
    assert set(shown) == {"errors"}
    assert shown["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


def test_what_breaks_in_a_subscription_is_masked(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.post(
            "/graphql", json={"query": "subscription { failing }"}, headers={"accept": _EVENTS}
        )
    assert "hunter2" not in answer.text
    assert 'data: {"data":{"failing":0}}' in answer.text
    assert '"code":"INTERNAL_SERVER_ERROR"' in answer.text
    assert answer.text.endswith("event: complete\ndata: \n\n")


def test_a_mutation_by_get_does_not_run_in_a_stream_either(client: TestClient) -> None:
    answer = client.get(
        "/graphql", params={"query": "mutation { change }"}, headers={"accept": _EVENTS}
    )
    assert '"code":"METHOD_NOT_ALLOWED"' in answer.text
    assert CHANGES == []


async def test_a_reader_that_leaves_ends_what_it_watched(tmp_path: Path) -> None:
    endpoint = endpoint_of(tmp_path)
    left, begun = asyncio.Event(), asyncio.Event()
    first: list[Message] = [
        {"type": "http.request", "body": b'{"query": "subscription { silence }"}'}
    ]

    async def receive() -> Message:
        if first:
            return first.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        begun.set()

    headers = [(b"content-type", b"application/json"), (b"accept", _EVENTS.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    running = asyncio.create_task(endpoint(scope, receive, send))
    async with asyncio.timeout(5):
        await begun.wait()
        await asyncio.sleep(0.05)
        assert CHANGES == []
        left.set()
        await running
    assert CHANGES == ["silence ended"]


class Quick(EventFrames):
    """Frames that show sooner than usual that they live."""

    alive_seconds = 0.01


async def test_a_silent_stream_shows_that_it_lives() -> None:
    enough = asyncio.Event()
    sent: list[bytes] = []

    async def answers() -> AsyncGenerator[bytes, None]:
        await enough.wait()
        yield b"{}"

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if sent.count(b": alive\n\n") == 2:
            enough.set()

    async with asyncio.timeout(5):
        await stream(answers(), Quick(), receive, send)
    assert [one for one in sent if one and one != b": alive\n\n"] == [
        b"event: next\ndata: {}\n\n",
        b"event: complete\ndata: \n\n",
    ]


async def test_a_reader_that_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhupei.web.event_stream._SEND_SECONDS", 0.02)
    ended = asyncio.Event()

    async def answers() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"{}"
        finally:
            ended.set()

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await stream(answers(), MultipartFrames(), receive, send)
    assert ended.is_set()


@pytest.mark.parametrize("frames", [EventFrames(), MultipartFrames()])
async def test_what_is_broken_off_is_not_called_complete(frames: Frames) -> None:
    sent: list[Message] = []

    async def answers() -> AsyncGenerator[bytes, None]:
        yield b"{}"

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    # The body ends as one, so that no proxy takes it for a fault; a client comes again.
    await stream(answers(), frames, receive, send, is_broken_off=lambda: True)
    *_, event, last = sent
    assert event["body"] == frames.one(b"{}")
    assert last == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_what_breaks_in_the_answers_is_raised_after_they_are_closed() -> None:
    async def answers() -> AsyncGenerator[bytes, None]:
        yield b"{}"
        raise RuntimeError("broken")

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(_message: Message) -> None:
        return

    with pytest.raises(RuntimeError, match="broken"):
        await stream(answers(), EventFrames(), receive, send)


def batch(client: TestClient, *operations: Any, **headers: str) -> Any:
    return client.post("/graphql", json=list(operations), headers=headers)


def test_batches_are_off_unless_asked_for(client: TestClient) -> None:
    answer = batch(client, {"query": "mutation { change }"}, **{"accept-language": "en"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "Batching is not enabled"
    assert CHANGES == []


def test_a_batch_tells_what_was_done_before_its_sender_was_refused(tmp_path: Path) -> None:
    endpoint = endpoint_of(tmp_path, max_batch=2)
    known = iter([True, False])

    def context(request: Request, _: Response) -> Any:
        if not next(known, False):
            raise ActorRefused("ACCOUNT_ERASED", Text("已删除", "erased"), request)
        return {"request": request}

    endpoint._context = context
    client = TestClient(endpoint)
    asked = {"query": "mutation { change }"}, {"query": "{ hello }"}
    refused = {"errors": [{"message": "erased", "extensions": {"code": "ACCOUNT_ERASED"}}]}
    answer = batch(client, *asked, **{"accept-language": "en"})
    assert answer.json() == [{"data": {"change": ["change"]}}, refused]
    answer = batch(client, *asked, **{"accept-language": "en"})
    assert (answer.status_code, answer.json()) == (401, refused)


def test_a_batch_is_answered_in_order_and_up_to_its_cap(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path, max_batch=3)))
    answer = batch(
        client,
        {"query": 'mutation { change(to: "a") }'},
        {"query": "{ nothing }"},
        {"query": 'mutation { change(to: "b") }'},
    )
    first, second, third = answer.json()
    assert answer.status_code == 200
    assert (first, third) == ({"data": {"change": ["a"]}}, {"data": {"change": ["a", "b"]}})
    assert second["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    CHANGES.clear()
    many = [{"query": "mutation { change }"}] * 4
    refused = batch(client, *many, **{"accept-language": "en"})
    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {
            "message": "A batch holds at most 3 operations.",
            "extensions": {"code": "LIMIT_EXCEEDED"},
        }
    ]
    for wrong in ([], [{"query": "{ hello }"}, 7], [[{"query": "{ hello }"}]]):
        assert batch(client, *wrong).status_code == 400
    assert CHANGES == []


def test_a_subscription_in_a_batch_is_an_error_of_its_own(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path, max_batch=2)))
    first, second = batch(client, {"query": _COUNT}, {"query": "{ hello }"}).json()
    assert first["errors"][0]["extensions"] == {"code": "NOT_ACCEPTABLE"}
    assert second == {"data": {"hello": "你好 世界"}}
    refused = batch(client, {"query": "{ hello }"}, accept="text/csv")
    assert refused.status_code == 406
