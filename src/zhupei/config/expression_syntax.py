"""The syntax of expressions: a reader of the part of CEL that configuration may use.

It says in both languages what is wrong and where, and gives a tree that `expression_facts`
walks to find the facts that an expression reads. Evaluation is left to the CEL library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from zhupei.domain.text import Text

__all__ = [
    "Binary",
    "Call",
    "Conditional",
    "ExpressionError",
    "Index",
    "Items",
    "Literal",
    "Member",
    "Name",
    "Node",
    "Unary",
    "parse_expression",
]

_LONGEST = 2_000
_DEEPEST = 40


class ExpressionError(ValueError):
    """Something is wrong with an expression at ``offset`` (from 0)."""

    def __init__(self, offset: int, zh: str, en: str) -> None:
        self.offset = offset
        self.message = Text(zh, en)
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, whole number, decimal number, true, false or null."""

    at: int
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A field of an object, ``of.name``."""

    at: int
    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """An element of a list, ``of[index]``."""

    at: int
    of: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function, ``name(…)`` or ``target.name(…)``."""

    at: int
    name: str
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``!`` or ``-`` before its operand."""

    at: int
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    at: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? yes : no``."""

    at: int
    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Items:
    """A list that is written out, ``[a, b]``."""

    at: int
    items: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Member | Index | Call | Unary | Binary | Conditional | Items

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<double>[0-9]+\.[0-9]+)
    | (?P<int>[0-9]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]])""",
    re.VERBOSE,
)
_RELATIONS = ("==", "!=", "<=", ">=", "<", ">", "in")
_LEVELS = (("||",), ("&&",), _RELATIONS, ("+", "-"), ("*", "/", "%"))
_WORDS = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "AND": "&&",
    "OR": "||",
    "NOT": "!",
    "True": "true",
    "False": "false",
    "None": "null",
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse_expression(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: it is empty, too long, nested too deeply, or not an expression.

    """
    if not text.strip():
        raise ExpressionError(0, "表达式为空", "the expression is empty")
    if len(text) > _LONGEST:
        raise ExpressionError(
            _LONGEST,
            f"表达式超过 {_LONGEST} 个字符",
            f"the expression is longer than {_LONGEST} characters",
        )
    return _Parser(text).whole()


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind = str(match.lastgroup)
        if kind == "int" and re.match(r"[A-Za-z_]", text[match.end() : match.end() + 1]):
            raise ExpressionError(at, "数字后不能紧跟字母", "a letter follows a number")
        if kind != "space":
            yield _Token(kind, match[0], at)
        at = match.end()
    yield _Token("end", "", len(text))


_LOOKALIKES = {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "（": "(",
    "）": ")",
    "，": ",",
    "：": ":",
    "？": "?",
    "！": "!",
    "＝": "=",
    "＞": ">",
    "＜": "<",
    "。": ".",
    "．": ".",
    "【": "[",
    "】": "]",
}


def _unreadable(text: str, at: int) -> ExpressionError:
    sign = text[at]
    if sign in _LOOKALIKES:
        plain = _LOOKALIKES[sign]
        return ExpressionError(
            at, f"全角符号 {sign}，请写半角 {plain}", f"a full-width {sign}: write {plain}"
        )
    if sign == "=":
        return ExpressionError(at, "相等写作 ==", "equality is written ==")
    if sign in "&|":
        return ExpressionError(at, f"请写 {sign}{sign}", f"write {sign}{sign}")
    if sign in "\"'":
        return ExpressionError(at, "文本没有以引号结束", "the text is not closed by a quote")
    return ExpressionError(
        at, f"无法识别的字符 {sign!r}", f"the character {sign!r} has no meaning here"
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._next.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _accept(self, *signs: str) -> _Token | None:
        token = self._next
        if token.kind in {"sign", "name"} and token.text in signs:
            return self._take()
        return None

    def _expect(self, sign: str) -> None:
        if self._accept(sign) is None:
            if self._next.kind == "end":
                raise ExpressionError(
                    self._next.at, f"表达式到此结束，缺少 {sign}", f"the end: {sign} is missing"
                )
            raise ExpressionError(
                self._next.at,
                f"此处应为 {sign}，不是 {self._next.text}",
                f"expected {sign} here, not {self._next.text}",
            )

    def _unexpected(self) -> ExpressionError:
        token = self._next
        if token.text in _WORDS:
            plain = _WORDS[token.text]
            return ExpressionError(
                token.at, f"{token.text} 应写作 {plain}", f"write {plain} for {token.text}"
            )
        if token.kind == "end":
            return ExpressionError(token.at, "表达式不完整", "the expression is not complete")
        return ExpressionError(
            token.at, f"此处不应有 {token.text}", f"{token.text} is not expected here"
        )

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(
                self._next.at,
                f"嵌套超过 {_DEEPEST} 层",
                f"nested more than {_DEEPEST} levels deep",
            )
        node = self._binary(0)
        question = self._accept("?")
        if question is not None:
            yes = self._expression()
            self._expect(":")
            node = Conditional(question.at, node, yes, self._expression())
        self._depth -= 1
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while (operator := self._accept(*_LEVELS[level])) is not None:
            node = Binary(operator.at, operator.text, node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        signs: list[_Token] = []
        while (sign := self._accept("!", "-")) is not None:
            signs.append(sign)
        if len(signs) > _DEEPEST:
            raise ExpressionError(signs[0].at, "符号过多", "too many signs in a row")
        node = self._member()
        for sign in reversed(signs):
            node = Unary(sign.at, sign.text, node)
        return node

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._accept(".") is not None:
                token = self._take()
                if token.kind != "name":
                    self._at -= 1
                    raise ExpressionError(token.at, "点号后应为名称", "a name must follow the dot")
                if self._accept("(") is not None:
                    node = Call(token.at, token.text, node, self._arguments(")"))
                else:
                    node = Member(token.at, node, token.text)
            elif (bracket := self._accept("[")) is not None:
                index = self._expression()
                self._expect("]")
                node = Index(bracket.at, node, index)
            else:
                return node

    def _arguments(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        if self._accept(end) is not None:
            return ()
        while True:
            found.append(self._expression())
            if self._accept(",") is None:
                self._expect(end)
                return tuple(found)

    def _primary(self) -> Node:
        token = self._next
        if token.kind in {"int", "double", "text"}:
            return Literal(token.at, _constant(self._take()))
        if token.kind == "name" and token.text not in _WORDS and token.text != "in":
            self._take()
            if token.text in _CONSTANTS:
                return Literal(token.at, _CONSTANTS[token.text])
            if self._accept("(") is not None:
                return Call(token.at, token.text, None, self._arguments(")"))
            return Name(token.at, token.text)
        if self._accept("(") is not None:
            node = self._expression()
            self._expect(")")
            return node
        if self._accept("[") is not None:
            return Items(token.at, self._arguments("]"))
        raise self._unexpected()


def _constant(token: _Token) -> str | int | float:
    if token.kind == "text":
        return _unescaped(token)
    if len(token.text) > 15:
        raise ExpressionError(token.at, "数字过大", "the number is too large")
    return float(token.text) if token.kind == "double" else int(token.text)


def _unescaped(token: _Token) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise ExpressionError(
                token.at, f"不支持的转义 {match[0]}", f"the escape {match[0]} is not supported"
            )
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", replace, token.text[1:-1])
