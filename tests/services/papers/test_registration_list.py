"""The registration list, R156: whole identities, every digit kept, no formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import openpyxl
import pytest

from zhupei.catalogue import Catalogue
from zhupei.default_plugins.standard_kinds.steps import RegistrationListParams
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.people import TraineeType
from zhupei.domain.registration_columns import RegistrationField
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.services.papers.records import RegisteredTrainee
from zhupei.services.papers.registration_list import (
    DEFAULT_COLUMNS,
    columns_for,
    columns_of,
    registration_list_csv,
    registration_list_xlsx,
)
from zhupei.services.papers.spreadsheet import Column, write_csv, write_xlsx

HKU = "hku-szh-residency-2026"
PEOPLE = (
    RegisteredTrainee(
        registration="r-2",
        name="李小明",
        document_kind="居民身份证",
        number="440300199901011234",
        base="hku-szh",
        opening=f"{HKU}/0200",
        trainee_type=TraineeType.ENTRUSTED,
        starts_on=date(2026, 9, 1),
        ends_on=None,
        agreement="three_party",
        sending_unit="=HYPERLINK(1)",
    ),
    RegisteredTrainee(
        registration="r-1",
        name="张三",
        document_kind="居民身份证",
        number="11010519491231002X",
        base="hku-szh",
        opening=f"{HKU}/0100",
        trainee_type=TraineeType.SOCIAL,
        starts_on=date(2026, 9, 1),
        ends_on=date(2029, 8, 31),
        agreement="labour_contract",
        degree="本科",
        phone="13800138000",
        channel=Text("批次招录"),
    ),
)


def test_csv(catalogue: Catalogue) -> None:
    rows = list(
        csv.reader(io.StringIO(registration_list_csv(catalogue, PEOPLE).decode("utf-8-sig")))
    )
    assert rows[1] == [
        "1", "r-1", "张三", "居民身份证", "11010519491231002X", "13800138000", "本科",
        "香港大学深圳医院", "0100", "内科", "", "2026", "社会人", "批次招录", "", "劳动合同",
        "2026-09-01", "2029-08-31",
    ]  # fmt: skip
    assert rows[2][10:] == [
        "", "2026", "外单位委托培训人员（单位人）", "", "'=HYPERLINK(1)", "三方委托培训协议",
        "2026-09-01", "",
    ]  # fmt: skip


def test_xlsx(catalogue: Catalogue) -> None:
    content = registration_list_xlsx(catalogue, PEOPLE)
    assert content == registration_list_xlsx(catalogue, tuple(reversed(PEOPLE)))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["注册名单"]
    assert sheet["E3"].value == "440300199901011234"
    assert sheet["I2"].value == "0100"
    assert (sheet["O3"].value, sheet["O3"].data_type) == ("=HYPERLINK(1)", "s")
    assert sheet["Q2"].value.date() == date(2026, 9, 1)


def test_a_jurisdiction_chooses_its_columns_and_their_headings(catalogue: Catalogue) -> None:
    """The step of kind ``registration_list`` lists them; without it all that are known stand."""
    program = catalogue.programs[HKU]
    assert columns_of(program) == DEFAULT_COLUMNS
    params = RegistrationListParams.model_validate(
        {
            "columns": [
                {"field": "name"},
                {"field": "specialty_code", "header": {"zh": "代码", "en": "Code"}},
            ]
        }
    )
    step = AdmissionStep(
        id="list",
        kind="registration_list",
        label=Text("名单"),
        level=Level.JURISDICTION,
        params=params,
    )
    chosen = replace(program, steps=(*program.steps, step))
    columns = columns_of(chosen)
    assert columns == ((RegistrationField.NAME, "姓名"), (RegistrationField.SPECIALTY_CODE, "代码"))
    text = registration_list_csv(catalogue, PEOPLE, columns).decode("utf-8-sig")
    assert text == "姓名,代码\r\n张三,0100\r\n李小明,0200\r\n"
    known = replace(catalogue, programs={**catalogue.programs, "other": chosen})
    assert columns_for(known, [HKU, "other"]) == DEFAULT_COLUMNS
    assert columns_for(known, ["other"]) == columns


def test_rows_fit_their_columns() -> None:
    with pytest.raises(ValueError, match="a row has 2 values for 1 columns"):
        write_csv([Column(header="一")], [["1", "2"]])
    with pytest.raises(ValueError, match="a row has 0 values for 1 columns"):
        write_xlsx("一", [Column(header="一")], [[]])
