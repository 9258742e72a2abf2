from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from zhupei.config.problems import Problems
from zhupei.config.yaml import MAX_BYTES, Document, Position, parse
from zhupei.domain.text import Language

_FILE = Path("x.yaml")


def _document(text: str) -> Document:
    document = parse(_FILE, text.encode())
    assert isinstance(document, Document), document
    return document


def _refusal(source: str | bytes) -> list[str]:
    """Return the English text of every problem."""
    found = parse(_FILE, source.encode() if isinstance(source, str) else source)
    assert isinstance(found, Problems), found
    assert all(problem.message.en and problem.message.zh for problem in found)
    return found.text(Language.EN).splitlines()


@pytest.mark.parametrize(
    "scalar",
    [
        *("0100", "no", "yes", "on", "12:30", "2026-05-01", "1_000", "1e3", "0x1F", "true", "1.0"),
        *("Null", "NULL", ".inf", "+1", "2026-05-01T00:00:00Z", "=", "0o17", "017", "=1+1"),
    ],
)
def test_scalars_stay_text(scalar: str) -> None:
    """T16: plain YAML reads the specialty code 0100 as 64."""
    assert _document(f"a: {scalar}\nb: [{scalar}]\n").data == {"a": scalar, "b": [scalar]}


def test_null_is_only_an_empty_value_a_tilde_or_null() -> None:
    text = "a:\nb: ~\nc: null\nd: ''\ne: \"null\"\nf: '~'\ng: [null, ]\nh: {i: , j: ~}\nk: |\n"
    assert _document(text).data == {
        "a": None,
        "b": None,
        "c": None,
        "d": "",
        "e": "null",
        "f": "~",
        "g": [None],
        "h": {"i": None, "j": None},
        "k": "",
    }


def test_positions_count_characters_from_one() -> None:
    document = _document(
        "# 注释\n名称: 示例医院\nopenings:\n  - {专业: '0100', quota: 3}\n"
        "  - 专业: 0200\n    quota:\n      4\nnone:\n"
    )
    value, key = document.positions.value, document.positions.key
    assert value(()) == Position(2, 1)
    assert key(()) == Position(2, 1)
    assert (key(("名称",)), value(("名称",))) == (Position(2, 1), Position(2, 5))
    assert (key(("openings",)), value(("openings",))) == (Position(3, 1), Position(4, 3))
    assert value(("openings", 0)) == key(("openings", 0)) == Position(4, 5)
    assert key(("openings", 0, "quota")) == Position(4, 18)
    assert value(("openings", 0, "quota")) == Position(4, 25)
    assert value(("openings", 1, "quota")) == Position(7, 7)
    assert key(("none",)) == Position(8, 1)
    assert value(("none",)) == Position(8, 6)


def test_the_nearest_ancestor_stands_for_what_is_missing() -> None:
    document = _document("a:\n  b: [x, y]\n")
    value, key = document.positions.value, document.positions.key
    assert value(("a", "c", "d")) == key(("a", "c", "d")) == Position(2, 3)
    assert value(("a", "b", 5)) == key(("a", "b", 5)) == Position(2, 6)
    assert value(("a", "b", 1, "z")) == key(("a", "b", 1, "z")) == Position(2, 10)
    assert value(("a", "b", "x")) == Position(2, 6)
    assert value(("q",)) == Position(1, 1)


def test_a_key_of_digits_is_found_by_number_and_by_text() -> None:
    document = _document("cycles:\n  2026: x\n")
    assert document.positions.value(("cycles", 2026)) == Position(2, 9)
    assert document.positions.value(("cycles", "2026")) == Position(2, 9)
    assert document.get(("cycles", 2026)) == "x"


def test_get_raises_for_what_is_missing() -> None:
    document = _document("a: [x]\n")
    assert document.get(()) == {"a": ["x"]}
    for path in (("b",), ("a", 1), ("a", "b"), ("a", 0, "b")):
        with pytest.raises(LookupError):
            document.get(path)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_break_counts(line_break: str) -> None:
    document = _document(line_break.join(["a: 1", "", "b: |", "  x", "  y", "c: 2", ""]))
    assert document.positions.key(("c",)) == Position(6, 1)
    assert document.data["b"] == "x\ny\n"


def test_a_problem_of_a_document_names_the_place() -> None:
    document = _document("a:\n  b: c\n")
    found = parse(_FILE, b"")
    assert isinstance(found, Problems)
    message = next(iter(found)).message
    at_value = document.problem(("a", "b"), "CODE", message)
    at_key = document.problem(("a", "b"), "CODE", message, severity="warning", at_key=True)
    assert (at_value.line, at_value.column, at_value.severity) == (2, 6, "error")
    assert (at_key.line, at_key.column, at_key.severity) == (2, 3, "warning")


_COLON = 'a full-width colon “：” after a key; write a plain colon and a space ": "'
_NO_ANCHORS = "anchors and aliases (& and *) are not supported"
_NO_TAGS = 'tags (!) are not supported; if "!" is part of the text, put it in quotes'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ["1:1: the file is empty; fill it in or delete it [CONFIG_EMPTY_FILE]"]),
        ("# x\n---\n", ["1:1: the file is empty; fill it in or delete it [CONFIG_EMPTY_FILE]"]),
        ("a: 1\na: 2\n", ["2:1: a: duplicate key; it is already on line 1 [CONFIG_DUPLICATE_KEY]"]),
        (
            "a:\n  - {b: 1, b: 2, b: 3}\nc: 1\nc: 2\n",
            [
                "2:12: a.0.b: duplicate key; it is already on line 2 [CONFIG_DUPLICATE_KEY]",
                "2:18: a.0.b: duplicate key; it is already on line 2 [CONFIG_DUPLICATE_KEY]",
                "4:1: c: duplicate key; it is already on line 3 [CONFIG_DUPLICATE_KEY]",
            ],
        ),
        (
            "a: &x 1\nb: *x\nc: *x\n",
            [f"1:4: a: {_NO_ANCHORS}; write the content out [CONFIG_YAML_FEATURE]"],
        ),
        ("a: &x [*x]\n", [f"1:4: a: {_NO_ANCHORS}; write the content out [CONFIG_YAML_FEATURE]"]),
        ("&x a: 1\n", [f"1:1: {_NO_ANCHORS}; write the content out [CONFIG_YAML_FEATURE]"]),
        ("a: *x\n", [f'1:4: {_NO_ANCHORS}; if "*" is part of the text, put it in quotes']),
        ("a: &x\n", [f"1:4: a: {_NO_ANCHORS}; write the content out [CONFIG_YAML_FEATURE]"]),
        ("a: !!str 0100\n", [f"1:4: a: {_NO_TAGS} [CONFIG_YAML_FEATURE]"]),
        ("a: ! x\nb: !y\n", [f"1:4: a: {_NO_TAGS}", f"2:4: b: {_NO_TAGS}"]),
        ("!!python/object:os.system\na: 1\n", [f"1:1: {_NO_TAGS} [CONFIG_YAML_FEATURE]"]),
        (
            "a:\n  <<: {b: 1}\n",
            ["2:3: a: merge keys (<<) are not supported; write the entries out"],
        ),
        (
            "a: 1\n---\nb: 2\n",
            ["2:1: a file holds one document only (---); split it into several files"],
        ),
        (
            "a:\n\t- 1\nb:\tx\ty\n",
            [
                "2:1: a tab character; indent and separate with spaces [CONFIG_TAB]",
                "3:3: a tab character; indent and separate with spaces [CONFIG_TAB]",
            ],
        ),
        ("a: x\u200by\n", ["1:5: the invisible character U+200B; delete it [CONFIG_CHARACTER]"]),
        (
            "a:\n  - b: 1\n\u3000\u3000c: 2\n    d: 3\n",
            [
                (
                    "3:1: a wide or non-breaking space U+3000 in the indentation; "
                    "indent with plain spaces [CONFIG_CHARACTER]"
                ),
            ],
        ),
        (
            "a:\n  - b: 1\n \u00a0  c: 2\n",
            [
                (
                    "3:2: a wide or non-breaking space U+00A0 in the indentation; "
                    "indent with plain spaces [CONFIG_CHARACTER]"
                ),
            ],
        ),
        ("a: x\0y\n", ["1:5: the invisible character U+0000; delete it [CONFIG_CHARACTER]"]),
        ("a: x\u2028y\n", ["1:5: the invisible character U+2028; delete it [CONFIG_CHARACTER]"]),
        (
            'a: ["\\0"]\n',
            ["1:5: a.0: the text holds a null character \\0; delete it [CONFIG_CHARACTER]"],
        ),
        ("? [a]: b\n", ["1:3: a key must be text [CONFIG_KEY]"]),
        ("~: b\n'': d\n", ["1:1: a key must be text", "2:1: a key must not be blank"]),
        ("机构：x", [f"1:3: {_COLON} [CONFIG_FULLWIDTH_COLON]"]),
        ("机构：x\n代码：y\n", [f"1:3: {_COLON}", f"2:3: {_COLON}"]),
        ("机构：x\ncode: y\n", [f"1:3: {_COLON} [CONFIG_FULLWIDTH_COLON]"]),
        ("code: y\n机构：x\n", [f"2:3: {_COLON} [CONFIG_FULLWIDTH_COLON]"]),
        ("code: y\n机构：x\na: b\n", [f"2:3: {_COLON} [CONFIG_FULLWIDTH_COLON]"]),
        (
            "- a\n- b\n",
            ['1:1: the content of a file must be "key: value" entries; a space must follow'],
        ),
        ("a:1\n", ['1:1: the content of a file must be "key: value" entries']),
        (
            "a: [1,\nb: 2",
            ['2:5: a "," or "]" is missing in a list in brackets; the bracket was opened'],
        ),
        ("a: {b: 1\nc: 2\n", ['2:2: a "," or "}" is missing in a mapping in braces']),
        ("a: 'x\nb: 2\n", ["1:4: the file ends inside quotes; close the quote"]),
        ("a: 1\nb\nc: 2\n", ['2:1: a key without a ":" after it; write a colon and a space']),
        ("a:\n  b: 1\n c: 2\n", ["3:2: a key was expected here, or the indentation is uneven"]),
        ("a: b: c\n", ['1:5: a ": " is not allowed here']),
        ("a: @x\n", ["1:4: a text cannot begin with this character"]),
        ('a: "\\q"\n', ["1:5: an unknown escape inside double quotes"]),
        ("a: - b\n", ['1:4: a list item "- " is not allowed here']),
        (b"\xef\xbb\xbfa: 1\n", ["1:1: the file begins with a byte order mark (BOM); save it as"]),
        ("a: 1\n名: ".encode() + b"\xc4\xe3", ["2:4: the byte 0xC4 is not valid UTF-8; save the"]),
        ("a: x\n".encode("utf-16"), ["1:1: the byte 0xFF is not valid UTF-8; save the file in"]),
        (b"#" * (MAX_BYTES + 1), [" the file is larger than 1048576 bytes; split it into several"]),
    ],
)
def test_refusals(source: str | bytes, expected: list[str]) -> None:
    found = _refusal(source)
    assert len(found) == len(expected), found
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(f"x.yaml:{beginning}"), line


def test_every_problem_of_a_file_comes_at_once() -> None:
    found = _refusal("a: 1\na: 2\nb: &x 3\nc: !y 4\n<<: {d: 5}\n? {e: 6}\n: 7\n")
    assert [line.rpartition(" ")[2] for line in found] == [
        "[CONFIG_DUPLICATE_KEY]",
        "[CONFIG_YAML_FEATURE]",
        "[CONFIG_YAML_FEATURE]",
        "[CONFIG_YAML_FEATURE]",
        "[CONFIG_KEY]",
    ]


def test_chinese_messages() -> None:
    found = parse(_FILE, b"a: 1\na: 2\n")
    assert isinstance(found, Problems)
    assert found.text(Language.ZH) == (
        "x.yaml:2:1: a: 重复的键；已出现在第 1 行 [CONFIG_DUPLICATE_KEY]\n"
    )


def test_depth_is_limited_exactly() -> None:
    # The document itself is the first level.
    fits = "a: " + "[" * 49 + "x" + "]" * 49
    assert _document(fits).data["a"][0][0] == _document("a: " + "[" * 47 + "x" + "]" * 47).data["a"]
    [refusal] = _refusal("a: " + "[" * 50 + "x" + "]" * 50)
    assert refusal == (
        "x.yaml:1:53: nested deeper than 50 levels; look for a [ or { that is not closed, or nest "
        "less [CONFIG_TOO_DEEP]"
    )


@pytest.mark.parametrize("part", ["[", "{a: ", "- ", "? ", "[{", ":", "'", "&a ", "!", "*a "])
def test_hostile_files_of_the_largest_size_are_refused_at_once(part: str) -> None:
    source = (part * MAX_BYTES)[:MAX_BYTES]
    started = time.process_time()
    assert len(_refusal(source)) == 1
    assert time.process_time() - started < 2


def test_many_lines_with_problems_are_all_reported() -> None:
    assert len(_refusal("a:\n" + "\t- x\n" * 300)) == 300


_yaml_pieces = st.lists(
    st.sampled_from([*"ab：: -?[]{},&*!|>'\"%@`#~<\n\t\0\r0", "\n  ", "- ", "a: ", "中", "\u200b"]),
    max_size=40,
).map("".join)


@given(st.one_of(_yaml_pieces.map(str.encode), st.text().map(str.encode), st.binary()))
@settings(max_examples=500)
def test_no_input_raises(source: bytes) -> None:
    found = parse(_FILE, source)
    if isinstance(found, Document):
        _check_positions(source.decode(), found)
        return
    assert len(found) > 0
    lines = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in found:
        assert problem.severity == "error"
        assert problem.line is not None
        assert problem.column is not None
        assert 1 <= problem.line <= len(lines)
        assert problem.column >= 1


def _check_positions(text: str, document: Document) -> None:
    """Compare every position with the mark that PyYAML itself gives to the node."""
    node = yaml.compose(text, yaml.CSafeLoader)

    def check(node: Any, path: tuple[str | int, ...]) -> None:
        mark = node.start_mark
        # At the end of a file without a last line break PyYAML counts one line too many.
        if mark.index < len(text):
            assert document.positions.value(path) == Position(mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            assert list(document.get(path)) == [key.value for key, _ in node.value]
            for key, value in node.value:
                place = Position(key.start_mark.line + 1, key.start_mark.column + 1)
                assert document.positions.key((*path, key.value)) == place
                check(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                check(item, (*path, index))
        else:
            assert document.get(path) in {node.value, None}

    check(node, ())


_plain = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
_data = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_plain, inner, max_size=4),
    max_leaves=15,
)


@given(
    st.dictionaries(_plain, _data, min_size=1, max_size=5),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_positions_of_any_document_are_those_of_its_values(
    data: dict[str, Any], flow: bool, line_break: str
) -> None:
    text = yaml.safe_dump(
        data, allow_unicode=True, default_flow_style=flow, width=20, default_style='"'
    ).replace("!!str ", "")
    text = text.replace("\n", line_break)
    document = _document(text)
    assert document.data == data
    _check_positions(text, document)


@pytest.mark.slow
def test_a_thousand_files_load_in_seconds() -> None:
    """The catalogue's budget: 1,000 bases with 28 openings each."""
    rows = "".join(
        f'  - specialty: "{code:04d}"\n    quota: {code}\n'
        f'    source: {{document: s0, clause: "{code}"}}\n'
        for code in range(100, 2900, 100)
    )
    source = f"kind: base\ncode: x\nopenings:\n{rows}".encode()
    started = time.process_time()
    documents = [_document(source.decode()) for _ in range(1000)]
    assert time.process_time() - started < 6
    assert all(len(document.data["openings"]) == 28 for document in documents)
