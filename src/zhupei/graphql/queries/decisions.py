"""Queries that decide: eligibility for one opening or many, and what a person would be paid."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.eligibility import EligibilityOutcome
from zhupei.domain.eligibility import EligibilityReport as DomainReport
from zhupei.domain.text import Text
from zhupei.domain.training import Opening
from zhupei.graphql.connections import Connection
from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import bad_input, not_found
from zhupei.graphql.listings import OPENINGS
from zhupei.graphql.pages import Listing, Page, Selected, Value
from zhupei.graphql.sources import Computed, FieldSource, GraphInfo, Reader, field
from zhupei.graphql.types.decisions import BenefitEstimate, EligibilityReport
from zhupei.graphql.types.inputs import CandidateInput, ProfileInput, candidate_of, profile_of
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services import benefits, eligibility

__all__ = ["DecisionQueries", "EligibleOpenings"]

_MOST_MONTHS = 120

_OpeningCode = Annotated[
    str,
    strawberry.argument(description="Code of the opening, `<program>/<specialty>` (招收专业代码)."),
]
_Candidate = Annotated[
    CandidateInput, strawberry.argument(description="The facts that are known (报考人信息).")
]
_On = Annotated[
    date | None,
    strawberry.argument(description="The day to decide as of (审核日期); today by default."),
]


def _dispatcher(context: GraphContext) -> Dispatcher:
    if context.dispatcher is None:
        raise RuntimeError("a decision needs the dispatcher of the loaded plugins")
    return context.dispatcher


def _today(on: date | None, context: GraphContext) -> date:
    return on or context.clock().astimezone(CHINA_TIME).date()


def _known(opening: str, context: GraphContext) -> Opening:
    found = context.catalogue.openings.get(opening)
    if found is None:
        raise not_found("opening", opening, context.language)
    return found


async def _eligibility(
    info: GraphInfo, opening: _OpeningCode, candidate: _Candidate, on: _On = None
) -> EligibilityReport | None:
    context = info.context
    facts = candidate_of(candidate, context)
    report: Any = await eligibility.evaluate(
        context.catalogue,
        _dispatcher(context),
        _known(opening, context).code,
        facts,
        today=_today(on, context),
    )
    return report  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _benefit_estimate(
    info: GraphInfo,
    opening: _OpeningCode,
    profile: Annotated[
        ProfileInput, strawberry.argument(description="What decides the pay (测算条件).")
    ],
    months: Annotated[
        int | None,
        strawberry.argument(
            description=(
                f"Months that `whole` covers, 1 to {_MOST_MONTHS} (月数); the length of the "
                "training by default."
            )
        ),
    ] = None,
) -> BenefitEstimate | None:
    context = info.context
    given = profile_of(profile, context)
    if months is not None and not 1 <= months <= _MOST_MONTHS:
        raise bad_input(
            "months",
            Text(
                f"应为 1 至 {_MOST_MONTHS}，而不是 {months}",
                f"must be from 1 to {_MOST_MONTHS}, not {months}",
            ),
            context.language,
        )
    found: Any = await benefits.estimate(
        context.catalogue,
        _dispatcher(context),
        _known(opening, context).code,
        given,
        months=months,
    )
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


def _of_opening(value: Value) -> Value:
    """Return an order of openings as one of reports about them."""

    def of_report(report: DomainReport, selected: Selected) -> Any:
        return value(selected.catalogue.openings[report.opening], selected)

    return of_report


_REPORTS = Listing(
    all=lambda _catalogue: (),
    filter=OPENINGS.filter,
    orders=OPENINGS.orders,
    by={name: _of_opening(value) for name, value in OPENINGS.by.items()},
    select=lambda _wanted, _selected, candidates: candidates,
    key=lambda report: report.opening,
)


def _asked(
    candidate: _Candidate,
    outcomes: Annotated[
        list[EligibilityOutcome] | None,
        strawberry.argument(
            description=(
                "Which conclusions to list (结论); by default all but `INELIGIBLE`, as far as the "
                "facts given tell; none with an empty list."
            )
        ),
    ] = None,
    on: _On = None,
) -> None: ...


@dataclasses.dataclass(frozen=True)
class EligibleOpenings(FieldSource):
    """Reports on the openings that pass a filter, decided for one candidate, as a connection."""

    def arguments(self) -> list[StrawberryArgument]:
        """Return the candidate, the outcomes, and the arguments of the list of openings."""
        own = StrawberryResolver(_asked).arguments
        return [*own, *OPENINGS.arguments()]

    def reader(self, name: str) -> Reader:
        """Decide the openings, then open a page of the reports."""

        async def read(_value: Any, context: GraphContext, arguments: Mapping[str, Any]) -> Any:
            facts = candidate_of(arguments["candidate"], context)
            # Opened before anything is decided, so that what is wrong with it is told at once.
            Page.open(OPENINGS, context, arguments)
            outcomes = arguments.get("outcomes")
            reports = await eligibility.eligible_openings(
                context.catalogue,
                _dispatcher(context),
                facts,
                today=_today(arguments.get("on"), context),
                openings=_codes(context, arguments),
                outcomes=eligibility.POSSIBLE if outcomes is None else frozenset(outcomes),
            )
            return Page.open(_REPORTS, context, arguments, reports)

        return read


def _codes(context: GraphContext, arguments: Mapping[str, Any]) -> Iterable[str] | None:
    wanted = arguments.get("filter")
    if wanted is None:
        return None
    at = arguments.get("at") or context.clock()
    select: Callable[..., Iterable[Opening]] = OPENINGS.select
    found = select(
        wanted, Selected(context.catalogue, at, context), context.catalogue.openings.values()
    )
    return [opening.code for opening in found]


@strawberry.type
class DecisionQueries:
    """Fields of the root type that decide."""

    eligibility: EligibilityReport | None = field(
        Computed(_eligibility),
        description=(
            "Whether a candidate may apply for an opening (资格审核): one finding for each rule, "
            "with its clause. Facts are not stored."
        ),
        cost=50,
    )
    eligible_openings: Connection[EligibilityReport] | None = field(
        EligibleOpenings(),
        description="For which openings a candidate could apply (可报考的招收专业).",
        cost=4000,
    )
    benefit_estimate: BenefitEstimate | None = field(
        Computed(_benefit_estimate),
        description="What a person would be paid and given in an opening (待遇测算).",
        cost=50,
    )
