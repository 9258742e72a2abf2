"""Priority of shortage specialties (R149), as far as configuration names a measure for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import ApplicationRow
from zhupei.domain.admission_process import Channel
from zhupei.domain.codes import ShortageSet
from zhupei.domain.eligibility import EligibilityOutcome
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.recruitment_priority import has_priority, measured
from zhupei.domain.text import Text
from zhupei.domain.training import Opening
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.merit import placed_by_lists
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import Situation
from zhupei.services.eligibility import evaluate
from zhupei.services.seats import quotas_of, usage_of

__all__ = ["priority_order", "transfer_order"]

_ACCEPTED = frozenset({EligibilityOutcome.ELIGIBLE, EligibilityOutcome.NEEDS_REVIEW})


async def priority_order(
    connection: BaseDBAsyncClient, desk: Desk, taking: Sequence[Situation]
) -> Refusal | None:
    """Refuse seats of other specialties while somebody waits for one that has priority.

    Only by the measure `priority_proposed_first`, in the rounds of the list, among the openings of
    one program, and only where such an opening has a seat left for who waits.
    """
    taken = {at.case.id for at in taking}
    groups: dict[tuple[str, str | None, str], Situation] = {}
    for at in taking:
        case = at.case
        if (
            case.channel is Channel.BATCH
            and measured(at.program, "priority_proposed_first")
            and _list_of(desk.catalogue, at.opening, case.round) is None
        ):
            groups.setdefault((case.program, case.round, case.state.value), at)
    for (program, round_code, state), at in groups.items():
        first = _first_openings(desk.catalogue, program, round_code)
        if not first:
            continue
        rows = await ApplicationRow.filter(
            opening_code__in=list(first),
            round_code=round_code or "",
            state=state,
            channel=Channel.BATCH.value,
        ).values("id", "applicant_id", "opening_code", "direction")
        placed = await placed_by_lists(at, [row["applicant_id"] for row in rows])
        for row in rows:
            if row["applicant_id"] in placed:
                continue
            opening = desk.catalogue.openings[row["opening_code"]]
            if UUID(str(row["id"])) not in taken and await _has_seat(
                connection, desk.catalogue, opening, at.case.round, row["direction"]
            ):
                return _skipped(opening, first[opening.code], "applications")
    return None


async def transfer_order(
    connection: BaseDBAsyncClient, desk: Desk, at: Situation, to: Opening
) -> Refusal | None:
    """Refuse a transfer to another specialty while one with priority has a seat for the person.

    Only by the measure `priority_transferred_first`; ``at`` is the application that is left. What
    the person may not apply for does not stand in the way.
    """
    catalogue, case = desk.catalogue, at.case
    if not measured(catalogue.program_of(to), "priority_transferred_first"):
        return None
    if _list_of(catalogue, to, case.round) is not None:
        return None
    for code, listed in _first_openings(catalogue, to.program, case.round).items():
        opening = catalogue.openings[code]
        if code == case.opening or suspension_of(catalogue.program_of(opening), opening):
            continue
        directions: list[str | None] = [each.id for each in opening.directions]
        free = [
            direction
            for direction in directions or [None]
            if await _has_seat(connection, catalogue, opening, case.round, direction)
        ]
        if not free:
            continue
        report = await evaluate(catalogue, desk.dispatcher, code, case.candidate, today=at.today)
        if report.outcome in _ACCEPTED:
            return _skipped(opening, listed, "opening")
    return None


def _list_of(catalogue: Catalogue, opening: Opening, round_code: str | None) -> ShortageSet | None:
    lists = catalogue.shortages.get(opening.program, ())
    return has_priority(lists, opening.specialty, round_code)


def _first_openings(
    catalogue: Catalogue, program: str, round_code: str | None
) -> Mapping[str, ShortageSet]:
    """Return the openings of a program that come first in a round, with the list that says so."""
    found = {}
    for opening in catalogue.openings_of_program.get(program, ()):
        listed = _list_of(catalogue, opening, round_code)
        if listed is not None:
            found[opening.code] = listed
    return found


async def _has_seat(
    connection: BaseDBAsyncClient,
    catalogue: Catalogue,
    opening: Opening,
    round_code: str | None,
    direction: str | None,
) -> bool:
    quotas = quotas_of(catalogue, opening, round_code, direction)
    if isinstance(quotas, Refusal):
        return False
    usage = await usage_of(connection, quotas)
    return all(each.left > 0 for each in usage.values())


def _skipped(opening: Opening, listed: ShortageSet, field: str) -> Refusal:
    name = opening.specialty_name
    return Refusal(
        code=RefusalCode.PRIORITY_SKIPPED,
        message=Text(
            f"应优先录取紧缺专业：{name.zh}尚有名额",
            f"shortage specialties come first: {name.en or name.zh} has a seat left",
        ),
        source=listed.source,
        field=field,
    )
