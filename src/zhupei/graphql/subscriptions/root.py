"""The root type of what may be watched."""

import strawberry

from zhupei.graphql.subscriptions.applications import ApplicationSubscriptions
from zhupei.graphql.subscriptions.rounds import RoundSubscriptions

__all__ = ["Subscription"]


@strawberry.type(
    name="Subscription",
    description=(
        "What may be watched (订阅), over graphql-transport-ws or as server-sent events. The first "
        "event comes at once and says that the watch has begun; from then on nothing is missed "
        "without being told so (`readAgain`). Who may see what is asked anew for every event."
    ),
)
class Subscription(ApplicationSubscriptions, RoundSubscriptions):
    """The root type of the core's subscriptions."""
