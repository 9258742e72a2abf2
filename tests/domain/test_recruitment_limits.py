"""Suspension (R272), and the plan that does not grow after an unfilled shortage plan (R214)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from example_hospital import example_opening, example_program, policy
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.codes import ShortagePurpose, ShortageSet
from zhupei.domain.recruitment_limits import counts_as_shortage, may_grow, suspension_of
from zhupei.domain.sources import Source
from zhupei.domain.text import Text


def _list(*codes: str, open_ended: bool = False, **more: Any) -> ShortageSet:
    return ShortageSet(
        purpose=more.pop("purpose", ShortagePurpose.QUOTA_PENALTY),
        codes=frozenset(codes),
        open_ended=open_ended,
        source=Source("SAMPLE", "一", "1"),
    )


_CLOSED, _OPEN = _list("0200"), _list("0700", open_ended=True)
_PRIORITY = _list("0100", purpose=ShortagePurpose.ADMISSION_PRIORITY)


def test_r272_a_programs_suspension_gives_its_reason() -> None:
    suspended = policy("recruitment_suspended", value=True)
    program = example_program(policies=(suspended,))
    assert suspension_of(program, example_opening()) == Refusal(
        code=RefusalCode.RECRUITMENT_SUSPENDED,
        message=Text("本项目暂停招收", "recruitment is suspended"),
        source=suspended.source,
    )
    for note, zh, en in (
        (Text("限期整改", "to be put right"), "：限期整改", ": to be put right"),
        (Text("限期整改"), "：限期整改", ": 限期整改"),
    ):
        noted = example_program(policies=(replace(suspended, note=note),))
        refusal = suspension_of(noted, example_opening())
        assert refusal is not None
        assert refusal.message == Text(f"本项目暂停招收{zh}", f"recruitment is suspended{en}")


@pytest.mark.parametrize("value", [False, None])
def test_r272_a_program_that_is_not_suspended_recruits(value: object) -> None:
    program = example_program(policies=(policy("recruitment_suspended", value),))
    assert suspension_of(program, example_opening()) is None
    assert suspension_of(example_program(), example_opening()) is None


def test_r272_a_specialty_base_is_suspended_by_its_own_entry() -> None:
    opening = example_opening(suspended=Text("师资不足", "too few teachers"))
    refusal = suspension_of(example_program(), opening)
    assert refusal == Refusal(
        code=RefusalCode.RECRUITMENT_SUSPENDED,
        message=Text(
            "该专业基地暂停招收：师资不足",
            "the specialty base's recruitment is suspended: too few teachers",
        ),
    )
    refusal = suspension_of(example_program(), example_opening(suspended=Text("师资不足")))
    assert refusal is not None
    assert refusal.message.en == "the specialty base's recruitment is suspended: 师资不足"


@pytest.mark.parametrize(
    ("lists", "specialty", "expected"),
    [
        ((_CLOSED,), "0200", True),
        ((_CLOSED,), "0300", False),
        ((_OPEN,), "0700", True),
        ((_OPEN,), "0300", None),
        ((_CLOSED, _OPEN), "0200", True),
        ((_CLOSED, _OPEN), "0300", None),
        ((_PRIORITY,), "0100", None),
        ((_CLOSED, _PRIORITY), "0100", False),
        ((), "0200", None),
    ],
)
def test_r159_t16_what_is_on_no_list_for_the_plan_is_undecided_or_no_shortage(
    lists: tuple[ShortageSet, ...], specialty: str, *, expected: bool | None
) -> None:
    """T16: a list that ends in 等, and lists for other purposes, decide of nobody else."""
    assert counts_as_shortage(lists, specialty) is expected


_UNFILLED = policy("shortage_plan_filled", value=False)
_GROWN = "上一年度紧缺专业计划未完成，不得扩大非紧缺专业招收规模"
_MAY_NOT = "the shortage plan of the year before was not filled, so no other specialty may grow"


def test_r214_a_plan_outside_the_shortage_specialties_does_not_grow() -> None:
    program = example_program(policies=(_UNFILLED,))
    assert may_grow(program, example_opening("0300"), (_CLOSED,)) == Refusal(
        code=RefusalCode.INCREASE_NOT_ALLOWED,
        message=Text(_GROWN, _MAY_NOT),
        source=_UNFILLED.source,
    )
    assert may_grow(program, example_opening("0200"), (_CLOSED,)) is None


def test_r214_a_specialty_that_no_list_names_does_not_grow_before_one_does() -> None:
    rule = replace(policy("shortage_shortfall", "no_growth"), source=Source("SAMPLE", "二", "338"))
    program = example_program(policies=(_UNFILLED, rule))
    arithmetic = Text("本年度 41", "planned now 41")
    assert may_grow(program, example_opening("0300"), (_OPEN,), arithmetic) == Refusal(
        code=RefusalCode.INCREASE_NOT_ALLOWED,
        message=Text(
            f"{_GROWN}；该专业未列入紧缺专业名单；本年度 41",
            f"{_MAY_NOT}; no list names this one as a shortage specialty; planned now 41",
        ),
        source=rule.source,
    )


@pytest.mark.parametrize("filled", [True, None])
def test_r214_nothing_is_refused_where_the_last_plan_was_filled_or_nobody_says(
    filled: object,
) -> None:
    program = example_program(policies=(policy("shortage_plan_filled", filled),))
    assert may_grow(program, example_opening("0300"), (_CLOSED,)) is None
    assert may_grow(example_program(), example_opening("0300"), (_CLOSED,)) is None
