"""How long matching takes, with 100,000 and 1,000,000 applicants of 5 choices over 28,000 openings.

``python benchmarks/bench_matching.py [APPLICANTS ...]``. The goals are below 0.5 s and 6 s for
matching and as much again for checking the result; the exit status is 1 where one is missed. What
comes before is told apart: ``prepare`` reads lists, scores and ties, ``digest`` binds the
certificate to them. Each figure is the best and the median of several rounds.

``--library PYTHON`` also runs PyPI's ``matching`` beside it, with an interpreter that has it
installed (it needs numpy, and is no dependency of ours).
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from typing import TypeVar

from zhupei.domain.matching import deferred_acceptance
from zhupei.domain.matching_certificate import check_matching
from zhupei.domain.matching_market import (
    Lottery,
    Market,
    MarketOpening,
    Scores,
    TieRule,
    market_digest,
)
from zhupei.domain.matching_priorities import CLAIM_BITS, prepare
from zhupei.domain.matching_simulation import Mechanism, simulate

_Result = TypeVar("_Result")

_OPENINGS = 28_000
_CHOICES = 5
_GOALS = {100_000: 0.5, 1_000_000: 6.0}
# Few enough for the library: its time grows much faster than the market.
_BESIDE = (100, 400, 1_600)

# Runs with an interpreter of its own: reads markets, writes seconds and results.
_LIBRARY = """
import json, sys, time
from matching.games import HospitalResident

lists, columns, quotas = json.load(sys.stdin)
begin = time.perf_counter()
try:
    game = HospitalResident.create_from_dictionaries(lists, columns, quotas)
    solved = game.solve()
    placed = {one.name: place.name for place, those in solved.items() for one in those}
    print(json.dumps([time.perf_counter() - begin, placed]))
except Exception as error:
    print(json.dumps([None, f"{type(error).__name__}: {error}"]))
"""


def main() -> int:
    """Generate, measure, print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("applicants", nargs="*", type=int, default=sorted(_GOALS))
    parser.add_argument("--library", metavar="PYTHON")
    arguments = parser.parse_args()
    kept = True
    _write("best (median) seconds; placed: of all applicants\n")
    _write("prepare: from lists, scores and ties to strict orders\n")
    _row("applicants", "openings", "placed", "prepare", "match", "check", "digest", "peak MB")
    for count in arguments.applicants:
        kept = _measure(count) and kept
    _compare(20_000)
    if arguments.library is None:
        _write("\nPyPI's matching: not asked for (--library PYTHON)\n")
    else:
        _beside(arguments.library)
    return 0 if kept else 1


def _measure(count: int) -> bool:
    market = _market(count, _OPENINGS)
    rounds = 7 if count <= 200_000 else 3
    prepare_times, prepared = _timed(lambda: prepare(market), 1 if count > 200_000 else 3)
    match_times, matching = _timed(lambda: deferred_acceptance(prepared), rounds)
    check_times, found = _timed(lambda: check_matching(market, matching.placements), rounds)
    digest_times, _ = _timed(lambda: market_digest(market), 1)
    placed = sum(code is not None for code in matching.placements.values())
    _row(
        f"{count:,}",
        f"{_OPENINGS:,}",
        f"{placed:,}",
        *map(_shown, (prepare_times, match_times, check_times, digest_times)),
        f"{_peak():.0f}",
    )
    if found:
        _write(f"the checker found {len(found)} violations: {found[0].message.en}\n")
        return False
    goal = _GOALS.get(count)
    if goal is None:
        return True
    kept = min(match_times) < goal and min(check_times) < goal
    _write(f"  goal: match < {goal} s and check < {goal} s: {'kept' if kept else 'MISSED'}\n")
    return kept


def _compare(count: int) -> None:
    """Print what four mechanisms do with one market that has too few seats."""
    market = _market(count, 280)
    prepared = prepare(market)
    master = sorted(market.preferences)
    random.Random(7).shuffle(master)  # noqa: S311 - figures, not secrets
    _write(f"\n{count:,} applicants, 280 openings: outcomes\n")
    _row("mechanism", "placed", "1st", "2nd", "3rd", "4th", "5th", "blocking", wide=24)
    for mechanism in Mechanism:
        outcome = simulate(prepared, mechanism, master)
        _row(
            mechanism.value,
            *(f"{figure:,}" for figure in (outcome.placed, *outcome.by_choice)),
            f"{outcome.blocking_pairs:,}",
            wide=24,
        )


def _beside(python: str) -> None:
    _write("\nbeside PyPI's matching (prepare and match of ours; build and solve of theirs)\n")
    _row("applicants", "openings", "ours s", "matching s", "times", "same")
    for count in _BESIDE:
        openings = max(10, count // 30)
        # Seats for all, and every opening ranks exactly who lists it: what the library can take.
        _against(python, _market(count, openings, quota=count // openings + 1), openings)
    # One applicant who lists nothing, one opening that ranks nobody.
    market = _market(100, 10)
    short = Market(
        {**market.preferences, "nothing": []},
        [*market.openings, MarketOpening("nobody", 1, Scores({}))],
        market.ties,
    )
    _against(python, short, 11)


def _against(python: str, market: Market, openings: int) -> None:
    begin = time.perf_counter()
    prepared = prepare(market)
    mine = deferred_acceptance(prepared)
    seconds = time.perf_counter() - begin
    columns = {}
    for opening, order in zip(prepared.openings, prepared.orders, strict=True):
        owners = [prepared.applicants[prepared.claims[pair] % (1 << CLAIM_BITS)] for pair in order]
        columns[opening.code] = owners
    quotas = {opening.code: opening.quota for opening in market.openings}
    given = json.dumps([market.preferences, columns, quotas])
    done = subprocess.run(  # noqa: S603 - the interpreter that the caller named
        [python, "-W", "ignore", "-c", _LIBRARY],
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    theirs, placed = json.loads(done.stdout)
    count = f"{len(market.preferences):,}"
    if theirs is None:
        _row(count, f"{openings}", f"{seconds:.4f}", "raises")
        _write(f"  one applicant lists nothing, one opening ranks nobody: {placed}\n")
        return
    same = {name: code for name, code in mine.placements.items() if code} == placed
    ratio = f"{theirs / seconds:,.0f}"
    _row(count, f"{openings}", f"{seconds:.4f}", f"{theirs:.3f}", ratio, "yes" if same else "NO")


def _market(count: int, openings: int, quota: int | None = None) -> Market:
    """Make a market: some openings are in demand, scores agree in part, and there are ties."""
    chance = random.Random(20260601)  # noqa: S311 - figures, not secrets
    codes = [f"B{number // 28:04}/residency/{number % 28:04}" for number in range(openings)]
    weights = list(accumulate(chance.paretovariate(1.5) ** 0.6 for _ in codes))
    preferences: dict[str, tuple[str, ...]] = {}
    columns: list[dict[str, int]] = [{} for _ in codes]
    for number in range(count):
        name = f"A{number:07}"
        drawn = chance.choices(range(openings), cum_weights=weights, k=3 * _CHOICES)
        choices = list(dict.fromkeys(drawn))[:_CHOICES]
        preferences[name] = tuple(codes[choice] for choice in choices)
        common = chance.gauss(0, 1)
        for choice in choices:
            columns[choice][name] = round(6_000 + 1_000 * (common + chance.gauss(0, 0.5)))
    seats = [chance.randint(1, 20) if quota is None else quota for _ in codes]
    entries = [
        MarketOpening(code, seats[number], Scores(columns[number]))
        for number, code in enumerate(codes)
    ]
    return Market(preferences, entries, TieRule((Lottery("2026-06-01"),)))


def _timed(call: Callable[[], _Result], rounds: int) -> tuple[list[float], _Result]:
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - begin)
    return seconds, result


def _shown(seconds: list[float]) -> str:
    if len(seconds) == 1:
        return f"{seconds[0]:.2f}"
    return f"{min(seconds):.2f} ({statistics.median(seconds):.2f})"


def _row(first: str, *rest: str, wide: int = 12) -> None:
    _write(f"{first:<{wide}}" + "".join(f"{text:>14}" for text in rest) + "\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _peak() -> float:
    """Return the largest resident set so far, in MB; Linux counts in KiB, macOS in bytes."""
    unit = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    sys.exit(main())
