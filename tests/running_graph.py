"""The whole application, served over HTTP on a free port, with accounts to sign in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from fictional import BASES
from zhupei.app import application_of, create_app
from zhupei.db.connection import Database
from zhupei.domain.actors import ActorKind, Grant
from zhupei.graphql.context import china_now
from zhupei.security.passwords import Passwords
from zhupei.services.access import prepare_access
from zhupei.services.accounts import AccountRecord, add_account, grant_role
from zhupei.settings import Settings
from zhupei.web.http_connections import connections
from zhupei.web.socket_connections import BoundedWebSocket

__all__ = ["PASSWORD", "RunningGraph", "running_graph", "served_settings"]

PASSWORD = "correct horse battery"
_QUICK = Passwords(time_cost=1, memory_kib=8, parallelism=1)


@dataclass(frozen=True)
class RunningGraph:
    """A server, its address, its clock, and a client for it."""

    client: httpx2.AsyncClient
    database: Database
    settings: Settings
    clock: Callable[[], datetime] = china_now

    async def ask(
        self,
        query: str,
        token: str | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Post a query, in English unless a header says otherwise."""
        sent = {"accept-language": "en", **headers}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        body = {"query": query, "variables": dict(variables or {})}
        return await self.client.post("/graphql", json=body, headers=sent)

    async def account(
        self, login: str, *grants: Grant, kind: ActorKind = ActorKind.PERSON, **more: Any
    ) -> AccountRecord:
        """Make an account with roles."""
        at = self.clock().astimezone(UTC)
        with self.database.use():
            made = await add_account(
                login,
                passwords=_QUICK,
                password=PASSWORD if kind is ActorKind.PERSON else None,
                by="a test",
                at=at,
                kind=kind,
                **more,
            )
            assert isinstance(made, AccountRecord), made
            for grant in grants:
                given = await grant_role(
                    login,
                    grant,
                    bases={str(grant.base): 1},
                    jurisdictions={str(grant.jurisdiction): 1},
                    by="a test",
                    at=at,
                )
                assert not hasattr(given, "code"), given
        return made

    def token(self, account: AccountRecord, **options: Any) -> str:
        """Return a token of the built-in issuer."""
        options.setdefault("lifetime", timedelta(hours=1))
        return (
            prepare_access(self.settings, now=self.clock)
            .sign_in.token_for(account.id, **options)
            .token
        )


def served_settings(data_dir: Path, database_url: str, **changes: Any) -> Settings:
    """Return the settings by which tests serve the fictional hospital, or other ``bases``."""
    values: dict[str, Any] = {
        "data_dir": data_dir,
        "database_url": database_url,
        "database_pool": 4,
        "bases": (BASES,),
        "plugins": (),
        # Jobs are done by the tests that are about them.
        "worker": False,
        **changes,
    }
    return Settings(**values)


@contextlib.asynccontextmanager
async def running_graph(
    data_dir: Path,
    database_url: str,
    *,
    clock: Callable[[], datetime] = china_now,
    **changes: Any,
) -> AsyncIterator[RunningGraph]:
    """Serve the fictional hospital until the block ends; ``clock`` is the server's."""
    settings = served_settings(data_dir, database_url, **changes)
    app = create_app(settings, clock=clock)
    application = application_of(app)
    config = uvicorn.Config(
        app,
        http=connections(application.repeated, application.revalidated),
        log_config=None,
        access_log=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        ws=BoundedWebSocket,
    )
    server = uvicorn.Server(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    # A connection of the test's own: models of the server's live on the server's loop.
    database = Database(data_dir=data_dir, url=database_url, pool_size=2)
    try:
        await database.start()
        async with asyncio.timeout(20):
            # The server's thread has no event of this loop to set.
            while not server.started and thread.is_alive():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.02)
        assert application.database.problem is None
        async with httpx2.AsyncClient(base_url=address, timeout=20) as client:
            yield RunningGraph(client, database, settings, clock)
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join)
        await database.stop()
        listening.close()
