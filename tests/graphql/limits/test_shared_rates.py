"""Two servers that count rates together, in a real Redis and in PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from redis_server import RedisServer
from running_graph import RunningGraph, running_graph
from zhupei.domain.actors import Grant

pytestmark = pytest.mark.slow

_COST = 220
_QUERY = "{ bases(first: 1) { totalCount } }"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def _two(stack: AsyncExitStack, tmp_path: Path, url: str, storage: str) -> list[RunningGraph]:
    # Tokens are signed with keys of the folder: both know them.
    return [
        await stack.enter_async_context(
            running_graph(
                tmp_path / "data",
                url,
                rate_storage=storage,
                rate_requests=30,
                rate_cost={"public": 10**6, "applicant": _COST},
            )
        )
        for _ in range(2)
    ]


async def _allowed(graph: RunningGraph, times: int, token: str | None = None) -> int:
    """How many of so many requests pass; whoever is refused is told when to go on."""
    answers = [await graph.ask(_QUERY, token) for _ in range(times)]
    for answer in answers:
        if answer.status_code != 200:
            assert answer.status_code == 429
            assert 1 <= int(answer.headers["retry-after"]) <= 120
            assert answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    return sum(answer.status_code == 200 for answer in answers)


async def _together(graphs: list[RunningGraph], times: int, token: str | None = None) -> int:
    return sum(await asyncio.gather(*(_allowed(each, times, token) for each in graphs)))


async def test_two_servers_count_the_requests_of_an_address_in_redis(
    tmp_path: Path, database_url: str, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        graphs = await _two(stack, tmp_path, database_url, redis.url)
        # A minute may end meanwhile, after which some more pass, never twice as many.
        assert 30 <= await _together(graphs, 25) < 45
        assert redis.ask(b"DBSIZE").startswith(b":")
        assert redis.ask(b"DBSIZE") != b":0\r\n"
        assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
        # Without it each counts alone, and says so once; nobody is refused for that.
        await asyncio.to_thread(redis.stop)
        assert await _together(graphs, 40) == 60
        told = [each.getMessage() for each in caplog.records if each.name == "zhupei.limits"]
        assert told == 2 * ["rates are counted by this process alone, because their storage fails"]
        assert (await graphs[0].client.get("/health/ready")).status_code == 200
        # And with it, empty as it is, together again.
        await asyncio.to_thread(redis.start)
        assert 30 <= await _together(graphs, 25) < 45


@pytest.mark.parametrize("storage", ["redis", "database"])
async def test_two_servers_count_what_an_account_costs(
    tmp_path: Path, database_url: str, storage: str, request: pytest.FixtureRequest
) -> None:
    where = request.getfixturevalue("redis").url if storage == "redis" else storage
    async with AsyncExitStack() as stack:
        graphs = await _two(stack, tmp_path, database_url, where)
        account = await graphs[0].account("somebody", Grant("applicant"))
        token = graphs[0].token(account)
        cost = 20
        answer = await graphs[0].client.post(
            "/graphql",
            json={"query": _QUERY, "extensions": {"cost": True}},
            headers={"authorization": f"Bearer {token}"},
        )
        cost += answer.json()["extensions"]["cost"]["operation"]
        assert cost > 20
        alone = _COST // cost
        assert 4 < alone < 14, "otherwise the rate of requests would refuse"
        passed = await _together(graphs, 14, token)
        assert alone - 8 <= passed <= alone + 4
        # It is the account that is refused, not whoever shares its address.
        assert (await graphs[1].ask(_QUERY)).status_code in {200, 429}
