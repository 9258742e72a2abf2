"""Stored runs, and pages of their places and of what came of each application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from zhupei.db.reading import Condition, Order, PageQuery, read_objects
from zhupei.domain.allocation import AllocationRun
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.allocation.market import matched_round
from zhupei.services.allocation.rows import CHOICES, PLACES, RUNS

__all__ = [
    "MOST_RUNS",
    "allocation_run",
    "allocation_runs",
    "choice_query",
    "is_managed",
    "place_query",
    "run_query",
    "runs_of_round",
]

MOST_RUNS = 1000
"""How many runs of a round are given, the latest."""


def run_query(names: Iterable[str] | None, *conditions: Condition) -> PageQuery:
    """Ask for runs, the latest first; the caller asks whether they may be seen."""
    order = Order("r.id", descending=True)
    return PageQuery(source=RUNS, conditions=conditions, order=order, view=RUNS.view(names))


async def runs_of_round(
    desk: Desk, program: str, round_code: str, names: Iterable[str] | None
) -> PageQuery | Refusal:
    """Ask for the runs of a round, for who manages it."""
    root = await matched_round(desk, program, round_code)
    if isinstance(root, Refusal):
        return root
    of_round = "r.root_program_code = ? AND r.round_code = ?"
    return run_query(names, Condition(of_round, (root.code, round_code)))


async def allocation_run(desk: Desk, run: UUID) -> AllocationRun | Refusal:
    """Return a run, for who manages its round; as if there were none for everybody else."""
    with desk.database.use():
        found = await read_objects(run_query(None, Condition("r.id = ?", (run,))), 1)
    if not found or not await is_managed(desk, found[0].root_program):
        return not_found("run", str(run))
    return cast("AllocationRun", found[0])


async def allocation_runs(
    desk: Desk, program: str, round_code: str
) -> tuple[AllocationRun, ...] | Refusal:
    """Return the runs of a round, the latest first."""
    query = await runs_of_round(desk, program, round_code, None)
    if isinstance(query, Refusal):
        return query
    with desk.database.use():
        return tuple(await read_objects(query, MOST_RUNS))


async def is_managed(desk: Desk, root_program: str) -> bool:
    """Return whether the actor manages the rounds of a topmost program."""
    root = desk.catalogue.programs.get(root_program)
    against = await permitted_for(
        desk,
        "rounds.manage",
        base=None if root is None else root.base,
        jurisdiction=None if root is None else root.jurisdiction,
    )
    return against is None


def place_query(
    names: Iterable[str] | None, *, after: str | None = None, backwards: bool = False
) -> PageQuery:
    """Ask for places of runs, in the order of their codes."""
    return PageQuery(
        source=PLACES,
        conditions=(),
        # Codes are unique in a run; the same id stands in the cursors of all.
        order=Order(f"'{UUID(int=0)}'::uuid", "p.code"),
        view=PLACES.view(names),
        beyond=_beyond("p.code", after, backwards=backwards),
        backwards=backwards,
    )


def choice_query(
    names: Iterable[str] | None, *, after: UUID | None = None, backwards: bool = False
) -> PageQuery:
    """Ask for what came of the applications of runs, in the order of their ids."""
    return PageQuery(
        source=CHOICES,
        conditions=(),
        order=Order("c.application_id"),
        view=CHOICES.view(names),
        beyond=_beyond("c.application_id", after, backwards=backwards),
        backwards=backwards,
    )


def _beyond(expression: str, after: UUID | str | None, *, backwards: bool) -> Condition | None:
    if after is None:
        return None
    return Condition(f"{expression} {'<' if backwards else '>'} ?", (after,))
