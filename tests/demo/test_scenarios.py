"""The scenarios of `examples/`, played whole: real HTTP, real PostgreSQL, real mail, moved clock.

Each holds its own expectations, step by step; here stands what has to come of them as a whole.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from zhupei.db.models import ApplicationRow, SeatRow, TraineeRow
from zhupei.demo import Outcome, play, read_scenario
from zhupei.demo.narration import Narrator
from zhupei.demo.stage import Stage
from zhupei.domain.text import Language
from zhupei.settings import LogFormat, Settings
from zhupei.web.logs import configure_logging

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]


class Played:
    """What is looked at when a scenario has ended, while its server still runs."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.trainees: Counter[str] = Counter()
        self.taken: dict[str, int] = {}
        self.told = ""
        self.outcome = Outcome()

    async def look(self, stage: Stage, _outcome: Outcome) -> None:
        with stage.application.database.use():
            self.states = Counter([row.state for row in await ApplicationRow.all()])
            self.trainees = Counter([row.opening_code for row in await TraineeRow.all()])
            self.taken = {row.scope: row.taken for row in await SeatRow.all() if row.taken}


@contextlib.contextmanager
def whole_log() -> Iterator[io.StringIO]:
    """Have every line of the log, down to what is for debugging, with all its fields."""
    root, out = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    levels = {logger: logger.level for logger in loggers}
    configure_logging(LogFormat.JSON, "debug", out)
    try:
        yield out
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for logger in loggers:
            logger.setLevel(levels[logger])
        logging.captureWarnings(False)


def personal(name: str) -> set[str]:
    """Return names, numbers, phones and addresses of the people of a scenario, and of tokens."""
    text = (_ROOT / "examples" / name / "scenario.yaml").read_text(encoding="utf-8")
    people = set(re.findall(r"\{who: \w+, name: ([\u4e00-\u9fff]{2,})", text))
    numbers = set(re.findall(r"number: \"?(\w{8,18})", text))
    others = set(re.findall(r"[\w.+-]+@[\w.-]+\w|\b1[3-9]\d{9}\b", text))
    assert len(people) >= 8
    assert len(numbers) >= 8
    return people | numbers | others | {"eyJ", "Bearer", "@example"}


async def played(name: str, tmp_path: Path, database_url: str, language: Language) -> Played:
    settings = Settings(
        bases=(_ROOT / "bases",),
        plugins=(_ROOT / "plugins",),
        data_dir=tmp_path,
        database_url=database_url,
        language=language,
        access_log=True,
    )
    found, out = Played(), io.StringIO()
    with whole_log() as log:
        found.outcome = await play(
            read_scenario(_ROOT / "examples" / name),
            settings,
            Narrator(out, language),
            after=found.look,
        )
    found.told = out.getvalue()
    lines = log.getvalue()
    assert lines.count('"event": "request"') > found.outcome.steps
    assert {each for each in personal(name) if each in lines} == set()
    return found


def figures(outcome: Outcome) -> tuple[int, int, int, int, int]:
    """Return steps, refusals, letters, records and applications."""
    assert outcome.audit is not None
    assert outcome.audit.broken is None
    return (
        outcome.steps,
        outcome.refusals,
        outcome.letters,
        outcome.audit.records,
        outcome.audit.applications,
    )


@pytest.mark.slow(seconds=45)
async def test_hubei_2024(tmp_path: Path, database_url: str) -> None:
    """R134-R158, R162, R164, G19, G21, G24, G26, G28: both rounds from brochure to list."""
    found = await played("hubei", tmp_path, database_url, Language.EN)
    assert figures(found.outcome) == (233, 39, 84, 142, 18)
    assert found.states == {
        "REGISTERED": 8,
        "DRAFT": 5,
        "TRANSFERRED": 1,
        "REJECTED": 1,
        "DECLINED": 1,
        "EXPIRED": 1,
        "NO_SHOW": 1,
    }
    assert found.trainees == {
        "hubei-tongji-residency-2024/0100": 1,
        "hubei-tongji-residency-2024/0200": 2,
        "hubei-tongji-residency-2024/0900": 1,
        "hubei-xiehe-residency-2024/0300": 1,
        "hubei-xiehe-residency-2024/0700": 1,
        "hubei-huanggang-zhongxin-residency-2024/0700": 2,
    }
    assert found.taken["program:hubei-residency-2024"] == 8
    assert "  ── 2024-09-16 00:00 ──\n" in found.told
    assert "     ⏱ no-shows: 1\n" in found.told


@pytest.mark.slow(seconds=18)
async def test_hku_szh_2026(tmp_path: Path, database_url: str) -> None:
    """R020-R040, R043-R045, R058, R060, R215-R217, R220, G7, G8, G10: from brochure to contract."""
    found = await played("hku-szh", tmp_path, database_url, Language.ZH)
    assert figures(found.outcome) == (88, 15, 34, 49, 9)
    assert found.states == {"REGISTERED": 3, "DRAFT": 4, "DECLINED": 1, "CANCELLED": 1}
    assert found.taken == {
        "opening:hku-szh-residency-2026/0100": 1,
        "opening:hku-szh-residency-2026/0200": 1,
        "opening:hku-szh-residency-2026/0300": 1,
        "program:hku-szh-residency-2026": 3,
    }
    assert "完成：88 步，其中 15 步按预期被拒绝" in found.told


@pytest.mark.slow(seconds=13)
async def test_liuzhou_june_2024(tmp_path: Path, database_url: str) -> None:
    """R072-R078, R087-R097, R182, G14: from the form to the report."""
    found = await played("liuzhou", tmp_path, database_url, Language.EN)
    assert figures(found.outcome) == (99, 16, 29, 35, 8)
    assert found.states == {"REPORTED": 3, "DRAFT": 3, "REJECTED": 1, "REVIEWED": 1}
    assert found.taken["direction:gz-liuzhou-fellowship-2024/gynaecology/hifu"] == 1
    assert found.taken["program:gz-liuzhou-fellowship-2024"] == 3
