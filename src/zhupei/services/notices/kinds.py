"""The kinds of notices: what happened, whom it is told, and until when it is worth telling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.text import Text

__all__ = ["NOTICE_LABELS", "NoticeKind", "NoticeState", "RecipientKind", "Tells", "told_by"]

_S = ApplicationState


class RecipientKind(StrEnum):
    """To whom a notice goes."""

    APPLICANT = "APPLICANT"
    OFFICE = "OFFICE"
    INTEGRATOR = "INTEGRATOR"


class NoticeState(StrEnum):
    """Where a notice stands; after the first two nothing more happens by itself."""

    WAITING = "WAITING"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    SENT = "SENT"
    UNDELIVERABLE = "UNDELIVERABLE"
    NO_ADDRESS = "NO_ADDRESS"
    EXPIRED = "EXPIRED"
    OVERTAKEN = "OVERTAKEN"


class NoticeKind(StrEnum):
    """What a notice is about."""

    SUBMITTED = "SUBMITTED"
    RECOMMENDED = "RECOMMENDED"
    CHECKED = "CHECKED"
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
    REVERTED = "REVERTED"
    REPORT_DEFERRED = "REPORT_DEFERRED"
    QUIT_RECORDED = "QUIT_RECORDED"
    INTERVIEW_BOOKED = "INTERVIEW_BOOKED"
    INTERVIEW_MOVED = "INTERVIEW_MOVED"
    INTERVIEW_CANCELLED = "INTERVIEW_CANCELLED"
    INTERVIEW_NEAR = "INTERVIEW_NEAR"
    INVITED = "INVITED"
    SUBMISSION_NEAR = "SUBMISSION_NEAR"
    CONFIRMATION_NEAR = "CONFIRMATION_NEAR"
    REPORT_NEAR = "REPORT_NEAR"
    AGREEMENT_NEAR = "AGREEMENT_NEAR"
    AGREEMENT_OVERDUE = "AGREEMENT_OVERDUE"
    OFFER_DECLINED = "OFFER_DECLINED"
    OBJECTION_FILED = "OBJECTION_FILED"
    PUBLICITY_ENDED = "PUBLICITY_ENDED"
    BROCHURE_APPROVED = "BROCHURE_APPROVED"
    BROCHURE_RETURNED = "BROCHURE_RETURNED"
    ROUND_OPENED = "ROUND_OPENED"
    ROUND_CLOSED = "ROUND_CLOSED"
    AGREEMENT_MISSING = "AGREEMENT_MISSING"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


_K = NoticeKind

NOTICE_LABELS = MappingProxyType(
    {
        _K.SUBMITTED: Text("报名已提交", "Application received"),
        _K.RECOMMENDED: Text("单位已推荐", "Recommended by the unit"),
        _K.CHECKED: Text("资格审核通过", "Eligibility check passed"),
        _K.PROPOSED: Text("列为拟录取", "Proposed for admission"),
        _K.IN_PUBLICITY: Text("拟录取名单公示", "On the published list"),
        _K.CONFIRMED: Text("已确认接受录取", "Offer accepted"),
        _K.ADMITTED: Text("已录取", "Admitted"),
        _K.NOTIFIED: Text("录取与报到通知", "Letter of admission and report notice"),
        _K.REPORTED: Text("已报到", "Report recorded"),
        _K.CONTRACTED: Text("已签订协议", "Agreement recorded"),
        _K.REGISTERED: Text("已注册", "Registered as a trainee"),
        _K.REJECTED: Text("未录取", "Not admitted"),
        _K.DECLINED: Text("已放弃录取", "Offer declined"),
        _K.WITHDRAWN: Text("已撤回报名", "Application withdrawn"),
        _K.TRANSFERRED: Text("已调剂", "Transferred"),
        _K.EXPIRED: Text("逾期未确认", "Offer expired"),
        _K.NO_SHOW: Text("逾期未报到", "Place lost by not reporting"),
        _K.CANCELLED: Text("资格已取消", "Cancelled"),
        _K.REVERTED: Text("办理结果已撤回", "A step was taken back"),
        _K.QUIT_RECORDED: Text("已登记退出", "Recorded as leaving"),
        _K.REPORT_DEFERRED: Text("报到期限已延后", "Report deferred"),
        _K.INTERVIEW_BOOKED: Text("面试安排", "Interview arranged"),
        _K.INTERVIEW_MOVED: Text("面试时间或地点变更", "Interview moved"),
        _K.INTERVIEW_CANCELLED: Text("面试安排取消", "Interview cancelled"),
        _K.INTERVIEW_NEAR: Text("面试即将开始", "Interview is near"),
        _K.INVITED: Text("培训基地邀请", "Invitation of a base"),
        _K.SUBMISSION_NEAR: Text("报名即将截止", "Application closes soon"),
        _K.CONFIRMATION_NEAR: Text("确认即将截止", "Confirmation is due soon"),
        _K.REPORT_NEAR: Text("报到即将截止", "Report is due soon"),
        _K.AGREEMENT_NEAR: Text("协议签订即将截止", "Agreement is due soon"),
        _K.AGREEMENT_OVERDUE: Text("协议逾期未签", "Agreement is overdue"),
        _K.OFFER_DECLINED: Text("有人放弃录取", "An offer was declined"),
        _K.OBJECTION_FILED: Text("收到异议", "An objection was filed"),
        _K.PUBLICITY_ENDED: Text("公示结束", "Publicity has ended"),
        _K.ROUND_OPENED: Text("时段开始", "A window has opened"),
        _K.BROCHURE_APPROVED: Text("招生简章审核通过", "Brochure approved"),
        _K.BROCHURE_RETURNED: Text("招生简章已退回", "Brochure returned"),
        _K.ROUND_CLOSED: Text("时段结束", "A window has closed"),
        _K.AGREEMENT_MISSING: Text("学员协议逾期未签", "A trainee's agreement is overdue"),
        _K.WEBHOOK_DISABLED: Text("事件推送已停用", "Sending events was switched off"),
    }
)
"""What each kind is called."""


@dataclass(frozen=True, slots=True)
class Tells:
    """That an event is told to somebody as a notice of a kind."""

    kind: NoticeKind
    to: RecipientKind


_OF_STATE = {
    state: NoticeKind(state.value) for state in ApplicationState if state.value in set(NoticeKind)
}
_PERSON, _OFFICE = RecipientKind.APPLICANT, RecipientKind.OFFICE
_OF_EVENT = MappingProxyType(
    {
        "application.defer_report": (Tells(_K.REPORT_DEFERRED, _PERSON),),
        "interview.booked": (Tells(_K.INTERVIEW_BOOKED, _PERSON),),
        "interview.moved": (Tells(_K.INTERVIEW_MOVED, _PERSON),),
        "interview.cancelled": (Tells(_K.INTERVIEW_CANCELLED, _PERSON),),
        "interview.near": (Tells(_K.INTERVIEW_NEAR, _PERSON),),
        "submission.near": (Tells(_K.SUBMISSION_NEAR, _PERSON),),
        "confirmation.near": (Tells(_K.CONFIRMATION_NEAR, _PERSON),),
        "report.near": (Tells(_K.REPORT_NEAR, _PERSON),),
        "agreement.near": (Tells(_K.AGREEMENT_NEAR, _PERSON),),
        "agreement.overdue": (
            Tells(_K.AGREEMENT_OVERDUE, _PERSON),
            Tells(_K.AGREEMENT_MISSING, _OFFICE),
        ),
        "invitation.made": (Tells(_K.INVITED, _PERSON),),
        "objection.filed": (Tells(_K.OBJECTION_FILED, _OFFICE),),
        "publicity.ended": (Tells(_K.PUBLICITY_ENDED, _OFFICE),),
        "brochure.approved": (Tells(_K.BROCHURE_APPROVED, _OFFICE),),
        "brochure.returned": (Tells(_K.BROCHURE_RETURNED, _OFFICE),),
        "round.opened": (Tells(_K.ROUND_OPENED, _OFFICE),),
        "round.closed": (Tells(_K.ROUND_CLOSED, _OFFICE),),
        "webhook.disabled": (Tells(_K.WEBHOOK_DISABLED, RecipientKind.INTEGRATOR),),
    }
)


_OF_ACTION: Mapping[str | None, tuple[Tells, ...]] = MappingProxyType(
    {
        # Somebody who has trained for long is not told of being registered.
        "IMPORT": (),
        # What the office recorded itself it need not be told.
        "RECORD_QUIT": (Tells(_K.QUIT_RECORDED, _PERSON),),
        "REVERT": (Tells(_K.REVERTED, _PERSON),),
    }
)
"""What is told of an action, whatever state it led to."""


def told_by(name: str, action: str | None) -> tuple[Tells, ...]:
    """Return what an event named ``name`` tells; ``action`` is what was done, of a transition.

    A step that was taken back tells so, whatever state it led back to. What leaves a state as it
    was (one of two assessments, an objection that was refused) tells nothing.
    """
    if name in _OF_EVENT:
        return _OF_EVENT[name]
    noun, _, verb = name.partition(".")
    state = verb.upper()
    if noun != "application" or state not in set(ApplicationState):
        return ()
    if action in _OF_ACTION:
        return _OF_ACTION[action]
    kind = _OF_STATE.get(ApplicationState(state))
    found = () if kind is None else (Tells(kind, _PERSON),)
    if kind is _K.DECLINED:
        return (*found, Tells(_K.OFFER_DECLINED, _OFFICE))
    return found
