"""What documents say of training, evaluation and hosts: the graph shows it word by word.

These demands (R160, R171-R176, R184-R186) lie after admission, or bind whoever writes a plan; no
step of an application follows from them. They are published with clause and lines, so that a base,
a unit or an inspector reads the same as the document says.
"""

from __future__ import annotations

from typing import Any

import pytest

from asked_graph import AskedGraph
from zhupei.domain.text import Language

_SOURCE = "source { document lines }"
_QUERY = f"""query Facts($code: String!) {{ program(code: $code) {{
    sections {{ label items {{ label text {_SOURCE} }} }}
    benefits {{ label description parameters {{ name value }} {_SOURCE} }}
    penalties {{ label description consequences {_SOURCE} }}
    documents {{ label description {_SOURCE} }}
    assessments {{ label description {_SOURCE} }}
}} }}"""
_REGION, _HOST, _PROVINCE = (
    "guangxi-fellowship-2024-2026",
    "gz-liuzhou-fellowship-2024",
    "hubei-residency-2024",
)
# Of which program, in which list, under which name, in which lines; and a passage of it.
FACTS = {
    "R160": (
        _PROVINCE, "sections", "紧缺专业招收纳入考核评估核心指标", ("S2", "96"),
        "继续将紧缺专业招收情况纳入培训基地考核评估核心指标",
    ),
    "R171": (
        _REGION, "sections", "制定培养计划", ("S3", "18,21"),
        "相关培养计划要求报自治区卫生健康委",
    ),
    "R173": (
        _REGION, "sections", "专科要求及培养方式", ("S3", "21"),
        "原则上要求有输出医院派驻专家的重点建设学科以及综合实力较为突出的学科",
    ),
    "R174": (
        _REGION, "benefits", "资助或奖励", ("S3", "24"),
        "资助标准由培养单位结合本单位实际情况确定",
    ),
    "R175": (
        _REGION, "benefits", "赴输出医院学习", ("S3", "27"),
        "承办单位要选送优秀培训进修人员赴输出医院开展学习培训",
    ),
    "R176": (
        _REGION, "benefits", "课题支持", ("S3", "31"),
        "优秀课题可纳入自治区卫生健康委自筹课题项目予以支持",
    ),
    "R184": (
        _REGION, "sections", "进修培养内容", ("S3", "57"),
        "原则上实施“导师带教制”",
    ),
    "R185": (
        _REGION, "penalties", "态度消极或违反规定受到处分", ("S3", "59"),
        "进修培养单位可根据具体情况终止其参培资格，并上报至自治区卫生健康委进行通报批评",
    ),
    "R186": (
        _REGION, "documents", "考核登记表", ("S3", "61"),
        "报参培单位及自治区卫生健康委签署意见并加盖公章",
    ),
}  # fmt: skip
_SPECIALTIES = (
    "耳鼻喉头颈 神经内科 神经外科 心血管内科 心血管外科 妇产科 消化内科 肿瘤医学科 儿科 小儿外科 "
    "影像 病理 检验 超声"
)


async def _program(real: AskedGraph, code: str) -> Any:
    found = await real.ask(_QUERY, {"code": code}, language=Language.ZH)
    return found["program"]


def _entries(program: Any, name: str) -> list[Any]:
    if name != "sections":
        return list(program[name])
    return [item for section in program["sections"] for item in section["items"]]


@pytest.mark.parametrize("number", FACTS)
async def test_the_graph_shows_what_the_document_says(real: AskedGraph, number: str) -> None:
    code, name, label, (document, lines), passage = FACTS[number]
    (entry,) = [
        entry for entry in _entries(await _program(real, code), name) if entry["label"] == label
    ]
    assert (entry["source"]["document"], entry["source"]["lines"]) == (document, lines)
    assert passage in (entry.get("text") or entry.get("description"))


async def test_r172_the_plan_names_ten_specialties_and_four_fields(real: AskedGraph) -> None:
    program = await _program(real, _REGION)
    (section,) = [
        each for each in program["sections"] if each["label"].startswith("重点建设临床专科")
    ]
    assert " ".join(item["label"] for item in section["items"]) == _SPECIALTIES
    assert {item["source"]["lines"] for item in section["items"]} == {"10"}


async def test_r174_the_hosts_own_figures_stand_below_the_duty(real: AskedGraph) -> None:
    """S1:75: 2,500, 2,000, 1,500 and 1,000 yuan a month, by title; the plan leaves it to hosts."""
    program = await _program(real, _HOST)
    text = str([each for each in program["benefits"] if each["source"]["document"] == "S1"])
    assert [amount for amount in ("2500", "2000", "1500", "1000") if amount not in text] == []


async def test_r185_what_follows_is_a_decision_of_the_host(real: AskedGraph) -> None:
    program = await _program(real, _REGION)
    (penalty,) = [each for each in program["penalties"] if each["source"]["lines"] == "59"]
    assert penalty["consequences"] == ["terminated", "public_criticism"]


async def test_r186_three_grades(real: AskedGraph) -> None:
    program = await _program(real, _REGION)
    (assessment,) = [each for each in program["assessments"] if each["source"]["lines"] == "61"]
    assert "考核结果分为“优秀、合格、不合格”三个等次" in assessment["description"]
