"""What an office writes into a base's file by habit is answered with what to write instead."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import ConfigDict

from zhupei.config.entries import PolicyEntry
from zhupei.config.files import BaseFile, CalendarFile, JurisdictionFile, NationalFile, PlanFile
from zhupei.config.loader import validate
from zhupei.config.patterns import EMAIL, MEANINGS, YEAR_MONTH, pattern_hint
from zhupei.config.problems import Problem, Problems
from zhupei.config.scalars import (
    Amount,
    Code,
    Day,
    Flag,
    Moment,
    Slug,
    SpecialtyCode,
    Whole,
    Year,
    YearMonth,
)
from zhupei.config.texts import Label, Model
from zhupei.config.yaml import Document, parse
from zhupei.domain.text import Language, Text


class _Scalars(Model):
    model_config = ConfigDict(extra="forbid", frozen=True)

    flag: Flag | None = None
    whole: Whole | None = None
    amount: Amount | None = None
    day: Day | None = None
    moment: Moment | None = None
    year: Year | None = None
    month: YearMonth | None = None
    slug: Slug | None = None
    code: Code | None = None
    specialty: SpecialtyCode | None = None


def _problem(key: str, text: str) -> Problem:
    document = parse(Path("x.yaml"), f"{key}: {text}\n".encode())
    assert isinstance(document, Document)
    problems = Problems()
    assert validate(document, _Scalars, problems) is None
    (problem,) = problems
    assert problem.path == (key,)
    return problem


@pytest.mark.parametrize(
    ("key", "text", "zh", "en"),
    [
        ("whole", "６", "请写 6", "write 6"),
        ("whole", "6人", "请写 6", "write 6"),
        ("whole", "1,600", "请写 1600", "write 1600"),
        ("whole", "6.0", "请写 6", "write 6"),
        ("year", "26", "请写 2026", "write 2026"),
        ("year", "２０２６", "请写 2026", "write 2026"),
        ("year", "2026年", "请写 2026", "write 2026"),
        ("year", "2026级", "请写 2026", "write 2026"),
        ("year", "2,026", "请写 2026", "write 2026"),
        ("amount", "7600元", "请写 7600", "write 7600"),
        ("amount", "600元/月", "请写 600", "write 600"),
        ("amount", "0.76万元", "请写 7600", "write 7600"),
        ("amount", "1.23456万", "请写 12345.6", "write 12345.6"),
        ("amount", "１，６００", "请写 1600", "write 1600"),
        ("flag", "是", "请写 true", "write true"),
        ("flag", "no", "请写 false", "write false"),
        ("day", "2026/4/27", "请写 2026-04-27", "write 2026-04-27"),
        ("day", "2026年2月29日", "没有这一天", "there is no such day"),
        ("day", "2026-04-31", "没有这一天", "there is no such day"),
        (
            "day",
            "46139",
            "像是 Excel 的日期序号；若指 2026-04-27，请写 2026-04-27",
            "it looks like Excel's number of a date; if 2026-04-27 is meant, write 2026-04-27",
        ),
        *(
            (
                key,
                text,
                "年份应在 1900 至 2999 之间",
                "the year must be one from 1900 to 2999",
            )
            for key in ("day", "moment")
            for text in ("0206-04-27", "9999-12-31", "1026/4/27")
        ),
        ("moment", "2026年4月27日", "请写 2026-04-27", "write 2026-04-27"),
        ("moment", "2026-04-23 24点", "请写 2026-04-23T24:00", "write 2026-04-23T24:00"),
        ("moment", "2026年4月23日17时5分", "请写 2026-04-23T17:05", "write 2026-04-23T17:05"),
        ("moment", "2026/4/23 9:30", "请写 2026-04-23T09:30", "write 2026-04-23T09:30"),
        ("moment", "2026-04-31", "没有这一天", "there is no such day"),
        ("moment", "2026-04-31 9:30", "没有这一天", "there is no such day"),
        (
            "moment",
            "2026-04-23T24:30",
            "一天的时间是 00:00 至 24:00",
            "the times of a day are 00:00 to 24:00",
        ),
        ("month", "2017年6月", "请写 2017-06", "write 2017-06"),
        ("slug", "Example_Hospital", "请写 example-hospital", "write example-hospital"),
        ("code", "６２００００", "请写 620000", "write 620000"),
        ("specialty", "“0200”", "请写 0200", "write 0200"),
        ("specialty", "900", "请写 0900", "write 0900"),
    ],
)
def test_what_was_meant_is_written_out(key: str, text: str, zh: str, en: str) -> None:
    assert _problem(key, text).hint == Text(zh, en)


@pytest.mark.parametrize("text", ["待定", "TBD", "不详"])
@pytest.mark.parametrize("key", ["whole", "amount"])
def test_what_is_not_known_yet_is_left_out_with_its_reason(key: str, text: str) -> None:
    assert _problem(key, text).hint == Text(
        "未知的不写：请删除这个键，并在旁边写明原因（如 quota_note、note）",
        "what is unknown is left out: delete the key, and say why beside it "
        "(as quota_note or note)",
    )


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("whole", "3年"),  # as months it would be 36
        ("whole", "3个月"),  # as days it would be some ninety
        ("whole", "1.5"),
        ("whole", "一百"),
        ("amount", "6百"),
        ("day", "1735689600"),
        ("day", "20000"),
        ("moment", "四月"),
        ("moment", "2026-04-23 下午"),
        ("slug", "示例医院"),
        ("code", "甘肃"),
        ("specialty", "外科"),
        ("month", "2017-13"),
    ],
)
def test_nothing_is_guessed_where_it_is_not_clear(key: str, text: str) -> None:
    assert _problem(key, text).hint is None


@pytest.mark.parametrize(
    ("key", "text", "zh", "en"),
    [
        (
            "code",
            "甘肃",
            "应为 GB/T 2260 的六位数字代码，而不是名称",
            "expected a code of GB/T 2260 of six digits, not a name",
        ),
        (
            "specialty",
            "外科",
            "应为四位数字的专业代码，如 0100，或 specialties 中声明的代码，而不是名称",
            (
                "expected a specialty code of four digits, such as 0100, or a code declared under "
                "specialties, not a name"
            ),
        ),
        ("month", "2017-13", "应为年月，如 2017-10", "expected a month, such as 2017-10"),
    ],
)
def test_forms_are_asked_for_in_words(key: str, text: str, zh: str, en: str) -> None:
    problem = _problem(key, text)
    assert (problem.code, problem.message) == ("CONFIG_BAD_PATTERN", Text(zh, en))


@pytest.mark.parametrize(
    "model", [BaseFile, CalendarFile, JurisdictionFile, NationalFile, PlanFile]
)
def test_every_pattern_of_our_files_has_its_words(model: type[Model]) -> None:
    schema = json.dumps(model.model_json_schema())
    found = {
        json.loads(f'"{each}"') for each in re.findall(r'"pattern": "((?:\\.|[^"\\])*)"', schema)
    }
    assert found
    assert found <= MEANINGS.keys()


def test_a_hint_of_a_pattern_has_its_form() -> None:
    assert pattern_hint("office＠example.org", EMAIL) == Text(
        "请写 office@example.org", "write office@example.org"
    )
    assert pattern_hint("2017/13", YEAR_MONTH) is None
    assert pattern_hint("2017-10\n", YEAR_MONTH) == Text("请写 2017-10", "write 2017-10")


@pytest.mark.parametrize(
    "text", ["26", "0", "-2026", "02026", "20260", "2026-09", "2026/2027", "后年"]
)
def test_a_year_has_four_digits(text: str) -> None:
    assert _problem("year", text).message == Text(
        "应为四位数的年份，如 2026", "expected a year of four digits, such as 2026"
    )


class _Named(Model):
    name: Label


class _Policies(Model):
    age_limit: PolicyEntry


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("示例医院", "{zh: 示例医院, en: …}"),
        ("Example Hospital", "{zh: …, en: Example Hospital}"),
        ("示例医院（分院）", "{zh: 示例医院（分院）, en: …}"),
        ("Hospital of Health, Sample", '{zh: …, en: "Hospital of Health, Sample"}'),
    ],
)
def test_a_name_in_one_language_is_answered_with_both(text: str, shown: str) -> None:
    document = parse(Path("x.yaml"), f"name: {text}\n".encode())
    assert isinstance(document, Document)
    problems = Problems()
    assert validate(document, _Named, problems) is None
    assert problems.text(Language.ZH) == (
        f"x.yaml:1:7: name: 应有中英文两种写法；请写 {shown} [CONFIG_BAD_TYPE]\n"
    )
    assert problems.text(Language.EN) == (
        f"x.yaml:1:7: name: expected a name in both languages; write {shown} [CONFIG_BAD_TYPE]\n"
    )


def test_a_policy_that_is_a_bare_value_is_answered_with_its_key() -> None:
    document = parse(Path("x.yaml"), b"age_limit: 40\n")
    assert isinstance(document, Document)
    problems = Problems()
    assert validate(document, _Policies, problems) is None
    assert problems.text(Language.ZH) == (
        "x.yaml:1:12: age_limit: 应写出参数的值（value），可附说明（note）和出处（source）；"
        "请写 {value: 40} [CONFIG_BAD_TYPE]\n"
    )
    assert problems.text(Language.EN) == (
        "x.yaml:1:12: age_limit: expected a policy: its value, with a note and a source if need "
        "be; write {value: 40} [CONFIG_BAD_TYPE]\n"
    )


def test_both_languages_come_with_file_line_and_field() -> None:
    document = parse(Path("x.yaml"), "whole: ６\n".encode())
    assert isinstance(document, Document)
    problems = Problems()
    validate(document, _Scalars, problems)
    assert (
        problems.text(Language.ZH)
        == "x.yaml:1:8: whole: 应为整数，如 12；请写 6 [CONFIG_BAD_NUMBER]\n"
    )
    assert problems.text(Language.EN) == (
        "x.yaml:1:8: whole: expected a whole number, such as 12; write 6 [CONFIG_BAD_NUMBER]\n"
    )
