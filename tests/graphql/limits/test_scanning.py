"""Tests of zhupei.graphql.limits.scanning: what is found without parsing is what parsing finds."""

from __future__ import annotations

import pytest

from graphql import GraphQLError, Lexer, Source, TokenKind, get_operation_ast, parse
from taken_time import least_seconds
from zhupei.graphql.limits.scanning import holds_nul, is_subscription, scan

TEXTS = [
    "{ hello }",
    "query Q($a: [Int!]! = [1, -2.5e+3]) @d(x: {y: $a}) { a ...F ... on T { x } }",
    '{ a: b(c: "d # } \\" e") }',
    'fragment F on T { a(b: """block "quoted" \\""" { [ ( end""") }',
    "# a comment with { brackets\n{ a } # and more",
    '{ a(b: "") c(d: """""") }',
    "subscription S { a }",
    '"what it is for" subscription S { a }',
    '"""subscription""" query Q { a } "" subscription S { a } "}" fragment F on T { a }',
    "query subscription { a }",
    "query A { subscription } subscription B { a } fragment subscription on T { a }",
    "query A @subscription { a }",
    "subscription { a { b(c: {d: 1}) } } query Q { a }",
    "fragment F on T { a } subscription { ...F }",
    '{ a(b: "subscription { }") }',
]


def tokens_of(text: str) -> int:
    lexer, count = Lexer(Source(text)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    return count


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_counted_as_the_lexer_does(text: str) -> None:
    assert scan(text, 1000).tokens == tokens_of(text)


def test_depth() -> None:
    assert scan("{ a(b: [[{c: 1}]]) { d } }", 100).depth == 5
    assert scan('{ a(b: "{[(") }', 100).depth == 2
    assert scan("{ a # {{{\n }", 100).depth == 1


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", [None, "A", "B", "Q", "S", "subscription"])
def test_subscriptions_are_found_as_parsing_finds_them(text: str, name: str | None) -> None:
    operation = get_operation_ast(parse(text), name)
    expected = operation is not None and operation.operation.value == "subscription"
    assert is_subscription(text, name) is expected


@pytest.mark.parametrize("text", ["", "subscription", "}{ subscription", "subscription {", '"""'])
def test_what_cannot_be_parsed_does_no_harm(text: str) -> None:
    with pytest.raises(GraphQLError):
        parse(text)
    scan(text, 10)
    is_subscription(text, None)


@pytest.mark.parametrize(
    "text",
    [
        '"' + "\\" * 65_000,
        '"""' + '\\"""' * 16_000,
        '"""' + '"' * 65_000,
        '"' * 65_000,
        "-" * 65_000,
        "1" * 65_000,
        "." * 65_000,
        "#" * 65_000,
        "#\n" * 32_000,
        "a" * 65_000,
        "{ " * 32_000,
        "\u200b" * 65_000,
    ],
)
def test_no_text_is_slow(text: str) -> None:
    assert least_seconds(lambda: scan(text, 3000), below=0.05) < 0.05


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r'{ a(b: "\u0000") }', True),
        (r'{ a(b: "x\u{0}") }', True),
        (r'{ a(b: "\u{0000}") }', True),
        (r'{ a(b: "\\\u0000") }', True),
        (r'{ a(b: "\\u0000") }', False),
        (r'{ a(b: "\u0001") }', False),
        (r'{ a(b: "\u{00001}") }', False),
        ("{ a }", False),
    ],
)
def test_nul_in_a_text(text: str, found: bool) -> None:
    assert holds_nul(text) is found
    string = parse(text).definitions[0].selection_set.selections[0].arguments or ()  # type: ignore[attr-defined]  # one operation with one field
    assert any("\0" in each.value.value for each in string) is found
