"""What is said to whom asks for too much, under one of four codes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from graphql import GraphQLError, Node

__all__ = ["LimitCode", "NotNow", "exceeded", "not_text"]


class LimitCode(StrEnum):
    """The codes of limits; each has a page ``docs/errors/<code>.md``."""

    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    OPERATION_TIMED_OUT = "OPERATION_TIMED_OUT"
    OVERLOADED = "OVERLOADED"
    RATE_LIMITED = "RATE_LIMITED"


class NotNow(GraphQLError):  # noqa: N818 - names what happens, a refusal is no bug
    """An operation is not run, or not to its end, that might be at another time."""

    @property
    def is_rejected(self) -> bool:
        """Whether nothing of it was run."""
        return (self.extensions or {}).get("code") != LimitCode.OPERATION_TIMED_OUT.value


def exceeded(message: str, node: Node | None = None, **extensions: Any) -> GraphQLError:
    """Return the refusal of an operation that is too large; in English, as GraphQL's own are."""
    return GraphQLError(
        message, node, extensions={"code": LimitCode.LIMIT_EXCEEDED.value, **extensions}
    )


def not_text(where: str) -> GraphQLError:
    """Return the refusal of characters that PostgreSQL cannot keep and nobody means."""
    return GraphQLError(
        f"{where} a text with U+0000 or half a surrogate pair.",
        extensions={"code": "BAD_USER_INPUT"},
    )
