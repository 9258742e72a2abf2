"""What stands against an action beside the application itself: lists, seats, consents, trainees.

What is offered as allowed, and what is carried out, ask the same questions. What depends on what
is handed in (facts, documents, scores, dates, who else is proposed) is judged only then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tortoise import connections

from zhupei.catalogue.calendars import reckoned
from zhupei.db.reading import Condition, among, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_guards import no_show_on, publicity_period, tie_break_of, weights_of
from zhupei.domain.admission_process import SEAT_STATES, Action, ApplicationState, Channel
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.services.admissions.actions import FORWARD
from zhupei.services.admissions.arrivals import no_show_not_due, reports_by, too_late
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.exclusions import OtherPlaces
from zhupei.services.admissions.personnel_files import foreseen
from zhupei.services.admissions.published import PublishedLists
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.row_sources import TRAINEES, TRANSITIONS
from zhupei.services.admissions.situations import (
    Situation,
    not_allowed_in,
    permitted,
    standing_against,
)
from zhupei.services.admissions.training import ended, not_reducible
from zhupei.services.admissions.transfers import consent_withdrawn, not_agreed, transfers_against
from zhupei.services.seats import SeatQuota, SeatUsage, no_seat, quotas_of, usage_of

__all__ = ["Surroundings", "action_against", "read_surroundings"]

_A, _S = Action, ApplicationState
_TRAINEE = frozenset(
    {
        *("agreement", "application", "ended_on", "least_months", "months", "state"),
        *("state_label", "trainee_type"),
    }
)
"""What is looked at of a trainee."""


@dataclass(slots=True)
class Surroundings:
    """What concerns some applications, read at once."""

    lists: PublishedLists = field(default_factory=PublishedLists)
    others: OtherPlaces = field(default_factory=OtherPlaces)
    consents: Mapping[UUID, bool] = field(default_factory=dict)
    """Whether the person agreed at last to be moved, or took the consent back at last."""
    trainees: Mapping[UUID, RowView] = field(default_factory=dict)
    seats: Mapping[str, SeatUsage] = field(default_factory=dict)


async def read_surroundings(desk: Desk, situations: Sequence[Situation]) -> Surroundings:
    """Read what concerns some applications, in as many statements for many as for one."""
    found = Surroundings()
    await found.lists.read([at.case for at in situations])
    await found.others.read([at for at in situations if at.case.state is _S.DRAFT])
    found.consents = await _consents([at.case.id for at in situations if _moves(at)])
    registered = [at.case.id for at in situations if at.case.state is _S.REGISTERED]
    if registered:
        theirs = among("t.application_id", tuple(registered), "uuid")
        rows = await read_rows(TRAINEES, _TRAINEE, theirs)
        found.trainees = {trainee.application: trainee for trainee in rows}
    quotas = {}
    for at in situations:
        if _takes_next(at) and not isinstance(asked := _quotas(desk, at), Refusal):
            quotas.update({quota.scope: quota for quota in asked})
    if quotas:
        found.seats = await usage_of(connections.get("default"), list(quotas.values()))
    return found


def _moves(at: Situation) -> bool:
    return at.case.state not in SEAT_STATES and at.case.state is not _S.DRAFT


def _takes_next(at: Situation) -> bool:
    following = at.path.next_after(at.case.state)
    return (
        following is not None
        and following.state in SEAT_STATES
        and at.case.state not in SEAT_STATES
    )


def _quotas(desk: Desk, at: Situation) -> tuple[SeatQuota, ...] | Refusal:
    return quotas_of(desk.catalogue, at.opening, at.case.round, at.case.direction)


async def _consents(applications: Collection[UUID]) -> Mapping[UUID, bool]:
    if not applications:
        return {}
    theirs = among("r.application_id", tuple(applications), "uuid")
    consented = Condition(
        f"{theirs.text} AND r.action = ANY(?::text[])",
        (*theirs.values, (_A.AGREE_TO_TRANSFER.value, _A.WITHDRAW_CONSENT.value)),
    )
    rows = await read_rows(
        TRANSITIONS, frozenset({"action", "application", "revision"}), consented, "revision"
    )
    return {row.application: row.action is _A.AGREE_TO_TRANSFER for row in rows}


async def action_against(
    desk: Desk, at: Situation, action: Action, known: Surroundings, *, is_frozen: bool
) -> Refusal | None:
    """Return what stands against an action now, before anything is handed in."""
    if action is _A.OBJECT:
        # Who objects changes nothing in a frozen round; who decides on it does.
        return await permitted(desk, action, at.case) or known.lists.not_live(at)
    if action is _A.PUBLISH:
        # No list of the program can be published, whatever stands on it.
        period = await reckoned(
            desk.catalogue.calendar, lambda days: publicity_period(at.program, days, at.now)
        )
        if isinstance(period, Refusal):
            return await permitted(desk, action, at.case) or period
    against = await standing_against(desk, at, action, is_frozen=is_frozen)
    if against is not None:
        return against
    if action in FORWARD and _takes_next(at) and (full := _without_seat(desk, at, known)):
        return full
    asks = _ASKS.get(action)
    return None if asks is None else asks(at, known)


def _without_seat(desk: Desk, at: Situation, known: Surroundings) -> Refusal | None:
    """Refuse where no seat can be taken, whoever else is proposed."""
    against = suspension_of(at.program, at.opening)
    if against is not None:
        return against
    quotas = _quotas(desk, at)
    if isinstance(quotas, Refusal):
        return quotas
    if at.case.channel is Channel.BATCH and at.path.steps_of("interview", "examination"):
        for rule in (weights_of(at.program, at.path), tie_break_of(at.program)):
            if isinstance(rule, Refusal):
                return rule
    full = [quota for quota in quotas if known.seats[quota.scope].left < 1]
    return no_seat(full) if full else None


def _confirm(at: Situation, known: Surroundings) -> Refusal | None:
    return known.lists.not_confirmable(at)


def _after_publicity(at: Situation, known: Surroundings) -> Refusal | None:
    return known.lists.not_over(at)


def _report(at: Situation, known: Surroundings) -> Refusal | None:
    return known.lists.not_over(at) or too_late(at)


def _expire(at: Situation, known: Surroundings) -> Refusal | None:
    if _S.CONFIRMED not in at.path:
        return not_allowed_in(at.case.state, _A.EXPIRE)
    return known.lists.still_public(at)


def _no_show(at: Situation, _known: Surroundings) -> Refusal | None:
    if at.case.state is not _S.NOTIFIED or at.case.report_by is None:
        return not_allowed_in(at.case.state, _A.MARK_NO_SHOW)
    by = reports_by(at)
    lost = None if by is None else no_show_on(at.program, by)
    return no_show_not_due() if lost is None or at.today < lost else None


def _resolve(at: Situation, known: Surroundings) -> Refusal | None:
    return known.lists.not_objected(at)


def _submit(at: Situation, known: Surroundings) -> Refusal | None:
    return known.others.against(at)


def _agree(at: Situation, _known: Surroundings) -> Refusal | None:
    return transfers_against(at, in_time=False)


def _withdraw_consent(at: Situation, known: Surroundings) -> Refusal | None:
    return None if known.consents.get(at.case.id) else not_agreed("application")


def _transfer(at: Situation, known: Surroundings) -> Refusal | None:
    # Without a record the office may state in which form the person agreed; not against a wish.
    withdrawn = known.consents.get(at.case.id) is False
    return transfers_against(at) or (consent_withdrawn() if withdrawn else None)


def _trained(
    ask: Callable[[Situation, RowView], Refusal | None], action: Action
) -> Callable[[Situation, Surroundings], Refusal | None]:
    def against(at: Situation, known: Surroundings) -> Refusal | None:
        trainee = known.trainees.get(at.case.id)
        return not_allowed_in(at.case.state, action) if trainee is None else ask(at, trainee)

    return against


def _goes_on(_at: Situation, trainee: RowView) -> Refusal | None:
    return None if trainee.ended_on is None else ended(trainee)


def _reducible(_at: Situation, trainee: RowView) -> Refusal | None:
    # One month is the least that can be taken off.
    return not_reducible(trainee, 1)


_ASKS: Mapping[Action, Callable[[Situation, Surroundings], Refusal | None]] = {
    _A.SUBMIT: _submit,
    _A.CONFIRM: _confirm,
    _A.ADMIT: _after_publicity,
    _A.NOTIFY: _after_publicity,
    _A.REPORT: _report,
    _A.REGISTER: _after_publicity,
    _A.EXPIRE: _expire,
    _A.MARK_NO_SHOW: _no_show,
    _A.RESOLVE_OBJECTION: _resolve,
    _A.AGREE_TO_TRANSFER: _agree,
    _A.WITHDRAW_CONSENT: _withdraw_consent,
    _A.TRANSFER: _transfer,
    _A.MOVE_FILE: _trained(foreseen, _A.MOVE_FILE),
    _A.REDUCE_TRAINING: _trained(_reducible, _A.REDUCE_TRAINING),
    _A.END_TRAINING: _trained(_goes_on, _A.END_TRAINING),
}
"""What is asked beside state, role, freeze and window; every other action is asked no more."""
