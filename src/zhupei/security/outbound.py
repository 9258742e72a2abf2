"""Requests to addresses that others name: only where they may go, and no further.

Whoever names an address could name one of ours: a database, a cloud's metadata service, this very
server (server-side request forgery). So the name is resolved here, once, every address that it
has is looked at, and the connection is made to the very address that was looked at: a name that
answers differently the second time (DNS rebinding) gains nothing. Redirects are not followed,
little of the answer is read, and everything together has one limit of time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import httpcore2

from zhupei.domain.text import Text

__all__ = [
    "Answer",
    "Failure",
    "Network",
    "OutboundRules",
    "Resolve",
    "Unanswered",
    "address_problem",
    "is_public",
    "post",
    "system_resolver",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host's name; raises OSError where it has none."""

LONGEST_URL = 2000
_LONGEST_ANSWER = 64 * 1024
_DEFAULT_PORTS = {"https": 443, "http": 80}

# What lies in networks that are globally reachable on paper, and leads elsewhere or nowhere.
_NOWHERE = tuple(
    ipaddress.ip_network(each)
    for each in (
        "168.63.129.16/32",  # a cloud's own server, beside its metadata
        "192.0.0.0/24",  # protocol assignments, a cloud's metadata among them
        "192.88.99.0/24",  # 6to4 relays
        "224.0.0.0/4",  # multicast
        "ff00::/8",  # multicast
        "fec0::/10",  # site-local
        "64:ff9b:1::/48",  # NAT64 of a network's own
        "2002::/16",  # 6to4, given up: what it leads to is another's to say
        "5f00::/16",  # segment routing
        "3fff::/20",  # documentation
        "::/96",  # IPv4-compatible
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRules:
    """Where requests may go.

    ``allowed`` are networks that may be reached although they are not public; ``ports`` the only
    ports; ``plain`` allows http, for development; ``seconds`` is the time for one request.
    """

    allowed: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({443})
    plain: bool = False
    seconds: float = 10.0


class Failure(StrEnum):
    """Why a request was not answered."""

    BLOCKED = "BLOCKED"
    """The address is not one that may be reached."""
    UNREACHABLE = "UNREACHABLE"
    """The name has no address, or nobody answers there."""
    UNTRUSTED = "UNTRUSTED"
    """The certificate is not valid for the name, or the connection could not be secured."""
    TIMED_OUT = "TIMED_OUT"
    """It took longer than allowed."""
    PROTOCOL = "PROTOCOL"
    """What came back is no answer in HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the status and the headers, in lower case; nothing of the content."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """That nothing was answered, and why."""

    failure: Failure


def is_public(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Return whether an address may be reached: a public one, or one of an ``allowed`` network.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, Teredo, NAT64) leads to that one,
    and is judged by it as well. Raises ValueError for what is no address.
    """
    # A zone ("%eth0") names an interface of ours: never public.
    plain, zone, _ = address.partition("%")
    found = ipaddress.ip_address(plain)
    networks = tuple(allowed)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    if mapped is not None:
        return is_public(str(mapped), networks)
    if any(found in each for each in networks if each.version == found.version):
        return True
    if zone or not found.is_global or any(found in each for each in _nowhere(found)):
        return False
    return all(is_public(str(each), networks) for each in _carried(found))


def _nowhere(address: _Address) -> list[Network]:
    return [each for each in _NOWHERE if each.version == address.version]


def _carried(address: _Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = list(address.teredo or ())
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return found


def address_problem(url: str, rules: OutboundRules) -> Text | None:  # noqa: PLR0911 - one for each
    """Return why a request to ``url`` would never be made; None where it is resolved first.

    The message never repeats the address: it may hold a token.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return Text(
            f"网址应为不超过 {LONGEST_URL} 个字符的 ASCII 文本",
            f"an address is at most {LONGEST_URL} printable ASCII characters",
        )
    try:
        parts = urlsplit(url)
        port = _port(parts)
    except ValueError:
        return Text("网址无法识别", "the address cannot be read")
    if parts.scheme not in ({"https", "http"} if rules.plain else {"https"}):
        return Text("网址须以 https:// 开头", "an address begins with https://")
    if not parts.hostname:
        return Text("网址中没有主机名", "the address names no host")
    if "@" in parts.netloc or "#" in url or "\\" in url:
        return Text(
            "网址不得含有用户名、密码、# 或反斜杠",
            "an address has no user, password, # or backslash in it",
        )
    if port not in rules.ports:
        listed = ", ".join(str(each) for each in sorted(rules.ports))
        return Text(f"只允许端口 {listed}", f"only these ports are allowed: {listed}")
    try:
        public = is_public(parts.hostname, rules.allowed)
    except ValueError:
        # A name: what it leads to is looked at when the request is made.
        return None
    if public:
        return None
    return Text("该地址不是公网地址", "the address is not a public one")


def _port(parts: SplitResult) -> int:
    return _DEFAULT_PORTS.get(parts.scheme, 0) if parts.port is None else parts.port


async def system_resolver(host: str, port: int) -> list[str]:
    """Resolve as the operating system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class _BlockedError(Exception):
    pass


class _Guarded(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were looked at, and to nothing else."""

    def __init__(self, rules: OutboundRules, resolve: Resolve) -> None:
        self._rules, self._resolve = rules, resolve
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        if port not in self._rules.ports:
            raise _BlockedError
        try:
            addresses = await self._resolve(host.strip("[]"), port)
        except OSError as error:
            raise httpcore2.ConnectError(type(error).__name__) from None
        public = [each for each in addresses if is_public(each, self._rules.allowed)]
        if not public:
            raise _BlockedError if addresses else httpcore2.ConnectError
        problem: Exception = httpcore2.ConnectError()
        for address in dict.fromkeys(public):
            try:
                # The address, not the name: nobody resolves it again.
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
        raise problem

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own name
        socket_options: Iterable[Any] | None = None,
    ) -> NoReturn:
        raise _BlockedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    rules: OutboundRules,
    *,
    resolve: Resolve = system_resolver,
    context: ssl.SSLContext | None = None,
) -> Answer | Unanswered:
    """Post ``content`` and return what was answered, or why nothing was.

    One connection, made for this request alone and closed after it; no proxy, no redirect. The
    name in ``url`` is what the certificate has to be valid for, whatever address it leads to.
    Of the content of the answer at most 64 KiB are read, and nothing is kept.
    """
    pool = httpcore2.AsyncConnectionPool(
        ssl_context=context or httpcore2.default_ssl_context(),
        max_connections=1,
        max_keepalive_connections=0,
        network_backend=_Guarded(rules, resolve),
    )
    try:
        if address_problem(url, rules) is not None:
            raise _BlockedError
        async with asyncio.timeout(rules.seconds), pool:
            return await _exchanged(pool, url, content, headers)
    except _FAULTS as error:
        return Unanswered(_failure(error))


async def _exchanged(
    pool: httpcore2.AsyncConnectionPool, url: str, content: bytes, headers: Mapping[str, str]
) -> Answer:
    sent = {"Content-Length": str(len(content)), "Connection": "close", **headers}
    async with pool.stream(
        "POST",
        url,
        headers=[("Host", urlsplit(url).netloc), *sent.items()],
        content=content,
    ) as response:
        read = 0
        async for part in response.aiter_stream():
            read += len(part)
            if read > _LONGEST_ANSWER:
                break
        return Answer(
            response.status,
            {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            },
        )


_FAULTS = (
    _BlockedError,
    OSError,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
)


def _failure(error: BaseException) -> Failure:
    match error:
        case _BlockedError():
            return Failure.BLOCKED
        case TimeoutError() | httpcore2.TimeoutException():
            return Failure.TIMED_OUT
        case httpcore2.ProtocolError() | httpcore2.UnsupportedProtocol():
            return Failure.PROTOCOL
    return Failure.UNTRUSTED if _is_about_trust(error) else Failure.UNREACHABLE


def _is_about_trust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
