"""Who is eligible for Liuzhou's fellowship and what it pays, by the real configuration (S1, S3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from zhupei import (
    AmountRange,
    Candidate,
    Certificate,
    Degree,
    DegreeLevel,
    EligibilityOutcome,
    EligibilityReport,
    FindingOutcome,
    HospitalTier,
    LicenceCategory,
    OriginRegion,
    PostType,
    Profile,
    SendingUnit,
    TitleLevel,
    TraineeType,
)
from zhupei.catalogue import LoadedCatalogue
from zhupei.services import benefits, eligibility

_PROGRAM = "gz-liuzhou-fellowship-2024"
_FAIL, _REVIEW, _UNKNOWN = FindingOutcome.FAIL, FindingOutcome.REVIEW, FindingOutcome.UNKNOWN
_SECONDARY = SendingUnit(tier=HospitalTier.SECONDARY, province="450000", recommends=True)
_TERTIARY = replace(_SECONDARY, tier=HospitalTier.TERTIARY)
_FELLOW = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.FELLOW,
    birth_date=date(1988, 3, 1),
    degrees=(Degree(level=DegreeLevel.JUNIOR_COLLEGE, major="临床医学", awarded=True),),
    licensed=True,
    licence_category=LicenceCategory.CLINICAL,
    practice_certificate=True,
    practice_specialty="儿科",
    title=TitleLevel.INTERMEDIATE,
    post_type=PostType.DOCTOR,
    work_years=Decimal(6),
    residency_completed=True,
    sending_unit=_SECONDARY,
    stay_months=6,
)
_BACHELOR = (Degree(level=DegreeLevel.BACHELOR, major="临床医学", awarded=True),)


async def _decide(
    south: LoadedCatalogue, candidate: Candidate, department: str = "paediatrics"
) -> EligibilityReport:
    return await eligibility.evaluate(
        south.catalogue,
        south.dispatcher,
        f"{_PROGRAM}/{department}",
        candidate,
        today=date(2024, 5, 12),
    )


def _against(report: EligibilityReport) -> dict[str, FindingOutcome]:
    """Return the findings that count and are no PASS, by rule."""
    return {
        finding.rule: finding.outcome
        for finding in report.findings
        if finding.counts and finding.outcome is not FindingOutcome.PASS
    }


async def test_junior_college_by_tier(south: LoadedCatalogue) -> None:
    """G14 R075 R076 T3: refused from a tertiary hospital, accepted from a secondary one."""
    tertiary = await _decide(south, replace(_FELLOW, sending_unit=_TERTIARY))
    assert tertiary.outcome is EligibilityOutcome.INELIGIBLE
    assert _against(tertiary) == {"tertiary-degree": _FAIL}
    (finding,) = [one for one in tertiary.findings if one.rule == "tertiary-degree"]
    assert finding.source is not None
    assert (finding.source.document, finding.source.lines) == ("S1", "31")
    secondary = await _decide(south, _FELLOW)
    assert (secondary.outcome, _against(secondary)) == (EligibilityOutcome.ELIGIBLE, {})


@pytest.mark.parametrize(
    ("unit", "residency", "title", "against"),
    [
        (_TERTIARY, True, TitleLevel.INTERMEDIATE, {}),
        (_TERTIARY, True, TitleLevel.JUNIOR, {"tertiary-title": _FAIL}),
        (_TERTIARY, False, TitleLevel.SENIOR, {"tertiary-residency": _FAIL}),
        (_SECONDARY, True, TitleLevel.JUNIOR, {}),
        (_SECONDARY, False, TitleLevel.INTERMEDIATE, {}),
        (_SECONDARY, False, TitleLevel.JUNIOR, {"residency-or-title": _FAIL}),
    ],
)
async def test_residency_and_title(
    south: LoadedCatalogue,
    unit: SendingUnit,
    residency: bool,
    title: TitleLevel,
    against: dict[str, FindingOutcome],
) -> None:
    """T2 T58: both from tertiary hospitals (S1:31), either from secondary ones (the table)."""
    candidate = replace(
        _FELLOW, degrees=_BACHELOR, sending_unit=unit, residency_completed=residency, title=title
    )
    assert _against(await _decide(south, candidate)) == against


@pytest.mark.parametrize(
    ("change", "against"),
    [
        ({"birth_date": date(1978, 5, 18)}, {}),
        ({"birth_date": date(1978, 5, 17)}, {"age": _REVIEW}),
        ({"work_years": Decimal("0.9")}, {"work-years": _FAIL}),
        ({"licence_category": LicenceCategory.STOMATOLOGY}, {"secondary-licence": _FAIL}),
        ({"stay_months": 12}, {"stay": _FAIL}),
        ({"infectious_disease": True}, {"no-infectious-disease": _FAIL}),
        ({"major_accident": True}, {"no-major-accident": _FAIL}),
        ({"sending_unit": replace(_SECONDARY, province="440000")}, {"sending-region": _FAIL}),
        ({"sending_unit": replace(_SECONDARY, recommends=False)}, {"unit-recommendation": _FAIL}),
        ({"sending_unit": replace(_SECONDARY, names_match=False)}, {"names-match": _FAIL}),
        (
            {"sending_unit": replace(_SECONDARY, tier=HospitalTier.PRIMARY)},
            {"sending-tier": _REVIEW},
        ),
        ({"practice_specialty": "外科"}, {"practice-scope": _FAIL}),
        ({"practice_specialty": None}, {"practice-scope": _UNKNOWN}),
    ],
)
async def test_one_fact_changed(
    south: LoadedCatalogue, change: dict[str, object], against: dict[str, FindingOutcome]
) -> None:
    """R072-R077 R093 R097 R098 T9: each fact decides its own rule and no other.

    45 completed years on 17 May 2024 means born after 17 May 1978.
    """
    candidate = replace(_FELLOW, **change)  # type: ignore[arg-type]  # names of fields
    assert _against(await _decide(south, candidate)) == against


async def test_a_technician_has_no_place(south: LoadedCatalogue) -> None:
    """T4: eligible in principle, and no post of the 2024 table."""
    candidate = replace(
        _FELLOW, post_type=PostType.TECHNICIAN, technician_qualified=True, licensed=False
    )
    report = await _decide(south, candidate)
    assert _against(report) == {"post-type": _FAIL}
    (finding,) = [one for one in report.findings if one.rule == "post-type"]
    assert finding.message.zh == "2024年计划没有医技人员名额（医技人员原则上可以申请）"


@pytest.mark.parametrize("department", ["obstetrics", "gynaecology"])
async def test_maternal_certificate(south: LoadedCatalogue, department: str) -> None:
    """G12 R078: needed, and its absence is not the same as not knowing."""
    candidate = replace(_FELLOW, practice_specialty="妇产科")
    name = "母婴保健技术合格证书"
    for held, against in (
        ((Certificate(name=name),), {}),
        ((), {"maternal-and-infant-certificate": _FAIL}),
        (None, {"maternal-and-infant-certificate": _UNKNOWN}),
    ):
        report = await _decide(south, replace(candidate, certificates=held), department)
        assert _against(report) == against


async def test_neonatology_leaves_the_scope_to_a_person(south: LoadedCatalogue) -> None:
    """R098: no document says which registered scope stands for neonatology."""
    report = await _decide(south, _FELLOW, "neonatology")
    assert (report.outcome, _against(report)) == (
        EligibilityOutcome.NEEDS_REVIEW,
        {"practice-scope": _REVIEW},
    )


async def test_half_a_year_at_the_intermediate_rate(south: LoadedCatalogue) -> None:
    """R111 R112 R113 T6: 1500 a month and 9000 in all; costs have payers, not amounts."""
    estimate = await benefits.estimate(
        south.catalogue,
        south.dispatcher,
        f"{_PROGRAM}/paediatrics",
        Profile(trainee_type=TraineeType.FELLOW, title=TitleLevel.INTERMEDIATE),
    )
    assert estimate.months == 6
    assert estimate.monthly == AmountRange.exactly(Decimal(1500))
    assert estimate.whole == AmountRange.exactly(Decimal(9000))
    payers = {line.id: line.payer and str(line.payer) for line in estimate.lines}
    assert {name: payers[name] for name in ("transport", "board", "lodging-cost", "utilities")} == {
        "transport": "sending_unit",
        "board": "sending_unit",
        "lodging-cost": None,
        "utilities": "trainee",
    }
