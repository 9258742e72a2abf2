"""Allocation of a round by preference lists: matched, proven, proposed, simulated, explained."""

from __future__ import annotations

from zhupei.services.allocation.explanation import allocation_explanation
from zhupei.services.allocation.inputs import (
    ChangedSeats,
    ChangedWeight,
    ProposeAllocationInput,
    RunAllocationInput,
    SimulateAllocationInput,
)
from zhupei.services.allocation.pages import allocation_run, allocation_runs
from zhupei.services.allocation.proposal import propose_allocation
from zhupei.services.allocation.runs import (
    run_allocation,
    stored_runs,
    verify_run,
)
from zhupei.services.allocation.simulation import simulate_allocation

__all__ = [
    "ChangedSeats",
    "ChangedWeight",
    "ProposeAllocationInput",
    "RunAllocationInput",
    "SimulateAllocationInput",
    "allocation_explanation",
    "allocation_run",
    "allocation_runs",
    "propose_allocation",
    "run_allocation",
    "simulate_allocation",
    "stored_runs",
    "verify_run",
]
