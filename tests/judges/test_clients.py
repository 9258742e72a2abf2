"""Real clients ask a real server: queries, mutations, errors, subscriptions, uploads, APQ.

`make judge-clients` prints what each did; what the generators of typed clients make of the graph is
in `test_client_examples.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from judges.node_suites import installed, node
from judges.python_suites import installed_python
from running_graph import running_graph
from zhupei.domain.actors import Grant
from zhupei.domain.calendar import CHINA_TIME

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("clients.mjs")
_NOW = datetime(2026, 6, 10, 9, tzinfo=CHINA_TIME)
_PACKAGES = (
    "@apollo/client@4.3.8",
    "@urql/core@6.0.3",
    "graphql@16.15.0",
    "graphql-request@7.4.0",
    "graphql-sse@2.6.1",
    "graphql-ws@6.4.2",
    "relay-runtime@21.0.1",
    "rxjs@7.8.2",
    "ws@8.23.0",
)
_PYTHON_SCRIPT = Path(__file__).with_name("clients.py")
_PYTHON_PACKAGES = ("gql[aiohttp,httpx,requests,websockets]==4.0.0",)
_JUDGED = {
    "graphql-request": 4,
    "Apollo Client": 8,
    "urql": 6,
    "graphql-ws": 6,
    "graphql-sse": 6,
    "Relay (runtime)": 1,
    "gql (aiohttp)": 7,
    "gql (httpx)": 6,
    "gql (websockets)": 6,
    "gql (aiohttp, WebSocket)": 1,
    "gql (requests)": 1,
}
"""How many things each client is judged by."""
_REGISTER = """mutation ($input: RegisterApplicantInput!) {
  registerApplicant(input: $input) { __typename } }"""
_PERSON = {
    "identityKind": "PASSPORT",
    "issuingState": "USA",
    "identityNumber": "E1234567",
    "name": "Client Tester",
    "facts": {"origin": "MAINLAND", "traineeType": "SOCIAL", "licensed": False},
}


def test_the_page_tells_which_versions_were_judged() -> None:
    """The table of docs/graph.md has the versions that are installed here and in the examples."""
    page = (_ROOT / "docs" / "graph.md").read_text("utf-8").partition("## Clients")[2]
    rows = re.findall(r"^\| (.*?) \| ([\d., ]+) \|", page.partition("\n## ")[0], re.MULTILINE)
    told = {
        name: version
        for names, versions in rows
        for name, version in zip(names.split(", "), versions.split(", "), strict=True)
    }
    examples = _ROOT / "examples" / "clients"
    pins = dict(each.rpartition("@")[::2] for each in _PACKAGES)
    for name in ("typescript", "relay"):
        manifest = json.loads((examples / name / "package.json").read_text("utf-8"))
        pins |= manifest["devDependencies"]
    requirements = (examples / "python" / "requirements.txt").read_text("utf-8")
    python = dict(re.findall(r"^([\w-]+).*?==(.*)$", requirements, re.MULTILINE))
    assert told == {
        "Apollo Client": pins["@apollo/client"],
        "urql": pins["@urql/core"],
        **{name: pins[name] for name in ("graphql-request", "graphql-ws", "graphql-sse")},
        "relay-runtime": pins["relay-runtime"],
        "gql (Python)": _PYTHON_PACKAGES[0].rpartition("==")[2],
        "graphql-codegen": pins["@graphql-codegen/cli"],
        "relay-compiler": pins["relay-compiler"],
        "ariadne-codegen": python["ariadne-codegen"],
    }


def _by_gql(python: Path, settings: Path) -> str:
    """Let Python's gql ask; return what it printed."""
    done = subprocess.run(
        [python, _PYTHON_SCRIPT, settings], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_real_clients(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = await asyncio.to_thread(installed, "clients", *_PACKAGES)
    python = await asyncio.to_thread(installed_python, "gql", *_PYTHON_PACKAGES)
    async with running_graph(
        tmp_path / "data",
        database_url,
        clock=lambda: _NOW,
        bases=(_ROOT / "bases",),
        plugins=(_ROOT / "plugins",),
    ) as graph:
        token = graph.token(
            await graph.account("client-tester", Grant("applicant"), name="Client Tester")
        )
        registered = await graph.ask(_REGISTER, token, variables={"input": _PERSON})
        assert registered.json() == {"data": {"registerApplicant": {"__typename": "Applicant"}}}
        settings = {
            "url": str(graph.client.base_url.join("/graphql")),
            "token": token,
            "name": "Client Tester",
        }
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(settings), encoding="utf-8")
        printed = await asyncio.to_thread(node, folder, _SCRIPT, str(file), seconds=90)
        printed += await asyncio.to_thread(_by_gql, python, file)
    findings = [json.loads(line) for line in printed.splitlines()]
    with capsys.disabled():
        passed = sum(each["ok"] for each in findings)
        print(f"\nclients: {passed} of {len(findings)} passed")  # noqa: T201 - what make judge-clients is run for
        for each in findings:
            outcome = "ok" if each["ok"] else f"FAILED {each['problem']}"
            print(f"  {each['client']:24} {each['what']:26} {outcome}")  # noqa: T201 - see above
    assert [each for each in findings if not each["ok"]] == []
    assert Counter(each["client"] for each in findings) == _JUDGED
