"""How long an expression may take: a bound that is known before it is ever computed.

The library that computes expressions cannot be interrupted, and a list asked item by item within
another, or one that grows from step to step, can take longer than anybody waits. The bound is
rough; what rules ask stays far below it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from zhupei.config.expression_syntax import (
    Binary,
    Call,
    Conditional,
    ExpressionError,
    Index,
    Items,
    Literal,
    Member,
    Name,
    Node,
    Unary,
)

__all__ = ["refuse_endless"]

# A step takes less than a microsecond: an answer comes within a tenth of a second, and within two
# where a pattern is as long as may be.
_MOST_STEPS = 150_000
# How many items a list of facts has: far more than anybody's degrees. It is chosen so that two
# such lists, one asked within the other, are refused: who asks may send thousands of items.
_FACT_ITEMS = 200
_FACT_SIZE = 20
_MACROS = frozenset({"exists", "all", "exists_one", "filter", "map"})
_COUNTED = re.compile(r"\{(?:[0-9]*,)?([0-9]+)")
# Letters of all scripts and the like (\w, \p): made ready, each is as long as a hundred words.
_CLASS = re.compile(r"\\[A-Za-z]")
_CLASS_STEPS = 30


@dataclass(frozen=True, slots=True)
class _Cost:
    """The steps to a value; the items that it has as a list, and the size of each."""

    steps: int
    items: int = 1
    size: int = 1

    @property
    def whole(self) -> int:
        return self.items * self.size


_FACT = _Cost(1, _FACT_ITEMS, _FACT_SIZE)


def refuse_endless(tree: Node) -> None:
    """Refuse an expression that could take too long, or grow too large, for one decision.

    Raises:
        ExpressionError: it could.

    """
    _cost(tree, {})


def _cost(node: Node, bound: Mapping[str, _Cost]) -> _Cost:
    found = _cost_of(node, bound)
    if found.steps > _MOST_STEPS or found.whole > _MOST_STEPS:
        raise ExpressionError(
            node.at,
            "计算量过大；请勿在列表的逐项判断中再逐项判断另一个长列表，并缩短正则表达式",
            "this takes too long to compute: do not ask one long list item by item within "
            "another, and shorten patterns",
        )
    return found


def _cost_of(node: Node, bound: Mapping[str, _Cost]) -> _Cost:  # noqa: PLR0911 - because a node each
    match node:
        case Literal():
            return _Cost(1, 1, len(str(node.value)) + 1)
        case Name():
            return bound.get(node.name, _FACT)
        case Member():
            return _one_more(_cost(node.of, bound))
        case Index():
            of, index = _cost(node.of, bound), _cost(node.index, bound)
            # What an item is, text or a list again, is not known here.
            return _Cost(of.steps + index.steps + 1, of.size, 1)
        case Unary():
            return _one_more(_cost(node.operand, bound))
        case Items():
            items = [_cost(item, bound) for item in node.items]
            steps = sum(item.steps for item in items) + 1
            return _Cost(steps, len(items), max((item.whole for item in items), default=1))
        case Conditional():
            condition, yes, no = (_cost(one, bound) for one in (node.condition, node.yes, node.no))
            steps = condition.steps + yes.steps + no.steps + 1
            return _Cost(steps, max(yes.items, no.items), max(yes.size, no.size))
        case Binary():
            return _binary(node, bound)
        case Call():
            return _call(node, bound)


def _one_more(cost: _Cost) -> _Cost:
    return _Cost(cost.steps + 1, cost.items, cost.size)


def _binary(node: Binary, bound: Mapping[str, _Cost]) -> _Cost:
    left, right = _cost(node.left, bound), _cost(node.right, bound)
    steps = left.steps + right.steps + 1
    if node.operator == "+":
        return _Cost(steps, left.items + right.items, max(left.size, right.size))
    return _Cost(steps)


def _call(node: Call, bound: Mapping[str, _Cost]) -> _Cost:
    if node.target is not None and node.name in _MACROS:
        return _macro(node, node.target, bound)
    operands = [*((node.target,) if node.target is not None else ()), *node.arguments]
    steps = sum(_cost(operand, bound).steps for operand in operands) + 1
    pattern = operands[-1] if node.name == "matches" else None
    if isinstance(pattern, Literal):
        steps += _pattern_steps(str(pattern.value))
    return _Cost(steps)


def _pattern_steps(pattern: str) -> int:
    """Return the steps of making a pattern ready, which is done each time that it is asked."""
    steps = len(pattern) + _CLASS_STEPS * len(_CLASS.findall(pattern))
    for count in _COUNTED.findall(pattern):
        steps = min(steps * max(1, int(count)), _MOST_STEPS + 1)
    return steps


def _macro(node: Call, target: Node, bound: Mapping[str, _Cost]) -> _Cost:
    of = _cost(target, bound)
    variable, body = node.arguments
    name = variable.name if isinstance(variable, Name) else ""
    each = _cost(body, {**bound, name: _Cost(1, of.size, 1)})
    steps = of.steps + of.items * each.steps + 1
    match node.name:
        case "map":
            return _Cost(steps, of.items, each.whole)
        case "filter":
            return _Cost(steps, of.items, of.size)
        case _:
            return _Cost(steps)
