"""Graphs that graphql-core and the engine both answer over."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from asked_graph import ROOT, AskedGraph, load_graph
from fictional import BASES


@pytest.fixture(scope="session")
def kitchen_sink() -> AskedGraph:
    """The fictional hospital, and a plugin that uses every hook."""
    return load_graph(BASES, plugins=(ROOT / "tests" / "plugins" / "kitchen-sink",))


@pytest.fixture(autouse=True)
def nothing_uncompiled(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail a test in which graphql-core answered because something could not be compiled."""
    yield
    if "uncompiled" not in request.node.name:
        assert [each for each in caplog.messages if "be compiled" in each] == []


@pytest.fixture(scope="session")
def more_operations() -> int:
    """How many operations ``make fuzz`` asks for; 0 otherwise."""
    return int(os.environ.get("ZHUPEI_FUZZ", "0"))


class _Statements(logging.Handler):
    """Keeps the statements that are run."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        text = record.getMessage()
        if not text.startswith("Created connection pool"):
            self.texts.append(text)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements that a test makes the database run."""
    logger, handler = logging.getLogger("tortoise.db_client"), _Statements()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.texts
    logger.removeHandler(handler)
    logger.setLevel(level)
