"""What can be wrong with a market: everything is found at once, before anything is decided."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain

from zhupei.domain.matching_market import (
    EarlierSubmission,
    HigherScore,
    Lottery,
    Market,
    MarketOpening,
    Measure,
    Ranks,
    Score,
    Scores,
    TieRule,
    figure,
)
from zhupei.domain.text import Text

__all__ = ["MarketError", "MarketProblem", "problems_of", "warnings_of"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class MarketProblem:
    """One thing that is wrong with a market, and with whom."""

    code: str
    message: Text
    applicant: str | None = None
    opening: str | None = None


class MarketError(ValueError):
    """Raised for a market that cannot be matched; ``problems`` holds everything at once."""

    def __init__(self, problems: tuple[MarketProblem, ...]) -> None:
        self.problems = problems
        more = len(problems) - _SHOWN
        zh = [problem.message.zh for problem in problems[:_SHOWN]]
        en = [str(problem.message.en) for problem in problems[:_SHOWN]]
        if more > 0:
            zh.append(f"另有 {more} 个问题")
            en.append(f"and {more} more problems")
        self.message = Text("；".join(zh), "; ".join(en))
        super().__init__(self.message.en)


def problems_of(market: Market) -> list[MarketProblem]:
    """Return everything that is wrong, apart from ties that the rule does not decide."""
    problems = []
    codes: set[str] = set()
    for opening in market.openings:
        code = opening.code
        if code in codes:
            text = Text(f"招录岗位 {code} 出现了两次", f"opening {code} is there twice")
            problems.append(MarketProblem("OPENING_DUPLICATE", text, opening=code))
        codes.add(code)
        problems += _of_opening(opening, market)
        problems += [] if opening.ties is None else _of_rule(opening.ties)
    problems += _of_rule(market.ties)
    # At once for all lists where they are right, one by one only to tell what is wrong.
    lists = market.preferences.values()
    if not (
        set(map(type, lists)) <= {list, tuple}
        and set(chain.from_iterable(lists)) <= codes
        and list(map(len, lists)) == list(map(len, map(set, lists)))
    ):
        problems += _of_preferences(market, codes)
    return problems


def warnings_of(market: Market) -> tuple[MarketProblem, ...]:
    """Return what may be meant but should be looked at by a person first."""
    return tuple(chain.from_iterable(map(_suspicions, market.openings)))


def _of_preferences(market: Market, known: set[str]) -> Iterator[MarketProblem]:
    for name, codes in market.preferences.items():
        if not isinstance(codes, list | tuple):
            text = Text(
                f"申请人 {name} 的志愿不是列表：{codes!r}",
                f"the preferences of applicant {name} are not a list: {codes!r}",
            )
            yield MarketProblem("PREFERENCES_NOT_A_LIST", text, name)
            continue
        for code in dict.fromkeys(codes):
            if code not in known:
                text = Text(
                    f"申请人 {name} 填报了不存在的招录岗位 {code}",
                    f"applicant {name} lists opening {code}, which does not exist",
                )
                yield MarketProblem("PREFERENCE_UNKNOWN_OPENING", text, name, code)
            if codes.count(code) > 1:
                text = Text(
                    f"申请人 {name} 重复填报了 {code}", f"applicant {name} lists {code} twice"
                )
                yield MarketProblem("PREFERENCE_DUPLICATE", text, name, code)


def _of_opening(opening: MarketOpening, market: Market) -> Iterator[MarketProblem]:
    code, quota, ranking = opening.code, opening.quota, opening.ranking
    # What comes from files may be anything, whatever the annotations say.
    given: object = quota
    if given is None:
        text = Text(f"{code} 未公布名额，无法匹配", f"{code} has no published quota")
        yield MarketProblem("QUOTA_UNKNOWN", text, opening=code)
    elif type(given) is not int:
        text = Text(
            f"{code} 的名额须为整数：{given!r}",
            f"the quota of {code} is no whole number: {given!r}",
        )
        yield MarketProblem("QUOTA_NOT_WHOLE", text, opening=code)
    elif quota < 0:
        text = Text(f"{code} 的名额为负数：{quota}", f"the quota of {code} is negative: {quota}")
        yield MarketProblem("QUOTA_NEGATIVE", text, opening=code)
    if not isinstance(ranking, Scores | Ranks):
        text = Text(
            f"{code} 的排序须声明为成绩（Scores）或名次（Ranks）："
            "一列数字本身不说明高者优先还是低者优先",
            f"the ranking of {code} must be declared as Scores or Ranks: numbers alone do not say "
            "whether high or low is better",
        )
        yield MarketProblem("RANKING_UNTYPED", text, opening=code)
        return
    if market.measure is not None and ranking.measure is not market.measure:
        names = {Measure.SCORES: Text("成绩", "scores"), Measure.RANKS: Text("名次", "ranks")}
        wanted, found = names[market.measure], names[ranking.measure]
        text = Text(
            f"{code} 应提供{wanted.zh}，实际提供了{found.zh}",
            f"{code} must give {wanted.en} and gives {found.en}",
        )
        yield MarketProblem("RANKING_WRONG_MEASURE", text, opening=code)
    if not ranking.values.keys() <= market.preferences.keys():
        for name in ranking.values:
            if name not in market.preferences:
                text = Text(
                    f"{code} 的排序中有未参加本轮的申请人 {name}",
                    f"{code} ranks applicant {name}, who does not take part",
                )
                yield MarketProblem("RANKING_UNKNOWN_APPLICANT", text, name, code)
    yield from _of_values(ranking, code)


def _of_values(ranking: Scores | Ranks, place: str) -> Iterator[MarketProblem]:
    values: Mapping[str, Score] = ranking.values
    lowest, highest = 1, None
    if isinstance(ranking, Scores):
        lowest, highest = ranking.lowest, ranking.highest  # type: ignore[assignment]  # also None
    # One pass in C over a column that is right, which nearly all are.
    if set(map(type, values.values())) <= {int} and not (
        values
        and (
            (lowest is not None and min(values.values()) < lowest)
            or (highest is not None and max(values.values()) > highest)
        )
    ):
        return
    for name, value in values.items():
        problem = _of_value(ranking, value)
        if problem is None:
            continue
        code, text = problem
        message = Text(
            f"{place} 的申请人 {name}：{text.zh}", f"applicant {name} at {place}: {text.en}"
        )
        yield MarketProblem(code, message, name, place)


def _of_value(ranking: Scores | Ranks, value: object) -> tuple[str, Text] | None:
    if isinstance(ranking, Ranks):
        if type(value) is not int or value < 1:
            return "RANK_NOT_WHOLE", Text(
                f"名次须为 1 以上的整数，实为 {value}",
                f"a rank is a whole number from 1, not {value}",
            )
        return None
    if isinstance(value, float) and math.isfinite(value):
        return "SCORE_INEXACT", Text(
            f"成绩须为整数或十进制小数（Decimal），实为浮点数 {value}",
            f"a score is an int or a Decimal, not the float {value}",
        )
    if type(value) is not int and not (isinstance(value, Decimal) and value.is_finite()):
        return "SCORE_NOT_A_NUMBER", Text(
            f"成绩不是数：{value}", f"the score is no number: {value}"
        )
    low, high = ranking.lowest, ranking.highest
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = [("" if bound is None else figure(bound)) for bound in (low, high)]
        return "SCORE_OUT_OF_RANGE", Text(
            f"成绩 {figure(value)} 超出范围 {bounds[0]}–{bounds[1]}",
            f"the score {figure(value)} is outside {bounds[0]}–{bounds[1]}",
        )
    return None


def _of_rule(ties: TieRule) -> Iterator[MarketProblem]:
    for criterion in ties.criteria:
        match criterion:
            case EarlierSubmission():
                for name, moment in criterion.submitted_at.items():
                    if not isinstance(moment, datetime) or moment.utcoffset() is None:
                        text = Text(
                            f"申请人 {name} 的提交时间没有时区：{moment}",
                            f"the submission time of applicant {name} has no time zone: {moment}",
                        )
                        yield MarketProblem("TIE_TIME_WITHOUT_ZONE", text, name)
            case HigherScore():
                given: object = criterion.scores
                if not isinstance(given, Scores):
                    text = Text(
                        f"“{criterion.label.zh}”须声明为成绩（Scores）",
                        f'"{criterion.label.en}" must be declared as Scores',
                    )
                    yield MarketProblem("RANKING_UNTYPED", text)
                    continue
                yield from _of_values(criterion.scores, str(criterion.label.en))
            case Lottery():
                if not criterion.seed:
                    text = Text("抽签缺少公开种子", "the lottery has no published seed")
                    yield MarketProblem("LOTTERY_WITHOUT_SEED", text)


def _suspicions(opening: MarketOpening) -> Iterator[MarketProblem]:
    """Warn of scores that are exactly what a column of ranks would be (1, 2, 2, 4 ...)."""
    ranking = opening.ranking
    if not isinstance(ranking, Scores) or len(ranking.values) < 3:
        return
    # The lowest alone tells it of nearly every column, and is cheap.
    numbers = ranking.values.values()
    if min(numbers) != 1:
        return
    ordered = sorted(numbers)
    first: dict[Score, int] = {}
    for place, value in enumerate(ordered, 1):
        first.setdefault(value, place)
    if all(value == place for value, place in first.items()):
        code, count = opening.code, len(ordered)
        text = Text(
            f"{code} 的 {count} 个成绩恰好是 1 至 {count} 的名次，是否误把名次列当作成绩？",
            f"the {count} scores of {code} are exactly the ranks 1 to {count}: is a column of "
            "ranks taken for scores?",
        )
        yield MarketProblem("SCORES_LOOK_LIKE_RANKS", text, opening=code)
