"""Removed files lose their bytes in time, on record, and nothing that is needed does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from admissions_office import IDENTITY, MEDICINE, Office, done, sample_catalogue
from job_place import applicant, place_of
from zhupei.db.connection import Database
from zhupei.db.models import ApplicantFile, OutboxRow
from zhupei.domain.applications import SubmittedDocument
from zhupei.jobs import Workplace, run_due
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.applicant_files import FileRecord, FileStore, remove_file
from zhupei.services.file_sweep import sweep_files
from zhupei.services.outbox import subject_of

_DAYS = timedelta(days=30)
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(database, await sample_catalogue())


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", largest=1000)


async def parts(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def kept(
    office: Office, store: FileStore, owner: UUID, document: str = "degree", content: bytes = _PNG
) -> FileRecord:
    with office.database.use():
        found = await store.keep(owner, document, parts(content), by="me", at=office.now)
    assert isinstance(found, FileRecord)
    return found


async def removed(office: Office, file: FileRecord) -> None:
    with office.database.use():
        assert await remove_file(file.id, at=office.now)


async def swept(office: Office, store: FileStore, keep_for: timedelta = _DAYS) -> int:
    with office.database.use():
        return await sweep_files(store, keep_for, office.now)


def there(store: FileStore, file: FileRecord) -> bool:
    try:
        return store.read(file) == _PNG
    except FileNotFoundError:
        return False


async def test_bytes_go_after_the_days_and_what_was_there_stays_on_record(
    office: Office, store: FileStore
) -> None:
    file = await kept(office, store, await applicant(office))
    assert await swept(office, store, timedelta()) == 0
    await removed(office, file)
    office.later(days=30, seconds=-1)
    assert await swept(office, store) == 0
    assert there(store, file)
    office.later(seconds=1)
    assert await swept(office, store) == 1
    assert not there(store, file)
    assert await swept(office, store) == 0
    with office.database.use():
        row = await ApplicantFile.get(id=file.id)
        (event,) = await OutboxRow.filter(name="file.swept")
    assert (row.sha256, row.swept_at) == (file.sha256, office.now.astimezone(UTC))
    assert (event.subject, event.data) == (
        subject_of("File", file.id),
        {"document": "degree", "size": len(_PNG)},
    )


async def test_the_same_content_that_somebody_still_has_stays(
    office: Office, store: FileStore
) -> None:
    mine = await kept(office, store, await applicant(office, 1))
    theirs = await kept(office, store, await applicant(office, 2))
    assert mine.sha256 == theirs.sha256
    await removed(office, mine)
    office.later(days=31)
    assert await swept(office, store) == 0
    assert there(store, theirs)
    await removed(office, theirs)
    # The days of the second one are not over.
    assert await swept(office, store) == 0
    office.later(days=31)
    assert await swept(office, store) == 2
    assert not there(store, theirs)


async def test_what_an_open_application_was_handed_in_with_stays(
    office: Office, store: FileStore
) -> None:
    person = await applicant(office)
    file = await kept(office, store, person, "identity-scan")
    draft = await office.draft(MEDICINE, person)
    document = SubmittedDocument(
        document=IDENTITY.document, media_type="image/png", size=len(_PNG), sha256=file.sha256
    )
    given = inputs.SubmitApplicationInput(application=draft.id, documents=(document,))
    case = done(await admissions.submit_application(office.own(person), given))
    await removed(office, file)
    office.later(days=5)
    assert await swept(office, store, timedelta(days=1)) == 0
    assert there(store, file)
    reason = inputs.ReasonedInput(application=case.id, reason="不报了")
    done(await admissions.withdraw_application(office.own(person), reason))
    assert await swept(office, store, timedelta(days=1)) == 1
    assert not there(store, file)


async def test_a_file_that_is_handed_in_again_has_its_bytes(
    office: Office, store: FileStore
) -> None:
    person = await applicant(office)
    first = await kept(office, store, person)
    await removed(office, first)
    office.later(days=31)
    assert await swept(office, store) == 1
    again = await kept(office, store, person)
    assert again.id != first.id
    assert there(store, again)
    assert await swept(office, store) == 0


async def test_the_worker_does_it_by_itself(office: Office, store: FileStore) -> None:
    file = await kept(office, store, await applicant(office))
    await removed(office, file)
    place = place_of(office)
    place = Workplace(
        database=place.database,
        loaded=place.loaded,
        clock=place.clock,
        keyring=place.keyring,
        files=store,
        keeps_files=timedelta(days=2),
    )
    assert (await run_due(place)).swept == 0
    office.later(days=2)
    assert (await run_due(place)).swept == 1
    assert (await run_due(place)).swept == 0
    assert isinstance(office.now, datetime)
