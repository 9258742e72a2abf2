"""What the YAML parser's syntax errors mean to the author of a file, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zhupei.domain.text import Text

__all__ = ["begins_earlier", "colon_hint", "describe_syntax_error", "fullwidth_colons"]

# A key as people write it at the beginning of a line, then a full-width colon: `  - 机构：x`.
_FULLWIDTH_LINE = re.compile(r" *(?:- +)*[^\s:：#\"'\[\]{},|>-][^\s:：]{0,39}(：)")
_FULLWIDTH_TEXT = re.compile(r"[^\s:：]{1,40}：")
_NO_SPACE_TEXT = re.compile(r"[^\s:：/]{1,40}:[^\s/]")

_QUOTES = Text(
    "若文本里有冒号、井号、方括号或引号，请给整个文本加双引号",
    "a text that holds a colon, hash, bracket or quote needs double quotes around it",
)
_INDENT = Text(
    "同一层的键要对齐，下一层多缩进两个空格",
    "keys of one level begin in one column, the next level two spaces further",
)
_START = Text(
    "以 % @ ` 开头的文本请加双引号", "a text that begins with % @ or ` needs double quotes"
)
_CLOSE = Text("请补上结尾的引号", "close the quote")
_CLOSE_BRACKET = Text("请补上括号", "close the bracket")
_WRITE_OUT = Text("请把内容完整写出", "write the content out")
_ESCAPE = Text(
    "双引号里反斜杠要写成 \\\\，或改用单引号",
    "in double quotes write a backslash as \\\\, or use single quotes",
)

# What the parser says (the beginning of it): message and hint.
_MEANINGS: dict[str, tuple[Text, Text | None]] = {
    "mapping values are not allowed": (
        Text("此处不能有“: ”", 'a ": " is not allowed here'),
        Text(f"{_INDENT.zh}；{_QUOTES.zh}", f"{_INDENT.en}; {_QUOTES.en}"),
    ),
    "could not find expected ':'": (
        Text("这一行是键，但后面没有冒号", 'a key without a ":" after it'),
        Text("键后写半角冒号加空格“: ”", 'write a colon and a space ": " after the key'),
    ),
    "did not find expected key": (
        Text("此处应为键，或缩进不一致", "a key was expected here, or the indentation is uneven"),
        _INDENT,
    ),
    "did not find expected '-' indicator": (
        Text("此处应为以“- ”开头的列表项", 'a list item that begins with "- " was expected here'),
        _INDENT,
    ),
    "did not find expected ',' or ']'": (
        Text("方括号列表中缺少“,”或“]”", 'a "," or "]" is missing in a list in brackets'),
        _CLOSE_BRACKET,
    ),
    "did not find expected ',' or '}'": (
        Text("花括号中缺少“,”或“}”", 'a "," or "}" is missing in a mapping in braces'),
        _CLOSE_BRACKET,
    ),
    "did not find expected node content": (
        Text("此处缺少值", "a value is missing here"),
        None,
    ),
    "found character that cannot start any token": (
        Text("文本不能以这个字符开头", "a text cannot begin with this character"),
        _START,
    ),
    "found unexpected end of stream": (
        Text("引号没有结束，文件就结束了", "the file ends inside quotes"),
        _CLOSE,
    ),
    "found unexpected document indicator": (
        Text("引号没有结束，文档就结束了", "the document ends inside quotes"),
        _CLOSE,
    ),
    "block sequence entries are not allowed": (
        Text("此处不能有以“- ”开头的列表项", 'a list item "- " is not allowed here'),
        Text("列表写在键的下一行", "a list begins on the line below its key"),
    ),
    "mapping keys are not allowed": (
        Text("此处不能有“? ”键", 'a "? " key is not allowed here'),
        None,
    ),
    "found unknown escape character": (
        Text("双引号里有未知的转义", "an unknown escape inside double quotes"),
        _ESCAPE,
    ),
    "did not find expected hexdecimal number": (
        Text("转义 \\x、\\u 后应为十六进制数字", "hexadecimal digits must follow \\x and \\u"),
        _ESCAPE,
    ),
    "found invalid Unicode character escape code": (
        Text("转义指的不是 Unicode 字符", "the escape names no Unicode character"),
        _ESCAPE,
    ),
    "did not find expected <document start>": (
        Text("此处的内容不属于上面的键", "this content belongs to no key above it"),
        _INDENT,
    ),
    "did not find expected comment or line break": (
        Text("“|”或“>”后面只能换行", 'only a line break may follow "|" or ">"'),
        None,
    ),
}
# Parts of YAML that we do not accept, and that the parser itself stumbles over.
_FEATURES: dict[str, tuple[Text, Text | None]] = {
    "but found another document": (
        Text("一个文件只能有一个文档（---）", "a file holds one document only (---)"),
        Text("请拆分为多个文件", "split it into several files"),
    ),
    "found undefined alias": (
        Text("不支持锚点和别名（& 和 *）", "anchors and aliases (& and *) are not supported"),
        Text("如果“*”是文本的一部分，请加引号", 'if "*" is part of the text, put it in quotes'),
    ),
    "second occurrence": (
        Text("不支持锚点和别名（& 和 *）", "anchors and aliases (& and *) are not supported"),
        _WRITE_OUT,
    ),
    "did not find expected alphabetic or numeric character": (
        Text("不支持锚点和别名（& 和 *）", "anchors and aliases (& and *) are not supported"),
        Text("以 & 或 * 开头的文本请加引号", "a text that begins with & or * needs quotes"),
    ),
    "found undefined tag handle": (
        Text("不支持标签（!）", "tags (!) are not supported"),
        Text("如果“!”是文本的一部分，请加引号", 'if "!" is part of the text, put it in quotes'),
    ),
}


# The parser notices these only where it gives up; the mistake is where it began to read.
_BEGUN_EARLIER = (
    "could not find expected ':'",
    "found unexpected document indicator",
    "found unexpected end of stream",
)


def begins_earlier(problem: str) -> bool:
    """Tell whether the mistake stands where the parser began to read, not where it stopped."""
    return problem.startswith(_BEGUN_EARLIER)


def describe_syntax_error(problem: str, opened: int | None) -> tuple[str, Text, Text | None]:
    """Return code, message and hint for what the parser says is wrong.

    ``opened`` is the line on which the bracket, quote or mapping being read was begun.
    """
    for beginning, (message, hint) in _FEATURES.items():
        if problem.startswith(beginning):
            return "CONFIG_YAML_FEATURE", message, hint
    for beginning, (message, hint) in _MEANINGS.items():
        if problem.startswith(beginning):
            if hint is _CLOSE_BRACKET and opened is not None:
                return "CONFIG_YAML_SYNTAX", message, _opened(opened)
            return "CONFIG_YAML_SYNTAX", message, hint
    message = Text(f"YAML 语法错误（{problem}）", f"YAML syntax error ({problem})")
    return "CONFIG_YAML_SYNTAX", message, None


def _opened(line: int) -> Text:
    return Text(f"括号从第 {line} 行开始", f"the bracket was opened on line {line}")


def fullwidth_colons(text: str, lines: Sequence[int], line: int) -> tuple[int, ...]:
    """Return where full-width colons end keys, on ``line`` and the lines right above it.

    ``lines`` are the offsets at which lines begin, ``line`` counts from 1. Such a line is read
    as plain text that goes on in the next line, so the parser complains one line or more later:
    the run of such lines that ends at ``line`` or just above it is the cause.
    """
    found: list[int] = []
    for number in range(line, 0, -1):
        match = _FULLWIDTH_LINE.match(text, lines[number - 1])
        if match is not None:
            found.append(match.start(1))
        elif number < line:
            break
    return tuple(reversed(found))


def colon_hint(text: str) -> Text | None:
    """Return what to write where ``text`` was meant to be a mapping, None where it was not."""
    if _FULLWIDTH_TEXT.match(text):
        return Text(
            "这里是全角冒号“：”，请写半角冒号加空格“: ”",
            'here is a full-width colon “：”, write a plain colon and a space ": "',
        )
    if _NO_SPACE_TEXT.match(text):
        return Text("冒号后面要有空格", "a space must follow the colon")
    return None
