"""Fields of study by name (R079) and majors limited to a direction (R119, R120)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from example_hospital import BACHELOR, ask, example_opening, requirement
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.people import Candidate, Degree, DegreeLevel
from zhupei.domain.text import Text
from zhupei.domain.training import Opening

PASS, FAIL, REVIEW, UNKNOWN = FindingOutcome

GENERAL_PRACTICE = example_opening("0700", Text("全科", "General practice"))
ANAESTHESIA = example_opening("1900", Text("麻醉科", "Anaesthesiology"))
INTERNAL = example_opening("0100", Text("内科", "Internal medicine"))
LIMITED = requirement(
    "limited_major",
    rules=[
        {"majors": ["100202TK", "麻醉学"], "specialties": ["麻醉科"]},
        {"majors": ["100203TK"], "specialties": ["2200"]},
    ],
    fallback=["0700"],
)


def _bachelor(code: str | None, name: str | None = None) -> Candidate:
    return Candidate(degrees=(replace(BACHELOR, major_code=code, major=name),))


@pytest.mark.parametrize(
    ("candidate", "opening", "outcome"),
    [
        (_bachelor("100202TK"), ANAESTHESIA, PASS),
        (_bachelor("100202TK"), GENERAL_PRACTICE, PASS),
        (_bachelor("100202TK"), INTERNAL, FAIL),
        (_bachelor(None, "麻醉学"), INTERNAL, FAIL),
        (_bachelor("100203TK"), INTERNAL, FAIL),
        (_bachelor("100201K"), INTERNAL, PASS),
        (_bachelor(None, "临床医学"), INTERNAL, PASS),
        (_bachelor(None), INTERNAL, UNKNOWN),
    ],
)
def test_r120_limited_majors(
    candidate: Candidate, opening: Opening, outcome: FindingOutcome
) -> None:
    """R120: 麻醉学 and the like only for their own specialty or general practice."""
    assert ask(LIMITED, candidate, opening=opening).outcome is outcome


def test_the_refusal_lists_what_is_open() -> None:
    verdict = ask(LIMITED, _bachelor("100202TK", "麻醉学"), opening=INTERNAL)
    assert verdict.message == Text(
        "本科专业麻醉学（100202TK）已限定专业方向，只能报考麻醉科、全科（0700），不能报考内科",
        "the major 麻醉学 (100202TK) is limited to 麻醉科, General Practice (0700); "
        "Internal medicine is not among them",
    )


def test_a_code_that_the_national_list_does_not_have_stays_a_code() -> None:
    rule = requirement(
        "limited_major", rules=[{"majors": ["100202TK"], "specialties": ["9999"]}], fallback=[]
    )
    verdict = ask(rule, _bachelor("100202TK", "麻醉学"), opening=INTERNAL)
    assert verdict.message.zh.endswith("只能报考9999，不能报考内科")


def test_bachelors_alone_are_limited_unless_the_rule_says_otherwise() -> None:
    """R120 speaks of bachelors, R119 of all graduates of stomatology."""
    master = Degree(level=DegreeLevel.MASTER, major_code="100301", awarded=True)
    candidate = Candidate(degrees=(replace(BACHELOR, major_code="100301K"), master))
    rules = [{"majors": ["1003"], "specialties": ["口腔全科"]}]
    bachelors = requirement("limited_major", rules=rules)
    everybody = requirement("limited_major", rules=rules, bachelors_only="false")
    assert ask(bachelors, candidate, opening=INTERNAL).outcome is PASS
    assert ask(everybody, candidate, opening=INTERNAL).outcome is FAIL
    stomatology = example_opening("2800", Text("口腔全科", "General stomatology"))
    assert ask(everybody, candidate, opening=stomatology).outcome is PASS


def test_a_name_decides_nothing_where_only_codes_are_listed() -> None:
    rule = requirement("limited_major", rules=[{"majors": ["100202TK"], "specialties": ["1900"]}])
    verdict = ask(rule, _bachelor(None, "临床医学"), opening=INTERNAL)
    assert (verdict.outcome, verdict.missing) == (UNKNOWN, ("degrees.majorCode",))
    assert ask(rule, Candidate(), opening=INTERNAL).missing == ("degrees",)


@pytest.mark.parametrize(
    ("major", "direction", "outcome"),
    [
        ("临床医学", None, PASS),
        ("儿科学", None, PASS),
        ("儿科专业", None, PASS),
        ("医学", "儿科", PASS),
        ("口腔医学", None, FAIL),
        (None, None, UNKNOWN),
    ],
)
def test_r079_majors_by_name(
    major: str | None, direction: str | None, outcome: FindingOutcome
) -> None:
    """R079, S1:96: 临床医学、儿科."""
    rule = requirement("major_names", accepted=["临床医学", "儿科"])
    degree = replace(BACHELOR, major_code=None, major=major, direction=direction)
    verdict = ask(rule, Candidate(degrees=(degree,)))
    assert verdict.outcome is outcome
    assert verdict.missing == (("degrees.major",) if outcome is UNKNOWN else ())


@pytest.mark.parametrize(
    ("scope", "outcome", "missing"),
    [
        ("小儿外科专业", PASS, ()),
        ("内科专业", FAIL, ()),
        (None, UNKNOWN, ("practiceSpecialty",)),
    ],
)
def test_r079_practice_stands_in_for_a_major(
    scope: str | None, outcome: FindingOutcome, missing: tuple[str, ...]
) -> None:
    """S1:118 does not say whether 外科、小儿外科专业 is studied or practised."""
    rule = requirement("major_names", accepted=["外科", "小儿外科"], or_practice="true")
    degree = replace(BACHELOR, major="临床医学")
    verdict = ask(rule, Candidate(degrees=(degree,), practice_specialty=scope))
    assert (verdict.outcome, verdict.missing) == (outcome, missing)
