"""Brochures as rows and as records of the domain, and the pages as they are now."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import BrochurePublicationRow, BrochureRow
from zhupei.domain.brochures import Brochure, BrochureCheck, BrochurePublication, BrochureState
from zhupei.domain.plain_values import restored
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import hidden, not_found
from zhupei.services.papers.brochure import brochure
from zhupei.services.papers.brochure_check import CompletenessReport
from zhupei.services.papers.render import render_html, render_pdf

__all__ = [
    "HTML",
    "PDF",
    "READ",
    "BrochurePages",
    "brochure_checks",
    "brochure_now",
    "brochure_records",
    "hidden_version",
    "html_now",
    "load_brochure",
    "pages_now",
]

READ = "brochures.read"
"""The permission to see versions that are not published."""
HTML, PDF = "text/html; charset=utf-8", "application/pdf"


@dataclass(frozen=True, slots=True)
class BrochurePages:
    """The two forms of one brochure."""

    html: bytes
    pdf: bytes

    @property
    def by_hash(self) -> dict[str, tuple[str, bytes]]:
        """Media type and bytes by SHA-256."""
        return {_sha256(self.html): (HTML, self.html), _sha256(self.pdf): (PDF, self.pdf)}

    @property
    def hashes(self) -> tuple[str, str]:
        """The SHA-256 of the page and of the PDF."""
        return _sha256(self.html), _sha256(self.pdf)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def pages_now(catalogue: Catalogue, program: str) -> BrochurePages:
    """Return the pages of a program's brochure as the configuration makes them now.

    Raises UnprintableTextError: the font lacks characters of it.
    """

    def make() -> BrochurePages:
        paper = brochure(catalogue, program)
        html = render_html(paper, catalogue.documents).encode()
        return BrochurePages(html, render_pdf(paper, catalogue.documents))

    return await asyncio.to_thread(make)


async def html_now(catalogue: Catalogue, program: str) -> str:
    """Return the SHA-256 of the page as the configuration makes it now."""

    def make() -> str:
        paper = brochure(catalogue, program)
        return _sha256(render_html(paper, catalogue.documents).encode())

    return await asyncio.to_thread(make)


def brochure_checks(report: CompletenessReport) -> tuple[BrochureCheck, ...]:
    """Return a report as it is kept."""
    return tuple(
        BrochureCheck(
            topic=result.topic.value,
            label=result.topic.label,
            outcome=result.outcome.value,
            detail=result.detail,
            demanded=bool(result.demands),
            source=next((each.source for each in result.demands), None),
        )
        for result in report.results
    )


async def hidden_version(desk: Desk, against: Refusal, version: Brochure) -> Refusal:
    """Return a refusal to whoever may see a version; to others it is as if there were none.

    What was published is everybody's.
    """
    if version.state is BrochureState.PUBLISHED:
        return against
    missing = not_found("brochure", str(version.id))
    return await hidden(desk, against, missing, READ, base=version.base)


async def load_brochure(brochure_id: UUID) -> Brochure | None:
    """Return one version, None where there is none."""
    found = await brochure_records(await BrochureRow.filter(id=brochure_id))
    return found[0] if found else None


async def brochure_now(brochure_id: str) -> Brochure | Refusal:
    """Return the version with an id in writing, as it stands."""
    return await load_brochure(UUID(brochure_id)) or not_found("brochure", brochure_id)


async def brochure_records(rows: Iterable[BrochureRow]) -> tuple[Brochure, ...]:
    """Return the records of rows with their publications: one statement for all."""
    rows = list(rows)
    published: dict[UUID, list[BrochurePublication]] = {}
    if rows:
        found = await BrochurePublicationRow.filter(
            brochure_id__in=[row.id for row in rows]
        ).order_by("id")
        for each in found:
            published.setdefault(cast("Any", each).brochure_id, []).append(
                BrochurePublication(
                    place=each.place,
                    address=each.address,
                    published_at=each.published_at,
                    recorded_at=each.recorded_at,
                )
            )
    return tuple(_brochure(row, published.get(row.id, [])) for row in rows)


def _brochure(row: BrochureRow, published: Iterable[BrochurePublication]) -> Brochure:
    of: Any = row
    return Brochure(
        id=row.id,
        base=row.base_code,
        program=row.program_code,
        version=row.version,
        state=BrochureState(row.state),
        html=of.html_id,
        pdf=of.pdf_id,
        checks=tuple(restored(BrochureCheck, each) for each in row.checks),
        attested=tuple(row.attested),
        catalogue_hash=row.catalogue_hash,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        late_reason=row.late_reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        published_at=row.published_at,
        publications=tuple(published),
    )
