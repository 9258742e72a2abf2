"""Versions of brochures as rows, and how they are asked for."""

from __future__ import annotations

from collections.abc import Iterable

from zhupei.db.models import BrochureRow
from zhupei.db.reading import Condition, Order, PageQuery, among, any_of, read_objects
from zhupei.db.tables import RowSource, columns, listed_from, member
from zhupei.domain.brochures import Brochure, BrochureCheck, BrochurePublication, BrochureState
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.searching import seen_by
from zhupei.services.brochures.rows import READ

__all__ = ["MOST_VERSIONS", "VERSIONS", "brochure_versions", "version_query"]

MOST_VERSIONS = 1000
"""How many versions of a program are given, the newest."""

VERSIONS = RowSource(
    described=Brochure,
    model=BrochureRow,
    alias="v",
    attributes={
        **columns("id", "version", "catalogue_hash", "submitted_by", "submitted_at", "due_at"),
        **columns("late_reason", "decided_by", "decided_at", "reason", "published_at"),
        **columns(base="base_code", program="program_code", html="html_id", pdf="pdf_id"),
        "state": member(BrochureState, "state"),
        "checks": listed_from(BrochureCheck, "{t}.checks"),
        "attested": listed_from(str, "{t}.attested"),
        "publications": listed_from(
            BrochurePublication,
            """(SELECT coalesce(json_agg(json_build_object('place', w.place,
            'address', w.address, 'published_at', w.published_at,
            'recorded_at', w.recorded_at) ORDER BY w.id), '[]')
            FROM brochure_publication w WHERE w.brochure_id = {t}.id)""",
        ),
    },
    derived={"late": frozenset({"due_at", "submitted_at"})},
)
"""Versions, as `Brochure` has them."""


async def version_query(
    desk: Desk, names: Iterable[str] | None, *, program: str | None = None
) -> PageQuery:
    """Ask for versions, of a program or of any, the newest first; for all attributes with None.

    What was published is everybody's; other versions are shown to those who work on them.
    """
    seen = await seen_by(desk, READ)
    published = Condition("v.state = ?", (BrochureState.PUBLISHED.value,))
    conditions = [any_of([published, among("v.base_code", seen.bases, "text")])]
    if program is not None:
        conditions.append(Condition("v.program_code = ?", (program,)))
    return PageQuery(
        source=VERSIONS,
        conditions=tuple(conditions),
        order=Order("v.id", "v.version", descending=True),
        view=VERSIONS.view(names),
        first=MOST_VERSIONS,
    )


async def brochure_versions(desk: Desk, program: str) -> tuple[Brochure, ...]:
    """Return the versions of a program's brochure that the actor may see, the newest first."""
    query = await version_query(desk, None, program=program)
    with desk.database.use():
        return tuple(await read_objects(query, MOST_VERSIONS))
