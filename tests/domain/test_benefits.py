"""Totals, night shifts and the pay floor: R056, R112, R283, G35, T55, T57."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.benefits import (
    AmountRange,
    Payer,
    PayFloorOutcome,
    SubsidyLine,
    WageFigure,
    is_night_shift,
    pay_floor,
    total,
)
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.sources import Source
from zhupei.domain.text import Text

_YUAN = st.integers(0, 10_000).map(Decimal)
SHARES = {1: Decimal("0.8"), 2: Decimal("1.0"), 3: Decimal("1.1")}
WAGE = WageFigure(region="示例", year=2025, amount=Decimal(120_000))
REASON = Text("原因", "reason")


def _line(amount: AmountRange | None, payer: Payer | None = Payer.BASE) -> SubsidyLine:
    return SubsidyLine(
        id="line",
        kind="monthly",
        label=Text("示例", "Example"),
        payer=payer,
        funding_source=None,
        amount=amount,
    )


@st.composite
def _lines(draw: st.DrawFn) -> SubsidyLine:
    minimum, more, most = draw(_YUAN), draw(_YUAN), draw(_YUAN)
    amount = draw(
        st.sampled_from(
            [
                None,
                AmountRange.exactly(minimum),
                AmountRange(minimum, minimum + more, minimum + more + most),
                AmountRange(minimum, None, None),
            ]
        )
    )
    return _line(amount, draw(st.sampled_from([None, Payer.BASE, Payer.TRAINEE])))


@given(st.lists(_lines()), st.lists(_lines()), st.integers(1, 48))
def test_totals_are_additive(one: list[SubsidyLine], other: list[SubsidyLine], months: int) -> None:
    """The total of all lines is the sum of the totals, for any number of months."""
    first, second, whole = total(one), total(other), total(one + other, months=months)
    assert first.expected is not None
    assert second.expected is not None
    assert whole.minimum == (first.minimum + second.minimum) * months
    assert whole.expected == (first.expected + second.expected) * months
    if first.maximum is None or second.maximum is None:
        assert whole.maximum is None
    else:
        assert whole.maximum == (first.maximum + second.maximum) * months


@given(st.lists(_lines()))
def test_a_total_is_in_order(lines: list[SubsidyLine]) -> None:
    found = total(lines)
    assert found.expected is not None
    assert found.minimum <= found.expected
    assert found.maximum is None or found.expected <= found.maximum


def test_what_the_trainee_bears_and_what_has_no_figure_is_not_added() -> None:
    lines = [
        _line(AmountRange.exactly(Decimal(6000))),
        _line(AmountRange.exactly(Decimal(300)), Payer.TRAINEE),
        _line(None),
    ]
    assert total(lines) == AmountRange.exactly(Decimal(6000))


@pytest.mark.parametrize(
    ("monthly", "yearly"),
    [(7600, 91_200), (8600, 103_200), (10_100, 121_200), (8100, 97_200), (10_600, 127_200)],
)
def test_r056_a_year_is_twelve_months(monthly: int, yearly: int) -> None:
    lines = [_line(AmountRange.exactly(Decimal(monthly)))]
    assert total(lines, months=12).minimum == yearly


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 - because the zone follows
    st.integers(1, 60 * 30),
    st.integers(1, 24),
)
def test_t57_a_night_shift_crosses_midnight_and_lasts(
    naive: datetime, minutes: int, hours: int
) -> None:
    """T57: both conditions, whatever the shift."""
    start = naive.replace(tzinfo=CHINA_TIME)
    end = start + timedelta(minutes=minutes)
    crosses = (end - timedelta(microseconds=1)).date() > start.date()
    long_enough = timedelta(minutes=minutes) >= timedelta(hours=hours)
    found = is_night_shift(start, end, least_hours=Decimal(hours))
    assert found == (crosses and long_enough)


@pytest.mark.parametrize(
    ("starts", "minutes", "counts"),
    [
        (20, 8 * 60, True),
        (20, 8 * 60 - 1, False),
        (20, 4 * 60 + 1, False),
        (16, 8 * 60, False),
        (16, 8 * 60 + 1, True),
        (0, 23 * 60, False),
        (0, 24 * 60, False),
        (0, 24 * 60 + 1, True),
    ],
)
def test_r049_t57_exactly_eight_hours_qualify_and_exactly_midnight_does_not(
    starts: int, minutes: int, *, counts: bool
) -> None:
    start = datetime(2026, 9, 1, starts, tzinfo=CHINA_TIME)
    end = start + timedelta(minutes=minutes)
    assert is_night_shift(start, end, least_hours=Decimal(8)) is counts


def test_a_shift_needs_an_offset_and_an_order() -> None:
    start = datetime(2026, 9, 1, 20, tzinfo=CHINA_TIME)
    with pytest.raises(ValueError, match="an offset"):
        is_night_shift(start.replace(tzinfo=None), start, least_hours=Decimal(8))
    with pytest.raises(ValueError, match="ends after it starts"):
        is_night_shift(start, start, least_hours=Decimal(8))


@pytest.mark.parametrize(
    ("year", "floor", "shortfall"), [(1, 96_000, 4_800), (2, 120_000, 28_800), (3, 132_000, 40_800)]
)
def test_g35_pay_floor(year: int, floor: int, shortfall: int) -> None:
    """G35, R283: 80 %, 100 %, 110 % of 120,000; a pay of 91,200 is 4,800 short in year 1."""
    found = pay_floor(
        training_year=year,
        shares=SHARES,
        wage=WAGE,
        yearly_pay=Decimal(91_200),
        reason=REASON,
        source=None,
    )
    assert (found.outcome, found.floor, found.shortfall) == (
        PayFloorOutcome.NOT_MET,
        Decimal(floor),
        Decimal(shortfall),
    )
    assert (found.average_wage, found.wage_year, found.reason) == (Decimal(120_000), 2025, REASON)


@pytest.mark.parametrize(
    ("pay", "wage"), [(91_200, 114_000), (103_200, 129_000), (121_200, 151_500)]
)
def test_g35_break_even_wages(pay: int, wage: int) -> None:
    """G35: at these wages the fixed pay just reaches the floor of year 1, a yuan more breaks it."""
    source = Source("SAMPLE", "四", "30")
    for more, outcome, reason in (
        (0, PayFloorOutcome.MET, None),
        (1, PayFloorOutcome.NOT_MET, REASON),
    ):
        found = pay_floor(
            training_year=1,
            shares=SHARES,
            wage=WageFigure(region="示例", year=2025, amount=Decimal(wage + more)),
            yearly_pay=Decimal(pay),
            reason=REASON,
            source=source,
        )
        assert (found.outcome, found.reason, found.source) == (outcome, reason, source)


@pytest.mark.parametrize(
    ("shares", "wage"), [({}, WAGE), (SHARES, None)], ids=["no share", "no wage"]
)
def test_t55_without_share_or_wage_nothing_is_claimed(
    shares: dict[int, Decimal], wage: WageFigure | None
) -> None:
    found = pay_floor(
        training_year=1,
        shares=shares,
        wage=wage,
        yearly_pay=Decimal(10_000_000),
        reason=REASON,
        source=None,
    )
    assert (found.outcome, found.reason) == (PayFloorOutcome.UNKNOWN, REASON)
    assert (found.floor, found.shortfall) == (None, None)


@pytest.mark.parametrize(
    ("at_most", "outcome"),
    [
        (None, PayFloorOutcome.UNKNOWN),
        (Decimal(96_000), PayFloorOutcome.UNKNOWN),
        (Decimal(95_999), PayFloorOutcome.NOT_MET),
    ],
)
def test_what_may_still_be_paid_leaves_the_floor_open(
    at_most: Decimal | None, outcome: PayFloorOutcome
) -> None:
    found = pay_floor(
        training_year=1,
        shares=SHARES,
        wage=WAGE,
        yearly_pay=Decimal(91_200),
        at_most=at_most,
        undecided=True,
        reason=REASON,
        source=None,
    )
    assert (found.outcome, found.shortfall) == (outcome, Decimal(4_800))
