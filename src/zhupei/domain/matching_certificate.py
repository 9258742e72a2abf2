"""The checker of a matching: it proves a result from the market alone, without the matcher.

It shares no code with the matcher, not even for ties: a mistake would have to be made twice, in
two different algorithms, to go unnoticed. Stability is checked opening by opening from the lists
of those who would rather be there; that no stable matching is better for any applicant, by looking
for a cycle of applicants who could trade upwards. The stable matching that is best for the
applicants is the only one, so a result that passes is *the* result, and any change of it is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zhupei.domain.matching_market import (
    EarlierSubmission,
    HigherScore,
    Lottery,
    Market,
    MarketOpening,
    Measure,
    Score,
    figure,
    market_digest,
)
from zhupei.domain.text import Text

__all__ = [
    "Certificate",
    "CutOff",
    "Violation",
    "ViolationKind",
    "blocking_pairs",
    "check_certificate",
    "check_matching",
]


@dataclass(frozen=True, slots=True)
class CutOff:
    """Where an opening's admission ended: ``taken`` of ``quota`` seats.

    ``last`` is the admitted applicant with the weakest claim and ``value`` the score or rank of
    that applicant; None where nobody was admitted. It keeps others out only where ``full``.
    """

    quota: int
    taken: int
    last: str | None = None
    value: Score | None = None

    @property
    def full(self) -> bool:
        """Whether no seat is left."""
        return self.taken >= self.quota


@dataclass(frozen=True, slots=True)
class Certificate:
    """A result with what is needed to verify it: the digest of the market it was made from."""

    market: str
    placements: Mapping[str, str | None]
    cut_offs: Mapping[str, CutOff]


class ViolationKind(StrEnum):
    """What is wrong with a result."""

    MARKET_CHANGED = "market_changed"
    APPLICANT_MISSING = "applicant_missing"
    APPLICANT_UNKNOWN = "applicant_unknown"
    OPENING_UNKNOWN = "opening_unknown"
    PLACED_TWICE = "placed_twice"
    NOT_LISTED = "not_listed"
    NOT_RANKED = "not_ranked"
    QUOTA_EXCEEDED = "quota_exceeded"
    BLOCKING_PAIR = "blocking_pair"
    TIE_UNDECIDED = "tie_undecided"
    NOT_OPTIMAL = "not_optimal"
    CUT_OFF_WRONG = "cut_off_wrong"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong, and for which pair.

    ``others`` are the applicants who also concern it: who holds the seat of a blocking pair (none
    where the seat is empty), or who trades with ``applicant`` where the result is not optimal.
    """

    kind: ViolationKind
    message: Text
    applicant: str | None = None
    opening: str | None = None
    others: tuple[str, ...] = ()


class _Claims:
    """Who has the better claim at one opening, straight from the numbers and the rule."""

    def __init__(self, market: Market, opening: MarketOpening) -> None:
        self.opening = opening
        self.values: Mapping[str, Score] = opening.ranking.values
        self._sign = 1 if opening.ranking.measure is Measure.SCORES else -1
        self._criteria = (market.ties if opening.ties is None else opening.ties).criteria

    def compare(self, one: str, other: str) -> int:
        """Return 1 where ``one`` goes before ``other``, -1 where after, 0 where undecided."""
        mine, theirs = self.values[one], self.values[other]
        if mine != theirs:
            return self._sign if mine > theirs else -self._sign
        if one == other:
            return 0
        for criterion in self._criteria:
            decided = 0
            if isinstance(criterion, EarlierSubmission):
                decided = _sooner(criterion.submitted_at, one, other)
            elif isinstance(criterion, HigherScore):
                decided = -_sooner(criterion.scores.values, one, other)
            elif isinstance(criterion, Lottery):
                draws = [self._draw(criterion, name) for name in (one, other)]
                decided = (draws[0] < draws[1]) - (draws[0] > draws[1])
            if decided:
                return decided
        return 0

    def _draw(self, lottery: Lottery, name: str) -> str:
        lines = [lottery.seed, name]
        if lottery.per_opening:
            lines.insert(1, self.opening.code)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def foremost(self, names: list[str], direction: int) -> tuple[list[str], str | None]:
        """Return who of them is ranked, and the strongest (1) or weakest (-1) of those."""
        ranked = self.values
        try:
            values = list(map(ranked.__getitem__, names))
        except KeyError:
            names = [name for name in names if name in ranked]
            values = [ranked[name] for name in names]
        if not names:
            return names, None
        extreme = (max if self._sign == direction else min)(values)
        first = names[values.index(extreme)]
        if values.count(extreme) > 1:
            for name, value in zip(names, values, strict=True):
                if value == extreme and self.compare(name, first) == direction:
                    first = name
        return names, first


@dataclass(slots=True)
class _Side:
    """Who is at an opening and who would rather be there, as far as it ranks them.

    ``last`` is the holder with the weakest claim, ``following`` the wisher with the strongest.
    ``intruders`` are at the opening although it does not rank them.
    """

    opening: MarketOpening
    claims: _Claims
    holders: list[str]
    last: str | None
    wishers: list[str]
    following: str | None
    intruders: list[str]


def check_certificate(market: Market, certificate: Certificate) -> tuple[Violation, ...]:
    """Return everything that is wrong with a certificate; empty where it holds.

    Beyond `check_matching`: it belongs to exactly this market, and its cut-offs are right.
    """
    found = []
    if certificate.market != market_digest(market):
        text = Text("结果所依据的数据与现有数据不符", "the result was made from other data")
        found.append(Violation(ViolationKind.MARKET_CHANGED, text))
    sides, strays = _sides(market, certificate.placements)
    found += _wrong_matching(market, certificate.placements, sides, strays)
    found += _wrong_cut_offs(certificate.cut_offs, sides)
    return tuple(found)


def check_matching(market: Market, placements: Mapping[str, str | None]) -> tuple[Violation, ...]:
    """Return everything that is wrong with a result of deferred acceptance; empty where right.

    ``market`` is one that `prepare` accepts. A result that passes is complete, keeps every quota,
    places people only where both sides agreed, has no blocking pair, and is the best stable one
    for every applicant.
    """
    sides, strays = _sides(market, placements)
    return tuple(_wrong_matching(market, placements, sides, strays))


def blocking_pairs(market: Market, placements: Mapping[str, str | None]) -> Iterator[Violation]:
    """Return every applicant and opening that would both rather have each other.

    The opening has an empty seat or holds somebody with a weaker claim.
    """
    return _blocking(_sides(market, placements)[0])


def _sides(market: Market, placements: Mapping[str, str | None]) -> tuple[list[_Side], list[str]]:
    """Return each opening's side, and the applicants who are at none that they listed."""
    holders: dict[str, list[str]] = {opening.code: [] for opening in market.openings}
    wishers: dict[str, list[str]] = {opening.code: [] for opening in market.openings}
    strays = []
    wishes = {code: names.append for code, names in wishers.items()}
    placed = placements.get
    for name, codes in market.preferences.items():
        own = placed(name)
        for code in codes:
            if code == own:
                holders[code].append(name)
                break
            wishes[code](name)
        else:
            if own is not None or name not in placements:
                strays.append(name)
    sides = []
    for opening in market.openings:
        claims, there = _Claims(market, opening), holders[opening.code]
        wished = wishers[opening.code]
        held, last = claims.foremost(there, -1) if there else (there, None)
        wished, following = claims.foremost(wished, 1) if wished else (wished, None)
        ranked = opening.ranking.values
        intruders = (
            [] if len(held) == len(there) else [name for name in there if name not in ranked]
        )
        sides.append(_Side(opening, claims, held, last, wished, following, intruders))
    return sides, strays


def _wrong_matching(
    market: Market,
    placements: Mapping[str, str | None],
    sides: Sequence[_Side],
    strays: Sequence[str],
) -> list[Violation]:
    found = [*_misplaced(market, placements, sides, strays), *_blocking(sides)]
    # Only a stable matching can be asked whether it is the best of them.
    return found or [*_trades(placements, sides)]


def _misplaced(
    market: Market,
    placements: Mapping[str, str | None],
    sides: Sequence[_Side],
    strays: Sequence[str],
) -> Iterator[Violation]:
    kind = ViolationKind
    for side in sides:
        code, quota = side.opening.code, side.opening.quota
        for name in side.intruders:
            text = Text(f"{code} 未将 {name} 列入排序", f"{code} did not rank {name}")
            yield Violation(kind.NOT_RANKED, text, name, code)
        count = len(side.holders) + len(side.intruders)
        if count > quota:
            text = Text(
                f"{code} 有 {quota} 个名额，录取了 {count} 人",
                f"{code} took {count} applicants on a quota of {quota}",
            )
            yield Violation(kind.QUOTA_EXCEEDED, text, opening=code)
    codes = {side.opening.code for side in sides} if strays else set()
    missing = 0
    for name in strays:
        own = placements.get(name)
        if own is None:
            missing += 1
            text = Text(f"结果中缺少申请人 {name}", f"applicant {name} is missing in the result")
            yield Violation(kind.APPLICANT_MISSING, text, name)
        elif own in codes:
            text = Text(f"{name} 未填报 {own}", f"{name} did not list {own}")
            yield Violation(kind.NOT_LISTED, text, name, own)
        else:
            text = Text(
                f"{name} 被录取到不存在的 {own}", f"{name} is at {own}, which does not exist"
            )
            yield Violation(kind.OPENING_UNKNOWN, text, name, own)
    if len(placements) > len(market.preferences) - missing:
        for name, own in placements.items():
            if name not in market.preferences:
                text = Text(f"{name} 未参加本轮", f"{name} does not take part")
                yield Violation(kind.APPLICANT_UNKNOWN, text, name, own)


def _blocking(sides: Sequence[_Side]) -> Iterator[Violation]:
    kind = ViolationKind.BLOCKING_PAIR
    for side in sides:
        code, quota, last = side.opening.code, side.opening.quota, side.last
        if side.following is None or quota <= 0:
            continue
        if last is None or len(side.holders) + len(side.intruders) < quota:
            for name in side.wishers:
                text = Text(
                    f"{name} 更愿意去 {code}，那里还有空余名额",
                    f"{name} would rather be at {code}, which has an empty seat",
                )
                yield Violation(kind, text, name, code)
            continue
        if side.claims.compare(side.following, last) < 0:
            continue
        for name in side.wishers:
            order = side.claims.compare(name, last)
            if order > 0:
                text = Text(
                    f"{name} 更愿意去 {code}，且在那里排在已录取的 {last} 之前",
                    f"{name} would rather be at {code} and goes there before {last}, who was taken",
                )
                yield Violation(kind, text, name, code, (last,))
            elif order == 0:
                text = Text(
                    f"{name} 与已录取的 {last} 在 {code} 并列，规则无法区分",
                    f"{name} is tied at {code} with {last}, who was taken; no rule decides",
                )
                yield Violation(ViolationKind.TIE_UNDECIDED, text, name, code, (last,))


def _trades(placements: Mapping[str, str | None], sides: Sequence[_Side]) -> Iterator[Violation]:
    """Yield a cycle of applicants who could all move up without making the matching unstable.

    If some stable matching is better for somebody, then an opening that gains an applicant there
    must gain the strongest of those who would rather be at it now; that one leaves an opening,
    which must gain in turn, as every stable matching fills an opening to the same number. This
    goes on for ever, so it comes back to where it was. Without such a cycle there is no better.
    """
    leaving: dict[str, tuple[str, str]] = {}
    for side in sides:
        mover = side.following
        origin = None if mover is None else placements[mover]
        if mover is not None and origin is not None and side.holders:
            leaving[side.opening.code] = (mover, origin)
    done: set[str] = set()
    for begin in leaving:
        path: dict[str, str] = {}
        code = begin
        while code in leaving and code not in done:
            done.add(code)
            path[code], code = leaving[code]
        if code in path:
            codes = list(path)
            movers = [path[place] for place in codes[codes.index(code) :]]
            text = Text(
                f"{'、'.join(movers)} 可以同时改善录取结果而不损害稳定性",
                f"{', '.join(movers)} could all be better off in another stable result",
            )
            kind = ViolationKind.NOT_OPTIMAL
            yield Violation(kind, text, movers[0], code, tuple(movers[1:]))


def _wrong_cut_offs(given: Mapping[str, CutOff], sides: Sequence[_Side]) -> Iterator[Violation]:
    kind = ViolationKind.CUT_OFF_WRONG
    codes = {side.opening.code for side in sides}
    for code in given:
        if code not in codes:
            text = Text(f"{code} 不存在，却有分数线", f"{code} has a cut-off and does not exist")
            yield Violation(kind, text, opening=code)
    for side in sides:
        code, quota, taken = side.opening.code, side.opening.quota, len(side.holders)
        value = None if side.last is None else side.claims.values[side.last]
        if given.get(code) != CutOff(quota, taken, side.last, value):
            shown = "—" if value is None else figure(value)
            text = Text(
                f"{code} 的分数线应为 {shown}（{taken}/{quota}）",
                f"the cut-off of {code} should be {shown} ({taken} of {quota} seats)",
            )
            yield Violation(kind, text, side.last, code)


def _sooner(values: Mapping[str, object], one: str, other: str) -> int:
    """Return 1 where the value of ``one`` is the smaller, -1 where it is the larger, else 0."""
    mine, theirs = values.get(one), values.get(other)
    if mine is None or theirs is None:
        return 0
    return (mine < theirs) - (mine > theirs)  # type: ignore[operator,no-any-return]  # one type
