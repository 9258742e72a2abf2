"""The working calendar: working days and publicity periods, with days of rest and make-up days."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

import strawberry

from zhupei.catalogue.calendars import reckoned
from zhupei.domain import calendar as domain
from zhupei.domain.calendar import CalendarNotConfigured
from zhupei.domain.text import Text
from zhupei.graphql.errors import Code, GraphRefusal, bad_input
from zhupei.graphql.sources import Computed, GraphInfo, declares, field

__all__ = ["Calendar"]

_Answer = TypeVar("_Answer")
_MOST_DAYS = 1000

_Day = Annotated[date, strawberry.argument(description="The day (日期).")]
_WorkingDays = Annotated[int, strawberry.argument(description="Number of working days (工作日数).")]
_CountFirst = Annotated[
    bool,
    strawberry.argument(
        description=(
            "Whether the day of publication counts (是否计入发布当日). No document says; by "
            "default it does not, which is the longer period."
        )
    ),
]


async def _answer(
    root: domain.Calendar,
    info: GraphInfo,
    day: date,
    ask: Callable[[domain.Calendar], _Answer],
) -> _Answer:
    """Return the answer, or refuse where the calendar does not know a year."""
    try:
        return await reckoned(root, ask)
    except CalendarNotConfigured as unknown:
        problem = unknown
    except OverflowError:  # beyond the last day that a date can be
        problem = CalendarNotConfigured(day.year)
    raise GraphRefusal(
        Code.CALENDAR_NOT_CONFIGURED, problem.message, info.context.language, year=problem.year
    )


def _bounded(info: GraphInfo, value: int, least: int) -> None:
    if not least <= value <= _MOST_DAYS:
        raise bad_input(
            "workingDays",
            Text(
                f"应为 {least} 至 {_MOST_DAYS}，而不是 {value}",
                f"must be from {least} to {_MOST_DAYS}, not {value}",
            ),
            info.context.language,
        )


async def _is_working_day(
    root: strawberry.Parent[domain.Calendar], info: GraphInfo, date: _Day
) -> bool | None:
    return await _answer(root, info, date, lambda days: days.is_working_day(date))


async def _add_working_days(
    root: strawberry.Parent[domain.Calendar],
    info: GraphInfo,
    date: _Day,
    working_days: Annotated[
        int,
        strawberry.argument(
            description="Number of working days after it, before it if negative (工作日数)."
        ),
    ],
) -> date | None:
    _bounded(info, working_days, -_MOST_DAYS)
    return await _answer(root, info, date, lambda days: days.add_working_days(date, working_days))


async def _working_days_between(
    root: strawberry.Parent[domain.Calendar],
    info: GraphInfo,
    first: Annotated[date, strawberry.argument(description="First day, included (首日).")],
    last: Annotated[date, strawberry.argument(description="Last day, included (末日).")],
) -> int | None:
    if last < first:
        raise bad_input(
            "last",
            Text(f"不得早于首日 {first}", f"must not be before the first day {first}"),
            info.context.language,
        )
    return await _answer(root, info, last, lambda days: days.working_days_between(first, last))


async def _publicity_end(
    root: strawberry.Parent[domain.Calendar],
    info: GraphInfo,
    start: Annotated[date, strawberry.argument(description="Day of publication (发布日期).")],
    working_days: _WorkingDays,
    count_first_day: _CountFirst = False,
) -> date | None:
    _bounded(info, working_days, 1)
    return await _answer(
        root,
        info,
        start,
        lambda days: days.publicity_end(start, working_days, count_first_day=count_first_day),
    )


async def _latest_publicity_start(
    root: strawberry.Parent[domain.Calendar],
    info: GraphInfo,
    deadline: Annotated[
        date, strawberry.argument(description="Day by which the period has to be over (截止日期).")
    ],
    working_days: _WorkingDays,
    count_first_day: _CountFirst = False,
) -> date | None:
    _bounded(info, working_days, 1)
    return await _answer(
        root,
        info,
        deadline,
        lambda days: days.latest_publicity_start(
            deadline, working_days, count_first_day=count_first_day
        ),
    )


async def _notes(
    root: strawberry.Parent[domain.Calendar], info: GraphInfo, date: _Day
) -> list[str]:
    notes = await reckoned(root, lambda days: days.deadline_notes(date))
    return [note.get(info.context.language) for note in notes]


@declares(
    domain.Calendar,
    description=(
        "The working calendar (工作日历): official holidays and make-up working days. A year that "
        "is not configured is refused with the code `CALENDAR_NOT_CONFIGURED`, never guessed."
    ),
)
class Calendar:
    """The working calendar."""

    is_working_day: bool | None = field(
        Computed(_is_working_day),
        description="Whether a day is a working day, make-up days included (是否工作日).",
    )
    add_working_days: date | None = field(
        Computed(_add_working_days),
        description=(
            "The working day that lies a number of working days after a day, which itself is "
            "never counted (推算工作日)."
        ),
    )
    working_days_between: int | None = field(
        Computed(_working_days_between),
        description="Number of working days between two days, both included (工作日数).",
    )
    publicity_end: date | None = field(
        Computed(_publicity_end),
        description=(
            "Last day of a publicity period (公示截止日); it is over at 24:00 of that day."
        ),
    )
    latest_publicity_start: date | None = field(
        Computed(_latest_publicity_start),
        description=(
            "Last day to publish on so that publicity is over by a deadline (最迟公示日)."
        ),
    )
    notes: list[str] = field(
        Computed(_notes),
        description=(
            "What to warn of a deadline on a day (截止日提示): it falls on a day of rest, and is "
            "not shifted."
        ),
    )
