"""A server of the fictional province in a process of its own, which tests kill.

Processes are forked from one that imported zhupei and did nothing since: importing is two thirds of
what the start of a server costs, and tests start and kill dozens. A process with an environment of
its own begins as a program: ``python server_process.py DATABASE_URL DATA_DIR NOW PORT SETTINGS``.
NOW is where its clock stands, or a file that says so, or nothing: then it is the machine's clock.
SETTINGS is a JSON object. An empty DATABASE_URL is the embedded PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import httpx2

from admissions_office import BASES, moment
from zhupei.cli._server import run_server
from zhupei.graphql.context import china_now
from zhupei.settings import LogLevel, Settings

__all__ = ["ServerProcess", "settings_of"]


def settings_of(database_url: str, data_dir: Path, **changes: Any) -> Settings:
    """Return the settings that such servers have; tokens are signed with keys of ``data_dir``."""
    values: dict[str, Any] = {
        "data_dir": data_dir,
        "database_url": database_url or None,
        "database_pool": 6,
        "bases": (BASES,),
        "plugins": (),
        "worker": False,
        "log_level": LogLevel.ERROR,
        **changes,
    }
    return Settings(**values)


class _Forked:
    """A forked process, as `subprocess.Popen` has it."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        process.start()
        assert process.pid is not None
        self.pid = process.pid

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """Return how it ended, once it has."""
        self._process.join(seconds)
        ended = self.poll()
        if ended is None:
            raise TimeoutError(f"process {self.pid} did not end within {seconds} seconds")
        return ended


@cache
def _forks() -> ForkServerContext:
    """Return what forks processes; it ends with this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["zhupei.cli._server"])
    return context


@dataclass
class ServerProcess:
    """A server, started, killed and started again at the same address.

    ``now`` is a moment, or the path of a file that holds one, or nothing. ``changes`` are settings
    other than those of `settings_of`. ``largest_file`` is how many bytes a file may have that it
    writes. ``environment`` are variables of the process beside those of this one.
    """

    database_url: str
    data_dir: Path
    now: str
    port: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    largest_file: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | _Forked | None = None

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        changes = json.dumps({**self.changes, "": self.largest_file})
        arguments = [self.database_url, str(self.data_dir), self.now, str(self.port), changes]
        self.process = await asyncio.to_thread(self._begun, arguments)
        async with asyncio.timeout(90), httpx2.AsyncClient(base_url=self.address) as client:
            while True:
                assert self.process.poll() is None, "the server ended"
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    def _begun(self, arguments: list[str]) -> subprocess.Popen[bytes] | _Forked:
        if not self.environment:
            given = (dict(os.environ), arguments)
            return _Forked(_forks().Process(target=_begin, args=given, daemon=True))
        return subprocess.Popen(
            [sys.executable, __file__, *arguments],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **self.environment},
        )

    async def kill(self) -> None:
        """End it without a warning, whatever it does (kill -9)."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> float:
        """End it as an operator does, and return how many seconds that took."""
        began = time.monotonic()
        await self._end(signal.SIGTERM)
        return time.monotonic() - began

    async def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            await asyncio.to_thread(process.wait, 30)


def _begin(environment: dict[str, str], arguments: list[str]) -> None:
    """Serve in a forked process, with the environment of whoever asks for it now."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(Path(__file__).parent)
    _serve(*arguments)


def _serve(database_url: str, data_dir: str, now: str, port: str, changes: str) -> None:
    # As `zhupei serve` begins; the server turns it on again.
    gc.disable()
    given = json.loads(changes)
    if (largest := given.pop("")) is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    folders = {
        name: tuple(map(Path, given.pop(name))) for name in ("bases", "plugins") if name in given
    }
    settings = settings_of(database_url, Path(data_dir), **given, **folders)
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        run_server(settings, listener, clock=_clock(now))


def _clock(now: str) -> Callable[[], datetime]:
    if not now:
        return china_now
    if not Path(now).is_absolute():
        at = moment(now)
        return lambda: at
    return lambda: moment(Path(now).read_text(encoding="utf-8"))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
