"""The fictional province over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from served_admissions import ServedAdmissions, served_admissions


@pytest.fixture
async def province(tmp_path: Path, database_url: str) -> AsyncIterator[ServedAdmissions]:
    """The province, its clock at a moment when registration is open."""
    async with served_admissions(tmp_path, database_url) as served:
        yield served
