"""What surrounds applications: lists, objections, invitations, increases, bulk steps."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from zhupei.domain import admission_case
from zhupei.domain.admission_case import InvitationState, PlanIncreaseState
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Computed, Localized, One, declares, field
from zhupei.graphql.types.references import ApplicationRef, BaseRef, OpeningRef, ProgramRef
from zhupei.graphql.types.related import related_application
from zhupei.services.admissions import bulk_rows
from zhupei.services.admissions.register_rows import (
    INVITATIONS,
    OBJECTIONS,
    PLAN_INCREASES,
    PROPOSED_LISTS,
)

__all__ = [
    "BulkOutcome",
    "Effect",
    "Invitation",
    "Objection",
    "PlanIncrease",
    "ProposedList",
    "RankedApplication",
]


@declares(
    admission_case.ProposedList,
    PROPOSED_LISTS.shown,
    description=(
        "A published list of proposed admissions and its publicity period (拟录取公示); it runs "
        "from `publishedAt` to 24:00 of `endsOn`."
    ),
)
class ProposedList:
    """A published list."""

    publicity_id: strawberry.ID = field(
        Attribute("id"), description="What `publicity(id:)` shows it by (公示标识)."
    )
    id: str = field(
        Attribute(),
        description="The same as `publicityId` (公示标识).",
        deprecation_reason=(
            "use `publicityId`: clients' caches take an `id` for unique in the whole graph; "
            "removed in 2.0"
        ),
    )
    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    published_at: datetime = field(Attribute(), description="When it was published (公示时间).")
    ends_on: date = field(Attribute(), description="Its last day, included (公示截止日).")
    ends_at: datetime = field(Attribute(), description="When publicity ends (公示截止时间).")
    working_days: int = field(Attribute(), description="Its length in working days (工作日数).")
    counts_first_day: bool = field(
        Attribute(), description="Whether the day of publication counts (是否计入发布当日)."
    )


@declares(
    admission_case.Objection,
    OBJECTIONS.shown,
    description="An objection against one application on a published list (异议).",
)
class Objection:
    """An objection."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    filed_at: datetime = field(Attribute(), description="When it was filed (提出时间).")
    text: str = field(Attribute(), description="What it says (内容).")
    upheld: bool | None = field(
        Attribute(), description="Whether it was upheld; null while it is open (是否成立)."
    )
    resolution: str | None = field(Attribute(), description="The decision, in words (处理意见).")
    resolved_at: datetime | None = field(Attribute(), description="When it was decided (处理时间).")


@declares(
    admission_case.Invitation,
    INVITATIONS.shown,
    description="A base's invitation to somebody who was not admitted (邀请).",
)
class Invitation:
    """An invitation."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the applicant (报考人标识)."
    )
    opening: OpeningRef | None = field(
        One("openings"), description="The opening it is for (招收专业)."
    )
    opening_code: str = field(Attribute("opening"), description="Its code (招收专业代码).")
    round: str = field(Attribute(), description="Code of the round (批次).")
    state: InvitationState = field(Attribute(), description="What became of it (状态).")
    invited_at: datetime = field(Attribute(), description="When it was made (邀请时间).")
    answered_at: datetime | None = field(
        Attribute(), description="When it was answered (答复时间)."
    )
    application: ApplicationRef | None = field(
        related_application("application"),
        description="The application that accepting handed in (报名).",
    )


@declares(
    admission_case.PlanIncrease,
    PLAN_INCREASES.shown,
    description="A request for more seats of an opening, within its capacity (增加招收计划).",
)
class PlanIncrease:
    """A request for more seats."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    opening: OpeningRef | None = field(One("openings"), description="The opening (招收专业).")
    opening_code: str = field(Attribute("opening"), description="Its code (招收专业代码).")
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    direction: str | None = field(Attribute(), description="Direction within it (方向).")
    seats: int = field(Attribute(), description="How many more seats (增加名额).")
    reason: str = field(Attribute(), description="Why (申请理由).")
    state: PlanIncreaseState = field(Attribute(), description="What became of it (状态).")
    requested_at: datetime = field(Attribute(), description="When it was asked for (申请时间).")
    decided_at: datetime | None = field(Attribute(), description="When it was decided (审批时间).")
    decision_reason: str | None = field(
        Attribute(), description="Why it was decided so (审批意见)."
    )


@declares(
    admission_case.Effect,
    description="What a bulk step does, or would do, to one application (逐项影响).",
)
class Effect:
    """An effect."""

    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    application: ApplicationRef | None = field(
        related_application("application"), description="The application as it is now (报名)."
    )
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the applicant (报考人标识)."
    )
    opening: OpeningRef | None = field(One("openings"), description="The opening (招收专业).")
    from_state: ApplicationState = field(Attribute(), description="State before (原状态).")
    to_state: ApplicationState = field(Attribute(), description="State after (新状态).")
    seats: int = field(
        Attribute(), description="Seats taken; negative where one is given up (占用名额)."
    )
    other_application_ids: list[strawberry.ID] = field(
        Attribute("others"),
        description=(
            "The same person's other open applications (其他未结报名): no step touches them; they "
            "are shown so that whoever decides sees them."
        ),
    )
    notes: list[Text] = field(
        Localized(),
        description=(
            "What else to know of it (说明), such as what the letter of admission would lack: it "
            "is not made then."
        ),
    )


@declares(
    admission_case.BulkOutcome,
    bulk_rows.KeptOutcome,
    bulk_rows.BULK_STEPS.shown,
    description=(
        "What a bulk step did (批量操作结果); with `dryRun`, what it would do, nothing having been "
        "written."
    ),
)
class BulkOutcome:
    """An outcome."""

    operation_id: strawberry.ID | None = field(
        Attribute("operation"),
        description="Identifier for `revertBulk` (操作标识); null for a dry run and for nobody.",
    )
    action: Action = field(Attribute(), description="What was done (操作).")
    dry_run: bool = field(Attribute(), description="Whether nothing was written (是否试算).")
    effects: list[Effect] = field(
        Attribute(), description="What happens to each application (逐项影响)."
    )
    publicity: ProposedList | None = field(
        Attribute(), description="The list that is published by it (公示名单)."
    )
    reverted_at: datetime | None = field(
        Attribute(optional=True),
        description="When it was taken back; null while it stands (撤回时间).",
    )


def _place(root: strawberry.Parent[admission_case.RankedApplication]) -> int:
    return root.rank.place


@declares(
    admission_case.RankedApplication,
    description="One place of a ranking by weighted scores (排名).",
)
class RankedApplication:
    """A place."""

    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    application: ApplicationRef | None = field(
        related_application("application"), description="The application (报名)."
    )
    rank: int = field(Computed(_place), description="The place, from 1 (名次).")
    total: Decimal = field(Attribute(), description="The weighted score out of 100 (总分).")
    state: ApplicationState = field(Attribute(), description="Where it stands (状态).")
