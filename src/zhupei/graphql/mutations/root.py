"""The root type of what may be done: every mutation of the core; plugins add none."""

import strawberry

from zhupei.graphql.mutations.accounts import AccountMutations
from zhupei.graphql.mutations.allocation import AllocationMutations
from zhupei.graphql.mutations.applying import ApplyingMutations
from zhupei.graphql.mutations.assessing import AssessingMutations
from zhupei.graphql.mutations.brochures import BrochureMutations
from zhupei.graphql.mutations.calendars import CalendarMutations
from zhupei.graphql.mutations.claiming import ClaimingMutations
from zhupei.graphql.mutations.files import FileMutations
from zhupei.graphql.mutations.interviews import InterviewMutations
from zhupei.graphql.mutations.notices import NoticeMutations
from zhupei.graphql.mutations.offers import OfferMutations
from zhupei.graphql.mutations.privacy import PrivacyMutations
from zhupei.graphql.mutations.registering import RegisteringMutations
from zhupei.graphql.mutations.rounds import RoundMutations
from zhupei.graphql.mutations.score_sheets import ScoreSheetMutations
from zhupei.graphql.mutations.sending_units import SendingUnitMutations
from zhupei.graphql.mutations.training import TrainingMutations
from zhupei.graphql.mutations.webhooks import WebhookMutations

__all__ = ["Mutation"]


@strawberry.type(
    name="Mutation",
    description=(
        "What may be done (操作). Each takes one `input` with an idempotency key and answers the "
        "changed object or a typed refusal, after which nothing has changed. Plugins add none: "
        "they judge these, and are told of them."
    ),
)
class Mutation(
    AccountMutations,
    AllocationMutations,
    ApplyingMutations,
    AssessingMutations,
    NoticeMutations,
    OfferMutations,
    PrivacyMutations,
    RegisteringMutations,
    FileMutations,
    ClaimingMutations,
    RoundMutations,
    InterviewMutations,
    ScoreSheetMutations,
    BrochureMutations,
    CalendarMutations,
    SendingUnitMutations,
    TrainingMutations,
    WebhookMutations,
):
    """The root type of the core's mutations."""
