"""Where a candidate studied and who sends: R028-R030, R097, R123, T19, T20."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from example_hospital import BACHELOR, affiliation, ask, example_base, requirement
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.people import Candidate, Degree, DegreeLevel, OriginRegion, SendingUnit
from zhupei.domain.text import Text

PASS, FAIL, REVIEW, UNKNOWN = FindingOutcome
RULE = requirement("affiliated_hospital")
HOSPITAL = example_base(
    affiliations=(
        affiliation("示例医科大学", aliases=("示例医学院",)),
        affiliation("境外示例大学", mainland=False),
    )
)
RESIDENT = Candidate(
    origin=OriginRegion.HONG_KONG, permanent_resident=True, licensed=False, degrees=(BACHELOR,)
)
FOREIGNER = Candidate(
    origin=OriginRegion.FOREIGN,
    licensed=False,
    degrees=(replace(BACHELOR, recognised=True),),
)


def _degree(**changes: Any) -> tuple[Degree, ...]:
    return (replace(BACHELOR, **changes),)


@pytest.mark.parametrize(
    ("candidate", "outcome", "missing"),
    [
        (Candidate(), UNKNOWN, ("origin",)),
        (Candidate(origin=OriginRegion.MAINLAND), PASS, ()),
        (replace(RESIDENT, licensed=True, degrees=()), PASS, ()),
        (replace(RESIDENT, licensed=None), UNKNOWN, ("licensed",)),
        (RESIDENT, PASS, ()),
        (replace(RESIDENT, permanent_resident=None), UNKNOWN, ("permanentResident",)),
        (replace(RESIDENT, permanent_resident=False), FAIL, ()),
        (replace(RESIDENT, origin=OriginRegion.TAIWAN, permanent_resident=None), PASS, ()),
        (replace(RESIDENT, degrees=()), UNKNOWN, ("degrees",)),
        (
            replace(RESIDENT, degrees=(Degree(level=DegreeLevel.JUNIOR_COLLEGE),)),
            FAIL,
            (),
        ),
        (replace(RESIDENT, degrees=_degree(school=None)), UNKNOWN, ("degrees.school",)),
        (replace(RESIDENT, degrees=_degree(school="示例 医学院")), PASS, ()),
        (replace(RESIDENT, degrees=_degree(school="别的医科大学")), FAIL, ()),
        (replace(RESIDENT, degrees=_degree(school="境外示例大学", mainland=None)), FAIL, ()),
        (replace(RESIDENT, degrees=_degree(mainland=False)), FAIL, ()),
        (FOREIGNER, PASS, ()),
        (
            replace(FOREIGNER, degrees=_degree(recognised=None, full_time=None)),
            UNKNOWN,
            ("degrees.recognised", "degrees.fullTime"),
        ),
        (replace(FOREIGNER, degrees=_degree(recognised=False)), FAIL, ()),
        (replace(FOREIGNER, degrees=_degree(recognised=True, full_time=False)), FAIL, ()),
    ],
)
def test_r028_r030_affiliated_hospital(
    candidate: Candidate, outcome: FindingOutcome, missing: tuple[str, ...]
) -> None:
    """R028-R030: with a licence any base, without one only a hospital of the own school."""
    verdict = ask(RULE, candidate, base=HOSPITAL)
    assert (verdict.outcome, verdict.missing) == (outcome, missing)


def test_t20_an_affiliated_school_need_not_be_a_mainland_school() -> None:
    """T20: the hospital is affiliated to the school, whose degree is yet no mainland degree."""
    candidate = replace(RESIDENT, degrees=_degree(school="境外示例大学", mainland=None))
    assert ask(RULE, candidate, base=HOSPITAL).message == Text(
        "境外示例大学不是内地院校，其学历不属于内地医学专业学历",
        "Example University is not a mainland school, so its degree is not a mainland degree",
    )


def test_the_best_degree_counts() -> None:
    elsewhere = replace(BACHELOR, school="别的医科大学")
    candidate = replace(RESIDENT, degrees=(elsewhere, replace(BACHELOR, level=DegreeLevel.MASTER)))
    assert ask(RULE, candidate, base=HOSPITAL).outcome is PASS


def test_unpublished_affiliations_are_left_to_a_person() -> None:
    verdict = ask(RULE, RESIDENT, base=example_base())
    assert verdict.outcome is REVIEW
    assert verdict.message.en == (
        "only hospitals affiliated to 示例医科大学 may be applied to; the affiliations of "
        "Example Hospital are not published, so a person decides"
    )


UNIT = requirement("sending_unit", recommends="true", province="110000", names_match="true")


@pytest.mark.parametrize(
    ("candidate", "outcome", "zh", "missing"),
    [
        (
            Candidate(
                sending_unit=SendingUnit(recommends=True, province="110000", names_match=True)
            ),
            PASS,
            "派出单位符合要求",
            (),
        ),
        (
            Candidate(),
            UNKNOWN,
            "尚未提供：单位是否推荐或派遣、派出单位所在省份、执业地点、单位名称与公章是否一致",
            ("sendingUnit.recommends", "sendingUnit.province", "sendingUnit.namesMatch"),
        ),
        (
            Candidate(applies_as_individual=True),
            FAIL,
            "须由所在单位推荐或派遣，不接收以个人名义报考",
            (),
        ),
        (
            Candidate(
                sending_unit=SendingUnit(recommends=True, province="120000", names_match=False)
            ),
            FAIL,
            (
                "派出单位所在省份（120000）不在招收范围（110000）内；"
                "执业地点、选送单位名称和单位公章不一致"
            ),
            (),
        ),
    ],
)
def test_r072_r097_r123_sending_unit(
    candidate: Candidate, outcome: FindingOutcome, zh: str, missing: tuple[str, ...]
) -> None:
    """R072, R097, R123: recommended by a unit of the region whose names agree."""
    verdict = ask(UNIT, candidate)
    assert (verdict.outcome, verdict.message.zh, verdict.missing) == (outcome, zh, missing)


def test_a_rule_on_the_sending_unit_asks_something() -> None:
    with pytest.raises(ValidationError):
        requirement("sending_unit")
