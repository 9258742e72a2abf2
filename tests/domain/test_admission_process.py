"""Tests of zhupei.domain.admission_process: paths are made of a program's own steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_process import (
    EXITS,
    SEAT_STATES,
    STATE_LABELS,
    STATE_OF_KIND,
    ApplicationState,
    Channel,
    channel_of,
    path_of,
)
from zhupei.domain.people import TraineeType
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Program, ProgramKind

S = ApplicationState


def step(kind: str, round_code: str | None = None, params: object = None) -> AdmissionStep:
    return AdmissionStep(
        id=f"{kind}-{round_code}",
        kind=kind,
        label=Text(kind, kind),
        level=Level.INSTITUTION,
        round=round_code,
        params=params,
    )


def program(*steps: AdmissionStep) -> Program:
    return Program(
        code="p", name=Text("项目", "p"), kind=ProgramKind.RESIDENCY, year=2026, steps=steps
    )


class ForStudents:
    trainee_types = (TraineeType.PROFESSIONAL_MASTER,)


class ForRural:
    trainee_types = (TraineeType.RURAL_ORDER,)


def test_a_fellowship_has_the_short_path() -> None:
    """R181."""
    path = path_of(
        program(
            *map(step, ("application", "unit_recommendation", "selection", "notice", "report"))
        ),
        None,
    )
    assert path.states == (
        S.DRAFT, S.SUBMITTED, S.RECOMMENDED, S.REVIEWED, S.NOTIFIED, S.REPORTED,
    )  # fmt: skip
    following = path.next_after(S.REVIEWED)
    assert following is not None
    assert following.state is S.NOTIFIED
    assert path.next_after(S.REPORTED) is None
    assert path.next_after(S.REJECTED) is None
    assert [each.kind for each in path.steps_of("report", "selection", "interview")] == [
        "selection",
        "report",
    ]


def test_a_state_is_reached_when_it_is_behind_or_stood_in() -> None:
    """What a path skips is never reached, and who left it has reached nothing of it."""
    path = path_of(program(*map(step, ("application", "selection", "notice"))), None)
    assert [[path.reached(state, target) for target in path.states] for state in path.states] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
    assert not path.reached(S.NOTIFIED, S.PROPOSED)
    assert not path.reached(S.REJECTED, S.DRAFT)
    assert [state for state in S if state in path] == [
        S.DRAFT, S.SUBMITTED, S.REVIEWED, S.NOTIFIED,
    ]  # fmt: skip


def test_steps_of_another_round_are_left_out_and_one_stage_has_several_steps() -> None:
    steps = (step("interview", "b1"), step("examination"), step("interview", "b2"))
    path = path_of(program(*steps), "b1")
    assert path.states == (S.DRAFT, S.SUBMITTED, S.ASSESSED)
    stage = path.stage(S.ASSESSED)
    assert stage is not None
    assert [each.id for each in stage.steps] == ["interview-b1", "examination-None"]


def test_direct_channels_skip_the_selection() -> None:
    """T60, R126, R127."""
    found = program(
        step("application"),
        step("interview"),
        step("admission"),
        step("notice"),
        # Only a direct channel's step says whose channel it is, whomever another may name.
        step("registration", params=ForRural()),
        step("direct_registration", params=ForStudents()),
        step("direct_assignment", params=ForRural()),
    )
    assert channel_of(found, TraineeType.PROFESSIONAL_MASTER) is Channel.DIRECT_REGISTRATION
    assert channel_of(found, TraineeType.RURAL_ORDER) is Channel.DIRECT_ASSIGNMENT
    assert channel_of(found, TraineeType.SOCIAL) is Channel.BATCH
    assert channel_of(found, None) is Channel.BATCH
    assert path_of(found, None, Channel.DIRECT_REGISTRATION).states == (
        S.DRAFT, S.SUBMITTED, S.REGISTERED,
    )  # fmt: skip
    assert path_of(found, None, Channel.DIRECT_ASSIGNMENT).states == (
        S.DRAFT, S.SUBMITTED, S.ADMITTED, S.NOTIFIED, S.REGISTERED,
    )  # fmt: skip
    for channel, state, kind in (
        (Channel.DIRECT_REGISTRATION, S.REGISTERED, "direct_registration"),
        (Channel.DIRECT_ASSIGNMENT, S.ADMITTED, "direct_assignment"),
    ):
        stage = path_of(found, None, channel).stage(state)
        assert stage is not None
        assert [each.kind for each in stage.steps] == [kind]


@given(st.lists(st.sampled_from([*STATE_OF_KIND, "mobilisation", "orientation"]), max_size=20))
def test_every_path_begins_with_a_draft_and_passes_each_state_once(kinds: list[str]) -> None:
    path = path_of(program(*map(step, kinds)), "r")
    assert path.states[:2] == (S.DRAFT, S.SUBMITTED)
    assert len(set(path.states)) == len(path.states)
    assert not EXITS & set(path.states)
    assert set(path.states) == {S.DRAFT, S.SUBMITTED} | {
        STATE_OF_KIND[kind] for kind in kinds if kind in STATE_OF_KIND
    }


@pytest.mark.parametrize("state", S)
def test_every_state_has_labels(state: ApplicationState) -> None:
    assert STATE_LABELS[state].en
    assert not (state in EXITS and state in SEAT_STATES)
