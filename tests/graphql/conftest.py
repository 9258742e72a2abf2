"""The graph over the fictional configuration, and over the real one."""

from __future__ import annotations

import pytest

from asked_graph import ROOT, AskedGraph, load_graph
from fictional import BASES


@pytest.fixture(scope="session")
def fictional() -> AskedGraph:
    """The graph of the fictional hospital alone."""
    return load_graph(BASES)


@pytest.fixture(scope="session")
def real() -> AskedGraph:
    """The graph of the configuration that the repository carries, with its plugins."""
    return load_graph(ROOT / "bases", plugins=(ROOT / "plugins",))


_PLAN = """\
# Fictional figures, for tests only.
kind: plan
program: hubei-residency-2024
sources:
  FICTION:
    title: {zh: 虚构的招收计划表, en: Fictional plan table}
source: FICTION:1 附件1
rows:
  - {base: hubei-xiehe, specialty: "0100", quota: 40}
  - {base: hubei-xiehe, specialty: "0700", quota: 12}
  - {base: hubei-xiehe, specialty: "0900"}
"""


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> AskedGraph:
    """The real configuration with a fictional plan, which says so, for a province without one."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "_plan.yaml").write_text(_PLAN, encoding="utf-8")
    return load_graph(ROOT / "bases", folder, plugins=(ROOT / "plugins",))
