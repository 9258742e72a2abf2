"""Explanation: why an applicant was placed where, for the applicant and for who reads scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from tortoise.expressions import Q

from zhupei.db.models import (
    AllocationChoiceRow,
    AllocationPlaceRow,
    AllocationRunRow,
    ApplicationRow,
    PublicityRow,
)
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import ApplicationState, Channel, path_of
from zhupei.domain.allocation import (
    AllocationChoice,
    AllocationExplanation,
    AllocationPlace,
    AllocationRun,
    place_code,
)
from zhupei.domain.matching_explanation import Reason, Verdict, explanation
from zhupei.domain.matching_market import Lottery, Measure
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import (
    may_read,
    not_found,
    permitted_for,
    specialty_of,
)
from zhupei.services.admissions.store import load_case
from zhupei.services.allocation.market import criterion_label
from zhupei.services.allocation.rows import choice_of, place_of, run_of

__all__ = ["allocation_explanation"]

_EARLIER = Text("提交时间较早者优先", "earlier submission first")


async def allocation_explanation(
    desk: Desk, application: UUID
) -> AllocationExplanation | Refusal | None:
    """Explain the result of the run in which an application took part; None where none did.

    It speaks of all choices of the person in that round. The applicant reads it of a run that was
    proposed, once every base at which the run placed somebody among these choices has published
    its list; staff read the latest run before, where they may read the scores of all the bases
    that it speaks of, also of those at which the person took no part in the run.
    """
    with desk.database.use():
        case = await load_case(application)
        if case is None or not await may_read(desk, case):
            return not_found("application", str(application))
        runs = await _runs_of(case)
        own = desk.applicant == case.applicant
        for run in runs:
            if own and run.operation is None:
                continue
            told = await _explained(desk, run, case)
            if own and not await _published(desk, run, told[1]):
                return None
            if not own:
                against = await _unreadable(desk, told[2])
                if against is not None:
                    return against
            return told[0]
        return None


async def _runs_of(case: AdmissionCase) -> list[AllocationRun]:
    """Return the runs in which an application took part, the latest first."""
    ids = await AllocationChoiceRow.filter(application_id=case.id).values_list("run_id", flat=True)
    rows = await AllocationRunRow.filter(id__in=list(ids)).order_by("-id")
    return [run_of(row) for row in rows]


async def _explained(
    desk: Desk, run: AllocationRun, case: AdmissionCase
) -> tuple[AllocationExplanation, tuple[AllocationPlace, ...], frozenset[str]]:
    """Return the explanation, the places among the choices, and all openings that it speaks of."""
    choices = [
        choice_of(row)
        for row in await AllocationChoiceRow.filter(run_id=run.id, applicant_id=case.applicant)
    ]
    codes = [each.place for each in choices]
    places = {
        row.code: place_of(row)
        for row in await AllocationPlaceRow.filter(run_id=run.id, code__in=codes)
    }
    last = {
        row.place: choice_of(row)
        for row in await AllocationChoiceRow.filter(
            run_id=run.id,
            place__in=codes,
            applicant_id__in=[place.last for place in places.values() if place.last is not None],
        )
        if places[row.place].last == row.applicant_id
    }
    reasons = [_reason(each, places[each.place], last.get(each.place)) for each in choices]
    others = await ApplicationRow.filter(
        applicant_id=case.applicant,
        root_program_code=run.root_program,
        round_code=run.round,
        channel=Channel.BATCH.value,
        invitation_id=None,
        transferred_from=None,
    ).exclude(
        Q(id__in=[each.application for each in choices]) | Q(state=ApplicationState.DRAFT.value)
    )
    reasons += [_left_out(row) for row in others]
    reasons.sort(key=lambda reason: reason.choice)
    labels = _labels(desk, [*places.values()], others)
    text = explanation(reasons, labels)
    told = AllocationExplanation(
        run=run.id, application=case.id, text=text, reasons=tuple(reasons), labels=labels
    )
    spoken_of = frozenset(
        {place.opening for place in places.values()} | {row.opening_code for row in others}
    )
    return told, tuple(places.values()), spoken_of


def _reason(
    choice: AllocationChoice, place: AllocationPlace, last: AllocationChoice | None
) -> Reason:
    tie = None
    if choice.verdict is Verdict.OUTRANKED and last is not None and last.value == choice.value:
        tie = _deciding(choice, last, place)
    full = place.taken >= place.quota and place.last is not None
    return Reason(
        choice=choice.preference,
        opening=choice.place,
        verdict=choice.verdict,
        quota=place.quota,
        taken=place.taken,
        ranked=place.ranked,
        measure=Measure.SCORES,
        rank=choice.rank,
        value=choice.value,
        cut_off=place.cut_off if full else None,
        tie=tie,
    )


def _deciding(choice: AllocationChoice, last: AllocationChoice, place: AllocationPlace) -> Text:
    """Return the criterion by which an equal total lost."""
    pairs = zip(place.criteria, choice.singles, last.singles, strict=True)
    for criterion, mine, theirs in pairs:
        if mine != theirs:
            return criterion_label(criterion)
    return Lottery("").label if place.ties.rule.draws else _EARLIER


def _left_out(row: ApplicationRow) -> Reason:
    return Reason(
        choice=row.preference,
        opening=place_code(row.opening_code, None),
        verdict=Verdict.NOT_CONSIDERED,
        quota=0,
        taken=0,
        ranked=0,
        measure=Measure.SCORES,
    )


def _labels(
    desk: Desk, places: Sequence[AllocationPlace], others: Iterable[ApplicationRow]
) -> dict[str, Text]:
    """Return the names of places: base, specialty, and direction where it is one."""
    named = [(place.code, place.opening, place.direction) for place in places]
    named += [(row.opening_code, row.opening_code, None) for row in others]
    found = {}
    for code, opening_code, direction in named:
        opening = desk.catalogue.openings.get(opening_code)
        if opening is None:
            continue
        base = desk.catalogue.bases[opening.base].name
        specialty = opening.specialty_name
        way = next((each.name for each in opening.directions if each.id == direction), None)
        zh, en = (
            f"{base.zh} {specialty.zh}",
            f"{base.en or base.zh}, {specialty.en or specialty.zh}",
        )
        if way is not None:
            zh, en = f"{zh}（{way.zh}）", f"{en} ({way.en or way.zh})"
        found[code] = Text(zh, en)
    return found


async def _published(desk: Desk, run: AllocationRun, places: Iterable[AllocationPlace]) -> bool:
    """Whether every program at which the run placed somebody here has published its list since."""
    for code in {place.opening.rpartition("/")[0] for place in places if place.taken}:
        program = desk.catalogue.programs.get(code)
        if program is None:
            return False
        if ApplicationState.IN_PUBLICITY not in path_of(program, run.round):
            continue
        if not await PublicityRow.filter(
            program_code=code,
            round_code=run.round,
            published_at__gte=run.proposed_at,
            withdrawn_at=None,
        ).exists():
            return False
    return True


async def _unreadable(desk: Desk, openings: Iterable[str]) -> Refusal | None:
    for code in sorted(openings):
        opening = desk.catalogue.openings.get(code)
        against = await permitted_for(
            desk,
            "scores.read",
            base=None if opening is None else opening.base,
            specialty=specialty_of(code),
        )
        if against is not None:
            return against
    return None
