"""The way of an application: stages, records, what may be done, and its place in the ranking."""

from datetime import datetime

import strawberry

from zhupei.domain import admission_case
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Localized, declares, field
from zhupei.services.admissions import overviews
from zhupei.services.admissions.row_sources import TRANSITIONS

__all__ = ["AllowedAction", "Standing", "Timeline", "TimelineEntry", "TransitionRecord"]


@declares(
    admission_case.TimelineEntry,
    description="One stage of an application's way (进度节点): done, now, or to come.",
)
class TimelineEntry:
    """A stage."""

    state: ApplicationState = field(Attribute(), description="The state it leads to (状态).")
    label: Text = field(Localized(), description="What to call it (名称).")
    done_at: datetime | None = field(
        Attribute(), description="When it was reached; null while it was not (完成时间)."
    )
    current: bool = field(Attribute(), description="Whether the application stands here (当前).")
    actor: str | None = field(
        Attribute(), description="Whose turn it is, as the step names it (办理人)."
    )
    opens_at: datetime | None = field(
        Attribute(), description="When the time that is set for it begins (开始时间)."
    )
    closes_at: datetime | None = field(
        Attribute(), description="When it ends, that instant excluded (截止时间)."
    )
    steps: list[str] = field(
        Attribute(), description="Ids of the steps that have to be completed (环节标识)."
    )
    reason: str | None = field(
        Attribute(),
        description=(
            "Why the application ended here (理由), as whoever ended it wrote; null of every "
            "stage that is no end."
        ),
    )


@declares(
    admission_case.Way,
    description="What was done, what comes next, and what the applicant must do now (进度).",
)
class Timeline:
    """A way."""

    entries: list[TimelineEntry] = field(Attribute(), description="The stages in order (节点).")
    must_do: Text | None = field(
        Localized(),
        description=(
            "What the applicant must do next, if anything (待办); whether there is still time, "
            "`closesAt` of that stage and `allowedActions` tell."
        ),
    )


@declares(
    admission_case.AllowedAction,
    description="Whether something may be done by whoever asks, now (可办操作).",
)
class AllowedAction:
    """An action."""

    action: Action = field(Attribute(), description="What it is (操作).")
    allowed: bool = field(Attribute(), description="Whether it is allowed (是否可办).")
    reason: Text | None = field(
        Localized(), description="What stands against it; null where nothing does (不可办原因)."
    )


@declares(
    admission_case.TransitionRecord,
    TRANSITIONS.shown,
    description="One record of what was done with an application (办理记录); it never changes.",
)
class TransitionRecord:
    """A record."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    sequence: int = field(
        Attribute(), description="Its number among all records, without gaps (流水号)."
    )
    revision: int = field(
        Attribute(), description="Its number among those of the application, from 1 (版本)."
    )
    at: datetime = field(Attribute(), description="When (时间).")
    actor: str = field(Attribute(), description="Identifier of the account that did it (办理人).")
    action: Action = field(Attribute(), description="What was done (操作).")
    reason: str | None = field(Attribute(), description="Why (理由).")
    from_state: ApplicationState | None = field(
        Attribute(), description="State before; null for a new application (原状态)."
    )
    to_state: ApplicationState = field(Attribute(), description="State after (新状态).")
    rule_version: str = field(
        Attribute(), description="Version of the admission machine (流程版本)."
    )
    catalogue_hash: str = field(
        Attribute(), description="Version of the rules that decided (规则版本)."
    )
    bulk_operation_id: strawberry.ID | None = field(
        Attribute("bulk_operation"),
        description="The bulk step that it belongs to (批量操作标识).",
    )
    previous_hash: str = field(
        Attribute(), description="Hash of the application's record before (前一记录校验值)."
    )
    hash: str = field(Attribute(), description="Hash of this record (校验值).")


@declares(
    overviews.Standing,
    description=(
        "Where an application stands in the ranking of its opening and round (名次). Applicants "
        "see their own once the list of the round is published; staff who may read scores, always."
    ),
)
class Standing:
    """A place."""

    rank: int = field(Attribute(), description="Place among all that are ranked, from 1 (名次).")
    ranked: int = field(Attribute(), description="How many are ranked (参与排名人数).")
    reserve_place: int | None = field(
        Attribute(),
        description=(
            "Place on the reserve list, from 1 (候补名次): how many would have to give up their "
            "offer; null for who has an offer."
        ),
    )
    seats: int | None = field(
        Attribute(), description="Seats of the opening; null where not published (名额)."
    )
    seats_left: int | None = field(
        Attribute(), description="Seats of the opening that nobody holds (剩余名额)."
    )
