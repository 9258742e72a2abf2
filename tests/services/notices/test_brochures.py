"""What becomes of a brochure is told to the base's office by mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from admissions_office import done
from base_offices import HOSPITAL, PROGRAM, BaseOffices, base_offices
from job_place import place_of
from mail_room import MailRoom, mail_room
from zhupei.db.connection import Database
from zhupei.domain.institutions import Contact
from zhupei.domain.text import Text
from zhupei.jobs import tell_events
from zhupei.services.brochures import decide_brochure, submit_brochure
from zhupei.services.brochures.inputs import DecideBrochureInput, SubmitBrochureInput

_ADDRESS = "brochures@example.org"


@pytest.fixture
async def room() -> AsyncIterator[MailRoom]:
    async with mail_room() as opened:
        yield opened


@pytest.fixture
async def office(database: Database) -> BaseOffices:
    """A hospital that can be written to, before the deadline of 25 March, included."""
    found = await base_offices(database)
    catalogue = found.loaded.catalogue
    base = catalogue.bases[HOSPITAL]
    contact = Contact(label=Text("住培办", "Residency office"), emails=(_ADDRESS,))
    bases = {**catalogue.bases, HOSPITAL: replace(base, contacts=(contact,))}
    found.loaded = replace(found.loaded, catalogue=replace(catalogue, bases=bases))
    found.go("2026-03-20T09:00")
    return found


async def _decided(office: BaseOffices, *, approved: bool) -> None:
    given = SubmitBrochureInput(program=PROGRAM, attested=("吉祥物",))
    brochure = done(await submit_brochure(office.at(), given))
    reason = None if approved else "缺少住宿说明"
    decision = DecideBrochureInput(brochure=brochure.id, approved=approved, reason=reason)
    done(await decide_brochure(office.province(), decision))


async def test_what_the_authority_decides_is_told_with_the_last_day(
    office: BaseOffices, room: MailRoom
) -> None:
    """R135, R136: what it said stays inside, where the office signs in to read it."""
    place = place_of(office, room.server)
    await _decided(office, approved=False)
    await tell_events(place)
    await _decided(office, approved=True)
    await tell_events(place)
    assert room.subjects(_ADDRESS) == [
        "招生简章已退回 / Brochure returned",
        "招生简章审核通过 / Brochure approved",
    ]
    returned, approved = room.texts(_ADDRESS)
    assert "招生简章（第 1 版）已退回修改。" in returned
    assert "报送截止日：2026年3月25日（含当日）" in returned
    assert "Last day of submission: 2026-03-25 (that day included)" in returned
    assert "缺少住宿说明" not in returned
    assert "招生简章（第 2 版）已审核通过" in approved
    assert "Version 2 of the brochure was approved." in approved
    assert "发布截止日：2026年3月28日（含当日）。" in approved
    # Each decision once, however often it is looked for.
    await tell_events(place)
    assert len(room.letters) == 2
