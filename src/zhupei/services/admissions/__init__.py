"""The use cases of admissions, one function each.

Every use case is ``async def verb(desk: Desk, given: <Verb>Input) -> <changed object> | Refusal``:

| use case | input | answers |
|---|---|---|
| create_application | CreateApplicationInput | AdmissionCase |
| submit_application | SubmitApplicationInput | AdmissionCase |
| withdraw_application | ReasonedInput | AdmissionCase |
| recommend_application | ApplicationInput | AdmissionCase |
| record_eligibility_check | RecordEligibilityCheckInput | AdmissionCase |
| record_interview, record_examination | RecordScoreInput | AdmissionCase |
| give_opinion | GiveOpinionInput | AdmissionCase |
| review_application | ReviewApplicationInput | AdmissionCase |
| propose_admission | ProposeAdmissionInput | BulkOutcome |
| publish_proposed_list | PublishProposedListInput | BulkOutcome (with its ProposedList) |
| file_objection | FileObjectionInput | Objection |
| resolve_objection | ResolveObjectionInput | Objection |
| confirm_admission | ApplicationInput | AdmissionCase |
| decline_admission | ReasonedInput | AdmissionCase |
| expire_confirmations | ExpireConfirmationsInput | BulkOutcome |
| admit | AdmitInput | BulkOutcome |
| send_notice | SendNoticeInput | BulkOutcome |
| defer_report | DeferReportInput | AdmissionCase |
| record_report | RecordReportInput | AdmissionCase |
| record_quit | ReasonedInput | AdmissionCase |
| sign_agreement | SignAgreementInput | AdmissionCase |
| register_trainee | RegisterTraineeInput or ApplicationInput | AdmissionCase |
| reduce_training | ReduceTrainingInput | Registration |
| record_file_transfer | RecordFileTransferInput | Registration |
| end_training | EndTrainingInput | TrainingEnd |
| record_payments | RecordPaymentsInput | tuple[TraineePayment, ...] |
| cancel_payment | CancelPaymentInput | TraineePayment |
| reject_application | ReasonedInput | AdmissionCase |
| agree_to_transfer | AgreeToTransferInput | AdmissionCase |
| withdraw_consent | WithdrawConsentInput | ConsentWithdrawal |
| transfer_application | TransferApplicationInput | AdmissionCase (the new one) |
| invite_candidate | InviteCandidateInput | Invitation |
| answer_invitation | AnswerInvitationInput | Invitation |
| mark_no_shows | MarkNoShowsInput | BulkOutcome |
| cancel_for_fraud | CancelForFraudInput | AdmissionCase |
| impose_ban | ImposeBanInput | Ban |
| lift_ban | LiftBanInput | Ban |
| request_plan_increase | RequestPlanIncreaseInput | PlanIncrease |
| decide_plan_increase | DecidePlanIncreaseInput | PlanIncrease |
| freeze_round | FreezeRoundInput | RoundFreeze |
| lift_freeze | LiftFreezeInput | RoundFreeze |
| revert_bulk | RevertBulkInput | BulkOutcome |

Questions: ``application_of(desk, id) -> AdmissionCase | None``, ``applications_of(desk,
SearchApplicationsInput) -> tuple[AdmissionCase, ...]``, ``timeline_of(desk, id) -> Timeline |
None``, ``allowed_actions(desk, id) -> tuple[AllowedAction, ...]``, ``ranking_of(desk,
RankingInput) -> tuple[RankedApplication, ...] | Refusal``. Whoever may not see an application
gets None.
"""

from __future__ import annotations

from zhupei.services.admissions.arrivals import (
    cancel_for_fraud,
    defer_report,
    mark_no_shows,
    record_quit,
    record_report,
    sign_agreement,
)
from zhupei.services.admissions.assessing import (
    give_opinion,
    record_eligibility_check,
    record_examination,
    record_interview,
    reject_application,
    review_application,
)
from zhupei.services.admissions.bans import impose_ban, lift_ban
from zhupei.services.admissions.bulk import revert_bulk
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.filing import (
    before_files,
    create_application,
    recommend_application,
    submit_application,
    withdraw_application,
)
from zhupei.services.admissions.invitations import answer_invitation, invite_candidate
from zhupei.services.admissions.objections import file_objection, resolve_objection
from zhupei.services.admissions.offers import (
    admit,
    confirm_admission,
    decline_admission,
    expire_confirmations,
    propose_admission,
    publish_proposed_list,
    send_notice,
)
from zhupei.services.admissions.payments import cancel_payment, record_payments
from zhupei.services.admissions.personnel_files import record_file_transfer
from zhupei.services.admissions.plans import (
    decide_plan_increase,
    freeze_round,
    lift_freeze,
    request_plan_increase,
)
from zhupei.services.admissions.questions import (
    allowed_actions,
    application_of,
    applications_of,
    ranking_of,
    timeline_of,
)
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.training import reduce_training, register_trainee
from zhupei.services.admissions.training_ends import end_training
from zhupei.services.admissions.transfers import (
    agree_to_transfer,
    transfer_application,
    withdraw_consent,
)

__all__ = [
    "Desk",
    "Refusal",
    "RefusalCode",
    "admit",
    "agree_to_transfer",
    "allowed_actions",
    "answer_invitation",
    "application_of",
    "applications_of",
    "before_files",
    "cancel_for_fraud",
    "cancel_payment",
    "confirm_admission",
    "create_application",
    "decide_plan_increase",
    "decline_admission",
    "defer_report",
    "end_training",
    "expire_confirmations",
    "file_objection",
    "freeze_round",
    "give_opinion",
    "impose_ban",
    "invite_candidate",
    "lift_ban",
    "lift_freeze",
    "mark_no_shows",
    "propose_admission",
    "publish_proposed_list",
    "ranking_of",
    "recommend_application",
    "record_eligibility_check",
    "record_examination",
    "record_file_transfer",
    "record_interview",
    "record_payments",
    "record_quit",
    "record_report",
    "reduce_training",
    "register_trainee",
    "reject_application",
    "request_plan_increase",
    "resolve_objection",
    "revert_bulk",
    "review_application",
    "send_notice",
    "sign_agreement",
    "submit_application",
    "timeline_of",
    "transfer_application",
    "withdraw_application",
    "withdraw_consent",
]
