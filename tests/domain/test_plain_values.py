"""Tests of zhupei.domain.plain_values."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.admission_case import BulkOutcome, Effect, FrozenEligibility, ReviewDecision
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.eligibility import EligibilityOutcome, Finding, FindingOutcome
from zhupei.domain.people import Candidate, Degree, DegreeLevel, EnglishProficiency, OriginRegion
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text

NOW = datetime(2026, 4, 10, 9, tzinfo=timezone(timedelta(hours=8)))
candidates = st.builds(
    Candidate,
    origin=st.none() | st.sampled_from(OriginRegion),
    birth_date=st.none() | st.dates(),
    licensed=st.none() | st.booleans(),
    work_years=st.none() | st.decimals(0, 40, places=1),
    degrees=st.lists(
        st.builds(Degree, level=st.sampled_from(DegreeLevel), school=st.none() | st.text()),
        max_size=3,
    ).map(tuple),
    english=st.none()
    | st.builds(EnglishProficiency, ielts=st.none() | st.decimals(0, 9, places=1)),
)


@given(candidates)
def test_facts_come_back_as_they_were(candidate: Candidate) -> None:
    assert restored(Candidate, json.loads(json.dumps(plain(candidate)))) == candidate


def test_nested_findings_come_back() -> None:
    finding = Finding(
        rule="r",
        outcome=FindingOutcome.REVIEW,
        level=Level.NATIONAL,
        message=Text("中", "en"),
        source=Source("S", "一", "1-2"),
    )
    frozen = FrozenEligibility(
        outcome=EligibilityOutcome.NEEDS_REVIEW,
        findings=(finding,),
        catalogue_hash="0",
        decided_at=NOW,
        decisions=(ReviewDecision(rule="r", accepted=True, reason="x"),),
    )
    assert plain(frozen)["decided_at"] == "2026-04-10T01:00:00+00:00"
    assert restored(FrozenEligibility, json.loads(json.dumps(plain(frozen)))) == frozen
    effect = Effect(
        application=UUID(int=1),
        applicant=UUID(int=2),
        opening="o",
        from_state=ApplicationState.REVIEWED,
        to_state=ApplicationState.IN_PUBLICITY,
        seats=1,
        others=(UUID(int=3),),
    )
    outcome = BulkOutcome(action=Action.PUBLISH, dry_run=False, effects=(effect,))
    assert restored(BulkOutcome, json.loads(json.dumps(plain(outcome)))) == outcome


def test_newer_fields_take_their_defaults() -> None:
    assert restored(Text, {"zh": "中"}) == Text("中")
    assert restored(Text, {"zh": "中", "gone": 1}) == Text("中")


@pytest.mark.parametrize("value", [1.5, b"x", object(), {1.5}])
def test_what_could_not_come_back_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="is not kept"):
        plain(value)


def test_single_values() -> None:
    assert plain((Decimal("1.50"), date(2026, 1, 2), OriginRegion.MAINLAND, {"a": None})) == [
        "1.50",
        "2026-01-02",
        "MAINLAND",
        {"a": None},
    ]
