"""Limits of one operation: its text, its shape, its cost, its variables, its rate and its time."""

from __future__ import annotations

from zhupei.graphql.limits.cost import FREE, Cost
from zhupei.graphql.limits.documents import LimitedDocuments, check_cost, schema_extensions
from zhupei.graphql.limits.event_time import event_begins, event_ends
from zhupei.graphql.limits.guard import Guard, check_variables
from zhupei.graphql.limits.measuring import QueryLimits
from zhupei.graphql.limits.rates import Rates
from zhupei.graphql.limits.refusals import LimitCode, NotNow
from zhupei.graphql.limits.scanning import is_subscription
from zhupei.graphql.limits.time_limits import TimeLimits

__all__ = [
    "FREE",
    "Cost",
    "Guard",
    "LimitCode",
    "LimitedDocuments",
    "NotNow",
    "QueryLimits",
    "Rates",
    "TimeLimits",
    "check_cost",
    "check_variables",
    "event_begins",
    "event_ends",
    "is_subscription",
    "schema_extensions",
]
