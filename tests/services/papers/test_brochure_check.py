"""Whether brochures state what they must: R135 of the province, R210 of the country."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from zhupei.catalogue import Catalogue
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Language, Text
from zhupei.services.papers.brochure_check import NATIONAL_LIST, check_brochure, topic_of
from zhupei.services.papers.brochure_findings import Outcome, Topic
from zhupei.services.papers.brochure_text import completeness_text

HKU = "hku-szh-residency-2026"
LIUZHOU = "gz-liuzhou-fellowship-2024"
HUBEI = "hubei-xiehe-residency-2024"


def _outcomes(catalogue: Catalogue, code: str) -> dict[str, str]:
    report = check_brochure(catalogue, code)
    return {each.topic.value: each.outcome.value for each in report.results}


def test_shenzhen_hospital(catalogue: Catalogue) -> None:
    """R210: the procedure follows an announcement that was not supplied, so it is unknown."""
    assert _outcomes(catalogue, HKU) == {
        "base_facts": "present",
        "trainee_types": "present",
        "specialties": "present",
        "plan": "present",
        "conditions": "present",
        "how_to_apply": "unknown",
        "documents": "present",
        "procedure": "unknown",
        "assessment_time": "unknown",
        "assessment_form": "unknown",
        "benefits": "present",
        "rights_and_duties": "present",
        "penalties": "present",
        "contacts": "present",
    }
    report = check_brochure(catalogue, HKU)
    assert not report.complete
    assert report.of(Topic.HOW_TO_APPLY).detail.zh == "招收条件及招录程序根据深圳市的公告执行。"
    assert report.of(Topic.HOW_TO_APPLY).demands == ()
    assert report.of(Topic.BENEFITS).detail.zh == "13 项待遇，其中 3 项未公布金额"
    assert {each.source for each in report.of(Topic.PLAN).demands} == {
        Source("S4", "第二章 一、培训招收 2", "308-318")
    }


def test_hubei_base_is_asked_both_lists(catalogue: Catalogue) -> None:
    """R135, R210: nine demands of the province and six of the country, annex 1 unknown (T36)."""
    report = check_brochure(catalogue, HUBEI)
    demands = [demand for each in report.results for demand in each.demands]
    assert sum(demand.level is Level.JURISDICTION for demand in demands) == 9
    assert sum(demand.level is Level.NATIONAL for demand in demands) == len(NATIONAL_LIST) == 6
    assert report.unrecognised == ()
    lacking = {each.topic.value for each in report.results if each.outcome is not Outcome.PRESENT}
    assert lacking == {"base_facts", "specialties", "plan", "benefits"}
    assert not report.complete
    assert report.of(Topic.BASE_FACTS).detail.zh == "未载明：等级、基地获批时间、专业基地"
    assert report.of(Topic.ASSESSMENT_TIME).detail.zh == "第一批次招录、第二批次招录"
    assert [source.lines for source in report.of(Topic.ASSESSMENT_TIME).sources] == ["64", "78"]


def test_no_list_binds_a_fellowship(catalogue: Catalogue) -> None:
    """T1: the national list is for residency; topics are reported all the same."""
    report = check_brochure(catalogue, LIUZHOU)
    assert report.complete
    assert all(each.demands == () for each in report.results)
    assert report.note is not None
    assert report.note.zh == (
        "没有清单约束本项目的简章：国家清单只适用于住院医师规范化培训，主管部门未另定清单"
    )
    assert report.of(Topic.PLAN).detail.zh == "共 26 名"
    assert report.of(Topic.RIGHTS_AND_DUTIES).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("group", "topic"),
    [
        ("penalties", Topic.PENALTIES),
        ("contacts", None),
        ("documents", Topic.DOCUMENTS),
        ("steps", Topic.PROCEDURE),
        ("requirements", Topic.CONDITIONS),
        ("sections", Topic.RIGHTS_AND_DUTIES),
        ("benefits", Topic.BENEFITS),
    ],
)
def test_what_is_taken_away_is_missing(
    catalogue: Catalogue, group: str, topic: Topic | None
) -> None:
    nothing: dict[str, Any] = {group: ()}
    program = replace(catalogue.programs[HKU], **nothing)
    changed = replace(catalogue, programs=MappingProxyType({HKU: program}))
    report = check_brochure(changed, HKU)
    if topic is None:  # the base's own contacts remain
        assert report.of(Topic.CONTACTS).outcome is Outcome.PRESENT
    else:
        assert report.of(topic).outcome is Outcome.MISSING


def test_one_unknown_quota_makes_the_plan_unknown(catalogue: Catalogue) -> None:
    opening = next(each for each in catalogue.openings.values() if each.program == HKU)
    unknown = replace(opening, quota=None, quota_note=Text("未定"))
    changed = replace(
        catalogue,
        openings=MappingProxyType({**catalogue.openings, opening.code: unknown}),
    )
    found = check_brochure(changed, HKU).of(Topic.PLAN)
    assert (found.outcome, found.detail.zh) == (
        Outcome.UNKNOWN,
        f"名额未公布：{opening.specialty_name.zh}",
    )


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("有关违约条件", Topic.PENALTIES),
        ("报名条件", Topic.CONDITIONS),
        ("考核时间", Topic.ASSESSMENT_TIME),
        ("培训对象职责权利义务", Topic.RIGHTS_AND_DUTIES),
        ("食堂菜单", None),
    ],
)
def test_demands_are_understood_by_their_words(words: str, topic: Topic | None) -> None:
    assert topic_of(Text(words)) is topic


def test_a_demand_that_is_not_understood_is_never_passed(catalogue: Catalogue) -> None:
    program = catalogue.programs[HUBEI]
    step = next(each for each in program.steps if each.kind == "brochure_submission")
    label = step.params.must_state[0].model_copy(update={"zh": "食堂菜单", "en": "Menu"})
    params = step.params.model_copy(update={"must_state": (label,)})
    steps = tuple(replace(each, params=params) if each is step else each for each in program.steps)
    changed = replace(catalogue, programs=MappingProxyType({HUBEI: replace(program, steps=steps)}))
    report = check_brochure(changed, HUBEI)
    assert [each.label.zh for each in report.unrecognised] == ["食堂菜单"]
    assert not report.complete
    assert "由人核对  食堂菜单  (S2:52)" in completeness_text(report, Language.ZH).splitlines()


def test_report_as_text(catalogue: Catalogue) -> None:
    lines = completeness_text(check_brochure(catalogue, HUBEI), Language.ZH).splitlines()
    assert lines[7] == (
        "已写明  招收程序  27 个环节  (S4:308-318) [S2:52, S2:54, S2:60, S2:74-76, S2:60,64,78, "
        "S2:66, S2:64,72, S2:68,78, S2:82, S2:86, S2:86,94, S2:86,90, S2:90, S2:36, S2:38]"
    )
    assert lines[-1] == "简章内容不齐全"
    english = completeness_text(check_brochure(catalogue, LIUZHOU), Language.EN).splitlines()
    assert english[3] == (
        "present  Plan  26 places  (demanded by no list) "
        "[S1:37, S1:134-143, S1:101-110, S1:123-132, S1:112-121, S1:90-99]"
    )
    assert english[-1] == "the brochure states what it must"
