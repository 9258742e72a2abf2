"""Tests of zhupei.graphql.questions.known: which questions are kept, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from faulty_graph import faulty_schema
from zhupei.graphql.questions import Prepared, Question, Questions, known

_SCHEMA = faulty_schema()


def _questions(*operations: Prepared[None]) -> Questions[None]:
    made: Questions[None] = Questions(_SCHEMA)
    for number, each in enumerate(operations):
        made.operations[str(number), None] = each
    return made


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
    monkeypatch.setattr(known, "_MOST_OF_ONE", 2)
    prepared: Prepared[None] = Prepared()
    kept = _questions(prepared)
    for written in (b"1", b"2", b"3"):
        kept.keep(Question(prepared), written)
    assert (list(prepared.questions), len(kept)) == ([b"2", b"3"], 2)


def test_the_operation_that_was_not_asked_for_longest_loses_its_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "_MOST", 3)
    old: Prepared[None] = Prepared()
    new: Prepared[None] = Prepared()
    kept = _questions(old, new)
    for prepared, written in ((old, b"1"), (old, b"2"), (new, b"1"), (new, b"2")):
        kept.keep(Question(prepared), written)
    assert (list(old.questions), list(new.questions), len(kept)) == ([], [b"1", b"2"], 2)


def test_a_question_that_is_kept_again_counts_once() -> None:
    prepared: Prepared[None] = Prepared()
    kept = _questions(prepared)
    for _ in range(3):
        kept.keep(Question(prepared), b"1")
    assert len(kept) == 1
    kept.forget(prepared)
    assert (len(kept), prepared.questions) == (0, {})


async def test_a_question_is_known_by_its_variables_as_long_as_its_operation_is() -> None:
    kept: Questions[None] = Questions(_SCHEMA, operations=1)
    text = "query ($a: Boolean = true) { sure { flag @include(if: $a) } }"
    asked = await kept.asked(text, None, {"a": True}, None, None)
    assert (asked.errors, dict(asked.coerced)) == (None, {"a": True})
    assert await kept.asked(text, None, {"a": True}, None, None) is asked
    assert await kept.asked(text, None, None, None, None) is not asked
    assert kept.known(text, None, {"a": True}) is asked
    assert (kept.prepared, kept.found, len(kept)) == (1, 2, 2)
    await kept.asked("{ __typename }", None, None, None, None)
    assert (len(kept), list(kept.operations)) == (1, [("{ __typename }", None)])
    assert kept.known(text, None, {"a": True}) is None


async def test_what_changes_something_is_never_kept() -> None:
    kept: Questions[None] = Questions(_SCHEMA)
    for _ in range(2):
        asked = await kept.asked("mutation { __typename }", None, None, None, None)
        assert asked.errors is None
    assert (kept.prepared, kept.found, len(kept)) == (1, 1, 0)


async def test_what_is_wrong_with_variables_is_told_each_time() -> None:
    kept: Questions[None] = Questions(_SCHEMA)
    text = "query ($a: Boolean!) { sure { flag @include(if: $a) } }"
    for _ in range(2):
        asked = await kept.asked(text, None, {"a": "x"}, None, None)
        assert [error.message for error in asked.errors or ()] == [
            "Variable '$a' has invalid value: Boolean cannot represent a non boolean value: 'x'"
        ]
    assert len(kept) == 0
