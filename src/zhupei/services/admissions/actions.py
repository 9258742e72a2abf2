"""Actions of admission: where each leads, from which states it is possible, and who may take it."""

from __future__ import annotations

from zhupei.domain.admission_process import EXITS, Action, ApplicationState

__all__ = ["FORWARD", "LEAVING", "PERMISSIONS"]

_S, _A = ApplicationState, Action

FORWARD: dict[Action, ApplicationState] = {
    _A.SUBMIT: _S.SUBMITTED,
    _A.RECOMMEND: _S.RECOMMENDED,
    _A.CHECK_ELIGIBILITY: _S.CHECKED,
    _A.RECORD_INTERVIEW: _S.ASSESSED,
    _A.RECORD_EXAMINATION: _S.ASSESSED,
    _A.RECORD_SCORES: _S.ASSESSED,
    _A.GIVE_OPINION: _S.OPINED,
    _A.REVIEW: _S.REVIEWED,
    _A.PROPOSE: _S.PROPOSED,
    _A.ALLOCATE: _S.PROPOSED,
    _A.PUBLISH: _S.IN_PUBLICITY,
    _A.CONFIRM: _S.CONFIRMED,
    _A.ADMIT: _S.ADMITTED,
    _A.NOTIFY: _S.NOTIFIED,
    _A.REPORT: _S.REPORTED,
    _A.SIGN_AGREEMENT: _S.CONTRACTED,
    _A.REGISTER: _S.REGISTERED,
}
"""The state that an action leads to, where the path has it next."""

_BEFORE_SEAT = frozenset(
    {_S.SUBMITTED, _S.RECOMMENDED, _S.CHECKED, _S.ASSESSED, _S.OPINED, _S.REVIEWED}
)
_OFFERED = frozenset({_S.PROPOSED, _S.IN_PUBLICITY, _S.CONFIRMED, _S.ADMITTED, _S.NOTIFIED})

LEAVING: dict[Action, frozenset[ApplicationState]] = {
    _A.WITHDRAW: frozenset({_S.DRAFT}) | _BEFORE_SEAT,
    _A.REJECT: _BEFORE_SEAT | {_S.PROPOSED},
    _A.DECLINE: _OFFERED,
    _A.AGREE_TO_TRANSFER: _BEFORE_SEAT | {_S.REJECTED},
    _A.WITHDRAW_CONSENT: _BEFORE_SEAT | {_S.REJECTED},
    _A.TRANSFER: frozenset({_S.ASSESSED, _S.OPINED, _S.REVIEWED, _S.REJECTED}),
    _A.EXPIRE: frozenset({_S.IN_PUBLICITY}),
    _A.DEFER_REPORT: frozenset({_S.NOTIFIED}),
    _A.RECORD_QUIT: frozenset({_S.REPORTED, _S.CONTRACTED}),
    _A.MARK_NO_SHOW: frozenset({_S.ADMITTED, _S.NOTIFIED}),
    _A.CANCEL_FOR_FRAUD: frozenset(_S) - EXITS,
    _A.OBJECT: frozenset({_S.IN_PUBLICITY, _S.CONFIRMED}),
    _A.RESOLVE_OBJECTION: frozenset({_S.IN_PUBLICITY, _S.CONFIRMED}),
    _A.MOVE_FILE: frozenset({_S.REGISTERED}),
    _A.REDUCE_TRAINING: frozenset({_S.REGISTERED}),
    _A.END_TRAINING: frozenset({_S.REGISTERED}),
    _A.ERASE: EXITS | {_S.DRAFT},
}
"""The states from which an action leaves the path, or in which it is possible."""


PERMISSIONS: dict[Action, str] = {
    _A.CREATE: "applications.submit",
    _A.SUBMIT: "applications.submit",
    _A.WITHDRAW: "applications.submit",
    _A.RECOMMEND: "applications.recommend",
    _A.CHECK_ELIGIBILITY: "applications.check",
    _A.RECORD_INTERVIEW: "applications.assess",
    _A.RECORD_EXAMINATION: "applications.assess",
    _A.RECORD_SCORES: "scores.sign",
    _A.GIVE_OPINION: "applications.opine",
    _A.REVIEW: "applications.decide",
    _A.PROPOSE: "applications.decide",
    _A.ALLOCATE: "rounds.manage",
    _A.REJECT: "applications.decide",
    _A.AGREE_TO_TRANSFER: "offers.answer",
    _A.WITHDRAW_CONSENT: "offers.answer",
    _A.TRANSFER: "applications.decide",
    _A.PUBLISH: "lists.publish",
    _A.OBJECT: "objections.raise",
    _A.RESOLVE_OBJECTION: "objections.decide",
    _A.CONFIRM: "offers.answer",
    _A.DECLINE: "offers.answer",
    _A.ADMIT: "applications.admit",
    _A.NOTIFY: "applications.admit",
    _A.EXPIRE: "applications.admit",
    _A.MARK_NO_SHOW: "applications.admit",
    _A.CANCEL_FOR_FRAUD: "applications.admit",
    _A.DEFER_REPORT: "registrations.write",
    _A.REPORT: "registrations.write",
    _A.SIGN_AGREEMENT: "registrations.write",
    _A.RECORD_QUIT: "registrations.write",
    _A.REGISTER: "registrations.write",
    _A.IMPORT: "registrations.write",
    _A.MOVE_FILE: "registrations.write",
    _A.REDUCE_TRAINING: "registrations.write",
    _A.END_TRAINING: "registrations.write",
    _A.ERASE: "applicants.write",
    _A.REVERT: "rounds.manage",
}
"""The permission that each action needs; `zhupei.domain.permissions` says which roles hold it."""
