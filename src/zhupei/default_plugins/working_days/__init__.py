"""The working days of China: the official calendar, and the years that configuration adds.

Which days are holidays and which weekends are worked (调休) is what the State Council publishes
once a year. The years 2004 to 2026 come from the package ``chinesecalendar``; a calendar file
(``kind: calendar``) adds a year or changes days of one. A year that neither knows has no answer:
it is never guessed from the weekdays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

import chinese_calendar.constants as official  # type: ignore[import-untyped]  # ships no types

from zhupei import hookimpl

__all__ = ["ConfiguredYear", "WorkingDays", "official_years"]


class ConfiguredYear(Protocol):
    """What a calendar file says of one year, such as ``zhupei.domain.calendar.CalendarYear``."""

    @property
    def year(self) -> int:
        """The year."""

    @property
    def holidays(self) -> frozenset[date]:
        """Days off."""

    @property
    def working_days(self) -> frozenset[date]:
        """Days of rest that are worked."""


def official_years() -> frozenset[int]:
    """Return the years whose official calendar is packaged."""
    return frozenset(day.year for day in official.holidays)


class WorkingDays:
    """The plugin: answers whether a day is a working day, None where its year is not known.

    ``configured`` are the years of calendar files, one object a year. Of a packaged year such an
    object changes the days that it names; of any other year it is the whole calendar.
    """

    def __init__(self, configured: Iterable[ConfiguredYear] = ()) -> None:
        """Take the configured years; raise ValueError where two describe the same year."""
        self._packaged = official_years()
        self._configured: dict[int, ConfiguredYear] = {}
        for given in configured:
            if given.year in self._configured:
                raise ValueError(f"the calendar of {given.year} is configured twice")
            self._configured[given.year] = given
        self._by_year: dict[int, frozenset[date] | None] = {}

    @property
    def years(self) -> tuple[int, ...]:
        """The years that are known, in order."""
        return tuple(sorted(self._packaged | self._configured.keys()))

    @hookimpl
    def working_day(self, day: date) -> bool | None:
        """Return whether ``day`` is a working day; None where its year has no data."""
        try:
            working = self._by_year[day.year]
        except KeyError:
            working = self._by_year[day.year] = self._working_days(day.year)
        return None if working is None else day in working

    def _working_days(self, year: int) -> frozenset[date] | None:
        configured = self._configured.get(year)
        if year not in self._packaged and configured is None:
            return None
        working = {day for day in _days(year) if day.weekday() < 5}
        if year in self._packaged:
            holidays = {day for day in official.holidays if day.year == year}
            worked = {day for day in official.workdays if day.year == year}
            working = (working - holidays) | worked
        if configured is not None:
            working = (working - configured.holidays) | configured.working_days
        return frozenset(working)


def _days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    count = (date(year, 12, 31) - first).days + 1
    return (first + timedelta(days=offset) for offset in range(count))
