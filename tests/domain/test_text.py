"""Texts in two languages."""

from zhupei.domain.text import Text, choices_text


def test_choices_stand_with_the_codes_that_requests_use() -> None:
    batches = [("batch-1", Text("第一批次", "First batch")), ("batch-2", Text("第二批次"))]
    assert choices_text(batches) == Text(
        "第一批次（batch-1）、第二批次（batch-2）", "First batch (batch-1), 第二批次 (batch-2)"
    )
    assert choices_text([]) == Text("", "")
