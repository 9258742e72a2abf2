"""A PostgreSQL of a test's own, which it stops, kills and starts again under a server's feet."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from zhupei.db.embedded import EmbeddedPostgres

__all__ = ["StoppablePostgres", "postmaster_of", "stoppable_postgres"]


def postmaster_of(directory: Path) -> int:
    """Return the process id of the PostgreSQL whose files are below ``directory``."""
    return int((directory / "cluster" / "postmaster.pid").read_text().split()[0])


@dataclass
class StoppablePostgres:
    """The server; its only database is ``postgres``."""

    directory: Path
    _server: EmbeddedPostgres

    @property
    def url(self) -> str:
        """Its address, as ``ZHUPEI_DATABASE_URL`` takes it."""
        address = self._server.address
        return f"postgresql://{address.user}@/postgres?host={address.socket_dir}"

    async def start(self) -> None:
        """Start it, or start it again."""
        await asyncio.to_thread(self._server.start)

    async def stop(self) -> None:
        """Stop it as an operator does: sessions are ended."""
        await asyncio.to_thread(self._server.stop)

    async def kill(self) -> None:
        """End it without a warning (kill -9); what is committed is in its journal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(postmaster_of(self.directory), signal.SIGKILL)
        # Its sessions notice by themselves that it is gone.
        await asyncio.sleep(0.2)
        await self.stop()


@contextlib.asynccontextmanager
async def stoppable_postgres(directory: Path) -> AsyncIterator[StoppablePostgres]:
    """Start a PostgreSQL below ``directory``; at the end it is stopped."""
    server = StoppablePostgres(directory, EmbeddedPostgres(directory))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
