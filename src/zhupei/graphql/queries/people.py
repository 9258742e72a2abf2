"""Queries about trainees, registrations, bans and sending units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from zhupei.db.reading import PageQuery
from zhupei.graphql.asked import Asked, needed
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of, desk_of, signed_in
from zhupei.graphql.found_rows import Before, Found, Names, newest_first
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.inline import Batch, one_by_one
from zhupei.graphql.listed_trainees import ListedTrainees
from zhupei.graphql.pages import DEFAULT_PAGE
from zhupei.graphql.permissions import for_signed_in, permitted_inside
from zhupei.graphql.sources import FieldSource, Reader, field
from zhupei.graphql.types.bans import Ban
from zhupei.graphql.types.sending_units import SendingUnitRecord, SentPerson
from zhupei.graphql.types.trainees import Trainee, TraineeConnection
from zhupei.services.admissions.bans import ban_query
from zhupei.services.admissions.register_rows import BANS
from zhupei.services.admissions.row_sources import TRAINEES
from zhupei.services.admissions.trainees import READ_REGISTRATIONS, trainee_of, trainee_row
from zhupei.services.sending_unit_rows import LINKS, UNITS, link_query, unit_query

__all__ = ["PeopleQueries"]


def _by_id(
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the trainee (标识).")
    ],
) -> None: ...


@dataclass(frozen=True)
class _TraineeById(FieldSource):
    """One trainee whom whoever asks may see."""

    template: ClassVar[Callable[..., None] | None] = staticmethod(_by_id)

    def reader(self, name: str) -> Reader:
        """Read all of it."""

        async def read(_value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            desk, asked = await desk_of(context), _uuid(given["id"])
            return None if asked is None else await trainee_of(desk, asked)

        return read

    def planned(self, asked: Asked) -> Batch:
        """Read what is asked of it."""
        names = needed(asked)
        if names is None or not TRAINEES.knows(names):
            return one_by_one(self.reader(""))

        async def many(
            values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
        ) -> Sequence[Any]:
            desk, id_ = await desk_of(context), _uuid(given["id"])
            found = None if id_ is None else await trainee_row(desk, id_, names)
            return [found] * len(values)

        return many


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _bans(
    context: GraphContext,
    names: Names,
    applicant: Annotated[
        strawberry.ID | None, strawberry.argument(description="Of this person (人员标识).")
    ] = None,
    program: Annotated[
        str | None, strawberry.argument(description="Decided in this program (项目代码).")
    ] = None,
    in_force: Annotated[
        bool | None, strawberry.argument(description="Whether it binds today (是否有效).")
    ] = None,
    first: Annotated[
        int | None, strawberry.argument(description="How many, 1 to 100 (数量); 20 by default.")
    ] = None,
    before: Before = None,
) -> PageQuery:
    desk = await desk_of(context)
    person = None if applicant is None else read_id(applicant, "applicant", context)
    query = await ban_query(desk, names, applicant=person, program=program, in_force=in_force)
    return newest_first(query, first, before, context)


async def _units(
    context: GraphContext,
    names: Names,
    name: Annotated[
        str, strawberry.argument(description="Part of the name, two characters or more (名称).")
    ],
) -> PageQuery:
    signed_in(context)
    query = unit_query(names, name=name)
    query.first = DEFAULT_PAGE
    return query


async def _own_unit(context: GraphContext, names: Names) -> PageQuery | None:
    signed_in(context)
    account = account_of(context)
    return None if account is None else unit_query(names, account=account)


async def _links(context: GraphContext, names: Names) -> PageQuery:
    desk = await desk_of(context)
    account = account_of(context)
    return link_query(names, applicant=desk.applicant, account=account)


@strawberry.type
class PeopleQueries:
    """Fields of the root type about people in training and those who send them."""

    trainee: Trainee | None = permitted_inside(
        field(
            _TraineeById(),
            description="A trainee (学员); null where there is none for whoever asks.",
        ),
        READ_REGISTRATIONS,
    )
    trainees: TraineeConnection | None = permitted_inside(
        field(
            ListedTrainees(),
            description="The trainees that whoever asks may see (学员列表).",
        ),
        READ_REGISTRATIONS,
    )
    registrations: TraineeConnection | None = permitted_inside(
        field(
            ListedTrainees(registered=True),
            description=(
                "The registration list (注册名单): residents of every channel, also professional-"
                "master students and directed graduates who never apply in rounds, without those "
                "whose admission was cancelled."
            ),
        ),
        READ_REGISTRATIONS,
    )
    bans: list[Ban] | None = permitted_inside(
        field(
            Found(BANS, _bans),
            description=(
                "Bans, the latest first (禁报记录): of the programs that whoever asks decides on, "
                "and of people who applied to or train at their base."
            ),
        ),
        "bans.read",
    )
    sending_units: list[SendingUnitRecord] | None = for_signed_in(
        field(
            Found(UNITS, _units),
            description=(
                "Sending units by part of their name (选送单位查询), for whoever is signed in."
            ),
        )
    )
    own_sending_unit: SendingUnitRecord | None = for_signed_in(
        field(
            Found(UNITS, _own_unit, single=True),
            description="The unit that the viewer acts for (本单位).",
        )
    )
    sending_unit_links: list[SentPerson] | None = for_signed_in(
        field(
            Found(LINKS, _links),
            description=(
                "The viewer's own links (选送关系): whom the viewer's unit sends, and which units "
                "send the viewer; the latest first."
            ),
        )
    )
