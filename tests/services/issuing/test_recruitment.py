"""Statistics and the registration list from rows: R157, G of T36 (unknown is null), R126, R156."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tortoise import connections

from admissions_office import HOSPITAL, MEDICINE, PAEDIATRICS, PERSON, UNKNOWN, done
from issued_papers import ENTRUSTED, People
from zhupei.domain.people import Degree, DegreeLevel, TraineeType
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.issuing.recruitment import (
    RecruitmentReport,
    programs_within,
    recruitment_report,
    statistics_by_trainee_type,
)
from zhupei.services.issuing.registrations import registered_trainees

pytestmark = pytest.mark.slow

STATEMENTS = 2


async def report(people: People, round_code: str | None = None, **where: Any) -> RecruitmentReport:
    catalogue = people.office.loaded.catalogue
    with people.office.database.use():
        return await recruitment_report(
            catalogue, programs_within(catalogue, **(where or {"program": HOSPITAL})), round_code
        )


async def test_r157_rates_by_registered_people_and_null_where_the_plan_is_unknown(
    people: People,
) -> None:
    await people.registered(await people.person())
    people.office.go("2026-04-10T09:00")
    await people.office.submitted(UNKNOWN)
    found = await report(people)
    whole = found.whole
    assert (whole.applications, whole.admitted, whole.registered, whole.places) == (2, 1, 1, None)
    assert whole.completion.percent is None
    assert whole.completion.reason is not None
    assert whole.completion.reason.en == f"plans not published: {UNKNOWN}"
    by_code = {each.figures.opening: each for each in whole.openings}
    assert (by_code[MEDICINE].places, by_code[MEDICINE].fill.percent) == (2, Decimal("50.0"))
    assert by_code[MEDICINE].competition.percent == Decimal("50.0")
    assert by_code[UNKNOWN].fill.percent is None
    assert by_code[UNKNOWN].fill.reason == Text("名额待定", "To be announced")
    specialties = {each.code: each for each in found.by_specialty}
    assert specialties["0100"].statistics.completion.percent == Decimal("50.0")
    assert specialties["0900"].statistics.completion.percent is None
    assert [each.code for each in found.by_base] == ["sample-hospital"]
    catalogue = people.office.loaded.catalogue
    with people.office.database.use():
        by_type = await statistics_by_trainee_type(catalogue, found.programs, found.round)
        none = await statistics_by_trainee_type(catalogue, found.programs, "batch-2")
    types = {each.code: each.statistics for each in by_type}
    assert none == ()
    assert (types["SOCIAL"].applications, types["SOCIAL"].registered) == (2, 1)
    assert types["SOCIAL"].completion.percent is None


async def test_by_round_the_plan_is_unknown_unless_it_is_divided(people: People) -> None:
    await people.published(await people.person())
    found = await report(people, "batch-1")
    assert [each.code for each in found.by_round] == ["batch-1"]
    assert found.whole.applications == 1
    opening = next(each for each in found.whole.openings if each.figures.opening == MEDICINE)
    assert (opening.places, opening.fill.percent) == (None, None)
    assert opening.fill.reason is not None
    assert opening.fill.reason.en == "the plan is not divided by round"
    whole = await report(people)
    assert [each.code for each in whole.by_round] == ["batch-1", "batch-2"]
    assert [each.statistics.applications for each in whole.by_round] == [1, 0]


async def test_r153_approved_increases_are_places(people: People) -> None:
    people.office.go("2026-04-27T09:00")
    asked = done(
        await admissions.request_plan_increase(
            people.office.staff(),
            inputs.RequestPlanIncreaseInput(
                opening=MEDICINE, round="batch-1", seats=2, reason="容量有余"
            ),
        )
    )
    before = (await report(people, base="sample-hospital")).whole
    done(
        await admissions.decide_plan_increase(
            people.office.authority(),
            inputs.DecidePlanIncreaseInput(plan_increase=asked.id, approved=True, reason="同意"),
        )
    )
    after = (await report(people, jurisdiction="sample-province")).whole
    assert [
        next(each.places for each in found.openings if each.figures.opening == MEDICINE)
        for found in (before, after)
    ] == [2, 4]


@pytest.mark.parametrize(
    ("where", "programs"),
    [
        ({"program": HOSPITAL}, 1),
        ({"program": "sample-residency-2026"}, 3),
        ({"base": "sample-hospital"}, 2),
        ({"jurisdiction": "sample-province"}, 4),
        ({"jurisdiction": "sample-province", "base": "sample-clinic"}, 1),
        ({"jurisdiction": "sample-province", "year": 2025}, 0),
        ({}, 4),
    ],
)
async def test_what_is_counted(people: People, where: dict[str, Any], programs: int) -> None:
    assert len(programs_within(people.office.loaded.catalogue, **where)) == programs


async def test_the_statements_do_not_grow_with_the_openings(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.office.submitted(MEDICINE)
    with people.office.database.use():
        client = connections.get("default")
        real, asked = type(client).execute_query_dict, []

        async def counted(self: Any, query: str, values: Any = None) -> Any:
            asked.append(query)
            return await real(self, query, values)

        monkeypatch.setattr(type(client), "execute_query_dict", counted)
        for where in ({"program": HOSPITAL}, {"jurisdiction": "sample-province"}):
            asked.clear()
            await report(people, **where)
            assert len(asked) == STATEMENTS
            # Facts of people are many times as large as what is counted.
            assert not any("details" in each for each in asked)


async def test_r156_everyone_registered_is_listed_by_whichever_channel(people: People) -> None:
    """R126, T60: a professional-master student never applied through a batch and is listed."""
    (social,) = await people.registered(await people.person())
    (sent,) = await people.registered(await people.person("李四"), candidate=ENTRUSTED)
    master = replace(
        PERSON,
        trainee_type=TraineeType.PROFESSIONAL_MASTER,
        degrees=(Degree(level=DegreeLevel.BACHELOR), Degree(level=DegreeLevel.MASTER)),
    )
    person = await people.person("Ann Lee")
    direct = done(
        await admissions.create_application(
            people.office.staff(),
            inputs.CreateApplicationInput(
                applicant=person, opening=PAEDIATRICS, direction="cardiology", candidate=master
            ),
        )
    )
    done(
        await admissions.submit_application(
            people.office.staff(), inputs.SubmitApplicationInput(application=direct.id)
        )
    )
    done(
        await admissions.register_trainee(
            people.office.staff(), inputs.ApplicationInput(application=direct.id)
        )
    )
    catalogue = people.office.loaded.catalogue
    with people.office.database.use():
        full = await registered_trainees(catalogue, people.keyring, [HOSPITAL], masked=False)
        hidden = await registered_trainees(catalogue, people.keyring, [HOSPITAL], masked=True)
        assert await registered_trainees(catalogue, people.keyring, [], masked=True) == ()
    found = {each.registration: each for each in full}
    assert set(found) == {str(social.id), str(sent.id), str(direct.id)}
    first = found[str(social.id)]
    assert (first.name, first.document_kind, first.number, first.phone) == (
        "王小明",
        "护照",
        "E1234561",
        "+8613800138000",
    )
    assert (first.agreement, first.starts_on, first.ends_on) == (
        "labour_contract",
        date(2026, 9, 1),
        date(2029, 8, 31),
    )
    assert (found[str(sent.id)].sending_unit, found[str(sent.id)].agreement) == (
        "样例县医院",
        "three_party",
    )
    last = found[str(direct.id)]
    assert (last.degree, last.trainee_type) == ("硕士", TraineeType.PROFESSIONAL_MASTER)
    assert last.channel is not None
    assert last.channel.zh == "直接注册"
    assert {each.number for each in hidden} == {"E*****61", "E*****62", "E*****63"}
    assert {each.phone for each in hidden} == {"+86138****8000"}
