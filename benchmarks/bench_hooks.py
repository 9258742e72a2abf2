"""What a field that a plugin's hook computes costs on a page of openings.

``python benchmarks/bench_hooks.py [BASES]``. The same page of fifty openings is asked with the
number of places as the catalogue holds it, with the same number out of a plugin's coroutine, and
out of a plugin's plain function, which runs in a thread of the plugin's own. The figure is the
median of several rounds, in milliseconds of CPU with the JSON written; the three are asked in
turns, where JSON is kept and where it is not. So are answers that hold (`holds`), for which the
goal is 15 % where JSON is kept. The exit status is 1 where the answers differ.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from generate import generate

from zhupei import holds, hookimpl
from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Answer, Engine
from zhupei.graphql.schema import build_schema
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights

_PAGE = """query ($first: Int) { openings(first: $first) { edges { node {
  code specialtyName year kind quota capacity postType durationMonths %s
  base { code name tier province { name } }
} } pageInfo { hasNextPage hasPreviousPage } } }"""


class _Coroutine:
    @hookimpl
    async def remaining_seats(self, openings: Any) -> dict[str, int]:
        return {opening.code: opening.quota for opening in openings}


class _Plain:
    @hookimpl
    def remaining_seats(self, openings: Any) -> dict[str, int]:
        return {opening.code: opening.quota for opening in openings}


class _HoldingCoroutine:
    @hookimpl
    @holds(seconds=30)
    async def remaining_seats(self, openings: Any) -> dict[str, int]:
        return {opening.code: opening.quota for opening in openings}


class _HoldingFunction:
    @hookimpl
    @holds()
    def remaining_seats(self, openings: Any) -> dict[str, int]:
        return {opening.code: opening.quota for opening in openings}


def main() -> int:
    """Generate, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bases", nargs="?", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = generate(Path(temporary) / "bases", arguments.bases)
        return asyncio.run(_measure(folder, arguments.rounds))


async def _measure(folder: Path, rounds: int) -> int:
    loaded = await load_catalogue([folder])
    engines = {
        "kept": Engine(build_schema(loaded.host).schema),
        "not kept": Engine(build_schema(loaded.host).schema, part_bytes=0),
    }
    hooked = _PAGE % "seats: remainingSeats"
    pages = {
        "attribute": (_PAGE % "seats: quota", loaded.dispatcher),
        "coroutine of a plugin": (hooked, _with(loaded, _Coroutine())),
        "function of a plugin": (hooked, _with(loaded, _Plain())),
        "coroutine, holds 30 s": (hooked, _with(loaded, _HoldingCoroutine())),
        "function, holds": (hooked, _with(loaded, _HoldingFunction())),
    }
    gc.collect()
    gc.freeze()
    sys.stdout.write("{:<24}{:<12}{:>8}{:>10}\n".format("seats", "JSON", "ms", "more"))
    good = True
    for kind, engine in engines.items():
        taken: dict[str, list[float]] = {name: [] for name in pages}
        answers: dict[str, bytes] = {}
        for number in range(rounds):
            for name, (text, dispatcher) in pages.items():
                begin = time.process_time()
                for _ in range(40):
                    context = GraphContext(
                        catalogue=loaded.catalogue, dispatcher=dispatcher, language=Language.EN
                    )
                    answer = await engine.execute(text, {"first": 50}, context)
                    answers[name] = cast("Answer", answer).json()
                if number:  # the first writes what is kept
                    taken[name].append((time.process_time() - begin) / 40 * 1000)
        good &= len(set(answers.values())) == 1
        for name, found in taken.items():
            median = statistics.median(found)
            more = statistics.median(
                one / other - 1 for one, other in zip(found, taken["attribute"], strict=True)
            )
            sys.stdout.write(f"{name:<24}{kind:<12}{median:>8.3f}{more:>10.0%}\n")
    return 0 if good else 1


def _with(loaded: LoadedCatalogue, plugin: object) -> Dispatcher:
    naming = Naming(Rights.PLATFORM, Path("zhupei.yaml"), 1)
    return Dispatcher(loaded.host.extended("bench", plugin, naming))


if __name__ == "__main__":
    sys.exit(main())
