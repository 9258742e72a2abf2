"""The standard kinds: the words that every configuration file may use."""

from __future__ import annotations

from zhupei.default_plugins.standard_kinds.benefits import BENEFIT_KINDS
from zhupei.default_plugins.standard_kinds.documents import ASSESSMENT_KINDS, DOCUMENT_KINDS
from zhupei.default_plugins.standard_kinds.reference import describe_kinds, fill_page
from zhupei.default_plugins.standard_kinds.requirements_declarations import DECLARATION_KINDS
from zhupei.default_plugins.standard_kinds.requirements_education import EDUCATION_KINDS
from zhupei.default_plugins.standard_kinds.requirements_fields import FIELD_KINDS
from zhupei.default_plugins.standard_kinds.requirements_majors import MAJOR_KINDS
from zhupei.default_plugins.standard_kinds.requirements_persons import PERSON_KINDS
from zhupei.default_plugins.standard_kinds.requirements_places import PLACE_KINDS
from zhupei.default_plugins.standard_kinds.requirements_practice import PRACTICE_KINDS
from zhupei.default_plugins.standard_kinds.steps import STEP_KINDS
from zhupei.domain.kinds import Kind
from zhupei.hooks.markers import hookimpl

__all__ = ["STANDARD_KINDS", "decisions_page", "kinds_reference", "register_kinds"]

STANDARD_KINDS: tuple[Kind, ...] = (
    *EDUCATION_KINDS,
    *MAJOR_KINDS,
    *FIELD_KINDS,
    *PERSON_KINDS,
    *PRACTICE_KINDS,
    *PLACE_KINDS,
    *DECLARATION_KINDS,
    *BENEFIT_KINDS,
    *STEP_KINDS,
    *DOCUMENT_KINDS,
    *ASSESSMENT_KINDS,
)


@hookimpl
def register_kinds() -> list[Kind]:
    """Teach the standard kinds of requirements, benefits, steps, documents and assessments."""
    return list(STANDARD_KINDS)


def kinds_reference() -> str:
    """Return the tables of all standard kinds with their parameters, as Markdown."""
    return describe_kinds(STANDARD_KINDS)


def decisions_page(page: str) -> str:
    """Return ``docs/eligibility-and-benefits.md`` with its tables of facts and kinds made anew."""
    return fill_page(page, STANDARD_KINDS)
