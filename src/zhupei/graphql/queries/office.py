"""Queries of an office's day: its queue, interview slots, score sheets, brochures."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types.arguments import StrawberryArgument

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.interviews import InterviewSlot as SlotRecord
from zhupei.domain.score_sheets import ScoreSheet as SheetRecord
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of, desk_or_public
from zhupei.graphql.errors import Code, GraphRefusal, not_found
from zhupei.graphql.permissions import for_signed_in, permitted_inside
from zhupei.graphql.row_pages import RowPage, RowPlace, RowRequest, row_arguments
from zhupei.graphql.sources import Computed, FieldSource, GraphInfo, Reader, field
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
class ListedSlots(FieldSource):
    """Interview slots that whoever asks may see, in the order of their times."""

    def arguments(self) -> list[StrawberryArgument]:
        """Return the filter and the arguments of Relay."""
        return row_arguments(InterviewSlotFilter, None, _TIME)

    def reader(self, name: str) -> Reader:
        """Open a page."""

        async def read(_value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            desk = await desk_of(context)
            names = ("base", "program", "opening", "round", "starts_from", "starts_before")
            wanted = given.get("filter")
            search = SearchSlotsInput(**_given(wanted, *names, "free", "cancelled"))

            async def rows(request: RowRequest, first: int) -> Sequence[SlotRecord]:
                place = request.place
                after = None
                if place is not None and isinstance(place.value, datetime):
                    after = (place.value, place.id)
                return await interviews.found_slots(
                    desk, search, first=first, after=after, backwards=request.backwards
                )

            return RowPage(
                RowRequest.of(given, context, _TIME),
                read=rows,
                count=lambda: interviews.count_slots(desk, search),
                place=lambda slot: RowPlace(slot.starts_at, slot.id),
            )

        return read


@dataclasses.dataclass(frozen=True)
class ListedSheets(FieldSource):
    """Score sheets that whoever asks may see, the newest first."""

    def arguments(self) -> list[StrawberryArgument]:
        """Return the filter and the arguments of Relay."""
        return row_arguments(ScoreSheetFilter, None, _TIME)

    def reader(self, name: str) -> Reader:
        """Open a page."""

        async def read(_value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            desk = await desk_of(context)
            wanted = given.get("filter")
            states = _given(wanted, "state_in").get("state_in", ())
            search = SearchSheetsInput(
                **_given(wanted, "base", "program", "opening", "round"), states=tuple(states)
            )

            async def rows(request: RowRequest, first: int) -> Sequence[SheetRecord]:
                return await score_sheets.found_sheets(
                    desk,
                    search,
                    first=first,
                    after=None if request.place is None else request.place.id,
                    backwards=request.backwards,
                )

            return RowPage(
                RowRequest.of(given, context, _TIME),
                read=rows,
                count=lambda: score_sheets.count_sheets(desk, search),
                place=lambda sheet: RowPlace(sheet.entered_at, sheet.id),
            )

        return read


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _slot(
    info: GraphInfo,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the slot (时段标识).")
    ],
) -> InterviewSlot | None:
    desk, slot = await desk_of(info.context), _uuid(id)
    found: Any = None if slot is None else await interviews.interview_slot_of(desk, slot)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _sheet(
    info: GraphInfo,
    id: Annotated[  # noqa: A002 - as above
        strawberry.ID, strawberry.argument(description="Identifier of the sheet (成绩表标识).")
    ],
) -> ScoreSheet | None:
    desk, sheet = await desk_of(info.context), _uuid(id)
    found: Any = None if sheet is None else await score_sheets.score_sheet_of(desk, sheet)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _brochure(
    info: GraphInfo,
    program: Annotated[str, strawberry.argument(description="Code of the program (项目代码).")],
) -> Brochure | None:
    context = info.context
    if program not in context.catalogue.programs:
        raise not_found("program", program, context.language)
    found: Any = await brochures.brochure_situation(await desk_or_public(context), program)
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
            Computed(_slot),
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
            Computed(_sheet),
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
