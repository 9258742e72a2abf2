"""The hospital's types of the graph."""

from typing import Any

import strawberry

from zhupei import Text
from zhupei.graph import BaseExtension, Benefit, Param, field

__all__ = ["KitchenSinkMeals", "KitchenSinkProfile", "KitchenSinkQueries", "profile"]


@strawberry.type(description="Meals at a price (按餐计价的工作餐).")
class KitchenSinkMeals(Benefit):
    """A benefit of the kind ``kitchen-sink.meals``."""

    meals: int = field(Param(), description="Meals a month (每月餐数).")
    price: int = field(Param(), description="Yuan for a meal (每餐元数).")


@strawberry.type(description="What the fictional hospital says of itself (厨房水槽医院概况).")
class KitchenSinkProfile(BaseExtension):
    """What the fictional hospital says of itself."""

    taps: int = strawberry.field(description="Number of taps (水龙头数量).")


def profile(*, taps: int, source: Any) -> KitchenSinkProfile:
    """Return what the hospital says of itself; ``source`` is a `zhupei.Source`."""
    return KitchenSinkProfile(
        id=strawberry.ID("kitchen-sink"),
        kind="kitchen-sink.profile",
        label=Text("医院概况", "About the hospital"),
        source=source,
        taps=taps,
    )


def _taps(base: str) -> int | None:
    return 12 if base == "kitchen-sink-hospital" else None


@strawberry.type(description="Queries of the fictional hospital (厨房水槽医院查询).")
class KitchenSinkQueries:
    """Queries of the fictional hospital."""

    taps: int | None = strawberry.field(
        resolver=_taps, description="Number of taps of a base (某基地的水龙头数量)."
    )
