"""The subsidy as the graph shows it: by title, a month and a whole stay."""

from typing import Any

import strawberry

from zhupei import TitleLevel
from zhupei.graph import Benefit, Computed, Param, Yuan, field

__all__ = ["GRAPH_TYPES", "GzLiuzhouFellowshipSubsidy", "GzLiuzhouSubsidyRate"]


@strawberry.type(description="What fellows of one title get (某职称的补助标准).")
class GzLiuzhouSubsidyRate:
    """One row of the subsidy: a title, yuan a month, yuan of a whole stay."""

    title: TitleLevel = field(description="Professional title (职称).")
    monthly: Yuan = field(description="Yuan a month (每月金额，元).")
    whole_stay: Yuan = field(description="Yuan of a whole stay (整个进修期合计，元).")


def _rates(root: Any) -> list[GzLiuzhouSubsidyRate]:
    # ``root`` is the benefit of the catalogue, its params those of the plugin's own kind.
    totals = root.params.totals()
    return [
        GzLiuzhouSubsidyRate(title=title, monthly=amount, whole_stay=totals[title])
        for title, amount in root.params.amounts.items()
    ]


@strawberry.type(description="The fellowship subsidy by title (进修补助).")
class GzLiuzhouFellowshipSubsidy(Benefit):
    """A benefit of the kind ``gz-liuzhou.fellowship_subsidy``."""

    months: int = field(Param(), description="Months of one stay (每批次进修月数).")
    rates: list[GzLiuzhouSubsidyRate] = field(
        Computed(_rates), description="The rates, highest title first (按职称的标准)."
    )


GRAPH_TYPES = (GzLiuzhouFellowshipSubsidy, GzLiuzhouSubsidyRate)
"""Every type that the plugin owns."""
