"""Requests to addresses that others name: tried against servers that listen on this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_receiver import LOCAL, Received, Receiver, local_rules, made_certificate, receiver
from zhupei.security.outbound import (
    Answer,
    Failure,
    OutboundRules,
    Unanswered,
    address_problem,
    is_public,
    post,
)

PUBLIC = OutboundRules()
TEXT = "an address is at most 2000 printable ASCII characters"
PARTS = "an address has no user, password, # or backslash in it"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "100.64.0.1", "100.100.100.200", "169.254.169.254", "192.0.0.192", "168.63.129.16",
        "192.88.99.1",
        "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "2001:db8::1", "3fff::1",
        "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "5f00::1",
    ],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    """Loopback, private, link-local, metadata, carrier's, mapped, translated, nowhere."""
    assert is_public(address) is False


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "223.5.5.5",
        "2400:3200::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_what_is_public(address: str) -> None:
    assert is_public(address) is True


def test_networks_may_be_allowed() -> None:
    allowed = (ipaddress.ip_network("10.1.0.0/16"),)
    assert is_public("10.1.2.3", allowed)
    assert is_public("::ffff:10.1.2.3", allowed)
    assert is_public("64:ff9b::a01:203", allowed)
    assert not is_public("10.2.0.1", allowed)
    assert not is_public("127.0.0.1", allowed)


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_judged_as_what_it_is(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    translated = ipaddress.IPv6Address((0x64_FF9B << 96) | number)
    relayed = ipaddress.IPv6Address((0x2002 << 112) | (number << 80))
    plain = is_public(str(address))
    assert [is_public(str(each)) for each in (mapped, translated)] == [plain] * 2
    assert not is_public(str(relayed))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.org/", "an address begins with https://"),
        ("ftp://example.org/", "an address begins with https://"),
        ("https:///x", "the address names no host"),
        ("https://user:secret@example.org/", PARTS),
        ("https://example.org/#x", PARTS),
        ("https://example.org\\@127.0.0.1/", PARTS),
        ("https://example.org:8080/", "only these ports are allowed: 443"),
        ("https://example.org:99999/", "the address cannot be read"),
        ("https://[::1/", "the address cannot be read"),
        ("https://127.0.0.1/", "the address is not a public one"),
        ("https://[::ffff:127.0.0.1]/", "the address is not a public one"),
        ("https://169.254.169.254/latest", "the address is not a public one"),
        ("https://例子.org/", TEXT),
        ("https://example.org/\r\nX: y", TEXT),
        ("https://a.example/" + 2000 * "x", TEXT),
    ],
)  # fmt: skip
def test_addresses_that_are_refused_at_once(url: str, problem: str) -> None:
    found = address_problem(url, PUBLIC)
    assert found is not None
    assert found.en == problem
    assert "secret" not in f"{found.zh}{found.en}"


def test_a_good_address() -> None:
    assert address_problem("https://example.org/hooks?token=x", PUBLIC) is None
    assert (
        address_problem("http://example.org:80/", OutboundRules(plain=True, ports=frozenset({80})))
        is None
    )


async def sent(there: Receiver, rules: OutboundRules | None = None) -> Answer | Unanswered:
    return await post(there.url, b"{}", {"Content-Type": "text/plain"}, rules or local_rules(there))


async def test_a_request_arrives_whole() -> None:
    async with receiver(status=200, extra="Retry-After: 7\r\n") as there:
        found = await sent(there)
        assert isinstance(found, Answer)
        assert (found.status, found.headers["retry-after"]) == (200, "7")
        (request,) = there.received
        assert (request.path, request.body) == ("/hook", b"{}")
        assert request.headers["host"] == f"127.0.0.1:{there.port}"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::ffff:7f00:1]"],
)
async def test_this_machine_is_not_reached_under_any_name(host: str) -> None:
    """The operating system reads more forms of an address than we do: what it found is judged."""
    async with receiver() as there:
        rules = OutboundRules(plain=True, ports=frozenset({there.port}))
        found = await post(f"http://{host}:{there.port}/", b"{}", {}, rules)
        assert found == Unanswered(Failure.BLOCKED)
        assert there.connections == 0


async def test_a_name_is_resolved_once_and_its_address_kept() -> None:
    """DNS rebinding: a second, different answer would be used by nobody."""
    async with receiver() as there:
        answers = [["127.0.0.1"], ["10.0.0.1"]]
        asked: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            asked.append(f"{host}:{port}")
            return answers.pop(0)

        url = f"http://rebinding.example:{there.port}/hook"
        found = await post(url, b"{}", {}, local_rules(there), resolve=resolve)
        assert isinstance(found, Answer)
        assert asked == [f"rebinding.example:{there.port}"]
        assert there.received[0].headers["host"] == f"rebinding.example:{there.port}"
        again = await post(url, b"{}", {}, local_rules(there), resolve=resolve)
        assert again == Unanswered(Failure.BLOCKED)
        assert there.connections == 1


async def test_of_several_addresses_only_those_that_may_be_reached_are() -> None:
    async with receiver() as there:

        async def resolve(host: str, port: int) -> list[str]:
            del host, port
            return ["10.0.0.1", "169.254.169.254", "127.0.0.1"]

        url = f"http://several.example:{there.port}/hook"
        found = await post(url, b"{}", {}, local_rules(there), resolve=resolve)
        assert isinstance(found, Answer)
        private = OutboundRules(plain=True, ports=frozenset({there.port}))
        refused = await post(url, b"{}", {}, private, resolve=resolve)
        assert (refused, there.connections) == (Unanswered(Failure.BLOCKED), 1)


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async with receiver() as inner, receiver(status=307) as there:
        there.extra = f"Location: {inner.url}\r\n"
        found = await sent(there, local_rules(there, inner))
        assert isinstance(found, Answer)
        assert (found.status, inner.connections) == (307, 0)


async def test_a_slow_answer_ends_in_time() -> None:
    async with receiver(seconds=5.0) as there:
        began = time.monotonic()
        found = await sent(there, local_rules(there, seconds=0.2))
        assert found == Unanswered(Failure.TIMED_OUT)
        assert time.monotonic() - began < 2


async def test_an_answer_that_drips_ends_in_time() -> None:
    """Each part comes within any limit for one reading; the whole has a limit of its own."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        try:
            for _ in range(100):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rules = OutboundRules(allowed=LOCAL, ports=frozenset({port}), plain=True, seconds=0.3)
    began = time.monotonic()
    found = await post(f"http://127.0.0.1:{port}/", b"", {}, rules)
    assert found == Unanswered(Failure.TIMED_OUT)
    assert time.monotonic() - began < 2
    server.close()


async def test_an_endless_answer_is_not_read() -> None:
    def endless(request: Received) -> bytes:
        del request
        return b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 200_000

    async with receiver(answer=endless) as there:
        assert await sent(there) == Answer(200, {"content-length": "100000000"})


@pytest.mark.parametrize("content", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_what_is_no_answer(content: bytes) -> None:
    async with receiver(answer=lambda _: content) as there:
        assert await sent(there) == Unanswered(Failure.PROTOCOL)


async def test_nobody_answers() -> None:
    async with receiver() as there:
        rules = local_rules(there)
        url = there.url
    assert await post(url, b"", {}, rules) == Unanswered(Failure.UNREACHABLE)

    async def unknown(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    url = f"http://nobody.example:{there.port}/"
    assert await post(url, b"", {}, rules, resolve=unknown) == Unanswered(Failure.UNREACHABLE)


async def test_certificates_are_valid_for_the_name(tmp_path: Path) -> None:
    server, client = made_certificate(tmp_path, "hooks.example")
    async with receiver(server, status=202) as there:

        async def resolve(host: str, port: int) -> list[str]:
            del host, port
            return ["127.0.0.1"]

        async def asked(name: str, *, trusting: bool = True) -> Answer | Unanswered:
            url = f"https://{name}:{there.port}/hook"
            context = client if trusting else None
            rules = local_rules(there, plain=False)
            return await post(url, b"{}", {}, rules, resolve=resolve, context=context)

        found = await asked("hooks.example")
        assert isinstance(found, Answer)
        assert found.status == 202
        assert await asked("other.example") == Unanswered(Failure.UNTRUSTED)
        assert await asked("hooks.example", trusting=False) == Unanswered(Failure.UNTRUSTED)
        assert len(there.received) == 1
