"""Tests of zhupei.graphql.chinese_messages: nothing that GraphQL says of a request is left out."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from graphql.execution import values
from graphql.language import lexer, parser
from graphql.type import definition, scalars
from hypothesis import given
from hypothesis import strategies as st

from graphql import (
    GraphQLError,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
)
from taken_time import least_seconds
from zhupei.graphql import limits, uploads
from zhupei.graphql import scalars as own_scalars
from zhupei.graphql.chinese_messages import in_chinese
from zhupei.web import operation_answers, subscriptions

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SAYING = {"GraphQLError", "GraphQLSyntaxError", "report_invalid_value", "report_invalid_literal"}
_REFUSING = {"GraphQLError", "exceeded", "not_text", "ValueError"}

# What names a place stands for itself in these: "Argument 'Query.node(id:)'" and the like.
_SHORTENED = {
    "x of required type 'x' was not provided.": (
        "Argument 'x' of required type 'x' was not provided."
    ),
    "Stream directive cannot be used on non-list fieldx on type 'x'.": (
        "Stream directive cannot be used on non-list field 'x' on type 'x'."
    ),
    "Expected value of type 'x' not to include unknown field 'x'.x Found: x.": (
        "Expected value of type 'x' not to include unknown field 'x'. Found: x."
    ),
    "The query has x x; at most x are allowed.": (
        "The query has x fragments; at most x are allowed."
    ),
    "The query holds": "The query holds a text with U+0000 or half a surrogate pair.",
    "The variables hold": "The variables hold a text with U+0000 or half a surrogate pair.",
}
# Faults of the schema or of a resolver: clients are told of an internal error instead.
_OF_FAULTS = {
    "Enum 'x' cannot represent value: x",
    "String cannot represent value: x",
    "x has invalid default valuex: x",
    "x a text with U+0000 or half a surrogate pair.",
}


_Names = Mapping[str, Sequence[ast.expr]]


def _alternatives(node: ast.expr, names: _Names) -> list[str]:
    """Return what an expression that makes a message may come to, each inserted value an x."""
    found = ["x"]
    match node:
        case ast.Constant(value=str(text)):
            found = [text]
        case ast.JoinedStr():
            parts = [
                _alternatives(each, names) if isinstance(each, ast.Constant) else ["x"]
                for each in node.values
            ]
            found = ["".join(each) for each in itertools.product(*parts)]
        case ast.BinOp(op=ast.Add()):
            ends = _alternatives(node.right, names)
            found = [f"{each}{end}" for each in _alternatives(node.left, names) for end in ends]
        case ast.IfExp():
            found = _alternatives(node.body, names) + _alternatives(node.orelse, names)
        case ast.Name(id=name) if name in names:
            others = {key: value for key, value in names.items() if key != name}
            found = [text for each in names[name] for text in _alternatives(each, others)]
        case ast.Call(func=ast.Name(id="did_you_mean" | "did_you_mean_enum_value")):
            found = [""]
    return found


def _said_in(module: ModuleType, callers: set[str]) -> Iterator[str]:
    """Yield the messages that a module's text makes."""
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _said_by(list(ast.walk(function)), callers)


def _said_by(nodes: Sequence[ast.AST], callers: set[str]) -> Iterator[str]:
    names: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, []).append(node.value)
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    for call in calls:
        called = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if called not in callers:
            continue
        prefix = "Syntax Error: " if called == "GraphQLSyntaxError" else ""
        for text in (text for each in call.args for text in _alternatives(each, names)):
            if text.count(" ") > 1:
                yield prefix + text


def _of_graphql() -> Iterator[str]:
    rules = {importlib.import_module(rule.__module__) for rule in specified_rules}
    # Functions of the same names hide these.
    hidden = [
        importlib.import_module(name)
        for name in (
            "graphql.execution.get_variable_signature",
            "graphql.utilities.validate_input_value",
            "graphql.validation.validate",
        )
    ]
    for module in (lexer, parser, values, scalars, definition, *hidden, *rules):
        yield from _said_in(module, _SAYING)


def _of_ours() -> Iterator[str]:
    names = [each.name for each in pkgutil.iter_modules(limits.__path__, f"{limits.__name__}.")]
    modules = [importlib.import_module(name) for name in names]
    for module in (*modules, own_scalars, uploads, subscriptions):
        yield from _said_in(module, _REFUSING)
    yield from (operation_answers._TOO_DEEP, operation_answers._NO_OPERATION)


_ALL = sorted({*_of_graphql(), *_of_ours()} - _OF_FAULTS)


def test_messages_are_found() -> None:
    """What the next test goes through is not empty by a change of the library."""
    assert len(_ALL) > 120


@pytest.mark.parametrize("message", _ALL)
def test_each_message_of_graphql_and_of_limits_is_known(message: str) -> None:
    message = _SHORTENED.get(message, message)
    # An x at the end may be a suggestion, one after "value" the place in a variable.
    shown = [message, message.removesuffix("x"), message.replace("valuex:", "value at .x:")]
    found = [in_chinese(each) for each in shown]
    assert any(each is not None and _CHINESE.search(each) for each in found), message


_SCHEMA = build_schema(
    """
    directive @marked(by: String!) on FIELD
    enum Colour { RED GREEN }
    input Wish @oneOf { name: String number: Int }
    input Place { row: Int! seat: Int = 1 }
    type Cat { name: String lives: Int! colour: Colour }
    type Dog { name: String barks: Boolean! }
    union Pet = Cat | Dog
    type Query {
      pet(number: Int!): Pet cat(colour: Colour, is: Boolean, at: Float, id: ID): Cat dogs: [Dog]
      wish(of: Wish): Int place(at: Place): Int text(of: String): String
    }
    type Subscription { pets: Int cats: Int }
    """
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ ct { name } }", "类型 Query 没有字段 ct。是否想用 cat？"),
        ("{ pet(number: 1) { name } }", "类型 Pet 没有字段 name。是否想用 Cat、Dog 上的内联片段？"),
        ("{ cat }", "字段 cat 的类型是 Cat，须选取其下级字段。是否想用 cat { ... }？"),
        ("{ cat { name { x } } }", "字段 name 的类型 String 没有下级字段，不能选取。"),
        ("{ pet { __typename } }", "缺少必填参数 Query.pet(number:)（Int!）。"),
        ("{ cat(of: 1) { name } }", "字段 Query.cat 没有参数 of。"),
        ("{ text(of: 5) }", "应为文本，而不是 5"),
        ('{ cat(is: "x") { name } }', '应为 true 或 false，而不是 "x"'),
        ("{ cat(colour: RAD) { name } }", "枚举 Colour 没有值 RAD。是否想用枚举值 RED？"),
        (
            '{ cat(colour: "RED") { name } }',
            '枚举 Colour 的值应为名称，而不是 "RED"。是否想用枚举值 RED、GREEN？',
        ),
        ("{ place(at: {}) }", "类型 Place 缺少必填字段 row，所给为 {  }。"),
        (
            "{ place(at: {row: 1, seats: 2}) }",
            "类型 Place 没有字段 seats，所给为 { row: 1, seats: 2 }。是否想用 seat？",
        ),
        ("{ place(at: {row: null}) }", "类型 Int! 不得为空。"),
        ("{ place(at: 5) }", "类型 Place 应为对象，而不是 5。"),
        ("{ wish(of: {}) }", "“多选一”输入 Wish 须恰好给出一个字段，且其值不得为空。"),
        ("query A { text } query A { text }", "操作 A 重复。"),
        ("{ text } query A { text }", "没有名称的操作只能单独出现。"),
        ("query ($a: Int) { text }", "变量 $a 没有被使用。"),
        ("query A($a: Int) { text }", "操作 A 没有使用变量 $a。"),
        ("query A { text(of: $b) }", "操作 A 没有声明变量 $b。"),
        ("query ($a: Int) { text(of: $a) }", "变量 $a 的类型是 Int，此处需要 String。"),
        ("query ($a: Cat) { text(of: $a) }", "变量 $a 的类型 Cat 不能作输入。"),
        ("query ($a: Kat) { text(of: $a) }", "没有类型 Kat。是否想用 Cat、Int、Pet？"),
        ("{ ...A }", "没有片段 A。"),
        ("{ ...A } fragment A on Query { ...A }", "片段 A 不能引用自身。"),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "片段 A 经由 'B' 引用了自身。",
        ),
        ("{ text } fragment A on Query { text }", "片段 A 没有被使用。"),
        (
            "{ cat { ...A } } fragment A on Dog { name }",
            "片段 A 不能用于此处：类型 Cat 的对象不可能是 Dog。",
        ),
        ("{ cat { ... on Int { x } } }", "片段不能以 Int 为条件，它没有字段。"),
        ("{ text @marked }", "缺少必填参数 @marked(by:)（String!）。"),
        ("{ text @mark }", "没有指令 @mark。"),
        ("query @skip(if: true) { text }", "指令 @skip 不能用于此处（query）。"),
        ("{ text @skip(if: true) @skip(if: true) }", "指令 @skip 在此处只能用一次。"),
        ('{ text(of: "a", of: "b") }', "参数 of 重复。"),
        (
            "{ a: text a: wish }",
            "字段 a 冲突：text 与 wish 是不同的字段。若都需要，请使用不同的别名。",
        ),
        (
            "{ cat { a: name } cat { a: lives } }",
            "字段 cat 冲突：下级字段 a：name 与 lives 是不同的字段。若都需要，请使用不同的别名。",
        ),
        ("subscription { pets cats }", "此订阅只能选取一个根字段。"),
        ("subscription A { __typename }", "订阅 A 的根字段不能是内省字段。"),
        ("mutation { x }", "本图没有 mutation 操作。"),
        ("type A { b: Int }", "定义 A 不能执行。"),
        ("{", "语法错误：此处应为 Name，而不是 <EOF>。"),
        ("{ text(of: 'x') }", "语法错误：不能用单引号（'），请用双引号（\"）。"),
        ("{ 住 }", "语法错误：此处不能有字符 U+4F4F。"),
        ('{ text(of: "x) }', "语法错误：字符串没有结尾的引号。"),
        ("{ wish(of: 012) }", "语法错误：数字写法有误：0 之后不能有 '1'。"),
    ],
)
def test_what_a_document_is_told(text: str, said: str) -> None:
    assert said in {in_chinese(error.message) for error in _errors(text)}


def _errors(text: str) -> list[GraphQLError]:
    try:
        return validate(_SCHEMA, parse(text))
    except GraphQLError as error:
        return [error]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "变量 $p 的值有误：缺少值，类型 Place! 不得为空。"),
        ({"p": None}, "变量 $p 的值有误：类型 Place! 不得为空。"),
        (
            {"p": {"row": "x"}},
            "变量 $p 在 .row 处的值有误：应为整数，而不是 'x'",
        ),
        (
            {"p": {"row": 2**40}},
            "变量 $p 在 .row 处的值有误：应为 32 位整数，1099511627776 超出范围",
        ),
        (
            {"p": {"row": 1, "sea": 2}},
            (
                "变量 $p 的值有误：类型 Place 没有字段 sea，"
                "所给为 {'row': 1, 'sea': 2}。是否想用 seat？"
            ),
        ),
    ],
)
def test_what_variables_are_told(variables: dict[str, Any], said: str) -> None:
    document = parse("query ($p: Place!) { place(at: $p) }")
    result = execute_sync(_SCHEMA, document, variable_values=variables)
    assert [in_chinese(error.message) for error in result.errors or ()] == [said]


@pytest.mark.parametrize(
    "message", ["", "数据库暂不可用。", "Syntax Error: ", "plain words", "x" * 9999]
)
def test_what_is_not_known_stays(message: str) -> None:
    assert in_chinese(message) is None


_PIECES = st.sampled_from(
    [
        *"'. {}?住\n",
        "Did you mean ",
        "found: ",
        "Expected value of type 'a'",
        ", but encountered error '",
        "'; found: ",
        "Syntax Error: ",
        "Variable '$a' has invalid value at ",
        ": ",
        " conflict because ",
        "subfields 'a'",
        "Fields 'a'",
    ]
)


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_whatever_is_said_there_is_an_answer(message: str) -> None:
    found = in_chinese(message)
    assert found is None or _CHINESE.search(found)


def test_no_message_takes_long() -> None:
    parts = ("Fields 'a' conflict because ", "Expected value of type 'a', but encountered error '")
    for part in (*parts, "'; found: ", ": ", " Did you mean 'a", "subfields 'a' conflict because "):
        for beginning in (*parts, "Variable '$a' has invalid value at "):
            message = (beginning + part * 2000)[:1990] + "."
            taken = least_seconds(partial(in_chinese, message), below=0.2)
            assert taken < 0.2, message[:100]
