"""The published configuration of every jurisdiction, loaded once for the tests beside this."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from zhupei.catalogue import Catalogue, load_catalogue

_PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """What `bases` says, with its plugins."""
    loaded = asyncio.run(
        load_catalogue([_PROJECT / "bases"], plugin_folders=[_PROJECT / "plugins"])
    )
    assert loaded.problems.errors == ()
    return loaded.catalogue
