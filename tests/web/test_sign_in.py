"""Signing in over real HTTP: passwords, tokens of ours and of other issuers, and every refusal."""

from __future__ import annotations

import asyncio
import base64
import contextvars
import json
import logging
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from oidc_issuer import OidcServer, ec_key, ed_key, oidc_server
from running_graph import PASSWORD, RunningGraph, running_graph
from zhupei.db.models import Account, RoleGrant
from zhupei.domain.actors import ActorKind, Grant
from zhupei.security.built_in_issuer import BUILT_IN_ISSUER
from zhupei.security.passwords import Passwords
from zhupei.services import accounts
from zhupei.services.accounts import lock_account, revoke_role, set_password, unlock_account
from zhupei.settings import TrustedIssuer

_VIEWER = """{ viewer { id kind name permissions scopes
  grants { role label base { code } jurisdiction { code } } } }"""
_KEY = ed_key("first")
_AT = datetime(2026, 6, 18, tzinfo=UTC)
_ENDED = (
    "this sign-in was ended, or the account was locked: sign in again, and where that fails ask "
    "whoever manages the account"
)


@pytest.fixture
async def graph(tmp_path: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    async with running_graph(tmp_path, database_url) as running:
        yield running


@pytest.fixture
async def with_issuer(
    tmp_path: Path, database_url: str
) -> AsyncIterator[tuple[RunningGraph, OidcServer]]:
    with oidc_server() as server:
        server.keys = [_KEY]
        trusted = TrustedIssuer(server.url, frozenset({"zhupei"}))
        async with running_graph(tmp_path, database_url, oidc_issuers=(trusted,)) as running:
            yield running, server


def refused(response: httpx2.Response, status: int, code: str, message: str) -> None:
    assert response.status_code == status, response.text
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": code}}]}
    assert response.headers["cache-control"] == "no-store"
    if status == 401:
        assert response.headers["www-authenticate"] == (
            'Bearer realm="zhupei", error="invalid_token"'
        )


async def sign_in(graph: RunningGraph, login: str, password: str = PASSWORD) -> httpx2.Response:
    return await graph.client.post(
        "/sign-in",
        json={"login": login, "password": password},
        headers={"accept-language": "en"},
    )


async def test_the_public_has_no_viewer(graph: RunningGraph) -> None:
    assert (await graph.ask("{ viewer { id } }")).json() == {"data": {"viewer": None}}


async def test_a_password_becomes_a_token_and_a_token_a_viewer(graph: RunningGraph) -> None:
    account = await graph.account("office", Grant("base_office", base="example-hospital"))
    response = await sign_in(graph, " Office ")
    assert response.status_code == 200
    answer = response.json()
    assert answer["token_type"] == "Bearer"
    expires = datetime.fromisoformat(answer["expires_at"])
    assert timedelta(hours=7, minutes=59) < expires - datetime.now(UTC) <= timedelta(hours=8)

    viewer = (await graph.ask(_VIEWER, answer["access_token"])).json()["data"]["viewer"]
    assert viewer.pop("permissions")[:3] == [
        "applicants.find",
        "applicants.read",
        "applications.admit",
    ]
    assert viewer == {
        "id": str(account.id),
        "kind": "PERSON",
        "name": "office",
        "scopes": None,
        "grants": [
            {
                "role": "base_office",
                "label": "base office",
                "base": {"code": "example-hospital"},
                "jurisdiction": None,
            }
        ],
    }
    with graph.database.use():
        assert (await Account.get(login="office")).last_signed_in_at is not None


async def test_a_wrong_password_and_an_unknown_login_are_told_alike(graph: RunningGraph) -> None:
    await graph.account("office")
    for login in ("office", "nobody", "", "x" * 1000, "a\x00b", "13800138000"):
        response = await sign_in(graph, login, "wrong password here")
        assert response.status_code == 401
        assert response.json() == {
            "errors": [
                {
                    "message": "login or password is wrong",
                    "extensions": {"code": "CREDENTIALS_WRONG"},
                }
            ]
        }


@pytest.mark.parametrize("login", ["office", "nobody"])
async def test_five_failures_lock_out_and_the_lock_tells_not_who_exists(
    graph: RunningGraph, login: str
) -> None:
    await graph.account("office")
    codes = []
    for _ in range(5):
        response = await sign_in(graph, login, "wrong password here")
        codes.append(response.json()["errors"][0]["extensions"]["code"])
    assert codes == ["CREDENTIALS_WRONG"] * 5
    locked = await sign_in(graph, login)
    assert locked.status_code == 429
    assert locked.json()["errors"][0]["extensions"] == {"code": "LOCKED_OUT"}
    assert locked.json()["errors"][0]["message"].startswith("too many failed attempts: try again")
    if login == "office":
        with graph.database.use():
            # Refused attempts are not counted, or anybody could keep somebody out for ever.
            assert (await Account.get(login="office")).failed_attempts == 5
            await unlock_account("office", by="a test", at=_AT)
        assert (await sign_in(graph, login)).status_code == 200


async def test_attempts_at_the_same_time_do_not_outrun_the_lock(graph: RunningGraph) -> None:
    await graph.account("office")
    answers = await asyncio.gather(
        *(sign_in(graph, "office", f"wrong password {n}") for n in range(12))
    )
    codes = [each.json()["errors"][0]["extensions"]["code"] for each in answers]
    assert (codes.count("CREDENTIALS_WRONG"), codes.count("LOCKED_OUT")) == (5, 7)


async def test_success_clears_the_count(graph: RunningGraph) -> None:
    await graph.account("office")
    for _ in range(4):
        await sign_in(graph, "office", "wrong password here")
    assert (await sign_in(graph, "office")).status_code == 200
    with graph.database.use():
        assert (await Account.get(login="office")).failed_attempts == 0


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"login": "a"}', "application/json"),
        (b'{"login": 1, "password": "b"}', "application/json"),
        (b'{"login": "a", "password": "b"}', "text/plain"),
        (b'{"login": "a", "password": "' + b"b" * 5000 + b'"}', "application/json"),
    ],
)
async def test_a_body_that_is_no_sign_in(graph: RunningGraph, content: bytes, type_: str) -> None:
    response = await graph.client.post(
        "/sign-in", content=content, headers={"content-type": type_, "accept-language": "en"}
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert (await graph.client.get("/sign-in")).status_code == 405


async def test_an_administrator_locks_an_account_and_its_token_ends(graph: RunningGraph) -> None:
    account = await graph.account("office")
    token = graph.token(account)
    assert (await graph.ask(_VIEWER, token)).status_code == 200
    with graph.database.use():
        await lock_account("office", by="a test", at=datetime.now(UTC))
    refused(await graph.ask(_VIEWER, token), 401, "UNAUTHENTICATED", _ENDED)
    chinese: dict[str, Any] = {"accept-language": "zh"}
    told = await graph.ask(_VIEWER, token, **chinese)
    refused(
        told,
        401,
        "UNAUTHENTICATED",
        "此次登录已失效，或账号已停用：请重新登录，仍不能登录的请联系账号管理员",
    )
    wrong = await sign_in(graph, "office")
    assert wrong.json()["errors"][0]["extensions"] == {"code": "CREDENTIALS_WRONG"}
    with graph.database.use():
        await unlock_account("office", by="a test", at=datetime.now(UTC))
    assert (await graph.ask(_VIEWER, token)).status_code == 401  # the old token stays ended


@pytest.mark.slow
async def test_who_asks_while_being_locked_is_not_remembered_as_before(
    graph: RunningGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock is heeded at once, also by whoever was looked up before its transaction ended."""
    account = await graph.account("office", Grant("base_office", base="sample-hospital"))
    by = graph.token(await graph.account("administrator", Grant("administrator")))
    token = graph.token(account)
    meanwhile: list[int] = []

    async def locked(*given: Any, **more: Any) -> Any:
        done = await lock_account(*given, **more)
        asking = asyncio.create_task(graph.ask(_VIEWER, token), context=contextvars.Context())
        meanwhile.append((await asking).status_code)
        return done

    monkeypatch.setattr(accounts, "lock_account", locked)
    answer = await graph.ask(
        'mutation { lockAccount(input: {account: "office"}) { ... on Account { lockedAt } } }', by
    )
    assert answer.json()["data"]["lockAccount"]["lockedAt"] is not None
    assert meanwhile == [200]
    assert (await graph.ask(_VIEWER, token)).status_code == 401


@pytest.mark.parametrize("change", ["locked", "revoked"])
async def test_what_another_process_changes_holds_within_a_second(
    graph: RunningGraph, change: str
) -> None:
    """R: nothing here tells this process of it; the account and its roles are read again."""
    grant = Grant("auditor")
    token = graph.token(await graph.account("checker", grant))

    async def is_as_before() -> bool:
        answer = await graph.ask(_VIEWER, token)
        return answer.status_code == 200 and bool(answer.json()["data"]["viewer"]["grants"])

    assert await is_as_before()
    with graph.database.use():
        if change == "locked":
            await Account.filter(login="checker").update(disabled_at=datetime.now(UTC))
        else:
            await RoleGrant.all().delete()
    begun = time.monotonic()
    while await is_as_before():
        assert time.monotonic() - begun < 3
        await asyncio.sleep(0.02)
    # What was remembered is a second old at most; reading it anew takes a moment, too.
    assert time.monotonic() - begun < 2


async def test_a_new_password_ends_old_tokens(graph: RunningGraph) -> None:
    account = await graph.account("office")
    token = graph.token(account)
    with graph.database.use():
        await set_password(
            "office",
            "another long password",
            passwords=Passwords(time_cost=1, memory_kib=8, parallelism=1),
            by="a test",
            clock=lambda: datetime.now(UTC),
        )
    assert (await graph.ask(_VIEWER, token)).status_code == 401
    await asyncio.sleep(1.1)  # tokens tell whole seconds
    token = (await sign_in(graph, "office", "another long password")).json()["access_token"]
    assert (await graph.ask(_VIEWER, token)).status_code == 200


async def test_a_role_that_is_revoked_is_gone_with_the_next_request(graph: RunningGraph) -> None:
    grant = Grant("auditor")
    token = graph.token(await graph.account("checker", grant))
    seen = (await graph.ask(_VIEWER, token)).json()["data"]["viewer"]
    assert "audit.read" in seen["permissions"]
    with graph.database.use():
        await revoke_role("checker", grant, by="a test", at=_AT)
    seen = (await graph.ask(_VIEWER, token)).json()["data"]["viewer"]
    assert (seen["permissions"], seen["grants"]) == ([], [])


async def test_a_service_is_limited_to_its_scopes_and_its_tokens(graph: RunningGraph) -> None:
    service = await graph.account(
        "gateway",
        Grant("integrator"),
        kind=ActorKind.SERVICE,
        scopes=["events.read", "statistics.read"],
    )
    seen = (await graph.ask(_VIEWER, graph.token(service))).json()["data"]["viewer"]
    assert (seen["kind"], seen["permissions"]) == ("SERVICE", ["events.read", "statistics.read"])
    narrow = graph.token(service, scopes=["events.read", "applications.read"])
    seen = (await graph.ask(_VIEWER, narrow)).json()["data"]["viewer"]
    assert (seen["scopes"], seen["permissions"]) == (["events.read"], ["events.read"])


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(claims)}."


async def test_tokens_of_ours_that_are_refused(graph: RunningGraph) -> None:
    account = await graph.account("office")
    good = graph.token(account)
    now = int(time.time())
    claims = {"iss": BUILT_IN_ISSUER, "aud": BUILT_IN_ISSUER, "sub": str(account.id), "iat": now}
    none = _unsigned({"alg": "none", "typ": "at+jwt"}, {**claims, "exp": now + 60})
    stolen = OidcServer(url="").token(_KEY, {**claims, "exp": now + 60}, typ="at+jwt")
    tampered = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    for token, message in (
        (none, "the token's algorithm is not accepted"),
        (stolen, "the token's key is not known"),
        (tampered, "the token's signature does not match"),
        ("nonsense", "the token is malformed"),
    ):
        refused(await graph.ask(_VIEWER, token), 401, "UNAUTHENTICATED", message)
    for header in ("Bearer", "Bearer a b", "bearer"):
        response = await graph.ask(_VIEWER, authorization=header)
        refused(response, 401, "UNAUTHENTICATED", "the token is malformed")
    # Another scheme is somebody else's, such as a proxy's.
    response = await graph.ask(_VIEWER, authorization="Basic YTpi")
    assert response.json() == {"data": {"viewer": None}}


async def test_an_expired_token_says_to_sign_in_again(graph: RunningGraph) -> None:
    # It ended six seconds ago: the built-in issuer allows five.
    before = replace(graph, clock=lambda: graph.clock() - timedelta(seconds=66))
    account = await before.account("office")
    assert (await graph.ask(_VIEWER, before.token(account))).status_code == 200
    token = before.token(account, lifetime=timedelta(seconds=60))
    refused(
        await graph.ask(_VIEWER, token),
        401,
        "TOKEN_EXPIRED",
        "the token has expired: sign in again",
    )


async def test_a_token_for_an_account_that_is_not_there(graph: RunningGraph) -> None:
    account = await graph.account("office")
    with graph.database.use():
        await Account.filter(id=account.id).delete()
    refused(
        await graph.ask(_VIEWER, graph.token(account)),
        401,
        "UNAUTHENTICATED",
        _ENDED,
    )


def foreign(server: OidcServer, key: Any = _KEY, **claims: Any) -> str:
    now = int(time.time())
    values = {
        "iss": server.url,
        "aud": "zhupei",
        "sub": "person-1",
        "iat": now,
        "exp": now + 300,
        "name": "王 \x00小明",
        "scope": "openid profile",
        **claims,
    }
    return server.token(key, {name: value for name, value in values.items() if value is not None})


async def test_another_issuers_person_becomes_an_applicant_once(
    with_issuer: tuple[RunningGraph, OidcServer],
) -> None:
    graph, server = with_issuer
    token = foreign(server)
    answers = await asyncio.gather(*(graph.ask(_VIEWER, token) for _ in range(6)))
    viewers = [answer.json()["data"]["viewer"] for answer in answers]
    assert len({viewer["id"] for viewer in viewers}) == 1
    assert viewers[0]["name"] == "王 小明"
    assert viewers[0]["scopes"] is None
    assert viewers[0]["grants"] == [
        {"role": "applicant", "label": "applicant", "base": None, "jurisdiction": None}
    ]
    with graph.database.use():
        assert await Account.all().count() == 1
        assert (await RoleGrant.get()).granted_by == "first sign-in"
        account = await Account.get()
        assert (account.issuer, account.subject) == (server.url, "person-1")
        assert account.login is None
        assert not account.password_hash


@pytest.mark.parametrize(
    ("claims", "code", "message"),
    [
        ({"exp": 1}, "TOKEN_EXPIRED", "the token has expired: sign in again"),
        ({"aud": "others"}, "UNAUTHENTICATED", "the token is for another audience"),
        ({"iss": "https://elsewhere"}, "UNAUTHENTICATED", "the token's issuer is not trusted"),
        ({"sub": "a\x00"}, "UNAUTHENTICATED", _ENDED),
        ({"iat": None}, "UNAUTHENTICATED", _ENDED),
    ],
)
async def test_claims_of_another_issuer_that_are_refused(
    with_issuer: tuple[RunningGraph, OidcServer],
    claims: dict[str, Any],
    code: str,
    message: str,
) -> None:
    graph, server = with_issuer
    refused(await graph.ask(_VIEWER, foreign(server, **claims)), 401, code, message)


async def test_keys_of_another_issuer_that_are_refused(
    with_issuer: tuple[RunningGraph, OidcServer],
) -> None:
    graph, server = with_issuer
    unknown = foreign(server, ec_key("unknown"))
    refused(
        await graph.ask(_VIEWER, unknown), 401, "UNAUTHENTICATED", "the token's key is not known"
    )
    forged = foreign(server, ed_key("first"))
    refused(
        await graph.ask(_VIEWER, forged),
        401,
        "UNAUTHENTICATED",
        "the token's signature does not match",
    )
    now = int(time.time())
    none = _unsigned(
        {"alg": "none"}, {"iss": server.url, "aud": "zhupei", "sub": "s", "exp": now + 60}
    )
    refused(
        await graph.ask(_VIEWER, none),
        401,
        "UNAUTHENTICATED",
        "the token's algorithm is not accepted",
    )
    with graph.database.use():
        assert await Account.all().count() == 0


async def test_an_issuer_that_is_away_is_told_apart_from_a_bad_token(
    with_issuer: tuple[RunningGraph, OidcServer],
) -> None:
    graph, server = with_issuer
    server.status = 503
    response = await graph.ask(_VIEWER, foreign(server))
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"] == {"code": "ISSUER_UNAVAILABLE"}
    assert response.headers["retry-after"] == "5"
    assert (await graph.ask("{ viewer { id } }")).status_code == 200  # the public is served


async def test_without_a_database_the_public_is_served_and_nobody_signs_in(
    graph: RunningGraph, postgres_server: Any, database_url: str
) -> None:
    token = graph.token(await graph.account("office"))
    await graph.database.stop()
    postgres_server.drop_database(re.findall(r"/(test_\w+)\?", database_url)[0])
    for response in (await graph.ask(_VIEWER, token), await sign_in(graph, "office")):
        assert response.status_code == 503
        assert response.json() == {
            "errors": [
                {
                    "message": "the database is not available now",
                    "extensions": {"code": "DATABASE_UNAVAILABLE"},
                }
            ]
        }
    assert (await graph.ask("{ viewer { id } catalogueHash }")).json()["data"]["viewer"] is None


async def test_password_sign_in_can_be_switched_off(tmp_path: Path, database_url: str) -> None:
    async with running_graph(tmp_path, database_url, password_sign_in=False) as graph:
        await graph.account("office")
        assert (await sign_in(graph, "office")).status_code == 404


async def test_nothing_personal_is_logged(
    with_issuer: tuple[RunningGraph, OidcServer], caplog: pytest.LogCaptureFixture
) -> None:
    graph, server = with_issuer
    caplog.set_level(logging.DEBUG)
    account = await graph.account("office", name="Zhang Laoshi")
    secrets = [PASSWORD, "hunter2 hunter2", "13912345678", "person-secret", "Zhang Laoshi"]
    own, other = graph.token(account), foreign(server, sub="person-secret")
    await sign_in(graph, "office", "hunter2 hunter2")
    await sign_in(graph, "13912345678", "hunter2 hunter2")
    await sign_in(graph, "office")
    for token in (own, other, own[:-6] + "AAAAAA", foreign(server, aud="x", sub="person-secret")):
        await graph.ask(_VIEWER, token)
    logged = "\n".join(
        f"{record.getMessage()} {record.__dict__} {record.exc_info}" for record in caplog.records
    )
    assert "sign-in with a wrong login or password" in logged
    assert [secret for secret in secrets if secret in logged] == []
    assert own not in logged
    assert other not in logged
