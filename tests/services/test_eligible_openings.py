"""Which of many openings a candidate could apply for: shared answers, plugins, speed."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from example_hospital import (
    APPLICANT,
    BACHELOR,
    TODAY,
    ExampleCatalogue,
    catalogue,
    dispatcher,
    example_base,
    example_opening,
    example_program,
    named,
    requirement,
)
from example_rules import (
    COHORT,
    MAJOR,
    Plugin,
    RuleParams,
    Teacher,
    brochure,
    own_finding,
    taught,
)
from zhupei import reads
from zhupei.domain.eligibility import EligibilityOutcome, FindingOutcome, Verdict
from zhupei.domain.people import Candidate, OriginRegion
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text
from zhupei.domain.training import Opening
from zhupei.services.eligibility import eligible_openings, evaluate, prepare

ELIGIBLE, INELIGIBLE, NEEDS_REVIEW, _ = EligibilityOutcome
PASS, REVIEW = FindingOutcome.PASS, FindingOutcome.REVIEW


def _many(count: int, **changes: Any) -> ExampleCatalogue:
    """Many openings of several hospitals; half of the rules are objects of their own."""
    shared = brochure()[:-1]
    openings: dict[str, Opening] = {}
    programs, bases = {}, {}
    for number in range(count // 28):
        base = example_base(f"shili-{number}")
        program = example_program(f"program-{number}", base=base.code)
        bases[base.code], programs[program.code] = base, program
        for row in range(28):
            codes = ["100201K", "100207TK"] if row % 2 else ["100203TK"]
            opening = example_opening(
                f"{row:02}00",
                program=program.code,
                base=base.code,
                requirements=(*shared, requirement("major", **{**MAJOR, "undergraduate": codes})),
            )
            openings[opening.code] = opening
    return ExampleCatalogue(openings=openings, programs=programs, bases=bases, **changes)


async def test_which_openings_could_i_apply_for() -> None:
    rules, asked = _many(56), dispatcher()
    found = await eligible_openings(rules, asked, APPLICANT, today=TODAY)
    assert [report.opening for report in found] == [
        code for number, code in enumerate(rules.openings) if number % 2
    ]
    assert {report.outcome for report in found} == {ELIGIBLE}
    refused = await eligible_openings(
        rules,
        asked,
        APPLICANT,
        today=TODAY,
        outcomes={INELIGIBLE},
        openings=list(rules.openings)[:3],
    )
    assert [report.opening for report in refused] == ["program-0/0000", "program-0/0200"]
    with pytest.raises(KeyError):
        await eligible_openings(rules, asked, APPLICANT, today=TODAY, openings=["nowhere"])


@pytest.mark.parametrize(
    "candidate",
    [
        APPLICANT,
        Candidate(),
        replace(APPLICANT, origin=OriginRegion.HONG_KONG, permanent_resident=True),
        replace(APPLICANT, degrees=(replace(BACHELOR, graduation_year=2026, awarded=False),)),
    ],
)
async def test_many_openings_are_answered_as_each_alone(candidate: Candidate) -> None:
    """Shared answers are the answers: differential test against one opening at a time."""
    rules, asked = _many(56), dispatcher()
    limits = [{"majors": ["100201K"], "specialties": ["0100"]}]
    special = (
        COHORT,
        requirement("practice_scope"),
        requirement("limited_major", rules=limits),
        requirement("not_banned", when='opening.specialty == "0100" || base.code == "shili-1"'),
    )
    for number, (code, opening) in enumerate(rules.openings.items()):
        extra = special[number % 5 :: 2]
        rules.openings[code] = replace(opening, requirements=(*opening.requirements, *extra))
    together = await eligible_openings(
        rules, asked, candidate, today=TODAY, outcomes=set(EligibilityOutcome)
    )
    alone = [await evaluate(rules, asked, code, candidate, today=TODAY) for code in rules.openings]
    assert together == alone


async def test_plugins_are_asked_about_each_of_many_openings() -> None:
    plugin = Plugin([own_finding(REVIEW)])
    rules = _many(56, scopes={"shili-1": replace(named("example")["shili"], base="shili-1")})
    found = await eligible_openings(
        rules, dispatcher(example=plugin), APPLICANT, today=TODAY, outcomes={NEEDS_REVIEW}
    )
    assert len(found) == 14
    assert sorted(plugin.asked) == sorted(code for code in rules.openings if "program-1/" in code)


async def test_a_kind_that_declares_nothing_is_asked_for_every_opening() -> None:
    asked: list[str] = []

    def everything(params: RuleParams, question: EligibilityQuestion) -> Verdict:
        asked.append(question.opening.code)
        return Verdict(outcome=PASS, message=Text("是", "yes"))

    @reads("program.year")
    def year(params: RuleParams, question: EligibilityQuestion) -> Verdict:
        asked.append(question.opening.code)
        return Verdict(outcome=PASS, message=Text("是", "yes"))

    for decide, times in ((everything, 56), (year, 1)):
        rules = _many(56)
        for code, opening in rules.openings.items():
            rules.openings[code] = replace(opening, requirements=(taught(),))
        asked.clear()
        await eligible_openings(rules, dispatcher(example=Teacher(decide)), APPLICANT, today=TODAY)
        assert len(asked) == times


async def test_a_new_catalogue_is_worked_out_anew() -> None:
    """What openings share belongs to one catalogue; the next one has its own."""
    asked = dispatcher()
    for code, count in (("100201K", 1), ("100301K", 0), ("100201K", 1)):
        rules = catalogue(
            example_opening(requirements=(requirement("major", undergraduate=[code]),))
        )
        prepare(rules, asked)
        assert len(await eligible_openings(rules, asked, APPLICANT, today=TODAY)) == count
        del rules


@pytest.mark.slow
async def test_28000_openings_take_a_fraction_of_a_second() -> None:
    rules, asked = _many(28_000), dispatcher()
    prepare(rules, asked)
    fastest = Decimal("Infinity")
    for _ in range(3):
        start = time.perf_counter()
        found = await eligible_openings(rules, asked, APPLICANT, today=TODAY)
        fastest = min(fastest, Decimal(time.perf_counter() - start))
    assert len(found) == 14_000
    assert fastest < 1
