"""Plots as SVG: bars in groups and lines on logarithmic scales, panels over time on plain ones.

Text takes the page's colour in light and dark; every bar carries its figure, so that nothing has
to be read off an axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10

__all__ = ["bars", "lines", "panels"]

_WIDTH = 760
_NAMES = 190
_ROW, _GAP, _HEAD = 18, 30, 40
_PANEL_LEFT, _PANEL_HEIGHT, _PANEL_SIDE = 52, 110, 150
# Distinguishable for colour-blind readers (Okabe and Ito), and on white and black.
_COLOURS = ("#d55e00", "#56b4e9", "#0072b2", "#009e73", "#cc79a7", "#999999", "#e69f00", "#7a6a00")


def bars(title: str, groups: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Return horizontal bars: a group for each question, a bar for each peer."""
    values = [value for group in groups.values() for value in group.values() if value > 0]
    low, high = _decades(values)
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    room = _WIDTH - _NAMES - 110
    parts, top = [], _HEAD
    for group, members in groups.items():
        parts.append(_text(0, top + 13, group, weight="bold"))
        top += _ROW + 4
        for name, value in members.items():
            length = max(1.0, _part(value, low, high) * room)
            colour = _COLOURS[names.index(name) % len(_COLOURS)]
            parts += [
                _text(_NAMES - 8, top + 13, name, anchor="end"),
                _bar(top + 2, length, colour),
                _text(_NAMES + length + 6, top + 13, f"{_short(value)}{unit}"),
            ]
            top += _ROW
        top += _GAP - _ROW
    return _svg(f"{title} (logarithmic)", parts, top)


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return lines over a logarithmic axis; each is named at its end."""
    left, width, height = 60, 400, 300
    across = [x for points in series.values() for x, _ in points]
    x_low, x_high = log10(min(across)), log10(max(across))
    low, high = _decades([y for points in series.values() for _, y in points if y > 0])

    def place(x: float, y: float) -> tuple[float, float]:
        along = (log10(x) - x_low) / (x_high - x_low) if x_high > x_low else 0.5
        return left + along * width, _HEAD + height - _part(y, low, high) * height

    parts = []
    for decade in range(low, high + 1):
        _, y = place(min(across), 10.0**decade)
        parts += [
            f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>',
            _text(left - 8, y + 4, _short(10.0**decade), anchor="end"),
        ]
    for x in sorted(set(across)):
        parts.append(_text(place(x, 1)[0], _HEAD + height + 18, f"{x:,.0f}", anchor="middle"))
    taken: list[float] = []
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        placed = [place(x, y) for x, y in sorted(points)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = placed[-1][1]
        while any(abs(at - other) < 14 for other in taken):
            at += 3
        taken.append(at)
        parts.append(_text(left + width + 10, at + 4, name, colour=colour))
    return _svg(title, parts, max([_HEAD + height + 30, *(at + 12 for at in taken)]))


def panels(
    title: str, unit: str, parts: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]
) -> str:
    """Return panels one below the other over one plain axis in ``unit``, each from 0."""
    width = _WIDTH - _PANEL_LEFT - _PANEL_SIDE
    end = max((x for lines_ in parts.values() for points in lines_.values() for x, _ in points))
    drawn, top = [], _HEAD
    for name, series in parts.items():
        most = _round_up(max((y for points in series.values() for _, y in points), default=1.0))
        drawn.append(_text(0, top + 10, name, weight="bold"))
        top += _ROW
        for part in (0.0, 0.5, 1.0):
            y = top + _PANEL_HEIGHT * (1 - part)
            drawn += [
                _rule(y, width),
                _text(_PANEL_LEFT - 6, y + 4, _short(most * part), anchor="end"),
            ]
        taken: list[float] = []
        for number, (label, points) in enumerate(series.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            placed = [
                (_PANEL_LEFT + x / end * width, top + _PANEL_HEIGHT * (1 - y / most))
                for x, y in points
            ]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
            drawn.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.3"/>'
            )
            at = placed[-1][1] if placed else float(top)
            while any(abs(at - other) < 14 for other in taken):
                at -= 3
            taken.append(at)
            drawn.append(_text(_PANEL_LEFT + width + 8, at + 4, label, colour=colour))
        top += _PANEL_HEIGHT + _GAP
    for part in range(6):
        x = _PANEL_LEFT + width * part / 5
        drawn.append(_text(x, top - _GAP + 18, f"{end * part / 5:.3g}", anchor="middle"))
    drawn.append(_text(_PANEL_LEFT + width + 24, top - _GAP + 18, unit))
    return _svg(title, drawn, top + 4)


def _rule(y: float, width: float) -> str:
    ends = f'x1="{_PANEL_LEFT}" x2="{_PANEL_LEFT + width}"'
    return f'<line {ends} y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>'


def _round_up(value: float) -> float:
    """Return the next value of 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    decade = 10.0 ** floor(log10(value))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= value)


def _bar(top: float, length: float, colour: str) -> str:
    size = f'width="{length:.1f}" height="{_ROW - 4}"'
    return f'<rect x="{_NAMES}" y="{top}" {size} fill="{colour}"/>'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten around some values."""
    low = floor(log10(min(values)))
    return low, max(low + 1, floor(log10(max(values))) + 1)


def _part(value: float, low: int, high: int) -> float:
    if value <= 0:
        return 0.0
    return min(1.0, max(0.0, (log10(value) - low) / (high - low)))


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: str = "", colour: str = ""
) -> str:
    more = f' font-weight="{weight}"' if weight else ""
    more += f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _svg(title: str, parts: Sequence[str], height: float) -> str:
    style = (
        "text{font:12px system-ui,sans-serif;fill:#222}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}}"
    )
    size = f'viewBox="0 0 {_WIDTH} {height:.0f}"'
    label = f'role="img" aria-label="{escape(title)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>',
            f"<style>{style}</style>",
            _text(0, 18, title, weight="bold"),
            *parts,
            "</svg>\n",
        ]
    )
