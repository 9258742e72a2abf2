"""Length, start and end of training, and what a withdrawal pays back (R057, R060, R218, T44)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_hospital import example_opening, example_program, policy
from zhupei.domain.admission import Penalty
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.people import Candidate, DegreeLevel, DegreeType
from zhupei.domain.registrations import (
    PlannedTraining,
    Repayment,
    RepaymentLine,
    TraineePayment,
    last_day,
    planned_training,
    repayment,
    training_starts,
    training_year,
    withdrawal_penalty,
)
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.trainees import Month
from zhupei.domain.training import Opening, Policy, Program, ProgramKind

_DEGREE = DegreeLevel.MASTER, DegreeType.PROFESSIONAL


def _planned(
    program: Program, opening: Opening | None = None, candidate: Candidate | None = None
) -> PlannedTraining:
    return planned_training(
        program, opening or example_opening(), candidate or Candidate(), *_DEGREE
    )


def test_r060_a_residency_lasts_as_the_policy_says_before_the_programs_length() -> None:
    months, cap = policy("training_months", 36), policy("minimum_months_professional_master", 24)
    program = example_program(duration_months=24, policies=(months, cap))
    assert _planned(program) == PlannedTraining(36, 24)


def test_r060_without_a_policy_the_openings_own_length_counts_before_the_programs() -> None:
    program = example_program(duration_months=36)
    assert _planned(program) == PlannedTraining(36, 36)
    assert _planned(program, example_opening(duration_months=24)) == PlannedTraining(24, 24)
    unknown = example_program(duration_months=36, policies=(policy("training_months", None),))
    assert _planned(unknown) == PlannedTraining(36, 36)


def test_a_length_that_nobody_gives_is_not_known() -> None:
    least = policy("minimum_months_professional_master", 24)
    program = example_program(duration_months=None, policies=(least,))
    assert _planned(program) == PlannedTraining(None, None)


def test_a_fellowship_lasts_as_long_as_was_applied_for() -> None:
    def fellowship(duration: int | None, *policies: Policy) -> Program:
        return example_program(
            kind=ProgramKind.FELLOWSHIP, duration_months=duration, policies=policies
        )

    stay, wordy = policy("stay_months", 6), policy("stay_months", "3-12")
    assert _planned(fellowship(12, stay), candidate=Candidate(stay_months=3)) == (
        PlannedTraining(3, None)
    )
    assert _planned(fellowship(12, stay)) == PlannedTraining(6, None)
    assert _planned(fellowship(12, wordy)) == PlannedTraining(12, None)
    assert _planned(fellowship(None)) == PlannedTraining(None, None)


@pytest.mark.parametrize(
    ("month", "reported", "starts"),
    [
        (9, None, date(2026, 9, 1)),
        (9, date(2026, 8, 25), date(2026, 9, 1)),
        (9, date(2026, 9, 14), date(2026, 9, 14)),
        (None, date(2026, 8, 25), date(2026, 8, 25)),
        ("九月", date(2026, 8, 25), date(2026, 8, 25)),
        (True, date(2026, 8, 25), date(2026, 8, 25)),
        (None, None, None),
    ],
)
def test_r218_training_starts_in_the_month_of_the_rules_or_with_a_later_report(
    month: object, reported: date | None, starts: date | None
) -> None:
    program = example_program(policies=(policy("start_month", month),))
    assert training_starts(program, reported) == starts
    assert training_starts(example_program(), reported) == reported


@pytest.mark.parametrize(
    ("started", "months", "last"),
    [
        (date(2026, 9, 1), 36, date(2029, 8, 31)),
        (date(2026, 9, 15), 12, date(2027, 9, 14)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 3, 1), 0, date(2026, 2, 28)),
    ],
)
def test_the_last_day_is_the_one_before_the_same_day_or_the_months_last(
    started: date, months: int, last: date
) -> None:
    assert last_day(started, months) == last


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_more_months_end_later(started: date, months: int) -> None:
    assert started < last_day(started, months) < last_day(started, months + 1)


@pytest.mark.parametrize(
    ("month", "year"),
    [
        (Month(2026, 8), 0),
        (Month(2026, 9), 1),
        (Month(2027, 8), 1),
        (Month(2027, 9), 2),
        (Month(2029, 8), 3),
        (Month(2029, 9), 4),
    ],
)
def test_a_year_of_training_begins_with_the_month_of_its_start(month: Month, year: int) -> None:
    assert training_year(date(2026, 9, 15), month) == year


_SOURCE = Source("SAMPLE", "五", "86")
_CENTRAL, _MIXED = FundingSource.CENTRAL_FISCAL, FundingSource.MIXED_FISCAL_AND_BASE


def _penalty(trigger: str, *repays: FundingSource, ban_years: int | None = None) -> Penalty:
    return Penalty(
        id=f"{trigger}-{len(repays)}-{ban_years}",
        label=Text("退培"),
        level=Level.INSTITUTION,
        trigger=trigger,
        repays=tuple(each.value for each in repays),
        ban_years=ban_years,
        source=_SOURCE,
    )


def test_r057_the_heaviest_penalty_for_a_withdrawal_counts_and_else_that_for_quitting() -> None:
    quits, other = _penalty("quit_after_report", _CENTRAL, _MIXED), _penalty("no_show", _CENTRAL)
    bans, repays = _penalty("withdrawal", ban_years=3), _penalty("withdrawal", _CENTRAL)
    both = _penalty("withdrawal", _CENTRAL, ban_years=1)
    expected: dict[tuple[Penalty, ...], Penalty | None] = {
        (): None,
        (other,): None,
        (other, quits): quits,
        (quits, bans): bans,
        (bans, repays): repays,
        (repays, both): both,
        (both, repays): both,
    }
    for penalties, found in expected.items():
        assert withdrawal_penalty(example_program(penalties=penalties)) is found


def _paid(
    amount: int, line: str = "living", source: FundingSource | None = _CENTRAL, **more: Any
) -> TraineePayment:
    return TraineePayment(
        id=UUID(int=1),
        trainee=UUID(int=2),
        month=Month(2026, 9),
        line=line,
        amount=Decimal(amount),
        payer=more.pop("payer", Payer.GOVERNMENT),
        funding_source=source,
        funding_note=None,
        recorded_by="office",
        recorded_at=datetime(2026, 10, 1, tzinfo=UTC),
        **more,
    )


def _with(*penalties: Penalty) -> Program:
    return example_program(penalties=penalties)


def _line(line: str, payments: int) -> RepaymentLine:
    return RepaymentLine(
        line=line,
        funding_source=_CENTRAL,
        payments=payments,
        amount=Decimal(2500),
        at_most=Decimal(2500),
    )


def test_r057_what_came_out_of_the_named_sources_is_paid_back_whole() -> None:
    """Not what other sources paid, nor the trainee, nor what was cancelled."""
    payments = [
        _paid(2500, line="subsidy"),
        _paid(1000),
        _paid(1500),
        _paid(900, source=FundingSource.BASE),
        _paid(800, payer=Payer.TRAINEE),
        _paid(700, cancelled_at=datetime(2026, 10, 2, tzinfo=UTC)),
    ]
    assert repayment(_with(_penalty("withdrawal", _CENTRAL, ban_years=3)), payments) == Repayment(
        lines=(
            _line("living", 2),
            _line("subsidy", 1),
        ),
        certain=Decimal(5000),
        total=Decimal(5000),
        at_most=Decimal(5000),
        ban_years=3,
        source=_SOURCE,
    )


def test_t44_the_fiscal_part_of_a_mixed_payment_is_not_known_and_never_0() -> None:
    payments = [_paid(1000), _paid(300, source=_MIXED), _paid(200, source=_MIXED), _paid(7)]
    payments.append(_paid(50, source=None))
    found = repayment(_with(_penalty("withdrawal", _CENTRAL)), payments)
    assert (found.certain, found.total, found.at_most) == (Decimal(1007), None, Decimal(1557))
    assert [
        (each.funding_source, each.payments, each.amount, each.at_most, each.note and each.note.zh)
        for each in found.lines
    ] == [
        (None, 1, None, Decimal(50), "该项未登记资金来源，须由财务部门核定"),
        (_CENTRAL, 2, Decimal(1007), Decimal(1007), None),
        (
            _MIXED,
            2,
            None,
            Decimal(500),
            "该项资金含财政补助与其他资金，文件未区分金额，须由财务部门按资金来源核定",
        ),
    ]


def test_t44_a_mixed_source_that_the_penalty_names_is_paid_back_whole() -> None:
    found = repayment(_with(_penalty("withdrawal", _MIXED)), [_paid(300, source=_MIXED)])
    assert [each.amount for each in found.lines] == [Decimal(300)]
    assert (found.total, found.ban_years) == (Decimal(300), None)


def test_r057_what_the_rules_do_not_ask_for_is_not_paid_back() -> None:
    found = repayment(_with(_penalty("withdrawal", ban_years=3)), [_paid(300, source=_MIXED)])
    assert found == Repayment(
        lines=(),
        certain=Decimal(0),
        total=Decimal(0),
        at_most=Decimal(0),
        ban_years=3,
        notes=(Text("规定未要求返还补助", "the rules ask for no subsidy to be paid back"),),
        source=_SOURCE,
    )


def test_r057_an_empty_ledger_says_so() -> None:
    found = repayment(_with(_penalty("withdrawal", _CENTRAL)), [])
    assert (found.lines, found.total) == ((), Decimal(0))
    assert [note.zh for note in found.notes] == ["发放台账中没有须返还的款项"]


def test_r057_without_a_rule_nothing_is_known() -> None:
    found = repayment(example_program(), [_paid(1000)])
    assert (found.lines, found.total, found.ban_years, found.source) == ((), None, None, None)
    assert [note.zh for note in found.notes] == ["本项目的规定未写明退培的后果，未知是否须返还补助"]
