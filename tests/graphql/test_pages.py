"""Tests of zhupei.graphql.pages: what stays of a page that was answered."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from admissions_office import sample_catalogue
from asked_graph import AskedGraph, core_graph
from zhupei.graphql.pages import Page

_LISTS = (
    "{ eligibleOpenings(candidate: {}, first: 3) { edges { cursor node { openingCode } } } }",
    "{ openings(first: 3) { edges { cursor node { code } } } }",
    "{ openings(first: 3) { pageInfo { endCursor } edges { cursor node { code } } totalCount } }",
)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing is given up but by references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _pages() -> int:
    return sum(isinstance(each, Page) for each in gc.get_objects())


@pytest.mark.usefixtures("no_collector")
async def test_nothing_stays_of_a_page_that_was_answered() -> None:
    """With a page goes what was decided for it: of eligibility, a report on every opening.

    Left to the collector, a hundred such lists stopped everybody for a tenth of a second.
    """
    loaded = await sample_catalogue()
    graph = AskedGraph(core_graph(), loaded.catalogue, loaded.dispatcher)
    for query in _LISTS:
        found = await graph.ask(query)
        assert all(len(each["edges"]) == 3 for each in found.values())
        before = _pages()
        for _ in range(5):
            await graph.ask(query)
        assert _pages() <= before
