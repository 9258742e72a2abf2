"""Refusals: why a mutation did nothing, as types that a front end can show."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.admission_refusals import Refusal as DomainRefusal
from zhupei.domain.admission_refusals import RefusalCode as AdmissionCode
from zhupei.domain.eligibility import Finding as DomainFinding
from zhupei.domain.sources import Source as DomainSource
from zhupei.domain.text import Text
from zhupei.graphql.admission_enums import RefusalCode
from zhupei.graphql.sources import Attribute, Localized, declares, field
from zhupei.graphql.types.decisions import Finding
from zhupei.graphql.types.origins import Source

__all__ = [
    "ActionRefused",
    "ApplicationProblem",
    "InvalidInput",
    "PluginProblem",
    "Refusal",
    "RefusedAction",
    "RefusedByPlugin",
    "RefusedInput",
    "refused",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAction:
    """A refusal as the graph shows it; ``code`` is a member of the graph's enumeration."""

    code: Any
    message: Text
    field: str | None = None
    findings: tuple[DomainFinding, ...] = ()
    source: DomainSource | None = None
    missing_facts: tuple[str, ...] = ()
    problems: tuple["RefusedApplication", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedInput:
    """That the input itself is wrong."""

    code: Any
    message: Text
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedByPlugin:
    """That a plugin failed in a decision."""

    code: Any
    message: Text
    plugin: str | None = None
    hook: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedApplication:
    """One application of a bulk step, and what stands against it."""

    application: UUID
    refusal: Any


_Shown = RefusedAction | RefusedInput | RefusedByPlugin

# What a person corrects in the form; everything else is a rule that says no.
_OF_INPUT = frozenset(
    {
        *(code.value for code in AccessCode if code.value.endswith("_INVALID")),
        AccessCode.PASSWORD_WEAK.value,
        AccessCode.SCOPE_UNKNOWN.value,
        AdmissionCode.INPUT_INVALID.value,
        AdmissionCode.SCORE_INVALID.value,
    }
)


def refused(refusal: DomainRefusal | AccessRefusal) -> _Shown:
    """Return a refusal of a use case as the graph shows it."""
    code = RefusalCode(refusal.code.value)
    if refusal.code in {AdmissionCode.PLUGIN_FAILED, AccessCode.PLUGIN_DECISION_FAILED}:
        return RefusedByPlugin(
            code=code, message=refusal.message, plugin=refusal.plugin, hook=refusal.hook
        )
    if refusal.code.value in _OF_INPUT:
        return RefusedInput(code=code, message=refusal.message, field=refusal.field)
    if isinstance(refusal, AccessRefusal):
        return RefusedAction(code=code, message=refusal.message, field=refusal.field)
    return RefusedAction(
        code=code,
        message=refusal.message,
        field=refusal.field,
        findings=refusal.findings,
        source=refusal.source,
        missing_facts=refusal.missing_facts,
        problems=tuple(
            RefusedApplication(application=each.application, refusal=refused(each.refusal))
            for each in refusal.problems
        ),
    )


@strawberry.interface(
    description=(
        "Why nothing was done (拒绝). Every answer of a mutation that is not the changed object "
        "is one of these, and nothing changed."
    )
)
class Refusal:
    """What all refusals have in common."""

    code: RefusalCode = field(Attribute(), description="Code, for programs (代码).")
    message: Text = field(Localized(), description="Why, for people (说明).")
    field: str | None = field(
        Attribute(), description="Part of the input that it concerns (相关输入项)."
    )


@declares(
    RefusedAction,
    description="A rule, a state, a window or a quota stands against it (未予办理).",
)
class ActionRefused(Refusal):
    """A refusal by a rule."""

    findings: list[Finding] = field(
        Attribute(), description="What the rules say, each with its clause (各项结论)."
    )
    source: Source | None = field(Attribute(), description="Clause that it rests on (出处).")
    missing_facts: list[str] = field(
        Attribute(), description="Facts that were needed and not given (缺少的信息)."
    )
    problems: list["ApplicationProblem"] = field(
        Attribute(), description="The applications that a bulk step failed on (逐项问题)."
    )


@declares(
    RefusedInput, description="The input itself is wrong; correct `field` and repeat (输入有误)."
)
class InvalidInput(Refusal):
    """A refusal of the input."""


@declares(
    RefusedByPlugin,
    description=(
        "A plugin failed in a decision, so it was refused (插件故障); repeat it later, or ask "
        "whoever keeps the plugin."
    ),
)
class PluginProblem(Refusal):
    """A refusal because a plugin failed."""

    plugin: str | None = field(Attribute(), description="Plugin (插件).")
    hook: str | None = field(Attribute(), description="What it was asked (钩子).")


@declares(
    RefusedApplication,
    description="What stands against one application of a bulk step (逐项问题).",
)
class ApplicationProblem:
    """A problem of one application."""

    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    refusal: Refusal = field(Attribute(), description="Why (原因).")
