"""Answers of decisions: eligibility reports and estimates of pay."""

from decimal import Decimal

from zhupei.domain import benefits, eligibility
from zhupei.domain.benefits import FundingSource, Payer, PayFloorOutcome
from zhupei.domain.eligibility import EligibilityOutcome, FindingOutcome
from zhupei.domain.people import DegreeLevel
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.graphql.scalars import Yuan
from zhupei.graphql.sources import (
    Attribute,
    Localized,
    One,
    declares,
    field,
)
from zhupei.graphql.types.interfaces import USE_KEY
from zhupei.graphql.types.openings import Opening
from zhupei.graphql.types.origins import Source

__all__ = [
    "AmountRange",
    "BenefitEstimate",
    "BenefitLine",
    "EligibilityReport",
    "Finding",
    "PayFloor",
]


@declares(
    eligibility.Finding, description="What one rule says of one candidate, and why (单项结论)."
)
class Finding:
    """One rule's answer."""

    rule: str = field(
        Attribute(), description="Id of the requirement, or of a plugin's own rule (规则标识)."
    )
    outcome: FindingOutcome = field(Attribute(), description="What it says (结论).")
    level: Level = field(Attribute(), description="Who set the rule (规定层级).")
    message: Text = field(Localized(), description="Why, in words for the candidate (说明).")
    missing_facts: list[str] = field(
        Attribute(),
        description=(
            "Facts of the candidate that were needed and not given, such as `english.cet4` "
            "(缺少的信息)."
        ),
    )
    source: Source | None = field(Attribute(), description="Clause of the rule (出处).")
    deferred: str | None = field(
        Attribute(),
        description=(
            "The later step that settles it (后续核验环节); such a finding counts only where it "
            "is `FAIL`."
        ),
    )
    counts: bool = field(
        Attribute(), description="Whether it bears on the outcome now (是否计入结论)."
    )
    plugin: str | None = field(
        Attribute(), description="Plugin that answered; null for a configured rule (插件)."
    )


@declares(
    eligibility.EligibilityReport,
    description=(
        "All findings for one candidate and opening, and what they add up to (资格审核结果). "
        "Every rule is evaluated, not the first that fails."
    ),
)
class EligibilityReport:
    """A report."""

    opening_code: str = field(
        Attribute("opening"), description="Code of the opening asked about (招收专业代码)."
    )
    opening: Opening | None = field(
        One("openings"), description="The opening asked about (招收专业)."
    )
    outcome: EligibilityOutcome = field(Attribute(), description="The conclusion (结论).")
    findings: list[Finding] = field(Attribute(), description="One for each rule (各项结论).")
    qualifying_degree: DegreeLevel | None = field(
        Attribute(),
        description=(
            "Highest degree that satisfies the rules (符合报考条件的最高学历), on which pay "
            "depends."
        ),
    )
    catalogue_hash: str = field(
        Attribute(), description="Version of the rules that decided (规则版本)."
    )


@declares(
    benefits.AmountRange,
    description="Yuan: at least, expected, at most (金额区间).",
)
class AmountRange:
    """A range of money."""

    minimum: Yuan = field(Attribute(), description="What is certain (最低).")
    expected: Yuan | None = field(
        Attribute(),
        description="What the facts given lead to; null where it depends on others (预计).",
    )
    maximum: Yuan | None = field(
        Attribute(), description="The upper end; null where the documents set none (最高)."
    )


@declares(benefits.SubsidyLine, description="One line of an estimate (待遇明细).")
class BenefitLine:
    """A line."""

    key: str = field(Attribute("id"), description="Key of the benefit (待遇标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    kind: str = field(Attribute(), description="How it is computed (类型).")
    label: Text = field(Localized(), description="What to call it (名称).")
    payer: Payer | None = field(
        Attribute(),
        description="Who pays (支付方); null where the documents contradict each other.",
    )
    funding_source: FundingSource | None = field(
        Attribute(), description="Where the money comes from (资金来源)."
    )
    amount: AmountRange | None = field(
        Attribute(),
        description="Yuan a month (每月金额); null where no figure is published, then see `note`.",
    )
    condition: Text | None = field(Localized(), description="On what it depends (发放条件).")
    note: Text | None = field(Localized(), description="What to know (备注).")
    missing_facts: list[str] = field(
        Attribute(), description="Facts that would narrow the range (缺少的信息)."
    )
    source: Source | None = field(Attribute(), description="Clause (出处).")
    level: Level = field(Attribute(), description="Who sets it (规定层级).")
    plugin: str | None = field(
        Attribute(), description="Plugin that computed it; null for the core (插件)."
    )


@declares(
    benefits.PayFloor,
    description=(
        "The national pay floor of one training year (收入下限): a share of the region's average "
        "wage of the year before."
    ),
)
class PayFloor:
    """A floor compared with the pay."""

    training_year: int = field(Attribute(), description="1, 2 or 3 (培训年度).")
    outcome: PayFloorOutcome = field(Attribute(), description="Whether pay reaches it (结论).")
    share: Decimal | None = field(Attribute(), description="Share of the average wage (比例).")
    average_wage: Yuan | None = field(
        Attribute(), description="Average wage of the region, yuan a year (平均工资)."
    )
    wage_year: int | None = field(
        Attribute(), description="Year that the average wage is of (平均工资年度)."
    )
    floor: Yuan | None = field(Attribute(), description="The floor, yuan a year (下限).")
    yearly_pay: Yuan | None = field(
        Attribute(), description="What is certain to be paid, yuan a year (年收入)."
    )
    shortfall: Yuan | None = field(Attribute(), description="What is missing (差额).")
    reason: Text | None = field(Localized(), description="Why it is unknown (原因).")
    source: Source | None = field(Attribute(), description="Clause (出处).")


@declares(
    benefits.BenefitEstimate,
    description=(
        "What one person gets in one opening, line by line (待遇测算). Totals count the lines "
        "that have a figure and that others pay."
    ),
)
class BenefitEstimate:
    """An estimate."""

    opening_code: str = field(
        Attribute("opening"), description="Code of the opening asked about (招收专业代码)."
    )
    opening: Opening | None = field(
        One("openings"), description="The opening asked about (招收专业)."
    )
    months: int = field(Attribute(), description="Months that `whole` covers (月数).")
    qualifying_degree: DegreeLevel | None = field(
        Attribute(),
        description="Degree that the stipend is paid on; null where unknown (计发学历).",
    )
    lines: list[BenefitLine] = field(Attribute(), description="The lines (明细).")
    monthly: AmountRange = field(Attribute(), description="Total a month (月合计).")
    yearly: AmountRange = field(Attribute(), description="Total of twelve months (年合计).")
    whole: AmountRange = field(Attribute(), description="Total of `months` (总计).")
    floors: list[PayFloor] = field(
        Attribute(), description="The national pay floor of each training year (收入下限核对)."
    )
    notes: list[Text] = field(Localized(), description="What to know (备注).")
    catalogue_hash: str = field(
        Attribute(), description="Version of the rules that it was computed by (规则版本)."
    )
