"""Freezing rounds over HTTP: success, every kind of refusal, both languages."""

from __future__ import annotations

from typing import Any

from admissions_office import HOSPITAL
from served_admissions import ServedAdmissions

_FREEZE = "... on RoundFreeze { id program { code } round reason frozenAt liftedAt }"
_GIVEN: dict[str, Any] = {"program": HOSPITAL, "round": "batch-1", "reason": "核查"}


async def test_freezing_and_lifting(province: ServedAdmissions) -> None:
    frozen = await province.do("freezeRound", "jurisdiction_office", _FREEZE, **_GIVEN)
    assert frozen.pop("id")
    assert frozen == {
        "__typename": "RoundFreeze",
        "program": {"code": "sample-residency-2026"},
        "round": "batch-1",
        "reason": "核查",
        "frozenAt": "2026-04-10T09:00:00+08:00",
        "liftedAt": None,
    }
    province.clock.go("2026-04-11T08:30")
    lifted = await province.do("liftFreeze", "national", _FREEZE, **_GIVEN)
    assert lifted["liftedAt"] == "2026-04-11T08:30:00+08:00"


async def test_the_public_is_not_let_in(province: ServedAdmissions) -> None:
    before = await province.everything()
    answer = await province.tried("freezeRound", None, **_GIVEN)
    assert answer["data"] == {"freezeRound": None}
    (error,) = answer["errors"]
    assert error["message"] == "sign in first"
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert await province.everything() == before


async def test_who_may_not_is_refused_and_nothing_changes(province: ServedAdmissions) -> None:
    await province.token("base_office")
    before = await province.everything()
    answer = await province.tried("freezeRound", "base_office", language="zh", **_GIVEN)
    assert answer["data"] == {"freezeRound": None}
    (error,) = answer["errors"]
    assert error["message"] == "没有所需的权限"
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "rounds.manage"}
    assert await province.everything() == before


async def test_what_does_not_exist_is_a_typed_refusal(province: ServedAdmissions) -> None:
    given = {**_GIVEN, "round": "batch-9"}
    refused = await province.do("freezeRound", "national", **given)
    assert refused == {
        "__typename": "ActionRefused",
        "code": "NOT_FOUND",
        "message": "there is no round batch-9",
        "field": "round",
        "findings": [],
        "source": None,
        "missingFacts": [],
        "problems": [],
    }
    refused = await province.do("freezeRound", "national", language="zh", **given)
    assert refused["message"] == "不存在：batch-9"


async def test_nonsense_names_the_part_of_the_input(province: ServedAdmissions) -> None:
    await province.token("national")
    before = await province.everything()
    long = {**_GIVEN, "reason": "长" * 4001}
    assert await province.do("freezeRound", "national", **long) == {
        "__typename": "InvalidInput",
        "code": "INPUT_INVALID",
        "message": "reason: must not be longer than 4000 characters",
        "field": "reason",
    }
    nul = {**_GIVEN, "program": "a\0b"}
    refused = await province.tried("freezeRound", "national", language="zh", **nul)
    assert "data" not in refused
    assert [each["extensions"]["code"] for each in refused["errors"]] == ["BAD_USER_INPUT"]
    empty = await province.do("freezeRound", "national", **{**_GIVEN, "reason": " "})
    assert (empty["__typename"], empty["field"]) == ("InvalidInput", "reason")
    assert await province.everything() == before
