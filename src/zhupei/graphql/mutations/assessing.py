"""Mutations of offices and specialty bases: checking, assessing, judging, proposing, moving."""

from decimal import Decimal
from typing import Any

import strawberry

from zhupei.graphql.mutations.declaration import Repeatable, mutation, use_case
from zhupei.graphql.mutations.payloads import ApplicationPayload, InvitationPayload
from zhupei.services import admissions
from zhupei.services.admissions import inputs

__all__ = ["AssessingMutations"]

_APPLICATION = "Identifier of the application (报名标识)."


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="A decision on one rule that asks for a review (审核决定).")
class ReviewDecisionInput:
    """A decision."""

    rule: str = strawberry.field(description="Id of the rule (规则标识).")
    accepted: bool = strawberry.field(description="Whether it is accepted (是否通过).")
    reason: str = strawberry.field(description="Why (理由).")


@strawberry.input(description="What recording the eligibility check needs (资格审核).")
class RecordEligibilityCheckInput(Repeatable):
    """Checking."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    passed: bool = strawberry.field(description="Whether it was passed; if not, it rejects (通过).")
    decisions: list[ReviewDecisionInput] | None = _left_out(
        "One for each rule that asks for a review (审核决定)."
    )
    reason: str | None = _left_out("Why it was not passed (理由).")


@strawberry.input(
    description=(
        "What recording a score needs (录入成绩): points, and the full mark that was used. A place "
        "in a ranking is no score."
    )
)
class _ScoreInput(Repeatable):
    """A score."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    points: Decimal = strawberry.field(description="Points, such as `86.5` (得分).")
    of: int = strawberry.field(description="The full mark, such as 100 (满分).")
    documents: list[str] | None = _left_out("Ids of documents that were shown (出示的材料).")
    note: str | None = _left_out("A remark, kept with the record (备注).")


@strawberry.input(description="What recording an interview needs (录入面试成绩).")
class RecordInterviewInput(_ScoreInput):
    """An interview."""


@strawberry.input(description="What recording an examination needs (录入考核成绩).")
class RecordExaminationInput(_ScoreInput):
    """An examination."""


@strawberry.input(description="One part of the result packet (考核材料).")
class PacketPartInput:
    """A part."""

    title: str = strawberry.field(description="Its title, as configured (标题).")
    text: str = strawberry.field(description="What it says (内容).")


@strawberry.input(description="What giving the specialty base's opinion needs (专业基地意见).")
class GiveOpinionInput(Repeatable):
    """An opinion."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    admit: bool = strawberry.field(
        description="Whether to admit (是否同意录取); if not, it rejects."
    )
    opinion: str = strawberry.field(description="The opinion, in words (意见).")
    packet: list[PacketPartInput] | None = _left_out("The result packet (考核材料).")


@strawberry.input(description="What reviewing an application needs (培训基地审核).")
class ReviewApplicationInput(Repeatable):
    """A review."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    approved: bool = strawberry.field(
        description="Whether it is approved (是否通过); if not, it rejects."
    )
    reason: str | None = _left_out("Why it is not (理由).")


@strawberry.input(description="What rejecting an application needs (不予录取).")
class RejectApplicationInput(Repeatable):
    """Rejecting."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    reason: str = strawberry.field(description="Why (理由).")


@strawberry.input(description="What a transfer to another opening needs (调剂).")
class TransferApplicationInput(Repeatable):
    """Transferring."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    opening: str = strawberry.field(
        description="Code of the opening that the person moves to (调入的招收专业代码)."
    )
    direction: str | None = _left_out("Id of the direction there (方向).")
    reason: str = strawberry.field(description="Why (理由).")
    consent: str | None = _left_out(
        "How the person agreed, such as a signed form and its day (同意形式): needed where they "
        "have not done so by `agreeToTransfer`."
    )


@strawberry.input(description="What inviting somebody needs (邀请).")
class InviteCandidateInput(Repeatable):
    """Inviting."""

    applicant: strawberry.ID = strawberry.field(
        description="Identifier of the applicant (报考人标识)."
    )
    opening: str = strawberry.field(description="Code of the opening (招收专业代码).")
    round: str = strawberry.field(description="Code of the round (批次).")


@strawberry.input(description="What cancelling for fraud needs (因弄虚作假取消).")
class CancelForFraudInput(Repeatable):
    """Cancelling."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    reason: str = strawberry.field(description="What was found (事由).")


@strawberry.type
class AssessingMutations:
    """What offices and specialty bases do with one application before it is published."""

    record_eligibility_check: ApplicationPayload | None = mutation(
        use_case(
            admissions.record_eligibility_check,
            inputs.RecordEligibilityCheckInput,
            RecordEligibilityCheckInput,
        ),
        "applications.check",
        description=(
            "Record the check of eligibility and documents (资格审核); every rule under review "
            "needs a decision with a reason."
        ),
    )
    record_interview: ApplicationPayload | None = mutation(
        use_case(admissions.record_interview, inputs.RecordScoreInput, RecordInterviewInput),
        "applications.assess",
        description="Record the score of the interview (录入面试成绩).",
    )
    record_examination: ApplicationPayload | None = mutation(
        use_case(admissions.record_examination, inputs.RecordScoreInput, RecordExaminationInput),
        "applications.assess",
        description="Record the score of the examination (录入考核成绩).",
    )
    give_opinion: ApplicationPayload | None = mutation(
        use_case(admissions.give_opinion, inputs.GiveOpinionInput, GiveOpinionInput),
        "applications.opine",
        description="Give the specialty base's opinion with the result packet (专业基地意见).",
    )
    review_application: ApplicationPayload | None = mutation(
        use_case(
            admissions.review_application, inputs.ReviewApplicationInput, ReviewApplicationInput
        ),
        "applications.decide",
        description="Record the base's review, or the host's selection (培训基地审核).",
    )
    reject_application: ApplicationPayload | None = mutation(
        use_case(admissions.reject_application, inputs.ReasonedInput, RejectApplicationInput),
        "applications.decide",
        description="Reject an application before it is published (不予录取).",
    )
    transfer_application: ApplicationPayload | None = mutation(
        use_case(
            admissions.transfer_application,
            inputs.TransferApplicationInput,
            TransferApplicationInput,
        ),
        "applications.decide",
        description=(
            "Move somebody to another opening of the same recruitment (调剂); answers the new "
            "application."
        ),
    )
    invite_candidate: InvitationPayload | None = mutation(
        use_case(admissions.invite_candidate, inputs.InviteCandidateInput, InviteCandidateInput),
        "applications.decide",
        description="Invite somebody who was not admitted (邀请).",
    )
    cancel_for_fraud: ApplicationPayload | None = mutation(
        use_case(admissions.cancel_for_fraud, inputs.CancelForFraudInput, CancelForFraudInput),
        "applications.admit",
        description=(
            "Cancel an application, and its admission if there was one, for fraud "
            "(因弄虚作假取消); no other application of the person is touched."
        ),
    )
