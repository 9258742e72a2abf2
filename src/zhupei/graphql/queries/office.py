"""Queries of an office's day: its queue, interview slots, score sheets, brochures."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry
from strawberry.types.arguments import StrawberryArgument

from zhupei.db.reading import PageQuery
from zhupei.db.tables import RowSource
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import Code, GraphRefusal, not_found
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.listed_rows import ListedRows
from zhupei.graphql.permissions import for_signed_in, permitted_inside
from zhupei.graphql.row_pages import RowRequest, row_arguments
from zhupei.graphql.sources import Computed, GraphInfo, field
from zhupei.graphql.types.brochures import Brochure
from zhupei.graphql.types.interviews import (
    InterviewSlot,
    InterviewSlotConnection,
    InterviewSlotFilter,
)
from zhupei.graphql.types.office_queue import OfficeQueue
from zhupei.graphql.types.score_sheets import (
    ScoreSheet,
    ScoreSheetConnection,
    ScoreSheetFilter,
)
from zhupei.services import brochures, interviews, score_sheets
from zhupei.services.interviews import SearchSlotsInput
from zhupei.services.office_queue import OfficeQueueInput, office_queue
from zhupei.services.score_sheets import SearchSheetsInput

__all__ = ["OfficeQueries"]

_TIME = "TIME"


def _given(filter_: Any, *names: str) -> dict[str, Any]:
    """Return the parts of a filter that were given."""
    found = {name: getattr(filter_, name, strawberry.UNSET) for name in names}
    return {
        name: value
        for name, value in found.items()
        if value is not strawberry.UNSET and value is not None
    }


@dataclasses.dataclass(frozen=True)
class ListedSlots(ListedRows):
    """Interview slots that whoever asks may see, in the order of their times."""

    rows: ClassVar[RowSource] = interviews.SLOTS
    default_order: ClassVar[str] = _TIME
    instants: ClassVar[frozenset[str]] = frozenset({_TIME})

    def arguments(self) -> list[StrawberryArgument]:
        """Return the filter and the arguments of Relay."""
        return row_arguments(InterviewSlotFilter, None, _TIME)

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: Names,
    ) -> PageQuery:
        """Return which slots are listed."""
        wanted, place = given.get("filter"), request.place
        parts = ("base", "program", "opening", "round", "starts_from", "starts_before")
        search = SearchSlotsInput(**_given(wanted, *parts, "free", "cancelled"))
        after = None
        if place is not None and isinstance(place.value, datetime):
            after = (place.value, place.id)
        return await interviews.slot_query(
            await desk_of(context), search, names, after=after, backwards=request.backwards
        )


@dataclasses.dataclass(frozen=True)
class ListedSheets(ListedRows):
    """Score sheets that whoever asks may see, the newest first."""

    rows: ClassVar[RowSource] = score_sheets.SHEETS
    default_order: ClassVar[str] = _TIME

    def arguments(self) -> list[StrawberryArgument]:
        """Return the filter and the arguments of Relay."""
        return row_arguments(ScoreSheetFilter, None, _TIME)

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: Names,
    ) -> PageQuery:
        """Return which sheets are listed."""
        wanted = given.get("filter")
        states = _given(wanted, "state_in").get("state_in")
        search = SearchSheetsInput(
            **_given(wanted, "base", "program", "opening", "round"),
            states=None if states is None else tuple(states),
        )
        return await score_sheets.sheet_query(
            await desk_of(context),
            search,
            names,
            after=None if request.place is None else request.place.id,
            backwards=request.backwards,
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _slot(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the slot (时段标识).")
    ],
) -> PageQuery | None:
    desk, slot = await desk_of(context), _uuid(id)
    if slot is None:
        return None
    return await interviews.slot_query(desk, SearchSlotsInput(id=slot, cancelled=True), names)


async def _sheet(
    context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - as above
        strawberry.ID, strawberry.argument(description="Identifier of the sheet (成绩表标识).")
    ],
) -> PageQuery | None:
    desk, sheet = await desk_of(context), _uuid(id)
    if sheet is None:
        return None
    return await score_sheets.sheet_query(desk, SearchSheetsInput(id=sheet), names)


def _brochure(
    info: GraphInfo,
    program: Annotated[str, strawberry.argument(description="Code of the program (项目代码).")],
) -> Brochure | None:
    context = info.context
    if program not in context.catalogue.programs:
        raise not_found("program", program, context.language)
    found: Any = brochures.brochure_situation(context.catalogue, program)
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


async def _queue(
    info: GraphInfo,
    base: Annotated[str, strawberry.argument(description="Code of the base (基地代码).")],
    program: Annotated[
        str | None, strawberry.argument(description="Of this program only (项目代码).")
    ] = None,
    round: Annotated[  # noqa: A002 - as above
        str | None, strawberry.argument(description="Of this round only (批次).")
    ] = None,
    due_before: Annotated[
        datetime | None,
        strawberry.argument(description="Only what has to be done before this instant (截止早于)."),
    ] = None,
    lacking_documents: Annotated[
        bool | None,
        strawberry.argument(
            description=(
                "Only applications that lack a document which is required up to the step that "
                "comes next (缺少材料)."
            )
        ),
    ] = None,
) -> OfficeQueue | None:
    context = info.context
    given = OfficeQueueInput(
        base=base,
        program=program,
        round=round,
        due_before=due_before,
        lacking_documents=bool(lacking_documents),
    )
    found: Any = await office_queue(await desk_of(context), given)
    if isinstance(found, Refusal):
        if found.code is RefusalCode.NOT_PERMITTED or found.code is RefusalCode.NOT_FOUND:
            # A base that does not exist is refused as one whose queue is somebody else's.
            raise GraphRefusal(
                Code.FORBIDDEN,
                Text("没有所需的权限", "this is not permitted"),
                context.language,
                permission="applications.read",
            )
        raise GraphRefusal(Code.PLUGIN_DECISION_FAILED, found.message, context.language)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class OfficeQueries:
    """Fields of the root type about an office's day."""

    office_queue: OfficeQueue | None = permitted_inside(
        field(
            Computed(_queue),
            description="What waits at a base, for whom and until when (工作台).",
        ),
        "applications.read",
    )
    interview_slot: InterviewSlot | None = for_signed_in(
        field(
            Found(interviews.SLOTS, _slot, single=True),
            description="An interview slot (面试时段); null where there is none for whoever asks.",
        )
    )
    interview_slots: InterviewSlotConnection | None = for_signed_in(
        field(
            ListedSlots(),
            description=(
                "Interview slots that whoever asks may see, in the order of time (面试时段列表): "
                "the office its own, an applicant those open to choice and one's own."
            ),
        )
    )
    score_sheet: ScoreSheet | None = for_signed_in(
        field(
            Found(score_sheets.SHEETS, _sheet, single=True),
            description="A score sheet (成绩表); null where there is none for whoever asks.",
        )
    )
    score_sheets: ScoreSheetConnection | None = for_signed_in(
        field(
            ListedSheets(),
            description="Score sheets that whoever asks may see, the newest first (成绩表列表).",
        )
    )
    brochure: Brochure | None = field(
        Computed(_brochure),
        description=(
            "A program's brochure and how far it is (招生简章); null for a program that no base "
            "hosts. The public sees what was published."
        ),
    )
