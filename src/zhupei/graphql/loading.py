"""Rows that belong to many objects at once: loaded together, one statement for a whole level."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from strawberry.dataloader import DataLoader

from zhupei.graphql.context import GraphContext
from zhupei.graphql.sources import FieldSource, Reader

__all__ = ["Load", "Loaded", "key_of"]

Load = Callable[[Sequence[Any], GraphContext], Awaitable[Mapping[Any, Any]]]
"""Answers what belongs to each of some objects, by their keys; what it leaves out is null."""


@dataclasses.dataclass(frozen=True)
class Loaded(FieldSource):
    """What ``load`` answers for the object, asked together for all objects that need it.

    ``key`` tells one object from another, and ``load`` gets one object for each key; an object
    whose key is None has nothing. An object that ``load`` does not answer has ``missing``.
    """

    load: Load
    key: Callable[[Any], Any]
    missing: Any = None

    def reader(self, name: str) -> Reader:
        """Ask together with the others, and pick this object's part."""

        async def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            loader = context.kept.get(self)
            if loader is None:
                loader = context.kept[self] = self._loader(context)
            return await loader.load(_Keyed(self.key(value), value))

        return read

    async def many(
        self, values: Sequence[Any], context: GraphContext, _arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Ask once for all objects."""
        keys = [self.key(value) for value in values]
        by_key = {key: value for key, value in zip(keys, values, strict=True) if key is not None}
        found = await self.load(tuple(by_key.values()), context) if by_key else {}
        return [found.get(key, self.missing) for key in keys]

    def needs(self, name: str) -> frozenset[str] | None:
        """Return what key and load look at."""
        key = key_of(self.key)
        load: frozenset[str] | None = getattr(self.load, "reads", None)
        return None if key is None or load is None else key | load

    def _loader(self, context: GraphContext) -> DataLoader[_Keyed, Any]:
        async def load(asked: list[_Keyed]) -> Sequence[Any]:
            return await self.many([each.value for each in asked], context, {})

        return DataLoader(load)


def key_of(key: Callable[[Any], Any]) -> frozenset[str] | None:
    """Return which attributes of an object its key is made of; None where nobody knows."""
    if isinstance(key, attrgetter):
        # The only thing that an `attrgetter` is asked is what it is pickled as.
        names: tuple[str, ...] = key.__reduce__()[1]  # type: ignore[assignment]  # of texts
        return frozenset(name.partition(".")[0] for name in names)
    return getattr(key, "reads", None)


@dataclasses.dataclass(frozen=True)
class _Keyed:
    """An object that is compared by its key alone."""

    key: Any
    value: Any = dataclasses.field(compare=False)
