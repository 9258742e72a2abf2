"""Webhooks of integrators, with the log of what was delivered to them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.domain import webhooks
from zhupei.domain.webhooks import EVENT_TYPES, DeliveryState, WebhookState, type_of
from zhupei.graphql.asked import reads
from zhupei.graphql.context import GraphContext
from zhupei.graphql.enums import show
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.pages import checked_first
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, Localized, One, declares, field
from zhupei.graphql.types.references import BaseRef, JurisdictionRef
from zhupei.services.webhooks import outcomes
from zhupei.services.webhooks.outcomes import AttemptOutcome
from zhupei.services.webhooks.rows import WEBHOOKS

__all__ = [
    "EventType",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookSecret",
    "event_types",
]

show(
    WebhookState,
    "Whether events are sent to a webhook (订阅状态).",
    {
        WebhookState.ACTIVE: "Events are sent (启用).",
        WebhookState.PAUSED: "Its owner lets it rest (暂停).",
        WebhookState.DISABLED: "It failed for too long, or answered that it is gone (停用).",
    },
)
show(
    DeliveryState,
    "Where the delivery of an event stands (推送状态).",
    {
        DeliveryState.WAITING: "Waits for its first or its next attempt (待推送).",
        DeliveryState.DELIVERED: "The endpoint has taken it (已送达).",
        DeliveryState.DEAD: "Given up after some days; it can be replayed (已放弃).",
    },
    name="WebhookDeliveryState",
)
show(
    AttemptOutcome,
    "How one attempt to deliver an event ended (推送结果).",
    {
        AttemptOutcome.DELIVERED: "Answered with a status of 200 to 299 (已接收).",
        AttemptOutcome.REFUSED: "Another status; redirects are not followed (被拒绝).",
        AttemptOutcome.BLOCKED: "The name leads to an address that may not be reached (已拦截).",
        AttemptOutcome.UNREACHABLE: "The name has no address, or nobody answers (无法连接).",
        AttemptOutcome.UNTRUSTED: "The certificate is not valid for the name (证书无效).",
        AttemptOutcome.TIMED_OUT: "It took longer than allowed (超时).",
        AttemptOutcome.PROTOCOL: "What came back is no answer in HTTP (应答无效).",
        AttemptOutcome.INTERRUPTED: (
            "The worker ended in between: it may have arrived, and is sent again (推送中断)."
        ),
        AttemptOutcome.NOT_SIGNED: "It could not be signed; the log says why (签名失败).",
    },
    name="WebhookOutcome",
)


@declares(
    outcomes.Attempt,
    description="One attempt to deliver an event (推送记录); what was answered is not kept.",
)
class WebhookAttempt:
    """An attempt."""

    number: int = field(Attribute(), description="Which attempt it was, from 1 (第几次).")
    at: datetime = field(Attribute(), description="When it ended (时间).")
    outcome: AttemptOutcome = field(Attribute(), description="How it ended (结果).")
    status: int | None = field(
        Attribute(), description="Status of the answer; null where there was none (状态码)."
    )
    milliseconds: int | None = field(
        Attribute(), description="How long it took; null where nobody knows (耗时毫秒)."
    )


@declares(
    outcomes.Delivery,
    outcomes.DELIVERIES.shown,
    description="The delivery of one event to one webhook (事件推送), with every attempt.",
)
class WebhookDelivery:
    """A delivery."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    event: strawberry.ID = field(
        Attribute(),
        description=(
            "Identifier of the event (事件标识): `webhook-id` and the event's `id`, the same in "
            "every attempt and replay."
        ),
    )
    type: str = field(
        Attribute(), description="Type of the event, as `zhupei.application.admitted` (事件类型)."
    )
    subject: str = field(
        Attribute(), description="Global id of what the event is about (事件对象)."
    )
    at: datetime = field(Attribute(), description="When it happened (发生时间).")
    base: BaseRef | None = field(One("bases", by="base"), description="The base (培训基地).")
    state: DeliveryState = field(Attribute(), description="Where it stands (状态).")
    queued_at: datetime = field(
        Attribute(), description="When it was queued, or replayed the last time (入队时间)."
    )
    next_attempt_at: datetime | None = field(
        Attribute(), description="When it is tried next; null once it is settled (下次推送时间)."
    )
    settled_at: datetime | None = field(
        Attribute(), description="When it arrived or was given up (办结时间)."
    )
    attempts: list[WebhookAttempt] = field(
        Attribute(), description="Every attempt, the first one first (推送记录)."
    )


@declares(
    webhooks.WebhookSecret,
    description="A secret that events are signed with (签名密钥); never its text.",
)
class WebhookSecret:
    """A secret."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    created_at: datetime = field(Attribute(), description="When it was made (创建时间).")
    expires_at: datetime | None = field(
        Attribute(), description="Until when it signs; null for the present one (失效时间)."
    )


async def _deliveries(
    context: GraphContext,
    names: Names,
    states: Annotated[
        list[DeliveryState] | None,
        strawberry.argument(description="States (状态); all by default, none with an empty list."),
    ] = None,
    first: Annotated[
        int | None,
        strawberry.argument(description="How many to give, 1 to 100 (数量); 20 by default."),
    ] = None,
    before: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Older than this delivery only, for the next page (标识)."),
    ] = None,
) -> PageQuery:
    last = None if before is None else read_id(before, "before", context)
    query = outcomes.delivery_query(names, states=states, before=last)
    query.first = checked_first(first, context)
    return query


@reads("secrets")
def _live(root: strawberry.Parent[webhooks.Webhook], info: GraphInfo) -> list[WebhookSecret]:
    now = info.context.clock()
    found: Any = [each for each in root.secrets if each.expires_at is None or each.expires_at > now]
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@declares(
    webhooks.Webhook,
    WEBHOOKS.shown,
    description=(
        "An address to which events are sent (事件订阅, webhook), signed and tried until they "
        "arrive. It receives what its account may be told of when an event happens."
    ),
)
class Webhook:
    """A webhook."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    url: str = field(Attribute(), description="Where events are sent (接收网址).")
    name: str | None = field(Attribute(), description="Name of the owner's own choice (名称).")
    event_types: list[str] = field(
        Attribute(),
        description=(
            "Which events are sent: types, `zhupei.application.*` for all of a noun, `*` for all "
            "(事件类型)."
        ),
    )
    base: BaseRef | None = field(
        One("bases", by="base"), description="Events of this base only (限定培训基地)."
    )
    jurisdiction: JurisdictionRef | None = field(
        One("jurisdictions", by="jurisdiction"),
        description="Events of this jurisdiction and what lies below it only (限定辖区).",
    )
    state: WebhookState = field(Attribute(), description="Whether events are sent (状态).")
    state_reason: str | None = field(
        Localized(), description="Why it was disabled; null where it was not (停用原因)."
    )
    failing_since: datetime | None = field(
        Attribute(),
        description="Since when nothing arrives there; null while it fares well (失败起始时间).",
    )
    created_at: datetime = field(Attribute(), description="When it was made (创建时间).")
    updated_at: datetime = field(Attribute(), description="When it was last changed (更新时间).")
    revision: int = field(
        Attribute(), description="Given back with a change, so that none is overwritten (版本号)."
    )
    secrets: list[WebhookSecret] = field(
        Computed(_live), description="Secrets that sign now, the present one first (签名密钥)."
    )
    deliveries: list[WebhookDelivery] = field(
        Found(outcomes.DELIVERIES, _deliveries, by="webhook"),
        description="What was sent, the newest first (推送记录).",
    )


@strawberry.type(description="A type of event that may be subscribed to (事件类型).")
class EventType:
    """A type."""

    type: str = strawberry.field(description="Its name, as CloudEvents carry it (类型名称).")
    description: str = strawberry.field(description="What it means (含义).")


def event_types(info: GraphInfo) -> list[EventType]:
    """Return every type, in the language of the request."""
    return [
        EventType(type=type_of(name), description=label.get(info.context.language))
        for name, label in EVENT_TYPES.items()
    ]
