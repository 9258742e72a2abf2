"""Statistics of recruitment: figures, rates, and what they add up to."""

from decimal import Decimal
from typing import Any

import strawberry

from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, Localized, One, declares, field
from zhupei.graphql.types.references import OpeningRef
from zhupei.services.issuing import recruitment
from zhupei.services.papers import statistics

__all__ = ["OpeningStatistics", "RecruitmentReport", "RecruitmentStatistics", "StatisticsRate"]


@declares(
    statistics.Rate,
    description=(
        "A share in per cent (比率); null with the reason where the plan is unknown or of no "
        "places: never 0, never 100."
    ),
)
class StatisticsRate:
    """A rate."""

    percent: Decimal | None = field(Attribute(), description="Per cent with one decimal (百分比).")
    reason: Text | None = field(Localized(), description="Why there is none (说明).")


@declares(statistics.OpeningStatistics, description="How one opening fared (招收专业统计).")
class OpeningStatistics:
    """One opening."""

    opening: OpeningRef | None = field(
        One("openings", by="figures.opening"), description="The opening (招收专业)."
    )
    places: int | None = field(
        Attribute(),
        description="Places with approved increases; null where not published (招收计划).",
    )
    increase: int = field(
        Attribute("figures.increase"), description="Places of approved increases (增加计划)."
    )
    applications: int = field(
        Attribute("figures.applications"), description="Applications handed in (报名人数)."
    )
    admitted: int = field(
        Attribute("figures.admitted"), description="People who are admitted now (录取人数)."
    )
    registered: int = field(
        Attribute("figures.registered"), description="People who are registered (注册人数)."
    )
    is_shortage: bool | None = field(
        Attribute("figures.shortage"),
        description=(
            "Whether it counts as a shortage specialty for the plan (紧缺专业); null where the "
            "list is open-ended and does not decide it."
        ),
    )
    fill: StatisticsRate = field(
        Attribute(), description="Registered people in per cent of the places (完成率)."
    )
    competition: StatisticsRate = field(
        Attribute(), description="Applications in per cent of the places (报名计划比)."
    )


@declares(
    statistics.RecruitmentStatistics,
    description="What openings add up to (招收统计).",
)
class RecruitmentStatistics:
    """Sums."""

    applications: int = field(Attribute(), description="Applications handed in (报名人数).")
    admitted: int = field(Attribute(), description="People who are admitted now (录取人数).")
    registered: int = field(Attribute(), description="People who are registered (注册人数).")
    places: int | None = field(
        Attribute(),
        description="Places with approved increases; null where one is unknown (招收计划).",
    )
    completion: StatisticsRate = field(
        Attribute(), description="Recruitment completion rate (住培招收完成率)."
    )
    shortage_completion: StatisticsRate = field(
        Attribute(), description="Completion of shortage specialties (紧缺专业招收完成率)."
    )
    openings: list[OpeningStatistics] = field(Attribute(), description="Each opening (各招收专业).")


@declares(
    recruitment.GroupedStatistics,
    description="The sums of one base, specialty, round or type of trainee (分组统计).",
)
class StatisticsGroup:
    """A group."""

    code: str | None = field(
        Attribute(), description="Its code; null for who stated no type (代码)."
    )
    label: Text = field(Localized(), description="What to call it (名称).")
    statistics: RecruitmentStatistics = field(Attribute(), description="Its sums (合计).")


def _whole(root: strawberry.Parent[recruitment.RecruitmentReport]) -> RecruitmentStatistics:
    found: Any = root.whole
    return found  # type: ignore[no-any-return]  # the graph's type describes the service's


async def _by_trainee_type(
    root: strawberry.Parent[recruitment.RecruitmentReport], info: GraphInfo
) -> list[StatisticsGroup]:
    found: Any = await recruitment.statistics_by_trainee_type(
        info.context.catalogue, root.programs, root.round
    )
    return found  # type: ignore[no-any-return]  # as above


@declares(
    recruitment.RecruitmentReport,
    description=(
        "Statistics of recruitment (招收统计, R157): applications that were handed in, people who "
        "are admitted and registered, and rates by registered people."
    ),
)
class RecruitmentReport:
    """A report."""

    whole: RecruitmentStatistics = field(Computed(_whole), description="All together (合计).")
    by_base: list[StatisticsGroup] = field(Attribute(), description="By base (按培训基地).")
    by_specialty: list[StatisticsGroup] = field(Attribute(), description="By specialty (按专业).")
    by_round: list[StatisticsGroup] = field(Attribute(), description="By round (按批次).")
    by_trainee_type: list[StatisticsGroup] = field(
        Computed(_by_trainee_type),
        description=(
            "By type of trainee (按人员类型); without rates, because plans are not divided by type."
        ),
        cost=100,
    )
