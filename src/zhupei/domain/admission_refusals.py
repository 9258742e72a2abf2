"""Refusals: why something was not done, with findings, clause and the field that is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from zhupei.domain.eligibility import Finding
from zhupei.domain.sources import Source
from zhupei.domain.text import Text

__all__ = ["ApplicationProblem", "Refusal", "RefusalCode"]


class RefusalCode(StrEnum):
    """What stands against an action; every code has a section in docs/admissions.md."""

    AGREEMENT_KIND_WRONG = "AGREEMENT_KIND_WRONG"
    AGREEMENT_LATE = "AGREEMENT_LATE"
    ALLOCATION_INVALID = "ALLOCATION_INVALID"
    ALLOCATION_NOT_DECLARED = "ALLOCATION_NOT_DECLARED"
    ALLOCATION_OUTDATED = "ALLOCATION_OUTDATED"
    ALLOCATION_REQUIRED = "ALLOCATION_REQUIRED"
    ALREADY_ADMITTED = "ALREADY_ADMITTED"
    APPLICANT_BUSY = "APPLICANT_BUSY"
    BANNED = "BANNED"
    BROCHURE_CHANGED = "BROCHURE_CHANGED"
    BROCHURE_INCOMPLETE = "BROCHURE_INCOMPLETE"
    BROCHURE_LATE = "BROCHURE_LATE"
    BULK_NOT_REVERTIBLE = "BULK_NOT_REVERTIBLE"
    BULK_REFUSED = "BULK_REFUSED"
    CALENDAR_UNKNOWN = "CALENDAR_UNKNOWN"
    CAPACITY_EXCEEDED = "CAPACITY_EXCEEDED"
    CAPACITY_UNKNOWN = "CAPACITY_UNKNOWN"
    CHANNEL_WRONG = "CHANNEL_WRONG"
    CONFLICT = "CONFLICT"
    DIRECTION_UNKNOWN = "DIRECTION_UNKNOWN"
    DOCUMENTS_INCOMPLETE = "DOCUMENTS_INCOMPLETE"
    DUPLICATE = "DUPLICATE"
    ELIGIBILITY_INCOMPLETE = "ELIGIBILITY_INCOMPLETE"
    INCREASE_NOT_ALLOWED = "INCREASE_NOT_ALLOWED"
    INELIGIBLE = "INELIGIBLE"
    INPUT_INVALID = "INPUT_INVALID"
    INTERVIEWER_BUSY = "INTERVIEWER_BUSY"
    INTERVIEWER_UNKNOWN = "INTERVIEWER_UNKNOWN"
    INTERVIEW_NOT_FORESEEN = "INTERVIEW_NOT_FORESEEN"
    INVITATION_LIMIT = "INVITATION_LIMIT"
    INVITATION_NOT_OPEN = "INVITATION_NOT_OPEN"
    INVITED_HAS_PREFERENCE = "INVITED_HAS_PREFERENCE"
    LENGTH_UNKNOWN = "LENGTH_UNKNOWN"
    LIVE_PUBLICITY = "LIVE_PUBLICITY"
    MODE_NOT_ALLOWED = "MODE_NOT_ALLOWED"
    MUST_BE_KEPT = "MUST_BE_KEPT"
    NOT_ALLOWED_IN_STATE = "NOT_ALLOWED_IN_STATE"
    NOT_FOUND = "NOT_FOUND"
    NOT_PERMITTED = "NOT_PERMITTED"
    NO_SEAT = "NO_SEAT"
    NO_SHOW_NOT_DUE = "NO_SHOW_NOT_DUE"
    OBJECTION_OPEN = "OBJECTION_OPEN"
    PACKET_INCOMPLETE = "PACKET_INCOMPLETE"
    PLUGIN_FAILED = "PLUGIN_FAILED"
    PREFERENCE_LIMIT = "PREFERENCE_LIMIT"
    PUBLICITY_LENGTH_UNKNOWN = "PUBLICITY_LENGTH_UNKNOWN"
    PUBLICITY_NOT_LIVE = "PUBLICITY_NOT_LIVE"
    PUBLICITY_NOT_OVER = "PUBLICITY_NOT_OVER"
    QUOTAS_OVERLAP = "QUOTAS_OVERLAP"
    QUOTA_UNKNOWN = "QUOTA_UNKNOWN"
    RANK_SKIPPED = "RANK_SKIPPED"
    RECRUITMENT_SUSPENDED = "RECRUITMENT_SUSPENDED"
    REDUCTION_TOO_LONG = "REDUCTION_TOO_LONG"
    REPORT_DATE_UNKNOWN = "REPORT_DATE_UNKNOWN"
    REPORT_TOO_LATE = "REPORT_TOO_LATE"
    REVIEW_UNDECIDED = "REVIEW_UNDECIDED"
    ROUND_FROZEN = "ROUND_FROZEN"
    ROUND_UNKNOWN = "ROUND_UNKNOWN"
    SCORE_INVALID = "SCORE_INVALID"
    SCORE_SHEET_IMPOSSIBLE = "SCORE_SHEET_IMPOSSIBLE"
    SCORE_SHEET_OUTDATED = "SCORE_SHEET_OUTDATED"
    SCORES_LOOK_LIKE_RANKS = "SCORES_LOOK_LIKE_RANKS"
    SECOND_PERSON_NEEDED = "SECOND_PERSON_NEEDED"
    SLOT_CANCELLED = "SLOT_CANCELLED"
    SLOT_FULL = "SLOT_FULL"
    SLOT_NOT_CHOOSABLE = "SLOT_NOT_CHOOSABLE"
    SLOT_STARTED = "SLOT_STARTED"
    STEP_REFUSED = "STEP_REFUSED"
    TIES_UNDECIDED = "TIES_UNDECIDED"
    TIE_SEED_UNKNOWN = "TIE_SEED_UNKNOWN"
    TRAINING_ENDED = "TRAINING_ENDED"
    TRANSFER_NOT_AGREED = "TRANSFER_NOT_AGREED"
    TRANSFER_NOT_ALLOWED = "TRANSFER_NOT_ALLOWED"
    WEIGHTS_NOT_ONE = "WEIGHTS_NOT_ONE"
    WEIGHTS_UNKNOWN = "WEIGHTS_UNKNOWN"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    WINDOW_UNKNOWN = "WINDOW_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationProblem:
    """What stands against one application of a bulk step."""

    application: UUID
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """That something was not done, and nothing changed.

    ``source`` is the clause that the refusal rests on, ``field`` the part of the input that it
    concerns, in camelCase. ``problems`` lists the applications that a bulk step failed on.
    ``plugin`` and ``hook`` name who failed, where the code is PLUGIN_FAILED.
    """

    code: RefusalCode
    message: Text
    findings: tuple[Finding, ...] = ()
    source: Source | None = None
    field: str | None = None
    missing_facts: tuple[str, ...] = ()
    problems: tuple[ApplicationProblem, ...] = ()
    plugin: str | None = None
    hook: str | None = None
