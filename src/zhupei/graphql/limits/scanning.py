"""A first look at a text, before anything is built from it: how many tokens, how deep.

One regular expression reads the text once. Each of its repetitions is possessive: it never goes
back, so that no text can make it slow.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Scan", "holds_nul", "is_subscription", "scan"]

_TOKEN = re.compile(
    r"""
      \#[^\n\r]*+
    | ( \"{3} (?: [^"\\] | \\\"{3} | \\ | \"(?!\"\") )*+ (?:\"{3})?+
      | "(?: [^"\\\n\r] | \\. )*+ "?+
      | [A-Za-z_][A-Za-z0-9_]*+
      | -?+[0-9][0-9A-Za-z_.+-]*+
      | \.\.\.
      | [!$&()\[\]{}:=@|]
      )
    """,
    re.VERBOSE,
)
# U+0000 as an escape, after an even number of backslashes.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?:0000|\{0++\})")
_OPENING = frozenset("{[(")
_CLOSING = frozenset("}])")


class Scan(NamedTuple):
    """What a text amounts to.

    ``tokens`` leaves comments out; ``depth`` is the deepest nesting of brackets of any kind.
    """

    tokens: int
    depth: int


def holds_nul(text: str) -> bool:
    """Return whether a string of the text writes U+0000, which PostgreSQL takes nowhere."""
    return "\\u" in text and _NUL.search(text) is not None


def scan(text: str, most: int) -> Scan:
    """Return what ``text`` amounts to; the depth is 0 where there are more than ``most`` tokens."""
    tokens = [token for token in _TOKEN.findall(text) if token]
    if len(tokens) > most:
        return Scan(len(tokens), 0)
    depth = deepest = 0
    for token in tokens:
        if token in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token in _CLOSING:
            depth -= 1
    return Scan(len(tokens), deepest)


def is_subscription(text: str, name: str | None, most_characters: int = 65_536) -> bool:
    """Return whether the operation ``name`` of a text, or its only one, is a subscription.

    Found without parsing: an operation begins where the text does or a definition ended. What is
    longer than ``most_characters`` is none; it will be refused.
    """
    if "subscription" not in text or len(text) > most_characters:
        return False
    found: list[tuple[str, str | None]] = []
    depth = 0
    begins = True
    words = [word for word in _TOKEN.findall(text) if word]
    for number, word in enumerate(words):
        if begins and word.startswith('"'):  # a description of what begins
            continue
        if begins and word != "fragment":
            after = words[number + 1] if number + 1 < len(words) else ""
            named = word != "{" and (after[:1].isalpha() or after[:1] == "_")
            found.append((word, after if named else None))
        begins = False
        if word in _OPENING:
            depth += 1
        elif word in _CLOSING:
            depth -= 1
            begins = depth == 0 and word == "}"
    wanted = found if name is None else [each for each in found if each[1] == name]
    return len(wanted) == 1 and wanted[0][0] == "subscription"
