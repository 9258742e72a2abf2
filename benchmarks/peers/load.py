"""The load: as many requests as a server answers, over connections that stay open.

``wrk`` where it is installed; else a generator of our own, which costs more per request and so
flatters nobody but slow servers. Every answer's status is looked at; what answers say is compared
before (`benchmarks.peers.workload.difference`).
"""

from __future__ import annotations

import asyncio
import functools
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

__all__ = ["Load", "generator", "load"]


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it; latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def generator() -> str:
    """Return which generator is used."""
    return "wrk" if shutil.which("wrk") else "own"


def load(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int,
    core: int | None,
    own: bool = False,
    ids: bool = False,
) -> Load:
    """Send ``requests`` again and again for some seconds.

    With ``ids`` no two of them have the same bytes: each brings one of its own, as behind a proxy.

    Raises:
        RuntimeError: a connection broke, an answer had another status than 200, or none came.

    """
    wrk = shutil.which("wrk")
    # wrk counts whole seconds.
    if own or wrk is None or seconds < 1:
        return asyncio.run(_own(port, requests, seconds, connections, ids=ids))
    return _wrk(wrk, port, _script(requests, ids=ids), seconds, connections, core)


def _wrk(
    wrk: str,
    port: int,
    text: bytes,
    seconds: float,
    connections: int,
    core: int | None,
) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        script.write_bytes(text)
        done = subprocess.run(  # noqa: S603 - PATH's wrk, no shell
            [
                wrk,
                "--threads=1",
                f"--connections={connections}",
                f"--duration={round(seconds)}s",
                "--timeout=60s",
                f"--script={script}",
                f"http://127.0.0.1:{port}",
            ],
            check=True,
            capture_output=True,
            text=True,
            preexec_fn=functools.partial(_pin_self, core),
        )
    found = re.search(r"^RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)$", done.stdout, re.MULTILINE)
    if found is None or int(found[5]) or not int(found[1]):
        raise RuntimeError(f"wrk on port {port}: {done.stdout}{done.stderr}")
    return Load(int(found[1]), int(found[2]) / 1e6, float(found[3]) / 1e3, float(found[4]) / 1e3)


_NEXT = {
    False: b"request = function() n = n % #texts + 1; return texts[n] end",
    True: b"""request = function()
  n = n + 1
  return (string.gsub(texts[n % #texts + 1], "\\r\\n",
    string.format("\\r\\nX-Request-Id: bench-%09d\\r\\n", n), 1))
end""",
}
_DONE = b"""
done = function(summary, latency, _)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %.1f %.1f %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.status + e.connect + e.read + e.write + e.timeout))
end
"""


def _script(requests: Sequence[bytes], *, ids: bool) -> bytes:
    """Return wrk's script; its strings are escaped byte by byte where Lua reads bytes otherwise."""
    lines = [b"local texts = {"]
    for text in requests:
        escaped = b"".join(
            bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03d" % byte
            for byte in text
        )
        lines.append(b'"' + escaped + b'",')
    return b"\n".join([*lines, b"}", b"local n = 0", _NEXT[ids], _DONE])


def _pin_self(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


async def _own(
    port: int, requests: Sequence[bytes], seconds: float, connections: int, *, ids: bool
) -> Load:
    texts = _with_ids(requests) if ids else cycle(requests)
    taken: list[float] = []
    begun = time.perf_counter()
    end = begun + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        try:
            while (sent := time.perf_counter()) < end:
                writer.write(next(texts))
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200 "):
                    raise RuntimeError(f"port {port}: {head[:200]!r}")
                await reader.readexactly(_length(head))
                taken.append(time.perf_counter() - sent)
        finally:
            writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    passed = time.perf_counter() - begun
    taken.sort()
    return Load(
        len(taken),
        passed,
        taken[len(taken) // 2] * 1e3,
        taken[min(len(taken) - 1, len(taken) * 99 // 100)] * 1e3,
    )


def _with_ids(requests: Sequence[bytes]) -> Iterator[bytes]:
    for number, text in enumerate(cycle(requests)):
        yield text.replace(b"\r\n", b"\r\nX-Request-Id: bench-%09d\r\n" % number, 1)


def _length(head: bytes) -> int:
    found = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    if found is None:
        raise RuntimeError(f"an answer without a length: {head[:200]!r}")
    return int(found[1])
