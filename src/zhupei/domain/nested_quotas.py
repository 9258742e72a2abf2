"""Nested quotas as one quota for each place, where that is exact; else which quota overlaps.

A seat counts against several quotas: its direction, its opening, the round's share, the base's
capacity, programs. Deferred acceptance knows one quota for each place. The reduction takes the
smallest quota around a place and then proves of every quota that several places share that it can
never be what stops somebody: even if each place fills as far as it can (its own quota, or as many
as ask for it), they stay within the shared one. Where the proof fails there would have to be an
order among the applicants of different places, which no document gives; so it is told, not guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NestedPlace", "Overlap", "single_quotas"]


@dataclass(frozen=True, slots=True)
class NestedPlace:
    """A place: the names of the quotas that its seats count against, and how many ask for it."""

    scopes: tuple[str, ...]
    demand: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """A quota that may stop places of their own quotas: ``wanted`` seats of ``left`` at worst."""

    scope: str
    left: int
    wanted: int
    places: tuple[str, ...]


def single_quotas(
    places: Mapping[str, NestedPlace], left: Mapping[str, int]
) -> tuple[dict[str, int], tuple[Overlap, ...]]:
    """Return one quota for each place, and every shared quota for which this is not exact.

    ``left`` is how many seats each quota has left. The quotas hold exactly where nothing overlaps.
    """
    quotas = {code: min(left[scope] for scope in place.scopes) for code, place in places.items()}
    sharing: dict[str, list[str]] = defaultdict(list)
    for code, place in places.items():
        if place.demand:
            for scope in place.scopes:
                sharing[scope].append(code)
    overlaps = []
    for scope, codes in sorted(sharing.items()):
        wanted = sum(min(quotas[code], places[code].demand) for code in codes)
        if wanted > left[scope]:
            overlaps.append(Overlap(scope, left[scope], wanted, tuple(sorted(codes))))
    return quotas, tuple(overlaps)
