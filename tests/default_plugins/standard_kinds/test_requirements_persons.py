"""Licence, age, title, type of trainee, practice, declarations: R031-R039, R073-R078, R116-R128."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from example_hospital import ask, example_opening, example_program, requirement, rounds
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.people import (
    Candidate,
    Certificate,
    LicenceCategory,
    OriginRegion,
    SendingUnit,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.text import Text

PASS, FAIL, REVIEW, UNKNOWN = FindingOutcome


def _closing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)


@pytest.mark.parametrize(
    ("values", "candidate", "outcome", "en", "missing"),
    [
        ({}, Candidate(licensed=True), PASS, "a physician's licence is held", ()),
        ({}, Candidate(licensed=False), FAIL, "no physician's licence is held", ()),
        ({}, Candidate(), UNKNOWN, None, ("licensed",)),
        (
            {"categories": ["CLINICAL", "STOMATOLOGY"]},
            Candidate(licensed=True, licence_category=LicenceCategory.TCM),
            FAIL,
            "the licence is of the category TCM; accepted: clinical, stomatology",
            (),
        ),
        (
            {"categories": ["CLINICAL"]},
            Candidate(licensed=True),
            UNKNOWN,
            None,
            ("licenceCategory",),
        ),
        ({"categories": ["CLINICAL"]}, Candidate(), UNKNOWN, None, ("licensed", "licenceCategory")),
        (
            {"practice_certificate": "true"},
            Candidate(licensed=False, practice_certificate=False),
            FAIL,
            "no physician's licence is held; no practice certificate is held",
            (),
        ),
        (
            {"practice_certificate": "true"},
            Candidate(licensed=True, practice_certificate=True),
            PASS,
            "licence and practice certificate are held",
            (),
        ),
        (
            {"practice_certificate": "true"},
            Candidate(licensed=True),
            UNKNOWN,
            None,
            ("practiceCertificate",),
        ),
        (
            {"required": "false", "categories": ["CLINICAL"]},
            Candidate(licensed=False),
            PASS,
            "a physician's licence is not required",
            (),
        ),
        (
            {"required": "false", "categories": ["CLINICAL"]},
            Candidate(licensed=True, licence_category=LicenceCategory.PUBLIC_HEALTH),
            FAIL,
            "the licence is of the category public health; accepted: clinical",
            (),
        ),
    ],
)
def test_r037_r075_r076_licence(
    values: dict[str, Any],
    candidate: Candidate,
    outcome: FindingOutcome,
    en: str | None,
    missing: tuple[str, ...],
) -> None:
    verdict = ask(requirement("licence", **values), candidate)
    assert (verdict.outcome, verdict.missing) == (outcome, missing)
    if en is not None:
        assert verdict.message.en == en


AGE = requirement("age", at_most="45", reference="2024-05-17")


@pytest.mark.parametrize(
    ("birth", "outcome", "zh"),
    [
        ("1978-05-18", PASS, "截至 2024-05-17 为 45 周岁，不超过 45 周岁"),
        ("1978-05-17", FAIL, "截至 2024-05-17 为 46 周岁，超过 45 周岁"),
        ("2025-01-01", UNKNOWN, "出生日期 2025-01-01 晚于基准日 2024-05-17"),
    ],
)
def test_t9_age_is_before_the_46th_birthday(birth: str, outcome: FindingOutcome, zh: str) -> None:
    """T9, R074, R178: 不超过 45 周岁 means before the 46th birthday."""
    verdict = ask(AGE, Candidate(birth_date=date.fromisoformat(birth)))
    assert (verdict.outcome, verdict.message.zh) == (outcome, zh)


def test_t9_age_counts_on_the_last_day_of_registration() -> None:
    """T9: the reference is the last day of application; the round that is open or next."""
    rule = requirement("age", at_most="45")
    program = example_program(
        rounds=rounds(_closing("2026-05-18T00:00"), _closing("2026-11-21T00:00"))
    )
    candidate = Candidate(birth_date=date(1980, 5, 18))
    first = ask(rule, candidate, program=program, today=date(2026, 5, 17))
    assert (first.outcome, first.message.en) == (PASS, "aged 45 on 2026-05-17, not over 45")
    second = ask(rule, candidate, program=program, today=date(2026, 5, 18))
    assert (second.outcome, second.message.en) == (FAIL, "aged 46 on 2026-11-20, over 45")
    after = ask(rule, candidate, program=program, today=date(2027, 1, 1))
    assert after.message.en == "aged 46 on 2026-11-20, over 45"


def test_age_without_a_deadline_or_birth_date_is_unknown() -> None:
    rule = requirement("age", at_most="45")
    verdict = ask(rule, Candidate(birth_date=date(1980, 1, 1)))
    assert verdict.outcome is UNKNOWN
    assert verdict.message.en == (
        "the last day of registration is not published, so the age cannot be computed"
    )
    assert ask(rule, Candidate()).missing == ("birthDate",)


@given(st.dates(date(1950, 1, 1), date(2006, 1, 1)), st.integers(1, 3650))
def test_the_younger_never_do_worse(birth: date, days: int) -> None:
    """Monotone in the date of birth."""
    older = ask(AGE, Candidate(birth_date=birth)).outcome
    younger = ask(AGE, Candidate(birth_date=date.fromordinal(birth.toordinal() + days))).outcome
    assert not (older is PASS and younger is FAIL)


@pytest.mark.parametrize("reference", ["deadline", "2024-13-01"])
def test_age_needs_a_reference_that_is_a_date(reference: str) -> None:
    with pytest.raises(ValidationError) as caught:
        requirement("age", at_most="45", reference=reference)
    assert "CONFIG_BAD_DATE" in {error["type"] for error in caught.value.errors()}


@pytest.mark.parametrize(
    ("title", "fellow", "resident"),
    [
        (TitleLevel.NONE, FAIL, PASS),
        (TitleLevel.JUNIOR, FAIL, PASS),
        (TitleLevel.INTERMEDIATE, PASS, FAIL),
        (TitleLevel.SENIOR, PASS, FAIL),
        (None, UNKNOWN, UNKNOWN),
    ],
)
def test_t58_fellows_need_the_title_that_entrusted_residents_must_not_have(
    title: TitleLevel | None, fellow: FindingOutcome, resident: FindingOutcome
) -> None:
    """T58, R075, R122: intermediate or above against not yet intermediate."""
    candidate = Candidate(title=title)
    assert ask(requirement("title", at_least="INTERMEDIATE"), candidate).outcome is fellow
    assert ask(requirement("title", below="INTERMEDIATE"), candidate).outcome is resident


def test_title_says_what_is_required() -> None:
    verdict = ask(requirement("title", at_least="INTERMEDIATE"), Candidate(title=TitleLevel.JUNIOR))
    assert verdict.message == Text(
        "职称为初级，要求中级及以上",
        "the title is junior; intermediate or above is required",
    )
    with pytest.raises(ValidationError):
        requirement("title")


def test_r126_r127_t60_others_come_another_way() -> None:
    """R126, R127, T60: professional masters and rural-order graduates do not apply here."""
    rule = requirement(
        "trainee_type",
        allowed=["SOCIAL", "ENTRUSTED"],
        message={"zh": "由学校与基地协同管理", "en": "managed by school and base"},
    )
    master = ask(rule, Candidate(trainee_type=TraineeType.PROFESSIONAL_MASTER))
    assert (master.outcome, master.message) == (
        FAIL,
        Text("由学校与基地协同管理", "managed by school and base"),
    )
    assert ask(rule, Candidate(trainee_type=TraineeType.SOCIAL)).outcome is PASS
    assert ask(rule, Candidate()).missing == ("traineeType",)
    plain = requirement("trainee_type", allowed=["SOCIAL"])
    assert ask(plain, Candidate(trainee_type=TraineeType.RURAL_ORDER)).message.zh == (
        "培训对象类型为农村订单定向，本渠道招收社会人"
    )


def test_r116_t19_origin() -> None:
    """R116: PRC nationality, Hong Kong, Macau and Taiwan included."""
    rule = requirement("origin", allowed=["MAINLAND", "HONG_KONG", "MACAU", "TAIWAN"])
    assert ask(rule, Candidate(origin=OriginRegion.TAIWAN)).outcome is PASS
    refused = ask(rule, Candidate(origin=OriginRegion.FOREIGN))
    assert (refused.outcome, refused.message.zh) == (
        FAIL,
        "生源地为外籍，招收范围为内地、香港、澳门、台湾",
    )
    assert ask(rule, Candidate()).missing == ("origin",)


def test_r078_g12_certificate() -> None:
    """R078, G12: obstetrics and gynaecology need 母婴保健技术合格证书."""
    rule = requirement(
        "certificate", name="母婴保健技术合格证书", aliases=["母婴保健技术考核合格证书"]
    )
    held = Candidate(certificates=(Certificate(name=" 母婴保健技术 考核合格证书"),))
    assert ask(rule, held).outcome is PASS
    refused = ask(rule, Candidate(certificates=()))
    assert (refused.outcome, refused.message.zh) == (FAIL, "未取得母婴保健技术合格证书")
    assert ask(rule, Candidate()).missing == ("certificates",)


@pytest.mark.parametrize(
    ("values", "scope", "outcome"),
    [
        ({}, "儿科专业", PASS),
        ({}, "0200", PASS),
        ({}, "内科专业", FAIL),
        ({"otherwise": "review"}, "内科专业", REVIEW),
        ({"accepted": ["妇产科"]}, "妇产科专业", PASS),
        ({"accepted": ["妇产科"]}, "儿科专业", FAIL),
        ({}, None, UNKNOWN),
    ],
)
def test_r098_r125_practice_fits_the_specialty(
    values: dict[str, Any], scope: str | None, outcome: FindingOutcome
) -> None:
    """R075, R098, R125: the scope that is registered equals the specialty applied for."""
    verdict = ask(
        requirement("practice_scope", **values),
        Candidate(practice_specialty=scope),
        opening=example_opening(),
    )
    assert verdict.outcome is outcome


def test_r077_years_of_work() -> None:
    rule = requirement("work_years", at_least="1")
    assert ask(rule, Candidate(work_years=Decimal("1.0"))).outcome is PASS
    refused = ask(rule, Candidate(work_years=Decimal("0.5")))
    assert (refused.outcome, refused.message.en) == (FAIL, "0.5 years of work, fewer than 1")
    assert ask(rule, Candidate()).missing == ("workYears",)


def test_r180_length_of_stay() -> None:
    """R180: half a year or one year."""
    rule = requirement("stay", months=["6", "12"])
    assert ask(rule, Candidate(stay_months=12)).outcome is PASS
    refused = ask(rule, Candidate(stay_months=3))
    assert refused.message.zh == "进修时长 3 个月，可选 6、12 个月"
    assert ask(rule, Candidate()).missing == ("stayMonths",)


@pytest.mark.parametrize(
    ("fact", "expected", "candidate", "outcome", "zh"),
    [
        ("lawAbiding", "true", Candidate(law_abiding=True), PASS, "是否遵纪守法：是"),
        (
            "infectiousDisease",
            "false",
            Candidate(infectious_disease=True),
            FAIL,
            "是否患传染性疾病：是，不符合要求",
        ),
        ("chronicDisease", "false", Candidate(), UNKNOWN, "尚未提供：是否患慢性疾病"),
        (
            "licenceExamEligible",
            "true",
            Candidate(licence_exam_eligible=False),
            FAIL,
            "是否符合临床、口腔类别医师资格考试报考资格：否，不符合要求",
        ),
        (
            "sendingUnit.namesMatch",
            "true",
            Candidate(sending_unit=SendingUnit(names_match=True)),
            PASS,
            "执业地点、单位名称与公章是否一致：是",
        ),
        (
            "sendingUnit.namesMatch",
            "true",
            Candidate(),
            UNKNOWN,
            "尚未提供：执业地点、单位名称与公章是否一致",
        ),
    ],
)
def test_r031_r073_r118_r131_t50_facts(
    fact: str, expected: str, candidate: Candidate, outcome: FindingOutcome, zh: str
) -> None:
    """R031, R073, R118; T50, R131: eligibility for the licence examination decides, no code."""
    verdict = ask(requirement("fact", fact=fact, expected=expected), candidate)
    assert (verdict.outcome, verdict.message.zh) == (outcome, zh)
    assert verdict.missing == ((fact,) if outcome is UNKNOWN else ())


def test_an_unknown_fact_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValidationError) as caught:
        requirement("fact", fact="lawabiding")
    (error,) = caught.value.errors()
    assert error["type"] == "CONFIG_UNKNOWN_FACT"
    assert "there is no yes-or-no fact lawabiding (known: appliesAsIndividual," in error["msg"]


@pytest.mark.parametrize(
    ("candidate", "outcome", "en"),
    [
        (Candidate(), UNKNOWN, "not given: end of a ban on applications"),
        (Candidate(ban_checked=True), PASS, "the ban registry holds no entry"),
        (
            Candidate(banned_until=date(2026, 6, 1)),
            FAIL,
            "barred from applying until 2026-06-01",
        ),
        (Candidate(banned_until=date(2026, 5, 31)), PASS, "the ban ended on 2026-05-31"),
    ],
)
def test_t43_r057_bans_are_facts_of_a_registry(
    candidate: Candidate, outcome: FindingOutcome, en: str
) -> None:
    """T43, R057, R211: a ban is a decision that was recorded; nothing is concluded from less."""
    verdict = ask(requirement("not_banned"), candidate, today=date(2026, 6, 1))
    assert (verdict.outcome, verdict.message.en) == (outcome, en)


def test_r033_r132_a_person_judges() -> None:
    label = Text("沟通能力", "Ability to communicate")
    verdict = ask(requirement("review", label=label), Candidate())
    assert (verdict.outcome, verdict.message) == (
        REVIEW,
        Text("由招收单位审核：沟通能力", "judged by the host: Ability to communicate"),
    )
    worded = requirement("review", message={"zh": "面试时判断", "en": "judged at the interview"})
    assert ask(worded, Candidate()).message.en == "judged at the interview"
