"""Tests of zhupei.services.office_queue: what waits for whom, counted by one statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import done, moment
from base_offices import (
    CLINIC,
    HOSPITAL,
    MEDICINE,
    PAEDIATRICS,
    PROGRAM,
    BaseOffices,
    base_offices,
)
from zhupei.db.connection import Database
from zhupei.db.models import ApplicantFile, ApplicationRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission import RequiredDocument
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.admission_refusals import RefusalCode
from zhupei.domain.office_queue import OfficeQueue, OpeningCount, QueueTaskKind
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs
from zhupei.services.office_queue import OfficeQueueInput, office_queue

pytestmark = pytest.mark.slow


@pytest.fixture
async def office(database: Database) -> BaseOffices:
    return await base_offices(database)


async def queue(desk: Desk, **limits: object) -> OfficeQueue:
    given = OfficeQueueInput(**{"base": HOSPITAL, **limits})  # type: ignore[arg-type]  # limits of a test
    return done(await office_queue(desk, given))


async def test_what_waits_and_until_when(office: BaseOffices) -> None:
    await office.waiting()
    await office.waiting(PAEDIATRICS)
    office.go("2026-04-10T09:00")
    new = await office.submitted(MEDICINE)
    await office.draft(MEDICINE)
    office.go("2026-04-25T09:00")
    found = await queue(office.at())
    assert (found.base, found.at, found.total) == (HOSPITAL, office.now, 3)
    submitted, checked = found.lines
    assert (submitted.state, submitted.count, submitted.next) == (
        ApplicationState.SUBMITTED, 1, ApplicationState.CHECKED,
    )  # fmt: skip
    assert submitted.oldest_at == new.submitted_at
    assert (submitted.todo, submitted.actor, submitted.steps) == (
        Text("资格审核", "Eligibility check"), "base", ("eligibility-check",),
    )  # fmt: skip
    assert (submitted.opens_at, submitted.closes_at, submitted.overdue) == (
        moment("2026-04-24T00:00"), moment("2026-05-11T00:00"), False,
    )  # fmt: skip
    assert (checked.state, checked.count, checked.next) == (
        ApplicationState.CHECKED, 2, ApplicationState.ASSESSED,
    )  # fmt: skip
    assert checked.todo == Text("面试、专业考试", "Interview, Examination")
    # Paediatrics is on the national list of what comes first (S4:320-336, R149).
    assert checked.openings == (
        OpeningCount(opening=PAEDIATRICS, count=1),
        OpeningCount(opening=MEDICINE, count=1),
    )
    assert [(each.kind, each.count, each.program, each.round) for each in found.tasks] == [
        (QueueTaskKind.ARRANGE_INTERVIEW, 3, PROGRAM, "batch-1")
    ]


async def test_filters_and_what_is_overdue(office: BaseOffices) -> None:
    await office.waiting()
    assert (await queue(office.at(), round="batch-2")).total == 0
    assert (await queue(office.at(), program=PROGRAM, round="batch-1")).total == 1
    assert (await queue(office.at(), due_before=moment("2026-05-11T00:00"))).lines == ()
    soon = await queue(office.at(), due_before=moment("2026-05-12T00:00"))
    assert [each.overdue for each in soon.lines] == [False]
    office.go("2026-05-11T00:00")
    assert [each.overdue for each in (await queue(office.at())).lines] == [True]


async def test_who_was_interviewed_needs_no_place_any_more(office: BaseOffices) -> None:
    """The scores of an interview are in, those of the examination are not yet."""
    interviewed, examined = await office.waiting(), await office.waiting()
    for case, record in (
        (interviewed, admissions.record_interview),
        (examined, admissions.record_examination),
    ):
        score = inputs.RecordScoreInput(application=case.id, points=Decimal(80), of=100)
        done(await record(office.at(), score))
    found = await queue(office.at())
    assert [(line.state, line.count) for line in found.lines] == [(ApplicationState.CHECKED, 2)]
    assert [(each.kind, each.count) for each in found.tasks] == [
        (QueueTaskKind.ARRANGE_INTERVIEW, 1)
    ]


async def test_objections_and_increases_wait_too(office: BaseOffices) -> None:
    done(
        await admissions.request_plan_increase(
            office.at(),
            inputs.RequestPlanIncreaseInput(opening=MEDICINE, round="batch-1", seats=1, reason="r"),
        )
    )
    found = await queue(office.at())
    (task,) = found.tasks
    assert (task.kind, task.count) == (QueueTaskKind.DECIDE_PLAN_INCREASE, 1)
    assert task.oldest_at == office.now.astimezone(UTC)


async def test_everybody_sees_their_own_part(office: BaseOffices) -> None:
    await office.waiting()
    await office.waiting(PAEDIATRICS)
    assert (await queue(office.province())).total == 2
    staff = Actor(id="0200", grants=frozenset({Grant("specialty_base", HOSPITAL, None, "0200")}))
    part = await queue(office.desk(staff))
    assert [(line.count, line.openings) for line in part.lines] == [
        (1, (OpeningCount(opening=PAEDIATRICS, count=1),))
    ]
    for desk in (office.at(CLINIC), office.own(uuid4())):
        await office.refuses(
            RefusalCode.NOT_PERMITTED, await office_queue(desk, OfficeQueueInput(base=HOSPITAL))
        )
    await office.refuses(
        RefusalCode.NOT_FOUND, await office_queue(office.at(), OfficeQueueInput(base="none"))
    )


async def test_one_statement_however_many(
    office: BaseOffices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for _ in range(3):
        await office.waiting()
    with office.database.use():
        from tortoise import connections

        client = type(connections.get("default"))
    original = client.execute_query_dict

    async def counted(self: object, query: str, values: object = None) -> object:
        asked.append(query)
        return await original(self, query, values)

    monkeypatch.setattr(client, "execute_query_dict", counted)
    assert (await queue(office.at())).total == 3
    assert len(asked) == 1


def asked_for(office: BaseOffices, **changes: Any) -> None:
    """Let the configuration ask for one more document at the interview."""
    catalogue = office.loaded.catalogue
    program = catalogue.programs[PROGRAM]
    label = Text("体检表", "Health certificate")
    more = RequiredDocument(
        id="health",
        kind="health_certificate",
        label=label,
        level=Level.INSTITUTION,
        **{"at_step": "interview", **changes},
    )
    documents = tuple(each for each in program.documents if each.id != "health")
    changed = replace(program, documents=(*documents, more))
    office.loaded = replace(
        office.loaded,
        catalogue=replace(catalogue, programs={**catalogue.programs, PROGRAM: changed}),
    )


async def test_only_who_lacks_a_document_that_is_due(office: BaseOffices) -> None:
    """A step behind or the next one asks for it, and neither submission nor files have it."""
    person = await office.person("王小明", "E1234567")
    await office.waiting(applicant=person)
    await office.waiting(PAEDIATRICS)
    office.go("2026-04-10T09:00")
    await office.submitted(MEDICINE)
    await office.draft(MEDICINE)
    office.go("2026-04-25T09:00")

    async def lacking(**limits: object) -> list[tuple[str, tuple[OpeningCount, ...]]]:
        found = await queue(office.at(), lacking_documents=True, **limits)
        assert found.total == sum(line.count for line in found.lines)
        return [(line.state.value, line.openings) for line in found.lines]

    medicine = OpeningCount(opening=MEDICINE, count=1)
    both = (OpeningCount(opening=PAEDIATRICS, count=1), medicine)
    assert await lacking() == []
    # Of those who were checked, the interview is next; of the one who was not, it is not yet.
    asked_for(office)
    assert await lacking() == [("CHECKED", both)]
    assert await lacking(round="batch-2") == []
    assert (await queue(office.at())).total == 3
    asked_for(office, at_step="eligibility-check")
    assert await lacking() == [("SUBMITTED", (medicine,)), ("CHECKED", both)]
    for none in ({"required": False}, {"when": "false"}, {"at_step": "publicity"}):
        asked_for(office, **none)
        assert await lacking() == [], none
    asked_for(office)
    with office.database.use():
        file = await ApplicantFile.create(
            applicant_id=person,
            document="health",
            media_type="image/png",
            size=8,
            sha256="0" * 64,
            uploaded_by="x",
            uploaded_at=office.now,
        )
    assert await lacking() == [("CHECKED", (both[0],))]
    (line,) = (await queue(office.at(), lacking_documents=True)).lines
    assert line.oldest_at == moment("2026-04-10T09:00")
    staff = Actor(id="0100", grants=frozenset({Grant("specialty_base", HOSPITAL, None, "0100")}))
    assert (await queue(office.desk(staff), lacking_documents=True)).lines == ()
    with office.database.use():
        await ApplicantFile.filter(id=file.id).update(removed_at=office.now)
    assert await lacking() == [("CHECKED", both)]
    for desk in (office.at(CLINIC), office.own(uuid4())):
        given = OfficeQueueInput(base=HOSPITAL, lacking_documents=True)
        await office.refuses(RefusalCode.NOT_PERMITTED, await office_queue(desk, given))


async def test_a_person_is_looked_at_only_for_what_not_everybody_needs(
    office: BaseOffices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is lacking is found by the database; facts of people are read where a condition asks."""
    cases = [await office.waiting(each) for each in (MEDICINE, MEDICINE, PAEDIATRICS)]
    looked = []

    def looking(kind: Any, value: Any) -> Any:
        looked.append(kind)
        return restored(kind, value)

    monkeypatch.setattr("zhupei.services.office_queue.restored", looking)

    async def lacking() -> tuple[int, int]:
        looked.clear()
        return (await queue(office.at(), lacking_documents=True)).total, len(looked)

    # Who is licensed hands in one document more. It is asked once for each opening, whatever
    # else is known of the people.
    with office.database.use():
        for at, case in enumerate(cases):
            facts = plain(replace(case.candidate, birth_date=date(1990, 1, 1 + at)))
            row = await ApplicationRow.get(id=case.id)
            await ApplicationRow.filter(id=case.id).update(
                details={**row.details, "candidate": facts}
            )
    assert await lacking() == (0, 2)
    asked_for(office)
    assert await lacking() == (3, 0)
    for when, number, times in (
        ("candidate.licensed == true", 0, 2),
        ("!candidate.licensed", 3, 2),
        ('candidate.birthDate >= "1990-01-02"', 2, 3),
        ('candidate.title == "SENIOR"', 3, 2),
        ("no expression", 3, 2),
    ):
        asked_for(office, when=when)
        assert await lacking() == (number, times), when
