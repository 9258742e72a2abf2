"""Cursors: opaque to clients, and a place in an order to us, which later additions do not move."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

__all__ = ["Cursor", "CursorNotReadable", "SortValue"]

SortValue: TypeAlias = str | int | datetime | None
"""What an order compares; None is unknown and comes last in both directions."""


class CursorNotReadable(ValueError):  # noqa: N818 - names the situation, like KeyError's kin
    """Raised for text that is not one of our cursors."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one row: the order it was listed in, its value there, and its code.

    A page that begins after a cursor begins after that value and code, whether or not the row
    still exists, and however many rows were added before it.
    """

    order: str
    descending: bool
    value: SortValue
    code: str

    def encode(self) -> str:
        """Return the cursor as text that says nothing to a reader and is safe in addresses."""
        value = self.value
        kind = "t" if isinstance(value, datetime) else "v"
        shown = value.isoformat() if isinstance(value, datetime) else value
        parts = [self.order, int(self.descending), kind, shown, self.code]
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Read what `encode` wrote.

        Raises:
            CursorNotReadable: it is anything else.

        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            parts = json.loads(raw)
        except (binascii.Error, ValueError, RecursionError):
            raise CursorNotReadable(text) from None
        match parts:
            case [
                str(order),
                (0 | 1) as descending,
                "v",
                (str() | int() | None) as value,
                str(code),
            ]:
                return cls(order, bool(descending), value, code)
            case [str(order), (0 | 1) as descending, "t", str(value), str(code)]:
                try:
                    at = datetime.fromisoformat(value)
                except ValueError:
                    raise CursorNotReadable(text) from None
                if at.utcoffset() is None:
                    raise CursorNotReadable(text)
                return cls(order, bool(descending), at, code)
        raise CursorNotReadable(text)

    def precedes(self, value: SortValue, code: str) -> bool:
        """Return whether a row with this value and code comes after the cursor's place.

        Raises:
            CursorNotReadable: the cursor's value is not of the kind that the order compares.

        """
        if self.value is None:
            return value is None and code > self.code
        if value is None:
            return True
        if type(value) is not type(self.value):
            raise CursorNotReadable(self.code)
        if value == self.value:
            return code > self.code
        return (value > self.value) is not self.descending  # type: ignore[operator]  # same type, checked above
