"""What there is of an application."""

from __future__ import annotations

from zhupei.domain.admission_case import AGREEMENT_LABELS, AgreementKind


def test_every_kind_of_agreement_has_a_name() -> None:
    """T46: which one is signed follows from the trainee's type."""
    assert set(AGREEMENT_LABELS) == set(AgreementKind)
