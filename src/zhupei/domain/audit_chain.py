"""The audit chain: records that are hashed over their content and over what came before them.

Every record carries two links: ``previous_hash``, the hash of the record before it on the same
application, and ``anchor``, which runs through the records of all applications in the order of
their ``sequence``. Sequences have no gaps. So a changed, deleted, inserted or reordered record is
found, and so is a whole application that disappears. Who can rewrite every record can rewrite
every hash: the head (sequence and anchor) has to be noted elsewhere from time to time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from zhupei.domain.text import Text

__all__ = [
    "GENESIS",
    "ChainBreak",
    "ChainRecord",
    "ChainVerifier",
    "anchor_of",
    "canonical",
    "digest_of",
    "hash_of",
]

GENESIS = "0" * 64
"""What the first record of an application, and the first of all, has before it."""


def canonical(value: object) -> str:
    """Return JSON that is the same for the same content: sorted keys, no spaces, no escapes.

    Floating point numbers are refused with TypeError: write decimals as text.
    """
    _refuse_floats(value)
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest_of(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a value, in hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def hash_of(content: Mapping[str, object]) -> str:
    """Return the hash of a record's content, its ``previous_hash`` included."""
    return digest_of(content)


def anchor_of(previous_anchor: str, record_hash: str) -> str:
    """Return the anchor that follows when a record is appended."""
    return hashlib.sha256(f"{previous_anchor}{record_hash}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRecord:
    """One record as it is stored: its content and the three hashes beside it."""

    id: UUID
    application: UUID
    sequence: int
    revision: int
    content: Mapping[str, object]
    previous_hash: str
    hash: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainBreak:
    """The first place at which the chain does not hold; ``record`` None where one is missing."""

    sequence: int
    reason: Text
    record: UUID | None = None
    application: UUID | None = None


class ChainVerifier:
    """Checks records one after another, in the order of their sequence."""

    def __init__(self) -> None:
        self.sequence = 0
        self.anchor = GENESIS
        self._last: dict[UUID, tuple[int, str]] = {}

    def check(self, record: ChainRecord) -> ChainBreak | None:
        """Check the next record; None where it holds. After a break nothing more is known."""
        if record.sequence != self.sequence + 1:
            missing = self.sequence + 1
            return ChainBreak(
                sequence=missing,
                reason=Text(f"缺少第 {missing} 条记录", f"record {missing} is missing"),
            )
        revision, previous = self._last.get(record.application, (0, GENESIS))
        if hash_of(record.content) != record.hash:
            return self._broken(record, "内容与其哈希值不符", "its content does not match its hash")
        if record.previous_hash != previous or record.revision != revision + 1:
            return self._broken(
                record,
                "与该申请的上一条记录不衔接",
                "it does not follow the application's record before it",
            )
        if record.anchor != anchor_of(self.anchor, record.hash):
            return self._broken(
                record,
                "与全部记录的总链不衔接",
                "it does not follow the chain of all records",
            )
        self.sequence, self.anchor = record.sequence, record.anchor
        self._last[record.application] = (record.revision, record.hash)
        return None

    def finish(self, sequence: int, anchor: str) -> ChainBreak | None:
        """Compare with the head that is stored: were records cut off at the end?"""
        if (self.sequence, self.anchor) == (sequence, anchor):
            return None
        if self.sequence < sequence:
            missing = self.sequence + 1
            return ChainBreak(
                sequence=missing,
                reason=Text(f"缺少第 {missing} 条记录", f"record {missing} is missing"),
            )
        return ChainBreak(
            sequence=self.sequence,
            reason=Text("链头与最后一条记录不符", "the head does not match the last record"),
        )

    def last_of(self, application: UUID) -> tuple[int, str]:
        """Return revision and hash of an application's last record, 0 and genesis without one."""
        return self._last.get(application, (0, GENESIS))

    @property
    def applications(self) -> frozenset[UUID]:
        """The applications that have records."""
        return frozenset(self._last)

    @staticmethod
    def _broken(record: ChainRecord, zh: str, en: str) -> ChainBreak:
        return ChainBreak(
            sequence=record.sequence,
            record=record.id,
            application=record.application,
            reason=Text(f"第 {record.sequence} 条记录：{zh}", f"record {record.sequence}: {en}"),
        )


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a floating point number; write it as text")
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part)
