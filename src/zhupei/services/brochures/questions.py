"""How far a program's brochure is, for everybody and for those who work on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import BrochureContentRow, BrochureRow
from zhupei.domain.brochures import (
    Brochure,
    BrochureState,
    brochure_places,
    brochure_window,
    needs_approval,
)
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.situations import permitted_for
from zhupei.services.brochures.rows import READ, brochure_records, html_now

__all__ = [
    "READ",
    "BrochureSituation",
    "brochure_content",
    "brochure_situation",
    "changed_since",
    "previous_program",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrochureSituation:
    """How far a program's brochure is.

    ``versions`` are those that the asker may see, the newest first: the public sees what was
    published. ``submit_by`` and ``publish_by`` are deadlines, None where none is published.
    """

    program: str
    base: str
    versions: tuple[Brochure, ...]
    approval_needed: bool
    places: tuple[Text, ...]
    submit_by: datetime | None
    publish_by: datetime | None


async def brochure_situation(desk: Desk, program: str) -> BrochureSituation | None:
    """Return how far a brochure is; None for a program that has none of its own."""
    found = desk.catalogue.programs.get(program)
    if found is None or found.base is None:
        return None
    submission = brochure_window(found, "brochure_submission")
    publication = brochure_window(found, "brochure_publication")
    with desk.database.use():
        query = BrochureRow.filter(program_code=program)
        if await permitted_for(desk, READ, base=found.base) is not None:
            query = query.filter(state=BrochureState.PUBLISHED.value)
        return BrochureSituation(
            program=program,
            base=found.base,
            versions=await brochure_records(await query.order_by("-version")),
            approval_needed=needs_approval(found),
            places=brochure_places(found),
            submit_by=None if submission is None else submission.closes_at,
            publish_by=None if publication is None else publication.closes_at,
        )


async def changed_since(desk: Desk, brochure: Brochure) -> bool:
    """Whether the configuration would make another page now than the one that was submitted."""
    if brochure.program not in desk.catalogue.programs:
        return True
    return await html_now(desk.catalogue, brochure.program) != brochure.html


async def brochure_content(desk: Desk, sha256: str) -> tuple[str, bytes] | None:
    """Return media type and bytes of a page; None where there is none or not for the asker.

    What was published is everybody's; other versions are shown to those who work on them.
    """
    with desk.database.use():
        row = await BrochureContentRow.get_or_none(sha256=sha256)
        if row is None:
            return None
        kept = (
            BrochureRow.filter(html_id=sha256)
            if row.media_type.startswith("text/html")
            else (BrochureRow.filter(pdf_id=sha256))
        )
        for each in await kept:
            public = each.state == BrochureState.PUBLISHED.value
            if public or await permitted_for(desk, READ, base=each.base_code) is None:
                return row.media_type, bytes(row.content)
        return None


def previous_program(catalogue: Catalogue, program: str) -> str | None:
    """Return the base's program of the same kind in the year before, None where there is none."""
    found = catalogue.programs.get(program)
    if found is None:
        return None
    earlier = [
        each
        for each in catalogue.programs.values()
        if each.base == found.base and each.kind is found.kind and each.year < found.year
    ]
    return max(earlier, key=lambda each: (each.year, each.code)).code if earlier else None
