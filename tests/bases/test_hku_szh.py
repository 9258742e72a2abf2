"""The residency plan of The University of Hong Kong - Shenzhen Hospital, figure by figure (S0)."""

from __future__ import annotations

from decimal import Decimal

from zhupei import Base, Contact, DegreeLevel, HospitalTier, Level, Opening, Phone, Program
from zhupei.catalogue import Catalogue, LoadedCatalogue

_PROGRAM = "hku-szh-residency-2026"

# S0:14-25, row by row: seats, undergraduate majors, graduate subjects.
_PLAN = {
    "0100": (1, ("100201K",), ("内科学", "老年医学", "肿瘤学", "急诊医学")),
    "0200": (4, ("100201K", "100207TK"), ("儿科学",)),
    "0300": (1, ("100201K",), ("内科学", "外科学", "急诊医学", "重症医学")),
    "0600": (1, ("100201K",), ("神经病学",)),
    "0900": (1, ("100201K",), ("外科学",)),
    "1100": (2, ("100201K",), ("外科学胸心外科方向",)),
    "1400": (1, ("100201K",), ("外科学骨外方向", "骨科学")),
    "1600": (2, ("100201K",), ("妇产科学",)),
    "1800": (2, ("100201K",), ("耳鼻咽喉科学",)),
    "2200": (
        1,
        ("100201K", "100203TK", "100206TK"),
        ("放射医学", "影像医学与核医学", "放射影像学"),
    ),
    "2500": (3, ("100201K",), ("内科学", "肿瘤学", "放射肿瘤学")),
}


def _base(published: Catalogue) -> Base:
    return published.bases["hku-szh"]


def _program(published: Catalogue) -> Program:
    return published.programs[_PROGRAM]


def _openings(published: Catalogue) -> dict[str, Opening]:
    return {
        opening.specialty: opening
        for opening in published.openings.values()
        if opening.program == _PROGRAM
    }


def test_the_file_has_no_problem(south: LoadedCatalogue) -> None:
    assert not [problem for problem in south.problems if "hku-szh" in str(problem.file)]


def test_identity(published: Catalogue) -> None:
    """R001 R003 R006: who the hospital is."""
    base = _base(published)
    assert (base.name.zh, base.name.en) == (
        "香港大学深圳医院",
        "The University of Hong Kong - Shenzhen Hospital",
    )
    assert (base.province, base.prefecture) == ("440000", "440300")
    assert base.jurisdictions == ("shenzhen", "guangdong")
    assert (base.tier, base.grade, base.base_since) == (
        HospitalTier.TERTIARY,
        "三级甲等",
        "2017-10",
    )
    assert base.accredited_count == 18
    assert [one.hospital.zh for one in base.collaborations] == ["中山大学附属第七医院"]
    (affiliation,) = base.affiliations
    assert affiliation.school.zh == "香港大学"
    assert affiliation.mainland_school is False, "T20: HKU grants no mainland degree"


def test_contact(published: Catalogue) -> None:
    """R004 R005: three persons, a phone with extension, mail, WeChat and QQ."""
    (contact,) = _base(published).contacts
    assert isinstance(contact, Contact)
    assert contact.people == ("洪老师", "熊老师", "罗老师")
    assert contact.phones == (Phone("0755-86913333", "8182"),)
    assert contact.emails == ("zpzs@hku-szh.org",)
    assert contact.wechat_accounts == ("港深教培",)
    assert contact.qq_groups == ("839346124",)
    assert contact.source is not None
    assert contact.source.lines == "92-104"


def test_plan_row_by_row(published: Catalogue) -> None:
    """R009-R019 R024 T25: seats, undergraduate codes and graduate subjects of every row."""
    found = {}
    for code, opening in _openings(published).items():
        (major,) = [one for one in opening.requirements if one.id == "major"]
        assert major.kind == "major"
        assert major.params.postgraduate_needs_undergraduate is True
        assert major.params.postgraduate_on_bachelor == "review"
        found[code] = (opening.quota, major.params.undergraduate, major.params.postgraduate)
    assert found == _PLAN


def test_total_of_seats_is_computed(published: Catalogue) -> None:
    """G1 V1 R023: the brochure prints no total; eleven rows give nineteen seats."""
    program = _program(published)
    assert (len(program.openings), program.quota_total) == (11, 19)
    assert program.note is not None
    assert "合计" in program.note.zh


def test_accredited_and_recruiting_specialties(published: Catalogue) -> None:
    """V2 R003: eighteen accredited as published, twelve named, eleven of them recruiting."""
    named = {one.specialty for one in _base(published).specialty_bases}
    assert named == set(_PLAN) | {"0700"}
    assert _base(published).accredited_count == 18


def test_shortage_seats_are_derived(published: Catalogue) -> None:
    """G1 T16 T17: six subsidised specialties, three of which recruit, with seven seats."""
    subsidised = {
        code: opening.quota
        for code, opening in _openings(published).items()
        if "subsidy" in opening.shortage_purposes
    }
    assert subsidised == {"0200": 4, "0300": 1, "1600": 2}
    assert sum(quota or 0 for quota in subsidised.values()) == 7
    (benefit,) = [one for one in _program(published).benefits if one.id == "shortage-subsidy"]
    assert benefit.params.specialties == (
        "全科",
        "麻醉科",
        "妇产科",
        "儿科",
        "急诊科",
        "临床病理科",
    )
    assert benefit.params.amount == Decimal(500)


def test_requirements_common_to_all_rows(published: Catalogue) -> None:
    """R020-R022 R025-R040: every condition stands in every opening, with its clause."""
    expected = {
        "applicant-category": "33-37",
        "affiliated-hospital": "39-45",
        "degree": "14-25",
        "certificates-obtained": "54-55",
        "recognised-education": "54",
        "graduation-year": "56",
        "entrusted-licence": "57",
        "english": "14-25,58",
        "conduct": "49",
        "physical-standard": "51",
        "entry-medical-examination": "51",
        "capability": "53",
        "voluntary": "59",
        "shenzhen-recruitment-plan": "60",
    }
    for opening in _openings(published).values():
        lines = {
            one.id: one.source.lines
            for one in opening.requirements
            if one.source is not None and one.source.document == "S0" and one.id != "major"
        }
        assert lines == expected


def test_absolute_figures_of_the_cycle(published: Catalogue) -> None:
    """R022 R036 T22 T24: 2023 and 425 are stored, never derived from the year."""
    rules = {one.id: one for one in _program(published).requirements}
    assert rules["graduation-year"].params.earliest == 2023
    assert rules["graduation-year"].params.licensed_relaxes is True
    assert rules["english"].params.cet4 == 425
    assert rules["english"].params.equivalents == "review"
    assert rules["certificates-obtained"].params.awarded_by == "07-31"
    assert rules["entrusted-licence"].when == 'candidate.traineeType == "ENTRUSTED"'


def test_deferred_conditions(published: Catalogue) -> None:
    """R031 R032 R033 R039 R040: settled later, so a complete profile is eligible now."""
    deferred = {
        one.id: one.deferred
        for one in _openings(published)["0200"].requirements
        if one.deferred is not None and one.level is not Level.NATIONAL
    }
    assert deferred == {
        "conduct": "declaration",
        "voluntary": "declaration",
        "physical-standard": "medical_examination",
        "entry-medical-examination": "medical_examination",
        "capability": "interview",
        "recognised-education": "document",
        "shenzhen-recruitment-plan": "document",
    }


def test_monthly_floor_by_degree(published: Catalogue) -> None:
    """G2 R056: stipend, post allowance and meals add up to 7600, 8600 and 10,100 yuan."""
    benefits = {one.id: one.params for one in _program(published).benefits}
    fixed = benefits["post-allowance"].amount + benefits["meal-subsidy"].amount
    assert (benefits["post-allowance"].amount, benefits["meal-subsidy"].amount) == (1000, 600)
    assert benefits["post-allowance"].granted_by == "postAllowanceGranted"
    assert {level: amount + fixed for level, amount in benefits["stipend"].amounts.items()} == {
        DegreeLevel.BACHELOR: 7600,
        DegreeLevel.MASTER: 8600,
        DegreeLevel.DOCTOR: 10_100,
    }


def test_night_shift_figures(published: Catalogue) -> None:
    """R048 R049 T57: 310 and 155 yuan a shift of eight hours across midnight."""
    (night,) = [one for one in _program(published).benefits if one.id == "night-shift"]
    assert (night.params.independent, night.params.follower, night.params.least_hours) == (
        310,
        155,
        8,
    )
    assert night.source is not None
    assert (night.source.lines, night.source.clause) == ("74", "招收待遇（四）")


def test_other_benefits(published: Catalogue) -> None:
    """R044 R045 R047 R051-R054 T45: insurance with the housing fund, lodging, health check."""
    benefits = {one.id: one for one in _program(published).benefits}
    assert benefits["social-insurance"].params.schemes == (
        "pension",
        "medical",
        "maternity",
        "unemployment",
        "work_injury",
        "housing_fund",
    )
    assert benefits["lodging"].params.months == 36
    assert benefits["health-check"].params.times_per_year == 1
    assert str(benefits["performance-pay"].period) == "half_academic_year"
    assert str(benefits["sending-unit-pay"].payer) == "sending_unit"
    own = [one for one in benefits.values() if one.level is not Level.NATIONAL]
    assert {one.id for one in own} == {
        "stipend",
        "post-allowance",
        "performance-pay",
        "night-shift",
        "shortage-subsidy",
        "meal-subsidy",
        "festival-benefits",
        "social-insurance",
        "sending-unit-pay",
        "library",
        "lodging",
        "health-check",
        "study-elsewhere",
    }
    assert all(one.source is not None and one.source.document == "S0" for one in own)


def test_money_is_for_social_trainees(published: Catalogue) -> None:
    """T28: what is paid in money is paid to trainees recruited from society."""
    paid = ("stipend", "post-allowance", "performance-pay", "night-shift", "shortage-subsidy")
    whom = {one.id: one.when for one in _program(published).benefits}
    assert {whom[name] for name in (*paid, "meal-subsidy")} == {'profile.traineeType == "SOCIAL"'}
    assert whom["lodging"] is None


def test_length_and_reduction(published: Catalogue) -> None:
    """R060 T29 T30: thirty-six months, reduced by twelve at most and only after an assessment."""
    program = _program(published)
    policies = {one.key: one.value for one in program.policies}
    assert program.duration_months == 36
    assert policies["training_months"] == 36
    assert policies["reduction_cap_months"] == 12
    assert policies["reduction_needs_assessment"] is True
    assert policies["lodging_months"] == 36
    assert "reduction" in {one.id for one in program.assessments}


def test_withdrawal_repays_fiscal_subsidies(published: Catalogue) -> None:
    """R057 T44: three years without application, and fiscal subsidies are paid back."""
    (penalty,) = [one for one in _program(published).penalties if one.id == "withdrawal"]
    assert (penalty.trigger, penalty.ban_years) == ("withdrawal", 3)
    assert penalty.consequences == ("ban", "repayment")
    assert penalty.repays == ("central_fiscal", "provincial_fiscal", "city_fiscal")


def test_profile_sections(published: Catalogue) -> None:
    """R062-R067 R007: the brochure's profile stands in sections, its figures by themselves."""
    items = {
        f"{section.id}.{item.id}": item
        for section in _base(published).sections
        for item in section.items
    }
    figures = {
        "hospital.beds": "2000",
        "hospital.beds-after-second-phase": "3000",
        "hospital.specialist-trainees": "121",
        "training-statistics.qualified-graduates": "508",
        "training-statistics.in-training": "409",
        "training-statistics.retained": "56",
        "training-statistics.retention-rate": "11",
        "facilities.simulation-centre-area": "3000",
        "facilities.animal-session-attendances": "2547",
        "facilities.atls-student-courses": "19",
        "facilities.nrw-instructor-courses": "6",
    }
    assert {name: items[name].value for name in figures} == figures
    trips = items["exchange.study-trips"].text
    assert trips is not None
    assert trips.zh == "医院重视住院医师的学习交流，选派住院医师外出学习累计超过 488 人次。", "T49"
    assert "reading-notes.first-in-province" in items, "T48"


def test_every_item_cites_its_lines(published: Catalogue) -> None:
    """Each published statement names the lines of the brochure that it stands in."""
    statements = [
        item
        for section in (*_base(published).sections, *_program(published).sections)
        if section.level is not Level.NATIONAL
        for item in section.items
    ]
    assert len(statements) > 70
    assert not [one.id for one in statements if one.source is None or one.source.lines is None]


def test_cited_documents_are_not_supplied(published: Catalogue) -> None:
    """T37: what the brochure cites and was not supplied is registered as such."""
    missing = {code for code, one in published.documents.items() if not one.supplied}
    assert {"GBF-2020-34", "GWBKJ-2021-18", "SZ-RECRUITMENT-PLAN"} <= missing
    assert published.documents["GBF-2020-34"].reference == "国办发〔2020〕34号"
    assert published.documents["GWBKJ-2021-18"].reference == "国卫办科教〔2021〕18号"
    assert published.documents["S0"].supplied is True


def test_r002_the_cycle_is_june_2026(published: Catalogue) -> None:
    """R002, S0:10: one plan, which the brochure does not split by rounds."""
    program = _program(published)
    assert program.year == 2026
    (only,) = program.rounds
    assert (only.code, only.name.zh, only.quota) == ("june-2026", "2026年6月招收", None)


def test_r055_pay_includes_the_fiscal_subsidies(published: Catalogue) -> None:
    """R055, T44, S0:86: so the figures cannot be split by who funds them, and say so."""
    program = _program(published)
    items = {
        item.id: item
        for section in (*_base(published).sections, *program.sections)
        for item in section.items
    }
    text, source = items["fiscal-note"].text, items["fiscal-note"].source
    assert text is not None
    assert text.zh == "上述待遇已包含国家、省市各级财政补助。"
    assert source is not None
    assert source.lines == "86"
    paid = ("post-allowance", "performance-pay", "night-shift", "shortage-subsidy", "meal-subsidy")
    benefits = {benefit.id: benefit for benefit in program.benefits}
    assert {benefits[name].funding_source for name in paid} == {"mixed_fiscal_and_base"}
