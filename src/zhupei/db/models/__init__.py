"""The tables, one module per noun; Tortoise reads the models from here."""

from __future__ import annotations

from zhupei.db.models.account import Account
from zhupei.db.models.allocation import (
    AllocationChoiceRow,
    AllocationPlaceRow,
    AllocationRunRow,
)
from zhupei.db.models.applicant import Applicant, ApplicantIdentity
from zhupei.db.models.applicant_claim import ApplicantClaim, ApplicantClaimFailure
from zhupei.db.models.applicant_file import ApplicantFile
from zhupei.db.models.application import ApplicationRow
from zhupei.db.models.ban import BanRow
from zhupei.db.models.brochure import (
    BrochureContentRow,
    BrochurePublicationRow,
    BrochureRow,
)
from zhupei.db.models.bulk_operation import BulkOperationRow, RoundFreezeRow
from zhupei.db.models.calendar_token import CalendarTokenRow
from zhupei.db.models.catalogue_version import CatalogueVersion
from zhupei.db.models.deadline import DeadlineRow
from zhupei.db.models.idempotency import Idempotency
from zhupei.db.models.interview_slot import (
    InterviewBookingRow,
    InterviewPanelRow,
    InterviewSlotRow,
)
from zhupei.db.models.invitation import InvitationRow
from zhupei.db.models.notice import NoticeDeliveryRow, NoticeRow
from zhupei.db.models.operation import OperationRow
from zhupei.db.models.outbox import OutboxRow
from zhupei.db.models.plan_increase import PlanIncreaseRow
from zhupei.db.models.publicity import ObjectionRow, PublicityRow
from zhupei.db.models.published_list import PublishedListRow
from zhupei.db.models.role_grant import RoleGrant
from zhupei.db.models.score import ScoreRow
from zhupei.db.models.score_sheet import ScoreSheetRow
from zhupei.db.models.seat import SeatRow
from zhupei.db.models.sending_unit import SendingUnitPersonRow, SendingUnitRow
from zhupei.db.models.state_record import StateRecordRow
from zhupei.db.models.trainee import TraineePaymentRow, TraineeRow
from zhupei.db.models.transition import AuditHeadRow, TransitionRow
from zhupei.db.models.webhook import (
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookRow,
    WebhookSecretRow,
)

__all__ = [
    "Account",
    "AllocationChoiceRow",
    "AllocationPlaceRow",
    "AllocationRunRow",
    "Applicant",
    "ApplicantClaim",
    "ApplicantClaimFailure",
    "ApplicantFile",
    "ApplicantIdentity",
    "ApplicationRow",
    "AuditHeadRow",
    "BanRow",
    "BrochureContentRow",
    "BrochurePublicationRow",
    "BrochureRow",
    "BulkOperationRow",
    "CalendarTokenRow",
    "CatalogueVersion",
    "DeadlineRow",
    "Idempotency",
    "InterviewBookingRow",
    "InterviewPanelRow",
    "InterviewSlotRow",
    "InvitationRow",
    "NoticeDeliveryRow",
    "NoticeRow",
    "ObjectionRow",
    "OperationRow",
    "OutboxRow",
    "PlanIncreaseRow",
    "PublicityRow",
    "PublishedListRow",
    "RoleGrant",
    "RoundFreezeRow",
    "ScoreRow",
    "ScoreSheetRow",
    "SeatRow",
    "SendingUnitPersonRow",
    "SendingUnitRow",
    "StateRecordRow",
    "TraineePaymentRow",
    "TraineeRow",
    "TransitionRow",
    "WebhookAttemptRow",
    "WebhookDeliveryRow",
    "WebhookRow",
    "WebhookSecretRow",
]
