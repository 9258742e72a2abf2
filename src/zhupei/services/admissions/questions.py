"""Questions: applications, their timelines, what may be done now, and rankings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import cast
from uuid import UUID

from zhupei.db.models import PublicityRow, TransitionRow
from zhupei.db.reading import (
    Belonging,
    Condition,
    Order,
    PageQuery,
    read_one_with,
    read_pages,
)
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import (
    AdmissionCase,
    AllowedAction,
    RankedApplication,
    Timeline,
    TimelineEntry,
    TransitionRecord,
    Way,
)
from zhupei.domain.admission_guards import policy_of, window_of
from zhupei.domain.admission_process import (
    EXITS,
    STATE_LABELS,
    Action,
    ApplicationState,
    Stage,
    path_of,
)
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import RankingInput, SearchApplicationsInput
from zhupei.services.admissions.merit import ranked
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.searching import (
    ApplicationSearch,
    Place,
    search_applications,
)
from zhupei.services.admissions.situations import (
    Situation,
    frozen,
    may_read,
    not_found,
    permitted_for,
    situation_of,
)
from zhupei.services.admissions.standing import (
    Surroundings,
    action_against,
    read_surroundings,
)
from zhupei.services.admissions.store import record_of

__all__ = [
    "actions_in",
    "allowed_actions",
    "application_of",
    "application_row",
    "applications_of",
    "ranking_of",
    "timeline_of",
    "way_from",
]

_S = ApplicationState
_MOST = 500
_ASKED = tuple(
    action
    for action in Action
    if action not in {Action.CREATE, Action.REVERT, Action.ALLOCATE, Action.ERASE, Action.IMPORT}
)
_MUST_DO = {
    _S.DRAFT: Text("提交报名材料", "hand the application in"),
    _S.IN_PUBLICITY: Text("在公示期内确认是否接受录取", "confirm the offer during publicity"),
    _S.NOTIFIED: Text("按通知要求报到", "report as the notice says"),
    _S.REPORTED: Text("签订培训协议或劳动合同", "sign the training agreement or labour contract"),
}
_ASKED_IN = {_S.IN_PUBLICITY: _S.CONFIRMED, _S.REPORTED: _S.CONTRACTED}
"""Of what must be done in a state, the state that it leads to: not every path asks for it."""


async def application_of(desk: Desk, application: UUID) -> AdmissionCase | None:
    """Return one application, None where there is none or the actor may not see it."""
    found = await application_row(desk, application, None)
    return None if found is None else cast("AdmissionCase", APPLICATIONS.whole(found[0]))


async def application_row(
    desk: Desk,
    application: UUID,
    names: frozenset[str] | None,
    below: Belonging | None = None,
) -> tuple[RowView, Sequence[RowView]] | None:
    """Return one application with these attributes, with all for None, as `application_of` does.

    With ``below`` the rows that belong to it come, too; else none.
    """
    view = APPLICATIONS.view(None if names is None else names | _DECIDES)
    condition = Condition("a.id = ?", (application,))
    with desk.database.use():
        if below is not None:
            found = await read_one_with(APPLICATIONS, view, condition, below)
        else:
            query = PageQuery(
                source=APPLICATIONS,
                conditions=(condition,),
                order=Order("a.id"),
                view=view,
                first=1,
            )
            (page,) = await read_pages([query])
            found = (page.rows[0], []) if page.rows else None
        return found if found is not None and await may_read(desk, found[0]) else None


_DECIDES = frozenset({"applicant", "base", "channel", "opening", "submitted_at", "trainee_type"})
"""What `may_read` looks at."""


async def applications_of(desk: Desk, given: SearchApplicationsInput) -> tuple[AdmissionCase, ...]:
    """Return applications that the actor may see, in the order of their making, at most 500."""
    search = ApplicationSearch(
        applicant=given.applicant,
        bases=None if given.base is None else (given.base,),
        programs=None if given.program is None else (given.program,),
        openings=None if given.opening is None else (given.opening,),
        rounds=None if given.round is None else (given.round,),
        states=given.states,
    )
    after = None if given.after is None else Place(value=None, id=given.after)
    first = max(0, min(given.first, _MOST))
    return tuple(await search_applications(desk, search, first=first, after=after))


async def timeline_of(desk: Desk, application: UUID) -> Timeline | None:
    """Return an application's way: done, now, next, with windows, and what the person must do."""
    with desk.database.use():
        at = await situation_of(desk, application)
        if isinstance(at, Refusal):
            return None
        rows = await TransitionRow.filter(application_id=application).order_by("revision")
        publicity = (
            None
            if at.case.publicity is None
            else await PublicityRow.get_or_none(id=at.case.publicity)
        )
        records = tuple(record_of(row) for row in rows)
        way = way_from(at, records, None if publicity is None else publicity.ends_at)
        return Timeline(
            application=at.case.id, entries=way.entries, records=records, must_do=way.must_do
        )


def way_from(
    at: Situation, records: Iterable[TransitionRecord | RowView], ends_at: datetime | None
) -> Way:
    """Return the way of an application from its records and the end of its publicity.

    Of a record it looks at its states and when it was, of one that ended the application at its
    reason, of the case at what gives path and dates.
    """
    reached: dict[ApplicationState, datetime] = {}
    reason = None
    for record in records:
        if record.from_state is not record.to_state:
            reached[record.to_state] = record.at
            if record.to_state is at.case.state and record.to_state in EXITS:
                reason = record.reason
    entries = [_entry(at, stage, reached, ends_at) for stage in at.path.stages]
    if at.case.state in EXITS:
        entries = [entry for entry in entries if entry.done_at is not None]
        entries.append(
            TimelineEntry(
                state=at.case.state,
                label=STATE_LABELS[at.case.state],
                done_at=reached.get(at.case.state),
                current=True,
                reason=reason,
            )
        )
    must_do = _MUST_DO.get(at.case.state)
    asked = _ASKED_IN.get(at.case.state)
    if asked is not None and asked not in at.path:
        must_do = None
    return Way(entries=tuple(entries), must_do=must_do)


def _entry(
    at: Situation,
    stage: Stage,
    reached: dict[ApplicationState, datetime],
    ends_at: datetime | None,
) -> TimelineEntry:
    windows = [window_of(at.program, at.case.round, step) for step in stage.steps]
    window = next((each for each in windows if each is not None), None)
    opens, closes = (None, None) if window is None else (window.opens_at, window.closes_at)
    if stage.state in {_S.IN_PUBLICITY, _S.CONFIRMED} and ends_at is not None:
        closes = ends_at
    elif stage.state is _S.CONFIRMED and _ends_with_publicity(at):
        # It ends with the publicity, which nobody knows before the list is published: the window
        # says by when that has to be.
        opens, closes = None, None
    if stage.state is _S.REPORTED and at.case.report_by is not None:
        # The notice's own day, or that of a deferral, binds; not the program's window.
        closes = datetime.combine(at.case.report_by, time(0), CHINA_TIME) + timedelta(days=1)
    behind = at.path.reached(at.case.state, stage.state) or at.case.state in EXITS
    return TimelineEntry(
        state=stage.state,
        label=STATE_LABELS[stage.state],
        done_at=reached.get(stage.state) if behind else None,
        current=at.case.state is stage.state,
        actor=next((step.actor for step in stage.steps if step.actor is not None), None),
        opens_at=opens,
        closes_at=closes,
        steps=tuple(step.id for step in stage.steps),
    )


def _ends_with_publicity(at: Situation) -> bool:
    """Tell whether offers are accepted while the list is public, and not after it."""
    policy = policy_of(at.program, "confirmation_in_publicity")
    return policy is not None and policy.value is True


async def allowed_actions(desk: Desk, application: UUID) -> tuple[AllowedAction, ...]:
    """Return every action with whether it is open to the actor now, and if not, why."""
    with desk.database.use():
        at = await situation_of(desk, application)
        if isinstance(at, Refusal):
            return ()
        is_frozen = await frozen(at.case.root_program, at.case.round)
        known = await read_surroundings(desk, [at])
        return await actions_in(desk, at, known, is_frozen=is_frozen)


async def actions_in(
    desk: Desk, at: Situation, known: Surroundings, *, is_frozen: bool
) -> tuple[AllowedAction, ...]:
    """Return every action with what stands against it in a situation."""
    found = []
    for action in _ASKED:
        against = await action_against(desk, at, action, known, is_frozen=is_frozen)
        reason = None if against is None else against.message
        found.append(AllowedAction(action=action, allowed=against is None, reason=reason))
    return tuple(found)


async def ranking_of(desk: Desk, given: RankingInput) -> tuple[RankedApplication, ...] | Refusal:
    """Return the ranking of an opening in a round, reserve list included; staff only."""
    opening = desk.catalogue.openings.get(given.opening)
    if opening is None:
        return not_found("opening", given.opening)
    with desk.database.use():
        against = await permitted_for(
            desk, "scores.read", base=opening.base, specialty=opening.specialty
        )
        if against is not None:
            return against
        program = desk.catalogue.program_of(opening)
        path = path_of(program, given.round)
        return await ranked(program, path, opening.code, given.round, given.direction)
