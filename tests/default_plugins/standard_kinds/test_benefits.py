"""What kinds of benefits pay: R042-R053, R111, R279, T5, T6, T16, T45, T56, T57."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from example_hospital import LABEL, benefit, example_opening, pay
from zhupei.domain.benefits import AmountRange, FundingSource, Payer, SubsidyLine
from zhupei.domain.people import DegreeLevel, NightShift, NightShiftCounts, Profile, TitleLevel
from zhupei.domain.text import Text

STIPEND = benefit("by_degree", amounts={"BACHELOR": "6000", "MASTER": "7000", "DOCTOR": "8500"})
NIGHTS = benefit("night_shift", independent="310", follower="155", least_hours="8")
SUBSIDY = benefit(
    "by_title",
    amounts={
        "SENIOR": "2500",
        "ASSOCIATE_SENIOR": "2000",
        "INTERMEDIATE": "1500",
        "JUNIOR": "1000",
    },
)


def _range(minimum: int, expected: int | None, maximum: int | None) -> AmountRange:
    return AmountRange(
        Decimal(minimum),
        None if expected is None else Decimal(expected),
        None if maximum is None else Decimal(maximum),
    )


def _one(lines: list[SubsidyLine]) -> SubsidyLine:
    (line,) = lines
    return line


def test_a_line_carries_what_the_configuration_says() -> None:
    common = {
        "payer": Payer.BASE,
        "funding_source": FundingSource.MIXED_FISCAL_AND_BASE,
        "condition": Text("考核后发放", "paid after appraisal"),
        "note": Text("已含财政补助。", "includes fiscal subsidies."),
    }
    entry = benefit("monthly", amount="600", common=common)
    line = _one(pay(entry, Profile()))
    assert (line.id, line.kind, line.label) == ("monthly", "monthly", LABEL)
    assert (line.payer, line.funding_source) == (Payer.BASE, FundingSource.MIXED_FISCAL_AND_BASE)
    assert (line.amount, line.condition) == (_range(600, 600, 600), common["condition"])
    assert line.note == Text("已含财政补助", "includes fiscal subsidies")
    assert (line.source, line.level) == (entry.source, entry.level)


@pytest.mark.parametrize(
    ("granted", "amount", "missing"),
    [
        (True, _range(1000, 1000, 1000), ()),
        (False, _range(0, 0, 0), ()),
        (None, _range(0, None, 1000), ("postAllowanceGranted",)),
    ],
)
def test_t56_r046_the_post_allowance_depends_on_an_appraisal(
    granted: bool | None, amount: AmountRange, missing: tuple[str, ...]
) -> None:
    """T56, R046: guaranteed pay is a range while the result of the appraisal is not known."""
    entry = benefit("monthly", amount="1000", granted_by="postAllowanceGranted")
    line = _one(pay(entry, Profile(post_allowance_granted=granted)))
    assert (line.amount, line.missing_facts) == (amount, missing)


def test_a_grant_is_a_fact_of_the_profile() -> None:
    with pytest.raises(ValidationError) as caught:
        benefit("monthly", amount="1000", granted_by="licensed")
    (error,) = caught.value.errors()
    assert error["msg"] == (
        "there is no yes-or-no fact licensed (known: independentDuty, postAllowanceGranted)"
    )


def test_a_benefit_without_a_figure_is_never_zero() -> None:
    """R047: performance pay has no figure; it is listed without an amount."""
    assert _one(pay(benefit("monthly"), Profile())).amount is None
    assert _one(pay(benefit("unquantified"), Profile())).amount is None


@pytest.mark.parametrize(
    ("degree", "amount", "missing"),
    [
        (DegreeLevel.BACHELOR, _range(6000, 6000, 6000), ()),
        (DegreeLevel.MASTER, _range(7000, 7000, 7000), ()),
        (DegreeLevel.DOCTOR, _range(8500, 8500, 8500), ()),
        (None, _range(6000, None, 8500), ("qualifyingDegree",)),
    ],
)
def test_r042_stipend_by_degree(
    degree: DegreeLevel | None, amount: AmountRange, missing: tuple[str, ...]
) -> None:
    line = _one(pay(STIPEND, Profile(), degree=degree))
    assert (line.amount, line.missing_facts) == (amount, missing)


def test_a_degree_without_a_figure_has_no_amount() -> None:
    line = _one(pay(STIPEND, Profile(), degree=DegreeLevel.JUNIOR_COLLEGE))
    assert line.amount is None
    assert line.note == Text(
        "未公布大专学历的标准", "no figure is published for the junior college degree"
    )


@pytest.mark.parametrize(
    ("title", "amount"),
    [
        (TitleLevel.SENIOR, _range(2500, 2500, 2500)),
        (TitleLevel.ASSOCIATE_SENIOR, _range(2000, 2000, 2000)),
        (TitleLevel.INTERMEDIATE, _range(1500, 1500, 1500)),
        (TitleLevel.JUNIOR, _range(1000, 1000, 1000)),
        (TitleLevel.NONE, None),
        (None, _range(1000, None, 2500)),
    ],
)
def test_r111_t5_subsidy_by_title(title: TitleLevel | None, amount: AmountRange | None) -> None:
    """R111, T5: fellows by title; the junior rate can only be a secondary hospital's."""
    line = _one(pay(SUBSIDY, Profile(title=title)))
    assert line.amount == amount
    assert line.missing_facts == (("title",) if title is None else ())


@pytest.mark.parametrize(
    ("values", "purposes", "listed"),
    [
        ({"specialties": ["儿科", "全科"]}, frozenset(), True),
        ({"specialties": ["0200"]}, frozenset(), True),
        ({"specialties": ["Paediatrics"]}, frozenset(), True),
        ({"specialties": ["麻醉科", "1600"]}, frozenset({"subsidy"}), False),
        ({}, frozenset({"subsidy"}), True),
        ({}, frozenset({"admission_priority", "quota_penalty"}), False),
    ],
)
def test_t16_r050_the_shortage_set_of_the_subsidy_alone(
    values: dict[str, Any], purposes: frozenset[str], listed: bool
) -> None:
    """T16, R050: other shortage sets never pay."""
    opening = example_opening(shortage_purposes=purposes)
    lines = pay(benefit("shortage", amount="500", **values), Profile(), opening=opening)
    assert [line.amount for line in lines] == ([_range(500, 500, 500)] if listed else [])


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "amount"),
    [
        ("2026-09-01T20:00:00+08:00", "2026-09-02T04:00:00+08:00", 310),
        ("2026-09-01T20:00:00+08:00", "2026-09-02T03:59:59+08:00", 0),
        ("2026-09-01T15:00:00+08:00", "2026-09-01T23:59:59+08:00", 0),
        ("2026-09-01T14:00:00+08:00", "2026-09-02T00:00:00+08:00", 0),
        ("2026-09-01T16:00:01+08:00", "2026-09-02T00:00:01+08:00", 310),
        ("2026-09-02T00:00:00+08:00", "2026-09-02T08:00:00+08:00", 0),
        ("2026-09-01T12:00:00+00:00", "2026-09-01T20:00:00+00:00", 310),
        ("2026-09-02T01:00:00+00:00", "2026-09-02T10:00:00+00:00", 0),
    ],
)
def test_t57_r049_night_shifts_by_time_stamps(starts_at: str, ends_at: str, amount: int) -> None:
    """T57, R049: crosses China's 24:00 and lasts 8 hours or more, exactly 8h00m included."""
    shift = NightShift(starts_at=starts_at, ends_at=ends_at, independent=True)
    line = _one(pay(NIGHTS, Profile(night_shifts=(shift,))))
    assert line.amount == AmountRange.exactly(Decimal(amount))


def test_shifts_that_do_not_count_are_listed() -> None:
    shifts = (
        NightShift(
            starts_at="2026-09-01T20:00:00+08:00",
            ends_at="2026-09-02T08:00:00+08:00",
            independent=False,
        ),
        NightShift(
            starts_at="2026-09-03T18:00:00+08:00",
            ends_at="2026-09-04T01:00:00+08:00",
            independent=True,
        ),
        NightShift(starts_at="2026-09-05", ends_at="tomorrow", independent=True),
    )
    line = _one(pay(NIGHTS, Profile(night_shifts=shifts)))
    assert line.amount == _range(155, 155, 155)
    assert line.note == Text(
        "独立值班 0 次 × 310 元，跟值 1 次 × 155 元；"
        "2026-09-03T18:00:00+08:00 至 2026-09-04T01:00:00+08:00 不符合夜班定义"
        "（跨 24:00 且连续 8 小时及以上），不计；"
        "2026-09-05 至 tomorrow 无法识别或先后颠倒，不计",
        "0 independent shifts at 310 yuan, 1 as a follower at 155; "
        "2026-09-03T18:00:00+08:00 to 2026-09-04T01:00:00+08:00 is no night shift "
        "(crosses 24:00 and lasts 8 hours or more) and does not count; "
        "2026-09-05 to tomorrow cannot be read or ends before it starts, and does not count",
    )


@pytest.mark.parametrize(
    ("profile", "amount"),
    [
        (Profile(night_shift_counts=NightShiftCounts(independent=3, follower=2)), 1240),
        (Profile(night_shift_counts=NightShiftCounts()), 0),
        (
            Profile(
                night_shift_counts=NightShiftCounts(independent=3, follower=2),
                independent_duty=False,
            ),
            775,
        ),
    ],
)
def test_r048_night_shifts_by_count(profile: Profile, amount: int) -> None:
    """R048: 310 a shift needs permission for independent duty."""
    assert _one(pay(NIGHTS, profile)).amount == AmountRange.exactly(Decimal(amount))


def test_night_shifts_that_are_not_given_have_no_upper_figure() -> None:
    line = _one(pay(NIGHTS, Profile()))
    assert (line.amount, line.missing_facts) == (_range(0, None, None), ("nightShifts",))
    assert line.note == Text(
        "独立值班 310 元/次，跟值 155 元/次",
        "310 yuan a shift on independent duty, 155 as a follower",
    )


@pytest.mark.parametrize(
    ("name", "values", "note"),
    [
        (
            "in_kind",
            {"months": "36", "times_per_year": "1"},
            Text("提供 36 个月；每年 1 次", "for 36 months; 1 times a year"),
        ),
        ("in_kind", {}, None),
        (
            "insurance",
            {"schemes": ["pension", "medical", "unemployment", "work_injury", "housing_fund"]},
            Text(
                "养老保险、医疗保险、失业保险、工伤保险、住房公积金；"
                "个人部分由本人承担，未从金额中扣除",
                "pension, medical, unemployment, work injury, housing fund; "
                "the personal part is borne by the trainee and not deducted here",
            ),
        ),
        (
            "insurance",
            {"schemes": ["maternity"], "personal_part_by_trainee": "false"},
            Text("生育保险", "maternity"),
        ),
        (
            "cost",
            {"item": {"zh": "住宿费", "en": "Lodging"}},
            Text("住宿费", "Lodging"),
        ),
        ("cost", {"item": {"zh": "示例", "en": "Example"}}, None),
        (
            "fiscal_subsidy",
            {"living": "20000", "teaching": "10000"},
            Text(
                "每人每年 30,000 元：生活补助 20,000 元，带教补助 10,000 元；"
                "由培训基地统筹使用，不另计入本人收入；每人只享受一次",
                "30,000 yuan a person and year: 20,000 for living, 10,000 for teaching; "
                "paid to the base and not added to the pay; once per person",
            ),
        ),
    ],
)
def test_r044_r053_r279_t6_t45_what_is_no_pay_has_no_amount(
    name: str, values: dict[str, Any], note: Text | None
) -> None:
    """R044, R052, R053, R279, T6, T45: listed with its terms, never an amount."""
    line = _one(pay(benefit(name, **values), Profile()))
    assert (line.amount, line.note) == (None, note)


@pytest.mark.parametrize(
    ("source", "profile", "amount", "missing"),
    [
        ("profile.trainingYear * 500", Profile(training_year=2), _range(1000, 1000, 1000), ()),
        ("profile.trainingYear * 500", Profile(), _range(0, None, None), ("trainingYear",)),
        ("0.5", Profile(), AmountRange.exactly(Decimal("0.50")), ()),
        ("-1", Profile(), None, ()),
        ("1 / 0", Profile(), None, ()),
    ],
)
def test_an_amount_by_expression(
    source: str, profile: Profile, amount: AmountRange | None, missing: tuple[str, ...]
) -> None:
    line = _one(pay(benefit("expression", amount=source), profile))
    assert (line.amount, line.missing_facts) == (amount, missing)


def test_an_expression_that_gives_no_amount_says_so() -> None:
    line = _one(pay(benefit("expression", amount="0 - 1"), Profile()))
    assert line.note == Text("表达式的结果 -1 不是金额", "the expression gives -1, no amount")
