"""The desk: what every use case of admissions needs, bundled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor
from zhupei.hooks.dispatch import Dispatcher

__all__ = ["Desk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The database, the rules in force, whom to ask, the time, and who acts.

    ``clock`` returns an aware instant. ``applicant`` is the applicant that the actor acts as,
    None for staff: a person's own applications are those with this applicant. ``sends`` are the
    applicants whose sending unit the actor is.
    """

    database: Database
    catalogue: Catalogue
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    actor: Actor
    applicant: UUID | None = None
    sends: frozenset[UUID] = frozenset()
