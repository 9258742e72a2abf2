"""Declaring subscriptions: a field whose function yields events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.graphql.permissions import permitted_inside
from zhupei.graphql.sources import SourcedField

__all__ = ["subscription"]


def subscription(
    function: Callable[..., AsyncGenerator[Any, None]],
    *,
    description: str,
    permission: str | None = None,
) -> Any:
    """Declare a subscription.

    Args:
        function: an async generator of ``info`` and the field's arguments. Before each event it
            asks what the actor may see then (`zhupei.graphql.subscriptions.watching.watched`).
        description: what is told, in English with the Chinese term.
        permission: what it asks for, told in the description.

    """
    declared = SourcedField(
        description=description,
        base_resolver=StrawberryResolver(function),
        is_subscription=True,
    )
    return declared if permission is None else permitted_inside(declared, permission)
