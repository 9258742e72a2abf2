"""How long a run of the allocation takes with PostgreSQL: reading, matching and writing apart.

``python benchmarks/bench_allocation.py [APPLICANTS ...]`` fills an embedded PostgreSQL of its own
with applicants of 5 choices over 28,000 openings, each application with two scores, and carries
out the use case itself. ``read`` is PostgreSQL and making objects of its rows, ``match`` is strict
orders, deferred acceptance and the digest of the market, ``check`` is the independent checker,
``write`` is the run with a row for each place and application. ``verify`` reads all of it again
and proves it; ``propose`` is the dry run of the proposal with ``--propose``, for small numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.db.identifiers import uuid7
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import plain
from zhupei.services import allocation
from zhupei.services.admissions import Desk, Refusal

_BASES = Path(__file__).parent.parent / "tests" / "fictional" / "allocation"
_ROOT, _ROUND = "matching-residency-2026", "main"
_OPENINGS, _CHOICES, _BESIDE = 28_000, 5, 28
_NOW = datetime(2026, 5, 4, 1, tzinfo=UTC)


def main() -> int:
    """Fill, run, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("applicants", nargs="*", type=int, default=[100_000])
    parser.add_argument("--propose", action="store_true")
    arguments = parser.parse_args()
    _row("applicants", "read", "match", "check", "write", "verify", "propose", "peak MB")
    for count in arguments.applicants:
        asyncio.run(_measure(count, propose=arguments.propose))
    return 0


async def _measure(count: int, *, propose: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(data_dir=Path(folder), pool_size=2)
        await database.start()
        try:
            desk = _desk(database, await load_catalogue([_BASES]))
            with database.use():
                await _fill(desk, count)
            await _run(desk, count, propose=propose)
        finally:
            await database.stop()


async def _run(desk: Desk, count: int, *, propose: bool) -> None:
    marks: list[tuple[str, float]] = []
    asked = allocation.RunAllocationInput(program=_ROOT, round=_ROUND)
    run = await allocation.run_allocation(
        desk, asked, lambda name: marks.append((name, time.perf_counter()))
    )
    marks.append(("end", time.perf_counter()))
    if isinstance(run, Refusal):
        raise SystemExit(run.message.en)
    seconds = {name: following - begin for (name, begin), (_, following) in pairwise(marks)}
    with desk.database.use():
        begin = time.perf_counter()
        check = await allocation.verify_run(run.id)
        verify = time.perf_counter() - begin
    if check is None or not check.holds:
        raise SystemExit("the stored run is not proven")
    shown = "-"
    if propose:
        begin = time.perf_counter()
        outcome = await allocation.propose_allocation(
            desk, allocation.ProposeAllocationInput(run=run.id, dry_run=True)
        )
        if isinstance(outcome, Refusal):
            raise SystemExit(outcome.message.en)
        shown = f"{time.perf_counter() - begin:.1f} ({len(outcome.effects):,})"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    parts = [f"{seconds[name]:.1f}" for name in ("read", "match", "check", "write")]
    _row(f"{count:,}", *parts, f"{verify:.1f}", shown, f"{peak:.0f}")
    figures = run.figures
    sys.stdout.write(
        f"  {figures.applications:,} applications, {figures.placed:,} placed, "
        f"{figures.by_preference} by preference\n"
    )


def _desk(database: Database, loaded: LoadedCatalogue) -> Desk:
    """Return the desk of who manages the round, over a catalogue of many programs."""
    catalogue = loaded.catalogue
    child = catalogue.programs["north-residency-2026"]
    opening = catalogue.openings["north-residency-2026/0100"]
    chance = random.Random(20260601)  # noqa: S311 - figures, not secrets
    programs, openings = {}, {}
    for number in range(_OPENINGS // _BESIDE):
        code = f"program-{number:04}"
        codes = [f"{code}/{each:04}" for each in range(_BESIDE)]
        programs[code] = replace(child, code=code, openings=tuple(codes), quota_total=None)
        for each in codes:
            openings[each] = replace(
                opening, code=each, program=code, quota=chance.randint(1, 20), capacity=None
            )
    root = replace(catalogue.programs[_ROOT], children=tuple(programs), quota_total=None)
    many = replace(catalogue, programs={_ROOT: root, **programs}, openings=openings)
    grant = Grant("jurisdiction_office", None, "matching-province")
    return Desk(
        database=database,
        catalogue=many,
        dispatcher=loaded.dispatcher,
        clock=lambda: _NOW,
        actor=Actor(id="authority", grants=frozenset({grant})),
    )


async def _fill(desk: Desk, count: int) -> None:
    """Write applications that passed the review, as the use cases leave them, and their scores."""
    chance = random.Random(20260602)  # noqa: S311 - figures, not secrets
    codes = list(desk.catalogue.openings)
    weights = list(accumulate(chance.paretovariate(1.5) ** 0.6 for _ in codes))
    for begin in range(0, count, 10_000):
        applications: list[tuple[Any, ...]] = []
        scores: list[tuple[Any, ...]] = []
        for number in range(begin, min(begin + 10_000, count)):
            applicant = UUID(int=number + 1)
            drawn = chance.choices(range(len(codes)), cum_weights=weights, k=3 * _CHOICES)
            common = chance.gauss(0, 1)
            for preference, choice in enumerate(list(dict.fromkeys(drawn))[:_CHOICES], start=1):
                application, moment = uuid7(), _NOW - timedelta(seconds=number, microseconds=choice)
                applications.append(
                    (
                        application, applicant, "north-hospital", codes[choice].partition("/")[0],
                        _ROOT, codes[choice], _ROUND, preference, "BATCH", "REVIEWED", 1, "0" * 64,
                        _DETAILS, '["registration"]', "[]", moment, moment, "0" * 64,
                    )
                )  # fmt: skip
                for assessment in ("interview", "examination"):
                    points = 60 + 10 * (common + chance.gauss(0, 0.5))
                    kept = Decimal(round(min(max(points, 0), 100) * 2)) / 2
                    scores.append((uuid7(), application, assessment, kept, 100, "office", _NOW))
        async with in_transaction() as connection:
            raw: Any = connection._connection  # noqa: SLF001 - COPY is asyncpg's own
            await raw.copy_records_to_table("application", records=applications, columns=_COLUMNS)
            await raw.copy_records_to_table("application_score", records=scores, columns=_SCORES)
    async with in_transaction() as connection:
        await connection.execute_script("ANALYZE application; ANALYZE application_score")


_COLUMNS = (
    "id", "applicant_id", "base_code", "program_code", "root_program_code", "opening_code",
    "round_code", "preference", "channel", "state", "revision", "catalogue_hash", "details",
    "completed_steps", "seat_scopes", "created_at", "submitted_at", "record_hash",
)  # fmt: skip
_SCORES = (
    "id", "application_id", "assessment", "points", "full_mark", "recorded_by", "recorded_at",
)  # fmt: skip
_DETAILS = json.dumps(
    {
        "candidate": plain(Candidate()),
        "eligibility": None,
        "documents": [],
        "answers": {},
        "packet": [],
        "opinion": None,
    }
)


def _row(first: str, *rest: str) -> None:
    sys.stdout.write(f"{first:<12}" + "".join(f"{text:>14}" for text in rest) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
