"""The real command at a port, at a Unix socket and with its own certificate: all the same.

Connections know what was asked before, keep open, are answered in order, become WebSockets and end
with the server, whatever they are made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from admissions_office import BASES

pytestmark = pytest.mark.slow

_NAMES = ("one.example", "two.example")


@dataclass
class Served:
    """A `zhupei serve` with its log, and how to connect to it."""

    process: subprocess.Popen[str]
    socket: Path | None
    trusted: ssl.SSLContext | None
    name: str = _NAMES[0]
    lines: list[dict[str, Any]] = field(default_factory=list)

    def until(self, event: str) -> dict[str, Any]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"].startswith(event):
                return self.lines[-1]
        raise AssertionError(f"no line {event!r} in {self.lines}")

    @property
    def port(self) -> int:
        (url,) = [line["url"] for line in self.lines if line["event"] == "serving"]
        return int(url.split(":")[2].removesuffix("/graphql"))

    async def open(self) -> Wire:
        """Open a connection."""
        if self.socket is not None:
            return Wire(*await asyncio.open_unix_connection(self.socket))
        name = None if self.trusted is None else self.name
        return Wire(
            *await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=self.trusted, server_hostname=name
            )
        )

    def web_socket(self) -> connect:
        """Connect for a subscription."""
        more: dict[str, Any] = {"subprotocols": [Subprotocol("graphql-transport-ws")]}
        if self.socket is not None:
            return unix_connect(str(self.socket), "ws://zhupei.example/graphql", **more)
        more["proxy"] = None
        if self.trusted is None:
            return connect(f"ws://127.0.0.1:{self.port}/graphql", **more)
        more |= {"ssl": self.trusted, "host": "127.0.0.1"}
        return connect(f"wss://{self.name}:{self.port}/graphql", **more)


@dataclass
class Wire:
    """One connection: what is written to it, and answers as they come."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.rstrip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(status.split()[1]), headers, body

    async def ask(self, packet: bytes) -> tuple[int, dict[str, str], bytes]:
        self.writer.write(packet)
        return await self.answer()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def post(query: str, *lines: str) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = (
        "POST /graphql HTTP/1.1", "host: zhupei.example", "content-type: application/json",
        f"content-length: {len(body)}", *lines, "", "",
    )  # fmt: skip
    return "\r\n".join(head).encode() + body


def certified(folder: Path, name: str) -> tuple[Path, Path, bytes]:
    """Write a certificate for ``name``, signed by itself, and its key; return both and its text."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(text)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file, key_file, text


@pytest.fixture(params=["port", "socket", "certificate"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def served(way: str, tmp_path: Path, open_folder: Path, database_url: str) -> Iterator[Served]:
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONWARNINGS": "error",
        "PORT": "0",
        "ZHUPEI_BASES": str(BASES),
        "ZHUPEI_PLUGINS": str(tmp_path / "plugins"),
        "ZHUPEI_DATA_DIR": str(tmp_path / "data"),
        "ZHUPEI_DATABASE_URL": database_url,
        "ZHUPEI_LOG_FORMAT": "json",
        "ZHUPEI_RATE_REQUESTS": "60",
        "ZHUPEI_TRUSTED_PROXIES": "192.0.2.1",
        "ZHUPEI_WORKER": "0",
    }
    socket = trusted = None
    if way == "socket":
        socket = open_folder / "zhupei.sock"
        environ["ZHUPEI_SOCKET"] = str(socket)
    if way == "certificate":
        file, key, text = certified(tmp_path, _NAMES[0])
        trusted = ssl.create_default_context(cadata=text.decode())
        environ |= {"ZHUPEI_TLS_CERTIFICATE": str(file), "ZHUPEI_TLS_KEY": str(key)}
    process = subprocess.Popen(
        [sys.executable, "-m", "zhupei", "serve"], env=environ, cwd=tmp_path, text=True,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    there = Served(process, socket, trusted)
    try:
        yield there
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)
        assert process.stderr is not None
        process.stderr.close()


@contextlib.asynccontextmanager
async def opened(there: Served) -> AsyncIterator[Wire]:
    wire = await there.open()
    try:
        yield wire
    finally:
        await wire.close()


async def test_connections_are_the_same_however_it_is_served(
    served: Served, way: str, tmp_path: Path
) -> None:
    url = (await asyncio.to_thread(served.until, "serving"))["url"]
    assert (
        url
        == {
            "port": url if url.startswith("http://127.0.0.1:") else "",
            "socket": f"unix:{served.socket}",
            "certificate": url if url.startswith("https://127.0.0.1:") else "",
        }[way]
    )
    code = "sample-hospital"
    known = post(f'{{ base(code: "{code}") {{ code }} }}')
    # The same again and again on one connection: made, kept, and known before it is read.
    async with opened(served) as wire:
        answers = [await wire.ask(known) for _ in range(5)]
    for status, headers, body in answers:
        assert (status, json.loads(body)) == (200, {"data": {"base": {"code": code}}})
        assert headers.keys() == answers[0][1].keys()
        # What is encrypted says so to browsers.
        assert ("strict-transport-security" in headers) is (way == "certificate")
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 5
    # Several before the first is answered: known ones and others, in order.
    others = [post(f"{{ bases(first: {first}) {{ totalCount }} }}") for first in (1, 2)]
    async with opened(served) as wire:
        wire.writer.write(b"".join([known, others[0], known, others[1], known]))
        found = [json.loads((await wire.answer())[2])["data"] for _ in range(5)]
    assert [next(iter(each)) for each in found] == ["base", "bases", "base", "bases", "base"]
    # Parts of a request that is known are one request.
    async with opened(served) as wire:
        wire.writer.write(known[:40])
        await wire.writer.drain()
        await asyncio.sleep(0.1)
        assert (await wire.ask(known[40:]))[2] == answers[0][2]
        assert (await wire.ask(b"GET / HTTP/9\r\n\r\n"[:9] + b"\0\r\n\r\n"))[0] == 400
    if way == "certificate":
        await another_certificate(served, tmp_path)
    # A WebSocket and an idle connection are told of the end, and hold nothing up.
    async with opened(served) as idle, served.web_socket() as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        payload = {"query": "{ __typename }"}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        assert json.loads(await socket.recv())["payload"] == {"data": {"__typename": "Query"}}
        assert json.loads(await socket.recv())["type"] == "complete"
        await who_is_believed(served, way, known)
        began = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 20)
        assert socket.close_code == 1012
        assert await idle.reader.read() == b""
        await asyncio.to_thread(served.process.wait, 20)
    assert served.process.returncode == 0
    assert time.monotonic() - began < 10
    if served.socket is not None:
        assert not served.socket.exists()


async def who_is_believed(served: Served, way: str, known: bytes) -> None:
    """Whoever opens the Unix socket is a proxy; an address is one where the settings say so."""

    def by(address: str) -> bytes:
        forwarded = f"x-forwarded-for: {address}\r\nx-forwarded-proto: https\r\n"
        return known.replace(b"content-type", f"{forwarded}content-type".encode())

    async with opened(served) as wire:
        statuses = []
        while 429 not in statuses:
            status, headers, _ = await wire.ask(by("192.0.2.50"))
            statuses.append(status)
            assert len(statuses) <= 61
            encrypted = "strict-transport-security" in headers
            assert encrypted is (way != "port") or status == 429
        status, _, _ = await wire.ask(by("192.0.2.51"))
    assert status == (200 if way == "socket" else 429)
    if way == "socket":
        assert len(statuses) == 61


async def another_certificate(served: Served, folder: Path) -> None:
    """A file that is renewed is used for connections from then on; a broken one is not."""
    async with opened(served) as before:
        *_, text = certified(folder, _NAMES[1])
        served.process.send_signal(signal.SIGHUP)
        other = ssl.create_default_context(cadata=text.decode())
        async with asyncio.timeout(20):
            while True:
                # Whoever does not trust the one of before hangs up, and may be hung up on first.
                with contextlib.suppress(ssl.SSLCertVerificationError, ConnectionResetError):
                    _, writer = await asyncio.open_connection(
                        "127.0.0.1", served.port, ssl=other, server_hostname=_NAMES[1]
                    )
                    writer.close()
                    await writer.wait_closed()
                    break
                await asyncio.sleep(0.1)
        (folder / "key.pem").write_text("broken")
        served.process.send_signal(signal.SIGHUP)
        line = await asyncio.to_thread(served.until, "the certificate was not read again")
        assert line["level"] == "error"
        assert str(folder / "key.pem") in line["reason"]
        _, writer = await asyncio.open_connection(
            "127.0.0.1", served.port, ssl=other, server_hostname=_NAMES[1]
        )
        writer.close()
        await writer.wait_closed()
        # Connections that are open stay.
        assert (await before.ask(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n"))[0] == 200
        served.trusted, served.name = other, _NAMES[1]
