"""Who comes first in which round (R149), and that a list alone is no measure."""

from __future__ import annotations

import pytest

from zhupei.domain.codes import ShortagePurpose, ShortageSet
from zhupei.domain.recruitment_priority import has_priority
from zhupei.domain.sources import Source


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
