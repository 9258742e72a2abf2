"""Which characters the font of printed papers has: a name must never come out as empty boxes.

Rare characters of names lie outside what free fonts cover. They are looked up in the font's own
character map (``cmap``, OpenType 1.9, format 12) before anything is set.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["FONT_PACKAGE", "missing_characters"]

FONT_PACKAGE = "manimgx_fonts_cjk"
"""The package that holds the font; a folder with one file, nothing to import."""

_FAMILY = "Noto Sans CJK SC".encode("utf-16-be")
_UNICODE_FULL = ((3, 10), (0, 4), (0, 6))
_SPACES = frozenset("\n\u200b")


def missing_characters(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the characters that cannot be printed, in the order of their code points."""
    starts, ends = _ranges()
    used = {character for text in texts for character in text} - _SPACES
    return tuple(
        character
        for character in sorted(used)
        if not (at := bisect_right(starts, ord(character))) or ord(character) > ends[at - 1]
    )


@cache
def _ranges() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the first and last code points of the ranges that the font has, ascending."""
    (found,) = (each for each in files(FONT_PACKAGE).iterdir() if each.name.endswith(".ttc"))
    data = found.read_bytes()
    tag, _, count = struct.unpack_from(">4sII", data)
    if tag != b"ttcf":
        raise ValueError("the font is no collection")
    for offset in struct.unpack_from(f">{count}I", data, 12):
        tables = _tables(data, offset)
        at, length = tables[b"name"]
        if _FAMILY in data[at : at + length]:
            return _groups(data, tables[b"cmap"][0])
    raise ValueError("the font has no face for simplified Chinese")


def _tables(data: bytes, offset: int) -> dict[bytes, tuple[int, int]]:
    (count,) = struct.unpack_from(">H", data, offset + 4)
    records: Any = struct.iter_unpack(">4s4xII", data[offset + 12 : offset + 12 + 16 * count])
    return {tag: (at, length) for tag, at, length in records}


def _groups(data: bytes, cmap: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        at = cmap + offset
        (form,) = struct.unpack_from(">H", data, at)
        if (platform, encoding) in _UNICODE_FULL and form == 12:
            (groups,) = struct.unpack_from(">I", data, at + 12)
            spans = list(struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * groups]))
            return tuple(first for first, _, _ in spans), tuple(last for _, last, _ in spans)
    raise ValueError("the font has no character map of all of Unicode")
