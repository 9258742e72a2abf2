"""The office whose jobs are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from admissions_office import Office
from job_place import loaded_with_contacts
from zhupei.db.connection import Database


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    """The fictional province on a fresh database, on 10 April 2026 at 9 in the morning."""
    return Office(database, await loaded_with_contacts(tmp_path))
