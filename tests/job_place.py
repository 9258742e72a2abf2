"""A workplace for tests of jobs: the fictional province with an office that has an address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from admissions_office import BASES, PERSON, Office
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.identity import DocumentKind
from zhupei.domain.identity_numbers import check_character
from zhupei.jobs import Workplace
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.notices.mail import MailServer

__all__ = [
    "KEYRING",
    "KEY_TEXT",
    "OFFICE_ADDRESS",
    "applicant",
    "loaded_with_contacts",
    "place_of",
    "published",
]

KEY_TEXT = new_key_text("test")
KEYRING = Keyring.parse(KEY_TEXT)
OFFICE_ADDRESS = "office@sample-hospital.example"
_CONTACT = """contacts:
  - phones: ["0931-8888888"]
    emails: [office@sample-hospital.example]
    address: {zh: 样例路 1 号, en: 1 Sample Road}
    source: SAMPLE-PLAN:30 联系方式
"""
_loaded: dict[str, LoadedCatalogue] = {}


async def loaded_with_contacts(folder: Path) -> LoadedCatalogue:
    """Return the fictional province whose hospital can be written to, read once.

    Its files are written to ``folder`` each time: worker processes read them there.
    """
    for file in sorted(BASES.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if file.name == "sample-hospital.yaml":
            text = text.replace("specialty_bases:", f"{_CONTACT}specialty_bases:", 1)
        (folder / file.name).write_text(text, encoding="utf-8")
    if "it" not in _loaded:
        _loaded["it"] = await load_catalogue([folder])
        assert not _loaded["it"].problems.errors, _loaded["it"].problems
    return _loaded["it"]


def place_of(
    office: Office, mail: MailServer | None = None, *, reminds: timedelta = timedelta(days=3)
) -> Workplace:
    """Return the workplace over an office's database, catalogue and clock."""
    return Workplace(
        database=office.database,
        loaded=lambda: office.loaded,
        clock=lambda: office.now,
        keyring=lambda: KEYRING,
        mail=mail,
        reminds=reminds,
    )


async def applicant(office: Office, number: int = 1, *, email: str | None = "") -> UUID:
    """Register a made-up person with the address ``person<number>@example.org``."""
    digits = f"11010519491231{number:03}"
    with office.database.use():
        found = await register_applicant(
            KEYRING,
            Details(
                name=f"样例{'一二三四五六七八九'[number % 9]}",
                email=f"person{number}@example.org" if email == "" else email,
                facts=PERSON,
            ),
            kind=DocumentKind.RESIDENT_ID,
            number=digits + check_character(digits),
            account=None,
            today=date(2026, 4, 1),
            at=datetime(2026, 4, 1, tzinfo=UTC),
        )
    assert isinstance(found, ApplicantRecord), found
    return found.id


async def published(office: Office, people: list[UUID]) -> list[AdmissionCase]:
    """Bring one application of each person on the published list of batch 1."""
    office.go("2026-04-10T09:00")
    cases = [await office.submitted(applicant=person) for person in people]
    office.go("2026-04-27T09:00")
    for case in cases:
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    await office.publish(*cases)
    return [await office.case(case.id) for case in cases]
