"""A plugin that hangs, in a real server: its own field waits and fails, everybody else goes on."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import httpx2
import pytest

from admissions_office import BASES
from server_process import ServerProcess

pytestmark = pytest.mark.slow

_SECONDS = 5.0
"""What a hook is given (docs/hooks.md)."""
_SEATS = "{ openings(first: 3) { edges { node { code remainingSeats } } } }"
_OTHERS = "{ openings(first: 3) { edges { node { code quota base { code } } } } }"
_PROJECT = """[project]
name = "zhupei-hanging"
version = "1.0.0"
dependencies = ["zhupei>=1,<2"]

[project.entry-points.zhupei]
hanging = "zhupei_hanging"
"""
_FUNCTIONS = {
    "plain": """import time
from zhupei import hookimpl

@hookimpl
def remaining_seats():
    time.sleep(3600)
""",
    "coroutine": """import asyncio
from zhupei import hookimpl

@hookimpl
async def remaining_seats():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
""",
}


@pytest.fixture
def folders(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """Return the fictional hospital that names a plugin, and the plugin's folder."""
    plugin = tmp_path / "plugins" / "hanging"
    plugin.mkdir(parents=True)
    (plugin / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    (plugin / "zhupei_hanging.py").write_text(_FUNCTIONS[request.param], encoding="utf-8")
    bases = tmp_path / "bases"
    shutil.copytree(BASES, bases) if BASES.is_dir() else shutil.copy(BASES, bases)
    named = 0
    for file in bases.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if "kind: base\n" in text:
            file.write_text(text + "\nplugins: [hanging]\n", encoding="utf-8")
            named += 1
    assert named
    return bases, plugin.parent


async def _ask(client: httpx2.AsyncClient, query: str) -> tuple[float, httpx2.Response]:
    began = time.monotonic()
    response = await client.post("/graphql", json={"query": query})
    return time.monotonic() - began, response


@pytest.mark.slow(seconds=12)
@pytest.mark.parametrize("folders", list(_FUNCTIONS), indirect=True)
async def test_others_do_not_wait_for_it(
    folders: tuple[Path, Path], database_url: str, tmp_path: Path
) -> None:
    """Four hang for the time that a hook has; whoever asks something else meanwhile is answered."""
    bases, plugins = folders
    changes = {"bases": [str(bases)], "plugins": [str(plugins)]}
    server = ServerProcess(database_url, tmp_path / "data", "2026-06-01", changes=changes)
    await server.start()
    try:
        async with httpx2.AsyncClient(base_url=server.address, timeout=60) as client:
            hanging = [asyncio.create_task(_ask(client, _SEATS)) for _ in range(4)]
            await asyncio.sleep(0.5)
            waits = []
            for _ in range(20):
                seconds, response = await _ask(client, _OTHERS)
                assert "errors" not in response.json()
                waits.append(seconds)
            # Half of them at once and none for as long as the hook has, on however busy a machine.
            assert sorted(waits)[10] < _SECONDS / 4
            assert max(waits) < _SECONDS - 1
            for seconds, response in await asyncio.gather(*hanging):
                # Eight calls about two bases: of a plain function four run at a time, and the
                # other four begin when those are given up. After eight nobody waits any more.
                assert _SECONDS <= seconds < 2 * _SECONDS + 3
                answer = response.json()
                nodes = [edge["node"] for edge in answer["data"]["openings"]["edges"]]
                assert [node["remainingSeats"] for node in nodes] == [None] * len(nodes)
                assert nodes
                assert {
                    (error["extensions"]["code"], error["extensions"]["plugin"])
                    for error in answer["errors"]
                } == {("PLUGIN_PROBLEM", "hanging")}
            assert (await client.get("/health/ready")).status_code == 200
        assert await server.stop() < 2 * _SECONDS
    finally:
        await server.kill()
