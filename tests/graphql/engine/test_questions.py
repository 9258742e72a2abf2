"""Tests of zhupei.graphql.engine.questions: which questions are kept, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from zhupei.graphql.engine import questions
from zhupei.graphql.engine.preparing import Prepared
from zhupei.graphql.engine.questions import Question, Questions


@pytest.mark.parametrize(
    ("variables", "written"),
    [
        (None, b""),
        ({}, b""),
        ({"a": 1}, b'{"a":1}'),
        ({"a": 1.0}, b'{"a":1.0}'),
        ({"a": True}, b'{"a":true}'),
        ({"a": "1"}, b'{"a":"1"}'),
        ({"a": ["住"], "b": None}, '{"a":["住"],"b":null}'.encode()),
        ({"a": object()}, None),
        ({"a": 2**64}, b'{"a":18446744073709551616}'),
        ({"a": "\ud800"}, None),
        ({"a": "x" * 2048}, None),
    ],
)
def test_variables_are_told_apart_by_their_json(
    variables: dict[str, Any] | None, written: bytes | None
) -> None:
    assert Questions.written(variables) == written


def test_one_operation_keeps_the_questions_that_came_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_MOST_OF_ONE", 2)
    kept, prepared = Questions(), Prepared()
    for written in (b"1", b"2", b"3"):
        kept.keep(Question(prepared), written, [prepared])
    assert (list(prepared.questions), len(kept)) == ([b"2", b"3"], 2)


def test_the_operation_that_was_not_asked_for_longest_loses_its_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(questions, "_MOST", 3)
    kept, old, new = Questions(), Prepared(), Prepared()
    for prepared, written in ((old, b"1"), (old, b"2"), (new, b"1"), (new, b"2")):
        kept.keep(Question(prepared), written, [old, new])
    assert (list(old.questions), list(new.questions), len(kept)) == ([], [b"1", b"2"], 2)


def test_a_question_that_is_kept_again_counts_once() -> None:
    kept, prepared = Questions(), Prepared()
    for _ in range(3):
        kept.keep(Question(prepared), b"1", [prepared])
    assert len(kept) == 1
    kept.forget(prepared)
    assert (len(kept), prepared.questions) == (0, {})
