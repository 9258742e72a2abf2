"""The graph as a subgraph: composed, contracted, joined and traced by Apollo's and Hive's tools."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from judges.federation_packages import federation_packages
from judges.node_suites import node
from running_graph import running_graph
from zhupei.catalogue.named_plugins import load_plugins
from zhupei.config.workspace import read_workspace
from zhupei.graphql.schema import build_schema
from zhupei.settings import Environment, FederationAccess

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("federation.mjs")
_SECRET = "a-secret-for-the-judge"
_KEYS = "k1:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="


def _texts(folder: Path) -> dict[str, str]:
    """Write the subgraph's text, once for each way to tell access; return the files."""
    _, host = load_plugins(
        read_workspace([_ROOT / "bases"]), folders=(_ROOT / "plugins",), strict=True
    )
    files = {}
    for access in FederationAccess:
        file = folder / f"{access.value}.graphql"
        file.write_text(build_schema(host, access=access).schema.subgraph.sdl, encoding="utf-8")
        files[access.value] = str(file)
    return files


@pytest.mark.slow(seconds=30)
async def test_composition_contracts_joins_and_traces(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = await asyncio.to_thread(federation_packages)
    async with running_graph(
        tmp_path / "data",
        database_url,
        bases=(_ROOT / "bases",),
        plugins=(_ROOT / "plugins",),
        environment=Environment.PRODUCTION,
        encryption_keys=_KEYS,
        gateway_secret=_SECRET,
    ) as graph:
        tester = await graph.account("gateway-tester", name="Gateway Tester")
        settings = {
            "url": str(graph.client.base_url.join("/graphql")),
            "secret": _SECRET,
            "token": graph.token(tester),
            "texts": await asyncio.to_thread(_texts, tmp_path),
        }
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(settings), encoding="utf-8")
        printed = await asyncio.to_thread(node, folder, _SCRIPT, str(file), seconds=280)
    findings = [json.loads(line) for line in printed.splitlines()]
    failed = [finding for finding in findings if not finding["ok"]]
    with capsys.disabled():
        print(f"\nfederation: {len(findings) - len(failed)} of {len(findings)} passed")  # noqa: T201 - what make judge-federation is run for
        for finding in findings:
            outcome = "ok" if finding["ok"] else f"FAILED {finding['problem']}"
            print(f"  {finding['name']}: {outcome}")  # noqa: T201 - see above
    assert [(each["name"], each["problem"]) for each in failed] == []
    assert len(findings) == 10 + 1 + 3 + 2 * 13 + 3 + 2
