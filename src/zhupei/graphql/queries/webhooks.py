"""Queries about the webhooks of whoever asks, and the events that there are."""

from typing import Annotated
from uuid import UUID

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.permissions import permitted_inside
from zhupei.graphql.sources import Computed, field
from zhupei.graphql.types.webhooks import EventType, Webhook, event_types
from zhupei.graphql.webhook_access import held_somewhere
from zhupei.services.webhooks.managing import MOST_WEBHOOKS
from zhupei.services.webhooks.rows import WEBHOOKS, webhook_query

__all__ = ["WebhookQueries"]

_READ = "events.read"


async def _webhooks(context: GraphContext, names: Names) -> PageQuery:
    await held_somewhere(context, _READ)
    query = webhook_query(names, account=account_of(context) or _NOBODY)
    query.first = MOST_WEBHOOKS
    return query


# Plugins' actors are no accounts of ours, and have no webhooks.
_NOBODY = UUID(int=0)


async def _webhook(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the webhook (标识).")
    ],
) -> PageQuery | None:
    await held_somewhere(context, _READ)
    try:
        key = UUID(id)
    except ValueError:
        return None
    return webhook_query(names, account=account_of(context) or _NOBODY, webhook=key)


@strawberry.type
class WebhookQueries:
    """Fields of the root type about events out."""

    webhooks: list[Webhook] | None = permitted_inside(
        field(
            Found(WEBHOOKS, _webhooks),
            description="One's own webhooks, in the order of their making (事件订阅).",
        ),
        _READ,
    )
    webhook: Webhook | None = permitted_inside(
        field(
            Found(WEBHOOKS, _webhook, single=True),
            description="One of one's own webhooks (事件订阅); null where there is no such one.",
        ),
        _READ,
    )
    event_types: list[EventType] = field(
        Computed(event_types),
        description="Every type of event that can be subscribed to (事件类型列表).",
    )
