"""The audit chain: records that are hashed over their content and over what came before them.

Every record carries two links: ``previous_hash``, the hash of the record before it on the same
subject (an application, a person, a trainee), and ``anchor``, which runs through the records of
all subjects in the order of their ``sequence``. Sequences have no gaps. So a changed, deleted,
inserted or reordered record is found, and so is a whole subject that disappears. Who can
rewrite every record can rewrite every hash: the head (sequence and anchor) has to be noted
elsewhere from time to time.
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
"""What the first record of a subject, and the first of all, has before it."""


def canonical(value: object) -> str:
    """Return JSON that is the same for the same content: sorted keys, no spaces, no escapes.

    Floating point numbers are refused with TypeError: write decimals as text.
    """
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


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
    subject: UUID
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
    subject: UUID | None = None


_RECORD = Text("记录", "record")


class ChainVerifier:
    """Checks records one after another, in the order of their sequence.

    ``noun`` is what a record is called in what is said, because there are several chains.
    """

    def __init__(self, noun: Text = _RECORD) -> None:
        self._noun = noun
        self.sequence = 0
        self.anchor = GENESIS
        self._last: dict[UUID, tuple[int, str]] = {}

    def check(self, record: ChainRecord) -> ChainBreak | None:
        """Check the next record; None where it holds. After a break nothing more is known."""
        if record.sequence != self.sequence + 1:
            missing = self.sequence + 1
            return self._missing(missing)
        revision, previous = self._last.get(record.subject, (0, GENESIS))
        if hash_of(record.content) != record.hash:
            return self._broken(record, "内容与其哈希值不符", "its content does not match its hash")
        if record.previous_hash != previous or record.revision != revision + 1:
            return self._broken(
                record,
                "与其上一条记录不衔接",
                "it does not follow the record before it",
            )
        if record.anchor != anchor_of(self.anchor, record.hash):
            return self._broken(
                record,
                "与全部记录的总链不衔接",
                "it does not follow the chain of all records",
            )
        self.sequence, self.anchor = record.sequence, record.anchor
        self._last[record.subject] = (record.revision, record.hash)
        return None

    def finish(self, sequence: int, anchor: str) -> ChainBreak | None:
        """Compare with the head that is stored: were records cut off at the end?"""
        if (self.sequence, self.anchor) == (sequence, anchor):
            return None
        if self.sequence < sequence:
            missing = self.sequence + 1
            return self._missing(missing)
        zh, en = self._noun.zh, self._noun.en
        return ChainBreak(
            sequence=self.sequence,
            reason=Text(f"链头与最后一条{zh}不符", f"the head does not match the last {en}"),
        )

    def last_of(self, subject: UUID) -> tuple[int, str]:
        """Return revision and hash of a subject's last record, 0 and genesis without one."""
        return self._last.get(subject, (0, GENESIS))

    @property
    def subjects(self) -> frozenset[UUID]:
        """What has records."""
        return frozenset(self._last)

    def _missing(self, sequence: int) -> ChainBreak:
        zh, en = self._noun.zh, self._noun.en
        return ChainBreak(
            sequence=sequence,
            reason=Text(f"缺少第 {sequence} 条{zh}", f"{en} {sequence} is missing"),
        )

    def _broken(self, record: ChainRecord, zh: str, en: str) -> ChainBreak:
        noun = self._noun
        return ChainBreak(
            sequence=record.sequence,
            record=record.id,
            subject=record.subject,
            reason=Text(
                f"第 {record.sequence} 条{noun.zh}：{zh}", f"{noun.en} {record.sequence}: {en}"
            ),
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
