"""The list of applications that whoever asks may see, as the source of a connection."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.utils.str_converters import to_camel_case

from zhupei.db.reading import PageQuery
from zhupei.db.tables import RowSource
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import bad_input
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.listed_rows import ListedRows
from zhupei.graphql.row_pages import RowRequest, row_arguments
from zhupei.graphql.types.application_lists import ApplicationFilter
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.searching import (
    ApplicationOrder,
    ApplicationSearch,
    Place,
    application_query,
)

__all__ = ["ListedApplications"]


@dataclass(frozen=True)
class ListedApplications(ListedRows):
    """Applications that whoever asks may see, as a connection; ``own`` limits to the person's."""

    rows: ClassVar[RowSource] = APPLICATIONS
    default_order: ClassVar[str] = ApplicationOrder.CREATED.value
    instants: ClassVar[frozenset[str]] = frozenset({ApplicationOrder.SUBMITTED.value})
    decided: ClassVar[bool] = True
    own: bool = False

    def arguments(self) -> list[StrawberryArgument]:
        """Return filter, order and the arguments of Relay."""
        return row_arguments(ApplicationFilter, ApplicationOrder, ApplicationOrder.CREATED.value)

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: frozenset[str] | None,
    ) -> PageQuery | None:
        """Return which applications are listed; None for the own ones of who is no applicant."""
        desk = await desk_of(context)
        if self.own and desk.applicant is None:
            return None
        search = _search(given.get("filter"), request, context)
        if self.own:
            search = dataclasses.replace(search, applicant=desk.applicant)
        place = request.place
        return await application_query(
            desk,
            search,
            names=names,
            after=None if place is None else Place(value=place.value, id=place.id),
            backwards=request.backwards,
        )


def _search(
    given: ApplicationFilter | None, asked: RowRequest, context: GraphContext
) -> ApplicationSearch:
    order = ApplicationOrder(asked.order)
    if given is None:
        return ApplicationSearch(order=order, descending=asked.descending)

    def part(name: str) -> Any:
        value = getattr(given, name)
        return None if value is strawberry.UNSET else value

    applicant = part("applicant")
    lists: dict[str, Any] = {}
    for name, to in _LISTS.items():
        wanted = part(name)
        if wanted is None:
            continue
        if len(wanted) > _LONGEST_FILTER:
            problem = Text(
                f"不得超过 {_LONGEST_FILTER} 项",
                f"must not have more than {_LONGEST_FILTER} entries",
            )
            raise bad_input(f"filter.{to_camel_case(name)}", problem, context.language)
        lists[to] = tuple(wanted)
    return ApplicationSearch(
        applicant=None if applicant is None else read_id(applicant, "filter.applicant", context),
        **lists,
        submitted_from=part("submitted_from"),
        submitted_before=part("submitted_before"),
        name=_name(part("name"), context),
        order=order,
        descending=asked.descending,
    )


_LONGEST_FILTER = 1000
_LONGEST_NAME = 100
_LISTS = {
    "base_in": "bases",
    "program_in": "programs",
    "opening_in": "openings",
    "specialty_in": "specialties",
    "round_in": "rounds",
    "state_in": "states",
    "channel_in": "channels",
}


def _name(text: str | None, context: GraphContext) -> str | None:
    if text is not None and (len(text) > _LONGEST_NAME or "\0" in text):
        problem = Text("姓名为 1 至 100 个字符", "a name has 1 to 100 characters")
        raise bad_input("filter.name", problem, context.language)
    return text or None
