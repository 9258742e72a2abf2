"""Which of many openings a candidate could apply for: shared answers, plugins, speed."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import date
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asked_graph import ROOT
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
from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.domain.eligibility import EligibilityOutcome, EligibilityReport, FindingOutcome, Verdict
from zhupei.domain.people import Candidate, DegreeLevel, OriginRegion, TraineeType
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.sources import Source
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
    assert list(together) == alone


_CANDIDATES = st.builds(
    Candidate,
    birth_date=st.none() | st.dates(date(1980, 1, 1), date(2006, 1, 1)),
    trainee_type=st.none() | st.sampled_from(TraineeType),
    origin=st.none() | st.sampled_from(OriginRegion),
    licensed=st.none() | st.booleans(),
    degrees=st.lists(
        st.builds(
            replace,
            st.just(BACHELOR),
            level=st.sampled_from(DegreeLevel),
            major_code=st.none() | st.sampled_from(["100201K", "105100", "100301K"]),
            major=st.none() | st.sampled_from(["内科学", "临床医学", "x"]),
            graduation_year=st.integers(2015, 2027),
        ),
        max_size=2,
    ).map(tuple),
)


@pytest.fixture(scope="module")
def real() -> LoadedCatalogue:
    """The bases of this repository."""
    return asyncio.run(load_catalogue([ROOT / "bases"], plugin_folders=[ROOT / "plugins"]))


@pytest.mark.institutions
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(candidate=_CANDIDATES)
def test_every_opening_is_answered_as_alone(real: LoadedCatalogue, candidate: Candidate) -> None:
    """Whatever the candidate, over every rule that is configured."""
    asked = real.dispatcher

    async def both() -> tuple[list[EligibilityReport], list[EligibilityReport]]:
        together = await eligible_openings(
            real.catalogue, asked, candidate, today=TODAY, outcomes=set(EligibilityOutcome)
        )
        alone = [
            await evaluate(real.catalogue, asked, code, candidate, today=TODAY)
            for code in real.catalogue.openings
        ]
        return list(together), alone

    together, alone = asyncio.run(both())
    assert together == alone
    possible = asyncio.run(_some(real.catalogue, asked, candidate, {EligibilityOutcome.INELIGIBLE}))
    assert possible == [each for each in alone if each.outcome is INELIGIBLE]


async def _some(
    rules: Any, asked: Any, candidate: Candidate, outcomes: set[EligibilityOutcome]
) -> list[EligibilityReport]:
    return list(await eligible_openings(rules, asked, candidate, today=TODAY, outcomes=outcomes))


async def test_each_report_cites_its_own_clause() -> None:
    """Rows of a plan that ask the same are one question, each with the line that it stands in."""
    rules, asked = _many(28), dispatcher()
    counted: list[str] = []

    @reads()
    def decide(params: RuleParams, question: EligibilityQuestion) -> Verdict:
        counted.append(question.opening.code)
        return Verdict(outcome=PASS, message=Text("是", "yes"))

    for number, (code, opening) in enumerate(rules.openings.items()):
        cited = replace(taught(), source=Source(document="plan", clause="1", lines=str(number)))
        rules.openings[code] = replace(opening, requirements=(cited,))
    asked = dispatcher(example=Teacher(decide))
    found = await eligible_openings(rules, asked, APPLICANT, today=TODAY)
    lines = [report.findings[0].source.lines for report in found]  # type: ignore[union-attr]  # cited above
    assert lines == [str(number) for number in range(28)]
    assert len(counted) == 1


async def test_a_kind_that_looks_at_its_clause_says_so() -> None:
    rules = _many(28)

    @reads("requirement.source")
    def decide(params: RuleParams, question: EligibilityQuestion) -> Verdict:
        source = question.requirement.source
        assert source is not None
        return Verdict(outcome=PASS, message=Text(f"行{source.lines}", f"line {source.lines}"))

    for number, (code, opening) in enumerate(rules.openings.items()):
        cited = replace(taught(), source=Source(document="plan", clause="1", lines=str(number)))
        rules.openings[code] = replace(opening, requirements=(cited,))
    asked = dispatcher(example=Teacher(decide))
    found = await eligible_openings(rules, asked, APPLICANT, today=TODAY)
    assert [report.findings[0].message.en for report in found] == [
        f"line {number}" for number in range(28)
    ]


async def test_reports_are_a_sequence() -> None:
    rules, asked = _many(56), dispatcher()
    found = await eligible_openings(rules, asked, APPLICANT, today=TODAY)
    assert len(found) == 28
    assert found[-1] == list(found)[27]
    assert list(found[2:4]) == list(found)[2:4]
    with pytest.raises(IndexError):
        found[28]


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


async def _called(count: int) -> int:
    """Return how many functions are called to find who may apply to so many openings."""
    rules, asked = _many(count), dispatcher()
    prepare(rules, asked)
    called = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal called
        called += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        found = await eligible_openings(rules, asked, APPLICANT, today=TODAY)
    finally:
        sys.setprofile(None)
    assert len(found) == count // 2
    return called


@pytest.mark.slow
async def test_28000_openings_take_few_calls_each() -> None:
    """What openings share is decided once: each more takes one look (docs/performance.md)."""
    few, many = await _called(280), await _called(28_000)
    assert (many - few) / (28_000 - 280) < 4
