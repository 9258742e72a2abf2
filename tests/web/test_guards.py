"""Tests of zhupei.web.guards, around an application that does what each test needs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from zhupei.graphql.limits import Rates
from zhupei.web.guards import Gate, Guards, address_of

App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def answering(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def guards(
    app: App = answering, requests: int = 0, hosts: Collection[str] = (), **options: Any
) -> Guards:
    return Guards(app, gate=gate(requests, **options), hosts=hosts)


def gate(requests: int = 0, cost: int = 0, **options: Any) -> Gate:
    return Gate(rates=Rates(requests=requests, cost={"public": cost}), **options)


def scope_of(
    path: str = "/graphql", host: str = "zhupei.example", address: str = "192.0.2.1", **more: Any
) -> Scope:
    return {
        "type": "http",
        "path": path,
        "headers": [(b"host", host.encode()), (b"accept-language", b"en")],
        "client": (address, 5000),
        **more,
    }


async def asked(app: App, scope: Scope) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("zhupei.example", 200),
        ("ZHUPEI.example:8443", 200),
        ("a.b.wide.example", 200),
        ("wide.example", 421),
        ("zhupei.example.evil.test", 421),
        ("evil.test", 421),
        ("notzhupei.example", 421),
        ("[::1]:8000", 200),
        ("[::2]", 421),
        ("", 421),
        ("zhupei.example:x", 421),
    ],
)
async def test_hosts(host: str, status: int) -> None:
    app = guards(hosts=("zhupei.example", "*.wide.example", "[::1]"))
    found, headers, body = await asked(app, scope_of(host=host))
    assert found == status
    if status != 200:
        assert headers[b"content-type"] == b"application/json"
        assert body == (
            b'{"errors":[{"message":"This server does not answer for that host.",'
            b'"extensions":{"code":"BAD_USER_INPUT"}}]}'
        )


async def test_figures_are_read_by_address() -> None:
    """Prometheus asks each process by its own address; who may read them the token tells."""
    app = guards(hosts=("zhupei.example",))
    found, _, _ = await asked(app, scope_of(host="10.0.0.7:8000", path="/metrics"))
    assert found == 200
    found, _, _ = await asked(app, scope_of(host="10.0.0.7:8000", path="/metrics/"))
    assert found == 421


async def test_two_hosts_are_none() -> None:
    scope = scope_of()
    scope["headers"].append((b"host", b"evil.test"))
    assert (await asked(guards(hosts=("zhupei.example",)), scope))[0] == 421


@pytest.mark.parametrize("hosts", [(), ("zhupei.example",)])
@pytest.mark.parametrize("given", [[], ["zhupei.example", "evil.test"], ["a"] * 2])
async def test_a_request_names_one_host(given: list[str], hosts: tuple[str, ...]) -> None:
    """R: RFC 9112, 3.2: 400 for any other number of them in HTTP/1.1."""
    scope = scope_of(http_version="1.1")
    scope["headers"] = [(b"accept-language", b"en"), *((b"host", each.encode()) for each in given)]
    status, _, body = await asked(guards(hosts=hosts), scope)
    assert status == 400
    assert json.loads(body) == {
        "errors": [
            {
                "message": "A request has exactly one Host.",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }
    # HTTP/1.0 need not name any; load balancers ask for health as they do.
    old = {**scope, "http_version": "1.0"}
    assert (await asked(guards(), old))[0] == 200
    assert (await asked(guards(hosts=hosts), {**scope, "path": "/health/live"}))[0] == 200


async def test_requests_of_an_address_are_counted() -> None:
    app = guards(requests=3)
    assert [(await asked(app, scope_of()))[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    _, headers, body = await asked(app, scope_of())
    again = int(headers[b"retry-after"])
    assert 1 <= again <= 120
    assert body == (
        b'{"errors":[{"message":"Too many requests; try again in %d s.",'
        b'"extensions":{"code":"RATE_LIMITED","retryAfter":%d}}]}' % (again, again)
    )
    assert (await asked(app, scope_of(address="192.0.2.2")))[0] == 200
    # A load balancer goes on seeing that the process lives.
    assert (await asked(app, scope_of("/health/live")))[0] == 200


async def test_what_is_open_at_once_is_limited() -> None:
    end = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await end.wait()
        await answering(scope, receive, send)

    app = guards(waiting, open_at_once=3, open_per_address=2)
    first = [asyncio.create_task(asked(app, scope_of())) for _ in range(2)]
    await asyncio.sleep(0)
    status, headers, _ = await asked(app, scope_of())
    assert (status, headers[b"retry-after"]) == (429, b"1")
    third = asyncio.create_task(asked(app, scope_of(address="192.0.2.9")))
    await asyncio.sleep(0)
    status, headers, body = await asked(app, scope_of(address="192.0.2.10"))
    assert (status, headers[b"retry-after"]) == (503, b"1")
    assert b'"code":"OVERLOADED"' in body
    end.set()
    assert [(await each)[0] for each in (*first, third)] == [200] * 3
    assert (await asked(app, scope_of()))[0] == 200


async def test_what_is_answered_at_this_moment_is_limited_alike() -> None:
    limited = gate(requests=3, cost=100, open_at_once=4, open_per_address=2)
    assert limited.takes("192.0.2.1", 60)
    assert not limited.takes("192.0.2.1", 41)
    entered = [limited.enter("192.0.2.1") for _ in range(2)]
    assert not limited.takes("192.0.2.1", 1)
    assert limited.takes("192.0.2.2", 1)
    entered += [limited.enter(f"192.0.2.{number}") for number in (3, 4)]
    assert not limited.takes("192.0.2.2", 1)
    for each in entered:
        limited.leave(each)
    # Of three requests and a cost of 100, what was refused took nothing.
    assert limited.takes("192.0.2.1", 40)
    assert limited.takes("192.0.2.1", 0)
    assert not limited.takes("192.0.2.1", 0)


async def test_a_loop_that_cannot_follow_sends_requests_away() -> None:
    """R: what waits behind others is answered at once, and health checks with it."""
    served = 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal served
        if scope["path"] == "/graphql":
            served += 1
            time.sleep(0.02)  # noqa: ASYNC251 - an operation that only computes
        await answering(scope, receive, send)

    app = guards(slow)
    tasks = [asyncio.create_task(asked(app, scope_of())) for _ in range(200)]
    health = asyncio.create_task(asked(app, scope_of("/health/live")))
    begun = time.monotonic()
    statuses = [(await task)[0] for task in tasks]
    assert (await health)[0] == 200
    assert time.monotonic() - begun < 3
    assert 20 <= served <= 60
    assert statuses == [200] * served + [503] * (200 - served)
    await asyncio.sleep(0.1)
    assert (await asked(app, scope_of()))[0] == 200


async def test_one_long_task_sends_nobody_away() -> None:
    app = guards()
    await asked(app, scope_of())
    time.sleep(0.7)  # noqa: ASYNC251 - such as a reload
    assert (await asked(app, scope_of()))[0] == 200


async def test_messages_of_a_socket_are_limited() -> None:
    received: list[str] = []
    sent: list[Message] = []

    async def socket(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            received.append(message["text"])
        assert message == {"type": "websocket.disconnect", "code": 1008}

    async def receive() -> Message:
        return {"type": "websocket.receive", "text": "{}"}

    async def send(message: Message) -> None:
        sent.append(message)

    await guards(socket)(scope_of(type="websocket"), receive, send)
    assert 200 <= len(received) <= 210
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "Too many messages"}]


@pytest.mark.parametrize("extension", [True, False])
async def test_a_socket_is_refused_before_it_is_accepted(extension: bool) -> None:
    app = guards(requests=1)
    await asked(app, scope_of())
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    extensions: dict[str, Any] = {"websocket.http.response": {}} if extension else {}
    await app(scope_of(type="websocket", extensions=extensions), receive, send)
    if extension:
        assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 429)
        assert sent[1]["type"] == "websocket.http.response.body"
    else:
        assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_address_of_a_unix_socket_is_empty() -> None:
    assert address_of({"client": None}) == ""
    assert address_of({"client": ("192.0.2.1", 1)}) == "192.0.2.1"
