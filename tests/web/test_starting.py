"""What a process answers while it begins: that it lives, what it waits for, when to come again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from small_graph import small_app, small_settings
from zhupei.app import Application, ConfigurationRefusedError, application_of
from zhupei.config.problems import Problem, Problems
from zhupei.domain.text import Text

_HELLO = {"query": "{ hello }"}


class Held:
    """A step of the start that waits until it is let go."""

    def __init__(self, step: Callable[[], Awaitable[Any]]) -> None:
        self._step = step
        self.reached, self.free = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> Any:
        self.reached.set()
        await self.free.wait()
        return await self._step()


@asynccontextmanager
async def starting(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Application, httpx2.AsyncClient, Held, Held]]:
    """Return an application without a database, and its start held before each of two steps."""
    app = small_app(small_settings(folder, database_url="postgresql://u@127.0.0.1:1/d"))
    application = application_of(app)
    catalogue, database = application.graph.catalogue, application.supervisor
    reading, trying = Held(catalogue.reload), Held(database.tried)
    monkeypatch.setattr(catalogue, "reload", reading)
    monkeypatch.setattr(database, "tried", trying)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield application, client, reading, trying


async def ready(client: httpx2.AsyncClient) -> tuple[int, str, str | None, str]:
    response = await client.get("/health/ready")
    state = response.json()
    return (
        response.status_code,
        state["status"],
        state.get("reason"),
        state["catalogue"]["status"],
    )


async def figure(client: httpx2.AsyncClient, name: str) -> str:
    text = (await client.get("/metrics")).text
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return str(found)


async def test_each_step_of_the_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 'zhupei_requests_refused_total{reason="starting"}'
    async with (
        starting(tmp_path, monkeypatch) as (application, client, reading, trying),
        AsyncExitStack() as stack,
    ):
        start = asyncio.create_task(stack.enter_async_context(application.running()))
        await reading.reached.wait()
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        assert await ready(client) == (503, "unavailable", "catalogue loading", "loading")
        assert await figure(client, "zhupei_ready") == "0.0"
        answer = await client.post("/graphql", json=_HELLO, headers={"accept-language": "en"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json() == {
            "errors": [
                {
                    "message": "The server is starting; try again in a few seconds.",
                    "extensions": {"code": "STARTING", "retryAfter": 2},
                }
            ]
        }
        page = await client.get("/graphql", params=_HELLO)
        assert page.json()["errors"][0]["message"] == "服务正在启动，请稍后重试。"
        assert await figure(client, refused) == "2.0"
        reading.free.set()
        await trying.reached.wait()
        # The catalogue is there, and plugins have not begun: nothing is answered with it yet.
        assert application.graph.catalogue.current is not None
        assert await ready(client) == (503, "unavailable", "starting", "ok")
        assert (await client.post("/graphql", json=_HELLO)).status_code == 503
        trying.free.set()
        await start
        assert await ready(client) == (200, "degraded", None, "ok")
        assert await figure(client, "zhupei_ready") == "1.0"
        assert await figure(client, refused) == "3.0"
        answer = await client.post("/graphql", json=_HELLO)
        assert answer.json() == {"data": {"hello": "你好 世界"}}


async def test_a_start_that_is_refused_answers_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with starting(tmp_path, monkeypatch) as (application, client, reading, _):
        object.__setattr__(application.settings, "strict", True)
        problems = Problems()
        text = Text("不对", "is wrong")
        problems.add(Problem(Path("a.yaml"), 1, 1, (), "CONFIG_KEY", text))

        async def broken() -> Problems:
            return problems

        monkeypatch.setattr(reading, "_step", broken)
        reading.free.set()
        with pytest.raises(ConfigurationRefusedError):
            async with application.running():
                raise AssertionError("it began")
        assert (await client.post("/graphql", json=_HELLO)).status_code == 503


def test_a_websocket_is_told_too(tmp_path: Path) -> None:
    app = small_app(small_settings(tmp_path))
    application_of(app).starting = True
    client = TestClient(app)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/graphql"):
        raise AssertionError("it was accepted")
