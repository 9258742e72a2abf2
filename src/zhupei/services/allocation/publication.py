"""Publication: when applicants may learn what a run made of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.reading import Condition, read_rows
from zhupei.domain.admission_process import ApplicationState, path_of
from zhupei.services.admissions.register_rows import PROPOSED_LISTS

__all__ = ["is_published"]


async def is_published(
    catalogue: Catalogue, openings: Iterable[str], round_code: str, since: datetime
) -> bool:
    """Whether every program of these openings has published its list of the round since.

    ``openings`` are those at which the run placed somebody: the others have no list to publish.
    """
    waited_for = set()
    for opening in sorted(set(openings)):
        code = opening.rpartition("/")[0]
        # An opening may have steps of its own.
        program = catalogue.program_binding(code, opening)
        if program is None:
            return False
        if ApplicationState.IN_PUBLICITY in path_of(program, round_code):
            waited_for.add(code)
    if not waited_for:
        return True
    lists = await read_rows(
        PROPOSED_LISTS,
        frozenset({"program"}),
        Condition(
            "l.program_code = ANY(?::text[]) AND l.round_code = ? AND l.published_at >= ? "
            "AND l.withdrawn_at IS NULL",
            (sorted(waited_for), round_code, since),
        ),
    )
    return waited_for == {each.program for each in lists}
