"""The check of an expression against the facts that there are: names, types, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

import cel

from zhupei.config.expression_facts import FactType, Roots, roots
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
from zhupei.config.hints import date_hint

__all__ = ["Reading", "check_expression"]

_MATCHES = cel.compile('"".matches(pattern)')

_BOOL, _INT, _DOUBLE, _TEXT = (FactType(kind) for kind in ("bool", "int", "double", "text"))
_NULL, _ANY = FactType("null"), FactType("any")
_NUMBERS = {"int", "double"}
_FUNCTIONS = {
    "size": _INT,
    "startsWith": _BOOL,
    "endsWith": _BOOL,
    "contains": _BOOL,
    "matches": _BOOL,
    "int": _INT,
    "double": _DOUBLE,
    "string": _TEXT,
}
_GLOBAL = {"size", "int", "double", "string"}
# What a conversion takes; of anything else the library says that there is no such function.
_CONVERTED = ("text", "int", "double")
_ORDERS = {"<", "<=", ">", ">="}
_MACROS = ("exists", "all", "exists_one", "filter", "map")
# How deep a tree may be: a row of operators is as deep as it is long.
_DEEPEST = 150
_KIND_NAMES = {
    "bool": ("是非值", "a yes-or-no value"),
    "int": ("整数", "a whole number"),
    "double": ("小数", "a decimal number"),
    "text": ("文本", "text"),
    "list": ("列表", "a list"),
    "object": ("一组事实", "a group of facts"),
    "null": ("null", "null"),
    "any": ("任意值", "any value"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression reads, as paths from the root (``("candidate", "english", "cet4")``).

    ``result`` is the type of its value. ``problems`` are all that is wrong with it.
    """

    facts: tuple[tuple[str, ...], ...]
    result: FactType
    problems: tuple[ExpressionError, ...]


def check_expression(tree: Node, about: Roots) -> Reading:
    """Find the facts that an expression reads and check names and types."""
    checker = _Checker(about)
    result = checker.type_of(tree, {}).type
    checker.complain_of_bare(tree, result)
    return Reading(tuple(checker.facts), result, tuple(checker.problems))


@dataclass(frozen=True, slots=True)
class _Value:
    type: FactType
    path: tuple[str, ...] | None = None


class _Checker:
    def __init__(self, about: Roots) -> None:
        self._roots = roots(about)
        self.facts: dict[tuple[str, ...], None] = {}
        self.problems: list[ExpressionError] = []
        self._depth = 0

    def _problem(self, at: int, zh: str, en: str) -> _Value:
        self.problems.append(ExpressionError(at, zh, en))
        return _Value(_ANY)

    def complain_of_bare(self, node: Node, type_: FactType) -> None:
        """An object as a whole cannot be compared or answered with: name one of its facts."""
        if type_.kind == "object":
            listed = ", ".join(type_.fields)
            self._problem(node.at, f"请写出其中一项：{listed}", f"name one of its facts: {listed}")

    def type_of(self, node: Node, bound: Mapping[str, _Value]) -> _Value:
        """Return the type of a node, with what is wrong below it added to the problems.

        Raises:
            ExpressionError: the tree is too deep to look through.

        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(
                node.at,
                f"嵌套或连写的运算超过 {_DEEPEST} 个，请拆开",
                f"more than {_DEEPEST} operators in a row or in one another: split them",
            )
        found = self._type_of(node, bound)
        self._depth -= 1
        return found

    def _type_of(self, node: Node, bound: Mapping[str, _Value]) -> _Value:  # noqa: PLR0911 - because a node each
        match node:
            case Literal():
                return _Value(_literal_type(node.value))
            case Name():
                return self._name(node, bound)
            case Member():
                return self._member(node, bound)
            case Index():
                return self._index(node, bound)
            case Call():
                return self._call(node, bound)
            case Unary():
                return self._unary(node, bound)
            case Conditional():
                self._need(node.condition, bound, "bool")
                return _Value(_either(self._used(node.yes, bound), self._used(node.no, bound)))
            case Items():
                types_ = [self._used(item, bound) for item in node.items]
                kinds = {one.kind for one in types_}
                return _Value(FactType("list", item=types_[0] if len(kinds) == 1 else _ANY))
            case Binary():
                return _Value(self._binary(node, bound))

    def _used(self, node: Node, bound: Mapping[str, _Value]) -> FactType:
        found = self.type_of(node, bound).type
        self.complain_of_bare(node, found)
        return found

    def _need(self, node: Node, bound: Mapping[str, _Value], *kinds: str) -> FactType:
        found = self._used(node, bound)
        self._fits(node, found.kind, *kinds)
        return found

    def _fits(self, node: Node, kind: str, *kinds: str) -> None:
        if kind not in {*kinds, "any", "object"}:
            given, needed = _KIND_NAMES[kind], _KIND_NAMES[kinds[0]]
            self._problem(
                node.at,
                f"此处应为{needed[0]}，不是{given[0]}",
                f"expected {needed[1]}, not {given[1]}",
            )

    def _name(self, node: Name, bound: Mapping[str, _Value]) -> _Value:
        if node.name in bound:
            return bound[node.name]
        if node.name in self._roots:
            path = (node.name,)
            type_ = self._roots[node.name]
            if type_.kind != "object":
                self.facts[path] = None
            return _Value(type_, path)
        return self._unknown(node.at, node.name, self._roots)

    def _unknown(self, at: int, name: str, known: Iterable[str]) -> _Value:
        names = list(known)
        close = get_close_matches(name, names, 1)
        if close:
            return self._problem(
                at,
                f"没有 {name}，是否应为 {close[0]}？",
                f"there is no {name}; did you mean {close[0]}?",
            )
        listed = ", ".join(names)
        return self._problem(
            at, f"没有 {name}（可用：{listed}）", f"there is no {name} (known: {listed})"
        )

    def _member(self, node: Member, bound: Mapping[str, _Value]) -> _Value:
        of = self.type_of(node.of, bound)
        if of.type.kind == "any":
            return _Value(_ANY)
        if of.type.kind == "list":
            return self._problem(
                node.at,
                f"列表须用 exists、all 等逐项判断，如 .exists(x, x.{node.name} == …)",
                f"a list is asked item by item, as in .exists(x, x.{node.name} == …)",
            )
        if node.name not in of.type.fields:
            if of.type.kind != "object":
                given = _KIND_NAMES[of.type.kind]
                return self._problem(
                    node.at, f"{given[0]}没有 {node.name}", f"{given[1]} has no {node.name}"
                )
            return self._unknown(node.at, node.name, of.type.fields)
        return self._fact(of, node.name)

    def _fact(self, of: _Value, name: str) -> _Value:
        path = None if of.path is None else (*of.path, name)
        type_ = of.type.fields[name]
        if path is not None and type_.kind != "object":
            self.facts[path] = None
        return _Value(type_, path)

    def _index(self, node: Index, bound: Mapping[str, _Value]) -> _Value:
        of = self.type_of(node.of, bound)
        if of.type.kind not in {"list", "any"}:
            return self._problem(node.at, "只有列表可用 [ ]", "only lists take [ ]")
        self._need(node.index, bound, "int")
        return _Value(of.type.item or _ANY, of.path)

    def _unary(self, node: Unary, bound: Mapping[str, _Value]) -> _Value:
        if node.operator == "!":
            self._need(node.operand, bound, "bool")
            return _Value(_BOOL)
        return _Value(self._need(node.operand, bound, "int", "double"))

    def _call(self, node: Call, bound: Mapping[str, _Value]) -> _Value:
        if node.name == "has" and node.target is None:
            return self._has(node, bound)
        if node.name in _MACROS and node.target is not None:
            return self._macro(node, node.target, bound)
        operands = (*((node.target,) if node.target is not None else ()), *node.arguments)
        kinds = [self._used(operand, bound).kind for operand in operands]
        if node.name not in _FUNCTIONS:
            return self._unknown(node.at, node.name, (*_FUNCTIONS, *_MACROS))
        if node.target is None and node.name not in _GLOBAL:
            return self._problem(
                node.at,
                f"请写作 文本.{node.name}(…)",
                f"write text.{node.name}(…), after the text that it asks about",
            )
        if len(operands) != (1 if node.name in _GLOBAL else 2):
            return self._problem(
                node.at,
                f"{node.name} 的参数个数不对",
                f"{node.name} is given the wrong number of arguments",
            )
        return self._applied(node, operands, kinds)

    def _applied(self, node: Call, operands: tuple[Node, ...], kinds: list[str]) -> _Value:
        if node.name == "size" and kinds[0] not in {"list", "any"}:
            # CEL's size of text counts bytes in this library, three for a Chinese character.
            return self._problem(node.at, "size 只用于列表", "size is for lists only")
        if node.name in {"int", "double", "string"}:
            self._fits(operands[0], kinds[0], *_CONVERTED)
        if node.name not in _GLOBAL:
            for operand, kind in zip(operands, kinds, strict=True):
                self._fits(operand, kind, "text")
        if node.name == "matches" and kinds[1] in {"text", "any"}:
            self._pattern(operands[1])
        return _Value(_FUNCTIONS[node.name])

    def _pattern(self, node: Node) -> None:
        """Refuse what is no pattern; one that a person's facts give could be anything."""
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            self._problem(
                node.at,
                "请直接写出正则表达式，并加引号",
                "write the regular expression out, in quotes",
            )
            return
        try:
            _MATCHES.execute({"pattern": node.value})
        except Exception:  # noqa: BLE001 - because the library raises builtins of all sorts
            self._problem(
                node.at,
                f"“{node.value}”不是此处可用的正则表达式",
                f'"{node.value}" is not a regular expression that can be used here',
            )

    def _has(self, node: Call, bound: Mapping[str, _Value]) -> _Value:
        argument = node.arguments[0] if len(node.arguments) == 1 else None
        if not isinstance(argument, Member):
            return self._problem(
                node.at, "has 的参数应如 has(opening.quota)", "write has(opening.quota)"
            )
        facts = dict(self.facts)
        found = self.type_of(argument, bound)
        self.facts = facts
        if found.path is None or found.path[0] in {"candidate", "profile"}:
            return self._problem(
                node.at,
                "has 不能用于考生或培训对象的事实：缺少的事实结果为未知，请直接使用该事实",
                "has is not for facts of a person: a missing fact stays unknown, "
                "so use the fact itself",
            )
        # Whether a fact of the catalogue is given is known, so it is read but never missing.
        self.facts[(*found.path, "?")] = None
        return _Value(_BOOL)

    def _macro(self, node: Call, target: Node, bound: Mapping[str, _Value]) -> _Value:
        of = self.type_of(target, bound)
        if of.type.kind not in {"list", "any"}:
            return self._problem(
                node.at, f"只有列表可用 {node.name}", f"only lists take {node.name}"
            )
        if len(node.arguments) != 2 or not isinstance(node.arguments[0], Name):
            return self._problem(
                node.at,
                f"请写作 {node.name}(x, 关于 x 的表达式)",
                f"write {node.name}(x, an expression about x)",
            )
        variable = node.arguments[0]
        if variable.name in self._roots or variable.name in bound:
            return self._problem(
                variable.at,
                f"{variable.name} 已有其他含义，请换一个名称",
                f"{variable.name} means something else already: take another name",
            )
        inner = {**bound, variable.name: _Value(of.type.item or _ANY, of.path)}
        if node.name == "map":
            return _Value(FactType("list", item=self._used(node.arguments[1], inner)))
        self._need(node.arguments[1], inner, "bool")
        return _Value(of.type, of.path) if node.name == "filter" else _Value(_BOOL)

    def _binary(self, node: Binary, bound: Mapping[str, _Value]) -> FactType:
        operator = node.operator
        if operator in {"&&", "||"}:
            self._need(node.left, bound, "bool")
            self._need(node.right, bound, "bool")
            return _BOOL
        left, right = self._used(node.left, bound), self._used(node.right, bound)
        if operator == "in":
            item = right.item or _ANY
            if right.kind not in {"list", "any"}:
                self._problem(node.at, "in 的右边应为列表", "a list must follow in")
            elif right.kind == "list":
                self._comparable(node, left, item)
                self._choices(left, node.right)
                self._choices(item, node.left)
                self._days(left, node.right)
            return _BOOL
        if operator in {"+", "-", "*", "/", "%"}:
            return self._arithmetic(node, left, right)
        self._comparable(node, left, right)
        self._choices(left, node.right)
        self._choices(right, node.left)
        self._days(left, node.right)
        self._days(right, node.left)
        if operator in _ORDERS and "list" in {left.kind, right.kind}:
            self._problem(
                node.at, f"{operator} 不能比较列表", f"{operator} does not compare a list"
            )
        return _BOOL

    def _comparable(self, node: Binary, left: FactType, right: FactType) -> None:
        kinds = {left.kind, right.kind}
        if "null" in kinds:
            self._problem(
                node.at,
                "缺少的事实不是 null，不能与 null 比较",
                "a missing fact is not null: do not compare with null",
            )
        elif not kinds & {"any", "object"} and len(kinds) > 1 and not kinds <= _NUMBERS:
            one, other = _KIND_NAMES[left.kind], _KIND_NAMES[right.kind]
            self._problem(
                node.at,
                f"{one[0]}不能与{other[0]}比较",
                f"{one[1]} cannot be compared with {other[1]}",
            )

    def _choices(self, type_: FactType, other: Node) -> None:
        if not type_.choices:
            return
        for literal in other.items if isinstance(other, Items) else (other,):
            value = literal.value if isinstance(literal, Literal) else None
            if isinstance(value, str) and value not in type_.choices:
                self._unknown(literal.at, value, type_.choices)

    def _days(self, type_: FactType, other: Node) -> None:
        """Dates compare as text, so one that is written otherwise compares wrongly."""
        if not type_.day:
            return
        for literal in other.items if isinstance(other, Items) else (other,):
            value = literal.value if isinstance(literal, Literal) else None
            if isinstance(value, str) and not _is_day(value):
                hint = date_hint(value)
                zh = "" if hint is None else f"；{hint.zh}"
                en = "" if hint is None else f"; {hint.en}"
                self._problem(
                    literal.at,
                    f"“{value}”不是日期，日期如 2026-06-30{zh}",
                    f'"{value}" is not a date, such as 2026-06-30{en}',
                )

    def _arithmetic(self, node: Binary, left: FactType, right: FactType) -> FactType:
        kinds = {left.kind, right.kind}
        if node.operator == "%" and "double" in kinds:
            self._problem(node.at, "% 只用于整数", "% is for whole numbers only")
        elif kinds == {"int", "double"}:
            self._problem(
                node.at,
                "整数与小数不能直接运算，请写 1.0 或 double(…)",
                "a whole and a decimal number do not mix: write 1.0, or double(…)",
            )
        elif not kinds & {"any", "object"} and not (
            len(kinds) == 1
            and (left.kind in _NUMBERS or (left.kind, node.operator) == ("text", "+"))
        ):
            one, other = _KIND_NAMES[left.kind], _KIND_NAMES[right.kind]
            self._problem(
                node.at,
                f"{one[0]}与{other[0]}不能用 {node.operator} 运算",
                f"{node.operator} does not take {one[1]} and {other[1]}",
            )
        return FactType((left if left.kind != "any" else right).kind)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _either(one: FactType, other: FactType) -> FactType:
    """Return the type of a value that is one of two."""
    if one == other:
        return one
    if one.kind == other.kind == "text" and one.choices and other.choices:
        return FactType("text", choices=tuple(dict.fromkeys((*one.choices, *other.choices))))
    return FactType(one.kind) if one.kind == other.kind != "object" else _ANY


def _literal_type(value: object) -> FactType:
    by_type = {bool: _BOOL, int: _INT, float: _DOUBLE, str: _TEXT}
    return by_type.get(type(value), _NULL)
