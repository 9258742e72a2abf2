"""Long work in the terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from zhupei.cli._progress import progress_line
from zhupei.db.identifiers import uuid7
from zhupei.services.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress(done: int, total: int | None, stage: str | None = "rows") -> Progress:
    return Progress(
        id=uuid7(), clock=lambda: datetime.now(UTC), done=done, total=total, stage=stage
    )


def test_one_line_that_is_drawn_anew_on_a_terminal() -> None:
    out = Terminal()
    draw = progress_line("import", out)
    for done in (0, 1, 2):
        draw(progress(done, 2))
    assert out.getvalue() == (
        "\r\x1b[Kimport rows 0/2\r\x1b[Kimport rows 1/2\r\x1b[Kimport rows 2/2\n"
    )


def test_a_line_for_each_tenth_elsewhere() -> None:
    out = io.StringIO()
    draw = progress_line("import", out)
    for done in range(1001):
        draw(progress(done, 1000))
    lines = out.getvalue().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("import rows 0/1000", "import rows 1000/1000", 11)


def test_how_much_there_is_may_be_unknown() -> None:
    out = io.StringIO()
    draw = progress_line("import", out)
    draw(progress(7, None, None))
    draw(progress(8, None, None))
    assert out.getvalue() == "import 7\n"
