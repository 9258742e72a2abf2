"""Limits of one operation: its text, its shape, its cost, its variables, its rate and its time."""

from __future__ import annotations

from zhupei.graphql.limits.documents import (
    Document,
    LimitedDocuments,
    check_cost,
    schema_extensions,
)
from zhupei.graphql.limits.measuring import QueryLimits

__all__ = ["Document", "LimitedDocuments", "QueryLimits", "check_cost", "schema_extensions"]
