"""Programs: the functions of a plan, each compiled when a run first reaches it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from zhupei.graphql import columns
from zhupei.graphql.engine import writing
from zhupei.graphql.engine.plans import Plan, Unit
from zhupei.graphql.engine.rows import RowWriter
from zhupei.graphql.leaves import IrregularError

__all__ = ["write"]

_log = logging.getLogger("zhupei.graphql")
_NAMES = {**writing.NAMES, **columns.NAMES}


def write(plan: Plan, unit: Unit) -> Callable[[Any], Callable[..., Any]]:
    """Return what makes the function of a unit for one run, written when it is first asked for."""
    if unit.make is None:
        try:
            unit.make = _made(plan, unit)
        except Exception:  # noqa: BLE001 - because graphql-core answers all the same
            _log.exception("a part of an operation cannot be compiled:\n%s", unit.text)
            unit.make = _refuse
    return unit.make


def _made(plan: Plan, unit: Unit) -> Callable[[Any], Callable[..., Any]]:
    writer = RowWriter(plan)
    unit.text = writer.unit(unit)
    names = _NAMES | writer.constants
    exec(compile(unit.text, f"<unit {unit.number}>", "exec"), names)  # noqa: S102 - our own text: of a request it holds neither names nor values
    made: Callable[[Any], Callable[..., Any]] = names["make"]
    return made


def _refuse(_run: Any) -> Callable[..., Any]:
    raise IrregularError
