"""The list of trainees that whoever asks may see, as the source of a connection."""

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
from zhupei.graphql.types.trainees import TraineeFilter
from zhupei.services.admissions.row_sources import TRAINEES
from zhupei.services.admissions.searching import Place
from zhupei.services.admissions.trainees import TraineeOrder, TraineeSearch, trainee_query

__all__ = ["ListedTrainees"]

_LONGEST_FILTER = 1000
_LISTS = {
    "base_in": "bases",
    "program_in": "programs",
    "opening_in": "openings",
    "specialty_in": "specialties",
    "year_in": "years",
    "trainee_type_in": "trainee_types",
    "state_in": "states",
}


@dataclass(frozen=True)
class ListedTrainees(ListedRows):
    """Trainees that whoever asks may see; ``registered`` limits to the registration list."""

    rows: ClassVar[RowSource] = TRAINEES
    default_order: ClassVar[str] = TraineeOrder.REGISTERED.value
    decided: ClassVar[bool] = True
    registered: bool = False

    def arguments(self) -> list[StrawberryArgument]:
        """Return filter, order and the arguments of Relay."""
        return row_arguments(TraineeFilter, TraineeOrder, TraineeOrder.REGISTERED.value)

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: frozenset[str] | None,
    ) -> PageQuery:
        """Return which trainees are listed."""
        desk = await desk_of(context)
        search = _search(given.get("filter"), request, context, registered=self.registered)
        place = request.place
        return await trainee_query(
            desk,
            search,
            names=names,
            after=None if place is None else Place(value=place.value, id=place.id),
            backwards=request.backwards,
        )


def _search(
    given: TraineeFilter | None, asked: RowRequest, context: GraphContext, *, registered: bool
) -> TraineeSearch:
    parts: dict[str, Any] = {}
    if given is not None:
        for name, to in _LISTS.items():
            wanted = getattr(given, name)
            if wanted is None or wanted is strawberry.UNSET:
                continue
            if len(wanted) > _LONGEST_FILTER:
                problem = Text(
                    f"不得超过 {_LONGEST_FILTER} 项",
                    f"must not have more than {_LONGEST_FILTER} entries",
                )
                raise bad_input(f"filter.{to_camel_case(name)}", problem, context.language)
            parts[to] = tuple(wanted)
        if given.applicant is not None and given.applicant is not strawberry.UNSET:
            parts["applicant"] = read_id(given.applicant, "filter.applicant", context)
    return TraineeSearch(
        registered=registered,
        order=TraineeOrder(asked.order),
        descending=asked.descending,
        **parts,
    )
