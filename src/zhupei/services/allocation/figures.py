"""Figures of a matching: who got which preference, which seats stay empty, by specialty."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.allocation import AllocationFigures, SpecialtyFigures
from zhupei.domain.matching_simulation import Outcome
from zhupei.domain.text import Text
from zhupei.services.allocation.market import Gathered

__all__ = ["figures_of"]


def figures_of(catalogue: Catalogue, gathered: Gathered, outcome: Outcome) -> AllocationFigures:
    """Return the figures of an outcome; preferences count as they were filed."""
    placements: Mapping[str, str | None] = outcome.matching.placements
    met: Counter[int] = Counter()
    placed_at: Counter[str] = Counter()
    for each in gathered.candidacies:
        if placements[str(each.applicant)] == each.place:
            met[each.preference] += 1
            placed_at[each.place] += 1
    longest = max((each.preference for each in gathered.candidacies), default=0)
    seats: dict[str, int] = defaultdict(int)
    placed: dict[str, int] = defaultdict(int)
    short: dict[str, bool] = defaultdict(bool)
    names: dict[str, Text] = {}
    for code, place in gathered.places.items():
        opening = catalogue.openings[place.opening]
        seats[opening.specialty] += place.quota
        placed[opening.specialty] += placed_at[code]
        short[opening.specialty] |= bool(opening.shortage_purposes)
        names.setdefault(opening.specialty, opening.specialty_name)
    return AllocationFigures(
        mechanism=outcome.mechanism,
        applicants=len(placements),
        applications=len(gathered.candidacies),
        waiting=gathered.waiting,
        placed=outcome.placed,
        seats=sum(seats.values()),
        by_preference=tuple(met[number] for number in range(1, longest + 1)),
        blocking_pairs=outcome.blocking_pairs,
        specialties=tuple(
            SpecialtyFigures(
                specialty=code,
                name=names[code],
                shortage=short[code],
                seats=seats[code],
                placed=placed[code],
            )
            for code in sorted(seats)
        ),
    )
