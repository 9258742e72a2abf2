"""Tests of zhupei.web.repeated_requests: through connections, as a server has them, of no socket.

What is asked a third time is answered before it is read: the first answer is made, the second kept
by its operation, and from then on by the bytes of the request.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from starlette.applications import Starlette

from wired_app import Answered, ByCookie, Wire, changed, endpoint_in, served
from zhupei.app import application_of, assemble
from zhupei.graphql.limits import Rates
from zhupei.hooks.scope import Naming, Rights
from zhupei.tracing import Tracing
from zhupei.web.guards import Gate
from zhupei.web.logs import current_operation, current_request_id
from zhupei.web.repeated_requests import (
    PACKET,
    PASSING,
    SETTLED,
    RepeatedRequests,
    Settled,
    is_meaning,
    meaning_of,
)

_NAME = 'query Name { base(code: "example-hospital") { code name } }'
_LONG = "{ specialties(first: 50) { edges { node { code name } } } }"
_CLOCK = "{ openings(first: 1, filter: { openNow: true }) { totalCount } }"


def post(query: str = _NAME, *lines: str, more: dict[str, Any] | None = None) -> bytes:
    """A request as a client writes it, with more lines in its head and names in its body."""
    body = json.dumps({"query": query, **(more or {})}).encode()
    return _head("POST /graphql HTTP/1.1", *lines, f"content-length: {len(body)}") + body


def get(query: str, *lines: str) -> bytes:
    """The same by GET."""
    return _head(f"GET /graphql?query={query.replace(' ', '%20')} HTTP/1.1", *lines)


def _head(*lines: str) -> bytes:
    fixed = ("host: zhupei.example", "content-type: application/json")
    return "\r\n".join((lines[0], *fixed, *lines[1:], "", "")).encode()


class Served:
    """Stands for a catalogue."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    made = served(tmp_path_factory.mktemp("app"))
    asyncio.run(application_of(made).graph.catalogue.reload())
    return made


@pytest.fixture
def app(whole: Starlette) -> Starlette:
    """The application as if it had just begun."""
    return changed(whole)


def kept_in(app: Starlette) -> RepeatedRequests:
    repeated = application_of(app).repeated
    assert repeated is not None
    return repeated


async def asked(wire: Wire, packet: bytes, times: int = 3) -> list[Answered]:
    return [await wire.ask(packet) for _ in range(times)]


@pytest.mark.parametrize(
    "packet",
    [
        post(),
        post(_NAME, "accept: application/graphql-response+json", "accept-language: en"),
        post(_NAME, "connection: keep-alive", "user-agent: Mozilla/5.0", "cookie: a=b"),
        post(_LONG, "accept-encoding: gzip"),
        post("query A { __typename } query B { a: __typename }", more={"operationName": "B"}),
        get(_NAME.replace("query Name ", "")),
        _head("POST /graphql HTTP/1.1", "transfer-encoding: chunked")
        + b'17\r\n{"query":"{__typename}"\r\n1\r\n}\r\n0\r\n\r\n',
    ],
)
async def test_the_same_bytes_get_the_same_answer_before_they_are_read(
    app: Starlette, packet: bytes
) -> None:
    wire = Wire(app)
    answers = [*await asked(wire, packet), await Wire(app, "192.0.2.9").ask(packet)]
    assert [each.again for each in answers] == [False, False, True, True]
    assert [each.status for each in answers] == [200] * 4
    assert answers[1].lasting == answers[2].lasting == answers[3].lasting
    assert "date" in answers[2].headers
    assert answers[2].headers["x-content-type-options"] == "nosniff"
    ids = {each.headers["x-request-id"] for each in answers}
    assert len(ids) == 4
    assert all(len(each) == 32 for each in ids)
    assert b"errors" not in answers[2].body


@pytest.mark.parametrize("make", [post, get])
async def test_an_id_of_its_way_makes_no_other_request(app: Starlette, make: Any) -> None:
    """A proxy gives each request one, and a gateway that traces several."""
    wire, query = Wire(app), _NAME.replace("query Name ", "")
    answers = [
        await wire.ask(make(query, f"x-request-id: proxy-{number}-id", f"CF-Ray: {number}"))
        for number in range(4)
    ]
    assert len(kept_in(app)) == 1
    # They have to be read, and are answered in a task.
    assert [each.again for each in answers] == [False] * 4
    assert [each.status for each in answers] == [200] * 4
    assert answers[1].lasting == answers[2].lasting == answers[3].lasting
    ids = [each.headers["x-request-id"] for each in answers]
    assert ids == [f"proxy-{number}-id" for number in range(4)]
    told: list[str] = []
    kept_in(app)._watch = lambda _, outcome, __: told.append(outcome)
    traced = [
        await wire.ask(
            make(query, f"traceparent: 00-{'1' * 32}-{number:016}-01", f"X-Request-ID: {number}")
        )
        for number in range(2)
    ]
    # An id that could disturb a log is not taken over.
    assert all(len(each.headers["x-request-id"]) == 32 for each in traced)
    assert [each.lasting for each in traced] == [answers[1].lasting] * 2
    assert told == ["kept"] * 2
    other = await wire.ask(make(query, "x-request-id: proxy-9-id", "accept: text/plain"))
    assert other.status == 406


async def test_what_counts_is_counted_of_requests_with_ids_too(
    whole: Starlette,
) -> None:
    app = changed(whole, rate_requests=3)
    wire = Wire(app)
    statuses = [
        (await wire.ask(post(_NAME, f"x-request-id: proxy-{number}-id"))).status
        for number in range(5)
    ]
    assert statuses == [200, 200, 200, 429, 429]


_HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"a:b", b"x-request-id", b"accept", b"traceparent"]),
        st.sampled_from([b"", b"1", b":1", b"b:1", b"x-request-id:1"]),
    ),
    max_size=4,
)
_SCOPES = st.builds(
    lambda method, path, query, headers: {
        "method": method,
        "http_version": "1.1",
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    },
    st.sampled_from(["GET", "POST"]),
    st.sampled_from([b"/graphql", b"/", b"/graph"]),
    st.sampled_from([b"", b"a", b"ql"]),
    _HEADERS,
)
_BODIES = st.sampled_from([b"", b"{}", b"\na:1", b"\n\n"])


@given(_SCOPES, _SCOPES, _BODIES, _BODIES)
def test_two_requests_mean_the_same_if_all_but_their_ids_is_equal(
    one: dict[str, Any], other: dict[str, Any], body: bytes, another: bytes
) -> None:
    def rest(scope: dict[str, Any], body: bytes) -> Any:
        headers = [pair for pair in scope["headers"] if pair[0] not in PASSING]
        # A name holds no colon: what is before the first one is the name.
        joined = [b":".join(pair) for pair in headers]
        return {**scope, "headers": joined}, body

    first, second = meaning_of(one, body), meaning_of(other, another)
    assert (first is None) is all(name not in PASSING for name, _ in one["headers"])
    if first is not None and second is not None:
        assert is_meaning(first)
        assert (first == second) is (rest(one, body) == rest(other, another))
    assert not is_meaning(post())


async def test_what_is_compressed_stays_so(app: Starlette) -> None:
    wire = Wire(app)
    plain = (await asked(wire, post(_LONG)))[2]
    packed = (await asked(wire, post(_LONG, "accept-encoding: gzip")))[2]
    assert (plain.again, packed.again) == (True, True)
    assert packed.headers["content-encoding"] == "gzip"
    assert len(plain.body) > len(packed.body)
    assert gzip.decompress(packed.body) == plain.body


async def test_a_client_that_has_the_answer_is_told_so_again(app: Starlette) -> None:
    wire, query = Wire(app), "{__typename}"
    tag = (await wire.ask(get(query))).headers["etag"]
    answers = await asked(wire, get(query, f"if-none-match: {tag}"))
    assert [(each.status, each.body) for each in answers] == [(304, b"")] * 3
    assert answers[2].again
    assert answers[1].lasting == answers[2].lasting
    assert "content-length" not in answers[2].headers
    # The next request on the line is understood: nothing of the answer was left out.
    assert (await wire.ask(get(query))).status == 200


async def test_another_byte_is_another_request(app: Starlette) -> None:
    wire = Wire(app)
    chinese = (await asked(wire, post(_NAME, "accept-language: zh")))[2]
    for packet, differs in (
        (post(_NAME, "accept-language: en"), True),
        (post(_NAME, "accept: application/graphql-response+json"), True),
        (post(_NAME, "accept-language:  zh"), False),
        (post(_NAME + " "), False),
    ):
        answer = await wire.ask(packet)
        assert not answer.again
        assert (answer.lasting != chinese.lasting) is differs
    refused = await wire.ask(post(_NAME, "accept: text/plain"))
    assert (refused.status, refused.again) == (406, False)


@pytest.mark.parametrize(
    "packet",
    [
        post(_CLOCK),
        post("{ nothing }"),
        post("mutation { nothing }"),
        post("subscription { nothing }"),
        post("{ __typename }", more={"extensions": {"cost": True}}),
        post("{ __typename }", "authorization: Basic YTpi"),
        post("{ __typename }", "expect: 100-continue"),
        post("{ __typename }", "upgrade: h2c", "connection: upgrade"),
        post("{ __typename }", "x-long: " + "x" * 20_000),
        post("{ __typename }").replace(b"/graphql", b"/nowhere"),
        get("{__typename}").replace(b"/graphql", b"/health/live"),
    ],
)
async def test_what_may_be_another_answer_is_read_each_time(app: Starlette, packet: bytes) -> None:
    for _ in range(4):
        # Where a head asks for an interim answer, that is what comes first.
        Wire(app).protocol.data_received(packet)
        await asyncio.sleep(0.02)
    assert len(kept_in(app)) == 0
    wire = Wire(app)
    wire.protocol.data_received(packet)
    assert wire.transport.written == b""


@pytest.mark.parametrize(
    "packet", [post(_NAME, "connection: close"), post().replace(b"HTTP/1.1", b"HTTP/1.0")]
)
async def test_an_answer_that_ends_the_connection_is_not_repeated(
    app: Starlette, packet: bytes
) -> None:
    for _ in range(4):
        wire = Wire(app)
        answer = await wire.ask(packet)
        assert (answer.again, answer.headers["connection"]) == (False, "close")
        assert wire.transport.closed
    assert len(kept_in(app)) == 0


async def test_a_token_that_is_not_accepted_is_refused_each_time(app: Starlette) -> None:
    wire = Wire(app)
    await asked(wire, post())
    for answer in await asked(wire, post(_NAME, "authorization: Bearer nobody")):
        assert (answer.status, answer.again) == (401, False)


async def test_a_text_that_comes_with_its_hash_is_learned_each_time(app: Starlette) -> None:
    wire = Wire(app)
    digest = hashlib.sha256(b"{ __typename }").hexdigest()
    named = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    both = post("{ __typename }", more={"extensions": named})
    assert [each.again for each in await asked(wire, both, 4)] == [False] * 4
    hashed = post("{ __typename }", more={"query": None, "extensions": named})
    answers = await asked(wire, hashed, 2)
    assert [each.again for each in answers] == [False, True]
    assert answers[1].body == b'{"data":{"__typename":"Query"}}'


async def test_another_catalogue_is_answered_from_at_once(tmp_path: Path) -> None:
    app = served(tmp_path)
    await application_of(app).graph.catalogue.reload()
    wire = Wire(app)
    before = (await asked(wire, post()))[2]
    assert before.again
    [path] = (tmp_path / "bases").rglob("example-hospital.yaml")
    name = json.loads(before.body)["data"]["base"]["name"]
    path.write_text(path.read_text("utf-8").replace(name, f"{name}（新）"), "utf-8")
    await application_of(app).graph.catalogue.reload()
    after = await asked(wire, post(), 4)
    assert [each.again for each in after] == [False, False, True, True]
    for each in after:
        assert json.loads(each.body)["data"]["base"]["name"] == f"{name}（新）"
    assert len(kept_in(app)) == 1


async def test_requests_of_an_address_are_counted_all_the_same(app: Starlette) -> None:
    app = changed(app, rate_requests=6)
    wire = Wire(app)
    answers = await asked(wire, post(), 8)
    assert [each.status for each in answers] == [200] * 6 + [429] * 2
    assert [each.again for each in answers] == [False] * 2 + [True] * 4 + [False] * 2
    assert 1 <= int(answers[7].headers["retry-after"]) <= 120
    other = await Wire(app, "192.0.2.2").ask(post())
    assert (other.status, other.again) == (200, True)


async def test_cost_is_counted_all_the_same(app: Starlette) -> None:
    """An operation counts as 20 at least, so that 500 are 25 of them at most."""
    packet = post("{ __typename }")
    await Wire(app).ask(packet)
    plain = changed(app, rate_cost={"public": 500}, cache_bytes=0)
    without = [each.status for each in await asked(Wire(plain), packet, 40)]
    answers = await asked(Wire(changed(app, rate_cost={"public": 500})), packet, 40)
    assert [each.status for each in answers] == without
    assert 20 <= without.count(200) <= 25
    assert answers[without.count(200) - 1].again
    assert json.loads(answers[39].body)["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_proxies_ask_for_others(app: Starlette) -> None:
    """R: a proxy that is trusted is not who asks, and tells of TLS; others are not believed."""
    app = changed(app, rate_requests=4, trusted_proxies=("192.0.2.100",))
    proxy = Wire(app, "192.0.2.100")
    first = post(_NAME, "x-forwarded-for: 198.51.100.1", "x-forwarded-proto: https")
    second = post(_NAME, "x-forwarded-for: 198.51.100.2", "x-forwarded-proto: http")
    answers = await asked(proxy, first, 5)
    assert [(each.status, each.again) for each in answers] == [
        (200, False),
        (200, False),
        (200, True),
        (200, True),
        (429, False),
    ]
    assert "strict-transport-security" in answers[3].headers
    others = await asked(proxy, second, 2)
    assert [(each.status, each.again) for each in others] == [(200, False), (200, True)]
    assert "strict-transport-security" not in others[1].headers
    # Not from the proxy: the same bytes are another request, of whoever sends them.
    pretending = await asked(Wire(app, "192.0.2.7"), first, 5)
    assert [each.status for each in pretending] == [200] * 4 + [429]
    assert not pretending[0].again
    assert "strict-transport-security" not in pretending[0].headers


async def test_other_origins_are_told_so(app: Starlette) -> None:
    app = changed(app, allowed_origins=("https://ours.example",))
    wire = Wire(app)
    ours = (await asked(wire, post(_NAME, "origin: https://ours.example")))[2]
    other = (await asked(wire, post(_NAME, "origin: https://other.example")))[2]
    assert (ours.again, other.again) == (True, True)
    assert ours.headers["access-control-allow-origin"] == "https://ours.example"
    assert "access-control-allow-origin" not in other.headers


async def test_hosts_that_are_not_ours_are_refused(app: Starlette) -> None:
    wire = Wire(changed(app, allowed_hosts=("zhupei.example",)))
    assert (await asked(wire, post()))[2].again
    wrong = post().replace(b"host: zhupei.example", b"host: other.example")
    assert [each.status for each in await asked(wire, wrong)] == [421] * 3


async def test_every_answer_is_in_the_figures(app: Starlette) -> None:
    metrics = application_of(app).graph.metrics
    named = post(_NAME, more={"operationName": "Name"})
    assert (await asked(Wire(app), named, 5))[4].again
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
    }
    assert samples["zhupei_operations_total", "Name", "ok"] == 1
    assert samples["zhupei_operations_total", "Name", "kept"] == 4
    assert samples["zhupei_operation_seconds_count", "Name"] == 5
    assert samples["zhupei_http_responses_total", "POST", "200"] == 5


async def test_every_answer_has_its_line_in_the_log(
    app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str | None, str | None]] = []

    class Noting(logging.Filter):
        def filter(self, _record: logging.LogRecord) -> bool:
            seen.append((current_request_id.get(), current_operation.get()))
            return True

    app = changed(app, access_log=True)
    logger, noting = logging.getLogger("zhupei.access"), Noting()
    logger.addFilter(noting)
    try:
        with caplog.at_level(logging.INFO, "zhupei.access"):
            named = post(_NAME, more={"operationName": "Name"})
            answers = await asked(Wire(app), named, 3)
    finally:
        logger.removeFilter(noting)
    assert answers[2].again
    lines = [vars(record) for record in caplog.records if record.name == "zhupei.access"]
    shown = [(line["method"], line["path"], line["status"]) for line in lines]
    assert shown == [("POST", "/graphql", 200)] * 3
    assert seen == [(each.headers["x-request-id"], "Name") for each in answers]
    assert current_request_id.get() is None


async def test_what_is_limited_at_once_is_limited_all_the_same(app: Starlette) -> None:
    app = changed(app, open_at_once=1)
    assert (await asked(Wire(app), post()))[2].again
    slow, wire = Wire(app), Wire(app)
    slow.protocol.data_received(post(_CLOCK)[:-5])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    refused = await wire.ask(post())
    assert (refused.status, refused.again) == (503, False)
    slow.protocol.connection_lost(None)
    await asyncio.gather(*slow.state.tasks)
    assert (await wire.ask(post())).again


async def test_answers_keep_the_order_of_requests(app: Starlette) -> None:
    """R: a known request waits behind one that is still read, and two at once are read."""
    wire = Wire(app)
    known = (await asked(wire, post()))[2]
    wire.transport.written = b""
    wire.protocol.data_received(post(_CLOCK))
    wire.protocol.data_received(post())
    assert wire.transport.written == b""
    await wire.rest()
    assert wire.transport.written.count(b"HTTP/1.1 200") == 2
    assert wire.transport.written.endswith(known.body)
    assert wire.transport.written.index(b"openings") < wire.transport.written.index(b"name")
    wire.transport.written = b""
    wire.protocol.data_received(post() + post(_CLOCK))
    assert wire.transport.written == b""
    await wire.rest()
    assert wire.transport.written.count(b"HTTP/1.1 200") == 2


async def test_a_request_in_parts_is_read(app: Starlette) -> None:
    wire, packet = Wire(app), post()
    whole = (await asked(wire, packet))[2]
    for at in (10, len(packet) - 5):
        answer = await wire.ask(packet[:at], packet[at:])
        assert (answer.again, answer.lasting) == (False, whole.lasting)
    # What would be known by itself is the rest of another request here.
    inner = post()
    head = _head("POST /graphql HTTP/1.1", f"content-length: {len(inner)}")
    answer = await wire.ask(head, inner)
    assert (answer.status, answer.again) == (400, False)


async def test_a_client_that_does_not_read_waits(app: Starlette) -> None:
    wire = Wire(app)
    assert (await asked(wire, post()))[2].again
    wire.protocol.pause_writing()
    wire.transport.written = b""
    wire.protocol.data_received(post())
    await asyncio.sleep(0.02)
    assert wire.transport.written == b""
    wire.protocol.resume_writing()
    await wire.rest()
    assert b"200 OK" in wire.transport.written


async def test_a_server_that_stops_answers_nothing_more(app: Starlette) -> None:
    wire = Wire(app)
    assert (await asked(wire, post()))[2].again
    wire.protocol.shutdown()
    assert wire.transport.closed
    wire.transport.written = b""
    wire.protocol.data_received(post())
    assert wire.transport.written == b""


async def test_nothing_is_repeated_where_a_plugin_knows_people_by_other_means(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = application_of(app).graph.catalogue.loaded
    assert loaded is not None
    more = loaded.dispatcher.host.extended(
        "by-cookie", ByCookie(), Naming(Rights.PLATFORM, Path("zhupei.yaml"), 1)
    )
    monkeypatch.setattr(loaded.dispatcher, "host", more)
    monkeypatch.setattr(loaded.dispatcher, "_asked", {})
    for cookie in ("cookie: a=b", "dnt: 1"):
        assert [each.again for each in await asked(Wire(app), post(_NAME, cookie), 4)] == [
            False
        ] * 4


async def test_nothing_is_repeated_where_nothing_is_kept_or_all_is_traced(app: Starlette) -> None:
    app = changed(app, cache_bytes=0)
    assert application_of(app).repeated is None
    assert [each.again for each in await asked(Wire(app), post(), 4)] == [False] * 4
    application = application_of(app)
    traced = assemble(application.settings, application.graph, Tracing(TracerProvider()))
    assert application_of(traced).repeated is None


async def test_errors_inside_a_request_that_is_known_reach_nobody(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known answer asks nothing of the endpoint."""
    wire = Wire(app)
    await asked(wire, post())

    async def failing(*_: Any) -> None:
        raise AssertionError("the request was read")

    monkeypatch.setattr(endpoint_in(app), "_reply", failing)
    assert (await wire.ask(post())).again


_PACKETS = [
    post(),
    post(_NAME, "accept-language: en"),
    post(_LONG, "accept-encoding: br"),  # gzip writes the time, too
    get("{__typename}"),
    post(_CLOCK),
    post("{ nothing }"),
    post().replace(b'"query"', b'"query '),
    post(_NAME, "x-request-id: my-own-id-1"),
    get("{__typename}").replace(b"GET", b"HEAD"),
    get("{__typename}").replace(b"/graphql", b"/nowhere"),
]
_CHUNKS = st.lists(
    st.tuples(
        # More often than not one that was there before.
        st.one_of(st.integers(0, 3), st.integers(0, len(_PACKETS) - 1)),
        st.sampled_from(["whole", "split", "with the next"]),
        st.floats(0.01, 0.99),
        st.booleans(),
    ),
    max_size=14,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chunks=_CHUNKS)
def test_whatever_comes_in_whatever_parts_is_answered_as_without(
    whole: Starlette, chunks: list[tuple[int, str, float, bool]]
) -> None:
    """R: every byte but dates and ids, and every figure, is that of a server that knows nothing."""

    async def exchanged(app: Starlette) -> tuple[bytes, object]:
        wire, waiting = Wire(app), b""
        for number, how, part, rests in chunks:
            waiting += _PACKETS[number]
            if how == "with the next":
                continue
            at = int(len(waiting) * part) if how == "split" else len(waiting)
            for piece in (waiting[:at], waiting[at:]):
                if piece:
                    wire.protocol.data_received(piece)
            waiting = b""
            if rests:
                await wire.rest()
        await wire.rest()
        counted = application_of(app).graph.metrics.registry.collect()
        figures = {
            (sample.name, *sample.labels.values()): sample.value
            for family in counted
            for sample in family.samples
            if sample.name in {"zhupei_http_responses_total", "zhupei_operation_seconds_count"}
        }
        written = re.sub(rb"x-request-id: [0-9a-f]{32}", b"", wire.transport.written)
        return b"".join(sorted(written.splitlines(keepends=True))), figures

    knowing, knows_nothing = changed(whole), changed(whole)
    application_of(knows_nothing).repeated = None
    # The order of headers differs, that of answers does not.
    assert asyncio.run(exchanged(knowing)) == asyncio.run(exchanged(knows_nothing))


def repeated_of(most_bytes: int, catalogue: object) -> RepeatedRequests:
    return RepeatedRequests(
        most_bytes=most_bytes,
        catalogue=lambda: catalogue,
        gate=Gate(rates=Rates(requests=0, cost={})),
        is_proxy=lambda _host: False,
        responded=lambda _method, _status: None,
        watch=lambda _name, _outcome, _seconds: None,
    )


def scope_of(packet: bytes, catalogue: object) -> dict[str, Any]:
    settled = Settled(catalogue, None, None, 20)
    return {
        "method": "POST",
        "path": "/graphql",
        "headers": [],
        PACKET: ("http", packet),
        SETTLED: settled,
    }


def _length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % size)]


@pytest.mark.parametrize(
    ("status", "headers", "keeps"),
    [
        (200, _length(1), True),
        (304, [], True),
        (200, [], False),
        (200, _length(2), False),
        (200, _length(1) * 2, False),
        (200, [*_length(1), (b"connection", b"close")], False),
        (200, [(b"transfer-encoding", b"chunked")], False),
    ],
)
async def test_only_an_answer_whose_length_tells_its_end_is_kept(
    status: int, headers: list[tuple[bytes, bytes]], keeps: bool
) -> None:
    catalogue = Served()
    repeated = repeated_of(1 << 20, catalogue)
    repeated.keep(scope_of(b"a", catalogue), status, headers, b"" if status == 304 else b"y")
    assert (repeated.answer("http", "192.0.2.1", b"a") is not None) is keeps


async def test_the_memory_is_bounded_and_what_was_not_asked_for_longest_goes() -> None:
    catalogue = Served()
    repeated = repeated_of(20_000, catalogue)
    packets = [b"%d" % number + b"x" * 400 for number in range(30)]
    for packet in packets[:10]:
        repeated.keep(scope_of(packet, catalogue), 200, _length(1000), b"y" * 1000)
    before = repeated.bytes
    repeated.keep(scope_of(packets[9], catalogue), 200, _length(1000), b"y" * 1000)
    assert (repeated.bytes, len(repeated)) == (before, 9)
    assert repeated.answer("http", "192.0.2.1", packets[1]) is not None
    for packet in packets[10:17]:
        repeated.keep(scope_of(packet, catalogue), 200, _length(1000), b"y" * 1000)
    assert repeated.bytes <= 20_000
    assert repeated.answer("http", "192.0.2.1", packets[1]) is not None
    assert repeated.answer("http", "192.0.2.1", packets[2]) is None
    # One that would drive out the others is not kept, nor is one of another catalogue.
    repeated.keep(scope_of(packets[20], catalogue), 200, _length(2000), b"y" * 2000)
    repeated.keep(scope_of(packets[21], Served()), 200, _length(1), b"y")
    assert repeated.answer("http", "192.0.2.1", packets[20]) is None
    assert repeated.answer("http", "192.0.2.1", packets[21]) is None


async def test_over_tls_the_same_bytes_are_another_request() -> None:
    catalogue = Served()
    repeated = repeated_of(1 << 20, catalogue)
    repeated.keep(scope_of(b"a", catalogue), 200, [(b"a", b"1"), *_length(1)], b"y")
    found = repeated.answer("http", "192.0.2.1", b"a")
    assert found is not None
    status, head, body = found
    assert (status, body) == (200, b"y")
    assert head.startswith(b"a: 1\r\ncontent-length: 1\r\nx-request-id: ")
    assert head.endswith(b"\r\n\r\n")
    assert repeated.answer("https", "192.0.2.1", b"a") is None
