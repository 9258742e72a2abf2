"""What the use cases of admissions take: one frozen input each.

``idempotency_key`` makes a repeated request answer as the first did, and do nothing again.
"""

from __future__ import annotations

from zhupei.services.admissions.inputs.decisions import (
    CancelForFraudInput,
    DecidePlanIncreaseInput,
    FreezeRoundInput,
    ImposeBanInput,
    LiftBanInput,
    LiftFreezeInput,
    RankingInput,
    RequestPlanIncreaseInput,
    RevertBulkInput,
    SearchApplicationsInput,
)
from zhupei.services.admissions.inputs.filing import (
    AgreeToTransferInput,
    AnswerInvitationInput,
    ApplicationInput,
    CreateApplicationInput,
    GiveOpinionInput,
    InviteCandidateInput,
    ReasonedInput,
    RecordEligibilityCheckInput,
    RecordScoreInput,
    ReviewApplicationInput,
    SubmitApplicationInput,
    TransferApplicationInput,
    WithdrawConsentInput,
)
from zhupei.services.admissions.inputs.offers import (
    AdmitInput,
    DeferReportInput,
    ExpireConfirmationsInput,
    FileObjectionInput,
    MarkNoShowsInput,
    ProposeAdmissionInput,
    PublishProposedListInput,
    RecordReportInput,
    ResolveObjectionInput,
    SendNoticeInput,
    SignAgreementInput,
)

__all__ = [
    "AdmitInput",
    "AgreeToTransferInput",
    "AnswerInvitationInput",
    "ApplicationInput",
    "CancelForFraudInput",
    "CreateApplicationInput",
    "DecidePlanIncreaseInput",
    "DeferReportInput",
    "ExpireConfirmationsInput",
    "FileObjectionInput",
    "FreezeRoundInput",
    "GiveOpinionInput",
    "ImposeBanInput",
    "InviteCandidateInput",
    "LiftBanInput",
    "LiftFreezeInput",
    "MarkNoShowsInput",
    "ProposeAdmissionInput",
    "PublishProposedListInput",
    "RankingInput",
    "ReasonedInput",
    "RecordEligibilityCheckInput",
    "RecordReportInput",
    "RecordScoreInput",
    "RequestPlanIncreaseInput",
    "ResolveObjectionInput",
    "RevertBulkInput",
    "ReviewApplicationInput",
    "SearchApplicationsInput",
    "SendNoticeInput",
    "SignAgreementInput",
    "SubmitApplicationInput",
    "TransferApplicationInput",
    "WithdrawConsentInput",
]
