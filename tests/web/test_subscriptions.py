"""Tests of zhupei.web.subscriptions: the protocol graphql-transport-ws on a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from live_socket import LiveSocket, live_socket
from served_admissions import ServedAdmissions, served_admissions
from zhupei.web.socket_connections import BoundedWebSocket

pytestmark = pytest.mark.slow

ROUND = 'subscription { roundChanged(program: "sample-residency-2026") { kind readAgain } }'
MINE = "subscription { applicationChanged { readAgain } }"


@pytest.fixture
async def province(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    async with served_admissions(
        tmp_path,
        database_url,
        max_body_bytes=4096,
        allowed_origins=("https://portal.example.cn",),
    ) as served:
        yield served


def address(province: ServedAdmissions) -> str:
    return str(province.graph.client.base_url)


async def test_a_query_and_a_mutation_run_over_the_socket_too(province: ServedAdmissions) -> None:
    token = await province.token("national")
    async with live_socket(address(province), token) as socket:
        await socket.watch("{ viewer { grants { role } } }", "q")
        assert await socket.told("viewer", "q") == {"grants": [{"role": "national"}]}
        assert await socket.take() == {"id": "q", "type": "complete"}
        await socket.watch(
            "mutation($i: FreezeRoundInput!) { freezeRound(input: $i) { __typename } }",
            "q",
            i={"program": "sample-residency-2026", "round": "batch-1", "reason": "核查"},
        )
        assert await socket.told("freezeRound", "q") == {"__typename": "RoundFreeze"}
        assert await socket.take() == {"id": "q", "type": "complete"}


async def test_ping_is_answered_and_complete_ends_a_watch(province: ServedAdmissions) -> None:
    async with live_socket(address(province)) as socket:
        await socket.send({"type": "ping"})
        assert await socket.take() == {"type": "pong"}
        await socket.send({"type": "pong"})
        await socket.watch(ROUND)
        assert await socket.told("roundChanged") == {"kind": None, "readAgain": True}
        await socket.send({"id": "1", "type": "complete"})
        await socket.send({"id": "unknown", "type": "complete"})
        await socket.watch(ROUND)
        assert await socket.told("roundChanged") == {"kind": None, "readAgain": True}


async def test_only_watches_are_left_open_when_the_process_stops(
    province: ServedAdmissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhupei.web.subscriptions.stops", lambda _context: True)
    async with live_socket(address(province)) as socket:
        await socket.watch('subscription { roundChanged(program: "nobody\'s") { kind } }')
        assert (await socket.take())["type"] == "next"
        # What was answered is over: a mutation that is not called so would be sent again.
        await socket.watch("query subscription { __typename }", "q")
        assert await socket.told("__typename", "q") == "Query"
        assert await socket.take() == {"id": "q", "type": "complete"}


async def test_an_id_that_is_used_again_at_once_belongs_to_the_new_operation(
    province: ServedAdmissions,
) -> None:
    ended: Any = {"id": "1", "type": "complete"}
    began: Any = {"id": "1", "type": "subscribe", "payload": {"query": ROUND}}
    async with live_socket(address(province)) as socket:
        await socket.watch(ROUND)
        assert await socket.told("roundChanged") == {"kind": None, "readAgain": True}
        # In one packet: what was begun first has not ended when the next one begins.
        socket.connection.protocol.send_text(json.dumps(ended).encode())
        socket.connection.protocol.send_text(json.dumps(began).encode())
        socket.connection.send_data()
        assert await socket.told("roundChanged") == {"kind": None, "readAgain": True}
        await socket.send(began)
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")
    async with asyncio.timeout(10):
        while await _watches(province) != 0:  # noqa: ASYNC110 - a number of the server, not an event
            await asyncio.sleep(0.01)


async def _watches(province: ServedAdmissions) -> int:
    figures = (await province.graph.client.get("/metrics")).text.splitlines()
    (found,) = [each for each in figures if each.startswith("zhupei_subscriptions ")]
    return int(float(found.split()[1]))


_BAD_MESSAGES = (
    ("[]", "Message must be a JSON object"),
    ('[{"type": "ping"}]', "Message must be a JSON object"),
    ("7", "Message must be a JSON object"),
    ("null", "Message must be a JSON object"),
    ("{", "WebSocket message must be valid JSON"),
    ("[" * 2000, "WebSocket message must be valid JSON"),
    ("{}", "Message must have a type"),
    ('{"type": []}', "Message must have a type"),
    ('{"type": "rumour"}', "Unknown message type: rumour"),
    ('{"type": "subscribe"}', "Message must have an id of 1 to 256 characters"),
    (
        '{"type": "subscribe", "id": "1", "payload": []}',
        "The payload must be an object with a query",
    ),
    (
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}',
        "`variables` must be an object or null.",
    ),
    (
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 1}}',
        "`operationName` must be a string or null.",
    ),
    ('{"type": "complete", "id": 1}', "Message must have an id of 1 to 256 characters"),
)


async def test_a_message_that_is_not_of_the_protocol_closes_with_4400(
    province: ServedAdmissions, caplog: pytest.LogCaptureFixture
) -> None:
    for message, reason in _BAD_MESSAGES:
        async with live_socket(address(province)) as socket:
            await socket.send(message)
            assert await socket.closed() == (4400, reason), message
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_frames_that_are_no_text_close_with_4400(province: ServedAdmissions) -> None:
    async with live_socket(address(province)) as socket:
        await socket.connection.send(b'{"type": "ping"}')
        assert await socket.closed() == (4400, "WebSocket message type must be text")


async def test_a_message_that_is_too_large_closes_with_1009(province: ServedAdmissions) -> None:
    async with live_socket(address(province)) as socket:
        await socket.watch("{ __typename }" + " " * 5000)
        assert (await socket.closed())[0] == 1009


async def test_a_second_init_a_missing_one_and_a_repeated_id(province: ServedAdmissions) -> None:
    async with live_socket(address(province)) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closed() == (4429, "Too many initialisation requests")
    async with live_socket(address(province), begin=False) as socket:
        await socket.watch(ROUND)
        assert await socket.closed() == (4401, "Unauthorized")
    async with live_socket(address(province)) as socket:
        await socket.watch(ROUND)
        await socket.watch(ROUND)
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")
    async with live_socket(address(province), begin=False) as socket:
        await socket.send({"type": "connection_init", "payload": []})
        assert await socket.closed() == (4400, "Invalid connection init payload")
    async with live_socket(address(province), begin=False) as socket:
        await socket.send({"type": "connection_init", "payload": None})
        assert await socket.take() == {"type": "connection_ack"}


async def test_only_this_protocol_is_spoken(province: ServedAdmissions) -> None:
    async with live_socket(address(province), begin=False, protocol="graphql-ws") as socket:
        assert await socket.closed() == (4406, "Subprotocol not acceptable")


async def test_pages_of_other_sites_connect_only_where_they_are_allowed(
    province: ServedAdmissions, caplog: pytest.LogCaptureFixture
) -> None:
    own = address(province).rstrip("/")
    for origin in ("https://portal.example.cn", own, None):
        async with live_socket(address(province), origin=origin) as socket:
            await socket.send({"type": "ping"})
            assert await socket.take() == {"type": "pong"}
    for origin in ("https://other.example.cn", "null"):
        with pytest.raises(InvalidStatus) as caught:
            async with live_socket(address(province), origin=origin):
                pytest.fail("connected")
        response = caught.value.response
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
        [error] = json.loads(response.body or b"")["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN"}
        assert error["message"].startswith("此网站的页面不得连接本服务")
    # A refusal is no fault of the server: whoever likes could fill its log otherwise.
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_token_that_is_not_accepted_closes_with_4403(province: ServedAdmissions) -> None:
    token = await province.token("base_office")
    for given, reason in ((token[:-4] + "AAAA", "UNAUTHENTICATED"), ("x", "UNAUTHENTICATED")):
        async with live_socket(address(province), begin=False) as socket:
            payload = {"Authorization": f"Bearer {given}"}
            await socket.send({"type": "connection_init", "payload": payload})
            assert await socket.closed() == (4403, reason)


async def test_who_means_to_sign_in_does_not_go_on_as_nobody(province: ServedAdmissions) -> None:
    for payload in ({"authorization": {"token": "x"}}, {"Authorization": ["Bearer x"]}):
        async with live_socket(address(province), begin=False) as socket:
            await socket.send({"type": "connection_init", "payload": payload})
            code, reason = await socket.closed()
            assert code == 4400
            assert reason.lower() == "authorization in the payload must be a string"
    for nobody in ({"authorization": None}, {}, None):
        async with live_socket(address(province), begin=False) as socket:
            await socket.send({"type": "connection_init", "payload": nobody})
            assert await socket.take() == {"type": "connection_ack"}


async def test_an_expired_token_ends_what_it_began(
    province: ServedAdmissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhupei.graphql.subscriptions.watching._RECHECK_SECONDS", 0.05)
    token = await province.token("base_office")
    async with live_socket(address(province), token) as socket:
        await socket.watch(MINE)
        assert await socket.told("applicationChanged") == {"readAgain": True}
        await socket.nothing()
        province.clock.now += timedelta(hours=2)
        assert await socket.closed() == (4403, "TOKEN_EXPIRED")


async def test_errors_are_those_of_the_endpoint_and_leave_the_connection(
    province: ServedAdmissions,
) -> None:
    async with live_socket(address(province)) as socket:
        for query, code in (
            ("subscription {", "BAD_USER_INPUT"),
            ("subscription { nothing }", "BAD_USER_INPUT"),
            (MINE, "UNAUTHENTICATED"),
            ('subscription { roundChanged(program: "x") { kind } }', "NOT_FOUND"),
        ):
            await socket.watch(query)
            error = await socket.refused()
            assert error["extensions"]["code"] == code, error
        await socket.send({"type": "ping"})
        assert await socket.take() == {"type": "pong"}


async def test_an_account_has_so_many_connections_and_others_have_theirs(
    tmp_path: Path, database_url: str
) -> None:
    """WebSockets and event streams count together, and nobody's own only by address."""
    async with served_admissions(tmp_path, database_url, open_per_account=3) as province:
        token, place = await province.token("national"), address(province)
        client = province.graph.client

        def stream(token: str) -> Any:
            return client.stream(
                "POST",
                "/graphql",
                json={"query": ROUND},
                headers={
                    "authorization": f"Bearer {token}",
                    "accept": "text/event-stream",
                    "accept-language": "en",
                },
            )

        async with live_socket(place, token), live_socket(place, token) as second:
            async with stream(token) as third:
                assert third.status_code == 200
                async with stream(token) as refused:
                    assert refused.status_code == 429
                    assert refused.headers["retry-after"] == "10"
                    (error,) = json.loads(await refused.aread())["errors"]
                    assert error == {
                        "message": "This account has too many live connections open; close some.",
                        "extensions": {"code": "RATE_LIMITED"},
                    }
                # By the header of the handshake, too, and without a payload.
                for begin in ({"payload": {"authorization": f"Bearer {token}"}}, {}):
                    async with connect(
                        place.replace("http", "ws").rstrip("/") + "/graphql",
                        subprotocols=[Subprotocol("graphql-transport-ws")],
                        additional_headers={} if begin else {"authorization": f"Bearer {token}"},
                        proxy=None,
                    ) as connection:
                        socket = LiveSocket(connection)
                        await socket.send({"type": "connection_init", **begin})
                        assert await socket.closed() == (4429, "RATE_LIMITED")
                other = await province.token("auditor")
                async with live_socket(place, other), stream(other) as own:
                    assert own.status_code == 200
                async with (
                    live_socket(place),
                    live_socket(place),
                    live_socket(place),
                    live_socket(place) as public,
                ):
                    await public.watch(ROUND)
                    assert (await public.told("roundChanged"))["readAgain"] is True
            await second.connection.close()
            async with asyncio.timeout(10):
                while True:
                    # Both have left, as soon as the server knows.
                    async with stream(token) as one, stream(token) as two:
                        if (one.status_code, two.status_code) == (200, 200):
                            break
                    await asyncio.sleep(0.05)


async def test_more_than_fifty_operations_are_refused_one_by_one(
    province: ServedAdmissions,
) -> None:
    async with live_socket(address(province)) as socket:
        for number in range(51):
            await socket.watch(ROUND, str(number))
        messages: list[Any] = [await socket.take() for _ in range(51)]
        (refused,) = [message for message in messages if message["type"] == "error"]
        assert refused["payload"] == [
            {
                "message": "At most 50 operations may run on one connection.",
                "extensions": {"code": "LIMIT_EXCEEDED"},
            }
        ]


async def test_a_client_that_reads_nothing_is_left_and_holds_little(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for it stays within what is asked at once, and ends with the connection."""
    monkeypatch.setattr("zhupei.web.live_sockets._SEND_SECONDS", 1.0)
    monkeypatch.setattr("zhupei.web.live_sockets._CLOSE_SECONDS", 0.5)
    monkeypatch.setattr(BoundedWebSocket, "linger_seconds", 1.0)
    query = "{ __schema { types { name description fields { name description } } } }"
    async with served_admissions(tmp_path, database_url, open_per_account=1) as province:
        token = await province.token("national")
        place, loop = httpx2.URL(address(province)), asyncio.get_running_loop()
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        with socket.socket() as quiet:
            # As little as the kernel takes, so that what is not read waits in the server.
            quiet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            quiet.setblocking(False)
            await loop.sock_connect(quiet, (place.host, place.port or 80))
            client = ClientProtocol(
                parse_uri(f"ws://{place.host}:{place.port}/graphql"),
                subprotocols=[Subprotocol("graphql-transport-ws")],
            )
            client.send_request(client.connect())
            await loop.sock_sendall(quiet, b"".join(client.data_to_send()))
            while client.state is not State.OPEN:
                client.receive_data(await loop.sock_recv(quiet, 4096))
            messages: list[dict[str, Any]] = [init]
            for number in range(49):
                asked = {"id": str(number), "type": "subscribe", "payload": {"query": query}}
                messages.append(asked)
            for message in messages:
                client.send_text(json.dumps(message).encode())
            await loop.sock_sendall(quiet, b"".join(client.data_to_send()))
            began = loop.time()
            # Its place is free again after a while: nothing of it is left in the server.
            async with asyncio.timeout(20):
                while True:
                    async with live_socket(address(province), begin=False) as other:
                        await other.send(init)
                        with contextlib.suppress(ConnectionClosed):
                            assert await other.take() == {"type": "connection_ack"}
                            break
                    await asyncio.sleep(0.1)
            assert loop.time() - began > 0.5
            await asyncio.sleep(1.5)
            received = 0
            async with asyncio.timeout(10):
                with contextlib.suppress(ConnectionResetError):
                    while part := await loop.sock_recv(quiet, 1 << 20):
                        received += len(part)
            # What the system had taken already, of 49 answers.
            whole = (await province.graph.ask(query)).content
            assert len(whole) > 150_000
            assert received < 30 * len(whole)
