"""Working days, publicity, windows and ages: G21, G23, G28, V13-V15, T9-T13."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.calendar import (
    CHINA_TIME,
    Calendar,
    CalendarNotConfigured,
    CalendarYear,
    Period,
    age_on,
    no_show_date,
    parse_closing,
    parse_opening,
)

# The second quarter of 2024: holidays 4-6 April, 1-5 May, 10 June; worked 7 and 28 April, 11 May.
_OFF = {date(2024, 4, d) for d in (4, 5, 6)} | {date(2024, 5, d) for d in range(1, 6)}
_OFF |= {date(2024, 6, 10)}
_WORKED = {date(2024, 4, 7), date(2024, 4, 28), date(2024, 5, 11)}


def _spring_2024(day: date) -> bool | None:
    if day.year != 2024:
        return None
    return day in _WORKED or (day.weekday() < 5 and day not in _OFF)


CALENDAR = Calendar(_spring_2024)
days_2024 = st.dates(date(2024, 3, 1), date(2024, 10, 31))
lengths = st.integers(1, 25)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2024, 4, 7), True),
        (date(2024, 4, 28), True),
        (date(2024, 5, 11), True),
        (date(2024, 6, 10), False),
        (date(2024, 6, 8), False),
        (date(2024, 6, 11), True),
    ],
)
def test_g23_make_up_days_are_working_days(day: date, working: bool) -> None:
    assert CALENDAR.is_working_day(day) is working


def test_g23_a_year_without_data_is_an_error_never_a_guess() -> None:
    with pytest.raises(CalendarNotConfigured) as caught:
        CALENDAR.is_working_day(date(2027, 5, 3))
    assert caught.value.year == 2027
    assert caught.value.message.zh == (
        "2027 年的工作日历尚未配置，无法推算工作日：请按国务院办公厅公布的节假日安排"
        "添加 bases/calendar/2027.yaml（节假日与调休上班日，格式见 docs/reference-data.md）"
    )
    assert str(caught.value) == (
        "the working calendar of 2027 is not configured, so working days cannot be counted: add "
        "bases/calendar/2027.yaml with the official holidays and make-up working days "
        "(format: docs/reference-data.md)"
    )


def test_g23_counting_across_the_year_end_stops_at_the_unknown_year() -> None:
    assert CALENDAR.add_working_days(date(2024, 12, 30), 1) == date(2024, 12, 31)
    with pytest.raises(CalendarNotConfigured) as caught:
        CALENDAR.add_working_days(date(2024, 12, 30), 2)
    assert caught.value.year == 2025


def test_each_day_is_asked_once() -> None:
    asked: list[date] = []

    def working_day(day: date) -> bool:
        asked.append(day)
        return True

    calendar = Calendar(working_day)
    for _ in range(3):
        assert calendar.working_days_between(date(2024, 1, 1), date(2024, 1, 3)) == 3
    assert asked == [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)]


@pytest.mark.parametrize(
    ("count_first_day", "end"), [(False, date(2024, 6, 12)), (True, date(2024, 6, 11))]
)
def test_g21_seven_working_days_of_publicity_from_31_may(count_first_day: bool, end: date) -> None:
    start = date(2024, 5, 31)
    assert CALENDAR.publicity_end(start, 7, count_first_day=count_first_day) == end


@pytest.mark.parametrize(
    ("count_first_day", "start"), [(True, date(2024, 6, 20)), (False, date(2024, 6, 19))]
)
def test_v15_latest_start_for_a_publicity_over_by_30_june(
    count_first_day: bool, start: date
) -> None:
    deadline = date(2024, 6, 30)
    found = CALENDAR.latest_publicity_start(deadline, 7, count_first_day=count_first_day)
    assert found == start


def test_v13_v15_working_days_in_the_notices_own_windows() -> None:
    assert CALENDAR.working_days_between(date(2024, 5, 27), date(2024, 5, 31)) == 5
    assert CALENDAR.working_days_between(date(2024, 6, 26), date(2024, 6, 30)) == 3
    assert CALENDAR.working_days_between(date(2024, 6, 25), date(2024, 6, 30)) == 4
    assert CALENDAR.publicity_end(date(2024, 5, 27), 7, count_first_day=True) == date(2024, 6, 4)
    assert CALENDAR.publicity_end(date(2024, 5, 27), 7, count_first_day=False) == date(2024, 6, 5)


def test_a_first_day_of_rest_never_counts() -> None:
    saturday = date(2024, 6, 1)
    assert CALENDAR.publicity_end(saturday, 1, count_first_day=True) == date(2024, 6, 3)
    assert CALENDAR.publicity_end(saturday, 1, count_first_day=False) == date(2024, 6, 3)


def test_ranges_the_wrong_way_round_and_empty_publicity_are_refused() -> None:
    with pytest.raises(ValueError, match="last day 2024-05-01 is before the first day 2024-05-02"):
        CALENDAR.working_days_between(date(2024, 5, 2), date(2024, 5, 1))
    for call in (CALENDAR.publicity_end, CALENDAR.latest_publicity_start):
        with pytest.raises(ValueError, match="at least 1 working day, not 0"):
            call(date(2024, 5, 2), 0, count_first_day=True)


@given(day=days_2024, more=lengths)
def test_adding_is_strictly_monotone_and_lands_on_working_days(day: date, more: int) -> None:
    near, far = CALENDAR.add_working_days(day, more), CALENDAR.add_working_days(day, more + 1)
    assert day < near < far
    assert CALENDAR.is_working_day(near)
    assert CALENDAR.working_days_between(day + timedelta(1), near) == more


@given(day=days_2024, count=lengths)
def test_adding_and_subtracting_are_inverse_from_a_working_day(day: date, count: int) -> None:
    start = CALENDAR.add_working_days(day, 1)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, count), -count) == start
    assert CALENDAR.add_working_days(start, 0) == start


@given(deadline=days_2024, count=lengths, counted=st.booleans())
def test_latest_start_is_in_time_and_one_day_later_is_not(
    deadline: date, count: int, counted: bool
) -> None:
    start = CALENDAR.latest_publicity_start(deadline, count, count_first_day=counted)
    assert CALENDAR.publicity_end(start, count, count_first_day=counted) <= deadline
    later = CALENDAR.publicity_end(start + timedelta(1), count, count_first_day=counted)
    assert later > deadline


@given(start=days_2024, count=lengths)
def test_counting_the_first_day_saves_exactly_one_working_day_or_nothing(
    start: date, count: int
) -> None:
    counted = CALENDAR.publicity_end(start, count, count_first_day=True)
    uncounted = CALENDAR.publicity_end(start, count, count_first_day=False)
    if CALENDAR.is_working_day(start):
        assert CALENDAR.add_working_days(counted, 1) == uncounted
    else:
        assert counted == uncounted


def test_t10_a_deadline_on_a_day_of_rest_is_warned_about_and_not_shifted() -> None:
    (note,) = CALENDAR.deadline_notes(date(2024, 6, 30))
    assert note.zh == "截止日 2024-06-30（星期日）为非工作日，文件未规定顺延，系统不顺延"
    assert note.en == (
        "the deadline 2024-06-30 (Sunday) is not a working day; no document says that it is "
        "shifted, so it is not"
    )
    assert CALENDAR.deadline_notes(date(2024, 4, 28)) == ()  # a Sunday that is worked
    (holiday,) = CALENDAR.deadline_notes(date(2024, 6, 10))
    assert holiday.en is not None
    assert holiday.en.startswith("the deadline 2024-06-10 (Monday) is not a working day")


def test_t10_in_a_year_without_data_weekends_are_still_named() -> None:
    weekend, missing = CALENDAR.deadline_notes(date(2027, 5, 8))
    assert weekend.zh == "截止日 2027-05-08 为星期六，文件未规定顺延，系统不顺延"
    assert missing == CalendarNotConfigured(2027).message
    assert CALENDAR.deadline_notes(date(2027, 5, 7)) == (CalendarNotConfigured(2027).message,)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_t11_hour_24_is_the_next_days_midnight() -> None:
    period = Period.parse("2024-04-08 0时", "2024-04-23 24时")
    assert period.opens_at == _at("2024-04-08T00:00:00+08:00")
    assert period.closes_at == _at("2024-04-24T00:00:00+08:00")
    assert period.last_day == date(2024, 4, 23)
    assert period.is_open(_at("2024-04-23T23:59:59+08:00")) is True
    assert period.is_open(_at("2024-04-24T00:00:00+08:00")) is False
    assert period.is_open(_at("2024-04-07T23:59:59.999999+08:00")) is False
    assert period.is_open(_at("2024-04-07T16:00:00+00:00")) is True


def test_t12_dates_alone_take_both_days_in() -> None:
    assert Period.parse("2024-05-06", "2024-05-25") == Period.parse(
        "2024-05-06 00:00", "2024-05-25 24:00"
    )
    assert Period.parse("2024-05-06", "2024-05-06").last_day == date(2024, 5, 6)


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("2024-04-08", "2024-04-08T00:00:00+08:00"),
        ("2024-04-08 9:30", "2024-04-08T09:30:00+08:00"),
        ("2024-04-08T09:30:15", "2024-04-08T09:30:15+08:00"),
        ("2024-06-30 24点前", "2024-07-01T00:00:00+08:00"),
        ("2024-12-31 24:00", "2025-01-01T00:00:00+08:00"),
        ("2024-12-31T24:00:00+08:00", "2025-01-01T00:00:00+08:00"),
        ("2024-04-08T00:00:00Z", "2024-04-08T08:00:00+08:00"),
        ("2024-04-08T09:00+09:00", "2024-04-08T08:00:00+08:00"),
        # No summer time: the zone database would say +09:00 here.
        ("1989-07-01 12:00", "1989-07-01T12:00:00+08:00"),
    ],
)
def test_instants_are_read_in_china_time(text: str, opening: str) -> None:
    for read in (parse_opening, parse_closing):
        found = read(text)
        if len(text) > 10:
            assert found == _at(opening)
            assert found.utcoffset() == timedelta(hours=8)
    assert parse_opening(text).isoformat() == opening


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4月8日",
        "2024-4-8",
        "2024-04-08 25:00",
        "2024-04-08 24:30",
        "2024-02-30",
        "2024-04-08 ２４时",
        "8:00",
        "9999-12-31 24:00",
    ],
)
def test_other_text_is_no_instant(text: str) -> None:
    for read in (parse_opening, parse_closing):
        with pytest.raises(ValueError, match="is not a date or time such as 2024-04-23") as caught:
            read(text)
        assert str(caught.value).startswith(f"{text!r} is not a date")


def test_what_is_open_is_unknown_where_an_end_is() -> None:
    deadline = Period.parse(None, "2024-03-25")
    assert deadline.is_open(_at("2024-03-25T23:00:00+08:00")) is None
    assert deadline.is_open(_at("2024-03-26T00:00:00+08:00")) is False
    assert Period.parse("2024-03-25", None).is_open(_at("2024-03-24T23:00:00+08:00")) is False
    assert Period.parse("2024-03-25", None).last_day is None


def test_periods_without_offset_or_without_length_are_refused() -> None:
    naive = datetime(2024, 4, 8)  # noqa: DTZ001 - the naive instant is what is refused
    with pytest.raises(ValueError, match="2024-04-08T00:00:00 has no offset, such as"):
        Period(naive, None)
    with pytest.raises(ValueError, match="has no offset"):
        Period.parse("2024-04-08", "2024-04-09").is_open(naive)
    with pytest.raises(ValueError, match="which is not after it opens"):
        Period.parse("2024-04-09 00:00", "2024-04-08 24:00")


def test_t63_overlap_is_seen_and_touching_is_none() -> None:
    brochures = Period.parse(None, "2024-03-25")
    publicity = Period.parse("2024-03-25", "2024-04-07")
    registration = Period.parse("2024-04-08", "2024-04-23")
    assert brochures.overlaps(publicity)
    assert publicity.overlaps(brochures)
    assert not publicity.overlaps(registration)
    assert not registration.overlaps(publicity)


@given(
    opens=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - zone below
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
)
def test_a_period_is_half_open(opens: datetime, length: timedelta) -> None:
    start = opens.replace(tzinfo=CHINA_TIME)
    period = Period(start, start + length)
    assert period.is_open(start.astimezone(UTC)) is True
    assert period.is_open(start + length) is False
    assert period.is_open(start + length - timedelta(microseconds=1)) is True


def test_g28_two_weeks_of_grace_after_the_report_date() -> None:
    assert no_show_date(date(2024, 9, 1)) == date(2024, 9, 16)
    assert no_show_date(date(2024, 9, 1), days=0) == date(2024, 9, 2)


@pytest.mark.parametrize(
    ("birth", "reference", "age"),
    [
        (date(1978, 5, 26), date(2024, 5, 25), 45),
        (date(1978, 5, 25), date(2024, 5, 25), 46),
        (date(2000, 2, 29), date(2023, 2, 28), 22),
        (date(2000, 2, 29), date(2023, 3, 1), 23),
        (date(2000, 2, 29), date(2024, 2, 29), 24),
        (date(2000, 1, 1), date(2000, 1, 1), 0),
    ],
)
def test_t9_age_in_completed_years(birth: date, reference: date, age: int) -> None:
    assert age_on(birth, reference) == age


def test_t9_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="2000-01-01 is before the birth date 2000-01-02"):
        age_on(date(2000, 1, 2), date(2000, 1, 1))


@given(birth=st.dates(date(1920, 1, 1)), days=st.integers(0, 40_000))
def test_age_never_falls_and_grows_by_at_most_one_a_day(birth: date, days: int) -> None:
    try:
        reference = birth + timedelta(days=days)
        ages = age_on(birth, reference), age_on(birth, reference + timedelta(1))
    except OverflowError:
        return
    assert ages[1] - ages[0] in (0, 1)


def _year(year: int, holidays: list[date], working_days: list[date]) -> CalendarYear:
    return CalendarYear(
        year=year, holidays=frozenset(holidays), working_days=frozenset(working_days)
    )


def test_a_calendar_year_names_days_of_other_years_and_days_given_twice() -> None:
    off = date(2024, 4, 28)
    problems = _year(2024, [off], [off, date(2025, 1, 26)]).problems(packaged=True)
    assert [problem.en for problem in problems] == [
        "2024-04-28 is given both as a holiday and as a working day",
        "2025-01-26 is not in 2024; it belongs in the calendar of 2025",
    ]
    assert problems[1].zh == "2025-01-26 不在 2024 年内，应写入 2025 年的日历"
    assert _year(2024, [off], []).problems(packaged=True) == ()


def test_a_year_that_is_not_packaged_must_be_whole() -> None:
    fixed = [date(2027, *day) for day in ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))]
    assert _year(2027, fixed, []).problems(packaged=False) == ()
    (problem,) = _year(2027, fixed[:-1], []).problems(packaged=False)
    assert problem.zh == "缺少法定节假日 2027-10-03：请列出 2027 年全年的节假日"
    assert problem.en == ("the public holiday 2027-10-03 is missing: list the holidays of all 2027")
