"""The working calendar of a configuration: years from files, then what plugins know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from zhupei.config.files import CalendarFile
from zhupei.config.problems import Problem
from zhupei.config.workspace import ConfiguredFile, Workspace
from zhupei.default_plugins.working_days import WorkingDays, official_years
from zhupei.domain.calendar import Calendar, CalendarYear, DayNotAskedError
from zhupei.domain.text import Text
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.threads import Bulkhead

__all__ = ["calendar_of", "configured_years", "reckoned"]

_Reckoned = TypeVar("_Reckoned")
# Each day is asked in bounded time by itself: this ends what asks about very many.
_SECONDS = 60.0


def configured_years(workspace: Workspace) -> tuple[CalendarYear, ...]:
    """Return the years that files configure; a year with a mistake is a problem instead."""
    years = []
    of_year: dict[int, list[ConfiguredFile[CalendarFile]]] = {}
    for file in workspace.calendars:
        of_year.setdefault(file.model.year, []).append(file)
    for file in workspace.calendars:
        same = [other.path for other in of_year[file.model.year] if other is not file]
        if same:
            workspace.problems.add(_twice(file, same))
            continue
        year = CalendarYear(
            year=file.model.year,
            holidays=frozenset(day.date for day in file.model.holidays),
            working_days=frozenset(day.date for day in file.model.working_days),
        )
        problems = year.problems(packaged=year.year in official_years())
        workspace.problems.extend(
            file.document.problem((), "CALENDAR_INCOMPLETE", problem) for problem in problems
        )
        if not problems:
            years.append(year)
    return tuple(years)


def _twice(file: ConfiguredFile[CalendarFile], others: Sequence[Path]) -> Problem:
    """Return that a year stands in several files; of these none is used."""
    named, year = ", ".join(str(path) for path in others), file.model.year
    return file.document.problem(
        ("year",),
        "CONFIG_DUPLICATE_CODE",
        Text(f"{named} 也有 {year} 年的日历", f"the calendar of {year} stands in {named} too"),
        Text("每一年只写在一个文件里", "a year is in one file only"),
    )


def calendar_of(years: Sequence[CalendarYear], dispatcher: Dispatcher) -> Calendar:
    """Return the working calendar: configured years first, then what plugins and packages know."""
    configured = {year.year for year in years}
    overlay = WorkingDays(years)

    def working_day(day: date) -> bool | None:
        if day.year in configured:
            return overlay.working_day(day)
        answer: bool | None = dispatcher.ask_now("working_day", day=day).value
        return answer

    return Calendar(working_day)


async def reckoned(calendar: Calendar, work: Callable[[Calendar], _Reckoned]) -> _Reckoned:
    """Return what ``work`` makes of a calendar, and hold nobody up meanwhile.

    Days that it does not know are asked of plugins, which may not come back: not in the event
    loop. Raises what ``work`` does.
    """
    try:
        return work(calendar.remembered)
    except DayNotAskedError:
        found: _Reckoned = await Bulkhead(workers=1).run(work, (calendar,), seconds=_SECONDS)
        return found
