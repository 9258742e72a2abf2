"""The queries of `docs/graph.md` are run, and the answers that it shows are the real ones."""

from __future__ import annotations

import json
import re

import pytest

from asked_graph import ROOT, AskedGraph
from zhupei.graphql.errors import Code
from zhupei.web.errors import ErrorCode

_TEXT = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
_QUERIES = re.findall(r"```graphql\n(.*?)```\n(?:```json\n(.*?)```)?", _TEXT, re.DOTALL)


def test_the_page_shows_queries_and_answers() -> None:
    assert len(_QUERIES) == _TEXT.count("```graphql") == 14
    assert sum(bool(answer) for _, answer in _QUERIES) == _TEXT.count("```json") == 8


@pytest.mark.parametrize(("query", "answer"), _QUERIES)
async def test_a_query_of_the_page(real: AskedGraph, query: str, answer: str) -> None:
    found = await real.ask(query)
    assert found
    if answer:
        assert found == json.loads(answer)


def test_every_code_of_an_error_is_on_the_page() -> None:
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", _TEXT, re.MULTILINE))
    assert {code.value for code in Code} <= listed
    assert listed <= {code.value for code in Code} | {code.value for code in ErrorCode}
