"""Degrees, years of graduation and English: R020-R022, R034-R038, G10, T21-T24."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from example_hospital import APPLICANT, BACHELOR, ask, requirement
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    EnglishProficiency,
)
from zhupei.domain.text import Text

PASS, FAIL, REVIEW, UNKNOWN = FindingOutcome


def _with_degree(**changes: Any) -> Candidate:
    return Candidate(degrees=(replace(BACHELOR, **changes),))


_NO_PROOF = Text(
    "尚未提供：大学英语四级成绩，或同等英语水平的其他证明（六级、雅思、托福等，由人工审核）",
    "not given: CET-4 score, or another proof (CET-6, IELTS, TOEFL or other) "
    "that a person decides on",
)


@pytest.mark.parametrize(
    ("english", "outcome", "message"),
    [
        (
            EnglishProficiency(cet4=424),
            FAIL,
            Text("大学英语四级 424 分，低于 425 分", "CET-4 score 424 is below 425"),
        ),
        (
            EnglishProficiency(cet4=425),
            PASS,
            Text("大学英语四级 425 分，达到 425 分", "CET-4 score 425 reaches 425"),
        ),
        (
            EnglishProficiency(ielts=Decimal(7)),
            REVIEW,
            Text(
                "无大学英语四级成绩；另有 IELTS 7，是否为同等英语水平需人工审核",
                "there is no CET-4 score; a person decides whether IELTS 7 is equivalent",
            ),
        ),
        (
            EnglishProficiency(cet4=424, cet6=430, toefl=90, other="PTE 60"),
            REVIEW,
            Text(
                "大学英语四级 424 分，低于 425 分；另有 CET-6 430、TOEFL 90、PTE 60，"
                "是否为同等英语水平需人工审核",
                "CET-4 score 424 is below 425; a person decides whether "
                "CET-6 430, TOEFL 90, PTE 60 is equivalent",
            ),
        ),
        (
            None,
            UNKNOWN,
            _NO_PROOF,
        ),
        (
            EnglishProficiency(),
            UNKNOWN,
            _NO_PROOF,
        ),
    ],
)
def test_g10_english(
    english: EnglishProficiency | None, outcome: FindingOutcome, message: Text
) -> None:
    """G10, R022, R038, T24: 424 fails, 425 passes, another proof is left to a person."""
    verdict = ask(requirement("english", cet4="425"), Candidate(english=english))
    assert (verdict.outcome, verdict.message) == (outcome, message)
    assert verdict.missing == (("english.cet4",) if outcome is UNKNOWN else ())


def test_where_other_proofs_are_refused_none_is_asked_for() -> None:
    verdict = ask(requirement("english", cet4="425", equivalents="fail"), Candidate())
    assert verdict.message == Text("尚未提供：大学英语四级成绩", "not given: CET-4 score")


def test_other_proofs_of_english_can_be_refused() -> None:
    rule = requirement("english", cet4="425", equivalents="fail")
    verdict = ask(rule, Candidate(english=EnglishProficiency(ielts=Decimal("7.5"))))
    assert verdict.outcome is FAIL
    assert verdict.message == Text("无大学英语四级成绩", "there is no CET-4 score")


@given(st.integers(0, 710), st.integers(0, 710))
def test_a_higher_score_never_does_worse(one: int, other: int) -> None:
    """Monotone: who passes with a score passes with every higher one."""
    rule = requirement("english", cet4="425")
    low, high = sorted((one, other))
    lower = ask(rule, Candidate(english=EnglishProficiency(cet4=low))).outcome
    higher = ask(rule, Candidate(english=EnglishProficiency(cet4=high))).outcome
    assert not (lower is PASS and higher is not PASS)
    assert (higher is PASS) == (high >= 425)


@pytest.mark.parametrize(
    ("candidate", "outcome", "en", "missing"),
    [
        (APPLICANT, PASS, "bachelor degree, bachelor or above is required", ()),
        (Candidate(), UNKNOWN, "not given: degrees", ("degrees",)),
        (
            _with_degree(level=DegreeLevel.JUNIOR_COLLEGE),
            FAIL,
            "the junior college degree does not qualify: it is below bachelor",
            (),
        ),
        (
            _with_degree(full_time=False, awarded=False),
            FAIL,
            (
                "the bachelor degree does not qualify: it is not full-time; "
                "the certificates are not held"
            ),
            (),
        ),
        (
            _with_degree(full_time=None, awarded=None),
            UNKNOWN,
            "not given: whether the study was full-time, whether the certificates are held",
            ("degrees.fullTime", "degrees.awarded"),
        ),
        (
            _with_degree(full_time=False, awarded=None),
            FAIL,
            "the bachelor degree does not qualify: it is not full-time",
            (),
        ),
        (
            Candidate(degrees=(BACHELOR, replace(BACHELOR, level=DegreeLevel.MASTER))),
            PASS,
            "master degree, bachelor or above is required",
            (),
        ),
    ],
)
def test_r020_r021_full_time_bachelor(
    candidate: Candidate, outcome: FindingOutcome, en: str, missing: tuple[str, ...]
) -> None:
    """R020, R021, R034: at least a bachelor, full-time, certificates held."""
    rule = requirement("degree", least="BACHELOR", full_time="true", awarded="true")
    verdict = ask(rule, candidate)
    assert (verdict.outcome, verdict.message.en, verdict.missing) == (outcome, en, missing)


@pytest.mark.parametrize(
    ("changes", "today", "outcome", "en"),
    [
        (
            {"graduation_year": 2026, "awarded": False},
            date(2026, 7, 31),
            PASS,
            "bachelor degree, on condition that the certificates are held by 2026-07-31",
        ),
        (
            {"graduation_year": 2026, "awarded": None},
            date(2026, 6, 1),
            PASS,
            "bachelor degree, on condition that the certificates are held by 2026-07-31",
        ),
        (
            {"graduation_year": 2026, "awarded": False},
            date(2026, 8, 1),
            FAIL,
            "the bachelor degree does not qualify: the certificates were not held by 2026-07-31",
        ),
        (
            {"graduation_year": 2026, "awarded": None},
            date(2026, 8, 1),
            UNKNOWN,
            "not given: whether the certificates are held",
        ),
        (
            {"graduation_year": 2025, "awarded": False},
            date(2026, 6, 1),
            FAIL,
            "the bachelor degree does not qualify: the certificates are not held",
        ),
        (
            {"graduation_year": 2027, "awarded": False},
            date(2026, 6, 1),
            FAIL,
            "the bachelor degree does not qualify: graduation in 2027 is after the cycle 2026",
        ),
        (
            {"graduation_year": None, "awarded": None},
            date(2026, 6, 1),
            UNKNOWN,
            "not given: year of graduation, whether the certificates are held",
        ),
    ],
)
def test_t21_fresh_graduates_hold_certificates_by_july(
    changes: dict[str, Any], today: date, outcome: FindingOutcome, en: str
) -> None:
    """T21, R034, R035: who graduates in the cycle's year passes on condition until 31 July."""
    rule = requirement("degree", least="BACHELOR", awarded="true", awarded_by="07-31")
    verdict = ask(rule, _with_degree(**changes), today=today)
    assert (verdict.outcome, verdict.message.en) == (outcome, en)


@pytest.mark.parametrize(
    ("mainland", "recognised", "outcome"),
    [(True, None, PASS), (None, True, PASS), (False, None, UNKNOWN), (True, False, FAIL)],
)
def test_r034_recognised(
    mainland: bool | None, recognised: bool | None, outcome: FindingOutcome
) -> None:
    """R034: a mainland school's degree is recognised unless the opposite is known."""
    rule = requirement("degree", least="BACHELOR", recognised="true")
    verdict = ask(rule, _with_degree(mainland=mainland, recognised=recognised))
    assert verdict.outcome is outcome


def test_types_of_degree_concern_graduates_only() -> None:
    rule = requirement("degree", least="BACHELOR", degree_types=["PROFESSIONAL"])
    master = Degree(level=DegreeLevel.MASTER, type=DegreeType.ACADEMIC)
    assert ask(rule, _with_degree(type=None)).outcome is PASS
    verdict = ask(rule, Candidate(degrees=(master,)))
    assert verdict.outcome is FAIL
    assert verdict.message.zh == "硕士学历不符合要求：学位类型为学术学位"
    unknown = ask(rule, Candidate(degrees=(replace(master, type=None),)))
    assert (unknown.outcome, unknown.missing) == (UNKNOWN, ("degrees.type",))


@pytest.mark.parametrize(
    ("year", "licensed", "outcome", "en"),
    [
        (2023, None, PASS, "graduated in 2023, not before 2023"),
        (2022, False, FAIL, "graduated in 2022, before 2023"),
        (
            2022,
            True,
            REVIEW,
            (
                "graduated in 2022, before 2023; it may be relaxed for the licensed, "
                "by how much is not published, so a person decides"
            ),
        ),
        (
            2022,
            None,
            UNKNOWN,
            (
                "graduated in 2022, before 2023; this may be relaxed for the licensed; "
                "not given: whether a physician's licence is held"
            ),
        ),
        (None, True, UNKNOWN, "not given: year of graduation"),
    ],
)
def test_r036_t23_year_of_graduation(
    year: int | None, licensed: bool | None, outcome: FindingOutcome, en: str
) -> None:
    """R036, T22, T23: 2023 or later; for the licensed a person decides, as no amount is given."""
    rule = requirement("graduation_year", earliest="2023", licensed_relaxes="true")
    candidate = Candidate(licensed=licensed, degrees=(replace(BACHELOR, graduation_year=year),))
    verdict = ask(rule, candidate)
    assert (verdict.outcome, verdict.message.en) == (outcome, en)


def test_the_last_graduation_counts() -> None:
    rule = requirement("graduation_year", earliest="2023")
    master = replace(BACHELOR, level=DegreeLevel.MASTER, graduation_year=2024)
    old = replace(BACHELOR, graduation_year=2020)
    assert ask(rule, Candidate(degrees=(old, master))).outcome is PASS
    undated = replace(master, graduation_year=None)
    assert ask(rule, Candidate(degrees=(old, undated))).missing == ("degrees.graduationYear",)
    assert ask(rule, Candidate()).missing == ("degrees",)


@pytest.mark.parametrize("day", ["7-31", "07-32", "13-01", "0731"])
def test_a_day_of_the_year_is_month_and_day(day: str) -> None:
    with pytest.raises(ValidationError):
        requirement("degree", least="BACHELOR", awarded_by=day)
