"""Graphs that graphql-core and the engine both answer over."""

from __future__ import annotations

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
