"""The cut of the non-shortage plan (R159, T18): exact, and never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from zhupei.domain.codes import ShortagePurpose, ShortageSet
from zhupei.domain.plan_cuts import PlanCut, non_shortage_seats, plan_cut
from zhupei.domain.sources import Source
from zhupei.domain.text import Text

_LIST = ShortageSet(
    purpose=ShortagePurpose.QUOTA_PENALTY,
    codes=frozenset({"0200", "0700"}),
    open_ended=True,
    source=Source("SAMPLE", "一", "1"),
)


@pytest.mark.parametrize(
    ("last", "factor", "planned", "at_most", "over"),
    [
        (40, "0.1", 36, "36.0", "0"),
        (40, "0.1", 37, "36.0", "1.0"),
        (45, "0.1", 40, "40.5", "0"),
        (45, "0.1", 41, "40.5", "0.5"),
        (10, "1", 0, "0", "0"),
        (10, "0", 11, "10", "1"),
    ],
)
def test_r159_the_limit_is_the_exact_product(
    last: int, factor: str, planned: int, at_most: str, over: str
) -> None:
    cut = plan_cut(last_plan=last, factor=Decimal(factor), planned=planned)
    assert isinstance(cut, PlanCut)
    assert (cut.at_most, cut.over) == (Decimal(at_most), Decimal(over))


def test_r159_the_arithmetic_is_shown() -> None:
    cut = PlanCut(last_plan=45, factor=Decimal("0.10"), planned=41)
    assert cut.arithmetic == Text(
        "上一年度非紧缺专业计划 45 × (1 − 0.1) = 40.5，本年度 41",
        "non-shortage plan of the year before 45 × (1 − 0.1) = 40.5, planned now 41",
    )
    whole = PlanCut(last_plan=40, factor=Decimal(0), planned=41)
    assert whole.arithmetic == Text(
        "上一年度非紧缺专业计划 40 × (1 − 0) = 40，本年度 41",
        "non-shortage plan of the year before 40 × (1 − 0) = 40, planned now 41",
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"factor": None}, "the share that is cut is not configured (shortage_cut_factor)"),
        ({"factor": Decimal("1.5")}, "the share that is cut lies between 0 and 1, not 1.5"),
        (
            {"last_plan": None},
            (
                "the non-shortage plan of the year before is not known (last_non_shortage_plan "
                "can state it)"
            ),
        ),
        ({"planned": None}, "seats of this year's non-shortage specialties are not published"),
    ],
)
def test_t18_a_figure_that_is_missing_is_named(given: dict[str, None], reason: str) -> None:
    cut = plan_cut(**{"last_plan": 10, "factor": Decimal("0.1"), "planned": 9, **given})  # type: ignore[arg-type]  # one figure is left out
    assert isinstance(cut, Text)
    assert cut.en == reason


def test_r159_only_listed_specialties_are_shortage_ones() -> None:
    """A list for pay or priority is another list (T16); an unknown quota leaves the sum unknown."""
    priority = ShortageSet(
        purpose=ShortagePurpose.ADMISSION_PRIORITY,
        codes=frozenset({"0100"}),
        open_ended=False,
        source=Source("SAMPLE", "二", "2"),
    )
    quotas = {"0100": 5, "0200": 3, "0300": 2}
    assert non_shortage_seats(quotas, [_LIST, priority]) == 7
    assert non_shortage_seats({**quotas, "0200": None}, [_LIST]) == 7
    assert non_shortage_seats({**quotas, "0300": None}, [_LIST]) is None
    assert non_shortage_seats({}, []) == 0
