"""YAML whose mappings know their lines: what a scenario is written in.

As in JSON there are texts, whole numbers, ``true``, ``false``, ``null``, lists and mappings, and
nothing else: dates and decimals are texts. Anchors, tags and keys given twice are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from zhupei.demo.errors import ScenarioError

__all__ = ["Block", "read_block"]

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}


class Block(dict[str, Any]):
    """A mapping of a scenario and the line of the file on which it begins."""

    line: int = 0


def read_block(file: Path) -> Block:
    """Return the mapping that a file holds; raise `ScenarioError` where it holds none."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(file, None, f"无法读取：{error}", f"cannot be read: {error}") from error
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        problem = getattr(error, "problem", None) or str(error)
        raise ScenarioError(
            file, line, f"不是 YAML：{problem}", f"is no YAML: {problem}"
        ) from error
    found = None if root is None else _value(file, root)
    if not isinstance(found, Block):
        raise ScenarioError(file, 1, "应为键值映射", "must be a mapping")
    return found


def _value(file: Path, node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        block = Block()
        block.line = line
        for key, value in node.value:
            name = str(key.value)
            if name in block:
                at = key.start_mark.line + 1
                raise ScenarioError(file, at, f"“{name}”出现两次", f'"{name}" stands twice')
            block[name] = _value(file, value)
        return block
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, each) for each in node.value]
    text = str(node.value)
    # The C parser gives a scalar without quotes the style "", the Python one None.
    if isinstance(node, yaml.ScalarNode) and node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE.fullmatch(text) else text
