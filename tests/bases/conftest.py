"""The published configuration of the southern provinces, loaded once for the tests beside this."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from zhupei.catalogue import Catalogue, LoadedCatalogue, load_catalogue

_PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def south() -> LoadedCatalogue:
    """What `bases/guangdong` and `bases/guangxi` say, with their plugins."""
    folders = [_PROJECT / "bases" / "guangdong", _PROJECT / "bases" / "guangxi"]
    return asyncio.run(
        load_catalogue(folders, plugin_folders=[_PROJECT / "plugins"], keep_files=True)
    )


@pytest.fixture(scope="session")
def published(south: LoadedCatalogue) -> Catalogue:
    """The catalogue of both provinces."""
    return south.catalogue
