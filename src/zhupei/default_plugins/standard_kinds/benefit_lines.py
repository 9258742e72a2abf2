"""Lines of an estimate, as the kinds of benefits write them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zhupei.domain.benefits import AmountRange, SubsidyLine
from zhupei.domain.questions import PayQuestion
from zhupei.domain.text import Text

__all__ = ["joined", "line", "yuan"]


def line(
    question: PayQuestion,
    amount: AmountRange | None,
    note: Text | None = None,
    missing: tuple[str, ...] = (),
) -> list[SubsidyLine]:
    """Return the one line of a benefit; ``amount`` is yuan a month, None for no figure."""
    benefit = question.benefit
    notes = [one for one in (benefit.note, note) if one is not None]
    return [
        SubsidyLine(
            id=benefit.id,
            kind=benefit.kind,
            label=benefit.label,
            payer=benefit.payer,
            funding_source=benefit.funding_source,
            amount=amount,
            condition=benefit.condition,
            note=joined(notes),
            missing_facts=missing,
            source=benefit.source,
            level=benefit.level,
            plugin=benefit.owner,
        )
    ]


def joined(notes: Sequence[Text]) -> Text | None:
    """Return several notes as one, None for none."""
    if not notes:
        return None
    return Text(
        "；".join(note.zh.rstrip("。") for note in notes),
        "; ".join((note.en or note.zh).rstrip(".") for note in notes),
    )


def yuan(amount: Decimal) -> str:
    """Return an amount as people write it, ``1,000``."""
    return f"{amount.normalize():,f}"
