"""Pay for night shifts: which shifts count, and at which rate."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from zhupei.config.scalars import Amount
from zhupei.config.texts import Model
from zhupei.default_plugins.standard_kinds.benefit_lines import joined, line, yuan
from zhupei.domain.benefits import AmountRange, SubsidyLine, is_night_shift
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import NightShift
from zhupei.domain.questions import PayQuestion
from zhupei.domain.text import Text

__all__ = ["NightShiftParams", "night_shift"]


class NightShiftParams(Model):
    """Pay for night shifts, by count or by time stamps (R048-R049, T57)."""

    independent: Amount
    """Yuan a shift for residents licensed for independent duty."""
    follower: Amount
    """Yuan a shift for residents who follow."""
    least_hours: Amount
    """Hours without a break that a shift needs; it must also cross 24:00."""


def night_shift(params: NightShiftParams, question: PayQuestion) -> list[SubsidyLine]:
    """Pay the shifts of a month: by time stamps where given, else by count."""
    profile = question.profile
    rates = Text(
        f"独立值班 {yuan(params.independent)} 元/次，跟值 {yuan(params.follower)} 元/次",
        f"{yuan(params.independent)} yuan a shift on independent duty, "
        f"{yuan(params.follower)} as a follower",
    )
    if profile.night_shifts is not None:
        return _stamped(params, question, profile.night_shifts)
    counts = profile.night_shift_counts
    if counts is None:
        unsure = AmountRange(Decimal(0), None, None)
        return line(question, unsure, rates, ("nightShifts",))
    return _counted(params, question, counts.independent, counts.follower, [])


def _stamped(
    params: NightShiftParams, question: PayQuestion, shifts: tuple[NightShift, ...]
) -> list[SubsidyLine]:
    independent = follower = 0
    notes: list[Text] = []
    for shift in shifts:
        try:
            starts_at, ends_at = _instant(shift.starts_at), _instant(shift.ends_at)
            counts = is_night_shift(starts_at, ends_at, least_hours=params.least_hours)
        except ValueError:
            notes.append(
                Text(
                    f"{shift.starts_at} 至 {shift.ends_at} 无法识别或先后颠倒，不计",
                    f"{shift.starts_at} to {shift.ends_at} cannot be read or ends before it "
                    "starts, and does not count",
                )
            )
            continue
        if not counts:
            notes.append(
                Text(
                    f"{shift.starts_at} 至 {shift.ends_at} 不符合夜班定义"
                    f"（跨 24:00 且连续 {yuan(params.least_hours)} 小时及以上），不计",
                    f"{shift.starts_at} to {shift.ends_at} is no night shift (crosses 24:00 and "
                    f"lasts {yuan(params.least_hours)} hours or more) and does not count",
                )
            )
        elif shift.independent:
            independent += 1
        else:
            follower += 1
    return _counted(params, question, independent, follower, notes)


def _instant(text: str) -> datetime:
    """Return an instant in China's time, in which the midnight that counts falls."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return instant.astimezone(CHINA_TIME)


def _counted(
    params: NightShiftParams,
    question: PayQuestion,
    independent: int,
    follower: int,
    notes: list[Text],
) -> list[SubsidyLine]:
    if independent and question.profile.independent_duty is False:
        notes.append(
            Text(
                f"未获准独立值班，{independent} 次按跟值计",
                f"without permission for independent duty: {independent} counted as follower",
            )
        )
        independent, follower = 0, independent + follower
    amount = independent * params.independent + follower * params.follower
    notes.insert(
        0,
        Text(
            f"独立值班 {independent} 次 × {yuan(params.independent)} 元，"
            f"跟值 {follower} 次 × {yuan(params.follower)} 元",
            f"{independent} independent shifts at {yuan(params.independent)} yuan, "
            f"{follower} as a follower at {yuan(params.follower)}",
        ),
    )
    return line(question, AmountRange.exactly(amount), joined(notes))
