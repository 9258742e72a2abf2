"""Who comes first in which round (R149), and that a list alone is no measure."""

from __future__ import annotations

import pytest

from example_hospital import example_opening, example_program, policy
from zhupei.domain.codes import ShortagePurpose, ShortageSet
from zhupei.domain.recruitment_priority import (
    RecruitmentPriority,
    has_priority,
    measured,
    priorities_of,
)
from zhupei.domain.sources import Source
from zhupei.domain.training import Policy


def _set(*codes: str, rounds: tuple[str, ...] = (), pay: bool = False) -> ShortageSet:
    return ShortageSet(
        purpose=ShortagePurpose.SUBSIDY if pay else ShortagePurpose.ADMISSION_PRIORITY,
        codes=frozenset(codes),
        open_ended=True,
        rounds=frozenset(rounds),
        source=Source("SAMPLE", "一", str(len(codes))),
    )


_NATION = _set("0200", "0700")
_PROVINCE = _set("0200", "0300", "0700", rounds=("batch-2",))


@pytest.mark.parametrize(
    ("lists", "specialty", "round_code", "expected"),
    [
        ([_NATION], "0200", "batch-1", _NATION),
        ([_NATION], "0300", "batch-1", None),
        ([_NATION, _PROVINCE], "0200", "batch-1", None),
        ([_NATION, _PROVINCE], "0200", "batch-2", _PROVINCE),
        ([_NATION, _PROVINCE], "0300", "batch-2", _PROVINCE),
        ([_NATION, _PROVINCE], "0100", "batch-2", None),
        ([_set("0200", pay=True)], "0200", "batch-1", None),
        ([], "0200", None, None),
    ],
)
def test_r149_a_list_that_names_rounds_says_when(
    lists: list[ShortageSet], specialty: str, round_code: str, expected: ShortageSet | None
) -> None:
    """T16: lists for pay are other lists."""
    assert has_priority(lists, specialty, round_code) is expected


def test_r149_an_opening_has_priority_by_every_list_that_names_it() -> None:
    """A list for pay gives none (T16), and a measure is only what configuration names."""
    lists = [
        _NATION,
        _set("0200", "0300", rounds=("d", "a", "c", "e", "b")),
        _set("0200", pay=True),
    ]
    program = example_program(policies=(policy("priority_transferred_first", True),))
    assert priorities_of(program, example_opening("0200"), lists) == (
        RecruitmentPriority(
            rounds=(), source=_NATION.source, proposed_first=False, transferred_first=True
        ),
        RecruitmentPriority(
            rounds=("a", "b", "c", "d", "e"),
            source=lists[1].source,
            proposed_first=False,
            transferred_first=True,
        ),
    )
    assert [found.rounds for found in priorities_of(program, example_opening("0300"), lists)] == [
        ("a", "b", "c", "d", "e")
    ]
    assert priorities_of(program, example_opening("0100"), lists) == ()


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((), False),
        ((policy("priority_proposed_first", True),), True),
        ((policy("priority_proposed_first", False),), False),
        ((policy("priority_proposed_first", "原则上优先"),), False),
        ((policy("priority_transferred_first", True),), False),
    ],
)
def test_r149_an_unknown_measure_is_none(policies: tuple[Policy, ...], *, expected: bool) -> None:
    program = example_program(policies=policies)
    assert measured(program, "priority_proposed_first") is expected
    (found,) = priorities_of(program, example_opening("0200"), [_NATION])
    assert found.proposed_first is expected
