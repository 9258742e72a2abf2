"""What an author probably meant: near names, and numbers, dates and flags written otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from zhupei.domain.text import Text

__all__ = [
    "date_hint",
    "did_you_mean",
    "flag_hint",
    "list_choices",
    "number_hint",
    "suggest",
    "whole_hint",
]

_LISTED = 20


def suggest(word: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that ``word`` was most likely meant to be, None where none is near."""
    by_form = {_form(candidate): candidate for candidate in reversed(candidates)}
    # Of a Chinese word of two characters one may be wrong.
    cutoff = 0.6 if word.isascii() else 0.5
    near = get_close_matches(_form(word), by_form, n=1, cutoff=cutoff)
    return by_form[near[0]] if near else None


def list_choices(choices: Sequence[str]) -> Text:
    """Return the choices in one line, in their order, cut off where there are very many."""
    shown = list(choices[:_LISTED])
    if len(choices) > _LISTED:
        shown.append("…")
    return Text("、".join(shown), ", ".join(shown))


def did_you_mean(word: str) -> Text:
    """Return the question that offers ``word``."""
    return Text(f"您是不是想写“{word}”？", f'did you mean "{word}"?')


def _form(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().replace("-", "_").replace(" ", "_")


def _write(text: str) -> Text:
    return Text(f"请写 {text}", f"write {text}")


def whole_hint(text: str) -> Text | None:
    """Return how to write a whole number that is written otherwise."""
    hint = number_hint(text)
    return None if hint is not None and "." in hint.zh else hint


def number_hint(text: str) -> Text | None:
    """Return how to write a number that is written otherwise: ``1,000``, ``１２``, ``10人``."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("_", "").replace(",", "")
    plain = re.sub(r"(?<=\d)\s*[元人个名]$", "", plain).lstrip("+")
    if re.fullmatch(r"0[0-9]+", plain):
        return Text("数字不能以 0 开头", "a number must not begin with 0")
    if re.fullmatch(r"-?(?:0|[1-9][0-9]*)\.0+", plain):
        plain = plain.partition(".")[0]
    if plain != text and re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", plain):
        return _write(plain)
    return None


def flag_hint(text: str) -> Text | None:
    """Return how to write yes and no."""
    form = _form(text)
    if form in {"yes", "y", "on", "1", "true", "t", "是", "有", "对"}:
        return _write("true")
    if form in {"no", "n", "off", "0", "false", "f", "否", "无", "不是", "没有"}:
        return _write("false")
    return None


def date_hint(text: str) -> Text | None:
    """Return how to write a date that is written otherwise: ``2026/6/30``, ``2026年6月30日``."""
    plain = unicodedata.normalize("NFKC", text)
    match = re.fullmatch(r"\s*([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?\s*", plain)
    if match is None:
        return None
    iso = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
    if iso != text:
        return _write(iso)
    return Text("没有这一天", "there is no such day")
