"""How long a person trains: the regular length and how far an assessment may shorten it (T29)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zhupei.domain.people import DegreeLevel, DegreeType
from zhupei.domain.training import Policy

__all__ = ["TrainingLength", "training_length"]

_LEAST = {
    DegreeLevel.BACHELOR: "minimum_months_bachelor",
    DegreeLevel.MASTER: "minimum_months_professional_master",
    DegreeLevel.DOCTOR: "minimum_months_professional_doctor",
}


@dataclass(frozen=True, slots=True)
class TrainingLength:
    """Months of training: ``regular``, and ``least`` after the largest reduction.

    None where the documents give no figure. ``needs_assessment`` says whether a reduction has
    to be earned in an assessment; None where nothing is said.
    """

    regular: int | None
    least: int | None
    needs_assessment: bool | None

    @property
    def reduction(self) -> int | None:
        """The largest reduction in months; 0 where there is none, None where it is not known."""
        if self.regular is None or self.least is None:
            return None
        return self.regular - self.least


def training_length(
    policies: Iterable[Policy], level: DegreeLevel | None, degree_type: DegreeType | None
) -> TrainingLength:
    """Return the length of training for the degree on which a person qualified.

    The nation sets the fewest months by degree (36, 24 and 12: S4:431-437), a host may set the
    largest reduction; both bind. Academic degrees shorten nothing unless the policy
    ``academic_degree_reduces`` says so. With an unknown degree or type the regular length is all
    that is certain.
    """
    values = {policy.key: policy.value for policy in policies}
    regular = _months(values.get("training_months"))
    assessment = values.get("reduction_needs_assessment")
    needs = assessment if isinstance(assessment, bool) else None
    if level is None or level is DegreeLevel.JUNIOR_COLLEGE:
        return TrainingLength(regular, None, needs)
    least = _months(values.get(_LEAST[level]))
    if level.rank > DegreeLevel.BACHELOR.rank:
        if degree_type is None:
            return TrainingLength(regular, None, needs)
        if degree_type is DegreeType.ACADEMIC and not values.get("academic_degree_reduces"):
            least = regular
    cap = _months(values.get("reduction_cap_months"))
    if regular is not None:
        least = regular if least is None and cap is None else least
        floors = [least, None if cap is None else regular - cap]
        least = min(max(floor for floor in floors if floor is not None), regular)
    return TrainingLength(regular, least, needs)


def _months(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
