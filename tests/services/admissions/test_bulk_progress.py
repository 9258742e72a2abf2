"""Who waits for a long bulk step sees how far it is; short ones and dry runs say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from admissions_office import HOSPITAL, Office, done
from lost_replies import owing_the_answer
from zhupei.db.models import BulkOperationRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.services import admissions
from zhupei.services.admissions import Refusal, RefusalCode, bulk, inputs
from zhupei.services.admissions.change import Change
from zhupei.services.progress import Operation, OperationState, Progress, operations_of


async def told(office: Office) -> tuple[Operation, ...]:
    with office.database.use():
        return await operations_of(by=None, bases=None, running=None, first=10)


async def two_reviewed(office: Office) -> list[AdmissionCase]:
    """Return two applications on the day on which they can be published."""
    office.go("2026-04-10T09:00")
    cases = [await office.submitted() for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 80), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    return cases


async def test_a_long_publication_shows_how_far_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_LONG", 2)
    cases = await two_reviewed(office)
    done(await office.publish(*cases, dry_run=True))
    assert await told(office) == ()
    outcome = await office.publish(*cases)
    assert not isinstance(outcome, Refusal)
    (seen,) = await told(office)
    assert (seen.kind, seen.state, seen.done, seen.total) == (
        "bulk_publish",
        OperationState.SUCCEEDED,
        2,
        2,
    )
    assert (seen.base, seen.program) == ("sample-hospital", HOSPITAL)
    assert seen.started_by == "base_office@sample-hospital"
    assert seen.result == {"operation": str(outcome.operation)}  # type: ignore[attr-defined]  # it was published


@pytest.mark.parametrize("overtaken", [False, True])
async def test_a_repeated_one_is_shown_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, overtaken: bool
) -> None:
    """Also where both are sent at once, and one is carried out while the other is prepared."""
    monkeypatch.setattr(bulk, "_LONG", 2)
    cases = await two_reviewed(office)
    changes = bulk._changes
    faster: list[object] = []

    async def slow(step: bulk._Step, progress: Progress | None) -> list[Change] | Refusal:
        if overtaken and progress is not None and not faster:
            faster.append(None)
            faster[0] = await office.publish(*cases, idempotency_key="k")
        return await changes(step, progress)

    monkeypatch.setattr(bulk, "_changes", slow)
    one = done(await office.publish(*cases, idempotency_key="k"))
    before = await office.everything()
    assert done(await office.publish(*cases, idempotency_key="k")) == one
    assert faster == ([one] if overtaken else [])
    assert await office.everything() == before
    assert [(each.kind, each.done) for each in await told(office)] == [("bulk_publish", 2)]


async def test_a_refused_one_says_so_and_strangers_leave_no_trace(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_LONG", 2)
    office.go("2026-04-10T09:00")
    cases = [await office.submitted() for _ in range(2)]
    given = inputs.AdmitInput(applications=tuple(case.id for case in cases))
    clinic = office.staff(base="sample-clinic")
    await office.refuses(RefusalCode.BULK_REFUSED, await admissions.admit(clinic, given))
    assert await told(office) == ()
    await office.refuses(RefusalCode.BULK_REFUSED, await admissions.admit(office.staff(), given))
    (seen,) = await told(office)
    assert (seen.kind, seen.result) == ("bulk_admit", {"refused": "BULK_REFUSED"})


async def test_a_short_one_is_over_in_a_moment(office: Office) -> None:
    (case,) = await office.published(90)
    assert case.publicity is not None
    assert await told(office) == ()


async def test_one_whose_commit_was_not_answered_is_shown_as_done(
    office: Office, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies over the COMMIT: the step is done, and its progress says so."""
    monkeypatch.setattr(bulk, "_LONG", 2)
    cases = await two_reviewed(office)
    async with owing_the_answer(office, database_url, tmp_path, BulkOperationRow):
        await office.publish(*cases, idempotency_key="k")
    (seen,) = await told(office)
    assert (seen.kind, seen.state, seen.done, seen.total, seen.problem, seen.finished_at) == (
        "bulk_publish", OperationState.SUCCEEDED, 2, 2, None, office.now,
    )  # fmt: skip
    again = done(await office.publish(*cases, idempotency_key="k"))
    assert seen.result == {"operation": str(again.operation)}  # type: ignore[attr-defined]  # it was published
    assert await told(office) == (seen,)
