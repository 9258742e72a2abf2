"""A first look at a text, before anything is built from it: how many tokens, how deep.

One regular expression reads the text once. Each of its repetitions is possessive: it never goes
back, so that no text can make it slow.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Scan", "scan"]

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
_OPENING = frozenset("{[(")
_CLOSING = frozenset("}])")


class Scan(NamedTuple):
    """What a text amounts to.

    ``tokens`` leaves comments out; ``depth`` is the deepest nesting of brackets of any kind, and
    ``fragments`` and ``directives`` are at most that many.
    """

    tokens: int
    depth: int
    fragments: int
    directives: int


def scan(text: str, most: int) -> Scan:
    """Return what ``text`` amounts to; the depth is 0 where there are more than ``most`` tokens."""
    tokens = [token for token in _TOKEN.findall(text) if token]
    if len(tokens) > most:
        return Scan(len(tokens), 0, 0, 0)
    depth = deepest = 0
    for token in tokens:
        if token in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token in _CLOSING:
            depth -= 1
    return Scan(len(tokens), deepest, tokens.count("fragment"), tokens.count("@"))
