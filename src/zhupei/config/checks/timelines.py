"""Checks of calendars: windows in order, publicity long enough, deadlines on days of rest.

Nothing is shifted (T10). What a published calendar says is published; where it cannot be kept
lawfully the warning names the latest start that could (V13-V15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from zhupei.config.checks.context import CheckContext
from zhupei.config.layers import ProgramRef
from zhupei.config.policy_values import PolicyValueError, parse_policy
from zhupei.config.problems import YamlPath
from zhupei.config.programs import RoundEntry
from zhupei.config.windows import WINDOW_LABELS, window_of
from zhupei.config.yaml import Document
from zhupei.domain.calendar import CalendarNotConfigured
from zhupei.domain.policies import POLICIES
from zhupei.domain.text import Text
from zhupei.domain.training import Window

__all__ = ["check"]

# The order in which windows of one round close.
_ORDER = {kind: position for position, kind in enumerate(WINDOW_LABELS)}
# What should be over before another begins; everything else may run side by side (T63).
_BEFORE = {
    "mobilisation": ("brochure_publication",),
    "registration": ("brochure_publication",),
    "publicity": ("assessment",),
    "admission_notice": ("assessment",),
    "report": ("publicity", "admission_notice"),
}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A window and where it stands."""

    window: Window
    path: YamlPath


@dataclass(frozen=True, slots=True)
class _Publicity:
    """The rule of publicity that binds a program (S4:350-352, T13)."""

    days: int
    counts_first_day: bool


def check(context: CheckContext) -> None:
    """Check the rounds of every program that sets its own, and of those that tighten others'."""
    for program in context.layers.programs.values():
        if program.entry.rounds:
            _rounds(context, program)
        else:
            _inherited(context, program)


def _rounds(context: CheckContext, program: ProgramRef) -> None:
    document, rule = program.host.document, _publicity_rule(context, program)
    codes: set[str] = set()
    ends: list[tuple[RoundEntry, date]] = []
    for index, entry in enumerate(program.entry.rounds):
        path = (*program.path, "rounds", index)
        if entry.code in codes:
            context.report(
                document,
                (*path, "code"),
                "CONFIG_DUPLICATE_CODE",
                f"轮次 {entry.code} 重复",
                f"the round {entry.code} appears twice",
            )
        codes.add(entry.code)
        windows = _windows(context, document, entry, path)
        _sequence(context, document, windows)
        for earlier, end in ends:
            _rounds_apart(context, document, windows, earlier, end)
        if rule is not None:
            over = _publicity(context, document, windows, rule)
            ends += [] if over is None else [(entry, over)]


def _windows(
    context: CheckContext, document: Document, entry: RoundEntry, path: YamlPath
) -> list[_Placed]:
    """Return the round's windows that do not contradict themselves."""
    windows = []
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
        windows.append(_Placed(window, place))
        if closes is not None:
            _deadline(context, document, place, _last_day(window))
    return windows


def _deadline(context: CheckContext, document: Document, place: YamlPath, day: date) -> None:
    """Warn where a deadline falls on a day of rest, or on one of a year that nobody knows."""
    unknown = None
    try:
        context.calendar.is_working_day(day)
    except CalendarNotConfigured as error:
        unknown = error.message
    for note in context.calendar.deadline_notes(day):
        code = "CALENDAR_NOT_CONFIGURED" if note == unknown else "CALENDAR_REST_DAY"
        context.report(document, place, code, note.zh, note.en or "", severity="warning")


def _last_day(window: Window) -> date:
    """Return the last day on which a window with an end is open; half-open, so 24:00 is before."""
    if window.closes_at is None:
        raise ValueError(window.kind)
    return (window.closes_at - timedelta(microseconds=1)).date()


def _sequence(context: CheckContext, document: Document, windows: Sequence[_Placed]) -> None:
    """Warn where a window closes, or begins, before one that comes earlier in an admission."""
    for each in windows:
        window = each.window
        for other in (one.window for one in windows):
            if other.closes_at is None or _ORDER[other.kind] >= _ORDER[window.kind]:
                continue
            if window.closes_at is not None and window.closes_at < other.closes_at:
                context.report(
                    document,
                    each.path,
                    "CALENDAR_ORDER",
                    f"{window.label.zh}早于{other.label.zh}结束",
                    f"{window.label.en} closes before {other.label.en}",
                    severity="warning",
                )
            elif (
                window.opens_at is not None
                and window.opens_at < other.closes_at
                and other.kind in _BEFORE.get(window.kind, ())
            ):
                context.report(
                    document,
                    each.path,
                    "CALENDAR_OVERLAP",
                    f"{window.label.zh}于 {window.opens_at.date()} 开始，"
                    f"早于{other.label.zh}截止日 {_last_day(other)}",
                    f"{window.label.en} begins on {window.opens_at.date()}, before "
                    f"{other.label.en} is due on {_last_day(other)}",
                    severity="warning",
                )


def _rounds_apart(
    context: CheckContext,
    document: Document,
    windows: Sequence[_Placed],
    earlier: RoundEntry,
    end: date,
) -> None:
    """Warn where a round opens while the one before is still in publicity (V14, T15)."""
    for each in windows:
        opens = each.window.opens_at
        if each.window.kind in {"registration", "preference"} and opens is not None:
            if opens.date() <= end:
                context.report(
                    document,
                    each.path,
                    "CALENDAR_ROUNDS_OVERLAP",
                    f"{opens.date()} 开始，而轮次 {earlier.code} 的公示最早于 {end} 期满",
                    f"it begins on {opens.date()}, but the publicity of the round {earlier.code} "
                    f"ends on {end} at the earliest",
                    severity="warning",
                )
            return


def _publicity(
    context: CheckContext,
    document: Document,
    windows: Sequence[_Placed],
    rule: _Publicity,
    *,
    at: YamlPath | None = None,
) -> date | None:
    """Warn where publicity cannot last long enough; return when it ends at the earliest.

    ``at`` is where to report instead of at the window.
    """
    end: date | None = None
    for each in windows:
        if each.window.kind != "publicity":
            continue
        start = _earliest_start(each.window, [one.window for one in windows])
        if start is None:
            continue
        place = each.path if at is None else at
        try:
            end = context.calendar.publicity_end(
                start, rule.days, count_first_day=rule.counts_first_day
            )
            if each.window.closes_at is not None and end > _last_day(each.window):
                _too_short(context, document, place, rule, start, end, _last_day(each.window))
        except CalendarNotConfigured as error:
            context.report(
                document,
                place,
                "CALENDAR_NOT_CONFIGURED",
                error.message.zh,
                error.message.en or "",
                severity="warning",
            )
    return end


def _too_short(
    context: CheckContext,
    document: Document,
    place: YamlPath,
    rule: _Publicity,
    start: date,
    end: date,
    deadline: date,
) -> None:
    calendar = context.calendar
    latest = calendar.latest_publicity_start(
        deadline, rule.days, count_first_day=rule.counts_first_day
    )
    available = calendar.working_days_between(start, deadline) if start <= deadline else 0
    first = Text("计首日", "the first day counted")
    if not rule.counts_first_day:
        first = Text("不计首日", "the first day not counted")
    context.report(
        document,
        place,
        "CALENDAR_PUBLICITY_TOO_SHORT",
        f"公示最早于 {start} 开始，须满 {rule.days} 个工作日（{first.zh}），至 {end} 期满，"
        f"而截止日为 {deadline}，其间只有 {available} 个工作日",
        f"publicity can begin on {start} at the earliest and, with {rule.days} working days "
        f"({first.en}), ends on {end}; its deadline is {deadline}, with {available} working days "
        "until then",
        hint=Text(
            f"若须在 {deadline} 前期满，最迟应于 {latest} 开始",
            f"to end by {deadline} it must begin by {latest}",
        ),
        severity="warning",
    )


def _earliest_start(window: Window, windows: Sequence[Window]) -> date | None:
    """Return when the list can be published: after the assessments, or when the window opens."""
    before = [
        other.closes_at.date()
        for other in windows
        if other.kind == "assessment" and other.closes_at is not None
    ]
    starts = [*before, *([window.opens_at.date()] if window.opens_at is not None else [])]
    return max(starts) if starts else None


def _inherited(context: CheckContext, program: ProgramRef) -> None:
    """Check the publicity of inherited rounds where a program's own rule is another."""
    owner = next((each for each in context.layers.parents(program) if each.entry.rounds), None)
    if owner is None:
        return
    rule = _publicity_rule(context, program)
    if rule is None or rule == _publicity_rule(context, owner):
        return
    place: YamlPath = program.path
    if "publicity_working_days" in program.entry.policies:
        place = (*program.path, "policies", "publicity_working_days", "value")
    for entry in owner.entry.rounds:
        windows = [_Placed(window_of(window), ()) for window in entry.windows]
        _publicity(context, program.host.document, windows, rule, at=place)


def _publicity_rule(context: CheckContext, program: ProgramRef) -> _Publicity | None:
    kind = context.layers.kind(program)
    if kind is None:
        return None
    found: dict[str, object] = {}
    for layer in context.layers.of_program(program):
        for key in ("publicity_working_days", "publicity_counts_first_day"):
            entry = layer.rules.policies.get(key)
            if entry is None or not layer.concerns(entry.program_kinds, kind):
                continue
            try:
                value = parse_policy(POLICIES[key], entry.value)
            except PolicyValueError:
                continue
            if value is not None:
                found[key] = value
    days = found.get("publicity_working_days")
    if not isinstance(days, int) or days < 1:
        return None
    return _Publicity(days, found.get("publicity_counts_first_day") is True)
