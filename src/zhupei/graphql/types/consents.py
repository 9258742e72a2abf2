"""Consents that people took back, as types of the graph."""

from zhupei.domain import admission_case
from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Localized, declares, field
from zhupei.graphql.types.applications import Application

__all__ = ["ConsentWithdrawal"]


@declares(
    admission_case.ConsentWithdrawal,
    description="That the consent to a transfer was taken back (撤回调剂同意).",
)
class ConsentWithdrawal:
    """A withdrawal."""

    application: Application = field(Attribute("case"), description="The application (报名).")
    dry_run: bool = field(Attribute(), description="Whether nothing was written (是否预演).")
    effects: list[Text] = field(
        Localized(), description="What follows from it, and what does not (影响)."
    )
