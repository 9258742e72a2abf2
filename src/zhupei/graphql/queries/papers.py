"""Queries about papers: published lists, statistics, and what there is for one person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry
from strawberry.types.arguments import StrawberryArgument

from zhupei.db.reading import PageQuery
from zhupei.db.tables import RowSource
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import Code, GraphRefusal, not_found
from zhupei.graphql.found_rows import Found, Names
from zhupei.graphql.listed_rows import ListedRows
from zhupei.graphql.permissions import permitted_inside, require
from zhupei.graphql.row_pages import RowRequest, row_arguments
from zhupei.graphql.sources import Computed, GraphInfo, OfRows, field
from zhupei.graphql.types.papers import IssuedPaper, Paper, PaperKind
from zhupei.graphql.types.publicity import Publicity, PublicityConnection
from zhupei.graphql.types.statistics import RecruitmentReport
from zhupei.services.admissions.questions import application_row
from zhupei.services.admissions.situations import owners_of
from zhupei.services.issuing import lists
from zhupei.services.issuing.persons import READ_BY_DUE_PAPERS, due_papers
from zhupei.services.issuing.recruitment import (
    has_round,
    programs_within,
    recruitment_report,
)

__all__ = ["PaperQueries"]

_STATISTICS, _PAPERS = "statistics.read", "papers.read"
_OF_ALL = Text(
    "全国的统计须有全国的权限；请用 program、base 或 jurisdiction 指明范围",
    "statistics of the whole nation need the permission for it; say by program, base or "
    "jurisdiction of which place they are to be",
)

_Program = Annotated[
    str | None,
    strawberry.argument(description="Code of a program; it counts with those below (项目代码)."),
]
_Base = Annotated[str | None, strawberry.argument(description="Code of a base (基地代码).")]
_Round = Annotated[str | None, strawberry.argument(description="Code of the round (批次).")]


async def _publicity(
    _context: GraphContext,
    names: Names,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID, strawberry.argument(description="Identifier of the list (公示标识).")
    ],
) -> PageQuery | None:
    try:
        return lists.publicity_query(publicity=UUID(id), names=names)
    except ValueError:
        return None


@strawberry.input(description="Which published lists to give; all parts must hold (筛选条件).")
class PublicityFilter:
    """A filter."""

    program: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of a program; it counts with those below (项目代码).",
    )
    base: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of a base (基地代码)."
    )
    round: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of the round (批次)."
    )
    live: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Only those that are live now (仅公示中)."
    )


@dataclass(frozen=True)
class _Publicities(ListedRows):
    """The published lists, for everybody."""

    rows: ClassVar[RowSource] = lists.PUBLICITIES
    default_order: ClassVar[str] = "NEWEST"

    def arguments(self) -> list[StrawberryArgument]:
        """Return the filter and the arguments of Relay."""
        return row_arguments(PublicityFilter, None, self.default_order)

    async def query(
        self,
        context: GraphContext,
        request: RowRequest,
        given: Mapping[str, Any],
        names: frozenset[str] | None,
    ) -> PageQuery:
        """Return which lists are given."""
        wanted = given.get("filter")
        program, base, round_code, live = (
            getattr(wanted, name, None) or None for name in ("program", "base", "round", "live")
        )
        return lists.publicity_query(
            programs=program and programs_within(context.catalogue, program=program),
            base=base,
            round_code=round_code,
            live_at=context.clock() if live else None,
            names=names,
            after=None if request.place is None else request.place.id,
            backwards=request.backwards,
        )


def _where(
    context: GraphContext, program: str | None, base: str | None, jurisdiction: str | None
) -> Target:
    """Return what the statistics are about; refuse codes that the catalogue does not hold."""
    catalogue = context.catalogue
    for argument, code, known in (
        ("program", program, catalogue.programs),
        ("base", base, catalogue.bases),
        ("jurisdiction", jurisdiction, catalogue.jurisdictions),
    ):
        if code is not None and code not in known:
            raise not_found(argument, code, context.language)
    if base is not None:
        return Target(base=base)
    if jurisdiction is not None:
        return Target(jurisdiction=jurisdiction)
    if program is None:
        return Target()
    found = catalogue.programs[program]
    return Target(base=found.base, jurisdiction=found.jurisdiction)


async def _statistics(
    info: GraphInfo,
    program: _Program = None,
    base: _Base = None,
    jurisdiction: Annotated[
        str | None,
        strawberry.argument(description="Code of a jurisdiction, with the bases below (辖区代码)."),
    ] = None,
    round: Annotated[  # noqa: A002 - the argument's name in the graph
        str | None,
        strawberry.argument(
            description=(
                "Code of one round (批次); its places are unknown unless the plan is divided."
            )
        ),
    ] = None,
    year: Annotated[int | None, strawberry.argument(description="Cycle (年度).")] = None,
) -> RecruitmentReport | None:
    context = info.context
    try:
        await require(context, _STATISTICS, (_where(context, program, base, jurisdiction),))
    except GraphRefusal as refusal:
        if (program or base or jurisdiction) or refusal.code is not Code.FORBIDDEN:
            raise
        raise GraphRefusal(
            Code.FORBIDDEN, _OF_ALL, context.language, permission=_STATISTICS
        ) from None
    programs = programs_within(
        context.catalogue, program=program, base=base, jurisdiction=jurisdiction, year=year
    )
    if round is not None and not has_round(context.catalogue, programs, round):
        # Not as a round for which nobody has applied.
        raise not_found("round", round, context.language)
    found: Any = await recruitment_report(context.catalogue, programs, round)
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


_READ_OF_APPLICATION = READ_BY_DUE_PAPERS | {"applicant", "base", "id", "submitted_at"}


async def _papers(
    info: GraphInfo,
    application: Annotated[
        strawberry.ID, strawberry.argument(description="Identifier of the application (报名号).")
    ],
) -> list[Paper] | None:
    context = info.context
    desk = await desk_of(context)
    try:
        seen = await application_row(desk, UUID(application), _READ_OF_APPLICATION)
    except ValueError:
        seen = None
    if seen is None:
        # Refused as one that exists and is somebody else's.
        await require(context, _PAPERS, (Target(),))
        return None
    case, _ = seen
    base = None if case.submitted_at is None else case.base
    owners = owners_of(desk, case.applicant)
    await require(context, _PAPERS, (Target(base=base, owners=owners),))
    today = context.clock().astimezone(CHINA_TIME).date()
    found: Any = [
        IssuedPaper(
            kind=PaperKind(due.kind.upper()),
            label=due.label,
            path=f"/papers/{due.kind}s/{case.id}",
            query="" if due.agreement is None else f"?kind={due.agreement}",
            reason=due.reason,
        )
        for due in due_papers(context.catalogue, case, today)
    ]
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


@strawberry.type
class PaperQueries:
    """Fields of the root type about papers."""

    publicity: Publicity | None = field(
        Found(lists.PUBLICITIES, _publicity, single=True),
        description="A published list of proposed admissions (拟录取公示), for everybody.",
    )
    publicities: PublicityConnection | None = field(
        _Publicities(),
        description="Published lists, the newest first (公示列表), for everybody.",
    )
    statistics: RecruitmentReport | None = permitted_inside(
        field(
            Computed(_statistics),
            description=(
                "Statistics of recruitment of a program, base or jurisdiction, or of all "
                "(招收统计)."
            ),
            cost=2000,
        ),
        _STATISTICS,
    )
    papers: list[Paper] | None = permitted_inside(
        field(
            OfRows(_papers),
            description="Papers for the person of an application (个人文书).",
        ),
        _PAPERS,
    )
