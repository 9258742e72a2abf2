"""Long work in the terminal: one line that is drawn anew, or a few lines where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from zhupei.services.progress import Progress

__all__ = ["progress_line"]

_TENTHS = 10


def progress_line(label: str, out: TextIO | None = None) -> Callable[[Progress], None]:
    """Return what draws the progress of an operation; give it to `operation` as ``watch``.

    On a terminal the line is overwritten. Elsewhere (a file, a log) a line is written for each
    tenth of a stage, and the last one.
    """
    stream = out or sys.stderr
    live = stream.isatty()
    written: list[tuple[str | None, int | None]] = []

    def draw(progress: Progress) -> None:
        total = progress.total
        done = f"{progress.done}" if total is None else f"{progress.done}/{total}"
        stage = "" if progress.stage is None else f" {progress.stage}"
        if live:
            stream.write(f"\r\x1b[K{label}{stage} {done}")
            if total is not None and progress.done >= total:
                stream.write("\n")
            stream.flush()
            return
        tenth = None if not total else progress.done * _TENTHS // total
        if not written or written[-1] != (progress.stage, tenth):
            written.append((progress.stage, tenth))
            stream.write(f"{label}{stage} {done}\n")

    return draw
