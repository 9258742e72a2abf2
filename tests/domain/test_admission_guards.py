"""Guards of admissions: windows, scores, weights, publicity and days, and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from example_hospital import example_program, policy
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_guards import (
    handed_in,
    no_show_on,
    preference_limit,
    publicity_period,
    report_date,
    score_of,
    span_text,
    tie_break_of,
    too_far_ahead,
    weights_of,
    window_of,
    window_open,
)
from zhupei.domain.admission_process import ApplicationState, Channel, Path, Stage
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.assessment import Assessment
from zhupei.domain.calendar import CHINA_TIME, Calendar
from zhupei.domain.ranking import Score, TieBreak, TieRule, Weights
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Policy, Program, Round, Window

_CLAUSE, _STEPS_CLAUSE = Source("SAMPLE", "一", "1"), Source("SAMPLE", "二", "2")


def _at(day: int, hour: int = 0, month: int = 4) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=CHINA_TIME)


def _step(kind: str, window: str | None = "registration") -> AdmissionStep:
    return AdmissionStep(
        id=kind,
        kind=kind,
        label=Text("报名", "Registration"),
        level=Level.INSTITUTION,
        window=window,
        source=_STEPS_CLAUSE,
    )


def _round(code: str, *windows: Window, **more: Any) -> Round:
    return Round(code=code, name=Text(f"批次{code}", f"batch {code}"), windows=windows, **more)


def _window(
    opens: datetime | None, closes: datetime | None, kind: str = "registration", **more: Any
) -> Window:
    return Window(
        kind=kind, label=Text("网上报名", "Sign-up"), opens_at=opens, closes_at=closes, **more
    )


def _path(*kinds: str) -> Path:
    steps = tuple(_step(kind, "report") for kind in kinds)
    return Path(Channel.BATCH, (Stage(ApplicationState.ASSESSED, steps),))


_APPLY, _INTERVIEW = _step("application"), _step("interview")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2024, 4, 7, 23, 59, 59, tzinfo=CHINA_TIME), False),
        (_at(8), True),
        (datetime(2024, 4, 23, 23, 59, 59, tzinfo=CHINA_TIME), True),
        (_at(24), False),
        (datetime(2024, 4, 23, 16, tzinfo=UTC), False),
    ],
)
def test_g19_t11_a_window_is_open_from_its_first_until_before_its_last_instant(
    at: datetime, *, is_open: bool
) -> None:
    program = example_program(rounds=(_round("1", _window(_at(8), _at(24), source=_CLAUSE)),))
    expected = Refusal(
        code=RefusalCode.WINDOW_CLOSED,
        message=Text(
            "“网上报名”的时间为北京时间 2024-04-08 00:00 至 2024-04-24 00:00（不含）",
            '"Sign-up" is open from 2024-04-08 00:00 until before 2024-04-24 00:00, China time',
        ),
        source=_CLAUSE,
    )
    assert window_open(program, "1", _APPLY, at) == (None if is_open else expected)


def test_a_window_without_a_clause_is_that_of_its_step() -> None:
    program = example_program(rounds=(_round("1", _window(_at(8), _at(24))),))
    refusal = window_open(program, "1", _APPLY, _at(24))
    assert refusal is not None
    assert refusal.source == _STEPS_CLAUSE


def test_an_end_that_is_not_given_is_open() -> None:
    begins = example_program(rounds=(_round("1", _window(_at(8), None)),))
    ends = example_program(rounds=(_round("1", _window(None, _at(24))),))
    assert window_open(begins, "1", _APPLY, _at(30)) is None
    assert window_open(ends, "1", _APPLY, _at(1)) is None
    assert span_text(begins.rounds[0].windows[0]) == Text(
        "北京时间 2024-04-08 00:00 至 不限（不含）",
        "from 2024-04-08 00:00 until before any time, China time",
    )
    assert span_text(ends.rounds[0].windows[0]) == Text(
        "北京时间 不限 至 2024-04-24 00:00（不含）",
        "from any time until before 2024-04-24 00:00, China time",
    )


def test_dates_that_are_not_published_close_a_step_only_where_others_are() -> None:
    bare = example_program(rounds=(_round("1"),))
    assert window_open(bare, "1", _APPLY, _at(1)) is None
    assert window_open(bare, "1", _step("application", None), _at(1)) is None
    partly = example_program(rounds=(_round("1", _window(_at(8), _at(24), "examination")),))
    assert window_open(partly, "1", _step("application", None), _at(1)) is None
    assert window_open(partly, "1", _APPLY, _at(1)) == Refusal(
        code=RefusalCode.WINDOW_UNKNOWN,
        message=Text("“报名”的时间尚未公布", 'the dates of "Registration" have not been published'),
        source=_STEPS_CLAUSE,
    )


def test_a_rounds_own_window_counts_and_else_the_last_that_any_round_has() -> None:
    first, second = _window(_at(1), _at(5)), _window(_at(11), _at(15))
    program = example_program(rounds=(_round("1", first), _round("2", second), _round("3")))
    assert [window_of(program, code, _APPLY) for code in ("1", "2", "3", None)] == [
        first,
        second,
        second,
        second,
    ]
    assert window_of(program, "1", _step("application", "report")) is None
    assert window_of(program, "1", _step("application", None)) is None


def test_who_missed_a_round_is_told_the_next_that_still_takes_applications() -> None:
    """Only who files chooses the round; one whose window has not begun has missed nothing."""
    program = example_program(
        rounds=(
            _round("1", _window(_at(1), _at(5))),
            _round("3", _window(_at(21), _at(25))),
            _round("2", _window(_at(11), _at(15))),
        )
    )

    def said(at: datetime, step: AdmissionStep = _APPLY, code: str = "1") -> Text:
        refusal = window_open(program, code, step, at)
        assert refusal is not None
        return refusal.message

    own = Text(
        "“网上报名”的时间为北京时间 2024-04-01 00:00 至 2024-04-05 00:00（不含）",
        '"Sign-up" is open from 2024-04-01 00:00 until before 2024-04-05 00:00, China time',
    )
    second = Text(
        "；“批次2”的为北京时间 2024-04-11 00:00 至 2024-04-15 00:00（不含）",
        '; in "batch 2" it is from 2024-04-11 00:00 until before 2024-04-15 00:00, China time',
    )
    third = Text(
        "；“批次3”的为北京时间 2024-04-21 00:00 至 2024-04-25 00:00（不含）",
        '; in "batch 3" it is from 2024-04-21 00:00 until before 2024-04-25 00:00, China time',
    )

    def joined(later: Text) -> Text:
        return Text(own.zh + later.zh, f"{own.en}{later.en}")

    assert said(_at(5)) == joined(second)
    assert said(_at(14)) == joined(second)
    assert said(_at(15)) == joined(third)
    assert said(_at(25)) == own
    assert said(_at(5), _INTERVIEW) == own
    assert said(_at(31, month=3)) == own


def test_the_limit_of_preferences_is_the_rounds_own_or_the_programs() -> None:
    rounds = (_round("1", max_preferences=2, source=_CLAUSE), _round("2"))
    limited = policy("max_preferences", 3)
    program = example_program(rounds=rounds, policies=(limited,))
    assert preference_limit(program, "1") == (2, _CLAUSE)
    assert preference_limit(program, "2") == (3, limited.source)
    assert preference_limit(program, None) == (3, limited.source)
    assert preference_limit(example_program(rounds=rounds), "2") is None
    unknown = example_program(policies=(policy("max_preferences", None),))
    assert preference_limit(unknown, "2") is None


def test_equal_totals_are_decided_as_the_program_says() -> None:
    lottery, seed = policy("tie_rule", "lottery"), policy("tie_lottery_seed", "20240601")
    drawn = example_program(policies=(lottery, seed))
    assert tie_break_of(example_program()) == TieBreak()
    assert tie_break_of(example_program(policies=(policy("tie_rule", "earliest"),))) == TieBreak(
        TieRule.EARLIEST
    )
    assert tie_break_of(drawn) == TieBreak(TieRule.LOTTERY, "20240601")


def test_no_lot_is_drawn_before_its_seed_is_published() -> None:
    lottery, seed = policy("tie_rule", "lottery"), policy("tie_lottery_seed", None)
    message = Text(
        "总分相同者抽签，但抽签种子尚未公布，不能排名",
        "ties are decided by lot, and the seed is not published yet, so nothing can be ranked",
    )
    code = RefusalCode.TIE_SEED_UNKNOWN
    assert tie_break_of(example_program(policies=(lottery,))) == Refusal(
        code=code, message=message, source=None
    )
    assert tie_break_of(example_program(policies=(lottery, seed))) == Refusal(
        code=code, message=message, source=seed.source
    )


def _assessment(kind: str, phase: str = "admission", **more: Any) -> Assessment:
    return Assessment(
        id=f"{kind}-{phase}",
        kind=kind,
        label=Text("面试", "Interview"),
        phase=phase,
        level=Level.INSTITUTION,
        source=_CLAUSE,
        **more,
    )


def test_points_are_kept_to_three_decimals_of_the_stated_full_mark() -> None:
    program = example_program(assessments=(_assessment("interview", full_mark=100),))
    assert score_of(program, "interview", Decimal("86.5"), 100) == Score(Decimal("86.500"), 100)
    assert score_of(program, "examination", Decimal(1), 150) == Score(Decimal("1.000"), 150)
    rounded = score_of(program, "interview", Decimal("86.1236"), 100)
    assert isinstance(rounded, Score)
    assert str(rounded.points) == "86.124"
    below_zero = score_of(program, "interview", Decimal("-0.0"), 100)
    assert isinstance(below_zero, Score)
    assert str(below_zero.points) == "0.000"


def test_the_full_mark_is_the_one_of_the_admissions_own_assessment() -> None:
    """That of an assessment with the same name in another phase is another one."""
    program = example_program(
        assessments=(
            _assessment("interview", "completion", full_mark=10),
            _assessment("interview", full_mark=100),
        )
    )
    assert score_of(program, "interview", Decimal(5), 10) == Refusal(
        code=RefusalCode.SCORE_INVALID,
        message=Text(
            "“面试”满分为 100，填报的满分为 10", '"Interview" is marked out of 100, not 10'
        ),
        source=_CLAUSE,
        field="of",
    )


@pytest.mark.parametrize(
    ("points", "of", "field", "zh"),
    [
        ("1", 100_000, "of", "满分不得超过 99999，填报的满分为 100000"),
        ("100.5", 100, "points", "分数应在 0 与满分 100 之间，填报的是 100.5"),
        ("-1", 100, "points", "分数应在 0 与满分 100 之间，填报的是 -1"),
    ],
)
def test_a_score_that_the_column_or_the_full_mark_does_not_hold_is_refused(
    points: str, of: int, field: str, zh: str
) -> None:
    refusal = score_of(example_program(), "interview", Decimal(points), of)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.message.zh) == (
        RefusalCode.SCORE_INVALID,
        field,
        zh,
    )
    assert isinstance(score_of(example_program(), "interview", Decimal(1), 99_999), Score)


_TENTHS = {"interview": Decimal("0.4"), "examination": Decimal("0.6")}
_BOTH = _path("interview", "examination")


def test_t42_weights_are_the_assessments_own_or_policies() -> None:
    own = example_program(
        assessments=(
            _assessment("interview", "completion", weight=Decimal("0.9")),
            *(_assessment(kind, weight=weight) for kind, weight in _TENTHS.items()),
        ),
        policies=(policy("interview_weight", Decimal("0.5")),),
    )
    assert weights_of(own, _BOTH) == Weights(_TENTHS)
    by_policy = example_program(
        assessments=(_assessment("interview"),),
        policies=tuple(policy(f"{kind}_weight", weight) for kind, weight in _TENTHS.items()),
    )
    assert weights_of(by_policy, _BOTH) == Weights(_TENTHS)


def test_a_single_assessment_ranks_by_itself() -> None:
    program = example_program(assessments=(_assessment("interview", weight=Decimal("0.4")),))
    assert weights_of(program, _path("interview", "interview", "publicity")) == Weights(
        {"interview": Decimal(1)}
    )


def test_t42_no_weight_is_assumed() -> None:
    unknown = policy("examination_weight", None)
    program = example_program(
        assessments=(_assessment("interview", weight=Decimal("0.4")),), policies=(unknown,)
    )
    assert weights_of(program, _BOTH) == Refusal(
        code=RefusalCode.WEIGHTS_UNKNOWN,
        message=Text(
            "未配置 examination 的权重，无法排名；系统不采用默认值",
            "the weight of examination is not configured, so nothing can be ranked; there is no "
            "default",
        ),
        source=unknown.source,
    )
    bare = weights_of(example_program(), _BOTH)
    assert isinstance(bare, Refusal)
    assert (bare.code, bare.source) == (RefusalCode.WEIGHTS_UNKNOWN, None)
    assert weights_of(program, _path("publicity")) == Refusal(
        code=RefusalCode.WEIGHTS_UNKNOWN,
        message=Text("本项目没有计分考核", "the program has no scored assessment"),
    )


def test_t42_weights_add_up_to_1() -> None:
    program = example_program(
        policies=(
            policy("interview_weight", Decimal("0.5")),
            policy("examination_weight", Decimal("0.6")),
        )
    )
    refusal = weights_of(program, _BOTH)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.message.zh) == (
        RefusalCode.WEIGHTS_NOT_ONE,
        "各项权重之和须为 1",
    )


def _monday_to_friday(day: date) -> bool | None:
    return day.weekday() < 5 if day.year == 2024 else None


_WEEKDAYS = Calendar(_monday_to_friday)


def _publicity(value: object, *floors: tuple[Level, str | None]) -> Policy:
    origins = tuple(Origin(level=level, value=floor) for level, floor in floors)
    return replace(policy("publicity_working_days", value), origins=origins)


@pytest.mark.parametrize(
    ("length", "days", "last"),
    [
        (_publicity(5), 5, date(2024, 6, 10)),
        (_publicity(5, (Level.INSTITUTION, "9")), 5, date(2024, 6, 10)),
        (_publicity(5, (Level.NATIONAL, "7")), 7, date(2024, 6, 12)),
        (_publicity(5, (Level.JURISDICTION, "6"), (Level.NATIONAL, "7")), 7, date(2024, 6, 12)),
        (_publicity(10, (Level.NATIONAL, "7")), 10, date(2024, 6, 17)),
        (_publicity(None, (Level.NATIONAL, "7")), 7, date(2024, 6, 12)),
        (_publicity(5, (Level.NATIONAL, None), (Level.NATIONAL, "看情况")), 5, date(2024, 6, 10)),
    ],
)
def test_t14_the_longest_floor_of_a_higher_level_binds(
    length: Policy, days: int, last: date
) -> None:
    """A list of Monday 2024-06-03, whose own day does not count (T13)."""
    program = example_program(policies=(length,))
    assert publicity_period(program, _WEEKDAYS, _at(3, month=6)) == (last, days, False)


def test_t13_the_day_of_publication_counts_where_the_program_says_so() -> None:
    program = example_program(
        policies=(_publicity(7), policy("publicity_counts_first_day", value=True))
    )
    # 23:30 in UTC is Monday morning in China.
    at = datetime(2024, 6, 2, 23, 30, tzinfo=UTC)
    assert publicity_period(program, _WEEKDAYS, at) == (date(2024, 6, 11), 7, True)


def test_without_a_length_or_a_calendar_nothing_is_published() -> None:
    unknown = _publicity(None)
    message = Text(
        "未规定公示期的工作日数，无法公示",
        "the length of publicity in working days is not set, so nothing can be published",
    )
    code = RefusalCode.PUBLICITY_LENGTH_UNKNOWN
    at = _at(3, month=6)
    assert publicity_period(example_program(), _WEEKDAYS, at) == Refusal(code=code, message=message)
    assert publicity_period(example_program(policies=(unknown,)), _WEEKDAYS, at) == Refusal(
        code=code, message=message, source=unknown.source
    )
    program = example_program(policies=(_publicity(7),))
    refusal = publicity_period(program, _WEEKDAYS, at.replace(year=2025))
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.CALENDAR_UNKNOWN


def _reporting(closes: datetime | None, *policies: Policy) -> Program:
    window = _window(None, closes, "report")
    return example_program(rounds=(_round("1", window),), policies=policies)


def test_t64_the_last_day_of_reporting_is_before_the_end_unless_the_policy_takes_it_in() -> None:
    path = _path("interview", "report")
    until = _at(1, month=9)
    inclusive = policy("report_includes_last_day", value=True)
    assert report_date(_reporting(until), "1", path) == date(2024, 8, 31)
    assert report_date(_reporting(until, inclusive), "1", path) == date(2024, 9, 1)
    assert report_date(_reporting(until + timedelta(hours=17)), "1", path) == date(2024, 9, 1)
    assert report_date(_reporting(until.astimezone(UTC)), "1", path) == date(2024, 8, 31)


def test_a_day_of_reporting_that_nobody_names_is_not_known() -> None:
    path = _path("report")
    assert report_date(_reporting(None), "1", path) is None
    assert report_date(example_program(), "1", path) is None
    assert report_date(_reporting(_at(1, month=9)), "1", _path("interview")) is None


def test_g28_who_has_not_reported_loses_the_place_after_the_days_of_the_policy() -> None:
    program = example_program(policies=(policy("no_show_days", 14),))
    assert no_show_on(program, date(2024, 9, 1)) == date(2024, 9, 16)
    assert no_show_on(example_program(), date(2024, 9, 1)) is None


def test_a_day_more_than_ten_years_ahead_is_mistyped() -> None:
    today = date(2024, 12, 31)
    assert too_far_ahead(date(2034, 12, 31), today, "reportBy") is None
    assert too_far_ahead(date(1990, 1, 1), today, "reportBy") is None
    assert too_far_ahead(date(2035, 1, 1), today, "reportBy") == Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text(
            "日期 2035-01-01 距今超过 10 年，请核对",
            "2035-01-01 lies more than 10 years ahead: check the date",
        ),
        field="reportBy",
    )


def test_what_decides_on_documents_is_named_as_on_the_form() -> None:
    refusal = handed_in([], [], ["english.cet4", "origin", "a-plugins-own"])
    assert refusal is not None
    assert refusal.missing_facts == ("english.cet4", "origin", "a-plugins-own")
    assert refusal.message == Text(
        "尚无法判断需要哪些材料，缺少：大学英语四级成绩、生源地、a-plugins-own",
        "which documents are needed depends on facts that are not given: CET-4 score, "
        "origin, a-plugins-own",
    )
