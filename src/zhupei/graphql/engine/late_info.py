"""Info: what a function may take as ``info``, made as far as it is read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import strawberry

if TYPE_CHECKING:
    from zhupei.graphql.engine.plans import Site
    from zhupei.graphql.engine.running import Run

__all__ = ["LateInfo"]


class LateInfo(strawberry.Info[Any, Any]):
    """What a function may take as ``info``; graphql-core's own is made only where it is read."""

    def __init__(self, run: Run, site: Site, indexes: tuple[int, ...]) -> None:
        self._run, self._site, self._indexes = run, site, indexes
        self._field = site.declared

    @property
    def context(self) -> Any:
        """The context of the operation."""
        return self._run.context

    @cached_property
    def _raw_info(self) -> Any:  # type: ignore[override]  # made late
        return self._run.raw_info(self._site, self._indexes)
