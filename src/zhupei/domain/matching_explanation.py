"""Why one applicant was placed where: choice by choice, in Chinese and English.

Nothing of other applicants is told but how many they are and where the admission ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zhupei.domain.matching import Matching
from zhupei.domain.matching_market import Measure, Score, figure
from zhupei.domain.matching_priorities import CLAIM_BITS, PreparedMarket, deciding_criterion
from zhupei.domain.text import Text

__all__ = ["Explainer", "Reason", "Verdict", "explanation"]


class Verdict(StrEnum):
    """What became of one choice."""

    PLACED = "placed"
    OUTRANKED = "outranked"
    """All seats went to applicants who are ranked before."""
    NOT_RANKED = "not_ranked"
    NO_SEATS = "no_seats"
    NOT_NEEDED = "not_needed"
    """There is a seat at a choice that the applicant prefers."""
    NOT_CONSIDERED = "not_considered"
    """The application did not take part: withdrawn, refused, or not reviewed in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What became of the choice with the number ``choice``, which counts from 1.

    ``rank`` is the place among the ``ranked`` applicants who listed the opening and are ranked by
    it. ``value`` is the applicant's score or rank there, ``cut_off`` that of the last one admitted
    (None where seats are left, as then nobody is kept out). ``tie`` says by which criterion an
    equal figure lost.
    """

    choice: int
    opening: str
    verdict: Verdict
    quota: int
    taken: int
    ranked: int
    measure: Measure
    rank: int | None = None
    value: Score | None = None
    cut_off: Score | None = None
    tie: Text | None = None


class Explainer:
    """Explains a matching to its applicants, one by one.

    ``labels`` gives names of openings; a code stands for itself where there is none.
    """

    def __init__(
        self,
        prepared: PreparedMarket,
        matching: Matching,
        labels: Mapping[str, Text] | None = None,
    ) -> None:
        self._prepared = prepared
        self._matching = matching
        self._labels = labels or {}
        self._numbers = {name: number for number, name in enumerate(prepared.applicants)}

    def reasons(self, applicant: str) -> tuple[Reason, ...]:
        """Return what became of each choice, the most wanted first.

        Raises:
            KeyError: for somebody who does not take part.
        """
        number, starts = self._numbers[applicant], self._prepared.starts
        own = self._matching.placements[applicant]
        found: list[Reason] = []
        placed = False
        for pair in range(starts[number], starts[number + 1]):
            reason = self._reason(applicant, pair, len(found) + 1, own, placed=placed)
            placed = placed or reason.verdict is Verdict.PLACED
            found.append(reason)
        return tuple(found)

    def text(self, applicant: str) -> Text:
        """Return the reasons as lines of text, the result first.

        Raises:
            KeyError: for somebody who does not take part.
        """
        return explanation(self.reasons(applicant), self._labels)

    def _reason(
        self, applicant: str, pair: int, choice: int, own: str | None, *, placed: bool
    ) -> Reason:
        prepared = self._prepared
        number = prepared.choices[pair]
        opening, ranked = prepared.openings[number], len(prepared.orders[number])
        cut_off = self._matching.cut_offs[opening.code]
        above = prepared.claims[pair] >> CLAIM_BITS
        value = opening.ranking.values[applicant] if above else None
        full = cut_off.full and cut_off.last is not None
        verdict, tie = Verdict.OUTRANKED, None
        if opening.code == own:
            verdict = Verdict.PLACED
        elif placed:
            verdict = Verdict.NOT_NEEDED
        elif not above:
            verdict = Verdict.NOT_RANKED
        elif not opening.quota:
            verdict = Verdict.NO_SEATS
        elif cut_off.last is not None and value == cut_off.value:
            criterion = deciding_criterion(prepared.market, opening, applicant, cut_off.last)
            tie = None if criterion is None else criterion.label
        return Reason(
            choice=choice,
            opening=opening.code,
            verdict=verdict,
            quota=opening.quota,
            taken=cut_off.taken,
            ranked=ranked,
            measure=opening.ranking.measure,
            rank=ranked - above + 1 if above else None,
            value=value,
            cut_off=cut_off.value if full else None,
            tie=tie,
        )


def explanation(reasons: Sequence[Reason], labels: Mapping[str, Text]) -> Text:
    """Return reasons as lines of text, the result first; a code without label stands for itself."""
    lines = [_result(reasons, labels), *(_line(reason, labels) for reason in reasons)]
    return Text("\n".join(line.zh for line in lines), "\n".join(str(line.en) for line in lines))


def _result(reasons: Sequence[Reason], labels: Mapping[str, Text]) -> Text:
    for reason in reasons:
        if reason.verdict is Verdict.PLACED:
            name, choice = _name(reason, labels), reason.choice
            return Text(
                f"录取结果：第{choice}志愿 {name.zh}。",
                f"Result: your {_ordinal(choice)} choice, {name.en}.",
            )
    if not reasons:
        return Text(
            "录取结果：未录取，因为没有填报志愿。",
            "Result: no seat, because you listed no opening.",
        )
    return Text("录取结果：未录取。", "Result: no seat.")


def _line(reason: Reason, labels: Mapping[str, Text]) -> Text:
    name = _name(reason, labels)
    begin = Text(
        f"第{reason.choice}志愿 {name.zh}：",
        f"Your {_ordinal(reason.choice)} choice {name.en}: ",
    )
    rest = _RESTS.get(reason.verdict) or _standing(reason)
    return Text(begin.zh + rest.zh, f"{begin.en}{rest.en}")


def _name(reason: Reason, labels: Mapping[str, Text]) -> Text:
    label = labels.get(reason.opening)
    if label is None:
        return Text(reason.opening, reason.opening)
    return Text(label.zh, label.en or label.zh)


_RESTS = {
    Verdict.NOT_RANKED: Text(
        "该岗位未将您列入排序，因此不能录取您。", "it did not rank you, so it could not take you."
    ),
    Verdict.NO_SEATS: Text("该岗位没有名额。", "it has no seats."),
    Verdict.NOT_NEEDED: Text(
        "您已被更靠前的志愿录取，无需考虑。",
        "not needed, as you have a seat at a choice before it.",
    ),
    Verdict.NOT_CONSIDERED: Text(
        "该志愿未参加匹配（已撤回、未通过审核或审核未完成）。",
        "it took no part, as it was withdrawn, refused or not reviewed in time.",
    ),
}


def _standing(reason: Reason) -> Text:
    """Return the text of a choice where the order decided."""
    quota, rank = reason.quota, reason.rank or 0
    seats = "1 seat" if quota == 1 else f"{quota} seats"
    if reason.verdict is Verdict.PLACED:
        first = Text(f"共 {quota} 个名额，您占其中一个", f"{seats}, one of them yours")
    else:
        above = "taken by an applicant" if quota == 1 else "all taken by applicants"
        first = Text(
            f"共 {quota} 个名额，已全部由排名在您之前的申请人占用",
            f"{seats}, {above} ranked above you",
        )
    figures = _figures(reason)
    return Text(
        f"{first.zh}；{figures.zh}在列入排序的 {reason.ranked} 名填报者中，您排第 {rank} 名。",
        f"{first.en}; {figures.en}you are ranked {_ordinal(rank)} of the {reason.ranked} who "
        "listed it and were ranked by it.",
    )


def _figures(reason: Reason) -> Text:
    scores = reason.measure is Measure.SCORES
    own = "—" if reason.value is None else figure(reason.value)
    mine = Text(
        f"您的{'成绩' if scores else '名次'}为 {own}",
        f"your {'score' if scores else 'rank'} is {own}",
    )
    if reason.cut_off is None:
        return Text(
            f"名额未满，没有分数线，{mine.zh}；",
            f"not all are taken, so there is no cut-off; {mine.en}; ",
        )
    cut = figure(reason.cut_off)
    limit = Text(f"{'分数线' if scores else '最后录取名次'}为 {cut}", f"the cut-off is {cut}")
    if reason.tie is None:
        return Text(f"{limit.zh}，{mine.zh}；", f"{limit.en}, {mine.en}; ")
    return Text(
        f"{limit.zh}，{mine.zh}，与最后录取者相同，按“{reason.tie.zh}”的规则排在其后；",
        f"{limit.en}, {mine.en}, equal to the last one taken, who goes first by the rule "
        f'"{reason.tie.en}"; ',
    )


def _ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, 11th, 21st ..."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"
