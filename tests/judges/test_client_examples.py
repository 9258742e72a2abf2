"""`examples/clients`: each is generated, its types are checked, and it asks a real server."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from judges.node_suites import installed
from judges.python_suites import installed_python
from running_graph import RunningGraph, running_graph
from zhupei.catalogue.named_plugins import load_plugins
from zhupei.config.workspace import read_workspace
from zhupei.domain.actors import Grant
from zhupei.domain.calendar import CHINA_TIME
from zhupei.graphql.schema import build_schema

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_CLIENTS = _ROOT / "examples" / "clients"
_NOW = datetime(2026, 6, 10, 9, tzinfo=CHINA_TIME)
_BASE = "hku-szh"
_OPENING = "hku-szh-residency-2026/0200"
_MISSING = (
    *("bannedUntil", "consents", "degrees", "degrees.level", "degrees.type", "fitForTraining"),
    *("lawAbiding", "medicalExaminationPassed"),
)
_TWICE = (
    "NOT_ALLOWED_IN_STATE: not possible (CHECK_ELIGIBILITY): the application is in state CHECKED"
)


@contextlib.asynccontextmanager
async def _served(folder: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    async with running_graph(
        folder,
        database_url,
        clock=lambda: _NOW,
        bases=(_ROOT / "bases",),
        plugins=(_ROOT / "plugins",),
    ) as graph:
        yield graph


def _served_schema() -> str:
    """Return what `zhupei schema` prints."""
    _, host = load_plugins(read_workspace([_ROOT / "bases"]), folders=(_ROOT / "plugins",))
    return build_schema(host).sdl


@contextlib.contextmanager
def _copied(name: str, folder: Path) -> Iterator[Path]:
    """Copy an example below the folder of its packages; it finds the schema there as well."""
    copy = folder / f"example-{os.getpid()}"
    generated = shutil.ignore_patterns("node_modules", ".venv", "build", "graph", "__generated__")
    shutil.copytree(_CLIENTS / name, copy, ignore=generated)
    for file in ("codegen.ts", "relay.config.json", "pyproject.toml"):
        if (copy / file).exists():
            text = (copy / file).read_text("utf-8")
            assert text.count("../../../schema.graphql") == 1
            schema = str(_ROOT / "schema.graphql")
            (copy / file).write_text(text.replace("../../../schema.graphql", schema), "utf-8")
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


def _packages(name: str) -> Path:
    """Return the folder that holds what an example's package.json pins."""
    manifest = json.loads((_CLIENTS / name / "package.json").read_text("utf-8"))
    pins = {**manifest["dependencies"], **manifest["devDependencies"]}
    return installed(f"client-{name}", *(f"{each}@{pin}" for each, pin in pins.items()))


async def _run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command; return what it printed, which is nothing else than its own output."""
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return str(done.stdout)


def test_versions_are_exact_and_nothing_generated_is_kept() -> None:
    """Another day's versions would be another example."""
    for name in ("typescript", "relay"):
        manifest = json.loads((_CLIENTS / name / "package.json").read_text("utf-8"))
        for pin in (*manifest["dependencies"].values(), *manifest["devDependencies"].values()):
            assert re.fullmatch(r"\d+\.\d+\.\d+", pin)
    for line in (_CLIENTS / "python" / "requirements.txt").read_text("utf-8").splitlines():
        assert re.fullmatch(r"[a-z-]+(\[[a-z]+\])?==\d+\.\d+\.\d+", line)
    listed = subprocess.run(
        ["git", "ls-files", "examples/clients"], cwd=_ROOT, capture_output=True, check=True
    )
    kept = listed.stdout.decode().splitlines()
    assert [each for each in kept if re.search(r"lock|__generated__|/graph/|/build/", each)] == []


@pytest.mark.slow(seconds=18)
async def test_an_applicant_in_typescript(tmp_path: Path, database_url: str) -> None:
    """She finds an opening, learns what is missing, is refused, mends it, and files."""
    packages = await asyncio.to_thread(_packages, "typescript")
    async with _served(tmp_path / "data", database_url) as graph:
        url = str(graph.client.base_url.join("/graphql"))
        with _copied("typescript", packages) as example:
            # Generated from what this server serves, with the types of its plugins.
            (example / "served.graphql").write_text(_served_schema(), encoding="utf-8")
            environment = {"GRAPH_URL": url, "GRAPH_SCHEMA": "served.graphql"}
            told = await _run("npm", "start", "--silent", cwd=example, **environment)
            refused = await _run("node", "build/main.js", "骨科", cwd=example, GRAPH_URL=url)
            chinese = await _run(
                *("node", "build/main.js", "没有这样的专业"),
                cwd=example,
                GRAPH_URL=url,
                GRAPH_LANGUAGE="zh",
            )
        filed = await graph.ask(
            "query ($base: String!) { applications(filter: {baseIn: [$base]}) {"
            " edges { node { openingCode state } } } }",
            graph.token(await graph.account("office", Grant("base_office", base=_BASE))),
            variables={"base": _BASE},
        )
    assert told.splitlines() == [
        f"# {url}",
        "openings of residencies, by pages of five: 11",
        f"found: {_OPENING}  Paediatrics, The University of Hong Kong - Shenzhen Hospital: 4",
        f"eligible: INCOMPLETE; ask for: {', '.join(_MISSING)}",
        "eligible: ELIGIBLE",
        "registered: Example Applicant",
        "refused: ROUND_UNKNOWN: choose a round: June 2026 recruitment (june-2026)",
        f"watched: {_OPENING} is DRAFT",
        f"watched: {_OPENING} is SUBMITTED",
    ]
    assert "eligible: INELIGIBLE" in refused.splitlines()
    assert refused.splitlines()[-2].startswith("refused: INELIGIBLE: ")
    assert refused.splitlines()[-1].endswith("所学专业（研究方向）)")
    assert chinese.splitlines()[1:] == [
        "openings of residencies, by pages of five: 11",
        "found: nothing",
    ]
    # The one that was refused stayed a draft, which an office does not see.
    assert filed.json()["data"]["applications"] == {
        "edges": [{"node": {"openingCode": _OPENING, "state": "SUBMITTED"}}]
    }


@pytest.mark.slow(seconds=10)
async def test_a_page_in_relay(tmp_path: Path, database_url: str) -> None:
    """Pages follow each other, an object is fetched again by its id, and entries stay apart."""
    packages = await asyncio.to_thread(_packages, "relay")
    async with _served(tmp_path / "data", database_url) as graph:
        url = str(graph.client.base_url.join("/graphql"))
        with _copied("relay", packages) as example:
            told = await _run("npm", "start", "--silent", cwd=example, GRAPH_URL=url)
            generated = sorted(path.name for path in (example / "src/__generated__").iterdir())
        wanted = await graph.ask(
            """{ openings(filter: {kind: RESIDENCY}, orderBy: CODE, first: 100) { edges { node {
                code specialtyName quota quotaNote base { name }
                requirements { key label parameters { name value } } } } } }"""
        )
    assert generated == [
        *(
            "AppQuery.graphql.ts",
            "OpeningCardAgainQuery.graphql.ts",
            "OpeningCard_opening.graphql.ts",
        ),
        *("OpeningListMoreQuery.graphql.ts", "OpeningList_query.graphql.ts"),
    ]
    lines = told.splitlines()
    assert lines[:3] == [f"# {url}", "first page: 4 / 11", "all pages: 11 / 11"]
    assert lines[-2:] == [
        "asked: AppQuery, OpeningListMoreQuery, OpeningListMoreQuery, OpeningCardAgainQuery",
        "kept by an id of their own: 12",
    ]
    shown: list[str] = []
    for edge in wanted.json()["data"]["openings"]["edges"]:
        node = edge["node"]
        assert node["quota"] is not None
        shown.append(
            f"{node['code']}  {node['specialtyName']}, {node['base']['name']}: {node['quota']}"
        )
        for each in node["requirements"]:
            figures = " ".join(f"{one['name']}={one['value']}" for one in each["parameters"])
            shown.append(f"    {each['key']}: {each['label']} {figures}")
    assert lines[3:-2] == shown
    # They could not stand on the page if the store took a key for an identity.
    assert len({line for line in shown if line.startswith("    major: ")}) > 1


_DEGREE = {"level": "BACHELOR", "majorCode": "100207TK", "graduationYear": 2025}
_FACTS = {
    "origin": "MAINLAND",
    "traineeType": "SOCIAL",
    "licensed": False,
    "english": {"cet4": 480},
    "degrees": [
        {**_DEGREE, "mainland": True, "fullTime": True, "recognised": True, "awarded": True}
    ],
}


async def _file(graph: RunningGraph, login: str, name: str, passport: str) -> None:
    """File an application of a made-up person."""
    account = await graph.account(login, Grant("applicant"))
    token = graph.token(account)

    async def did(step: str, result: str, **given: object) -> str:
        kind = f"{step[0].upper()}{step[1:]}Input"
        answer = await graph.ask(
            f"mutation ($input: {kind}!) {{ {step}(input: $input) {{"
            f" ... on {result} {{ id }} ... on Refusal {{ code message }} }} }}",
            token,
            variables={"input": given},
        )
        done: dict[str, str] = answer.json()["data"][step]
        assert set(done) == {"id"}, done
        return done["id"]

    identity = {"identityKind": "PASSPORT", "issuingState": "USA", "identityNumber": passport}
    await did("registerApplicant", "Applicant", name=name, facts=_FACTS, **identity)
    draft = await did("createApplication", "Application", opening=_OPENING, round="june-2026")
    await did("submitApplication", "Application", application=draft)


@pytest.mark.slow(seconds=14)
async def test_an_office_in_python(tmp_path: Path, database_url: str) -> None:
    """It sees its queue, exports, records a check, hears of it, and is refused a second one."""
    requirements = (_CLIENTS / "python" / "requirements.txt").read_text("utf-8").splitlines()
    python = await asyncio.to_thread(installed_python, "client-python", *requirements)
    async with _served(tmp_path / "data", database_url) as graph:
        await _file(graph, "first", "某甲", "E1234567")
        await _file(graph, "second", "某乙", "E1234568")
        await _file(graph, "third", "某丙", "E1234569")
        url = str(graph.client.base_url.join("/graphql"))
        token = graph.token(await graph.account("office", Grant("base_office", base=_BASE)))
        with _copied("python", python.parents[2]) as example:
            await _run(python.with_name("ariadne-codegen"), cwd=example)
            checked = await _run(python.with_name("mypy"), "--no-incremental", cwd=example)
            asks = {"GRAPH_URL": url, "GRAPH_TOKEN": token}
            told = await _run(python, "office.py", tmp_path, cwd=example, **asks)
            with pytest.raises(AssertionError, match="401 is a token that does not hold"):
                await _run(python, "office.py", cwd=example, GRAPH_URL=url, GRAPH_TOKEN="none")
    assert checked.startswith("Success: no issues found in ")
    assert told.splitlines() == [
        "# The University of Hong Kong - Shenzhen Hospital",
        "waiting: 3",
        "  3 x Submitted (hku-szh-residency-2026): Eligibility check",
        "applications written: 3",
        "registrations written: True",
        "checked: CHECKED",
        "watched: CHECKED",
        f"checked again: {_TWICE}",
    ]
    with (tmp_path / f"{_BASE}-applications.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows} == {"某甲", "某乙", "某丙"}
    assert {(row["opening"], row["state"], row["submitted"]) for row in rows} == {
        (_OPENING, "SUBMITTED", _NOW.isoformat())
    }
    assert (tmp_path / f"{_BASE}-registrations.xlsx").read_bytes().startswith(b"PK")
