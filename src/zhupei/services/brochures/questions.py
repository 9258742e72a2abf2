"""What a program's brochure needs, for everybody and for those who work on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import BrochureContentRow, BrochureRow
from zhupei.domain.brochures import (
    BrochureState,
    brochure_places,
    brochure_window,
    needs_approval,
)
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.situations import permitted_for
from zhupei.services.brochures.rows import READ, html_now

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
    """What a program's brochure needs.

    ``submit_by`` and ``publish_by`` are deadlines, None where none is published.
    """

    program: str
    base: str
    approval_needed: bool
    places: tuple[Text, ...]
    submit_by: datetime | None
    publish_by: datetime | None


def brochure_situation(catalogue: Catalogue, program: str) -> BrochureSituation | None:
    """Return what a brochure needs; None for a program that has none of its own."""
    found = catalogue.programs.get(program)
    if found is None or found.base is None:
        return None
    submission = brochure_window(found, "brochure_submission")
    publication = brochure_window(found, "brochure_publication")
    return BrochureSituation(
        program=program,
        base=found.base,
        approval_needed=needs_approval(found),
        places=brochure_places(found),
        submit_by=None if submission is None else submission.closes_at,
        publish_by=None if publication is None else publication.closes_at,
    )


async def changed_since(
    catalogue: Catalogue, versions: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], bool]:
    """Return whether the configuration would make other pages now than those submitted.

    Each version is its program with the SHA-256 of its page; the page of a program is made once.
    """
    now = {
        program: await html_now(catalogue, program) if program in catalogue.programs else None
        for program in {program for program, _ in versions}
    }
    return {(program, html): now[program] != html for program, html in versions}


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
