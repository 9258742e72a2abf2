"""Required documents: which are due at some steps, for one candidate."""

from __future__ import annotations

from zhupei.config.expressions import ExpressionProblem, Missing, Roots, compile_expression
from zhupei.domain.admission import AdmissionStep, RequiredDocument
from zhupei.domain.eligibility import Requirement
from zhupei.domain.people import Candidate
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.services.admissions.situations import Situation

__all__ = ["documents_due"]


def documents_due(
    at: Situation,
    candidate: Candidate,
    steps: tuple[AdmissionStep, ...],
    *,
    also_unassigned: bool = False,
) -> tuple[list[RequiredDocument], tuple[str, ...]]:
    """Return the documents that are required at some steps, and facts that leave this open."""
    ids = {step.id for step in steps} | {step.kind for step in steps}
    due: list[RequiredDocument] = []
    open_: list[str] = []
    for document in at.program.documents:
        here = document.at_step in ids or (also_unassigned and document.at_step is None)
        if not here or not document.required:
            continue
        asked = True if document.when is None else _concerns(at, candidate, document)
        if isinstance(asked, Missing):
            open_ += asked.facts
        elif asked:
            due.append(document)
    return due, tuple(dict.fromkeys(open_))


def _concerns(at: Situation, candidate: Candidate, document: RequiredDocument) -> bool | Missing:
    question = EligibilityQuestion(
        candidate=candidate,
        opening=at.opening,
        program=at.program,
        base=at.base,
        requirement=Requirement(
            id=document.id, kind="document", label=document.label, level=Level.INSTITUTION
        ),
        today=at.today,
    )
    try:
        answer = compile_expression(document.when or "true", Roots.CANDIDATE).ask_candidate(
            question
        )
    except ExpressionProblem:
        return True
    # Where the expression itself is at fault the document stays required: nobody loses by it.
    return True if isinstance(answer, Text) else answer
