"""Ways to come by a field that a hook computes: plugins, the core's own functions, none at all.

The plugins of a page are imported from here by packages that a benchmark writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from zhupei import holds, hookimpl
from zhupei.graphql.context import GraphContext
from zhupei.graphql.sources import Computed, FieldSource, Reader, field
from zhupei.graphql.types.openings import Opening

__all__ = ["HOOKED", "WAYS", "Page", "as_own", "counted"]

HOOKED = "seats: remainingSeats"


# What is computed


def counted(openings: Any) -> dict[str, int]:
    return {opening.code: opening.quota for opening in openings}


class Plain:
    @hookimpl
    def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return counted(openings)


class Coroutine:
    @hookimpl
    async def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return counted(openings)


class HoldingPlain:
    @hookimpl
    @holds()
    def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return counted(openings)


class HoldingCoroutine:
    @hookimpl
    @holds(seconds=30)
    async def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return counted(openings)


class PassingPlain:
    @hookimpl
    def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return None


class PassingCoroutine:
    @hookimpl
    async def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return None


class _Changing:
    """Answers anything else each time it is asked."""

    def __init__(self) -> None:
        self._asked = 0

    def counted(self, openings: Any) -> dict[str, int]:
        self._asked += 1
        return {opening.code: opening.quota + self._asked % 1000 for opening in openings}


class ChangingPlain(_Changing):
    @hookimpl
    def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return self.counted(openings)


class ChangingCoroutine(_Changing):
    @hookimpl
    async def remaining_seats(self, openings: Any) -> dict[str, int] | None:
        return self.counted(openings)


_PLAIN = (PassingPlain, PassingPlain, Plain)
_COROUTINES = (PassingCoroutine, PassingCoroutine, Coroutine)


# The same as the core's own


@dataclass(frozen=True)
class _OfEachBase(FieldSource):
    """Asks the functions of plugins once for all openings of a base, as one of the core's own."""

    functions: tuple[Callable[..., Any], ...]
    is_async: bool

    def reader(self, name: str) -> Reader:
        async def read(value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            return (await self.many([value], context, given))[0]

        return read

    async def many(
        self, values: Sequence[Any], context: GraphContext, _given: Mapping[str, Any]
    ) -> Sequence[Any]:
        known: dict[tuple[str, int], dict[str, int]] = {}
        found = []
        for value in values:
            key = (value.base, value.year)
            counted = known.get(key)
            if counted is None:
                counted = known[key] = await self._asked(*key, context)
            found.append(counted.get(value.code))
        return found

    async def _asked(self, base: str, year: int, context: GraphContext) -> dict[str, int]:
        openings = context.catalogue.openings_of_base.get(base, ())
        given = tuple(opening for opening in openings if opening.year == year)
        for function in self.functions:
            counted = function(given)
            if self.is_async:
                counted = await counted
            if counted is not None:
                return cast("dict[str, int]", counted)
        return {}


def _of_each(root: Any) -> int | None:
    return counted((root,)).get(root.code)


async def _awaited_of_each(root: Any) -> int | None:
    counted = await Coroutine().remaining_seats((root,))
    return None if counted is None else counted.get(root.code)


@dataclass(frozen=True)
class Page:
    """One way to come by the field: what is asked, who answers, what it is compared with."""

    name: str
    asked: str = HOOKED
    own: FieldSource | None = None
    plugins: tuple[type[Any], ...] = ()
    beside: str = ""


def _own(name: str, functions: tuple[type[Any], ...], *, is_async: bool) -> Page:
    asked = tuple(each().remaining_seats for each in functions)
    return Page(name, own=_OfEachBase(asked, is_async=is_async))


WAYS = (
    Page("without the field", ""),
    Page("an attribute", "seats: quota"),
    Page("own, each opening", own=Computed(_of_each)),
    Page("own coroutine, each opening", own=Computed(_awaited_of_each)),
    _own("own, each base", _PLAIN[2:], is_async=False),
    _own("own coroutine, each base", _COROUTINES[2:], is_async=True),
    _own("own, each base, 3", _PLAIN, is_async=False),
    _own("own coroutine, each base, 3", _COROUTINES, is_async=True),
    _own("own, other answers", (ChangingPlain,), is_async=False),
    _own("own coroutine, other answers", (ChangingCoroutine,), is_async=True),
    Page("coroutine", plugins=_COROUTINES[2:], beside="own coroutine, each base"),
    Page("function", plugins=_PLAIN[2:], beside="own, each base"),
    Page("coroutine, 3 plugins", plugins=_COROUTINES, beside="own coroutine, each base, 3"),
    Page("function, 3 plugins", plugins=_PLAIN, beside="own, each base, 3"),
    Page(
        "coroutine, other answers",
        plugins=(ChangingCoroutine,),
        beside="own coroutine, other answers",
    ),
    Page("function, other answers", plugins=(ChangingPlain,), beside="own, other answers"),
    Page("coroutine, holds", plugins=(HoldingCoroutine,), beside="own coroutine, each base"),
    Page("function, holds", plugins=(HoldingPlain,), beside="own, each base"),
)


@contextmanager
def as_own(source: FieldSource | None) -> Iterator[None]:
    """Have the core's type read the field from another source, in schemas that are built here."""
    fields = cast("Any", Opening).__strawberry_definition__.fields
    at, declared = next(
        (at, each) for at, each in enumerate(fields) if each.python_name == "remaining_seats"
    )
    if source is not None:
        made = field(source, description=declared.description)
        for attribute in ("python_name", "name", "type_annotation", "origin"):
            setattr(made, attribute, getattr(declared, attribute))
        fields[at] = made
    try:
        yield
    finally:
        fields[at] = declared
