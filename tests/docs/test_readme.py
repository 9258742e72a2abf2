"""The README is true: its two commands, its query and its answer, its links."""

from __future__ import annotations

import json
import re

import pytest

from asked_graph import ROOT, AskedGraph, load_graph
from zhupei.domain.text import Language

README = (ROOT / "README.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def real() -> AskedGraph:
    """The graph over the configuration that is served."""
    return load_graph(ROOT / "bases", plugins=(ROOT / "plugins",))


def test_first_two_commands_serve_and_test() -> None:
    assert _blocks("sh")[:2] == ["make serve\n", "make test\n"]


async def test_query_has_the_answer_that_is_printed(real: AskedGraph) -> None:
    (query,), (answer,) = _blocks("graphql"), _blocks("json")

    assert {"data": await real.ask(query)} == json.loads(answer)
    # It says which language each name is to be in, so that of the reader changes nothing.
    assert {"data": await real.ask(query, language=Language.ZH)} == json.loads(answer)


def test_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]

    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []
    assert len(links) > 8
