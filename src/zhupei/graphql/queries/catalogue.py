"""Queries of the catalogue: by global id, by code, by filter."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Annotated, Any, ClassVar

import strawberry

from zhupei.config.windows import WINDOW_LABELS
from zhupei.domain.text import Text
from zhupei.graphql.connections import Connected, Connection
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import bad_input
from zhupei.graphql.filters import ProgramFilter
from zhupei.graphql.listings import (
    BASES,
    JURISDICTIONS,
    OPENINGS,
    PROGRAMS,
    PROVINCES,
    SPECIALTIES,
)
from zhupei.graphql.nodes import Fetched, Node, RowNames, fetch
from zhupei.graphql.openness import Deadline as DomainDeadline
from zhupei.graphql.openness import deadlines
from zhupei.graphql.pages import LARGEST_PAGE, Selected, checked_first
from zhupei.graphql.selection import select_programs
from zhupei.graphql.sources import (
    Computed,
    FieldSource,
    GraphInfo,
    Reader,
    field,
)
from zhupei.graphql.types.bases import Base
from zhupei.graphql.types.deadlines import Deadline
from zhupei.graphql.types.openings import Opening
from zhupei.graphql.types.origins import SourceDocument
from zhupei.graphql.types.places import Jurisdiction, Province
from zhupei.graphql.types.programs import At, Program
from zhupei.graphql.types.specialties import Specialty

__all__ = ["CatalogueQueries"]


def _code(
    code: Annotated[str, strawberry.argument(description="Code of the object (代码).")],
) -> None: ...


@dataclasses.dataclass(frozen=True)
class ByCode(FieldSource):
    """The object of a collection with the code that is asked for; null where there is none."""

    collection: str

    template: ClassVar[Callable[..., None] | None] = staticmethod(_code)
    owned: ClassVar[bool] = True

    @property
    def settled(self) -> bool:
        """True: a catalogue does not change."""
        return True

    def reader(self, name: str) -> Reader:
        """Look the code up."""
        collection = attrgetter(self.collection)

        def read(_value: Any, context: GraphContext, arguments: Mapping[str, Any]) -> Any:
            return collection(context.catalogue).get(arguments["code"])

        return read


_Id = Annotated[strawberry.ID, strawberry.argument(description="A global id (全局标识).")]
_Ids = Annotated[
    list[strawberry.ID],
    strawberry.argument(description=f"Global ids, at most {LARGEST_PAGE} (全局标识)."),
]


async def _node(context: GraphContext, names: RowNames, id: _Id) -> Any:  # noqa: A002 - Relay names it so
    (found,) = await fetch([id], ["id"], context, names)
    return found


async def _nodes(context: GraphContext, names: RowNames, ids: _Ids) -> list[Any]:
    if len(ids) > LARGEST_PAGE:
        raise bad_input(
            "ids",
            Text(
                f"一次最多 {LARGEST_PAGE} 个，而不是 {len(ids)} 个",
                f"at most {LARGEST_PAGE} at once, not {len(ids)}",
            ),
            context.language,
        )
    return await fetch(ids, [f"ids.{index}" for index in range(len(ids))], context, names)


def _specialty(
    info: GraphInfo,
    code: Annotated[str, strawberry.argument(description="Code of the specialty (专业代码).")],
    year: Annotated[
        int | None,
        strawberry.argument(
            description="Cycle (年度); without it the latest recorded one with this code."
        ),
    ] = None,
) -> Specialty | None:
    catalogue = info.context.catalogue
    found: Any = None
    if year is not None:
        found = catalogue.specialty(year, code)
    else:
        for row in catalogue.reference.specialties.specialties:
            if row.code == code:
                found = row  # rows are in the order of their first cycles
    result: Specialty | None = found
    return result


def _deadlines(
    info: GraphInfo,
    at: At = None,
    first: Annotated[
        int | None,
        strawberry.argument(
            description=f"How many to give, 1 to {LARGEST_PAGE} (数量); 20 by default."
        ),
    ] = None,
    kinds: Annotated[
        list[str] | None,
        strawberry.argument(
            description=(
                "Kinds of windows, such as `registration` (时段类型); all by default, none with "
                "an empty list. One that does not exist is refused."
            )
        ),
    ] = None,
    filter: Annotated[  # noqa: A002 - because it is an argument of the graph
        ProgramFilter | None,
        strawberry.argument(description="Programs to look at (项目筛选条件); all by default."),
    ] = None,
) -> list[Deadline]:
    context = info.context
    most = checked_first(first, context)
    _check_kinds(kinds or (), context)
    instant = at or context.clock()
    programs: Any = context.catalogue.programs.values()
    if filter is not None:
        programs = select_programs(filter, Selected(context.catalogue, instant, context), programs)
    found: list[DomainDeadline] = deadlines(
        context.catalogue, instant, codes=[each.code for each in programs], kinds=kinds
    )
    shown: Any = found[:most]
    return shown  # type: ignore[no-any-return]  # the graph's type describes the domain's


def _check_kinds(kinds: Iterable[str], context: GraphContext) -> None:
    """Refuse kinds of windows that do not exist, for which nothing would silently be found."""
    unknown = sorted({*kinds} - {*WINDOW_LABELS})
    if unknown:
        listed, known = ", ".join(unknown), ", ".join(WINDOW_LABELS)
        problem = Text(
            f"没有这些类型：{listed}；已知的为 {known}",
            f"no such kind: {listed}; known are {known}",
        )
        raise bad_input("kinds", problem, context.language)


@strawberry.type
class CatalogueQueries:
    """Fields of the root type about the catalogue."""

    node: Node | None = field(
        Fetched(_node),
        description="Anything by its global id (按全局标识查询); null where it is gone.",
    )
    nodes: list[Node | None] = field(
        Fetched(_nodes), description="Several by their global ids, in their order (批量查询)."
    )
    province: Province | None = field(
        ByCode("provinces"), description="A province by its GB/T 2260 code (省份)."
    )
    provinces: Connection[Province] = field(
        Connected(PROVINCES), description="Provinces, by code (省份列表)."
    )
    jurisdiction: Jurisdiction | None = field(
        ByCode("jurisdictions"), description="A jurisdiction by its code (辖区)."
    )
    jurisdictions: Connection[Jurisdiction] = field(
        Connected(JURISDICTIONS), description="Jurisdictions whose rules are configured (辖区列表)."
    )
    specialty: Specialty | None = field(
        Computed(_specialty, settled=True), description="A national specialty by its code (专业)."
    )
    specialties: Connection[Specialty] = field(
        Connected(SPECIALTIES),
        description=(
            "National specialties of all cycles, or those that a program declares itself "
            "(专业列表)."
        ),
    )
    base: Base | None = field(ByCode("bases"), description="A base by its code (培训基地).")
    bases: Connection[Base] = field(Connected(BASES), description="Bases (培训基地列表).")
    program: Program | None = field(ByCode("programs"), description="A program by its code (项目).")
    programs: Connection[Program] = field(Connected(PROGRAMS), description="Programs (项目列表).")
    opening: Opening | None = field(
        ByCode("openings"),
        description="An opening by its code, `<program>/<specialty>` (招收专业).",
    )
    openings: Connection[Opening] = field(
        Connected(OPENINGS), description="Openings (招收专业列表)."
    )
    document: SourceDocument | None = field(
        ByCode("documents"), description="A source document by its code (来源文件)."
    )
    deadlines: list[Deadline] = field(
        Computed(_deadlines, settled=True),
        description="What closes next, the nearest first (即将截止).",
        cost=200,
    )
