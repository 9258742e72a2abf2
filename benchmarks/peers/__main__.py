"""``python -m benchmarks.peers``: zhupei beside its peers on generated data, in one command.

Everything it needs is made below ``.tools/bench``: the embedded PostgreSQL with the data, the
generated configuration, Node.js and PostGraphile. ``--write`` puts the results into
docs/performance.md, with what the benchmarks of catalogue and matching print; ``--quick`` is a
smoke run of seconds on little data, without PostGraphile.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import measuring, report
from benchmarks.peers.data import Country, prepare
from benchmarks.peers.machine import describe_machine
from benchmarks.peers.measuring import Effort
from benchmarks.peers.npm import install_postgraphile
from benchmarks.peers.servers import PEERS, Server, cores, pin_tree

from zhupei.db.connection import Database

_PROJECT = Path(__file__).parents[2]
_QUICK = Effort(rounds=1, seconds=0.2, connections=4, variables=3, own_generator=True)
_SCRIPTS = ("benchmarks/bench_catalogue.py", "benchmarks/bench_matching.py")
_GROWTH = (10, 100)
"""Numbers of bases below that of the main run, for growth ×1, ×10, ×100."""


def main() -> int:
    """Set up, compare, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run on little data")
    parser.add_argument("--bases", type=int, help="bases to generate, 1,000 by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each peer in each round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--peers",
        default=",".join(peer.name for peer in PEERS),
        help="which to run, separated by commas",
    )
    parser.add_argument("--no-growth", action="store_true", help="leave growth out")
    parser.add_argument(
        "--scripts",
        action="store_true",
        help="run the benchmarks of catalogue and matching too, as --write does",
    )
    parser.add_argument("--directory", type=Path, default=_PROJECT / ".tools" / "bench")
    parser.add_argument("--results", type=Path, help="write all figures there, as JSON")
    parser.add_argument("--write", action="store_true", help="put results into docs/performance.md")
    arguments = parser.parse_args()
    names = arguments.peers.split(",")
    unknown = set(names) - {peer.name for peer in PEERS}
    if unknown:
        parser.error(f"no peer {', '.join(sorted(unknown))}")
    if arguments.quick:
        names = [name for name in names if name != "postgraphile"]
        effort = _QUICK
    else:
        effort = Effort(arguments.rounds, arguments.seconds, arguments.connections, 64)
    bases = arguments.bases or (3 if arguments.quick else 1_000)
    sizes = () if arguments.quick or arguments.no_growth else _GROWTH
    results = _measure(arguments.directory.absolute(), bases, sizes, names, effort)
    results["scripts"] = _outputs() if arguments.scripts or arguments.write else {}
    if arguments.results is not None:
        arguments.results.write_text(json.dumps(results, ensure_ascii=False, indent=1))
    sys.stdout.write("\n" + report.markdown(results))
    if arguments.write:
        report.write(results, _PROJECT / "docs")
    return 0


def _measure(
    directory: Path, bases: int, sizes: Sequence[int], names: Sequence[str], effort: Effort
) -> dict[str, Any]:
    directory.mkdir(parents=True, exist_ok=True)
    node = None
    if "postgraphile" in names:
        _say("PostGraphile: installing where missing")
        node = install_postgraphile(directory)
    results: dict[str, Any] = {
        **describe_machine(_PROJECT),
        "bases": bases,
        "effort": dataclasses.asdict(effort),
        "growth": [],
        "pages": [],
    }
    for size in (*sizes, bases):
        _say(f"{size:,} bases: preparing")
        with _prepared(directory / f"{size}-bases", size) as (country, server):
            main_run = size == bases
            grow = [name for name in ("zhupei", "postgraphile") if name in names]
            chosen = names if main_run else grow
            with measuring.all_started(chosen, country, server, node) as servers:
                if main_run:
                    results.update(_main_run(servers, country, server, effort))
                if sizes:
                    able = [each for each in servers if each.peer.name in grow]
                    found = measuring.growth(able, country, effort, _say)
                    results["growth"] += [dataclasses.asdict(each) for each in found]
                if sizes and main_run:
                    found = measuring.growth_of_pages(able, country, effort, _say)
                    results["pages"] = [dataclasses.asdict(each) for each in found]
    return results


def _main_run(
    servers: Sequence[Server], country: Country, database: dict[str, Any], effort: Effort
) -> dict[str, Any]:
    started = {
        server.peer.name: {
            "cold_start": server.cold_start_seconds,
            "memory_idle": server.memory_megabytes(),
        }
        for server in servers
    }
    uses = measuring.first_uses(servers, country)
    compared = measuring.refuse_differences(servers, country, effort)
    _say(f"{compared:,} answers compared: all alike")
    figures = measuring.rounds(servers, country, effort, _say)
    unlike = measuring.unlike(servers, country, database, effort, _say)
    for server in servers:
        started[server.peer.name]["memory_after"] = server.memory_megabytes()
    return {
        "compared": compared,
        "servers": started,
        "first_uses": [dataclasses.asdict(each) for each in uses],
        "figures": [dataclasses.asdict(each) for each in figures],
        "unlike": [dataclasses.asdict(each) for each in unlike],
    }


def _outputs() -> dict[str, str]:
    """Return what the other benchmarks print; they measure in processes of their own."""
    found = {}
    for name in _SCRIPTS:
        _say(f"running {name}")
        done = subprocess.run(  # noqa: S603 - our own files
            [sys.executable, str(_PROJECT / name)],
            check=False,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_PROJECT,
        )
        # A missed goal is a result like any other, and stands in the output.
        found[name] = done.stdout
    return found


class _prepared:  # noqa: N801 - used as a function in `with`
    """The data of one size and its running database, pinned to the core of the load."""

    def __init__(self, folder: Path, bases: int) -> None:
        self._folder, self._bases = folder, bases
        self._runner = asyncio.Runner()
        self._database: Database | None = None

    def __enter__(self) -> tuple[Country, dict[str, Any]]:
        country, self._database = self._runner.run(prepare(self._folder, self._bases))
        _read_through(country.data_dir / "postgres" / "cluster" / "base")
        server = dict(self._database.server or {})
        postmaster = country.data_dir / "postgres" / "cluster" / "postmaster.pid"
        pin_tree(int(postmaster.read_text().split()[0]), cores()[1])
        return country, server

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._runner.run(self._database.stop())
        self._runner.close()


def _read_through(folder: Path) -> None:
    """Have all files of the database in the machine's memory, so that nobody pays for the disk.

    Whoever is measured first, and whose rows are broader, would pay for all.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
