"""Traces as Apollo reads them: the few messages of its ``reports.proto`` that a subgraph sends.

A subgraph's trace is when it began and ended, how long it took, and a tree of nodes, one for each
field that was resolved and each item of a list. It is written as Protocol Buffers, in Base64.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["TraceError", "TraceNode", "written_trace"]

_VARINT, _BYTES = 0, 2
_BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TraceError:
    """What a trace tells of an error: its code and where it is in the text, no message."""

    code: str
    locations: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class TraceNode:
    """A field, an item of a list (``index``), or the root; times are nanoseconds of the trace."""

    response_name: str | None = None
    index: int | None = None
    field_name: str = ""
    type: str = ""
    parent_type: str = ""
    start: int = 0
    end: int = 0
    errors: list[TraceError] = field(default_factory=list)
    children: dict[str | int, TraceNode] = field(default_factory=dict)

    def child(self, key: str | int) -> TraceNode:
        """Return the node below this one at a key or an index, made where it is missing."""
        found = self.children.get(key)
        if found is None:
            named = TraceNode(index=key) if isinstance(key, int) else TraceNode(key)
            found = self.children[key] = named
        return found


def written_trace(root: TraceNode, *, began: int, ended: int, duration: int) -> str:
    """Return a trace in Base64.

    Args:
        root: the tree.
        began: when it began, in nanoseconds since 1970.
        ended: when it ended, likewise.
        duration: how long it took by a clock that never goes back, in nanoseconds.

    """
    trace = b"".join(
        (
            _message(4, _instant(began)),
            _message(3, _instant(ended)),
            _number(11, duration),
            _message(14, _node(root)),
        )
    )
    return base64.b64encode(trace).decode()


def _node(node: TraceNode) -> bytes:
    parts: list[bytes] = []
    if node.response_name is not None:
        parts.append(_text(1, node.response_name))
    elif node.index is not None:
        # Also 0: which of the two it is, is told by which one is there.
        parts.append(_key(2, _VARINT) + _varint(node.index))
    if node.field_name and node.field_name != node.response_name:
        parts.append(_text(14, node.field_name))
    parts += (
        _text(3, node.type),
        _text(13, node.parent_type),
        _number(8, node.start),
        _number(9, node.end),
        *(_message(11, _error(error)) for error in node.errors),
        *(_message(12, _node(child)) for child in node.children.values()),
    )
    return b"".join(parts)


def _error(error: TraceError) -> bytes:
    return b"".join(
        (
            _text(1, "<masked>"),
            *(
                _message(2, _number(1, line) + _number(2, column))
                for line, column in error.locations
            ),
            _text(4, f'{{"message":"<masked>","extensions":{{"code":"{error.code}"}}}}'),
        )
    )


def _instant(nanoseconds: int) -> bytes:
    return _number(1, nanoseconds // _BILLION) + _number(2, nanoseconds % _BILLION)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value) if value else b""


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode()) if value else b""


def _message(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    return bytes(_sevens(value))


def _sevens(value: int) -> Iterable[int]:
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
