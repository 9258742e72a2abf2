"""The tree of errors: drawn as it is, each code once, each with a page that begins with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhupei import errors
from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError, ZhupeiError
from zhupei.hooks import hook_errors, load_errors

_PAGES = Path(__file__).parents[1] / "docs" / "errors"
# Bases of others that are never raised themselves.
_ABSTRACT = {"ZhupeiError", "PluginError", "RegistrationError", "HookError"}
_OURS = {errors.__name__, hook_errors.__name__, load_errors.__name__}


def _tree(of: type[ZhupeiError], depth: int = 0) -> list[tuple[int, str, str]]:
    found = [(depth, of.__name__, of.code)]
    for child in of.__subclasses__():
        if child.__module__ in _OURS:
            found += _tree(child, depth + 1)
    return found


def _drawn() -> list[tuple[int, str, str | None]]:
    lines = re.findall(
        r"^    ([│ ├└─]*)(\w+)(?: +([A-Z_]{4,}))?", errors.__doc__ or "", re.MULTILINE
    )
    return [(len(indent) // 4, name, code or None) for indent, name, code in lines]


def test_the_tree_is_drawn_as_it_is() -> None:
    real = _tree(ZhupeiError)
    assert sorted((depth, name) for depth, name, _ in _drawn()) == sorted(
        (depth, name) for depth, name, _ in real
    )
    codes = {name: code for _, name, code in real if name not in _ABSTRACT}
    assert {name: code for _, name, code in _drawn() if name not in _ABSTRACT} == codes
    assert len(set(codes.values())) == len(codes)


@pytest.mark.parametrize(
    "code", sorted(code for _, name, code in _tree(ZhupeiError) if name not in _ABSTRACT)
)
def test_every_code_has_a_page(code: str) -> None:
    page = (_PAGES / f"{code}.md").read_text("utf-8")
    assert page.startswith(f"# {code}\n\n**")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Example", "How to fix"]


def test_a_message_without_place_stands_alone() -> None:
    error = PluginError("example", Text("错", "wrong"))
    assert error.text(Language.EN) == "plugin example: wrong [PLUGIN_ERROR]"
    assert str(error) == "plugin example: wrong"
