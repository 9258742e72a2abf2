"""Tests of zhupei.graphql.pages: what stays of a page that was answered."""

from __future__ import annotations

import gc

from admissions_office import sample_catalogue
from asked_graph import AskedGraph, core_graph
from zhupei.graphql.pages import Page

_LISTS = (
    "{ eligibleOpenings(candidate: {}, first: 3) { edges { cursor node { openingCode } } } }",
    "{ openings(first: 3) { edges { cursor node { code } } } }",
)


def _pages() -> int:
    gc.collect()
    return sum(isinstance(each, Page) for each in gc.get_objects())


async def test_nothing_stays_of_a_page_that_was_answered() -> None:
    """A page and its rows know of each other: only the collector can give them up."""
    loaded = await sample_catalogue()
    graph = AskedGraph(core_graph(), loaded.catalogue, loaded.dispatcher)
    for query in _LISTS:
        found = await graph.ask(query)
        assert all(len(each["edges"]) == 3 for each in found.values())
        before = _pages()
        for _ in range(5):
            await graph.ask(query)
        assert _pages() <= before
