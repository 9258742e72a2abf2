"""Interviews: the kinds that a program foresees (R142) and the window that they lie in (R141)."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from example_hospital import example_program
from zhupei.config.texts import Label
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.interviews import (
    InterviewMode,
    in_interview_window,
    mode_foreseen,
    period_text,
)
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Round, Window

_SITE, _VIDEO = InterviewMode.ON_SITE, InterviewMode.VIDEO
_CLAUSE, _STEPS_CLAUSE = Source("SAMPLE", "一", "1"), Source("SAMPLE", "二", "2")


def _at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=CHINA_TIME)


def _label(zh: str, en: str) -> Label:
    """Return a name as a file of the configuration gives it."""
    return Label.model_validate({"zh": zh, "en": en})


def _step(*modes: object, window: str | None = "interview") -> AdmissionStep:
    return AdmissionStep(
        id="interview",
        kind="interview",
        label=Text("面试", "Interview"),
        level=Level.INSTITUTION,
        window=window,
        source=_STEPS_CLAUSE,
        params=SimpleNamespace(modes=modes),
    )


def test_periods_are_told_in_chinas_time() -> None:
    assert period_text(_at(27, 9), _at(27, 9, 20)) == "2026-04-27 09:00-09:20"
    assert period_text(_at(27, 23), _at(28, 1)) == "2026-04-27 23:00-2026-04-28 01:00"
    # The same day in UTC is none in China.
    starts, ends = (datetime(2026, 4, 27, hour, tzinfo=UTC) for hour in (15, 17))
    assert period_text(starts, ends) == "2026-04-27 23:00-2026-04-28 01:00"


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        (("现场面试",), [_SITE]),
        ((_label("远程视频", "video"),), [_VIDEO]),
        (("线下", "网络面试"), [_SITE, _VIDEO]),
        (("择优",), [_SITE, _VIDEO]),
        ((), [_SITE, _VIDEO]),
    ],
)
def test_r142_interviews_are_of_a_kind_that_the_steps_name(
    named: tuple[object, ...], allowed: list[InterviewMode]
) -> None:
    """Words that nobody understands forbid nothing."""
    steps = [_step(), _step(*named)]
    assert [mode for mode in InterviewMode if mode_foreseen(steps, mode) is None] == allowed
    assert mode_foreseen((), _VIDEO) is None


def test_r142_the_refusal_names_what_is_foreseen() -> None:
    assert mode_foreseen([_step("现场面试", _label("当面答辩", "in person"))], _VIDEO) == Refusal(
        code=RefusalCode.MODE_NOT_ALLOWED,
        message=Text(
            "面试形式为现场面试、当面答辩，不能安排视频面试",
            "interviews by video are not foreseen",
        ),
        source=_STEPS_CLAUSE,
        field="mode",
    )


def _window(opens: datetime | None, closes: datetime | None, source: Source | None) -> Round:
    window = Window(
        kind="interview",
        label=Text("面试时间", "Interviews"),
        opens_at=opens,
        closes_at=closes,
        source=source,
    )
    return Round(code="1", name=Text("第一批"), windows=(window,))


@pytest.mark.parametrize(
    ("starts", "ends", "inside"),
    [
        (_at(20), _at(20, 1), True),
        (_at(21, 23), _at(22), True),
        (_at(19, 23, 59), _at(20, 1), False),
        (_at(21, 23), _at(22, 0, 1), False),
        (_at(19), _at(23), False),
    ],
)
def test_r141_t11_an_interview_lies_wholly_in_the_window(
    starts: datetime, ends: datetime, *, inside: bool
) -> None:
    for source, cited in ((_CLAUSE, _CLAUSE), (None, _STEPS_CLAUSE)):
        program = example_program(rounds=(_window(_at(20), _at(22), source),))
        refusal = in_interview_window(program, "1", [_step()], starts, ends)
        if inside:
            assert refusal is None
            continue
        period = period_text(starts, ends)
        assert refusal == Refusal(
            code=RefusalCode.WINDOW_CLOSED,
            message=Text(
                f"{period} 不在“面试时间”的时间内："
                "北京时间 2026-04-20 00:00 至 2026-04-22 00:00（不含）",
                f'{period} is not within "Interviews": '
                "from 2026-04-20 00:00 until before 2026-04-22 00:00, China time",
            ),
            source=cited,
        )


def test_r141_an_end_that_is_not_given_is_open() -> None:
    from_20 = example_program(rounds=(_window(_at(20), None, None),))
    until_22 = example_program(rounds=(_window(None, _at(22), None),))
    assert in_interview_window(from_20, "1", [_step()], _at(30, 9), _at(30, 10)) is None
    assert in_interview_window(from_20, "1", [_step()], _at(19), _at(19, 1)) is not None
    assert in_interview_window(until_22, "1", [_step()], _at(1, 9), _at(1, 10)) is None
    assert in_interview_window(until_22, "1", [_step()], _at(22), _at(22, 1)) is not None


def test_r141_dates_that_are_not_published_refuse_only_where_others_are() -> None:
    bare = example_program(rounds=(Round(code="1", name=Text("第一批")),))
    assert in_interview_window(bare, "1", [_step()], _at(1), _at(2)) is None
    partly = example_program(rounds=(*bare.rounds, _window(_at(20), _at(22), None)))
    other = _step(window="examination")
    assert in_interview_window(partly, "1", [_step(window=None)], _at(1), _at(2)) is None
    assert in_interview_window(partly, "1", [_step(window=None), other], _at(1), _at(2)) == Refusal(
        code=RefusalCode.WINDOW_UNKNOWN,
        message=Text("“面试”的时间尚未公布", 'the dates of "Interview" have not been published'),
        source=_STEPS_CLAUSE,
    )
