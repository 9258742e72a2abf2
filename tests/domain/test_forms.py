"""Forms are filled in before they are handed in (R187)."""

from __future__ import annotations

import pytest

from zhupei.domain.admission import FormField, RequiredDocument
from zhupei.domain.admission_refusals import RefusalCode
from zhupei.domain.forms import filled_in, held_fields
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text

_FORM = RequiredDocument(
    id="application-form",
    kind="application_form",
    label=Text("申请表", "Application form"),
    level=Level.JURISDICTION,
    source=Source("SAMPLE", "附件", "66-127"),
    fields=(
        FormField(id="name", label=Text("姓名", "Name")),
        FormField(id="birth-date", label=Text("出生年月日", "Date of birth"), type="date"),
        FormField(id="years", label=Text("工作年限", "Years of work"), type="number"),
        FormField(id="hobby", label=Text("特长", "Skills"), required=False),
        FormField(id="phone", label=Text("联系电话", "Telephone"), held="phone"),
        FormField(id="photo", label=Text("照片", "Photo"), type="photo"),
        FormField(id="hand", label=Text("签名", "Signature"), type="signature"),
        FormField(id="opinion", label=Text("单位意见", "Opinion"), type="seal"),
    ),
)
_ANSWERS = {"name": "样例", "birth-date": "1990-01-31", "years": "6"}
_PHONE = frozenset({"phone"})


def test_r187_a_form_that_is_filled_in_is_taken() -> None:
    """Photograph, signature and seal stand on the paper whose scan is handed in."""
    assert filled_in([_FORM], _ANSWERS, _PHONE) is None
    assert held_fields([_FORM]) == {"phone"}


def test_r187_every_missing_field_is_listed_in_both_languages() -> None:
    refusal = filled_in([_FORM], {"name": " ", "years": "six"}, frozenset())
    assert refusal is not None
    assert (refusal.code, refusal.field) == (RefusalCode.FORM_INCOMPLETE, "answers")
    assert refusal.message == Text(
        "《申请表》未填：姓名、出生年月日；"
        "个人档案中缺少，请先补充（updateApplicant）：联系电话；"
        "填写有误（日期如 1990-01-31，数字如 6）：工作年限",
        '"Application form": not filled in: Name, Date of birth; '
        "not on the own record, to be added there first (updateApplicant): Telephone; "
        "malformed (dates such as 1990-01-31, numbers such as 6): Years of work",
    )
    assert refusal.missing_facts == ("answers.name", "answers.birth-date", "applicant.phone")
    assert refusal.source == _FORM.source


def test_what_is_kept_encrypted_is_not_answered_in_plain_text() -> None:
    refusal = filled_in([_FORM], {**_ANSWERS, "phone": "13900000000"}, _PHONE)
    assert refusal is not None
    assert refusal.message.zh == "《申请表》取自个人档案，不在表内填写：联系电话"
    assert "1390" not in str(refusal)


@pytest.mark.parametrize(
    ("field", "answer", "taken"),
    [
        ("birth-date", "1990-01", True),
        ("birth-date", "1990-02-30", False),
        ("birth-date", "1990年1月", False),
        ("birth-date", "1990-13", False),
        ("years", "6.5", True),
        ("years", "NaN", False),
        ("years", "六", False),
        ("name", "x", True),
        ("hobby", "", True),
    ],
)
def test_r187_dates_and_numbers_are_read(field: str, answer: str, *, taken: bool) -> None:
    refusal = filled_in([_FORM], {**_ANSWERS, field: answer}, _PHONE)
    assert (refusal is None) is taken


def test_without_forms_nothing_is_asked() -> None:
    assert filled_in([], {}, frozenset()) is None
