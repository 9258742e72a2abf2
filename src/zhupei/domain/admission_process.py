"""The admission process: states, channels, actions, and the path that a program's steps make.

There is one machine for all programs. A program's own ordered steps say which states its
applications pass; a state for which it has no step is skipped. Nothing here knows an institution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.people import TraineeType
from zhupei.domain.text import Text
from zhupei.domain.training import Program

__all__ = [
    "EXITS",
    "PROCESS_VERSION",
    "SEAT_STATES",
    "STATE_LABELS",
    "STATE_OF_KIND",
    "Action",
    "ApplicationState",
    "Channel",
    "Path",
    "Stage",
    "channel_of",
    "path_of",
]

PROCESS_VERSION = "1"
"""The version of this machine's own rules, kept with every transition beside the catalogue's."""


class ApplicationState(StrEnum):
    """Where an application stands: the path in its order, then the exits."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RECOMMENDED = "RECOMMENDED"
    CHECKED = "CHECKED"
    ASSESSED = "ASSESSED"
    OPINED = "OPINED"
    REVIEWED = "REVIEWED"
    PROPOSED = "PROPOSED"
    IN_PUBLICITY = "IN_PUBLICITY"
    CONFIRMED = "CONFIRMED"
    ADMITTED = "ADMITTED"
    NOTIFIED = "NOTIFIED"
    REPORTED = "REPORTED"
    CONTRACTED = "CONTRACTED"
    REGISTERED = "REGISTERED"
    REJECTED = "REJECTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    TRANSFERRED = "TRANSFERRED"
    EXPIRED = "EXPIRED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"


_S = ApplicationState

EXITS = frozenset(
    {
        _S.REJECTED,
        _S.DECLINED,
        _S.WITHDRAWN,
        _S.TRANSFERRED,
        _S.EXPIRED,
        _S.NO_SHOW,
        _S.CANCELLED,
    }
)
"""States that an application does not leave, but for the revert of a bulk step and a transfer."""

SEAT_STATES = frozenset(
    {
        _S.PROPOSED,
        _S.IN_PUBLICITY,
        _S.CONFIRMED,
        _S.ADMITTED,
        _S.NOTIFIED,
        _S.REPORTED,
        _S.CONTRACTED,
        _S.REGISTERED,
    }
)
"""States in which an application holds a seat; entering the first takes it, an exit gives it up."""

STATE_LABELS: Mapping[ApplicationState, Text] = MappingProxyType(
    {
        _S.DRAFT: Text("草稿", "Draft"),
        _S.SUBMITTED: Text("已报名", "Submitted"),
        _S.RECOMMENDED: Text("单位已推荐", "Recommended"),
        _S.CHECKED: Text("资格审核通过", "Eligibility checked"),
        _S.ASSESSED: Text("考核完成", "Assessed"),
        _S.OPINED: Text("专业基地已出具意见", "Opinion given"),
        _S.REVIEWED: Text("培训基地审核通过", "Reviewed"),
        _S.PROPOSED: Text("拟录取", "Proposed"),
        _S.IN_PUBLICITY: Text("公示中", "In publicity"),
        _S.CONFIRMED: Text("已确认", "Confirmed"),
        _S.ADMITTED: Text("已录取", "Admitted"),
        _S.NOTIFIED: Text("已通知", "Notified"),
        _S.REPORTED: Text("已报到", "Reported"),
        _S.CONTRACTED: Text("已签约", "Contracted"),
        _S.REGISTERED: Text("已注册", "Registered"),
        _S.REJECTED: Text("未录取", "Rejected"),
        _S.DECLINED: Text("已放弃录取", "Declined"),
        _S.WITHDRAWN: Text("已撤回", "Withdrawn"),
        _S.TRANSFERRED: Text("已调剂", "Transferred"),
        _S.EXPIRED: Text("逾期未确认", "Expired"),
        _S.NO_SHOW: Text("逾期未报到", "No-show"),
        _S.CANCELLED: Text("已取消资格", "Cancelled"),
    }
)

STATE_OF_KIND: Mapping[str, ApplicationState] = MappingProxyType(
    {
        "application": _S.SUBMITTED,
        "preference": _S.SUBMITTED,
        "unit_recommendation": _S.RECOMMENDED,
        "eligibility_check": _S.CHECKED,
        "interview": _S.ASSESSED,
        "examination": _S.ASSESSED,
        "specialty_base_opinion": _S.OPINED,
        "base_review": _S.REVIEWED,
        "selection": _S.REVIEWED,
        "proposal": _S.PROPOSED,
        "publicity": _S.IN_PUBLICITY,
        "confirmation": _S.CONFIRMED,
        "admission": _S.ADMITTED,
        "notice": _S.NOTIFIED,
        "report": _S.REPORTED,
        "agreement": _S.CONTRACTED,
        "registration": _S.REGISTERED,
    }
)
"""The state that completing steps of a kind leads to; kinds that are not here change no state."""


class Channel(StrEnum):
    """The way in which a person is admitted (T60)."""

    BATCH = "BATCH"
    """Through a round, by one's own application."""
    DIRECT_ASSIGNMENT = "DIRECT_ASSIGNMENT"
    """Placed by the authority, such as rural order-directed graduates (R127)."""
    DIRECT_REGISTRATION = "DIRECT_REGISTRATION"
    """Entered and registered at once, such as professional-master students (R126)."""


_DIRECT = {
    "direct_assignment": (Channel.DIRECT_ASSIGNMENT, _S.ADMITTED),
    "direct_registration": (Channel.DIRECT_REGISTRATION, _S.REGISTERED),
}


class Action(StrEnum):
    """What can be done with an application."""

    CREATE = "CREATE"
    SUBMIT = "SUBMIT"
    RECOMMEND = "RECOMMEND"
    CHECK_ELIGIBILITY = "CHECK_ELIGIBILITY"
    RECORD_INTERVIEW = "RECORD_INTERVIEW"
    RECORD_EXAMINATION = "RECORD_EXAMINATION"
    RECORD_SCORES = "RECORD_SCORES"
    GIVE_OPINION = "GIVE_OPINION"
    REVIEW = "REVIEW"
    PROPOSE = "PROPOSE"
    ALLOCATE = "ALLOCATE"
    PUBLISH = "PUBLISH"
    OBJECT = "OBJECT"
    RESOLVE_OBJECTION = "RESOLVE_OBJECTION"
    CONFIRM = "CONFIRM"
    DECLINE = "DECLINE"
    ADMIT = "ADMIT"
    NOTIFY = "NOTIFY"
    DEFER_REPORT = "DEFER_REPORT"
    REPORT = "REPORT"
    SIGN_AGREEMENT = "SIGN_AGREEMENT"
    RECORD_QUIT = "RECORD_QUIT"
    """Somebody who reported leaves before the registration: 报到后退出 (R211)."""
    REGISTER = "REGISTER"
    IMPORT = "IMPORT"
    """Somebody who trains already is taken over from a roster; no admission of ours came before."""
    MOVE_FILE = "MOVE_FILE"
    REDUCE_TRAINING = "REDUCE_TRAINING"
    END_TRAINING = "END_TRAINING"
    ERASE = "ERASE"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"
    AGREE_TO_TRANSFER = "AGREE_TO_TRANSFER"
    WITHDRAW_CONSENT = "WITHDRAW_CONSENT"
    TRANSFER = "TRANSFER"
    EXPIRE = "EXPIRE"
    MARK_NO_SHOW = "MARK_NO_SHOW"
    CANCEL_FOR_FRAUD = "CANCEL_FOR_FRAUD"
    REVERT = "REVERT"


@dataclass(frozen=True, slots=True)
class Stage:
    """One state of a path and the steps that have to be completed to reach it."""

    state: ApplicationState
    steps: tuple[AdmissionStep, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """The states that an application of one program, round and channel passes, in order.

    The first stage is always DRAFT, which needs no step.
    """

    channel: Channel
    stages: tuple[Stage, ...]

    @property
    def states(self) -> tuple[ApplicationState, ...]:
        """The states in order."""
        return tuple(stage.state for stage in self.stages)

    def __contains__(self, state: object) -> bool:
        return state in self.states

    def next_after(self, state: ApplicationState) -> Stage | None:
        """Return the stage that follows a state; None at the end and for exits."""
        states = self.states
        if state not in states or state is states[-1]:
            return None
        return self.stages[states.index(state) + 1]

    def stage(self, state: ApplicationState) -> Stage | None:
        """Return the stage of a state, None where the path skips it."""
        return next((stage for stage in self.stages if stage.state is state), None)

    def reached(self, state: ApplicationState, target: ApplicationState) -> bool:
        """Whether an application in ``state`` has ``target`` behind it, or stands there."""
        states = self.states
        return state in states and target in states and states.index(state) >= states.index(target)

    def steps_of(self, *kinds: str) -> tuple[AdmissionStep, ...]:
        """Return the path's steps of some kinds in order."""
        return tuple(step for stage in self.stages for step in stage.steps if step.kind in kinds)


def channel_of(program: Program, trainee_type: TraineeType | None) -> Channel:
    """Return the channel that a program's steps give to a type of trainee (T60)."""
    for step in program.steps:
        if step.kind in _DIRECT and trainee_type is not None:
            concerned: Iterable[TraineeType] = getattr(step.params, "trainee_types", ())
            if trainee_type in concerned:
                return _DIRECT[step.kind][0]
    return Channel.BATCH


def path_of(program: Program, round_code: str | None, channel: Channel = Channel.BATCH) -> Path:
    """Derive the path of a program's applications from its ordered steps.

    Steps of another round are left out. Steps that lead to the same state make one stage, at the
    place of the first of them; the stages follow the program's own order. A direct channel skips
    everything between SUBMITTED and the state that its step leads to.
    """
    steps = [step for step in program.steps if step.round in (None, round_code)]
    stages: dict[ApplicationState, list[AdmissionStep]] = {_S.SUBMITTED: []}
    for step in steps:
        state = STATE_OF_KIND.get(step.kind)
        if state is not None:
            stages.setdefault(state, []).append(step)
    if channel is not Channel.BATCH:
        kind, target = next((kind, state) for kind, (of, state) in _DIRECT.items() if of is channel)
        after = list(_S)[list(_S).index(target) + 1 :]
        direct = [step for step in steps if step.kind == kind]
        stages = {
            _S.SUBMITTED: [],
            target: direct,
            **{state: found for state, found in stages.items() if state in after},
        }
    return Path(
        channel,
        (
            Stage(_S.DRAFT, ()),
            *(Stage(state, tuple(found)) for state, found in stages.items()),
        ),
    )
