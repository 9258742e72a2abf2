"""What rows of sending units stand for, and how they are asked for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from uuid import UUID

from zhupei.db.models import SendingUnitPersonRow, SendingUnitRow
from zhupei.db.reading import Condition, Order, PageQuery, among, any_of
from zhupei.db.tables import RowSource, columns, expressed, from_json, member
from zhupei.domain.masking import mask_name
from zhupei.domain.people import HospitalTier
from zhupei.domain.sending_units import LinkState, SentPerson, Unit

__all__ = ["LINKS", "MOST_LINKS", "UNITS", "link_query", "unit_query"]

MOST_LINKS = 10_000
"""How many links are given at once; nobody has more."""

_SHORTEST_PART = 2


def _shown_name(text: str) -> str:
    # A unit that merely knows a number is not told the name that goes with it.
    state, name = json.loads(text)
    hidden = state in {LinkState.CLAIMED.value, LinkState.REFUSED.value}
    return mask_name(name) if hidden else str(name)


UNITS = RowSource(
    described=Unit,
    model=SendingUnitRow,
    alias="u",
    attributes={
        **columns("id", "name", "province", "prefecture", account="account_id"),
        "tier": member(HospitalTier, "tier"),
    },
)
"""Sending units, as `Unit` has them."""

LINKS = RowSource(
    described=SentPerson,
    model=SendingUnitPersonRow,
    alias="k",
    attributes={
        **columns("id", "asked_at", "answered_at", "ended_at", "end_reason"),
        **columns(applicant="applicant_id", base="base_code", specialty="specialty_code"),
        "state": member(LinkState, "state"),
        "unit": expressed(
            """(SELECT json_build_object('id', u.id, 'account', u.account_id, 'name', u.name,
            'tier', u.tier, 'province', u.province, 'prefecture', u.prefecture)
            FROM sending_unit u WHERE u.id = {t}.unit_id)""",
            from_json(Unit),
        ),
        "name": expressed(
            """(SELECT json_build_array({t}.state, p.name)
            FROM applicant p WHERE p.id = {t}.applicant_id)""",
            _shown_name,
        ),
    },
    derived={"state_label": frozenset({"state"})},
)
"""Links of units and people, as `SentPerson` has them."""


def unit_query(
    names: Iterable[str] | None, *, account: UUID | None = None, name: str | None = None
) -> PageQuery:
    """Ask for the unit of an account, or for those whose name contains a text, by name.

    The text has two characters at least, else nothing is found.
    """
    conditions = []
    if account is not None:
        conditions.append(Condition("u.account_id = ?", (account,)))
    if name is not None:
        part = " ".join(name.split())
        too_short = len(part) < _SHORTEST_PART or "\x00" in part
        found = Condition("strpos(upper(u.name), upper(?)) > 0", (part,))
        conditions.append(Condition("false") if too_short else found)
    return PageQuery(
        source=UNITS,
        conditions=tuple(conditions),
        order=Order("u.id", "u.name"),
        view=UNITS.view(names),
    )


def link_query(
    names: Iterable[str] | None,
    *,
    applicant: UUID | None = None,
    account: UUID | None = None,
    link: UUID | None = None,
    states: Collection[LinkState] | None = None,
) -> PageQuery:
    """Ask for links of an applicant, or of the unit of an account, the latest first.

    Nobody's where neither they nor a link are named; ``names`` None asks for all attributes.
    """
    whose = [
        Condition(text, (value,))
        for text, value in (
            ("k.applicant_id = ?", applicant),
            ("k.unit_id IN (SELECT u.id FROM sending_unit u WHERE u.account_id = ?)", account),
            ("k.id = ?", link),
        )
        if value is not None
    ]
    conditions = [any_of(whose)]
    if states is not None:
        conditions.append(among("k.state", [each.value for each in states], "text"))
    return PageQuery(
        source=LINKS,
        conditions=tuple(conditions),
        order=Order("k.id", descending=True),
        view=LINKS.view(names),
        first=MOST_LINKS,
    )
