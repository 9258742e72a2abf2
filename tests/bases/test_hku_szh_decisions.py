"""Who is eligible in Shenzhen and what it pays, decided by the real configuration (S0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from zhupei import (
    AmountRange,
    BenefitEstimate,
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    EligibilityOutcome,
    EligibilityReport,
    EnglishProficiency,
    FindingOutcome,
    NightShift,
    NightShiftCounts,
    OriginRegion,
    Profile,
    SendingUnit,
    TraineeType,
)
from zhupei.catalogue import LoadedCatalogue
from zhupei.services import benefits, eligibility

_PROGRAM = "hku-szh-residency-2026"
_ELIGIBLE, _INELIGIBLE = EligibilityOutcome.ELIGIBLE, EligibilityOutcome.INELIGIBLE
_REVIEW = EligibilityOutcome.NEEDS_REVIEW


def _degree(
    level: DegreeLevel = DegreeLevel.BACHELOR,
    code: str | None = None,
    major: str | None = None,
    direction: str | None = None,
    *,
    year: int = 2025,
    awarded: bool = True,
) -> Degree:
    return Degree(
        level=level,
        type=DegreeType.PROFESSIONAL,
        major_code=code,
        major=major,
        direction=direction,
        school="某医科大学",
        mainland=True,
        full_time=True,
        graduation_year=year,
        awarded=awarded,
    )


_CLINICAL = _degree(code="100201K")
_APPENDIX = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.SOCIAL,
    licensed=False,
    english=EnglishProficiency(cet4=430),
    degrees=(_CLINICAL,),
)
_MASTER, _DOCTOR = DegreeLevel.MASTER, DegreeLevel.DOCTOR


async def _decide(
    south: LoadedCatalogue, specialty: str, candidate: Candidate, today: date = date(2026, 6, 10)
) -> EligibilityReport:
    return await eligibility.evaluate(
        south.catalogue, south.dispatcher, f"{_PROGRAM}/{specialty}", candidate, today=today
    )


def _against(report: EligibilityReport) -> dict[str, FindingOutcome]:
    """Return the findings that count and are no PASS, by rule."""
    return {
        finding.rule: finding.outcome
        for finding in report.findings
        if finding.counts and finding.outcome is not FindingOutcome.PASS
    }


async def test_the_candidate_of_the_appendix_is_eligible(south: LoadedCatalogue) -> None:
    """Declarations, medical examination and the city's plan are listed, and settled later."""
    report = await _decide(south, "0200", _APPENDIX)
    assert (report.outcome, _against(report)) == (_ELIGIBLE, {})
    assert report.qualifying_degree is DegreeLevel.BACHELOR
    later = {finding.rule for finding in report.findings if not finding.counts}
    assert {"conduct", "voluntary", "entry-medical-examination", "capability"} <= later


@pytest.mark.parametrize(
    ("specialty", "degrees", "outcome"),
    [
        ("0200", (_degree(code="100202TK"), _degree(_MASTER, major="儿科学")), _INELIGIBLE),  # G7
        ("0200", (_degree(code="100207TK"),), _ELIGIBLE),  # G8
        ("0100", (_degree(code="100207TK"),), _INELIGIBLE),  # G8
        ("0200", (_CLINICAL, _degree(_MASTER, major="儿科学")), _ELIGIBLE),
        ("0100", (_CLINICAL, _degree(_DOCTOR, major="皮肤病与性病学")), _REVIEW),  # G4 T27
        ("1100", (_CLINICAL, _degree(_MASTER, major="外科学", direction="胸心外科")), _ELIGIBLE),
        ("1100", (_CLINICAL, _degree(_MASTER, major="外科学")), _REVIEW),  # T26
        ("1400", (_CLINICAL, _degree(_MASTER, major="骨科学")), _ELIGIBLE),
        ("1400", (_CLINICAL, _degree(_MASTER, major="外科学", direction="骨外")), _ELIGIBLE),
        ("2200", (_degree(code="100203TK"),), _ELIGIBLE),
        ("2200", (_degree(major="医学影像学"),), _ELIGIBLE),  # T26: the official name of 100203TK
        ("2500", (_CLINICAL, _degree(_DOCTOR, major="放射肿瘤学")), _ELIGIBLE),
    ],
)
async def test_majors(
    south: LoadedCatalogue, specialty: str, degrees: tuple[Degree, ...], outcome: EligibilityOutcome
) -> None:
    """G4 G7 G8 T25 T26: subject and undergraduate major are both asked of graduates."""
    candidate = replace(_APPENDIX, degrees=degrees, licensed=False, in_clinical_work=False)
    report = await _decide(south, specialty, candidate)
    against = {rule: found for rule, found in _against(report).items() if rule != "major"}
    # A candidate who names no code leaves the class of the major open, and nothing else.
    assert set(against) <= {"applicant-category"}
    assert {finding.rule: finding for finding in report.findings}["major"].outcome is {
        _ELIGIBLE: FindingOutcome.PASS,
        _INELIGIBLE: FindingOutcome.FAIL,
        _REVIEW: FindingOutcome.REVIEW,
    }[outcome]


async def test_a_doctor_on_the_bachelors_degree(south: LoadedCatalogue) -> None:
    """G4 T27: the doctorate is not listed, so the bachelor's degree qualifies and is paid."""
    degrees = (_CLINICAL, _degree(_DOCTOR, major="皮肤病与性病学"))
    report = await _decide(south, "0100", replace(_APPENDIX, degrees=degrees))
    assert (report.outcome, report.qualifying_degree) == (_REVIEW, DegreeLevel.BACHELOR)
    estimate = await _pay(south, "0100", Profile(trainee_type=TraineeType.SOCIAL, degrees=degrees))
    assert estimate.qualifying_degree is DegreeLevel.BACHELOR
    assert _amounts(estimate)["stipend"] == AmountRange.exactly(Decimal(6000))


@pytest.mark.parametrize(
    ("english", "outcome", "rule"),
    [
        (EnglishProficiency(cet4=424), _INELIGIBLE, FindingOutcome.FAIL),
        (EnglishProficiency(cet4=425), _ELIGIBLE, FindingOutcome.PASS),
        (EnglishProficiency(ielts=Decimal(7)), _REVIEW, FindingOutcome.REVIEW),
        (None, EligibilityOutcome.INCOMPLETE, FindingOutcome.UNKNOWN),
    ],
)
async def test_english(
    south: LoadedCatalogue,
    english: EnglishProficiency | None,
    outcome: EligibilityOutcome,
    rule: FindingOutcome,
) -> None:
    """G10 T24: 424 fails, 425 passes, an equivalent is reviewed, nothing is not known."""
    report = await _decide(south, "0200", replace(_APPENDIX, english=english))
    assert report.outcome is outcome
    assert {finding.rule: finding.outcome for finding in report.findings}["english"] is rule


@pytest.mark.parametrize(
    ("year", "licensed", "outcome"),
    [
        (2023, False, _ELIGIBLE),
        (2022, False, _INELIGIBLE),
        (2022, True, _REVIEW),
    ],
)
async def test_year_of_graduation(
    south: LoadedCatalogue, year: int, licensed: bool, outcome: EligibilityOutcome
) -> None:
    """R036 T22 T23: 2023 or later; how far a licence relaxes it, a person decides."""
    candidate = replace(_APPENDIX, degrees=(_degree(code="100201K", year=year),), licensed=licensed)
    assert (await _decide(south, "0100", candidate)).outcome is outcome


@pytest.mark.parametrize(
    ("today", "outcome"),
    [(date(2026, 7, 31), _ELIGIBLE), (date(2026, 8, 1), _INELIGIBLE)],
)
async def test_a_graduate_of_the_year_has_until_july(
    south: LoadedCatalogue, today: date, outcome: EligibilityOutcome
) -> None:
    """R035 T21: certificates by the end of July of the cycle's year."""
    degrees = (_degree(code="100201K", year=2026, awarded=False),)
    report = await _decide(south, "0100", replace(_APPENDIX, degrees=degrees), today)
    assert report.outcome is outcome
    expected = {} if outcome is _ELIGIBLE else {"certificates-obtained": FindingOutcome.FAIL}
    assert _against(report) == expected


async def test_entrusted_trainees_need_the_licence(south: LoadedCatalogue) -> None:
    """R037: asked of entrusted trainees, and of nobody else."""
    unit = SendingUnit(recommends=True)
    entrusted = replace(_APPENDIX, trainee_type=TraineeType.ENTRUSTED, sending_unit=unit)
    report = await _decide(south, "0100", entrusted)
    assert _against(report)["entrusted-licence"] is FindingOutcome.FAIL
    report = await _decide(south, "0100", replace(entrusted, licensed=True))
    assert "entrusted-licence" not in _against(report)


@pytest.mark.parametrize(
    ("origin", "school", "mainland", "licensed", "refused"),
    [
        (OriginRegion.HONG_KONG, "香港大学", False, False, True),
        (OriginRegion.HONG_KONG, "某医科大学", True, False, True),
        (OriginRegion.HONG_KONG, "某医科大学", True, True, False),
        (OriginRegion.TAIWAN, "某医科大学", True, False, True),
        (OriginRegion.FOREIGN, "某医科大学", True, False, True),
    ],
)
async def test_affiliated_hospital(
    south: LoadedCatalogue,
    origin: OriginRegion,
    school: str,
    mainland: bool,
    licensed: bool,
    refused: bool,
) -> None:
    """R028-R030 T19 T20: without licence only a hospital of one's own mainland school."""
    degree = replace(_CLINICAL, school=school, mainland=mainland, recognised=True)
    candidate = replace(
        _APPENDIX, origin=origin, permanent_resident=True, degrees=(degree,), licensed=licensed
    )
    report = await _decide(south, "0100", candidate)
    found = {finding.rule: finding.outcome for finding in report.findings}
    wanted = FindingOutcome.FAIL if refused else FindingOutcome.PASS
    assert found["affiliated-hospital"] is wanted


async def _pay(south: LoadedCatalogue, specialty: str, profile: Profile) -> BenefitEstimate:
    return await benefits.estimate(
        south.catalogue, south.dispatcher, f"{_PROGRAM}/{specialty}", profile
    )


def _amounts(estimate: BenefitEstimate) -> dict[str, AmountRange | None]:
    return {line.id: line.amount for line in estimate.lines}


def _social(**given: object) -> Profile:
    facts: dict[str, object] = {
        "trainee_type": TraineeType.SOCIAL,
        "post_allowance_granted": True,
        "night_shift_counts": NightShiftCounts(),
    }
    return Profile(**facts | given)  # type: ignore[arg-type]  # names of fields


@pytest.mark.parametrize(
    ("degree", "specialty", "monthly"),
    [
        (DegreeLevel.BACHELOR, "0100", 7600),
        (DegreeLevel.MASTER, "0100", 8600),
        (DegreeLevel.DOCTOR, "0100", 10_100),
        (DegreeLevel.BACHELOR, "0200", 8100),
        (DegreeLevel.MASTER, "0300", 9100),
        (DegreeLevel.DOCTOR, "1600", 10_600),
    ],
)
async def test_fixed_pay(
    south: LoadedCatalogue, degree: DegreeLevel, specialty: str, monthly: int
) -> None:
    """G2 R056: stipend, post allowance, meals, and 500 more in a shortage specialty."""
    estimate = await _pay(south, specialty, _social(qualifying_degree=degree))
    assert estimate.monthly.expected == monthly
    assert estimate.yearly.expected == monthly * 12


async def test_post_allowance_depends_on_the_appraisal(south: LoadedCatalogue) -> None:
    """R046 T56: granted or not, and a range while it is not known."""
    pay = {}
    for granted in (True, False, None):
        profile = _social(qualifying_degree=DegreeLevel.BACHELOR, post_allowance_granted=granted)
        pay[granted] = _amounts(await _pay(south, "0100", profile))["post-allowance"]
    assert pay == {
        True: AmountRange.exactly(Decimal(1000)),
        False: AmountRange.exactly(Decimal(0)),
        None: AmountRange(Decimal(0), None, Decimal(1000)),
    }


async def test_night_shifts_by_count_and_by_time(south: LoadedCatalogue) -> None:
    """R048 R049 T57: eight hours across midnight count, seven and a half do not."""
    counted = _social(
        qualifying_degree=DegreeLevel.BACHELOR,
        night_shift_counts=NightShiftCounts(independent=2, follower=3),
    )
    assert _amounts(await _pay(south, "0100", counted))["night-shift"] == AmountRange.exactly(
        Decimal(2 * 310 + 3 * 155)
    )
    stamped = _social(
        qualifying_degree=DegreeLevel.BACHELOR,
        night_shift_counts=None,
        night_shifts=(
            NightShift(
                starts_at="2026-10-01T17:30:00+08:00",
                ends_at="2026-10-02T01:30:00+08:00",
                independent=True,
            ),
            NightShift(
                starts_at="2026-10-03T18:00:00+08:00",
                ends_at="2026-10-04T01:30:00+08:00",
                independent=True,
            ),
            NightShift(
                starts_at="2026-10-05T08:00:00+08:00",
                ends_at="2026-10-05T20:00:00+08:00",
                independent=False,
            ),
        ),
    )
    assert _amounts(await _pay(south, "0100", stamped))["night-shift"] == AmountRange.exactly(
        Decimal(310)
    )


async def test_unit_trainees_are_paid_by_their_employer(south: LoadedCatalogue) -> None:
    """R045 T28: no amount of this hospital; the employer's pay has no figure."""
    profile = Profile(trainee_type=TraineeType.ENTRUSTED, qualifying_degree=DegreeLevel.BACHELOR)
    estimate = await _pay(south, "0200", profile)
    amounts = _amounts(estimate)
    assert not {"stipend", "post-allowance", "night-shift", "shortage-subsidy"} & set(amounts)
    assert amounts["sending-unit-pay"] is None
    assert estimate.monthly.expected == 0


async def test_the_pay_floor_is_unknown_without_a_wage(south: LoadedCatalogue) -> None:
    """R283 T55: no document gives Shenzhen's average wage, so the floor is not called met."""
    estimate = await _pay(south, "0100", _social(qualifying_degree=DegreeLevel.BACHELOR))
    assert {str(floor.outcome) for floor in estimate.floors} == {"UNKNOWN"}
