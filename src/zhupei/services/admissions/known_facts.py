"""Known facts: what is on record here of a person goes before what they declare when they file."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from zhupei.db.models import TraineeRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.people import Candidate
from zhupei.domain.registrations import TraineeState
from zhupei.domain.sending_units import as_sent
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.applicants import facts_of_applicant
from zhupei.services.sending_units import unit_that_sends

__all__ = ["with_known_facts"]


async def with_known_facts(
    desk: Desk, case: AdmissionCase, candidate: Candidate
) -> Candidate | Refusal:
    """Return declared facts with those that are on record: birth, unit, training, direction.

    A ban in force has been refused before. Refused where the birth date is another one than that
    of the record, which agrees with the identity document: rules on age are decided by it.
    """
    recorded = await facts_of_applicant(case.applicant)
    born = None if recorded is None else recorded.birth_date
    if born is not None and candidate.birth_date not in {None, born}:
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text(
                "出生日期与报考人登记的不符",
                "the birth date differs from the one that is registered",
            ),
            field="candidate",
        )
    candidate = as_sent(candidate, await unit_that_sends(case.applicant))
    trains = await _trains(desk, case.applicant)
    return replace(
        candidate,
        birth_date=born or candidate.birth_date,
        registered_on_national_platform=trains or candidate.registered_on_national_platform,
        ban_checked=True,
        banned_until=None,
        direction=case.direction,
    )


async def _trains(desk: Desk, applicant: UUID) -> bool:
    """Whether the person trains in a residency now (R130).

    The list of registrations is what the national platform is filled from (S2:90).
    """
    residencies = [
        code
        for code, program in desk.catalogue.programs.items()
        if program.kind is ProgramKind.RESIDENCY
    ]
    return await TraineeRow.filter(
        applicant_id=applicant,
        state=TraineeState.IN_TRAINING.value,
        program_code__in=residencies,
    ).exists()
