"""Deferred acceptance: applicants propose, openings hold the best as far as their seats go.

The result is stable (nobody and no opening would rather have each other), the best stable one for
every applicant, the same whatever the order of the input, and no applicant can gain by listing
other preferences than the true ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappush, heapreplace

from zhupei.domain.matching_certificate import Certificate, CutOff
from zhupei.domain.matching_market import market_digest
from zhupei.domain.matching_priorities import CLAIM_BITS, PreparedMarket

__all__ = ["Matching", "certify", "deferred_acceptance", "seating"]

_AT_ONCE = 10_000
_WHOSE = (1 << CLAIM_BITS) - 1
_NO_CLAIM_ABOVE = 1 << 63


@dataclass(frozen=True, slots=True)
class Matching:
    """Where each applicant is placed (None: nowhere), and where each opening's admission ended."""

    placements: Mapping[str, str | None]
    cut_offs: Mapping[str, CutOff]


def deferred_acceptance(
    prepared: PreparedMarket, progress: Callable[[int, int], None] | None = None
) -> Matching:
    """Return the stable matching that is best for every applicant.

    ``progress`` is told now and then how many applicants of how many have been considered. The
    time grows with the number of entries in all lists, times the logarithm of a quota.
    """
    starts, choices, claims = prepared.starts, prepared.choices, prepared.claims
    quotas = [opening.quota for opening in prepared.openings]
    # What each opening holds: a heap of claims, the weakest on top.
    held: list[list[int]] = [[] for _ in quotas]
    # A claim above the bound is welcome: any while there are seats, then those above the weakest
    # held. Most proposals fail, and this tells it by one comparison.
    bounds = [0 if quota else _NO_CLAIM_ABOVE for quota in quotas]
    # An array, as the numbers of a list lie scattered, and who is displaced may be anywhere.
    entries = starts[:]
    count = len(starts) - 1
    for begin in range(0, count, _AT_ONCE):
        end = min(begin + _AT_ONCE, count)
        for newcomer in range(begin, end):
            applicant = newcomer
            pair = entries[applicant]
            beyond = starts[applicant + 1]
            while pair < beyond:
                choice = choices[pair]
                claim = claims[pair]
                pair += 1
                if claim <= bounds[choice]:
                    continue
                entries[applicant] = pair
                heap = held[choice]
                if len(heap) < quotas[choice]:
                    heappush(heap, claim)
                    if len(heap) == quotas[choice]:
                        bounds[choice] = heap[0]
                    break
                # Who is displaced goes on where that list had stopped.
                applicant = heapreplace(heap, claim) & _WHOSE
                bounds[choice] = heap[0]
                pair = entries[applicant]
                beyond = starts[applicant + 1]
        if progress is not None:
            progress(end, count)
    return seating(prepared, held)


def seating(prepared: PreparedMarket, held: list[list[int]]) -> Matching:
    """Return the matching in which each opening holds these claims."""
    applicants = prepared.applicants
    places: list[str | None] = [None] * len(applicants)
    cut_offs = {}
    for opening, claims in zip(prepared.openings, held, strict=True):
        code = opening.code
        if not claims:
            cut_offs[code] = CutOff(opening.quota, 0)
            continue
        for claim in claims:
            places[claim & _WHOSE] = code
        last = applicants[min(claims) & _WHOSE]
        cut_offs[code] = CutOff(opening.quota, len(claims), last, opening.ranking.values[last])
    return Matching(dict(zip(applicants, places, strict=True)), cut_offs)


def certify(prepared: PreparedMarket, matching: Matching) -> Certificate:
    """Return the matching bound to the data that it was made from, for `check_certificate`."""
    digest = market_digest(prepared.market)
    return Certificate(digest, matching.placements, matching.cut_offs)
