"""How long the catalogue of 1,000 bases with 28,000 openings takes to build, and how much memory.

``python benchmarks/bench_catalogue.py [BASES]``; ``--profile`` prints where the time goes. The
goal is below 10 s and 300 MB; the exit status is 1 where it is missed. Beside it stands what a
server takes that starts for the first time: it also keeps the catalogue for its next start.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generate import OPENINGS, generate

from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.catalogue.snapshots import Snapshots
from zhupei.domain.text import Language

_GOAL_SECONDS = 10.0
_GOAL_MEGABYTES = 300.0


def main() -> int:
    """Generate, measure in a process of its own, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bases", nargs="?", type=int, default=1_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.keep is not None:
        return _measure_first_start(arguments.folder, arguments.keep)
    if arguments.folder is not None:
        return _measure(arguments.folder, arguments.bases, profile=arguments.profile)
    with tempfile.TemporaryDirectory() as temporary:
        folder = generate(Path(temporary) / "bases", arguments.bases)
        # Memory for writing the files is not the catalogue's, hence another process.
        command = [sys.executable, __file__, str(arguments.bases), "--folder", str(folder)]
        if arguments.profile:
            command.append("--profile")
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own file
        if not arguments.profile:
            command += ["--keep", str(Path(temporary) / "kept")]
            code = subprocess.run(command, check=False).returncode or code  # noqa: S603 - see above
        return code


def _measure(folder: Path, bases: int, *, profile: bool) -> int:
    before = _peak()
    profiler = cProfile.Profile() if profile else None
    started = time.perf_counter()
    loaded = _load(folder, profiler=profiler)
    seconds = time.perf_counter() - started
    peak = _peak()
    if loaded.problems:
        sys.stderr.write(loaded.problems.text(Language.EN)[:4_000])
    expected = bases * OPENINGS
    if len(loaded.catalogue.openings) != expected:
        sys.stderr.write(f"{len(loaded.catalogue.openings)} openings instead of {expected}\n")
        return 1
    goals = f"goal < {_GOAL_SECONDS:.0f} s", f"goal < {_GOAL_MEGABYTES:.0f} MB"
    rows = [
        ("bases", f"{len(loaded.catalogue.bases):,}", ""),
        ("openings", f"{len(loaded.catalogue.openings):,}", ""),
        ("build", f"{seconds:.2f} s", goals[0]),
        ("memory of the build", f"{peak - before:.0f} MB", f"{goals[1]}, 60 are pypinyin's"),
        ("libraries before it", f"{before:.0f} MB", ""),
        ("peak memory (RSS)", f"{peak:.0f} MB", ""),
    ]
    _print(rows)
    if profiler is not None:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    kept = seconds < _GOAL_SECONDS and peak - before < _GOAL_MEGABYTES
    return 0 if kept or bases < 1_000 or profile else 1


def _measure_first_start(folder: Path, kept: Path) -> int:
    before, started = _peak(), time.perf_counter()
    loaded = _load(folder, Snapshots(kept))
    rows = [
        ("first start of a server", f"{time.perf_counter() - started:.2f} s", "keeps it, too"),
        ("memory of that", f"{_peak() - before:.0f} MB", ""),
    ]
    _print(rows)
    return 0 if loaded.complete else 1


def _load(
    folder: Path, snapshots: Snapshots | None = None, profiler: cProfile.Profile | None = None
) -> LoadedCatalogue:
    found: list[LoadedCatalogue] = []

    async def load() -> None:
        if profiler is not None:
            # It is built in threads, and a profiler looks at the one that switched it on.
            one = ThreadPoolExecutor(1, initializer=profiler.enable)
            asyncio.get_running_loop().set_default_executor(one)
        # Not returned: asyncio.run() puts the repr of what its task returns into an error message
        # that it throws away, which for a catalogue is gigabytes.
        found.append(await load_catalogue([folder], snapshots=snapshots))

    asyncio.run(load())
    return found[0]


def _print(rows: Iterable[tuple[str, str, str]]) -> None:
    for name, value, goal in rows:
        sys.stdout.write(f"{name:<24}{value:>12}  {goal}\n")
    sys.stdout.flush()


def _peak() -> float:
    """Return the largest resident set so far, in MB; Linux counts in KiB, macOS in bytes."""
    unit = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    sys.exit(main())
