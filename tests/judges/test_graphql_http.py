"""The suite of the GraphQL over HTTP specification (npm: graphql-http) finds nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from judges.node_suites import installed, node
from running_graph import running_graph

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_suffix("").with_name("graphql_http.mjs")


async def test_all_audits_of_graphql_over_http_pass(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = await asyncio.to_thread(installed, "graphql-http", "graphql-http@1", "graphql@16")
    async with running_graph(
        tmp_path, database_url, bases=(_ROOT / "bases",), plugins=(_ROOT / "plugins",)
    ) as graph:
        url = f"{graph.client.base_url}/graphql".replace("//graphql", "/graphql")
        printed = await asyncio.to_thread(node, folder, _SCRIPT, url)
    results = [json.loads(line) for line in printed.splitlines()]
    with capsys.disabled():
        passed = sum(result["status"] == "ok" for result in results)
        print(f"\ngraphql-http: {passed} of {len(results)} audits passed")  # noqa: T201 - what make judge-http is run for
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
