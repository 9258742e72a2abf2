"""The office that every test of allocation uses."""

from __future__ import annotations

import pytest

from allocation_office import Matching, matching_office
from zhupei.db.connection import Database


@pytest.fixture
async def office(database: Database) -> Matching:
    """The matching province on a fresh database."""
    return await matching_office(database)
