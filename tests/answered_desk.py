"""A served province whose connections are known to the test, and what its people send there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from admissions_office import BASES
from running_graph import RunningGraph, served_settings
from served_admissions import MovedClock, ServedAdmissions
from wired_app import Wire
from zhupei.app import application_of, create_app
from zhupei.db.models import ApplicationRow
from zhupei.web.revalidated_answers import RevalidatedAnswers

__all__ = ["OWN", "TIMELINE", "Desk", "opened_desk"]

TIMELINE = """query Timeline($id: ID!) {
  application(id: $id) { id state base { name } records { revision action toState } }
}"""
OWN = "query Own($id: ID!) { application(id: $id) { id state preference } }"


@dataclass
class Desk:
    """A served province whose connections are known to the test."""

    served: ServedAdmissions
    app: Starlette
    wire: Wire

    @property
    def answers(self) -> RevalidatedAnswers:
        """What gives answers again."""
        found = application_of(self.app).revalidated
        assert found is not None
        return found

    def beside(self, host: str = "192.0.2.1") -> Wire:
        """Return another connection that knows the same requests."""
        wire = Wire(self.app, host)
        wire.protocol.__class__ = self.wire.protocol.__class__
        return wire

    async def packet(self, query: str, who: str | None, *lines: str, **variables: Any) -> bytes:
        """Return the bytes of a request."""
        if who is not None:
            lines = (f"authorization: Bearer {await self.served.token(who)}", *lines)
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = (
            "POST /graphql HTTP/1.1",
            "host: zhupei.example",
            "content-type: application/json",
            *lines,
            f"content-length: {len(body)}",
        )
        return "\r\n".join((*head, "", "")).encode() + body

    async def ask(self, packet: bytes) -> Any:
        """Return what these bytes are answered, which has to be 200."""
        answered = await self.wire.ask(packet)
        assert answered.status == 200, answered.body
        return json.loads(answered.body)

    async def prefer(self, application: str, preference: int) -> None:
        """Change something in the database that nobody is told of."""
        database = application_of(self.app).database
        with database.use():
            await ApplicationRow.filter(id=application).update(preference=preference)

    async def known(self, packet: bytes) -> Any:
        """Ask until the answer is kept; return it."""
        for _ in range(2):
            found = await self.ask(packet)
        return found


@asynccontextmanager
async def opened_desk(data_dir: Path, database_url: str, **changes: Any) -> AsyncIterator[Desk]:
    """Serve the fictional province with some settings."""
    settings, clock = (
        served_settings(data_dir, database_url, **{"bases": (BASES,)} | changes),
        MovedClock(),
    )
    app = create_app(settings, clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://test"
        ) as client,
    ):
        graph = RunningGraph(client, application_of(app).database, settings, clock)
        yield Desk(ServedAdmissions(graph, clock), app, Wire(app))
