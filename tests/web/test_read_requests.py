"""Tests of zhupei.web.read_requests: through connections, as a server has them, of no socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httptools
import pytest
from starlette.applications import Starlette

from wired_app import Wire, changed, endpoint_in, served
from zhupei import Actor, hookimpl
from zhupei.app import application_of
from zhupei.hooks.scope import Naming, Rights
from zhupei.web.read_requests import ReadRequests

# What the clock has a say in is made anew each time.
_CLOCK = "{ openings(first: 1, filter: { openNow: true }) { totalCount } }"


def post(query: str = _CLOCK, *lines: str, path: str = "/graphql", **more: Any) -> bytes:
    body = json.dumps({"query": query, **more}).encode()
    head = (
        f"POST {path} HTTP/1.1",
        "host: zhupei.example",
        "content-type: application/json",
        *lines,
        f"content-length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    made = served(tmp_path_factory.mktemp("app"))
    asyncio.run(application_of(made).graph.catalogue.reload())
    return made


@pytest.fixture
def app(whole: Starlette) -> Starlette:
    return changed(whole)


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the parser of HTTP got to read."""
    packets: list[bytes] = []
    made = httptools.HttpRequestParser

    class Parser:
        def __init__(self, protocol: Any) -> None:
            self._parser = made(protocol)

        def feed_data(self, data: bytes) -> None:
            packets.append(data)
            self._parser.feed_data(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._parser, name)

    monkeypatch.setattr("uvicorn.protocols.http.httptools_impl.httptools.HttpRequestParser", Parser)
    return packets


def kept_of(wire: Wire) -> ReadRequests:
    reads: ReadRequests = wire.protocol.read
    return reads


async def test_bytes_that_came_twice_are_read_no_more_and_answered_each_time(
    app: Starlette, fed: list[bytes]
) -> None:
    wire, packet = Wire(app), post()
    answers = [await wire.ask(packet) for _ in range(4)]
    assert fed == [packet, packet]
    assert [(each.status, each.again) for each in answers] == [(200, False)] * 4
    assert all(each.lasting == answers[0].lasting for each in answers)
    assert "totalCount" in json.loads(answers[3].body)["data"]["openings"]
    assert len({each.headers["x-request-id"] for each in answers}) == 4


async def test_of_what_came_once_nothing_is_kept(app: Starlette) -> None:
    wire = Wire(app)
    packets = [post(f"{{ openings(first: {number}) {{ totalCount }} }}") for number in range(1, 4)]
    for packet in packets:
        assert (await wire.ask(packet)).status == 200
    assert (len(kept_of(wire)), kept_of(wire).bytes) == (0, 0)
    await wire.ask(packets[1])
    assert [key[1] for key in kept_of(wire)._kept] == [packets[1]]


async def test_a_body_that_came_with_its_head_may_not_be_larger_than_others(
    app: Starlette,
) -> None:
    app = changed(app, max_body_bytes=100)
    wire = Wire(app)
    answer = await wire.ask(post("x" * 100))
    assert (answer.status, json.loads(answer.body)["errors"][0]["extensions"]["code"]) == (
        413,
        "PAYLOAD_TOO_LARGE",
    )


async def test_another_byte_is_another_request(app: Starlette, fed: list[bytes]) -> None:
    wire, chinese, english = (
        Wire(app),
        post("{ nothing }"),
        post("{ nothing }", "accept-language: en"),
    )
    for packet in (chinese, english) * 3:
        assert (await wire.ask(packet)).status in {200, 400}
    assert fed == [chinese, english] * 2


async def test_an_id_of_its_way_makes_no_other_request(app: Starlette, fed: list[bytes]) -> None:
    wire = Wire(app)
    packets = [post(_CLOCK, f"x-request-id: proxy-{number}-id") for number in range(4)]
    answers = [await wire.ask(packet) for packet in packets]
    assert fed == packets
    assert len(kept_of(wire)) == 1
    (known,) = kept_of(wire)._kept.values()
    assert known.times == 3
    assert b"x-request-id" not in dict(known.scope["headers"])
    assert all(each.lasting == answers[0].lasting for each in answers)
    assert [each.headers["x-request-id"] for each in answers] == [
        f"proxy-{number}-id" for number in range(4)
    ]


def beside(wire: Wire, app: Starlette, host: str) -> Wire:
    """Another client of the same server."""
    other = Wire(app, host)
    type(other.protocol).read = kept_of(wire)
    return other


class _Cookies:
    """A plugin that knows people by a cookie, as long as they are welcome."""

    def __init__(self) -> None:
        self.welcome = True

    @hookimpl
    def actor_from_request(self, request: Any) -> Actor | None:
        cookie = request.headers.get("cookie")
        return Actor(id=cookie) if cookie is not None and self.welcome else None


async def test_who_asks_is_found_out_each_time(
    app: Starlette, fed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = application_of(app).graph.catalogue.loaded
    assert loaded is not None
    people = _Cookies()
    more = loaded.dispatcher.host.extended(
        "cookies", people, Naming(Rights.PLATFORM, Path("zhupei.yaml"), 1)
    )
    monkeypatch.setattr(loaded.dispatcher, "host", more)
    monkeypatch.setattr(loaded.dispatcher, "_asked", {})
    wire = Wire(app)
    packets = [post("{ viewer { id } }", f"cookie: {name}") for name in ("a", "b")]
    first = [(await wire.ask(packet)).body for packet in packets * 2][:2]
    again = [(await wire.ask(packet)).body for packet in packets]
    assert again == first == [b'{"data":{"viewer":{"id":"a"}}}', b'{"data":{"viewer":{"id":"b"}}}']
    people.welcome = False
    assert (await wire.ask(packets[0])).body == b'{"data":{"viewer":null}}'
    assert fed == packets * 2


async def test_where_a_request_comes_from_is_its_connections(
    app: Starlette, fed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, seen = endpoint_in(app), []
    context_of = endpoint.context_of

    async def noted(request: Any) -> Any:
        context = await context_of(request)
        seen.append(context.address)
        return context

    monkeypatch.setattr(endpoint, "context_of", noted)
    wire, packet = Wire(app), post()
    await wire.ask(packet)
    await wire.ask(packet)
    await beside(wire, app, "192.0.2.9").ask(packet)
    assert seen == ["192.0.2.1", "192.0.2.1", "192.0.2.9"]
    assert fed == [packet, packet]


async def test_requests_that_wait_in_line_are_answered_in_order(
    app: Starlette, fed: list[bytes]
) -> None:
    wire = Wire(app)
    one, two = (
        post("{ one: __typename base(code: 1) { code } }"),
        post("{ two: __typename nothing }"),
    )
    answers = [(await wire.ask(packet)).body for packet in (one, two, one, two)]
    wire.transport.written = b""
    for packet in (one, two, one):
        wire.protocol.data_received(packet)
    await wire.rest()
    written = wire.transport.written
    places = [written.index(answers[0]), written.index(answers[1]), written.rindex(answers[0])]
    assert places == sorted(places)
    assert places[0] != places[2]
    # The first was known; the others came while it was under way.
    assert fed == [one, two, one, two, two, one]


async def test_a_client_that_leaves_ends_nothing_but_its_own_request(app: Starlette) -> None:
    wire, packet = Wire(app), post()
    other = beside(wire, app, "192.0.2.9")
    expected = [(await wire.ask(packet)).body for _ in range(2)][1]
    wire.protocol.data_received(packet)
    wire.protocol.connection_lost(None)
    await wire.rest()
    assert (await other.ask(packet)).body == expected


async def test_a_server_that_stops_ends_the_connection_after_the_answer(app: Starlette) -> None:
    wire, packet = Wire(app), post()
    await wire.ask(packet)
    await wire.ask(packet)
    wire.transport.written = b""
    wire.protocol.data_received(packet)
    wire.protocol.shutdown()
    await wire.rest()
    assert b"connection: close" in wire.transport.written
    assert wire.transport.closed


@pytest.mark.parametrize(
    "packet",
    [
        post(_CLOCK, "expect: 100-continue"),
        post(_CLOCK, "connection: close"),
        post(_CLOCK, path="/nothing"),
        post(_CLOCK, "accept: text/event-stream")[:-1] + b"x",
        b"GET /graphql?query={__typename} HTTP/1.1\r\nhost: zhupei.example\r\n\r\n",
        post("x" * (16 << 10)),
    ],
)
async def test_what_would_not_be_the_same_again_is_not_kept(app: Starlette, packet: bytes) -> None:
    wire = Wire(app)
    for _ in range(2):
        wire.protocol.data_received(packet)
        await wire.rest()
        # Some of these end their connection.
        wire = beside(wire, app, "192.0.2.1")
    assert len(kept_of(wire)) == 0


async def test_a_batch_and_what_is_no_operation_are_not_kept(app: Starlette) -> None:
    app = changed(app, max_batch=3)
    wire = Wire(app)
    for body in (b'[{"query":"{__typename}"}]', b"5", b'{"query":'):
        head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        for _ in range(2):
            await wire.ask(head + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert len(kept_of(wire)) == 0


def read(reads: ReadRequests, packet: bytes) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {},
        "http_version": "1.1",
        "root_path": "",
        "path": "/",
    }
    scope |= {"method": "POST", "raw_path": b"/", "query_string": b"", "headers": []}
    assert reads.noted("http", packet, scope, b"") is None
    found = reads.noted("http", packet, scope, b"")
    assert found is not None
    assert found.times == 1
    found.keep(found)


def test_it_is_forgotten_a_minute_after_it_was_last_asked() -> None:
    now = [0.0]
    reads = ReadRequests(elapsed=lambda: now[0])
    read(reads, b"a")
    read(reads, b"b")
    now[0] = 50.0
    assert reads.get("http", b"a") is not None
    assert reads.get("https", b"a") is None
    now[0] = 70.0
    read(reads, b"c")
    assert [reads.get("http", each) is not None for each in (b"a", b"b", b"c")] == [
        True,
        False,
        True,
    ]
    now[0] = 131.0
    assert reads.get("http", b"a") is None
    assert (len(reads), reads.bytes) == (0, 0)


def test_what_was_not_asked_for_longest_goes_first() -> None:
    reads = ReadRequests(most_bytes=3500)
    for packet in (b"a", b"b", b"c"):
        read(reads, packet)
    assert reads.get("http", b"a") is not None
    read(reads, b"d")
    assert [reads.get("http", each) is not None for each in (b"a", b"b", b"c", b"d")] == [
        True,
        False,
        True,
        True,
    ]
    assert reads.bytes == 3 * 1001
    read(ReadRequests(most_bytes=0), b"a")


def test_what_came_once_is_forgotten_when_much_else_came_since() -> None:
    reads, others = ReadRequests(), 20_000
    scope = {"method": "POST", "headers": []}
    for packet in (b"a", *(b"%d" % number for number in range(others))):
        assert reads.noted("http", packet, scope, b"") is None
    assert len(reads._once) + len(reads._once_before) <= others
    assert reads.noted("http", b"a", scope, b"") is None
