"""Majors: the two-part rule, its names, and the degree on which a candidate qualifies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from example_hospital import APPLICANT, BACHELOR, ask, requirement
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.people import Candidate, Degree, DegreeLevel
from zhupei.domain.text import Text

PASS, FAIL, REVIEW, UNKNOWN = FindingOutcome
NAMES = {"100201K": "临床医学", "100207TK": "儿科学"}

# S0:15, R010: paediatrics.
PAEDIATRICS = requirement(
    "major",
    undergraduate=["100201K", "100207TK"],
    postgraduate=["儿科学"],
    postgraduate_on_bachelor="review",
    names=NAMES,
)
# S0:14, R009: internal medicine.
INTERNAL = requirement(
    "major",
    undergraduate=["100201K"],
    postgraduate=["内科学", "老年医学", "肿瘤学", "急诊医学"],
    postgraduate_on_bachelor="review",
    names=NAMES,
)
# S0:24, R018: radiology, with a name that the catalogue words otherwise (T26).
RADIOLOGY = requirement(
    "major",
    undergraduate=["100201K", "100203TK", "100206TK"],
    postgraduate=["放射医学", "影像医学与核医学", "放射影像学"],
    aliases={"影像医学与核医学": ["放射诊断学"]},
)


def _bachelor(code: str | None, name: str | None = None) -> Degree:
    return replace(BACHELOR, major_code=code, major=name)


def _graduate(
    major: str | None, level: DegreeLevel = DegreeLevel.MASTER, direction: str | None = None
) -> Degree:
    return Degree(level=level, major=major, direction=direction, awarded=True)


def _candidate(*degrees: Degree) -> Candidate:
    return Candidate(degrees=degrees)


def test_g7_the_undergraduate_major_of_a_master_counts() -> None:
    """G7, R024, T25: master 儿科学 whose bachelor is 100202TK 麻醉学 is refused paediatrics."""
    candidate = _candidate(_bachelor("100202TK", "麻醉学"), _graduate("儿科学"))
    verdict = ask(PAEDIATRICS, candidate)
    assert verdict.outcome is FAIL
    assert verdict.message == Text(
        "本科专业麻醉学（100202TK）不在招收专业临床医学（100201K）、儿科学（100207TK）内",
        "the undergraduate major 麻醉学 (100202TK) is not among 100201K 临床医学, 100207TK 儿科学",
    )
    assert verdict.qualifying_degree is None


def test_g8_paediatrics_bachelors_are_for_paediatrics() -> None:
    """G8: undergraduate 100207TK may apply for 0200 and not for 0100."""
    candidate = _candidate(_bachelor("100207TK"))
    assert ask(PAEDIATRICS, candidate).outcome is PASS
    assert ask(INTERNAL, candidate).outcome is FAIL


def test_g4_t27_a_doctor_qualifies_on_the_bachelor_degree() -> None:
    """G4, T27: a doctorate that is not listed leaves the bachelor's degree to qualify."""
    candidate = _candidate(_bachelor("100201K"), _graduate("药理学", DegreeLevel.DOCTOR))
    verdict = ask(PAEDIATRICS, candidate)
    assert (verdict.outcome, verdict.qualifying_degree) == (REVIEW, DegreeLevel.BACHELOR)
    assert verdict.message == Text(
        "博士专业“药理学”不在招收专业（儿科学）内；本科专业符合要求，以本科学历报考，需人工审核",
        "the doctor's subject 药理学 is not among 儿科学; the undergraduate major is accepted, "
        "so the bachelor's degree qualifies, which a person decides",
    )


@pytest.mark.parametrize(
    ("policy", "outcome", "degree"),
    [("pass", PASS, DegreeLevel.BACHELOR), ("fail", FAIL, None)],
)
def test_graduates_on_the_bachelor_degree_by_policy(
    policy: str, outcome: FindingOutcome, degree: DegreeLevel | None
) -> None:
    rule = requirement(
        "major",
        undergraduate=["100201K"],
        postgraduate=["儿科学"],
        postgraduate_on_bachelor=policy,
    )
    verdict = ask(rule, _candidate(_bachelor("100201K"), _graduate("药理学")))
    assert (verdict.outcome, verdict.qualifying_degree) == (outcome, degree)


@pytest.mark.parametrize(
    ("degrees", "degree"),
    [
        ((_bachelor("100201K"),), DegreeLevel.BACHELOR),
        ((_bachelor("100201K"), _graduate("儿科学")), DegreeLevel.MASTER),
        (
            (
                _bachelor("100201K"),
                _graduate("儿科学"),
                _graduate("药理学", DegreeLevel.DOCTOR),
            ),
            DegreeLevel.MASTER,
        ),
        (
            (_bachelor("100201K"), _graduate("儿科学", DegreeLevel.DOCTOR)),
            DegreeLevel.DOCTOR,
        ),
    ],
)
def test_t27_the_highest_degree_that_is_listed_qualifies(
    degrees: tuple[Degree, ...], degree: DegreeLevel
) -> None:
    verdict = ask(PAEDIATRICS, Candidate(degrees=degrees))
    assert (verdict.outcome, verdict.qualifying_degree) == (PASS, degree)


@pytest.mark.parametrize(
    "name",
    [
        "影像医学与核医学",
        " 影像医学 与 核医学 ",
        "影像医学与核医学（专业学位）",
        "放射诊断学",
        "放射影像学",
        "放射　医学",
    ],
)
def test_t26_names_with_spaces_full_width_forms_and_aliases(name: str) -> None:
    """T26: names are aliases of subjects, whatever the spacing."""
    candidate = _candidate(_bachelor("１００２０３ＴＫ"), _graduate(name))
    assert ask(RADIOLOGY, candidate).outcome is PASS


@pytest.mark.parametrize(
    ("major", "direction"),
    [("外科学", "骨外"), ("外科学", "骨外方向"), ("外科学（骨外方向）", None), ("骨科学", None)],
)
def test_t26_a_direction_belongs_to_the_subject(major: str, direction: str | None) -> None:
    """S0:20: 外科学骨外方向、骨科学."""
    rule = requirement(
        "major", undergraduate=["100201K"], postgraduate=["外科学骨外方向", "骨科学"]
    )
    candidate = _candidate(_bachelor("100201K"), _graduate(major, direction=direction))
    assert ask(rule, candidate).outcome is PASS
    other = _candidate(_bachelor("100201K"), _graduate("外科学", direction="普外"))
    assert ask(rule, other).outcome is FAIL


@pytest.mark.parametrize(
    ("degrees", "missing"),
    [
        ((), ("degrees",)),
        ((_bachelor(None),), ("degrees.majorCode",)),
        ((_bachelor(None, "临床药学"),), ("degrees.majorCode",)),
        ((_graduate("儿科学"),), ("degrees.majorCode",)),
        ((_bachelor("100201K"), _graduate(None)), ("degrees.major",)),
        ((_bachelor(None), _graduate("药理学")), ("degrees.majorCode",)),
    ],
)
def test_what_is_not_given_is_asked_for(
    degrees: tuple[Degree, ...], missing: tuple[str, ...]
) -> None:
    verdict = ask(PAEDIATRICS, Candidate(degrees=degrees))
    assert (verdict.outcome, verdict.missing) == (UNKNOWN, missing)


def test_t25_names_stand_in_for_codes_where_they_are_listed() -> None:
    """T25: the code decides; a name alone is accepted where it is the listed code's."""
    assert ask(PAEDIATRICS, _candidate(_bachelor(None, "临床医学"))).outcome is PASS
    assert ask(PAEDIATRICS, _candidate(_bachelor("100301K", "临床医学"))).outcome is FAIL


def test_a_graduate_need_not_have_the_undergraduate_major_where_the_rule_says_so() -> None:
    rule = requirement(
        "major",
        undergraduate=["100201K"],
        postgraduate=["儿科学"],
        postgraduate_needs_undergraduate="false",
        postgraduate_on_bachelor="pass",
    )
    assert ask(rule, _candidate(_bachelor("100202TK"), _graduate("儿科学"))).outcome is PASS
    assert ask(rule, _candidate(_bachelor("100202TK"), _graduate("药理学"))).outcome is FAIL


def test_a_junior_college_degree_has_no_undergraduate_major() -> None:
    verdict = ask(PAEDIATRICS, _candidate(Degree(level=DegreeLevel.JUNIOR_COLLEGE)))
    assert verdict.outcome is FAIL
    assert verdict.message.en == "there is no bachelor's or higher degree"


def test_a_degree_that_is_not_finished_in_the_cycle_does_not_count() -> None:
    studying = Degree(level=DegreeLevel.MASTER, major="药理学", enrolled=True, graduation_year=2028)
    verdict = ask(PAEDIATRICS, _candidate(BACHELOR, studying))
    assert (verdict.outcome, verdict.qualifying_degree) == (PASS, DegreeLevel.BACHELOR)


def test_a_major_rule_lists_something() -> None:
    with pytest.raises(ValidationError) as caught:
        requirement("major")
    (error,) = caught.value.errors()
    assert error["type"] == "CONFIG_EMPTY_RULE"


CLASSES = requirement(
    "major_class",
    classes=["1002", "1003"],
    names={"1002": "临床医学类", "1003": "口腔医学类"},
    or_licensed_in_practice="true",
)


@pytest.mark.parametrize(
    ("candidate", "outcome", "missing"),
    [
        (APPLICANT, PASS, ()),
        (_candidate(_bachelor("100301K")), PASS, ()),
        (Candidate(licensed=True, in_clinical_work=True), PASS, ()),
        (_candidate(_bachelor("101101K")), UNKNOWN, ("licensed", "inClinicalWork")),
        (replace(_candidate(_bachelor("101101K")), licensed=False), FAIL, ()),
        (replace(_candidate(_bachelor("101101K")), licensed=True), UNKNOWN, ("inClinicalWork",)),
        (replace(_candidate(_bachelor(None)), licensed=False), UNKNOWN, ("degrees.majorCode",)),
        (Candidate(licensed=False), UNKNOWN, ("degrees",)),
    ],
)
def test_r025_r026_r117_class_or_practice(
    candidate: Candidate, outcome: FindingOutcome, missing: tuple[str, ...]
) -> None:
    """R025, R026, R117: a clinical or stomatology major, or licensed and in clinical work."""
    verdict = ask(CLASSES, candidate)
    assert (verdict.outcome, verdict.missing) == (outcome, missing)


def test_r027_others_are_left_to_a_person() -> None:
    """R027: an open category that only a person can judge."""
    rule = requirement("major_class", classes=["1002"], otherwise="review")
    verdict = ask(rule, _candidate(_bachelor("101101K")))
    assert verdict.outcome is REVIEW
    assert verdict.message == Text(
        "所学专业不属于1002，需人工审核", "no major belongs to the classes 1002; a person decides"
    )
