"""The default plugin that answers working days: G23, and configured years that add or change."""

from __future__ import annotations

import time
from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]  # ships no types
import pluggy
import pytest

from zhupei.default_plugins.working_days import WorkingDays, official_years
from zhupei.domain.calendar import Calendar, CalendarNotConfigured, CalendarYear

# Not the notice of that year, which is not published: only what a test needs.
FICTIONAL_2027 = CalendarYear(
    year=2027,
    holidays=frozenset(
        date(2027, month, day)
        for month, days in ((1, (1, 2, 3)), (5, range(1, 6)), (10, range(1, 8)))
        for day in days
    ),
    working_days=frozenset({date(2027, 5, 8), date(2027, 10, 9)}),
)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2024, 4, 7), True),
        (date(2024, 4, 28), True),
        (date(2024, 5, 11), True),
        (date(2024, 6, 10), False),
        (date(2026, 2, 14), True),
        (date(2027, 5, 3), None),
        (date(2003, 12, 31), None),
    ],
)
def test_g23_official_days_and_no_guess(day: date, working: bool | None) -> None:
    assert WorkingDays().working_day(day) is working


def test_g21_g23_the_calendar_over_the_plugin() -> None:
    calendar = Calendar(WorkingDays().working_day)
    start = date(2024, 5, 31)
    assert calendar.publicity_end(start, 7, count_first_day=False) == date(2024, 6, 12)
    assert calendar.publicity_end(start, 7, count_first_day=True) == date(2024, 6, 11)
    with pytest.raises(CalendarNotConfigured, match="the working calendar of 2027 is not"):
        calendar.is_working_day(date(2027, 5, 3))


def test_every_packaged_day_is_answered_as_the_official_calendar_does() -> None:
    plugin = WorkingDays()
    assert plugin.years == tuple(range(2004, 2027))
    day, end = date(2004, 1, 1), date(2026, 12, 31)
    while day <= end:
        assert plugin.working_day(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_it_is_a_plugin_of_the_hook_working_day() -> None:
    manager = pluggy.PluginManager("zhupei")
    plugin = WorkingDays()
    manager.register(plugin, "working_days")
    assert [call.name for call in manager.get_hookcallers(plugin) or ()] == ["working_day"]
    (implementation,) = manager.hook.working_day.get_hookimpls()
    assert implementation.argnames == ("day",)


def test_a_configured_year_is_added_whole() -> None:
    plugin = WorkingDays([FICTIONAL_2027])
    assert plugin.years[-1] == 2027
    answers = {day: plugin.working_day(date(2027, 5, day)) for day in range(1, 11)}
    assert answers == {day: day in (6, 7, 8, 10) for day in range(1, 11)}
    assert plugin.working_day(date(2027, 10, 9)) is True
    assert plugin.working_day(date(2028, 1, 3)) is None


def test_of_a_packaged_year_single_days_are_changed() -> None:
    changed = CalendarYear(
        year=2024,
        holidays=frozenset({date(2024, 4, 28)}),
        working_days=frozenset({date(2024, 6, 10)}),
    )
    plugin = WorkingDays([changed])
    assert plugin.working_day(date(2024, 4, 28)) is False
    assert plugin.working_day(date(2024, 6, 10)) is True
    assert plugin.working_day(date(2024, 4, 7)) is True  # still as packaged
    assert WorkingDays().working_day(date(2024, 6, 10)) is False  # nothing is shared


def test_two_calendars_of_one_year_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^the calendar of 2027 is configured twice$"):
        WorkingDays([FICTIONAL_2027, FICTIONAL_2027])


def test_a_year_is_built_once_and_then_only_looked_up() -> None:
    plugin = WorkingDays()
    days = [date(2024, 1, 1) + timedelta(days=offset) for offset in range(366)]
    started = time.process_time()
    for day in days * 100:
        plugin.working_day(day)
    assert time.process_time() - started < 1
    assert sum(bool(plugin.working_day(day)) for day in days) == 251


def test_the_official_years_are_the_packages() -> None:
    assert official_years() == frozenset(range(2004, 2027))
