"""Tests of zhupei.services.admissions.requests and zhupei.services.office_requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError

from admissions_office import HOSPITAL, Office
from zhupei import hookimpl
from zhupei.db.identifiers import uuid7
from zhupei.db.models import Idempotency, OutboxRow, RoundFreezeRow
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.events import Event
from zhupei.domain.text import Text
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.services.admissions.requests import StaleError, once_for
from zhupei.services.office_requests import RefusedError, Work, answer_once

_REFUSED = Refusal(code=RefusalCode.INPUT_INVALID, message=Text("不行", "no"), field="reason")


@dataclass
class _Listening:
    told: list[str]

    @hookimpl
    def event_recorded(self, event: Event) -> None:
        self.told.append(event.name)


async def _freeze(office: Office, reason: str) -> UUID:
    row = await RoundFreezeRow.create(
        id=uuid7(),
        root_program_code=HOSPITAL,
        round_code="batch-1",
        reason=reason,
        frozen_by="somebody",
        frozen_at=office.now,
        lifted_at=office.now,
    )
    return row.id


async def _reasons() -> list[Any]:
    return list(await RoundFreezeRow.all().order_by("id").values_list("reason", flat=True))


async def test_a_dry_run_shows_what_it_takes_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `show` reads is there while it reads it, and gone afterwards; nobody is told."""
    told: list[str] = []

    async def do(work: Work) -> str:
        work.tell("round.frozen", "s", base="sample-hospital", program=HOSPITAL, data={})
        return str(await _freeze(office, "考务原因"))

    async def show(id_: str) -> str:
        return (await RoundFreezeRow.get(id=id_)).reason

    naming = Naming(Rights.INSTITUTION, code="sample-hospital")
    office.dispatcher = Dispatcher(office.loaded.host.extended("sample", _Listening(told), naming))
    scopes = {
        **office.loaded.catalogue.scopes,
        "sample-hospital": Scope(base="sample-hospital", institution=("sample",)),
    }
    monkeypatch.setitem(office.loaded.catalogue.__dict__, "scopes", scopes)
    desk = office.staff()
    with desk.database.use():
        shown = await answer_once(desk, "k-1", "freeze", {}, do, show=show, dry_run=True)
    assert shown == "考务原因"
    assert told == []
    with desk.database.use():
        assert await _reasons() == []
        assert await OutboxRow.all().count() == await Idempotency.all().count() == 0
        # The same request in earnest, under the same key.
        assert await answer_once(desk, "k-1", "freeze", {}, do, show=show) == "考务原因"
        # Under a key that was used, a dry run shows what would be done now, not what was done.
        assert (
            await answer_once(desk, "k-1", "other", {}, do, show=show, dry_run=True) == "考务原因"
        )
        assert await _reasons() == ["考务原因"]
        assert await OutboxRow.all().count() == 1
    assert told == ["round.frozen"]


async def test_a_dry_run_that_is_refused_says_so(office: Office) -> None:
    async def do(_work: Work) -> str:
        await _freeze(office, "不留下")
        raise RefusedError(_REFUSED)

    async def show(_answer: str) -> None:
        raise AssertionError

    desk = office.staff()
    with desk.database.use():
        for dry_run in (True, False):
            done = await answer_once(desk, "k", "freeze", {}, do, show=show, dry_run=dry_run)
            assert done is _REFUSED
        assert await _reasons() == []
        assert await Idempotency.all().count() == 0


@pytest.mark.parametrize("dry_run", [False, True])
async def test_work_that_met_anothers_row_begins_anew(office: Office, dry_run: bool) -> None:
    """Of what it wrote before it met the row nothing stays; after eight times it gives up."""
    tries = 0

    async def work() -> UUID:
        nonlocal tries
        tries += 1
        made = await _freeze(office, f"第 {tries} 次")
        if tries == 1:
            raise IntegrityError("somebody else was quicker")
        if tries == 2:
            raise StaleError
        return made

    async def show(id_: UUID) -> str:
        return (await RoundFreezeRow.get(id=id_)).reason

    desk = office.staff()
    with desk.database.use():
        done = await once_for(desk, "freeze", {}, work, key="k", show=show, dry_run=dry_run)
        assert done == "第 3 次"
        assert await _reasons() == ([] if dry_run else ["第 3 次"])
        never = await once_for(desk, "freeze", {}, _stale, key="k-2", show=show, dry_run=dry_run)
    assert isinstance(never, Refusal)
    assert (never.code, never.message.en) == (
        RefusalCode.CONFLICT,
        "others are changing this at the same time; try again",
    )


async def _stale() -> UUID:
    raise StaleError
