"""YAML documents in which every scalar stays text and every value keeps its line and column.

Plain YAML reads the specialty code ``0100`` as 64, ``no`` as false and ``12:30`` as 750. Here
they are the texts that the author wrote; the models decide what is a number or a date. Of YAML
only mappings, sequences and scalars are accepted: what hides a second meaning (anchors, aliases,
merge keys, tags, several documents, keys given twice) is refused where it stands.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_right
from pathlib import Path
from sys import intern
from typing import Any, cast

import yaml

from zhupei.config.document import Document, Position, Positions
from zhupei.config.problems import Problem, Problems
from zhupei.config.syntax import begins_earlier, describe_syntax_error, fullwidth_colons
from zhupei.domain.text import Text

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Document", "Position", "Positions", "parse"]

#: The largest file that is read, in bytes.
MAX_BYTES = 1024 * 1024
#: How deep mappings and lists may be nested.
MAX_DEPTH = 50

_NULLS = frozenset({"", "~", "null"})
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# Controls, line breaks that editors do not show, zero-width and direction marks, byte order mark:
# a name with one of them looks like another name and is never found again.
_INVISIBLE = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufffe\uffff]"
)
# Spaces of Chinese input methods and of web pages, before anything else of a line.
_WIDE_INDENT = re.compile("[ ]*([\u3000\u00a0])")
_BOM = b"\xef\xbb\xbf"


def parse(path: Path, source: bytes) -> Document | Problems:
    """Return the document that ``source`` holds, or every reason why it is none.

    ``path`` is only named in messages; nothing is read from it.
    """
    text = _decode(path, source)
    if isinstance(text, Problems):
        return text
    reader = _Reader(path, text)
    return reader.problems if reader.refuses_characters() else reader.document()


def _decode(path: Path, source: bytes) -> str | Problems:
    if len(source) > MAX_BYTES:
        message = Text(
            f"文件超过 {MAX_BYTES} 字节的上限", f"the file is larger than {MAX_BYTES} bytes"
        )
        hint = Text("请拆分为多个文件", "split it into several files")
        return _file_problem(path, "CONFIG_FILE_TOO_LARGE", message, hint)
    if source.startswith(_BOM):
        message = Text(
            "文件以字节顺序标记（BOM）开头", "the file begins with a byte order mark (BOM)"
        )
        hint = Text("请另存为“UTF-8（无 BOM）”", 'save it as "UTF-8 without BOM"')
        return _file_problem(path, "CONFIG_ENCODING", message, hint, Position(1, 1))
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        # Everything before the fault is valid, so its lines can be counted.
        before = source[: error.start].decode("utf-8")
        lines = _line_starts(before)
        place = Position(len(lines), len(before) - lines[-1] + 1)
        message = Text(
            f"字节 0x{source[error.start]:02X} 不是有效的 UTF-8",
            f"the byte 0x{source[error.start]:02X} is not valid UTF-8",
        )
        hint = Text(
            "请把文件另存为 UTF-8 编码（而不是 GBK 或 UTF-16）",
            "save the file in the encoding UTF-8 (not GBK or UTF-16)",
        )
        return _file_problem(path, "CONFIG_ENCODING", message, hint, place)


class _TooDeepError(Exception):
    """A node lies deeper than MAX_DEPTH; ``offset`` is where its parent begins."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


class _Composer(yaml.CSafeLoader):
    """The C parser without the resolution of tags, which the reader below does not need."""

    _depth = 0

    def resolve(self, kind: object, value: object, implicit: object) -> str:
        return ""

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        # The parser calls this before each node and recurses in C: the check must stand here.
        self._depth += 1
        if self._depth > MAX_DEPTH + 1 and current_node is not None:
            raise _TooDeepError(current_node.start_mark.index)

    def ascend_resolver(self) -> None:
        self._depth -= 1


class _Reader:
    """Turns the nodes of one text into data and positions, collecting problems."""

    def __init__(self, path: Path, text: str) -> None:
        self.problems = Problems()
        self._file = path
        self._text = text
        self._lines = _line_starts(text)
        self._records: array[int] = array("I")
        self._path: list[str | int] = []
        # Most files hold no tag and no anchor anywhere: then no node need be looked at.
        self._decorated = "!" in text or "&" in text
        self._refused: set[int] = set()

    def refuses_characters(self) -> bool:
        """Report tabs and invisible characters, once a line; True where there is one."""
        seen = -1
        for match in _INVISIBLE.finditer(self._text):
            line = bisect_right(self._lines, match.start())
            if line == seen:
                continue
            seen = line
            if match.group() == "\t":
                message = Text("制表符（Tab）", "a tab character")
                hint = Text("请用空格缩进和分隔", "indent and separate with spaces")
                self._refuse(match.start(), "CONFIG_TAB", message, hint)
            else:
                name = f"U+{ord(match.group()):04X}"
                message = Text(f"不可见字符 {name}", f"the invisible character {name}")
                hint = Text("请删除它", "delete it")
                self._refuse(match.start(), "CONFIG_CHARACTER", message, hint)
        return seen >= 0

    def document(self) -> Document | Problems:
        """Return the document, or the problems."""
        node = self._compose()
        if isinstance(node, yaml.MappingNode) and not self._is_decorated(node):
            data, root = self._mapping(node)
            if not self.problems:
                positions = Positions(data, self._records, root, self._lines)
                source = zlib.compress(self._text.encode(), 1)
                return Document(self._file, data, positions, source)
        elif not self.problems:
            self._refuse_root(node)
        return self.problems

    def _compose(self) -> yaml.Node | None:
        composer = _Composer(self._text)
        try:
            node: yaml.Node | None = composer.get_single_node()
        except _TooDeepError as error:
            message = Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH} levels")
            hint = Text(
                "请查看未闭合的括号 [ 或 {，或减少层级",
                "look for a [ or { that is not closed, or nest less",
            )
            self._refuse(error.offset, "CONFIG_TOO_DEEP", message, hint)
            return None
        except yaml.MarkedYAMLError as error:
            self._refuse_syntax(error)
            return None
        finally:
            composer.dispose()
        return node

    def _refuse_syntax(self, error: yaml.MarkedYAMLError) -> None:
        said = error.problem or str(error)
        mark = error.problem_mark or error.context_mark
        if begins_earlier(said):
            mark = error.context_mark or mark
        offset = 0 if mark is None else min(mark.index, len(self._text))
        if self._refuses_wide_indent(bisect_right(self._lines, offset)):
            return
        # A full-width colon does not end a key; the parser only stumbles over what follows.
        colons = fullwidth_colons(self._text, self._lines, bisect_right(self._lines, offset))
        for colon in colons:
            self._refuse_colon(colon)
        if not colons:
            opened = error.context_mark.line + 1 if error.context_mark else None
            self._refuse(offset, *describe_syntax_error(said, opened))

    def _refuses_wide_indent(self, line: int) -> bool:
        """Report a wide space in the indentation of the line, or of the one above it.

        It looks like indentation and is text to the parser, which stumbles one line later. In a
        text of several lines it may stand, so it is looked for only where something is wrong.
        """
        for number in (line - 1, line):
            if number < 1:
                continue
            begin = self._lines[number - 1]
            if match := _WIDE_INDENT.match(self._text, begin):
                name = f"U+{ord(match[1]):04X}"
                message = Text(
                    f"缩进中有全角空格或不换行空格 {name}",
                    f"a wide or non-breaking space {name} in the indentation",
                )
                hint = Text("请用半角空格缩进", "indent with plain spaces")
                self._refuse(match.start(1), "CONFIG_CHARACTER", message, hint)
                return True
        return False

    def _refuse_colon(self, offset: int) -> None:
        message = Text("键后面是全角冒号“：”", "a full-width colon “：” after a key")
        hint = Text("请写半角冒号加空格“: ”", 'write a plain colon and a space ": "')
        self._refuse(offset, "CONFIG_FULLWIDTH_COLON", message, hint)

    def _refuse_root(self, node: yaml.Node | None) -> None:
        if node is None or _is_null(node):
            message = Text("文件是空的", "the file is empty")
            hint = Text("请填写内容或删除文件", "fill it in or delete it")
            self._refuse(0, "CONFIG_EMPTY_FILE", message, hint)
            return
        if isinstance(node, yaml.ScalarNode) and not node.style:
            colons = fullwidth_colons(self._text, self._lines, len(self._lines))
            for colon in colons:
                self._refuse_colon(colon)
            if colons:
                return
        message = Text(
            "文件的内容必须是“键: 值”", 'the content of a file must be "key: value" entries'
        )
        hint = Text("冒号后面要有空格", "a space must follow the colon")
        self._refuse(node.start_mark.index, "CONFIG_NOT_A_MAPPING", message, hint)

    def _mapping(self, node: yaml.MappingNode) -> tuple[dict[str, Any], int]:
        data: dict[str, Any] = {}
        record = [node.start_mark.index]
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if key in data:
                message = Text("重复的键", "duplicate key")
                first = bisect_right(self._lines, record[1 + 2 * list(data).index(key)])
                hint = Text(f"已出现在第 {first} 行", f"it is already on line {first}")
                self._refuse(key_node.start_mark.index, "CONFIG_DUPLICATE_KEY", message, hint, key)
                continue
            data[key], place = self._value(value_node, key)
            record.append(key_node.start_mark.index)
            record.append(place)
        offset = len(self._records)
        self._records.extend(record)
        return data, offset

    def _sequence(self, node: yaml.SequenceNode) -> tuple[list[Any], int]:
        data: list[Any] = []
        record = [node.start_mark.index]
        for index, item in enumerate(node.value):
            value, place = self._value(item, index)
            data.append(value)
            record.append(place)
        offset = len(self._records)
        self._records.extend(record)
        return data, offset

    def _value(self, node: yaml.Node, part: str | int) -> tuple[Any, int]:
        """Return the data of ``node`` and its place, or where its record begins."""
        if self._decorated and self._is_decorated(node, part):
            return None, node.start_mark.index
        if type(node) is yaml.ScalarNode:
            text = node.value
            if text in _NULLS and not node.style:
                return None, node.start_mark.index
            if node.style == '"' and "\0" in text:
                message = Text("文本中有空字符 \\0", "the text holds a null character \\0")
                self._refuse(
                    node.start_mark.index,
                    "CONFIG_CHARACTER",
                    message,
                    Text("请删除它", "delete it"),
                    part,
                )
            # A province says the same short texts thousands of times.
            return intern(text) if len(text) <= 40 else text, node.start_mark.index
        self._path.append(part)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node)
            # Of three kinds of nodes this is the last.
            return self._sequence(cast("yaml.SequenceNode", node))
        finally:
            self._path.pop()

    def _key(self, node: yaml.Node) -> str | None:
        if self._decorated and self._is_decorated(node):
            return None
        offset = node.start_mark.index
        if not isinstance(node, yaml.ScalarNode) or _is_null(node):
            message = Text("键必须是文本", "a key must be text")
            self._refuse(offset, "CONFIG_KEY", message)
            return None
        if "\0" in node.value or not node.value.strip():
            message = Text("键不能为空白", "a key must not be blank")
            self._refuse(offset, "CONFIG_KEY", message)
            return None
        if node.value == "<<" and not node.style:
            message = Text("不支持合并键 <<", "merge keys (<<) are not supported")
            hint = Text("请把内容完整写出", "write the entries out")
            self._refuse(offset, "CONFIG_YAML_FEATURE", message, hint)
            return None
        return intern(node.value)

    def _is_decorated(self, node: yaml.Node, part: str | int | None = None) -> bool:
        """Refuse a node that carries a tag or an anchor (an alias leads to its anchor)."""
        start = node.start_mark.index
        # An empty value has no text of its own: what stands at its place belongs to the next.
        if start == node.end_mark.index or self._text[start] not in "!&":
            return False
        # What stands before the first key of a mapping belongs to the key.
        if isinstance(node, yaml.MappingNode) and node.value:
            first: yaml.Node = node.value[0][0]
            if first.start_mark.index == start:
                return False
        if start in self._refused:
            # An alias: the parser gives the node of its anchor a second time.
            return True
        self._refused.add(start)
        if self._text[start] == "!":
            message = Text("不支持标签（!）", "tags (!) are not supported")
            hint = Text(
                "如果“!”是文本的一部分，请加引号", 'if "!" is part of the text, put it in quotes'
            )
        else:
            message = Text(
                "不支持锚点和别名（& 和 *）", "anchors and aliases (& and *) are not supported"
            )
            hint = Text("请把内容完整写出", "write the content out")
        self._refuse(start, "CONFIG_YAML_FEATURE", message, hint, part)
        return True

    def _refuse(
        self,
        offset: int,
        code: str,
        message: Text,
        hint: Text | None = None,
        part: str | int | None = None,
    ) -> None:
        line = bisect_right(self._lines, offset)
        self.problems.add(
            Problem(
                file=self._file,
                line=line,
                column=offset - self._lines[line - 1] + 1,
                path=tuple(self._path) if part is None else (*self._path, part),
                code=code,
                message=message,
                hint=hint,
            )
        )


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS


def _line_starts(text: str) -> array[int]:
    """Return the offset at which each line begins; there is always a first line."""
    lines = array("I", [0])
    lines.extend(match.end() for match in _LINE_BREAK.finditer(text))
    return lines


def _file_problem(
    path: Path, code: str, message: Text, hint: Text, place: Position | None = None
) -> Problems:
    line, column = (None, None) if place is None else (place.line, place.column)
    return Problems([Problem(path, line, column, (), code, message, hint)])
