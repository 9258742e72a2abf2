"""The servers that are measured: how each is started, asked, watched and stopped."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers.data import Country
from benchmarks.peers.floor import SQL
from benchmarks.peers.workload import ELIGIBILITY, Query, Request

__all__ = ["PEERS", "Peer", "Server", "cores", "pin_tree", "raw_request", "started"]

_PATIENCE_SECONDS = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Peer:
    """A kind of server; ``documents`` names the attribute of `Query` that it is asked with."""

    name: str
    title: str
    module: str | None = None
    documents: str = "graph"
    environment: Mapping[str, str] = field(default_factory=dict)

    def answers(self, query: Query) -> bool:
        """Whether it can answer a query."""
        if self.documents == "path":
            return query.name in SQL
        if query.name == ELIGIBILITY:
            return self.name == "zhupei"
        return getattr(query, self.documents) is not None


PEERS: tuple[Peer, ...] = (
    Peer("zhupei", "zhupei"),
    Peer("plain", "strawberry, plain", module="benchmarks.peers.strawberry_plain"),
    Peer("tuned", "strawberry, tuned", module="benchmarks.peers.strawberry_tuned"),
    Peer("postgraphile", "PostGraphile", documents="postgraphile"),
    Peer("floor", "hand-written JSON SQL", module="benchmarks.peers.floor", documents="path"),
    Peer(
        "constant",
        "constant response",
        module="benchmarks.peers.floor",
        documents="path",
        environment={"CONSTANT": "1"},
    ),
)


def cores() -> tuple[int | None, int | None]:
    """Return the core of servers, and that of PostgreSQL and of the load; None where not pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def pin_tree(process: int, core: int | None) -> None:
    """Keep a process, its threads and its children on one core."""
    if core is None:
        return
    for each in (process, *_children(process)):
        for thread in Path(f"/proc/{each}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), {core})


def raw_request(peer: Peer, query: Query, request: Request, tokens: Mapping[str, str]) -> bytes:
    """Return a request of HTTP/1.1 as bytes; answers are asked for in Chinese."""
    if peer.documents == "path":
        path, payload = f"/{query.name}", {"variables": request.variables}
    else:
        document = getattr(query, peer.documents)
        path, payload = "/graphql", {"query": document, "variables": request.variables}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    head = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json",
        "Accept-Language: zh",
        f"Content-Length: {len(body)}",
    ]
    if peer.name == "zhupei" and request.login is not None:
        head.append(f"Authorization: Bearer {tokens[request.login]}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    peer: Peer
    port: int
    process: int
    cold_start_seconds: float
    """From the start of the process to its first answer."""

    def ask(self, raw: bytes) -> dict[str, Any]:
        """Send one request and return the answer.

        Raises:
            RuntimeError: the status is not 200, or the answer holds errors.

        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection:
            connection.sendall(raw)
            response = http.client.HTTPResponse(connection)
            response.begin()
            text = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{self.peer.name}: status {response.status}: {text[:500]!r}")
        answer: dict[str, Any] = json.loads(text)
        if answer.get("errors"):
            shown = json.dumps(answer["errors"], ensure_ascii=False)[:800]
            raise RuntimeError(f"{self.peer.name}: {shown}")
        return answer

    def cpu_seconds(self) -> float:
        """Return the processor time that the process and its children have used."""
        return sum(_cpu(each) for each in (self.process, *_children(self.process)))

    def memory_megabytes(self) -> float:
        """Return the resident memory of the process."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        return pages * _PAGE / 1e6


@contextlib.contextmanager
def started(
    peer: Peer,
    country: Country,
    database: Mapping[str, Any],
    *,
    node: tuple[str, str] | None = None,
) -> Iterator[Server]:
    """Start a server on the data, and stop it at the end.

    Raises:
        RuntimeError: it did not come up; its output is in the message.

    """
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ZHUPEI_")},
        **peer.environment,
        "PORT": str(port),
        "PGHOST": str(database["host"]),
        "PGPORT": str(database["port"]),
        "PGUSER": str(database["user"]),
        "PGDATABASE": str(database["database"]),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    command, more = _command(peer, country, node)
    core, _ = cores()
    begun = time.perf_counter()
    output = country.folder / f"{peer.name}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            command,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=functools.partial(_pin_self, core),  # noqa: PLW1509 - no threads here
        )
    try:
        _wait(process, port, output)
        yield Server(peer, port, process.pid, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(
    peer: Peer, country: Country, node: tuple[str, str] | None
) -> tuple[Sequence[str], Mapping[str, str]]:
    if peer.module is not None:
        return [sys.executable, "-m", peer.module], {}
    if peer.name == "zhupei":
        empty = country.folder / "plugins"
        empty.mkdir(exist_ok=True)
        return [sys.executable, "-m", "zhupei", "serve"], {
            "ZHUPEI_BASES": str(country.files),
            "ZHUPEI_PLUGINS": str(empty),
            "ZHUPEI_DATA_DIR": str(country.data_dir),
            # 100 bases with all openings are more than anybody is given at once by default.
            "ZHUPEI_MAX_COST": "1000000",
        }
    if node is None:
        raise ValueError("PostGraphile needs node")
    return list(node), {}


def _pin_self(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            body = json.dumps({"query": "{__typename}"})
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
            connection.close()
            if status == http.HTTPStatus.OK:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            text = output.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{process.args!r} did not start:\n{text}")
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _children(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _children(int(child))


def _cpu(process: int) -> float:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        # The name in parentheses may hold spaces.
        rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(rest[11]) + int(rest[12])) / _TICKS
    return 0.0
