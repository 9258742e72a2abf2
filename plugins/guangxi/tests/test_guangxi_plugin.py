"""Guangxi's rules on the host that a form names, and on grades (S3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhupei import Finding, FindingOutcome, ProgramKind, Score, Text
from zhupei.testing import (
    FakeZhupei,
    PluginContract,
    Rights,
    a_base,
    a_program,
    a_submission,
    an_admission_step,
    an_application,
    an_assessment,
    an_assessment_record,
)
from zhupei_guangxi import Guangxi

_REGIONAL = "guangxi-fellowship-2024-2026"
_CHILD = "gz-liuzhou-fellowship-2024"
_HOST = a_base(
    "gz-liuzhou",
    name=Text("广州市妇女儿童医疗中心柳州医院", "Liuzhou Hospital of the Center"),
    aliases=("广妇儿柳州医院",),
)


class TestContract(PluginContract):
    """The plugin is what zhupei asks of every plugin."""

    slug = "guangxi"
    folder = Path(__file__).parents[1]
    rights = (Rights.JURISDICTION,)


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Guangxi]:
    """The plugin beside the regional program, one below it, and a residency."""
    programs = {
        _CHILD: a_program(_CHILD, kind=ProgramKind.FELLOWSHIP, year=2024, parent=_REGIONAL),
        "example-residency-2026": a_program(),
    }
    started = Guangxi()
    started.startup(FakeZhupei(tmp_path, programs=programs))
    yield started
    started.shutdown()


def _asked(
    plugin: Guangxi,
    answers: dict[str, str],
    *,
    kind: str = "application",
    program: str = _CHILD,
) -> list[Finding] | None:
    return plugin.check_step(
        base=_HOST,
        application=an_application(base=_HOST.code, program=program, opening=f"{program}/x"),
        step=an_admission_step(id=kind, kind=kind),
        submission=a_submission(step=kind, answers=answers),
    )


@pytest.mark.parametrize(
    ("named", "outcome"),
    [
        ("广州市妇女儿童医疗中心柳州医院", FindingOutcome.PASS),
        (" 广妇儿 柳州医院", FindingOutcome.PASS),
        ("liuzhou hospital of the center", FindingOutcome.PASS),
        ("中南大学湘雅二医院桂林医院", FindingOutcome.FAIL),
        ("  ", FindingOutcome.UNKNOWN),
        (None, FindingOutcome.UNKNOWN),
    ],
)
def test_intended_host(plugin: Guangxi, named: str | None, outcome: FindingOutcome) -> None:
    """R182: the form names this hospital, by its name or one of its aliases."""
    findings = _asked(plugin, {} if named is None else {"intended-unit": named})
    assert findings is not None
    (finding,) = findings
    assert (finding.rule, finding.outcome) == ("guangxi.intended-unit", outcome)
    assert finding.source is not None
    assert (finding.source.document, finding.source.lines) == ("S3", "45,68")
    unknown = outcome is FindingOutcome.UNKNOWN
    assert finding.missing_facts == (("answers.intended-unit",) if unknown else ())


def test_the_message_names_both_hospitals(plugin: Guangxi) -> None:
    findings = _asked(plugin, {"intended-unit": "中南大学湘雅二医院桂林医院"})
    assert findings is not None
    assert findings[0].message == Text(
        "申请表的拟申请研修单位为“中南大学湘雅二医院桂林医院”，"
        "不是本院（广州市妇女儿童医疗中心柳州医院）",
        'the form names "中南大学湘雅二医院桂林医院" as the intended host unit, not this hospital '
        "(Liuzhou Hospital of the Center)",
    )


def test_other_steps_and_programs_are_not_its_concern(plugin: Guangxi) -> None:
    assert _asked(plugin, {}, kind="report") is None
    assert _asked(plugin, {}, program="example-residency-2026") is None
    assert _asked(plugin, {}, program="unknown-2026") is None


def test_before_startup_it_refuses_to_guess() -> None:
    with pytest.raises(RuntimeError, match="before startup"):
        _asked(Guangxi(), {})


@pytest.mark.parametrize(("grade", "passed"), [("优秀", True), ("合格", True), ("不合格", False)])
def test_grades(plugin: Guangxi, grade: str, passed: bool) -> None:
    """R108 R109 R186: qualified and above pass."""
    score = plugin.score_assessment(
        assessment=an_assessment(id="fellow-evaluation", kind="completion", phase="completion"),
        record=an_assessment_record(assessment="fellow-evaluation", grade=grade),
    )
    assert score == Score(assessment="fellow-evaluation", grade=grade, passed=passed)


@pytest.mark.parametrize("grade", ["良好", None])
def test_an_unknown_grade_is_refused(plugin: Guangxi, grade: str | None) -> None:
    with pytest.raises(ValueError, match="优秀、合格、不合格"):
        plugin.score_assessment(
            assessment=an_assessment(id="fellow-evaluation"),
            record=an_assessment_record(assessment="fellow-evaluation", grade=grade),
        )


def test_other_assessments_are_not_its_concern(plugin: Guangxi) -> None:
    assert plugin.score_assessment(an_assessment(), an_assessment_record()) is None
