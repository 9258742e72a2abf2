"""What GraphQL itself says of a request, in Chinese.

graphql-core writes its messages in English, and so do our limits, whose verdict on a text is kept
for everybody who sends it. They are put into Chinese where an answer is written, by the form that
they have. What is of no known form stays as it is: scalars of a plugin have words of their own.
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["in_chinese"]

# Longer ones repeat what was sent, and looking for a pattern in them takes time.
_LONGEST = 2000

# {x} is a name, {x*} any text, {x>} a message within a message.
_PLACE = re.compile(r"\{(\w+)([*>]?)\}")
_MADE_OF = {"": "[^']*", "*": ".*?", ">": ".*?"}

_SYNTAX = {
    "Expected {a*}, found {b*}.": "此处应为 {a}，而不是 {b}。",
    "Unexpected single quote character ('), did you mean to use a double quote (\")?": (
        "不能用单引号（'），请用双引号（\"）。"
    ),
    "Unexpected '..', did you mean '...'?": "“..”不完整，应为“...”。",
    "Unexpected variable '${a}' in constant value.": "常量中不能使用变量 ${a}。",
    "Unexpected character: {a*}.": "此处不能有字符 {a}。",
    "Unexpected description, descriptions are not supported on shorthand queries.": (
        "省略 query 的写法不能带说明文字。"
    ),
    "Unexpected description, only GraphQL definitions support descriptions.": (
        "只有定义可以带说明文字。"
    ),
    "Unexpected {a*}.": "此处不能有 {a}。",
    "Invalid character: {a*}.": "无效字符 {a}。",
    "Invalid character within String: {a*}.": "字符串中有无效字符 {a}。",
    "Invalid character escape sequence: '{a*}'.": "无效的转义 {a}。",
    "Invalid Unicode escape sequence: '{a*}'.": "无效的 Unicode 转义 {a}。",
    "Invalid number, expected digit before '.', did you mean '0.{a}'?": (
        "小数点前缺少数字，是否想写 0.{a}？"
    ),
    "Invalid number, expected digit but got: {a*}.": "数字写法有误：此处应为数字，而不是 {a}。",
    "Invalid number, unexpected digit after 0: {a*}.": "数字写法有误：0 之后不能有 {a}。",
    "Unterminated string.": "字符串没有结尾的引号。",
    "{a*} is reserved and cannot be used for an enum value.": "{a} 是保留字，不能作枚举值。",
    "Document contains more than {a} tokens. Parsing aborted.": "查询超过 {a} 个词法单元。",
    "Document contains more than {a} comments. Parsing aborted.": "查询中的注释超过 {a} 条。",
    "Document is nested too deeply. Parsing aborted.": "查询嵌套过深。",
    "Source contains more than {a} code points. Parsing aborted.": "查询超过 {a} 个字符。",
}

_DOCUMENTS = {
    "Cannot query field '{a}' on type '{b}'.": "类型 {b} 没有字段 {a}。",
    "Unknown argument '{a}' on field '{b}'.": "字段 {b} 没有参数 {a}。",
    "Unknown argument '{a}' on directive '{b}'.": "指令 {b} 没有参数 {a}。",
    "Unknown argument '{a}' on fragment '{b}'.": "片段 {b} 没有参数 {a}。",
    "Unknown directive '{a}'.": "没有指令 {a}。",
    "Unknown fragment '{a}'.": "没有片段 {a}。",
    "Unknown type '{a}'.": "没有类型 {a}。",
    "Unknown operation named '{a}'.": "没有名为 {a} 的操作。",
    'Unknown operation named "{a*}".': "没有名为 {a} 的操作。",
    "Must provide an operation.": "请求中没有操作。",
    "Must provide operation name if query contains multiple operations.": (
        "请求中有多个操作，须用 operationName 指明其一。"
    ),
    "Must provide `operationName`: there are several operations.": (
        "请求中有多个操作，须用 operationName 指明其一。"
    ),
    "The document holds no operation.": "请求中没有操作，只有片段。",
    "The document holds more than operations and fragments.": "请求中只能有操作和片段。",
    "The '{a}' definition is not executable.": "定义 {a} 不能执行。",
    "The {a} definition is not executable.": "定义 {a} 不能执行。",
    "The {a} operation is not supported by the schema.": "本图没有 {a} 操作。",
    "This anonymous operation must be the only defined operation.": (
        "没有名称的操作只能单独出现。"
    ),
    "Directive '{a}' may not be used on {b*}.": "指令 {a} 不能用于此处（{b}）。",
    "The directive '{a}' can only be used once at this location.": "指令 {a} 在此处只能用一次。",
    "Fragment cannot condition on non composite type '{a}'.": "片段不能以 {a} 为条件，它没有字段。",
    "Fragment '{a}' cannot condition on non composite type '{b}'.": (
        "片段 {a} 不能以 {b} 为条件，它没有字段。"
    ),
    "Fragment cannot be spread here as objects of type '{a}' can never be of type '{b}'.": (
        "片段不能用于此处：类型 {a} 的对象不可能是 {b}。"
    ),
    "Fragment '{a}' cannot be spread here as objects of type '{b}' can never be of type '{c}'.": (
        "片段 {a} 不能用于此处：类型 {b} 的对象不可能是 {c}。"
    ),
    "Fragment '{a}' argument '{b}' of type '{c}' is required, but it was not provided.": (
        "片段 {a} 缺少必填参数 {b}（{c}）。"
    ),
    "Fragment '{a}' is never used.": "片段 {a} 没有被使用。",
    "Cannot spread fragment '{a}' within itself.": "片段 {a} 不能引用自身。",
    "Cannot spread fragment '{a}' within itself via {b*}.": "片段 {a} 经由 {b} 引用了自身。",
    "Variable '{a}' is not defined.": "变量 {a} 没有声明。",
    "Variable '{a}' is not defined by operation '{b}'.": "操作 {b} 没有声明变量 {a}。",
    "Variable '{a}' is never used.": "变量 {a} 没有被使用。",
    "Variable '{a}' is never used in operation '{b}'.": "操作 {b} 没有使用变量 {a}。",
    "Variable '{a}' is never used in fragment '{b}'.": "片段 {b} 没有使用变量 {a}。",
    "Variable '{a}' cannot be non-input type '{b}'.": "变量 {a} 的类型 {b} 不能作输入。",
    "Variable '{a}' expected value of type '{b}' which cannot be used as an input type.": (
        "变量 {a} 的类型 {b} 不能作输入。"
    ),
    "Variable '{a}' of type '{b}' used in position expecting type '{c}'.": (
        "变量 {a} 的类型是 {b}，此处需要 {c}。"
    ),
    "Variable '{a}' is of type '{b}' but must be non-nullable to be used for OneOf Input Object"
    " '{c}'.": "变量 {a} 的类型是 {b}，用于“多选一”输入 {c} 时不得为空。",
    "Argument '{a}' of type '{b}' is required, but it was not provided.": (
        "缺少必填参数 {a}（{b}）。"
    ),
    "Argument '{a}' of required type '{b}' was not provided.": "缺少必填参数 {a}（{b}）。",
    "Field '{a}' must not have a selection since type '{b}' has no subfields.": (
        "字段 {a} 的类型 {b} 没有下级字段，不能选取。"
    ),
    "Field '{a}' of type '{b}' must have a selection of subfields.": (
        "字段 {a} 的类型是 {b}，须选取其下级字段。"
    ),
    "Field '{a}' of type '{b}' must have at least one field selected.": (
        "字段 {a} 的类型是 {b}，至少选取一个下级字段。"
    ),
    "There can be only one argument named '{a}'.": "参数 {a} 重复。",
    "There can be only one fragment named '{a}'.": "片段 {a} 重复。",
    "There can be only one input field named '{a}'.": "输入字段 {a} 重复。",
    "There can be only one operation named '{a}'.": "操作 {a} 重复。",
    "There can be only one variable named '{a}'.": "变量 {a} 重复。",
    "Anonymous Subscription must {a>}": "此订阅{a}",
    "Subscription '{a}' must {b>}": "订阅 {a} {b}",
    "select one top level field.": "须选取一个根字段。",
    "select only one top level field.": "只能选取一个根字段。",
    "not select an introspection top level field.": "的根字段不能是内省字段。",
    "not use `@skip` or `@include` directives in the top level selection.": (
        "的根字段不能带 @skip 或 @include。"
    ),
    "Maximum introspection depth exceeded": "内省嵌套过深。",
    "{a} directive label argument must be a static string.": "指令 {a} 的 label 须为固定文本。",
    "Defer/Stream directive label argument must be unique.": "defer 与 stream 的 label 不得重复。",
    "{a} directive cannot be used on root {b} type '{c}'.": "指令 {a} 不能用于根类型 {c}。",
    "{a} directive not supported on subscription operations. Disable `@{b}` by setting the `if`"
    " argument to `false`.": "订阅不支持指令 {a}，请将 @{b} 的 if 设为 false。",
    "Stream directive cannot be used on non-list field '{a}' on type '{b}'.": (
        "指令 Stream 只能用于列表，类型 {b} 的字段 {a} 不是。"
    ),
    "Too many validation errors, error limit reached. Validation aborted.": (
        "错误过多，未再继续检查。"
    ),
    "Validation aborted.": "查询嵌套过深，未能检查。",
    "Fields '{a}' conflict because {b>}. Use different aliases on the fields to fetch both if this"
    " was intentional.": "字段 {a} 冲突：{b}。若都需要，请使用不同的别名。",
    "Spreads '{a}' conflict because {b*} and {c*} have different fragment arguments.": (
        "片段 {a} 的两处引用冲突：{b} 与 {c} 的参数不同。"
    ),
    "subfields '{a}' conflict because {b>}": "下级字段 {a}：{b}",
    "'{a}' and '{b}' are different fields": "{a} 与 {b} 是不同的字段",
    "they have differing arguments": "参数不同",
    "they have overlapping stream directives": "stream 指令重叠",
    "they return conflicting types '{a}' and '{b}'": "类型 {a} 与 {b} 不一致",
}

_VALUES = {
    "Variable '{a}' has invalid value: {b>}": "变量 {a} 的值有误：{b}",
    "Variable '{a}' has invalid value at {b*}: {c>}": "变量 {a} 在 {b} 处的值有误：{c}",
    "Variable '{a}' has invalid default value: {b>}": "变量 {a} 的默认值有误：{b}",
    "Variable '{a}' has invalid default value at {b*}: {c>}": (
        "变量 {a} 的默认值在 {b} 处有误：{c}"
    ),
    "Argument '{a}' has invalid value: {b>}": "参数 {a} 的值有误：{b}",
    "Argument '{a}' has invalid value at {b*}: {c>}": "参数 {a} 在 {b} 处的值有误：{c}",
    "Variable values are nested too deeply.": "变量的值嵌套过深。",
    "Too many errors processing variables, error limit reached. Execution aborted.": (
        "变量中的错误过多，未执行。"
    ),
    "Expected a value of non-null type '{a}' to be provided.": "缺少值，类型 {a} 不得为空。",
    "Expected value of non-null type '{a}' not to be None.": "类型 {a} 不得为空。",
    "Expected value of type '{a}' to be an object, found: {b*}.": (
        "类型 {a} 应为对象，而不是 {b}。"
    ),
    "Expected value of type '{a}' to include required field '{b}', found: {c*}.": (
        "类型 {a} 缺少必填字段 {b}，所给为 {c}。"
    ),
    "Expected value of type '{a}' not to include unknown field '{b}', found: {c*}.": (
        "类型 {a} 没有字段 {b}，所给为 {c}。"
    ),
    "Expected value of type '{a}' not to include unknown field '{b}'. Found: {c*}.": (
        "类型 {a} 没有字段 {b}，所给为 {c}。"
    ),
    "Expected value of type '{a}', but encountered error '{b>}'; found: {c*}.": (
        "所给 {c} 不是类型 {a} 的值：{b}。"
    ),
    "Expected value of type '{a}', found: {b*}.": "所给 {b} 不是类型 {a} 的值。",
    "Expected variable '{a}' provided to type '{b}' to provide a runtime value.": (
        "变量 {a} 用于类型 {b}，须给出值。"
    ),
    "Expected variable '{a}' provided to non-null type '{b}' not to be None.": (
        "变量 {a} 用于类型 {b}，不得为空。"
    ),
    "Expected variable '{a}' provided to field '{b}' for OneOf Input Object type '{c}' to provide a"
    " runtime value.": "变量 {a} 用于“多选一”输入 {c} 的字段 {b}，须给出值。",
    "Expected variable '{a}' provided to field '{b}' for OneOf Input Object type '{c}' not to be"
    " None.": "变量 {a} 用于“多选一”输入 {c} 的字段 {b}，不得为空。",
    "Within OneOf Input Object type '{a}', exactly one field must be specified, and the value for"
    " that field must be non-null.": "“多选一”输入 {a} 须恰好给出一个字段，且其值不得为空。",
    "Enum '{a}' cannot represent non-string value: {b*}.": "枚举 {a} 的值应为名称，而不是 {b}。",
    "Enum '{a}' cannot represent non-enum value: {b*}.": "枚举 {a} 的值应为名称，而不是 {b}。",
    "Value '{a*}' does not exist in '{b}' enum.": "枚举 {b} 没有值 {a}。",
    "Int cannot represent non-integer value: {a*}": "应为整数，而不是 {a}",
    "Int cannot represent non 32-bit signed integer value: {a*}": "应为 32 位整数，{a} 超出范围",
    "Float cannot represent non numeric value: {a*}": "应为数字，而不是 {a}",
    "String cannot represent a non string value: {a*}": "应为文本，而不是 {a}",
    "Boolean cannot represent a non boolean value: {a*}": "应为 true 或 false，而不是 {a}",
    "ID cannot represent value: {a*}": "标识应为文本或整数，而不是 {a}",
    "ID cannot represent a non-string and non-integer value: {a*}": (
        "标识应为文本或整数，而不是 {a}"
    ),
    # Python's own, where a number has more digits than it reads.
    "Exceeds the limit ({a} digits) for integer string conversion: {b*}": "整数超过 {a} 位",
    # Those of strawberry's scalars, which plugins may use, and of our own.
    "Value cannot represent a {a}: {b*}.": "所给 {b} 不是 {a}。",
    "expected a number such as 7600 or 0.8, not {a*}": "应为数字（如 7600 或 0.8），而不是 {a}",
    "expected a number of at most {a} digits before and after the point, not {b*}": (
        "应为小数点前后各不超过 {a} 位的数字，而不是 {b}"
    ),
    "expected a finite number, not {a*}": "应为有限的数，而不是 {a}",
    "expected an instant with its offset, such as 2024-04-23T23:59:59+08:00, not {a*}": (
        "应为带时区的时刻（如 2024-04-23T23:59:59+08:00），而不是 {a}"
    ),
    "expected a date such as 2024-04-23, not {a*}": "应为日期（如 2024-04-23），而不是 {a}",
    "expected a file of a multipart/form-data request": "应为 multipart/form-data 请求中的文件",
}

_LIMITS = {
    "This server does not describe its schema to clients.": "此服务不向客户端说明其模式。",
    "The query is {a} characters long; at most {b} are allowed.": "查询有 {a} 个字符，上限为 {b}。",
    "The query has {a} tokens; at most {b} are allowed.": "查询有 {a} 个词法单元，上限为 {b}。",
    "The query is nested more than {a} times.": "查询嵌套超过 {a} 层。",
    "The query is {a} fields deep; at most {b} are allowed.": "查询深达 {a} 层字段，上限为 {b}。",
    "The operation has {a} fields of its own; at most {b} are allowed.": (
        "操作有 {a} 个根字段，上限为 {b}。"
    ),
    "The mutation makes {a} changes; at most {b} are allowed.": "变更有 {a} 项，上限为 {b}。",
    "The query asks for {a} fields, its fragments written out; at most {b} are allowed.": (
        "展开片段后查询有 {a} 个字段，上限为 {b}。"
    ),
    "The query uses more than {a} aliases.": "查询中的别名超过 {a} 个。",
    "The query uses more than {a} directives.": "查询中的指令超过 {a} 个。",
    "The query asks about the schema more than {a} times.": "查询询问模式超过 {a} 次。",
    "The query has {a} fragments; at most {b} are allowed.": "查询有 {a} 个片段，上限为 {b}。",
    "The query has {a} operations; at most {b} are allowed.": "查询有 {a} 个操作，上限为 {b}。",
    "The query asks for the same fields in too many ways; use fewer fragments on the same objects,"
    " or split it.": "查询以过多方式选取同样的字段；请减少同一对象上的片段，或拆分查询。",
    "What is asked about the schema costs {a}; at most {b} are allowed.": (
        "对模式的询问开销为 {a}，上限为 {b}。"
    ),
    "The operation costs {a}; at most {b} is allowed. Ask for smaller pages or fewer fields.": (
        "操作的开销为 {a}，上限为 {b}；请缩小每页条数，或减少字段。"
    ),
    "The operation is nested too deeply.": "操作嵌套过深。",
    "The variables hold more than {a} values.": "变量中的值超过 {a} 个。",
    "The variables are nested more than {a} times.": "变量嵌套超过 {a} 层。",
    "An object in the variables has more than {a} keys.": "变量中有对象超过 {a} 个键。",
    "The query holds a text with U+0000 or half a surrogate pair.": (
        "查询中有文本含 U+0000 或半个代理对。"
    ),
    "The variables hold a text with U+0000 or half a surrogate pair.": (
        "变量中有文本含 U+0000 或半个代理对。"
    ),
    "At most {a} operations may run on one connection.": "一个连接上最多同时运行 {a} 个操作。",
}

_SYNTAX_ERROR = "Syntax Error: "
_SUGGESTION = re.compile(
    r" Did you mean (to use an inline fragment on |the enum value )?([^?]*)\?", re.DOTALL
)
_BETWEEN_NAMES = re.compile(r",? or |, ")
_SUGGESTED = {
    None: "是否想用 {}？",
    "the enum value ": "是否想用枚举值 {}？",
    "to use an inline fragment on ": "是否想用 {} 上的内联片段？",
}


def in_chinese(message: str) -> str | None:
    """Return what an English message of GraphQL or of our limits says in Chinese, if it is known.

    Names, values and tokens stay as they are.
    """
    if len(message) > _LONGEST:
        return None
    if not message.startswith(_SYNTAX_ERROR):
        return _said(message)
    said = _matched(message.removeprefix(_SYNTAX_ERROR), tuple(_SYNTAX))
    return None if said is None else f"语法错误：{said}"


def _said(message: str) -> str | None:
    said = _matched(message, _OTHERS)
    if said is not None:
        return said
    suggestion = _SUGGESTION.search(message)
    if suggestion is None:
        return None
    said = _matched(message[: suggestion.start()] + message[suggestion.end() :], _OTHERS)
    if said is None:
        return None
    names = _BETWEEN_NAMES.sub("、", suggestion[2]).replace("'", "")
    return said + _SUGGESTED[suggestion[1]].format(names)


def _matched(message: str, forms: tuple[str, ...]) -> str | None:
    for form in forms:
        pattern, chinese = _form(form)
        found = pattern.fullmatch(message)
        if found is None:
            continue
        given = found.groupdict()
        for name in _within(form):
            given[name] = _said(given[name]) or given[name]
        return chinese.format(**given)
    return None


@cache
def _form(form: str) -> tuple[re.Pattern[str], str]:
    """Return the pattern of an English form, and its Chinese."""
    written: list[str] = []
    end = 0
    for place in _PLACE.finditer(form):
        written += re.escape(form[end : place.start()]), f"(?P<{place[1]}>{_MADE_OF[place[2]]})"
        end = place.end()
    written.append(re.escape(form[end:]))
    return re.compile("".join(written), re.DOTALL), _FORMS[form]


@cache
def _within(form: str) -> tuple[str, ...]:
    """Return the places of a form that hold messages."""
    return tuple(place[1] for place in _PLACE.finditer(form) if place[2] == ">")


_OTHERS = (*_DOCUMENTS, *_VALUES, *_LIMITS)
_FORMS = {**_SYNTAX, **_DOCUMENTS, **_VALUES, **_LIMITS}
