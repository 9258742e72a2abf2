"""schemathesis (PyPI) finds no fault of the server, whatever it generates for every root field.

``make judge-schemathesis`` generates ``CASES`` for each field (1,000 unless told), and a tenth as
many that break the schema; ``make check`` a few, always the same. ``FIELDS`` is a regular
expression of fields, such as ``Query`` or ``Mutation.[a-e]``. Before, every strange value that we
know ourselves is put at every place of an input (strange_requests.py).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from graphql import GraphQLSchema, build_schema
from judges.fuzzed_world import FuzzedServer, fuzzed_server
from judges.strange_requests import send_strange_requests
from mutation_scenarios import SECRETS
from zhupei.catalogue.named_plugins import load_plugins
from zhupei.config.workspace import read_workspace
from zhupei.graphql.schema import build_schema as build_graph

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("schemathesis==4.32.5", "hypothesis-graphql==0.13.5")
_CASES = int(os.environ.get("ZHUPEI_FUZZ_CASES", "2"))
_FIELDS = os.environ.get("ZHUPEI_FUZZ_FIELDS", "")
_SEED = os.environ.get("ZHUPEI_FUZZ_SEED", "20261122")
_FEW = 10
# Strange values that `make check` tries: one of so many.
_EVERY = 40
_TOLD = {
    # What schemathesis asks before anything else: whether a header may have a null character.
    "Invalid HTTP request received.",
    # Answered as bad input: an instant before the first year of PostgreSQL's drivers.
    "a value does not fit",
}


def _installed() -> Path:
    """Return schemathesis in an environment of its own; skip where it cannot be installed."""
    folder = Path(os.environ.get("ZHUPEI_JUDGES", _ROOT / ".tools" / "judges")) / "schemathesis"
    stamp, python = folder / "installed", folder / "venv" / "bin" / "python"
    wanted = "\n".join(_PACKAGES)
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        uv = _ROOT / ".tools" / "bin" / "uv"
        folder.mkdir(parents=True, exist_ok=True)
        for command in (
            [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")],
            [str(uv), "pip", "install", "--quiet", "--python", str(python), *_PACKAGES],
        ):
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"schemathesis cannot be installed: {done.stderr[-300:]}")
        stamp.write_text(wanted, encoding="utf-8")
    return python.with_name("st")


def _schema() -> GraphQLSchema:
    """Return the graph of the real bases and plugins."""
    _, host = load_plugins(read_workspace([_ROOT / "bases"]), folders=(_ROOT / "plugins",))
    return build_schema(build_graph(host).sdl, assume_valid=True)


def _root_fields(schema: GraphQLSchema) -> set[str]:
    """Return the fields of both root types as schemathesis names them."""
    roots = (schema.query_type, schema.mutation_type)
    return {f"{root.name}.{name}" for root in roots if root is not None for name in root.fields}


def _counted(folder: Path, mode: str) -> dict[str, Counter[str]]:
    """Return for each field what its cases of a mode came to."""
    counted: dict[str, Counter[str]] = {}
    for found in folder.glob(f"found-{mode}-*.json"):
        for label, outcomes in json.loads(found.read_text("utf-8")).items():
            counted.setdefault(label, Counter()).update(outcomes)
    return counted


async def _generate(st: Path, server: FuzzedServer, mode: str, cases: int) -> str:
    """Let schemathesis ask, and return what it says where it finds something, else nothing."""
    arguments = ["run", server.url, "--phases", "fuzzing", "--checks", "no_fault_of_the_server"]
    arguments += ["--mode", mode, "--max-examples", str(cases), "--seed", _SEED, "--workers", "1"]
    arguments += ["--suppress-health-check", "all", "--generation-database", "none", "--no-color"]
    arguments += ["--warnings", "off", "--request-timeout", "60"]
    # They are refused before anything runs; tried on purpose in negative mode.
    arguments += ["--generation-allow-x00", "false"]
    if _FIELDS:
        arguments += ["--include-name-regex", _FIELDS]
    if cases > _FEW:
        # All that there is to be found, instead of the first of each field.
        arguments += ["--continue-on-failure", "--no-shrink"]
    process = await asyncio.create_subprocess_exec(
        st,
        *arguments,
        cwd=server.folder,
        env={
            **os.environ,
            "ZHUPEI_FUZZED": str(server.folder),
            "ZHUPEI_FUZZ_MODE": mode,
            "PYTHONPATH": str(_ROOT / "tests"),
            "SCHEMATHESIS_HOOKS": "judges.schemathesis_hooks",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return "" if process.returncode == 0 else printed.decode()


@pytest.mark.slow(seconds=30)
async def test_no_generated_operation_is_a_fault_of_the_server(
    tmp_path: Path,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    st, many = await asyncio.to_thread(_installed), _CASES > _FEW
    schema = _schema()
    async with fuzzed_server(tmp_path, database_url) as server:
        carried_out = await server.carried_out()
        strange = await send_strange_requests(server, schema, every=1 if many else _EVERY)
        putting_back = asyncio.create_task(server.put_back())
        begun = time.monotonic()
        said = [
            await _generate(st, server, "positive", _CASES),
            await _generate(st, server, "negative", max(1, _CASES // _FEW)),
        ]
        seconds = time.monotonic() - begun
        assert not putting_back.done(), "the world could not be put back"
        putting_back.cancel()
    counted = {mode: _counted(tmp_path, mode) for mode in ("positive", "negative")}
    with capsys.disabled():
        print(f"\nstrange values: {dict(strange.counted.most_common())}")  # noqa: T201 - what make judge-schemathesis is run for
        print(f"\nschemathesis, {seconds:.0f} s")  # noqa: T201 - what make judge-schemathesis is run for
        for mode, fields in counted.items():
            _show(mode, fields)
    assert not any(said), "\n".join(said)
    told = [each for each in caplog.records if each.levelno >= logging.WARNING or each.exc_info]
    told = [each for each in told if each.getMessage() not in _TOLD]
    assert not told
    assert not strange.faults
    # Most of what is odd is allowed, and a part of it carried out.
    assert strange.counted["odd: DONE"] > 0.1 * strange.counted.total()
    secrets = [each for each in caplog.records if any(s in each.getMessage() for s in SECRETS)]
    assert not secrets
    roots = _root_fields(schema)
    if not _FIELDS:
        assert set(counted["positive"]) == roots
    # An input that would be carried out for each mutation, or nothing but refusals would be tried.
    assert carried_out == {each.split(".")[1] for each in roots if each.startswith("Mutation.")}
    positive, negative = (sum(each.values(), Counter()) for each in counted.values())
    assert all(outcomes.total() >= min(_CASES, _FEW) for outcomes in counted["positive"].values())
    # Otherwise nothing would have been tried but what checks requests.
    assert _share(positive, _RUN) > 0.75
    assert negative
    assert _share(negative, ("not run",)) == 1


_RUN = ("answered", "refused")
"""How outcomes begin of cases that came to a resolver."""


def _share(outcomes: Counter[str], beginnings: tuple[str, ...]) -> float:
    """Return how many cases of all came to an outcome."""
    return sum(n for said, n in outcomes.items() if said.startswith(beginnings)) / outcomes.total()


def _show(mode: str, fields: Mapping[str, Counter[str]]) -> None:
    """Print what cases came to; where there are many, by field."""
    every: Counter[str] = sum(fields.values(), Counter())
    shown = {f"{mode}, {len(fields)} fields": every, **(fields if _CASES > _FEW else {})}
    for label, outcomes in shown.items():
        if not outcomes:
            # What schemathesis says of it is shown next.
            continue
        run, full = _share(outcomes, _RUN), outcomes["answered"] / outcomes.total()
        print(  # noqa: T201 - see above
            f"{label}: {outcomes.total():,} cases, {run:.0%} run, {full:.0%} answered without "
            f"refusal, {dict(outcomes.most_common())}"
        )
