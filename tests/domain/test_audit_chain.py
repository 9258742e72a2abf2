"""Tests of zhupei.domain.audit_chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.audit_chain import (
    GENESIS,
    ChainBreak,
    ChainRecord,
    ChainVerifier,
    anchor_of,
    canonical,
    digest_of,
    hash_of,
)


def chain(applications: list[int]) -> list[ChainRecord]:
    """Return records, one for each number, on the application of that number."""
    anchor, last = GENESIS, dict[int, tuple[int, str]]()
    found = []
    for sequence, number in enumerate(applications, start=1):
        revision, previous = last.get(number, (0, GENESIS))
        content: dict[str, object] = {"sequence": sequence, "previous_hash": previous}
        hash_ = hash_of(content)
        anchor = anchor_of(anchor, hash_)
        last[number] = (revision + 1, hash_)
        found.append(
            ChainRecord(
                id=UUID(int=sequence),
                subject=UUID(int=number),
                sequence=sequence,
                revision=revision + 1,
                content=content,
                previous_hash=previous,
                hash=hash_,
                anchor=anchor,
            )
        )
    return found


def verify(records: list[ChainRecord], head: ChainRecord | None = None) -> ChainBreak | None:
    verifier = ChainVerifier()
    for record in records:
        if (broken := verifier.check(record)) is not None:
            return broken
    if head is None:
        return None
    return verifier.finish(head.sequence, head.anchor)


numbers = st.lists(st.integers(1, 3), min_size=2, max_size=10)


@given(numbers)
def test_a_sound_chain_holds(applications: list[int]) -> None:
    records = chain(applications)
    assert verify(records, records[-1]) is None


def test_what_was_checked_last_is_known_of_each_subject() -> None:
    verifier, records = ChainVerifier(), chain([1, 2, 1])
    assert verifier.subjects == frozenset()
    assert [verifier.check(record) for record in records] == [None, None, None]
    assert verifier.subjects == {UUID(int=1), UUID(int=2)}
    assert verifier.last_of(UUID(int=1)) == (2, records[2].hash)
    assert verifier.last_of(UUID(int=3)) == (0, GENESIS)


def test_what_stands_before_the_first_record_never_changes() -> None:
    """Every chain that is stored begins with it."""
    assert GENESIS == "0000000000000000000000000000000000000000000000000000000000000000"


@given(numbers, st.data())
def test_the_first_broken_record_is_named(applications: list[int], data: Any) -> None:
    records = chain(applications)
    place = data.draw(st.integers(0, len(records) - 1))
    changed = dict(records[place].content) | {"reason": "x"}
    part = data.draw(st.sampled_from(["content", "hash", "anchor", "previous_hash", "revision"]))
    bad: Any = {
        "content": changed,
        "hash": "a" * 64,
        "anchor": "b" * 64,
        "previous_hash": "c" * 64,
        "revision": 99,
    }[part]
    broken = verify(
        [*records[:place], replace(records[place], **{part: bad}), *records[place + 1 :]]
    )
    assert broken is not None
    assert (broken.sequence, broken.record) == (place + 1, records[place].id)


@given(numbers, st.data())
def test_a_missing_record_is_noticed(applications: list[int], data: Any) -> None:
    records = chain(applications)
    place = data.draw(st.integers(0, len(records) - 1))
    broken = verify(records[:place] + records[place + 1 :], records[-1])
    assert broken is not None
    assert broken.reason.en == f"record {place + 1} is missing"
    # The next record tells it at once, not only the head at the end.
    following = verify(records[:place] + records[place + 1 :])
    assert following == (broken if place + 1 < len(records) else None)


def test_a_record_that_is_hashed_anew_breaks_the_chain_of_all() -> None:
    records = chain([1, 2, 1])
    content = dict(records[1].content) | {"reason": "x"}
    forged = replace(records[1], content=content, hash=hash_of(content))
    broken = verify([records[0], forged, records[2]])
    assert broken is not None
    assert broken.reason.en == "record 2: it does not follow the chain of all records"


def test_canonical_json() -> None:
    assert canonical({"b": 1, "a": ["住", None, True]}) == '{"a":["住",null,true],"b":1}'
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    with pytest.raises(TypeError, match="floating point"):
        canonical({"a": [1.5]})
