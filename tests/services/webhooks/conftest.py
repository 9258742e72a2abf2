"""The office whose events are delivered."""

from __future__ import annotations

import pytest

from admissions_office import Office, sample_catalogue
from zhupei.db.connection import Database


@pytest.fixture
async def office(database: Database) -> Office:
    """The fictional province on a fresh database, on 10 April 2026 at 9 in the morning."""
    return Office(database, await sample_catalogue())
