"""What a matching does in numbers, and a simulation beside it."""

from decimal import Decimal

from zhupei.domain import allocation
from zhupei.domain.matching_simulation import Movement as DomainMovement
from zhupei.domain.text import Text
from zhupei.graphql.allocation_enums import Mechanism
from zhupei.graphql.sources import Attribute, Localized, declares, field

__all__ = ["AllocationComparison", "AllocationFigures", "AllocationMovement", "AllocationSpecialty"]


@declares(
    allocation.SpecialtyFigures, description="Seats and placed applicants of a specialty (专业)."
)
class AllocationSpecialty:
    """Figures of a specialty."""

    specialty: str = field(Attribute(), description="Code of the specialty (专业代码).")
    name: Text = field(Localized(), description="Its name (名称).")
    shortage: bool = field(Attribute(), description="Whether it is in short supply (是否紧缺).")
    seats: int = field(Attribute(), description="Seats that were left to the round (名额).")
    placed: int = field(Attribute(), description="Applicants placed (录取人数).")


@declares(
    allocation.AllocationFigures,
    description="What a matching does, in numbers (匹配数据).",
)
class AllocationFigures:
    """Figures."""

    mechanism: Mechanism = field(Attribute(), description="By which mechanism (机制).")
    applicants: int = field(Attribute(), description="Applicants who take part (参加人数).")
    applications: int = field(Attribute(), description="Their applications (志愿数).")
    waiting: int = field(
        Attribute(),
        description="Applications that have not passed the review and take no part (未审核数).",
    )
    placed: int = field(Attribute(), description="Applicants with a seat (录取人数).")
    unplaced: int = field(Attribute(), description="Applicants without one (未录取人数).")
    seats: int = field(Attribute(), description="Seats that were left to the round (名额).")
    unfilled: int = field(Attribute(), description="Seats that nobody got (空余名额).")
    by_preference: list[int] = field(
        Attribute(),
        description="How many got their first, second, … preference (各志愿录取人数).",
    )
    average_preference: Decimal | None = field(
        Attribute(),
        description="Mean number of the preference that was met; null where none was (平均志愿).",
    )
    blocking_pairs: int = field(
        Attribute(),
        description="Applicants and places that would both rather have each other (阻碍对数).",
    )
    shortage_seats: int = field(
        Attribute(), description="Seats of shortage specialties (紧缺专业名额)."
    )
    shortage_placed: int = field(
        Attribute(), description="Applicants placed in shortage specialties (紧缺专业录取人数)."
    )
    specialties: list[AllocationSpecialty] = field(
        Attribute(), description="By specialty, in the order of codes (分专业)."
    )


@declares(DomainMovement, description="How applicants fare against the declared rules (变化).")
class AllocationMovement:
    """A movement."""

    better: int = field(Attribute(), description="Applicants who do better (变好人数).")
    worse: int = field(Attribute(), description="Applicants who do worse (变差人数).")
    same: int = field(Attribute(), description="Applicants for whom nothing changes (不变人数).")


@declares(
    allocation.AllocationComparison,
    description="A simulation beside the round as it is declared; nothing is written (模拟).",
)
class AllocationComparison:
    """A comparison."""

    declared: AllocationFigures = field(
        Attribute(), description="The round by its own rules (按现行规则)."
    )
    simulated: AllocationFigures = field(Attribute(), description="The round as asked (模拟结果).")
    movement: AllocationMovement = field(Attribute(), description="Who fares how (变化).")
