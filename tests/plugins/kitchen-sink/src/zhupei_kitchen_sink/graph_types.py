"""The hospital's types of the graph."""

import strawberry

__all__ = ["KitchenSinkProfile", "KitchenSinkQueries"]


@strawberry.type(description="What the fictional hospital says of itself (厨房水槽医院概况).")
class KitchenSinkProfile:
    """What the fictional hospital says of itself."""

    taps: int = strawberry.field(description="Number of taps (水龙头数量).")


def _taps(base: str) -> int | None:
    return 12 if base == "kitchen-sink-hospital" else None


@strawberry.type(description="Queries of the fictional hospital (厨房水槽医院查询).")
class KitchenSinkQueries:
    """Queries of the fictional hospital."""

    taps: int | None = strawberry.field(
        resolver=_taps, description="Number of taps of a base (某基地的水龙头数量)."
    )
