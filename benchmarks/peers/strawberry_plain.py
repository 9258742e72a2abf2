"""Plain strawberry: data loaders for what belongs together, defaults for the rest."""

import asyncio
import datetime
from typing import Any

import strawberry
from benchmarks.peers import orm
from benchmarks.peers.shapes import (
    Connection,
    OpeningFilter,
    TraineeFilter,
    cut,
    key_of,
)
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

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
    base_id: strawberry.Private[str]

    @strawberry.field
    async def base(self, info: Info) -> "Base":
        """The base."""
        found: Base = await info.context["bases"].load(self.base_id)
        return found


@strawberry.type
class Base:
    """A base."""

    code: str
    name: str
    tier: str | None
    province_id: strawberry.Private[str | None]

    @strawberry.field
    async def province(self, info: Info) -> Province | None:
        """The province."""
        if self.province_id is None:
            return None
        found: Province | None = await info.context["provinces"].load(self.province_id)
        return found

    @strawberry.field
    async def openings(self, info: Info, first: int = 20) -> Connection[Opening]:
        """Openings, by code."""
        return cut(await info.context["openings_of_base"].load(self.code), first)


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
    base_id: strawberry.Private[str]
    opening_id: strawberry.Private[str]

    @strawberry.field
    async def base(self, info: Info) -> Base:
        """The base."""
        found: Base = await info.context["bases"].load(self.base_id)
        return found

    @strawberry.field
    async def opening(self, info: Info) -> Opening:
        """The opening."""
        found: Opening = await info.context["openings"].load(self.opening_id)
        return found


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
    base_id: strawberry.Private[str]
    opening_id: strawberry.Private[str]

    @strawberry.field
    async def base(self, info: Info) -> Base:
        """The base."""
        found: Base = await info.context["bases"].load(self.base_id)
        return found

    @strawberry.field
    async def opening(self, info: Info) -> Opening:
        """The opening."""
        found: Opening = await info.context["openings"].load(self.opening_id)
        return found

    @strawberry.field
    async def records(self, info: Info) -> list[Record]:
        """What was done with it."""
        found: list[Record] = await info.context["records"].load(key_of(self.id))
        return found


def _shown(to: Any, row: Any) -> Any:
    """Return a row as the graph's type, attribute by attribute."""
    values = {f.python_name: getattr(row, f.python_name) for f in _stored(to)}
    private = {name: getattr(row, name) for name in to.__annotations__ if name.endswith("_id")}
    return to(**values, **private)


def _stored(to: Any) -> Any:
    return [f for f in to.__strawberry_definition__.fields if f.base_resolver is None]


def _by_key(to: Any, model: Any, key: str) -> DataLoader[Any, Any]:
    async def load(keys: list[Any]) -> list[Any]:
        rows = {getattr(row, key): row for row in await model.filter(**{f"{key}__in": keys})}
        return [_shown(to, rows[k]) if k in rows else None for k in keys]

    return DataLoader(load_fn=load)


def _lists(to: Any, model: Any, key: str, order: str) -> DataLoader[Any, Any]:
    async def load(keys: list[Any]) -> list[Any]:
        found: dict[Any, list[Any]] = {k: [] for k in keys}
        for row in await model.filter(**{f"{key}__in": keys}).order_by(order):
            found[getattr(row, key)].append(_shown(to, row))
        return [found[k] for k in keys]

    return DataLoader(load_fn=load)


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def base(self, code: str) -> Base | None:
        """One base."""
        row = await orm.Base.get_or_none(code=code)
        return None if row is None else _shown(Base, row)

    @strawberry.field
    async def bases(self, first: int = 20) -> Connection[Base]:
        """Bases, by code."""
        rows = await orm.Base.all().order_by("code").limit(first + 1)
        return cut([_shown(Base, row) for row in rows], first, orm.Base.all().count)

    @strawberry.field
    async def openings(
        self,
        filter: OpeningFilter | None = None,  # noqa: A002 - the graph's name
        first: int = 20,
    ) -> Connection[Opening]:
        """Openings, by code."""
        found = orm.Opening.all()
        if filter is not None and filter.specialty is not None:
            found = found.filter(specialty_code=filter.specialty)
        if filter is not None and filter.year is not None:
            found = found.filter(year=filter.year)
        rows = await found.order_by("code").limit(first + 1)
        return cut([_shown(Opening, row) for row in rows], first, found.count)

    @strawberry.field
    async def trainees(
        self,
        filter: TraineeFilter | None = None,  # noqa: A002 - the graph's name
        first: int = 20,
    ) -> Connection[Trainee]:
        """Trainees, by id."""
        found = orm.Trainee.all()
        if filter is not None and filter.base_in is not None:
            found = found.filter(base_id__in=filter.base_in)
        if filter is not None and filter.state_in is not None:
            found = found.filter(state__in=[state.value for state in filter.state_in])
        rows = await found.order_by("id").limit(first + 1)
        return cut([_shown(Trainee, row) for row in rows], first, found.count)

    @strawberry.field
    async def application(self, id: strawberry.ID) -> Application | None:  # noqa: A002 - as above
        """One application."""
        row = await orm.Application.get_or_none(id=key_of(id))
        return None if row is None else _shown(Application, row)


class _App(GraphQL[Any, Any]):
    async def get_context(self, request: Any, response: Any) -> Any:
        return {
            "bases": _by_key(Base, orm.Base, "code"),
            "provinces": _by_key(Province, orm.Province, "code"),
            "openings": _by_key(Opening, orm.Opening, "code"),
            "openings_of_base": _lists(Opening, orm.Opening, "base_id", "code"),
            "records": _lists(Record, orm.Transition, "application_id", "revision"),
        }


if __name__ == "__main__":
    asyncio.run(orm.run(_App(strawberry.Schema(query=Query))))
