"""Graphs that graphql-core and the engine both answer over."""

from __future__ import annotations

import os

import pytest

from asked_graph import ROOT, AskedGraph, load_graph
from fictional import BASES


@pytest.fixture(scope="session")
def kitchen_sink() -> AskedGraph:
    """The fictional hospital, and a plugin that uses every hook."""
    return load_graph(BASES, plugins=(ROOT / "tests" / "plugins" / "kitchen-sink",))


@pytest.fixture(scope="session")
def more_operations() -> int:
    """How many operations ``make fuzz`` asks for; 0 otherwise."""
    return int(os.environ.get("ZHUPEI_FUZZ", "0"))
