"""What time does by itself: look what is due, do it, and tell of it.

`run_due` may be called by anybody at any time: a worker every minute, two workers at once, a
demonstration that moves the clock, or after a week without any. It does what is due at that moment
and was not done, in the order in which it became due, and nothing twice.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from zhupei.domain.admission_case import BulkOutcome
from zhupei.domain.calendar import CHINA_TIME
from zhupei.jobs.workplace import Workplace
from zhupei.services.admissions import Desk, Refusal, expire_confirmations, inputs, mark_no_shows
from zhupei.services.deadlines import (
    Due,
    agreements_overdue,
    confirmations_expired,
    no_shows,
    publicities_ended,
    reminders,
    tell_once,
    untold,
    watching_since,
    windows_passed,
)
from zhupei.services.file_sweep import sweep_files
from zhupei.services.idempotency import forget_before
from zhupei.services.progress import fail_interrupted
from zhupei.services.webhooks.managing import forget_deliveries

__all__ = ["DueReport", "run_due"]

_log = logging.getLogger("zhupei.jobs")

# Answers to repeated requests are kept this long.
_REMEMBERED = timedelta(days=30)
# What was delivered, or given up, stays in the log for this long; the events stay.
_DELIVERIES_KEPT = timedelta(days=90)

_LetGo = Callable[[Desk, str, tuple[UUID, ...]], Awaitable[BulkOutcome | Refusal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """What one look has done: numbers only.

    ``told`` counts windows that opened or closed, lists whose publicity ended, and agreements that
    are overdue; ``refused`` the applications that could not be let go, for instance because their
    round is frozen; ``swept`` removed files whose bytes are gone now.
    """

    told: int = 0
    expired: int = 0
    no_shows: int = 0
    reminded: int = 0
    refused: int = 0
    interrupted: int = 0
    swept: int = 0


async def run_due(place: Workplace) -> DueReport:
    """Do everything that is due at the workplace's present moment, and report how much it was.

    Raises what the database raises: what was done until then is done, the rest is due still.
    """
    desk, now = place.desk(), place.clock()
    catalogue = desk.catalogue
    with place.database.use():
        since = await watching_since(now)
        told = await _tell(
            place,
            [
                *windows_passed(catalogue, since, now),
                *await publicities_ended(catalogue, since, now),
                *await agreements_overdue(catalogue, since, now),
            ],
        )
        expired, kept = await _let_go(
            place, desk, await confirmations_expired(catalogue, now), _expire
        )
        absent, held = await _let_go(place, desk, await no_shows(catalogue, now), _mark)
        # Last, so that nobody is reminded of what was just lost.
        near = await reminders(catalogue, now, place.reminds) if place.reminds else []
        report = DueReport(
            told=told,
            expired=expired,
            no_shows=absent,
            reminded=await _tell(place, near),
            refused=kept + held,
            interrupted=await fail_interrupted(now),
            swept=0
            if place.files is None
            else await sweep_files(place.files, place.keeps_files, now),
        )
        await forget_before(now - _REMEMBERED)
        await forget_deliveries(now - _DELIVERIES_KEPT)
    done = {name: count for name, count in dataclasses.asdict(report).items() if count}
    if done.keys() - {"refused"}:
        moment = now.astimezone(CHINA_TIME).isoformat(timespec="minutes")
        _log.info("did what was due", extra={"due": moment, **done})
    return report


async def _tell(place: Workplace, found: Iterable[Due]) -> int:
    return sum([await tell_once(due, place.clock()) for due in await untold(found)])


async def _expire(desk: Desk, program: str, late: tuple[UUID, ...]) -> BulkOutcome | Refusal:
    given = inputs.ExpireConfirmationsInput(program=program, applications=late)
    return await expire_confirmations(desk, given)


async def _mark(desk: Desk, program: str, late: tuple[UUID, ...]) -> BulkOutcome | Refusal:
    return await mark_no_shows(desk, inputs.MarkNoShowsInput(program=program, applications=late))


async def _let_go(
    place: Workplace,
    desk: Desk,
    found: Mapping[tuple[str, str], tuple[UUID, ...]],
    let_go: _LetGo,
) -> tuple[int, int]:
    """Let people of each program and round go; return how many went and how many could not.

    A bulk step refuses as a whole. Who stands in its way is left out, so that one application
    keeps nobody else: it is tried again at the next look.
    """
    gone = refused = 0
    for (program, round_code), late in found.items():
        waiting = late
        while waiting:
            outcome = await let_go(desk, program, waiting)
            if not isinstance(outcome, Refusal):
                gone += len(outcome.effects)
                break
            named = {problem.application for problem in outcome.problems}
            _complain(place, program, round_code, outcome, len(named) or len(waiting))
            refused += len(named) or len(waiting)
            waiting = tuple(id_ for id_ in waiting if named and id_ not in named)
    return gone, refused


def _complain(
    place: Workplace, program: str, round_code: str, refusal: Refusal, count: int
) -> None:
    """Log what is refused, once, not every minute."""
    first = refusal.problems[0].refusal if refusal.problems else refusal
    key = (program, round_code, first.code.value)
    if key in place.complained:
        return
    place.complained.add(key)
    _log.warning(
        "what is due could not be done",
        extra={
            "program": program,
            "round": round_code or "none",
            "code": first.code.value,
            "applications": count,
        },
    )
