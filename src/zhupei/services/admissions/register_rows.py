"""What rows beside applications stand for: bans, objections, invitations, increases, freezes."""

from __future__ import annotations

from zhupei.db.models import (
    BanRow,
    InvitationRow,
    ObjectionRow,
    PlanIncreaseRow,
    PublicityRow,
    RoundFreezeRow,
)
from zhupei.db.tables import RowSource, column, columns, expressed, member
from zhupei.domain.admission_case import (
    Ban,
    Invitation,
    InvitationState,
    Objection,
    PlanIncrease,
    PlanIncreaseState,
    ProposedList,
    RoundFreeze,
)

__all__ = [
    "BANS",
    "INVITATIONS",
    "OBJECTIONS",
    "PLAN_INCREASES",
    "PROPOSED_LISTS",
    "ROUND_FREEZES",
]


def _known(code: str) -> str | None:
    return code or None


BANS = RowSource(
    described=Ban,
    model=BanRow,
    alias="b",
    attributes=columns(
        *("id", "starts_on", "until", "reason", "decided_by", "decided_at", "evidence"),
        *("lifted_at", "lifted_by", "lift_reason"),
        applicant="applicant_id",
        program="program_code",
        application="application_id",
    ),
)
"""Bans, as `Ban` has them."""

OBJECTIONS = RowSource(
    described=Objection,
    model=ObjectionRow,
    alias="o",
    attributes=columns(
        *("id", "filed_at", "text", "upheld", "resolution", "resolved_at"),
        publicity="publicity_id",
        application="application_id",
    ),
)
"""Objections, as `Objection` has them."""

INVITATIONS = RowSource(
    described=Invitation,
    model=InvitationRow,
    alias="i",
    attributes={
        **columns("id", "invited_at", "answered_at"),
        **columns(
            applicant="applicant_id",
            opening="opening_code",
            root_program="root_program_code",
            round="round_code",
            application="application_id",
        ),
        "state": member(InvitationState, "state"),
    },
)
"""Invitations, as `Invitation` has them."""

PLAN_INCREASES = RowSource(
    described=PlanIncrease,
    model=PlanIncreaseRow,
    alias="n",
    attributes={
        **columns("id", "direction", "seats", "reason", "requested_at", "decided_at"),
        **columns("decision_reason", opening="opening_code"),
        "round": column("round_code", _known),
        "state": member(PlanIncreaseState, "state"),
    },
)
"""Requests for more seats, as `PlanIncrease` has them."""

ROUND_FREEZES = RowSource(
    described=RoundFreeze,
    model=RoundFreezeRow,
    alias="f",
    attributes=columns(
        *("id", "reason", "frozen_at", "lifted_at"),
        root_program="root_program_code",
        round="round_code",
    ),
)
"""Freezes of rounds, as `RoundFreeze` has them."""

PROPOSED_LISTS = RowSource(
    described=ProposedList,
    model=PublicityRow,
    alias="l",
    attributes={
        **columns("id", "published_at", "ends_on", "ends_at", "working_days"),
        **columns("counts_first_day", "withdrawn_at", program="program_code", base="base_code"),
        "round": column("round_code", _known),
        "applications": expressed("'{{}}'::uuid[]", tuple),
    },
)
"""Published lists, as `ProposedList` has them, without the applications on them."""
