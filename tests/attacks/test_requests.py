"""Attacks on a real server: texts that mean to be something else, and requests that are none."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from tortoise.connection import get_connections

from attacks.questions import PAYLOADS, questions
from graphql import GraphQLObjectType, build_schema
from live_socket import live_socket
from running_graph import RunningGraph, running_graph
from zhupei.domain.actors import Grant
from zhupei.graphql.schema import build_schema as build_graph
from zhupei.security.built_in_issuer import BUILT_IN_ISSUER

pytestmark = pytest.mark.slow

# What must never leave the server: places in its files, its libraries, its tables.
_INSIDE = re.compile(
    r"Traceback|File \"|/src/|site-packages|asyncpg|tortoise|strawberry\.|psycopg|password_hash"
    r"|relation \"|syntax error at"
)
OFFICE = Grant("base_office", base="example-hospital")
_ROLES = ("national", "administrator", "auditor", "applicant")


@pytest.fixture
async def graph(tmp_path: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    async with running_graph(tmp_path, database_url, access_log=True) as running:
        yield running


async def rows(graph: RunningGraph) -> dict[str, int]:
    """How many rows each table has."""
    with graph.database.use():
        client = get_connections().get("default")
        tables = await client.execute_query_dict(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        return {
            name: (await client.execute_query_dict(f'SELECT count(*) AS n FROM "{name}"'))[0]["n"]
            for name in sorted(str(table["tablename"]) for table in tables)
            # What somebody tried is meant to be kept, in as many rows as there were tries.
            if name not in {"idempotency_key", "audit_entry"}
        }


async def test_no_text_is_taken_for_sql(
    graph: RunningGraph, caplog: pytest.LogCaptureFixture
) -> None:
    """R: every text argument of every field, of queries and mutations, with every payload."""
    schema = build_schema(build_graph().sdl)
    # Several roles: what one may not ask another may.
    account = await graph.account("somebody", OFFICE, *map(Grant, _ROLES))
    token = graph.token(account)
    headers = {
        "authorization": f"Bearer {token}",
        "accept-language": "en",
        "content-type": "application/json",
    }
    before = await rows(graph)
    asked = 0
    longest = 0.0
    for root in (schema.query_type, schema.mutation_type):
        assert isinstance(root, GraphQLObjectType)
        for payload in PAYLOADS:
            for query, variables in questions(root, payload):
                began = time.monotonic()
                # Written with escapes, so that halves of pairs can be sent, too.
                body = json.dumps({"query": query, "variables": variables})
                response = await graph.client.post("/graphql", content=body, headers=headers)
                longest = max(longest, time.monotonic() - began)
                asked += 1
                assert response.status_code in {200, 400}, (query, response.text)
                codes = [each["extensions"]["code"] for each in response.json().get("errors", ())]
                assert "INTERNAL_SERVER_ERROR" not in codes, (query, payload, caplog.text[-3000:])
                assert not _INSIDE.search(response.text), (query, response.text)
    assert asked > 1500
    assert longest < 4
    after = await rows(graph)
    assert after.keys() == before.keys()
    changed = {name: number - before[name] for name, number in after.items()}
    assert changed["account"] <= len(PAYLOADS)


_BODIES: tuple[bytes, ...] = (
    b"",
    b"null",
    b"5",
    b'"x"',
    b"[]",
    b"{}",
    b"{",
    b"\xff\xfe",
    b'{"query": 5}',
    b'{"query": "{ catalogueHash }", "variables": []}',
    b'{"query": "{ catalogueHash }", "variables": "x"}',
    b'{"query": "{ catalogueHash }", "operationName": {}}',
    b'{"query": "{ catalogueHash }", "extensions": 1, "variables": 1}',
    b'{"query": "\\ud800"}',
    b'{"query": "{ catalogueHash }", "n": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"query": "{ bases(first: ' + b"9" * 5000 + b') { totalCount } }"}',
    b'[{"query": "{ catalogueHash }"}]' * 2,
    b"[" + b'{"query": "{ catalogueHash }"},' * 100 + b'{"query": "{ catalogueHash }"}]',
    b'{"query": "' + b"{ a " * 10_000 + b'"}',
)


async def test_no_body_is_an_error_of_ours(
    graph: RunningGraph, caplog: pytest.LogCaptureFixture
) -> None:
    for body in _BODIES:
        response = await graph.client.post(
            "/graphql",
            content=body,
            headers={
                "content-type": "application/json",
                "accept": "application/graphql-response+json",
            },
        )
        assert 400 <= response.status_code < 500, (body[:80], response.text[:200])
        (first, *_) = response.json()["errors"]
        assert first["extensions"]["code"] in {"BAD_USER_INPUT", "LIMIT_EXCEEDED"}, body[:80]
        assert "data" not in response.json()
        assert not _INSIDE.search(response.text)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_pages_of_others_cannot_act(graph: RunningGraph) -> None:
    """Forms and simple requests of other sites' pages, and GET, change nothing and read nothing."""
    query = '{"query": "{ catalogueHash }"}'
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "text/plain; application/json",
        "",
    ):
        response = await graph.client.post(
            "/graphql", content=query, headers={"content-type": kind, "origin": "https://evil.test"}
        )
        assert response.status_code in {400, 415}, kind
        assert "catalogueHash" not in response.text
    mutation = 'mutation { lockAccount(input: {id: "x", idempotencyKey: "k"}) { __typename } }'
    response = await graph.client.get("/graphql", params={"query": mutation})
    assert response.status_code == 405
    preflight = await graph.client.options(
        "/graphql",
        headers={"origin": "https://evil.test", "access-control-request-method": "POST"},
    )
    assert "access-control-allow-origin" not in preflight.headers
    response = await graph.ask("{ catalogueHash }", None, origin="https://evil.test")
    assert "access-control-allow-origin" not in response.headers


async def test_paths_lead_nowhere_else(graph: RunningGraph, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret", "utf-8")
    account = await graph.account("somebody", Grant("applicant"))
    headers = {"authorization": f"Bearer {graph.token(account)}", "content-type": "application/pdf"}
    ups = ("../", "..%2f", "%2e%2e/", "..%5c", "....//", "%252e%252e%252f", "..%c0%af", "/")
    for up in ups:
        for place in ("/files/", "/files/a/", "/publicity/", "/papers/", "/graphql/ide/", "/"):
            for target in ("secret.txt", "etc/passwd", "../secret.txt"):
                path = "/" + (place + up * 4 + target).lstrip("/")
                for method in ("GET", "PUT"):
                    response = await graph.client.request(method, path, headers=headers)
                    assert response.status_code in {307, 400, 403, 404, 405, 413, 415}, (
                        method,
                        path,
                    )
                    assert "the secret" not in response.text
                    assert "root:" not in response.text
                    assert not _INSIDE.search(response.text)
    assert (tmp_path / "secret.txt").read_text("utf-8") == "the secret"


async def test_no_name_of_a_file_becomes_a_header(graph: RunningGraph) -> None:
    """Names come from the person who hands the file in, and go into ``Content-Disposition``."""
    account = await graph.account("somebody", Grant("applicant"))
    token = graph.token(account)
    registered = await graph.ask(
        "mutation($i: RegisterApplicantInput!) { registerApplicant(input: $i) { __typename } }",
        token,
        variables={
            "i": {
                "identityKind": "PASSPORT",
                "issuingState": "USA",
                "identityNumber": "E1234567",
                "name": "Somebody",
                "facts": {"origin": "MAINLAND"},
            }
        },
    )
    assert registered.json() == {"data": {"registerApplicant": {"__typename": "Applicant"}}}
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    png = b"\x89PNG\r\n\x1a\n" + bytes(24)
    for name in (
        "a%22; filename=%22page.html",
        "a%0d%0aset-cookie: a=b",
        "%00",
        "x" * 300,
        "%e4%b8%ad",
        "a%09b",
        "%22",
    ):
        answer = await graph.client.put(f"/files/{name}", content=png, headers=headers)
        assert answer.status_code == 404, name
        assert "set-cookie" not in answer.headers
    answer = await graph.client.put("/files/degree", content=png, headers=headers)
    assert answer.status_code == 201
    place = f"/files/degree/{answer.json()['sha256']}"
    shown = await graph.client.get(place, headers=headers)
    assert shown.headers["content-disposition"] == 'attachment; filename="degree"'
    assert shown.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_nothing_is_injected_into_headers_and_logs(
    graph: RunningGraph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    host, port = str(graph.client.base_url).removeprefix("http://").rstrip("/").split(":")
    for line in (
        b"x-request-id: a\x0bset-cookie: a=b",
        b"x-request-id: " + b"a" * 5000,
        b"x-request-id: ok-ok-ok\r\nx-request-id: bad bad bad",
        b"accept-language: " + b"en;q=0.1," * 3000,
        b"accept-language: \xff\xfe;q=nan,zh;q=inf,en;q=1e999",
        b"authorization: Bearer " + b"a." * 20_000,
        b"authorization: Bearer \xff\xff",
        b"accept: " + b"a/b;q=1," * 5000,
        b"cookie: " + b"a=b; " * 5000,
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        body = b'{"query": "{ catalogueHash }"}'
        writer.write(
            b"POST /graphql?a=%%0d%%0afake+log+line HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n"
            % len(body)
            + line
            + b"\r\n\r\n"
            + body
        )
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        status = int(answer[9:12])
        assert status < 500, (line[:60], answer[:300])
        assert b"set-cookie" not in answer.lower()
        assert not _INSIDE.search(answer.decode("utf-8", "replace"))
    await graph.client.get("/x%0d%0a2026-01-01T00:00:00 info fake%1b[31m")
    logged = [f"{each.getMessage()} {each.__dict__.get('path', '')}" for each in caplog.records]
    assert not any("fake log line" in each for each in logged)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def _part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_tokens_that_were_made_up_are_refused(graph: RunningGraph) -> None:
    account = await graph.account("somebody", Grant("national"))
    good = graph.token(account)
    header, payload, signature = good.split(".")
    read = json.loads(base64.urlsafe_b64decode(header + "=="))
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["iss"] == BUILT_IN_ISSUER
    tries = [
        f"{_part({'alg': 'none'})}.{payload}.",
        f"{_part({'alg': 'None', 'kid': read.get('kid')})}.{payload}.{signature}",
        f"{_part({'alg': 'HS256', 'kid': read.get('kid')})}.{payload}.{signature}",
        f"{_part({**read, 'kid': '../../../dev/null'})}.{payload}.{signature}",
        f"{_part({**read, 'kid': chr(39) + ' OR 1=1 --'})}.{payload}.{signature}",
        f"{_part({**read, 'jku': 'http://127.0.0.1:1/keys'})}.{payload}.{signature}x",
        f"{_part({**read, 'jwk': {'kty': 'oct', 'k': 'AA'}})}.{payload}.{signature}x",
        f"{_part({**read, 'crit': ['exp']})}.{payload}.{signature}",
        f"{header}.{_part({**claims, 'sub': 'admin'})}.{signature}",
        f"{header}.{_part({**claims, 'exp': 10**12})}.{signature}",
        f"{header}.{_part({**claims, 'iss': 'https://evil.test'})}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}..{signature}",
        "a.b.c",
        good + "." + signature,
        good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
    ]
    for token in tries:
        response = await graph.ask("{ viewer { id } catalogueHash }", token)
        assert response.status_code == 401, token
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert "catalogueHash" not in response.text
    assert (await graph.ask("{ viewer { id } }", good)).json()["data"]["viewer"] is not None


async def test_ids_cannot_be_tried_out(graph: RunningGraph) -> None:
    """What is there and what is not are answered alike to whoever may not see it."""
    hidden = await graph.account("hidden", Grant("national"))
    somebody = graph.token(await graph.account("somebody", Grant("applicant")))
    for token in (None, somebody):
        shown = []
        for id_ in (hidden.id, uuid4()):
            for query in (
                "query($id: ID!) { account(id: $id) { id } }",
                "query($id: ID!) { node(id: $id) { id } }",
                "query($id: ID!) { application(id: $id) { id } }",
                "query($id: ID!) { trainee(id: $id) { id } }",
            ):
                for given in (
                    str(id_),
                    base64.b64encode(f"Account:{id_}".encode()).decode(),
                    f"account:{id_}",
                ):
                    text = (await graph.ask(query, token, variables={"id": given})).text
                    shown.append(text.replace(given, "ID").replace(str(id_), "ID"))
        half = len(shown) // 2
        assert shown[:half] == shown[half:]


async def test_sockets_cannot_flood(graph: RunningGraph) -> None:
    address = str(graph.client.base_url)
    async with live_socket(address) as socket:
        for _ in range(400):
            with contextlib.suppress(Exception):
                await socket.send({"type": "ping"})
        assert (await socket.closed())[0] == 1008
    async with live_socket(address) as socket:
        text = 'subscription { roundChanged(program: "none") { __typename } }'
        for number in range(60):
            await socket.watch(text, str(number))
        kinds = [(await socket.take())["type"] for _ in range(10)]
        assert set(kinds) <= {"error", "complete", "next"}
    for message in ("[]", "null", "5", "{", '{"type": 5}', '{"type": "subscribe"}', "\x00"):
        async with live_socket(address) as socket:
            await socket.send(message)
            assert (await socket.closed())[0] == 4400
    async with live_socket(address) as socket:
        await socket.send(json.dumps({"type": "ping", "payload": {"a": "x" * 1_200_000}}))
        assert (await socket.closed())[0] == 1009
    with pytest.raises(Exception, match="403"):
        async with live_socket(address, origin="https://evil.test"):
            pass
    assert (await graph.ask("{ catalogueHash }")).status_code == 200


async def test_a_server_that_counts_says_when_to_go_on(tmp_path: Path, database_url: str) -> None:
    limits: dict[str, Any] = {
        "rate_requests": 40,
        "rate_cost": {"public": 3000},
        "allowed_hosts": ("127.0.0.1",),
        "operation_seconds": 5,
    }
    async with running_graph(tmp_path, database_url, **limits) as graph:
        dear = "{ bases(first: 100) { edges { node { code name } } } }"
        answers: list[httpx2.Response] = [await graph.ask(dear) for _ in range(15)]
        refused = [each for each in answers if each.status_code == 429]
        assert 3 <= len(refused) <= 11
        assert all(1 <= int(each.headers["retry-after"]) <= 120 for each in refused)
        (error,) = refused[0].json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        # Whoever is signed in has an account of their own.
        token = graph.token(await graph.account("somebody", Grant("applicant")))
        assert (await graph.ask("{ catalogueHash }", token)).status_code == 200
        # A refused body counts as a request.
        for _ in range(30):
            answer = await graph.client.post("/graphql", content=b"{")
        assert answer.status_code == 429
        assert (await graph.client.get("/health/live")).status_code == 200
        answer = await graph.client.get("/health/live", headers={"host": "evil.test"})
        assert answer.status_code == 200
        answer = await graph.client.post("/graphql", content=b"{}", headers={"host": "evil.test"})
        assert answer.status_code == 421
