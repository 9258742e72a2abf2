"""Queries about the webhooks of whoever asks, and the events that there are."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of
from zhupei.graphql.permissions import permitted_inside
from zhupei.graphql.sources import Computed, GraphInfo, field
from zhupei.graphql.types.webhooks import EventType, Webhook, event_types
from zhupei.graphql.webhook_access import held_somewhere
from zhupei.services.webhooks.rows import owned_webhook, owned_webhooks

__all__ = ["WebhookQueries"]

_READ = "events.read"


async def _webhooks(info: GraphInfo) -> list[Webhook]:
    context = info.context
    await held_somewhere(context, _READ)
    account, database = account_of(context), context.database
    if account is None or database is None:
        return []
    with database.use():
        found: Any = await owned_webhooks(account, context.clock())
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _webhook(
    info: GraphInfo,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the webhook (标识).")
    ],
) -> Webhook | None:
    context: GraphContext = info.context
    await held_somewhere(context, _READ)
    account, database = account_of(context), context.database
    try:
        key = UUID(id)
    except ValueError:
        return None
    if account is None or database is None:
        return None
    with database.use():
        found: Any = await owned_webhook(account, key, context.clock())
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class WebhookQueries:
    """Fields of the root type about events out."""

    webhooks: list[Webhook] | None = permitted_inside(
        field(
            Computed(_webhooks),
            description="One's own webhooks, in the order of their making (事件订阅).",
        ),
        _READ,
    )
    webhook: Webhook | None = permitted_inside(
        field(
            Computed(_webhook),
            description="One of one's own webhooks (事件订阅); null where there is no such one.",
        ),
        _READ,
    )
    event_types: list[EventType] = field(
        Computed(event_types),
        description="Every type of event that can be subscribed to (事件类型列表).",
    )
