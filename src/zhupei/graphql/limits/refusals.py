"""What is said to whom asks for too much, under one of four codes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from graphql import GraphQLError, Node

__all__ = ["LimitCode", "exceeded"]


class LimitCode(StrEnum):
    """The codes of limits; each has a page ``docs/errors/<code>.md``."""

    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    OPERATION_TIMED_OUT = "OPERATION_TIMED_OUT"
    OVERLOADED = "OVERLOADED"
    RATE_LIMITED = "RATE_LIMITED"


def exceeded(message: str, node: Node | None = None, **extensions: Any) -> GraphQLError:
    """Return the refusal of an operation that is too large; like GraphQL's own it is English."""
    return GraphQLError(
        message, node, extensions={"code": LimitCode.LIMIT_EXCEEDED.value, **extensions}
    )
