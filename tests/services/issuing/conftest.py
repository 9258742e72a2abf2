"""The people whose papers are made, on a database of their own."""

from __future__ import annotations

import pytest

from admissions_office import Office, sample_catalogue
from issued_papers import People
from zhupei.db.connection import Database
from zhupei.security.crypto import Keyring, new_key_text


@pytest.fixture
async def people(database: Database) -> People:
    """The fictional province on 10 April 2026, with people who can be registered."""
    return People(Office(database, await sample_catalogue()), Keyring.parse(new_key_text("test")))
