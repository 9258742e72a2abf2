"""Guards of admissions, where what they say is read by people."""

from __future__ import annotations

from zhupei.domain.admission_guards import handed_in
from zhupei.domain.text import Text


def test_what_decides_on_documents_is_named_as_on_the_form() -> None:
    refusal = handed_in([], [], ["english.cet4", "origin", "a-plugins-own"])
    assert refusal is not None
    assert refusal.missing_facts == ("english.cet4", "origin", "a-plugins-own")
    assert refusal.message == Text(
        "尚无法判断需要哪些材料，缺少：大学英语四级成绩、生源地、a-plugins-own",
        "which documents are needed depends on facts that are not given: CET-4 score, "
        "origin, a-plugins-own",
    )
