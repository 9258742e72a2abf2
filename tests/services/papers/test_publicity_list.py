"""Publicity lists: masked, with the right last day, signed, and nothing can be changed unseen."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from zhupei.catalogue import Catalogue
from zhupei.domain.calendar import CHINA_TIME, CalendarNotConfigured
from zhupei.domain.people import TraineeType
from zhupei.domain.text import Text
from zhupei.security.signatures import public_key_id, public_key_of
from zhupei.services.papers.publicity_file import (
    publicity_json,
    publicity_schema,
    verify_publicity_list,
)
from zhupei.services.papers.publicity_list import (
    PublicityList,
    PublicityListError,
    publicity_csv,
    publicity_list,
    publicity_paper,
)
from zhupei.services.papers.records import ProposedAdmission
from zhupei.services.papers.render import render_html, render_pdf

HKU = "hku-szh-residency-2026"
KEY = bytes(range(32))
PUBLIC = public_key_of(KEY)

PROPOSED = (
    ProposedAdmission(
        application="a-2",
        name="欧阳明",
        number="11010519491231002X",
        opening=f"{HKU}/0200",
        trainee_type=TraineeType.ENTRUSTED,
    ),
    ProposedAdmission(
        application="a-3",
        name="张三",
        number="440300199901011234",
        opening=f"{HKU}/0100",
        trainee_type=TraineeType.SOCIAL,
        direction=Text("心血管方向"),
    ),
    ProposedAdmission(
        application="a-1",
        name="=cmd|' /C calc'!A0",
        number="H12345678",
        opening=f"{HKU}/0200",
        trainee_type=TraineeType.SOCIAL,
    ),
)


@pytest.fixture
def listed(catalogue: Catalogue) -> PublicityList:
    """Three people, published on Friday 29 May 2026."""
    return publicity_list(catalogue, HKU, "june-2026", PROPOSED, date(2026, 5, 29))


def test_rows_are_masked_and_in_no_order_of_merit(listed: PublicityList) -> None:
    assert [(row.number, row.application, row.name, row.identity) for row in listed.rows] == [
        (1, "a-3", "张*", "440***********1234"),
        (2, "a-1", "=***** /* c*******", "H*****678"),
        (3, "a-2", "欧*明", "110***********002X"),
    ]
    assert listed.rows[0].direction == "心血管方向"


def test_r146_r216_t13_seven_working_days_without_the_first(listed: PublicityList) -> None:
    """29 May 2026 does not count; 1 to 5 June and 8 to 9 June do."""
    assert (listed.working_days, listed.counts_first_day) == (7, False)
    assert listed.ends_on == date(2026, 6, 9)
    assert listed.closes_at == datetime(2026, 6, 10, tzinfo=CHINA_TIME)


def test_g21_counting_the_first_day_is_the_programs_rule(catalogue: Catalogue) -> None:
    """G21, V13: from 31 May 2024 until 12 June, or 11 June where the first day counts."""
    code = "hubei-residency-2024"
    program = catalogue.programs[code]
    assert publicity_list(catalogue, code, "batch-1", (), date(2024, 5, 31)).ends_on == date(
        2024, 6, 12
    )
    counting = replace(
        program,
        policies=tuple(
            replace(each, value=True) if each.key == "publicity_counts_first_day" else each
            for each in program.policies
        ),
    )
    changed = replace(catalogue, programs=MappingProxyType({code: counting}))
    assert publicity_list(changed, code, "batch-1", (), date(2024, 5, 31)).ends_on == date(
        2024, 6, 11
    )


def test_signed_file_fits_its_schema_and_verifies(listed: PublicityList) -> None:
    content = publicity_json(listed, KEY)
    assert content == publicity_json(listed, KEY)
    data = json.loads(content)
    Draft202012Validator.check_schema(publicity_schema())
    Draft202012Validator(publicity_schema()).validate(data)
    assert data["signature"]["key_id"] == public_key_id(PUBLIC)
    assert data["list"]["closes_at"] == "2026-06-10T00:00:00+08:00"
    assert verify_publicity_list(content, PUBLIC) == listed


def test_nothing_that_identifies_leaves(listed: PublicityList, catalogue: Catalogue) -> None:
    paper = publicity_paper(listed)
    published = (
        publicity_json(listed, KEY).decode()
        + publicity_csv(listed).decode()
        + render_html(paper, catalogue.documents)
    )
    for each in PROPOSED:
        assert each.name not in published
        assert each.number not in published


def _rename(data: dict[str, Any]) -> None:
    data["list"]["entries"][0]["name"] = "李*"


def _add(data: dict[str, Any]) -> None:
    data["list"]["entries"].append(dict(data["list"]["entries"][0], number=4))


def _shorten(data: dict[str, Any]) -> None:
    data["list"]["ends_on"] = "2026-06-08"


def _extend(data: dict[str, Any]) -> None:
    data["list"]["more"] = None


def _corrupt(data: dict[str, Any]) -> None:
    value = bytearray(base64.b64decode(data["signature"]["value"]))
    value[0] ^= 1
    data["signature"]["value"] = base64.b64encode(bytes(value)).decode()


def _not_base64(data: dict[str, Any]) -> None:
    data["signature"]["value"] = "~"


@pytest.mark.parametrize("change", [_rename, _add, _shorten, _extend, _corrupt, _not_base64])
def test_any_change_is_noticed(
    listed: PublicityList, change: Callable[[dict[str, Any]], None]
) -> None:
    data = json.loads(publicity_json(listed, KEY))
    change(data)
    with pytest.raises(PublicityListError, match="the signature does not fit"):
        verify_publicity_list(json.dumps(data).encode(), PUBLIC)


def test_layout_of_the_file_does_not_matter(listed: PublicityList) -> None:
    data = json.loads(publicity_json(listed, KEY))
    assert verify_publicity_list(json.dumps(data).encode(), PUBLIC) == listed


def test_another_key(listed: PublicityList) -> None:
    other = public_key_of(bytes(32))
    with pytest.raises(PublicityListError, match="another key signed it"):
        verify_publicity_list(publicity_json(listed, KEY), other)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"list": [], "signature": {}}',
        b'{"list": {}}',
        b'{"list": {"a": 1, "a": 2}, "signature": {}}',
    ],
)
def test_what_is_no_such_file(content: bytes) -> None:
    with pytest.raises(PublicityListError, match="not the file of a publicity list"):
        verify_publicity_list(content, PUBLIC)


def test_another_algorithm(listed: PublicityList) -> None:
    data = json.loads(publicity_json(listed, KEY))
    data["signature"]["algorithm"] = "none"
    with pytest.raises(PublicityListError, match="not signed with Ed25519"):
        verify_publicity_list(json.dumps(data).encode(), PUBLIC)


def test_csv_has_no_formula(listed: PublicityList) -> None:
    rows = list(csv.reader(io.StringIO(publicity_csv(listed).decode("utf-8-sig"))))
    assert rows[0] == ["序号", "报名号", "姓名", "证件号码", "专业", "培养方向", "人员类型"]
    assert rows[1][:6] == ["1", "a-3", "张*", "440***********1234", "内科", "心血管方向"]
    assert rows[2][2] == "'=***** /* c*******"


def test_paper_says_period_and_where_to_object(listed: PublicityList, catalogue: Catalogue) -> None:
    page = render_html(publicity_paper(listed), catalogue.documents)
    assert "2026年5月29日 至 2026年6月9日24:00，共 7 个工作日（不计入发布当日）" in page
    assert "zpzs@hku-szh.org" in page
    # The long check value breaks, so that all of it can be read on a phone.
    assert "tbody th + td { overflow-wrap: anywhere; }" in page
    assert "培养方向" in page
    plain = replace(listed, rows=tuple(replace(row, direction=None) for row in listed.rows))
    assert "培养方向" not in render_html(publicity_paper(plain), catalogue.documents)
    assert render_pdf(publicity_paper(listed), catalogue.documents).startswith(b"%PDF-")


def test_proposals_of_another_program(catalogue: Catalogue) -> None:
    stranger = replace(PROPOSED[0], opening="gz-liuzhou-fellowship-2024/obstetrics")
    with pytest.raises(PublicityListError, match=f"not of {HKU}: gz-liuzhou-fellowship-2024/obst"):
        publicity_list(catalogue, HKU, "june-2026", (stranger,), date(2026, 5, 29))


def test_a_person_stands_once(catalogue: Catalogue) -> None:
    with pytest.raises(PublicityListError, match="listed twice: a-2"):
        publicity_list(catalogue, HKU, "june-2026", (PROPOSED[0],) * 2, date(2026, 5, 29))


def test_unknown_round(catalogue: Catalogue) -> None:
    with pytest.raises(PublicityListError, match="has no round may"):
        publicity_list(catalogue, HKU, "may", (), date(2026, 5, 29))


def test_t1_a_fellowship_sets_no_period(catalogue: Catalogue) -> None:
    """T1: the national floor is for residency; a length is not made up for a fellowship."""
    with pytest.raises(PublicityListError, match="sets no length of the publicity period"):
        publicity_list(catalogue, "gz-liuzhou-fellowship-2024", "june-2024", (), date(2024, 5, 20))


def test_a_year_without_calendar(catalogue: Catalogue) -> None:
    with pytest.raises(CalendarNotConfigured):
        publicity_list(catalogue, HKU, "june-2026", (), date(2099, 5, 29))
