"""Benefits: what trainees are paid or given, by whom, on which condition, and estimates.

Amounts are yuan. A benefit without a published figure is listed without an amount and never
counted as zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from zhupei.domain.people import DegreeLevel
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text

__all__ = [
    "AmountRange",
    "Benefit",
    "BenefitEstimate",
    "FundingSource",
    "PayFloor",
    "PayFloorOutcome",
    "Payer",
    "Period",
    "Subsidy",
    "SubsidyLine",
    "WageFigure",
    "is_night_shift",
    "pay_floor",
    "total",
]


class Payer(StrEnum):
    """Who pays (支付方)."""

    BASE = "base"
    SENDING_UNIT = "sending_unit"
    TRAINEE = "trainee"
    GOVERNMENT = "government"
    OTHER = "other"


class FundingSource(StrEnum):
    """Where the money comes from (资金来源); repayment depends on it (T44)."""

    CENTRAL_FISCAL = "central_fiscal"
    PROVINCIAL_FISCAL = "provincial_fiscal"
    CITY_FISCAL = "city_fiscal"
    MIXED_FISCAL_AND_BASE = "mixed_fiscal_and_base"
    BASE = "base"
    SENDING_UNIT = "sending_unit"
    TRAINEE = "trainee"


class Period(StrEnum):
    """How often an amount is paid."""

    MONTH = "month"
    YEAR = "year"
    HALF_ACADEMIC_YEAR = "half_academic_year"
    SHIFT = "shift"
    ONCE = "once"


class PayFloorOutcome(StrEnum):
    """Whether the pay reaches the floor of R283."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class AmountRange:
    """Yuan for one month (or the stated period): at least, expected, at most.

    ``expected`` is None where it depends on facts that were not given; ``maximum`` is None
    where the documents set no upper figure.
    """

    minimum: Decimal
    expected: Decimal | None
    maximum: Decimal | None

    @classmethod
    def exactly(cls, amount: Decimal) -> AmountRange:
        """A range of one figure."""
        return cls(amount, amount, amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """One thing that trainees are paid or given, as configured.

    ``when`` is an expression over ``profile`` and ``opening`` that says whom it concerns;
    ``condition`` tells a reader on what it depends. A cost that the trainee bears is a benefit
    with payer ``trainee``.
    """

    id: str
    kind: str
    label: Text
    level: Level
    payer: Payer | None = None
    funding_source: FundingSource | None = None
    period: Period | None = None
    condition: Text | None = None
    when: str | None = None
    description: Text | None = None
    note: Text | None = None
    source: Source | None = None
    params: Any = field(default=None, compare=False)
    owner: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """What `base_subsidies` answers: a monthly amount with its payer and funding source."""

    id: str
    label: Text
    amount: Decimal | None
    payer: Payer
    funding_source: FundingSource
    condition: Text | None = None
    note: Text | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsidyLine:
    """One line of an estimate.

    ``amount`` is yuan per month, None where the benefit applies but has no figure (``note``
    says why). ``missing_facts`` name what would narrow the range.
    """

    id: str
    kind: str
    label: Text
    payer: Payer | None
    funding_source: FundingSource | None
    amount: AmountRange | None
    condition: Text | None = None
    note: Text | None = None
    missing_facts: tuple[str, ...] = ()
    source: Source | None = None
    level: Level = Level.INSTITUTION
    plugin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WageFigure:
    """Average yearly wage of urban in-post employees of a region (R283, T55), in yuan."""

    region: str
    year: int
    amount: Decimal
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayFloor:
    """The pay floor of one training year: share of last year's average wage, floor, shortfall."""

    training_year: int
    outcome: PayFloorOutcome
    share: Decimal | None
    average_wage: Decimal | None
    wage_year: int | None
    floor: Decimal | None
    yearly_pay: Decimal | None
    shortfall: Decimal | None
    reason: Text | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitEstimate:
    """What one person gets in one opening, line by line; totals count lines with figures."""

    opening: str
    months: int
    qualifying_degree: DegreeLevel | None
    lines: tuple[SubsidyLine, ...]
    monthly: AmountRange
    yearly: AmountRange
    whole: AmountRange
    floors: tuple[PayFloor, ...]
    notes: tuple[Text, ...]
    catalogue_hash: str


def total(lines: Iterable[SubsidyLine], *, months: int = 1) -> AmountRange:
    """Add up the lines that have figures and that others pay, for ``months`` months.

    A line whose expected amount is unknown counts with its minimum in ``expected``; one without
    an upper figure makes ``maximum`` None.
    """
    minimum = expected = Decimal(0)
    maximum: Decimal | None = Decimal(0)
    for line in lines:
        if line.amount is None or line.payer is Payer.TRAINEE:
            continue
        minimum += line.amount.minimum
        expected += line.amount.minimum if line.amount.expected is None else line.amount.expected
        if maximum is not None:
            maximum = None if line.amount.maximum is None else maximum + line.amount.maximum
    return AmountRange(
        minimum * months, expected * months, None if maximum is None else maximum * months
    )


def is_night_shift(starts_at: datetime, ends_at: datetime, *, least_hours: Decimal) -> bool:
    """Whether a shift crosses 24:00 and lasts at least ``least_hours`` without a break.

    Both must hold (R049, T57); exactly ``least_hours`` qualifies. The instants are read in the
    zone that they carry.

    Raises:
        ValueError: the shift ends before it starts, or an instant has no zone.
    """
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise ValueError("a shift's instants need an offset, such as +08:00")
    if ends_at <= starts_at:
        raise ValueError("a shift ends after it starts")
    midnight = (starts_at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    hours = Decimal((ends_at - starts_at).total_seconds()) / 3600
    return ends_at > midnight and hours >= least_hours


def pay_floor(
    *,
    training_year: int,
    shares: dict[int, Decimal],
    wage: WageFigure | None,
    yearly_pay: Decimal,
    reason: Text | None,
    source: Source | None,
    at_most: Decimal | None = None,
    undecided: bool = False,
) -> PayFloor:
    """Compare a year's pay with the floor of R283 (S4:1126-1130).

    ``shares`` maps a training year to the share of the region's average wage of the year
    before. Without a share or a wage the outcome is UNKNOWN with ``reason``, never met (T55).
    ``undecided`` says that more may be paid than ``yearly_pay``, up to ``at_most`` (None: no
    upper figure): a floor that only this could reach is UNKNOWN too, with the shortfall so far.
    """
    share = shares.get(training_year)
    if share is None or wage is None:
        return PayFloor(
            training_year=training_year,
            outcome=PayFloorOutcome.UNKNOWN,
            share=share,
            average_wage=None,
            wage_year=None,
            floor=None,
            yearly_pay=yearly_pay,
            shortfall=None,
            reason=reason,
            source=source,
        )
    floor = wage.amount * share
    shortfall = max(floor - yearly_pay, Decimal(0))
    if not shortfall:
        outcome = PayFloorOutcome.MET
    elif undecided and (at_most is None or at_most >= floor):
        outcome = PayFloorOutcome.UNKNOWN
    else:
        outcome = PayFloorOutcome.NOT_MET
    return PayFloor(
        training_year=training_year,
        outcome=outcome,
        share=share,
        average_wage=wage.amount,
        wage_year=wage.year,
        floor=floor,
        yearly_pay=yearly_pay,
        shortfall=shortfall,
        reason=reason if shortfall else None,
        source=source,
    )
