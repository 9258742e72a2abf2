"""The queries of `docs/graph.md` are run, and the answers that it shows are the real ones."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from asked_graph import ROOT, AskedGraph
from zhupei.domain.text import Language
from zhupei.graphql.errors import Code
from zhupei.web.errors import ErrorCode

_TEXT = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
_QUERIES = re.findall(r"```graphql\n(.*?)```\n(?:```json\n(.*?)```)?", _TEXT, re.DOTALL)


_LOCALIZED = re.compile(r"\b(name(?!\()|label|message|quotaNote|notes)\b")
"""Fields whose texts are in the language that is asked for."""


def _shape(value: Any) -> Any:
    """Return a value without its texts."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value)


def test_the_page_shows_queries_and_answers() -> None:
    assert len(_QUERIES) == _TEXT.count("```graphql") == 14
    assert sum(bool(answer) for _, answer in _QUERIES) + 1 == _TEXT.count("```json") == 9


@pytest.mark.parametrize(("query", "answer"), _QUERIES)
async def test_a_query_of_the_page(real: AskedGraph, query: str, answer: str) -> None:
    found = await real.ask(query)
    assert found
    if answer:
        assert found == json.loads(answer)
    chinese = await real.ask(query, language=Language.ZH)
    assert _shape(chinese) == _shape(found)
    if _LOCALIZED.search(query):
        assert chinese != found
        assert re.search("[一-鿿]", json.dumps(chinese, ensure_ascii=False))


async def test_the_request_of_the_page(real: AskedGraph) -> None:
    ((body, answer),) = re.findall(
        r"```sh\ncurl .*?-d '(.*?)'\n```\n```json\n(.*?)```", _TEXT, re.DOTALL
    )
    request = json.loads(body)
    assert {"data": await real.ask(request["query"], request["variables"])} == json.loads(answer)


def test_every_code_of_an_error_is_on_the_page() -> None:
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", _TEXT, re.MULTILINE))
    assert {code.value for code in Code} <= listed
    assert listed <= {code.value for code in Code} | {code.value for code in ErrorCode}
