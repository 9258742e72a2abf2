"""A fact of a candidate."""

from zhupei.graphql import candidate_facts
from zhupei.graphql.sources import Attribute, declares, field

__all__ = ["CandidateFact"]


@declares(
    candidate_facts.Fact,
    description="One fact that rules may ask for (报考人信息项); what is not known is left out.",
)
class CandidateFact:
    """A fact."""

    path: str = field(
        Attribute(),
        description="Path within `CandidateInput`, such as `degrees.0.majorCode` (信息项).",
    )
    value: str = field(
        Attribute(), description="Its value: `true`, `false`, a number, a date, a text (值)."
    )
