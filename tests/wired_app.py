"""An application without a database on connections without sockets, as its server has them."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from fictional import BASES
from zhupei import Actor, hookimpl
from zhupei.app import application_of, assemble, create_app
from zhupei.graphql.limits import Rates
from zhupei.settings import Settings
from zhupei.web.endpoint import GraphQLEndpoint
from zhupei.web.http_connections import connections
from zhupei.web.metrics import Metrics


def served(folder: Path, **changes: Any) -> Starlette:
    """Return the application of a copy of the fictional bases; its catalogue is to be loaded."""
    bases = folder / "bases"
    if not bases.exists():
        shutil.copytree(BASES, bases)
    values: dict[str, Any] = {
        "data_dir": folder / "data",
        "bases": (bases,),
        "plugins": (),
        "worker": False,
        # Nothing here needs a database; that it is not there is a matter of other tests.
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        **changes,
    }
    return create_app(Settings(**values))


def endpoint_in(app: Starlette) -> GraphQLEndpoint:
    """Return the endpoint of an application."""
    for route in app.routes:
        if isinstance(route, Route) and isinstance(route.endpoint, GraphQLEndpoint):
            return route.endpoint
    raise LookupError("there is no endpoint")


def changed(app: Starlette, **changes: Any) -> Starlette:
    """Return another application of the same graph, with other settings of the web side."""
    application = application_of(app)
    settings = replace(application.settings, **changes)
    rates = Rates(requests=settings.request_rate, cost=settings.cost_rate)
    guard = endpoint_in(app).schema.engine.guard  # type: ignore[attr-defined]  # the served schema
    guard.rates = rates
    return assemble(settings, replace(application.graph, rates=rates, metrics=Metrics()))


class ByCookie:
    """A plugin that knows people by something else than their token."""

    @hookimpl
    def actor_from_request(self, request: Any) -> Actor | None:
        """Return somebody where a cookie says so."""
        if "cookie" not in request.headers:
            return None
        return Actor(id="x")


@dataclass
class Answered:
    """An answer; ``again`` says that it was given before the request was read."""

    status: int
    headers: dict[str, str]
    body: bytes
    again: bool

    @property
    def lasting(self) -> tuple[int, dict[str, str], bytes]:
        """What is the same each time."""
        passing = {"x-request-id", "date"}
        return self.status, {k: v for k, v in self.headers.items() if k not in passing}, self.body


class _Transport(asyncio.Transport):
    """What a client gets to see."""

    def __init__(self, host: str) -> None:
        super().__init__({"peername": (host, 5000), "sockname": ("127.0.0.1", 8000)})
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def _connections(app: ASGIApp) -> Any:
    if not isinstance(app, Starlette):
        return connections(None)
    application = application_of(app)
    return connections(application.repeated, application.revalidated)


class Wire:
    """A connection of a client from ``host``."""

    def __init__(self, app: ASGIApp, host: str = "192.0.2.1") -> None:
        config = uvicorn.Config(
            app,
            http=_connections(app),
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
        )
        config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"Sun, 22 Nov 2026 07:50:00 GMT")]
        made: Any = config.http_protocol_class
        self.protocol = made(config=config, server_state=self.state, app_state={})
        self.transport = _Transport(host)
        self.protocol.connection_made(self.transport)

    async def ask(self, *packets: bytes) -> Answered:
        """Send a request in these parts and return its answer."""
        self.transport.written = b""
        for packet in packets:
            self.protocol.data_received(packet)
        again = bool(self.transport.written)
        # What the application does after its answer, too.
        await self.rest()
        found = answer_in(self.transport.written, again=again)
        assert found is not None
        return found

    async def rest(self) -> None:
        """Wait until every request that came is answered."""
        async with asyncio.timeout(5):
            while self.state.tasks:
                await asyncio.gather(*self.state.tasks)
                # What takes an ended task out of these is called by the loop.
                await asyncio.sleep(0)


def answer_in(written: bytes, *, again: bool) -> Answered | None:
    """Return the answer that was written; None where it is not whole."""
    head, whole, body = written.partition(b"\r\n\r\n")
    if not whole:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name not in headers or name == "vary"
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if len(body) < int(headers.get("content-length", "0")):
        return None
    return Answered(int(first.split()[1]), headers, body, again)
