"""Issuers by OpenID Connect: their keys are discovered, kept and fetched anew when they change.

The keys are fetched when the first token arrives and again once they are old, or when a token
names one that is not among them; the latter at most once a minute, because anybody can send such
tokens. When fetching fails, the keys already held serve on for an hour; then tokens are refused
with `IssuerUnavailableError` until it succeeds. A failed fetch is tried again no sooner than a few
seconds later. Requests that need keys at the same time wait for one fetch.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from zhupei.domain.text import Text
from zhupei.security.tokens import (
    ALGORITHMS,
    IssuerMismatchError,
    IssuerUnavailableError,
    TokenKeyUnknownError,
    VerifiedToken,
    key_id_of,
    verify_token,
)

__all__ = ["KeyTimes", "OpenIdIssuer"]

_LOGGER = logging.getLogger(__name__)
_LARGEST_DOCUMENT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimes:
    """How long keys are kept, and how often an issuer is asked."""

    fresh: timedelta = timedelta(minutes=10)
    """Keys older than this are fetched again."""
    usable: timedelta = timedelta(hours=1)
    """Keys older than this are not used, however long the issuer is away."""
    unknown_key: timedelta = timedelta(minutes=1)
    """Time between two fetches because of unknown keys."""
    after_failure: timedelta = timedelta(seconds=5)
    """Time between a failed fetch and the next."""
    timeout: timedelta = timedelta(seconds=5)
    """Time that one fetch of both documents may take."""


@dataclass(frozen=True, slots=True)
class _Held:
    keys: KeySet
    fetched_at: datetime


class OpenIdIssuer:
    """Verifies the tokens of one OpenID Connect issuer."""

    def __init__(
        self,
        issuer: str,
        audiences: frozenset[str],
        *,
        now: Callable[[], datetime],
        client: httpx2.AsyncClient | None = None,
        times: KeyTimes | None = None,
        leeway: timedelta = timedelta(seconds=60),
        algorithms: frozenset[str] = ALGORITHMS,
    ) -> None:
        """Trust ``issuer`` for tokens made for one of ``audiences``.

        ``issuer`` is an https address (http only on this machine), written exactly as in the
        tokens. ``now`` returns aware times. ``client`` stays the caller's to close. Raises
        ValueError for an address, audience or algorithm that could never be safe.
        """
        parts = urlsplit(issuer)
        if not _is_safe(issuer, may_be_local=True) or parts.query or parts.fragment:
            raise ValueError("an issuer is an https address without query; http only on loopback")
        if not audiences or not all(audiences):
            raise ValueError("an audience is needed: tokens for others would be accepted")
        if not algorithms or not algorithms <= ALGORITHMS:
            raise ValueError("only asymmetric signatures can be allowed")
        self._issuer, self._audiences, self._now = issuer, audiences, now
        self._client, self._owns_client = client, client is None
        self._times, self._leeway, self._algorithms = times or KeyTimes(), leeway, algorithms
        self._held: _Held | None = None
        self._failed_at: datetime | None = None
        self._asked_for_unknown_at: datetime | None = None
        self._fetching = asyncio.Lock()

    @property
    def issuer(self) -> str:
        """The identifier that stands in the tokens (``iss``)."""
        return self._issuer

    async def verify(self, token: str) -> VerifiedToken:
        """Return what the token says; raise `TokenError` where it is not accepted."""
        kid, began = key_id_of(token), self._now()
        keys = await self._keys()
        if kid is not None and not _has(keys, kid):
            keys = await self._keys_with(kid, began)
        return verify_token(
            token,
            keys,
            issuer=self._issuer,
            audiences=self._audiences,
            now=self._now(),
            leeway=self._leeway,
            algorithms=self._algorithms,
        )

    async def aclose(self) -> None:
        """Close the connections that were opened here."""
        if self._owns_client and self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _keys(self) -> KeySet:
        """Return keys that may be used, fetched again where they are old."""
        if (keys := self._fresh()) is not None:
            return keys
        async with self._fetching:
            # Another request may have fetched them while this one waited.
            if (keys := self._fresh()) is None:
                keys = await self._refreshed()
            return keys

    async def _keys_with(self, kid: str, began: datetime) -> KeySet:
        """Fetch again for a key that is not held, unless that was done lately or just now."""
        async with self._fetching:
            held, now = self._held, self._now()
            if held is not None and _has(held.keys, kid):
                return held.keys
            last = self._asked_for_unknown_at
            if last is not None and now - last < self._times.unknown_key:
                raise TokenKeyUnknownError
            if held is not None and held.fetched_at >= began:
                raise TokenKeyUnknownError
            keys = await self._refreshed()
            if self._failed_at is None:
                self._asked_for_unknown_at = now
            return keys

    def _fresh(self) -> KeySet | None:
        held = self._held
        if held is not None and self._now() - held.fetched_at < self._times.fresh:
            return held.keys
        return None

    async def _refreshed(self) -> KeySet:
        """Fetch the keys; where that fails, return the old ones while they are usable."""
        now, held = self._now(), self._held
        usable = held is not None and now - held.fetched_at < self._times.usable
        if self._failed_at is not None and now - self._failed_at < self._times.after_failure:
            if held is not None and usable:
                return held.keys
            raise IssuerUnavailableError
        try:
            keys = await self._fetched()
        except IssuerUnavailableError as error:
            self._failed_at = now
            _LOGGER.warning(
                "issuer's keys could not be fetched",
                extra={"issuer": self._issuer, "reason": str(error), "keys_usable": usable},
            )
            if held is not None and usable:
                return held.keys
            raise
        self._held, self._failed_at = _Held(keys, now), None
        return keys

    async def _fetched(self) -> KeySet:
        try:
            async with asyncio.timeout(self._times.timeout.total_seconds()):
                document = await self._get(
                    f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                if document.get("issuer") != self._issuer:
                    raise IssuerMismatchError
                address = document.get("jwks_uri")
                local = urlsplit(self._issuer).scheme == "http"
                if not isinstance(address, str) or not _is_safe(address, may_be_local=local):
                    raise _unavailable("jwks_uri 无效", "jwks_uri is not an https address")
                return _key_set(await self._get(address))
        except TimeoutError:
            raise _unavailable("超时", "no answer in time") from None
        except httpx2.HTTPError as error:
            # The type alone: a message may repeat addresses with what a server put into them.
            kind = type(error).__name__
            raise _unavailable(f"网络错误（{kind}）", f"network failure ({kind})") from None

    async def _get(self, address: str) -> dict[str, Any]:
        """Fetch a JSON object; redirects are not followed, and it is read up to a size."""
        if self._client is None:
            self._client = httpx2.AsyncClient(follow_redirects=False)
        content = bytearray()
        async with self._client.stream(
            "GET", address, headers={"accept": "application/json"}, follow_redirects=False
        ) as response:
            if response.status_code != 200:
                status = response.status_code
                raise _unavailable(f"状态码 {status}", f"status {status}")
            async for part in response.aiter_bytes():
                content += part
                if len(content) > _LARGEST_DOCUMENT:
                    raise _unavailable("响应过大", "the answer is too large")
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise _unavailable("响应不是 JSON 对象", "the answer is no JSON object")
        return document


def _key_set(document: dict[str, Any]) -> KeySet:
    """Read a key set; keys that cannot be read are left out, as RFC 7517 asks."""
    listed = document.get("keys")
    keys = []
    for entry in listed if isinstance(listed, list) else []:
        try:
            keys.extend(KeySet.import_key_set({"keys": [entry]}).keys)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    if not keys:
        raise _unavailable("没有可用的密钥", "it publishes no key that can be used")
    return KeySet(keys)


def _has(keys: KeySet, kid: str) -> bool:
    return any(key.kid == kid for key in keys)


def _is_safe(address: str, *, may_be_local: bool) -> bool:
    """Return whether keys may be fetched there: by https, or from this machine itself."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (
        may_be_local and parts.scheme == "http" and _is_loopback(host)
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unavailable(zh: str, en: str) -> IssuerUnavailableError:
    return IssuerUnavailableError(Text(zh, en))
