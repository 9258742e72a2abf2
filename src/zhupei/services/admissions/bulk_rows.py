"""Bulk steps on record: what they did to whom, for whoever did one or may take it back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zhupei.db.models import BulkOperationRow
from zhupei.db.reading import Condition, Order, PageQuery
from zhupei.db.tables import RowSource, RowView, columns, expressed, listed_from, member
from zhupei.domain.admission_case import Effect, ProposedList
from zhupei.domain.admission_process import Action
from zhupei.domain.plain_values import restored
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.situations import permitted_for

__all__ = ["BULK_STEPS", "DECIDES_ON_STEPS", "KeptOutcome", "bulk_step_query", "may_see_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOutcome:
    """A bulk step that was carried out, as it is on record.

    ``bases`` are those of the applications that were there before it.
    """

    action: Action
    actor: str
    bases: tuple[str, ...]
    dry_run: bool
    effects: tuple[Effect, ...]
    operation: UUID | None
    publicity: ProposedList | None
    reverted_at: datetime | None


def _list(text: str) -> ProposedList | None:
    found = json.loads(text)
    return None if found is None else restored(ProposedList, found)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


BULK_STEPS = RowSource(
    described=KeptOutcome,
    model=BulkOperationRow,
    alias="s",
    attributes={
        **columns("actor", "reverted_at", operation="id"),
        "action": member(Action, "action"),
        "bases": expressed(
            """(SELECT coalesce(json_agg(DISTINCT c.value->>'base'), '[]')
            FROM jsonb_each({t}.details->'before') c WHERE c.value <> 'null')""",
            _codes,
        ),
        "dry_run": expressed("false"),
        "effects": listed_from(Effect, "{t}.details->'outcome'->'effects'"),
        "publicity": expressed("{t}.details->'outcome'->'publicity'", _list),
    },
)
"""Bulk steps, as `KeptOutcome` has them."""

DECIDES_ON_STEPS = ("actor", "bases")
"""What `may_see_step` looks at."""


def bulk_step_query(names: Iterable[str] | None, operation: UUID) -> PageQuery:
    """Ask for one bulk step, with some attributes or, for None, all."""
    return PageQuery(
        source=BULK_STEPS,
        conditions=(Condition("s.id = ?", (operation,)),),
        order=Order("s.id"),
        view=BULK_STEPS.view(names),
    )


async def may_see_step(desk: Desk, step: KeptOutcome | RowView) -> bool:
    """Whether the actor did a step, or may take it back: for every base that it concerned."""
    if step.actor == desk.actor.id:
        return True
    for base in step.bases:
        if await permitted_for(desk, "rounds.manage", base=base) is not None:
            return False
    return True
