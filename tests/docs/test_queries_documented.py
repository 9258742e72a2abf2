"""Every GraphQL block of the pages is one of the core's graph.

The pages of errors show what is wrong, on purpose; that about plugins asks for types of its own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from graphql.language import TypeSystemDefinitionNode, TypeSystemExtensionNode

from graphql import GraphQLSchema, build_schema, parse, validate
from zhupei.graphql.schema import build_schema as composed

_ROOT = Path(__file__).parents[2]
_PAGES = [
    _ROOT / "README.md",
    _ROOT / "llms.txt",
    *sorted(set((_ROOT / "docs").glob("*.md")) - {_ROOT / "docs" / "writing-plugins.md"}),
]
_BLOCKS = [
    (page.relative_to(_ROOT).as_posix(), text)
    for page in _PAGES
    for text in re.findall(r"```graphql\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
]


@cache
def _core() -> GraphQLSchema:
    return build_schema(composed().core_sdl)


def test_the_pages_show_queries() -> None:
    assert {"README.md", "llms.txt", "docs/graph.md", "docs/mutations.md"} <= {
        page for page, _ in _BLOCKS
    }


@pytest.mark.parametrize(("page", "text"), _BLOCKS)
def test_a_block_of_a_page(page: str, text: str) -> None:
    document = parse(text)
    if any(
        isinstance(each, TypeSystemDefinitionNode | TypeSystemExtensionNode)
        for each in document.definitions
    ):
        pytest.skip(f"{page} defines types here")
    assert [error.message for error in validate(_core(), document)] == []
