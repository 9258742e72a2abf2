"""Situations: an application with the rules around it, and what stands against an action now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.models import RoundFreezeRow
from zhupei.db.tables import RowView
from zhupei.domain.access_refusals import AccessCode
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_guards import round_of, window_open
from zhupei.domain.admission_process import (
    ACTION_LABELS,
    EXITS,
    SEAT_STATES,
    STATE_LABELS,
    Action,
    ApplicationState,
    Channel,
    Path,
    path_of,
)
from zhupei.domain.applications import Application
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.institutions import Base
from zhupei.domain.people import TraineeType
from zhupei.domain.sending_units import SENT_TYPES
from zhupei.domain.text import Text
from zhupei.domain.training import Allocation, Opening, Program
from zhupei.services.admissions.actions import FORWARD, LEAVING, PERMISSIONS
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.store import load_case
from zhupei.services.permissions import Allowed, allowed

__all__ = [
    "Situation",
    "application_for_hooks",
    "frozen",
    "frozen_refusal",
    "frozen_until_done",
    "hidden",
    "may_for_program",
    "may_read",
    "not_allowed_in",
    "not_found",
    "owners_of",
    "permitted",
    "permitted_for",
    "round_lock",
    "situation_of",
    "specialty_of",
    "stage_against",
    "standing_against",
    "surroundings",
]

_KINDS = {
    Action.RECORD_INTERVIEW: ("interview",),
    Action.RECORD_EXAMINATION: ("examination",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A case, the entries of the catalogue that bind it, its path, and the moment."""

    case: AdmissionCase
    opening: Opening
    program: Program
    base: Base
    path: Path
    now: datetime

    @property
    def today(self) -> date:
        """The day in China's time."""
        return self.now.astimezone(CHINA_TIME).date()

    def steps_for(self, action: Action) -> tuple[AdmissionStep, ...]:
        """Return the steps that an action completes, where it is the next one on the path."""
        stage = self.path.stage(FORWARD[action]) if action in FORWARD else None
        if stage is None:
            return ()
        kinds = _KINDS.get(action)
        return tuple(step for step in stage.steps if kinds is None or step.kind in kinds)


_NOBODY: frozenset[str] = frozenset()


def owners_of(
    desk: Desk, applicant: UUID, trainee_type: TraineeType | None = None
) -> frozenset[str]:
    """Return the actor's id where the applicant is the actor, or is sent by the actor's unit.

    A unit is concerned with what its people file as sent ones, and with nothing else they file.
    """
    if desk.applicant is None and not desk.sends:
        return _NOBODY
    sent = applicant in desk.sends and trainee_type in SENT_TYPES
    return frozenset({desk.actor.id}) if applicant == desk.applicant or sent else frozenset()


async def permitted_for(
    desk: Desk,
    permission: str,
    *,
    base: str | None = None,
    jurisdiction: str | None = None,
    specialty: str | None = None,
    owners: frozenset[str] = frozenset(),
) -> Refusal | None:
    """Refuse what neither a role nor a plugin allows the actor."""
    answer = await allowed(
        desk.actor,
        permission,
        base,
        desk.catalogue,
        desk.dispatcher,
        jurisdiction=jurisdiction,
        specialty=specialty,
        owners=owners,
    )
    if isinstance(answer, Allowed):
        return None
    failed = answer.code is AccessCode.PLUGIN_DECISION_FAILED
    return Refusal(
        code=RefusalCode.PLUGIN_FAILED if failed else RefusalCode.NOT_PERMITTED,
        message=answer.message,
        plugin=answer.plugin,
        hook=answer.hook,
    )


async def hidden(
    desk: Desk,
    against: Refusal,
    missing: Refusal,
    see: str,
    *,
    base: str | None = None,
    jurisdiction: str | None = None,
    specialty: str | None = None,
) -> Refusal:
    """Return a refusal to whoever may see the thing; everybody else is told that there is none.

    ``missing`` is what is answered where the thing does not exist, ``see`` the permission to see
    it. So an id tells nothing to those whom the thing does not concern.
    """
    unseen = await permitted_for(
        desk, see, base=base, jurisdiction=jurisdiction, specialty=specialty
    )
    return against if unseen is None else missing


async def may_for_program(desk: Desk, action: Action, program: Program) -> Refusal | None:
    """Refuse a bulk step over a program to whoever may not take it there, due cases or none."""
    return await permitted_for(
        desk, PERMISSIONS[action], base=program.base, jurisdiction=program.jurisdiction
    )


async def permitted(desk: Desk, action: Action, case: AdmissionCase) -> Refusal | None:
    """Refuse an action on a case that is not the actor's to take.

    In a direct channel staff enter the person, who has no part in it (T60); an objection belongs
    to whoever files it.
    """
    name = PERMISSIONS[action]
    owners = owners_of(desk, case.applicant, case.trainee_type)
    if action in {Action.CREATE, Action.SUBMIT} and case.channel is not Channel.BATCH:
        name = "applications.admit"
    if action is Action.OBJECT:
        owners = frozenset({desk.actor.id})
    return await permitted_for(
        desk, name, base=case.base, specialty=specialty_of(case.opening), owners=owners
    )


async def may_read(desk: Desk, case: AdmissionCase | RowView) -> bool:
    """Whether the actor may see a case; a draft that a person files is that person's alone."""
    owners = owners_of(desk, case.applicant, case.trainee_type)
    if case.submitted_at is None and case.channel is Channel.BATCH and not owners:
        return False
    against = await permitted_for(
        desk,
        "applications.read",
        base=case.base,
        specialty=specialty_of(case.opening),
        owners=owners,
    )
    return against is None


def specialty_of(opening: str) -> str:
    """Return the code of the specialty that an opening's code ends with, also one of the past."""
    return opening.rpartition("/")[2]


def surroundings(desk: Desk, case: AdmissionCase) -> Situation | Refusal:
    """Return the situation of a case, refused where its opening left the catalogue."""
    opening = desk.catalogue.openings.get(case.opening)
    if opening is None:
        return not_found("opening", case.opening)
    program = desk.catalogue.program_of(opening)
    return Situation(
        case=case,
        opening=opening,
        program=program,
        base=desk.catalogue.bases[opening.base],
        path=path_of(program, case.round, case.channel),
        now=desk.clock(),
    )


async def situation_of(desk: Desk, application: UUID) -> Situation | Refusal:
    """Load a case that the actor may see."""
    case = await load_case(application)
    if case is None:
        return not_found("application", str(application))
    if not await may_read(desk, case):
        # The same as if there were none: whether a person applied is nobody else's business.
        return not_found("application", str(application))
    return surroundings(desk, case)


async def standing_against(
    desk: Desk, at: Situation, action: Action, *, is_frozen: bool | None = None
) -> Refusal | None:
    """Return what stands against an action before anything was handed in, None if nothing does.

    Role, freeze of the round, state, and the window of the steps that it completes. ``is_frozen``
    spares the question whether the round is, to whoever knows.
    """
    against = await permitted(desk, action, at.case)
    if against is not None:
        return against
    case = at.case
    if is_frozen or (is_frozen is None and await frozen(case.root_program, case.round)):
        return frozen_refusal()
    return stage_against(at, action)


def stage_against(  # noqa: PLR0911 - each guard says why it refuses
    at: Situation, action: Action
) -> Refusal | None:
    """Return what stands against an action in an application's stage: state, allocation, window."""
    case = at.case
    if action in LEAVING:
        if case.state not in LEAVING[action]:
            return not_allowed_in(case.state, action)
        return None
    target = FORWARD.get(action)
    following = at.path.next_after(case.state)
    if target is None or following is None or following.state is not target:
        return not_allowed_in(case.state, action)
    steps = at.steps_for(action)
    if (against := _not_by_allocation(at, action)) is not None:
        return against
    if action in _KINDS and not any(step.id not in case.completed_steps for step in steps):
        return not_allowed_in(case.state, action)
    for step in steps:
        if _windowed(step, at) and (closed := window_open(at.program, case.round, step, at.now)):
            return closed
    return None


def _not_by_allocation(at: Situation, action: Action) -> Refusal | None:
    """Refuse to take a seat one by one where a round matches preference lists, and the reverse.

    Who was invited or transferred filed no preference, and is proposed as in any round.
    """
    if FORWARD[action] not in SEAT_STATES or at.case.state in SEAT_STATES:
        return None
    entry = round_of(at.program, at.case.round)
    matched = (
        entry is not None
        and entry.allocation is Allocation.DEFERRED_ACCEPTANCE
        and at.case.channel is Channel.BATCH
        and at.case.invitation is None
        and at.case.transferred_from is None
    )
    if matched == (action is Action.ALLOCATE):
        return None
    if matched:
        return Refusal(
            code=RefusalCode.ALLOCATION_REQUIRED,
            message=Text(
                "本批次按志愿统一匹配录取，不能逐份拟录取",
                "this round allocates its seats by preference lists, all at once; propose the "
                "result of an allocation run",
            ),
            source=None if entry is None else entry.source,
        )
    return not_allowed_in(at.case.state, action)


def _windowed(step: AdmissionStep, at: Situation) -> bool:
    """Whether a step's window bounds the action itself.

    Publicity and confirmation run by the published list, and reporting by the notice and the days
    of grace. Who is invited does not register in the round's own time.
    """
    if step.kind in {"confirmation", "report"}:
        return False
    return at.case.invitation is None or step.kind not in {"application", "preference"}


async def frozen(root_program: str, round_code: str | None) -> bool:
    """Whether a round of a program is frozen now."""
    return await RoundFreezeRow.filter(
        root_program_code=root_program, round_code=round_code or "", lifted_at=None
    ).exists()


def round_lock(root_program: str, round_code: str | None) -> str:
    """Return what stands for a round in locks: changes share it, a freeze waits for all of them."""
    return f"{root_program}|{round_code or ''}"


async def frozen_until_done(
    connection: BaseDBAsyncClient, root_program: str, round_code: str | None
) -> bool:
    """Whether a round is frozen; if it is not, no freeze is answered before this transaction ends.

    For what changes a round without a transition of an application.
    """
    await connection.execute_query(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 3))",
        [round_lock(root_program, round_code)],
    )
    return await frozen(root_program, round_code)


def frozen_refusal() -> Refusal:
    """Return the refusal of whatever changes a frozen round."""
    return Refusal(
        code=RefusalCode.ROUND_FROZEN,
        message=Text("本批次已冻结，暂不能变更", "the round is frozen; nothing may change in it"),
    )


def not_found(what: str, code: str) -> Refusal:
    """Return the refusal of something that does not exist, or not for the actor."""
    return Refusal(
        code=RefusalCode.NOT_FOUND,
        message=Text(f"不存在：{code}", f"there is no {what} {code}"),
        field=what,
    )


_S, _A = ApplicationState, Action
_OFFERED = (_S.PROPOSED, _S.IN_PUBLICITY, _S.CONFIRMED, _S.ADMITTED, _S.NOTIFIED)
_ARRIVED = (_S.REPORTED, _S.CONTRACTED)
_DECLINE = Text("；请改为放弃录取", "; decline the offer instead")
_WITHDRAW = Text("；请改为撤回报名", "; withdraw the application instead")
_QUIT = Text("；由培训基地登记退出", "; after the report the base records who leaves")
_END = Text("；请办理退培", "; after the registration the training ends instead")
_INSTEAD: Mapping[tuple[Action, ApplicationState], Text] = {
    **{(_A.WITHDRAW, state): _DECLINE for state in _OFFERED},
    **{(action, state): _QUIT for action in (_A.WITHDRAW, _A.DECLINE) for state in _ARRIVED},
    **{
        (_A.DECLINE, state): _WITHDRAW
        for state in ApplicationState
        if state not in SEAT_STATES | EXITS
    },
    (_A.RECORD_QUIT, _S.REGISTERED): _END,
}
"""How to leave in a state in which another action does it."""


def not_allowed_in(state: ApplicationState, action: Action) -> Refusal:
    """Return the refusal of an action in a state that does not allow it."""
    instead = _INSTEAD.get((action, state), Text("", ""))
    return Refusal(
        code=RefusalCode.NOT_ALLOWED_IN_STATE,
        message=Text(
            f"当前状态“{STATE_LABELS[state].zh}”不能进行此操作"
            f"（{ACTION_LABELS[action].zh}）{instead.zh}",
            f"not possible ({action.value}): the application is in state {state.value}{instead.en}",
        ),
    )


def application_for_hooks(case: AdmissionCase) -> Application:
    """Return a case as hooks see it: facts and codes, without the person."""
    return Application(
        id=str(case.id),
        base=case.base,
        program=case.program,
        opening=case.opening,
        candidate=case.candidate,
        state=case.state.value,
        round=case.round,
        preference=case.preference,
        submitted_at=case.submitted_at,
        completed_steps=case.completed_steps,
        catalogue_hash=case.catalogue_hash,
    )
