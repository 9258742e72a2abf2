"""Tests of zhupei.services.admissions.texts: what is refused as empty says what it wants."""

from __future__ import annotations

import pytest

from zhupei.domain.text import Text
from zhupei.services.admissions.refusals import RefusalCode
from zhupei.services.admissions.texts import has_no_reason


@pytest.mark.parametrize(
    ("field", "zh", "en"),
    [
        ("reason", "须说明理由", "a reason has to be given"),
        ("keeper", "须写明档案管理单位", "say who keeps the file"),
        ("opinion", "须填写专业基地意见", "the opinion has to be given"),
        ("consent", "须写明本人同意的形式", "say how the person agreed"),
        ("text", "须写明异议内容", "say what is objected to"),
        ("resolution", "须写明异议处理结果", "say how the objection was decided"),
    ],
)
@pytest.mark.parametrize("given", [None, "", " \n", "a\x00b"])
def test_an_empty_text_is_refused_by_what_it_is_for(
    given: str | None, field: str, zh: str, en: str
) -> None:
    refusal = has_no_reason(given, field)
    assert refusal is not None
    assert (refusal.code, refusal.field) == (RefusalCode.INPUT_INVALID, field)
    assert refusal.message == Text(zh, en)
    assert has_no_reason("有", field) is None
