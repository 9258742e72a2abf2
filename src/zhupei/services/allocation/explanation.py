"""Explanation: why an applicant was placed where, for the applicant and for who reads scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from zhupei.db.reading import Condition, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_process import ApplicationState, Channel
from zhupei.domain.allocation import AllocationExplanation, place_code
from zhupei.domain.matching_explanation import Reason, Verdict, explanation
from zhupei.domain.matching_market import Lottery, Measure
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.questions import application_row
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.situations import not_found, permitted_for, specialty_of
from zhupei.services.allocation.market import criterion_label
from zhupei.services.allocation.publication import is_published
from zhupei.services.allocation.rows import CHOICES, PLACES, RUNS

__all__ = ["allocation_explanation"]

_ASKED_ABOUT = frozenset({"applicant", "id"})
_RUN = frozenset({"id", "proposed_at", "root_program", "round"})
_CHOICE = frozenset({"application", "place", "preference", "rank", "singles", "value", "verdict"})
_LAST = frozenset({"applicant", "place", "singles", "value"})
_LEFT_OUT = frozenset({"opening", "preference"})
_PLACE = frozenset(
    {
        *("code", "criteria", "cut_off", "direction", "last", "opening", "quota", "ranked"),
        *("taken", "ties"),
    }
)
"""What of each row the explanation looks at."""

_EARLIER = Text("提交时间较早者优先", "earlier submission first")


async def allocation_explanation(
    desk: Desk, application: UUID
) -> AllocationExplanation | Refusal | None:
    """Explain the result of the run in which an application took part; None where none did.

    It speaks of all choices of the person in that round. The applicant reads it of a run that was
    proposed and not taken back, once every base at which the run placed somebody among these
    choices has published its list; staff read the latest run before, where they may read the
    scores of all the bases that it speaks of, also of those at which the person took no part in
    the run.
    """
    with desk.database.use():
        found = await application_row(desk, application, _ASKED_ABOUT)
        if found is None:
            return not_found("application", str(application))
        case, _ = found
        own = desk.applicant == case.applicant
        for run in await _runs_of(case, standing=own):
            told = await _explained(desk, run, case)
            taken = [place.opening for place in told[1] if place.taken]
            if own and not await is_published(desk.catalogue, taken, run.round, run.proposed_at):
                return None
            if not own:
                against = await _unreadable(desk, told[2])
                if against is not None:
                    return against
            return told[0]
        return None


async def _runs_of(case: RowView, *, standing: bool) -> list[RowView]:
    """Return the runs in which an application took part, the latest first.

    ``standing`` leaves those that were proposed, and whose proposal was not taken back.
    """
    took_part = Condition(
        "r.id IN (SELECT c.run_id FROM allocation_choice c WHERE c.application_id = ?) AND (NOT ? "
        "OR r.operation_id IN (SELECT b.id FROM bulk_operation b WHERE b.reverted_at IS NULL))",
        (case.id, standing),
    )
    return (await read_rows(RUNS, _RUN, took_part, "id"))[::-1]


async def _explained(
    desk: Desk, run: RowView, case: RowView
) -> tuple[AllocationExplanation, tuple[RowView, ...], frozenset[str]]:
    """Return the explanation, the places among the choices, and all openings that it speaks of."""
    own = Condition("c.run_id = ? AND c.applicant_id = ?", (run.id, case.applicant))
    choices = await read_rows(CHOICES, _CHOICE, own)
    codes = [each.place for each in choices]
    asked_for = Condition("p.run_id = ? AND p.code = ANY(?::text[])", (run.id, codes))
    places = {each.code: each for each in await read_rows(PLACES, _PLACE, asked_for)}
    lasts = [place.last for place in places.values() if place.last is not None]
    there = Condition(
        "c.run_id = ? AND c.place = ANY(?::text[]) AND c.applicant_id = ANY(?::uuid[])",
        (run.id, codes, lasts),
    )
    last = {
        each.place: each
        for each in await read_rows(CHOICES, _LAST, there)
        if places[each.place].last == each.applicant
    }
    reasons = [_reason(each, places[each.place], last.get(each.place)) for each in choices]
    filed = Condition(
        "a.applicant_id = ? AND a.root_program_code = ? AND a.round_code = ? "
        "AND a.channel = ? AND a.state <> ? AND a.invitation_id IS NULL "
        "AND a.transferred_from IS NULL AND a.id <> ALL(?::uuid[])",
        (
            case.applicant,
            run.root_program,
            run.round,
            Channel.BATCH.value,
            ApplicationState.DRAFT.value,
            [each.application for each in choices],
        ),
    )
    others = await read_rows(APPLICATIONS, _LEFT_OUT, filed)
    reasons += [_left_out(row) for row in others]
    reasons.sort(key=lambda reason: reason.choice)
    labels = _labels(desk, [*places.values()], others)
    text = explanation(reasons, labels)
    told = AllocationExplanation(
        run=run.id, application=case.id, text=text, reasons=tuple(reasons), labels=labels
    )
    spoken_of = frozenset(
        {place.opening for place in places.values()} | {row.opening for row in others}
    )
    return told, tuple(places.values()), spoken_of


def _reason(choice: RowView, place: RowView, last: RowView | None) -> Reason:
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


def _deciding(choice: RowView, last: RowView, place: RowView) -> Text:
    """Return the criterion by which an equal total lost."""
    pairs = zip(place.criteria, choice.singles, last.singles, strict=True)
    for criterion, mine, theirs in pairs:
        if mine != theirs:
            return criterion_label(criterion)
    return Lottery("").label if place.ties.rule.draws else _EARLIER


def _left_out(row: RowView) -> Reason:
    return Reason(
        choice=row.preference,
        opening=place_code(row.opening, None),
        verdict=Verdict.NOT_CONSIDERED,
        quota=0,
        taken=0,
        ranked=0,
        measure=Measure.SCORES,
    )


def _labels(desk: Desk, places: Sequence[RowView], others: Iterable[RowView]) -> dict[str, Text]:
    """Return the names of places: base, specialty, and direction where it is one."""
    named = [(place.code, place.opening, place.direction) for place in places]
    named += [(row.opening, row.opening, None) for row in others]
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
