"""A server of the fictional province in a process of its own, which tests kill.

Run as a program it serves: ``python server_process.py DATABASE_URL DATA_DIR NOW PORT SETTINGS``.
NOW is where its clock stands, or a file that says so, or nothing: then it is the machine's clock.
SETTINGS is a JSON object. An empty
DATABASE_URL is the embedded PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
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
    process: subprocess.Popen[bytes] | None = None

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
        self.process = subprocess.Popen(  # noqa: ASYNC220 - it is waited for in a thread
            [sys.executable, __file__, *arguments],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **self.environment},
        )
        async with asyncio.timeout(90), httpx2.AsyncClient(base_url=self.address) as client:
            while True:
                assert self.process.poll() is None, "the server ended"
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

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


def _serve(database_url: str, data_dir: str, now: str, port: str, changes: str) -> None:
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
