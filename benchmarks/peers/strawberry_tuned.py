"""Tuned strawberry: parsed and validated documents kept, relations joined, few columns, fast JSON.

Every resolver knows what the operation selects below it and fetches that at once; what is left is
read as attributes, without a resolver.
"""

import asyncio
import datetime
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import strawberry
from benchmarks.peers import orm
from benchmarks.peers.shapes import Connection, OpeningFilter, TraineeFilter, cut, key_of
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types.nodes import SelectedField
from tortoise.query_utils import Prefetch

Info = strawberry.Info[Any, Any]


@strawberry.type
class Province:
    """A province."""

    code: str
    name: str


@strawberry.type
class Opening:
    """An opening."""

    code: str
    specialty_name: str
    year: int
    kind: str
    quota: int | None
    capacity: int | None
    post_type: str | None
    duration_months: int | None
    base: "Base"


@strawberry.type
class Base:
    """A base."""

    code: str
    name: str
    tier: str | None
    province: Province | None

    @strawberry.field
    def openings(self, first: int = 20) -> Connection[Opening]:
        """Openings, which the root fetched."""
        return cut(list(self.fetched), first)  # type: ignore[attr-defined]  # the row's


@strawberry.type
class Trainee:
    """A trainee."""

    id: strawberry.ID
    state: str
    year: int
    trainee_type: str | None
    specialty_code: str
    started_on: datetime.date
    months: int | None
    ends_on: datetime.date | None
    base: Base
    opening: Opening


@strawberry.type
class Record:
    """A record of an application."""

    revision: int
    at: datetime.datetime
    actor: str
    action: str
    reason: str | None
    from_state: str | None
    to_state: str


@strawberry.type
class Application:
    """An application."""

    id: strawberry.ID
    state: str
    preference: int
    submitted_at: datetime.datetime | None
    base: Base
    opening: Opening
    records: list[Record]


_COLUMNS = {
    "specialtyName": "specialty_name",
    "postType": "post_type",
    "durationMonths": "duration_months",
    "traineeType": "trainee_type",
    "specialtyCode": "specialty_code",
    "startedOn": "started_on",
    "endsOn": "ends_on",
}
_PLAIN = {"code", "name", "year", "kind", "quota", "capacity", "tier", "id", "state", "months"}


def _below(info: Info, *path: str) -> set[str]:
    """Return the names selected at a path below the field that is being resolved."""
    chosen = list(_fields(info.selected_fields[0].selections))
    for step in path:
        chosen = [
            below for each in chosen if each.name == step for below in _fields(each.selections)
        ]
    return {each.name for each in chosen}


def _fields(selections: Iterable[Any]) -> Iterator[SelectedField]:
    for each in selections:
        if isinstance(each, SelectedField):
            yield each
        else:
            yield from _fields(each.selections)


def _columns(names: set[str], *always: str) -> list[str]:
    wanted = {_COLUMNS.get(name, name) for name in names if name in _COLUMNS or name in _PLAIN}
    return sorted(wanted | set(always))


def _openings(wanted: set[str]) -> Prefetch:
    """Return how the openings of bases are fetched: two columns more than asked for, as keys."""
    rows = orm.Opening.all().only(*_columns(wanted, "code", "base_id")).order_by("code")
    return Prefetch("openings", queryset=rows, to_attr="fetched")


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def base(self, info: Info, code: str) -> Base | None:
        """One base."""
        found: Any = orm.Base.filter(code=code)
        if "province" in _below(info):
            found = found.select_related("province")
        if "openings" in _below(info):
            found = found.prefetch_related(_openings(_below(info, "openings", "edges", "node")))
        row: Any = await found.first()
        return row  # type: ignore[no-any-return]  # read by its attributes

    @strawberry.field
    async def bases(self, info: Info, first: int = 20) -> Connection[Base]:
        """Bases, by code."""
        node = ("edges", "node")
        found: Any = orm.Base.all().order_by("code").limit(first + 1)
        if "province" in _below(info, *node):
            found = found.select_related("province")
        if "openings" in _below(info, *node):
            found = found.prefetch_related(_openings(_below(info, *node, "openings", *node)))
        return cut(await found, first, orm.Base.all().count)

    @strawberry.field
    async def openings(
        self,
        info: Info,
        filter: OpeningFilter | None = None,  # noqa: A002 - the graph's name
        first: int = 20,
    ) -> Connection[Opening]:
        """Openings, by code."""
        found: Any = orm.Opening.all()
        if filter is not None and filter.specialty is not None:
            found = found.filter(specialty_code=filter.specialty)
        if filter is not None and filter.year is not None:
            found = found.filter(year=filter.year)
        rows: Any = []
        selected = _below(info, "edges", "node")
        if selected:
            page = found.order_by("code").limit(first + 1)
            if "base" in selected:
                page = page.select_related("base__province")
            rows = await page
        return cut(rows, first, found.count)

    @strawberry.field
    async def trainees(
        self,
        info: Info,
        filter: TraineeFilter | None = None,  # noqa: A002 - the graph's name
        first: int = 20,
    ) -> Connection[Trainee]:
        """Trainees, by id."""
        found: Any = orm.Trainee.all()
        if filter is not None and filter.base_in is not None:
            found = found.filter(base_id__in=filter.base_in)
        if filter is not None and filter.state_in is not None:
            found = found.filter(state__in=[state.value for state in filter.state_in])
        rows: Any = []
        if _below(info, "edges", "node"):
            page = found.order_by("id").limit(first + 1)
            rows = await page.select_related("base", "opening")
        return cut(rows, first, found.count)

    @strawberry.field
    async def application(self, id: strawberry.ID) -> Application | None:  # noqa: A002 - as above
        """One application."""
        key: uuid.UUID = key_of(id)
        row: Any = await orm.Application.filter(id=key).select_related("base", "opening").first()
        if row is not None:
            records = await orm.Transition.filter(application_id=key).order_by("revision")
            row = _Found(row, records)
        return row  # type: ignore[no-any-return]  # read by its attributes


class _Found:
    """An application with its records."""

    def __init__(self, row: Any, records: list[Any]) -> None:
        self.id, self.state, self.preference = row.id, row.state, row.preference
        self.submitted_at, self.base, self.opening = row.submitted_at, row.base, row.opening
        self.records = records


class _App(GraphQL[Any, Any]):
    def encode_json(self, data: object) -> bytes:
        return msgspec.json.encode(data)

    def decode_json(self, data: str | bytes) -> object:
        return msgspec.json.decode(data)


if __name__ == "__main__":
    asyncio.run(
        orm.run(
            _App(
                strawberry.Schema(
                    query=Query,
                    extensions=[lambda: ParserCache(64), lambda: ValidationCache(64)],
                )
            )
        )
    )
