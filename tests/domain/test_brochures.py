"""Brochures: when one is late, where it is published and who approves it (R136)."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from example_hospital import example_program, policy
from zhupei.config.texts import Label
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.brochures import (
    Brochure,
    BrochureState,
    brochure_places,
    brochure_step,
    brochure_window,
    needs_approval,
)
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Round, Window

_DUE = datetime(2026, 3, 26, tzinfo=CHINA_TIME)
_INSTANT = timedelta(microseconds=1)


def _label(zh: str, en: str) -> Label:
    """Return a name as a file of the configuration gives it."""
    return Label.model_validate({"zh": zh, "en": en})


def _step(kind: str, round_code: str | None = None, **params: object) -> AdmissionStep:
    return AdmissionStep(
        id=kind,
        kind=kind,
        label=Text("简章", "Brochure"),
        level=Level.JURISDICTION,
        round=round_code,
        window=kind,
        params=SimpleNamespace(**params),
    )


@pytest.mark.parametrize(
    ("due", "submitted", "late"),
    [
        (_DUE, _DUE - _INSTANT, False),
        (_DUE, _DUE, True),
        (_DUE, _DUE + _INSTANT, True),
        (None, _DUE, False),
    ],
)
def test_t11_a_brochure_is_late_from_the_instant_of_its_deadline(
    due: datetime | None, submitted: datetime, *, late: bool
) -> None:
    brochure = Brochure(
        id=UUID(int=1),
        base="shili",
        program="p",
        version=1,
        state=BrochureState.SUBMITTED,
        html="",
        pdf="",
        checks=(),
        attested=(),
        catalogue_hash="",
        submitted_by="office",
        submitted_at=submitted,
        due_at=due,
    )
    assert brochure.late is late


def test_r136_the_places_are_those_of_the_step_that_publishes() -> None:
    places = (_label("省平台", "the province's"), _label("本单位平台", "the base's"))
    publication = _step("brochure_publication", places=places)
    program = example_program(steps=(_step("brochure_approval", places=()), publication))
    assert brochure_places(program) == (
        Text("省平台", "the province's"),
        Text("本单位平台", "the base's"),
    )
    assert brochure_step(program, "brochure_publication") is publication
    assert brochure_step(program, "brochure_submission") is None


def test_r136_a_program_may_name_no_place() -> None:
    assert brochure_places(example_program()) == ()
    assert brochure_places(example_program(steps=(_step("brochure_publication"),))) == ()


def test_a_brochures_window_is_that_of_its_steps_round() -> None:
    windows = [
        Window(kind="brochure_submission", label=Text("报送", "Submission"), closes_at=closes)
        for closes in (_DUE, _DUE + timedelta(days=60))
    ]
    rounds = tuple(
        Round(code=str(number), name=Text("批次"), windows=(window,))
        for number, window in enumerate(windows, 1)
    )
    for code, expected in (("1", windows[0]), ("2", windows[1])):
        program = example_program(steps=(_step("brochure_submission", code),), rounds=rounds)
        assert brochure_window(program, "brochure_submission") is expected
        assert brochure_window(program, "brochure_publication") is None


@pytest.mark.parametrize(
    ("by_step", "by_policy", "needed"),
    [
        (False, None, False),
        (True, None, True),
        (False, True, True),
        (False, False, False),
        (True, False, True),
    ],
)
def test_r136_an_authority_approves_by_a_step_or_by_policy(
    *, by_step: bool, by_policy: bool | None, needed: bool
) -> None:
    program = example_program(
        steps=(_step("brochure_approval"),) if by_step else (_step("brochure_submission"),),
        policies=(policy("brochure_needs_approval", by_policy),),
    )
    assert needs_approval(program) is needed
    if by_policy is None:
        assert needs_approval(example_program(steps=program.steps)) is needed
