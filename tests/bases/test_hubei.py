"""The Hubei notice of 2024 (S2) as configured: bases, calendar, rules. A4 of the domain rows."""

from __future__ import annotations

import asyncio
import csv
import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.config.checks import timelines
from zhupei.config.checks.context import CheckContext
from zhupei.config.expressions import Roots, compile_expression
from zhupei.default_plugins.standard_kinds import STANDARD_KINDS
from zhupei.domain.codes import ShortagePurpose
from zhupei.domain.eligibility import Finding, FindingOutcome, outcome_of
from zhupei.domain.institutions import Base, InstitutionType, Phone
from zhupei.domain.kinds import KindGroup
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    LicenceCategory,
    OriginRegion,
    SendingUnit,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Language
from zhupei.domain.training import Opening, Program, Window

_ROOT = Path(__file__).parents[2]
_PASS, _FAIL = FindingOutcome.PASS, FindingOutcome.FAIL
_REVIEW, _UNKNOWN = FindingOutcome.REVIEW, FindingOutcome.UNKNOWN


@pytest.fixture(scope="module")
def loaded() -> LoadedCatalogue:
    """The jurisdiction and its bases, with the national rules and the plugin."""
    return asyncio.run(
        load_catalogue(
            [_ROOT / "bases" / "hubei"],
            plugin_folders=[_ROOT / "plugins"],
            strict=True,
            keep_files=True,
        )
    )


@pytest.fixture(scope="module")
def program(loaded: LoadedCatalogue) -> Program:
    """The province's program of 2024."""
    return loaded.catalogue.programs["hubei-residency-2024"]


@pytest.fixture(scope="module")
def bases(loaded: LoadedCatalogue) -> dict[str, Base]:
    """The bases by name."""
    return {base.name.zh: base for base in loaded.catalogue.bases.values()}


def test_no_file_has_an_error(loaded: LoadedCatalogue) -> None:
    """Everything that the notice says fits the models and passes the cross-checks."""
    assert loaded.problems.errors == ()


# The bases (annex 2)


def test_g38_contacts_are_the_annex_row_by_row(bases: dict[str, Base]) -> None:
    """G38, R166, V9, T38, T39: 37 unique names; people, phones and groups as read by hand."""
    with (_ROOT / "tests" / "domain" / "contact_table.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    read = {
        row["name"]: (
            tuple(row["aliases"].split()),
            tuple(row["people read"].split()),
            tuple(
                Phone(*phone.split("x")) if "x" in phone else Phone(phone)
                for phone in row["phones read"].split()
            ),
            tuple(row["groups read"].split()),
        )
        for row in rows
    }
    assert len(rows) == len(read) == 37
    configured = {
        name: (base.aliases, contact.people, contact.phones, contact.qq_groups)
        for name, base in bases.items()
        for contact in base.contacts
    }
    assert configured == read


def test_g38_odd_phones(bases: dict[str, Base]) -> None:
    """T38: underscore, blank, extension, and a second number without its area code."""
    phones = {name: base.contacts[0].phones for name, base in bases.items()}
    assert phones["鄂州市中心医院"] == (Phone("027-60660788"),)
    assert phones["武汉市中心医院"] == (Phone("027-82211260"), Phone("027-82201738"))
    assert phones["武汉大学人民医院"] == (Phone("027-88041911", "88455"),)
    assert phones["宜昌市中心人民医院"] == (Phone("0717-6487803"), Phone("0717-6221657"))


def test_v10_qq_groups(bases: dict[str, Base]) -> None:
    """V10, G38: 38 groups; two bases have two, one has none."""
    groups = {name: base.contacts[0].qq_groups for name, base in bases.items()}
    assert sum(len(each) for each in groups.values()) == 38
    assert {name for name, each in groups.items() if len(each) == 2} == {
        "华中科技大学同济医学院附属协和医院",
        "湖北省第三人民医院",
    }
    assert [name for name, each in groups.items() if not each] == ["武汉市中心医院"]


def test_t39_aliases(bases: dict[str, Base]) -> None:
    """T39: 21 of the 37 rows carry another name in brackets."""
    assert sum(len(base.aliases) for base in bases.values()) == 21
    assert bases["武汉市第一医院"].aliases == ("武汉市中西医结合医院",)


def test_v11_v12_prefectures(loaded: LoadedCatalogue, bases: dict[str, Base]) -> None:
    """V11, V12: the area code 027 is 17 of Wuhan and 1 of Ezhou; three divisions have no base."""
    prefectures = loaded.catalogue.reference.prefectures
    names = {name: prefectures[base.prefecture or ""].name.zh for name, base in bases.items()}
    assert Counter(names.values()) == {
        "武汉市": 17,
        "十堰市": 3,
        "襄阳市": 3,
        "宜昌市": 2,
        "荆州市": 2,
        "恩施土家族苗族自治州": 2,
        "黄石市": 1,
        "荆门市": 1,
        "孝感市": 1,
        "黄冈市": 1,
        "咸宁市": 1,
        "随州市": 1,
        "鄂州市": 1,
        "天门市": 1,
    }
    in_027 = [
        names[name]
        for name, base in bases.items()
        if base.contacts[0].phones[0].number.startswith("027-")
    ]
    assert Counter(in_027) == {"武汉市": 17, "鄂州市": 1}
    province = loaded.catalogue.provinces["420000"]
    assert {each.name.zh for each in province.prefectures} - set(names.values()) == {
        "仙桃市",
        "潜江市",
        "神农架林区",
    }


def test_r167_types(bases: dict[str, Base]) -> None:
    """R167: types where the name says so, unknown otherwise; no tier is in the notice."""
    assert {name: base.type for name, base in bases.items() if base.type is not None} == {
        "武汉大学口腔医院": InstitutionType.STOMATOLOGY,
        "襄阳市口腔医院": InstitutionType.STOMATOLOGY,
        "武汉市精神卫生中心": InstitutionType.PSYCHIATRY,
        "武汉儿童医院": InstitutionType.CHILDREN,
        "湖北省妇幼保健院": InstitutionType.MATERNAL,
        "中国人民解放军中部战区总医院": InstitutionType.MILITARY,
    }
    assert {(base.tier, base.grade) for base in bases.values()} == {(None, None)}


def test_r168_affiliations(bases: dict[str, Base]) -> None:
    """R168: schools that names and aliases state, all of the mainland; Ezhou states none."""
    schools = {
        name: [each.school.zh for each in base.affiliations]
        for name, base in bases.items()
        if base.affiliations
    }
    assert Counter(school for each in schools.values() for school in each) == {
        "湖北医药学院": 5,
        "武汉大学": 4,
        "华中科技大学": 2,
        "三峡大学": 2,
        "湖北理工学院": 1,
        "湖北文理学院": 1,
        "湖北民族大学": 1,
        "武汉科技大学": 1,
        "江汉大学": 1,
        "湖北科技学院": 1,
    }
    assert schools["十堰市太和医院"] == ["湖北医药学院"]
    assert "鄂州市中心医院" not in schools
    assert all(each.mainland_school for base in bases.values() for each in base.affiliations)
    for name, found in schools.items():
        stated = (name, *bases[name].aliases)
        assert all(any(school in text for text in stated) for school in found), name


def test_r169_quotas_are_unknown(loaded: LoadedCatalogue, program: Program) -> None:
    """R169, T36: annex 1 was not supplied, so nothing recruits a number that nobody knows."""
    assert loaded.catalogue.openings == {}
    assert len(program.children) == 37
    assert program.quota_total is None
    assert program.quota_note is not None
    assert program.quota_note.zh == (
        "通知附件1《2024年湖北省住院医师规范化培训招收计划表》未随文提供，招收计划未知；"
        "收到后用 zhupei import plan 导入"
    )
    children = [loaded.catalogue.programs[code] for code in program.children]
    assert {(child.quota_total, child.year, child.parent) for child in children} == {
        (None, 2024, "hubei-residency-2024")
    }
    assert {child.code for child in children} == {
        f"{base}-residency-2024" for base in loaded.catalogue.bases
    }
    assert loaded.catalogue.documents["S2-ANNEX1"].supplied is False


def test_r165_contacts(loaded: LoadedCatalogue, program: Program) -> None:
    """R165: three people of two offices."""
    expected = [("黄虎", "027-87576373"), ("陈俊芬", "027-87893491"), ("赵保军", "027-87360360")]
    for contacts in (loaded.catalogue.jurisdictions["hubei"].contacts, program.contacts):
        assert [(each.people[0], each.phones[0].number) for each in contacts] == expected


# The calendar


def _window(program: Program, batch: str, kind: str) -> Window:
    batches = {each.code: each for each in program.rounds}
    return next(each for each in batches[batch].windows if each.kind == kind)


def test_windows_are_the_notices(program: Program) -> None:
    """R133-R154, T11, T64: every window, half-open, in China's time."""
    found = [
        (
            batch.code,
            window.kind,
            window.opens_at.strftime("%m-%d %H:%M") if window.opens_at else None,
            window.closes_at.strftime("%m-%d %H:%M") if window.closes_at else None,
        )
        for batch in program.rounds
        for window in batch.windows
    ]
    assert found == [
        ("batch-1", "brochure_submission", None, "03-26 00:00"),
        ("batch-1", "brochure_publication", None, "03-29 00:00"),
        ("batch-1", "mobilisation", "03-25 00:00", "04-08 00:00"),
        ("batch-1", "registration", "04-08 00:00", "04-24 00:00"),
        ("batch-1", "preference", "04-08 00:00", "04-24 00:00"),
        ("batch-1", "eligibility_check", "04-24 00:00", "05-27 00:00"),
        ("batch-1", "assessment", "04-24 00:00", "05-27 00:00"),
        ("batch-1", "publicity", None, "06-01 00:00"),
        ("batch-2", "registration", "06-01 00:00", "06-16 00:00"),
        ("batch-2", "preference", "06-01 00:00", "06-16 00:00"),
        ("batch-2", "invitation", "06-01 00:00", "07-01 00:00"),
        ("batch-2", "eligibility_check", None, "06-26 00:00"),
        ("batch-2", "assessment", None, "06-26 00:00"),
        ("batch-2", "publicity", None, "07-01 00:00"),
        ("batch-2", "report", None, "09-01 00:00"),
    ]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2024-04-07T23:59:59+08:00", False),
        ("2024-04-08T00:00:00+08:00", True),
        ("2024-04-23T23:59:59+08:00", True),
        ("2024-04-24T00:00:00+08:00", False),
    ],
)
def test_g19_registration(program: Program, at: str, is_open: bool) -> None:
    """G19, T11: 24:00 of 23 April is the first instant that is closed."""
    moment = datetime.fromisoformat(at)
    assert _window(program, "batch-1", "registration").is_open(moment) is is_open
    assert _window(program, "batch-1", "preference").is_open(moment) is is_open


def test_deadline_alone_is_not_open(program: Program) -> None:
    """A mere deadline says when it is over, not when it began."""
    window = _window(program, "batch-1", "publicity")
    assert window.is_open(datetime.fromisoformat("2024-05-31T12:00:00+08:00")) is None
    assert window.is_open(datetime.fromisoformat("2024-06-01T00:00:00+08:00")) is False


def test_v13_v14_g21_first_publicity(loaded: LoadedCatalogue) -> None:
    """V13, V14, G21: 27-31 May has 5 working days; a start on 31 May ends on 11 or 12 June."""
    calendar = loaded.catalogue.calendar
    assert calendar.working_days_between(date(2024, 5, 27), date(2024, 5, 31)) == 5
    start = date(2024, 5, 31)
    assert calendar.publicity_end(start, 7, count_first_day=False) == date(2024, 6, 12)
    assert calendar.publicity_end(start, 7, count_first_day=True) == date(2024, 6, 11)


def test_v15_second_publicity(loaded: LoadedCatalogue) -> None:
    """V15: 26-30 June has 3 working days; 7 need a start by 19 June, or 20 June if it counts."""
    calendar = loaded.catalogue.calendar
    assert calendar.working_days_between(date(2024, 6, 26), date(2024, 6, 30)) == 3
    end = date(2024, 6, 30)
    assert calendar.latest_publicity_start(end, 7, count_first_day=False) == date(2024, 6, 19)
    assert calendar.latest_publicity_start(end, 7, count_first_day=True) == date(2024, 6, 20)


def test_the_notices_own_dates_are_warned_of(loaded: LoadedCatalogue) -> None:
    """V13, V15: both publicity windows are too short; a warning says when they had to begin.

    The file accepts the warnings, with reasons, because the dates are the notice's own.
    """
    assert len(loaded.problems) == 0
    context = CheckContext(
        loaded.workspace, loaded.catalogue.reference, loaded.catalogue.calendar, None
    )
    timelines.check(context)
    warnings = {
        problem.path: problem.text(Language.EN)
        for problem in context.problems
        if problem.code == "CALENDAR_PUBLICITY_TOO_SHORT" and problem.file.parent.name == "hubei"
    }
    first = ("programs", 0, "rounds", 0, "windows", 7)
    second = ("programs", 0, "rounds", 1, "windows", 5)
    assert set(warnings) == {first, second}
    assert "5 working days" in warnings[first]
    assert "2024-05-22" in warnings[first]
    assert "3 working days" in warnings[second]
    assert "2024-06-19" in warnings[second]


# Parameters and lists


def test_policies(program: Program) -> None:
    """What the notice sets; unknown ones say why.

    R139, R142, R145, R146, R147, R149, R150, R153, R154, R159, R162, R164, T13-T15,
    T18, T40-T43, T64.
    """
    values = {policy.key: policy.value for policy in program.policies}
    expected = {
        "max_preferences": 1,
        "max_accepted_invitations": 1,
        "invitation_excludes_preference": True,
        "transfers_allowed": True,
        "publicity_working_days": 7,
        "publicity_counts_first_day": False,
        "confirmation_in_publicity": True,
        "live_publicity_blocks_next_round": True,
        "no_show_days": 14,
        "report_includes_last_day": False,
        "agreement_within_days": 7,
        "ban_years": 3,
        "batches_per_year": 2,
        "interview_weight": None,
        "examination_weight": None,
        "plan_increase_within_capacity": True,
        "brochure_needs_approval": True,
        "shortage_shortfall": "proportional_cut",
        "shortage_cut_factor": None,
        "priority_proposed_first": None,
        "priority_transferred_first": None,
    }
    assert {key: values[key] for key in expected} == expected
    unknown = [policy for policy in program.policies if policy.value is None]
    assert {policy.key for policy in unknown} == {
        "interview_weight",
        "examination_weight",
        "shortage_cut_factor",
        "priority_proposed_first",
        "priority_transferred_first",
    }
    assert all(policy.note is not None and policy.note.en for policy in unknown)


def test_t16_shortage_sets(loaded: LoadedCatalogue) -> None:
    """T16, T51, R149: nine specialties, open-ended; no set for subsidies."""
    own = [
        each
        for each in loaded.catalogue.shortages["hubei-residency-2024"]
        if each.source is not None and each.source.document == "S2"
    ]
    nine = {"0200", "0300", "0500", "0700", "1500", "1600", "1900", "2000", "3700"}
    assert {each.purpose: set(each.codes) for each in own} == {
        ShortagePurpose.ADMISSION_PRIORITY: nine,
        ShortagePurpose.QUOTA_PENALTY: nine,
    }
    assert all(each.open_ended for each in own)
    assert {each.purpose: set(each.rounds) for each in own} == {
        ShortagePurpose.ADMISSION_PRIORITY: {"batch-2"},
        ShortagePurpose.QUOTA_PENALTY: set(),
    }


def test_steps_in_order(program: Program) -> None:
    """R134-R158: brochure to registration list; the two channels outside the batches (T60)."""
    assert [step.id for step in program.steps] == [
        "brochure-submission",
        "brochure-approval",
        "brochure-publication",
        "mobilisation",
        "registration",
        "preference",
        "invitation",
        "eligibility-check",
        "interview",
        "examination",
        "result-packet",
        "specialty-base-opinion",
        "base-review",
        "transfer",
        "selection",
        "publicity",
        "confirmation",
        "admission",
        "notice",
        "plan-increase",
        "report",
        "agreement",
        "formal-registration",
        "personnel-file",
        "registration-list",
        "direct-registration",
        "direct-assignment",
    ]


def test_r135_brochure_must_state_nine_things(program: Program) -> None:
    """R135: facts, trainee types, plan, conditions, how, when and how assessed, duties, pay."""
    step = next(each for each in program.steps if each.id == "brochure-submission")
    assert [label.zh for label in step.params.must_state] == [
        "基地基本情况",
        "招收人员类型",
        "招收计划",
        "报名条件",
        "报名方法",
        "考核时间",
        "考核方式",
        "培训对象职责权利义务",
        "待遇",
    ]


def test_t42_assessments_have_no_weights(program: Program) -> None:
    """R142, T42: both out of 100, no weight and no default."""
    found = {
        each.id: (each.full_mark, each.pass_mark, each.weight)
        for each in program.assessments
        if each.phase == "admission"
    }
    assert found == {"interview": (100, None, None), "examination": (100, None, None)}


def test_penalties(program: Program) -> None:
    """R162-R164, R159, T43: no-show by itself after 14 days, bans by a person."""
    found = {
        each.id: (each.trigger, each.consequences, each.ban_years, each.after_days)
        for each in program.penalties
        if each.source is not None and each.source.document == "S2"
    }
    assert found == {
        "no-show": ("no_show", ("eligibility_cancelled",), None, 14),
        "fraud": ("fraud", ("application_cancelled", "admission_cancelled"), None, None),
        "no-show-ban": ("no_show", ("ban",), 3, None),
        "quit-ban": ("quit_after_report", ("ban",), 3, None),
        "shortage-shortfall": ("shortage_shortfall", ("plan_cut",), None, None),
    }


def test_everything_of_the_notice_has_its_clause(program: Program) -> None:
    """Every rule cites S2 (or a document that S2 names) with clause, S2 with lines."""
    lists = (
        *(program.requirements, program.steps, program.documents),
        *(program.penalties, program.assessments, program.sections),
    )
    entries = [entry for entries in lists for entry in entries]
    assert all(entry.source is not None for entry in entries)
    cited = {entry.source.document for entry in entries if entry.source}
    assert cited == {"S2", "S2-AGREEMENTS", "S4", "GBF-2020-34"}
    assert all(
        entry.source.lines for entry in entries if entry.source and entry.source.document == "S2"
    )


def test_t35_three_basic_conditions(program: Program) -> None:
    """T35: the list lost its numbers; it is three conditions, lines 19, 20 and 22."""
    lines = {
        each.id: each.source.lines
        for each in program.requirements
        if each.source
        and each.source.document == "S2"
        and each.source.clause.startswith("二、（一")
    }
    assert lines == {
        "nationality": "19",
        "degree": "20",
        "major-class": "20",
        "licence-exam-eligible": "20",
        "licence-category": "20",
        "health": "22",
    }


@pytest.mark.parametrize(
    ("item", "lines", "says"),
    [
        ("principles", "13", "“公开公平、自主招生、双向选择、统筹调配”"),
        ("shortage-indicator", "96", "将紧缺专业招收情况纳入培训基地考核评估核心指标"),
        ("off-site-masters", "98", "培养单位不得新招研究生开展跨省住院医师规范化培训"),
        ("two-equal-treatments", "54-56", "按当年应届毕业生同等对待"),
    ],
    ids=["R115", "R160", "R161", "R041"],
)
def test_what_the_notice_only_tells(program: Program, item: str, lines: str, says: str) -> None:
    """R041, R115, R160, R161: published in its own words, with the line."""
    items = {each.id: each for section in program.sections for each in section.items}
    text, source = items[item].text, items[item].source
    assert text is not None
    assert source is not None
    assert says in text.zh
    assert (source.document, source.lines) == ("S2", lines)


# Who may apply


def _opening(program: Program, specialty: str, name: str) -> Opening:
    child = "hubei-xiehe-residency-2024"
    return Opening(
        code=f"{child}/{specialty}",
        program=child,
        base="hubei-xiehe",
        specialty=specialty,
        specialty_name=replace(program.name, zh=name, en=name),
        year=2024,
        kind=program.kind,
        requirements=program.requirements,
    )


def _judge(
    loaded: LoadedCatalogue, program: Program, candidate: Candidate, specialty: str, name: str
) -> dict[str, FindingOutcome]:
    """Return the outcome of every requirement; "does not concern" is PASS."""
    opening = _opening(program, specialty, name)
    child = loaded.catalogue.programs[opening.program]
    kinds = {kind.name: kind for kind in STANDARD_KINDS if kind.group is KindGroup.REQUIREMENT}
    found: dict[str, FindingOutcome] = {}
    for requirement in program.requirements:
        question = EligibilityQuestion(
            candidate=candidate,
            opening=opening,
            program=child,
            base=loaded.catalogue.bases[opening.base],
            requirement=requirement,
            today=date(2024, 4, 10),
        )
        if requirement.when is not None:
            concerns = compile_expression(requirement.when, Roots.CANDIDATE).ask_candidate(question)
            if concerns is not True:
                found[requirement.id] = _PASS if concerns is False else _UNKNOWN
                continue
        decide = kinds[requirement.kind].decide
        assert decide is not None
        outcome = decide(requirement.params, question).outcome
        softened = outcome is _FAIL and not requirement.hard
        found[requirement.id] = _REVIEW if softened else outcome
    return found


def _outcome(program: Program, found: dict[str, FindingOutcome]) -> str:
    findings = [
        Finding(
            rule=requirement.id,
            outcome=found[requirement.id],
            level=requirement.level,
            message=requirement.label,
            deferred=requirement.deferred,
        )
        for requirement in program.requirements
    ]
    return outcome_of(findings).value


def _refusals(found: dict[str, FindingOutcome]) -> list[str]:
    return [rule for rule, outcome in found.items() if outcome is _FAIL]


def _bachelor(year: int = 2024, code: str = "100201K", name: str = "临床医学") -> Degree:
    return Degree(
        level=DegreeLevel.BACHELOR,
        type=DegreeType.PROFESSIONAL,
        major_code=code,
        major=name,
        mainland=True,
        full_time=True,
        graduation_year=year,
        awarded=True,
    )


_FRESH = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.SOCIAL,
    degrees=(_bachelor(),),
    licensed=False,
)
_ENTRUSTED = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.ENTRUSTED,
    degrees=(_bachelor(2021),),
    licensed=False,
    employed=True,
    in_clinical_work=True,
    title=TitleLevel.JUNIOR,
    practice_specialty="内科",
    applies_as_individual=False,
    sending_unit=SendingUnit(recommends=True, base="hubei-xiehe", specialty="0100"),
)


def test_fresh_clinical_bachelor_is_eligible(loaded: LoadedCatalogue, program: Program) -> None:
    """R116-R132: what is settled in later steps does not stand in the way."""
    found = _judge(loaded, program, _FRESH, "0100", "内科")
    assert _refusals(found) == []
    assert _outcome(program, found) == "ELIGIBLE"
    assert {rule for rule, outcome in found.items() if outcome is _UNKNOWN} == {
        "not-banned",
        "licence-exam-eligible",
        "health",
        "no-completion-certificate",
        "not-on-platform",
        "one-preference",
    }


@pytest.mark.parametrize(
    ("specialty", "name", "refusals"),
    [("0100", "内科", ["unlicensed-2022"]), ("0700", "全科", [])],
)
def test_g24_unlicensed_cohort(
    loaded: LoadedCatalogue, program: Program, specialty: str, name: str, refusals: list[str]
) -> None:
    """G24, R121, T22: a clinical bachelor of 2021 without a licence: general practice only."""
    candidate = replace(_FRESH, degrees=(_bachelor(2021),))
    found = _judge(loaded, program, candidate, specialty, name)
    assert _refusals(found) == refusals
    assert _outcome(program, found) == ("INELIGIBLE" if refusals else "ELIGIBLE")


@pytest.mark.parametrize(
    "candidate",
    [
        replace(_FRESH, degrees=(_bachelor(2023),)),
        replace(
            _FRESH,
            degrees=(_bachelor(2021),),
            licensed=True,
            licence_category=LicenceCategory.CLINICAL,
        ),
        _ENTRUSTED,
    ],
    ids=["graduated 2023", "licensed", "entrusted in-post"],
)
def test_t59_three_ways_out(
    loaded: LoadedCatalogue, program: Program, candidate: Candidate
) -> None:
    """T59, G24: a later year, a licence, or in-post entrusted: internal medicine is allowed."""
    found = _judge(loaded, program, candidate, "0100", "内科")
    assert _refusals(found) == []
    assert _outcome(program, found) == "ELIGIBLE"


def test_t59_own_staff_is_reviewed(loaded: LoadedCatalogue, program: Program) -> None:
    """T59: the notice does not say whether own staff count as entrusted in-post."""
    candidate = replace(
        _FRESH, trainee_type=TraineeType.OWN_STAFF, degrees=(_bachelor(2021),), employed=True
    )
    found = _judge(loaded, program, candidate, "0100", "内科")
    assert found["unlicensed-2022-own-staff"] is _REVIEW
    assert _outcome(program, found) == "NEEDS_REVIEW"


def test_missing_facts_are_never_a_pass(loaded: LoadedCatalogue, program: Program) -> None:
    """A candidate of whom nothing is known passes no rule that needs a fact."""
    found = _judge(loaded, program, Candidate(), "0100", "内科")
    assert {rule for rule, outcome in found.items() if outcome is _PASS} == set()
    assert _outcome(program, found) == "INCOMPLETE"


@pytest.mark.parametrize(
    ("candidate", "rule"),
    [
        (replace(_FRESH, origin=OriginRegion.FOREIGN), "nationality"),
        (
            replace(
                _FRESH,
                degrees=(Degree(level=DegreeLevel.JUNIOR_COLLEGE, major_code="520101K"),),
            ),
            "degree",
        ),
        (replace(_FRESH, trainee_type=TraineeType.PROFESSIONAL_MASTER), "other-channels"),
        (replace(_FRESH, trainee_type=TraineeType.RURAL_ORDER), "other-channels"),
        (replace(_FRESH, residency_completed=True), "no-completion-certificate"),
        (replace(_FRESH, registered_on_national_platform=True), "not-on-platform"),
        (replace(_FRESH, licence_exam_eligible=False), "licence-exam-eligible"),
        (replace(_FRESH, preferences=2), "one-preference"),
        (replace(_FRESH, fit_for_training=False), "health"),
        (
            replace(_FRESH, degrees=(_bachelor(code="100501K", name="中医学"),)),
            "not-tcm-or-laboratory",
        ),
        (
            replace(_FRESH, degrees=(_bachelor(code="101001", name="医学检验技术"),)),
            "not-tcm-or-laboratory",
        ),
        (
            replace(_FRESH, licensed=True, licence_category=LicenceCategory.TCM),
            "licence-category",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(
    loaded: LoadedCatalogue, program: Program, candidate: Candidate, rule: str
) -> None:
    """R116-R118, R126-R131, R139, T19, T35, T41, T50, T60: each refusal by its own rule."""
    found = _judge(loaded, program, candidate, "0100", "内科")
    assert rule in _refusals(found)
    assert _outcome(program, found) == "INELIGIBLE"


def test_r129_academic_student(loaded: LoadedCatalogue, program: Program) -> None:
    """R129: a student of an academic degree is refused, a graduate of one is not."""
    master = Degree(
        level=DegreeLevel.MASTER,
        type=DegreeType.ACADEMIC,
        major="内科学",
        major_code="100201",
        graduation_year=2024,
        enrolled=True,
        awarded=False,
    )
    student = replace(_FRESH, degrees=(_bachelor(2021), master))
    assert _refusals(_judge(loaded, program, student, "0100", "内科")) == ["no-academic-student"]
    graduate = replace(
        _FRESH, degrees=(_bachelor(2021), replace(master, enrolled=None, awarded=True))
    )
    assert _refusals(_judge(loaded, program, graduate, "0100", "内科")) == []


@pytest.mark.parametrize(
    ("code", "major", "specialty", "name", "rule", "outcome"),
    [
        ("100202TK", "麻醉学", "1900", "麻醉科", "limited-direction", _PASS),
        ("100202TK", "麻醉学", "0700", "全科", "limited-direction", _PASS),
        ("100202TK", "麻醉学", "0100", "内科", "limited-direction", _FAIL),
        ("100203TK", "医学影像学", "2300", "超声医学科", "limited-direction", _PASS),
        ("100203TK", "医学影像学", "0900", "外科", "limited-direction", _FAIL),
        ("100207TK", "儿科学", "0100", "内科", "limited-direction-others", _REVIEW),
        ("100207TK", "儿科学", "0200", "儿科", "limited-direction-others", _PASS),
        ("100301K", "口腔医学", "2800", "口腔全科", "stomatology-graduates", _PASS),
        ("100301K", "口腔医学", "0700", "全科", "stomatology-graduates", _FAIL),
        ("100201K", "临床医学", "0100", "内科", "stomatology-graduates", _PASS),
    ],
)
def test_r119_r120_limited_majors(
    loaded: LoadedCatalogue,
    program: Program,
    code: str,
    major: str,
    specialty: str,
    name: str,
    rule: str,
    outcome: FindingOutcome,
) -> None:
    """R119, R120: the own specialty or general practice; what "etc." covers is reviewed."""
    candidate = replace(_FRESH, degrees=(_bachelor(code=code, name=major),))
    assert _judge(loaded, program, candidate, specialty, name)[rule] is outcome


@pytest.mark.parametrize(
    ("candidate", "rule"),
    [
        (replace(_ENTRUSTED, title=TitleLevel.INTERMEDIATE), "entrusted-title"),
        (replace(_ENTRUSTED, employed=False), "entrusted-in-post"),
        (replace(_ENTRUSTED, applies_as_individual=True), "entrusted-not-individual"),
        (
            replace(
                _ENTRUSTED,
                sending_unit=SendingUnit(recommends=True, base="hubei-tongji", specialty="0100"),
            ),
            "entrusted-assignment",
        ),
        (replace(_ENTRUSTED, practice_specialty="外科"), "entrusted-practice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_r122_r125_entrusted(
    loaded: LoadedCatalogue, program: Program, candidate: Candidate, rule: str
) -> None:
    """R122, R123, R125, T58: no intermediate title, in post, dispatched, as assigned."""
    found = _judge(loaded, program, candidate, "0100", "内科")
    assert _refusals(found) == [rule]


def test_each_row_is_marked() -> None:
    """Every row of A4 has its marker in the YAML or the plugin; that alone proves none of them."""
    files = [
        *(_ROOT / "bases" / "hubei").glob("*.yaml"),
        *(_ROOT / "plugins" / "hubei").glob("src/**/*.py"),
    ]
    text = "\n".join(file.read_text("utf-8") for file in files)
    comments = " ".join(line.split("#", 1)[1] for line in text.splitlines() if "#" in line)
    marked = {int(found) for found in re.findall(r"\bR(\d{3})\b", comments)}
    assert set(range(115, 170)) - marked == set()
