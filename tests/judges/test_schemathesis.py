"""schemathesis (PyPI) finds no fault of the server, whatever it generates for every root field.

``make judge-schemathesis`` generates ``CASES`` for each field (1,000 unless told), and a tenth as
many that break the schema; ``make check`` a few, always the same. ``FIELDS`` is a regular
expression of fields, such as ``Query`` or ``Mutation.[a-e]``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from graphql import build_schema
from judges.fuzzed_world import FuzzedServer, fuzzed_server
from zhupei.catalogue.load import load_plugins
from zhupei.config.workspace import read_workspace
from zhupei.graphql.schema import build_schema as build_graph

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("schemathesis==4.32.5", "hypothesis-graphql==0.13.5")
_HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
_CASES = int(os.environ.get("ZHUPEI_FUZZ_CASES", "3"))
_FIELDS = os.environ.get("ZHUPEI_FUZZ_FIELDS", "")
_SEED = os.environ.get("ZHUPEI_FUZZ_SEED", "20261122")
_FEW = 10


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


def _root_fields() -> set[str]:
    """Return the fields of both root types as schemathesis names them."""
    _, host = load_plugins(read_workspace([_ROOT / "bases"]), folders=(_ROOT / "plugins",))
    schema = build_schema(build_graph(host).sdl, assume_valid=True)
    roots = (schema.query_type, schema.mutation_type)
    return {f"{root.name}.{name}" for root in roots if root is not None for name in root.fields}


def _counted(folder: Path) -> dict[str, Counter[str]]:
    """Return for each field what its cases came to."""
    counted: dict[str, Counter[str]] = {}
    for found in folder.glob("found-*.json"):
        for label, outcomes in json.loads(found.read_text("utf-8")).items():
            counted.setdefault(label, Counter()).update(outcomes)
    return counted


async def _generate(st: Path, server: FuzzedServer, mode: str, cases: int) -> str:
    """Let schemathesis ask, and return what it says where it finds something, else nothing."""
    arguments = ["run", server.url, "--phases", "fuzzing", "--checks", "no_fault_of_the_server"]
    arguments += ["--mode", mode, "--max-examples", str(cases), "--seed", _SEED, "--workers", "1"]
    arguments += ["--suppress-health-check", "all", "--generation-database", "none", "--no-color"]
    arguments += ["--warnings", "off", "--request-timeout", "60"]
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
            "SCHEMATHESIS_HOOKS": str(_HOOKS),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return "" if process.returncode == 0 else printed.decode()


async def test_no_generated_operation_is_a_fault_of_the_server(
    tmp_path: Path,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    st = await asyncio.to_thread(_installed)
    said: list[str] = []
    async with fuzzed_server(tmp_path, database_url) as server:
        putting_back = asyncio.create_task(server.put_back())
        said.append(await _generate(st, server, "positive", _CASES))
        if _CASES >= _FEW:
            said.append(await _generate(st, server, "negative", _CASES // _FEW))
        assert not putting_back.done(), "the world could not be put back"
        putting_back.cancel()
    counted = _counted(tmp_path)
    together: Counter[str] = sum(counted.values(), Counter())
    run = sum(count for said, count in together.items() if said.startswith("answered"))
    with capsys.disabled():
        print(  # noqa: T201 - what make judge-schemathesis is run for
            f"\nschemathesis: {together.total():,} cases for {len(counted)} fields, "
            f"{run / together.total():.0%} of them run, {dict(together.most_common())}"
        )
        if _CASES > _FEW:
            for label, outcomes in sorted(counted.items()):
                print(f"  {label}: {dict(outcomes.most_common())}")  # noqa: T201 - see above
    assert not any(said), "\n".join(said)
    assert not [each for each in together if each.startswith("FAULT")]
    told = [each for each in caplog.records if each.levelno >= logging.ERROR or each.exc_info]
    assert not told
    if not _FIELDS:
        assert set(counted) == _root_fields()
    assert all(outcomes.total() >= min(_CASES, _FEW) for outcomes in counted.values())
    # Otherwise nothing would have been tried but what checks requests.
    assert run / together.total() > 0.75
