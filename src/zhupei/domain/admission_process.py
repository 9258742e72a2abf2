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
    "ACTION_LABELS",
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


_A = Action

ACTION_LABELS: Mapping[Action, Text] = MappingProxyType(
    {
        _A.CREATE: Text("填报", "Begin a draft"),
        _A.SUBMIT: Text("提交", "Hand the draft in"),
        _A.RECOMMEND: Text("单位推荐", "The employer recommends"),
        _A.CHECK_ELIGIBILITY: Text("资格审核", "Check eligibility and documents"),
        _A.RECORD_INTERVIEW: Text("记录面试", "Record an interview"),
        _A.RECORD_EXAMINATION: Text("记录考核", "Record an examination"),
        _A.RECORD_SCORES: Text("录入成绩表", "Record the scores of a signed sheet"),
        _A.GIVE_OPINION: Text("专业基地意见", "Give the specialty base's opinion"),
        _A.REVIEW: Text("培训基地审核", "Review, or select as the host"),
        _A.PROPOSE: Text("拟录取", "Propose for admission"),
        _A.ALLOCATE: Text("志愿匹配", "Placed by a run of the allocation"),
        _A.PUBLISH: Text("公示", "Publish the list of proposed admissions"),
        _A.OBJECT: Text("提出异议", "Object to an entry of a live list"),
        _A.RESOLVE_OBJECTION: Text("处理异议", "Decide on an objection"),
        _A.CONFIRM: Text("确认录取", "Accept the offer"),
        _A.DECLINE: Text("放弃录取", "Decline the offer"),
        _A.ADMIT: Text("录取", "Admit after publicity"),
        _A.NOTIFY: Text("发放录取通知", "Send the notice"),
        _A.DEFER_REPORT: Text("延期报到", "Give a later last day of reporting, for a reason"),
        _A.REPORT: Text("报到", "Record that the person reported"),
        _A.SIGN_AGREEMENT: Text("签订协议", "Record the agreement"),
        _A.RECORD_QUIT: Text(
            "报到后退出", "Record that somebody who reported leaves before the registration"
        ),
        _A.REGISTER: Text("注册", "Register as a trainee"),
        _A.IMPORT: Text("导入在培学员", "Take over somebody who trains already, from a roster"),
        _A.MOVE_FILE: Text("调转人事档案", "Record that the personnel file moved"),
        _A.REDUCE_TRAINING: Text("减免培训年限", "Shorten the training after an assessment"),
        _A.END_TRAINING: Text("退培、转出、清退", "End the training before its time"),
        _A.ERASE: Text("删除个人信息", "Erase the person's data"),
        _A.REJECT: Text("不予录取", "Reject"),
        _A.WITHDRAW: Text("撤回", "Take one's own application back"),
        _A.AGREE_TO_TRANSFER: Text("同意调剂", "Agree to be moved to another opening"),
        _A.WITHDRAW_CONSENT: Text("撤回调剂同意", "Take the consent to be moved back"),
        _A.TRANSFER: Text("调剂", "Move to another opening"),
        _A.EXPIRE: Text("逾期未确认", "Let go who did not confirm in time"),
        _A.MARK_NO_SHOW: Text("逾期未报到", "Mark who did not report in time"),
        _A.CANCEL_FOR_FRAUD: Text("因弄虚作假取消", "Cancel for fraud"),
        _A.REVERT: Text("撤回批量操作", "Taken back with its bulk step"),
    }
)
"""What each action is called."""


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
