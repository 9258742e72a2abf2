"""OpenID Connect against a real issuer over HTTP: rotation, cache, failures and attacks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from oidc_issuer import OidcServer, ec_key, ed_key, oidc_server, rsa_key
from zhupei.security.oidc import KeyTimes, OpenIdIssuer
from zhupei.security.tokens import (
    IssuerMismatchError,
    IssuerUnavailableError,
    TokenAudienceError,
    TokenError,
    TokenExpiredError,
    TokenIssuerError,
    TokenKeyUnknownError,
    TokenSignatureError,
    VerifiedToken,
)

FIRST, SECOND, ELLIPTIC = ed_key("first"), rsa_key("second"), ec_key("elliptic")
DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def server() -> Iterator[OidcServer]:
    with oidc_server() as running:
        running.keys = [FIRST]
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def issuer(server: OidcServer, clock: Clock) -> AsyncIterator[OpenIdIssuer]:
    made = OpenIdIssuer(server.url, frozenset({"zhupei"}), now=clock)
    yield made
    await made.aclose()


def token(server: OidcServer, clock: Clock, key: Any = FIRST, **claims: Any) -> str:
    seconds = int(clock.now.timestamp())
    told = {"iss": server.url, "aud": "zhupei", "sub": "account-1", "exp": seconds + 7200}
    return server.token(key, {**told, **claims})


async def test_a_token_of_the_issuer_is_accepted(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    found = await issuer.verify(token(server, clock, scope="openid plans:read"))
    assert isinstance(found, VerifiedToken)
    assert (found.issuer, found.subject) == (server.url, "account-1")
    assert found.scopes == {"openid", "plans:read"}
    assert server.asked == {DISCOVERY: 1, KEYS: 1}


async def test_keys_of_every_type_are_used(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    server.keys = [FIRST, SECOND, ELLIPTIC]
    for key in server.keys:
        assert (await issuer.verify(token(server, clock, key))).subject == "account-1"
    assert server.asked == {DISCOVERY: 1, KEYS: 1}


async def test_keys_are_kept_until_they_are_old(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    for _ in range(3):
        await issuer.verify(token(server, clock))
        clock.advance(minutes=4)
    assert server.asked[KEYS] == 1
    await issuer.verify(token(server, clock))
    assert server.asked[KEYS] == 2


async def test_many_who_need_keys_wait_for_one_fetch(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    server.delay = 0.05
    one = token(server, clock)
    assert len(await asyncio.gather(*(issuer.verify(one) for _ in range(20)))) == 20
    assert server.asked == {DISCOVERY: 1, KEYS: 1}


async def test_a_new_key_is_fetched_as_soon_as_it_signs(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    await issuer.verify(token(server, clock))
    clock.advance(seconds=1)
    server.keys = [SECOND, FIRST]
    assert (await issuer.verify(token(server, clock, SECOND))).subject == "account-1"
    assert (await issuer.verify(token(server, clock, FIRST))).subject == "account-1"
    assert server.asked[KEYS] == 2


async def test_a_withdrawn_key_is_refused_once_the_keys_are_old(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    await issuer.verify(token(server, clock))
    server.keys = [SECOND]
    clock.advance(minutes=10)
    with pytest.raises(TokenKeyUnknownError):
        await issuer.verify(token(server, clock, FIRST))


async def test_unknown_keys_make_one_fetch_a_minute(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    await issuer.verify(token(server, clock))
    clock.advance(seconds=1)
    for number in range(20):
        with pytest.raises(TokenKeyUnknownError):
            await issuer.verify(token(server, clock, ed_key(f"made-up-{number}")))
        clock.advance(seconds=2)
    assert server.asked[KEYS] == 2
    clock.advance(seconds=30)
    with pytest.raises(TokenKeyUnknownError):
        await issuer.verify(token(server, clock, ed_key("made-up")))
    assert server.asked[KEYS] == 3


async def test_many_with_a_new_key_make_one_fetch(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    await issuer.verify(token(server, clock))
    clock.advance(seconds=1)
    server.keys, server.delay = [SECOND], 0.05
    one = token(server, clock, SECOND)
    await asyncio.gather(*(issuer.verify(one) for _ in range(20)))
    assert server.asked[KEYS] == 2


async def test_the_first_token_with_an_unknown_key_fetches_once(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    with pytest.raises(TokenKeyUnknownError):
        await issuer.verify(token(server, clock, SECOND))
    assert server.asked == {DISCOVERY: 1, KEYS: 1}


async def test_refusals_of_claims_and_signatures(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    old = int(clock.now.timestamp()) - 61
    for refused, error in (
        (token(server, clock, aud="other"), TokenAudienceError),
        (token(server, clock, exp=old), TokenExpiredError),
        (token(server, clock, iss="https://other.example"), TokenIssuerError),
        (token(server, clock, ed_key("first")), TokenSignatureError),
    ):
        with pytest.raises(error):
            await issuer.verify(refused)


async def test_malformed_tokens_ask_nobody(issuer: OpenIdIssuer, server: OidcServer) -> None:
    for text in ("", "a.b", "a.b.c", "....."):
        with pytest.raises(TokenError):
            await issuer.verify(text)
    assert server.asked == {}


async def test_while_the_issuer_is_away_old_keys_serve_for_an_hour(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await issuer.verify(token(server, clock))
    server.status = 503
    clock.advance(minutes=30)
    one = token(server, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert (await issuer.verify(one)).subject == "account-1"
    assert server.asked[DISCOVERY] == 2  # not for every request
    (record,) = (found for found in caplog.records if found.name == "zhupei.security.oidc")
    assert record.getMessage() == "issuer's keys could not be fetched"
    assert vars(record)["reason"] == "tokens cannot be verified now: status 503"
    clock.advance(minutes=30)
    with pytest.raises(IssuerUnavailableError) as caught:
        await issuer.verify(one)
    assert caught.value.code == "ISSUER_UNAVAILABLE"
    server.status = 200
    clock.advance(seconds=5)
    assert (await issuer.verify(one)).subject == "account-1"


async def test_a_failed_fetch_does_not_use_up_the_minute_of_unknown_keys(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    await issuer.verify(token(server, clock))
    clock.advance(seconds=1)
    server.keys, server.status = [SECOND], 500
    with pytest.raises(TokenKeyUnknownError):
        await issuer.verify(token(server, clock, SECOND))
    server.status = 200
    clock.advance(seconds=5)
    assert (await issuer.verify(token(server, clock, SECOND))).subject == "account-1"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 404}, "status 404"),
        ({"redirect": "http://127.0.0.1:9/"}, "status 307"),
        ({"body": b"<html>"}, "the answer is no JSON object"),
        ({"body": b"[]"}, "the answer is no JSON object"),
        ({"body": b"[" * 100_000}, "the answer is no JSON object"),
        ({"body": b" " * ((1 << 20) + 1)}, "the answer is too large"),
        ({"delay": 1.0}, "no answer in time"),
        ({"discovery": {"jwks_uri": None}}, "jwks_uri is not an https address"),
        ({"discovery": {"jwks_uri": "file:///etc/passwd"}}, "jwks_uri is not an https address"),
        ({"discovery": {"jwks_uri": "http://10.0.0.1/"}}, "jwks_uri is not an https address"),
        ({"discovery": {"jwks_uri": "https://u:p@a.cn/"}}, "jwks_uri is not an https address"),
        ({"discovery": {"jwks_uri": "http://127.0.0.1:9/"}}, "network failure (ConnectError)"),
        ({"keys": []}, "it publishes no key that can be used"),
    ],
)
async def test_a_faulty_issuer_is_refused_with_the_reason(
    server: OidcServer, clock: Clock, fault: dict[str, Any], reason: str
) -> None:
    one = token(server, clock)
    for name, value in fault.items():
        setattr(server, name, value)
    times = KeyTimes(timeout=timedelta(seconds=0.3))
    issuer = OpenIdIssuer(server.url, frozenset({"zhupei"}), now=clock, times=times)
    with pytest.raises(IssuerUnavailableError) as caught:
        await issuer.verify(one)
    assert type(caught.value) is IssuerUnavailableError
    assert str(caught.value) == f"tokens cannot be verified now: {reason}"
    asked = server.asked.total()
    with pytest.raises(IssuerUnavailableError):
        await issuer.verify(one)
    assert server.asked.total() == asked
    await issuer.aclose()


async def test_a_document_of_another_issuer_is_refused(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    server.discovery = {"issuer": "https://other.example"}
    with pytest.raises(IssuerMismatchError) as caught:
        await issuer.verify(token(server, clock))
    assert caught.value.code == "ISSUER_MISMATCH"
    assert server.asked[KEYS] == 0


async def test_keys_that_cannot_be_read_are_left_out(
    server: OidcServer, issuer: OpenIdIssuer, clock: Clock
) -> None:
    good = FIRST.as_dict(private=False)
    broken = [{"kty": "PQ"}, {"kty": "RSA"}, 5, None, {"kty": "EC", "crv": "P-256", "x": 1}, {}]
    published = [*broken, good]
    server.keys = [_Raw(entry) for entry in published]  # type: ignore[misc]  # published as they are
    assert (await issuer.verify(token(server, clock))).subject == "account-1"


class _Raw:
    """An entry of the key set that is published unchanged."""

    def __init__(self, entry: object) -> None:
        self._entry = entry

    def as_dict(self, *, private: bool) -> object:
        assert not private
        return self._entry


async def test_an_issuer_that_goes_away_is_a_network_failure(clock: Clock) -> None:
    with oidc_server() as server:
        server.keys = [FIRST]
        one = token(server, clock)
        url = server.url
    issuer = OpenIdIssuer(url, frozenset({"zhupei"}), now=clock)
    with pytest.raises(IssuerUnavailableError, match=r"network failure \(ConnectError\)$"):
        await issuer.verify(one)
    await issuer.aclose()


async def test_a_client_that_was_given_stays_open(server: OidcServer, clock: Clock) -> None:
    async with httpx2.AsyncClient() as client:
        issuer = OpenIdIssuer(server.url, frozenset({"zhupei"}), now=clock, client=client)
        await issuer.verify(token(server, clock))
        await issuer.aclose()
        assert not client.is_closed


@pytest.mark.parametrize(
    "address",
    [
        "http://issuer.example",
        "http://10.0.0.1",
        "ftp://issuer.example",
        "https://user:password@issuer.example",
        "https://issuer.example?x=1",
        "https://issuer.example#x",
        "https://",
        "https://[",
        "issuer.example",
        "",
    ],
)
def test_an_issuer_that_could_be_overheard_is_refused(address: str, clock: Clock) -> None:
    with pytest.raises(ValueError, match=r"an issuer is an https address|Invalid IPv6 URL"):
        OpenIdIssuer(address, frozenset({"zhupei"}), now=clock)


def test_audience_and_algorithms_are_needed(clock: Clock) -> None:
    for audiences in (frozenset[str](), frozenset({""})):
        with pytest.raises(ValueError, match="an audience is needed"):
            OpenIdIssuer("https://issuer.example", audiences, now=clock)
    for algorithms in (frozenset[str](), frozenset({"HS256"}), frozenset({"none"})):
        with pytest.raises(ValueError, match="only asymmetric signatures can be allowed"):
            OpenIdIssuer(
                "https://issuer.example", frozenset({"a"}), now=clock, algorithms=algorithms
            )
