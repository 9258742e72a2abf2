"""Entities: what other subgraphs may extend, by which keys, and how they are found again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from zhupei.domain.text import Text
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import Code, GraphRefusal, bad_input
from zhupei.graphql.federation.representations import Key, read_representation
from zhupei.graphql.nodes import (
    GlobalId,
    RowNames,
    applications_with,
    object_of,
    trainees_with,
)
from zhupei.services.admissions import Desk
from zhupei.services.admissions.trainees import READ_REGISTRATIONS

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = ["ENTITIES", "MOST_ENTITIES", "EntityType", "entities_of"]

MOST_ENTITIES = 1000
"""Representations that one request may hold."""

_Load = Callable[[Sequence[Key], "GraphContext", RowNames], Awaitable[Sequence[Any]]]
"""Finds the objects with these keys, in their order: None where there is none, an exception where
a key cannot be one. Rows have at least the attributes that are named."""


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of the graph that other subgraphs may extend.

    ``keys`` are fields by any one of which it is named, the preferred one first. ``permission`` is
    what reading an object of the type needs, None for the public. ``load`` finds many at once.
    """

    name: str
    keys: tuple[str, ...]
    load: _Load
    permission: str | None = None


async def entities_of(
    representations: Sequence[object], context: GraphContext, names: RowNames
) -> list[Any | Exception | None]:
    """Return the entities that a gateway names, in its order, each type looked up at once.

    What is not there, or not for whoever asks, is None. A representation that cannot be read, and
    a type that cannot be looked up now, is an exception in its own places; the others stand.

    Raises:
        GraphRefusal: there are more than `MOST_ENTITIES`.

    """
    if len(representations) > MOST_ENTITIES:
        raise GraphRefusal(
            Code.LIMIT_EXCEEDED,
            Text(
                f"representations：一次最多 {MOST_ENTITIES} 个，而不是 {len(representations)} 个",
                f"representations: at most {MOST_ENTITIES} at once, not {len(representations)}",
            ),
            context.language,
        )
    keys = {entity.name: entity.keys for entity in ENTITIES.values()}
    found: list[Any | Exception | None] = [None] * len(representations)
    wanted: dict[str, list[tuple[int, Key]]] = {}
    for index, representation in enumerate(representations):
        place = f"representations.{index}"
        try:
            key = read_representation(representation, keys, place, context.language)
        except GraphRefusal as refusal:
            found[index] = refusal
        else:
            wanted.setdefault(key.type, []).append((index, key))

    async def fill(name: str, places: list[tuple[int, Key]]) -> None:
        answers: Sequence[Any]
        try:
            answers = await ENTITIES[name].load([key for _, key in places], context, names)
        except Exception as error:  # noqa: BLE001 - because it concerns this type alone
            answers = [error] * len(places)
        for (index, _), answer in zip(places, answers, strict=True):
            found[index] = answer

    await asyncio.gather(*(fill(name, places) for name, places in wanted.items()))
    return found


def _no_id(key: Key, context: GraphContext) -> GraphRefusal:
    problem = Text(
        "不是该类型的标识，请使用对象的 id 字段", "is no id of this type; take it from field id"
    )
    return bad_input(key.place, problem, context.language)


def _code(key: Key) -> str | None:
    """Return the code that a key holds or a global id stands for; None for another type's id."""
    if key.name == "code":
        return key.text
    found = GlobalId.decode(key.text)
    return found.key if found is not None and found.type == key.type else None


def _find(key: Key, context: GraphContext) -> Any:
    code = _code(key)
    if code is None:
        return _no_id(key, context)
    return object_of(GlobalId(key.type, code), context.catalogue)


async def _of_catalogue(keys: Sequence[Key], context: GraphContext, _names: RowNames) -> list[Any]:
    return [_find(key, context) for key in keys]


async def _specialties(keys: Sequence[Key], context: GraphContext, _names: RowNames) -> list[Any]:
    """Find specialties by global id; by code the latest national one, else a program's own.

    A code that several programs use for specialties of their own names none of them.
    """
    catalogue = context.catalogue
    by_code: dict[str, Any] = {}
    for (_, code), declared in catalogue.program_specialties.items():
        by_code[code] = None if code in by_code else declared
    # Rows are in the order of their first cycles, so that the latest remains.
    by_code |= {row.code: row for row in catalogue.reference.specialties.specialties}
    return [by_code.get(key.text) if key.name == "code" else _find(key, context) for key in keys]


def _row_id(key: Key) -> UUID | None:
    found = GlobalId.decode(key.text)
    try:
        return UUID(found.key if found is not None and found.type == key.type else key.text)
    except ValueError:
        return None


def _rows(
    find: Callable[[Desk, list[UUID], frozenset[str] | None], Awaitable[Mapping[UUID, Any]]],
    of: Callable[[RowNames], frozenset[str] | None],
) -> _Load:
    async def load(keys: Sequence[Key], context: GraphContext, names: RowNames) -> list[Any]:
        ids = [_row_id(key) for key in keys]
        desk = await desk_of(context)
        wanted = list(dict.fromkeys(each for each in ids if each is not None))
        rows = await find(desk, wanted, of(names)) if wanted else {}
        return [
            _no_id(key, context) if id_ is None else rows.get(id_)
            for key, id_ in zip(keys, ids, strict=True)
        ]

    return load


_BY_CODE = ("code", "id")

ENTITIES: Mapping[str, EntityType] = MappingProxyType(
    {
        entity.name: entity
        for entity in (
            EntityType("Province", _BY_CODE, _of_catalogue),
            EntityType("Jurisdiction", _BY_CODE, _of_catalogue),
            EntityType("Base", _BY_CODE, _of_catalogue),
            EntityType("Program", _BY_CODE, _of_catalogue),
            EntityType("Opening", _BY_CODE, _of_catalogue),
            EntityType("Specialty", _BY_CODE, _specialties),
            EntityType(
                "Application",
                ("id",),
                _rows(applications_with, attrgetter("applications")),
                "applications.read",
            ),
            EntityType(
                "Trainee",
                ("id",),
                _rows(trainees_with, attrgetter("trainees")),
                READ_REGISTRATIONS,
            ),
        )
    }
)
"""Every entity by the name of its type."""
