"""A copy of the fictional configuration that a test may change, and its catalogue."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fictional import BASES
from zhupei.catalogue import LoadedCatalogue, load_catalogue

Load = Callable[[], Awaitable[LoadedCatalogue]]


@pytest.fixture
def bases(tmp_path: Path) -> Path:
    """A writable copy of the fictional configuration."""
    return Path(shutil.copytree(BASES, tmp_path / "bases"))


@pytest.fixture
def load(bases: Path) -> Load:
    """Load the copy as it stands now."""

    async def loaded() -> LoadedCatalogue:
        return await load_catalogue([bases])

    return loaded
