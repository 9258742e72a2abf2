"""Working days, publicity periods, admission windows and ages, all in China's time (+08:00).

Nothing here guesses: which days are working days is asked of a function that is passed in, and a
year it has no data for raises `CalendarNotConfigured`. No deadline is ever shifted (T10).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from zhupei.domain.text import Text

__all__ = [
    "CHINA_TIME",
    "Calendar",
    "CalendarNotConfigured",
    "CalendarYear",
    "DayNotAskedError",
    "Period",
    "age_on",
    "no_show_date",
    "parse_closing",
    "parse_opening",
]

CHINA_TIME = timezone(timedelta(hours=8), "+08:00")
"""The fixed offset of every instant; a zone database would apply the summer time of 1986-1991."""

_DAY = timedelta(days=1)
_WEEKDAYS = (
    Text("星期一", "Monday"),
    Text("星期二", "Tuesday"),
    Text("星期三", "Wednesday"),
    Text("星期四", "Thursday"),
    Text("星期五", "Friday"),
    Text("星期六", "Saturday"),
    Text("星期日", "Sunday"),
)


class CalendarNotConfigured(LookupError):  # noqa: N818 - a state of the configuration, not a bug
    """Raised when the working days of a year are not known; ``message`` says what to add."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.message = Text(
            f"{year} 年的工作日历尚未配置，无法推算工作日：请按国务院办公厅公布的节假日安排"
            f"添加 bases/calendar/{year}.yaml（节假日与调休上班日，格式见 docs/reference-data.md）",
            f"the working calendar of {year} is not configured, so working days cannot be counted: "
            f"add bases/calendar/{year}.yaml with the official holidays and make-up working days "
            "(format: docs/reference-data.md)",
        )
        super().__init__(self.message.en)


class DayNotAskedError(LookupError):
    """Raised by what `Calendar.remembered` returns, for a day that was not asked about before."""


class Calendar:
    """Arithmetic of working days over ``working_day``, which answers None for unknown years.

    Every method raises `CalendarNotConfigured` as soon as it needs a day that ``working_day``
    does not know. Answers are kept, so make a new calendar when the configuration changes.
    """

    __slots__ = ("_known", "_working_day")

    def __init__(self, working_day: Callable[[date], bool | None]) -> None:
        self._working_day = working_day
        self._known: dict[date, bool] = {}

    @property
    def remembered(self) -> Calendar:
        """This calendar as far as its days are known: it asks nobody about others."""
        found = Calendar(_not_asked)
        found._known = self._known
        return found

    def is_working_day(self, day: date) -> bool:
        """Return whether ``day`` is a working day, make-up days included (G23)."""
        known = self._known.get(day)
        if known is None:
            known = self._working_day(day)
            if known is None:
                raise CalendarNotConfigured(day.year)
            self._known[day] = known
        return known

    def add_working_days(self, day: date, working_days: int) -> date:
        """Return the working day that lies ``working_days`` after ``day`` (before, if negative).

        ``day`` itself is never counted; 0 returns it as it is, be it a working day or not.
        """
        step = _DAY if working_days > 0 else -_DAY
        for _ in range(abs(working_days)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def working_days_between(self, first: date, last: date) -> int:
        """Return how many working days lie from ``first`` to ``last``, both included.

        Raise ValueError where ``last`` is before ``first``.
        """
        if last < first:
            raise ValueError(f"the last day {last} is before the first day {first}")
        days = (last - first).days + 1
        return sum(self.is_working_day(first + offset * _DAY) for offset in range(days))

    def publicity_end(self, start: date, working_days: int, *, count_first_day: bool) -> date:
        """Return the last day of a publicity period (公示期) that begins on ``start``.

        The period is over at 24:00 of that day. ``count_first_day`` decides whether the day of
        publication counts (T13, S4:350-352 leaves it open); a day that is not a working day
        never counts. Seven working days from 2024-05-31 end on 2024-06-11 when it counts, else
        on 2024-06-12 (G21). Raise ValueError for fewer than one working day.
        """
        _at_least_one(working_days)
        if count_first_day:
            start -= _DAY
        return self.add_working_days(start, working_days)

    def latest_publicity_start(
        self, deadline: date, working_days: int, *, count_first_day: bool
    ) -> date:
        """Return the last day to publish on so that the period ends by ``deadline`` (V15).

        The result may be a day of rest when the day of publication does not count: publishing
        on a Sunday and on the Friday before then end together. Raise ValueError for fewer than
        one working day.
        """
        _at_least_one(working_days)
        first_counted = self.add_working_days(deadline + _DAY, -working_days)
        return first_counted if count_first_day else first_counted - _DAY

    def deadline_notes(self, deadline: date) -> tuple[Text, ...]:
        """Return what to warn about a deadline: it falls on a day of rest, and is not shifted.

        No document says that such a deadline rolls forward (T10). Where the year is not
        configured, Saturdays and Sundays are still pointed out, as the weekdays they are.
        """
        weekday = _WEEKDAYS[deadline.weekday()]
        try:
            if self.is_working_day(deadline):
                return ()
        except CalendarNotConfigured as problem:
            if deadline.weekday() < 5:
                return (problem.message,)
            return (
                Text(
                    f"截止日 {deadline} 为{weekday.zh}，文件未规定顺延，系统不顺延",
                    f"the deadline {deadline} is a {weekday.en}; no document says that it is "
                    "shifted, so it is not",
                ),
                problem.message,
            )
        return (
            Text(
                f"截止日 {deadline}（{weekday.zh}）为非工作日，文件未规定顺延，系统不顺延",
                f"the deadline {deadline} ({weekday.en}) is not a working day; no document says "
                "that it is shifted, so it is not",
            ),
        )


def _not_asked(day: date) -> bool | None:
    raise DayNotAskedError(day)


# Public holidays on fixed dates of the solar calendar (全国年节及纪念日放假办法): a year that is
# said to be whole and lacks one of them was not copied in full.
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarYear:
    """The days of one year that are not as their weekday says, as the State Council publishes them.

    ``holidays`` are days off, ``working_days`` the days of rest that are worked (调休上班).
    """

    year: int
    holidays: frozenset[date]
    working_days: frozenset[date]

    def problems(self, *, packaged: bool) -> tuple[Text, ...]:
        """Return what is wrong with these days, in the order of the days.

        ``packaged`` says that the year's official calendar is known and only changed here;
        otherwise the year must be whole, so the public holidays on fixed dates are asked for.
        """
        found = []
        for day in sorted(self.holidays | self.working_days):
            if day.year != self.year:
                found.append(
                    Text(
                        f"{day} 不在 {self.year} 年内，应写入 {day.year} 年的日历",
                        f"{day} is not in {self.year}; it belongs in the calendar of {day.year}",
                    )
                )
            if day in self.holidays and day in self.working_days:
                found.append(
                    Text(
                        f"{day} 同时列为节假日与上班日",
                        f"{day} is given both as a holiday and as a working day",
                    )
                )
        if not packaged:
            fixed = (date(self.year, month, day) for month, day in _FIXED_HOLIDAYS)
            found.extend(
                Text(
                    f"缺少法定节假日 {day}：请列出 {self.year} 年全年的节假日",
                    f"the public holiday {day} is missing: list the holidays of all {self.year}",
                )
                for day in fixed
                if day not in self.holidays
            )
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of time, from ``opens_at`` up to but not including ``closes_at``.

    Either end may be None where the documents give none. Raise ValueError for instants without
    an offset, and where the period would be empty or end before it begins.
    """

    opens_at: datetime | None
    closes_at: datetime | None

    def __post_init__(self) -> None:
        for instant in (self.opens_at, self.closes_at):
            if instant is not None:
                _require_offset(instant)
        if not _before(self.opens_at, self.closes_at):
            raise ValueError(
                f"the period closes at {self.closes_at}, which is not after it opens "
                f"at {self.opens_at}"
            )

    @classmethod
    def parse(cls, opens: str | None, closes: str | None) -> Period:
        """Build a period from text such as ``2024-04-08 00:00`` and ``2024-04-23 24:00``.

        A date alone takes its whole day in: the period opens at its 00:00 and closes at its
        24:00 (T12). Raise ValueError as `parse_opening` and `parse_closing` do.
        """
        return cls(
            None if opens is None else parse_opening(opens),
            None if closes is None else parse_closing(closes),
        )

    def is_open(self, at: datetime) -> bool | None:
        """Return whether ``at`` lies in the period; None where an end that matters is unknown."""
        _require_offset(at)
        if self.closes_at is not None and at >= self.closes_at:
            return False
        if self.opens_at is not None and at < self.opens_at:
            return False
        return None if self.opens_at is None or self.closes_at is None else True

    @property
    def last_day(self) -> date | None:
        """The last calendar day, in China's time, on which the period is open."""
        if self.closes_at is None:
            return None
        return (self.closes_at.astimezone(CHINA_TIME) - timedelta(microseconds=1)).date()

    def overlaps(self, other: Period) -> bool:
        """Return whether some instant lies in both periods; a missing end reaches forever."""
        return _before(self.opens_at, other.closes_at) and _before(other.opens_at, self.closes_at)


_INSTANT = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2})
        (?: [T\ ]\ *
            (?: (?P<hours>\d{1,2}) \ * [时点] [前止]? | (?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)
                \ * (?P<offset>Z|[+-]\d{2}:?\d{2})? ) )?""",
    re.ASCII | re.VERBOSE,
)


def parse_opening(text: str) -> datetime:
    """Return the instant that ``text`` names as a beginning, as an instant of +08:00.

    Accepts ``2024-04-08`` (its 00:00), ``2024-04-08 09:30``, ``2024-04-08 24:00`` (the next
    day's 00:00: T11), ``2024-04-08 24时``, and ISO 8601 with an offset, which is converted.
    Without an offset the time is China's. Raise ValueError for anything else.
    """
    return _parse(text, end_of_day=False)


def parse_closing(text: str) -> datetime:
    """Return the instant that ``text`` names as an end: a date alone is its 24:00 (T12).

    Otherwise as `parse_opening`. The instant itself is outside the period that it closes.
    """
    return _parse(text, end_of_day=True)


def no_show_date(report_date: date, days: int = 14) -> date:
    """Return the first day on which a trainee who has not reported loses the place (G28).

    ``days`` calendar days after ``report_date`` are still within the grace period of two weeks
    (S4:360-364): reporting was due on 2024-09-01, so 2024-09-15 is within, 2024-09-16 is not.
    """
    return report_date + timedelta(days=days + 1)


def age_on(birth: date, reference: date) -> int:
    """Return the completed years of age (周岁) on ``reference``; a birthday completes the year.

    Who is born on 29 February completes a year on 1 March of a common year. "Not over 45" means
    before the 46th birthday (T9). Raise ValueError where ``reference`` is before ``birth``.
    """
    if reference < birth:
        raise ValueError(f"the reference date {reference} is before the birth date {birth}")
    before_birthday = (reference.month, reference.day) < (birth.month, birth.day)
    return reference.year - birth.year - before_birthday


def _parse(text: str, *, end_of_day: bool) -> datetime:
    found = _INSTANT.fullmatch(text.strip())
    try:
        if found is not None:
            return _instant(found, end_of_day=end_of_day)
    except (ValueError, OverflowError):
        pass  # the numbers are no date or no time: told below like any other text
    raise ValueError(f"{text!r} is not a date or time such as 2024-04-23 or 2024-04-23 24:00")


def _instant(found: re.Match[str], *, end_of_day: bool) -> datetime:
    day = date.fromisoformat(found["date"])
    clock = found["time"] or (f"{int(found['hours']):02}:00" if found["hours"] else None)
    if clock is None:
        clock = "24:00" if end_of_day else "00:00"
    if re.fullmatch(r"24:00(:00(\.0+)?)?", clock):
        day, clock = day + _DAY, "00:00"
    of_day = time.fromisoformat(clock.zfill(len("00:00")))
    offset = found["offset"]
    if offset is None:
        return datetime.combine(day, of_day, CHINA_TIME)
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
    return datetime.combine(day, of_day, zone).astimezone(CHINA_TIME)


def _require_offset(instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError(f"the instant {instant.isoformat()} has no offset, such as +08:00")


def _before(opens: datetime | None, closes: datetime | None) -> bool:
    return opens is None or closes is None or opens < closes


def _at_least_one(working_days: int) -> None:
    if working_days < 1:
        raise ValueError(f"a publicity period has at least 1 working day, not {working_days}")
