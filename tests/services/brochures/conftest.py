"""The offices that every test of brochures uses."""

from __future__ import annotations

import pytest

from base_offices import BaseOffices, base_offices
from zhupei.db.connection import Database


@pytest.fixture
async def office(database: Database) -> BaseOffices:
    """Two offices on 25 April 2026 at 9 in the morning."""
    return await base_offices(database)
