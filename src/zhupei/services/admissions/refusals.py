"""The refusals of the admission services (`zhupei.domain.admission_refusals`)."""

from __future__ import annotations

from zhupei.domain.admission_refusals import ApplicationProblem, Refusal, RefusalCode

__all__ = ["ApplicationProblem", "Refusal", "RefusalCode"]
