"""Many applications of one step: read at once, and what is the same for them is asked once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from uuid import UUID

from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import (
    Situation,
    frozen,
    frozen_refusal,
    may_read,
    not_found,
    owners_of,
    permitted,
    specialty_of,
    stage_against,
    surroundings,
)
from zhupei.services.admissions.store import load_cases

__all__ = ["Many"]


class Many:
    """Applications as they stand now, for one actor.

    Permissions are asked once for each base, specialty and relation of the actor to the person,
    freezes once for each round. It is made anew for each attempt.
    """

    def __init__(self, desk: Desk, cases: Iterable[AdmissionCase]) -> None:
        self._desk = desk
        self._cases: Mapping[UUID, AdmissionCase] = {case.id: case for case in cases}
        self._readable: dict[Hashable, bool] = {}
        self._against: dict[Hashable, Refusal | None] = {}
        self._frozen: dict[tuple[str, str | None], bool] = {}

    @classmethod
    async def of(cls, desk: Desk, applications: Collection[UUID]) -> Many:
        """Read applications, in two statements."""
        return cls(desk, await load_cases(applications))

    @property
    def cases(self) -> Collection[AdmissionCase]:
        """The cases that exist, whoever may see them."""
        return self._cases.values()

    async def situation_of(self, application: UUID) -> Situation | Refusal:
        """Return the situation of a case that the actor may see, as `situation_of` does."""
        case = self._cases.get(application)
        if case is None:
            return not_found("application", str(application))
        key = (case.submitted_at is None, self._place(case))
        if key not in self._readable:
            self._readable[key] = await may_read(self._desk, case)
        if not self._readable[key]:
            return not_found("application", str(application))
        return surroundings(self._desk, case)

    async def standing_against(self, at: Situation, action: Action) -> Refusal | None:
        """Return what stands against an action, as `standing_against` does."""
        key = (action, self._place(at.case))
        if key not in self._against:
            self._against[key] = await permitted(self._desk, action, at.case)
        against = self._against[key]
        if against is not None:
            return against
        part = (at.case.root_program, at.case.round)
        if part not in self._frozen:
            self._frozen[part] = await frozen(*part)
        return frozen_refusal() if self._frozen[part] else stage_against(at, action)

    def _place(self, case: AdmissionCase) -> Hashable:
        """Return all that the answer about a permission depends on."""
        owners = owners_of(self._desk, case.applicant, case.candidate.trainee_type)
        return case.channel, case.base, specialty_of(case.opening), owners
