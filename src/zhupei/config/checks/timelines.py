"""Checks of calendars: windows in order, publicity long enough, deadlines on days of rest.

Nothing is shifted (T10). What a published calendar says is published; where it cannot be kept
lawfully the warning names the latest start that could (V13-V15).
"""

from __future__ import annotations

from datetime import date, timedelta

from zhupei.config.checks.context import CheckContext
from zhupei.config.files import RoundEntry
from zhupei.config.layers import ProgramRef
from zhupei.config.policy_values import PolicyValueError, parse_policy
from zhupei.config.problems import YamlPath
from zhupei.config.windows import WINDOW_LABELS, window_of
from zhupei.domain.calendar import CalendarNotConfigured
from zhupei.domain.policies import POLICIES
from zhupei.domain.text import Text
from zhupei.domain.training import Window

__all__ = ["check"]

# The order in which windows of one round close.
_ORDER = tuple(WINDOW_LABELS)


def check(context: CheckContext) -> None:
    """Check the rounds of every program that sets its own."""
    for program in context.layers.programs.values():
        codes: set[str] = set()
        for index, entry in enumerate(program.entry.rounds):
            path = (*program.path, "rounds", index)
            if entry.code in codes:
                context.report(
                    program.host.document,
                    (*path, "code"),
                    "CONFIG_DUPLICATE_CODE",
                    f"轮次 {entry.code} 重复",
                    f"the round {entry.code} appears twice",
                )
            codes.add(entry.code)
            _round(context, program, entry, path)


def _round(context: CheckContext, program: ProgramRef, entry: RoundEntry, path: YamlPath) -> None:
    document = program.host.document
    windows: list[tuple[Window, YamlPath]] = []
    for index, configured in enumerate(entry.windows):
        window, place = window_of(configured), (*path, "windows", index)
        opens, closes = window.opens_at, window.closes_at
        if opens is not None and closes is not None and opens >= closes:
            context.report(
                document,
                place,
                "CONFIG_WINDOW_ORDER",
                f"{window.label.zh}在开始之前结束",
                f"{window.label.en} closes before it opens",
            )
            continue
        windows.append((window, place))
        if closes is not None:
            last = (closes - timedelta(microseconds=1)).date()
            for note in context.calendar.deadline_notes(last):
                context.report(
                    document, place, "CALENDAR_REST_DAY", note.zh, note.en or "", severity="warning"
                )
    _sequence(context, program, windows)
    for window, place in windows:
        if window.kind == "publicity":
            _publicity(context, program, window, place, windows)


def _sequence(
    context: CheckContext, program: ProgramRef, windows: list[tuple[Window, YamlPath]]
) -> None:
    """Warn where a window closes before one that comes earlier in an admission."""
    for window, place in windows:
        for other, _ in windows:
            if (
                _ORDER.index(other.kind) < _ORDER.index(window.kind)
                and window.closes_at is not None
                and other.closes_at is not None
                and window.closes_at < other.closes_at
            ):
                context.report(
                    program.host.document,
                    place,
                    "CALENDAR_ORDER",
                    f"{window.label.zh}早于{other.label.zh}结束",
                    f"{window.label.en} closes before {other.label.en}",
                    severity="warning",
                )


def _publicity(
    context: CheckContext,
    program: ProgramRef,
    window: Window,
    place: YamlPath,
    windows: list[tuple[Window, YamlPath]],
) -> None:
    days, counts_first = _publicity_policy(context, program)
    if days is None or window.closes_at is None:
        return
    deadline = (window.closes_at - timedelta(microseconds=1)).date()
    start = _earliest_start(window, windows)
    if start is None:
        return
    try:
        latest = context.calendar.latest_publicity_start(
            deadline, days, count_first_day=counts_first
        )
        available = (
            context.calendar.working_days_between(start, deadline) if start <= deadline else 0
        )
    except CalendarNotConfigured as error:
        context.report(
            program.host.document,
            place,
            "CALENDAR_NOT_CONFIGURED",
            error.message.zh,
            error.message.en or "",
            severity="warning",
        )
        return
    if start <= latest:
        return
    end = context.calendar.publicity_end(start, days, count_first_day=counts_first)
    context.report(
        program.host.document,
        place,
        "CALENDAR_PUBLICITY_TOO_SHORT",
        f"最早 {start} 开始公示，至 {deadline} 只有 {available} 个工作日，不足 {days} 个；"
        f"最早于 {end} 期满",
        f"publicity can start on {start} at the earliest and has {available} working days until "
        f"{deadline}, not {days}; it would end on {end}",
        hint=Text(
            f"若须在 {deadline} 前期满，最迟应于 {latest} 开始",
            f"to end by {deadline} it must start by {latest}",
        ),
        severity="warning",
    )


def _earliest_start(window: Window, windows: list[tuple[Window, YamlPath]]) -> date | None:
    """Return when the list can be published: after the assessments, or when the window opens."""
    before = [
        other.closes_at.date()
        for other, _ in windows
        if other.kind == "assessment" and other.closes_at is not None
    ]
    starts = [*before, *([window.opens_at.date()] if window.opens_at is not None else [])]
    return max(starts) if starts else None


def _publicity_policy(context: CheckContext, program: ProgramRef) -> tuple[int | None, bool]:
    kind = context.layers.kind(program)
    found: dict[str, object] = {}
    for layer in context.layers.of_program(program):
        for key in ("publicity_working_days", "publicity_counts_first_day"):
            entry = layer.rules.policies.get(key)
            if entry is None or kind is None or not layer.concerns(entry.program_kinds, kind):
                continue
            try:
                value = parse_policy(POLICIES[key], entry.value)
            except PolicyValueError:
                continue
            if value is not None:
                found[key] = value
    days = found.get("publicity_working_days")
    return (days if isinstance(days, int) else None), found.get(
        "publicity_counts_first_day"
    ) is True
