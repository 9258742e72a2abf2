"""Prints what attacks came to: ``python -m attacks.figures`` in ``tests``, or `make judge-attacks`.

Each document is answered by the configuration of this working copy as a server in production has
it, three times as a text that was never met; the quickest counts. ``--write`` puts the table into
``docs/security.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from attacks.documents import Attack, attacks
from attacks.holding import held, outcome
from zhupei.composition import compose
from zhupei.graphql.context import GraphContext
from zhupei.settings import Settings

_DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
_BEGIN, _END = "<!-- figures of attacks -->\n", "<!-- end of figures -->\n"
_TIMES = 3


@dataclass
class _Figure:
    """What one document came to: milliseconds without pause and in all, megabytes, its code."""

    attack: Attack
    longest: float
    total: float
    memory: float
    code: str

    @property
    def passed(self) -> bool:
        """Whether something got through that should not."""
        return self.code == "answered" and not self.attack.answered


async def _figures() -> list[_Figure]:
    with tempfile.TemporaryDirectory() as folder:
        graph = compose(Settings(data_dir=Path(folder), introspection=False))
        await graph.catalogue.reload()
        loaded = graph.catalogue.loaded
        assert loaded is not None
        engine = graph.schema.engine  # type: ignore[attr-defined]  # the composed schema has one
        found = []
        # The first document pays for what every later one finds.
        warm = Attack("", "", "{ bases { edges { node { code } } } }")
        await held(engine, warm, GraphContext(catalogue=loaded.catalogue))
        for attack in attacks():
            gc.collect()
            tries = []
            for number in range(_TIMES + 1):
                fresh = replace(attack, text=f"{attack.text} #{number}")
                context = GraphContext(catalogue=loaded.catalogue, dispatcher=loaded.dispatcher)
                # The last one is for the memory: watching it takes time.
                tries.append(await held(engine, fresh, context, memory=number == _TIMES))
            timed = tries[:_TIMES]
            found.append(
                _Figure(
                    attack,
                    1e3 * min(each.longest for each in timed),
                    1e3 * min(each.seconds for each in timed),
                    tries[-1].peak / 1e6,
                    outcome(tries[0].result),
                )
            )
        return found


def _table(figures: Iterable[_Figure]) -> str:
    groups: dict[str, list[_Figure]] = defaultdict(list)
    for figure in figures:
        groups[figure.attack.abuse].append(figure)
    head = (
        "What is abused",
        "Documents",
        "Refused",
        "Answered within limits",
        "Got through",
        "Longest hold",
        "Longest in all",
        "Most memory",
        "The longest was",
    )
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for abuse, each in groups.items():
        codes = Counter(figure.code for figure in each)
        worst = max(each, key=lambda figure: figure.longest)
        lines.append(
            f"| {abuse} | {len(each)} | {len(each) - codes['answered']} "
            f"| {sum(figure.code == 'answered' and figure.attack.answered for figure in each)} "
            f"| {sum(figure.passed for figure in each)} | {worst.longest:.0f} ms "
            f"| {max(figure.total for figure in each):.0f} ms "
            f"| {max(figure.memory for figure in each):.1f} MB | {worst.attack.name} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the figures; return 1 where something got through."""
    parser = argparse.ArgumentParser(description="What attacks come to.")
    parser.add_argument("--write", action="store_true", help="put them into docs/security.md")
    parser.add_argument("--each", action="store_true", help="print each document")
    given = parser.parse_args()
    figures = asyncio.run(_figures())
    if given.each:
        for figure in figures:
            sys.stdout.write(
                f"{figure.attack.abuse:14} {figure.attack.name:36} {figure.longest:7.1f} ms "
                f"{figure.total:7.1f} ms {figure.memory:6.1f} MB {figure.code}\n"
            )
    table = _table(figures)
    sys.stdout.write(table)
    if given.write:
        text = _DOCUMENT.read_text(encoding="utf-8")
        before, _, rest = text.partition(_BEGIN)
        _, _, after = rest.partition(_END)
        _DOCUMENT.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", encoding="utf-8")
    return int(any(figure.passed for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
