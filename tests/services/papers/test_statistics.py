"""Statistics of recruitment, R157 R160: a plan that is not known is never divided by."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest

from zhupei.catalogue import Catalogue
from zhupei.domain.text import Language, Text
from zhupei.services.papers.records import OpeningFigures
from zhupei.services.papers.statistics import (
    Rate,
    recruitment_statistics,
    shortage_of,
    statistics_csv,
    statistics_xlsx,
)

HKU = "hku-szh-residency-2026"


def _figures(specialty: str, quota: int | None, registered: int, **more: object) -> OpeningFigures:
    given = OpeningFigures(
        opening=f"{HKU}/{specialty}",
        quota=quota,
        quota_note=None,
        applications=10,
        admitted=registered,
        registered=registered,
        shortage=False,
    )
    return replace(given, **more)  # type: ignore[arg-type]  # fields by name


INTERNAL = _figures("0100", 3, 2)
PAEDIATRICS = _figures("0200", 4, 3, shortage=True, increase=2)


def test_r157_completion_and_shortage_completion() -> None:
    found = recruitment_statistics((INTERNAL, PAEDIATRICS))
    assert found.places == 9
    assert found.completion == Rate(Decimal("55.6"))
    assert found.shortage_completion == Rate(Decimal("50.0"))
    assert (found.applications, found.admitted, found.registered) == (20, 5, 5)
    assert [each.fill.percent for each in found.openings] == [Decimal("66.7"), Decimal("50.0")]
    assert found.openings[0].competition.percent == Decimal("333.3")


def test_t36_an_unknown_plan_has_no_rate() -> None:
    note = Text("附件1未提供", "annex 1 was not supplied")
    unknown = _figures("0300", None, 1, quota_note=note)
    found = recruitment_statistics((INTERNAL, unknown))
    assert found.openings[1].fill == Rate(None, note)
    assert found.places is None
    assert found.completion == Rate(
        None,
        Text(f"招收计划未公布：{HKU}/0300", f"plans not published: {HKU}/0300"),
    )
    assert found.openings[0].fill == Rate(Decimal("66.7"))


def test_a_plan_of_nought_has_no_rate() -> None:
    found = recruitment_statistics((_figures("0100", 0, 0),))
    assert found.completion == Rate(None, Text("计划为 0", "the plan is 0"))


def test_t16_an_open_ended_list_decides_nothing() -> None:
    found = recruitment_statistics((INTERNAL, _figures("0300", 1, 1, shortage=None)))
    assert found.shortage_completion.percent is None
    assert found.shortage_completion.reason == Text(
        f"紧缺专业名单未列尽，无法判定：{HKU}/0300",
        f"the list of shortage specialties is open-ended; undecided: {HKU}/0300",
    )
    assert recruitment_statistics((INTERNAL,)).shortage_completion.reason == Text(
        "没有紧缺专业", "there is no shortage specialty"
    )


def test_t16_the_list_for_the_plan_decides_not_that_for_pay(catalogue: Catalogue) -> None:
    """R214, T16: the national list names paediatrics and ends in 等; pay lists emergency too."""
    assert shortage_of(catalogue, f"{HKU}/0200") is True
    assert "subsidy" in catalogue.openings[f"{HKU}/0300"].shortage_purposes
    assert shortage_of(catalogue, f"{HKU}/0300") is None
    assert shortage_of(catalogue, f"{HKU}/0100") is None
    sets = tuple(replace(each, open_ended=False) for each in catalogue.shortages[HKU])
    closed = replace(catalogue, shortages={**catalogue.shortages, HKU: sets})
    assert shortage_of(closed, f"{HKU}/0100") is False
    assert shortage_of(replace(catalogue, shortages={}), f"{HKU}/0200") is None


def test_more_than_the_plan_is_shown_as_such() -> None:
    assert recruitment_statistics((_figures("0100", 1, 2),)).completion.percent == Decimal("200.0")


def test_t36_without_openings_no_plan_is_known() -> None:
    """Such as where the list of places was not supplied: null, never 0."""
    found = recruitment_statistics(())
    unknown = Rate(
        None, Text("没有招收专业，招收计划未知", "there are no openings, so no plan is known")
    )
    assert (found.places, found.completion, found.shortage_completion) == (None, unknown, unknown)


def test_a_note_names_ten_openings_and_counts_the_rest() -> None:
    """A province has hundreds, and a cell of a spreadsheet ends."""
    found = recruitment_statistics(
        tuple(_figures(f"{code:04}", None, 0, shortage=None) for code in range(1, 13))
    )
    zh = "、".join(f"{HKU}/{code:04}" for code in range(1, 11))
    en = zh.replace("、", ", ")
    assert found.completion.reason == Text(
        f"招收计划未公布：{zh}，另有 2 个", f"plans not published: {en} and 2 more"
    )
    assert found.shortage_completion.reason == Text(
        f"紧缺专业名单未列尽，无法判定：{zh}，另有 2 个",
        f"the list of shortage specialties is open-ended; undecided: {en} and 2 more",
    )


def test_wrong_figures_are_refused() -> None:
    with pytest.raises(ValueError, match="is below zero"):
        recruitment_statistics((_figures("0100", 1, -1),))
    with pytest.raises(ValueError, match="stands twice"):
        recruitment_statistics((INTERNAL, INTERNAL))


def test_files(catalogue: Catalogue) -> None:
    unknown = _figures("0300", None, 1, quota_note=Text("未定"))
    statistics = recruitment_statistics((INTERNAL, PAEDIATRICS, unknown))
    rows = list(csv.reader(io.StringIO(statistics_csv(catalogue, statistics).decode("utf-8-sig"))))
    assert rows[1][1:] == ["0100", "内科", "否", "3", "10", "2", "2", "66.7", "333.3", ""]
    assert rows[3][1:] == ["0300", "急诊科", "否", "", "10", "1", "1", "", "", "未定"]
    assert rows[4][0:9] == ["合计", "", "", "", "", "30", "6", "6", ""]
    assert rows[5][8] == "50.0"
    content = statistics_xlsx(catalogue, statistics)
    assert content == statistics_xlsx(catalogue, statistics)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["招收统计"]
    assert sheet["I2"].value == 66.7
    assert sheet["I4"].value is None


def test_an_english_file_says_its_values_in_english(catalogue: Catalogue) -> None:
    unknown = _figures("0300", None, 1, quota_note=Text("未定", "to be announced"), shortage=None)
    statistics = recruitment_statistics((INTERNAL, unknown))
    content = statistics_csv(catalogue, statistics, language=Language.EN).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert [row[0] for row in rows[1:]] == [
        catalogue.bases[catalogue.openings[f"{HKU}/0100"].base].name.en,
        catalogue.bases[catalogue.openings[f"{HKU}/0300"].base].name.en,
        "Total",
        "Total of shortage specialties",
    ]
    assert [(row[2], row[3], row[10]) for row in rows[1:3]] == [
        ("Internal Medicine", "no", ""),
        ("Emergency Medicine", "undecided", "to be announced"),
    ]
    assert rows[3][10] == f"plans not published: {HKU}/0300"
    shown = openpyxl.load_workbook(
        io.BytesIO(statistics_xlsx(catalogue, statistics, language=Language.EN))
    )["招收统计"]
    assert shown["C2"].value == "Internal Medicine"
