"""Bulk steps ask the database as often for many applications as for few."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from admissions_office import Office, changed_catalogue, done
from zhupei.domain.admission_case import AdmissionCase
from zhupei.services import admissions
from zhupei.services.admissions import inputs

_ROW = '      - {specialty: "0100", quota: 2, source: SAMPLE-PLAN:10 计划表}\n'


class _Kept(logging.Handler):
    """Keeps the statements that Tortoise runs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.statements: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.statements.append(record.getMessage())


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements of a test."""
    logger, kept = logging.getLogger("tortoise.db_client"), _Kept()
    level = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    yield kept.statements
    logger.setLevel(level)
    logger.removeHandler(kept)


async def _ready(office: Office, count: int) -> list[AdmissionCase]:
    """Return applications that passed the review, at the office's own time."""
    office.go("2026-04-10T09:00")
    cases = [await office.submitted() for _ in range(count)]
    office.go("2026-04-27T09:00")
    for case in cases:
        await office.reviewed(case)
    office.go("2026-05-11T10:00")
    return cases


async def test_bulk_steps_take_as_many_statements_for_ten_as_for_two(
    office: Office, tmp_path: Path, statements: list[str]
) -> None:
    """Reading, permissions, freezes, locks, merit, lists, seats, states and records: each once."""
    office.loaded = await changed_catalogue(
        tmp_path,
        "sample-hospital.yaml",
        (_ROW, _ROW.replace("quota: 2", "quota: 50")),
        ("capacity: 4", "capacity: 50"),
    )
    first, one, *many = await _ready(office, 12)
    # The first step makes the rows of the quotas; after it both find the same.
    groups = ([first], [one], many)

    async def counted(step: Callable[[Sequence[AdmissionCase]], Awaitable[object]]) -> list[int]:
        counts = []
        for cases in groups:
            statements.clear()
            done(await step(cases))
            counts.append(len(statements))
        return counts

    async def admit(cases: Sequence[AdmissionCase]) -> object:
        ids = tuple(case.id for case in cases)
        return await admissions.admit(office.staff(), inputs.AdmitInput(applications=ids))

    async def notify(cases: Sequence[AdmissionCase]) -> object:
        ids = tuple(case.id for case in cases)
        return await admissions.send_notice(
            office.staff(), inputs.SendNoticeInput(applications=ids)
        )

    counts = await counted(lambda cases: office.publish(*cases))
    assert counts[1] == counts[2] <= 29, counts
    for case in (first, one, *many):
        await office.confirmed(case)
    office.go("2026-05-22T00:00")
    for step in (admit, notify):
        counts = await counted(step)
        assert counts[0] == counts[1] == counts[2] <= 20, counts


async def test_what_one_statement_writes_is_whole(office: Office, tmp_path: Path) -> None:
    """Every case stands in its new state, with the hash of its own record and its seat."""
    office.loaded = await changed_catalogue(
        tmp_path,
        "sample-hospital.yaml",
        (_ROW, _ROW.replace("quota: 2", "quota: 50")),
        ("capacity: 4", "capacity: 50"),
    )
    cases = await _ready(office, 5)
    done(await office.publish(*cases))
    found = [await office.case(case.id) for case in cases]
    assert {each.state.value for each in found} == {"IN_PUBLICITY"}
    assert len({each.record_hash for each in found}) == 5
    timeline = await admissions.timeline_of(office.staff(), cases[0].id)
    assert timeline is not None
    assert timeline.records[-1].hash == found[0].record_hash
    assert await office.taken() == 5
    reviewed = inputs.SearchApplicationsInput(opening=cases[0].opening)
    assert len(await admissions.applications_of(office.staff(), reviewed)) == 5
