"""How fast the engine answers beside strawberry's own executor, over a made-up country.

``python benchmarks/bench_engine.py [BASES]``. Both answer the same operations in the same process,
in turns; the figure is the median of several rounds, in milliseconds of CPU with the JSON written.
``first`` is what an operation costs when it is met for the first time. The exit status is 1 where
answers differ, a first use takes 20 ms or more, or a list is not answered twelve times as fast.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import strawberry
from generate import generate
from in_process import asker, context_of, microseconds, settle

from zhupei.catalogue.load import load_catalogue
from zhupei.graphql.engine import Engine
from zhupei.graphql.schema import build_schema

_OPENING = "code year specialtyName quota quotaNote kind durationMonths note"
_LEAST_RATIO = 12.0
_LONGEST_FIRST_MS = 20.0


@dataclass(frozen=True)
class _Question:
    """An operation, its variables, and how often it is asked in a round."""

    name: str
    text: str
    variables: dict[str, Any]
    times: int


def _questions(base: str) -> list[_Question]:
    openings = f"openings(first: 50) {{ edges {{ node {{ {_OPENING} }} }} }}"
    page = (
        "query ($s: String, $n: Int) { openings(filter: {specialty: $s}, first: $n) { totalCount "
        "edges { node { code quota %s base { name province { name } } } } "
        "pageInfo { endCursor hasNextPage } } }"
    )
    some = {"s": "0100", "n": 50}
    return [
        _Question("one field", "{ catalogueHash }", {}, 40),
        _Question(
            "a base with its openings",
            "query ($c: String!) { base(code: $c) { code name province { name } "
            f"{openings} }} }}",
            {"c": base},
            20,
        ),
        _Question(
            "100 bases with all openings",
            f"{{ bases(first: 100) {{ edges {{ node {{ code name province {{ name }} {openings} "
            "} } } }",
            {},
            2,
        ),
        _Question("a page of openings", page % "", some, 20),
        _Question("the same with a hook's field", page % "remainingSeats", some, 20),
    ]


def main() -> int:
    """Generate, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bases", nargs="?", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = generate(Path(temporary) / "bases", arguments.bases)
        return asyncio.run(_measure(folder, arguments.rounds))


async def _measure(folder: Path, rounds: int) -> int:
    loaded = await load_catalogue([folder])
    catalogue = loaded.catalogue
    catalogue.warm()
    engine = Engine(build_schema(loaded.host).schema)
    ask = asker(engine, loaded)
    settle()

    good = True
    head = ("", "strawberry ms", "engine ms", "ratio", "first ms", "bytes")
    sys.stdout.write("{:<32}{:>14}{:>12}{:>8}{:>10}{:>10}\n".format(*head))
    for question in _questions(next(iter(catalogue.bases))):

        async def by_engine(asked: _Question = question) -> bytes:
            return await ask(asked.text, asked.variables)

        async def by_core(asked: _Question = question) -> bytes:
            found = await strawberry.Schema.execute(
                engine.schema, asked.text, asked.variables, context_of(loaded)
            )
            return json.dumps(found.data, ensure_ascii=False, separators=(",", ":")).encode()

        first = (await microseconds(by_engine, 1))[0] / 1000
        written = await by_engine()
        good &= json.loads(written) == json.loads(await by_core())
        core, own = [], []
        for _ in range(rounds):
            core.append((await microseconds(by_core, max(1, question.times // 10)))[0] / 1000)
            own.append((await microseconds(by_engine, question.times))[0] / 1000)
        ratio = statistics.median(core) / statistics.median(own)
        good &= ratio >= _LEAST_RATIO or "hook" in question.name
        good &= first < _LONGEST_FIRST_MS
        sys.stdout.write(
            f"{question.name:<32}{statistics.median(core):>14.3f}{statistics.median(own):>12.4f}"
            f"{ratio:>8.1f}{first:>10.1f}{len(written):>10}\n"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
