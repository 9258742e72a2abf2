"""Tests of zhupei.web.errors that need no request."""

from __future__ import annotations

from pathlib import Path

import pytest
from tortoise.exceptions import DBConnectionError, ValidationError

from graphql import GraphQLError, build_schema, parse, validate
from zhupei.domain.text import Language
from zhupei.web.errors import ErrorCode, code_of, format_errors

_PAGES = Path(__file__).parents[2] / "docs" / "errors"


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_its_page(code: ErrorCode) -> None:
    text = (_PAGES / f"{code.value}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {code.value}\n\n**")
    assert "\n## Example\n" in text
    assert "\n## How to fix\n" in text


def test_a_value_that_does_not_fit_is_bad_input_and_stays_untold(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The library's message repeats the value, which may be somebody's name or number."""
    cause = ValidationError("legal_name: Length of '张三丰' 3 > 2")
    error = GraphQLError("x", path=["add"], original_error=cause)
    (shown,) = format_errors([error], language=Language.EN, request_id="1", suggest=False)
    assert shown == {
        "message": "A text is too long, or not of the form that is kept.",
        "path": ["add"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }
    (record,) = caplog.records
    assert (record.levelname, record.__dict__["column"]) == ("WARNING", "legal_name")
    assert "张三丰" not in caplog.text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GraphQLError("no such field"), "BAD_USER_INPUT"),
        (GraphQLError("Document is nested too deeply"), "LIMIT_EXCEEDED"),
        (GraphQLError("no", extensions={"code": "NOT_FOUND"}), "NOT_FOUND"),
        (GraphQLError("x", path=["a"], original_error=KeyError("a")), "INTERNAL_SERVER_ERROR"),
        (GraphQLError("x", path=["a"], original_error=OSError(24, "x")), "INTERNAL_SERVER_ERROR"),
        (GraphQLError("x", path=["a"], original_error=DBConnectionError()), "DATABASE_UNAVAILABLE"),
        (
            GraphQLError("x", path=["a"], original_error=ValidationError("name: too long")),
            "BAD_USER_INPUT",
        ),
    ],
)
def test_an_error_is_counted_under_the_code_that_is_shown(error: GraphQLError, code: str) -> None:
    assert code_of(error) == code
    (shown,) = format_errors([error], language=Language.EN, request_id="1", suggest=True)
    assert shown["extensions"]["code"] == code  # type: ignore[index]  # a mapping, which its type hides


@pytest.mark.parametrize("language", list(Language))
def test_no_message_repeats_what_is_long(language: Language) -> None:
    """R: a number of 5,000 digits, a text of 100,000 characters: what is wrong fits one line."""
    schema = build_schema("type Query { row(at: Int, on: String): Int }")
    for value in ("9" * 5000, '"' + "x" * 100_000 + '"', "[" * 60 + "1" * 2000 + "]" * 60):
        errors = validate(schema, parse(f"{{ row(at: {value}) }}"))
        (shown,) = format_errors(errors, language=language, request_id="1", suggest=True)
        message = shown["message"]  # type: ignore[index]  # a mapping, which its type hides
        assert len(message) <= 1001
        assert any("一" <= letter <= "龥" for letter in message) is (language is Language.ZH)
        assert "…" in message
