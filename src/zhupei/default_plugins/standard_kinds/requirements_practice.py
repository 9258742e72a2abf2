"""Requirements on practice: certificates, scope of practice, years of work, length of stay."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from zhupei.config.scalars import Amount, Whole
from zhupei.config.texts import Model
from zhupei.default_plugins.standard_kinds.names import stem, with_aliases
from zhupei.default_plugins.standard_kinds.verdicts import (
    Otherwise,
    enclosed,
    failed,
    not_met,
    passed,
    unknown,
)
from zhupei.domain.eligibility import Verdict, reads
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text

__all__ = [
    "PRACTICE_KINDS",
    "CertificateParams",
    "PracticeScopeParams",
    "StayParams",
    "WorkYearsParams",
]

_Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class CertificateParams(Model):
    """A certificate beside degree and licence (R078)."""

    name: _Name
    """Name of the certificate."""
    aliases: tuple[_Name, ...] = ()
    """Its other names."""


@reads()
def _certificate(params: CertificateParams, question: EligibilityQuestion) -> Verdict:
    held = question.candidate.certificates
    if held is None:
        return unknown("certificates")
    wanted = with_aliases((params.name,), {params.name: params.aliases})
    if wanted.intersection(*[with_aliases([one.name for one in held], {})]):
        return passed(f"已取得{params.name}", f"the certificate {params.name} is held")
    return failed(f"未取得{params.name}", f"the certificate {params.name} is not held")


class PracticeScopeParams(Model):
    """The registered scope of practice (执业范围) fits the specialty (R075, R098)."""

    accepted: tuple[_Name, ...] = ()
    """Accepted scopes by name; empty: the opening's own specialty."""
    otherwise: Otherwise = "fail"
    """What follows where another scope is registered."""


def _scope_reads(params: Any) -> tuple[str, ...]:
    return () if params.accepted else ("opening.specialty", "opening.specialty_name")


@reads(_scope_reads)
def _practice_scope(params: PracticeScopeParams, question: EligibilityQuestion) -> Verdict:
    scope = question.candidate.practice_specialty
    if scope is None:
        return unknown("practiceSpecialty")
    opening = question.opening
    accepted = params.accepted or (opening.specialty_name.zh,)
    codes = () if params.accepted else (opening.specialty, opening.specialty_name.en or "")
    if stem(scope) in {stem(one) for one in (*accepted, *codes) if one}:
        return passed(f"执业范围“{scope}”与申请专业相符", f"the scope of practice {scope} fits")
    return not_met(
        params.otherwise,
        f"执业范围“{scope}”与申请专业（{enclosed(accepted)}）不符",
        f"the scope of practice {scope} does not fit {', '.join(accepted)}",
    )


class WorkYearsParams(Model):
    """Years of work (R077)."""

    at_least: Amount
    """The fewest years that are accepted."""


@reads()
def _work_years(params: WorkYearsParams, question: EligibilityQuestion) -> Verdict:
    years = question.candidate.work_years
    if years is None:
        return unknown("workYears")
    given, least = _plain(years), _plain(params.at_least)
    if years >= params.at_least:
        return passed(
            f"工作 {given} 年，达到 {least} 年", f"{given} years of work, {least} are required"
        )
    return failed(f"工作 {given} 年，少于 {least} 年", f"{given} years of work, fewer than {least}")


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


class StayParams(Model):
    """How long a fellow may stay (R180)."""

    months: Annotated[tuple[Annotated[Whole, Field(gt=0)], ...], Field(min_length=1)]
    """Lengths to choose from, in months."""


@reads()
def _stay(params: StayParams, question: EligibilityQuestion) -> Verdict:
    months = question.candidate.stay_months
    if months is None:
        return unknown("stayMonths")
    choices = [str(one) for one in params.months]
    if months in params.months:
        return passed(f"进修时长 {months} 个月", f"a stay of {months} months")
    return failed(
        f"进修时长 {months} 个月，可选 {enclosed(choices)} 个月",
        f"a stay of {months} months; to choose from: {', '.join(choices)}",
    )


PRACTICE_KINDS = (
    Kind(
        group=KindGroup.REQUIREMENT,
        name="certificate",
        label=Text("其他证书", "Certificate"),
        description=Text("要求某种证书。", "A certificate, by its name or another name of it."),
        params=CertificateParams,
        decide=_certificate,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="practice_scope",
        label=Text("执业范围", "Scope of practice"),
        description=Text(
            "要求注册的执业范围与申请专业相符。",
            "The registered scope of practice fits the specialty.",
        ),
        params=PracticeScopeParams,
        decide=_practice_scope,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="work_years",
        label=Text("工作年限", "Years of work"),
        description=Text("要求工作满若干年。", "At least so many years of work."),
        params=WorkYearsParams,
        decide=_work_years,
    ),
    Kind(
        group=KindGroup.REQUIREMENT,
        name="stay",
        label=Text("进修时长", "Length of stay"),
        description=Text("限定可选的进修时长。", "The lengths of stay to choose from."),
        params=StayParams,
        decide=_stay,
    ),
)
