"""What a function of a field may take as ``info``, made when something is read of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

__all__ = ["LateInfo"]


class LateInfo(strawberry.Info[Any, Any]):
    """The info of a field; graphql-core's own is made only where it is read.

    Args:
        context: the context of the operation, which is what most functions want.
        field: the field as strawberry has it.
        make: makes graphql-core's info.

    """

    def __init__(self, context: Any, field: StrawberryField, make: Callable[[], Any]) -> None:
        self._context, self._field, self._make = context, field, make

    @property
    def context(self) -> Any:
        """The context of the operation."""
        return self._context

    @cached_property
    def _raw_info(self) -> Any:  # type: ignore[override]  # made late
        return self._make()
