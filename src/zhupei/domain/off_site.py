"""Students of a professional master's degree whose school lies elsewhere (R161, S2:98).

A program says by its step ``direct_registration`` from which year their off-site training is
limited: not across provinces, and within the province only with what the step names. Off site is
taken to mean: in another prefecture than the base.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.institutions import Base
from zhupei.domain.people import TraineeType
from zhupei.domain.sources import Source
from zhupei.domain.text import Text
from zhupei.domain.training import Program

__all__ = ["SchoolSite", "off_site_refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolSite:
    """Where the school is that trains a student, by codes of GB/T 2260, and what allows it.

    ``report`` names the written report to the education department, ``consent`` the consent of the
    health commission, by number and date.
    """

    province: str | None = None
    prefecture: str | None = None
    report: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class _Limits:
    """The clause by which the limits bind a program."""

    source: Source | None


def off_site_refusal(
    program: Program, base: Base, trainee_type: TraineeType | None, school: SchoolSite
) -> Refusal | None:
    """Refuse to register whom the limits do not let train here, or of whom it cannot be told."""
    limits = _limits(program, trainee_type)
    if limits is None:
        return None
    if school.province is None:
        return _unknown(
            limits,
            "schoolProvince",
            Text("须写明培养单位所在省", "say in which province the school is"),
        )
    if school.province != base.province:
        return Refusal(
            code=RefusalCode.OFF_SITE_NOT_ALLOWED,
            message=Text(
                "专业学位硕士研究生的培养单位不得新招研究生开展跨省住院医师规范化培训",
                "schools may not enrol new professional masters for training in another province",
            ),
            source=limits.source,
            field="schoolProvince",
        )
    if school.prefecture is None:
        return _unknown(
            limits,
            "schoolPrefecture",
            Text("须写明培养单位所在市州", "say in which prefecture the school is"),
        )
    missing = [
        (name, text)
        for name, text, given in (
            (
                "offSiteReport",
                Text("报省教育厅的书面报告", "the written report to the education department"),
                school.report,
            ),
            (
                "offSiteConsent",
                Text("省卫生健康委的同意", "the consent of the health commission"),
                school.consent,
            ),
        )
        if not (given or "").strip()
    ]
    if school.prefecture == base.prefecture or not missing:
        return None
    return Refusal(
        code=RefusalCode.OFF_SITE_NOT_ALLOWED,
        message=Text(
            "省内异地培训须先有：" + "、".join(text.zh for _, text in missing),
            "training elsewhere within the province needs first: "
            + ", ".join(text.en or text.zh for _, text in missing),
        ),
        source=limits.source,
        field=missing[0][0],
    )


def _limits(program: Program, trainee_type: TraineeType | None) -> _Limits | None:
    for step in program.steps:
        if step.kind != "direct_registration" or trainee_type is None:
            continue
        concerned: Iterable[TraineeType] = getattr(step.params, "trainee_types", ())
        limits = getattr(step.params, "off_site", None)
        if limits is not None and trainee_type in concerned and program.year >= limits.since:
            cited = limits.source
            clause = None if cited is None else Source(cited.document, cited.clause, cited.lines)
            return _Limits(clause or step.source)
    return None


def _unknown(limits: _Limits, field: str, message: Text) -> Refusal:
    return Refusal(
        code=RefusalCode.INPUT_INVALID, message=message, source=limits.source, field=field
    )
