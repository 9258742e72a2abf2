"""What Guangxi's fellowship plan (S3) asks at a step and a grade, and configuration cannot say."""

from __future__ import annotations

import re
import unicodedata

from zhupei import (
    AdmissionStep,
    Application,
    Assessment,
    AssessmentRecord,
    Base,
    Finding,
    FindingOutcome,
    Level,
    Score,
    Source,
    Submission,
    Text,
    Zhupei,
    hookimpl,
)

__all__ = ["Guangxi", "plugin"]

_SLUG = "guangxi"
_PROGRAM = "guangxi-fellowship-2024-2026"
_HOST = Source("S3", "五（三）1；附件 申请表", "45,68")
_QUALIFIED = {"优秀": True, "合格": True, "不合格": False}


class Guangxi:
    """The plugin: R182 and R186, for the hosts of the regional plan."""

    def __init__(self) -> None:
        self._zhupei: Zhupei | None = None

    @hookimpl
    def startup(self, zhupei: Zhupei) -> None:
        """Keep the handle: which program an application is for decides whether the plan binds."""
        self._zhupei = zhupei

    @hookimpl
    def shutdown(self) -> None:
        """Let the handle go."""
        self._zhupei = None

    @hookimpl
    def check_step(
        self, base: Base, application: Application, step: AdmissionStep, submission: Submission
    ) -> list[Finding] | None:
        """Judge whether the form names this base as the intended host unit (R182).

        Raises:
            RuntimeError: the program must be looked up before the server has started.
        """
        if step.kind != "application" or not self._belongs(application.program):
            return None
        named = submission.answers.get("intended-unit", "").strip()
        if not named:
            return [
                _finding(
                    FindingOutcome.UNKNOWN,
                    "申请表未填写拟申请研修单位",
                    "the form does not name the intended host unit",
                    "answers.intended-unit",
                )
            ]
        if _normal(named) in {_normal(name) for name in _names(base)}:
            return [
                _finding(
                    FindingOutcome.PASS,
                    "申请表的拟申请研修单位为本院",
                    "the form names this hospital as the intended host unit",
                )
            ]
        return [
            _finding(
                FindingOutcome.FAIL,
                f"申请表的拟申请研修单位为“{named}”，不是本院（{base.name.zh}）",
                f'the form names "{named}" as the intended host unit, not this hospital '
                f"({base.name.en or base.name.zh})",
            )
        ]

    @hookimpl
    def score_assessment(self, assessment: Assessment, record: AssessmentRecord) -> Score | None:
        """Turn the final grade into passed or not: 优秀 and 合格 earn the certificate (R186).

        Raises:
            ValueError: the record gives no grade, or one that the plan does not know.
        """
        if assessment.id != "fellow-evaluation":
            return None
        grade = (record.grade or "").strip()
        if grade not in _QUALIFIED:
            known = "、".join(_QUALIFIED)
            raise ValueError(f"the grade is one of {known}, not {grade!r}")
        return Score(assessment=assessment.id, grade=grade, passed=_QUALIFIED[grade])

    def _belongs(self, code: str) -> bool:
        if self._zhupei is None:
            raise RuntimeError("the plugin was asked about an application before startup")
        program = self._zhupei.program(code)
        return program is not None and _PROGRAM in (program.code, program.parent)


def _names(base: Base) -> list[str]:
    return [name for name in (base.name.zh, base.name.en, *base.aliases) if name]


def _normal(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


def _finding(outcome: FindingOutcome, zh: str, en: str, *missing: str) -> Finding:
    return Finding(
        rule="guangxi.intended-unit",
        outcome=outcome,
        level=Level.JURISDICTION,
        message=Text(zh, en),
        missing_facts=missing,
        source=_HOST,
        plugin=_SLUG,
    )


plugin = Guangxi()
