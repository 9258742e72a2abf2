from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from zhupei.config.writer import dump
from zhupei.config.yaml import Document, parse


def _read(text: str) -> dict[str, Any]:
    document = parse(Path("written.yaml"), text.encode())
    assert isinstance(document, Document), document
    return document.data


def test_style() -> None:
    text = dump(
        {
            "kind": "plan",
            "name": {"zh": "示例医院", "en": "Example Hospital"},
            "code": "0100",
            "year": 2026,
            "pay": Decimal("7600.50"),
            "from": date(2026, 6, 30),
            "at": datetime(2026, 6, 30, 18, tzinfo=UTC),
            "hard": True,
            "quota": None,
            "answer": "no",
            "aliases": ["甲", "乙 医院"],
            "none": [],
            "nothing": {},
            "text": "第一行\n  第二行\n\n第四行\n",
            "short": "一\n二",
            "rows": [
                {"base": "a", "specialty": "0100", "quota": 3},
                {"base": "b", "aliases": ["丙"], "nested": {"a": {"b": "c"}}},
                ["x", ["z"]],
                "",
            ],
        }
    )
    assert text == (
        "kind: plan\n"
        "name: {zh: 示例医院, en: Example Hospital}\n"
        'code: "0100"\n'
        "year: 2026\n"
        "pay: 7600.50\n"
        "from: 2026-06-30\n"
        "at: 2026-06-30T18:00:00+00:00\n"
        "hard: true\n"
        "quota: null\n"
        'answer: "no"\n'
        "aliases: [甲, 乙 医院]\n"
        "none: []\n"
        "nothing: {}\n"
        "text: |\n"
        "  第一行\n"
        "    第二行\n"
        "\n"
        "  第四行\n"
        "short: |-\n"
        "  一\n"
        "  二\n"
        "rows:\n"
        '  - {base: a, specialty: "0100", quota: 3}\n'
        "  - base: b\n"
        "    aliases: [丙]\n"
        "    nested:\n"
        "      a: {b: c}\n"
        "  -\n"
        "    - x\n"
        "    - [z]\n"
        '  - ""\n'
    )
    read = _read(text)
    assert list(read)[:3] == ["kind", "name", "code"]
    assert read["text"] == "第一行\n  第二行\n\n第四行\n"
    assert read["rows"][2] == ["x", ["z"]]
    assert (read["year"], read["quota"], read["answer"]) == ("2026", None, "no")


def test_a_line_that_does_not_fit_is_broken() -> None:
    text = dump({"name": {"zh": "医" * 45, "en": "x"}})
    assert text == f"name:\n  zh: {'医' * 45}\n  en: x\n"
    assert dump({"name": {"zh": "医" * 40, "en": "x"}}).count("\n") == 1


def test_an_empty_mapping_is_written_as_one() -> None:
    assert dump({}) == "{}\n"
    assert _read(dump({})) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("0100", "no", "Yes", "12:30", "2026-05-01", "1_000", "null", "~", "", " x", "x "),
        *("a: b", "a #b", "- a", "[a]", "{a}", "&a", "*a", "!a", "%a", "@a", "`a", "|", ">"),
        *("'", '"', "\\", "机构：x", "a\tb", "a\rb", "\u200b", "\u2028", "\x85", "\ufeff", "\n"),
        *("a\n\n", "a\n \nb", "\na\nb", "a\n\tb", ".inf", "NaN", "0x1F", "1e3", "😀", "a:"),
        *("---", "...", "<<", "=", "?"),
    ],
)
def test_every_text_reads_back_here_and_in_plain_yaml(text: str) -> None:
    written = dump({"a": text, "b": [text, {"c": text}], "d": {"e": {"f": text}}})
    expected = {"a": text, "b": [text, {"c": text}], "d": {"e": {"f": text}}}
    assert _read(written) == expected
    assert yaml.safe_load(written) == expected


def test_what_yaml_cannot_hold_is_refused() -> None:
    for text in ("a\0b", "\ud800"):
        with pytest.raises(ValueError, match=r"^text with a null character or half a surrogate"):
            dump({"a": text})
    with pytest.raises(ValueError, match=r"^a key of more than 1000 characters$"):
        dump({"a" * 1001: "x"})
    with pytest.raises(ValueError, match=r"^a key must not be blank$"):
        dump({"": "x"})
    with pytest.raises(ValueError, match=r"^nan is not a number"):
        dump({"a": float("nan")})
    with pytest.raises(TypeError, match=r"^cannot write set as YAML$"):
        dump({"a": {1}})
    with pytest.raises(TypeError, match=r"^a key must be text, not bool$"):
        dump({True: "x"})  # type: ignore[dict-item]  # because the wrong type is the test


_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
_keys = _texts.filter(lambda text: bool(text.strip()))
_values = st.recursive(
    st.none() | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(_keys, _values, min_size=1, max_size=5))
def test_anything_written_reads_back(data: dict[str, Any]) -> None:
    written = dump(data)
    assert _read(written) == data
    assert yaml.safe_load(written) == data
